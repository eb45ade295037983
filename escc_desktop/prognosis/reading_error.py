"""Reader variability carried into the risk: errors of the signature's features, from lesions read twice.

Everything between feature and linear predictor is linear, so the variance of a score is exact given the covariance of
the features' errors; survival follows by its own monotone formula.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from escc_desktop.prognosis.card import CardKind
from escc_desktop.prognosis.card_parts import Range
from escc_desktop.prognosis.card_reader import ReadAgain, ReaderError, size_factor
from escc_desktop.prognosis.cohort import VOLUME
from escc_desktop.prognosis.pipeline import Fitted, FittedModel, Problem, Signature
from escc_desktop.prognosis.reproducibility import Agreement
from escc_desktop.stats.arrays import FloatArray, IntArray
from escc_desktop.stats.shrinkage import ShrunkCovariance, shrunk_moments

FLIP_RESAMPLES = 500


@dataclass(frozen=True, eq=False)
class Reread:
    """Lesions read twice: changes (n, k) of the signature's features per SD, for a lesion of the reference volume.

    `scores` (n, 2) are the Rad-scores of the first and the other reading as they were.
    """

    comparison: Agreement
    changes: FloatArray
    moments: ShrunkCovariance
    scores: FloatArray


@dataclass(frozen=True, eq=False)
class ReadingError:
    """All comparisons of a development; `volumes` (n,) of its patients in mm3, NaN where unknown."""

    rereads: tuple[Reread, ...]
    reference_volume: float | None
    range_of_volumes: Range | None
    volumes: FloatArray

    def of_card(self, signature: Signature, model: FittedModel) -> ReaderError:
        """Return what the card of a model keeps."""
        weights = score_weights(signature, model)
        readings = tuple(
            ReadAgain(
                comparison=one.comparison.comparison,
                n_lesions=one.moments.n,
                score_sd=spread(one.moments.matrix, signature.coef),
                lp_sd=spread(one.moments.matrix, weights),
            )
            for one in self.rereads
        )
        return ReaderError(readings=readings, reference_volume=self.reference_volume, volumes=self.range_of_volumes)


def spread(moments: FloatArray, weights: FloatArray) -> float:
    """Return the standard deviation of a weighted sum of the features' changes."""
    return math.sqrt(max(float(weights @ moments @ weights), 0.0))


def score_weights(signature: Signature, model: FittedModel) -> FloatArray:
    """Return what one SD of each feature of the signature adds to the model's linear predictor, (k,)."""
    weights = np.zeros(len(signature.coef))
    if model.fit is None:
        return weights
    if model.uses_score:
        return np.asarray(signature.coef * model.fit.coef[0])
    weights[list(model.selected)] = model.fit.coef[: len(model.selected)]
    return weights


def reading_error(problem: Problem, fitted: Fitted) -> ReadingError | None:
    """Measure the errors of a signature's features; None without a signature or without lesions read twice."""
    signature, agreements = fitted.signature, problem.agreements
    if agreements is None or not len(signature.coef):
        return None
    column = problem.cohort.names.index(VOLUME) if VOLUME in problem.cohort.names else None
    volumes = np.full(problem.endpoint.n, np.nan) if column is None else problem.cohort.features[:, column]
    read = [] if column is None else [one.first[:, column] for one in agreements.comparisons]
    known = np.concatenate(read) if read else np.zeros(0)
    if not len(known) or not np.all(np.isfinite(known) & (known > 0)):
        reference, held = None, None
    else:
        reference = float(np.exp(np.log(known).mean()))
        held = Range(minimum=float(known.min()), maximum=float(known.max()))
    size = ReaderError(readings=(), reference_volume=reference, volumes=held)
    rereads = tuple(_reread(one, signature, size, column) for one in agreements.comparisons)
    return ReadingError(rereads, reference, held, np.asarray(volumes))


def _reread(one: Agreement, signature: Signature, size: ReaderError, column: int | None) -> Reread:
    changes = signature.scaled(one.second) - signature.scaled(one.first)
    factors = np.array([size_factor(size, None if column is None else float(row[column])) for row in one.first])
    changes = changes / factors[:, None]
    scores = np.column_stack([signature.scores(one.first), signature.scores(one.second)])
    return Reread(one, changes, shrunk_moments(changes), scores)


def flips(score: FloatArray, cut: float, sd: FloatArray, df: int) -> FloatArray:
    """Return the probability (n,) that another reading would put each patient into the other group."""
    return np.asarray(stats.t.sf(np.abs(score - cut) / np.maximum(sd, 1e-300), df))


def flip_rate(
    error: ReadingError, reread: Reread, coef: FloatArray, score: FloatArray, cut: float, seed: int
) -> tuple[float, float, float]:
    """Return the expected share of flipped patients and its 95 % interval over resamples of the lesions read twice."""
    factors = np.array([size_factor(_sizes(error), float(volume)) for volume in error.volumes])
    n, rng = len(reread.changes), np.random.default_rng([seed, 5])

    def rate(rows: IntArray) -> float:
        sd = spread(shrunk_moments(reread.changes[rows]).matrix, coef)
        return float(flips(score, cut, sd * factors, n).mean())

    drawn = [rate(rng.integers(0, n, n)) for _ in range(FLIP_RESAMPLES)]
    low, high = np.quantile(drawn, (0.025, 0.975))
    return rate(np.arange(n)), float(low), float(high)


def _sizes(error: ReadingError) -> ReaderError:
    return ReaderError(readings=(), reference_volume=error.reference_volume, volumes=error.range_of_volumes)


def components(error: ReadingError, coef: FloatArray) -> tuple[float | None, float | None]:
    """Return the Rad-score's standard deviation of one reading within a reader, and between the two beyond that.

    A change is the difference of two readings: half its variance belongs to each. What the readers differ by beyond
    the same reader's own error is clipped at 0.
    """
    variance = {one.comparison.comparison: spread(one.moments.matrix, coef) ** 2 for one in error.rereads}
    within, both = variance.get("intra"), variance.get("inter")
    between = None if within is None or both is None else float(np.sqrt(max(both - within, 0.0) / 2))
    return None if within is None else float(np.sqrt(within / 2)), between


def readers_of_cards(error: ReadingError | None, fitted: Fitted) -> dict[CardKind, ReaderError | None]:
    """Return what each card keeps of its readers; nothing for a model without features."""
    return {
        kind: None if error is None or kind == "clinical" else error.of_card(fitted.signature, model)
        for kind, model in fitted.models.items()
    }
