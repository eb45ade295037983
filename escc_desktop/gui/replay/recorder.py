"""Records what a reader does at the window as a script that can be played again."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtCore import QEvent, QObject, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence, QMouseEvent
from PySide6.QtWidgets import QAbstractButton, QApplication

from escc_desktop.gui.main_window import MainWindow
from escc_desktop.gui.replay.script import ReplayStep, write_script
from escc_desktop.gui.viewer.slice_view import SliceView
from escc_desktop.gui.widgets.number_field import NumberField

_BUTTONS: Final = {
    Qt.MouseButton.LeftButton: "left",
    Qt.MouseButton.RightButton: "right",
    Qt.MouseButton.MiddleButton: "middle",
}
_MODIFIERS: Final = (
    (Qt.KeyboardModifier.ShiftModifier, "shift"),
    (Qt.KeyboardModifier.ControlModifier, "ctrl"),
    (Qt.KeyboardModifier.AltModifier, "alt"),
)
_ONLY_MODIFIERS: Final = {Qt.Key.Key_Shift, Qt.Key.Key_Control, Qt.Key.Key_Alt, Qt.Key.Key_Meta, Qt.Key.Key_AltGr}


class Recorder(QObject):
    """Listens to the mouse over the views of a reading, to keys, to clicked buttons and to numbers set.

    It begins with the reading that is opened first, and is written once the window is closed.

    Attributes
    ----------
    steps
        What was done so far.
    """

    def __init__(self, window: MainWindow, path: Path) -> None:
        super().__init__(window)
        self._window, self._path = window, path
        self.steps: list[ReplayStep] = []
        self._reading = ""
        self._slices: dict[str, int] = {}
        self._drag: dict[str, object] | None = None
        self._field: tuple[NumberField, float] | None = None
        application = QApplication.instance()
        if application is not None:
            application.installEventFilter(self)
        window.closed.connect(self.write)

    def write(self) -> None:
        """Write what was recorded."""
        self._note_number()
        write_script(self._path, self.steps)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Note an event and let it pass."""
        if isinstance(watched, SliceView):
            self._note_view(watched, event)
        elif isinstance(watched, QAbstractButton) and event.type() == QEvent.Type.MouseButtonRelease:
            self._note_button(watched)
        elif isinstance(watched, NumberField) and event.type() == QEvent.Type.FocusIn:
            self._note_number()
            if self._reading and watched.window() is self._window:
                self._field = watched, watched.value()
        return False

    def _note_view(self, view: SliceView, event: QEvent) -> None:
        self._note_reading()
        if isinstance(event, QMouseEvent):
            self._note_mouse(view, event)
        elif isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride:
            key = Qt.Key(event.key())
            if key not in _ONLY_MODIFIERS:
                self._note_number()
                pressed = QKeySequence(event.modifiers().value | key.value)
                name = pressed.toString(QKeySequence.SequenceFormat.PortableText)
                self._add("key", view=_name(view), key=name)

    def _note_mouse(self, view: SliceView, event: QMouseEvent) -> None:
        at = _place(view, event.position())
        if event.type() == QEvent.Type.MouseButtonPress and event.button() in _BUTTONS:
            self._note_number()
            self._note_slices(view)
            held = [name for modifier, name in _MODIFIERS if event.modifiers() & modifier]
            self._drag = {"view": _name(view), "path": [at], "button": _BUTTONS[event.button()], "modifiers": held}
        elif event.type() == QEvent.Type.MouseMove and self._drag is not None:
            path = self._drag["path"]
            if isinstance(path, list) and path[-1] != at:
                path.append(at)
        elif event.type() == QEvent.Type.MouseButtonRelease and self._drag is not None:
            drag, self._drag = self._drag, None
            self._add("drag", **drag)

    def _note_reading(self) -> None:
        """Note which reading is open, when another one is."""
        page = self._window.current_page
        board = getattr(page, "board", None)
        reading = "" if board is None else board.reading.session.session_id
        if reading and reading != self._reading:
            self._reading = reading
            self._add("go", page="reading")
            self._add("open", reading=reading)

    def _note_slices(self, view: SliceView) -> None:
        """Note the slice on screen, however it came there: wheel, keys, strip or crosshair."""
        name = _name(view)
        if self._slices.get(name) != view.index:
            self._slices[name] = view.index
            self._add("slice", view=name, index=view.index)

    def _note_button(self, button: QAbstractButton) -> None:
        name = button.accessibleName() or button.text()
        if self._reading and name and button.isEnabled() and button.window() is self._window:
            self._note_number()
            self._add("click", name=name)

    def _note_number(self) -> None:
        """Note what the field was set to that has, or had, the focus; what tools set it to later is not noted."""
        if self._field is None:
            return
        field, before = self._field
        if field.value() != before:
            self._add("set", name=field.accessibleName(), value=field.value())
        self._field = (field, field.value()) if field.hasFocus() else None

    def _add(self, do: str, **says: object) -> None:
        self.steps.append(ReplayStep(do, says))


def _name(view: SliceView) -> str:
    return view.plane.name.lower()


def _place(view: SliceView, at: QPointF) -> list[float]:
    row, column = view.widget_to_plane(at)
    return [round(row, 3), round(column, 3)]
