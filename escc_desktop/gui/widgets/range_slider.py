"""A slider that shows which part of it was seen in training, and where thresholds lie."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QSlider

from escc_desktop.gui.widgets.painted import color

_HANDLE_PX = 16.0
_BAND_PX = 12.0
_PAGE_STEPS = 10


class RangeSlider(QSlider):
    """Whole steps from one end to the other; arrows move one, Page Up and Down ten, Home and End to the ends.

    Parameters
    ----------
    span, step
        Ends and step in the unit of the value.
    training
        The part to shade; None for none.
    thresholds
        Values to mark.
    """

    def __init__(
        self,
        span: tuple[float, float],
        step: float,
        training: tuple[float, float] | None = None,
        thresholds: Sequence[float] = (),
    ) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._low, self._step = span[0], step
        self._training, self._thresholds = training, tuple(thresholds)
        self.setRange(0, round((span[1] - span[0]) / step))
        self.setSingleStep(1)
        self.setPageStep(_PAGE_STEPS)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumHeight(24)

    @property
    def number(self) -> float:
        """The value it stands at."""
        return round(self._low + self.value() * self._step, 12)

    def set_number(self, number: float) -> None:
        """Go to the nearest step; a value beyond an end goes to the end."""
        self.setValue(round((number - self._low) / self._step))

    def x_of(self, number: float) -> float:
        """Return where a value lies across the widget."""
        share = (number - self._low) / self._step / max(self.maximum(), 1)
        return _HANDLE_PX / 2 + min(max(share, 0.0), 1.0) * (self.width() - _HANDLE_PX)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            if self._training is not None:
                self._band(painter, self._training)
            for value in self._thresholds:
                x = self.x_of(value)
                painter.setPen(QPen(color("warning"), 2))
                painter.drawLine(QPointF(x, 1), QPointF(x, self.height() - 1))
        super().paintEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: D102
        # The list of sliders scrolls under the wheel; a value nobody meant to change would be worse.
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def _band(self, painter: QPainter, training: tuple[float, float]) -> None:
        left, right = (self.x_of(end) for end in training)
        middle = self.height() / 2
        shade = QColor(color("accent"))
        shade.setAlphaF(0.28)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(shade)
        painter.drawRoundedRect(QRectF(left, middle - _BAND_PX / 2, max(right - left, 1.0), _BAND_PX), 3, 3)
