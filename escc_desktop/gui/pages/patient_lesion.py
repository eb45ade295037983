"""The outlined lesion on its slice, fetched after the rest of the patient's page is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import shiboken6
from PySide6.QtCore import QRectF, QTimer, Signal
from PySide6.QtWidgets import QStackedLayout, QVBoxLayout, QWidget

from escc_desktop.errors import EsccError
from escc_desktop.gui.desktop import Desktop
from escc_desktop.gui.tasks import Answers, Running
from escc_desktop.gui.viewer.planes import Plane, VolumePlanes
from escc_desktop.gui.viewer.slice_view import SliceView
from escc_desktop.gui.widgets.text import button, label, row
from escc_desktop.i18n import _, said
from escc_desktop.workflow.views.lesion import LesionView, lesion_view

if TYPE_CHECKING:
    from escc_desktop.progress import Progress
    from escc_desktop.workflow.project import Project

_ZOOM = 2.2
_WALKING_MS = 150
_BUTTON_PX = 24


class LesionPanel(QWidget):
    """The slice with the largest part of the lesion; the wheel goes through the others.

    Attributes
    ----------
    found
        The lesion shown, and its CT.
    map_wanted
        The user asks where in the lesion a feature comes from.
    try_wanted
        The user asks for a copy to try other contours on.
    slices_wanted
        The user asks for the slices as large as can be.
    """

    map_wanted = Signal()
    try_wanted = Signal()
    slices_wanted = Signal()

    def __init__(self, desktop: Desktop) -> None:
        super().__init__()
        self._desktop = desktop
        self._running: Running | None = None
        self._wanted: tuple[Project, str] | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_WALKING_MS)
        self._timer.timeout.connect(self._begin)
        self.view = SliceView(Plane.AXIAL)
        self.view.choose_look(self.view.look.annotations_toggled())
        self.found: tuple[LesionView, VolumePlanes] | None = None
        self.words = label(tone="secondary", size="caption")
        self.measured = label(tone="secondary", size="caption", wrap=True)
        tip = _("Show over the CT where in the lesion a feature is high (M)")
        self.map_button = button(_("Feature map"), "layer", weight="quiet", tip=tip)
        self.map_button.setFixedHeight(_BUTTON_PX)
        self.map_button.clicked.connect(self.map_wanted)
        tip = _("Draw on a copy of the signed contour and see the Rad-score it would have (Y)")
        self.try_button = button(_("Try a contour"), "beaker", weight="quiet", tip=tip)
        self.try_button.setFixedHeight(_BUTTON_PX)
        self.try_button.clicked.connect(self.try_wanted)
        self.slices_button = button(_("Slices"), weight="quiet", tip=_("All slices of the outlined lesion, large"))
        self.slices_button.setFixedHeight(_BUTTON_PX)
        self.slices_button.clicked.connect(self.slices_wanted)
        self._said = label(tone="secondary", wrap=True)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._said)
        self._stack.addWidget(self._holder())

    def _holder(self) -> QWidget:
        holder = QWidget()
        inside = QVBoxLayout(holder)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(0)
        inside.addWidget(self.view, 1)
        inside.addWidget(self.words)
        inside.addWidget(self.measured)
        inside.addWidget(row(self.slices_button, None, self.map_button, self.try_button))
        return holder

    @property
    def sentence(self) -> str:
        """What is said in place of a picture; nothing while one is shown."""
        return self._said.text() if self._stack.currentIndex() == 0 else ""

    def fetch(self, project: Project, patient_id: str) -> None:
        """Fetch a patient's lesion; a newer call supersedes this one.

        A moment passes first: who walks through many patients does not load a CT of each.
        """
        self.clear()
        self._say(_("Loading the CT"))
        self._wanted = (project, patient_id)
        self._timer.start()

    def _begin(self) -> None:
        if self._wanted is None:
            return
        answers: Answers[tuple[LesionView, VolumePlanes] | str] = Answers()
        running = self._desktop.tasks.run(_("Loading the CT"), _fetch, *self._wanted, answers=answers, quiet=True)

        def mine() -> bool:
            return shiboken6.isValid(self) and self._running is running

        answers.then = lambda found: self._show(found) if mine() else None
        answers.failed = lambda error: self._fail(error) if mine() else None
        answers.stopped = lambda: None
        self._running = running

    def clear(self) -> None:
        """Let go of the pictures."""
        self._timer.stop()
        self._wanted = None
        if self._running is not None:
            self._running.cancel()
            self._running = None
        self.found = None
        self.view.set_volume(None)
        self._say("")

    def _say(self, words: str) -> None:
        self._said.setText(words)
        self._stack.setCurrentIndex(0)

    def _fail(self, error: Exception) -> None:
        self._running = None
        self._say(said(error.what) if isinstance(error, EsccError) else _("The CT cannot be shown."))
        if not isinstance(error, EsccError):
            self._desktop.notices.trouble(error)

    def _show(self, found: tuple[LesionView, VolumePlanes] | str) -> None:
        self._running = None
        if isinstance(found, str):
            self._say(found)
            return
        self.found = lesion, planes = found
        self.measured.setVisible(bool(lesion.measured))
        self.measured.setText(_("Measured: {what}").format(what=lesion.measured))
        self.map_button.setVisible(lesion.may_map)
        self.try_button.setVisible(lesion.may_try)
        self._stack.setCurrentIndex(1)
        self.words.setText(lesion.words)
        self.words.setToolTip(lesion.origin)
        self.view.setToolTip(lesion.origin)
        self.view.set_volume(planes)
        self.view.set_mask(lesion.voxels, lesion.box)
        self.view.set_index(lesion.centre[2])
        self.view.set_point(lesion.centre)
        self._bring_near(lesion.centre)

    def _bring_near(self, centre: tuple[int, int, int]) -> None:
        """Show the lesion in the middle, as large as its surroundings still tell where it is."""
        self.view.zoom(_ZOOM, self.view.plane_to_widget(centre[1], centre[0]))
        self.view.pan(QRectF(self.view.rect()).center() - self.view.plane_to_widget(centre[1], centre[0]))


def _fetch(project: Project, patient_id: str, progress: Progress) -> tuple[LesionView, VolumePlanes] | str:
    found = lesion_view(project, patient_id, progress.part(0, 0.8))
    if isinstance(found, str):
        return found
    return found, VolumePlanes.of(found.volume, progress.part(0.8, 1))
