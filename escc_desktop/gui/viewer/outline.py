"""The exact border between voxels in and out of a region, as few straight lines."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect, Qt
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
    level, upright = border_lines(voxels)
    # From the first voxel of the plane, so that a border falls on the same pixels whichever part is painted.
    origin = mapping.to_widget(-0.5, -0.5) * ratio
    height, width = mapping.voxel_px[0] * ratio * mapping.down, mapping.voxel_px[1] * ratio * mapping.right
    rows = np.rint(origin.y() + (np.arange(voxels.shape[0] + 1) + corner[0]) * height).astype(int).tolist()
    columns = np.rint(origin.x() + (np.arange(voxels.shape[1] + 1) + corner[1]) * width).astype(int).tolist()
    lines = [
        QRect(min(columns[start], columns[stop]), rows[edge], abs(columns[stop] - columns[start]) + thick, thick)
        for edge, start, stop in level.tolist()
    ]
    lines += [
        QRect(columns[edge], min(rows[start], rows[stop]), thick, abs(rows[stop] - rows[start]) + thick)
        for edge, start, stop in upright.tolist()
    ]
    painter.save()
    painter.scale(1 / ratio, 1 / ratio)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    painter.drawRects(lines)
    painter.restore()
