"""The line above the table that shows a job of this page: how far, how long, Cancel."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar

from escc_desktop.gui.tasks import Running
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.states import time_left
from escc_desktop.gui.widgets.text import button, label
from escc_desktop.i18n import _


class JobBar(QFrame):
    """Shows one running job; away while there is none."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("surface", "raised")
        line = QHBoxLayout(self)
        line.setContentsMargins(2 * GRID, GRID, GRID, GRID)
        line.setSpacing(2 * GRID)
        self._name = label("")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._note = label("", tone="secondary", size="caption")
        self._note.setMinimumWidth(220)
        self.stop = button(_("Cancel"), weight="quiet")
        self.stop.clicked.connect(self._cancel)
        line.addWidget(self._name)
        line.addWidget(self._bar, 1)
        line.addWidget(self._note)
        line.addWidget(self.stop)
        self._running: Running | None = None
        self.hide()

    @property
    def is_busy(self) -> bool:
        """Whether a job is running."""
        return self._running is not None

    def begin(self, running: Running) -> None:
        """Show a job that has started."""
        self._running = running
        self._name.setText(running.name)
        self._note.setText("")
        self._bar.setRange(0, 0)
        self.stop.setEnabled(True)
        self.show()

    def advance(self, running: Running) -> None:
        """Show how far it is."""
        if running is not self._running or running.is_cancelled:
            return
        if running.fraction is not None:
            self._bar.setRange(0, 1000)
            self._bar.setValue(round(running.fraction * 1000))
        self._note.setText(" · ".join(part for part in (running.note, time_left(running.left_seconds)) if part))

    def end(self) -> None:
        """Go away."""
        self._running = None
        self.hide()

    def _cancel(self) -> None:
        if self._running is not None:
            self._running.cancel()
            self.stop.setEnabled(False)
            self._note.setText(_("Stopping"))
