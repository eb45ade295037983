"""Whether effects change with time: scaled Schoenfeld residuals with their smooth curve, as cox.zph draws them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from escc_desktop.figures import style, words

_TICKS = 6
_COLUMNS = 2
# A residual this many times beyond the middle half of all says where it is by an arrow, or the curve would be flat.
_FAR = 4.0


@dataclass(frozen=True, eq=False)
class EffectOverTime:
    """One term: its constant coefficient and P, residuals (D,) at the deaths, smooth curve with 95 % band (g,)."""

    label: str
    coefficient: float
    p: float | None
    residual: ArrayLike
    smooth: ArrayLike
    lower: ArrayLike
    upper: ArrayLike


@dataclass(frozen=True, eq=False)
class TimeScale:
    """When the deaths were.

    Attributes
    ----------
    months, at
        (D,) months of the deaths, and their places on the time scale of the test (one minus Kaplan-Meier).
    grid
        (g,) places of the smooth curves.
    """

    months: ArrayLike
    at: ArrayLike
    grid: ArrayLike


@style.styled
def effects_over_time(
    terms: Sequence[EffectOverTime], scale: TimeScale, *, title: str, global_p: float | None = None, why: str = ""
) -> Figure:
    """Draw a panel a term; a smooth curve that leaves the dashed line says that the effect changes.

    Parameters
    ----------
    why
        Said instead where there is no test.
    """
    if not terms:
        return style.saying(title, why or "The model has no term whose effect could change.")
    n_rows = -(-len(terms) // _COLUMNS)
    figure = style.new_figure(174, 20 + 56 * n_rows)
    panels = figure.subplots(n_rows, _COLUMNS, squeeze=False).ravel()
    places, deaths = np.asarray(scale.at, dtype=float), np.asarray(scale.months, dtype=float)
    for panel, term in zip(panels, terms, strict=False):
        _panel(panel, term, places, np.asarray(scale.grid, dtype=float))
        _months_axis(panel, places, deaths)
    for panel in panels[len(terms) :]:
        figure.delaxes(panel)
    for panel in panels[max(len(terms) - _COLUMNS, 0) : len(terms)]:
        panel.set_xlabel("months (spaced as the events are)")
    whole = "" if global_p is None else f"; all terms together {words.p_phrase(global_p)}"
    style.headline(figure, f"{title}: {deaths.size} events{whole}")
    return figure


def _panel(axes: Axes, term: EffectOverTime, at: NDArray[np.float64], grid: NDArray[np.float64]) -> None:
    residual = np.asarray(term.residual, dtype=float)
    low, high = np.asarray(term.lower, dtype=float), np.asarray(term.upper, dtype=float)
    floor, top = _limits(residual, low, high)
    axes.fill_between(grid, low, high, color=style.BLUE, alpha=0.14, lw=0)
    axes.plot(grid, np.asarray(term.smooth, dtype=float), color=style.BLUE, lw=1.5, gid="smooth")
    inside = (residual >= floor) & (residual <= top)
    axes.plot(
        at[inside], residual[inside], ls="", marker="o", ms=3, mfc="white", mec=style.INK, mew=0.7, gid="residual"
    )
    for beyond, edge, marker in ((residual > top, top, "^"), (residual < floor, floor, "v")):
        if beyond.any():  # the layout takes a line without points for one that reaches the corner of the figure
            edges = np.full(int(beyond.sum()), edge)
            axes.plot(at[beyond], edges, ls="", marker=marker, ms=4, color=style.INK, clip_on=False)
    axes.axhline(term.coefficient, color=style.VERMILLION, lw=1.0, ls=(0, (5, 2)), gid="constant")
    axes.axhline(0, color=style.FAINT, lw=0.7)
    axes.set_ylim(floor, top)
    label, origin = words.term(term.label)
    name = f"{label} ({origin})" if origin else label
    style.subline(axes, f"{_short(name)}\n{words.p_phrase(term.p)}; dashed: the model's {term.coefficient:.2f}")
    axes.set_ylabel("log hazard ratio")


def _short(name: str) -> str:
    return name if len(name) <= 46 else f"{name[:45]}…"


def _limits(residual: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64]) -> tuple[float, float]:
    first, middle, third = np.quantile(residual, [0.25, 0.5, 0.75])
    reach = _FAR * max(float(third - first), 1e-9)
    ends = [*residual[np.abs(residual - middle) <= reach].tolist(), *_finite(low), *_finite(high), 0.0]
    least, most = min(ends), max(ends)
    edge = 0.06 * ((most - least) or 1.0)
    return least - edge, most + edge


def _finite(values: NDArray[np.float64]) -> list[float]:
    return [float(value) for value in values if np.isfinite(value)]


def _months_axis(axes: Axes, at: NDArray[np.float64], months: NDArray[np.float64]) -> None:
    """Write months where the deaths of the scale are."""
    rows = np.unique(np.linspace(0, at.size - 1, min(_TICKS, at.size)).astype(int))
    axes.set_xticks(at[rows], [f"{months[row]:.0f}" if months[row] >= 10 else f"{months[row]:.1f}" for row in rows])
