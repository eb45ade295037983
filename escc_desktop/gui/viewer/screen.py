"""A picture as a view shows it, pixel by pixel of the screen: stretched when it changes, else only copied."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QRect, QRectF
from PySide6.QtGui import QImage, QPainter

from escc_desktop.gui.viewer._stretch import stretch
from escc_desktop.gui.viewer.lut import OPAQUE
from escc_desktop.gui.viewer.mapping import Mapping

_ONE: Final = 256


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
    """The pixels of a view."""

    def __init__(self) -> None:
        self._mapping: Mapping | None = None
        self._ratio = 1.0
        self._pixels = np.zeros((1, 1), dtype=np.uint32)
        self._image = QImage()
        self._stale = QRect()
        self._down = self._across = _Way(np.zeros(1, np.int32), np.zeros(1, np.uint16), 0, 0)

    def spoil(self, mapping: Mapping, rows: slice, columns: slice) -> None:
        """Note that the colours of a box of the plane changed."""
        # A smooth pixel is of two voxels: those beside a changed one change too.
        wider = mapping.rectangle(slice(rows.start - 1, rows.stop + 1), slice(columns.start - 1, columns.stop + 1))
        self._stale = self._stale.united(self._device(wider))

    def paint(self, painter: QPainter, exposed: QRect, mapping: Mapping, colors: NDArray[np.uint32]) -> None:
        """Paint the exposed part of a picture, whose colours lie as on screen, and black around it."""
        ratio = painter.device().devicePixelRatio()
        if mapping != self._mapping or ratio != self._ratio:
            self._fit(mapping, ratio)
        self._stretch(colors)
        part = self._device(QRectF(exposed)).intersected(self._image.rect())
        painter.save()
        painter.scale(1 / ratio, 1 / ratio)
        painter.drawImage(part.topLeft(), self._image, part)
        painter.restore()

    def _stretch(self, colors: NDArray[np.uint32]) -> None:
        across, down, stale = self._across, self._down, self._stale
        left, right = max(stale.left(), across.start), min(stale.right() + 1, across.stop)
        top, bottom = max(stale.top(), down.start), min(stale.bottom() + 1, down.stop)
        if left < right and top < bottom:
            ways = across.index, across.weight, down.index, down.weight
            stretch(colors, self._pixels, *ways, left, right, top, bottom)
        self._stale = QRect()

    def _fit(self, mapping: Mapping, ratio: float) -> None:
        """Make room for another size or zoom; everything is stale then."""
        self._mapping, self._ratio = mapping, ratio
        width, height = ceil(mapping.widget.width() * ratio), ceil(mapping.widget.height() * ratio)
        if self._pixels.shape != (height, width):
            self._pixels = np.empty((height, width), dtype=np.uint32)
            self._image = QImage(self._pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32)
        self._pixels.fill(OPAQUE)
        self._down, self._across = _way(mapping, 0, height, ratio), _way(mapping, 1, width, ratio)
        self._stale = QRect(QPoint(0, 0), self._image.size())

    def _device(self, area: QRectF) -> QRect:
        """Return the pixels of the screen that a rectangle of the widget touches."""
        return QRectF(area.topLeft() * self._ratio, area.size() * self._ratio).toAlignedRect()


def _way(mapping: Mapping, axis: int, n_pixels: int, ratio: float) -> _Way:
    """Return what the pixels along the height (axis 0) or width (axis 1) of the screen show."""
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
