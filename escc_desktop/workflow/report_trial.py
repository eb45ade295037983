"""Trial records as figures, as a document of results and as the chapters of a study report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from escc_desktop.errors import EsccError
from escc_desktop.figures import response, survival, words
from escc_desktop.figures.response import BestChange, SwimmerLane
from escc_desktop.figures.style import Figure
from escc_desktop.figures.words import Interval
from escc_desktop.stats.design import BinomialTest, Proportion, binomial_test, proportion
from escc_desktop.stats.survival import Endpoint, Estimate, KaplanMeier, kaplan_meier, median_follow_up
from escc_desktop.trial.endpoints import Outcome, overall_survival, progression_free_survival
from escc_desktop.trial.records import Response, TrialRecord, VitalStatus, months_between
from escc_desktop.trial.results import (
    ResponseCounts,
    best_change,
    best_response,
    first_confirmed,
    response_counts,
)
from escc_desktop.trial.safety import n_severe, worst_grades
from escc_desktop.workflow.report import Picture, Section, StudyReport, TableBlock
from escc_desktop.workflow.report_baseline import baseline_rows

HORIZON_MONTHS = 12.0
_BASELINE_HEAD = ("Variable", "Level", "Known", "Value")


@dataclass(frozen=True, eq=False)
class TimeToEvent:
    """One endpoint of all patients, with why each follow-up ended."""

    name: str
    endpoint: Endpoint
    curve: KaplanMeier
    reasons: Mapping[str, int]


@dataclass(frozen=True, eq=False)
class TrialResults:
    """What the records say.

    Attributes
    ----------
    rates
        ORR and DCR by name, each of the evaluable and of all enrolled.
    null_test
        Exact test of the response rate of the evaluable against `null_rate`; None without one.
    adverse_events
        Term, patients with any grade, patients with grade 3 or more; most frequent first.
    """

    records: tuple[TrialRecord, ...]
    counts: ResponseCounts
    rates: Mapping[str, tuple[Proportion | None, Proportion]]
    null_rate: float | None
    null_test: BinomialTest | None
    os: TimeToEvent
    pfs: TimeToEvent
    follow_up: Estimate
    n_severe: int
    adverse_events: tuple[tuple[str, int, int], ...]


def summarise(records: Sequence[TrialRecord], null_rate: float | None = None) -> TrialResults:
    """Compute the trial's results; `null_rate` is the response rate its design has to beat.

    Raises
    ------
    EsccError
        There is no patient.
    """
    if not records:
        raise EsccError("The trial has no patient.", "Give records with at least one row in patients.csv.")
    counts = response_counts(records)
    n, evaluable = len(records), counts.n_evaluable
    found = {"Objective response rate": counts.n_objective, "Disease control rate": counts.n_controlled}
    rates = {name: (proportion(x, evaluable) if evaluable else None, proportion(x, n)) for name, x in found.items()}
    test = binomial_test(counts.n_objective, evaluable, null_rate) if null_rate is not None and evaluable else None
    os = _time_to_event("overall survival", [overall_survival(record) for record in records])
    pfs = _time_to_event("progression-free survival", [progression_free_survival(record) for record in records])
    return TrialResults(
        records=tuple(records),
        counts=counts,
        rates=rates,
        null_rate=null_rate,
        null_test=test,
        os=os,
        pfs=pfs,
        follow_up=median_follow_up(os.endpoint),
        n_severe=n_severe(records),
        adverse_events=_adverse_events(records),
    )


def _time_to_event(name: str, outcomes: Sequence[Outcome]) -> TimeToEvent:
    endpoint = Endpoint(
        np.array([outcome.months for outcome in outcomes]), np.array([outcome.is_event for outcome in outcomes])
    )
    return TimeToEvent(name, endpoint, kaplan_meier(endpoint), Counter(outcome.reason for outcome in outcomes))


def _adverse_events(records: Sequence[TrialRecord]) -> tuple[tuple[str, int, int], ...]:
    worst = [grades for grades in map(worst_grades, records) if grades]
    any_grade = Counter(term for grades in worst for term in grades)
    severe = Counter(term for grades in worst for term, grade in grades.items() if grade >= 3)
    rows = [(term, count, severe[term]) for term, count in any_grade.items()]
    return tuple(sorted(rows, key=lambda row: (-row[1], -row[2], row[0])))


def trial_figures(results: TrialResults) -> dict[str, Figure]:
    """Return the figures by file name."""
    drawn = {}
    for name, found in (("kaplan_meier_os", results.os), ("kaplan_meier_pfs", results.pfs)):
        group = survival.Group("all patients", found.curve)
        drawn[name] = survival.kaplan_meier(
            [group], endpoint=found.name, horizon_months=HORIZON_MONTHS, title="Kaplan-Meier estimate"
        )
    counts = {str(kind): count for kind, count in results.counts.counts.items() if kind is not Response.NE}
    drawn["response"] = response.response_bar(counts, len(results.records))
    drawn["waterfall"] = response.waterfall([largest_change(record) for record in results.records])
    drawn["swimmer"] = response.swimmer([swimmer_lane(record) for record in results.records])
    return drawn


def largest_change(record: TrialRecord) -> BestChange:
    """Return a patient's bar of the waterfall."""
    change = best_change(record)
    return BestChange(record.patient_id, None if change is None else change * 100, str(best_response(record)))


def swimmer_lane(record: TrialRecord) -> SwimmerLane:
    """Return a patient's lane of the swimmer plot."""
    start, ended = record.start_date, overall_survival(record)
    progression = progression_free_survival(record)
    doses = [dose.end_date or dose.start_date for dose in record.treatments]
    days = {
        "response": first_confirmed(record, Response.PR),
        "progression": progression.date if progression.reason == "progression" else None,
        "new therapy": record.survival.next_therapy_date,
        "death": record.survival.death_date,
    }
    return SwimmerLane(
        patient_id=record.patient_id,
        response=str(best_response(record)),
        treatment_months=min(months_between(start, max(doses)), ended.months) if doses else 0.0,
        follow_up_months=ended.months,
        events=tuple((kind, months_between(start, day)) for kind, day in days.items() if day is not None),
        is_ongoing=record.survival.status is VitalStatus.ALIVE,
    )


def trial_record(results: TrialResults, figures: Mapping[str, Figure], *, is_synthetic: bool = False) -> StudyReport:
    """Return the record that `workflow.report.study_report` prints."""
    n = len(results.records)
    return StudyReport(
        title="Trial results",
        subtitle=f"{n} patients; median follow-up {words.months(results.follow_up.value)} (reverse Kaplan-Meier).",
        sections=(
            Section(
                "Patients at baseline", tables=(TableBlock(_BASELINE_HEAD, tuple(baseline_rows(results.records))),)
            ),
            _response_section(results, figures),
            _survival_section(results.pfs, figures["kaplan_meier_pfs"]),
            _survival_section(results.os, figures["kaplan_meier_os"]),
            Section("Course of each patient", pictures=(Picture("", figures["swimmer"]),)),
            _safety_section(results),
        ),
        is_synthetic=is_synthetic,
    )


def _response_section(results: TrialResults, figures: Mapping[str, Figure]) -> Section:
    rows = []
    for name, pair in results.rates.items():
        for of, rate in zip(("with a response assessment", "enrolled"), pair, strict=True):
            if rate is not None:
                rows.append((name, of, f"{rate.x} of {rate.n}", _rate(rate)))
    return Section(
        "Response",
        sentences=_null_words(results),
        tables=(TableBlock(("Rate", "Of the patients", "n", "Rate (95 % CI, exact)"), tuple(rows)),),
        pictures=(Picture("", figures["response"]), Picture("", figures["waterfall"])),
    )


def _rate(rate: Proportion) -> str:
    return f"{rate.estimate * 100:.1f} % ({rate.exact_lower * 100:.1f} to {rate.exact_upper * 100:.1f})"


def _null_words(results: TrialResults) -> tuple[str, ...]:
    if results.null_rate is None or results.null_test is None:
        return ()
    p = results.null_test.p_greater
    verdict = "is rejected" if p < 0.05 else "is not rejected"
    return (
        (
            f"A response rate of {results.null_rate * 100:.1f} % or less {verdict} at 5 %: exact one-sided "
            f"{words.p_phrase(p)}."
        ),
    )


def _survival_section(found: TimeToEvent, figure: Figure) -> Section:
    median, at = found.curve.median(), found.curve.at(HORIZON_MONTHS)
    read = Interval(float(at.survival[0]), float(at.lower[0]), float(at.upper[0]))
    limits = " to ".join("not reached" if np.isnan(end) else f"{end:.1f}" for end in (median.lower, median.upper))
    reasons = ", ".join(f"{reason.replace('_', ' ')} {count}" for reason, count in sorted(found.reasons.items()))
    facts = (
        ("Events", f"{found.endpoint.n_events} of {found.endpoint.n}"),
        ("Median", f"{words.months(median.value)} (95 % CI {limits})"),
        (f"{words.horizon(HORIZON_MONTHS)} rate", words.percent_interval(read)),
        ("Follow-up ended by", reasons),
    )
    return Section(found.name.capitalize(), facts=facts, pictures=(Picture("", figure),))


def _safety_section(results: TrialResults) -> Section:
    n = len(results.records)

    def share(count: int) -> str:
        return f"{count} ({count / n * 100:.1f} %)"

    rows = tuple((term, share(count), share(severe)) for term, count, severe in results.adverse_events)
    table = TableBlock(("Adverse event, worst grade of each patient", "Any grade", "Grade 3 or more"), rows)
    return Section(
        "Safety", (f"{share(results.n_severe)} of {n} patients had an event of grade 3 or 4.",), tables=(table,)
    )


def trial_document(results: TrialResults) -> dict[str, object]:
    """Return the results as JSON values."""
    return {
        "n_patients": len(results.records),
        "median_follow_up_months": _known(results.follow_up.value),
        "best_response": {str(kind): count for kind, count in results.counts.counts.items()},
        "rates": {
            name: {"evaluable": evaluable and _rate_document(evaluable), "enrolled": _rate_document(enrolled)}
            for name, (evaluable, enrolled) in results.rates.items()
        },
        "null_rate": results.null_rate,
        "null_p_one_sided": results.null_test.p_greater if results.null_test else None,
        "os": _time_document(results.os),
        "pfs": _time_document(results.pfs),
        "n_grade_3_or_4": results.n_severe,
        "adverse_events": [
            {"term": term, "any_grade": count, "grade_3_or_more": severe}
            for term, count, severe in results.adverse_events
        ],
    }


def _rate_document(rate: Proportion) -> dict[str, object]:
    limits = {"lower": rate.exact_lower, "upper": rate.exact_upper}
    return {"x": rate.x, "n": rate.n, "estimate": rate.estimate, **limits}


def _time_document(found: TimeToEvent) -> dict[str, object]:
    median, at = found.curve.median(), found.curve.at(HORIZON_MONTHS)
    return {
        "n": found.endpoint.n,
        "n_events": found.endpoint.n_events,
        "median_months": [_known(value) for value in (median.value, median.lower, median.upper)],
        "horizon_months": HORIZON_MONTHS,
        "survival": [_known(float(value[0])) for value in (at.survival, at.lower, at.upper)],
        "follow_up_ended_by": dict(sorted(found.reasons.items())),
    }


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
