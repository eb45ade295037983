"""What all trial records together say: response, survival, dose, baseline; nothing is kept, all is reckoned anew."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from escc_desktop.errors import EsccError
from escc_desktop.stats.arrays import FloatArray
from escc_desktop.stats.design import BinomialTest, Proportion, SampleSize, binomial_test, proportion, sample_size
from escc_desktop.stats.survival import Endpoint, Estimate, KaplanMeier, kaplan_meier, median_follow_up
from escc_desktop.stats.tables import quantiles
from escc_desktop.trial.course import PatientCourse, patient_course
from escc_desktop.trial.dose_intensity import ReductionCounts, reduction_counts
from escc_desktop.trial.endpoints import Censoring, Outcome, censoring_sets, is_analysed, progression_free_survival
from escc_desktop.trial.protocol import Design, load_protocol
from escc_desktop.trial.records import Response, Screening, TrialRecord
from escc_desktop.trial.results import ResponseCounts
from escc_desktop.trial.rules import Rules, load_rules
from escc_desktop.workflow.report_baseline import BaselineRow, baseline_rows

HORIZON_MONTHS = 12.0
STEP_MONTHS = 6.0


@dataclass(frozen=True, eq=False)
class TimeToEvent:
    """One endpoint of some patients, with why each follow-up ended."""

    name: str
    endpoint: Endpoint
    curve: KaplanMeier
    reasons: Mapping[str, int]

    @property
    def rate_months(self) -> FloatArray:
        """The 6-month steps at which rates are told: up to the last follow-up, one at least."""
        end = float(self.endpoint.time_months.max(initial=0.0))
        return np.arange(1, max(int(end // STEP_MONTHS), 1) + 1, dtype=np.float64) * np.float64(STEP_MONTHS)


@dataclass(frozen=True, eq=False)
class RuleSet:
    """Progression-free survival under one rule set; `found` is None where it leaves nobody."""

    censoring: Censoring
    found: TimeToEvent | None


@dataclass(frozen=True)
class TimeSummary:
    """Some times in months: how many, the median and the quartiles as SPSS reckons them; None without any."""

    n: int
    median: float | None
    lower: float | None
    upper: float | None


@dataclass(frozen=True, eq=False)
class TrialResults:
    """What the records say.

    Attributes
    ----------
    screening
        Everybody looked at for the trial; empty where that was not recorded.
    rates
        ORR and DCR by name, each of the evaluable and of all enrolled.
    design, size
        What the trial was planned on, and the exact binomial design it gives.
    null_test
        Exact test of the response rate of the evaluable against `null_rate`; None without evaluable patients.
    rule_sets
        Progression-free survival under each rule set of censoring, the one in force first.
    response_duration
        Of those with a confirmed response, from its first scan; None without any. `control_duration`: of those with
        disease control, from day 1.
    n_smaller, n_smaller_30
        Patients whose target lesions became smaller at all, and by 30 % or more.
    """

    records: tuple[TrialRecord, ...]
    courses: tuple[PatientCourse, ...]
    screening: tuple[Screening, ...]
    rules: Rules
    counts: ResponseCounts
    rates: Mapping[str, tuple[Proportion | None, Proportion]]
    design: Design
    size: SampleSize
    null_rate: float
    null_test: BinomialTest | None
    os: TimeToEvent
    pfs: TimeToEvent
    rule_sets: tuple[RuleSet, ...]
    follow_up: Estimate
    response_duration: TimeToEvent | None
    control_duration: TimeToEvent | None
    time_to_pr: TimeSummary
    time_to_cr: TimeSummary
    n_smaller: int
    n_smaller_30: int
    reductions: ReductionCounts
    baseline: tuple[BaselineRow, ...]


def summarise(
    records: Sequence[TrialRecord], screening: Sequence[Screening] = (), null_rate: float | None = None
) -> TrialResults:
    """Compute the trial's results.

    Parameters
    ----------
    null_rate
        The response rate to beat; by default that of the trial's design.

    Raises
    ------
    EsccError
        There is no patient.
    """
    if not records:
        raise EsccError("The trial has no patient.", "Give records with at least one row in patients.csv.")
    records = sorted(records, key=lambda record: record.patient_id)
    rules, design = load_rules(), load_protocol().design
    courses = tuple(patient_course(record, rules) for record in records)
    found = Counter(course.best for course in courses)
    counts = ResponseCounts({response: found[response] for response in Response})
    evaluable = counts.n_evaluable
    null_rate = design.null_rate if null_rate is None else null_rate
    os = time_to_event("overall survival", [course.os for course in courses])
    changes = [course.best_change for course in courses if course.best_change is not None]
    return TrialResults(
        records=tuple(records),
        courses=courses,
        screening=tuple(screening),
        rules=rules,
        counts=counts,
        rates=_rates(counts, len(records)),
        design=design,
        size=sample_size(design.null_rate, design.target_rate, design.alpha, design.power, design.dropout),
        null_rate=null_rate,
        null_test=binomial_test(counts.n_objective, evaluable, null_rate) if evaluable else None,
        os=os,
        pfs=time_to_event("progression-free survival", [course.pfs for course in courses]),
        rule_sets=tuple(_rule_set(records, censoring, rules) for censoring in censoring_sets().values()),
        follow_up=median_follow_up(os.endpoint),
        response_duration=_response_duration(courses),
        control_duration=_control_duration(courses),
        time_to_pr=_summary([one.pr_months for one in courses if one.pr_months is not None and one.best == "PR"]),
        time_to_cr=_summary([one.cr_months for one in courses if one.cr_months is not None]),
        n_smaller=sum(change < 0 for change in changes),
        n_smaller_30=sum(change <= -0.3 + 1e-12 for change in changes),
        reductions=reduction_counts(records),
        baseline=tuple(baseline_rows(records)),
    )


def time_to_event(name: str, outcomes: Sequence[Outcome]) -> TimeToEvent:
    """Return the Kaplan-Meier estimate of outcomes."""
    months = [outcome.months for outcome in outcomes]
    return _estimate(name, months, [outcome.is_event for outcome in outcomes], [one.reason for one in outcomes])


def _estimate(name: str, months: Sequence[float], is_event: Sequence[bool], reasons: Sequence[str]) -> TimeToEvent:
    endpoint = Endpoint(np.array(months), np.array(is_event))
    return TimeToEvent(name, endpoint, kaplan_meier(endpoint), Counter(reasons))


def _rates(counts: ResponseCounts, n: int) -> dict[str, tuple[Proportion | None, Proportion]]:
    evaluable = counts.n_evaluable
    found = {"Objective response rate": counts.n_objective, "Disease control rate": counts.n_controlled}
    return {name: (proportion(x, evaluable) if evaluable else None, proportion(x, n)) for name, x in found.items()}


def _rule_set(records: Sequence[TrialRecord], censoring: Censoring, rules: Rules) -> RuleSet:
    outcomes = [
        progression_free_survival(record, rules, censoring) for record in records if is_analysed(record, censoring)
    ]
    return RuleSet(censoring, time_to_event(censoring.name, outcomes) if outcomes else None)


def _response_duration(courses: Sequence[PatientCourse]) -> TimeToEvent | None:
    held = [(course.response_months, course.pfs) for course in courses]
    known = [(months, pfs) for months, pfs in held if months is not None]
    if not known:
        return None
    months, ends = [months for months, _pfs in known], [pfs for _months, pfs in known]
    return _estimate("duration of response", months, [one.is_event for one in ends], [one.reason for one in ends])


def _control_duration(courses: Sequence[PatientCourse]) -> TimeToEvent | None:
    held = [course.pfs for course in courses if course.is_controlled]
    return time_to_event("duration of disease control", held) if held else None


def _summary(months: Sequence[float]) -> TimeSummary:
    if not months:
        return TimeSummary(0, None, None, None)
    low, middle, high = (float(value) for value in quantiles(np.array(months), (0.25, 0.5, 0.75)))
    return TimeSummary(len(months), middle, low, high)
