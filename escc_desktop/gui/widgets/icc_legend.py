"""What the wall's colours and shapes mean."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QLinearGradient, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from escc_desktop.gui.theme import CAPTION_PX, GRID, current_tokens, face
from escc_desktop.gui.widgets.icc_wall import draw_cell, icc_color
from escc_desktop.i18n import _

_BAR_PX = 180.0
_CELL_PX = 34.0
_STOPS = 20
_APART = 0.15


class IccLegend(QWidget):
    """Colour scale with the threshold, and one cell of each kind."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._threshold, self._is_reached = 0.75, False

    def sizeHint(self) -> QSize:  # noqa: D102
        return QSize(560, 36)

    def set_threshold(self, threshold: float, *, is_reached: bool = False) -> None:
        """Mark another threshold, to be exceeded or, if `is_reached`, to be reached."""
        self._threshold, self._is_reached = threshold, is_reached
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        with QPainter(self) as painter:
            self._draw(painter)

    def _draw(self, painter: QPainter) -> None:
        painter.setFont(face(CAPTION_PX))
        left = self._draw_scale(painter)
        samples = ((_("passes"), 0.95, True), (_("does not pass"), 0.4, False))
        for words, icc, has_passed in samples:
            draw_cell(painter, QRectF(left, 5, _CELL_PX, 9), icc, icc - 0.2, has_passed)
            left = self._word(painter, left + _CELL_PX, words)
        painter.setPen(QPen(current_tokens().color("line"), 1))
        painter.drawRect(QRectF(left + 0.5, 5.5, _CELL_PX - 1, 8))
        left = self._word(painter, left + _CELL_PX, _("constant"))
        painter.fillRect(QRectF(left + 2, 4, 1.5, 11), current_tokens().color("text"))
        self._word(painter, left, _("lower bound, 0 left to 1 right"))

    def _word(self, painter: QPainter, left: float, words: str) -> float:
        """Write beside a sample and return where the next one begins."""
        metrics = QFontMetricsF(face(CAPTION_PX))
        painter.setPen(current_tokens().color("secondary"))
        painter.drawText(QPointF(left + GRID, 9.5 + metrics.ascent() / 2 - 1), words)
        return left + GRID + metrics.horizontalAdvance(words) + 2 * GRID

    def _draw_scale(self, painter: QPainter) -> float:
        tokens = current_tokens()
        bar = QRectF(36, 5, _BAR_PX, 9)
        shades = QLinearGradient(bar.topLeft(), bar.topRight())
        for k in range(_STOPS + 1):
            shades.setColorAt(k / _STOPS, icc_color(k / _STOPS))
        painter.setPen(tokens.color("secondary"))
        painter.drawText(QRectF(0, 0, 32, 19), Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, "ICC")
        painter.fillRect(bar, shades)
        x = bar.left() + self._threshold * bar.width()
        painter.setPen(QPen(tokens.color("text"), 1.5))
        painter.drawLine(QPointF(x, bar.top() - 3), QPointF(x, bar.bottom() + 3))
        # The threshold's own number needs room.
        ends = (value for value in (0.0, 0.5, 1.0) if abs(value - self._threshold) > _APART)
        for value in (*ends, self._threshold):
            words = f"{'≥' if self._is_reached else '>'} {value:g}" if value == self._threshold else f"{value:g}"
            painter.setPen(tokens.color("text" if value == self._threshold else "secondary"))
            place = QRectF(bar.left() + value * bar.width() - 30, bar.bottom() + 3, 60, 15)
            painter.drawText(place, Qt.AlignmentFlag.AlignHCenter, words)
        return bar.right() + 3 * GRID
