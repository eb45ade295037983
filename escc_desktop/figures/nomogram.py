"""Nomograms: what each finding adds in points, and what the points mean for survival."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from escc_desktop.figures import style, words
from escc_desktop.stats.nomogram import Nomogram, PointsAxis

_LEFT = 0.33
_TICK = 0.14


@style.styled
def nomogram(
    model: Nomogram,
    *,
    horizon_months: float,
    patient: Mapping[str, float] | None = None,
    endpoint: str = "survival",
    labels: Mapping[str, str] | None = None,
    title: str = "",
) -> Figure:
    """Draw the point ruler, an axis for each predictor, total points and survival at the horizon.

    Parameters
    ----------
    patient
        The patient's points by predictor name; marks them, their sum and the survival it stands for.
    labels
        Words in place of predictor names; by default `words.term` makes them.
    """
    title = title or f"Nomogram for {words.horizon(horizon_months)} {endpoint}"
    if not model.axes:
        return style.saying(title, "The model holds no predictor: everyone has the same estimate.")
    n = len(model.axes)
    figure = style.new_figure(174, 34 + 11 * (n + 3), shows_risk=True)
    axes = figure.add_subplot()
    axes.set_axis_off()
    axes.set_xlim(0, 1)
    axes.set_ylim(n + 2.75, -0.65)
    most = max(100.0, *(float(np.max(axis.points)) for axis in model.axes))
    ruler = _Scale(0.0, most)
    _row(axes, 0, "Points", ruler, _ruler_ticks(most))
    for place, axis in enumerate(model.axes, start=1):
        label = (labels or {}).get(axis.name) or "\n".join(part for part in words.term(axis.name) if part)
        # Below the axis stand the patient's points, where there are any.
        _row(axes, place, label, ruler, _predictor_ticks(axis), (1,) if patient else (1, -1))
    low, high = float(model.total_ticks.min()), float(model.total_ticks.max())
    if patient:
        total = sum(patient[axis.name] for axis in model.axes)
        low, high = min(low, total), max(high, total)
    totals = _Scale(low, high)
    _row(axes, n + 1, "Total points", totals, [(float(tick), f"{tick:g}") for tick in model.total_ticks])
    survival = f"{words.horizon(horizon_months)} {endpoint} (%)"
    _row(axes, n + 2, survival, totals, _survival_ticks(model, low, high))
    if patient:
        _mark(axes, model, patient, ruler, totals)
    style.headline(figure, title)
    return figure


class _Scale:
    """Where a number of points lies across the figure."""

    def __init__(self, low: float, high: float) -> None:
        self._low, self._span = low, (high - low) or 1.0

    def __call__(self, points: float) -> float:
        return _LEFT + (0.985 - _LEFT) * (points - self._low) / self._span


def _ruler_ticks(most: float) -> list[tuple[float, str]]:
    return [(float(tick), f"{tick:g}") for tick in np.arange(0, most + 1e-9, 10)]


def _predictor_ticks(axis: PointsAxis) -> list[tuple[float, str]]:
    return [(float(points), f"{tick:.4g}") for points, tick in zip(axis.points, axis.ticks, strict=True)]


def _survival_ticks(model: Nomogram, low: float, high: float) -> list[tuple[float, str]]:
    pairs = zip(model.survival_points, model.survival_ticks, strict=True)
    return [(float(at), f"{tick * 100:g}") for at, tick in pairs if low - 1e-9 <= at <= high + 1e-9]


def _row(
    axes: Axes, place: int, label: str, scale: _Scale, ticks: Sequence[tuple[float, str]], sides: tuple[int, ...] = (1,)
) -> None:
    """Draw one axis; a label that would touch its neighbour goes to the next of `sides` (1 above), then is left out."""
    axes.text(0, place, _folded(label), va="center", size=style.SMALL + 0.5, linespacing=1.2)
    if not ticks:
        axes.text(_LEFT, place, "outside the drawn range", va="center", size=style.SMALL, color=style.QUIET)
        return
    xs = [scale(points) for points, _ in ticks]
    axes.plot([min(xs), max(xs)], [place, place], color=style.INK, lw=0.8)
    taken: dict[int, list[tuple[float, float]]] = {side: [] for side in sides}
    for x, (_, text) in zip(xs, ticks, strict=True):
        half = (len(text) + 1) * 0.0053
        side = next((side for side in sides if _is_free(taken[side], x, half)), 0)
        axes.plot([x, x], [place, place - _TICK * (side or 1)], color=style.INK, lw=0.7)
        if side:
            taken[side].append((x - half, x + half))
            base = "bottom" if side == 1 else "top"
            axes.text(x, place - side * (_TICK + 0.05), text, ha="center", va=base, size=style.SMALL)


def _is_free(taken: Sequence[tuple[float, float]], x: float, half: float) -> bool:
    return all(x + half < left or x - half > right for left, right in taken)


def _folded(label: str) -> str:
    """Break a long label at a separator or a space near its middle."""
    if len(label) <= 30 or "\n" in label:
        return label
    places = [at for at, letter in enumerate(label) if letter in " ·" and at > 0]
    if not places:
        return label
    middle = min(places, key=lambda at: abs(at - len(label) / 2))
    return f"{label[:middle].rstrip(' ·')}\n{label[middle:].strip(' ·')}"


def _mark(axes: Axes, model: Nomogram, patient: Mapping[str, float], ruler: _Scale, totals: _Scale) -> None:
    n = len(model.axes)
    total = sum(patient[axis.name] for axis in model.axes)
    for place, axis in enumerate(model.axes, start=1):
        points = patient[axis.name]
        _dot(axes, ruler(points), place)
        axes.plot([ruler(points)] * 2, [0, place], color=style.VERMILLION, lw=0.6, ls=(0, (2, 3)), zorder=0)
        is_inside = axis.points.min() - 0.5 <= points <= axis.points.max() + 0.5
        _words(axes, ruler(points), place, _points(points) + ("" if is_inside else ", beyond the axis"))
    survival = float(model.survival(np.asarray([total]))[0])
    axes.plot([totals(total)] * 2, [n + 1, n + 2], color=style.VERMILLION, lw=0.9, zorder=0)
    _dot(axes, totals(total), n + 1)
    _dot(axes, totals(total), n + 2)
    _words(axes, totals(total), n + 1, _points(total))
    _words(axes, totals(total), n + 2, words.percent(survival), strong=True)


def _points(points: float) -> str:
    whole = round(points)
    return f"{whole} point{'' if whole == 1 else 's'}"


def _dot(axes: Axes, x: float, place: float) -> None:
    axes.plot([x], [place], ls="", marker="D", ms=5, color=style.VERMILLION, mec="white", mew=0.6)


def _words(axes: Axes, x: float, place: float, text: str, *, strong: bool = False) -> None:
    axes.text(
        x,
        place + 0.2,
        text,
        ha="right" if x > 0.93 else "center",
        va="top",
        size=style.BODY if strong else style.SMALL,
        weight="bold" if strong else "normal",
        color="#a34700",
        bbox={"fc": "white", "ec": "none", "pad": 0.8},
    )
