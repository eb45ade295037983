"""A patient's course as marks on lanes of one time axis, each with what it is and where a click leads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from typing import Final

from escc_desktop.i18n import _, plural
from escc_desktop.trial.records import AdverseEvent, Lab, Response, Treatment, TrialRecord, VitalStatus
from escc_desktop.trial.timeline import trial_day
from escc_desktop.workflow.trial_words import drug_name, event_name
from escc_desktop.workflow.views.baseline import Scan

SCANS, CYCLES, LABS, EVENTS, OUTCOME = "scan", "cycle", "lab", "adverse_event", "course"
DOSE: Final = "dose:"
# Bars side by side in time share a row; more rows than these would leave no room for the other lanes.
_MOST_ROWS: Final = 3
_SEVERE_GRADE: Final = 3
_CYCLE_DAYS: Final = 21
_TABLES: Final = {SCANS: "visits", CYCLES: "treatments", LABS: "labs", EVENTS: "adverse_events", OUTCOME: "survival"}


@dataclass(frozen=True)
class CourseEvent:
    """One mark.

    Attributes
    ----------
    key
        Its own among the events of a course.
    lane, row
        Key of its lane, and which row of it.
    kind
        "scan", "ct", "cycle", "given", "reduced", "held", "lab", "adverse_event", "start", "next_therapy",
        "last_contact" or "death".
    start_day, end_day
        Days from the first dose; 0 is that day.
    label
        A word or two beside the mark, or nothing.
    tip
        All that is known of it, lines.
    is_alarming
        An abnormal laboratory value, an adverse event of grade 3 or more, progression, death.
    level
        -1 for below the limits, 1 for above, 2 for both or questioned; the grade of an adverse event.
    series_uid
        Of the imported CT of that day, or nothing.
    table
        Of the record's tables, the one it stands in; nothing for what only the images know.
    """

    key: str
    lane: str
    kind: str
    start_day: int
    end_day: int | None
    label: str
    tip: str
    is_alarming: bool = False
    level: int = 0
    series_uid: str = ""
    table: str = ""
    row: int = 0


@dataclass(frozen=True)
class Lane:
    """A lane: its key, its name, and how many rows it has."""

    key: str
    title: str
    rows: int = 1


@dataclass(frozen=True)
class Course:
    """The lanes from top to bottom, and the events by day."""

    lanes: tuple[Lane, ...]
    events: tuple[CourseEvent, ...]


NO_COURSE: Final = Course((), ())


def course(record: TrialRecord, scans: Sequence[Scan] = ()) -> Course:
    """Return a patient's course; `scans` are the CTs that were imported."""
    drugs = tuple(dict.fromkeys(dose.drug for dose in record.treatments))
    events = _packed(
        [
            *_scans(record, scans),
            *_cycles(record),
            *_doses(record),
            *_labs(record),
            *_adverse_events(record),
            *_outcome(record),
        ]
    )
    keyed = tuple(replace(event, key=f"{event.lane}.{number}") for number, event in enumerate(events))
    rows = {lane: 1 + max(event.row for event in events if event.lane == lane) for lane in {e.lane for e in events}}
    lanes = [
        Lane(SCANS, _("CT, response")),
        Lane(CYCLES, _("Cycles")),
        *(Lane(DOSE + drug, drug_name(drug).capitalize()) for drug in drugs),
        Lane(LABS, _("Laboratory")),
        Lane(EVENTS, _("Adverse events")),
        Lane(OUTCOME, _("Outcome")),
    ]
    return Course(tuple(replace(lane, rows=rows.get(lane.key, 1)) for lane in lanes), keyed)


def _packed(events: list[CourseEvent]) -> list[CourseEvent]:
    """Return the events by day, adverse events in rows such that bars do not lie on each other."""
    ends: list[int] = []
    placed = []
    for event in sorted(events, key=lambda one: (one.start_day, one.lane)):
        if event.lane != EVENTS:
            placed.append(event)
            continue
        free = next((row for row, end in enumerate(ends) if end < event.start_day), len(ends))
        row, end = min(free, _MOST_ROWS - 1), event.end_day or event.start_day
        if row == len(ends):
            ends.append(end)
        ends[row] = max(ends[row], end)
        placed.append(replace(event, row=row))
    return placed


def _day(record: TrialRecord, day: date) -> int:
    return (day - record.start_date).days


def _when(record: TrialRecord, day: date, end: date | None = None) -> str:
    first = trial_day(record.start_date, day)
    if end is None or end == day:
        return _("{date}, day {day}").format(date=day.isoformat(), day=first)
    last = trial_day(record.start_date, end)
    return _("{date}, day {day} to {end}").format(date=day.isoformat(), day=first, end=last)


def _tip(*lines: str) -> str:
    return "\n".join(line for line in lines if line)


def _scans(record: TrialRecord, scans: Sequence[Scan]) -> Iterator[CourseEvent]:
    imported = {scan.date: scan for scan in reversed(scans) if scan.date is not None}
    for visit in record.visits:
        scan = imported.pop(visit.date, None)
        response = str(visit.response or "").replace("NON_CR_NON_PD", _("non-CR/PD"))
        name = _("Baseline scan") if visit.number == 0 else _("Scan {n}").format(n=visit.number)
        said = response or ("" if visit.number == 0 else _("no response given"))
        tip = _tip(
            f"{name}: {said}" if said else name,
            _when(record, visit.date),
            *_measured(record, visit.date),
            _("Click: the CT") if scan else _("No CT of that day is imported."),
            _("Right click: the lesions"),
        )
        label = response or (_("base") if visit.number == 0 else "")
        yield CourseEvent(
            "", SCANS, "scan", _day(record, visit.date), None, label, tip, visit.response is Response.PD,
            series_uid=scan.series_uid if scan else "", table=_TABLES[SCANS],
        )  # fmt: skip
    for day, scan in imported.items():
        if day is not None:
            tip = _tip(_("CT that is no visit of the record"), _when(record, day), _("Click: the CT"))
            yield CourseEvent("", SCANS, "ct", _day(record, day), None, "", tip, series_uid=scan.series_uid)


def _measured(record: TrialRecord, day: date) -> Iterator[str]:
    own = [lesion for lesion in record.lesions if lesion.date == day]
    targets = [lesion.diameter_mm for lesion in own if lesion.role == "target" and lesion.diameter_mm is not None]
    if targets:
        yield _("sum of diameters {sum} mm").format(sum=f"{sum(targets):g}")
    for lesion in own:
        if lesion.role == "new":
            yield _("new lesion {lesion}").format(lesion=lesion.lesion_id)


def _cycles(record: TrialRecord) -> Iterator[CourseEvent]:
    doses = sorted(record.treatments, key=lambda dose: dose.cycle)
    starts = {cycle: min(dose.start_date for dose in own) for cycle, own in groupby(doses, lambda dose: dose.cycle)}
    for cycle, start in starts.items():
        own = [dose for dose in record.treatments if dose.cycle == cycle]
        last = max((dose.end_date or dose.start_date) for dose in own)
        end = max(_day(record, last), _day(record, start) + 1)
        following = starts.get(cycle + 1)
        end = min(end, _day(record, following) - 1) if following else end
        late = [] if cycle - 1 not in starts else [_delay(starts[cycle - 1], start)]
        tip = _tip(_("Cycle {n}").format(n=cycle), _when(record, start, last), *late)
        yield CourseEvent("", CYCLES, "cycle", _day(record, start), end, str(cycle), tip, table=_TABLES[CYCLES])


def _delay(before: date, start: date) -> str:
    days = (start - before).days - _CYCLE_DAYS
    return plural("{n} day late", "{n} days late", days) if days > 0 else ""


def _doses(record: TrialRecord) -> Iterator[CourseEvent]:
    last: dict[str, float] = {}
    for dose in record.treatments:
        kind = "held" if dose.action == "held" or not dose.dose else "reduced" if dose.action == "reduced" else "given"
        label = "" if last.get(dose.drug) == dose.dose else f"{dose.dose:g}"
        last[dose.drug] = dose.dose
        end = None if dose.end_date is None else _day(record, dose.end_date)
        yield CourseEvent(
            "", DOSE + dose.drug, kind, _day(record, dose.start_date), end, label, _dose_tip(record, dose, kind),
            table=_TABLES[CYCLES],
        )  # fmt: skip


def _dose_tip(record: TrialRecord, dose: Treatment, kind: str) -> str:
    words = {"given": "", "reduced": _("reduced"), "held": _("held")}[kind]
    amount = f"{dose.dose:g} {dose.dose_unit.replace('_per_', '/')}"
    planned = ""
    if dose.planned_dose is not None and dose.planned_dose != dose.dose:
        planned = _("planned {dose}").format(dose=f"{dose.planned_dose:g}")
    return _tip(
        f"{drug_name(dose.drug).capitalize()} {amount}",
        _("Cycle {n}").format(n=dose.cycle),
        _when(record, dose.start_date, dose.end_date),
        ", ".join(part for part in (words, planned, dose.reason) if part),
    )


def _labs(record: TrialRecord) -> Iterator[CourseEvent]:
    for day, found in groupby(sorted(record.labs, key=lambda lab: lab.date), key=lambda lab: lab.date):
        drawn = list(found)
        marked = [(lab, level) for lab in drawn if (level := _level(lab))]
        levels = {level for _lab, level in marked}
        signs = {-1: "↓", 1: "↑", 2: "?"}
        lines = [f"{lab.analyte.upper()} {lab.limit}{lab.value:g} {lab.unit} {signs[level]}" for lab, level in marked]
        count = plural("{n} laboratory value", "{n} laboratory values", len(drawn))
        level = 0 if not levels else levels.pop() if len(levels) == 1 else 2
        yield CourseEvent(
            "", LABS, "lab", _day(record, day), None, "", _tip(count, _when(record, day), *lines), bool(marked), level,
            table=_TABLES[LABS],
        )  # fmt: skip


def _level(lab: Lab) -> int:
    if lab.question:
        return 2
    if lab.uln is not None and lab.value > lab.uln:
        return 1
    return -1 if lab.lln is not None and lab.value < lab.lln else 0


def _adverse_events(record: TrialRecord) -> Iterator[CourseEvent]:
    for event in record.adverse_events:
        is_severe = event.grade >= _SEVERE_GRADE
        label = f"{event_name(event.term)} G{event.grade}" if is_severe else ""
        end = None if event.end_date is None else _day(record, event.end_date)
        yield CourseEvent(
            "", EVENTS, "adverse_event", _day(record, event.start_date), end, label, _event_tip(record, event),
            is_severe, event.grade, table=_TABLES[EVENTS],
        )  # fmt: skip


def _event_tip(record: TrialRecord, event: AdverseEvent) -> str:
    return _tip(
        _("{term}, grade {grade}").format(term=event_name(event.term), grade=event.grade),
        _when(record, event.start_date, event.end_date),
        _("serious") if event.serious else "",
        _("not ended") if event.end_date is None else "",
        event.action,
    )


def _outcome(record: TrialRecord) -> Iterator[CourseEvent]:
    survival = record.survival
    ends: list[tuple[str, date, str, str]] = [("start", record.start_date, "", _("Day 1 of cycle 1"))]
    if survival.next_therapy_date:
        therapy = _tip(_("Next therapy"), survival.next_therapy)
        ends.append(("next_therapy", survival.next_therapy_date, _("Next therapy"), therapy))
    if survival.death_date:
        ends.append(("death", survival.death_date, _("Death"), _("Death")))
    else:
        is_lost = survival.status is VitalStatus.LOST
        words = _("Lost to follow-up") if is_lost else _("Alive at the last contact")
        ends.append(("last_contact", survival.last_contact_date, words, words))
    for kind, day, label, tip in ends:
        yield CourseEvent(
            "", OUTCOME, kind, _day(record, day), None, label, _tip(tip, _when(record, day)), kind == "death",
            table=_TABLES[OUTCOME],
        )  # fmt: skip
