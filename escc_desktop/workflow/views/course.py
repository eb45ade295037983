"""A patient's course as marks on lanes of one time axis."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from escc_desktop.i18n import _
from escc_desktop.trial.records import Response, TrialRecord
from escc_desktop.trial.timeline import TimelineEvent, timeline

LANES = ("scan", "dose", "lab", "adverse_event", "course")
_SEVERE_GRADE = 3


@dataclass(frozen=True)
class CourseEvent:
    """One mark.

    Attributes
    ----------
    lane
        One of `LANES`.
    start_day, end_day
        Days from the first dose; 0 is that day.
    label
        A word or two beside the mark, or nothing.
    tip
        All that is known of it, lines.
    is_alarming
        An abnormal laboratory value, an adverse event of grade 3 or more, progression.
    """

    lane: str
    kind: str
    start_day: int
    end_day: int | None
    label: str
    tip: str
    is_alarming: bool


def course(record: TrialRecord) -> tuple[CourseEvent, ...]:
    """Return a patient's course, in the order of `timeline`."""
    responses = {visit.date: visit.response for visit in record.visits}
    grades = {(event.start_date, event.term): event.grade for event in record.adverse_events}
    return tuple(_mark(event, record, responses.get(event.date), grades) for event in timeline(record))


def _mark(
    event: TimelineEvent,
    record: TrialRecord,
    response: Response | None,
    grades: dict[tuple[date, str], int],
) -> CourseEvent:
    end = None if event.end_day is None else _days(event.end_day)
    grade = grades.get((event.date, event.label.rpartition(", grade ")[0]), 0) if event.kind == "adverse_event" else 0
    is_alarming = {
        "lab": bool(event.detail),
        "adverse_event": grade >= _SEVERE_GRADE,
        "scan": response is Response.PD,
        "death": True,
    }.get(event.kind, False)
    return CourseEvent(
        lane=event.kind if event.kind in LANES else "course",
        kind=event.kind,
        start_day=_days(event.day),
        end_day=end,
        label=_label(event, response, grade),
        tip=_tip(event),
        is_alarming=is_alarming,
    )


def _days(trial_day: int) -> int:
    """Return days from the first dose: trial days know no 0."""
    return trial_day - 1 if trial_day > 0 else trial_day


def _label(event: TimelineEvent, response: Response | None, grade: int) -> str:
    if event.kind == "scan":
        return str(response).replace("NON_CR_NON_PD", "non-CR/PD") if response else ""
    if event.kind == "dose":
        return event.label.partition(":")[0].removeprefix("Cycle ")
    if event.kind == "adverse_event":
        return f"{event.label.rpartition(', grade ')[0]} G{grade}" if grade >= _SEVERE_GRADE else ""
    return "" if event.kind in {"lab", "start"} else _(event.label)


def _tip(event: TimelineEvent) -> str:
    day = _("{date}, day {day}").format(date=event.date.isoformat(), day=event.day)
    if event.end_day is not None and event.end_day != event.day:
        day = _("{date}, day {day} to {end}").format(date=event.date.isoformat(), day=event.day, end=event.end_day)
    details = event.detail.split("; ") if event.detail else []
    return "\n".join([event.label, day, *details])
