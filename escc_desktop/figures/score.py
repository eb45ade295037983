"""Where Rad-scores lie: one patient in the cohort, and the cohort in order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike

from escc_desktop.figures import style, words
from escc_desktop.figures.words import RiskWord


def _group(score: float, cutoff: float) -> RiskWord:
    return "high" if score > cutoff else "low"


@style.styled
def score_strip(
    cohort: ArrayLike,
    cutoff: float,
    score: float | None = None,
    *,
    caption: str = "the cohort",
    group: RiskWord | None = None,
) -> Figure:
    """Draw one patient's Rad-score as a marker on the strip of the cohort's scores, with the cut-off.

    Parameters
    ----------
    group
        The patient's group where it was not this cut-off that decided it, as for a training patient; the caption then
        ought to say so. By default the cut-off decides.
    """
    scores = np.asarray(cohort, dtype=float)
    if scores.size == 0:
        return style.saying("Rad-score", "There is no cohort to compare with.")
    figure = style.new_figure(174, 34, shows_risk=True)
    axes = figure.add_subplot()
    sides_of_cut: tuple[RiskWord, ...] = ("low", "high")
    for side in sides_of_cut:
        mine = scores[(scores > cutoff) == (side == "high")]
        axes.plot(mine, np.zeros(mine.size), ls="", marker="|", ms=11, mew=1.1, color=style.RISK_COLOURS[side])
    axes.axvline(cutoff, color=style.INK, lw=1.0)
    sides = {"ha": "right", "x": -4}, {"ha": "left", "x": 4}
    for text, place in (("LOW ▼", sides[0]), ("▲ HIGH", sides[1])):
        axes.annotate(
            text,
            (cutoff, 0.98),
            xycoords=("data", "axes fraction"),
            xytext=(place["x"], 0),
            textcoords="offset points",
            ha=place["ha"],
            va="top",
            weight="bold",
            color=style.RISK_COLOURS["low" if "LOW" in text else "high"],
        )
    if score is not None:
        own = group or _group(score, cutoff)
        axes.plot(
            [score], [0], ls="", marker=style.RISK_MARKERS[own], ms=11, color=style.RISK_COLOURS[own], mec="white"
        )
        rank = int(np.count_nonzero(scores < score))
        axes.annotate(
            f"{words.score(score)}, above {rank} of {scores.size}",
            (score, 0),
            xytext=(0, -9),
            textcoords="offset points",
            ha="center",
            va="top",
            size=style.SMALL + 0.5,
            bbox={"fc": "white", "ec": "none", "pad": 1.0},
        )
    low, high = min(scores.min(), cutoff, _or(score, cutoff)), max(scores.max(), cutoff, _or(score, cutoff))
    edge = 0.06 * (high - low or 1.0)
    axes.set_xlim(low - edge, high + edge)
    axes.set_ylim(-1, 1)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(f"Rad-score; strokes: {caption} (n = {scores.size}); cut-off {words.score(cutoff)}")
    return figure


def _or(value: float | None, other: float) -> float:
    return other if value is None else value


@style.styled
def score_bars(
    scores: ArrayLike,
    cutoff: float,
    events: Sequence[bool],
    *,
    event: str = "died",
    otherwise: str = "alive at last contact",
) -> Figure:
    """Draw every patient's Rad-score in ascending order, coloured by group, hollow for patients without the event."""
    values = np.asarray(scores, dtype=float)
    if values.size == 0:
        return style.saying("Rad-score per patient", "There is no patient with a Rad-score.")
    order = np.argsort(values, kind="stable")
    figure = style.new_figure(150, 80, shows_risk=True)
    axes = figure.add_subplot()
    happened = np.asarray(events, dtype=bool)[order]
    for place, (value, has_event) in enumerate(zip(values[order], happened, strict=True)):
        colour = style.RISK_COLOURS[_group(value, cutoff)]
        axes.bar(place, value, width=0.8, color=colour if has_event else "white", edgecolor=colour, lw=0.8)
    axes.axhline(cutoff, color=style.INK, lw=0.9, ls=(0, (4, 3)))
    axes.axhline(0, color=style.QUIET, lw=0.6)
    n_low = int(np.count_nonzero(values <= cutoff))
    n_events = int(np.count_nonzero(happened & (values[order] <= cutoff)))
    n_high = values.size - n_low
    style.subline(
        axes,
        f"▼ LOW: {n_events} of {n_low} {event}    ▲ HIGH: {int(happened.sum()) - n_events} of {n_high} {event}    "
        f"cut-off {words.score(cutoff)}",
    )
    handles = [
        Line2D([], [], ls="", marker="s", mfc=fill, mec=style.QUIET, label=label)
        for fill, label in ((style.QUIET, event), ("white", otherwise))
    ]
    axes.legend(handles=handles, loc="lower right")
    axes.set_xticks([])
    axes.set_xlabel(f"{values.size} patients in order of their score")
    axes.set_ylabel("Rad-score")
    style.headline(figure, "Rad-score per patient")
    return figure
