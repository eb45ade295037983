"""Hazard ratios with their intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator, StrMethodFormatter

from escc_desktop.figures import style, words
from escc_desktop.figures.words import Interval

# Beyond these the axis ends in an arrow: an estimate out there says "separation", not a size.
_LEAST, _MOST = 0.01, 100.0
_TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)


@dataclass(frozen=True)
class HazardRow:
    """One line of a forest plot.

    `label` is a feature's or a column's name, or words. `contrast` says what is compared, such as "per SD" or
    "250 U/L or more, n = 7, against below"; a row without `hazard_ratio` is a heading. `is_unstable` marks few events
    or separation.
    """

    label: str
    hazard_ratio: Interval | None = None
    p: float | None = None
    contrast: str = ""
    is_unstable: bool = False


@style.styled
def hazard_ratios(rows: Sequence[HazardRow], title: str = "Hazard ratios") -> Figure:
    """Draw hazard ratios on a log axis with the numbers beside; unstable ones are hollow and say so.

    Intervals that leave 0.01 to 100 end in an arrow.
    """
    if not any(row.hazard_ratio for row in rows):
        return style.saying(title, "No term was fitted: there is no hazard ratio to show.")
    figure = style.new_figure(174, 27 + 8.0 * len(rows))
    left, middle, right = figure.subplots(1, 3, sharey=True, gridspec_kw={"width_ratios": [44, 36, 34]})
    low, high = _range(rows)
    for place, row in enumerate(rows):
        _label(left, row, place)
        if row.hazard_ratio is not None:
            _interval(middle, row, place, (low, high))
            right.text(0.0, place, words.ratio_interval(row.hazard_ratio), va="center", size=style.SMALL + 0.5)
            right.text(1.0, place, words.p_value(row.p), va="center", ha="right", size=style.SMALL + 0.5)
    middle.axvline(1, color=style.INK, lw=0.8)
    middle.set_xscale("log")
    middle.set_xlim(low / 1.15, high * 1.15)
    middle.xaxis.set_major_locator(FixedLocator(_ticks(low, high)))
    middle.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    middle.xaxis.set_minor_locator(NullLocator())
    middle.set_xlabel("hazard ratio (log scale)\nlower risk ◂  ▸ higher risk")
    middle.set_ylim(len(rows) - 0.4, -1.2)
    middle.tick_params(axis="y", length=0, labelleft=False)
    middle.spines["left"].set_visible(False)
    right.text(0.0, -1.0, "HR (95 % CI)", size=style.SMALL, color=style.QUIET, va="center")
    right.text(1.0, -1.0, "P", size=style.SMALL, color=style.QUIET, va="center", ha="right")
    for axes in (left, right):
        axes.set_axis_off()
        axes.set_xlim(0, 1)
    style.headline(figure, title)
    return figure


def _label(axes: Axes, row: HazardRow, place: int) -> None:
    weight = "normal" if row.hazard_ratio else "bold"
    label, origin = words.term(row.label)
    axes.text(0, place, label, va="center", size=style.SMALL + 0.5, weight=weight).set_in_layout(False)
    under = " · ".join(part for part in (origin, row.contrast, "unstable" * row.is_unstable) if part)
    if under:
        text = axes.text(0, place + 0.38, under, va="center", size=style.SMALL - 1.2, color=style.QUIET)
        text.set_in_layout(False)


def _interval(axes: Axes, row: HazardRow, place: int, ends: tuple[float, float]) -> None:
    ratio = row.hazard_ratio
    if ratio is None or not words.is_known(ratio.value):
        return
    low, high = ends
    if ratio.lower is not None and ratio.upper is not None and ratio.has_limits:
        axes.plot([max(ratio.lower, low), min(ratio.upper, high)], [place, place], color=style.BLUE, lw=1.3)
        for beyond, at, marker in ((ratio.lower < low, low, "<"), (ratio.upper > high, high, ">")):
            if beyond:
                axes.plot([at], [place], ls="", marker=marker, ms=5, color=style.BLUE, clip_on=False)
    if not low <= ratio.value <= high:
        return
    fill = "white" if row.is_unstable else style.BLUE
    axes.plot([ratio.value], [place], ls="", marker="s", ms=5.5, mfc=fill, mec=style.BLUE)


def _range(rows: Sequence[HazardRow]) -> tuple[float, float]:
    limits: list[float] = [1.0]
    for row in rows:
        ratio = row.hazard_ratio
        if ratio is not None:
            limits += [end for end in (ratio.value, ratio.lower, ratio.upper) if end is not None and math.isfinite(end)]
    low, high = min(max(min(limits), _LEAST), 0.5), max(min(max(limits), _MOST), 2.0)
    return low, high


def _ticks(low: float, high: float) -> list[float]:
    inside = [tick for tick in _TICKS if low / 1.15 <= tick <= high * 1.15]
    return inside if len(inside) <= 7 else [tick for tick in inside if tick in {0.01, 0.1, 1, 10, 100}]
