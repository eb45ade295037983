"""How well a model does month by month: time-dependent AUC with its interval, and prediction error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from escc_desktop.figures import style, words
from escc_desktop.figures.survival import month_ticks


@dataclass(frozen=True, eq=False)
class TimeCurve:
    """A measure (g,) at the months of the figure, NaN where it is undefined.

    Attributes
    ----------
    lower, upper
        (g,) pointwise 95 % limits, or nothing.
    is_reference
        Whether it is what a model has to beat; drawn in grey.
    """

    label: str
    values: ArrayLike
    lower: ArrayLike = ()
    upper: ArrayLike = ()
    is_reference: bool = False


@style.styled
def auc_over_time(months: ArrayLike, curves: Sequence[TimeCurve], *, kind: str, horizon_months: float) -> Figure:
    """Draw the area under the ROC curve for the event by each month (g,), with pointwise 95 % bands.

    Parameters
    ----------
    kind
        Whose predictions these are: apparent, out of fold.
    """
    title = f"AUC over time ({kind})"
    if not any(_known(curve).any() for curve in curves):
        return style.saying(title, "No area can be computed: too few had the event, or too few were followed on.")
    figure = style.new_figure(140, 92, shows_risk=True)
    axes = figure.add_subplot()
    at = np.asarray(months, dtype=float)
    for order, curve in enumerate(curves):
        _curve(axes, at, curve, order)
    axes.axhline(0.5, color=style.FAINT, lw=0.8)
    axes.set_ylim(min(0.3, _lowest(curves)) - 0.02, 1.0)
    axes.set_ylabel("AUC, cumulative/dynamic")
    _months_axis(axes, at, horizon_months)
    style.subline(axes, "bands: pointwise 95 % CI; grey line: no better than chance; dotted: the horizon")
    figure.legend(loc="outside lower left", ncols=3, handlelength=2.8)
    style.headline(figure, title)
    return figure


@style.styled
def brier_over_time(
    months: ArrayLike,
    curves: Sequence[TimeCurve],
    integrated: Sequence[float | None],
    *,
    kind: str,
    to_months: float | None,
    horizon_months: float,
) -> Figure:
    """Draw the Brier score at each month (g,); the legend has its integral (IBS) up to `to_months`.

    Parameters
    ----------
    integrated
        Of each curve, None where it is not known.
    """
    title = f"Prediction error over time ({kind})"
    if not any(_known(curve).any() for curve in curves):
        return style.saying(title, "No prediction error can be computed: too few were followed.")
    figure = style.new_figure(140, 92, shows_risk=True)
    axes = figure.add_subplot()
    at = np.asarray(months, dtype=float)
    order = 0
    for curve, area in zip(curves, integrated, strict=True):
        _curve(axes, at, curve, order, f"{curve.label}: IBS {words.index(area)}")
        order += not curve.is_reference
    axes.axhline(0.25, color=style.FAINT, lw=0.8)
    axes.set_ylim(0, max(0.27, _highest(curves) * 1.05))
    axes.set_ylabel("Brier score (smaller is better)")
    _months_axis(axes, at, horizon_months)
    span = "" if to_months is None else f"IBS: mean up to {to_months:.1f} months; "
    style.subline(axes, f"{span}grey line: 0.25, a coin; dotted: the horizon")
    figure.legend(loc="outside lower left", ncols=2, handlelength=2.8)
    style.headline(figure, title)
    return figure


def _known(curve: TimeCurve) -> NDArray[np.bool_]:
    return np.asarray(np.isfinite(np.asarray(curve.values, dtype=float)))


def _curve(axes: Axes, months: NDArray[np.float64], curve: TimeCurve, order: int, label: str = "") -> None:
    colour = style.QUIET if curve.is_reference else style.CYCLE[order % len(style.CYCLE)]
    line = (0, (4, 2)) if curve.is_reference else style.LINES[order % len(style.LINES)]
    values, known = np.asarray(curve.values, dtype=float), _known(curve)
    axes.plot(months[known], values[known], color=colour, ls=line, lw=1.5, label=label or curve.label)
    low, high = (np.asarray(limit, dtype=float) for limit in (curve.lower, curve.upper))
    if low.size == months.size:
        inside = np.isfinite(low) & np.isfinite(high)
        axes.fill_between(months[inside], low[inside], high[inside], color=colour, alpha=0.12, lw=0)


def _months_axis(axes: Axes, months: NDArray[np.float64], horizon_months: float) -> None:
    axes.set_xlim(0, float(months.max()) * 1.02)
    axes.set_xticks(month_ticks(float(months.max())))
    axes.axvline(horizon_months, color=style.QUIET, lw=0.8, ls=":")
    axes.set_xlabel("months from the start of treatment")


def _lowest(curves: Sequence[TimeCurve]) -> float:
    ends = [np.asarray(one, dtype=float) for curve in curves for one in (curve.values, curve.lower)]
    return float(min((np.nanmin(one) for one in ends if np.isfinite(one).any()), default=0.5))


def _highest(curves: Sequence[TimeCurve]) -> float:
    return float(max(np.nanmax(np.asarray(one.values, dtype=float)) for one in curves if _known(one).any()))
