"""The due page: what is to be done for whom, in words, as a table and as a printed page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from escc_desktop.files import write_csv
from escc_desktop.i18n import _, plural, printing_in
from escc_desktop.progress import Progress
from escc_desktop.reading.session import Occasion
from escc_desktop.trial.due import (
    Due,
    DueCounts,
    DueCt,
    DueDose,
    DueFollowUp,
    DueKind,
    DueState,
    OpenEvent,
    data_cutoff,
    default_day,
    due_from_records,
    due_order,
)
from escc_desktop.trial.regimen import HoldFinding, PlannedDose
from escc_desktop.workflow.access import Operation, require
from escc_desktop.workflow.printing import PrintOrder
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.report import Section, StudyReport, TableBlock, study_report
from escc_desktop.workflow.trial_words import drug_name, event_name

__all__ = ["DueChoice", "DueKind", "DueRow", "DueState", "DueView", "due_csv", "due_print", "due_view"]

_NO_ACTION = frozenset({"", "none"})
DUE_COLUMNS = ("date", "patient_id", "kind", "state", "days", "from", "until", "what", "detail")


@dataclass(frozen=True)
class DueReread:
    """A repeated reading that is not signed."""

    session_id: str
    first_signed: date


@dataclass(frozen=True)
class DueRow:
    """One line: the patient, what is due when, and what is known of it.

    Attributes
    ----------
    days
        From `planned` to the day of the list; negative before it.
    """

    patient_id: str
    kind: DueKind
    kind_name: str
    planned: date
    opens: date
    closes: date
    state: DueState
    days: int
    when: str
    what: str
    detail: str


@dataclass(frozen=True)
class DueView:
    """Everything that waits as of a day.

    Attributes
    ----------
    today, last_record
        The day by the project's clock, and the latest day of any record; None without records.
    counts
        Lines of each kind.
    """

    as_of: date
    today: date
    last_record: date | None
    n_patients: int
    rows: tuple[DueRow, ...]
    counts: Mapping[DueKind, int]
    may_open_patients: bool
    may_print: bool


@dataclass(frozen=True)
class DueChoice:
    """Which lines are shown, exported or printed."""

    kinds: tuple[DueKind, ...] = tuple(DueKind)
    only_overdue: bool = False

    def takes(self, row: DueRow) -> bool:
        """Return whether a line is shown."""
        return row.kind in self.kinds and (row.state is DueState.OVERDUE or not self.only_overdue)


def kind_name(kind: DueKind) -> str:
    """Return what waits, in words."""
    return {
        DueKind.CT: _("CT"),
        DueKind.DOSE: _("Dose"),
        DueKind.COUNTS: _("Blood values"),
        DueKind.ADVERSE_EVENT: _("Adverse event"),
        DueKind.FOLLOW_UP: _("Follow-up"),
        DueKind.REREAD: _("Reread"),
    }[kind]


def state_name(state: DueState) -> str:
    """Return whether it is time, in words."""
    return {DueState.OVERDUE: _("overdue"), DueState.NOW: _("now"), DueState.LATER: _("later")}[state]


def due_view(project: Project, as_of: date | None, progress: Progress) -> DueView:
    """Return the list of a day; by default of today, or of the last record of a trial long over."""
    progress.advance(0, 2, _("Records"))
    records, today = project.records(), project.now().astimezone().date()
    day = as_of or default_day(records, today)
    progress.advance(1, 2, _("What is due"))
    found = sorted([*due_from_records(records, day), *_rereads(project)], key=due_order)
    rows = tuple(_row(due, day) for due in found)
    return DueView(
        as_of=day,
        today=today,
        last_record=data_cutoff(records),
        n_patients=len(records),
        rows=rows,
        counts={kind: sum(row.kind is kind for row in rows) for kind in DueKind},
        may_open_patients=project.may(Operation.VIEW_ASSESSMENTS),
        may_print=project.may(Operation.REPORT),
    )


def _rereads(project: Project) -> list[Due]:
    """Return the repeats whose first reading is signed, for who knows the plan."""
    if not (project.may(Operation.VIEW_PLAN) and project.may(Operation.VIEW_SESSIONS)):
        return []
    sessions = project.sessions()
    repeats = [one for one in sessions if one.occasion is Occasion.REPEAT and not one.is_signed]
    if not repeats:
        return []
    plan = project.plan()
    signed = {
        (one.patient_id, one.lesion_id, one.reader): one.signed_at.date()
        for one in sessions
        if one.occasion is Occasion.FIRST and one.signed_at is not None
    }
    found = []
    for one in repeats:
        first = signed.get((one.patient_id, one.lesion_id, one.reader))
        if first is not None:
            opens, closes = first + plan.apart, first + plan.within
            about = DueReread(one.session_id, first)
            found.append(Due(one.patient_id, DueKind.REREAD, opens, opens, closes, about))
    return found


def _row(due: Due, as_of: date) -> DueRow:
    what, detail = _words(due)
    days, state = (as_of - due.planned).days, due.state(as_of)
    return DueRow(
        patient_id=due.patient_id,
        kind=due.kind,
        kind_name=kind_name(due.kind),
        planned=due.planned,
        opens=due.opens,
        closes=due.closes,
        state=state,
        days=days,
        when=_when(due, days, state),
        what=what,
        detail=detail,
    )


def _when(due: Due, days: int, state: DueState) -> str:
    if due.kind is DueKind.ADVERSE_EVENT:
        return plural("open for {n} day", "open for {n} days", days)
    if state is DueState.OVERDUE:
        return plural("{n} day overdue", "{n} days overdue", days)
    if days == 0:
        return _("on this day")
    if days > 0:
        return plural("{n} day late, in its window", "{n} days late, in its window", days)
    return plural("in {n} day", "in {n} days", -days)


def _words(due: Due) -> tuple[str, str]:
    """Return what is due and what is known of it."""
    about = due.about
    if isinstance(about, DueCt):
        parts = (_window(due), _missed(about), _last_scan(about))
        return _("CT {n} of the schedule").format(n=about.number), _joined(*parts)
    if isinstance(about, DueDose):
        return _dose_words(about)
    if isinstance(about, DueCounts):
        what = _("Values before cycle {cycle}, day {day}").format(cycle=about.cycle, day=about.day)
        return what, _missing(about.missing)
    if isinstance(about, OpenEvent):
        return _event_words(about)
    if isinstance(about, DueFollowUp):
        text = _("last heard of on {date}; every {n} days").format(
            date=about.last_contact.isoformat(), n=about.interval_days
        )
        return _("Contact"), text
    if isinstance(about, DueReread):
        text = _("first reading signed on {date}").format(date=about.first_signed.isoformat())
        return _("Reading {session}").format(session=about.session_id), _joined(text, _window(due))
    raise TypeError(type(about).__name__)


def _missing(findings: Sequence[HoldFinding]) -> str:
    """Say which values are asked for, how fresh, and when they were measured last."""
    by_last: dict[tuple[str, int], list[str]] = {}
    for one in findings:
        last = "" if one.found.lab is None else one.found.lab.date.isoformat()
        name = one.hold.lab.analyte.upper() if one.hold.lab is not None else one.hold.code
        by_last.setdefault((last, one.hold.within_days), []).append(name)
    told = []
    for (last, n), names in by_last.items():
        text = _("{names}: last {date}, asked within {n} days") if last else _("{names}: never measured")
        told.append(text.format(names=", ".join(names), date=last, n=n))
    return _joined(*told)


def _joined(*parts: str) -> str:
    return _("; ").join(part for part in parts if part)


def _dose_words(about: DueDose) -> tuple[str, str]:
    """Return the doses of a day, how they were computed, and what stands against them."""
    if about.trouble:
        return _("Next dose"), about.trouble
    doses = _(", ").join(f"{drug_name(one.dose.drug)} {_amount(one.dose)}" for one in about.doses)
    what = _("Cycle {cycle}, day {day}").format(cycle=about.cycle, day=about.day)
    by_surface = [one.dose.reason for one in about.doses if one.dose.surface_m2 is not None or one.dose.dose_mg is None]
    against = [one.found.reason for one in about.holds if one.found.holds is False]
    parts = [f"{doses}.", *by_surface]
    if against:
        parts.append(_("Hold rule not met: {why}").format(why=" ".join(against)))
        if any(one.is_to_confirm for one in about.holds):
            parts.append(_("The rule is usual practice, to be confirmed against the protocol."))
    return what, " ".join(parts)


def _amount(dose: PlannedDose) -> str:
    if dose.dose_mg is None:
        return _("not known")
    unit = _("mg a day") if dose.dose_unit == "mg_per_day" else _("mg")
    return f"{dose.dose_mg:g} {unit}"


def _event_words(about: OpenEvent) -> tuple[str, str]:
    event = about.event
    notes = (
        _("serious") if event.serious else "",
        _("possibly immune-related") if event.immune_related in {"confirmed", "suspected"} else "",
        "" if event.action in _NO_ACTION else event.action,
    )
    return _("{term}, grade {grade}").format(term=event_name(event.term), grade=event.grade), _joined(*notes)


def _window(due: Due) -> str:
    return _("window {first} to {last}").format(first=due.opens.isoformat(), last=due.closes.isoformat())


def _missed(about: DueCt) -> str:
    return plural("{n} planned CT missed", "{n} planned CTs missed", about.n_missed) if about.n_missed > 1 else ""


def _last_scan(about: DueCt) -> str:
    if about.last_scan is None:
        return _("no CT since day 1")
    return _("last CT {date}").format(date=about.last_scan.isoformat())


def due_csv(project: Project, view: DueView, choice: DueChoice, path: Path, progress: Progress) -> Path:
    """Write the lines of a choice as a table with its provenance beside it.

    Raises
    ------
    EsccError
        The folder cannot be written.
    """
    require(project.principal, Operation.REPORT)
    progress.advance(0, 1, path.name)
    lines = [row for row in view.rows if choice.takes(row)]
    write_csv(path, DUE_COLUMNS, map(due_cells, lines), {"as_of": view.as_of.isoformat(), "research_use_only": True})
    return path


def due_cells(row: DueRow) -> tuple[object, ...]:
    """Return a line as the table in a file has it, in the order of `DUE_COLUMNS`."""
    days = (day.isoformat() for day in (row.planned, row.opens, row.closes))
    planned, opens, closes = days
    known = (row.kind.value, row.state.value, row.days)
    return planned, row.patient_id, *known, opens, closes, row.what, row.detail


def due_print(project: Project, as_of: date | None, choice: DueChoice, order: PrintOrder, progress: Progress) -> Path:
    """Write the lines of a choice as PDF, and as JSON beside it.

    Raises
    ------
    EsccError
        The folder cannot be written.
    """
    require(project.principal, Operation.REPORT)
    with printing_in(order.language):
        view = due_view(project, as_of, progress)
        study_report(due_report(view, choice, is_synthetic=order.is_synthetic), order.path)
    return order.path


def due_report(view: DueView, choice: DueChoice, *, is_synthetic: bool) -> StudyReport:
    """Return the printed list: what is overdue first, then by date."""
    chosen = [row for row in view.rows if choice.takes(row)]
    header = (_("Date"), _("Patient"), _("Kind"), _("What"), _("When"), _("Known"))
    sections = []
    for state, title in (
        (DueState.OVERDUE, _("Overdue")),
        (DueState.NOW, _("Now")),
        (DueState.LATER, _("Later")),
    ):
        lines = [row for row in chosen if row.state is state]
        rows = tuple((r.planned.isoformat(), r.patient_id, r.kind_name, r.what, r.when, r.detail) for r in lines)
        if rows:
            sections.append(Section(f"{title} ({len(rows)})", tables=(TableBlock(header, rows),)))
    if not sections:
        sections = [Section(_("Nothing is due"), (_("Nothing of the chosen kinds waits."),))]
    shown = ", ".join(kind_name(kind) for kind in choice.kinds)
    subtitle = _("As of {date}. {n} patients. Shown: {kinds}.").format(
        date=view.as_of.isoformat(), n=view.n_patients, kinds=shown
    )
    return StudyReport(_("Due list"), subtitle, tuple(sections), is_synthetic=is_synthetic)
