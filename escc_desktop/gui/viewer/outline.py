"""The exact border between voxels in and out of a region, pixel by pixel of the screen.

Its cost is that of the pixels it covers, not of how ragged the region is: speckle stays as quick as a ball.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QRectF
from PySide6.QtGui import QColor, QImage, QPainter

from escc_desktop.gui.viewer.mapping import EDGES_FROM_PX, Mapping

_DASH_PX: Final = 5


def paint_border(
    painter: QPainter,
    mapping: Mapping,
    voxels: NDArray[np.bool_],
    corner: tuple[int, int],
    color: QColor,
    *,
    is_dashed: bool = False,
) -> None:
    """Paint the border of voxels (rows, columns) of a plane, the first of which is at `corner`, perhaps dashed.

    Beyond the edge of `voxels` nothing belongs to the region.
    """
    ratio = painter.device().devicePixelRatio()
    thick = max(1, round(ratio * (2 if min(mapping.voxel_px) >= EDGES_FROM_PX else 1)))
    rows, columns = (slice(start, start + n) for start, n in zip(corner, voxels.shape, strict=True))
    area = mapping.rectangle(rows, columns).intersected(QRectF(0, 0, mapping.widget.width(), mapping.widget.height()))
    pixels = QRectF(area.topLeft() * ratio, area.size() * ratio).toAlignedRect()
    if pixels.isEmpty():
        return
    pixels.adjust(-thick, -thick, thick, thick)
    # One pixel more above and to the left, to compare with.
    y = (np.arange(pixels.top() - 1, pixels.bottom() + 1) + 0.5) / ratio
    x = (np.arange(pixels.left() - 1, pixels.right() + 1) + 0.5) / ratio
    row, column = mapping.voxel_of(y, 0) - corner[0], mapping.voxel_of(x, 1) - corner[1]
    border = _thickened(_border(voxels, row, column), thick)
    if is_dashed:
        dash = max(1, round(_DASH_PX * ratio))
        border &= (
            np.add.outer(np.arange(len(y)) + pixels.top(), np.arange(len(x)) + pixels.left())[1:, 1:] // dash
        ) % 2 == 0
    image = np.multiply(border, np.uint32(color.rgba()), dtype=np.uint32, order="C")
    height, width = border.shape
    picture = QImage(image.data, width, height, 4 * width, QImage.Format.Format_ARGB32)
    painter.save()
    painter.scale(1 / ratio, 1 / ratio)
    painter.drawImage(QPoint(pixels.left(), pixels.top()), picture)
    painter.restore()


def _border(voxels: NDArray[np.bool_], row: NDArray[np.intp], column: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Return the pixels whose voxel differs from that of the pixel above or to the left, from the second on."""
    padded = np.zeros((voxels.shape[0] + 2, voxels.shape[1] + 2), dtype=np.bool_)
    padded[1:-1, 1:-1] = voxels
    rows, columns = ((index + 1).clip(0, n + 1) for index, n in zip((row, column), voxels.shape, strict=True))
    inside = padded.take(rows, axis=0).take(columns, axis=1)
    return (inside[1:, 1:] ^ inside[:-1, 1:]) | (inside[1:, 1:] ^ inside[1:, :-1])


def _thickened(border: NDArray[np.bool_], thick: int) -> NDArray[np.bool_]:
    """Return lines so many pixels thick, in the middle over the border."""
    after = (thick - 1) // 2
    for _axis in (0, 1):
        thin, border = border, border.copy()
        for by in range(1, thick - after):
            border[:-by] |= thin[by:]
        for by in range(1, after + 1):
            border[by:] |= thin[:-by]
        border = border.T
    return border
