"""What the reading page says about sessions, lesions and sizes."""

from __future__ import annotations

from enum import StrEnum

from escc_desktop.i18n import _
from escc_desktop.reading.session import Occasion, ReadingSession
from escc_desktop.workflow.views.reading import AgendaItem
from escc_desktop.workflow.views.words import local_time, site_name


class AgendaState(StrEnum):
    """How far a session is, as its reader sees it; in the order of the list."""

    IN_PROGRESS = "in_progress"
    TO_READ = "to_read"
    LOCKED = "locked"
    SIGNED = "signed"


ICONS = {
    AgendaState.IN_PROGRESS: ("edit", "accent"),
    AgendaState.TO_READ: ("circle", "text"),
    AgendaState.LOCKED: ("lock_closed", "warning"),
    AgendaState.SIGNED: ("checkmark_circle", "success"),
}


def state_of(item: AgendaItem) -> AgendaState:
    """Return how far a session is."""
    if item.session.is_signed:
        return AgendaState.SIGNED
    if not item.verdict:
        return AgendaState.LOCKED
    return AgendaState.IN_PROGRESS if item.is_begun else AgendaState.TO_READ


def state_name(state: AgendaState) -> str:
    """Return a state in words."""
    return {
        AgendaState.IN_PROGRESS: _("In progress"),
        AgendaState.TO_READ: _("To read"),
        AgendaState.LOCKED: _("Locked"),
        AgendaState.SIGNED: _("Signed"),
    }[state]


def when(item: AgendaItem) -> str:
    """Return the time that matters for a session: signed at, or locked until."""
    if item.session.signed_at is not None:
        return _("signed {time}").format(time=local_time(item.session.signed_at))
    if item.verdict.opens_at is not None:
        return _("locked until {time}").format(time=local_time(item.verdict.opens_at))
    if not item.verdict:
        return _("time is over: ask the coordinator")
    return ""


def occasion_name(session: ReadingSession) -> str:
    """Return which of the reader's readings of a lesion it is."""
    return _("repeat reading") if session.occasion is Occasion.REPEAT else _("first reading")


def lesion_line(item: AgendaItem) -> str:
    """Return a lesion and which reading of it."""
    return f"{site_name(item.lesion.site)} {item.lesion.lesion_id} · {occasion_name(item.session)}"


def volume_words(volume_mm3: float) -> str:
    """Return a volume in mL and mm3."""
    return _("{ml} mL ({mm3} mm\N{SUPERSCRIPT THREE})").format(ml=f"{volume_mm3 / 1000:.2f}", mm3=f"{volume_mm3:,.0f}")
