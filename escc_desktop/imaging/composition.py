"""What a region is made of by its HU, and the voxels that trimming would take out of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from escc_desktop.imaging.mask import BoolArray, Region, bounding_box
from escc_desktop.progress import Progress

AIR_FAT_BELOW_HU: Final = -30
VESSEL_ABOVE_HU: Final = 200
# Slices are thick, and a partial volume across them is no border that a reader sees: the rim lies in the slice.
_RIM: Final = np.array([[[0, 1, 0], [1, 1, 1], [0, 1, 0]]], dtype=np.bool_)
Counts = tuple[int, int, int]


class Part(StrEnum):
    """What does not belong into the outline of a solid lesion."""

    AIR_FAT = "air and fat"
    VESSEL_CALCIUM = "vessel and calcium"


@dataclass(frozen=True)
class Composition:
    """How many voxels of a region lie below -30 HU and above 200 HU."""

    n_voxels: int = 0
    n_air_fat: int = 0
    n_vessel_calcium: int = 0

    @classmethod
    def of_slices(cls, counts: Iterable[Counts]) -> Composition:
        """Add up what `count_slices` returned."""
        total = np.sum([(0, 0, 0), *counts], axis=0)
        return cls(int(total[0]), int(total[1]), int(total[2]))

    def count(self, part: Part) -> int:
        """Return how many voxels of a part there are."""
        return self.n_air_fat if part is Part.AIR_FAT else self.n_vessel_calcium

    def share(self, part: Part) -> float:
        """Return the share of a part, 0 to 1; 0 for an empty region."""
        return self.count(part) / self.n_voxels if self.n_voxels else 0.0


def belongs_to(hu: NDArray[np.int16], part: Part) -> BoolArray:
    """Return which voxels have the HU of a part."""
    found: BoolArray = hu < AIR_FAT_BELOW_HU if part is Part.AIR_FAT else hu > VESSEL_ABOVE_HU
    return found


def count_slices(
    hu: NDArray[np.int16], voxels: BoolArray, slices: Iterable[int], progress: Progress
) -> dict[int, Counts]:
    """Return for some slices (z) how many voxels of a region there are, of air and fat, of vessel and calcium."""
    wanted = sorted(slices)
    found = {}
    for done, index in enumerate(wanted):
        progress.advance(done, len(wanted))
        inside = hu[index][voxels[index]]
        low, high = (int(np.count_nonzero(belongs_to(inside, part))) for part in Part)
        found[index] = inside.size, low, high
    return found


def trim(hu: NDArray[np.int16], voxels: BoolArray, part: Part, *, with_rim: bool) -> tuple[Region, BoolArray]:
    """Return what is left of a region once a part is taken out of it.

    Parameters
    ----------
    hu, voxels
        Arrays (z, y, x) of one shape.
    with_rim
        Whether the voxels of the region that touch what is taken out, in its slice, go too: they are partly air or
        vessel themselves.

    Returns
    -------
    The box (z, y, x) that held the region, and what is left in it.
    """
    box = bounding_box(voxels)
    inside = voxels[box]
    unwanted = inside & belongs_to(hu[box], part)
    if with_rim and unwanted.any():
        unwanted = ndimage.binary_dilation(unwanted, _RIM)
    return box, inside & ~unwanted
