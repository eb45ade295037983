"""A patient's lesions by RECIST 1.1, as the page shows them: lesions down, time points across, each cell with why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from escc_desktop.i18n import _
from escc_desktop.progress import Progress
from escc_desktop.store.kinds import TRIAL_RECORD
from escc_desktop.trial.irecist import ImmunePoint, ImmuneResponse, immune_course, sizes_of_new
from escc_desktop.trial.recist import Assessed, TimePoint, assess, percent
from escc_desktop.trial.recist_best import Best, best_overall
from escc_desktop.trial.recist_checks import check_lesions
from escc_desktop.trial.recist_lesions import Reading, is_node
from escc_desktop.trial.records import LesionMeasurement, Response, TrialRecord
from escc_desktop.trial.response import assessed_visits, course_of, disagreements, seen_in
from escc_desktop.trial.rules import FROM_MEASUREMENTS, FROM_RECORD, Rules, load_rules
from escc_desktop.workflow.access import Operation, require
from escc_desktop.workflow.clinical_data import record_of
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.views.words import capitalised, site_name

_NONE = "\N{EN DASH}"


@dataclass(frozen=True)
class RecistCell:
    """One cell: what it says, why, whether it wants a second look, and the reading it was measured in."""

    text: str
    reason: str = ""
    is_marked: bool = False
    session_id: str = ""


@dataclass(frozen=True)
class RecistRow:
    """One row.

    Attributes
    ----------
    kind
        "lesion", "figure" (a number of the sum) or "response".
    lesion_id
        Of a lesion's row.
    """

    kind: str
    name: str
    cells: tuple[RecistCell, ...]
    lesion_id: str = ""
    title: str = ""


@dataclass(frozen=True)
class BestLine:
    """A best response in large, what it is called, and why."""

    name: str
    value: str
    reason: str


@dataclass(frozen=True)
class RecistView:
    """A patient's lesions over time.

    Attributes
    ----------
    columns
        Headings: the baseline, then the time points.
    days
        The day of each column.
    source
        Whose responses the trial's results rest on, in words.
    findings, disagreements
        Sentences: what the lesions break of the guideline; where entered and computed responses differ.
    may_enter
        Whether this person enters records.
    """

    patients: tuple[str, ...]
    patient_id: str
    columns: tuple[str, ...] = ()
    days: tuple[date, ...] = ()
    rows: tuple[RecistRow, ...] = ()
    best: tuple[BestLine, ...] = ()
    source: str = ""
    findings: tuple[str, ...] = ()
    disagreements: tuple[str, ...] = ()
    may_enter: bool = False


def recist_view(project: Project, patient_id: str, progress: Progress) -> RecistView:
    """Return a patient's lesions; of the first patient with any where the one asked for has no record."""
    require(project.principal, Operation.VIEW_OUTCOME)
    progress.advance(0, 1)
    patients = project.record_book().patients()
    if not patients:
        return RecistView((), "")
    shown = patient_id if patient_id in patients else patients[0]
    record = record_of(project.view.get(TRIAL_RECORD, shown))
    view = view_of(record, load_rules())
    return replace(view, patients=patients, may_enter=project.may(Operation.ENTER_RECORDS))


def view_of(record: TrialRecord, rules: Rules) -> RecistView:
    """Return a record's lesions as they are shown."""
    assessed = assess(record, rules)
    days = (max(assessed.baseline_days, default=record.start_date), *(point.on for point in assessed.points))
    return RecistView(
        (),
        record.patient_id,
        (_("Baseline"), *(_week(record, point) for point in assessed.points)),
        days,
        tuple(_rows(record, assessed, rules)) if record.lesions else (),
        _best(record, assessed, rules),
        _source(rules),
        tuple(one.words for one in check_lesions(record, rules)),
        tuple(_disagreements(record, rules)),
    )


def _week(record: TrialRecord, point: TimePoint) -> str:
    return _("Week {n}").format(n=round((point.on - record.start_date).days / 7))


def _source(rules: Rules) -> str:
    if rules.response_source == FROM_MEASUREMENTS:
        return _("The trial's results use the responses computed here.")
    return _("The trial's results use the responses entered with the visits.")


def _rows(record: TrialRecord, assessed: Assessed, rules: Rules) -> Iterator[RecistRow]:
    points = assessed.points
    yield from _lesions(_("Target"), assessed.targets, [point.targets for point in points])
    yield from _figures(assessed)
    if assessed.targets:
        yield _row(_("Target response"), [_verdict(point.target.response, point.target.reason) for point in points])
    yield from _lesions(_("Non-target"), assessed.non_targets, [point.non_targets for point in points])
    if assessed.non_targets:
        yield _row(
            _("Non-target response"), [_verdict(point.non_target.response, point.non_target.reason) for point in points]
        )
    yield from _new_lesions(record, assessed)
    yield _row(_("Response, computed"), [_verdict(point.response, point.reason) for point in points])
    yield _row(_("Response, entered"), _entered(record, points, rules))
    yield _row(_("iRECIST (exploratory)"), _immune(record, assessed, rules))


def _row(name: str, cells: Sequence[RecistCell]) -> RecistRow:
    return RecistRow("response", name, (RecistCell(""), *cells))


def _lesions(
    title: str, known: Mapping[str, LesionMeasurement], readings: Sequence[tuple[Reading, ...]]
) -> Iterator[RecistRow]:
    seen = [{one.lesion_id: one for one in point} for point in readings]
    for lesion_id in dict.fromkeys((*known, *(key for point in seen for key in point))):
        row = known.get(lesion_id)
        shown = next((point[lesion_id] for point in seen if lesion_id in point), None)
        start = RecistCell("") if row is None else _plain_cell(row)
        cells = (_cell(point.get(lesion_id)) for point in seen)
        yield RecistRow("lesion", _named(lesion_id, row, shown), (start, *cells), lesion_id, title)


def _named(lesion_id: str, row: LesionMeasurement | None, shown: Reading | None) -> str:
    """Return a lesion's name: its code, where it sits and what is measured of it."""
    if row is not None:
        site, by_short = row.site, is_node(row)
    else:
        site, by_short = ("", False) if shown is None else (shown.site, shown.is_node)
    axis = _("short axis") if by_short else _("long axis")
    return f"{lesion_id} · {capitalised(site_name(site))}, {axis}"


def _plain_cell(row: LesionMeasurement) -> RecistCell:
    words = _("measured on {date}").format(date=row.date.isoformat())
    text = _state(row.state) if row.diameter_mm is None else f"{row.diameter_mm:.1f}"
    return RecistCell(text, words, session_id=row.session_id)


def _cell(reading: Reading | None) -> RecistCell:
    if reading is None:
        return RecistCell("")
    day = "" if reading.date is None else _("measured on {date}").format(date=reading.date.isoformat())
    reason = "; ".join(filter(None, (reading.reason, day)))
    if reading.diameter_mm is None:
        return RecistCell(_state(reading.state), reason, reading.state != "present", reading.session_id)
    return RecistCell(f"{reading.diameter_mm:.1f}", reason, bool(reading.reason), reading.session_id)


def _state(state: str) -> str:
    return {
        "present": _("present"),
        "progressed": _("progressed"),
        "equivocal": _("equivocal"),
        "not_evaluable": _("NE"),
        "absent": _("gone"),
        "too_small": _("too small"),
    }.get(state, _NONE)


def _figures(assessed: Assessed) -> Iterator[RecistRow]:
    def row(name: str, first: str, text: Callable[[TimePoint], str]) -> RecistRow:
        cells = (RecistCell(text(point), point.target.reason) for point in assessed.points)
        return RecistRow("figure", name, (RecistCell(first), *cells))

    if not assessed.targets:
        return
    yield row(_("Sum of targets, mm"), _mm(assessed.baseline_mm), lambda point: _mm(point.sum_mm))
    yield row(_("Nadir before, mm"), "", lambda point: _mm(point.nadir_mm))
    yield row(_("Change from baseline"), "", lambda point: percent(point.change))
    yield row(_("Change from nadir"), "", lambda point: percent(point.growth))


def _mm(value: float | None) -> str:
    return _NONE if value is None else f"{value:.1f}"


def _verdict(response: Response | None, reason: str) -> RecistCell:
    if response is None:
        return RecistCell(_NONE, reason)
    return RecistCell(response_word(response), reason, response is Response.PD)


def response_word(response: Response) -> str:
    """Return a response as people write it."""
    return _("non-CR/non-PD") if response is Response.NON_CR_NON_PD else str(response)


def _new_lesions(record: TrialRecord, assessed: Assessed) -> Iterator[RecistRow]:
    rows = [row for row in record.lesions if row.role == "new"]
    for lesion_id in dict.fromkeys(row.lesion_id for row in rows):
        own = [row for row in rows if row.lesion_id == lesion_id]
        name = f"{lesion_id} · {capitalised(site_name(own[0].site))}"
        cells = (_new_cell(own, point, counts=lesion_id in point.new) for point in assessed.points)
        yield RecistRow("lesion", name, (RecistCell(""), *cells), lesion_id, _("New"))


def _new_cell(own: Sequence[LesionMeasurement], point: TimePoint, *, counts: bool) -> RecistCell:
    row = next((one for one in own if one.date in point.days), None)
    if row is None:
        return RecistCell("")
    reason = _("counts as new") if counts else _("does not count here")
    return replace(_plain_cell(row), reason=reason, is_marked=counts)


def _entered(record: TrialRecord, points: Sequence[TimePoint], rules: Rules) -> list[RecistCell]:
    cells = []
    for point in points:
        near = [
            visit
            for visit in record.visits
            if visit.response is not None
            and min(abs((visit.date - day).days) for day in point.days) <= rules.time_point_days
        ]
        if not near or near[0].response is None:
            cells.append(RecistCell(_NONE, _("no response was entered")))
            continue
        differs = near[0].response is not point.response
        reason = _("entered with the visit of {date}").format(date=near[0].date.isoformat())
        if differs:
            reason = _("{where}; computed: {response}").format(where=reason, response=response_word(point.response))
        cells.append(RecistCell(response_word(near[0].response), reason, differs))
    return cells


def _immune(record: TrialRecord, assessed: Assessed, rules: Rules) -> list[RecistCell]:
    diameters = {(row.lesion_id, row.date): row.diameter_mm for row in record.lesions if row.diameter_mm is not None}
    found: tuple[ImmunePoint, ...] = immune_course(assessed, sizes_of_new(assessed.points, diameters), rules)
    ended = [RecistCell(_NONE, _("after confirmed progression"))] * (len(assessed.points) - len(found))
    return [RecistCell(_immune_word(point), point.reason) for point in found] + ended


def _immune_word(point: ImmunePoint) -> str:
    return _("iNon-CR/non-PD") if point.response is ImmuneResponse.INON else str(point.response)


def _best(record: TrialRecord, assessed: Assessed, rules: Rules) -> tuple[BestLine, ...]:
    course = course_of(record)
    computed = replace(rules, response_source=FROM_MEASUREMENTS)
    seen = seen_in(assessed_visits(record, computed))
    entered = seen_in(assessed_visits(record, replace(rules, response_source=FROM_RECORD)))
    lines = []
    if record.lesions:
        confirmed = best_overall(seen, course, replace(rules, needs_confirmation=True))
        plain = best_overall(seen, course, replace(rules, needs_confirmation=False))
        lines += [_line(_("Best response, confirmed"), confirmed), _line(_("Without confirmation"), plain)]
    lines.append(_line(_("Best response, as entered"), best_overall(entered, course, rules)))
    worse = assessed.progression
    if worse is not None:
        lines.append(BestLine(_("Progression"), worse.on.isoformat(), worse.reason))
    return tuple(lines)


def _line(name: str, best: Best) -> BestLine:
    return BestLine(name, response_word(best.response), best.reason)


def _disagreements(record: TrialRecord, rules: Rules) -> Iterator[str]:
    for one in disagreements(record, rules):
        if one.computed is None and one.entered is not None:
            words = _("{date}: entered {entered}; {why}.")
            yield words.format(date=one.date.isoformat(), entered=response_word(one.entered), why=one.reason)
        elif one.computed is not None:
            entered = _("nothing") if one.entered is None else response_word(one.entered)
            words = _("{date}: entered {entered}, computed {computed}: {why}.")
            computed = response_word(one.computed)
            yield words.format(date=one.date.isoformat(), entered=entered, computed=computed, why=one.reason)
