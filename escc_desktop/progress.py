"""How long work tells how far it is, and how it is told to stop."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker

Listener = Callable[[float, str], None]


class Cancelled(Exception):  # noqa: N818  # an outcome, not an error
    """Raised inside a job by `Progress.advance` after the job was cancelled."""


class Progress:
    """The last argument of every job.

    Parameters
    ----------
    listener
        Called with the fraction done (0 to 1) and a short note.
    is_cancelled
        Asked at every `advance`.
    """

    def __init__(
        self,
        listener: Listener = lambda _fraction, _note: None,
        is_cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        self._listener = listener
        self._is_cancelled = is_cancelled

    def advance(self, done: float, total: float, note: str = "") -> None:
        """Report `done` of `total`; raise `Cancelled` if the job was cancelled meanwhile."""
        if self._is_cancelled():
            raise Cancelled
        self._listener(min(done / total, 1.0) if total else 1.0, note)

    def part(self, start: float, end: float) -> Progress:
        """Return a Progress whose 0 to 1 is `start` to `end` of this one."""

        def listener(fraction: float, note: str) -> None:
            self._listener(start + (end - start) * fraction, note)

        return Progress(listener, self._is_cancelled)


class Pace:
    """How long a job has still to go, from its pace since the first part was done.

    What comes before, such as the start of worker processes or results found finished, says nothing of the pace.
    """

    def __init__(self) -> None:
        self._first: tuple[float, float] | None = None

    def left_seconds(self, fraction: float, now: float) -> float | None:
        """Return the seconds left; None before there is a pace."""
        if self._first is None:
            self._first = (fraction, now) if fraction > 0 else None
            return None
        done, elapsed = fraction - self._first[0], now - self._first[1]
        return elapsed * (1 - fraction) / done if done > 0 and elapsed > 0 else None


@contextmanager
def deaf_children() -> Iterator[None]:
    """Start child processes that do not hear Ctrl+C, which a terminal sends to all: the program ends them itself.

    Blocked rather than ignored: the program gets a Ctrl+C that comes meanwhile at the end of the block.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    resource_tracker.ensure_running()  # started inside the block, it would unblock the signal
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
