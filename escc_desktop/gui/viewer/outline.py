"""The exact border between voxels in and out of what is pointed out over a picture, pixel by pixel of the screen."""

from __future__ import annotations

from math import ceil, floor

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QImage, QPainter

from escc_desktop.gui.viewer.mapping import Mapping
from escc_desktop.gui.viewer.pixels import Border, Corner, grid_of


def paint_border(painter: QPainter, mapping: Mapping, voxels: NDArray[np.bool_], corner: Corner, color: QColor) -> None:
    """Paint the border of voxels (rows, columns) of a plane, the first of which is at `corner`.

    Beyond the edge of `voxels` nothing belongs to the region. What a view shows of its regions it draws into the
    picture itself (`Screen.paint`).
    """
    grid = grid_of(mapping, painter.device().devicePixelRatio())
    (row, column), (n_rows, n_columns), ratio, thick = corner, voxels.shape, grid.ratio, grid.thick
    left, top, right, bottom = mapping.sides(slice(row, row + n_rows), slice(column, column + n_columns))
    x, y = max(floor(left * ratio), 0) - thick, max(floor(top * ratio), 0) - thick
    width = min(ceil(right * ratio), grid.size[0]) + thick - x
    height = min(ceil(bottom * ratio), grid.size[1]) + thick - y
    if width <= 2 * thick or height <= 2 * thick:
        return
    pixels = np.zeros((height, width), dtype=np.uint32)
    grid.draw(Border(voxels, corner, _premultiplied(color)), pixels, x, y)
    image = QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_ARGB32_Premultiplied)
    if ratio == 1:
        painter.drawImage(x, y, image)
        return
    painter.save()
    painter.scale(1 / ratio, 1 / ratio)
    painter.drawImage(x, y, image)
    painter.restore()


def _premultiplied(color: QColor) -> int:
    """Return a colour that lets shine through as the picture's format has it: each part times the alpha."""
    alpha = color.alpha()
    red, green, blue = (round(part * alpha / 255) for part in (color.red(), color.green(), color.blue()))
    return alpha << 24 | red << 16 | green << 8 | blue
