"""The job tray: what runs, how far it is, how long it takes, Cancel; and what became of what ran."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QEasingCurve, QPoint, QPropertyAnimation, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QProgressBar, QScrollArea, QVBoxLayout, QWidget
from shiboken6 import isValid

from escc_desktop.errors import EsccError
from escc_desktop.gui.frame.jobs_button import shown_jobs
from escc_desktop.gui.frame.soon import Soon
from escc_desktop.gui.tasks import Running, Tasks
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.states import time_left
from escc_desktop.gui.widgets.text import button, card, icon_button, label, set_tone
from escc_desktop.i18n import _, plural, said
from escc_desktop.workflow.jobs import Failed, Finished, Stopped

WIDTH_PX = 340
SLIDE_MS = 120
_KEPT = 20


class Tray(QFrame):
    """A panel at the right edge of the window, over the page; it slides in and out."""

    def __init__(self, parent: QWidget, tasks: Tasks) -> None:
        super().__init__(parent)
        self.setProperty("surface", "tray")
        self.setAccessibleName(_("Jobs"))
        self.setFixedWidth(WIDTH_PX)
        self.hide()
        self._tasks = tasks
        self.rows: dict[int, JobRow] = {}
        self._top, self._is_open = 0, False
        self._before: QWidget | None = None
        self._slide = QPropertyAnimation(self, b"pos", self)
        self._slide.setDuration(SLIDE_MS)
        self._slide.setEasingCurve(QEasingCurve.Type.OutCubic)
        self._slide.finished.connect(self._settle)
        self._lay_out()
        self._soon = Soon(self.tell, self)
        tasks.changed.connect(self._soon.call)
        tasks.ended.connect(self._on_end)
        self.tell()

    @property
    def is_open(self) -> bool:
        """Whether it is on screen, or sliding there."""
        return self._is_open

    def toggle(self) -> None:
        """Slide in or out."""
        self._is_open = not self._is_open
        if self._is_open:
            self._before = QApplication.focusWidget()
        elif self._before is not None and isValid(self._before) and self._before.isVisible():
            self._before.setFocus(Qt.FocusReason.PopupFocusReason)
        self.show()
        self.raise_()
        self._slide.stop()
        self._slide.setEndValue(QPoint(self._left(), self._top))
        self._slide.start()
        if self._is_open:
            self._shut.setFocus(Qt.FocusReason.PopupFocusReason)

    def place(self, top: int, height: int) -> None:
        """Stand between head and foot."""
        self._top = top
        self.setFixedHeight(height)
        self._slide.stop()
        self.move(self._left(), top)

    def tell(self) -> None:
        """Show the running jobs as they are now."""
        for running in shown_jobs(self._tasks):
            self._row(running).advance()
        self._nothing.setVisible(not self.rows)
        self._clear.setVisible(any(row.is_over for row in self.rows.values()))

    def forget(self) -> None:
        """Take the jobs that have ended off the list."""
        for job_id in [job_id for job_id, row in self.rows.items() if row.is_over]:
            self._drop(job_id)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        if event.key() == Qt.Key.Key_Escape and self._is_open:
            self.toggle()
        else:
            super().keyPressEvent(event)

    def _lay_out(self) -> None:
        self._shut = icon_button("dismiss", _("Close (Ctrl+J)"))
        self._shut.clicked.connect(self.toggle)
        self._clear = button(_("Clear"), weight="quiet", tip=_("Forget the jobs that have ended"))
        self._clear.clicked.connect(self.forget)
        self._nothing = label(_("Nothing is running. Imports, extractions and reports show here."), tone="secondary")
        self._nothing.setWordWrap(True)
        holder = QWidget()
        self._list = QVBoxLayout(holder)
        self._list.setContentsMargins(0, 0, 0, 0)
        self._list.setSpacing(GRID)
        self._list.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(holder)
        top = QHBoxLayout()
        top.addWidget(label(_("Jobs"), size="heading"), 1)
        top.addWidget(self._clear)
        top.addWidget(self._shut)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, GRID, GRID, GRID)
        column.addLayout(top)
        column.addWidget(self._nothing)
        column.addWidget(area, 1)

    def _left(self) -> int:
        parent = self.parentWidget()
        right = parent.width() if parent is not None else 0
        return right - WIDTH_PX if self._is_open else right

    def _settle(self) -> None:
        if not self._is_open:
            self.hide()

    def _on_end(self, running: Running, event: Finished | Failed | Stopped) -> None:
        if not running.is_quiet:
            self._row(running).end(event)
            over = [job_id for job_id, one in self.rows.items() if one.is_over]
            for job_id in over[:-_KEPT]:
                self._drop(job_id)

    def _row(self, running: Running) -> JobRow:
        job_id = running.job.job_id
        if job_id not in self.rows:
            self.rows[job_id] = JobRow(running, partial(self._drop, job_id))
            self._list.insertWidget(0, self.rows[job_id])
        return self.rows[job_id]

    def _drop(self, job_id: int) -> None:
        row = self.rows.pop(job_id, None)
        if row is not None:
            self._list.removeWidget(row)
            row.deleteLater()
        self.tell()


class JobRow(QFrame):
    """One job: running with its bar, note and Cancel; ended with what became of it."""

    def __init__(self, running: Running, drop: Callable[[], object]) -> None:
        super().__init__()
        self._running = running
        self.is_over = False
        surface, column = card(margins=GRID + 4, spacing=4)
        self._name = label(running.name, wrap=True)
        self.cancel = button(_("Cancel"), weight="quiet")
        self.cancel.setAccessibleName(_("Cancel: {job}").format(job=running.name))
        self.cancel.clicked.connect(running.cancel)
        self.cancel.clicked.connect(self.advance)
        self._dismiss = icon_button("dismiss", _("Forget this job"))
        self._dismiss.clicked.connect(drop)
        self._dismiss.hide()
        top = QHBoxLayout()
        top.addWidget(self._name, 1)
        top.addWidget(self.cancel, alignment=Qt.AlignmentFlag.AlignTop)
        top.addWidget(self._dismiss, alignment=Qt.AlignmentFlag.AlignTop)
        column.addLayout(top)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 0)
        column.addWidget(self.bar)
        self.state = label(tone="secondary", size="caption", wrap=True)
        self._hint = label(tone="secondary", size="caption", wrap=True)
        self._hint.hide()
        column.addWidget(self.state)
        column.addWidget(self._hint)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(surface)

    def advance(self) -> None:
        """Show how far the job is."""
        running = self._running
        if running.fraction is not None:
            self.bar.setRange(0, 1000)
            self.bar.setValue(round(running.fraction * 1000))
        if running.is_cancelled:
            self.cancel.setEnabled(False)
            self.state.setText(_("Stopping …"))
        else:
            said = (running.note, time_left(running.left_seconds))
            self.state.setText(" · ".join(part for part in said if part) or _("Waiting to begin"))

    def end(self, event: Finished | Failed | Stopped) -> None:
        """Show what became of the job."""
        self.is_over = True
        self.bar.hide()
        self.cancel.hide()
        self._dismiss.show()
        if isinstance(event, Finished):
            self._say(_("Done"), "success")
        elif isinstance(event, Stopped):
            self._say(_("Cancelled; nothing was left half-done"), "secondary")
        elif isinstance(event.error, EsccError):
            self._say(said(event.error.what), "danger", said(event.error.hint))
        else:
            self._say(_("Ended by a defect of the program"), "danger")

    def _say(self, text: str, tone: str, hint: str = "") -> None:
        seconds = time.monotonic() - self._running.began
        took = plural("{n} second", "{n} seconds", round(seconds)) if seconds >= 1 else ""
        self.state.setText(" · ".join(part for part in (text, took) if part))
        set_tone(self.state, tone)
        self._hint.setText(hint)
        self._hint.setVisible(bool(hint))
