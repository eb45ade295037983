"""What every page works with: the opened project, jobs, notices, settings, and the way to other pages."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from escc_desktop.gui.notices import Notices
from escc_desktop.gui.tasks import Answers, Tasks
from escc_desktop.settings import Settings, save_settings

if TYPE_CHECKING:  # the first window is painted before the project's code is imported
    from escc_desktop.workflow.change import Change
    from escc_desktop.workflow.project import Project


class Desktop(QObject):
    """The state the window shares with its pages.

    Attributes
    ----------
    project_changed
        Another project, another person, or none.
    changed
        A workflow `Change` of the opened project, on the main thread.
    patient_changed
        Another patient was chosen anywhere.
    refresh_wanted
        Whatever a page shows may be out of date.
    page_wanted
        (page_id, where): go to a page; `where` is what that page's `go` takes.
    project
        The opened project as the signed-in person sees it; None before.
    is_synthetic
        Whether the project's data is made up.
    """

    project_changed = Signal()
    changed = Signal(object)
    patient_changed = Signal(str)
    refresh_wanted = Signal()
    settings_changed = Signal()
    page_wanted = Signal(str, object)

    def __init__(self, settings: Settings, settings_path: Path | None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.settings = settings
        self._settings_path = settings_path
        self._is_saving = False
        self.tasks = Tasks(self)
        self.notices = Notices(self)
        self.tasks.failed.connect(self.notices.trouble)
        self.project: Project | None = None
        self.is_synthetic = False
        self.patient_id = ""

    def take_project(self, project: Project, *, is_synthetic: bool = False) -> None:
        """Show a project that a job has opened; the one shown before is closed unless it is the same folder's."""
        before = self.project
        self.project = None
        self.patient_id = ""
        if before is not None and not project.shares_store(before):
            self.close_project(before)
        self.is_synthetic = is_synthetic
        self.project = project
        project.on_change(self._told)
        self.set_settings(self.settings.with_recent(project.folder))
        self.project_changed.emit()

    def refresh_all(self) -> None:
        """Make every page fetch anew: the project was changed by another process."""
        self.refresh_wanted.emit()

    def leave_project(self) -> None:
        """Show no project and close the one that was shown."""
        before = self.sign_out()
        if before is not None:
            self.close_project(before)

    def sign_out(self) -> Project | None:
        """Show no project; it is returned unlocked, to sign somebody else in to it or to close it."""
        before, self.project = self.project, None
        self.patient_id = ""
        self.project_changed.emit()
        return before

    def close_project(self, project: Project) -> None:
        """Close a project off the main thread."""
        self.tasks.run("close", _close, project, quiet=True)

    def _told(self, change: Change) -> None:
        """Carry a change from the job's thread to the main thread."""
        self.changed.emit(change)

    def choose_patient(self, patient_id: str) -> None:
        """Make a patient the one that all pages show."""
        if patient_id != self.patient_id:
            self.patient_id = patient_id
            self.patient_changed.emit(patient_id)

    def go(self, page_id: str, where: object = None) -> None:
        """Go to a page."""
        self.page_wanted.emit(page_id, where)

    def set_settings(self, settings: Settings) -> None:
        """Keep settings and write them off the main thread."""
        if settings == self.settings:
            return
        self.settings = settings
        self.settings_changed.emit()
        if not self._is_saving:
            self._save_settings()

    def _save_settings(self) -> None:
        """Write the settings; what they become meanwhile is written after, so that the last ones stay."""
        path, settings = self._settings_path, self.settings
        if path is None:
            return

        def go_on(_nothing: object = None) -> None:
            self._is_saving = False
            if settings != self.settings:
                self._save_settings()

        def fail(error: Exception) -> None:
            go_on()
            self.tasks.failed.emit(error)

        self._is_saving = True
        answers: Answers[None] = Answers(go_on, fail, go_on)
        self.tasks.run("settings", _save, path, settings, answers=answers, quiet=True)

    def keep_layout(self, name: str, value: Any) -> None:
        """Remember a size or state of the window."""
        self.set_settings(replace(self.settings, layout={**self.settings.layout, name: value}))


def _save(path: Path, settings: Settings, progress: object) -> None:
    save_settings(path, settings)


def _close(project: Project, progress: object) -> None:
    project.close()
