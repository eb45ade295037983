"""Two models on the same patients: how much better one is, with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure

from escc_desktop.figures import style, words
from escc_desktop.figures.words import Interval


@dataclass(frozen=True)
class DifferenceRow:
    """`second` less `first` in one measure, apparent or out of fold."""

    words: str
    measure: str
    difference: Interval
    p: float | None
    is_apparent: bool


@style.styled
def paired_differences(rows: Sequence[DifferenceRow], title: str = "Models compared") -> Figure:
    """Draw differences about 0: hollow on the training patients, filled for patients the models never saw."""
    if not rows:
        return style.saying(title, "There are not two models to compare.")
    figure = style.new_figure(174, 34 + 6.5 * len(rows), shows_risk=True)
    left, middle, right = figure.subplots(1, 3, gridspec_kw={"width_ratios": [58, 52, 64]})
    for axes in (left, middle, right):
        axes.set_ylim(len(rows) - 0.4, -1.3)
    for place, row in enumerate(rows):
        name = row.words if place == 0 or rows[place - 1].words != row.words else ""
        left.text(0, place, name, va="center", size=style.SMALL + 0.5, weight="bold").set_in_layout(False)
        left.text(1, place, row.measure, va="center", ha="right", size=style.SMALL, color=style.QUIET)
        found = row.difference
        fill = "white" if row.is_apparent else style.BLUE
        if found.lower is not None and found.upper is not None and found.has_limits:
            middle.plot([found.lower, found.upper], [place, place], color=style.BLUE, lw=1.2)
        middle.plot([found.value], [place], ls="", marker="s", ms=5, mfc=fill, mec=style.BLUE)
        right.text(0, place, _signed(found), va="center", size=style.SMALL)
        right.text(0.63, place, words.p_value(row.p), va="center", size=style.SMALL)
        right.text(
            1, place, "apparent" if row.is_apparent else "out of fold", va="center", ha="right", size=style.SMALL
        )
    for x, head in ((0.0, "difference (95 % CI)"), (0.63, "P")):
        right.text(x, -0.95, head, size=style.SMALL, color=style.QUIET, va="center")
    for axes in (left, right):
        axes.set_axis_off()
        axes.set_xlim(0, 1)
    middle.axvline(0, color=style.INK, lw=0.8)
    middle.tick_params(axis="y", length=0, labelleft=False)
    middle.spines["left"].set_visible(False)
    middle.set_xlabel("□ apparent   ■ out of fold\nworse ◂  ▸ better")
    style.headline(figure, title)
    return figure


def _signed(found: Interval) -> str:
    if found.lower is None or found.upper is None or not found.has_limits:
        return f"{found.value:+.3f}"
    return f"{found.value:+.3f} ({found.lower:+.3f} to {found.upper:+.3f})"
