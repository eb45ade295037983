"""A choice of what is listed, with how many there are of it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QPushButton

from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.text import label


class CountButton(QPushButton):
    """A line to choose, with a number at its end."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text
        self.setCheckable(True)
        self.setProperty("weight", "quiet")
        self.setMinimumHeight(32)
        line = QHBoxLayout(self)
        line.setContentsMargins(GRID, 0, GRID, 0)
        self._count = label("", tone="secondary")
        words = label(text)
        for part in (words, self._count):
            part.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        line.addWidget(words, 1)
        line.addWidget(self._count)

    def say(self, count: int) -> None:
        """Show how many there are."""
        self._count.setText(str(count))
        self.setAccessibleName(f"{self._text}, {count}")
