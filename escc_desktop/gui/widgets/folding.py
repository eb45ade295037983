"""A part of a panel that folds under its heading."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QToolButton, QVBoxLayout, QWidget

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
        self.head = QToolButton()
        self.head.setText(title)
        self.head.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.head.setProperty("weight", "quiet")
        self.head.setProperty("tone", "secondary")
        self.head.setMinimumHeight(24)
        self.head.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.head.clicked.connect(self._toggle)
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

    def _toggle(self) -> None:
        self.set_open(not self.is_open)
        self.folded.emit(self.is_open)
