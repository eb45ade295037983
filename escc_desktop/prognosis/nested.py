"""Repeated nested cross-validation: figures by pipelines that never saw the patient, everything refitted inside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from escc_desktop.errors import EsccError
from escc_desktop.prognosis.card import CARD_KINDS
from escc_desktop.prognosis.pipeline import Fitted, Problem, design, fit_pipeline, predict
from escc_desktop.prognosis.repeating import Runner, seed_of, told
from escc_desktop.progress import Progress
from escc_desktop.stats.arrays import BoolArray, FloatArray, IntArray
from escc_desktop.stats.foldwise import Foldwise, auc_within, c_within

# As of limits read back from a file: the same value must not lie outside its own range.
_RANGE_MARGIN = 1e-9


@dataclass(frozen=True, eq=False)
class OutOfFold:
    """Predictions by pipelines that never saw the patient, averaged over the repeats; NaN where none could be made.

    Attributes
    ----------
    rad_score, high
        (n,) scores and the share of repeats that put the patient above their own cut-off.
    risk, survival
        (kinds, n).
    curves
        (kinds, n, g) survival at each time of the problem's grid.
    outside
        (kinds, n) share of the repeats in which a term of the patient lay outside the range trained on.
    risk_by_repeat, fold
        (repeats, kinds, n) and (repeats, n): the risks not averaged, and who was judged by the same pipeline.
    c, auc
        One for each kind, of pairs of patients judged by the same pipeline, averaged over the repeats.
    n_failed
        Folds that could not be fitted.
    """

    rad_score: FloatArray
    high: FloatArray
    risk: FloatArray
    survival: FloatArray
    curves: FloatArray
    outside: FloatArray
    risk_by_repeat: FloatArray
    fold: IntArray
    c: tuple[Foldwise, ...]
    auc: tuple[Foldwise, ...]
    n_failed: int

    @property
    def high_group(self) -> BoolArray:
        """(n,) high risk by the majority of the repeats."""
        return np.asarray(self.high > 0.5)


@dataclass(frozen=True, eq=False)
class _Fold:
    """One pipeline on the patients left out: scores and groups (t,), risks and outside (kinds, t), curves."""

    test: IntArray
    rad_score: FloatArray
    high: FloatArray
    risk: FloatArray
    outside: FloatArray
    curves: FloatArray


def cross_validate(problem: Problem, progress: Progress, run: Runner) -> OutOfFold:
    """Predict every patient by pipelines fitted without them (nested: the LASSO has its own folds inside).

    Patients are whole: the cohort holds each once, and the LASSO's folds inside keep copies together.
    """
    n, config, kinds = problem.endpoint.n, problem.config, len(CARD_KINDS)
    fold = np.array(
        [_stratified(problem, min(config.outer_folds, n), config.seed + 1 + k) for k in range(config.outer_repeats)]
    )
    tests = [np.flatnonzero(row == label) for row in fold for label in np.unique(row)]
    repeat_of = [repeat for repeat, row in enumerate(fold) for _ in np.unique(row)]
    done: list[_Fold | None] = list(told(run(_fold, tests), len(tests), progress, "Fold"))
    grid = problem.grid_months
    mean = _averaged(done, 2 + kinds * (2 + len(grid)), n)
    curves = mean[2 + 2 * kinds :].reshape(kinds, len(grid), n).transpose(0, 2, 1)
    by_repeat = np.full((len(fold), kinds, n), np.nan)
    for repeat, one in zip(repeat_of, done, strict=True):
        if one is not None:
            by_repeat[repeat][:, one.test] = one.risk
    return OutOfFold(
        rad_score=mean[0],
        high=mean[1],
        risk=mean[2 : 2 + kinds],
        outside=mean[2 + kinds : 2 + 2 * kinds],
        survival=curves[:, :, int(np.searchsorted(grid, config.horizon_months))],
        curves=curves,
        risk_by_repeat=by_repeat,
        fold=fold,
        c=tuple(c_within(problem.endpoint, by_repeat[:, k], fold) for k in range(kinds)),
        auc=tuple(auc_within(problem.endpoint, by_repeat[:, k], fold, config.horizon_months) for k in range(kinds)),
        n_failed=sum(one is None for one in done),
    )


def _averaged(done: Sequence[_Fold | None], height: int, n: int) -> FloatArray:
    """Return the mean over the repeats (height, n), NaN for patients no model could judge."""
    sums, counts = np.zeros((height, n)), np.zeros((height, n))
    for one in done:
        if one is not None:
            curves = one.curves.transpose(0, 2, 1).reshape(-1, len(one.test))
            block = np.vstack([one.rad_score, one.high, one.risk, one.outside, curves])
            sums[:, one.test] += np.where(np.isfinite(block), block, 0.0)
            counts[:, one.test] += np.isfinite(block)
    return np.asarray(np.where(counts > 0, sums / np.maximum(counts, 1), np.nan))


def _stratified(problem: Problem, folds: int, seed: int) -> IntArray:
    """Allocate folds with the events spread evenly over them."""
    allocation = np.zeros(problem.endpoint.n, dtype=np.int64)
    rng = np.random.default_rng(seed)
    event = problem.endpoint.event
    order = np.concatenate([rng.permutation(np.flatnonzero(event)), rng.permutation(np.flatnonzero(~event))])
    allocation[order] = np.arange(problem.endpoint.n) % folds + 1
    return allocation


def _fold(problem: Problem, test: IntArray) -> _Fold | None:
    rows = np.setdiff1d(np.arange(problem.endpoint.n), test)
    try:
        fitted = fit_pipeline(problem, rows, seed_of(problem.config.seed, rows))
        predictions = predict(problem, fitted, rows)
    except (EsccError, np.linalg.LinAlgError):
        return None
    score = predictions.rad_score[test]
    high = np.full(len(test), np.nan) if fitted.cutpoint is None else (score > fitted.cutpoint.cut).astype(np.float64)
    outside = _outside(problem, fitted, rows)[:, test]
    return _Fold(test, score, high, predictions.risk[:, test], outside, predictions.curves[:, test])


def _outside(problem: Problem, fitted: Fitted, rows: IntArray) -> FloatArray:
    """Return (kinds, n) 1 where a term of the model lies outside the range of the patients trained on."""
    found = np.zeros((len(CARD_KINDS), problem.endpoint.n))
    for row, model in enumerate(fitted.models.values()):
        columns = design(problem, fitted.signature, model)
        if not columns.shape[1]:
            continue
        trained = columns[rows][np.isfinite(columns[rows]).all(axis=1)]
        margin = _RANGE_MARGIN * np.abs(trained).max(axis=0)
        low, high = trained.min(axis=0) - margin, trained.max(axis=0) + margin
        found[row] = ((columns < low) | (columns > high)).any(axis=1)
    return found
