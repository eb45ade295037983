"""Plays a script at the window: real events to real widgets, one step a turn of the event loop."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from PySide6.QtCore import QEvent, QObject, QPointF, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget

from escc_desktop.gui.main_window import MainWindow
from escc_desktop.gui.pages.reading import ReadingPage
from escc_desktop.gui.pages.reading_board import ReadingBoard
from escc_desktop.gui.replay.script import ReplayStep
from escc_desktop.gui.viewer.slice_view import SliceView
from escc_desktop.gui.widgets.number_field import NumberField

PATIENCE_S: Final = 60.0
_TURN_MS: Final = 5
_BUTTONS: Final = {
    "left": Qt.MouseButton.LeftButton,
    "right": Qt.MouseButton.RightButton,
    "middle": Qt.MouseButton.MiddleButton,
}
_MODIFIERS: Final = {
    "shift": Qt.KeyboardModifier.ShiftModifier,
    "ctrl": Qt.KeyboardModifier.ControlModifier,
    "alt": Qt.KeyboardModifier.AltModifier,
}
_NO_BUTTON, _NOTCH = Qt.MouseButton.NoButton, 120


class _FailedError(Exception):
    """A step could not be done, or what it expects is not so."""


class Player(QObject):
    """Does the steps of a script in a window that shows a project.

    Signals
    -------
    ended
        "" once all is done; else which step failed and why.
    """

    ended = Signal(str)

    def __init__(self, window: MainWindow, steps: Sequence[ReplayStep]) -> None:
        super().__init__(window)
        self._window, self._steps = window, tuple(steps)
        self._next = 0
        self._waits: Callable[[], bool] | None = None
        self._since = 0.0
        self._timer = QTimer(self)
        self._timer.setInterval(_TURN_MS)
        self._timer.timeout.connect(self._turn)

    def start(self) -> None:
        """Begin."""
        self._timer.start()

    def _turn(self) -> None:
        try:
            if self._waits is not None:
                self._wait_on(self._waits)
            elif self._next < len(self._steps):
                step = self._steps[self._next]
                self._next += 1
                getattr(self, f"_do_{step.do}")(**{_argument(name): value for name, value in step.says.items()})
            else:
                self._end("")
        except _FailedError as failed:
            self._end(f"Step {self._next} ({self._steps[self._next - 1].do}): {failed}")

    def _end(self, what: str) -> None:
        self._timer.stop()
        self.ended.emit(what)

    def _wait_on(self, is_done: Callable[[], bool]) -> None:
        if is_done():
            self._waits = None
        elif time.monotonic() - self._since > PATIENCE_S:
            raise _FailedError(f"nothing came of it within {PATIENCE_S:g} s")

    def _wait_until(self, is_done: Callable[[], bool]) -> None:
        self._waits, self._since = is_done, time.monotonic()

    # What is there

    @property
    def _page(self) -> ReadingPage:
        page = self._window.current_page
        if not isinstance(page, ReadingPage):
            raise _FailedError("the reading page is not on screen")
        return page

    @property
    def _board(self) -> ReadingBoard:
        if self._page.board is None:
            raise _FailedError("no reading is open")
        return self._page.board

    def _view(self, name: str) -> SliceView:
        view = getattr(self._board.views, name)
        if not isinstance(view, SliceView) or not view.isVisible():
            raise _FailedError(f"the {name} view is not on screen")
        return view

    # The steps, by their names

    def _do_go(self, page: str) -> None:
        self._window.go(page)
        self._wait_until(lambda: self._window.current_page is not None and not self._window.desktop.tasks.running)

    def _do_open(self, reading: str) -> None:
        page = self._page
        page.open_session(reading)
        self._wait_until(lambda: page.board is not None and page.board.isVisible())

    def _do_close(self) -> None:
        page = self._page
        page.close_reading()
        self._wait_until(lambda: page.board is None)

    def _do_action(self, action_id: str) -> None:
        found = next((one for one in self._window.actions_now() if one.action_id == action_id), None)
        if found is None:
            raise _FailedError(f"there is no action {action_id}")
        if not found.is_enabled:
            raise _FailedError(f"{action_id} cannot be done: {found.why_not()}")
        self._window.do(found)

    def _do_slice(self, view: str, index: int) -> None:
        self._view(view).set_index(index)

    def _do_drag(self, view: str, path: list[list[float]], button: str = "left", modifiers: Sequence[str] = ()) -> None:
        target = self._view(view)
        held, keys = _BUTTONS[button], _held(modifiers)
        points = [target.plane_to_widget(row, column) for row, column in path]
        _mouse(target, QEvent.Type.MouseMove, points[0], _NO_BUTTON, _NO_BUTTON, keys)
        _mouse(target, QEvent.Type.MouseButtonPress, points[0], held, held, keys)
        for point in points[1:]:
            _mouse(target, QEvent.Type.MouseMove, point, _NO_BUTTON, held, keys)
        _mouse(target, QEvent.Type.MouseButtonRelease, points[-1], held, _NO_BUTTON, keys)

    def _do_hover(self, view: str, at: list[float]) -> None:
        target = self._view(view)
        none = Qt.KeyboardModifier.NoModifier
        _mouse(target, QEvent.Type.MouseMove, target.plane_to_widget(at[0], at[1]), _NO_BUTTON, _NO_BUTTON, none)

    def _do_wheel(self, view: str, notches: int, modifiers: Sequence[str] = ()) -> None:
        target = self._view(view)
        middle = QPointF(target.width() / 2, target.height() / 2)
        for _notch in range(abs(notches)):
            turned = -_NOTCH if notches > 0 else _NOTCH
            event = QWheelEvent(
                middle,
                QPointF(target.mapToGlobal(middle)),
                QPointF(0, 0).toPoint(),
                QPointF(0, turned).toPoint(),
                _NO_BUTTON,
                _held(modifiers),
                Qt.ScrollPhase.NoScrollPhase,
                False,
            )
            QApplication.sendEvent(target, event)

    def _do_key(self, key: str, view: str = "axial") -> None:
        pressed = QKeySequence(key)
        action = next((one for one in self._window.actions_now() if pressed in map(QKeySequence, one.keys_now)), None)
        if action is not None:
            self._window.do(action)
            return
        combination = pressed[0]  # type: ignore[index]  # the stubs leave out what Qt documents
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            event = QKeyEvent(kind, combination.key().value, combination.keyboardModifiers())
            QApplication.sendEvent(self._view(view), event)

    def _do_click(self, name: str) -> None:
        for found in self._window.findChildren(QAbstractButton):
            if found.isVisible() and name in {found.accessibleName(), found.text()}:
                if not found.isEnabled():
                    raise _FailedError(f"“{name}” cannot be clicked: {found.toolTip()}")
                found.click()
                return
        raise _FailedError(f"there is nothing called “{name}” to click")

    def _do_set(self, name: str, value: float) -> None:
        """Put a number into a field, as typing it and Return would."""
        for field in self._window.findChildren(NumberField):
            if field.isVisible() and field.accessibleName() == name:
                if not field.isEnabled() or not field.minimum() <= value <= field.maximum():
                    raise _FailedError(f"“{name}” cannot be set to {value:g} now")
                field.setValue(value)
                return
        raise _FailedError(f"there is no number called “{name}” to set")

    def _do_wait(self, awaited: str) -> None:
        if awaited == "saved":
            board = self._board
            self._wait_until(lambda: board.reading.is_saved)
        else:
            self._wait_until(lambda: not self._window.desktop.tasks.running)

    def _do_expect(self, **expected: Any) -> None:
        canvas, history = self._board.canvas, self._board.reading.history
        found = {
            "voxels": canvas.n_voxels,
            "slices": np.flatnonzero(canvas.slice_voxels).tolist(),
            "digest": self._board.reading.mask().digest if "digest" in expected else "",
            "steps": history.cursor,
            "tool": self._board.hand.tool_id,
        }
        wrong = [f"{name} is {found[name]}, not {value}" for name, value in expected.items() if found[name] != value]
        if wrong:
            raise _FailedError("; ".join(wrong))

    def _do_sign(self, meaning: str) -> None:
        """Sign with the password that a synthetic study tells its reader."""
        board, page = self._board, self._page
        board.begin_signing()
        if board.side.currentWidget() is not board.sign_panel:
            raise _FailedError(board.why_not_sign())

        def fill_and_sign() -> bool:
            if page.board is None:  # what it held is gone then
                return True
            if board.sign_panel.fill.isVisible() and not board.sign_panel.password.text():
                board.sign_panel.fill.click()
                board.sign_panel.meaning.setText(meaning)
                board.sign_panel.sign.click()
            return False

        self._wait_until(fill_and_sign)


def _argument(name: str) -> str:
    """Return the argument of a step's name; some are words of the language."""
    return {"id": "action_id", "for": "awaited"}.get(name, name)


def _held(modifiers: Sequence[str]) -> Qt.KeyboardModifier:
    held = Qt.KeyboardModifier.NoModifier
    for name in modifiers:
        held |= _MODIFIERS[name]
    return held


def _mouse(
    target: QWidget,
    kind: QEvent.Type,
    at: QPointF,
    button: Qt.MouseButton,
    buttons: Qt.MouseButton,
    keys: Qt.KeyboardModifier,
) -> None:
    QApplication.sendEvent(target, QMouseEvent(kind, at, QPointF(target.mapToGlobal(at)), button, buttons, keys))
