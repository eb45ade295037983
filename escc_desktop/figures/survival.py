"""Kaplan-Meier curves with their numbers at risk, and the search for a cut-off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.typing import LineStyleType
from numpy.typing import NDArray

from escc_desktop.figures import style, words
from escc_desktop.figures.words import RiskWord
from escc_desktop.stats.cutpoint import Cutpoint
from escc_desktop.stats.survival import Estimate, KaplanMeier

MIN_AT_RISK = 10
_COLUMNS = (0.065, 0.24, 0.31, 0.41, 0.70)


@dataclass(frozen=True)
class Group:
    """One curve: its label, the estimate, and its risk group if it is one; a risk group is drawn with its shape."""

    label: str
    curve: KaplanMeier
    risk: RiskWord | None = None

    @property
    def words(self) -> str:
        """The label as drawn."""
        return self.label if self.risk is None else f"{words.SHAPES[self.risk]} {self.label}"


@style.styled
def kaplan_meier(
    groups: Sequence[Group],
    *,
    endpoint: str = "overall survival",
    log_rank_p: float | None = None,
    corrected_p: float | None = None,
    horizon_months: float | None = None,
    title: str = "",
) -> Figure:
    """Draw survival by group with 95 % bands, censoring ticks, medians and numbers at risk.

    A curve is thin and without band where fewer than ten patients are at risk.

    Parameters
    ----------
    log_rank_p
        P of the log-rank test between the groups; called naive when `corrected_p` is given.
    corrected_p
        The same corrected for the search of the cut-off.
    horizon_months
        Where survival is read off with a fine line.
    """
    title = title or f"{endpoint.capitalize()} by group"
    groups = [group for group in groups if group.curve.time.size]
    if not groups:
        return style.saying(title, "There is no patient to follow.")
    shows_risk = any(group.risk for group in groups)
    n = len(groups)
    figure = style.new_figure(150, 92 + 9 * n, shows_risk=shows_risk)
    header, upper, lower = figure.subplots(3, 1, gridspec_kw={"height_ratios": [11 + 4.5 * n, 62, 4 + 4.5 * n]})
    end = max(float(group.curve.time[-1]) for group in groups)
    for order, group in enumerate(groups):
        _curve(upper, group, order)
    ticks = month_ticks(end)
    for axes in (upper, lower):
        axes.set_xlim(0, max(end * 1.02, ticks[-1], 1.0))
        axes.set_xticks(ticks)
    upper.set_ylim(0, 1.02)
    upper.set_yticks(np.linspace(0, 1, 6), [f"{level}" for level in range(0, 101, 20)])
    upper.set_ylabel(f"{endpoint} (%)")
    upper.tick_params(labelbottom=False)
    if horizon_months is not None and horizon_months < end:
        upper.axvline(horizon_months, color=style.FAINT, lw=0.8, zorder=0)
    _header(header, groups, _remarks(groups, log_rank_p, corrected_p), horizon_months, endpoint)
    _at_risk(lower, groups, ticks)
    style.headline(figure, title)
    return figure


def month_ticks(end_months: float) -> NDArray[np.float64]:
    """Return ticks in whole months, six to nine of them, at a step a calendar knows."""
    step = next((step for step in (1, 2, 3, 6, 12, 24) if end_months / step <= 10), 60)
    return np.arange(0, end_months + 1e-9, step, dtype=float)


def _colour(group: Group, order: int) -> str:
    return style.RISK_COLOURS[group.risk] if group.risk else style.CYCLE[order % len(style.CYCLE)]


def _line(group: Group) -> LineStyleType:
    return style.RISK_LINES[group.risk] if group.risk else "-"


def _curve(axes: Axes, group: Group, order: int) -> None:
    colour = _colour(group, order)
    curve = group.curve
    time, survival = np.append(0.0, curve.time), np.append(1.0, curve.survival)
    low, high = (np.append(1.0, limit) for limit in curve.limits())
    enough = np.flatnonzero(curve.n_risk >= MIN_AT_RISK)
    firm = int(enough[-1]) + 2 if enough.size else 1
    median = curve.median()
    axes.plot(time[:firm], survival[:firm], drawstyle="steps-post", color=colour, ls=_line(group), lw=1.8, gid="firm")
    axes.plot(
        time[firm - 1 :], survival[firm - 1 :], drawstyle="steps-post", color=colour, lw=0.7, alpha=0.6, gid="thin"
    )
    axes.fill_between(time[:firm], low[:firm], high[:firm], step="post", color=colour, alpha=0.14, lw=0)
    censored = curve.n_censor > 0
    axes.plot(curve.time[censored], curve.survival[censored], ls="", marker="|", ms=5, mew=0.8, color=colour)
    if np.isfinite(median.value):
        axes.plot([0, median.value], [0.5, 0.5], color=style.QUIET, lw=0.6, ls=":")
        axes.plot([median.value, median.value], [0, 0.5], color=colour, lw=0.8, ls=":", gid="median")


def _median(median: Estimate) -> str:
    if not np.isfinite(median.value):
        return "not reached"
    if not np.isfinite([median.lower, median.upper]).any():
        return f"{median.value:.1f} (no limits)"
    ends = [f"{end:.1f}" if np.isfinite(end) else "not reached" for end in (median.lower, median.upper)]
    return f"{median.value:.1f} ({ends[0]} to {ends[1]})"


def _remarks(groups: Sequence[Group], p: float | None, corrected_p: float | None) -> str:
    parts = []
    if p is not None:
        parts.append(f"log-rank {words.p_phrase(p)}")
    if corrected_p is not None:
        parts[-1:] = [f"naive {parts[-1]}"] if parts else []
        parts.append(f"corrected for the search of the cut-off {words.p_phrase(corrected_p)}")
    if sum(int(group.curve.n_event.sum()) for group in groups) == 0:
        parts.append("No event has happened: nothing can be compared")
    return ";  ".join(parts)


def _header(axes: Axes, groups: Sequence[Group], remarks: str, horizon_months: float | None, endpoint: str) -> None:
    """Write what each curve says as a table above the curves, where nothing can run into it."""
    axes.set_axis_off()
    axes.set_xlim(0, 1)
    axes.set_ylim(len(groups) + 0.8, -1.7)
    heads = ["", "n", "events", "median (95 % CI), months"]
    heads += [f"{words.horizon(horizon_months)} {words.short_endpoint(endpoint)}"] if horizon_months is not None else []
    for x, head in zip(_COLUMNS, heads, strict=False):
        axes.text(x, -1.05, head, size=style.SMALL, color=style.QUIET, va="center")
    for row, group in enumerate(groups):
        curve, colour = group.curve, _colour(group, row)
        axes.plot([0, 0.05], [row, row], color=colour, ls=_line(group), lw=1.8)
        cells = [group.words, str(int(curve.n_risk[0])), str(int(curve.n_event.sum())), _median(curve.median())]
        if horizon_months is not None:
            read = curve.at(horizon_months)
            cells.append(_read(read.survival, read.lower, read.upper))
        for x, cell in zip(_COLUMNS, cells, strict=False):
            axes.text(
                x, row, cell, size=style.SMALL + 0.5, va="center", color=colour if x == _COLUMNS[0] else style.INK
            )
    axes.text(0, len(groups) + 0.2, remarks, size=style.SMALL + 0.5, va="center")
    for text in axes.texts:
        text.set_in_layout(False)


def _read(survival: NDArray[np.float64], lower: NDArray[np.float64], upper: NDArray[np.float64]) -> str:
    if survival[0] == 1:
        return "100 % (no event yet)"
    return words.percent_interval(words.Interval(float(survival[0]), float(lower[0]), float(upper[0])))


def _at_risk(axes: Axes, groups: Sequence[Group], ticks: NDArray[np.float64]) -> None:
    for row, group in enumerate(groups):
        for tick, count in zip(ticks, group.curve.at(ticks).n_risk, strict=True):
            axes.text(
                tick, row, str(int(count)), ha="center", va="center", size=style.SMALL + 0.5, gid=f"at risk {row}"
            )
    axes.set_ylim(len(groups) - 0.4, -0.6)
    axes.set_yticks(range(len(groups)), [group.words for group in groups])
    for order, (label, group) in enumerate(zip(axes.get_yticklabels(), groups, strict=True)):
        label.set_color(_colour(group, order))
    axes.tick_params(axis="y", length=0, pad=11)
    axes.spines[["left"]].set_visible(False)
    style.subline(axes, f"number at risk (the curve is thin where it is below {MIN_AT_RISK})")
    axes.set_xlabel("months from the start of treatment")


@style.styled
def cut_search(search: Cutpoint, moves: tuple[float, float] | None = None) -> Figure:
    """Draw the log-rank statistic of every cut-off tried, the chosen one, and P naive and corrected.

    Parameters
    ----------
    moves
        Where 95 % of the cut-offs of resamples lie; shaded.
    """
    figure = style.new_figure(120, 75, shows_risk=True)
    axes = figure.add_subplot()
    if moves is not None:
        axes.axvspan(*moves, color=style.GRID, lw=0, zorder=0, gid="moves")
    axes.plot(search.candidates, search.chisqs, drawstyle="steps-mid", color=style.FAINT, lw=0.9)
    axes.plot(search.candidates, search.chisqs, ls="", marker="o", ms=3, color=style.BLUE)
    axes.plot([search.cut], [search.chisq], ls="", marker="D", ms=6, color=style.VERMILLION)
    axes.axvline(search.cut, color=style.VERMILLION, lw=0.8, ls=(0, (4, 3)))
    axes.set_ylim(0, max(float(search.chisqs.max()), 3.84) * 1.1)
    axes.axhline(3.84, color=style.QUIET, lw=0.6, ls=":")
    style.subline(
        axes,
        f"chosen {words.score(search.cut)}: {search.n_low} low, {search.n_high} high; naive "
        f"{words.p_phrase(search.naive_p)}, corrected {words.p_phrase(_corrected(search))}\n"
        "dotted: 3.84, where a single cut-off would reach P = 0.05"
        + (f"\nshaded: 95 % of the cut-offs of resamples, {moves[0]:.3f} to {moves[1]:.3f}" if moves else ""),
    )
    tried = search.candidates
    margin = 0.5 * max(float(np.ptp(tried)), 1e-3)
    # Resamples with another signature cut on another scale: the shade must not squeeze what was tried.
    axes.set_xlim(float(tried.min()) - margin, float(tried.max()) + margin)
    axes.set_xlabel("Rad-score cut-off tried (high is above)")
    axes.set_ylabel("log-rank chi-square")
    style.headline(figure, f"{search.candidates.size} cut-offs were tried")
    return figure


def _corrected(search: Cutpoint) -> float:
    known = np.isfinite(search.permutation_p)
    return search.permutation_p if known else search.miller_siegmund_p
