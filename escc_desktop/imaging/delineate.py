"""What drawing tools do to voxels: brush stamps, strokes, polygons. Arrays in, touched regions out; no window.

Positions are voxel coordinates (z, y, x) in which the centre of a voxel is a whole number.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from escc_desktop.imaging import _stamp
from escc_desktop.imaging.contours import fill_polygon
from escc_desktop.imaging.mask import BoolArray, Region

Point = tuple[float, float, float]
Corner = tuple[int, int, int]
# What a round brush of diameter d holds: centres within d/2 - 1/4, as in ITK-SNAP, so that 2 is a square of four, 3 a
# cross and every size looks round.
_INSIDE: Final = 0.25
SMALLEST, LARGEST = 1, 80


@dataclass(frozen=True, eq=False)
class Stamp:
    """The voxels that one touch of a brush changes.

    Parameters
    ----------
    inside
        Boolean (z, y, x), true at both ends of every axis. An axis of an even number of voxels is centred between
        two of them.
    """

    inside: BoolArray

    def corner(self, at: Point) -> Corner:
        """Return the voxel at which `inside` begins when the brush stands at a point."""
        (z, y, x), (by_z, by_y, by_x) = at, self.shift
        return math.floor(z + by_z), math.floor(y + by_y), math.floor(x + by_x)

    @cached_property
    def shift(self) -> Point:
        """From the middle of the brush to the place whose whole part is its corner."""
        depth, height, width = self.inside.shape
        return 0.5 - (depth - 1) / 2, 0.5 - (height - 1) / 2, 0.5 - (width - 1) / 2

    def flat(self, normal: int) -> BoolArray:
        """Return the stamp as it meets the plane across an axis that goes through its middle, one voxel thick."""
        middle = self.inside.shape[normal] // 2
        return self.inside[(slice(None),) * normal + (slice(middle, middle + 1),)]


def make_stamp(
    diameter: int, spacing_mm: Point, normal: int, *, is_ball: bool = False, is_square: bool = False
) -> Stamp:
    """Return a round or square brush.

    Parameters
    ----------
    diameter
        In voxels of the finest axis of those it extends along; it is round, or square, in millimetres.
    spacing_mm
        Distance between voxel centres along z, y, x.
    normal
        The axis across the plane in which one draws; the brush is centred on that plane.
    is_ball
        Whether it reaches into the neighbouring planes too.
    is_square
        Whether it is a square (a cube) of that side instead of round.
    """
    if not SMALLEST <= diameter <= LARGEST:
        raise ValueError(f"a brush of {diameter} voxels")
    spread = spread_axes(normal, is_ball=is_ball)
    finest = min(spacing_mm[axis] for axis in spread)
    reach = diameter / 2 - _INSIDE
    squares = np.zeros((1, 1, 1))
    for axis in spread:
        # Only along the finest axes can an even brush be centred between voxels; elsewhere it would be lopsided.
        is_even = diameter % 2 == 0 and axis != normal and spacing_mm[axis] == finest
        ticks = np.arange(-diameter, diameter + 1) + (0.5 if is_even else 0.0)
        offsets = ticks * (spacing_mm[axis] / finest)
        shape = [1, 1, 1]
        shape[axis] = -1
        along = (offsets**2).reshape(shape)
        squares = np.maximum(squares, along) if is_square else squares + along
    inside = squares <= reach**2
    return Stamp(np.ascontiguousarray(inside[_filled(inside)]))


def spread_axes(normal: int, *, is_ball: bool) -> tuple[int, ...]:
    """Return the axes (0, 1, 2 are z, y, x) along which a brush extends."""
    return tuple(axis for axis in range(3) if is_ball or axis != normal)


def stroke_places(start: Point, end: Point, stamp: Stamp) -> list[Corner]:
    """Return every corner the stamp has while its middle moves in a straight line, in order, each once.

    They are found by the crossings of the line with the grid, not by sampling: however a straight path is cut into
    moves of the pointer, the same voxels are touched.
    """
    (z, y, x), (to_z, to_y, to_x), (by_z, by_y, by_x) = start, end, stamp.shift
    return _stamp.walk((z + by_z, y + by_y, x + by_x), (to_z - z, to_y - y, to_x - x))


def touch(voxels: BoolArray, stamp: Stamp, corners: Iterable[Corner], value: bool) -> Region | None:
    """Set voxels under a stamp, in place; return the box touched, None where the brush lies outside the grid."""
    box = _stamp.touch(voxels, stamp.inside, list(corners), value)
    return None if box is None else (slice(*box[:2]), slice(*box[2:4]), slice(*box[4:]))


def fill(
    voxels: BoolArray, vertices: Sequence[tuple[float, float]], plane: tuple[int, int], value: bool
) -> Region | None:
    """Set the voxels whose centres lie inside a polygon on one plane, in place.

    Parameters
    ----------
    vertices
        (row, column) in voxel coordinates of the plane; the polygon is closed and may cross itself (non-zero rule).
    plane
        The axis across the plane and the index along it; rows and columns are the remaining axes in order.

    Returns
    -------
    The box that holds the polygon; None where it lies outside the grid or encloses nothing.
    """
    normal, index = plane
    corners = np.array(vertices, dtype=np.float64).reshape(-1, 2)
    if len(corners) < 3:
        return None
    rows, columns = (length for axis, length in enumerate(voxels.shape) if axis != normal)
    low, high = np.floor(corners.min(axis=0)), np.ceil(corners.max(axis=0)) + 1
    top, left = (int(value) for value in np.clip(low, 0, [rows, columns]))
    bottom, right = (int(value) for value in np.clip(high, 0, [rows, columns]))
    if bottom <= top or right <= left:
        return None
    inside = fill_polygon((corners - (top, left))[:, ::-1], bottom - top, right - left)
    box = _across(normal, index, slice(top, bottom), slice(left, right))
    inside = np.expand_dims(inside, normal)
    if value:
        voxels[box] |= inside
    else:
        voxels[box] &= ~inside
    return box


def clip(corner: Sequence[int], extent: Sequence[int], shape: Sequence[int]) -> tuple[Region, Region]:
    """Return the part of the grid under a stamp and the part of the stamp on the grid."""
    (z, y, x), (depth, height, width), (slices, rows, columns) = corner, extent, shape
    (z0, z1), (y0, y1), (x0, x1) = (
        (max(z, 0), min(z + depth, slices)),
        (max(y, 0), min(y + height, rows)),
        (max(x, 0), min(x + width, columns)),
    )
    box = slice(z0, z1), slice(y0, y1), slice(x0, x1)
    return box, (slice(z0 - z, z1 - z), slice(y0 - y, y1 - y), slice(x0 - x, x1 - x))


def is_empty(box: Region) -> bool:
    """Return whether a box holds nothing."""
    z, y, x = box
    return bool(z.stop <= z.start or y.stop <= y.start or x.stop <= x.start)


def join(one: Region | None, other: Region | None) -> Region | None:
    """Return the smallest box that holds both."""
    if one is None or other is None:
        return one or other
    (z, y, x), (other_z, other_y, other_x) = one, other
    return (
        slice(min(z.start, other_z.start), max(z.stop, other_z.stop)),
        slice(min(y.start, other_y.start), max(y.stop, other_y.stop)),
        slice(min(x.start, other_x.start), max(x.stop, other_x.stop)),
    )


def _filled(inside: BoolArray) -> Region:
    z, y, x = (
        slice(int(hits[0]), int(hits[-1]) + 1)
        for axis in range(3)
        for hits in [np.flatnonzero(inside.any(axis=tuple(other for other in range(3) if other != axis)))]
    )
    return z, y, x


def _across(normal: int, index: int, rows: slice, columns: slice) -> Region:
    sides = [rows, columns]
    sides.insert(normal, slice(index, index + 1))
    return sides[0], sides[1], sides[2]
