"""The exact border between voxels in and out of a region, pixel by pixel of the screen.

Its cost is that of the pixels it covers, not of how ragged the region is: speckle stays as quick as a ball.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QRectF
from PySide6.QtGui import QColor, QImage, QPainter

from escc_desktop.gui.viewer._border import border
from escc_desktop.gui.viewer.mapping import EDGES_FROM_PX, Mapping

_DASH_PX: Final = 5
# More than a line is thick on the finest screen.
_BEYOND: Final = 32
_Voxels = tuple[NDArray[np.int32], NDArray[np.int32]]
_known: dict[tuple[float, ...], _Voxels] = {}
_MOST_KNOWN: Final = 12


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
    rows_of, columns_of = _voxels_of_pixels(mapping, ratio)
    row = rows_of[pixels.top() - 1 + _BEYOND : pixels.bottom() + 1 + _BEYOND] - np.int32(corner[0])
    column = columns_of[pixels.left() - 1 + _BEYOND : pixels.right() + 1 + _BEYOND] - np.int32(corner[1])
    image = np.zeros((pixels.height(), pixels.width()), dtype=np.uint32)
    after = (thick - 1) // 2
    dash = max(1, round(_DASH_PX * ratio)) if is_dashed else 0
    # Dashes stand still on screen whatever part is painted: they are counted from its corner, not from the region's.
    phase = (pixels.top() + pixels.left() + 2) % (2 * dash) if dash else 0
    border(voxels, row, column, image, color.rgba(), thick - 1 - after, after, dash, phase)
    height, width = image.shape
    picture = QImage(image.data, width, height, 4 * width, QImage.Format.Format_ARGB32_Premultiplied)
    painter.save()
    painter.scale(1 / ratio, 1 / ratio)
    painter.drawImage(QPoint(pixels.left(), pixels.top()), picture)
    painter.restore()


def _voxels_of_pixels(mapping: Mapping, ratio: float) -> _Voxels:
    """Return the rows and the columns that the pixels of a view show, from `_BEYOND` before the first one on.

    A view's are the same stroke after stroke and slice after slice: those of the views painted last are kept.
    """
    width, height = mapping.widget.width(), mapping.widget.height()
    key = (*mapping.center, *mapping.spacing_mm, mapping.px_per_mm, mapping.down, mapping.right, width, height, ratio)
    if key not in _known:
        if len(_known) == _MOST_KNOWN:
            _known.pop(next(iter(_known)))
        centres = ((np.arange(-_BEYOND, round(n * ratio) + _BEYOND) + 0.5) / ratio for n in (height, width))
        rows, columns = (mapping.voxel_of(at, axis).astype(np.int32) for axis, at in enumerate(centres))
        _known[key] = rows, columns
    return _known[key]
