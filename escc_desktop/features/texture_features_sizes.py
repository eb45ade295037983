"""GLDM, GLRLM and GLSZM: matrices of grey level against dependence, run length or zone size.

The three families are the same sums under three sets of names; formulas and names are PyRadiomics' 3.0.1.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from escc_desktop.features.textures import EPSILON, Entries, Values, add_by_index


class SizeMatrix:
    """Sums over the entries of one matrix, for each direction at once.

    Parameters
    ----------
    entries
        The matrix; `column` is the size (dependence, run length, zone size).
    levels
        (n,): the grey level of each row.
    """

    def __init__(self, entries: Entries, levels: NDArray[np.int32]) -> None:
        self._directions = len(entries.starts) - 1
        self._direction = np.repeat(np.arange(self._directions), np.diff(entries.starts))
        self._row = entries.row
        self._levels = levels.astype(np.float64)
        self._count = entries.count.astype(np.float64)
        self._sizes, self._column = np.unique(entries.column, return_inverse=True)

    def total(self, values: Values) -> Values:
        """Return the sum of a value of each entry, for each direction."""
        return add_by_index(self._direction, values, self._directions)

    def weighted(self, of_level: Callable[[Values], Values], of_size: Callable[[Values], Values]) -> Values:
        """Return the mean over all entries of a function of the level times one of the size."""
        by_entry = of_level(self._levels)[self._row] * of_size(self._sizes.astype(np.float64))[self._column]
        return self.total(self._count * by_entry) / self.n

    @cached_property
    def n(self) -> Values:
        """Number of runs, zones or voxels, for each direction."""
        return self.total(self._count)

    @cached_property
    def by_level(self) -> Values:
        """Entries summed over sizes: (directions, levels)."""
        return self._summed(self._row, len(self._levels))

    @cached_property
    def by_size(self) -> Values:
        """Entries summed over levels: (directions, sizes present)."""
        return self._summed(self._column, len(self._sizes))

    def _summed(self, index: NDArray[np.integer], n: int) -> Values:
        shape = (self._directions, n)
        return add_by_index(self._direction * n + index, self._count, shape[0] * shape[1]).reshape(shape)

    @cached_property
    def entropy(self) -> Values:
        """Entropy of the normalised matrix, in bits."""
        p = self._count / self.n[self._direction]
        return -self.total(p * np.log2(p + EPSILON))

    @property
    def level_variance(self) -> Values:
        """Variance of the level over runs, zones or voxels."""
        return _variance(self.by_level / self.n[:, None], self._levels)

    @property
    def size_variance(self) -> Values:
        """Variance of the size over runs, zones or voxels."""
        return _variance(self.by_size / self.n[:, None], self._sizes.astype(np.float64))

    @property
    def percentage(self) -> Values:
        """Number of runs or zones over the number of voxels."""
        voxels: Values = (self.by_size * self._sizes).sum(axis=1)
        return self.n / voxels


def _variance(p: Values, values: Values) -> Values:
    mean = (p * values).sum(axis=1, keepdims=True)
    spread: Values = (p * (values - mean) ** 2).sum(axis=1)
    return spread


def _one(values: Values) -> Values:
    return np.ones_like(values)


def _square(values: Values) -> Values:
    return values**2


def _inverse_square(values: Values) -> Values:
    return 1 / values**2


_Formula = Callable[[SizeMatrix], Values]


def _emphasis(of_level: Callable[[Values], Values], of_size: Callable[[Values], Values]) -> _Formula:
    return lambda matrix: matrix.weighted(of_level, of_size)


def _formulas(thing: str, size: str, small: str, large: str) -> dict[str, _Formula]:
    """Name the formulas for one family: the counted thing, its size, and small and large sizes."""
    thing_emphasis = f"{thing}Emphasis"
    return {
        f"{small}Emphasis": _emphasis(_one, _inverse_square),
        f"{large}Emphasis": _emphasis(_one, _square),
        f"LowGrayLevel{thing_emphasis}": _emphasis(_inverse_square, _one),
        f"HighGrayLevel{thing_emphasis}": _emphasis(_square, _one),
        f"{small}LowGrayLevelEmphasis": _emphasis(_inverse_square, _inverse_square),
        f"{small}HighGrayLevelEmphasis": _emphasis(_square, _inverse_square),
        f"{large}LowGrayLevelEmphasis": _emphasis(_inverse_square, _square),
        f"{large}HighGrayLevelEmphasis": _emphasis(_square, _square),
        "GrayLevelNonUniformity": lambda m: (m.by_level**2).sum(axis=1) / m.n,
        "GrayLevelNonUniformityNormalized": lambda m: (m.by_level**2).sum(axis=1) / m.n**2,
        f"{size}NonUniformity": lambda m: (m.by_size**2).sum(axis=1) / m.n,
        f"{size}NonUniformityNormalized": lambda m: (m.by_size**2).sum(axis=1) / m.n**2,
        "GrayLevelVariance": lambda m: m.level_variance,
        f"{thing or size}Variance": lambda m: m.size_variance,
        f"{thing or size}Entropy": lambda m: m.entropy,
        f"{thing}Percentage": lambda m: m.percentage,
    }


FORMULAS: Final = {
    "gldm": _formulas("", "Dependence", "SmallDependence", "LargeDependence"),
    "glrlm": _formulas("Run", "RunLength", "ShortRun", "LongRun"),
    "glszm": _formulas("Zone", "SizeZone", "SmallArea", "LargeArea"),
}
