"""Response of the target lesions and what happened to each patient."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from escc_desktop.figures import style
from escc_desktop.figures.survival import month_ticks

# Best response by RECIST 1.1; letters stand on the bars too, so that colour is not the only sign.
RESPONSE_COLOURS = {
    "CR": style.GREEN,
    "PR": style.BLUE,
    "SD": style.SKY,
    "NON_CR_NON_PD": "#a6cfe8",
    "PD": style.VERMILLION,
    "NE": "#c3c9d0",
}
_RESPONSE_WORDS = {
    "CR": "complete response",
    "PR": "partial response",
    "SD": "stable disease",
    "NON_CR_NON_PD": "neither complete response nor progression",
    "PD": "progressive disease",
    "NE": "not evaluable",
}
_NAMED = 90
"""With more patients the lanes get no codes, and the letters of the waterfall run into each other."""
_EVENTS: dict[str, dict[str, Any]] = {
    "response": {"marker": "^", "mfc": style.GREEN, "mec": "white", "ms": 5.5},
    "progression": {"marker": "X", "mfc": style.VERMILLION, "mec": "white", "ms": 6},
    "death": {"marker": "s", "mfc": style.BLACK, "mec": "white", "ms": 5},
    "new therapy": {"marker": "D", "mfc": style.ORANGE, "mec": "white", "ms": 4.5},
}


@dataclass(frozen=True)
class BestChange:
    """One patient's largest change of the target sum, percent (-100 to above 0), and best overall response."""

    patient_id: str
    change_percent: float | None
    response: str


@dataclass(frozen=True)
class SwimmerLane:
    """One patient's time from day 1, months: on treatment, followed, and what happened when.

    `events` are (kind, month); kinds are response, progression, death, new therapy. `is_ongoing` ends the lane in an
    arrow: the patient was alive and in follow-up at the data cut-off.
    """

    patient_id: str
    response: str
    treatment_months: float
    follow_up_months: float
    events: tuple[tuple[str, float], ...] = ()
    is_ongoing: bool = False


@style.styled
def waterfall(patients: Sequence[BestChange]) -> Figure:
    """Draw the best change of each patient's target lesions, worst to best, with the RECIST lines at +20 and -30 %."""
    title = "Best change of target lesions"
    measured = [patient for patient in patients if patient.change_percent is not None]
    if not measured:
        return style.saying(title, "No patient has a target lesion measured at baseline and afterwards.")
    order = sorted(measured, key=lambda patient: (-(patient.change_percent or 0.0), patient.patient_id))
    figure = style.new_figure(174, 88)
    axes = figure.add_subplot()
    top = min(max(20.0, *(patient.change_percent or 0.0 for patient in order)), 100.0)
    for place, patient in enumerate(order):
        change = patient.change_percent or 0.0
        axes.bar(place, min(change, top), width=0.82, color=_colour(patient.response))
        if len(order) > _NAMED:
            continue
        at = min(change, top) if change < 0 else 0
        label = patient.response if change <= top else f"{patient.response} {change:+.0f} %"
        axes.annotate(
            label,
            (place, at if change < 0 else min(change, top)),
            xytext=(0, -2 if change < 0 else 2),
            textcoords="offset points",
            ha="center",
            va="top" if change < 0 else "bottom",
            size=5.0,
            color=style.QUIET,
        )
    for level in (20, -30):
        axes.axhline(level, color=style.INK, lw=0.8, ls=(0, (4, 3)), zorder=3)
    axes.axhline(0, color=style.INK, lw=0.8)
    axes.set_yticks([-100, -80, -60, -40, -30, -20, 0, 20, *range(40, int(top) + 1, 20)])
    axes.set_ylim(-108, top + 12)
    axes.set_xlim(-1, len(order))
    axes.set_xticks([])
    missing = len(patients) - len(measured)
    rest = f"; {missing} without a later measurement not drawn" if missing else ""
    axes.set_xlabel(f"{len(measured)} patients{rest}")
    axes.set_ylabel("best change of the sum (%)")
    figure.legend(handles=_legend(patient.response for patient in order), loc="outside lower left", ncols=3)
    style.headline(figure, title)
    return figure


@style.styled
def swimmer(lanes: Sequence[SwimmerLane]) -> Figure:
    """Draw each patient as a lane, longest follow-up on top: treatment as a thick bar, follow-up as a thin line."""
    title = "Course of each patient"
    if not lanes:
        return style.saying(title, "No patient has started treatment.")
    order = sorted(lanes, key=lambda lane: (-lane.follow_up_months, lane.patient_id))
    is_named = len(order) <= _NAMED
    figure = style.new_figure(174, 42 + (3.3 * len(order) if is_named else 210))
    axes = figure.add_subplot()
    for place, lane in enumerate(order):
        axes.barh(place, lane.treatment_months, height=0.62, color=_colour(lane.response), lw=0)
        axes.plot([0, lane.follow_up_months], [place, place], color=style.QUIET, lw=0.9, zorder=1)
        for kind, month in lane.events:
            axes.plot([month], [place], ls="", mew=0.6, zorder=4, **_EVENTS[kind])
        if lane.is_ongoing:
            axes.plot([lane.follow_up_months], [place], ls="", marker=">", ms=4.5, color=style.QUIET, gid="ongoing")
    end = max(lane.follow_up_months for lane in order)
    axes.set_xlim(0, end * 1.03 or 1.0)
    axes.set_xticks(month_ticks(end))
    axes.set_ylim(len(order) - 0.3, -0.7)
    names = [lane.patient_id for lane in order] if is_named else []
    axes.set_yticks(range(len(names)), names, size=min(style.SMALL, 6.2))
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("months from day 1; bar: on treatment, line: in follow-up, ▸ still followed, bare end: lost")
    seen = {kind for lane in order for kind, _ in lane.events}
    marks = [Line2D([], [], ls="", label=kind, **look) for kind, look in _EVENTS.items() if kind in seen]
    handles = [*_legend(lane.response for lane in order), *marks]
    figure.legend(handles=handles, loc="outside lower left", ncols=4, columnspacing=1.4)
    style.headline(figure, title)
    return figure


@style.styled
def response_bar(counts: Mapping[str, int], n_enrolled: int) -> Figure:
    """Draw the best responses (CR, PR, SD, PD, NE and their counts) as one bar out of all enrolled patients."""
    title = "Best overall response"
    n = sum(counts.values())
    if n == 0:
        return style.saying(title, "No response has been assessed.")
    figure = style.new_figure(174, 40)
    axes = figure.add_subplot()
    start = 0
    for kind, colour in RESPONSE_COLOURS.items():
        count = counts.get(kind, 0)
        if count:
            axes.barh(0, count, left=start, height=0.7, color=colour, edgecolor="white", lw=1.2)
            is_narrow = count / n_enrolled < 0.04
            ink = "white" if kind in {"CR", "PR", "PD"} and not is_narrow else style.INK
            height, base = (0.38, "bottom") if is_narrow else (0.0, "center")
            text = f"{kind} {count}" if is_narrow else f"{kind}\n{count}"
            axes.text(start + count / 2, height, text, ha="center", va=base, color=ink, weight="bold")
            start += count
    if n_enrolled > n:
        axes.barh(0, n_enrolled - n, left=n, height=0.7, color="white", edgecolor=style.FAINT, hatch="////", lw=0.8)
        label = f"none\n{n_enrolled - n}"
        axes.text(
            (n + n_enrolled) / 2, 0, label, ha="center", va="center", bbox={"fc": "white", "ec": "none", "pad": 1}
        )
    axes.set_xlim(0, n_enrolled)
    axes.set_ylim(-0.5, 0.65)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(f"patients; {n} with a response assessment of {n_enrolled} enrolled")
    style.headline(figure, title)
    return figure


def _colour(response: str) -> str:
    return RESPONSE_COLOURS.get(response, RESPONSE_COLOURS["NE"])


def _legend(responses: Iterable[str]) -> list[Patch]:
    found = list(responses)
    counts = {kind: sum(response == kind for response in found) for kind in RESPONSE_COLOURS}
    return [
        Patch(color=RESPONSE_COLOURS[kind], label=f"{kind} {_RESPONSE_WORDS[kind]}, n = {count}")
        for kind, count in counts.items()
        if count
    ]
