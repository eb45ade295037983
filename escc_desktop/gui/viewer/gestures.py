"""What the mouse does in a view when no tool takes it: crosshair, window, pan; and the wheel's notches."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Protocol

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent

from escc_desktop.gui.viewer.steered import SteeredCanvas
from escc_desktop.gui.viewer.tool import Tool

NOTCH: Final = 120
_PIXELS_A_NOTCH: Final = 40
_CLICK_PX: Final = 3
_WIDTH_PX: Final = 250.0
_LEVEL_SHARE_PX: Final = 1 / 350
_ZOOM_A_NOTCH: Final = 1.2


class Gesture(Protocol):
    """A drag from press to release."""

    def move(self, view: SteeredCanvas, to: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        """Follow the mouse."""

    def end(self, view: SteeredCanvas, at: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        """Let go."""


class _Drag:
    def end(self, view: SteeredCanvas, at: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        """Let go."""


class CrosshairDrag(_Drag):
    """Left: the crosshair goes with the mouse."""

    def move(self, view: SteeredCanvas, to: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        """Set the crosshair."""
        view.choose_point(to)


class WindowDrag:
    """Right: to the right widens the window, up makes the picture brighter; a mere click asks for the menu."""

    def __init__(self, view: SteeredCanvas, start: QPointF) -> None:
        self._start = start
        self._width, self._level = view.look.width, view.look.level
        self._is_drag = False

    def move(self, view: SteeredCanvas, to: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        """Set the window from where the drag began, so that going back takes it back."""
        by = to - self._start
        begins = not self._is_drag and by.manhattanLength() > _CLICK_PX
        self._is_drag = self._is_drag or begins
        if not self._is_drag:
            return
        why_not = view.why_not_window()
        if why_not:
            if begins:
                view.said.emit(why_not)
            return
        width = self._width * math.exp(by.x() / _WIDTH_PX)
        view.choose_window(width, self._level + by.y() * self._width * _LEVEL_SHARE_PX)

    def end(self, view: SteeredCanvas, at: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        """Offer the menu after a click that moved nothing."""
        if not self._is_drag:
            view.menu_asked.emit(at.toPoint())


class PanDrag(_Drag):
    """Middle, or left with Ctrl where there is no middle: the picture goes with the mouse."""

    def __init__(self, start: QPointF) -> None:
        self._last = start

    def move(self, view: SteeredCanvas, to: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        """Push the picture."""
        view.pan(to - self._last)
        self._last = to


class ToolDrag:
    """Whatever the tool does that took the press."""

    def __init__(self, tool: Tool, button: Qt.MouseButton) -> None:
        self._tool, self._button = tool, button

    def move(self, view: SteeredCanvas, to: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        """Tell the tool."""
        self._tool.move(view.pointer(to, self._button, modifiers))

    def end(self, view: SteeredCanvas, at: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        """Tell the tool."""
        self._tool.release(view.pointer(at, self._button, modifiers))


@dataclass(frozen=True)
class Drag:
    """What a press begins if no tool takes it; a forced one is not offered to the tool."""

    gesture: Gesture | None
    is_forced: bool


def drag_of(view: SteeredCanvas, event: QMouseEvent) -> Drag:
    """Return what a press begins."""
    button, modifiers = event.button(), event.modifiers()
    is_ctrl = bool(modifiers & Qt.KeyboardModifier.ControlModifier)
    if button == Qt.MouseButton.MiddleButton or (button == Qt.MouseButton.LeftButton and is_ctrl):
        return Drag(PanDrag(event.position()), is_forced=True)
    if button == Qt.MouseButton.LeftButton:
        return Drag(CrosshairDrag(), bool(modifiers & Qt.KeyboardModifier.ShiftModifier))
    if button == Qt.MouseButton.RightButton:
        return Drag(WindowDrag(view, event.position()), is_ctrl)
    return Drag(None, is_forced=False)


class Wheel:
    """Counts whole notches: exactly one slice each, however finely the device divides them."""

    def __init__(self) -> None:
        self._left = 0.0

    def notches(self, event: QWheelEvent) -> int:
        """Return whole notches since the last whole one; positive towards the user, as for the next page."""
        if event.phase() == Qt.ScrollPhase.ScrollMomentum:
            return 0
        if event.phase() == Qt.ScrollPhase.ScrollBegin:
            self._left = 0.0
        turned = -turn(event)
        if turned * self._left < 0:
            self._left = 0.0
        self._left += turned
        whole = int(self._left / NOTCH)
        self._left -= whole * NOTCH
        return whole


def turn(event: QWheelEvent) -> float:
    """Return how far the wheel was turned, in eighths of a degree; a device that tells pixels only is translated."""
    angle = event.angleDelta()
    if not angle.isNull():
        return float(angle.y() or angle.x())
    return event.pixelDelta().y() * NOTCH / _PIXELS_A_NOTCH


def zoom_factor(event: QWheelEvent) -> float:
    """Return how much the wheel zooms."""
    return float(_ZOOM_A_NOTCH ** (turn(event) / NOTCH))
