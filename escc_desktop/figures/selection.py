"""How the features of a signature were chosen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter, StrMethodFormatter
from numpy.typing import ArrayLike, NDArray

from escc_desktop.figures import style
from escc_desktop.figures.words import short_feature

_NOTHING = "No feature was selected: every coefficient is zero at the chosen penalty."
_MAX_NAMED = 30
_MAX_WRITTEN = 14
_OVER: Any = {"ha": "center", "va": "bottom", "size": style.SMALL, "color": style.QUIET}


@style.styled
def correlation_map(correlation: ArrayLike, names: Sequence[str], cutoff: float = 0.9) -> Figure:
    """Draw the correlation of features (p, p) as a map; names stand beside it up to thirty features.

    Parameters
    ----------
    correlation
        Pearson correlation, in the order of `names`.
    cutoff
        The absolute correlation above which one of a pair is left out.
    """
    values = np.asarray(correlation, dtype=float)
    n = values.shape[0] if values.ndim == 2 else 0
    if n < 2:
        return style.saying("Correlation of features", "Fewer than two features: there is no correlation to show.")
    named = n <= _MAX_NAMED
    figure = style.new_figure(160, 28 + 6.2 * n) if named else style.new_figure(120, 105)
    axes = figure.add_subplot()
    image = axes.imshow(values, cmap="RdBu_r", vmin=-1, vmax=1, aspect="auto")
    bar = figure.colorbar(image, ax=axes, ticks=[-1, -0.5, 0, 0.5, 1])
    bar.set_label("Pearson correlation")
    bar.outline.set_visible(False)
    upper = values[np.triu_indices(n, 1)]
    above = int(np.count_nonzero(np.abs(upper) > cutoff))
    style.headline(figure, f"Correlation of {n:,} features")
    axes.set_xlabel(f"{above:,} of {upper.size:,} pairs above |r| = {cutoff:g}")
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    if named:
        axes.set_xticks([])
        axes.set_yticks(range(n), [short_feature(name) for name in names], size=6.5)
        if n <= _MAX_WRITTEN:
            _write_cells(axes, values)
    else:
        axes.set_ylabel("feature")
        axes.set_xticks([])
        axes.yaxis.set_major_locator(MaxNLocator(6, integer=True))
    return figure


@style.styled
def lasso_path(
    lambdas: ArrayLike, coefficients: ArrayLike, names: Sequence[str], lambda_min: float | None = None
) -> Figure:
    """Draw the coefficients (p, L) along the penalties (L,); the features kept at `lambda_min` are named."""
    penalty, paths = np.asarray(lambdas, dtype=float), np.asarray(coefficients, dtype=float)
    ever = np.flatnonzero(np.any(paths != 0, axis=1)) if paths.size else np.array([], dtype=int)
    title = "LASSO path"
    if ever.size == 0:
        return style.saying(title, "No feature enters the model at any penalty.")
    figure = style.new_figure(174, 95)
    axes = figure.add_subplot()
    at = int(np.argmin(np.abs(np.log(penalty / lambda_min)))) if lambda_min else penalty.size - 1
    kept = [index for index in ever if paths[index, at] != 0]
    for index in ever:
        if index not in kept:
            axes.plot(penalty, paths[index], color=style.FAINT, lw=0.7)
    for order, index in enumerate(kept):
        axes.plot(penalty, paths[index], color=style.CYCLE[order % len(style.CYCLE)], lw=1.5)
    axes.axhline(0, color=style.QUIET, lw=0.6)
    _penalty_axis(axes, penalty, lambda_min)
    _name_ends(axes, [(paths[index, -1], short_feature(names[index])) for index in kept[:_MAX_NAMED]])
    axes.set_ylabel("coefficient (per SD)")
    style.headline(figure, title)
    axes.set_ymargin(0.08)
    return figure


@style.styled
def cv_curve(
    lambdas: ArrayLike, mean: ArrayLike, standard_error: ArrayLike, n_selected: ArrayLike, lambda_min: float
) -> Figure:
    """Draw the cross-validated partial-likelihood deviance (L,) with one standard error, and how many features remain.

    `n_selected` is the number of features with a coefficient at each penalty.
    """
    penalty, middle = np.asarray(lambdas, dtype=float), np.asarray(mean, dtype=float)
    spread, counts = np.asarray(standard_error, dtype=float), np.asarray(n_selected, dtype=int)
    if penalty.size == 0:
        return style.saying("Cross-validation", "There is no penalty to compare.")
    figure = style.new_figure(140, 85)
    axes = figure.add_subplot()
    axes.errorbar(
        penalty, middle, yerr=spread, fmt="o", ms=2.6, color=style.VERMILLION, ecolor=style.FAINT, elinewidth=0.8
    )
    _penalty_axis(axes, penalty, lambda_min, is_named=False)
    best = int(np.argmin(np.abs(np.log(penalty / lambda_min))))
    top = _frame_top(middle, spread, best)
    if float((middle + spread).max()) > top:
        axes.set_ylim(float((middle - spread)[: best + 1].min()) - 0.05 * (top - middle[best]), top)
        outside = f"the curve goes on to {middle.max():.3g} where the penalty is weak"
        axes.annotate(outside, (0.99, 0.03), xycoords="axes fraction", ha="right", size=style.SMALL, color=style.QUIET)
    for index in np.unique(np.linspace(0, penalty.size - 1, min(11, penalty.size)).astype(int)):
        axes.text(penalty[index], 1.01, str(counts[index]), transform=axes.get_xaxis_transform(), **_OVER)
    axes.text(0.5, 1.06, "features in the model", transform=axes.transAxes, **_OVER)
    axes.set_ylabel("partial-likelihood deviance\n(mean ± SE over folds)")
    n_best = int(counts[best])
    some = f"{n_best} feature{'' if n_best == 1 else 's'}"
    style.headline(figure, f"Cross-validation: {some} at lambda.min = {lambda_min:.3g}")
    if n_best == 0:
        style.subline(axes, "The best model holds no feature: no signal was found.\n\n")
    return figure


def _frame_top(mean: NDArray[np.float64], spread: NDArray[np.float64], best: int) -> float:
    """Return where the frame ends: the choice is made near the smallest deviance, not where models overfit."""
    beside = float((mean + spread)[: best + 1].max())
    return beside + 2.0 * (beside - float((mean - spread)[best]))


@style.styled
def coefficient_bars(names: Sequence[str], coefficients: ArrayLike) -> Figure:
    """Draw the coefficients of the selected features as bars, largest first; the side and a word tell the direction."""
    values = np.asarray(coefficients, dtype=float)
    chosen = sorted(np.flatnonzero(values != 0).tolist(), key=lambda index: -abs(values[index]))
    if not chosen:
        return style.saying("Selected features", _NOTHING)
    figure = style.new_figure(160, 24 + 7.5 * len(chosen))
    axes = figure.add_subplot()
    heights = values[chosen]
    colours = [style.VERMILLION if value > 0 else style.BLUE for value in heights]
    axes.barh(range(len(chosen)), heights, color=colours, height=0.62)
    for row, value in enumerate(heights):
        axes.annotate(
            f"{value:.3f}",
            (value, row),
            xytext=(3 if value > 0 else -3, 0),
            textcoords="offset points",
            ha="left" if value > 0 else "right",
            va="center",
            size=style.SMALL + 0.5,
        )
    _feature_rows(axes, [names[index] for index in chosen])
    axes.axvline(0, color=style.INK, lw=0.7)
    axes.margins(x=0.18)
    axes.set_xlabel("coefficient per SD\n(negative: lower risk, positive: higher risk)")
    style.headline(figure, "Selected features")
    return figure


@style.styled
def selection_frequency(
    names: Sequence[str],
    fraction: ArrayLike,
    selected: Sequence[str],
    n_repeats: int,
    repeats: str = "resamples of the patients",
) -> Figure:
    """Draw how often each feature was selected again in `n_repeats` repeats, the most frequent twenty-five.

    Features of the final signature (`selected`) carry a filled bar and stay in the figure however rare they are.
    """
    share = np.asarray(fraction, dtype=float)
    order = sorted(range(share.size), key=lambda index: (-share[index], index))
    rows = [index for place, index in enumerate(order) if share[index] > 0 and place < 25]
    rows += [index for index in order if names[index] in selected and index not in rows]
    if not rows:
        return style.saying("Stability of the selection", f"No feature was selected in any of {n_repeats:,} {repeats}.")
    figure = style.new_figure(160, 28 + 5.5 * len(rows))
    axes = figure.add_subplot()
    final = [names[index] in selected for index in rows]
    bars = axes.barh(range(len(rows)), share[rows] * 100, height=0.66, color=style.BLUE, edgecolor=style.BLUE, lw=0.8)
    for bar, is_final in zip(bars, final, strict=True):
        bar.set_facecolor(style.BLUE if is_final else "white")
    _feature_rows(axes, [names[index] for index in rows], final)
    axes.set_xlim(0, 100)
    axes.set_xlabel(f"selected again in {n_repeats:,} {repeats} (%)\nfilled: in the final signature")
    style.headline(figure, "Stability of the selection")
    return figure


def _write_cells(axes: Axes, values: NDArray[np.float64]) -> None:
    for (row, column), value in np.ndenumerate(values):
        if row != column:
            ink = "white" if abs(value) > 0.6 else style.INK
            axes.text(column, row, f"{value:.2f}", ha="center", va="center", size=6.5, color=ink)


def _feature_rows(axes: Axes, names: Sequence[str], bold: Sequence[bool] = ()) -> None:
    axes.set_yticks(range(len(names)), [short_feature(name) for name in names], size=style.SMALL)
    for label, is_bold in zip(axes.get_yticklabels(), bold, strict=False):
        label.set_fontweight("bold" if is_bold else "normal")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_ylim(len(names) - 0.4, -0.6)


def _penalty_axis(axes: Axes, penalty: NDArray[np.float64], lambda_min: float | None, *, is_named: bool = True) -> None:
    axes.set_xscale("log")
    axes.set_xlim(penalty.max() * 1.05, penalty.min() / 1.05)
    subs = (1.0, 2.0, 5.0) if penalty.max() / penalty.min() < 1000 else (1.0,)
    axes.xaxis.set_major_locator(LogLocator(subs=subs))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("penalty λ (log scale, weaker to the right)")
    if lambda_min:
        axes.axvline(lambda_min, color=style.INK, lw=0.8, ls=(0, (4, 3)))
    if lambda_min and is_named:
        axes.annotate(
            f"lambda.min = {lambda_min:.3g}",
            (lambda_min, 0.98),
            xycoords=("data", "axes fraction"),
            xytext=(4, 0),
            textcoords="offset points",
            va="top",
            size=style.SMALL + 0.5,
            color=style.INK,
        )


def _name_ends(axes: Axes, ends: Sequence[tuple[float, str]]) -> None:
    """Name the curves at the right edge, in their order, far enough apart to be read."""
    if not ends:
        return
    axes.autoscale_view()
    low, high = axes.get_ylim()
    order = sorted(range(len(ends)), key=lambda index: ends[index][0])
    places = spread([ends[index][0] for index in order], (high - low) * 0.052)
    for place, index in zip(places, order, strict=True):
        colour = style.CYCLE[index % len(style.CYCLE)]
        axes.annotate(
            ends[index][1],
            (1.0, ends[index][0]),
            xycoords=("axes fraction", "data"),
            xytext=(1.03, place),
            textcoords=("axes fraction", "data"),
            va="center",
            size=style.SMALL,
            arrowprops={"arrowstyle": "-", "color": colour, "lw": 0.6, "shrinkA": 1, "shrinkB": 1},
        )


def spread(sorted_places: Sequence[float], least_gap: float) -> list[float]:
    """Return ascending places moved as little as simple means allow until neighbours are `least_gap` apart."""
    groups = [[place] for place in sorted_places]
    centres = list(sorted_places)
    merged = True
    while merged:
        merged = False
        for at in range(len(groups) - 1):
            reach = (len(groups[at]) + len(groups[at + 1])) / 2 * least_gap
            if centres[at + 1] - centres[at] < reach:
                groups[at : at + 2] = [groups[at] + groups[at + 1]]
                centres[at : at + 2] = [sum(groups[at]) / len(groups[at])]
                merged = True
                break
    return [
        centre + (place - (len(group) - 1) / 2) * least_gap
        for centre, group in zip(centres, groups, strict=True)
        for place in range(len(group))
    ]
