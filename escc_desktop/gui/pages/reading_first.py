"""What is shown while a reading is being opened: the slice of its lesion, as soon as that is read."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from escc_desktop.gui.tasks import Answers, Running, Tasks
from escc_desktop.gui.viewer.planes import Plane, VolumePlanes, plane_axes
from escc_desktop.gui.viewer.slice_view import SliceView
from escc_desktop.gui.widgets.states import BusyState
from escc_desktop.i18n import _
from escc_desktop.progress import Progress
from escc_desktop.reading.protocol import Protocol
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.views.reading import first_slice

_Ready = tuple[str, VolumePlanes, Protocol]


class OpeningView(QWidget):
    """Shows how far the opening of a reading is, above it the first picture.

    Signals
    -------
    cancel
        The reader does not want to wait.
    """

    cancel = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.busy = BusyState()
        self.busy.cancel.connect(self.cancel)
        self.picture: SliceView | None = None
        self._session_id = ""
        self._lines = QVBoxLayout(self)
        self._lines.setContentsMargins(0, 0, 0, 0)
        self._lines.addWidget(self.busy, 1)

    def begin(self, tasks: Tasks, project: Project, session_id: str) -> None:
        """Show that a session is being opened, and fetch its first picture."""
        self.clear()
        self._session_id = session_id
        self.busy.say(_("Opening the reading"))
        # Should it fail, opening the reading fails too and says why.
        answers: Answers[_Ready] = Answers(self._show, failed=lambda _error: None)
        tasks.run(_("First picture"), _fetch, project, session_id, answers=answers, quiet=True)

    def advance(self, running: Running) -> None:
        """Show how far the job is."""
        self.busy.advance(running)

    def clear(self) -> None:
        """Forget the picture."""
        self._session_id = ""
        picture, self.picture = self.picture, None
        if picture is not None:
            self._lines.removeWidget(picture)
            picture.deleteLater()

    def _show(self, ready: _Ready) -> None:
        session_id, planes, protocol = ready
        if session_id != self._session_id:
            return
        plane = next(plane for plane in Plane if plane_axes(planes.geometry, plane).normal == 2)
        self.picture = picture = SliceView(plane)
        picture.set_volume(planes)
        if protocol.window is not None:
            picture.set_window(*protocol.window)
        # A single picture to look at: slice numbers and crosshair come with the reading.
        picture.set_look(replace(picture.look, has_annotations=False, has_crosshair=False))
        picture.setEnabled(False)
        self._lines.insertWidget(0, picture, 4)


def _fetch(project: Project, session_id: str, progress: Progress) -> _Ready:
    """Read the first picture and make it ready; a job."""
    found = first_slice(project, session_id, progress.part(0, 0.5))
    return session_id, VolumePlanes.of(found.volume, progress.part(0.5, 1)), found.protocol
