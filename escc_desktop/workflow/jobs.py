"""Long work off the caller's thread, told as plain events.

A job is a function whose last argument is `progress`. The window carries the events to its main thread;
the command line and the tests just call the function.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event
from typing import Generic, TypeVar

from escc_desktop.progress import Cancelled, Pace, Progress

Result = TypeVar("Result")


@dataclass(frozen=True)
class Started:
    """The job's function was entered."""

    job_id: int
    name: str


@dataclass(frozen=True)
class Advanced:
    """The job is `fraction` (0 to 1) done; `left_seconds` is extrapolated, None while unknown."""

    job_id: int
    fraction: float
    note: str
    left_seconds: float | None


@dataclass(frozen=True)
class Finished:
    """The job returned."""

    job_id: int
    result: object


@dataclass(frozen=True)
class Failed:
    """The job raised."""

    job_id: int
    error: Exception


@dataclass(frozen=True)
class Stopped:
    """The job was cancelled and left nothing half-done."""

    job_id: int


JobEvent = Started | Advanced | Finished | Failed | Stopped


@dataclass(frozen=True)
class Job(Generic[Result]):
    """A handle on one running or waiting job."""

    job_id: int
    name: str
    future: Future[Result]
    stop: Event

    def cancel(self) -> None:
        """Ask the job to stop at its next `advance`."""
        self.stop.set()

    def result(self, timeout_seconds: float | None = None) -> Result:
        """Wait for the job and return what it returned, or raise what it raised."""
        return self.future.result(timeout_seconds)


class Jobs:
    """Runs jobs on worker threads and tells `listener` what happens, from those threads.

    Parameters
    ----------
    listener
        Called with every `JobEvent` in order for each job.
    workers
        How many jobs may run at once; more wait in line.
    """

    def __init__(self, listener: Callable[[JobEvent], None], workers: int = 2) -> None:
        self._listener = listener
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="job")
        self._numbers = itertools.count(1)

    def start(
        self,
        name: str,
        function: Callable[..., Result],
        *args: object,
        **kwargs: object,
    ) -> Job[Result]:
        """Start `function(*args, progress=...)` and return its handle; pass all arguments but the progress."""
        job_id, stop = next(self._numbers), Event()

        def run() -> Result:
            self._listener(Started(job_id, name))
            return function(*args, **kwargs, progress=self._progress(job_id, stop))

        return Job(job_id, name, self._pool.submit(self._tell, job_id, run), stop)

    def close(self) -> None:
        """Wait for running jobs and take no more."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _progress(self, job_id: int, stop: Event) -> Progress:
        pace = Pace()

        def advanced(fraction: float, note: str) -> None:
            self._listener(Advanced(job_id, fraction, note, pace.left_seconds(fraction, time.monotonic())))

        return Progress(advanced, stop.is_set)

    def _tell(self, job_id: int, run: Callable[[], Result]) -> Result:
        try:
            result = run()
        except Cancelled:
            self._listener(Stopped(job_id))
            raise
        except Exception as error:
            self._listener(Failed(job_id, error))
            raise
        self._listener(Finished(job_id, result))
        return result
