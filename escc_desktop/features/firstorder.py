"""First-order features: the distribution of a region's values, as PyRadiomics 3.0.1 computes it.

Source: the definitions of PyRadiomics' ``firstorder`` (van Griethuysen et al. 2017) with ``voxelArrayShift`` 0. Sums
run over the same numbers in the same order, so values are the same to the last bit or nearly so. Values that are not
numbers are left out of everything but the grey levels.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from escc_desktop.features.discretise import Levels
from escc_desktop.features.names import FAMILIES

_EPSILON: Final = 2.0**-52
# Below this share of its terms the third moment is mostly rounding error.
_CANCELLED: Final = 1e-5


def firstorder_features(
    values: NDArray[Any], levels: Levels, voxel_volume_mm3: float, wanted: Collection[str] | None = None
) -> dict[str, float]:
    """Compute first-order features.

    Parameters
    ----------
    values
        (n,) of any real type, in the filtered image's unit.
    levels
        Their grey levels.
    voxel_volume_mm3
        Volume of a voxel.
    wanted
        Names such as ``Mean``; None for all 18.

    Returns
    -------
    dict
        Features by name, in the order of `names.FAMILIES`. Where no value is a number they are NaN, but for sums.
    """
    region = _Region(values, levels, voxel_volume_mm3)
    return {name: float(_FEATURES[name](region)) for name in FAMILIES["firstorder"] if wanted is None or name in wanted}


class _Region:
    """What several features share, worked out when first asked for."""

    def __init__(self, values: NDArray[Any], levels: Levels, voxel_volume_mm3: float) -> None:
        self.sorted = np.sort(values)  # what is not a number goes last
        self.n = int(values.size)
        self.missing: NDArray[np.bool_] | None = None
        self.values = values.astype(np.float64)
        self.levels = levels
        self.voxel_volume_mm3 = voxel_volume_mm3
        if np.isnan(self.sorted[-1]):
            self.missing = np.isnan(values)
            self.values[self.missing] = 0
            self.n -= int(np.count_nonzero(self.missing))
            self.sorted = self.sorted[: self.n]

    def mean_of(self, terms: NDArray[np.float64]) -> float:
        return float(terms.sum()) / self.n if self.n else float("nan")

    @cached_property
    def mean(self) -> float:
        return self.mean_of(self.values)

    @cached_property
    def energy(self) -> float:
        return float(np.square(self.values).sum())

    @cached_property
    def deviations(self) -> NDArray[np.float64]:
        deviations = self.values - self.mean
        if self.missing is not None:
            deviations[self.missing] = 0
        return deviations

    @cached_property
    def squares(self) -> NDArray[np.float64]:
        return np.square(self.deviations)

    @cached_property
    def moment2(self) -> float:
        return self.mean_of(self.squares)

    @cached_property
    def moment3(self) -> float:
        moment = self.mean_of(self.squares * self.deviations)
        if abs(moment) < _CANCELLED * np.sqrt(self.moment2 * self.moment4):
            # Rounding shows in what is left: round each term as PyRadiomics does.
            moment = self.mean_of(np.power(self.deviations, 3))
        return moment

    @cached_property
    def moment4(self) -> float:
        return self.mean_of(np.square(self.squares))

    @cached_property
    def shares(self) -> NDArray[np.float64]:
        """The share of each grey level that occurs."""
        counts = self.levels.counts[self.levels.counts > 0]
        return counts / float(counts.sum())

    @cached_property
    def percentile10(self) -> float:
        return self.percentile(10)

    @cached_property
    def percentile90(self) -> float:
        return self.percentile(90)

    def percentile(self, percent: int) -> float:
        """Interpolate between neighbours in order, rounding as ``numpy.percentile`` does."""
        if not self.n:
            return float("nan")
        place = (self.n - 1) * (percent / 100)
        below = int(place)
        part = place - below
        low, high = float(self.sorted[below]), float(self.sorted[min(below + 1, self.n - 1)])
        return high - (high - low) * (1 - part) if part >= 0.5 else low + (high - low) * part


def _median(region: _Region) -> float:
    if not region.n:
        return float("nan")
    middle = region.n // 2
    upper = float(region.sorted[middle])
    return upper if region.n % 2 else (float(region.sorted[middle - 1]) + upper) / 2


def _robust_mean_absolute_deviation(region: _Region) -> float:
    inside = (region.values >= region.percentile10) & (region.values <= region.percentile90)
    if region.missing is not None:
        inside &= ~region.missing
    n = np.count_nonzero(inside)
    if not n:
        return float("nan")
    mean = np.where(inside, region.values, 0).sum() / n
    return float(np.where(inside, np.abs(region.values - mean), 0).sum() / n)


def _lowest(region: _Region) -> float:
    return float(region.sorted[0]) if region.n else float("nan")


def _highest(region: _Region) -> float:
    return float(region.sorted[-1]) if region.n else float("nan")


def _root_mean_squared(region: _Region) -> float:
    return float(np.sqrt(region.energy / region.n)) if region.n else float("nan")


def _skewness(region: _Region) -> float:
    return region.moment3 / float((region.moment2 or 1.0) ** 1.5)


def _kurtosis(region: _Region) -> float:
    return region.moment4 / (region.moment2 or 1.0) ** 2


_FEATURES: Final[dict[str, Callable[[_Region], float]]] = {
    "10Percentile": lambda region: region.percentile10,
    "90Percentile": lambda region: region.percentile90,
    "Energy": lambda region: region.energy,
    "Entropy": lambda region: -np.sum(region.shares * np.log2(region.shares + _EPSILON)),
    "InterquartileRange": lambda region: region.percentile(75) - region.percentile(25),
    "Kurtosis": _kurtosis,
    "Maximum": _highest,
    "MeanAbsoluteDeviation": lambda region: region.mean_of(np.abs(region.deviations)),
    "Mean": lambda region: region.mean,
    "Median": _median,
    "Minimum": _lowest,
    "Range": lambda region: _highest(region) - _lowest(region),
    "RobustMeanAbsoluteDeviation": _robust_mean_absolute_deviation,
    "RootMeanSquared": _root_mean_squared,
    "Skewness": _skewness,
    "TotalEnergy": lambda region: region.energy * region.voxel_volume_mm3,
    "Uniformity": lambda region: np.square(region.shares).sum(),
    "Variance": lambda region: np.sqrt(region.moment2) ** 2,
}
