"""Whether predictions are right on the whole: calibration in the large, and the slope of the linear predictor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from escc_desktop.errors import EsccError
from escc_desktop.stats.arrays import FloatArray
from escc_desktop.stats.cox import cox
from escc_desktop.stats.survival import Endpoint, kaplan_meier

_Z95 = float(stats.norm.ppf(0.975))


@dataclass(frozen=True)
class InTheLarge:
    """Predicted and observed probability of the event by the horizon, and observed over expected with 95 % limits."""

    predicted: float
    observed: float
    ratio: float
    lower: float
    upper: float


@dataclass(frozen=True)
class Slope:
    """Cox coefficient of a linear predictor on new patients: 1 is right, below 1 predictions are too extreme."""

    slope: float
    se: float
    lower: float
    upper: float


def in_the_large(endpoint: Endpoint, survival: FloatArray, horizon_months: float) -> InTheLarge:
    """Compare the mean predicted risk with the Kaplan-Meier estimate.

    Parameters
    ----------
    survival
        (n,) predicted survival at the horizon.

    Returns
    -------
    InTheLarge
        Limits rest on the log of the observed risk; the predicted one is taken as it is. NaN where no event was seen.
    """
    at = kaplan_meier(endpoint).at(horizon_months)
    observed, predicted = 1 - float(at.survival[0]), 1 - float(survival.mean())
    if observed <= 0 or predicted <= 0 or not np.isfinite(observed):
        return InTheLarge(predicted, observed, np.nan, np.nan, np.nan)
    half = _Z95 * float(at.std_error[0]) / observed
    ratio = observed / predicted
    return InTheLarge(predicted, observed, ratio, ratio * float(np.exp(-half)), ratio * float(np.exp(half)))


def calibration_slope(endpoint: Endpoint, risk: FloatArray) -> Slope:
    """Regress the outcome on predicted risks, averaged over repeats.

    Parameters
    ----------
    risk
        (repeats, n) linear predictors by models that did not see the patients, NaN where there is none.

    Returns
    -------
    Slope
        Its error takes in the spread between repeats; NaN where everybody has the same risk.
    """
    slopes, variances = [], []
    for row in risk:
        known = np.isfinite(row)
        try:
            fit = cox(endpoint.take(known), row[known][:, None], ["risk"])
        except EsccError:
            continue
        if not fit.separated:
            slopes.append(float(fit.coef[0]))
            variances.append(float(fit.vcov[0, 0]))
    if not slopes:
        return Slope(np.nan, np.nan, np.nan, np.nan)
    mean, between = float(np.mean(slopes)), float(np.var(slopes, ddof=1)) if len(slopes) > 1 else 0.0
    se = float(np.sqrt(np.mean(variances) + between))
    return Slope(mean, se, mean - _Z95 * se, mean + _Z95 * se)
