"""What one person leaves on the frame: gone when another comes, who may not see the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from escc_desktop.gui.desktop import Desktop
from escc_desktop.gui.frame.notice_stack import NoticeStack
from escc_desktop.gui.frame.palette import Palette
from escc_desktop.gui.frame.tray import Tray

if TYPE_CHECKING:
    from escc_desktop.workflow.project import Project


class Traces(QObject):
    """Wipes notices, ended jobs and what was searched as soon as a project is left, or shown to somebody else."""

    def __init__(self, desktop: Desktop, notices: NoticeStack, tray: Tray, palette: Palette) -> None:
        super().__init__(notices)
        self._desktop = desktop
        self._notices, self._tray, self._palette = notices, tray, palette
        self._before: Project | None = desktop.project
        desktop.project_changed.connect(self._on_project)

    def _on_project(self) -> None:
        before, self._before = self._before, self._desktop.project
        if before is not None and before is not self._before:
            self._notices.forget()
            self._tray.forget()
            self._palette.forget()
