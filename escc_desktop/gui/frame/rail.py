"""The rail: one button a page the signed-in person may open."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QToolButton, QVBoxLayout

from escc_desktop.gui.icons import icon
from escc_desktop.gui.page_table import PageEntry
from escc_desktop.gui.theme import GRID
from escc_desktop.i18n import _

WIDTH_PX = 76


class Rail(QFrame):
    """Buttons from top to bottom; emits the id of the page that was chosen."""

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("surface", "panel")
        self.setFixedWidth(WIDTH_PX)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(4, GRID, 4, GRID)
        self._column.setSpacing(4)
        self._column.addStretch(1)
        self._group = QButtonGroup(self)
        self._buttons: dict[str, QToolButton] = {}

    def fill(self, entries: Iterable[PageEntry]) -> None:
        """Show a button for each of these pages."""
        for old in self._buttons.values():
            self._group.removeButton(old)
            old.deleteLater()
        self._buttons = {}
        for place, entry in enumerate(entries):
            made = QToolButton()
            made.setIcon(icon(entry.icon))
            made.setIconSize(QSize(20, 20))
            made.setText(_(entry.title))
            made.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
            made.setProperty("rail", True)
            made.setCheckable(True)
            made.setFixedSize(WIDTH_PX - 8, 56)
            made.setToolTip(f"{_(entry.title)} (Alt+{place + 1})")
            made.setShortcut(f"Alt+{place + 1}")
            made.clicked.connect(lambda _checked=False, page_id=entry.page_id: self.chosen.emit(page_id))
            self._group.addButton(made)
            self._column.insertWidget(place, made)
            self._buttons[entry.page_id] = made

    def mark(self, page_id: str) -> None:
        """Show which page is on screen."""
        if page_id in self._buttons:
            self._buttons[page_id].setChecked(True)
