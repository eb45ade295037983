"""How much of an apparent figure is optimism: bootstrap of a whole pipeline, Harrell's correction and .632+."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from escc_desktop.progress import Progress
from escc_desktop.stats.arrays import FloatArray, IntArray

Scored = tuple[FloatArray, FloatArray] | None
FitAndScore = Callable[[IntArray], Scored]

_Z95 = float(special.ndtri(0.975))


@dataclass(frozen=True)
class Optimism:
    """Harrell's bootstrap: training on a resample, the resample's score and the original patients' score.

    Attributes
    ----------
    on_resample, on_original
        (repeats, measures); rows of a resample that failed are NaN.
    n_failed
        Resamples on which the model could not be fitted; they are left out of every mean.
    """

    apparent: FloatArray
    on_resample: FloatArray
    on_original: FloatArray
    n_failed: int

    @property
    def optimism(self) -> FloatArray:
        """Mean of (resample - original) per measure, 0 where no resample could be scored."""
        gap = self.on_resample - self.on_original
        valid = np.isfinite(gap)
        return np.asarray(np.where(valid, gap, 0.0).sum(axis=0) / np.maximum(valid.sum(axis=0), 1))

    @property
    def corrected(self) -> FloatArray:
        """Apparent figure less its optimism."""
        return np.asarray(self.apparent - self.optimism)

    @property
    def model_sd(self) -> FloatArray:
        """How far the refitted models scatter when they are tried on the same original patients."""
        valid = np.isfinite(self.on_original)
        count = np.maximum(valid.sum(axis=0), 2)
        centred = np.where(valid, self.on_original, 0.0)
        mean = centred.sum(axis=0) / count
        squares = np.where(valid, (self.on_original - mean) ** 2, 0.0)
        return np.asarray(np.sqrt(squares.sum(axis=0) / (count - 1)))


def interval_of(corrected: FloatArray, sampling_se: FloatArray, model_sd: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return a 95 % interval of a corrected figure within [0, 1].

    Two sources add up: the patients the figure is measured on (`sampling_se`, from out-of-fold predictions) and the
    model that another sample would have given (`Optimism.model_sd`).
    """
    half = _Z95 * np.sqrt(sampling_se**2 + model_sd**2)
    return np.clip(corrected - half, 0.0, 1.0), np.clip(corrected + half, 0.0, 1.0)


def point_632_plus(apparent: FloatArray, out_of_bag: FloatArray, no_information: float = 0.5) -> FloatArray:
    """Return the .632+ estimate of figures for which larger is better (Efron and Tibshirani 1997).

    Harrell's optimism tries a model on patients two thirds of whom trained it, and takes too little off where
    features are searched among many. Here the weight of the out-of-bag figure grows to 1 as the model learns by
    heart, so that pure noise is told as `no_information`.

    Parameters
    ----------
    out_of_bag
        Mean figure of refitted models on the patients not drawn.
    """
    outside = np.clip(out_of_bag, np.minimum(no_information, apparent), None)
    room = apparent - no_information
    learned_by_heart = np.divide(apparent - outside, room, out=np.zeros_like(room), where=room > 0)
    weight = 0.632 / (1 - 0.368 * np.clip(learned_by_heart, 0.0, 1.0))
    return np.asarray((1 - weight) * apparent + weight * outside)


def optimism_bootstrap(
    fit_and_score: FitAndScore, apparent: FloatArray, resamples: Sequence[IntArray], progress: Progress
) -> Optimism:
    """Repeat a whole pipeline on resamples of the patients (Harrell's optimism).

    Parameters
    ----------
    fit_and_score
        Gets the drawn rows (n,), fits on them and returns (measures on the resample, measures on the original
        patients), or None where the model could not be fitted.
    apparent
        (measures,) of the model fitted and scored on the original patients.
    resamples
        Rows of each resample (see `draw_resamples`).
    """

    def scored() -> Iterator[Scored]:
        for k, rows in enumerate(resamples):
            progress.advance(k, len(resamples), f"Resample {k + 1} of {len(resamples)}")
            yield fit_and_score(rows)

    return collect_optimism(apparent, scored())


def collect_optimism(apparent: FloatArray, scored: Iterable[Scored]) -> Optimism:
    """Gather what resamples scored, wherever they were run; None stands for a resample that failed."""
    outcomes = list(scored)
    missing = np.full(len(apparent), np.nan)
    pairs = [(missing, missing) if outcome is None else outcome for outcome in outcomes]
    both = np.array(pairs, dtype=np.float64).reshape(len(pairs), 2, len(apparent))
    n_failed = sum(outcome is None for outcome in outcomes)
    return Optimism(np.asarray(apparent, dtype=np.float64), both[:, 0], both[:, 1], n_failed)


def draw_resamples(n: int, repeats: int, seed: int) -> tuple[IntArray, ...]:
    """Return rows of bootstrap resamples, each n rows drawn with replacement."""
    rng = np.random.default_rng(seed)
    return tuple(rng.integers(0, n, size=n) for _ in range(repeats))
