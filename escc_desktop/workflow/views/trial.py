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
from escc_desktop.i18n import _
from escc_desktop.progress import Progress
from escc_desktop.stats.design import Proportion
from escc_desktop.stats.survival import Estimate
from escc_desktop.trial import schedule
from escc_desktop.trial.records import TrialRecord, VitalStatus
from escc_desktop.trial.rules import Rules, load_rules
from escc_desktop.workflow.access import Operation, require
from escc_desktop.workflow.curves import Steps, steps_of
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.report import study_report
from escc_desktop.workflow.report_baseline import baseline_rows
from escc_desktop.workflow.report_trial import (
    HORIZON_MONTHS,
    TimeToEvent,
    TrialResults,
    largest_change,
    summarise,
    swimmer_lane,
    trial_figures,
    trial_record,
)
from escc_desktop.workflow.report_trial_files import export_trial
from escc_desktop.workflow.views.words import months

__all__ = ["BestChange", "SwimmerLane", "TrialView", "export_to", "print_to", "trial_view"]


@dataclass(frozen=True)
class FlowStep:
    """One box of the flow: how many, of what kind, and who left here with the reason.

    `is_apart`: it counts all enrolled, not those of the box before.
    """

    n: int
    words: str
    left: tuple[tuple[int, str], ...] = ()
    is_apart: bool = False


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


@dataclass(frozen=True, eq=False)
class TrialView:
    """What the records say.

    Attributes
    ----------
    as_of
        The latest day in any record: the data cut-off.
    safety
        Term, patients with any grade, patients with grade 3 or more.
    baseline
        Variable, level, patients with a value, value in words.
    """

    n: int
    as_of: date
    flow: tuple[FlowStep, ...]
    cards: tuple[EndpointCard, ...]
    responses: Mapping[str, int]
    bars: tuple[BestChange, ...]
    lanes: tuple[SwimmerLane, ...]
    overall: Steps
    progression_free: Steps
    n_severe: int
    safety: tuple[tuple[str, int, int], ...]
    baseline: tuple[tuple[str, str, int, str], ...]
    overdue: tuple[Overdue, ...]
    may_open_patients: bool
    may_export: bool
    may_print: bool


def trial_view(project: Project, progress: Progress) -> TrialView | None:
    """Return the trial page; None without any record."""
    progress.advance(0, 2, _("Records"))
    records = project.records()
    if not records:
        return None
    progress.advance(1, 2, _("Results"))
    results, rules, as_of = summarise(records), load_rules(), data_cutoff(records)
    return TrialView(
        n=len(records),
        as_of=as_of,
        flow=_flow(results),
        cards=(
            *_rates(results, rules),
            _survival(results.pfs, rules),
            _survival(results.os, rules),
            _follow_up(results),
        ),
        responses={str(kind): count for kind, count in results.counts.counts.items()},
        bars=tuple(largest_change(record) for record in records),
        lanes=tuple(swimmer_lane(record) for record in records),
        overall=steps_of(results.os.endpoint, results.os.curve),
        progression_free=steps_of(results.pfs.endpoint, results.pfs.curve),
        n_severe=results.n_severe,
        safety=results.adverse_events,
        baseline=tuple(baseline_rows(records)),
        overdue=overdue(records, as_of),
        may_open_patients=project.may(Operation.VIEW_ASSESSMENTS),
        may_export=project.may(Operation.EXPORT),
        may_print=project.may(Operation.REPORT),
    )


def data_cutoff(records: Sequence[TrialRecord]) -> date:
    """Return the latest day in any record."""
    days = [max(record.survival.last_contact_date, record.survival.death_date or date.min) for record in records]
    days += [visit.date for record in records for visit in record.visits]
    days += [dose.end_date or dose.start_date for record in records for dose in record.treatments]
    days += [lab.date for record in records for lab in record.labs]
    return max(days)


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


def _flow(results: TrialResults) -> tuple[FlowStep, ...]:
    records = results.records
    treated = [record for record in records if record.treatments]
    scanned = [record for record in treated if any(visit.date > record.start_date for visit in record.visits)]
    n_assessed = results.counts.n_evaluable
    status = {kind: sum(record.survival.status is kind for record in records) for kind in VitalStatus}
    return (
        FlowStep(len(records), _("enrolled"), _left(len(records) - len(treated), _("no dose recorded"))),
        FlowStep(len(treated), _("treated"), _left(len(treated) - len(scanned), _("no CT after day 1"))),
        FlowStep(len(scanned), _("CT after day 1"), _left(len(scanned) - n_assessed, _("response not evaluable"))),
        FlowStep(n_assessed, _("with a best response")),
        FlowStep(
            status[VitalStatus.ALIVE],
            _("of all enrolled alive in follow-up"),
            (*_left(status[VitalStatus.DEAD], _("died")), *_left(status[VitalStatus.LOST], _("lost to follow-up"))),
            is_apart=True,
        ),
    )


def _left(n: int, why: str) -> tuple[tuple[int, str], ...]:
    return ((n, why),) if n > 0 else ()


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


def _survival(found: TimeToEvent, rules: Rules) -> EndpointCard:
    at = found.curve.at(HORIZON_MONTHS)
    read = words.Interval(float(at.survival[0]), float(at.lower[0]), float(at.upper[0]))
    is_overall = found.name == "overall survival"
    name = _("Overall survival") if is_overall else _("Progression-free survival")
    event = (
        _("From day 1 to death of any cause; censored at the last contact.")
        if is_overall
        else _("From day 1 to the scan that shows progression, or death; {rules}.").format(rules=rules.name)
    )
    lines = (
        _("{rate} at {months} months").format(rate=words.percent_interval(read), months=f"{HORIZON_MONTHS:g}"),
        _("{events} events in {n} patients").format(events=found.endpoint.n_events, n=found.endpoint.n),
    )
    reasons = ", ".join(f"{reason.replace('_', ' ')} {count}" for reason, count in sorted(found.reasons.items()))
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
    results = summarise(_records(project))
    progress.advance(1, 3, _("Figures"))
    figures = trial_figures(results)
    progress.advance(2, 3, _("Report"))
    study_report(trial_record(results, figures, is_synthetic=is_synthetic), path)
    return path


def export_to(project: Project, folder: Path, is_synthetic: bool, progress: Progress) -> Path:
    """Write tables (CSV), figures (SVG, PNG), results (JSON) and report (PDF) into a folder, whole or not at all.

    Raises
    ------
    EsccError
        There is no record, or the folder cannot be used.
    """
    require(project.principal, Operation.EXPORT)
    export_trial(_records(project), folder, is_synthetic=is_synthetic, progress=progress)
    return folder


def _records(project: Project) -> tuple[TrialRecord, ...]:
    records = project.records()
    if not records:
        raise EsccError(_("The project has no trial records."), _("Import them on the Worklist."))
    return records
