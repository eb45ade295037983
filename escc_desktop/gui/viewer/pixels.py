"""Which voxels of a plane the pixels of a screen show."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import ceil, floor
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect

from escc_desktop.gui.viewer._border import border
from escc_desktop.gui.viewer.mapping import EDGES_FROM_PX, Mapping

OPAQUE: Final = 0xFF000000
_ONE: Final = 256
_DASH_PX: Final = 5
BEYOND: Final = 32
"""Pixels that are known beyond either side of a view: more than a line is thick on the finest screen."""
Corner = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Way:
    """Which rows (or columns) of a picture the pixels along one side of the screen show.

    Attributes
    ----------
    index, weight
        The first of two neighbours, and the second one's share in 256ths.
    start, stop
        The pixels on which there is picture at all.
    """

    index: NDArray[np.int32]
    weight: NDArray[np.uint16]
    start: int
    stop: int


@dataclass(eq=False, slots=True)
class Border:
    """The border of voxels (rows, columns) of a plane, the first of which is at `corner`.

    Parameters
    ----------
    color
        As 0xAARRGGBB, premultiplied.
    """

    voxels: NDArray[np.bool_]
    corner: Corner
    color: int
    is_dashed: bool = False


@dataclass(frozen=True, eq=False)
class PixelGrid:
    """The pixels of the screen that a view covers.

    Attributes
    ----------
    ratio
        Pixels of the screen a logical one.
    down, across
        Which rows and columns of the picture they show, as these lie on screen.
    rows, columns
        The row and the column of the plane that every one shows, from `BEYOND` before the first one on.
    thick
        How many of them a border is thick.
    """

    ratio: float
    down: Way
    across: Way
    rows: NDArray[np.int32]
    columns: NDArray[np.int32]
    thick: int

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return len(self.across.index), len(self.down.index)

    def pixels_in(self, rectangle: QRect) -> tuple[int, int, int, int]:
        """Return left, top, width and height, in pixels of the screen, of a rectangle of the view."""
        left, top, width, height = rectangle.x(), rectangle.y(), rectangle.width(), rectangle.height()
        ratio = self.ratio
        if ratio == 1:
            return left, top, width, height
        x, y = floor(left * ratio), floor(top * ratio)
        return x, y, ceil((left + width) * ratio) - x, ceil((top + height) * ratio) - y

    def draw(self, edge: Border, pixels: NDArray[np.uint32], left: int, top: int) -> None:
        """Draw a border into pixels, the first of which lies so far from the corner of the view.

        It lies where a pixel's voxel is in the region and that of the pixel above or to the left is not, or the other
        way round. Its cost is that of the pixels, not of how ragged the region is: speckle stays as quick as a ball.
        """
        height, width = pixels.shape
        after = (self.thick - 1) // 2
        before = self.thick - 1 - after
        y, x = top + BEYOND, left + BEYOND
        rows = self.rows[y - 1 - after : y + height + before]
        columns = self.columns[x - 1 - after : x + width + before]
        dash = max(1, round(_DASH_PX * self.ratio)) if edge.is_dashed else 0
        # Dashes stand still on screen whatever part is painted: they are counted from its corner, not the region's.
        phase = (top + left) % (2 * dash) if dash else 0
        border(edge.voxels, *edge.corner, rows, columns, pixels, edge.color, before, after, dash, phase)


@lru_cache(maxsize=12)
def grid_of(mapping: Mapping, ratio: float) -> PixelGrid:
    """Return the pixels of a view: they are the same stroke after stroke and slice after slice."""
    height, width = (ceil(side * ratio) for side in (mapping.widget.height(), mapping.widget.width()))
    rows, columns = (_voxels(mapping, axis, ratio, n) for axis, n in enumerate((height, width)))
    thick = max(1, round(ratio * (2 if min(mapping.voxel_px) >= EDGES_FROM_PX else 1)))
    down, across = _way(mapping, 0, ratio, rows), _way(mapping, 1, ratio, columns)
    return PixelGrid(ratio, down, across, rows, columns, thick)


def _voxels(mapping: Mapping, axis: int, ratio: float, n_pixels: int) -> NDArray[np.int32]:
    centres = (np.arange(-BEYOND, n_pixels + BEYOND) + 0.5) / ratio
    return mapping.voxel_of(centres, axis).astype(np.int32)


def _way(mapping: Mapping, axis: int, ratio: float, voxels: NDArray[np.int32]) -> Way:
    """Return what the pixels along the height (axis 0) or width (axis 1) of the screen show."""
    voxel = voxels[BEYOND:-BEYOND]
    length, sign = mapping.shape[axis], (mapping.down, mapping.right)[axis]
    inside = np.flatnonzero((voxel >= 0) & (voxel < length))
    start, stop = (int(inside[0]), int(inside[-1]) + 1) if inside.size else (0, 0)
    if not mapping.is_smooth or length == 1:
        index = (voxel if sign > 0 else length - 1 - voxel).clip(0, length - 1).astype(np.int32)
        return Way(index, np.zeros(len(voxel), dtype=np.uint16), start, stop)
    place = mapping.place_of((np.arange(len(voxel)) + 0.5) / ratio, axis)
    place = (place if sign > 0 else length - 1 - place).clip(0, length - 1)
    first = np.minimum(np.floor(place), length - 2)
    weight = np.rint((place - first) * _ONE).astype(np.uint16)
    return Way(first.astype(np.int32), weight, start, stop)
