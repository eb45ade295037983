"""How a hazard ratio moves with time: scaled Schoenfeld residuals and a smooth curve, as plot.cox.zph draws them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from escc_desktop.errors import EsccError
from escc_desktop.stats.arrays import FloatArray
from escc_desktop.stats.cox import CoxFit
from escc_desktop.stats.diagnostics import TimeScale, schoenfeld_residuals, time_scale
from escc_desktop.stats.survival import Endpoint

_Z95 = float(special.ndtri(0.975))
# plot.cox.zph's spline: natural and cubic with four degrees of freedom, seen at forty points.
_DEGREES = 4
_POINTS = 40


@dataclass(frozen=True, eq=False)
class HazardCourse:
    """Log hazard ratios over time, p terms, D deaths.

    Attributes
    ----------
    time, at
        (D,) months of the deaths, and the same on the time scale.
    residual
        (D, p) scaled Schoenfeld residuals plus the coefficient (Grambsch and Therneau 1994).
    grid, smooth, lower, upper
        (m,) on the time scale and (m, p): a natural spline through the residuals with its 95 % limits; empty with too
        few different times of death.
    """

    scale: TimeScale
    names: tuple[str, ...]
    time: FloatArray
    at: FloatArray
    residual: FloatArray
    grid: FloatArray
    smooth: FloatArray
    lower: FloatArray
    upper: FloatArray


def hazard_course(fit: CoxFit, endpoint: Endpoint, X: npt.ArrayLike, scale: TimeScale = "km") -> HazardCourse:
    """Return what a plot of each effect over time needs.

    Parameters
    ----------
    X
        (n, p) covariates of the patients the model was fitted on.

    Raises
    ------
    EsccError
        The patients are not those of the fit, or a covariate is separated.
    """
    found = schoenfeld_residuals(fit, endpoint, X)
    n_deaths, p = found.residual.shape
    residual = found.residual @ fit.vcov * n_deaths + fit.coef
    times = np.unique(found.time)
    at = time_scale(endpoint, times, scale)[np.searchsorted(times, found.time)]
    nothing = np.zeros(0), np.zeros((0, p)), np.zeros((0, p)), np.zeros((0, p))
    grid = np.linspace(at.min(), at.max(), _POINTS)
    if len(np.unique(at)) <= _DEGREES:
        return HazardCourse(scale, fit.names, found.time, at, residual, *nothing)
    # R places the inner knots at quantiles of the points drawn and the deaths together.
    inner = np.quantile(np.concatenate([grid, at]), np.linspace(0, 1, _DEGREES)[1:-1])
    knots = np.array([at.min(), *inner, at.max()])
    basis, drawn = _natural_spline(at, knots), _natural_spline(grid, knots)
    if np.linalg.matrix_rank(basis) < _DEGREES:
        return HazardCourse(scale, fit.names, found.time, at, residual, *nothing)
    smooth = drawn @ np.linalg.lstsq(basis, residual, rcond=None)[0]
    weight = np.einsum("ij,jk,ik->i", drawn, np.linalg.inv(basis.T @ basis), drawn)
    half = _Z95 * np.sqrt(np.outer(weight, np.diag(fit.vcov)) * n_deaths)
    return HazardCourse(scale, fit.names, found.time, at, residual, grid, smooth, smooth - half, smooth + half)


def _natural_spline(x: FloatArray, knots: FloatArray) -> FloatArray:
    """Return a basis (len(x), len(knots)) of the cubic splines that are straight beyond the outer knots."""
    if len(knots) < 3 or (np.diff(knots) <= 0).any():
        raise EsccError("A spline needs knots at different times.")
    low, last = knots[0], knots[-1]
    width = last - low

    def truncated(knot: float) -> FloatArray:
        cubes = np.maximum(x - knot, 0.0) ** 3 - np.maximum(x - last, 0.0) ** 3
        return np.asarray(cubes / ((last - knot) * width**2))

    final = truncated(float(knots[-2]))
    curved = [truncated(float(knot)) - final for knot in knots[:-2]]
    return np.stack([np.ones_like(x), (x - low) / width, *curved], axis=1)
