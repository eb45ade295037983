"""When a patient's scans are planned, which scan fulfilled each, and what is missed, overdue or next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from escc_desktop.trial.protocol import Protocol, Schedule, load_protocol
from escc_desktop.trial.records import Response, TrialRecord, Visit, VitalStatus
from escc_desktop.trial.response import assessed_visits


class State(StrEnum):
    """What became of a planned scan by a day."""

    DONE = "done"
    MISSED = "missed"
    OVERDUE = "overdue"
    OPEN = "open"
    PLANNED = "planned"


@dataclass(frozen=True)
class PlannedScan:
    """One planned scan.

    Attributes
    ----------
    planned, opens, closes
        Its day and the first and last day on which a scan counts as it; where two windows touch, a scan belongs to the
        nearest planned day that has none yet.
    visit
        The scan that fulfilled it, or None.
    state
        "missed" where its window has closed and a later scan exists or the patient is no longer followed, "overdue"
        where neither; "open" within the window; "planned" before it.
    """

    number: int
    planned: date
    opens: date
    closes: date
    state: State
    visit: Visit | None = None

    def days_late(self, as_of: date) -> int:
        """Return the days since the planned day; 0 before it."""
        return max((as_of - self.planned).days, 0)


def is_followed(record: TrialRecord, as_of: date) -> bool:
    """Tell whether scans are still planned for a patient on a day: no progression, next therapy, death or loss yet."""
    return all(end > as_of for end in _ends(record))


def _ends(record: TrialRecord) -> Iterator[date]:
    """Yield the days from which no scan is planned any more."""
    survival = record.survival
    yield from (visit.date for visit in assessed_visits(record) if visit.response is Response.PD)
    yield from (day for day in (survival.next_therapy_date, survival.death_date) if day)
    if survival.status is not VitalStatus.ALIVE:
        yield survival.last_contact_date


def planned_scans(record: TrialRecord, as_of: date, protocol: Protocol | None = None) -> tuple[PlannedScan, ...]:
    """Return the planned scans up to a day and, where the patient is still followed, the next one.

    After progression, next therapy, death or loss nothing is planned, nor is a scan missed whose window was still open
    then.
    """
    schedule = (protocol or load_protocol()).schedule
    return tuple(_planned(record, as_of, schedule))


def _planned(record: TrialRecord, as_of: date, schedule: Schedule) -> Iterator[PlannedScan]:
    start, end = record.start_date, min([*_ends(record), as_of])
    window, is_on = timedelta(days=schedule.window_days), is_followed(record, as_of)
    scans = sorted((one for one in record.visits if start < one.date <= as_of), key=lambda visit: visit.date)
    fulfilled = _fulfilled(scans, start, schedule)
    last = scans[-1].date if scans else start
    horizon = max((max(end, last) - start).days, 0) + schedule.then_every_days + schedule.days[-1]
    for number, day in enumerate(schedule.planned_days(horizon), start=1):
        planned, visit = start + timedelta(days=day), fulfilled.get(day)
        if visit is None and not is_on and planned + window >= end:
            continue
        state = State.DONE if visit else _state(planned, window, as_of, is_past=last > planned + window or not is_on)
        yield PlannedScan(number, planned, planned - window, planned + window, state, visit)
        if is_on and visit is None and planned > as_of:
            return


def _state(planned: date, window: timedelta, as_of: date, *, is_past: bool) -> State:
    if as_of <= planned + window:
        return State.PLANNED if as_of < planned - window else State.OPEN
    return State.MISSED if is_past else State.OVERDUE


def _fulfilled(scans: list[Visit], start: date, schedule: Schedule) -> dict[int, Visit]:
    """Return the scan of each planned day; a scan counts for one day, the nearest that has none yet."""
    near: dict[int, Visit] = {}
    for visit in scans:
        day = (visit.date - start).days
        planned = schedule.planned_days(day + schedule.window_days)
        free = [one for one in planned if abs(one - day) <= schedule.window_days and one not in near]
        if free:
            near[min(free, key=lambda one: (abs(one - day), one))] = visit
    return near


def next_due(record: TrialRecord, as_of: date, protocol: Protocol | None = None) -> PlannedScan | None:
    """Return the first scan that is overdue, open or planned; None for who is no longer followed."""
    if not is_followed(record, as_of):
        return None
    waiting = (State.OVERDUE, State.OPEN, State.PLANNED)
    return next((one for one in planned_scans(record, as_of, protocol) if one.state in waiting), None)


def overdue(
    records: Iterable[TrialRecord], as_of: date, protocol: Protocol | None = None
) -> tuple[tuple[TrialRecord, PlannedScan], ...]:
    """Return the first scan of each patient that should be there and is not, the longest overdue first."""
    found = []
    for record in records:
        waiting = next_due(record, as_of, protocol)
        if waiting is not None and waiting.state is State.OVERDUE:
            found.append((record, waiting))
    return tuple(sorted(found, key=lambda pair: (pair[1].planned, pair[0].patient_id)))
