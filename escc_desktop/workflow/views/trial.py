"""The trial page: who took part, what came of it, what is overdue."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from escc_desktop.errors import EsccError
from escc_desktop.figures import words
from escc_desktop.figures.response import BestChange, SwimmerLane
from escc_desktop.figures.trial_course import ChangeCourse, FlowBox
from escc_desktop.i18n import _
from escc_desktop.progress import Progress
from escc_desktop.stats.design import Proportion
from escc_desktop.stats.survival import Estimate
from escc_desktop.store.kinds import SCREENING
from escc_desktop.trial import schedule
from escc_desktop.trial.due import data_cutoff
from escc_desktop.trial.records import Screening, TrialRecord
from escc_desktop.trial.rules import Rules, load_rules
from escc_desktop.workflow.access import Operation, require
from escc_desktop.workflow.curves import Steps, steps_of
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.report import study_report
from escc_desktop.workflow.report_trial import draw_figures, trial_exhibits, trial_record
from escc_desktop.workflow.report_trial_files import export_trial, save_exhibit
from escc_desktop.workflow.trial_exhibits import (
    Exhibit,
    best_change,
    change_courses,
    flow_boxes,
    status_box,
    swimmer_lane,
)
from escc_desktop.workflow.trial_published import OtherArm, contradictions, other_arms
from escc_desktop.workflow.trial_results import HORIZON_MONTHS, TimeToEvent, TrialResults, summarise
from escc_desktop.workflow.trial_survival import reason_words
from escc_desktop.workflow.trial_tables import TableView, table_views
from escc_desktop.workflow.views.trial_scores import ScoreBar, ScoreBars, rad_scores, score_exhibit
from escc_desktop.workflow.views.words import months

__all__ = [
    "BestChange", "ChangeCourse", "FlowBox", "OtherArm", "ScoreBar", "ScoreBars", "SwimmerLane", "TableView",
    "TrialView", "export_to", "print_to", "save_to", "trial_view",
]  # fmt: skip


@dataclass(frozen=True)
class EndpointCard:
    """One endpoint: its value with interval and number, further lines, and what the word means."""

    name: str
    value: str
    interval: str
    lines: tuple[str, ...]
    definition: str


@dataclass(frozen=True)
class Overdue:
    """A planned CT that is not in the records."""

    patient_id: str
    due: date
    days: int
    last_scan: date | None
    last_contact: date


@dataclass(frozen=True)
class Told:
    """What a figure is called, how it was reckoned, and whether it is drawn or only a table."""

    title: str
    definition: str
    is_drawn: bool


@dataclass(frozen=True, eq=False)
class TrialView:
    """What the records say.

    Attributes
    ----------
    as_of
        The latest day in any record: the data cut-off.
    told
        Of every figure and table by name.
    rule_sets
        Progression-free survival under the rules in force and those that enclose what the scans hide, by name.
    safety_kinds
        Names of the tables of adverse events, the one of all events first.
    contradictions
        What these records contradict in the publication they follow; empty for other patients.
    others
        Published arms of other patients, which are no comparison.
    """

    n: int
    as_of: date
    flow: tuple[FlowBox, ...]
    cards: tuple[EndpointCard, ...]
    responses: Mapping[str, int]
    bars: tuple[BestChange, ...]
    courses: tuple[ChangeCourse, ...]
    lanes: tuple[SwimmerLane, ...]
    overall: Steps
    progression_free: Steps
    rule_sets: tuple[tuple[str, Steps], ...]
    response_duration: Steps | None
    control_duration: Steps | None
    scores: ScoreBars | None
    told: Mapping[str, Told]
    tables: Mapping[str, TableView]
    safety_kinds: tuple[str, ...]
    contradictions: tuple[str, ...]
    others: tuple[OtherArm, ...]
    overdue: tuple[Overdue, ...]
    may_open_patients: bool
    may_export: bool
    may_print: bool


def trial_view(project: Project, progress: Progress) -> TrialView | None:
    """Return the trial page; None without any record."""
    progress.advance(0, 3, _("Records"))
    records = project.records()
    as_of = data_cutoff(records)
    if as_of is None:
        return None
    progress.advance(1, 3, _("Results"))
    results, rules = summarise(records, _screening(project)), load_rules()
    progress.advance(2, 3, _("Tables"))
    scores = rad_scores(project, results)
    exhibits = trial_exhibits(results, () if scores is None else (score_exhibit(scores),))
    return TrialView(
        n=len(records),
        as_of=as_of,
        flow=(*flow_boxes(results), status_box(results)),
        cards=(
            *_rates(results, rules),
            _survival(results.pfs, results),
            _survival(results.os, results),
            _follow_up(results),
        ),
        responses={str(kind): count for kind, count in results.counts.counts.items()},
        bars=tuple(map(best_change, results.courses)),
        courses=change_courses(results.courses),
        lanes=tuple(map(swimmer_lane, results.courses)),
        overall=steps_of(results.os.endpoint, results.os.curve),
        progression_free=steps_of(results.pfs.endpoint, results.pfs.curve),
        rule_sets=_enclosing(results),
        response_duration=_steps(results.response_duration),
        control_duration=_steps(results.control_duration),
        scores=scores,
        told={name: Told(one.title, one.definition, one.draw is not None) for name, one in exhibits.items()},
        tables=table_views(exhibits, len(records)),
        safety_kinds=tuple(name for name in exhibits if name.startswith("adverse_events")),
        contradictions=contradictions(results),
        others=other_arms(),
        overdue=overdue(records, as_of),
        may_open_patients=project.may(Operation.VIEW_ASSESSMENTS),
        may_export=project.may(Operation.EXPORT),
        may_print=project.may(Operation.REPORT),
    )


def _steps(found: TimeToEvent | None) -> Steps | None:
    return None if found is None else steps_of(found.endpoint, found.curve)


def _enclosing(results: TrialResults) -> tuple[tuple[str, Steps], ...]:
    shown = [one for one in results.rule_sets if one.censoring.key in {"default", "earliest", "even"}]
    return tuple((one.censoring.short, steps_of(one.found.endpoint, one.found.curve)) for one in shown if one.found)


def _screening(project: Project) -> tuple[Screening, ...]:
    """Return everybody looked at, as far as that was recorded."""
    rows = [document.content for document in project.view.all(SCREENING)]
    return tuple(
        Screening(row["patient_id"], date.fromisoformat(row["date"]), row["outcome"], row.get("reason") or "")
        for row in rows
        if row.get("outcome") and row.get("date")
    )


def overdue(records: Sequence[TrialRecord], as_of: date) -> tuple[Overdue, ...]:
    """Return the first planned CT of each patient that should be there and is not, the longest overdue first.

    Of patients who are alive and in follow-up, without progression and without a next anticancer therapy.
    """
    return tuple(
        Overdue(
            record.patient_id,
            waiting.planned,
            waiting.days_late(as_of),
            max((visit.date for visit in record.visits), default=None),
            record.survival.last_contact_date,
        )
        for record, waiting in schedule.overdue(records, as_of)
    )


def _rates(results: TrialResults, rules: Rules) -> list[EndpointCard]:
    definitions = {
        "Objective response rate": _("Best response CR or PR, each confirmed at least {days} days later.").format(
            days=rules.confirmation_days
        ),
        "Disease control rate": _("Best response CR, PR or SD; SD for at least {days} days from day 1.").format(
            days=rules.minimum_sd_days
        ),
    }
    short = {"Objective response rate": _("Objective response"), "Disease control rate": _("Disease control")}
    exact = _("Intervals: Clopper and Pearson. {rules}.").format(rules=rules.name)
    cards = []
    for name, (evaluable, enrolled) in results.rates.items():
        shown = evaluable or enrolled
        of = _("with a best response") if evaluable else _("enrolled")
        line = _("{x} of {n} {kind}").format(x=shown.x, n=shown.n, kind=of)
        rest = (_("of all {n} enrolled: {rate}").format(n=enrolled.n, rate=_rate(enrolled)),) if evaluable else ()
        definition = f"{definitions[name]}\n{exact}"
        cards.append(EndpointCard(short[name], _percent(shown.estimate), _limits(shown), (line, *rest), definition))
    return cards


def _percent(share: float) -> str:
    return f"{share * 100:.1f} %"


def _limits(rate: Proportion) -> str:
    return _("95 % CI {low} to {high} %").format(
        low=f"{rate.exact_lower * 100:.1f}", high=f"{rate.exact_upper * 100:.1f}"
    )


def _rate(rate: Proportion) -> str:
    return f"{_percent(rate.estimate)} ({rate.exact_lower * 100:.1f} to {rate.exact_upper * 100:.1f})"


def _survival(found: TimeToEvent, results: TrialResults) -> EndpointCard:
    at = found.curve.at(HORIZON_MONTHS)
    read = words.Interval(float(at.survival[0]), float(at.lower[0]), float(at.upper[0]))
    is_overall = found.name == "overall survival"
    name = _("Overall survival") if is_overall else _("Progression-free survival")
    in_force = results.rule_sets[0].censoring
    event = (
        _("From day 1 to death of any cause; censored at the last contact.")
        if is_overall
        else f"{in_force.name}. {in_force.definition}"
    )
    lines = (
        _("{rate} at {months} months").format(rate=words.percent_interval(read), months=f"{HORIZON_MONTHS:g}"),
        _("{events} events in {n} patients").format(events=found.endpoint.n_events, n=found.endpoint.n),
    )
    reasons = ", ".join(f"{reason_words(reason)} {count}" for reason, count in sorted(found.reasons.items()))
    definition = "\n".join(
        [event, _("Kaplan-Meier; intervals on the log scale."), _("Ended by: {reasons}").format(reasons=reasons)]
    )
    median = found.curve.median()
    return EndpointCard(name, months(median.value), _months_interval(median), lines, definition)


def _follow_up(results: TrialResults) -> EndpointCard:
    found = results.follow_up
    n_censored = results.os.endpoint.n - results.os.endpoint.n_events
    return EndpointCard(
        _("Follow-up, median"),
        months(found.value),
        _months_interval(found),
        (_("{n} patients, {alive} of them not known to have died").format(n=results.os.endpoint.n, alive=n_censored),),
        _("Reverse Kaplan-Meier: deaths count as censored, the others as events."),
    )


def _months_interval(found: Estimate) -> str:
    if math.isnan(found.lower):
        return _("95 % CI: not reached")
    if math.isnan(found.upper):
        return _("95 % CI {low} months to not reached").format(low=f"{found.lower:.1f}")
    return _("95 % CI {low} to {high} months").format(low=f"{found.lower:.1f}", high=f"{found.upper:.1f}")


def print_to(project: Project, path: Path, is_synthetic: bool, progress: Progress) -> Path:
    """Write the trial report as PDF and return where.

    Raises
    ------
    EsccError
        There is no record, or the folder cannot be written.
    """
    require(project.principal, Operation.REPORT)
    progress.advance(0, 3, _("Results"))
    results, exhibits = _exhibits(project)
    progress.advance(1, 3, _("Figures"))
    figures = draw_figures(exhibits)
    progress.advance(2, 3, _("Report"))
    study_report(trial_record(results, exhibits, figures, is_synthetic=is_synthetic), path)
    return path


def export_to(project: Project, folder: Path, is_synthetic: bool, progress: Progress) -> Path:
    """Write tables (CSV), figures (SVG, PNG), results (JSON) and report (PDF) into a folder, whole or not at all.

    Raises
    ------
    EsccError
        There is no record, or the folder cannot be used.
    """
    require(project.principal, Operation.EXPORT)
    results = summarise(_records(project), _screening(project))
    scores = rad_scores(project, results)
    further = () if scores is None else (score_exhibit(scores),)
    export_trial(results, further, folder, is_synthetic=is_synthetic, progress=progress)
    return folder


def save_to(project: Project, name: str, path: Path, progress: Progress) -> Path:
    """Write one figure (.svg, .png), or the numbers behind a figure or table (.csv), and return where.

    Pictures need the right to write reports, numbers that to export.

    Raises
    ------
    EsccError
        There is no such figure any more, or the file cannot be written.
    """
    require(project.principal, Operation.EXPORT if path.suffix.lower() == ".csv" else Operation.REPORT)
    progress.advance(0, 2, _("Results"))
    _results, exhibits = _exhibits(project)
    if name not in exhibits:
        raise EsccError(_("The records no longer have this table."), _("Look at the page anew."))
    progress.advance(1, 2, exhibits[name].title)
    save_exhibit(exhibits[name], path)
    return path


def _exhibits(project: Project) -> tuple[TrialResults, dict[str, Exhibit]]:
    results = summarise(_records(project), _screening(project))
    scores = rad_scores(project, results)
    return results, trial_exhibits(results, () if scores is None else (score_exhibit(scores),))


def _records(project: Project) -> tuple[TrialRecord, ...]:
    records = project.records()
    if not records:
        raise EsccError(_("The project has no trial records."), _("Import them on the page Import records."))
    return records
