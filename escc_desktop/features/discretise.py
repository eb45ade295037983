"""Grey levels of a region's values: bins of fixed width, as PyRadiomics 3.0.1 counts them.

Source: PyRadiomics' ``imageoperations.getBinEdges`` and ``numpy.digitize``. Edges lie at multiples of the bin width
from the one at or below the lowest value, which is worked out in the values' own precision: a value within a rounding
error of an edge falls on the side that precision says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from escc_desktop.errors import EsccError

# A quotient this close to a whole number is looked up among the edges; the division itself errs by far less.
_NEAR_AN_EDGE: Final = 1e-6
MAX_LEVELS: Final = 10_000_000
_MAX_QUOTIENT: Final = 1e8
_MIN_TABLE: Final = 4096


@dataclass(frozen=True, eq=False)
class Levels:
    """The grey levels of a region.

    Attributes
    ----------
    levels
        int32 (n,), from 1, in the order of the values.
    n_levels
        The highest level.
    first_edge
        Lower edge of level 1, in the values' unit; NaN where no value is a number.
    counts
        int64 (n_levels,): voxels of level 1, 2, ...
    """

    levels: NDArray[np.int32]
    n_levels: int
    first_edge: float
    counts: NDArray[np.int64]


def discretise(values: NDArray[Any], bin_width: float, first_edge: float | None = None) -> Levels:
    """Sort values into bins of one width.

    A value that is not a number goes to the level above all edges. So does PyRadiomics, unless it is the first.

    Parameters
    ----------
    values
        (n,) of any real type, at least one, none infinite.
    bin_width
        In the values' unit.
    first_edge
        Lower edge of level 1, at or below the lowest value; None for the multiple of `bin_width` there.

    Raises
    ------
    EsccError
        More than ten million levels.
    ValueError
        No values, infinite ones or some below `first_edge`.
    """
    low, high = _extremes(values)
    if np.isnan(low):
        return _levels(np.ones(values.shape, np.int32), float("nan"))
    if np.isinf(low) or np.isinf(high) or (first_edge is not None and low < first_edge):
        raise ValueError(f"cannot discretise values from {low} to {high} above {first_edge}")
    edges = _edges(low, high, bin_width, first_edge)
    if np.issubdtype(values.dtype, np.integer):
        levels = _look_up(values, int(low), int(high), edges)
    else:
        levels = _divide(values, edges, bin_width)
    return _levels(levels, float(edges[0]))


def _levels(levels: NDArray[np.int32], first_edge: float) -> Levels:
    counts = np.bincount(levels)[1:]
    return Levels(levels, len(counts), first_edge, counts.astype(np.int64, copy=False))


def _extremes(values: NDArray[Any]) -> tuple[Any, Any]:
    """Return the lowest and the highest number, in double precision where the values are integers."""
    low, high = np.fmin.reduce(values), np.fmax.reduce(values)
    if np.issubdtype(values.dtype, np.integer):
        return np.float64(low), np.float64(high)  # int16 would overflow near its limits
    return low, high


def _edges(low: Any, high: Any, bin_width: float, first_edge: float | None) -> NDArray[np.float64]:
    n_levels = (float(high) - float(low)) / bin_width
    if n_levels > MAX_LEVELS:
        raise EsccError(f"Bins of {bin_width:g} make {n_levels:.3g} grey levels of this region.", "Choose wider bins.")
    start = low - low % bin_width if first_edge is None else np.float64(first_edge)
    edges = np.arange(start, high + 2 * bin_width, bin_width)
    if len(edges) > 1:
        return edges
    if len(edges) == 1:
        return np.array([edges[0] - 0.5, edges[0] + 0.5])
    return np.array([float(low)])  # so large that a bin width more makes no difference


def _look_up(values: NDArray[Any], low: int, high: int, edges: NDArray[np.float64]) -> NDArray[np.int32]:
    """Work out the level of each whole number once."""
    if high - low >= max(_MIN_TABLE, values.size):
        return np.searchsorted(edges, values, side="right").astype(np.int32)
    table = np.searchsorted(edges, np.arange(low, high + 1), side="right").astype(np.int32)
    levels: NDArray[np.int32] = table[np.subtract(values, low, dtype=np.intp, casting="unsafe")]
    return levels


def _divide(values: NDArray[Any], edges: NDArray[np.float64], bin_width: float) -> NDArray[np.int32]:
    """Divide where no rounding can matter, look up the rest among the edges."""
    even = float(edges[0]) + bin_width * np.arange(len(edges))
    uneven = np.abs(edges - even).max() / bin_width
    if uneven > _NEAR_AN_EDGE or max(abs(float(edges[0])), abs(float(edges[-1]))) > _MAX_QUOTIENT * bin_width:
        return np.searchsorted(edges, values, side="right").astype(np.int32)
    quotient = (values - edges[0]) / bin_width
    off = np.rint(quotient)
    off -= quotient
    np.abs(off, out=off)
    doubtful = np.flatnonzero(~(off > 2 * _NEAR_AN_EDGE))
    quotient[doubtful] = 0  # NaN has no place among integers
    levels: NDArray[np.int32] = quotient.astype(np.int32)
    levels += 1
    levels[doubtful] = np.searchsorted(edges, values[doubtful], side="right")
    return levels
