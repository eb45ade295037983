"""The tools of a reading by the labels their steps carry, and the names of its notes."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True)
class ToolKind:
    """A tool as the history, the signature and the agreement know it.

    Attributes
    ----------
    label
        What its steps are called, for ever: it is part of signed readings.
    is_assisted
        Whether the program, not the hand, decides where the border runs. A protocol may forbid those, and agreement
        is reported with and without the slices they touched.
    """

    label: str
    is_assisted: bool


def _kinds(labels: str, *, is_assisted: bool) -> tuple[ToolKind, ...]:
    return tuple(ToolKind(label.strip(), is_assisted) for label in labels.split(","))


TOOL_KINDS: Final = MappingProxyType(
    {
        kind.label: kind
        for kind in (
            *_kinds("brush, eraser, polygon, polygon cut, nudge", is_assisted=False),
            *_kinds("brush in HU range, adaptive brush, livewire, level tracing", is_assisted=True),
            *_kinds("flood fill, region growing, paste, interpolation", is_assisted=True),
            *_kinds("smoothing, fill holes, islands, margin, union, intersection, difference", is_assisted=True),
            *_kinds("trim air and fat, trim vessel and calcium, trim to limits, AI proposal", is_assisted=True),
        )
    }
)

# Notes of a reading (`history.Note`): each belongs to the part of the program that writes it.
ROIS: Final = "rois"
MEASUREMENTS: Final = "measurements"
TAGS: Final = "tags"
LIMITS: Final = "limits"
CENTRELINE: Final = "centreline"
NOTES: Final = (ROIS, MEASUREMENTS, TAGS, LIMITS, CENTRELINE)


def is_assisted(label: str) -> bool:
    """Return whether a step of this label is one of an assisted tool; an unknown one counts as assisted."""
    kind = TOOL_KINDS.get(label)
    return kind is None or kind.is_assisted
