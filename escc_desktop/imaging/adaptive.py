"""What an adaptive brush takes: the voxels under it that are of one tissue and hang together with its middle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from escc_desktop.imaging.delineate import Corner, Point, Stamp, clip, join
from escc_desktop.imaging.mask import BoolArray, Region

_AROUND: Final = 1
"""How far, in voxels, noise is averaged over: 3 x 3 in a plane."""
_BEYOND: Final = 2.0
"""HU are limited to so many tolerances from the tissue before they are averaged, so that air or bone at its border
counts as "another tissue" and not as -1,000: the border then stays where half of the neighbours are of the tissue."""


@dataclass(frozen=True)
class Tissue:
    """A tissue as the brush tells it from others.

    Attributes
    ----------
    hu
        Its HU.
    tolerance_hu
        How far from that, either way, still counts as the same.
    axes
        Those (0, 1, 2 are z, y, x) along which the brush extends: noise is averaged along them.
    """

    hu: float
    tolerance_hu: float
    axes: tuple[int, ...]


def tissue_at(hu: NDArray[np.int16], at: Point, axes: tuple[int, ...], tolerance_hu: float) -> Tissue:
    """Return the tissue at a place: the median of the voxels next to it along the axes (0, 1, 2 are z, y, x)."""
    middle = [min(max(round(place), 0), n - 1) for place, n in zip(at, hu.shape, strict=True)]
    reach = [_AROUND if axis in axes else 0 for axis in range(3)]
    box = tuple(slice(max(place - by, 0), place + by + 1) for place, by in zip(middle, reach, strict=True))
    return Tissue(float(np.median(hu[box])), tolerance_hu, axes)


def alike(
    hu: NDArray[np.int16], stamp: Stamp, corners: Sequence[Corner], tissue: Tissue
) -> tuple[Region, BoolArray] | None:
    """Return the voxels of a tissue under a brush that moves, wherever it hangs together with the brush's middle.

    Every place of the brush is looked at by itself, so that the same path gives the same voxels however it is cut into
    moves of the pointer.

    Parameters
    ----------
    hu
        The volume (z, y, x).
    corners
        Where `stamp` begins (`delineate.stroke_places`).

    Returns
    -------
    The box around them and its voxels; None where there are none.
    """
    boxes = [clip(corner, stamp.inside.shape, hu.shape) for corner in corners]
    boxes = [(box, part) for box, part in boxes if all(side.stop > side.start for side in box)]
    whole: Region | None = None
    for box, _part in boxes:
        whole = join(whole, box)
    if whole is None:
        return None
    within = _within(hu, whole, tissue)
    found = np.zeros_like(within)
    starts = [side.start for side in whole]
    for box, part in boxes:
        z, y, x = (slice(side.start - start, side.stop - start) for side, start in zip(box, starts, strict=True))
        found[z, y, x] |= _about_the_middle(within[z, y, x] & stamp.inside[part], part, stamp.inside.shape)
    return (whole, found) if found.any() else None


def _within(hu: NDArray[np.int16], box: Region, tissue: Tissue) -> BoolArray:
    """Return which voxels of a box are of a tissue, noise averaged."""
    grown, inner = [], []
    for axis, (side, n) in enumerate(zip(box, hu.shape, strict=True)):
        by = _AROUND if axis in tissue.axes else 0
        start, stop = max(side.start - by, 0), min(side.stop + by, n)
        grown.append(slice(start, stop))
        inner.append(slice(side.start - start, side.stop - start))
    reach = _BEYOND * tissue.tolerance_hu
    patch = np.clip(hu[tuple(grown)].astype(np.float32) - np.float32(tissue.hu), -reach, reach)
    for axis in tissue.axes:
        patch = ndimage.uniform_filter1d(patch, 2 * _AROUND + 1, axis=axis, mode="nearest")
    inside: BoolArray = np.abs(patch[tuple(inner)]) <= tissue.tolerance_hu
    return inside


def _about_the_middle(inside: BoolArray, part: Region, extent: Sequence[int]) -> BoolArray:
    """Return the pieces that reach the middle of the brush, of which `part` lies on the grid."""
    labels, _count = ndimage.label(inside)
    # The middle of an even brush lies between two voxels: both are its middle.
    z, y, x = (
        slice(max((n - 1) // 2 - side.start, 0), max(n // 2 + 1 - side.start, 0))
        for side, n in zip(part, extent, strict=True)
    )
    wanted = np.unique(labels[z, y, x])
    wanted = wanted[wanted > 0]
    if len(wanted) == 1:
        one: BoolArray = labels == wanted[0]
        return one
    several: BoolArray = np.isin(labels, wanted)
    return several
