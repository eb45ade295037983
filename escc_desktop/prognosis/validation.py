"""How much of an apparent figure is optimism: whole-pipeline bootstrap, nested cross-validation, noise benchmark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from escc_desktop.errors import EsccError
from escc_desktop.prognosis.card import CARD_KINDS
from escc_desktop.prognosis.nested import OutOfFold, cross_validate
from escc_desktop.prognosis.pipeline import (
    Fitted,
    Predictions,
    Prepared,
    Problem,
    fit_pipeline,
    measures,
    predict,
    prepare,
    select,
)
from escc_desktop.prognosis.repeating import Runner, runner, seed_of, told
from escc_desktop.progress import Progress
from escc_desktop.stats.arrays import FloatArray, IntArray
from escc_desktop.stats.optimism import Optimism, collect_optimism, draw_resamples, point_632_plus
from escc_desktop.stats.selection import allocate_folds


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


def validate(problem: Problem, fitted: Fitted, progress: Progress) -> Validation:
    """Run everything; results depend on the configuration's seed, never on the number of workers."""
    config = problem.config
    with runner(problem, config.workers) as run:
        draws = redraw_folds(problem, progress.part(0.0, 0.15), run)
        out_of_fold = cross_validate(problem, progress.part(0.15, 0.3), run)
        bootstrap = bootstrap_pipeline(problem, fitted, progress.part(0.3, 0.75), run)
        noise = noise_benchmark(problem, progress.part(0.75, 1.0), run)
    return Validation(draws, bootstrap, out_of_fold, noise)


def bootstrap_pipeline(problem: Problem, fitted: Fitted, progress: Progress, run: Runner) -> Bootstrap:
    """Refit everything on resamples of the patients and try it on the original ones."""
    everyone = np.arange(problem.endpoint.n)
    apparent = measures(problem, predict(problem, fitted, everyone), everyone)
    draws = draw_resamples(problem.endpoint.n, problem.config.resamples, problem.config.seed)
    done: list[_Resample | None] = list(told(run(_resample, draws), len(draws), progress, "Resample"))
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
    # What comes before the LASSO does not look at the folds.
    redraw = partial(_redraw, prepared=prepare(problem, np.arange(problem.endpoint.n)))
    done = list(told(run(redraw, seeds), len(seeds), progress, "Draw of folds")) if seeds else []
    selected = np.zeros(len(problem.cohort.names))
    for _, columns in done:
        selected[columns] += 1
    return FoldDraws(
        np.array([lambda_min for lambda_min, _ in done]),
        np.array([len(columns) for _, columns in done], dtype=np.int64),
        selected / max(len(done), 1),
    )


def _redraw(problem: Problem, seeds: IntArray, *, prepared: Prepared) -> tuple[float, IntArray]:
    """Select again with other folds, never the given ones."""
    n = problem.endpoint.n
    fold = allocate_folds(n, min(problem.config.folds, n), seed_of(problem.config.seed, seeds))
    signature = select(problem, prepared, problem.endpoint, fold, Progress())
    return signature.cv.lambda_min if signature.cv else np.nan, signature.columns


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


def noise_benchmark(problem: Problem, progress: Progress, run: Runner) -> Noise:
    """Run the same pipeline on permuted outcomes: what n patients and p features give by chance."""
    rng = np.random.default_rng([problem.config.seed, 2])
    orders = [rng.permutation(problem.endpoint.n) for _ in range(problem.config.noise_repeats)]
    done = list(told(run(_noise, orders), len(orders), progress, "Noise benchmark")) if orders else []
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
