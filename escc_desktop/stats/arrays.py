"""The array types the statistics share, and the one way in."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from escc_desktop.errors import EsccError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

# No measurement is larger, and squares of larger numbers overflow.
LARGEST = 1e100
# No difference between measurements is smaller, and squares of smaller numbers vanish.
SMALLEST = 1e-100


def finite(values: npt.ArrayLike, what: str, n_axes: int = 1) -> FloatArray:
    """Return `values` as float64 with `n_axes` axes.

    Raises
    ------
    EsccError
        They have another number of axes, are empty, or hold a value that is missing, infinite or beyond 1e100.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != n_axes or array.size == 0:
        raise EsccError(f"{what} must be a filled array of {n_axes} axes, not of shape {array.shape}.")
    bad = np.flatnonzero(~(np.abs(array) < LARGEST).reshape(array.shape[0], -1).all(axis=1))
    if bad.size:
        raise EsccError(
            f"{what} has {bad.size} rows with missing, infinite or absurdly large values (first: row {bad[0] + 1}).",
            "Complete or leave out these rows.",
        )
    return array


def varying(X: npt.ArrayLike) -> BoolArray:
    """Return which columns of X (n, p) hold more than one value (beyond rounding)."""
    columns = finite(X, "The table of features", n_axes=2)
    return np.asarray(np.ptp(columns, axis=0) > np.maximum(1e-13 * np.abs(columns).max(axis=0), SMALLEST))
