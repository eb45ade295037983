"""The foot: the page's saved state, what is said in passing, and research use only."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QHBoxLayout

from escc_desktop.gui.frame.foot_line import FootLine
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.text import label, research_banner, set_tone

HEIGHT_PX = 28
_SAVED_PX = 120  # what is said beside it stays where it is while the words change


class Foot(QFrame):
    """One line under the page."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("surface", "panel")
        self.setFixedHeight(HEIGHT_PX)
        self.saved = label(tone="secondary", size="caption")
        self.line = FootLine()
        line = QHBoxLayout(self)
        line.setContentsMargins(2 * GRID, 0, 2 * GRID, 0)
        line.setSpacing(2 * GRID)
        line.addWidget(self.saved)
        line.addWidget(self.line, 1)
        line.addStretch(0)
        line.addWidget(research_banner())

    def show_saved(self, text: str, tone: str = "secondary") -> None:
        """Say whether what is on screen is on disk; "" for pages that have nothing to save."""
        self.saved.setText(text)
        self.saved.setMinimumWidth(_SAVED_PX if text else 0)
        set_tone(self.saved, tone)
