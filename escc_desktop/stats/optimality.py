"""How far a LASSO Cox solution is from the optimum: its Karush-Kuhn-Tucker residual."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from escc_desktop.stats.arrays import SMALLEST, FloatArray, finite
from escc_desktop.stats.survival import Endpoint


def kkt_residual(
    X: npt.ArrayLike, endpoint: Endpoint, coef: npt.ArrayLike, penalty: float, *, standardize: bool = True
) -> float:
    """Return the largest breach of the conditions of an optimum, as a share of the penalty.

    At the optimum of glmnet's objective the slope of the mean Breslow log likelihood is the penalty, with the sign
    of the coefficient, where one is kept, and no larger where none is (Simon et al. 2011). 0 is the optimum; glmnet's
    own stopping rule leaves some 1e-3.

    Parameters
    ----------
    X
        (n, p) covariates.
    coef
        (p,) on the scale of X.
    penalty
        Lambda, above 0, per patient.
    standardize
        Whether the path scaled columns to unit variance (1/n) inside.
    """
    columns, beta = finite(X, "The table of features", n_axes=2), finite(coef, "The coefficients")
    centred = columns - columns.mean(axis=0)
    scale = np.sqrt(np.mean(centred**2, axis=0)) if standardize else np.ones(columns.shape[1])
    usable = scale > SMALLEST
    slope = (centred[:, usable] / scale[usable]).T @ _residuals(endpoint, centred @ beta) / endpoint.n
    kept = beta[usable] != 0
    breach = np.where(kept, np.abs(slope - penalty * np.sign(beta[usable])), np.abs(slope) - penalty)
    return float(np.max(breach, initial=0.0) / penalty)


def _residuals(endpoint: Endpoint, eta: FloatArray) -> FloatArray:
    """Return events less Breslow's expected events, (n,)."""
    times, deaths = np.unique(endpoint.time_months[endpoint.event], return_counts=True)
    risk = np.exp(eta - eta.max())
    at_risk = endpoint.time_months[None, :] >= times[:, None]
    hazard = deaths / (at_risk @ risk)
    return np.asarray(endpoint.event - risk * (hazard @ at_risk))
