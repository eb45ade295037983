"""How far two readings of the same patients agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import ArrayLike

from escc_desktop.figures import style
from escc_desktop.stats.agreement import BlandAltman

# Classes of Koo and Li (2016); the words stand in the legend, so that colour is not the only sign.
_CLASSES = ("poor, below 0.5", "moderate, 0.5 to 0.75", "good, 0.75 to 0.9", "excellent, above 0.9")
_COLOURS = (style.VERMILLION, "#f3b27a", "#a6cfe8", style.BLUE)
_MISSING = "#d9dde2"
_FAMILIES = ("firstorder", "glcm", "gldm", "glrlm", "glszm", "ngtdm", "shape")


@style.styled
def icc_wall(
    names: Sequence[str], icc: ArrayLike, lower: ArrayLike, *, comparison: str, threshold: float = 0.75
) -> Figure:
    """Draw every feature as a cell, filters across and families down, coloured by ICC.

    The stroke in a cell is the lower confidence bound, from 0 at its left edge to 1 at its right.

    Parameters
    ----------
    names
        Feature names, "filter_family_feature" with or without the phase prefix.
    icc, lower
        (p,) value and lower confidence bound; not-a-number where it cannot be computed.
    comparison
        What was compared, such as "intra: reader A, first against repeat".
    """
    values, bounds = np.asarray(icc, dtype=float), np.asarray(lower, dtype=float)
    title = f"Agreement, {comparison}"
    if values.size == 0:
        return style.saying(title, "No feature was read twice: there is no agreement to show.")
    parts = [tuple(name.removeprefix("A_").split("_", 2)) for name in names]
    filters = list(dict.fromkeys(part[0] for part in parts if part[0] != "original"))
    filters = ["original", *filters]
    rows, starts = _rows(parts)
    grid = np.full((len(rows), len(filters)), -1.0)
    strokes, inks = [], []
    for part, value, bound in zip(parts, values, bounds, strict=True):
        row, column = rows[part[1:]], filters.index(part[0])
        grid[row, column] = 0.0 if np.isnan(value) else 1 + np.searchsorted([0.5, 0.75, 0.9], value, side="right")
        if not np.isnan(bound):
            x = column - 0.5 + float(np.clip(bound, 0, 1))
            strokes.append([(x, row - 0.42), (x, row + 0.42)])
            inks.append("white" if value < 0.5 or value >= 0.9 else style.INK)
    figure = style.new_figure(174, 40 + 1.55 * len(rows))
    axes = figure.add_subplot()
    colours = ListedColormap(["white", _MISSING, *_COLOURS])
    axes.imshow(grid, cmap=colours, norm=BoundaryNorm(np.arange(-1.5, 5), 6), aspect="auto", interpolation="nearest")
    axes.add_collection(LineCollection(strokes, colors=inks, linewidths=0.7, gid="lower bounds"))
    _frame(axes, filters, starts, len(rows))
    passing = int(np.count_nonzero(values > threshold))
    firm = int(np.count_nonzero(bounds > threshold))
    style.subline(
        axes,
        f"{passing:,} of {values.size:,} features above {threshold:g}; {firm:,} with their lower bound above it\n"
        "stroke in a cell: the lower bound, 0 at the left edge, 1 at the right",
    )
    handles = [Patch(color=colour, label=label) for colour, label in zip(_COLOURS, _CLASSES, strict=True)]
    if np.isnan(values).any():
        handles.append(Patch(color=_MISSING, label="not computable"))
    figure.legend(handles=handles, loc="outside lower left", ncols=5, handlelength=1.0, columnspacing=1.4)
    style.headline(figure, title)
    return figure


def _frame(axes: Axes, filters: Sequence[str], starts: Mapping[str, int], n_rows: int) -> None:
    """Name columns and families and part the cells by white lines."""
    axes.set_xticks(range(len(filters)), filters, rotation=60, ha="right", rotation_mode="anchor", size=style.SMALL)
    ends = [*starts.values(), n_rows][1:]
    axes.set_yticks([(a + b - 1) / 2 for a, b in zip(starts.values(), ends, strict=True)], list(starts))
    for row in range(1, n_rows):
        axes.axhline(row - 0.5, color="white", lw=0.3)
    for start in list(starts.values())[1:]:
        axes.axhline(start - 0.5, color="white", lw=2.2)
    for column in range(1, len(filters)):
        axes.axvline(column - 0.5, color="white", lw=1.4)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


def _rows(parts: Sequence[tuple[str, ...]]) -> tuple[dict[tuple[str, ...], int], dict[str, int]]:
    """Return the row of each (family, feature) and the first row of each family."""
    found = sorted({part[1:] for part in parts}, key=lambda part: (_family_order(part[0]), part))
    starts: dict[str, int] = {}
    for row, part in enumerate(found):
        starts.setdefault(part[0], row)
    return {part: row for row, part in enumerate(found)}, starts


def _family_order(family: str) -> int:
    return _FAMILIES.index(family) if family in _FAMILIES else len(_FAMILIES)


@style.styled
def icc_distribution(comparisons: Mapping[str, ArrayLike], *, n_patients: int, threshold: float = 0.75) -> Figure:
    """Draw how the ICC of all features (p,) is distributed, one row a comparison, with the share that passes."""
    known = {label: np.asarray(values, dtype=float) for label, values in comparisons.items()}
    known = {label: values[~np.isnan(values)] for label, values in known.items()}
    title = "Distribution of agreement over all features"
    if not any(values.size for values in known.values()):
        return style.saying(title, "No feature was read twice: there is no agreement to show.")
    figure = style.new_figure(130, 30 + 32 * len(known))
    rows = figure.subplots(len(known), 1, sharex=True, squeeze=False)[:, 0]
    bins = np.linspace(-0.25, 1, 51)
    for axes, (label, values) in zip(rows, known.items(), strict=True):
        passing = values > threshold
        axes.hist(np.clip(values[~passing], -0.25, 1), bins=bins, color="#f3b27a")
        axes.hist(values[passing], bins=bins, color=style.BLUE)
        axes.axvline(threshold, color=style.INK, lw=0.9, ls=(0, (4, 3)))
        share = f"{passing.mean() * 100:.0f} %" if values.size else "none"
        middle = f"median {np.median(values):.2f}, " if values.size else ""
        style.subline(
            axes, f"{label}: {middle}{int(passing.sum()):,} of {values.size:,} features ({share}) above {threshold:g}"
        )
        axes.set_ylabel("features")
    rows[-1].set_xlim(-0.25, 1.0)
    rows[-1].set_xlabel(f"ICC over {n_patients} patients (values below -0.25 stand at the left end)")
    style.headline(figure, title)
    return figure


@style.styled
def bland_altman(comparison: BlandAltman, label: str, readings: tuple[str, str], unit: str = "") -> Figure:
    """Draw differences against means with bias and limits of agreement, each with its 95 % interval as a band."""
    figure = style.new_figure(130, 85)
    axes = figure.add_subplot()
    levels = (
        (comparison.bias, (comparison.bias_lower, comparison.bias_upper), "bias", style.BLUE),
        (comparison.loa_upper, comparison.loa_upper_limits, "upper limit", style.VERMILLION),
        (comparison.loa_lower, comparison.loa_lower_limits, "lower limit", style.VERMILLION),
    )
    for level, (low, high), name, colour in levels:
        axes.axhspan(low, high, color=colour, alpha=0.12, lw=0)
        axes.axhline(level, color=colour, lw=1.0, ls="-" if name == "bias" else (0, (5, 2)))
        axes.annotate(
            f"{name}\n{level:.3g}",
            (1.0, level),
            xycoords=("axes fraction", "data"),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            size=style.SMALL,
            color=colour,
        )
    axes.axhline(0, color=style.QUIET, lw=0.6)
    axes.plot(comparison.mean, comparison.difference, ls="", marker="o", ms=4, mfc="white", mec=style.INK, mew=0.9)
    suffix = f" ({unit})" if unit else ""
    axes.set_xlabel(f"mean of both readings{suffix}")
    axes.set_ylabel(f"{readings[1]} minus {readings[0]}{suffix}")
    style.subline(axes, f"n = {comparison.mean.size}; bands: 95 % CI of bias and limits of agreement")
    style.headline(figure, f"Bland-Altman: {label}")
    return figure
