"""How much of an apparent figure is optimism: whole-pipeline bootstrap, nested cross-validation, noise benchmark."""

from __future__ import annotations

import multiprocessing
import os
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, TypeVar

import numpy as np

from escc_desktop.errors import EsccError
from escc_desktop.prognosis.card import CARD_KINDS
from escc_desktop.prognosis.pipeline import (
    Fitted,
    Predictions,
    Problem,
    fit_pipeline,
    measures,
    predict,
    prepare,
    select,
)
from escc_desktop.progress import Progress, deaf_children
from escc_desktop.stats.arrays import BoolArray, FloatArray, IntArray
from escc_desktop.stats.optimism import Optimism, collect_optimism, draw_resamples, point_632_plus
from escc_desktop.stats.performance import auc_at, c_index
from escc_desktop.stats.selection import allocate_folds

Outcome = TypeVar("Outcome")


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
    c, c_se, auc, auc_se
        (kinds,) on these predictions; the standard errors are of the patients drawn.
    n_failed
        Folds that could not be fitted.
    """

    rad_score: FloatArray
    high: FloatArray
    risk: FloatArray
    survival: FloatArray
    curves: FloatArray
    c: FloatArray
    c_se: FloatArray
    auc: FloatArray
    auc_se: FloatArray
    n_failed: int

    @property
    def high_group(self) -> BoolArray:
        """(n,) high risk by the majority of the repeats."""
        return np.asarray(self.high > 0.5)


@dataclass(frozen=True, eq=False)
class Noise:
    """Apparent figures of the same pipeline on permuted outcomes, (repeats, 2 x kinds)."""

    figures: FloatArray
    n_failed: int

    def quantiles(self, q: Sequence[float]) -> FloatArray:
        """Return quantiles (len(q), 2 x kinds), NaN where no repeat gave a figure."""
        if not np.isfinite(self.figures).any(axis=0).all() or not len(self.figures):
            return np.full((len(q), 2 * len(CARD_KINDS)), np.nan)
        return np.asarray(np.nanquantile(self.figures, q, axis=0))


@dataclass(frozen=True, eq=False)
class Bootstrap:
    """Whole-pipeline resamples: `out_of_bag` (repeats, 2 x kinds) are figures on the patients not drawn.

    `selected` (p,) is the share of resamples that selected each feature, `cuts` the cut-offs they found. `rows`
    (fitted, n) are the patients drawn and `survival` (fitted, kinds, n) what those models say of the original ones.
    """

    optimism: Optimism
    out_of_bag: FloatArray
    selected: FloatArray
    cuts: FloatArray
    rows: IntArray
    survival: FloatArray

    @property
    def corrected(self) -> FloatArray:
        """Return the .632+ figures (2 x kinds,), NaN where no resample could be scored."""
        valid = np.isfinite(self.out_of_bag)
        mean = np.where(valid, self.out_of_bag, 0.0).sum(axis=0) / np.maximum(valid.sum(axis=0), 1)
        return point_632_plus(self.optimism.apparent, np.where(valid.any(axis=0), mean, np.nan))


@dataclass(frozen=True, eq=False)
class FoldDraws:
    """The same patients, other folds: what the draw of the LASSO's folds alone decides.

    Attributes
    ----------
    lambda_min, n_selected
        (draws,).
    selected
        (p,) share of draws that selected each feature.
    """

    lambda_min: FloatArray
    n_selected: IntArray
    selected: FloatArray


@dataclass(frozen=True, eq=False)
class Validation:
    """Everything that stands beside the apparent figures."""

    fold_draws: FoldDraws
    bootstrap: Bootstrap
    out_of_fold: OutOfFold
    noise: Noise


@dataclass(frozen=True, eq=False)
class _Resample:
    on_resample: FloatArray
    on_original: FloatArray
    out_of_bag: FloatArray
    columns: IntArray
    cut: float
    rows: IntArray
    survival: FloatArray


def seed_of(seed: int, rows: IntArray) -> int:
    """Return a seed that depends on the run's seed and the rows only."""
    return zlib.crc32(np.ascontiguousarray(rows, dtype="<i8").tobytes(), seed & 0xFFFFFFFF)


def validate(problem: Problem, fitted: Fitted, progress: Progress) -> Validation:
    """Run everything; results depend on the configuration's seed, never on the number of workers."""
    config = problem.config
    with runner(problem, config.workers) as run:
        draws = redraw_folds(problem, progress.part(0.0, 0.15), run)
        out_of_fold = cross_validate(problem, progress.part(0.15, 0.3), run)
        bootstrap = bootstrap_pipeline(problem, fitted, progress.part(0.3, 0.75), run)
        noise = noise_benchmark(problem, progress.part(0.75, 1.0), run)
    return Validation(draws, bootstrap, out_of_fold, noise)


class Runner:
    """Applies a function to the problem and each item, here or in worker processes; results come in order.

    Parameters
    ----------
    pool
        Its workers were started with `_keep`, so that the problem travels once; None runs here.
    """

    def __init__(self, problem: Problem, pool: ProcessPoolExecutor | None = None) -> None:
        self._problem = problem
        self._pool = pool

    def __call__(
        self, function: Callable[[Problem, IntArray], Outcome], items: Sequence[IntArray]
    ) -> Iterable[Outcome]:
        """Return the outcomes, lazily."""
        if self._pool is None:
            return map(partial(function, self._problem), items)
        with deaf_children():  # the first call starts them
            return self._pool.map(partial(_call, function), items)


@contextmanager
def _one_blas_thread_in_children() -> Iterator[None]:
    """Let workers start without threads of their own: on the same cores they took a third more of their time."""
    before = os.environ.get(_BLAS_THREADS)
    os.environ[_BLAS_THREADS] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_BLAS_THREADS]
        else:
            os.environ[_BLAS_THREADS] = before


@contextmanager
def runner(problem: Problem, workers: int) -> Iterator[Runner]:
    """Yield a runner with so many worker processes; stopping early abandons what has not begun."""
    if workers == 1:
        yield Runner(problem)
        return
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_keep, initargs=(problem,))
    with _one_blas_thread_in_children(), pool:
        try:
            yield Runner(problem, pool)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


_BLAS_THREADS: Final = "OPENBLAS_NUM_THREADS"
_KEPT: list[Problem] = []


def _keep(problem: Problem) -> None:
    _KEPT.append(problem)


def _call(function: Callable[[Problem, IntArray], Outcome], item: IntArray) -> Outcome:
    return function(_KEPT[0], item)


def bootstrap_pipeline(problem: Problem, fitted: Fitted, progress: Progress, run: Runner) -> Bootstrap:
    """Refit everything on resamples of the patients and try it on the original ones."""
    everyone = np.arange(problem.endpoint.n)
    apparent = measures(problem, predict(problem, fitted, everyone), everyone)
    draws = draw_resamples(problem.endpoint.n, problem.config.resamples, problem.config.seed)
    done: list[_Resample | None] = list(_told(run(_resample, draws), len(draws), progress, "Resample"))
    optimism = collect_optimism(apparent, [(one.on_resample, one.on_original) if one else None for one in done])
    fitted_ones = [one for one in done if one is not None]
    selected = np.zeros(len(problem.cohort.names))
    for one in fitted_ones:
        selected[one.columns] += 1
    cuts = np.array([one.cut for one in fitted_ones if np.isfinite(one.cut)])
    missing = np.full(len(apparent), np.nan)
    outside = np.array([missing if one is None else one.out_of_bag for one in done]).reshape(len(done), len(apparent))
    n = problem.endpoint.n
    rows = np.array([one.rows for one in fitted_ones], dtype=np.int64).reshape(-1, n)
    survival = np.array([one.survival for one in fitted_ones]).reshape(-1, len(CARD_KINDS), n)
    return Bootstrap(optimism, outside, selected / max(len(fitted_ones), 1), cuts, rows, survival)


def redraw_folds(problem: Problem, progress: Progress, run: Runner) -> FoldDraws:
    """Repeat the selection on all patients with other draws of the folds."""
    seeds = [np.array([problem.config.seed, 3, k]) for k in range(problem.config.fold_draws)]
    done = list(_told(run(_redraw, seeds), len(seeds), progress, "Draw of folds")) if seeds else []
    selected = np.zeros(len(problem.cohort.names))
    for _, columns in done:
        selected[columns] += 1
    return FoldDraws(
        np.array([lambda_min for lambda_min, _ in done]),
        np.array([len(columns) for _, columns in done], dtype=np.int64),
        selected / max(len(done), 1),
    )


def _redraw(problem: Problem, seeds: IntArray) -> tuple[float, IntArray]:
    """Select again with other folds, never the given ones."""
    everyone = np.arange(problem.endpoint.n)
    fold = allocate_folds(len(everyone), min(problem.config.folds, len(everyone)), seed_of(problem.config.seed, seeds))
    signature = select(problem, prepare(problem, everyone), problem.endpoint, fold, Progress())
    return signature.cv.lambda_min if signature.cv else np.nan, signature.columns


def _told(outcomes: Iterable[Outcome], total: int, progress: Progress, what: str) -> Iterator[Outcome]:
    progress.advance(0, total, f"{what} 1 of {total}")
    for k, outcome in enumerate(outcomes, start=1):
        progress.advance(k, total, f"{what} {min(k + 1, total)} of {total}")
        yield outcome


def _resample(problem: Problem, rows: IntArray) -> _Resample | None:
    try:
        fitted = fit_pipeline(problem, rows, seed_of(problem.config.seed, rows))
        predictions = predict(problem, fitted, rows)
        on_resample = measures(problem, predictions, rows)
        on_original = measures(problem, predictions, np.arange(problem.endpoint.n))
        out_of_bag = _outside(problem, predictions, rows)
    except (EsccError, np.linalg.LinAlgError):
        return None
    cut = fitted.cutpoint.cut if fitted.cutpoint else np.nan
    columns = fitted.signature.columns
    return _Resample(on_resample, on_original, out_of_bag, columns, cut, rows, predictions.survival)


def _outside(problem: Problem, predictions: Predictions, rows: IntArray) -> FloatArray:
    """Score the patients not drawn; NaN where they are too few to be compared."""
    outside = np.setdiff1d(np.arange(problem.endpoint.n), rows)
    try:
        return measures(problem, predictions, outside)
    except EsccError:
        return np.full(2 * len(CARD_KINDS), np.nan)


@dataclass(frozen=True, eq=False)
class _Fold:
    test: IntArray
    rad_score: FloatArray
    high: FloatArray
    risk: FloatArray
    curves: FloatArray


def cross_validate(problem: Problem, progress: Progress, run: Runner) -> OutOfFold:
    """Predict every patient by pipelines fitted without them (nested: the LASSO has its own folds inside)."""
    n, config = problem.endpoint.n, problem.config
    folds = min(config.outer_folds, n)
    tests = [
        np.flatnonzero(allocation == label)
        for repeat in range(config.outer_repeats)
        for allocation in [_stratified(problem, folds, config.seed + 1 + repeat)]
        for label in range(1, folds + 1)
    ]
    done: list[_Fold | None] = list(_told(run(_fold, tests), len(tests), progress, "Fold"))
    kinds, grid = len(CARD_KINDS), problem.grid_months
    mean = _averaged(done, 2 + kinds * (1 + len(grid)), n)
    risk, curves = mean[2 : 2 + kinds], mean[2 + kinds :].reshape(kinds, len(grid), n).transpose(0, 2, 1)
    survival = curves[:, :, int(np.searchsorted(grid, config.horizon_months))]
    figures = [_figures(problem, row) for row in risk]
    c, c_se, auc, auc_se = (np.array(column) for column in zip(*figures, strict=True))
    n_failed = sum(one is None for one in done)
    return OutOfFold(mean[0], mean[1], risk, survival, curves, c, c_se, auc, auc_se, n_failed)


def _averaged(done: Sequence[_Fold | None], height: int, n: int) -> FloatArray:
    """Return the mean over the repeats (height, n), NaN for patients no model could judge."""
    sums, counts = np.zeros((height, n)), np.zeros((height, n))
    for one in done:
        if one is not None:
            curves = one.curves.transpose(0, 2, 1).reshape(-1, len(one.test))
            block = np.vstack([one.rad_score, one.high, one.risk, curves])
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
    return _Fold(test, score, high, predictions.risk[:, test], predictions.curves[:, test])


def _figures(problem: Problem, risk: FloatArray) -> tuple[float, float, float, float]:
    known = np.flatnonzero(np.isfinite(risk))
    if not len(known):
        return np.nan, np.nan, np.nan, np.nan
    outcome = problem.endpoint.take(known)
    auc = auc_at(outcome, risk[known], problem.config.horizon_months)
    try:
        concordance = c_index(outcome, risk[known])
    except EsccError:
        return np.nan, np.nan, auc.auc, auc.se
    return concordance.c, concordance.se, auc.auc, auc.se


def noise_benchmark(problem: Problem, progress: Progress, run: Runner) -> Noise:
    """Run the same pipeline on permuted outcomes: what n patients and p features give by chance."""
    rng = np.random.default_rng([problem.config.seed, 2])
    orders = [rng.permutation(problem.endpoint.n) for _ in range(problem.config.noise_repeats)]
    done = list(_told(run(_noise, orders), len(orders), progress, "Noise benchmark")) if orders else []
    figures = [one for one in done if one is not None]
    shape = (len(figures), 2 * len(CARD_KINDS))
    return Noise(np.array(figures, dtype=np.float64).reshape(shape), len(done) - len(figures))


def _noise(problem: Problem, order: IntArray) -> FloatArray | None:
    permuted = replace(problem, endpoint=problem.endpoint.take(order))
    everyone = np.arange(problem.endpoint.n)
    try:
        fitted = fit_pipeline(permuted, everyone, seed_of(problem.config.seed, order))
        return measures(permuted, predict(permuted, fitted, everyone), everyone)
    except (EsccError, np.linalg.LinAlgError):
        return None
