"""The patient's report from one button: asked where it goes, written by a job, offered to be opened."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QWidget

from escc_desktop.gui.desktop import Desktop
from escc_desktop.gui.notices import Tone
from escc_desktop.gui.tasks import Answers
from escc_desktop.i18n import _
from escc_desktop.workflow.views.patient import write_report

if TYPE_CHECKING:
    from escc_desktop.workflow.project import Project
    from escc_desktop.workflow.views.patient_cohort import Basis


class ReportPrinting:
    """Prints what the record says; what is tried on the page has no way in here."""

    def __init__(self, desktop: Desktop, parent: QWidget) -> None:
        self._desktop, self._parent = desktop, parent
        self.dialog: QFileDialog | None = None

    def ask(self, patient_id: str, write: Callable[[str], object]) -> None:
        """Ask where the report goes."""
        self.dialog = QFileDialog(self._parent, _("Print the report"), f"{patient_id}.pdf", _("PDF (*.pdf)"))
        self.dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        self.dialog.setDefaultSuffix("pdf")
        self.dialog.fileSelected.connect(write)
        self.dialog.open()

    def write(self, project: Project, basis: Basis, patient_id: str, path: str) -> None:
        """Write the report of a patient by a job."""
        self._desktop.tasks.run(
            _("Writing the report"),
            write_report,
            project,
            basis,
            patient_id,
            Path(path),
            self._desktop.is_synthetic,
            answers=Answers(then=self._offer),
        )

    def _offer(self, path: Path) -> None:
        address = QUrl.fromLocalFile(str(path))
        words = _("Report written: {name}").format(name=path.name)
        self._desktop.notices.offer(words, _("Open"), lambda: QDesktopServices.openUrl(address), Tone.SUCCESS)
