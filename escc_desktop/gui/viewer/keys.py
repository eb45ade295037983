"""The keys of a view."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractSpinBox, QLineEdit, QPlainTextEdit, QTextEdit, QWidget

from escc_desktop.gui.viewer.look import window_presets
from escc_desktop.gui.viewer.steered import SteeredCanvas

MANY: Final = 10
_Key = Qt.Key
# Steps down and to the right of the screen.
_ARROWS: Final = {
    _Key.Key_Left: (0, -1),
    _Key.Key_Right: (0, 1),
    _Key.Key_Up: (-1, 0),
    _Key.Key_Down: (1, 0),
}
_PAGES: Final = {_Key.Key_PageUp: -1, _Key.Key_PageDown: 1}


def press_key(view: SteeredCanvas, event: QKeyEvent) -> bool:
    """Do what a key means in a view; return whether it means anything."""
    key, modifiers = _Key(event.key()), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    is_shifted = modifiers == Qt.KeyboardModifier.ShiftModifier
    if modifiers and not is_shifted:
        return False
    if key in _ARROWS:
        _move_point(view, _ARROWS[key], MANY if is_shifted else 1)
        return True
    if key in _PAGES:
        view.step(_PAGES[key] * (MANY if is_shifted else 1))
        return True
    call = (_shifted_calls(view) if is_shifted else _calls(view)).get(key)
    if call is not None:
        call()
    return call is not None


def takes_text(widget: QWidget | None) -> bool:
    """Return whether somebody may be typing into a widget."""
    return isinstance(widget, QLineEdit | QTextEdit | QPlainTextEdit | QAbstractSpinBox)


def _calls(view: SteeredCanvas) -> dict[Qt.Key, Callable[[], object]]:
    look = view.look
    calls: dict[Qt.Key, Callable[[], object]] = {
        _Key.Key_X: lambda: view.choose_look(look.annotations_toggled()),
        _Key.Key_S: lambda: view.choose_look(look.overlay_toggled()),
        _Key.Key_A: lambda: view.choose_look(look.strengthened(-1)),
        _Key.Key_D: lambda: view.choose_look(look.strengthened(1)),
        _Key.Key_F: view.fit,
        _Key.Key_Home: lambda: view.go_to_end(first=True),
        _Key.Key_End: lambda: view.go_to_end(first=False),
    }
    for preset in window_presets():
        width, level = preset.width, preset.level
        calls[_Key(ord(preset.key))] = lambda width=width, level=level: view.choose_window(width, level)  # type: ignore[misc]
    return calls


def _shifted_calls(view: SteeredCanvas) -> dict[Qt.Key, Callable[[], object]]:
    return {
        _Key.Key_X: lambda: view.choose_look(view.look.crosshair_toggled()),
        _Key.Key_F: view.zoom_to_100,
    }


def _move_point(view: SteeredCanvas, by: tuple[int, int], voxels: int) -> None:
    if view.planes is None or view.axes is None or view.point is None:
        return
    index, row, column = view.planes.place(view.plane, view.point)
    row += by[0] * voxels * view.axes.down
    column += by[1] * voxels * view.axes.right
    view.put_point(view.planes.voxel(view.plane, index, row, column))
