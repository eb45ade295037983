"""The head: what is on screen, whose it is, and who is signed in."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QHBoxLayout

from escc_desktop.gui.desktop import Desktop
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.text import label

HEIGHT_PX = 48


class Head(QFrame):
    """Page title, project, patient; search, jobs and the signed-in person."""

    def __init__(self, desktop: Desktop) -> None:
        super().__init__()
        self.setProperty("surface", "panel")
        self.setFixedHeight(HEIGHT_PX)
        self._desktop = desktop
        self._title = label(size="heading")
        self._where = label(tone="secondary")
        line = QHBoxLayout(self)
        line.setContentsMargins(2 * GRID, 0, GRID, 0)
        line.setSpacing(2 * GRID)
        line.addWidget(self._title)
        line.addWidget(self._where)
        line.addStretch(1)
        desktop.patient_changed.connect(lambda _patient: self._tell())
        desktop.project_changed.connect(self._tell)

    def show_page(self, title: str) -> None:
        """Name the page on screen."""
        self._title.setText(title)
        self._tell()

    def _tell(self) -> None:
        project = self._desktop.project
        parts = [project.folder.name if project else "", self._desktop.patient_id]
        self._where.setText(" · ".join(part for part in parts if part))
