"""A covariance from few observations: correlations drawn towards none, as Ledoit and Wolf (Schaefer, Strimmer 2005)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from escc_desktop.errors import EsccError
from escc_desktop.stats.arrays import FloatArray, finite


@dataclass(frozen=True, eq=False)
class ShrunkCovariance:
    """Second moments (k, k) of n observations; `intensity` is 0 where they stand as observed, 1 for no correlation."""

    matrix: FloatArray
    intensity: float
    n: int


def shrunk_moments(observations: npt.ArrayLike) -> ShrunkCovariance:
    """Return the mean of d d' over observations d about 0, its correlations shrunk.

    The intensity is the one of least expected squared error, estimated: the summed variances of the observed
    correlations over the sum of their squares. Variances are kept as observed. The matrix is positive definite
    whenever every column varies and something was shrunk.

    Parameters
    ----------
    observations
        (n, k) deviations whose mean is 0 or counts as error itself.

    Raises
    ------
    EsccError
        Fewer than three observations, or a missing value.
    """
    rows = finite(observations, "The differences between readings", n_axes=2)
    n, k = rows.shape
    if n < 3:
        raise EsccError("A covariance needs three observations or more.")
    spread = np.sqrt(np.mean(rows**2, axis=0))
    unit = rows / np.where(spread > 0, spread, 1.0)
    products = np.einsum("ni,nj->nij", unit, unit)
    correlation = products.mean(axis=0)
    noise = products.var(axis=0, ddof=1) / n
    off = ~np.eye(k, dtype=np.bool_)
    squares = float(np.sum(correlation[off] ** 2))
    intensity = 1.0 if squares == 0 else float(np.clip(noise[off].sum() / squares, 0.0, 1.0))
    shrunk = np.where(off, (1 - intensity) * correlation, np.eye(k))
    return ShrunkCovariance(np.asarray(shrunk * np.outer(spread, spread)), intensity, n)
