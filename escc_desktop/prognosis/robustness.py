"""How robust each feature is when the same reading is perturbed: across lesions, or within a single one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from escc_desktop.errors import EsccError
from escc_desktop.features.table import FeatureTable, RoiKey
from escc_desktop.prognosis.reproducibility import MIN_LESIONS
from escc_desktop.stats.agreement import IccMany, icc_many
from escc_desktop.stats.arrays import BoolArray, FloatArray

# Zwanenburg 2019 calls a feature robust from here on.
ROBUST_ICC = 0.9
MIN_PERTURBATIONS = 2


@dataclass(frozen=True, eq=False)
class PerturbedLesion:
    """The features of one reading as it was perturbed k times; `values` (k, p)."""

    key: RoiKey
    values: FloatArray


@dataclass(frozen=True, eq=False)
class Robustness:
    """ICC(1,1) of p features over lesions and their perturbations; NaN where a feature is constant (`is_constant`).

    Attributes
    ----------
    passed
        (p,) the point estimate reaches the threshold.
    """

    names: tuple[str, ...]
    icc: IccMany
    is_constant: BoolArray
    passed: BoolArray
    threshold: float
    n_patients: int
    n_lesions: int
    n_perturbations: int


@dataclass(frozen=True, eq=False)
class Spread:
    """How far p features of one lesion spread over its perturbations; each array (p,).

    Without other lesions there is no ICC: whether a spread is small depends on how much patients differ.

    Attributes
    ----------
    cv
        Standard deviation over the absolute mean; NaN where the mean is 0.
    quartile_spread
        Distance of the quartiles over the absolute median; NaN where that is 0.
    share
        Variance of the perturbations over the variance between the lesions of a cohort, where one is known and the
        feature varies in it: were all lesions as unsteady as this one, the ICC would be about 1 minus this share.
    """

    mean: FloatArray
    sd: FloatArray
    cv: FloatArray
    quartile_spread: FloatArray
    share: FloatArray


def robustness(names: Sequence[str], lesions: Sequence[PerturbedLesion], threshold: float = ROBUST_ICC) -> Robustness:
    """Return ICC(1,1) per feature, each lesion's perturbations being its repeated measurements.

    One way: the k-th perturbation of one lesion has nothing in common with the k-th of another.

    Parameters
    ----------
    names
        Of the p features.
    lesions
        All with the same number of perturbations.
    threshold
        A feature passes with a point estimate of at least this.

    Raises
    ------
    EsccError
        Fewer than three lesions or two perturbations.
    """
    if len(lesions) < MIN_LESIONS:
        raise EsccError(
            f"An ICC needs at least {MIN_LESIONS} lesions, there are {len(lesions)}.",
            "For single lesions there is the spread within the lesion.",
        )
    ratings = np.stack([lesion.values for lesion in lesions])
    if ratings.shape[1] < MIN_PERTURBATIONS:
        raise EsccError("Robustness needs at least 2 perturbations of each lesion.", "Ask for more.")
    found = icc_many(ratings, "icc1")
    is_constant = np.asarray(np.ptp(ratings, axis=(0, 1)) == 0)
    known = np.isfinite(found.icc) & ~is_constant
    return Robustness(
        names=tuple(names),
        icc=found,
        is_constant=is_constant,
        passed=np.asarray(known & (np.where(known, found.icc, -np.inf) >= threshold)),
        threshold=threshold,
        n_patients=len({lesion.key.patient_id for lesion in lesions}),
        n_lesions=len(lesions),
        n_perturbations=ratings.shape[1],
    )


def spread(lesion: PerturbedLesion, names: Sequence[str], cohort: FeatureTable | None = None) -> Spread:
    """Return how far the features of one lesion spread over its perturbations.

    Parameters
    ----------
    lesion, names
        Its values and the names of their columns.
    cohort
        Features of other lesions; reader A's first readings count.

    Raises
    ------
    EsccError
        Fewer than two perturbations, or the cohort lacks features or lesions.
    """
    values = lesion.values
    if len(values) < MIN_PERTURBATIONS:
        raise EsccError("Robustness needs at least 2 perturbations of each lesion.", "Ask for more.")
    mean, sd = values.mean(axis=0), values.std(axis=0, ddof=1)
    low, middle, high = np.percentile(values, [25, 50, 75], axis=0)
    between = np.zeros(values.shape[1])
    if cohort is not None:
        read = cohort.select("A", "first").only(names)
        if len(read.keys) < MIN_LESIONS:
            raise EsccError(
                f"The cohort has {len(read.keys)} first readings by reader A; {MIN_LESIONS} are needed.",
                "Name a table with more lesions.",
            )
        between = read.values.var(axis=0, ddof=1)
    return Spread(mean, sd, _over(sd, abs(mean)), _over(high - low, abs(middle)), _over(sd**2, between))


def _over(a: FloatArray, b: FloatArray) -> FloatArray:
    return np.asarray(np.divide(a, b, out=np.full(a.shape, np.nan), where=b > 0))
