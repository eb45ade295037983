"""A picture as a view shows it, pixel by pixel of the screen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QRegion

from escc_desktop.gui.viewer._stretch import stretch
from escc_desktop.gui.viewer.mapping import Mapping

_ONE: Final = 256
_BAND_PIXELS: Final = 1 << 17


@dataclass(frozen=True)
class _Way:
    """Which rows (or columns) of the picture the pixels along one side of the screen show.

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


class Screen:
    """Stretches pictures to the pixels of a view.

    Nothing of that size is kept: bands of it are stretched and at once copied to the window, while they are still in
    the processor's cache. What is exposed is stretched anew, and no more.
    """

    def __init__(self) -> None:
        self._mapping: Mapping | None = None
        self._ratio = 1.0
        self._band = np.empty(_BAND_PIXELS, dtype=np.uint32)
        self._down = self._across = _Way(np.zeros(1, np.int32), np.zeros(1, np.uint16), 0, 0)

    def paint(self, painter: QPainter, exposed: QRect, mapping: Mapping, colors: NDArray[np.uint32]) -> None:
        """Paint the exposed part of a picture, whose colours lie as on screen, and black around it."""
        ratio = painter.device().devicePixelRatio()
        if mapping != self._mapping or ratio != self._ratio:
            self._mapping, self._ratio = mapping, ratio
            self._down, self._across = _way(mapping, 0, ratio), _way(mapping, 1, ratio)
        across, down = self._across, self._down
        whole = QRect(across.start, down.start, across.stop - across.start, down.stop - down.start)
        area = QRectF(exposed)
        part = QRectF(area.topLeft() * ratio, area.size() * ratio).toAlignedRect()
        painter.save()
        painter.scale(1 / ratio, 1 / ratio)
        for around in cast("Iterable[QRect]", QRegion(part).subtracted(QRegion(whole))):
            painter.fillRect(around, Qt.GlobalColor.black)
        self._stretch(painter, part.intersected(whole), colors)
        painter.restore()

    def _stretch(self, painter: QPainter, part: QRect, colors: NDArray[np.uint32]) -> None:
        """Paint pixels of the screen that the picture covers."""
        width = part.width()
        if part.isEmpty():
            return
        if width > self._band.size:
            self._band = np.empty(width, dtype=np.uint32)
        columns = slice(part.left(), part.left() + width)
        across = self._across.index[columns], self._across.weight[columns]
        most = self._band.size // width
        for top in range(part.top(), part.top() + part.height(), most):
            rows = slice(top, min(top + most, part.top() + part.height()))
            height = rows.stop - rows.start
            band = self._band[: height * width].reshape(height, width)
            stretch(colors, band, *across, self._down.index[rows], self._down.weight[rows])
            image = QImage(band.data, width, height, 4 * width, QImage.Format.Format_RGB32)
            painter.drawImage(part.left(), top, image)


def _way(mapping: Mapping, axis: int, ratio: float) -> _Way:
    """Return what the pixels along the height (axis 0) or width (axis 1) of the screen show."""
    n_pixels = ceil((mapping.widget.height(), mapping.widget.width())[axis] * ratio)
    centres = (np.arange(n_pixels) + 0.5) / ratio
    length, sign = mapping.shape[axis], (mapping.down, mapping.right)[axis]
    voxel = mapping.voxel_of(centres, axis)
    inside = np.flatnonzero((voxel >= 0) & (voxel < length))
    start, stop = (int(inside[0]), int(inside[-1]) + 1) if inside.size else (0, 0)
    if not mapping.is_smooth or length == 1:
        index = (voxel if sign > 0 else length - 1 - voxel).clip(0, length - 1).astype(np.int32)
        return _Way(index, np.zeros(n_pixels, dtype=np.uint16), start, stop)
    place = mapping.place_of(centres, axis)
    place = (place if sign > 0 else length - 1 - place).clip(0, length - 1)
    first = np.minimum(np.floor(place), length - 2)
    weight = np.rint((place - first) * _ONE).astype(np.uint16)
    return _Way(first.astype(np.int32), weight, start, stop)
