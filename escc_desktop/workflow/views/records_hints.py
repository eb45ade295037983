"""What stands beside a form: criteria as computed, planned doses, windows of the schedule, grades the labs propose."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from escc_desktop.i18n import _
from escc_desktop.trial.eligibility import Verdict, judge
from escc_desktop.trial.event_checks import proposals, ungraded
from escc_desktop.trial.protocol import load_protocol
from escc_desktop.trial.records import TrialRecord
from escc_desktop.trial.regimen import planned_dose
from escc_desktop.trial.schedule import State, planned_scans
from escc_desktop.workflow.records_rows import Cells, cell_text, read_rows
from escc_desktop.workflow.views.records_words import value_words


@dataclass(frozen=True)
class Hint:
    """One line beside a form.

    Attributes
    ----------
    what, says, why
        What it is about, what is found, and how that came about.
    cells
        What taking it fills in; empty where there is nothing to take.
    is_new_row
        Whether it is taken as a new row, not into the row on screen.
    """

    what: str
    says: str
    why: str
    tone: str = "text"
    cells: Mapping[str, str] = field(default_factory=dict)
    is_new_row: bool = False


def hints_of(patient_id: str, tables: Mapping[str, tuple[Cells, ...]], table: str, chosen: Cells) -> tuple[Hint, ...]:
    """Return what stands beside a form as it is typed; nothing while the record has faults.

    Parameters
    ----------
    chosen
        The row on screen.
    """
    if table not in _HINTS:
        return ()
    record, _findings = read_rows(patient_id, tables)
    return () if record is None else tuple(_HINTS[table](record, chosen))


def _criteria(record: TrialRecord, _chosen: Cells) -> Iterator[Hint]:
    tones = {True: "success", False: "danger", None: "warning"}
    found = judge(record)
    whole = {True: _("eligible"), False: _("not eligible"), None: _("open")}[found.is_eligible]
    why = _("{n} criteria speak against it, {open} are open.").format(n=len(found.against), open=len(found.open))
    yield Hint(_("All criteria"), whole, why, tones[found.is_eligible])
    for one in found.results:
        verdict = value_words("answer", str(one.verdict))
        is_asked = one.entered is None and one.computed is None
        options = [f"{option.code}: {option.words}" for option in one.criterion.options]
        why = "\n".join(part for part in (one.criterion.words, one.reason, one.contradiction, *options) if part)
        says = verdict if one.verdict is not Verdict.UNKNOWN else _("asked")
        cells = {"criterion": one.criterion.code} if is_asked else {}
        yield Hint(
            f"{one.criterion.code}  {one.criterion.words}", says, why, tones[one.speaks_for], cells, is_new_row=True
        )


def _doses(record: TrialRecord, chosen: Cells) -> Iterator[Hint]:
    day = _day(chosen.get("start_date", "")) or record.start_date
    for drug in load_protocol().drugs:
        plan = planned_dose(drug, record, day)
        is_here = chosen.get("drug") == drug.name
        says = "–" if plan.dose_mg is None else f"{plan.dose_mg:g} {value_words('dose_unit', plan.dose_unit)}"
        cells = {}
        if is_here and plan.dose_mg is not None:
            cells = {"planned_dose": cell_text(plan.dose_mg), "dose_unit": plan.dose_unit}
            if plan.weight_kg is not None:
                cells["weight_kg"] = cell_text(plan.weight_kg)
        yield Hint(value_words("drug", drug.name), says, plan.reason, "accent" if is_here else "text", cells)


def _windows(record: TrialRecord, _chosen: Cells) -> Iterator[Hint]:
    as_of = record.survival.last_contact_date
    tones = {State.OVERDUE: "danger", State.MISSED: "warning", State.OPEN: "accent", State.DONE: "success"}
    words = {
        State.DONE: _("done"), State.MISSED: _("missed"), State.OVERDUE: _("overdue"), State.OPEN: _("open"),
        State.PLANNED: _("planned"),
    }  # fmt: skip
    for one in planned_scans(record, as_of):
        why = _("Window {opens} to {closes}, as of the last contact on {day}").format(
            opens=one.opens, closes=one.closes, day=as_of
        )
        tone = tones.get(one.state, "secondary")
        yield Hint(f"{one.number}  {one.planned}", words[one.state], why, tone)


def _grades(record: TrialRecord, _chosen: Cells) -> Iterator[Hint]:
    for one in proposals(record):
        cells = {"term": one.term, "grade": str(one.grade), "start_date": one.date.isoformat()}
        why = one.reason
        if one.recorded is not None:
            why += "\n" + _("Grade {grade} is recorded for these days.").format(grade=one.recorded)
            cells = {}
        yield Hint(one.term, _("grade {n}").format(n=one.grade), why, "warning", cells, is_new_row=True)
    for unknown in ungraded(record):
        why = f"{unknown.lab.date} {unknown.lab.analyte.upper()}: {unknown.reason}"
        yield Hint(unknown.term, _("not graded"), why, "secondary")


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


_HINTS: Final[Mapping[str, Callable[[TrialRecord, Cells], Iterator[Hint]]]] = {
    "eligibility": _criteria,
    "treatments": _doses,
    "visits": _windows,
    "adverse_events": _grades,
}
