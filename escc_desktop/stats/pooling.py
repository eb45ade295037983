"""Rubin's rules: one estimate from several completed sets, with Barnard and Rubin's degrees of freedom (1999)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from escc_desktop.errors import EsccError
from escc_desktop.stats.arrays import FloatArray, finite


@dataclass(frozen=True, eq=False)
class Pooled:
    """p pooled coefficients.

    Attributes
    ----------
    covariance
        (p, p) within the sets plus (1 + 1/m) between them.
    df
        (p,) degrees of freedom, never more than complete data would have.
    missing_information
        (p,) share of the variance that the gaps are to blame for (lambda of van Buuren 2018).
    """

    coef: FloatArray
    covariance: FloatArray
    df: FloatArray
    missing_information: FloatArray

    @property
    def se(self) -> FloatArray:
        """(p,) standard errors."""
        return np.asarray(np.sqrt(np.diag(self.covariance)))

    @property
    def p(self) -> FloatArray:
        """(p,) two-sided P against 0, by Student's t."""
        return np.asarray(2 * stats.t.sf(np.abs(self.coef) / self.se, self.df))

    def half_width(self, level: float = 0.95) -> FloatArray:
        """Return (p,) what to add and take off for an interval."""
        return np.asarray(stats.t.ppf((1 + level) / 2, self.df) * self.se)


def pool(coefs: npt.ArrayLike, covariances: npt.ArrayLike, df_complete: float) -> Pooled:
    """Combine estimates.

    Parameters
    ----------
    coefs, covariances
        (m, p) and (m, p, p) of m completed sets.
    df_complete
        Degrees of freedom without gaps; events less coefficients for a Cox model.

    Raises
    ------
    EsccError
        Fewer than two sets, or shapes that do not fit.
    """
    estimates = finite(coefs, "The coefficients", n_axes=2)
    within = finite(covariances, "The covariances", n_axes=3)
    m, p = estimates.shape
    if m < 2 or within.shape != (m, p, p):
        raise EsccError("Rubin's rules need the estimates of two completed sets or more.")
    between = np.atleast_2d(np.cov(estimates, rowvar=False))
    total = within.mean(axis=0) + (1 + 1 / m) * between
    share = np.clip((1 + 1 / m) * np.diag(between) / np.diag(total), 0.0, 1.0)
    complete = max(df_complete, 1.0)
    observed = (complete + 1) / (complete + 3) * complete * (1 - share)
    with np.errstate(divide="ignore"):
        df = 1 / (share**2 / (m - 1) + np.divide(1.0, observed))
    return Pooled(estimates.mean(axis=0), total, np.maximum(df, 1e-6), share)
