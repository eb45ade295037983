"""Whether predicted survival is right: calibration by groups, ROC curve, decision curve at one horizon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from escc_desktop.errors import EsccError
from escc_desktop.stats.arrays import FloatArray
from escc_desktop.stats.performance import horizon_weights
from escc_desktop.stats.survival import Endpoint, kaplan_meier


@dataclass(frozen=True)
class CalibrationGroup:
    """Patients of similar predicted survival: mean prediction, Kaplan-Meier estimate with log limits."""

    n: int
    predicted: float
    observed: float
    std_error: float
    lower: float
    upper: float


@dataclass(frozen=True, eq=False)
class Roc:
    """ROC curve at a horizon from (0, 0) to (1, 1); each (m,)."""

    false_positive: FloatArray
    true_positive: FloatArray


@dataclass(frozen=True, eq=False)
class NetBenefit:
    """Net benefit over thresholds (m,) of treating by the model and of treating all (Vickers et al. 2008).

    `fraction_high` is the share at or above the threshold, `risk_high` their Kaplan-Meier risk (0 for nobody).
    """

    model: FloatArray
    treat_all: FloatArray
    fraction_high: FloatArray
    risk_high: FloatArray


def equal_sizes(n: int, groups: int) -> tuple[int, ...]:
    """Return sizes of `groups` groups of n patients, as equal as ranks allow."""
    bounds = [n * k // groups for k in range(groups + 1)]
    return tuple(np.diff(bounds).tolist())


def calibration_groups(
    endpoint: Endpoint, survival: FloatArray, horizon_months: float, sizes: Sequence[int]
) -> tuple[CalibrationGroup, ...]:
    """Compare predicted and observed survival in groups of rising prediction.

    Parameters
    ----------
    survival
        (n,) predicted survival at the horizon.
    sizes
        Patients in each group, n together.
    """
    if sum(sizes) != endpoint.n:
        raise EsccError(f"The groups hold {sum(sizes)} patients of {endpoint.n}.")
    order = np.argsort(survival, kind="stable")
    groups = []
    for rows in np.split(order, np.cumsum(sizes)[:-1]):
        at = kaplan_meier(endpoint.take(rows)).at(horizon_months)
        groups.append(
            CalibrationGroup(
                n=len(rows),
                predicted=float(survival[rows].mean()),
                observed=float(at.survival[0]),
                std_error=float(at.std_error[0]),
                lower=float(at.lower[0]),
                upper=float(at.upper[0]),
            )
        )
    return tuple(groups)


def roc_at(endpoint: Endpoint, risk: FloatArray, horizon_months: float) -> Roc | None:
    """Return the ROC curve whose area is `performance.auc_at`; None without cases or controls."""
    weights = horizon_weights(endpoint, horizon_months)
    if weights is None:
        return None
    levels = np.unique(risk)[::-1]
    above = risk[None, :] >= levels[:, None]
    true, false = above @ weights[0] / weights[0].sum(), above @ weights[1] / weights[1].sum()
    return Roc(np.append(0.0, false), np.append(0.0, true))


def net_benefit(endpoint: Endpoint, risk: FloatArray, horizon_months: float, thresholds: FloatArray) -> NetBenefit:
    """Return the decision curve; who is at or above a threshold is treated.

    Parameters
    ----------
    risk
        (n,) predicted risks of the event by the horizon.
    thresholds
        (m,) between 0 and 1.
    """
    overall = 1 - float(kaplan_meier(endpoint).at(horizon_months).survival[0])
    odds = thresholds / (1 - thresholds)
    high = risk[None, :] >= thresholds[:, None]
    fraction = high.mean(axis=1)
    observed = np.array(
        [
            1 - float(kaplan_meier(endpoint.take(rows)).at(horizon_months).survival[0]) if rows.any() else 0.0
            for rows in high
        ]
    )
    benefit = fraction * (observed - (1 - observed) * odds)
    return NetBenefit(benefit, np.asarray(overall - (1 - overall) * odds), fraction, observed)
