"""A region's axial slices, whichever way its series was stacked: where it is longest there, and a picture around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from escc_desktop.imaging.mask import BoolArray, Mask, bounding_box
from escc_desktop.imaging.measure import SliceAxes, slice_axes
from escc_desktop.imaging.volume import Geometry, Volume
from escc_desktop.progress import Progress

if TYPE_CHECKING:
    from escc_desktop.imaging.registration import RigidMotion

_AT_ONCE = 500_000


@dataclass(frozen=True)
class AxialDiameters:
    """The longest diameter of a region on any axial slice, and the one at right angles to it there.

    Attributes
    ----------
    index
        The slice, counted along the axis that leads from feet to head.
    """

    index: int
    axes: SliceAxes


@dataclass(frozen=True, eq=False)
class Crop:
    """A part of one axial slice.

    Attributes
    ----------
    hu, outline
        (rows, columns); the outline's voxels.
    spacing_mm
        Between columns and between rows.
    """

    hu: NDArray[np.int16]
    outline: BoolArray
    spacing_mm: tuple[float, float]


def axial_axis(geometry: Geometry) -> int:
    """Return which axis of the arrays (z, y, x) leads from feet to head."""
    return 2 - int(np.argmax(np.abs(geometry.axes[2])))


def slice_spacing_mm(geometry: Geometry) -> float:
    """Return the distance between axial slices."""
    return float(geometry.spacing_mm[2 - axial_axis(geometry)])


def axial_diameters(mask: Mask) -> AxialDiameters | None:
    """Return where a region is longest in the axial plane, never craniocaudally; None for an empty one."""
    axis = axial_axis(mask.geometry)
    box = bounding_box(mask.voxels)
    sections = np.moveaxis(mask.voxels, axis, 0)
    found = [
        AxialDiameters(index, axes)
        for index in range(box[axis].start, box[axis].stop)
        if (axes := slice_axes(sections[index], _in_plane_mm(mask.geometry, axis))) is not None
    ]
    return max(found, key=lambda one: one.axes.long_mm, default=None)


def _in_plane_mm(geometry: Geometry, axis: int) -> tuple[float, float]:
    """Return the spacing along columns (x of the slice) and rows (y of the slice)."""
    rows, columns = (one for one in range(3) if one != axis)
    return float(geometry.spacing_mm[2 - columns]), float(geometry.spacing_mm[2 - rows])


def axial_crop(volume: Volume, outline: BoolArray, index: int, side_mm: float) -> Crop:
    """Return a square part of an axial slice around what is outlined on it; it ends where the CT ends."""
    axis = axial_axis(volume.geometry)
    hu, drawn = np.moveaxis(volume.hu, axis, 0)[index], np.moveaxis(outline, axis, 0)[index]
    spacing = _in_plane_mm(volume.geometry, axis)
    places = np.argwhere(drawn)
    middle = places.mean(axis=0) if len(places) else (np.array(drawn.shape) - 1) / 2
    parts = tuple(
        _around(float(centre), side_mm / step, size)
        for centre, step, size in zip(middle, reversed(spacing), drawn.shape, strict=True)
    )
    upright = _upright(volume.geometry, axis)
    shown = np.ascontiguousarray(hu[parts][upright], dtype=np.int16)
    return Crop(shown, np.ascontiguousarray(drawn[parts][upright]), spacing)


def _upright(geometry: Geometry, axis: int) -> tuple[slice, slice]:
    """Return how rows and columns are walked so that left and back of the patient come last, as pictures are read."""
    rows, columns = (2 - one for one in range(3) if one != axis)
    down, right = (float(geometry.axes[np.argmax(np.abs(geometry.axes[:, one])), one]) for one in (rows, columns))
    return slice(None, None, -1 if down < 0 else 1), slice(None, None, -1 if right < 0 else 1)


def _around(centre: float, length: float, size: int) -> slice:
    start = max(0, min(round(centre - length / 2), size - round(length)))
    return slice(start, min(size, start + max(1, round(length))))


def carry_over(mask: Mask, grid: Geometry, motion: RigidMotion, progress: Progress) -> BoolArray:
    """Return the voxels of another series' grid whose centres a rigid motion brings into a region.

    Parameters
    ----------
    grid
        Of the other series.
    motion
        From points of the other series to those of the region's.
    """
    inside = np.zeros(grid.shape, dtype=np.bool_)
    box = _reached(mask, grid, motion)
    sizes = tuple(part.stop - part.start for part in box)
    total = int(np.prod(sizes))
    for first in range(0, total, _AT_ONCE):
        progress.advance(first, total, "outline")
        flat = np.arange(first, min(total, first + _AT_ONCE))
        zyx = np.stack(np.unravel_index(flat, sizes), axis=1) + [part.start for part in box]
        indices = np.rint(mask.geometry.to_index(motion.apply(grid.to_mm(zyx[:, ::-1])))).astype(np.intp)[:, ::-1]
        is_on = np.all((indices >= 0) & (indices < mask.voxels.shape), axis=1)
        hit = np.zeros(len(flat), dtype=np.bool_)
        hit[is_on] = mask.voxels[tuple(indices[is_on].T)]
        inside[tuple(zyx[hit].T)] = True
    return inside


def _reached(mask: Mask, grid: Geometry, motion: RigidMotion) -> tuple[slice, slice, slice]:
    """Return the box of the grid that can hold the region: where its own box's corners come to lie."""
    ends = [(part.start - 1, part.stop) for part in bounding_box(mask.voxels)]
    corners = np.array([[x, y, z] for z in ends[0] for y in ends[1] for x in ends[2]], dtype=np.float64)
    there = grid.to_index(motion.inverse().apply(mask.geometry.to_mm(corners)))[:, ::-1]
    low, high = np.floor(there.min(axis=0)).astype(int), np.ceil(there.max(axis=0)).astype(int) + 1
    z, y, x = (
        slice(max(0, int(a)), max(0, int(a), min(size, int(b))))
        for a, b, size in zip(low, high, grid.shape, strict=True)
    )
    return z, y, x
