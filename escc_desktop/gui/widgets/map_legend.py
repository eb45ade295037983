"""The colours of a feature map as a scale, with the whole lesion's own value and the one under the mouse."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QImage, QPainter, QPen

from escc_desktop.gui.theme import BODY_PX, CAPTION_PX, face
from escc_desktop.gui.viewer.colour_scale import SCALE
from escc_desktop.gui.widgets.painted import Painted, color, diamond, text, triangle
from escc_desktop.i18n import _
from escc_desktop.workflow.views.feature_map import MapView

_BAR_TOP, _BAR_PX, _SIDE_PX = 22.0, 16.0, 8.0
_HEIGHT: Final = 62


def number(value: float) -> str:
    """Return a value as it is read: four significant digits."""
    return f"{value:.4g}".replace("-", "\N{MINUS SIGN}")


class MapLegend(Painted):
    """The scale of a map; the diamond is the value of the whole lesion, the triangle the one under the mouse."""

    def __init__(self) -> None:
        super().__init__()
        self._map: MapView | None = None
        self._hovered = math.nan
        self.setFixedHeight(_HEIGHT)
        self.setMinimumWidth(160)

    def show_map(self, shown: MapView | None) -> None:
        """Show the scale of a map, or nothing."""
        self._map, self._hovered = shown, math.nan
        self.setAccessibleName("" if shown is None else scale_words(shown))
        self.update()

    def show_hovered(self, value: float) -> None:
        """Mark a value; NaN for none."""
        self._hovered = value
        self.update()

    def x_of(self, value: float) -> float:
        """Return where a value lies on the scale; at the ends what lies beyond them."""
        if self._map is None or not self._map.high > self._map.low:
            return self.width() / 2
        share = (value - self._map.low) / (self._map.high - self._map.low)
        return _SIDE_PX + min(max(share, 0.0), 1.0) * (self.width() - 2 * _SIDE_PX)

    def draw(self, painter: QPainter) -> None:  # noqa: D102
        shown = self._map
        if shown is None or math.isnan(shown.low):
            return
        bar = QRectF(_SIDE_PX, _BAR_TOP, self.width() - 2 * _SIDE_PX, _BAR_PX)
        pixels = np.ascontiguousarray((SCALE | np.uint32(0xFF000000)).reshape(1, -1))
        painter.drawImage(bar, QImage(pixels.data, 256, 1, 4 * 256, QImage.Format.Format_RGB32))
        painter.setFont(face(CAPTION_PX))
        half = bar.width() / 2
        below = _BAR_TOP + _BAR_PX + 4
        low, high = (
            ("≤ " if shown.lowest < shown.low else "") + number(shown.low),
            ("≥ " if shown.highest > shown.high else "") + number(shown.high),
        )
        text(painter, QRectF(bar.left(), below, half, 16), low, token="text")
        text(painter, QRectF(bar.left() + half, below, half, 16), f"{high} {shown.unit}", token="text", align="right")
        painter.setFont(face(BODY_PX))
        self._mark_region(painter, shown)
        if not math.isnan(self._hovered):
            painter.setPen(QPen(color("raised"), 1))
            painter.setBrush(color("text"))
            triangle(painter, QPointF(self.x_of(self._hovered), _BAR_TOP - 7), 6, up=False)
        self.add_spot(QRectF(self.rect()), scale_words(shown))

    def _mark_region(self, painter: QPainter, shown: MapView) -> None:
        """Mark the whole lesion's value where it lies on the scale; that of many features does not."""
        if shown.lowest <= shown.region_value <= shown.highest:
            painter.setPen(QPen(color("background"), 1.5))
            painter.setBrush(color("text"))
            diamond(painter, QPointF(self.x_of(shown.region_value), _BAR_TOP + _BAR_PX / 2), 7)


def scale_words(shown: MapView) -> str:
    """Return what the scale says, in words."""
    if math.isnan(shown.lowest):
        return _("No voxel has a value.")
    words = _("Lowest {lowest}, highest {highest}; colours from the 2nd to the 98th percentile.")
    return words.format(lowest=with_unit(shown.lowest, shown), highest=with_unit(shown.highest, shown))


def with_unit(value: float, shown: MapView) -> str:
    """Return a value of a map with its unit."""
    return f"{number(value)} {shown.unit}".strip()
