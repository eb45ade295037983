"""Base of the widgets that paint themselves: hot spots with tool tips, choosing by mouse and by keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QToolTip, QWidget

from escc_desktop.gui.theme import CAPTION_PX, current_tokens, face, is_dark

_TIPS_AT_ONCE = 6
_NEXT_KEYS = (Qt.Key.Key_Right, Qt.Key.Key_Down)
_PREVIOUS_KEYS = (Qt.Key.Key_Left, Qt.Key.Key_Up)
# Okabe and Ito's blue and vermillion; in the dark the blue is their sky blue, and the vermillion is lightened.
_RISK = {"LOW": ("#56b4e9", "#0072b2"), "HIGH": ("#f0803c", "#c24e00")}
SHAPES = {"LOW": "▼", "HIGH": "▲"}


@dataclass(frozen=True)
class Spot:
    """A place that says something, and may be chosen if it has a key."""

    rect: QRectF
    tip: str
    key: str = ""


class Painted(QWidget):
    """A widget with spots, filled anew at each painting.

    Attributes
    ----------
    chosen
        The key of a spot that was clicked, or entered with the Enter key.
    asked
        The key of a spot that was clicked with the right button, or entered with Shift and Enter.
    """

    chosen = Signal(str)
    asked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.spots: list[Spot] = []
        self._current = ""
        self.setMouseTracking(True)

    def draw(self, painter: QPainter) -> None:
        """Paint, and note spots by `add_spot`."""

    def add_spot(self, rect: QRectF, tip: str, key: str = "") -> None:
        """Note a place that says something."""
        self.spots.append(Spot(rect, tip, key))

    def tip_at(self, place: QPointF) -> str:
        """Return what the spots under a place say, each once."""
        found = dict.fromkeys(spot.tip for spot in self.spots if spot.tip and spot.rect.contains(place))
        return "\n\n".join(list(found)[:_TIPS_AT_ONCE])

    def key_at(self, place: QPointF) -> str:
        """Return the key of the spot under a place, or nothing."""
        return next((spot.key for spot in self.spots if spot.key and spot.rect.contains(place)), "")

    def spot_of(self, key: str) -> Spot | None:
        """Return the spot of a key."""
        return next((spot for spot in self.spots if spot.key == key), None)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        self.spots = []
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setFont(face(CAPTION_PX))
            self.draw(painter)
            if self.hasFocus():
                self._draw_focus(painter)
        has_keys = any(spot.key for spot in self.spots)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if has_keys else Qt.FocusPolicy.NoFocus)

    def event(self, event: QEvent) -> bool:  # noqa: D102
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.tip_at(QPointF(event.pos())), self)
            return True
        return super().event(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: D102
        is_hand = bool(self.key_at(event.position()))
        self.setCursor(Qt.CursorShape.PointingHandCursor if is_hand else Qt.CursorShape.ArrowCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: D102
        key = self.key_at(event.position())
        buttons = {Qt.MouseButton.LeftButton: self.chosen, Qt.MouseButton.RightButton: self.asked}
        if key and event.button() in buttons:
            self._current = key
            buttons[event.button()].emit(key)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        keys = list(dict.fromkeys(spot.key for spot in self.spots if spot.key))
        pressed = Qt.Key(event.key())
        if not keys or pressed not in {*_NEXT_KEYS, *_PREVIOUS_KEYS, Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            super().keyPressEvent(event)
            return
        place = keys.index(self._current) if self._current in keys else -1
        if pressed in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            if place >= 0:
                is_asked = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
                (self.asked if is_asked else self.chosen).emit(self._current)
            return
        step = 1 if pressed in _NEXT_KEYS else -1
        self._current = keys[max(0, min(len(keys) - 1, place + step))]
        self.update()
        spot = self.spot_of(self._current)
        if spot is not None:
            QToolTip.showText(self.mapToGlobal(spot.rect.center().toPoint()), spot.tip, self)

    def _draw_focus(self, painter: QPainter) -> None:
        spot = self.spot_of(self._current)
        rect = QRectF(self.rect()) if spot is None else spot.rect
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(color("accent"), 2))
        painter.drawRoundedRect(rect.adjusted(1, 1, -1, -1), 3, 3)


def color(token: str) -> QColor:
    """Return a colour of the theme in force."""
    return current_tokens().color(token)


def risk_color(group: str) -> QColor:
    """Return the colour that goes with the word and the shape of a risk group."""
    if group not in _RISK:
        return color("secondary")
    return QColor(_RISK[group][0 if is_dark() else 1])


def text(painter: QPainter, rect: QRectF, words: str, *, token: str = "secondary", align: str = "left") -> None:
    """Write words into a rectangle, cut with an ellipsis where they do not fit."""
    side = {"left": Qt.AlignmentFlag.AlignLeft, "right": Qt.AlignmentFlag.AlignRight}.get(
        align, Qt.AlignmentFlag.AlignHCenter
    )
    painter.setPen(color(token))
    shown = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, int(rect.width()) + 1)
    painter.drawText(rect, int(side | Qt.AlignmentFlag.AlignVCenter), shown)


def triangle(painter: QPainter, centre: QPointF, size: float, *, up: bool) -> None:
    """Fill a triangle with the painter's brush."""
    tip = -size if up else size
    corners = [QPointF(0, tip), QPointF(-size, -tip * 0.75), QPointF(size, -tip * 0.75)]
    painter.drawPolygon(QPolygonF([centre + corner for corner in corners]))


def diamond(painter: QPainter, centre: QPointF, size: float) -> None:
    """Fill a diamond with the painter's brush."""
    corners = [QPointF(0, -size), QPointF(size, 0), QPointF(0, size), QPointF(-size, 0)]
    painter.drawPolygon(QPolygonF([centre + corner for corner in corners]))


def month_ticks(end_months: float) -> Sequence[int]:
    """Return whole months from 0 to an end, at a step a calendar knows, ten at most."""
    step = next((step for step in (1, 2, 3, 6, 12, 24) if end_months / step <= 10), 60)
    return range(0, int(end_months) + 1, step)
