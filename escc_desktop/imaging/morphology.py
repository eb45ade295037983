"""What is done to a whole region at once: smoothing, holes, islands, margins, booleans. Arrays in, arrays out.

Every operation takes a box of a region that is surrounded by enough empty room (`room`) and returns the same box.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from escc_desktop.imaging.mask import BoolArray, Region, bounding_box

Spacing = tuple[float, float, float]


def room(voxels: BoolArray, spacing_mm: Spacing, mm: float = 0.0) -> Region:
    """Return the box around a region with so many millimetres to each side, as far as the grid goes."""
    z, y, x = (
        slice(max(part.start - steps, 0), min(part.stop + steps, length)) if part.stop else part
        for part, length, steps in zip(
            bounding_box(voxels), voxels.shape, (math.ceil(mm / step) + 1 for step in spacing_mm), strict=True
        )
    )
    return z, y, x


def smooth_median(voxels: BoolArray, spacing_mm: Spacing, mm: float) -> BoolArray:
    """Keep a voxel where most within so many millimetres along each axis belong to the region."""
    share = voxels.astype(np.float32)
    for axis, step in enumerate(spacing_mm):
        steps = math.floor(mm / step + 1e-9)
        if steps:
            share = ndimage.uniform_filter1d(share, 2 * steps + 1, axis=axis, mode="nearest")
    smoothed: BoolArray = share > 0.5
    return smoothed


def smooth_gauss(voxels: BoolArray, spacing_mm: Spacing, mm: float) -> BoolArray:
    """Blur the region by a Gaussian of a standard deviation in millimetres and keep as many voxels as there were.

    Kept at half its height, a blurred ball is smaller than the ball.
    """
    n_voxels = int(np.count_nonzero(voxels))
    if not n_voxels:
        return voxels.copy()
    sigmas = [mm / step for step in spacing_mm]
    blurred: NDArray[np.float32] = ndimage.gaussian_filter(voxels.astype(np.float32), sigmas, mode="nearest")
    least = np.partition(blurred, blurred.size - n_voxels, axis=None)[blurred.size - n_voxels]
    smoothed: BoolArray = blurred >= least
    return smoothed


def fill_holes_in_slices(voxels: BoolArray) -> BoolArray:
    """Fill what is enclosed on its axial slice."""
    filled = voxels.copy()
    for plane in filled:
        if plane.any():
            plane[:] = ndimage.binary_fill_holes(plane)
    return filled


def fill_cavities(voxels: BoolArray) -> BoolArray:
    """Fill what is enclosed on all sides."""
    filled: BoolArray = ndimage.binary_fill_holes(voxels)
    return filled


def keep_largest(voxels: BoolArray) -> BoolArray:
    """Keep the largest island; of equal ones the first."""
    islands, sizes = _islands(voxels)
    return voxels.copy() if sizes.size < 2 else islands == 1 + int(sizes.argmax())


def remove_small(voxels: BoolArray, least_voxels: float) -> BoolArray:
    """Remove islands of fewer voxels."""
    islands, sizes = _islands(voxels)
    kept: BoolArray = np.concatenate([[False], sizes >= least_voxels])[islands]
    return kept


def keep_island(voxels: BoolArray, at: tuple[int, int, int]) -> BoolArray:
    """Keep the island that holds a voxel (z, y, x); nothing where it lies in none."""
    islands, _sizes = _islands(voxels)
    kept: BoolArray = voxels & (islands == islands[at])
    return kept


def with_margin(voxels: BoolArray, spacing_mm: Spacing, mm: float) -> BoolArray:
    """Grow by the voxels whose centres lie within so many millimetres of one of the region; shrink by as many.

    Shrinking is growing of what is outside. Beyond the grid nothing is known, and nothing grows from there.
    """
    if mm >= 0:
        away: NDArray[Any] = ndimage.distance_transform_edt(~voxels, spacing_mm)
        grown: BoolArray = away <= mm + 1e-6
        return grown if voxels.any() else voxels.copy()
    if voxels.all():
        return voxels.copy()
    depth: NDArray[Any] = ndimage.distance_transform_edt(voxels, spacing_mm)
    shrunk: BoolArray = depth > -mm + 1e-6
    return shrunk


def _islands(voxels: BoolArray) -> tuple[NDArray[Any], NDArray[np.intp]]:
    """Return islands joined by faces, edges or corners, numbered from 1, and how many voxels each has."""
    islands, n = ndimage.label(voxels, np.ones((3, 3, 3)))
    return islands, np.bincount(islands.ravel(), minlength=n + 1)[1:]
