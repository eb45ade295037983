"""Leaving: jobs are asked to stop and are waited for without holding up the window."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from escc_desktop.gui.tasks import Running, Tasks

if TYPE_CHECKING:
    from escc_desktop.workflow.project import Project


class Leaving(QObject):
    """Asks jobs to stop and calls back once each has ended; none is cut off in the middle."""

    def __init__(self, tasks: Tasks) -> None:
        super().__init__(tasks)
        self._tasks = tasks
        self._waiting: list[tuple[Callable[[], object], Project | None]] = []
        tasks.changed.connect(self._look)

    def stop_jobs(self, then: Callable[[], object], project: Project | None = None) -> None:
        """Call `then` as soon as no job runs, at once when none does; with a project, only its own jobs count."""
        self._waiting.append((then, project))
        for running in self._waited_for(project):
            running.cancel()
        self._look()

    def _waited_for(self, project: Project | None) -> list[Running]:
        if project is None:
            return list(self._tasks.running)
        return [running for running in self._tasks.running if _works_on(running, project)]

    def _look(self) -> None:
        for one in tuple(self._waiting):
            then, project = one
            if one in self._waiting and not self._waited_for(project):
                self._waiting.remove(one)
                then()


def _works_on(running: Running, project: Project) -> bool:
    kind = type(project)
    return any(isinstance(one, kind) and one.shares_store(project) for one in running.subjects)
