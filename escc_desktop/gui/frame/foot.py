"""The foot: notices that leave by themselves, the saved state, research use only."""

from __future__ import annotations

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout

from escc_desktop.gui.desktop import Desktop
from escc_desktop.gui.notices import Notice
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.text import label, research_banner, set_tone

HEIGHT_PX = 28
SHOWN_MS = 8000


class Foot(QFrame):
    """One line under the page."""

    def __init__(self, desktop: Desktop) -> None:
        super().__init__()
        self.setProperty("surface", "panel")
        self.setFixedHeight(HEIGHT_PX)
        self._notice = label()
        line = QHBoxLayout(self)
        line.setContentsMargins(2 * GRID, 0, 2 * GRID, 0)
        line.addWidget(self._notice, 1)
        line.addWidget(research_banner())
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(lambda: self._notice.setText(""))
        desktop.notices.said.connect(self._say)

    def _say(self, notice: Notice) -> None:
        set_tone(self._notice, notice.tone.value)
        self._notice.setText(f"{notice.text} {notice.hint}".strip())
        self._timer.start(SHOWN_MS)
