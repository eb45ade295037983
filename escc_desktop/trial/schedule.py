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
    """What became of a planned assessment by a day."""

    DONE = "done"
    MISSED = "missed"
    OVERDUE = "overdue"
    OPEN = "open"
    PLANNED = "planned"


@dataclass(frozen=True)
class Assessment:
    """One planned assessment.

    Attributes
    ----------
    planned, opens, closes
        Its day and the first and last day on which a scan counts as it; where two windows touch, a scan belongs to the
        nearest planned day that has none yet.
    visit
        The scan that fulfilled it, or None.
    state
        "missed" where its window has closed and a later scan exists, "overdue" where none does; "open" within the
        window; "planned" before it.
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


def planned_until(record: TrialRecord, as_of: date) -> date:
    """Return the day up to which scans are planned: progression, next therapy, death, loss, or the day asked about."""
    survival = record.survival
    ends = [as_of]
    ends += [visit.date for visit in assessed_visits(record) if visit.response is Response.PD]
    ends += [day for day in (survival.next_therapy_date, survival.death_date) if day]
    if survival.status is not VitalStatus.ALIVE:
        ends.append(survival.last_contact_date)
    return min(ends)


def is_followed(record: TrialRecord, as_of: date) -> bool:
    """Tell whether scans are still planned for a patient on a day."""
    return planned_until(record, as_of) == as_of and (
        record.survival.status is VitalStatus.ALIVE or as_of < record.survival.last_contact_date
    )


def assessments(record: TrialRecord, as_of: date, protocol: Protocol | None = None) -> tuple[Assessment, ...]:
    """Return the planned assessments up to a day and, where the patient is still followed, the next one."""
    schedule = (protocol or load_protocol()).schedule
    return tuple(_assessments(record, as_of, schedule))


def _assessments(record: TrialRecord, as_of: date, schedule: Schedule) -> Iterator[Assessment]:
    start, end = record.start_date, planned_until(record, as_of)
    window = timedelta(days=schedule.window_days)
    scans = sorted((one for one in record.visits if start < one.date <= as_of), key=lambda visit: visit.date)
    fulfilled = _fulfilled(scans, start, schedule)
    last = scans[-1].date if scans else start
    horizon = (end - start).days + schedule.then_every_days + schedule.days[-1]
    for number, day in enumerate(schedule.planned_days(horizon), start=1):
        planned, visit = start + timedelta(days=day), fulfilled.get(day)
        is_ahead = planned > end and visit is None
        if is_ahead and not is_followed(record, as_of):
            return
        state = _state(planned, window, visit, last, as_of)
        yield Assessment(number, planned, planned - window, planned + window, state, visit)
        if is_ahead:
            return


def _state(planned: date, window: timedelta, visit: Visit | None, last: date, as_of: date) -> State:
    if visit is not None:
        return State.DONE
    if as_of < planned - window:
        return State.PLANNED
    if last > planned + window:
        return State.MISSED
    return State.OPEN if as_of <= planned + window else State.OVERDUE


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


def next_due(record: TrialRecord, as_of: date, protocol: Protocol | None = None) -> Assessment | None:
    """Return the first assessment that is overdue, open or planned; None for who is no longer followed."""
    if not is_followed(record, as_of):
        return None
    waiting = (State.OVERDUE, State.OPEN, State.PLANNED)
    return next((one for one in assessments(record, as_of, protocol) if one.state in waiting), None)


def overdue(
    records: Iterable[TrialRecord], as_of: date, protocol: Protocol | None = None
) -> tuple[tuple[TrialRecord, Assessment], ...]:
    """Return the first assessment of each patient that should be there and is not, the longest overdue first."""
    found = []
    for record in records:
        waiting = next_due(record, as_of, protocol)
        if waiting is not None and waiting.state is State.OVERDUE:
            found.append((record, waiting))
    return tuple(sorted(found, key=lambda pair: (pair[1].planned, pair[0].patient_id)))
