"""Loads what the lesion view shows, and lets go of it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

import shiboken6
from PySide6.QtCore import QObject, Signal

from escc_desktop.gui.page import Page
from escc_desktop.gui.pages.worklist_lesions import LesionView, load_planes
from escc_desktop.gui.tasks import Answers, Running
from escc_desktop.gui.viewer.keeping import KeptViews
from escc_desktop.gui.viewer.planes import VolumePlanes
from escc_desktop.i18n import _
from escc_desktop.workflow.views.worklist import PatientLine, SeriesLine


class Marking(QObject):
    """The lesion view of a page, made when it is first needed.

    Attributes
    ----------
    marked
        The `Lesion` to save.
    left
        Back to the table.
    """

    marked = Signal(object)
    left = Signal()

    def __init__(self, page: Page) -> None:
        super().__init__(page)
        self._page = page
        self._loading: Running | None = None

    @cached_property
    def view(self) -> LesionView:
        """The images and the form."""
        made = LesionView()
        KeptViews(self._page.desktop, made.views)
        made.series_wanted.connect(self._load)
        made.marked.connect(self.marked)
        made.left.connect(self.left)
        return made

    @property
    def is_open(self) -> bool:
        """Whether a patient's images are shown."""
        return "view" in self.__dict__ and self.view.patient is not None

    def open(self, patient: PatientLine, why_not: str) -> None:
        """Show a patient; `why_not` says why nothing can be marked, "" if it can."""
        self.view.show_patient(patient, why_not)
        self.view.views.axial.setFocus()

    def update(self, patients: Iterable[PatientLine], why_not: str) -> None:
        """Show what became of the patient on screen."""
        if self.is_open and self.view.patient is not None:
            shown = self.view.patient.patient_id
            for patient in patients:
                if patient.patient_id == shown:
                    self.view.show_patient(patient, why_not)

    def let_go(self) -> None:
        """Hold no images any more."""
        if self._loading is not None:
            self._loading.cancel()
        if self.is_open:
            self.view.let_go()

    def _load(self, series: SeriesLine) -> None:
        if self._loading is not None:
            self._loading.cancel()

        def is_wanted() -> bool:
            return shiboken6.isValid(self) and self._loading is running and self.view.shown_series is series

        def shown(planes: VolumePlanes) -> None:
            if is_wanted():
                self._loading = None
                self.view.show_planes(planes)

        def failed(error: Exception) -> None:
            if is_wanted():
                self.view.views.set_empty_text(_("These images could not be loaded."))
                self._page.desktop.notices.trouble(error)

        running = self._page.desktop.tasks.run(
            _("Loading images"),
            load_planes,
            self._page.project,
            series.series_uid,
            answers=Answers(shown, failed),
            quiet=True,
        )
        self._loading = running
