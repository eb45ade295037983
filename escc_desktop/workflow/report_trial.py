"""Trial results as a document and as the chapters of a study report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from escc_desktop.figures import words
from escc_desktop.figures.style import Figure
from escc_desktop.figures.words import Interval
from escc_desktop.i18n import _
from escc_desktop.stats.design import Proportion
from escc_desktop.workflow.report import Picture, Section, StudyReport, TableBlock
from escc_desktop.workflow.trial_exhibits import Exhibit, response_exhibits
from escc_desktop.workflow.trial_published import contradictions, published_exhibits
from escc_desktop.workflow.trial_results import HORIZON_MONTHS, TimeToEvent, TrialResults
from escc_desktop.workflow.trial_safety import safety_exhibits
from escc_desktop.workflow.trial_survival import known, survival_exhibits
from escc_desktop.workflow.trial_tables import TableView, table_views


def trial_exhibits(results: TrialResults, further: Sequence[Exhibit] = ()) -> dict[str, Exhibit]:
    """Return every figure and table by name, in the order of the page; `further` ones stand last."""
    found = (
        *response_exhibits(results),
        *survival_exhibits(results),
        *safety_exhibits(results),
        *published_exhibits(results),
        *further,
    )
    return {one.name: one for one in found}


def draw_figures(exhibits: Mapping[str, Exhibit]) -> dict[str, Figure]:
    """Return the figures of those that have one."""
    return {name: one.draw() for name, one in exhibits.items() if one.draw is not None}


def trial_record(
    results: TrialResults,
    exhibits: Mapping[str, Exhibit],
    figures: Mapping[str, Figure],
    *,
    is_synthetic: bool = False,
) -> StudyReport:
    """Return the record that `workflow.report.study_report` prints."""
    subtitle = _("{n} patients; median follow-up {months} (reverse Kaplan-Meier).").format(
        n=len(results.records), months=words.months(results.follow_up.value)
    )

    tables = table_views(exhibits, len(results.records))

    def section(title: str, *names: str, **more: tuple[tuple[str, str], ...] | tuple[str, ...]) -> Section:
        mine = [exhibits[name] for name in names if name in exhibits]
        pictures = tuple(Picture("", figures[one.name], one.definition) for one in mine if one.name in figures)
        shown = tuple(_table(tables[one.name]) for one in mine if one.draw is None and one.rows)
        return Section(title, tables=shown, pictures=pictures, **more)  # type: ignore[arg-type]

    kinds = [name for name in exhibits if name.startswith("adverse_events_")]
    return StudyReport(
        title=_("Trial results"),
        subtitle=subtitle,
        sections=(
            section(_("Who took part"), "flow"),
            section(_("Patients at baseline"), "baseline"),
            section(
                _("Response"), "response", "rates", "waterfall", "spider", "response_times", sentences=_null(results)
            ),
            section(
                _("Progression-free survival"),
                "kaplan_meier_pfs",
                "pfs_rule_sets",
                facts=_facts(results.pfs),
            ),
            section(_("Overall survival"), "kaplan_meier_os", "survival_rates", facts=_facts(results.os)),
            section(_("How long responses held"), "response_duration", "control_duration"),
            section(_("Course of each patient"), "swimmer"),
            section(
                _("Safety"),
                "safety_summary",
                "adverse_events",
                *kinds,
                "double_counting",
                "dose_reductions",
                sentences=_severe(results, exhibits),
            ),
            *((section(_("Rad-scores"), "rad_scores"),) if "rad_scores" in exhibits else ()),
            section(
                _("Beside what is published"),
                "design",
                "published_arms",
                sentences=contradictions(results),
            ),
        ),
        is_synthetic=is_synthetic,
    )


def _table(one: TableView) -> TableBlock:
    return TableBlock(one.header, one.rows, title=one.title, note=one.definition)


def _null(results: TrialResults) -> tuple[str, ...]:
    if results.null_test is None:
        return ()
    p = results.null_test.p_greater
    told = (
        _("A response rate of {rate} % or less is rejected at {alpha} %: exact one-sided {p}.")
        if p < results.design.alpha
        else _("A response rate of {rate} % or less is not rejected at {alpha} %: exact one-sided {p}.")
    )
    rate, alpha = f"{results.null_rate * 100:.1f}", f"{results.design.alpha * 100:g}"
    return (told.format(rate=rate, alpha=alpha, p=words.p_phrase(p)),)


def _severe(results: TrialResults, exhibits: Mapping[str, Exhibit]) -> tuple[str, ...]:
    n, row = len(results.records), exhibits["safety_summary"].rows[0]
    told = _("{share} of {n} patients had an event of grade 3 or 4 as their worst, {fatal} one of grade 5.")
    severe = row[3]
    assert isinstance(severe, int)
    return (told.format(share=f"{severe} ({severe / n * 100:.1f} %)", n=n, fatal=row[4]),)


def _facts(found: TimeToEvent) -> tuple[tuple[str, str], ...]:
    median, at = found.curve.median(), found.curve.at(HORIZON_MONTHS)
    read = Interval(float(at.survival[0]), float(at.lower[0]), float(at.upper[0]))
    limits = " to ".join("not reached" if np.isnan(end) else f"{end:.1f}" for end in (median.lower, median.upper))
    reasons = ", ".join(f"{reason.replace('_', ' ')} {count}" for reason, count in sorted(found.reasons.items()))
    return (
        (_("Events"), f"{found.endpoint.n_events} of {found.endpoint.n}"),
        (_("Median"), f"{words.months(median.value)} (95 % CI {limits})"),
        (_("{month} rate").format(month=words.horizon(HORIZON_MONTHS)), words.percent_interval(read)),
        (_("Follow-up ended by"), reasons),
    )


def trial_document(results: TrialResults, exhibits: Mapping[str, Exhibit]) -> dict[str, object]:
    """Return the results, and every table with its definition, as JSON values."""
    return {
        "n_patients": len(results.records),
        "n_screened": len(results.screening) or None,
        "rules": results.rules.name,
        "response_source": results.rules.response_source,
        "median_follow_up_months": known(results.follow_up.value),
        "best_response": {str(kind): count for kind, count in results.counts.counts.items()},
        "rates": {
            name: {"evaluable": evaluable and _rate_document(evaluable), "enrolled": _rate_document(enrolled)}
            for name, (evaluable, enrolled) in results.rates.items()
        },
        "null_rate": results.null_rate,
        "null_p_one_sided": results.null_test.p_greater if results.null_test else None,
        "os": _time_document(results.os),
        "pfs": {**_time_document(results.pfs), "censoring": results.rule_sets[0].censoring.name},
        "target_lesions_smaller": {"any": results.n_smaller, "30_percent_or_more": results.n_smaller_30},
        "publication_contradicted": list(contradictions(results)),
        "tables": {name: dict(_table_document(one)) for name, one in exhibits.items()},
    }


def _table_document(one: Exhibit) -> Iterator[tuple[str, object]]:
    yield "title", one.title
    yield "definition", one.definition
    yield "header", list(one.header)
    yield "rows", [list(row) for row in one.rows]


def _rate_document(rate: Proportion) -> dict[str, object]:
    limits = {"lower": rate.exact_lower, "upper": rate.exact_upper}
    return {"x": rate.x, "n": rate.n, "estimate": rate.estimate, **limits}


def _time_document(found: TimeToEvent) -> dict[str, object]:
    median, at = found.curve.median(), found.curve.at(HORIZON_MONTHS)
    return {
        "n": found.endpoint.n,
        "n_events": found.endpoint.n_events,
        "median_months": [known(value) for value in (median.value, median.lower, median.upper)],
        "horizon_months": HORIZON_MONTHS,
        "survival": [known(float(value[0])) for value in (at.survival, at.lower, at.upper)],
        "follow_up_ended_by": dict(sorted(found.reasons.items())),
    }
