"""Quantiles of the F distribution at many degrees of freedom at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.polynomial import chebyshev
from scipy import special

from escc_desktop.stats.arrays import FloatArray

# The logarithm of a quantile is so smooth in that of the degrees of freedom that 48 nodes give it to 1e-12.
_NODES = 48
_MANY = 4 * _NODES


def f_upper_denominator(tail: float, df1: float, df2: FloatArray) -> FloatArray:
    """Return the values F(df1, df2) exceeds with probability `tail`, for many denominators `df2`; NaN stays NaN."""
    return _interpolated(df2, lambda df: np.asarray(special.fdtri(df1, df, 1 - tail)))


def f_upper_numerator(tail: float, df1: FloatArray, df2: float) -> FloatArray:
    """Return the values F(df1, df2) exceeds with probability `tail`, for many numerators `df1`; NaN stays NaN."""
    return _interpolated(df1, lambda df: np.asarray(special.fdtri(df, df2, 1 - tail)))


def _interpolated(df: FloatArray, quantile: Callable[[FloatArray], FloatArray]) -> FloatArray:
    """Evaluate a quantile at a few nodes and interpolate; below one degree of freedom it runs off: value by value."""
    found = np.full_like(df, np.nan)
    known = np.isfinite(df)  # scipy takes a hundred times longer over a NaN than over a number
    smooth = known & (df >= 1)
    if np.count_nonzero(smooth) < _MANY or df[smooth].min() == df[smooth].max():
        found[known] = quantile(df[known])
        return found
    odd = known & ~smooth
    found[odd] = quantile(df[odd])
    x = np.log(df[smooth])
    middle, half = (x.max() + x.min()) / 2, (x.max() - x.min()) / 2
    nodes = np.cos(np.pi * (np.arange(_NODES) + 0.5) / _NODES)
    values = np.log(quantile(np.exp(middle + half * nodes)))
    found[smooth] = np.exp(chebyshev.chebval((x - middle) / half, chebyshev.chebfit(nodes, values, _NODES - 1)))
    return found
