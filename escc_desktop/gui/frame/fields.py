"""Fields of the front door: a caption over an entry, hidden ones with an eye and a word about Caps Lock."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from escc_desktop.gui.icons import icon
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.entry import Entry
from escc_desktop.gui.widgets.text import label, set_tone
from escc_desktop.i18n import _


class Field(QWidget):
    """A caption over an entry, and a line under it for what there is to say."""

    def __init__(self, caption: str, *, is_hidden: bool = False) -> None:
        super().__init__()
        self.edit = HiddenEdit() if is_hidden else Entry()
        self.edit.setAccessibleName(caption)
        self.caption = label(caption, tone="secondary", size="caption")
        self.caption.setBuddy(self.edit)
        self.said = label(tone="secondary", size="caption", wrap=True)
        self.said.hide()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(GRID // 2)
        for widget in (self.caption, self.edit, self.said):
            self._column.addWidget(widget)
        if isinstance(self.edit, HiddenEdit):
            self.edit.caps_lock.connect(self._on_caps_lock)

    def put_beside(self, widget: QWidget) -> None:
        """Put a widget to the right of the entry."""
        line = QHBoxLayout()
        line.setSpacing(GRID)
        self._column.removeWidget(self.edit)
        self._column.insertLayout(1, line)
        line.addWidget(self.edit, 1)
        line.addWidget(widget)

    @property
    def text(self) -> str:
        """What was typed."""
        return self.edit.text()

    def rename(self, caption: str) -> None:
        """Give it another caption."""
        self.caption.setText(caption)
        self.edit.setAccessibleName(caption)

    def say(self, text: str, tone: str = "secondary") -> None:
        """Say something under the entry; "" for nothing."""
        self.said.setText(text)
        self.said.setVisible(bool(text))
        set_tone(self.said, tone)

    def _on_caps_lock(self, is_on: bool) -> None:
        if is_on:
            self.say(_("Caps Lock seems to be on."), "warning")
        elif self.said.text() == _("Caps Lock seems to be on."):
            self.say("")


class HiddenEdit(Entry):
    """Shows dots; an eye shows what is typed as long as it is wanted.

    Attributes
    ----------
    caps_lock
        Whether Caps Lock seems to be on, told with every letter.
    """

    caps_lock = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self.setEchoMode(QLineEdit.EchoMode.Password)
        self.setInputMethodHints(Qt.InputMethodHint.ImhSensitiveData | Qt.InputMethodHint.ImhNoPredictiveText)
        self._eye = self.addAction(icon("eye", "secondary"), QLineEdit.ActionPosition.TrailingPosition)
        self._eye.setCheckable(True)
        self._eye.setText(_("Show what is typed"))
        self._eye.setToolTip(_("Show what is typed"))
        self._eye.toggled.connect(self._look)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        is_on = caps_lock_seems_on(event)
        if is_on is not None:
            self.caps_lock.emit(is_on)
        super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: D102
        self.caps_lock.emit(False)
        super().focusOutEvent(event)

    def _look(self, is_shown: bool) -> None:
        mode = QLineEdit.EchoMode
        self.setEchoMode(mode.Normal if is_shown else mode.Password)
        self._eye.setIcon(icon("eye_off" if is_shown else "eye", "secondary"))


class Trouble(QWidget):
    """One sentence that says what is wrong, and one that says what to do."""

    def __init__(self) -> None:
        super().__init__()
        self.what = label(tone="danger", wrap=True)
        self.hint = label(tone="secondary", wrap=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        column.addWidget(self.what)
        column.addWidget(self.hint)
        self.hide()

    def say(self, what: str, hint: str = "") -> None:
        """Show the two sentences; without the first nothing is shown."""
        self.what.setText(what)
        self.hint.setText(hint)
        self.hint.setVisible(bool(hint))
        self.setVisible(bool(what))
        self.setAccessibleName(f"{what} {hint}".strip())


def caps_lock_seems_on(event: QKeyEvent) -> bool | None:
    """Judge by a typed letter: a capital without Shift, or a small one with it; None when it tells nothing."""
    text = event.text()
    if len(text) != 1 or text.lower() == text.upper():
        return None
    has_shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
    return text.isupper() != has_shift
