"""Before a project is open: the projects used last, sign in, a new project, the synthetic study."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QVBoxLayout, QWidget

from escc_desktop.gui.arguments import WindowStart
from escc_desktop.gui.desktop import Desktop
from escc_desktop.gui.tasks import Answers
from escc_desktop.gui.widgets.text import label
from escc_desktop.i18n import _

if TYPE_CHECKING:
    from escc_desktop.progress import Progress
    from escc_desktop.workflow.project import Project


class StartPage(QWidget):
    """What a person sees first."""

    def __init__(self, desktop: Desktop) -> None:
        super().__init__()
        self._desktop = desktop
        column = QVBoxLayout(self)
        column.addWidget(label(_("No project is open."), size="heading"))

    def begin(self, start: WindowStart) -> None:
        """Do what the start of the program asked for."""
        if start.is_demo:
            answers: Answers[Project] = Answers(then=self._take)
            self._desktop.tasks.run(_("Opening the synthetic study"), _open_demo, start, "coordinator", answers=answers)

    def _take(self, project: Project) -> None:
        self._desktop.take_project(project, is_synthetic=True)


def _open_demo(start: WindowStart, name: str, progress: Progress) -> Project:
    from escc_desktop.workflow.demo.opening import open_demo_project  # noqa: PLC0415  # imported by the job
    from escc_desktop.workflow.demo.run import default_folder  # noqa: PLC0415

    return open_demo_project((start.demo_folder or default_folder()) / "project", name, progress)
