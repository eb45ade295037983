"""The figures of a development's curves: over time, over thresholds, and the check of proportional hazards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from escc_desktop.figures import differences, hazards, over_time, performance, survival
from escc_desktop.figures.style import Figure
from escc_desktop.figures.words import Interval, RiskWord
from escc_desktop.prognosis.card import CardKind
from escc_desktop.prognosis.clinical import ENDPOINT_NAMES
from escc_desktop.prognosis.develop import Development
from escc_desktop.prognosis.result_curves import CalibrationResult, Curves, HazardsResult
from escc_desktop.prognosis.results import DifferenceResult, Results, ThreeGroupsResult
from escc_desktop.stats.survival import kaplan_meier

MODEL_NAMES: Final[Mapping[CardKind, str]] = {
    "radscore": "Rad-score",
    "clinical": "Clinical",
    "radiomics": "Radiomics",
    "combined": "Combined",
}
NOMOGRAMS: tuple[CardKind, ...] = ("clinical", "radiomics", "combined")
_OUT = "out_of_fold"


def curve_figures(results: Results) -> dict[str, Figure]:
    """Return what `results.curves` holds as figures; nothing for results without."""
    drawn = _differences(results)
    found = results.curves
    if found is None:
        return drawn
    horizon = results.horizon_months
    drawn["auc_over_time"] = _auc(found, horizon)
    drawn["brier"] = _brier(found, horizon)
    drawn["decision_curve"] = _decision(found, results)
    calibrations = {one.kind: one for one in found.calibration}
    checked = {one.kind: one for one in found.hazards}
    for kind in NOMOGRAMS:
        if kind in calibrations:
            drawn[f"calibration_{kind}"] = _calibration(calibrations[kind], results)
        if kind in checked:
            drawn[f"hazards_{kind}"] = _hazards(checked[kind])
    return drawn


def _title(found: ThreeGroupsResult | None) -> str:
    """Say that cards use the one cut-off, or that these are no risk groups."""
    is_in_order = found is None or found.is_in_order
    told = "cards use the one cut-off" if is_in_order else "NOT in order of survival"
    return f"Apparent groups, two cut-offs: {told}"


def three_groups(made: Development) -> dict[str, Figure]:
    """Return the curves of three risk groups; nothing where two were asked for."""
    three, endpoint = made.found.cutting.three, made.found.problem.endpoint
    if three is None:
        return {}
    scores = made.found.predictions.rad_score
    rows: dict[RiskWord, np.ndarray[tuple[int], np.dtype[np.bool_]]] = {
        "low": scores <= three.low_cut,
        "middle": (scores > three.low_cut) & (scores <= three.high_cut),
        "high": scores > three.high_cut,
    }
    groups = [survival.Group(f"{word} risk", kaplan_meier(endpoint.take(np.flatnonzero(inside))), word)
              for word, inside in rows.items()]  # fmt: skip
    found = made.results.cutoff.three if made.results.cutoff else None
    return {
        "km_three": survival.kaplan_meier(
            groups,
            endpoint=ENDPOINT_NAMES[made.results.endpoint],
            log_rank_p=three.naive_p,
            corrected_p=found.corrected_p if found else None,
            horizon_months=made.results.horizon_months,
            title=_title(found),
        )
    }


def _auc(found: Curves, horizon: float) -> Figure:
    curves = [
        over_time.TimeCurve(MODEL_NAMES[one.kind], _numbers(one.auc), _numbers(one.lower), _numbers(one.upper))
        for one in found.auc
        if one.basis == _OUT and one.kind in NOMOGRAMS
    ]
    return over_time.auc_over_time(found.months, curves, kind="out of fold", horizon_months=horizon)


def _brier(found: Curves, horizon: float) -> Figure:
    """Draw the models out of fold; the reference is Kaplan-Meier, which is fitted on everybody and so a hard one."""
    shown = [one for one in found.brier if one.kind == "kaplan_meier" or (one.basis == _OUT and one.kind in NOMOGRAMS)]
    curves, spans = [], [one.integrated_to_months for one in shown if one.integrated_to_months is not None]
    for one in shown:
        is_reference = one.kind == "kaplan_meier"
        label = "Kaplan-Meier, everybody" if one.kind == "kaplan_meier" else MODEL_NAMES[one.kind]
        curves.append(over_time.TimeCurve(label, _numbers(one.brier), is_reference=is_reference))
    return over_time.brier_over_time(
        found.months,
        curves,
        [one.integrated for one in shown],
        kind="out of fold",
        to_months=min(spans, default=None),
        horizon_months=horizon,
    )


def _decision(found: Curves, results: Results) -> Figure:
    asked = found.decision
    if asked.action is None or asked.lowest is None or asked.highest is None:
        return performance.decision_curve((), {}, (), None)
    benefit = {MODEL_NAMES[one.kind]: _numbers(one.net_benefit) for one in asked.models
               if one.basis == _OUT and one.kind in NOMOGRAMS}  # fmt: skip
    return performance.decision_curve(
        asked.thresholds,
        benefit,
        _numbers(asked.treat_all),
        (asked.lowest, asked.highest, asked.action),
        about=f"models out of fold, n = {results.cohort.n_patients}",
        event="death" if results.endpoint == "os" else "progression or death",
    )


def _calibration(found: CalibrationResult, results: Results) -> Figure:
    groups = [
        performance.CalibrationGroup(one.predicted, Interval(one.observed, one.lower, one.upper), one.n, one.corrected)
        for one in found.groups
        if one.observed is not None
    ]
    predicted = [one.survival.get(found.kind) for one in results.patients]
    return performance.calibration(
        groups,
        results.horizon_months,
        predictions=[value for value in predicted if value is not None],
        kind="apparent, corrected" if found.resamples else "apparent",
        endpoint=ENDPOINT_NAMES[results.endpoint],
    )


def _hazards(found: HazardsResult) -> Figure:
    terms = [
        hazards.EffectOverTime(one.label, one.coefficient, one.p, one.residual, one.smooth, one.lower, one.upper)
        for one in found.terms
    ]
    return hazards.effects_over_time(
        terms,
        hazards.TimeScale(found.months, found.at, found.grid),
        title=f"Proportional hazards, {MODEL_NAMES[found.kind].lower()} model",
        global_p=found.global_p,
        why=found.why,
    )


def _differences(results: Results) -> dict[str, Figure]:
    both = [(one, True) for one in results.differences] + [(one, False) for one in results.differences_out_of_fold]
    pairs = dict.fromkeys((one.first, one.second) for one, _ in both)
    rows = [
        _difference_row(one, is_apparent=is_apparent)
        for pair in pairs
        for measure in ("c_index", "auc")
        for one, is_apparent in both
        if (one.first, one.second) == pair and one.measure == measure and one.difference is not None
    ]
    title = "Models compared on the same patients"
    return {"differences": differences.paired_differences(rows, title)} if rows else {}


def _difference_row(one: DifferenceResult, *, is_apparent: bool) -> differences.DifferenceRow:
    words = f"{MODEL_NAMES[one.second]} against {MODEL_NAMES[one.first].lower()}"
    measure = "C-index" if one.measure == "c_index" else "AUC"
    value = one.difference if one.difference is not None else np.nan
    return differences.DifferenceRow(words, measure, Interval(value, one.lower, one.upper), one.p, is_apparent)


def _numbers(values: Sequence[float | None]) -> list[float]:
    return [np.nan if value is None else value for value in values]
