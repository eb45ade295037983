"""The three planes of a volume: which array axes they show, which way up, and their slices without copying."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import permutations
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from escc_desktop.imaging.mask import Region
from escc_desktop.imaging.volume import Geometry, Volume
from escc_desktop.progress import Progress

Voxel = tuple[int, int, int]
Scalar = TypeVar("Scalar", bound=np.generic)
_SLICES_A_STEP: Final = 16


class Plane(StrEnum):
    """A plane of the patient."""

    AXIAL = "axial"
    CORONAL = "coronal"
    SAGITTAL = "sagittal"


# Patient axes L, P, S are 0, 1, 2. Per plane: (axis, sign) of going on to the next slice, down and right on screen.
_SCREEN: Final = {
    Plane.AXIAL: ((2, -1), (1, 1), (0, 1)),
    Plane.CORONAL: ((1, 1), (2, -1), (0, 1)),
    Plane.SAGITTAL: ((0, 1), (2, -1), (1, 1)),
}
_LETTERS: Final = ("RL", "AP", "FH")
_NOTABLE: Final = 0.25


@dataclass(frozen=True)
class PlaneAxes:
    """How a plane lies in the array: index axes 0, 1, 2 are x, y, z.

    Rows and columns of a plane are voxel indices of the array, whatever way up they are shown.

    Attributes
    ----------
    normal, row, column
        The index axis through the slices, down the rows, along the columns.
    onwards
        What the index does on going one slice on: towards the feet, the back, the left. +1 or -1.
    down, right
        What row and column do down and to the right of the screen: +1 or -1.
    left_letters, right_letters, top_letters, bottom_letters
        Sides of the patient at the edges of the screen.
    """

    normal: int
    row: int
    column: int
    onwards: int
    down: int
    right: int
    left_letters: str
    right_letters: str
    top_letters: str
    bottom_letters: str


def plane_axes(geometry: Geometry, plane: Plane) -> PlaneAxes:
    """Return how a plane lies on a grid, for radiological display: right on the left, anterior up, head up."""
    axes = geometry.axes
    closest = max(permutations(range(3)), key=lambda order: sum(abs(axes[i, j]) for i, j in enumerate(order)))
    found = [(closest[axis], sign * (1 if axes[axis, closest[axis]] > 0 else -1)) for axis, sign in _SCREEN[plane]]
    (normal, onwards), (row, down), (column, right) = found
    to_right, to_bottom = axes[:, column] * right, axes[:, row] * down
    return PlaneAxes(
        normal,
        row,
        column,
        onwards,
        down,
        right,
        _letters(-to_right),
        _letters(to_right),
        _letters(-to_bottom),
        _letters(to_bottom),
    )


def _letters(vector: NDArray[np.float64]) -> str:
    """Return the sides of the patient a vector points to, the foremost first, as PACS viewers write them."""
    order = sorted(range(3), key=lambda axis: -abs(vector[axis]))
    return "".join(_LETTERS[axis][int(vector[axis] > 0)] for axis in order if abs(vector[axis]) > _NOTABLE)


class VolumePlanes:
    """A volume made ready to be looked at in three planes.

    Build it in a job with `VolumePlanes.of`: beside the voxels (z, y, x) it keeps a second copy in which x comes
    first, for slices along x lie scattered over the whole array.

    Attributes
    ----------
    geometry
        The grid of the voxels.
    hu
        The voxels (z, y, x), int16.
    """

    def __init__(self, hu: NDArray[np.int16], x_major: NDArray[np.int16], geometry: Geometry) -> None:
        self.hu = hu
        self.geometry = geometry
        self._x_major = x_major
        self._axes = {plane: plane_axes(geometry, plane) for plane in Plane}
        self._positions = {plane: self._line_of(plane) for plane in Plane}

    @classmethod
    def of(cls, volume: Volume, progress: Progress) -> VolumePlanes:
        """Make a volume ready; about half a second for 400 slices of 512 x 512."""
        hu = _as_int16(volume.hu)
        slices, rows, columns = hu.shape
        x_major = np.empty((columns, slices, rows), dtype=np.int16)
        for z in range(slices):
            if z % _SLICES_A_STEP == 0:
                progress.advance(z, slices)
            x_major[:, z, :] = hu[z].T
        progress.advance(slices, slices)
        return cls(hu, x_major, volume.geometry)

    def axes(self, plane: Plane) -> PlaneAxes:
        """Return how a plane lies in the array."""
        return self._axes[plane]

    def size(self, plane: Plane) -> int:
        """Return the number of slices."""
        return self.geometry.size[self._axes[plane].normal]

    def shape(self, plane: Plane) -> tuple[int, int]:
        """Return the number of rows and columns of a slice."""
        axes = self._axes[plane]
        return self.geometry.size[axes.row], self.geometry.size[axes.column]

    def image(self, plane: Plane, index: int) -> NDArray[np.int16]:
        """Return a slice (rows, columns) as a view of the voxels."""
        axes = self._axes[plane]
        if axes.normal != 0:
            return self.section(plane, index, self.hu)
        slice_: NDArray[np.int16] = self._x_major[index]
        return slice_ if axes.row > axes.column else slice_.T

    def section(self, plane: Plane, index: int, array: NDArray[Scalar]) -> NDArray[Scalar]:
        """Return a slice (rows, columns) of any array (z, y, x) on the grid, as a view: writing into it counts."""
        axes = self._axes[plane]
        slice_: NDArray[Any] = array[(slice(None),) * (2 - axes.normal) + (index,)]
        return slice_ if axes.row > axes.column else slice_.T

    def voxel(self, plane: Plane, index: int, row: float, column: float) -> Voxel:
        """Return the voxel (x, y, z) at a place of a slice; outside the volume the nearest one."""
        axes = self._axes[plane]
        at = [0, 0, 0]
        for axis, place in ((axes.normal, index), (axes.row, row), (axes.column, column)):
            at[axis] = min(max(int(np.floor(place + 0.5)), 0), self.geometry.size[axis] - 1)
        return at[0], at[1], at[2]

    def place(self, plane: Plane, voxel: Voxel) -> tuple[int, int, int]:
        """Return (index, row, column) at which a plane shows a voxel (x, y, z)."""
        axes = self._axes[plane]
        return voxel[axes.normal], voxel[axes.row], voxel[axes.column]

    def region(self, plane: Plane, index: int, rows: slice, columns: slice) -> Region:
        """Return the box (z, y, x) of a part of a slice."""
        axes = self._axes[plane]
        box = [slice(0, 0)] * 3
        box[2 - axes.normal] = slice(index, index + 1)
        box[2 - axes.row] = rows
        box[2 - axes.column] = columns
        return box[0], box[1], box[2]

    def position_mm(self, plane: Plane, index: int) -> float:
        """Return where a slice lies along its plane's axis of the patient (L, P or S), at the slice's centre."""
        first, step = self._positions[plane]
        return first + index * step

    def _line_of(self, plane: Plane) -> tuple[float, float]:
        """Return the position of a plane's first slice and the way to the next one, in mm."""
        ends = np.array([[(n - 1) / 2 for n in self.geometry.size]] * 2)
        ends[:, self._axes[plane].normal] = 0, 1
        first, second = self.geometry.to_mm(ends)[:, _SCREEN[plane][0][0]].tolist()
        return first, second - first


def _as_int16(hu: NDArray[Any]) -> NDArray[np.int16]:
    """Return voxels as int16; those of foreign files are rounded and limited for the eye only."""
    if hu.dtype == np.int16:
        return hu
    limits = np.iinfo(np.int16)
    rounded: NDArray[np.int16] = np.clip(np.rint(hu), limits.min, limits.max).astype(np.int16)
    return rounded
