"""GLCM's maximal correlation coefficient (MCC), as PyRadiomics 3.0.1 computes it."""

from __future__ import annotations

from typing import Final

import numpy as np

from escc_desktop.features import _mcc
from escc_desktop.features.textures import EPSILON, Entries, Values

# So few levels can be independent of each other to the last digit; the second eigenvalue is then the rounding error
# of a zero, and only the same solver on the same matrix finds the same one.
_FEW_LEVELS: Final = 12


def maximal_correlation(pairs: Entries, n: int) -> Values:
    """Return the square root of the second largest eigenvalue of Q, for each direction.

    Parameters
    ----------
    pairs
        Symmetric, all directions.
    n
        Number of grey levels.

    Returns
    -------
    ndarray
        (directions,): 1 where there is but one level, NaN where rounding made the eigenvalue negative.
    """
    directions = len(pairs.starts) - 1
    if n < 2:
        return np.ones(1)
    if n <= _FEW_LEVELS:
        return _by_all_eigenvalues(pairs, n)
    values = np.empty(directions)
    _mcc.second_eigenvalues(n, pairs.starts, pairs.row, pairs.column, pairs.count, values)
    return np.sqrt(values)


def _by_all_eigenvalues(pairs: Entries, n: int) -> Values:
    directions = len(pairs.starts) - 1
    p = np.zeros((directions, n, n))
    p[np.repeat(np.arange(directions), np.diff(pairs.starts)), pairs.row, pairs.column] = pairs.count
    p /= p.sum(axis=(1, 2), keepdims=True)
    # Summed over levels one after the other, as PyRadiomics does.
    px = np.add.accumulate(p, axis=2)[:, :, -1]
    q = np.zeros_like(p)
    for k in range(n):
        q += p[:, :, None, k] * p[:, None, :, k] / (px[:, :, None] * px[:, None, None, k] + EPSILON)
    values = np.linalg.eigvals(q)
    if not values.imag.any():  # numpy 2.5 stopped doing this itself; a square root of -1e-17 is NaN, not 0
        values = values.real
    values = np.sort(values, axis=1)
    second: Values = np.sqrt(values[:, -2]).real
    return second
