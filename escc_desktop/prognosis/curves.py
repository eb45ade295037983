"""Curves of a development: ROC and AUC over time, prediction error, calibration, net benefit, hazards over time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

import numpy as np

from escc_desktop.errors import EsccError
from escc_desktop.prognosis import result_curves as doc
from escc_desktop.prognosis.card import CARD_KINDS, CardKind
from escc_desktop.prognosis.pipeline import Fitted, Predictions, Problem, design
from escc_desktop.prognosis.validation import Bootstrap, Validation
from escc_desktop.stats.arrays import FloatArray, IntArray
from escc_desktop.stats.calibration import calibration_groups, equal_sizes, net_benefit, roc_at
from escc_desktop.stats.cox import CoxFit
from escc_desktop.stats.diagnostics import proportional_hazards
from escc_desktop.stats.hazard_course import hazard_course
from escc_desktop.stats.performance import auc_at, brier, integrated_brier
from escc_desktop.stats.survival import Endpoint, kaplan_meier

_THRESHOLDS: Final = np.arange(1, 100) / 100
_Basis = tuple[doc.Basis, FloatArray, FloatArray, FloatArray]


def curves(problem: Problem, fitted: Fitted, predictions: Predictions, validation: Validation) -> doc.Curves:
    """Return every curve, apparent and by models that never saw the patient."""
    out = validation.out_of_fold
    both: tuple[_Basis, ...] = (
        ("apparent", predictions.risk, predictions.survival, predictions.curves),
        ("out_of_fold", out.risk, out.survival, out.curves),
    )
    return doc.Curves(
        months=tuple(problem.grid_months.tolist()),
        roc=tuple(one for basis in both for one in _rocs(problem, basis)),
        auc=tuple(_auc(problem, basis[0], kind, basis[1][k]) for basis in both for k, kind in enumerate(CARD_KINDS)),
        brier=(
            _null_brier(problem),
            *(_brier(problem, basis[0], kind, basis[3][k]) for basis in both for k, kind in enumerate(CARD_KINDS)),
        ),
        calibration=tuple(
            _calibration(problem, kind, predictions.survival[k], validation.bootstrap, k)
            for k, kind in enumerate(CARD_KINDS)
        ),
        decision=_decision(problem, both),
        hazards=tuple(_hazards(problem, fitted)),
    )


def _numbers(values: FloatArray) -> tuple[float | None, ...]:
    return tuple(float(value) if np.isfinite(value) else None for value in values)


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _rocs(problem: Problem, basis: _Basis) -> Iterator[doc.RocResult]:
    horizon = problem.config.horizon_months
    for kind, risk in zip(CARD_KINDS, basis[1], strict=True):
        known = np.flatnonzero(np.isfinite(risk))
        outcome = problem.endpoint.take(known)
        curve = roc_at(outcome, risk[known], horizon) if len(known) else None
        if curve is not None:
            area = auc_at(outcome, risk[known], horizon)
            yield doc.RocResult(
                kind=kind,
                basis=basis[0],
                false_positive=tuple(curve.false_positive.tolist()),
                true_positive=tuple(curve.true_positive.tolist()),
                auc=_number(area.auc),
                lower=_number(area.lower),
                upper=_number(area.upper),
            )


def _auc(problem: Problem, basis: doc.Basis, kind: CardKind, risk: FloatArray) -> doc.AucCurve:
    known, grid = np.flatnonzero(np.isfinite(risk)), problem.grid_months
    found = np.full((3, len(grid)), np.nan)
    if len(known):
        outcome = problem.endpoint.take(known)
        areas = [auc_at(outcome, risk[known], float(month)) for month in grid]
        found = np.array([[one.auc, one.lower, one.upper] for one in areas]).T
    return doc.AucCurve(
        kind=kind, basis=basis, auc=_numbers(found[0]), lower=_numbers(found[1]), upper=_numbers(found[2])
    )


def _null_brier(problem: Problem) -> doc.BrierCurve:
    survival = kaplan_meier(problem.endpoint).at(problem.grid_months).survival
    return _brier(problem, "apparent", "kaplan_meier", np.tile(survival, (problem.endpoint.n, 1)))


def _brier(
    problem: Problem, basis: doc.Basis, kind: CardKind | Literal["kaplan_meier"], survival: FloatArray
) -> doc.BrierCurve:
    """Return the prediction error of survival (n, g) over the grid, as long as it is defined."""
    known, grid = np.flatnonzero(np.isfinite(survival).all(axis=1)), problem.grid_months
    outcome, scores = problem.endpoint.take(known), np.full(len(grid), np.nan)
    for k, month in enumerate(grid):
        try:
            scores[k] = brier(outcome, survival[known, k], float(month)).brier
        except EsccError:
            break
    defined = int(np.isfinite(scores).sum())
    # Before the first month of the grid nothing is predicted: the integral begins at 0 with an error of 0.
    whole = np.append(0.0, grid[:defined])
    told = np.column_stack([np.ones(len(known)), survival[known][:, :defined]])
    return doc.BrierCurve(
        kind=kind,
        basis=basis,
        brier=_numbers(scores),
        integrated=_number(integrated_brier(outcome, told, whole)) if defined else None,
        integrated_to_months=float(grid[defined - 1]) if defined else None,
    )


def _calibration(
    problem: Problem, kind: CardKind, survival: FloatArray, bootstrap: Bootstrap, k: int
) -> doc.CalibrationResult:
    """Compare groups of similar prediction with Kaplan-Meier, less the optimism of the resamples.

    The cuts between the groups are those of the original predictions. In each resample the refitted pipeline's
    distance of observed from predicted survival is taken on the resample and on the original patients; the mean
    difference is the optimism (Harrell's `calibrate` with Kaplan-Meier estimates, of the whole pipeline).
    """
    known = np.flatnonzero(np.isfinite(survival))
    n_groups, horizon = problem.config.calibration_groups, problem.config.horizon_months
    spread = np.unique(survival[known])
    if len(known) < n_groups or len(spread) < n_groups:
        return doc.CalibrationResult(
            kind=kind, groups=(), error=None, corrected_error=None, resamples=len(bootstrap.rows)
        )
    sizes = equal_sizes(len(known), n_groups)
    found = calibration_groups(problem.endpoint.take(known), survival[known], horizon, sizes)
    cuts = np.sort(survival[known])[np.cumsum(sizes)[:-1]]
    gaps = np.array([one.observed - one.predicted for one in found])
    corrected = gaps - _optimism(problem, bootstrap, k, cuts)
    weight = np.array(sizes) / len(known)
    groups = tuple(
        doc.CalibrationGroupResult(
            n=one.n,
            predicted=one.predicted,
            observed=_number(one.observed),
            lower=_number(one.lower),
            upper=_number(one.upper),
            corrected=_number(min(max(one.predicted + gap, 0.0), 1.0)),
        )
        for one, gap in zip(found, corrected, strict=True)
    )
    return doc.CalibrationResult(
        kind=kind,
        groups=groups,
        error=_number(float(weight @ np.abs(gaps))),
        corrected_error=_number(float(weight @ np.abs(corrected))),
        resamples=len(bootstrap.rows),
    )


def _optimism(problem: Problem, bootstrap: Bootstrap, k: int, cuts: FloatArray) -> FloatArray:
    everyone = np.arange(problem.endpoint.n)
    differences = [
        _gaps(problem, survival[k], rows, cuts) - _gaps(problem, survival[k], everyone, cuts)
        for rows, survival in zip(bootstrap.rows, bootstrap.survival, strict=True)
    ]
    if not differences:
        return np.full(len(cuts) + 1, np.nan)
    table = np.array(differences)
    valid = np.isfinite(table)
    total = np.where(valid, table, 0.0).sum(axis=0)
    return np.asarray(np.where(valid.any(axis=0), total / np.maximum(valid.sum(axis=0), 1), np.nan))


def _gaps(problem: Problem, survival: FloatArray, rows: IntArray, cuts: FloatArray) -> FloatArray:
    """Return observed less predicted survival in each group of some patients, NaN for a group without any."""
    told = survival[rows]
    group = np.searchsorted(cuts, told, side="right")
    found = np.full(len(cuts) + 1, np.nan)
    for g in range(len(cuts) + 1):
        members = rows[np.isfinite(told) & (group == g)]
        if len(members):
            observed = kaplan_meier(problem.endpoint.take(members)).at(problem.config.horizon_months).survival[0]
            found[g] = observed - survival[members].mean()
    return found


def _decision(problem: Problem, both: tuple[_Basis, ...]) -> doc.DecisionCurves:
    horizon, decision = problem.config.horizon_months, problem.config.decision
    dead = 1 - float(kaplan_meier(problem.endpoint).at(horizon).survival[0])
    odds = _THRESHOLDS / (1 - _THRESHOLDS)
    models = []
    for basis, _, survival, _ in both:
        for kind, row in zip(CARD_KINDS, survival, strict=True):
            known = np.flatnonzero(np.isfinite(row))
            if len(known):
                found = net_benefit(problem.endpoint.take(known), 1 - row[known], horizon, _THRESHOLDS)
                models.append(doc.NetBenefitCurve(kind=kind, basis=basis, net_benefit=_numbers(found.model)))
    return doc.DecisionCurves(
        action=decision.action if decision else None,
        lowest=decision.lowest if decision else None,
        highest=decision.highest if decision else None,
        thresholds=tuple(_THRESHOLDS.tolist()),
        treat_all=_numbers(dead - (1 - dead) * odds),
        models=tuple(models),
    )


def _hazards(problem: Problem, fitted: Fitted) -> Iterator[doc.HazardsResult]:
    for kind, model in fitted.models.items():
        if model.fit is None:
            continue
        columns = design(problem, fitted.signature, model)
        known = np.flatnonzero(model.used & np.isfinite(columns).all(axis=1))
        try:
            yield _hazard(kind, model.fit, problem.endpoint.take(known), columns[known])
        except (EsccError, np.linalg.LinAlgError) as error:
            yield doc.HazardsResult(kind=kind, why=str(error))


def _hazard(kind: CardKind, fit: CoxFit, outcome: Endpoint, X: FloatArray) -> doc.HazardsResult:
    test, course = proportional_hazards(fit, outcome, X), hazard_course(fit, outcome, X)
    return doc.HazardsResult(
        kind=kind,
        scale=course.scale,
        months=tuple(course.time.tolist()),
        at=tuple(course.at.tolist()),
        grid=tuple(course.grid.tolist()),
        terms=tuple(
            doc.HazardTerm(
                label=label,
                coefficient=float(fit.coef[j]),
                chisq=_number(test.chisq[j]),
                p=_number(test.p[j]),
                residual=tuple(course.residual[:, j].tolist()),
                smooth=tuple(course.smooth[:, j].tolist()),
                lower=tuple(course.lower[:, j].tolist()),
                upper=tuple(course.upper[:, j].tolist()),
            )
            for j, label in enumerate(fit.names)
        ),
        global_chisq=_number(test.global_chisq),
        global_df=len(fit.names),
        global_p=_number(test.global_p),
    )
