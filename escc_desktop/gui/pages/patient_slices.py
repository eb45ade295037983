"""A CT of the patient as large as the page allows: the outlined one with its lesion, or another of the course."""

from __future__ import annotations

from typing import TYPE_CHECKING

import shiboken6
from PySide6.QtCore import QRectF, QTimer, Signal
from PySide6.QtGui import QKeyEvent, Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from escc_desktop.errors import EsccError
from escc_desktop.gui.desktop import Desktop
from escc_desktop.gui.tasks import Answers, Running
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.viewer.planes import Plane, VolumePlanes
from escc_desktop.gui.viewer.slice_view import SliceView
from escc_desktop.gui.widgets.elided import ElidedLabel
from escc_desktop.gui.widgets.text import icon_button, row
from escc_desktop.i18n import _, said
from escc_desktop.workflow.views.lesion import LesionView, series_volume

if TYPE_CHECKING:
    from escc_desktop.progress import Progress
    from escc_desktop.workflow.project import Project

_ZOOM = 1.6


class SlicesPanel(QWidget):
    """Axial slices, walked through by the wheel.

    Signals
    -------
    closed
        The user has seen enough.
    """

    closed = Signal()

    def __init__(self, desktop: Desktop) -> None:
        super().__init__()
        self._desktop = desktop
        self._running: Running | None = None
        self.view = SliceView(Plane.AXIAL)
        self.title, self.words = ElidedLabel(size="heading"), ElidedLabel(tone="secondary")
        leave = icon_button("dismiss", _("Back to the patient (Esc)"))
        leave.clicked.connect(self.closed)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(row(self.title, self.words, None, leave))
        column.addWidget(self.view, 1)

    def show_lesion(self, lesion: LesionView, planes: VolumePlanes) -> None:
        """Show the scored CT at the slice with the largest part of the lesion."""
        self.clear()
        self.title.say(lesion.what)
        self.words.say(lesion.origin)
        self.view.set_volume(planes)
        self.view.set_mask(lesion.voxels, lesion.box)
        self.view.set_index(lesion.centre[2])
        self.view.set_point(lesion.centre)
        QTimer.singleShot(0, lambda: self._bring_near(lesion))

    def open_series(self, project: Project, series_uid: str, title: str) -> None:
        """Fetch another CT and show it."""
        self.clear()
        self.title.say(title)
        self.words.say(_("Loading the CT"))
        answers: Answers[VolumePlanes] = Answers()
        words = _("Loading the CT")
        running = self._desktop.tasks.run(words, _fetch, project, series_uid, answers=answers, quiet=True)

        def mine() -> bool:
            return shiboken6.isValid(self) and self._running is running

        answers.then = lambda planes: self._take(planes) if mine() else None
        answers.failed = lambda error: self._fail(error) if mine() else None
        answers.stopped = lambda: None
        self._running = running

    def clear(self) -> None:
        """Let go of the pictures."""
        if self._running is not None:
            self._running.cancel()
            self._running = None
        self.title.say("")
        self.words.say("")
        self.view.set_volume(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave by Escape."""
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)

    def _take(self, planes: VolumePlanes) -> None:
        self._running = None
        self.words.say(_("not outlined on this page"))
        self.view.set_volume(planes)

    def _fail(self, error: Exception) -> None:
        self._running = None
        self.words.say(said(error.what) if isinstance(error, EsccError) else _("The CT cannot be shown."))
        if not isinstance(error, EsccError):
            self._desktop.notices.trouble(error)

    def _bring_near(self, lesion: LesionView) -> None:
        self.view.zoom(_ZOOM, self.view.plane_to_widget(lesion.centre[1], lesion.centre[0]))
        middle = QRectF(self.view.rect()).center()
        self.view.pan(middle - self.view.plane_to_widget(lesion.centre[1], lesion.centre[0]))


def _fetch(project: Project, series_uid: str, progress: Progress) -> VolumePlanes:
    return VolumePlanes.of(series_volume(project, series_uid, progress.part(0, 0.8)), progress.part(0.8, 1))
