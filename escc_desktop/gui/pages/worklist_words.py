"""The worklist's words for what the project keeps as codes."""

from __future__ import annotations

from escc_desktop.i18n import _
from escc_desktop.reading.lesion import LesionRole, LesionRule
from escc_desktop.reading.session import Occasion, Reader
from escc_desktop.workflow.views.words import local_time
from escc_desktop.workflow.views.worklist import (
    PatientLine,
    PatientState,
    Problem,
    ReadingLine,
    ReadingState,
    SeriesLine,
)


def phase_name(phase: str) -> str:
    """Return a contrast phase for people."""
    names = {
        "arterial": _("Arterial"),
        "venous": _("Venous"),
        "delayed": _("Delayed"),
        "unenhanced": _("Unenhanced"),
    }
    return names.get(phase, _("Unknown phase"))


def phase_text(series: SeriesLine) -> str:
    """Return the phase of a series with its confidence."""
    if series.phase == "unknown":
        return phase_name(series.phase)
    return f"{phase_name(series.phase)} · {percent(series.confidence)}"


def percent(share: float) -> str:
    """Return a share as people read it: "72 %"."""
    return f"{share * 100:.0f} %"


def state_name(state: PatientState) -> str:
    """Return how far a patient's readings are."""
    return {
        PatientState.NONE: _("No reading planned"),
        PatientState.TO_READ: _("To read"),
        PatientState.IN_PROGRESS: _("In progress"),
        PatientState.SIGNED: _("Signed"),
    }[state]


def reading_name(state: ReadingState) -> str:
    """Return how far one reading is."""
    return {
        ReadingState.TO_READ: _("To read"),
        ReadingState.IN_PROGRESS: _("In progress"),
        ReadingState.SIGNED: _("Signed"),
        ReadingState.WAITING: _("Later"),
    }[state]


def reading_tip(reading: ReadingLine) -> str:
    """Return what more is known of a reading."""
    if reading.signed_at is not None:
        return _("{lesion}: signed on {when}").format(lesion=reading.lesion_id, when=local_time(reading.signed_at))
    return f"{reading.lesion_id}: {reading.why_not or reading_name(reading.state)}"


def column_name(reader: Reader, occasion: Occasion, *, is_own: bool) -> str:
    """Return the heading of a column of readings; a reader's own need no letter."""
    if is_own:
        return _("First reading") if occasion is Occasion.FIRST else _("Repeat")
    words = _("Reader {letter}") if occasion is Occasion.FIRST else _("{letter} again")
    return words.format(letter=reader.value)


def problem_text(problem: Problem) -> str:
    """Return a problem in a sentence."""
    return {
        Problem.NO_SERIES: _("No images are imported."),
        Problem.NO_ARTERIAL: _("No series was recognised as arterial."),
        Problem.UNSURE_PHASE: _("The arterial phase is doubtful."),
        Problem.CONFIRMED_FINDING: _("A series came in with a finding that was confirmed."),
    }[problem]


def role_name(role: LesionRole) -> str:
    """Return what a lesion counts as under RECIST 1.1."""
    return {
        LesionRole.TARGET: _("Target"),
        LesionRole.NON_TARGET: _("Non-target"),
        LesionRole.NEW: _("New"),
    }[role]


def rule_name(rule: LesionRule) -> str:
    """Return how several lesions become one value."""
    return {
        LesionRule.LARGEST: _("The largest lesion"),
        LesionRule.MEAN: _("The mean of all lesions"),
        LesionRule.VOLUME_WEIGHTED_MEAN: _("The mean, weighted by volume"),
    }[rule]


def day(date: str) -> str:
    """Return a DICOM date as people write it."""
    return f"{date[:4]}-{date[4:6]}-{date[6:8]}" if len(date) == 8 and date.isdigit() else date


def series_name(series: SeriesLine) -> str:
    """Return what a series is called."""
    return series.description or _("Without description")


def findings_text(patient: PatientLine) -> str:
    """Return the findings of a patient for tool tips and screen readers."""
    lines = [problem_text(problem) for problem in patient.problems]
    lines += [finding.message for series in patient.series for finding in series.findings]
    return "\n".join(lines)
