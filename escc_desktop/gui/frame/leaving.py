"""Leaving: jobs are asked to stop and are waited for without holding up the window."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from escc_desktop.gui.tasks import Tasks


class Leaving(QObject):
    """Asks all jobs to stop and calls back once each has ended; none is cut off in the middle."""

    def __init__(self, tasks: Tasks) -> None:
        super().__init__(tasks)
        self._tasks = tasks
        self._then: Callable[[], object] | None = None
        tasks.changed.connect(self._look)

    def stop_jobs(self, then: Callable[[], object]) -> None:
        """Call `then` as soon as no job runs; at once when none does."""
        for running in self._tasks.running:
            running.cancel()
        self._then = then
        self._look()

    def _look(self) -> None:
        if self._then is not None and not self._tasks.running:
            then, self._then = self._then, None
            then()
