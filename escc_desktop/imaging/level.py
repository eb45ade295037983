"""Level tracing: what the line of equal HU through a point goes round."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from escc_desktop.imaging.mask import BoolArray

Pair = tuple[float, float]
REACH: Final = 128
_TRUNCATE: Final = 4.0
_ALL_ROUND: Final = np.ones((3, 3), dtype=np.bool_)


def enclosed(hu: NDArray[Any], at: Pair, blur_mm: float, spacing_mm: Pair) -> tuple[BoolArray, tuple[int, int]] | None:
    """Return the voxels that the line of equal HU through a point goes round, holes included.

    Parameters
    ----------
    hu
        A plane of the volume (rows, columns).
    at
        The point, (row, column).
    blur_mm
        Standard deviation of the Gaussian that takes the noise from the line.
    spacing_mm
        Distance between rows and between columns.

    Returns
    -------
    The voxels and the place of the first of them; None where the line leaves the picture or reaches further than
    `REACH` voxels from the point, or where all around is equal.
    """
    middle = [round(place) for place in at]
    if min(hu.shape) < 2 or not all(0 <= place < length for place, length in zip(middle, hu.shape, strict=True)):
        return None
    blurred, corner = _window(hu, middle, [blur_mm / step for step in spacing_mm])
    sides = _both_sides(blurred, at[0] - corner[0], at[1] - corner[1])
    inner = None if sides is None else _inner(*sides)
    if inner is None:
        return None
    (box,) = ndimage.find_objects(inner.astype(np.int8))
    filled: BoolArray = ndimage.binary_fill_holes(inner[box])
    return filled, (corner[0] + box[0].start, corner[1] + box[1].start)


def _window(hu: NDArray[Any], middle: list[int], blur: list[float]) -> tuple[NDArray[np.float32], tuple[int, int]]:
    """Return the blurred picture around a voxel, as it is in the whole picture, and its first voxel's place."""
    low = [max(place - REACH, 0) for place in middle]
    high = [min(place + REACH + 1, length) for place, length in zip(middle, hu.shape, strict=True)]
    margins = [int(_TRUNCATE * sigma + 0.5) for sigma in blur]
    wide = [max(place - margin, 0) for place, margin in zip(low, margins, strict=True)]
    part = hu[wide[0] : high[0] + margins[0], wide[1] : high[1] + margins[1]].astype(np.float32)
    part = ndimage.gaussian_filter(part, blur, mode="nearest", truncate=_TRUNCATE)
    rows, columns = (slice(a - b, c - b) for a, b, c in zip(low, wide, high, strict=True))
    return part[rows, columns], (low[0], low[1])


def _both_sides(picture: NDArray[np.float32], row: float, column: float) -> tuple[BoolArray, BoolArray] | None:
    """Return the connected voxels above and below the level of a point, on either side of the line through it."""
    top, left = (
        int(min(max(np.floor(place), 0), length - 2))
        for place, length in zip((row, column), picture.shape, strict=True)
    )
    down, right = row - top, column - left
    cell = picture[top : top + 2, left : left + 2]
    weights = np.outer((1 - down, down), (1 - right, right))
    level = float((cell * weights).sum())
    above = cell >= level
    if above.all() or not above.any():
        return None
    # Of the voxels about the point, the nearest of each side.
    high, low = (
        (top + place // 2, left + place % 2)
        for place in (int(np.argmax(np.where(side, weights, -np.inf))) for side in (above, ~above))
    )
    is_above = picture >= level
    highs, _ = ndimage.label(is_above)
    lows, _ = ndimage.label(~is_above, _ALL_ROUND)
    return highs == highs[high], lows == lows[low]


def _inner(one: BoolArray, other: BoolArray) -> BoolArray | None:
    """Return which of two neighbours lies within the other; None where both go on beyond the window."""
    reaches = [_touches_rim(side) for side in (one, other)]
    if all(reaches):
        return None
    if any(reaches):
        return other if reaches[0] else one
    areas = [_box_area(side) for side in (one, other)]
    return one if areas[0] < areas[1] else other


def _touches_rim(side: BoolArray) -> bool:
    return bool(side[[0, -1]].any() or side[:, [0, -1]].any())


def _box_area(side: BoolArray) -> int:
    (box,) = ndimage.find_objects(side.astype(np.int8))
    return int((box[0].stop - box[0].start) * (box[1].stop - box[1].start))
