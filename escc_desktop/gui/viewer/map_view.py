"""A plane of a CT with a feature map over it: colours in the region, its outline around them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QWidget

from escc_desktop.gui.viewer.colour_scale import colours
from escc_desktop.gui.viewer.look import ROI_COLOR
from escc_desktop.gui.viewer.pixels import Border
from escc_desktop.gui.viewer.planes import Plane
from escc_desktop.gui.viewer.slice_view import SliceView
from escc_desktop.imaging.mask import BoolArray, Region
from escc_desktop.workflow.views.feature_map import MapView

# By the strength of the look's overlay: the keys that make a region fainter or stronger do the same to a map.
OPACITIES: Final = (0.15, 0.3, 0.5, 0.7, 0.85, 1.0)
USUAL_OPACITY: Final = 3


class MapSliceView(SliceView):
    """A plane of a CT with a map over it; the overlay of its look is the map."""

    def __init__(self, plane: Plane = Plane.AXIAL, parent: QWidget | None = None) -> None:
        super().__init__(plane, parent)
        self._map: MapView | None = None
        self._region: BoolArray | None = None
        self._region_box: Region | None = None

    def set_region(self, voxels: BoolArray | None, box: Region | None = None) -> None:
        """Outline a region: boolean (z, y, x) on the volume's grid, all of it within `box`."""
        self._region, self._region_box = voxels, box
        self.update()

    def set_map(self, shown: MapView | None) -> None:
        """Show a map, or none."""
        self._map = shown
        self.update()

    def paint_picture(self, painter: QPainter, exposed: QRect, over: Sequence[Border] = ()) -> None:
        """Paint slice, map and outline."""
        super().paint_picture(painter, exposed, over)
        if not self.look.has_overlay:
            return
        if self._map is not None:
            self._paint_map(painter, self._map)
        if self._region is not None and self._region_box is not None:
            self._paint_outline(painter, self._region, self._region_box)

    def _paint_map(self, painter: QPainter, shown: MapView) -> None:
        normal, rows, columns = self._in_plane(shown.box)
        if self.axes is None or not normal.start <= self.index < normal.stop:
            return
        section = self._section(shown.values, self.index - normal.start)
        upright = section[:: self.axes.down, :: self.axes.right]
        pixels = np.ascontiguousarray(colours(upright, shown.low, shown.high, OPACITIES[self.look.strength]))
        height, width = pixels.shape
        picture = QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_ARGB32)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)  # a voxel has one value
        painter.drawImage(self.voxels_to_widget(rows, columns), picture)
        painter.restore()

    def _paint_outline(self, painter: QPainter, voxels: BoolArray, box: Region) -> None:
        normal, rows, columns = self._in_plane(box)
        if self.planes is None or not normal.start <= self.index < normal.stop:
            return
        section = self.planes.section(self.plane, self.index, voxels)[rows, columns]
        self.paint_border(painter, section, (rows.start, columns.start), QColor(ROI_COLOR))

    def _section(self, values: NDArray[np.float64], index: int) -> NDArray[np.float64]:
        """Return a slice (rows, columns) of an array (z, y, x) on a box."""
        axes = self.axes
        if axes is None:
            return np.empty((0, 0))
        turned: NDArray[np.float64] = values.transpose(2 - axes.normal, 2 - axes.row, 2 - axes.column)
        section: NDArray[np.float64] = turned[index]
        return section
