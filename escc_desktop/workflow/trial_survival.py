"""Survival exhibits of a trial: curves, rates at 6-month steps, why each follow-up ended, other rule sets beside it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from escc_desktop.figures import survival
from escc_desktop.figures.style import Figure
from escc_desktop.figures.survival import Group
from escc_desktop.i18n import _
from escc_desktop.stats.survival import Estimate
from escc_desktop.trial.endpoints import CENSORED_REASONS, EVENT_REASONS
from escc_desktop.workflow.trial_exhibits import Cells, Exhibit
from escc_desktop.workflow.trial_results import HORIZON_MONTHS, RuleSet, TimeToEvent, TrialResults

_ENCLOSING = ("default", "earliest", "even")


def reason_words(code: str) -> str:
    """Return why a follow-up ended, in words."""
    return {
        "progression": _("progression on a scan"),
        "death": _("death"),
        "next_therapy_counted": _("next therapy, counted as progression"),
        "no_progression": _("followed without progression"),
        "lost": _("lost to follow-up"),
        "next_therapy": _("next therapy before progression"),
        "missed_visits": _("scans missed before the event"),
        "no_assessment": _("no adequate scan after day 1"),
        "alive": _("alive at the last contact"),
    }[code]


def survival_exhibits(results: TrialResults) -> Iterator[Exhibit]:
    """Yield curves, rates, reasons and rule sets."""
    yield _curve(results.pfs, "kaplan_meier_pfs", _("Progression-free survival"), _pfs_words(results))
    words = _("From day 1 to death of any cause; censored at the last contact.")
    yield _curve(results.os, "kaplan_meier_os", _("Overall survival"), words)
    yield _rates(results)
    yield _patients(results)
    yield _rule_sets(results)
    for found, name, title, words in (
        (
            results.response_duration,
            "response_duration",
            _("Duration of response"),
            _("Of the patients with a confirmed CR or PR: from the scan that first showed it to progression or death."),
        ),
        (
            results.control_duration,
            "control_duration",
            _("Duration of disease control"),
            _("Of the patients with CR, PR, SD or non-CR/non-PD: from day 1 to progression or death."),
        ),
    ):
        if found is not None:
            yield _curve(found, name, title, f"{words} {_('Censored as progression-free survival is.')}")
    yield _times(results)


def _pfs_words(results: TrialResults) -> str:
    in_force = results.rule_sets[0].censoring
    return f"{in_force.name}. {in_force.definition}"


def estimate_words() -> str:
    """Return how curves are estimated."""
    return _("Kaplan-Meier; 95 % intervals by Greenwood on the log scale, as R's survfit; months of 30.4375 days.")


def _curve(found: TimeToEvent, name: str, title: str, words: str) -> Exhibit:
    curve = found.curve
    low, high = curve.limits()
    columns = (curve.time, curve.n_risk, curve.n_event, curve.n_censor, curve.survival, low, high)
    rows = tuple(tuple(known(float(value)) for value in row) for row in zip(*columns, strict=True))

    def draw() -> Figure:
        group = Group("all patients", curve)
        return survival.kaplan_meier([group], endpoint=found.name, horizon_months=HORIZON_MONTHS, title=title)

    header = ("month", "at_risk", "events", "censored", "survival", "lower", "upper")
    return Exhibit(name, title, f"{words} {estimate_words()}", header, rows, draw)


def _rates(results: TrialResults) -> Exhibit:
    rows: list[Cells] = []
    for name, found in (("PFS", results.pfs), ("OS", results.os)):
        at = found.curve.at(found.rate_months)
        columns = (at.time, at.n_risk, at.n_event, at.survival, at.lower, at.upper)
        rows += [(name, *(known(float(value)) for value in row)) for row in zip(*columns, strict=True)]
    return Exhibit(
        "survival_rates",
        _("Survival at 6-month steps"),
        f"{estimate_words()} {_('At risk: followed to that month or longer. Events: up to and with it.')}",
        ("endpoint", "month", "at_risk", "events", "survival", "lower", "upper"),
        tuple(rows),
    )


def _patients(results: TrialResults) -> Exhibit:
    rows = tuple(
        (
            one.patient_id,
            str(one.best),
            None if one.best_change is None else one.best_change * 100,
            *(one.pfs.months, int(one.pfs.is_event), one.pfs.reason, one.pfs.date.isoformat()),
            *(one.os.months, int(one.os.is_event), one.os.reason),
        )
        for one in results.courses
    )
    codes = "; ".join(f"{code}: {reason_words(code)}" for code in (*EVENT_REASONS, *CENSORED_REASONS))
    return Exhibit(
        "patients",
        _("Endpoints of each patient"),
        f"{_pfs_words(results)} {codes}.",
        (
            "patient_id",
            "best_response",
            "best_change_percent",
            *("pfs_months", "pfs_event", "pfs_ended_by", "pfs_date"),
            *("os_months", "os_event", "os_ended_by"),
        ),
        rows,
    )


def _rule_sets(results: TrialResults) -> Exhibit:
    rows = tuple(_rule_set_row(one) for one in results.rule_sets)
    drawn = [
        Group(one.censoring.short, one.found.curve)
        for one in results.rule_sets
        if one.found is not None and one.censoring.key in _ENCLOSING
    ]
    months = (HORIZON_MONTHS / 2, HORIZON_MONTHS)
    header = ("rule_set", "n", "events", "median", "median_lower", "median_upper")
    words = _("The first is in force; the others show how much hangs on the rules and on when scans are made.")
    sets = "\n".join(f"{one.censoring.name}: {one.censoring.definition}" for one in results.rule_sets)
    return Exhibit(
        "pfs_rule_sets",
        _("Progression-free survival under other rules"),
        f"{words}\n{sets}",
        (*header, *(f"rate_{month:g}{part}" for month in months for part in ("", "_lower", "_upper"))),
        rows,
        lambda: survival.kaplan_meier(
            drawn, endpoint="progression-free survival", title="Progression-free survival under other rules"
        ),
    )


def _rule_set_row(one: RuleSet) -> Cells:
    if one.found is None:
        return (one.censoring.name, 0, 0, *[None] * 9)
    found = one.found
    at = found.curve.at([HORIZON_MONTHS / 2, HORIZON_MONTHS])
    rates = [known(float(value)) for row in zip(at.survival, at.lower, at.upper, strict=True) for value in row]
    return (
        one.censoring.name,
        found.endpoint.n,
        found.endpoint.n_events,
        *estimate_cells(found.curve.median()),
        *rates,
    )


def _times(results: TrialResults) -> Exhibit:
    rows: list[Cells] = []
    for name, found in (("first confirmed PR, of those with PR", results.time_to_pr), ("CR", results.time_to_cr)):
        rows.append((f"time to {name}", found.n, found.median, found.lower, found.upper))
    held = [one for one in (results.response_duration, results.control_duration) if one is not None]
    rows += [(one.name, one.endpoint.n, *estimate_cells(one.curve.median())) for one in held]
    return Exhibit(
        "response_times",
        _("Time to response, and how long it held"),
        _(
            "Times to response: months from day 1 to the scan that first showed a response that was confirmed later; "
            "median and quartiles (SPSS HAVERAGE, type 6). Durations: Kaplan-Meier median with its 95 % interval."
        ),
        ("what", "n", "median", "lower", "upper"),
        tuple(rows),
    )


def estimate_cells(found: Estimate) -> tuple[float | None, float | None, float | None]:
    """Return an estimate and its limits, None where there is none."""
    return known(found.value), known(found.lower), known(found.upper)


def known(value: float) -> float | None:
    """Return a number, or None where there is none."""
    return value if np.isfinite(value) else None
