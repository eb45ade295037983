"""How target lesions changed over time, and who took part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import FancyBboxPatch

from escc_desktop.figures import style
from escc_desktop.figures.response import RESPONSE_COLOURS
from escc_desktop.figures.survival import month_ticks


@dataclass(frozen=True)
class ChangeCourse:
    """One patient's target sum over time: (month, percent of the baseline lost or gained), from the baseline on."""

    patient_id: str
    response: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class FlowBox:
    """One box of a flow diagram: how many, of what kind, and who left here with the reason.

    `is_apart`: it counts all enrolled, not those of the box before.
    """

    n: int
    words: str
    left: tuple[tuple[int, str], ...] = ()
    is_apart: bool = False


@style.styled
def spider(courses: Sequence[ChangeCourse]) -> Figure:
    """Draw each patient's change of the target sum over time, up to progression, coloured by best response."""
    title = "Change of the target lesions over time"
    drawn = [course for course in courses if course.points]
    if not drawn:
        return style.saying(title, "No patient has a target lesion measured at baseline and afterwards.")
    figure = style.new_figure(174, 96)
    axes = figure.add_subplot()
    top = min(max(25.0, *(change for course in drawn for _month, change in course.points)), 100.0)
    for course in drawn:
        months, changes = zip((0.0, 0.0), *course.points, strict=True)
        colour = RESPONSE_COLOURS.get(course.response, RESPONSE_COLOURS["NE"])
        shown = [min(change, top) for change in changes]
        axes.plot(months, shown, color=colour, lw=1.0, marker="o", ms=2.2, alpha=0.9)
    for level in (20, -30):
        axes.axhline(level, color=style.INK, lw=0.8, ls=(0, (4, 3)), zorder=3)
    axes.axhline(0, color=style.INK, lw=0.6)
    end = max(course.points[-1][0] for course in drawn)
    axes.set_xticks(month_ticks(end))
    axes.set_xlim(0, end * 1.03)
    axes.set_ylim(-104, top + 6)
    axes.set_yticks([-100, -60, -30, 0, 20, *range(60, int(top) + 1, 40)])
    axes.set_xlabel(f"months from day 1; {len(drawn)} patients, each up to progression")
    axes.set_ylabel("change of the sum from baseline (%)")
    counts = {kind: sum(course.response == kind for course in drawn) for kind in RESPONSE_COLOURS}
    handles = [
        Line2D([], [], color=RESPONSE_COLOURS[kind], marker="o", ms=3, label=f"{kind}, n = {count}")
        for kind, count in counts.items()
        if count
    ]
    figure.legend(handles=handles, loc="outside lower left", ncols=6)
    style.headline(figure, title)
    return figure


@style.styled
def flow_diagram(boxes: Sequence[FlowBox]) -> Figure:
    """Draw who took part from top to bottom, and to the side who left and why."""
    title = "Flow of patients"
    if not boxes:
        return style.saying(title, "No patient is recorded.")
    heights = [max(1.0, 0.62 * len(box.left)) for box in boxes]
    figure = style.new_figure(150, 14 + 15 * sum(heights))
    axes = figure.add_subplot()
    axes.set_axis_off()
    axes.set_xlim(0, 10)
    axes.set_ylim(sum(heights) + 0.1, -0.1)
    top = 0.0
    for place, (box, height) in enumerate(zip(boxes, heights, strict=True)):
        middle = top + 0.34
        _box(axes, (0.2, middle - 0.3, 4.0, 0.6), f"{box.n} {box.words}")
        if place + 1 < len(boxes) and not boxes[place + 1].is_apart:
            axes.annotate(
                "",
                (2.2, top + height),
                xytext=(2.2, middle + 0.3),
                arrowprops={"arrowstyle": "-|>", "color": style.QUIET, "lw": 0.9},
            )
        if box.left:
            words = "\n".join(f"{n} {why}" for n, why in box.left)
            axes.annotate(
                "",
                (4.9, middle),
                xytext=(4.2, middle),
                arrowprops={"arrowstyle": "-|>", "color": style.QUIET, "lw": 0.9},
            )
            axes.text(5.0, middle - 0.14, words, va="top", size=style.SMALL + 0.5, linespacing=1.5)
        top += height
    style.headline(figure, title)
    return figure


def _box(axes: Axes, place: tuple[float, float, float, float], words: str) -> None:
    x, y, width, height = place
    axes.add_patch(
        FancyBboxPatch((x, y), width, height, boxstyle="round,pad=0,rounding_size=0.12", fc="white", ec=style.QUIET)
    )
    axes.text(x + width / 2, y + height / 2, words, ha="center", va="center", weight="bold", size=style.BODY)
