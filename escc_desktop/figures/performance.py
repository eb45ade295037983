"""How well a model does, never the apparent figure alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike, NDArray

from escc_desktop.figures import style, words
from escc_desktop.figures.words import Interval

FloatArray = NDArray[np.float64]
# Where the four figures of a row stand, and their size.
_FIGURES, _NUMBERS = (0.0, 0.26, 0.51, 0.76), 6.4


@dataclass(frozen=True)
class PerformanceRow:
    """One measure of one model: nested cross-validation, apparent, corrected, and what noise alone would reach.

    `corrected` is the .632+ figure; `noise` the benchmark's median with its 5 to 95 % range, for the same n, events
    and number of features.
    """

    model: str
    measure: str
    apparent: Interval
    corrected: Interval | None = None
    noise: Interval | None = None
    nested: Interval | None = None


@dataclass(frozen=True, eq=False)
class RocCurve:
    """A time-dependent ROC curve: (m,) false and true positive fractions from 0 to 1, and the area under it."""

    label: str
    false_positive: FloatArray
    true_positive: FloatArray
    auc: Interval


@dataclass(frozen=True)
class CalibrationGroup:
    """Patients of similar predicted survival: their mean prediction and the Kaplan-Meier survival observed.

    `corrected` is the observed survival less the optimism of resamples; None where it is not known.
    """

    predicted: float
    observed: Interval
    n: int
    corrected: float | None = None


@style.styled
def roc(curves: Sequence[RocCurve], horizon_months: float, kind: str = "apparent") -> Figure:
    """Draw ROC curves for the event by the horizon; `kind` says whose predictions they are (apparent, out of fold)."""
    title = f"ROC at {horizon_months:g} months ({kind})"
    if not curves:
        return style.saying(
            title, "No area can be computed: nobody had the event before, or nobody was followed beyond."
        )
    figure = style.new_figure(110, 108 + 4.5 * len(curves), shows_risk=True)
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], color=style.FAINT, lw=0.8)
    for order, curve in enumerate(curves):
        axes.plot(
            curve.false_positive,
            curve.true_positive,
            color=style.CYCLE[order % len(style.CYCLE)],
            ls=style.LINES[order % len(style.LINES)],
            label=f"{curve.label}: AUC {words.index_interval(curve.auc)}",
        )
    _unit_square(axes)
    axes.set_xlabel("1 - specificity (%)")
    axes.set_ylabel("sensitivity (%)")
    figure.legend(loc="outside lower left", handlelength=2.8)
    style.headline(figure, title)
    return figure


@style.styled
def calibration(
    groups: Sequence[CalibrationGroup],
    horizon_months: float,
    *,
    predictions: ArrayLike = (),
    smooth: tuple[ArrayLike, ArrayLike] | None = None,
    kind: str = "apparent",
    endpoint: str = "overall survival",
) -> Figure:
    """Draw observed against predicted survival at the horizon, with 95 % intervals and the predictions as strokes.

    Parameters
    ----------
    predictions
        (n,) every patient's predicted survival.
    smooth
        Predicted and observed survival along a smooth calibration curve.
    kind
        Whose predictions these are: apparent, corrected, out of fold.
    endpoint
        What is survived: overall, or progression-free.
    """
    title = f"Calibration at {horizon_months:g} months ({kind})"
    if not groups:
        return style.saying(title, "No calibration: there are too few patients with a prediction.")
    figure = style.new_figure(110, 112, shows_risk=True)
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], color=style.FAINT, lw=0.8)
    if smooth is not None:
        axes.plot(*(np.asarray(side, dtype=float) for side in smooth), color=style.ORANGE, lw=1.3, zorder=1)
    ordered = sorted(groups, key=lambda group: group.predicted)
    corrected = [(group.predicted, group.corrected) for group in ordered if group.corrected is not None]
    if corrected:
        seen_line = [(group.predicted, group.observed.value) for group in ordered]
        axes.plot(*zip(*seen_line, strict=True), color=style.BLUE, lw=1.0, gid="apparent")
        axes.plot(
            *zip(*corrected, strict=True),
            color=style.VERMILLION,
            ls=(0, (5, 1.6)),
            marker="X",
            ms=6.5,
            mec="white",
            mew=0.6,
            clip_on=False,
            gid="corrected",
        )
    for group in groups:
        seen = group.observed
        if seen.lower is not None and seen.upper is not None and seen.has_limits:
            axes.plot([group.predicted] * 2, [seen.lower, seen.upper], color=style.BLUE, lw=1.1)
        axes.plot([group.predicted], [seen.value], ls="", marker="o", ms=5, color=style.BLUE, clip_on=False)
    strokes = np.asarray(predictions, dtype=float)
    axes.plot(strokes, np.full(strokes.size, 0.012), ls="", marker="|", ms=6, mew=0.6, color=style.QUIET)
    _unit_square(axes)
    marks = "; strokes: patients" if strokes.size else ""
    axes.set_xlabel(f"predicted {words.horizon(horizon_months)} {words.short_endpoint(endpoint)} (%){marks}")
    axes.set_ylabel(f"observed {words.short_endpoint(endpoint)}, Kaplan-Meier (%)")
    sizes = ", ".join(str(group.n) for group in ordered)
    meaning = "grey: perfect" + ("; orange: smooth estimate" if smooth is not None else "")
    meaning += "; ● apparent, 95 % CI; ✕ corrected for optimism" if corrected else ""
    style.subline(axes, f"n = {sum(group.n for group in groups)}, groups of {sizes} from left to right\n{meaning}")
    style.headline(figure, title)
    return figure


@style.styled
def decision_curve(
    thresholds: ArrayLike,
    net_benefit: Mapping[str, ArrayLike],
    treat_all: ArrayLike,
    decision: tuple[float, float, str] | None,
    *,
    about: str = "",
    event: str = "death",
) -> Figure:
    """Draw net benefit (m,) over threshold probabilities (m,) inside the range in which a decision is made.

    Parameters
    ----------
    decision
        Lowest and highest threshold probability and the action taken above it. Without it nothing is drawn: a curve
        over thresholds nobody would use answers no question.
    about
        Whose predictions these are, and of how many patients.
    event
        What the thresholds are probabilities of.
    """
    title = "Decision curve"
    figure = style.new_figure(130, 85, shows_risk=True)
    style.headline(figure, title)
    axes = figure.add_subplot()
    if decision is None:
        _hatched(axes)
        return figure
    low, high, action = decision
    at = np.asarray(thresholds, dtype=float)
    inside = (at >= low) & (at <= high)
    curves = {label: np.asarray(values, dtype=float)[inside] for label, values in net_benefit.items()}
    everyone = np.asarray(treat_all, dtype=float)[inside]
    axes.axhline(0, color=style.INK, lw=0.9, label=f"{action}: nobody")
    axes.plot(at[inside] * 100, everyone, color=style.QUIET, lw=1.1, ls=(0, (4, 2)), label=f"{action}: everybody")
    for order, (label, values) in enumerate(curves.items()):
        colour, line = style.CYCLE[order % len(style.CYCLE)], style.LINES[order % len(style.LINES)]
        axes.plot(at[inside] * 100, values, color=colour, ls=line, label=label)
    best = max((float(values.max()) for values in [*curves.values(), everyone] if values.size), default=0.05)
    axes.set_ylim(-0.25 * max(best, 0.02), 1.12 * max(best, 0.02))
    axes.set_xlim(low * 100, high * 100)
    axes.set_xlabel(f"threshold probability of {event} (%)")
    axes.set_ylabel("net benefit")
    if about:
        style.subline(axes, about)
    figure.legend(loc="outside lower left", ncols=2)
    return figure


def _hatched(axes: Axes) -> None:
    axes.add_patch(
        Rectangle((0, 0), 1, 1, transform=axes.transAxes, fill=False, hatch="///", ec=style.GRID, lw=0, gid="hatched")
    )
    axes.text(
        0.5,
        0.5,
        "No decision defined.\nName an action and the range of risks in which it is considered.",
        transform=axes.transAxes,
        ha="center",
        va="center",
        color=style.INK,
        bbox={"fc": "white", "ec": "none", "pad": 4},
    )
    axes.set_xticks([])
    axes.set_yticks([])


@style.styled
def performance_table(rows: Sequence[PerformanceRow], title: str = "Performance") -> Figure:
    """Draw each measure as a row: nested (diamond), .632+ (filled), apparent (hollow), the range of noise (grey)."""
    if not rows:
        return style.saying(title, "No model was scored.")
    figure = style.new_figure(174, 34 + 9.5 * len(rows), shows_risk=True)
    left, middle, right = figure.subplots(1, 3, gridspec_kw={"width_ratios": [23, 33, 118]})
    for axes in (left, middle, right):
        axes.set_ylim(len(rows) - 0.4, -1.3)
    for place, row in enumerate(rows):
        _named(left, rows, place)
        _measured(middle, row, place)
        for x, value in zip(_FIGURES, (row.nested, row.corrected, row.apparent, row.noise), strict=True):
            text = words.index_interval(value) if value else "not computed"
            ink = style.INK if value is row.nested and value else style.QUIET
            right.text(x, place, text, va="center", size=_NUMBERS, color=ink)
    heads = ("nested cross-validation", ".632+ corrected", "apparent", "noise alone (5-95 %)")
    for x, head in zip(_FIGURES, heads, strict=True):
        right.text(x, -0.95, head, size=_NUMBERS, color=style.QUIET, va="center")
    for axes in (left, right):
        axes.set_axis_off()
        axes.set_xlim(0, 1)
    lows = [bound for row in rows for bound in _bounds(row)]
    middle.set_xlim(min(0.45, *lows) - 0.01, 1.005)
    middle.axvline(0.5, color=style.FAINT, lw=0.8)
    middle.tick_params(axis="y", length=0, labelleft=False)
    middle.spines["left"].set_visible(False)
    middle.set_xlabel("◆ nested   ● .632+   ○ apparent\n▬ noise", size=style.SMALL)
    style.headline(figure, title)
    return figure


def _named(axes: Axes, rows: Sequence[PerformanceRow], place: int) -> None:
    row = rows[place]
    if place == 0 or rows[place - 1].model != row.model:
        axes.text(0, place - 0.17, row.model, size=style.SMALL + 0.5, weight="bold", va="center").set_in_layout(False)
    axes.text(0, place + 0.22, row.measure, size=style.SMALL, color=style.QUIET, va="center").set_in_layout(False)


def _measured(axes: Axes, row: PerformanceRow, place: int) -> None:
    if row.noise is not None and row.noise.lower is not None and row.noise.upper is not None:
        span = row.noise.upper - row.noise.lower
        axes.add_patch(Rectangle((row.noise.lower, place - 0.34), span, 0.68, color="#dfe3e8", lw=0, zorder=0))
        axes.plot([row.noise.value] * 2, [place - 0.34, place + 0.34], color=style.QUIET, lw=0.8, zorder=1)
    looks = (
        (row.nested, -0.24, style.VERMILLION, "D"),
        (row.corrected, 0.0, style.BLUE, "o"),
        (row.apparent, 0.24, "white", "o"),
    )
    for value, offset, fill, marker in looks:
        if value is None or not words.is_known(value.value):
            continue
        edge = style.BLUE if fill == "white" else fill
        if value.lower is not None and value.upper is not None and value.has_limits:
            axes.plot([value.lower, value.upper], [place + offset] * 2, color=edge, lw=1.0)
        axes.plot([value.value], [place + offset], ls="", marker=marker, ms=4.2, mfc=fill, mec=edge, mew=1.0)


def _bounds(row: PerformanceRow) -> list[float]:
    known = (row.apparent, row.corrected, row.noise, row.nested)
    ends = [end for value in known if value for end in (value.value, value.lower)]
    return [end for end in ends if end is not None and words.is_known(end)]


def _unit_square(axes: Axes) -> None:
    ticks = np.linspace(0, 1, 6)
    labels = [f"{round(tick * 100)}" for tick in ticks]
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.set_xticks(ticks, labels)
    axes.set_yticks(ticks, labels)
    axes.set_aspect("equal")
