"""What is to be done for whom, as of a day: scans, doses, counts, adverse events and follow-up that wait.

Nothing dated after that day is looked at, so that the list of an earlier day is the one people had then.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from escc_desktop.errors import EsccError
from escc_desktop.trial.protocol import Protocol, load_protocol
from escc_desktop.trial.records import AdverseEvent, Response, TrialRecord, VitalStatus
from escc_desktop.trial.regimen import HoldFinding, NextDose, next_doses
from escc_desktop.trial.schedule import State, planned_scans

LONG_OVER: Final = timedelta(days=183)
# A patient without any dose for so many cycles is taken to be off treatment.
LAPSED_CYCLES: Final = 2
_OVER: Final = frozenset({"recovered", "recovered_with_sequelae", "fatal"})


class DueKind(StrEnum):
    """What waits."""

    CT = "ct"
    DOSE = "dose"
    COUNTS = "counts"
    ADVERSE_EVENT = "adverse_event"
    FOLLOW_UP = "follow_up"
    REREAD = "reread"


class DueState(StrEnum):
    """Whether the time for it is over, has come, or will come."""

    OVERDUE = "overdue"
    NOW = "now"
    LATER = "later"


@dataclass(frozen=True)
class DueCt:
    """The first planned scan that is not in the records.

    Attributes
    ----------
    number
        Of the planned scan, 1 for the first.
    n_missed
        Planned scans since the last one whose window has passed, this one included.
    """

    number: int
    last_scan: date | None
    n_missed: int


@dataclass(frozen=True)
class DueDose:
    """The doses of one day of a cycle.

    Attributes
    ----------
    trouble
        Why no dose can be computed; then `doses` is empty.
    """

    cycle: int
    day: int
    doses: tuple[NextDose, ...]
    trouble: str = ""

    @property
    def holds(self) -> tuple[HoldFinding, ...]:
        """What must hold before any of them, each condition once."""
        return tuple({one.hold.code: one for dose in self.doses for one in dose.holds}.values())


@dataclass(frozen=True)
class DueCounts:
    """Blood values that are asked for before a dose and not there, or too old."""

    cycle: int
    day: int
    missing: tuple[HoldFinding, ...]


@dataclass(frozen=True)
class OpenEvent:
    """An adverse event without an end."""

    event: AdverseEvent
    days_open: int


@dataclass(frozen=True)
class DueFollowUp:
    """A patient nobody has heard of for the interval of follow-up."""

    last_contact: date
    interval_days: int


@dataclass(frozen=True)
class Due:
    """One thing that waits.

    Attributes
    ----------
    planned
        The planned day; of an adverse event the day it began.
    opens, closes
        The days between which it may be done; of an adverse event both are `planned`.
    about
        What it is about.
    """

    patient_id: str
    kind: DueKind
    planned: date
    opens: date
    closes: date
    about: object

    def state(self, as_of: date) -> DueState:
        """Return whether it is overdue, may be done now, or comes later."""
        if self.kind is DueKind.ADVERSE_EVENT:
            return DueState.NOW
        if as_of > self.closes:
            return DueState.OVERDUE
        return DueState.NOW if as_of >= self.opens else DueState.LATER


def default_day(records: Sequence[TrialRecord], today: date) -> date:
    """Return the day a list is made for unless somebody chooses one: today, or the last record of a trial long over."""
    last = data_cutoff(records)
    return last if last is not None and today - last > LONG_OVER else today


def data_cutoff(records: Sequence[TrialRecord]) -> date | None:
    """Return the latest day on which anything is recorded."""
    days = [max(record.survival.last_contact_date, record.survival.death_date or date.min) for record in records]
    days += [visit.date for record in records for visit in record.visits]
    days += [dose.end_date or dose.start_date for record in records for dose in record.treatments]
    days += [lab.date for record in records for lab in record.labs]
    return max(days, default=None)


def due_from_records(records: Sequence[TrialRecord], as_of: date, protocol: Protocol | None = None) -> tuple[Due, ...]:
    """Return everything the trial records say is waiting, by date."""
    protocol = protocol or load_protocol()
    found = [due for record in records for due in _of_patient(record, as_of, protocol)]
    return tuple(sorted(found, key=due_order))


def due_order(due: Due) -> tuple[date, str, str]:
    """Return what a list is sorted by."""
    return due.planned, due.patient_id, due.kind.value


def as_known(record: TrialRecord, as_of: date) -> TrialRecord:
    """Return a record as it was known on a day: without what is dated later; what ended later is still open.

    Of contacts a record keeps only the last one, so that survival stays as it is.
    """
    events = (event for event in record.adverse_events if event.start_date <= as_of)
    return replace(
        record,
        labs=tuple(lab for lab in record.labs if lab.date <= as_of),
        treatments=tuple(dose for dose in record.treatments if dose.start_date <= as_of),
        visits=tuple(visit for visit in record.visits if visit.date <= as_of),
        lesions=tuple(lesion for lesion in record.lesions if lesion.date <= as_of),
        adverse_events=tuple(_still_open(event, as_of) for event in events),
    )


def _still_open(event: AdverseEvent, as_of: date) -> AdverseEvent:
    ended_later = event.end_date is not None and event.end_date > as_of
    return replace(event, end_date=None, outcome="") if ended_later else event


def is_followed(record: TrialRecord, as_of: date) -> bool:
    """Return whether a patient was in the trial, alive and in follow-up on a day."""
    survival = record.survival
    is_dead = survival.death_date is not None and survival.death_date <= as_of
    is_lost = survival.status is VitalStatus.LOST and survival.last_contact_date <= as_of
    return record.start_date <= as_of and not is_dead and not is_lost


def is_on_trial_therapy(record: TrialRecord, as_of: date) -> bool:
    """Return whether a followed patient had neither progression nor another therapy by a day."""
    next_therapy = record.survival.next_therapy_date
    if next_therapy is not None and next_therapy <= as_of:
        return False
    progressed = any(visit.response is Response.PD and visit.date <= as_of for visit in record.visits)
    return is_followed(record, as_of) and not progressed


def is_open(event: AdverseEvent) -> bool:
    """Return whether an adverse event goes on."""
    return event.end_date is None and event.outcome not in _OVER


def _of_patient(record: TrialRecord, as_of: date, protocol: Protocol) -> Iterator[Due]:
    if not is_followed(record, as_of):
        return
    known = as_known(record, as_of)
    yield from _open_events(known, as_of)
    yield from _follow_up(known, as_of, protocol)
    if is_on_trial_therapy(known, as_of):
        yield from _next_ct(known, as_of, protocol)
        yield from _next_doses(known, as_of, protocol)


def _next_ct(record: TrialRecord, as_of: date, protocol: Protocol) -> Iterator[Due]:
    """Give the first planned scan that is overdue, open or to come."""
    states = {State.OVERDUE, State.OPEN, State.PLANNED}
    waiting = [one for one in planned_scans(record, as_of, protocol) if one.state in states]
    if waiting:
        first = waiting[0]
        last = max((visit.date for visit in record.visits if visit.date > record.start_date), default=None)
        about = DueCt(first.number, last, sum(one.state is State.OVERDUE for one in waiting))
        yield Due(record.patient_id, DueKind.CT, first.planned, first.opens, first.closes, about)


def _next_doses(record: TrialRecord, as_of: date, protocol: Protocol) -> Iterator[Due]:
    """Give the next doses of who is still treated, by day, and the values asked for before them."""
    last = max((dose.end_date or dose.start_date for dose in record.treatments), default=record.start_date)
    if (as_of - last).days > LAPSED_CYCLES * protocol.cycle.days:
        return
    window = timedelta(days=protocol.cycle.window_days)
    for planned, about in _doses_by_day(record, as_of, protocol):
        yield Due(record.patient_id, DueKind.DOSE, planned, planned, planned + window, about)
        unknown = tuple(one for one in about.holds if one.hold.lab is not None and one.found.holds is None)
        if unknown:
            opens = planned - timedelta(days=max(one.hold.within_days for one in unknown))
            missing = DueCounts(about.cycle, about.day, unknown)
            yield Due(record.patient_id, DueKind.COUNTS, planned, opens, planned, missing)


def _doses_by_day(record: TrialRecord, as_of: date, protocol: Protocol) -> Iterator[tuple[date, DueDose]]:
    try:
        found = next_doses(record, as_of, protocol)
    except EsccError as error:
        yield as_of, DueDose(0, 0, (), str(error))
        return
    for planned in sorted({dose.planned for dose in found}):
        doses = tuple(dose for dose in found if dose.planned == planned)
        yield planned, DueDose(doses[0].cycle, doses[0].day, doses)


def _open_events(record: TrialRecord, as_of: date) -> Iterator[Due]:
    for event in record.adverse_events:
        if is_open(event):
            day = event.start_date
            about = OpenEvent(event, (as_of - day).days)
            yield Due(record.patient_id, DueKind.ADVERSE_EVENT, day, day, day, about)


def _follow_up(record: TrialRecord, as_of: date, protocol: Protocol) -> Iterator[Due]:
    """Give the next contact; of earlier days than the last contact nobody can say what was due."""
    schedule, last = protocol.schedule, record.survival.last_contact_date
    interval, window = timedelta(days=schedule.then_every_days), timedelta(days=schedule.window_days)
    due = last + interval
    if last <= as_of and due - window <= as_of:
        about = DueFollowUp(last, schedule.then_every_days)
        yield Due(record.patient_id, DueKind.FOLLOW_UP, due, due - window, due + window, about)
