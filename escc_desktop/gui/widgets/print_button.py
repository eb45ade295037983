"""A button that prints, in the window's language or in another one chosen there and then."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu, QToolButton, QWidget

from escc_desktop.gui.widgets.text import button, icon_button
from escc_desktop.i18n import ENGLISH, _, languages, printed_language


class PrintButton(QWidget):
    """Prints at a press; the arrow beside it asks for the language.

    Attributes
    ----------
    wanted
        The code of the language to print in.
    """

    wanted = Signal(str)

    def __init__(self, text: str, tip: str) -> None:
        super().__init__()
        self.button = button(text, "print", tip=tip)
        self.languages: QToolButton = icon_button("chevron_down", _("Print in another language"))
        self.languages.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu = QMenu(self.languages)
        for code, name in languages():
            self.menu.addAction(name).triggered.connect(lambda _checked=False, chosen=code: self.wanted.emit(chosen))
        self.languages.setMenu(self.menu)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(2)
        line.addWidget(self.button)
        line.addWidget(self.languages)
        self.languages.setVisible(len(self.menu.actions()) > 1)
        self.button.clicked.connect(self.print_now)

    def print_now(self) -> None:
        """Print in the window's language."""
        self.wanted.emit(window_language())

    def allow(self, why_not: str) -> None:
        """Let it be pressed unless there is a reason why not."""
        for part in (self.button, self.languages):
            part.setEnabled(not why_not)
            if why_not:
                part.setToolTip(why_not)


def window_language() -> str:
    """Return the window's language where the program can print in it, and English otherwise."""
    chosen = printed_language()
    return chosen if any(code == chosen for code, _name in languages()) else ENGLISH
