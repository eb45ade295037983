"""One job at a time, of which only the newest counts: for what follows the user's hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from escc_desktop.gui.tasks import Answers, Running, Tasks

T = TypeVar("T")


class Latest(Generic[T]):
    """Runs a job for the newest of what is asked; what is asked while one runs stops it, and waits for its end.

    Parameters
    ----------
    tasks
        Where the jobs run.
    name
        Of the job, for people.
    show
        Called on the main thread with the result of the newest.
    fail
        Called on the main thread with its error.
    """

    def __init__(
        self, tasks: Tasks, name: str, show: Callable[[T], object], fail: Callable[[Exception], object]
    ) -> None:
        self._tasks, self._name = tasks, name
        self._show, self._fail = show, fail
        self._running: Running | None = None
        self._waiting: tuple[Callable[..., T], tuple[object, ...]] | None = None

    @property
    def is_busy(self) -> bool:
        """Whether a result is still to come."""
        return self._running is not None

    def ask(self, function: Callable[..., T], *arguments: object) -> None:
        """Have `function(*arguments, progress=...)` run; nothing asked before counts any more."""
        self._waiting = function, arguments
        if self._running is None:
            self._begin()
        else:
            self._running.cancel()

    def stop(self) -> None:
        """Want no result any more."""
        self._waiting = None
        if self._running is not None:
            self._running.cancel()
            self._running = None

    def _begin(self) -> None:
        if self._waiting is None:
            return
        (function, arguments), self._waiting = self._waiting, None
        answers: Answers[Any] = Answers()
        running = self._tasks.run(self._name, function, *arguments, answers=answers, quiet=True)
        answers.then = lambda result: self._end(running, self._show, result)
        answers.failed = lambda error: self._end(running, self._fail, error)
        answers.stopped = lambda: self._end(running, None, None)
        self._running = running

    def _end(self, running: Running, tell: Callable[[Any], object] | None, what: object) -> None:
        if self._running is not running:
            return
        self._running = None
        if self._waiting is not None:
            self._begin()
        elif tell is not None:
            tell(what)
