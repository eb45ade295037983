"""Work off the main thread: jobs started from the window, their events carried back to it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import shiboken6
from PySide6.QtCore import QObject, Signal

from escc_desktop.workflow.jobs import Advanced, Failed, Finished, Job, JobEvent, Jobs, Started, Stopped

T = TypeVar("T")
WORKERS = 6


@dataclass(eq=False)
class Running:
    """A job as the tray shows it.

    Attributes
    ----------
    is_quiet
        A page's own fetching: shown on the page, not in the tray.
    subjects
        What it works on while it runs: its function's object and arguments.
    """

    job: Job[Any]
    name: str
    is_quiet: bool
    fraction: float | None = None
    note: str = ""
    left_seconds: float | None = None
    began: float = 0.0
    is_cancelled: bool = False
    subjects: tuple[object, ...] = ()

    def cancel(self) -> None:
        """Ask the job to stop; it leaves nothing half-done."""
        self.is_cancelled = True
        self.job.cancel()


@dataclass
class Answers(Generic[T]):
    """What to do on the main thread when a job ends; what is None is left to the defaults."""

    then: Callable[[T], object] | None = None
    failed: Callable[[Exception], object] | None = None
    stopped: Callable[[], object] | None = None
    advanced: Callable[[Running], object] | None = None


class Tasks(QObject):
    """Starts jobs and tells the window about them, always on the main thread.

    Attributes
    ----------
    changed
        A job started, advanced or ended.
    ended
        (Running, Finished | Failed | Stopped): a job ended, told before its answer is called.
    failed
        The error of a job nobody else answers for.
    """

    changed = Signal()
    ended = Signal(object, object)
    failed = Signal(object)
    _event = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = Jobs(self._event.emit, WORKERS)
        self._running: dict[int, tuple[Running, Answers[Any]]] = {}
        self._event.connect(self._take)

    def run(
        self,
        name: str,
        function: Callable[..., T],
        *args: object,
        answers: Answers[T] | None = None,
        quiet: bool = False,
    ) -> Running:
        """Start `function(*args, progress=...)` on a worker thread.

        Parameters
        ----------
        name
            For people, in the tray: "Importing images".
        answers
            What to do on the main thread when it ends. An error nobody takes becomes a notice, or the crash dialog
            if it is a defect.
        quiet
            Leave it out of the tray.
        """
        job = self._jobs.start(name, function, *args)
        subjects = (getattr(function, "__self__", None), *args)
        running = Running(job, name, quiet, began=time.monotonic(), subjects=subjects)
        self._running[job.job_id] = running, answers or Answers()
        self.changed.emit()
        return running

    @property
    def running(self) -> tuple[Running, ...]:
        """All jobs that have not ended, oldest first."""
        return tuple(running for running, _ in self._running.values())

    def close(self) -> None:
        """Ask all jobs to stop, and wait for them."""
        for running, _ in self._running.values():
            running.cancel()
        self._running.clear()
        self._jobs.close()

    def _take(self, event: JobEvent) -> None:
        found = self._running.get(event.job_id)
        if found is None:
            return
        running, answers = found
        if isinstance(event, Started):
            pass
        elif isinstance(event, Advanced):
            running.fraction, running.note, running.left_seconds = event.fraction, event.note, event.left_seconds
            if answers.advanced is not None and _is_alive(answers.advanced):
                answers.advanced(running)
        else:
            del self._running[event.job_id]
            running.subjects = ()
            self.ended.emit(running, event)
            self._end(event, answers)
        self.changed.emit()

    def _end(self, event: Finished | Failed | Stopped, answers: Answers[Any]) -> None:
        if isinstance(event, Finished):
            if answers.then is not None and _is_alive(answers.then):
                answers.then(event.result)
        elif isinstance(event, Stopped):
            if answers.stopped is not None and _is_alive(answers.stopped):
                answers.stopped()
        elif answers.failed is None:
            self.failed.emit(event.error)
        elif _is_alive(answers.failed):
            answers.failed(event.error)


def _is_alive(call: Callable[..., object]) -> bool:
    """Return whether the widget a method belongs to is still there: its page may have been closed meanwhile."""
    owner = getattr(call, "__self__", None)
    return not isinstance(owner, QObject) or shiboken6.isValid(owner)
