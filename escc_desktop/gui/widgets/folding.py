"""A part of a panel that folds under its heading."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from escc_desktop.gui.icons import icon
from escc_desktop.gui.theme import GRID


class FoldingPart(QWidget):
    """A heading, and below it a widget that is shown or not.

    Signals
    -------
    folded
        Whether it is open now, after the user changed it.
    """

    folded = Signal(bool)

    def __init__(self, title: str, widget: QWidget, *, is_open: bool = True) -> None:
        super().__init__()
        self.widget = widget
        self.head = QPushButton(title)
        self.head.setProperty("weight", "section")
        self.head.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.head.clicked.connect(lambda: self.fold(is_open=not self.is_open))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        column.addWidget(self.head)
        column.addWidget(widget)
        self.set_open(is_open)

    @property
    def is_open(self) -> bool:
        """Whether the widget is shown."""
        return not self.widget.isHidden()

    def set_open(self, is_open: bool) -> None:
        """Show the widget, or fold it away."""
        self.widget.setVisible(is_open)
        self.head.setIcon(icon("chevron_down" if is_open else "chevron_right", "secondary"))

    def fold(self, *, is_open: bool) -> None:
        """Open or fold it as the user asked."""
        self.set_open(is_open)
        self.folded.emit(is_open)
