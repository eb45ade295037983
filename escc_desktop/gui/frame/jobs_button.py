"""The head's button of the job tray: how many jobs run, and how far they are together."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QToolButton

from escc_desktop.gui.frame.soon import Soon
from escc_desktop.gui.icons import icon
from escc_desktop.gui.tasks import Running, Tasks
from escc_desktop.gui.theme import current_tokens
from escc_desktop.i18n import _, plural

_BAR_PX = 3


class JobsButton(QToolButton):
    """Opens the tray; a thin bar under its icon tells the progress of all jobs together."""

    def __init__(self, tasks: Tasks) -> None:
        super().__init__()
        self._tasks = tasks
        self.fraction: float | None = None
        self.setIcon(icon("timer"))
        self.setIconSize(QSize(20, 20))
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setMinimumSize(36, 32)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._soon = Soon(self.tell, self)
        tasks.changed.connect(self._soon.call)
        self.tell()

    def tell(self) -> None:
        """Show how many jobs run and how far they are."""
        shown = shown_jobs(self._tasks)
        known = [one.fraction or 0.0 for one in shown]
        self.fraction = sum(known) / len(known) if known else None
        self.setText(str(len(shown)) if shown else "")
        said = plural("{n} job running", "{n} jobs running", len(shown)) if shown else _("No jobs running")
        self.setAccessibleName(said)
        self.setToolTip(f"{said} (Ctrl+J)")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        super().paintEvent(event)
        if self.fraction is None:
            return
        tokens = current_tokens()
        with QPainter(self) as painter:
            painter.setPen(Qt.PenStyle.NoPen)
            whole = QRectF(6, self.height() - _BAR_PX - 1, self.width() - 12, _BAR_PX)
            painter.fillRect(whole, tokens.color("line"))
            whole.setWidth(whole.width() * self.fraction)
            painter.fillRect(whole, tokens.color("accent"))


def shown_jobs(tasks: Tasks) -> tuple[Running, ...]:
    """Return the running jobs that the tray shows."""
    return tuple(running for running in tasks.running if not running.is_quiet)
