"""A picture as a view shows it, pixel by pixel of the screen, with the borders of regions over it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect
from PySide6.QtGui import QImage, QPainter

from escc_desktop.gui.viewer._stretch import stretch
from escc_desktop.gui.viewer.mapping import Mapping
from escc_desktop.gui.viewer.pixels import Border, PixelGrid, grid_of

_BAND_PIXELS: Final = 1 << 17
_BLACK: Final = np.uint32(0xFF000000)


class Screen:
    """Stretches pictures to the pixels of a view.

    Nothing of that size is kept: bands of it are stretched and at once copied to the window, while they are still in
    the processor's cache. What is exposed is stretched anew, and no more.
    """

    def __init__(self) -> None:
        self._band = np.empty(_BAND_PIXELS, dtype=np.uint32)
        self._grid: tuple[Mapping, PixelGrid] | None = None

    def paint(
        self,
        painter: QPainter,
        exposed: QRect,
        mapping: Mapping,
        colors: NDArray[np.uint32],
        borders: Sequence[Border] = (),
    ) -> None:
        """Paint the exposed part of a picture, whose colours lie as on screen, borders over it and black around it.

        Of the borders, the last one lies on top; they may reach into the black.
        """
        ratio = painter.device().devicePixelRatio()
        if self._grid is None or self._grid[0] is not mapping or self._grid[1].ratio != ratio:
            self._grid = mapping, grid_of(mapping, ratio)
        grid = self._grid[1]
        left, top, width, height = grid.pixels_in(exposed)
        if width <= 0 or height <= 0:
            return
        if width > self._band.size:
            self._band = np.empty(width, dtype=np.uint32)
        if grid.ratio != 1:
            painter.save()
            painter.scale(1 / grid.ratio, 1 / grid.ratio)
        most = self._band.size // width
        for start in range(top, top + height, most):
            rows = min(most, top + height - start)
            pixels = self._band[: rows * width].reshape(rows, width)
            _stretch(grid, colors, pixels, left, start)
            for one in borders:
                grid.draw(one, pixels, left, start)
            image = QImage(pixels.data, width, rows, 4 * width, QImage.Format.Format_RGB32)
            painter.drawImage(left, start, image)
        if grid.ratio != 1:
            painter.restore()


def _stretch(grid: PixelGrid, colors: NDArray[np.uint32], pixels: NDArray[np.uint32], left: int, top: int) -> None:
    """Stretch a picture to pixels, the first of which lies so far from the corner of the view."""
    down, across = grid.down, grid.across
    y0, y1 = max(down.start, top), min(down.stop, top + pixels.shape[0])
    x0, x1 = max(across.start, left), min(across.stop, left + pixels.shape[1])
    inside = pixels[y0 - top : y1 - top, x0 - left : x1 - left] if y1 > y0 and x1 > x0 else pixels[:0, :0]
    if inside.shape != pixels.shape:
        pixels.fill(_BLACK)
    if inside.size:
        stretch(colors, inside, across.index[x0:x1], across.weight[x0:x1], down.index[y0:y1], down.weight[y0:y1])
