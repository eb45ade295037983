"""The exact border between voxels in and out of a region, as few straight lines."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect
from PySide6.QtGui import QColor, QPainter

from escc_desktop.gui.viewer.mapping import Mapping

IntArray = NDArray[np.intp]


def border_lines(voxels: NDArray[np.bool_]) -> tuple[IntArray, IntArray]:
    """Return the border of a region in a plane as runs along voxel edges.

    Parameters
    ----------
    voxels
        Boolean array (rows, columns); beyond its edge nothing belongs to the region.

    Returns
    -------
    level, upright
        Arrays (n, 3) of (edge, start, stop): a level line lies on row edge `edge` from column edge `start` to
        `stop`, an upright one on column edge `edge` from row edge `start` to `stop`. Edge k lies before voxel k.
    """
    padded = np.pad(voxels, 1)
    return _runs(padded[:-1, 1:-1] ^ padded[1:, 1:-1]), _runs((padded[1:-1, :-1] ^ padded[1:-1, 1:]).T)


def _runs(edges: NDArray[np.bool_]) -> IntArray:
    """Return (line, start, stop) of every run of true values along the lines of an array."""
    steps = np.diff(np.pad(edges, ((0, 0), (1, 1))).view(np.int8), axis=1)
    line, start = np.nonzero(steps == 1)
    stop = np.nonzero(steps == -1)[1]
    return np.stack([line, start, stop], axis=1)


def paint_border(
    painter: QPainter, mapping: Mapping, voxels: NDArray[np.bool_], corner: tuple[int, int], color: QColor
) -> None:
    """Paint the border of voxels whose first row and column are `corner`, on whole pixels of the screen."""
    ratio = painter.device().devicePixelRatio()
    thick = max(1, round(ratio))
    rectangles = []
    level, upright = border_lines(voxels)
    origin = mapping.to_widget(corner[0] - 0.5, corner[1] - 0.5) * ratio
    height, width = (size * ratio for size in mapping.voxel_px)
    height, width = height * mapping.down, width * mapping.right
    for line, start, stop in level:
        y = round(origin.y() + line * height)
        x0, x1 = sorted((round(origin.x() + start * width), round(origin.x() + stop * width)))
        rectangles.append(QRect(x0, y, x1 - x0 + thick, thick))
    for line, start, stop in upright:
        x = round(origin.x() + line * width)
        y0, y1 = sorted((round(origin.y() + start * height), round(origin.y() + stop * height)))
        rectangles.append(QRect(x, y0, thick, y1 - y0 + thick))
    painter.save()
    painter.scale(1 / ratio, 1 / ratio)
    for rectangle in rectangles:
        painter.fillRect(rectangle, color)
    painter.restore()
