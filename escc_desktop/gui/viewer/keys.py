"""The keys of a view that move through the volume; those with a name are in `commands`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractSpinBox, QLineEdit, QPlainTextEdit, QTextEdit, QWidget

from escc_desktop.gui.actions import Action
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
_ENDS: Final = {_Key.Key_Home: True, _Key.Key_End: False}
_MOVES: Final = {*_ARROWS, *_PAGES, *_ENDS}


def press_key(view: SteeredCanvas, event: QKeyEvent, actions: Iterable[Action]) -> bool:
    """Do what a key means in a view, or say why it cannot be done; return whether it means anything."""
    key, modifiers = _Key(event.key()), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    times = MANY if modifiers == Qt.KeyboardModifier.ShiftModifier else 1
    if key in _MOVES:
        view.touched.emit()
    if key == _Key.Key_Escape and view.playing_rate:
        view.touched.emit()
        return True
    if modifiers and times == 1:
        return press_action(event, actions, view.said.emit)
    if key in _ARROWS:
        _move_point(view, _ARROWS[key], times)
    elif key in _PAGES:
        view.step(_PAGES[key] * times)
    elif key in _ENDS:
        view.go_to_end(first=_ENDS[key])
    else:
        return press_action(event, actions, view.said.emit)
    return True


def press_action(event: QKeyEvent, actions: Iterable[Action], say: Callable[[str], object]) -> bool:
    """Do the action that a key belongs to, or say why it cannot be done; return whether there is one."""
    modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    pressed = QKeySequence(modifiers.value | event.key())
    found = next((one for one in actions if pressed in map(QKeySequence, one.keys_now)), None)
    if found is None:
        return False
    why_not = found.why_not()
    if why_not:
        say(why_not)
    else:
        found.call()
    return True


def takes_text(widget: QWidget | None) -> bool:
    """Return whether somebody may be typing into a widget."""
    return isinstance(widget, QLineEdit | QTextEdit | QPlainTextEdit | QAbstractSpinBox)


def _move_point(view: SteeredCanvas, by: tuple[int, int], voxels: int) -> None:
    if view.planes is None or view.axes is None or view.point is None:
        return
    index, row, column = view.planes.place(view.plane, view.point)
    row += by[0] * voxels * view.axes.down
    column += by[1] * voxels * view.axes.right
    view.put_point(view.planes.voxel(view.plane, index, row, column))
