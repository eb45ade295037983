"""One patient's course as a list of dated events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from escc_desktop.trial.records import Lab, LesionMeasurement, TrialRecord, VitalStatus

KINDS = ("lab", "scan", "start", "dose", "adverse_event", "next_therapy", "last_contact", "death")


@dataclass(frozen=True)
class TimelineEvent:
    """One event of a patient's course.

    Attributes
    ----------
    day, end_day
        Trial days: day 1 is the first dose, day -1 the day before it; there is no day 0.
    kind
        One of `KINDS`.
    """

    day: int
    date: date
    kind: str
    label: str
    detail: str = ""
    end_day: int | None = None


def trial_day(start: date, day: date) -> int:
    """Return the trial day of a date: 1 for `start`, -1 for the day before."""
    days = (day - start).days
    return days + 1 if days >= 0 else days


def timeline(record: TrialRecord) -> tuple[TimelineEvent, ...]:
    """Return a patient's course, ordered by date and within a day by the order of `KINDS`."""
    events = [
        *_labs(record),
        *_scans(record),
        TimelineEvent(1, record.start_date, "start", "Day 1 of cycle 1"),
        *_doses(record),
        *_adverse_events(record),
        *_follow_up(record),
    ]
    return tuple(sorted(events, key=lambda event: (event.date, KINDS.index(event.kind), event.label)))


def _labs(record: TrialRecord) -> Iterator[TimelineEvent]:
    for day, labs in groupby(record.labs, key=lambda lab: lab.date):
        drawn = list(labs)
        marked = [f"{lab.analyte} {lab.limit}{lab.value:g} {lab.unit} {flag}" for lab in drawn if (flag := _flag(lab))]
        label = f"{len(drawn)} laboratory value{'s' if len(drawn) > 1 else ''}"
        yield TimelineEvent(trial_day(record.start_date, day), day, "lab", label, "; ".join(marked))


def _flag(lab: Lab) -> str:
    if lab.question:
        return "?"
    if lab.uln is not None and lab.value > lab.uln:
        return "high"
    return "low" if lab.lln is not None and lab.value < lab.lln else ""


def _scans(record: TrialRecord) -> Iterator[TimelineEvent]:
    measured = {day: list(found) for day, found in groupby(record.lesions, key=lambda lesion: lesion.date)}
    for visit in record.visits:
        label = (
            "Baseline scan" if visit.number == 0 else f"Scan {visit.number}: {visit.response or 'no response given'}"
        )
        detail = _measurements(measured.get(visit.date, []))
        yield TimelineEvent(trial_day(record.start_date, visit.date), visit.date, "scan", label, detail)


def _measurements(lesions: list[LesionMeasurement]) -> str:
    targets = [lesion.diameter_mm for lesion in lesions if lesion.role == "target" and lesion.diameter_mm is not None]
    new = [lesion.site for lesion in lesions if lesion.role == "new"]
    parts = [f"sum of diameters {sum(targets):g} mm"] if targets else []
    return "; ".join([*parts, *(f"new lesion: {site}" for site in new)])


def _doses(record: TrialRecord) -> Iterator[TimelineEvent]:
    for dose in record.treatments:
        end = None if dose.end_date is None else trial_day(record.start_date, dose.end_date)
        label = f"Cycle {dose.cycle}: {dose.drug} {dose.dose:g} {dose.dose_unit.replace('_per_', '/')}"
        detail = " ".join(part for part in (dose.action, dose.reason) if part)
        yield TimelineEvent(trial_day(record.start_date, dose.start_date), dose.start_date, "dose", label, detail, end)


def _adverse_events(record: TrialRecord) -> Iterator[TimelineEvent]:
    for event in record.adverse_events:
        end = None if event.end_date is None else trial_day(record.start_date, event.end_date)
        day = trial_day(record.start_date, event.start_date)
        detail = "serious" if event.serious else ""
        yield TimelineEvent(day, event.start_date, "adverse_event", f"{event.term}, grade {event.grade}", detail, end)


def _follow_up(record: TrialRecord) -> Iterator[TimelineEvent]:
    survival, start = record.survival, record.start_date
    if survival.next_therapy_date:
        day = survival.next_therapy_date
        yield TimelineEvent(trial_day(start, day), day, "next_therapy", "Next therapy", survival.next_therapy)
    if survival.death_date:
        yield TimelineEvent(trial_day(start, survival.death_date), survival.death_date, "death", "Death")
        return
    label = "Lost to follow-up" if survival.status is VitalStatus.LOST else "Alive at the last contact"
    day = survival.last_contact_date
    yield TimelineEvent(trial_day(start, day), day, "last_contact", label)
