"""One patient's course on a strip: scans, doses, laboratory, adverse events, outcome."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Protocol

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from escc_desktop.figures import style
from escc_desktop.figures.survival import month_ticks

DAYS_PER_MONTH = 30.4375
_LANES: dict[str, tuple[str, ...]] = {
    "scans": ("scan",),
    "doses by cycle": ("dose",),
    "laboratory": ("lab",),
    "adverse events": ("adverse_event",),
    "course": ("start", "next_therapy", "last_contact", "death"),
}
_LOOKS: dict[str, dict[str, Any]] = {
    "scan": {"marker": "o", "color": style.PURPLE, "ms": 6},
    "dose": {"marker": "|", "color": style.BLUE, "ms": 8, "mew": 1.3},
    "lab": {"marker": "o", "mfc": "white", "mec": style.QUIET, "ms": 4},
    "abnormal": {"marker": "^", "color": style.VERMILLION, "ms": 5},
    "adverse_event": {"marker": "o", "color": style.ORANGE, "ms": 4.5},
    "severe": {"marker": "^", "color": style.VERMILLION, "ms": 5.5},
    "start": {"marker": ">", "color": style.GREEN, "ms": 6},
    "next_therapy": {"marker": "D", "color": style.ORANGE, "ms": 5},
    "last_contact": {"marker": "|", "color": style.INK, "ms": 9, "mew": 1.5},
    "death": {"marker": "s", "color": style.BLACK, "ms": 6},
}
_SEVERE_GRADE = 3


class Event(Protocol):
    """What `trial.timeline.TimelineEvent` has: trial days (day 1 is the first dose, no day 0), kind, label, detail."""

    @property
    def day(self) -> int:
        """Trial day."""

    @property
    def end_day(self) -> int | None:
        """Last trial day, if it lasted."""

    @property
    def kind(self) -> str:
        """Such as scan, dose, lab, adverse_event, death."""

    @property
    def label(self) -> str:
        """What it was."""

    @property
    def detail(self) -> str:
        """More about it; for laboratory values those out of range."""


@style.styled
def patient_timeline(events: Sequence[Event], title: str = "Course") -> Figure:
    """Draw the strip. Out-of-range laboratory values and adverse events of grade 3 or more are red triangles.

    A label that would run into its neighbour is left out; its mark stays.
    """
    if not events:
        return style.saying(title, "Nothing has been recorded for this patient.")
    lanes = {name: [event for event in events if event.kind in kinds] for name, kinds in _LANES.items()}
    lanes = {name: sorted(found, key=lambda event: event.day) for name, found in lanes.items() if found}
    first = min(_day(event.day) for event in events)
    last = max(_day(event.end_day or event.day) for event in events)
    figure = style.new_figure(174, 24 + 9 * len(lanes))
    axes = figure.add_subplot()
    per_letter = max(last - first, 60) * 0.0104
    for place, (name, found) in enumerate(lanes.items()):
        axes.axhline(place, color=style.GRID, lw=0.7, zorder=0)
        for event in found:
            _mark(axes, place, event)
        _label_lane(axes, place, name, found, per_letter)
    ticks = month_ticks((last - min(first, 0)) / DAYS_PER_MONTH)
    axes.set_xticks([tick * DAYS_PER_MONTH for tick in ticks], [f"{tick:g}" for tick in ticks])
    axes.set_xlim(first - 0.02 * (last - first) - 2, last + 0.05 * (last - first) + 2)
    axes.axvline(0, color=style.FAINT, lw=0.8, zorder=0)
    axes.set_ylim(len(lanes) - 0.5, -0.8)
    axes.set_yticks(range(len(lanes)), list(lanes))
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("months from the first dose")
    style.headline(figure, title)
    return figure


def _day(trial_day: int) -> int:
    """Return days from the first dose: trial days know no 0."""
    return trial_day - 1 if trial_day > 0 else trial_day


def _look(event: Event) -> str:
    if event.kind == "lab" and event.detail:
        return "abnormal"
    return "severe" if event.kind == "adverse_event" and _grade(event) >= _SEVERE_GRADE else event.kind


def _grade(event: Event) -> int:
    found = re.search(r"grade (\d)", event.label)
    return int(found[1]) if found else 0


def _mark(axes: Axes, place: int, event: Event) -> None:
    start = _day(event.day)
    look = _LOOKS[_look(event)]
    if event.end_day is not None and event.end_day > event.day:
        colour = style.SKY if event.kind == "dose" else look["color"]
        axes.barh(place, _day(event.end_day) - start, left=start, height=0.34, color=colour, alpha=0.55, lw=0, zorder=1)
    axes.plot([start], [place], ls="", gid=_look(event), **look)


def _label_lane(axes: Axes, place: int, name: str, events: Sequence[Event], per_letter: float) -> None:
    taken: list[tuple[float, float]] = []
    cycles: set[str] = set()
    for event in sorted(events, key=_urgency):
        text = _short(event)
        if event.kind == "dose" and text in cycles:
            continue
        cycles.add(text)
        start = _day(event.day)
        span = (start - len(text) * per_letter / 2, start + len(text) * per_letter / 2)
        if not text or any(span[0] < right and span[1] > left for left, right in taken):
            continue
        taken.append(span)
        axes.annotate(
            text,
            (start, place),
            xytext=(0, 5),
            textcoords="offset points",
            ha="center",
            va="bottom",
            size=style.SMALL - 0.8,
            gid=f"label {name}",
        )


def _urgency(event: Event) -> tuple[int, int]:
    """Return what is labelled first when there is no room for all: death, then the worst grade, then the earliest."""
    return (-10 if event.kind == "death" else -_grade(event), event.day)


def _short(event: Event) -> str:
    if event.kind == "lab":
        return ""
    if event.kind == "dose":
        return event.label.partition(":")[0].removeprefix("Cycle ")
    if event.kind == "scan":
        return event.label.rpartition(": ")[2].removesuffix(" scan")
    return event.label.replace(", grade ", " G")
