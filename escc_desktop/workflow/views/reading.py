"""The reading page's errands: a reader's own sessions, opening one, signing it."""

from __future__ import annotations

from escc_desktop.features.params import DEFAULT_PARAMS, load_params
from escc_desktop.progress import Progress
from escc_desktop.reading.session import Roi
from escc_desktop.workflow.change import Change
from escc_desktop.workflow.desk import AgendaItem, Reading, ReadingDesk
from escc_desktop.workflow.first_slice import FirstSlice
from escc_desktop.workflow.project import Project

__all__ = ["AgendaItem", "FirstSlice", "Reading", "first_slice", "open_reading", "reading_agenda", "sign_reading"]

# The settings features will be extracted with; each signature is bound to them.


def reading_agenda(project: Project, progress: Progress) -> tuple[AgendaItem, ...]:
    """Return the signed-in reader's own sessions in the order they should be read.

    Raises
    ------
    AccessDeniedError
        The person is no reader.
    """
    progress.advance(0, 1)
    return _desk(project).agenda()


def open_reading(project: Project, session_id: str, progress: Progress) -> Reading:
    """Open a session, or resume it where it was left.

    Raises
    ------
    AccessDeniedError
        It is not the reader's, or not open to him now.
    Cancelled
        From `progress`; nothing stays open.
    """
    progress.advance(0, 1)
    reading = _desk(project).open(session_id)
    try:
        progress.advance(1, 1)
    except BaseException:
        reading.abandon()
        raise
    project.changed.emit(Change(frozenset({"session"}), (session_id,)))
    return reading


def first_slice(project: Project, session_id: str, progress: Progress) -> FirstSlice:
    """Return the slice of the lesion's mark of a session, to be shown while `open_reading` is at work.

    Raises
    ------
    AccessDeniedError
        It is not the reader's, or not open to him now.
    """
    progress.advance(0, 1)
    return _desk(project).first_slice(session_id)


def sign_reading(project: Project, reading: Reading, password: str, meaning: str, progress: Progress) -> Roi:
    """Make a reading final; see `Reading.sign`. What is drawn is durable first."""
    progress.advance(0, 1)
    roi = reading.sign(password, meaning)
    reading.abandon()
    project.changed.emit(Change(frozenset({"session", "roi"}), (roi.session_id,)))
    return roi


def _desk(project: Project) -> ReadingDesk:
    return project.desk(load_params(DEFAULT_PARAMS))
