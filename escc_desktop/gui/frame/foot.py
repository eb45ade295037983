"""The foot: what the page has to say of its saved state, and research use only."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QHBoxLayout

from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.text import label, research_banner, set_tone

HEIGHT_PX = 28


class Foot(QFrame):
    """One line under the page."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("surface", "panel")
        self.setFixedHeight(HEIGHT_PX)
        self.saved = label(tone="secondary", size="caption")
        line = QHBoxLayout(self)
        line.setContentsMargins(2 * GRID, 0, 2 * GRID, 0)
        line.addWidget(self.saved)
        line.addStretch(1)
        line.addWidget(research_banner())

    def show_saved(self, text: str, tone: str = "secondary") -> None:
        """Say whether what is on screen is on disk; "" for pages that have nothing to save."""
        self.saved.setText(text)
        set_tone(self.saved, tone)
