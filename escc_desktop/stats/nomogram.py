"""Nomograms as R ``rms::nomogram`` draws them: coefficients become points, points become survival.

The widest predictor spans 0 to 100 points; the total of a patient's points is a straight line of the linear predictor.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from escc_desktop.errors import EsccError
from escc_desktop.stats.arrays import FloatArray

SURVIVAL_TICKS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
_MAX_POINTS = 100.0
_FEW_VALUES = 10
_ROUNDING = 1e-10


@dataclass(frozen=True)
class Predictor:
    """One predictor of a Cox model and the ticks of its axis.

    Attributes
    ----------
    ticks
        (t,) values written on the axis, in the unit of the data.
    model_values
        (t,) the same in the unit of the coefficient (equal to `ticks` unless the model transforms the covariate).
    """

    name: str
    coefficient: float
    ticks: FloatArray
    model_values: FloatArray


@dataclass(frozen=True)
class PointsAxis:
    """One predictor's axis: `ticks`, their share of the linear predictor and their points."""

    name: str
    ticks: FloatArray
    contribution: FloatArray
    points: FloatArray


@dataclass(frozen=True)
class Nomogram:
    """Axes of a nomogram.

    Attributes
    ----------
    points_per_lp, intercept
        total points = (lp - intercept) * points_per_lp, lp the centred linear predictor.
    total_ticks
        Ticks of the total points axis.
    lp_ticks, lp_points
        The linear predictor's axis and the total points under it.
    survival_ticks, survival_points
        Survival at the horizon and the total points under it.
    baseline_hazard
        Cumulative hazard at the horizon for lp = 0.
    """

    axes: tuple[PointsAxis, ...]
    points_per_lp: float
    intercept: float
    center: float
    total_ticks: FloatArray
    lp_ticks: FloatArray
    lp_points: FloatArray
    survival_ticks: FloatArray
    survival_points: FloatArray
    baseline_hazard: float

    def total_points(self, lp: FloatArray) -> FloatArray:
        """Return the total points of centred linear predictors (n,)."""
        return np.asarray((lp - self.intercept) * self.points_per_lp)

    def survival(self, total_points: FloatArray) -> FloatArray:
        """Return the survival at the horizon that total points (n,) stand for."""
        lp = total_points / self.points_per_lp + self.intercept
        return np.asarray(np.exp(-self.baseline_hazard * np.exp(lp)))


def pretty(low: float, high: float, n: int = 5) -> FloatArray:
    """Return about `n` + 1 round values that cover [low, high], exactly as R's ``pretty()`` chooses them."""
    unit = _pretty_unit(low, high, n)
    first, last = math.floor(low / unit + _ROUNDING), math.ceil(high / unit - _ROUNDING)
    while first * unit > low + _ROUNDING * unit:
        first -= 1
    while last * unit < high - _ROUNDING * unit:
        last += 1
    short = n // 3 - (last - first)
    if short > 0:
        down, up = (short - short // 2, short // 2) if first >= 0 else (short // 2, short - short // 2)
        first, last = first - down, last + up
    return _multiples(first, last, unit)


def _multiples(first: int, last: int, unit: float) -> FloatArray:
    digits = max(0, -math.floor(math.log10(unit)) + 1)
    return np.array([round(k * unit, digits) for k in range(first, last + 1)], dtype=np.float64)


def _pretty_unit(low: float, high: float, n: int) -> float:
    bias, bias5 = 1.5, 0.5 + 1.5 * 1.5
    span, size = high - low, max(abs(low), abs(high))
    if span < size * (1 + 1 / (1 + bias)) * max(1, n) * np.finfo(float).eps * 3 or size == 0:
        cell = 1.0 if size == 0 else size
        cell = 0.75 * (9 + cell / 10 if cell > 10 else cell) / max(1, n // 3)
    else:
        cell = span / max(1, n)
    base = 10.0 ** math.floor(math.log10(cell))
    unit = base
    for factor, weight in ((2, bias), (5, bias5), (10, bias)):
        if factor * base - cell >= weight * (cell - unit):
            break
        unit = factor * base
    return unit


def axis_ticks(data: FloatArray) -> FloatArray:
    """Return the ticks of a predictor: its distinct values where there are few, else round values over its range."""
    distinct = np.unique(data[np.isfinite(data)])
    if not len(distinct):
        raise EsccError("A nomogram axis has no values.", "Leave out the covariate without any observed value.")
    return distinct if len(distinct) <= _FEW_VALUES else pretty(float(distinct[0]), float(distinct[-1]), 10)


def nomogram(
    predictors: Sequence[Predictor],
    center: float,
    lp: FloatArray,
    baseline_hazard: float,
    survival_ticks: Sequence[float] = SURVIVAL_TICKS,
) -> Nomogram:
    """Return the axes of a Cox model.

    Parameters
    ----------
    predictors
        With at least one coefficient that is not zero over its axis.
    center
        The linear predictor of the means, subtracted from every lp.
    lp
        (n,) centred linear predictors of the cohort; their range is the survival axis.
    baseline_hazard
        Cumulative hazard at the horizon for a centred lp of 0.
    survival_ticks
        Wanted ticks; only those inside the lp axis are kept.

    Raises
    ------
    EsccError
        No predictor moves the linear predictor.
    """
    contributions = [predictor.coefficient * predictor.model_values for predictor in predictors]
    widest = max((float(np.ptp(c)) for c in contributions), default=0.0)
    if widest <= 0:
        raise EsccError("The model has no predictor with an effect.", "A nomogram needs at least one.")
    scale = _MAX_POINTS / widest
    axes = tuple(
        PointsAxis(predictor.name, predictor.ticks, c, np.asarray((c - c.min()) * scale))
        for predictor, c in zip(predictors, contributions, strict=True)
    )
    intercept = float(sum(c.min() for c in contributions)) - center
    lp_ticks = pretty(float(lp.min()), float(lp.max()), 10)
    ticks, at = _survival_axis(lp_ticks, baseline_hazard, np.asarray(survival_ticks, dtype=np.float64))
    return Nomogram(
        axes=axes,
        points_per_lp=scale,
        intercept=intercept,
        center=center,
        total_ticks=pretty(0.0, float((lp_ticks.max() - intercept) * scale), 10),
        lp_ticks=lp_ticks,
        lp_points=np.asarray((lp_ticks - intercept) * scale),
        survival_ticks=ticks,
        survival_points=np.asarray((at - intercept) * scale),
        baseline_hazard=baseline_hazard,
    )


def _survival_axis(lp_ticks: FloatArray, baseline_hazard: float, wanted: FloatArray) -> tuple[FloatArray, FloatArray]:
    grid = np.linspace(lp_ticks[0], lp_ticks[-1], 1000)
    survival = np.exp(-baseline_hazard * np.exp(grid))
    inside = wanted[(wanted >= survival[-1]) & (wanted <= survival[0])]
    return inside, np.interp(inside, survival[::-1], grid[::-1])
