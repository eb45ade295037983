"""From voxels of a plane to points of a widget and back: zoom, pan, which way up, true proportions."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from math import ceil, floor
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, QRectF, QSizeF

MARGIN_PX: Final = 8.0
EDGES_FROM_PX: Final = 4.0
_EVEN_PX: Final = 1e-6
_LEAST: Final = 0.1
_LARGEST_VOXEL_PX: Final = 160.0


@dataclass(frozen=True)
class Mapping:
    """Where the voxels of a plane lie in a widget.

    Parameters
    ----------
    shape
        Rows and columns of the plane.
    spacing_mm
        Between rows and between columns.
    down, right
        What row and column do down and to the right of the widget, +1 or -1.
    widget
        Size of the widget in (logical) pixels.
    center
        Row and column in the middle of the widget.
    px_per_mm
        The zoom.
    """

    shape: tuple[int, int]
    spacing_mm: tuple[float, float]
    down: int
    right: int
    widget: QSizeF = field(hash=False)  # a type without a hash
    center: tuple[float, float]
    px_per_mm: float

    @cached_property
    def voxel_px(self) -> tuple[float, float]:
        """Height and width of a voxel on screen."""
        return self.spacing_mm[0] * self.px_per_mm, self.spacing_mm[1] * self.px_per_mm

    @cached_property
    def _middle(self) -> tuple[float, float]:
        """Height and width in the middle of the widget."""
        return self.widget.height() / 2, self.widget.width() / 2

    @property
    def is_smooth(self) -> bool:
        """Whether voxels are too small to be seen one by one, and are not pixels either."""
        are_pixels = all(abs(side - 1) < _EVEN_PX for side in self.voxel_px)
        return max(self.voxel_px) < EDGES_FROM_PX and not are_pixels

    @property
    def percent(self) -> float:
        """The zoom, 100 where the shorter side of a voxel is one pixel."""
        return 100 * min(self.voxel_px)

    def to_widget(self, row: float, column: float) -> QPointF:
        """Return the point of the widget that shows a place of the plane; centres of voxels are whole numbers."""
        return QPointF(*self._point(row, column))

    def to_plane(self, point: QPointF) -> tuple[float, float]:
        """Return (row, column) shown at a point of the widget."""
        (height, width), (middle_y, middle_x) = self.voxel_px, self._middle
        return (
            self.center[0] + (point.y() - middle_y) / height * self.down,
            self.center[1] + (point.x() - middle_x) / width * self.right,
        )

    def voxel_of(self, pixels: NDArray[np.floating], axis: int) -> NDArray[np.intp]:
        """Return the rows (axis 0) or columns (axis 1) shown at heights or widths of the widget."""
        voxels: NDArray[np.intp] = np.floor(self.place_of(pixels, axis) + 0.5).astype(np.intp)
        return voxels

    def place_of(self, pixels: NDArray[np.floating], axis: int) -> NDArray[np.floating]:
        """Return the places, in rows (axis 0) or columns (axis 1), at heights or widths of the widget."""
        length = self.widget.height() if axis == 0 else self.widget.width()
        sign = self.down if axis == 0 else self.right
        return self.center[axis] + (pixels - length / 2) / self.voxel_px[axis] * sign

    def rectangle(self, rows: slice, columns: slice) -> QRectF:
        """Return the rectangle of the widget that a box of voxels fills."""
        left, top, right, bottom = self.sides(rows, columns)
        return QRectF(left, top, right - left, bottom - top)

    def sides(self, rows: slice, columns: slice) -> tuple[float, float, float, float]:
        """Return left, top, right and bottom of the rectangle of the widget that a box of voxels fills."""
        left, top = self._point(rows.start - 0.5, columns.start - 0.5)
        right, bottom = self._point(rows.stop - 0.5, columns.stop - 0.5)
        if left > right:
            left, right = right, left
        if top > bottom:
            top, bottom = bottom, top
        return left, top, right, bottom

    def pixels_around(self, rows: slice, columns: slice, pad: int) -> QRect:
        """Return the rectangle of whole (logical) pixels that a box of voxels touches, and so many more around it."""
        left, top, right, bottom = self.sides(rows, columns)
        x, y = floor(left) - pad, floor(top) - pad
        return QRect(x, y, ceil(right) + pad - x, ceil(bottom) + pad - y)

    def voxels_in(self, rectangle: QRectF) -> tuple[slice, slice]:
        """Return the box of voxels that a rectangle of the widget touches."""
        corners = self.to_plane(rectangle.topLeft()), self.to_plane(rectangle.bottomRight())
        box = []
        for axis, length in enumerate(self.shape):
            low, high = sorted((corners[0][axis], corners[1][axis]))
            box.append(slice(max(int(low + 0.5), 0), max(min(int(high + 0.5) + 1, length), 0)))
        return box[0], box[1]

    def fitted(self) -> Self:
        """Return the mapping that shows the whole plane as large as it can be."""
        height, width = (n * spacing for n, spacing in zip(self.shape, self.spacing_mm, strict=True))
        room = self.widget - QSizeF(2 * MARGIN_PX, 2 * MARGIN_PX)
        px_per_mm = max(min(room.width() / width, room.height() / height), 1 / max(width, height))
        return replace(self, center=((self.shape[0] - 1) / 2, (self.shape[1] - 1) / 2), px_per_mm=px_per_mm)

    def at_percent(self, percent: float, about: QPointF | None = None) -> Self:
        """Return the mapping at a zoom; what is shown at `about` (by default the middle) stays there."""
        point = about or QPointF(self.widget.width() / 2, self.widget.height() / 2)
        return self.zoomed(percent / self.percent, point)

    def zoomed(self, factor: float, about: QPointF) -> Self:
        """Return the mapping zoomed by a factor; what is shown at `about` stays there."""
        finest = min(self.spacing_mm)
        least = min(_LEAST * self.fitted().px_per_mm, 1 / finest)
        px_per_mm = min(max(self.px_per_mm * factor, least), _LARGEST_VOXEL_PX / finest)
        row, column = self.to_plane(about)
        zoomed = replace(self, px_per_mm=px_per_mm)
        there = zoomed.to_widget(row, column)
        return zoomed.panned(about - there)

    def panned(self, by: QPointF) -> Self:
        """Return the mapping with the picture pushed by so many pixels; its middle never leaves the volume."""
        height, width = self.voxel_px
        row = self.center[0] - by.y() / height * self.down
        column = self.center[1] - by.x() / width * self.right
        rows, columns = self.shape
        return replace(self, center=(min(max(row, -0.5), rows - 0.5), min(max(column, -0.5), columns - 0.5)))

    def _point(self, row: float, column: float) -> tuple[float, float]:
        """Return x and y in the widget of a place of the plane."""
        (height, width), (middle_y, middle_x) = self.voxel_px, self._middle
        return (
            middle_x + (column - self.center[1]) * width * self.right,
            middle_y + (row - self.center[0]) * height * self.down,
        )
