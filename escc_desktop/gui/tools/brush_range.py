"""A bar on which a range of HU is dragged: either end, or both together."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QLinearGradient, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from escc_desktop.gui.theme import current_tokens
from escc_desktop.gui.viewer.lut import TINT_COLOR
from escc_desktop.i18n import _

SHOWN_HU: Final = (-200, 400)
"""Fat to enhanced vessel; further ends are typed."""
_HANDLE_PX: Final = 7.0
_TRACK_PX: Final = 8.0
_HEIGHT_PX: Final = 26
_STEP_HU, _LARGE_STEP_HU = 1, 10
_LOW, _HIGH, _BOTH = 0, 1, 2


class RangeBar(QWidget):
    """Two handles on a ramp from dark to bright.

    With the keyboard, arrows move the end chosen last, with Shift by ten HU; Home and End choose the lower and the
    upper end.

    Signals
    -------
    chosen
        The least and most HU, while they are dragged.
    """

    chosen = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.range = SHOWN_HU
        self._end = _HIGH
        self._from: tuple[float, tuple[int, int]] | None = None
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMinimumHeight(_HEIGHT_PX)
        self.setAccessibleName(_("Range of HU that is painted"))
        self.setToolTip(_("Drag an end, or the part between both"))

    def show_range(self, least: int, most: int) -> None:
        """Show a range."""
        if (least, most) != self.range:
            self.range = least, most
            self.setAccessibleDescription(_("{low} to {high} HU").format(low=least, high=most))
            self.update()

    def sizeHint(self) -> QSize:  # noqa: D102
        return QSize(160, _HEIGHT_PX)

    def x_of(self, hu: float) -> float:
        """Return where a value lies; beyond what the bar shows, its end."""
        low, high = SHOWN_HU
        share = min(max((hu - low) / (high - low), 0.0), 1.0)
        return _HANDLE_PX + share * (self.width() - 2 * _HANDLE_PX)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take the nearer end, or both from between."""
        if event.button() != Qt.MouseButton.LeftButton:
            return
        x = event.position().x()
        low, high = (self.x_of(hu) for hu in self.range)
        is_between = low + _HANDLE_PX < x < high - _HANDLE_PX
        self._end = _BOTH if is_between else _LOW if abs(x - low) < abs(x - high) or x < low else _HIGH
        self._from = x, self.range
        if not is_between:
            self._put(self._hu_at(x))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag what was taken."""
        if self._from is None:
            return
        x = event.position().x()
        if self._end != _BOTH:
            self._put(self._hu_at(x))
            return
        start, (low, high) = self._from
        low_hu, high_hu = SHOWN_HU
        by = round((x - start) * (high_hu - low_hu) / max(self.width() - 2 * _HANDLE_PX, 1))
        self._choose(low + by, high + by)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        self._from = None
        if self._end == _BOTH:
            self._end = _HIGH

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Choose an end and move it."""
        ways = {Qt.Key.Key_Left: -1, Qt.Key.Key_Down: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: 1}
        key = Qt.Key(event.key())
        if key in {Qt.Key.Key_Home, Qt.Key.Key_End}:
            self._end = _LOW if key == Qt.Key.Key_Home else _HIGH
            self.update()
        elif key in ways:
            is_large = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            self._put(self.range[self._end] + ways[key] * (_LARGE_STEP_HU if is_large else _STEP_HU))
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint ramp, range and handles."""
        tokens, middle = current_tokens(), self.height() / 2
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            ramp = QLinearGradient(_HANDLE_PX, 0, self.width() - _HANDLE_PX, 0)
            ramp.setColorAt(0, QColor("#0b0b0b"))
            ramp.setColorAt(1, QColor("#f2f2f2"))
            track = QRectF(_HANDLE_PX, middle - _TRACK_PX / 2, self.width() - 2 * _HANDLE_PX, _TRACK_PX)
            painter.setBrush(ramp)
            painter.drawRoundedRect(track, _TRACK_PX / 2, _TRACK_PX / 2)
            low, high = (self.x_of(hu) for hu in self.range)
            tint = QColor(TINT_COLOR if self.isEnabled() else tokens.disabled)
            tint.setAlpha(190)
            painter.setBrush(tint)
            painter.drawRect(QRectF(low, middle - _TRACK_PX / 2, high - low, _TRACK_PX))
            for end, x in enumerate((low, high)):
                is_chosen = self.hasFocus() and end == self._end
                painter.setPen(QColor(tokens.accent if is_chosen else tokens.background))
                painter.setBrush(QColor(tokens.text if self.isEnabled() else tokens.disabled))
                painter.drawEllipse(QPointF(x, middle), _HANDLE_PX - 1, _HANDLE_PX - 1)

    def _hu_at(self, x: float) -> int:
        low, high = SHOWN_HU
        share = (x - _HANDLE_PX) / max(self.width() - 2 * _HANDLE_PX, 1)
        return round(low + min(max(share, 0.0), 1.0) * (high - low))

    def _put(self, hu: int) -> None:
        """Put the end held on a value; neither end passes the other."""
        low, high = self.range
        if self._end == _LOW:
            self._choose(min(hu, high), high)
        else:
            self._choose(low, max(hu, low))

    def _choose(self, low: int, high: int) -> None:
        if (low, high) != self.range:
            self.show_range(low, high)
            self.chosen.emit(low, high)
