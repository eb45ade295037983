"""Thick slabs: several slices of a plane seen as one, by their mean, largest or least value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from escc_desktop.gui.viewer.planes import Plane, VolumePlanes

USUAL_MM: Final = 10.0
MOST_MM: Final = 50.0
# A slab is made anew at every step: more slices than these take longer than a frame.
MOST_SLICES: Final = 41


class SlabKind(StrEnum):
    """What a slab shows of the values through it."""

    NONE = "none"
    MEAN = "mean"
    MAXIMUM = "maximum"
    MINIMUM = "minimum"


@dataclass(frozen=True)
class Slab:
    """How thick a picture is.

    Attributes
    ----------
    mm
        The least thickness; a slab is of whole slices, as many on either side of the one looked at.
    """

    kind: SlabKind = SlabKind.NONE
    mm: float = USUAL_MM

    def toggled(self, kind: SlabKind) -> Self:
        """Return the slab of a kind, or none if it is of that kind."""
        return replace(self, kind=SlabKind.NONE if self.kind is kind else kind)

    def thick(self, mm: float) -> Self:
        """Return the slab with another thickness."""
        return replace(self, mm=min(max(mm, 0.0), MOST_MM))

    def slices(self, planes: VolumePlanes, plane: Plane, index: int) -> range:
        """Return the slices it holds at one; fewer at the ends of the volume."""
        if self.kind is SlabKind.NONE:
            return range(index, index + 1)
        beside = half_slices(self.mm, slice_mm(planes, plane))
        return range(max(index - beside, 0), min(index + beside + 1, planes.size(plane)))

    def image(self, planes: VolumePlanes, plane: Plane, index: int) -> NDArray[np.int16]:
        """Return its picture (rows, columns) in HU; of one slice, that slice itself as a view."""
        slices = self.slices(planes, plane, index)
        if len(slices) == 1:
            return planes.image(plane, index)
        parts = (planes.image(plane, one) for one in slices)
        if self.kind is SlabKind.MEAN:
            return _mean(parts, len(slices))
        join = np.maximum if self.kind is SlabKind.MAXIMUM else np.minimum
        found = next(parts).copy()
        for part in parts:
            join(found, part, out=found)
        return found


SINGLE: Final = Slab()


def half_slices(mm: float, step_mm: float) -> int:
    """Return how many slices a slab has on either side of its middle one, so that it is at least so thick."""
    beside = int(np.ceil((mm / step_mm - 1) / 2 - 1e-6))
    return min(max(beside, 0), MOST_SLICES // 2)


def slice_mm(planes: VolumePlanes, plane: Plane) -> float:
    """Return the way from one slice of a plane to the next, in mm."""
    return planes.geometry.spacing_mm[planes.axes(plane).normal]


def _mean(parts: Iterator[NDArray[np.int16]], n: int) -> NDArray[np.int16]:
    total = next(parts).astype(np.int32)
    for part in parts:
        total += part
    # Whole numbers all the way, halves away from the lesser one: as quick as the largest value.
    mean: NDArray[np.int16] = ((2 * total + n) // (2 * n)).astype(np.int16)
    return mean
