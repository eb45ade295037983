"""A field that takes one key as it is pressed."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QLineEdit

from escc_desktop.i18n import _

_MODIFIERS: Final = {Qt.Key.Key_Shift, Qt.Key.Key_Control, Qt.Key.Key_Alt, Qt.Key.Key_Meta, Qt.Key.Key_AltGr}


class KeyEntry(QLineEdit):
    """Waits for a key.

    Signals
    -------
    ended
        The key in Qt's words, "" for none, or None where everything stays as it is.
    """

    ended = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setReadOnly(True)
        self.setPlaceholderText(_("press a key"))
        self.setFixedWidth(120)
        self._has_ended = False

    def event(self, event: QEvent) -> bool:
        """Take keys before anything else makes a shortcut or a change of focus of them."""
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            self._take(event)
            return True
        return super().event(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Give up: somebody looks elsewhere."""
        super().focusOutEvent(event)
        self._end(None)

    def _take(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in _MODIFIERS:
            return
        if key == Qt.Key.Key_Escape:
            self._end(None)
        elif key in {Qt.Key.Key_Backspace, Qt.Key.Key_Delete}:
            self._end("")
        else:
            modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
            # What Shift makes of a key is its name already: "?" is not "Shift+?".
            is_letter = Qt.Key.Key_A <= key <= Qt.Key.Key_Z or key > Qt.Key.Key_ydiaeresis
            if not is_letter and not Qt.Key.Key_0 <= key <= Qt.Key.Key_9:
                modifiers &= ~Qt.KeyboardModifier.ShiftModifier
            self._end(QKeySequence(modifiers.value | key.value).toString(QKeySequence.SequenceFormat.PortableText))

    def _end(self, key: str | None) -> None:
        if not self._has_ended:
            self._has_ended = True
            self.ended.emit(key)
