"""Many regions over a supervised pool of child processes.

Each child works on one region at a time. A child that dies or falls silent loses only that region, which is tried
again in a new child; regions start only while the memory they need together is there.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import Final

from escc_desktop.features.extract import DEFAULT_ENGINE
from escc_desktop.features.memory import available_bytes
from escc_desktop.features.params import ExtractionParams
from escc_desktop.features.table import FeatureVector
from escc_desktop.features.worker import (
    THREAD_VARIABLES,
    Failure,
    Finished,
    Job,
    Load,
    Loaded,
    Message,
    Step,
    Task,
    serve,
)
from escc_desktop.progress import Progress, deaf_children

GIB: Final = 2**30
_POLL_S: Final = 0.1
_STALL_S_A_MVOXEL: Final = 5.0
# What the system and other programs may grow by meanwhile.
_USABLE: Final = 0.9


def _unknown(_identity: str) -> FeatureVector | None:
    return None


@dataclass(frozen=True)
class BatchOptions:
    """How a batch runs.

    Attributes
    ----------
    jobs
        Largest number of child processes.
    engine, accept
        As for `extract`.
    known
        Returns the vector of an `identity` that was extracted before, if it was: it is not computed again.
    attempts
        How often a region is tried whose child dies or hangs.
    stall_s
        Silence after which a child counts as hanging, for a small image; large images get more.
    memory_bytes
        Memory all children may take together; None takes what is free at the start.
    """

    jobs: int = 1
    engine: str = DEFAULT_ENGINE
    accept: frozenset[str] = frozenset()
    known: Callable[[str], FeatureVector | None] = _unknown
    attempts: int = 3
    stall_s: float = 600.0
    memory_bytes: int | None = None


@dataclass(frozen=True, eq=False)
class Outcome:
    """What became of a task: a vector or a failure.

    Attributes
    ----------
    is_reused
        Whether the vector was known before.
    """

    task: Task
    vector: FeatureVector | None
    failure: Failure | None = None
    is_reused: bool = False


def extract_many(
    tasks: Sequence[Task],
    load: Load,
    params: ExtractionParams,
    options: BatchOptions,
    sink: Callable[[Outcome], None],
    progress: Progress,
) -> tuple[Outcome, ...]:
    """Extract many regions.

    Parameters
    ----------
    tasks
        The regions.
    load
        Finds volume and mask of a task; runs in the child, so it and the tasks must be picklable.
    params, options
        The settings, and how the batch runs.
    sink
        Called with each outcome as soon as it is there, in no order: to keep it.
    progress
        Told the fraction done and the time left; a cancelled batch ends its children at once.

    Returns
    -------
    tuple of Outcome
        In the order of the tasks. The values do not depend on the number of children.

    Raises
    ------
    Cancelled
        From `progress`.
    """
    job = Job(load, params, options.engine, options.accept)
    supervisor = _Supervisor(tasks, job, options, sink)
    try:
        supervisor.run(progress)
    finally:
        supervisor.close()
    return tuple(supervisor.outcomes[index] for index in range(len(tasks)))


@dataclass(eq=False)
class _Child:
    """A process and the one task it has."""

    process: multiprocessing.process.BaseProcess
    connection: Connection
    index: int | None = None
    fraction: float = 0.0
    heard_at: float = 0.0
    mega_voxels: float = 0.0
    reserved_bytes: int = 0
    waiting_bytes: int | None = None

    def give(self, index: int, task: Task) -> None:
        self.index, self.fraction, self.heard_at = index, 0.0, time.monotonic()
        self.connection.send(task)

    def release(self) -> None:
        self.index, self.reserved_bytes, self.waiting_bytes, self.mega_voxels = None, 0, None, 0.0

    def is_hanging(self, stall_s: float) -> bool:
        limit = stall_s + _STALL_S_A_MVOXEL * self.mega_voxels
        busy = self.index is not None and self.waiting_bytes is None
        return busy and time.monotonic() - self.heard_at > limit

    def end(self) -> None:
        self.process.kill()
        if os.name == "posix" and self.process.pid:
            # What it started is in its group; there is none if it never came so far.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
        self.process.join()
        self.connection.close()


@dataclass(eq=False)
class _Supervisor:
    """Gives tasks to children, hears them, replaces the lost ones."""

    tasks: Sequence[Task]
    job: Job
    options: BatchOptions
    sink: Callable[[Outcome], None]
    outcomes: dict[int, Outcome] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._queue = deque(range(len(self.tasks)))
        self._tries = [0] * len(self.tasks)
        self._children: list[_Child] = []
        self._waiting: deque[_Child] = deque()
        self._started_at = time.monotonic()
        self._note = ""
        free = self.options.memory_bytes
        self._budget = int(available_bytes() * _USABLE) if free is None else free

    def run(self, progress: Progress) -> None:
        while len(self.outcomes) < len(self.tasks):
            self._report(progress)
            self._hand_out()
            self._hear()
            self._admit()
        n_failed = sum(outcome.failure is not None for outcome in self.outcomes.values())
        if n_failed < len(self.tasks):
            progress.advance(1, 1, f"{len(self.tasks)} done, {n_failed} of them failed" if n_failed else "done")

    def close(self) -> None:
        for child in self._children:
            child.end()
        self._children.clear()

    def _hand_out(self) -> None:
        idle = deque(child for child in self._children if child.index is None)
        while self._queue and (idle or len(self._children) < self.options.jobs):
            child = idle.popleft() if idle else self._start()
            index = self._queue.popleft()
            self._tries[index] += 1
            try:
                child.give(index, self.tasks[index])
            except OSError:
                self._lose(child)

    def _start(self) -> _Child:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=serve, args=(theirs, self.job), daemon=True)
        with _one_thread(), deaf_children():
            process.start()
        theirs.close()
        child = _Child(process, ours)
        self._children.append(child)
        return child

    def _hear(self) -> None:
        ready = wait([child.connection for child in self._children], _POLL_S)
        for child in list(self._children):
            if child.connection in ready:
                try:
                    message: Message = child.connection.recv()
                except (EOFError, OSError):
                    self._lose(child)
                    continue
                child.heard_at = time.monotonic()
                self._take(child, message)
            elif child.is_hanging(self.options.stall_s):
                self._lose(child)

    def _take(self, child: _Child, message: Message) -> None:
        match message:
            case Step():
                child.fraction, self._note = message.fraction, message.note
            case Loaded():
                self._decide(child, message)
            case Failure():
                self._finish(child, None, message)
            case Finished():
                names = self.job.params.feature_names
                self._finish(child, FeatureVector(message.values, names, message.provenance))

    def _decide(self, child: _Child, loaded: Loaded) -> None:
        known = self.options.known(loaded.identity)
        if known is not None:
            self._answer(child, False)
            self._finish(child, known, is_reused=True)
        elif loaded.needed_bytes > self._budget:
            self._answer(child, False)
            need, free = loaded.needed_bytes / GIB, self._budget / GIB
            failure = Failure(
                f"The image has {loaded.voxels / 1e6:.0f} million voxels and needs about {need:.1f} GiB of memory;"
                f" {free:.1f} GiB are free.",
                "Close other programs or use a computer with more memory.",
            )
            self._finish(child, None, failure)
        else:
            child.mega_voxels, child.waiting_bytes = loaded.voxels / 1e6, loaded.needed_bytes
            self._waiting.append(child)

    def _admit(self) -> None:
        # First come, first served: a large region is never overtaken for ever by small ones.
        while self._waiting:
            child = self._waiting[0]
            need = child.waiting_bytes
            if need is not None:
                if need + sum(other.reserved_bytes for other in self._children) > self._budget:
                    return
                child.reserved_bytes, child.waiting_bytes, child.heard_at = need, None, time.monotonic()
                self._answer(child, True)
            self._waiting.popleft()

    @staticmethod
    def _answer(child: _Child, answer: bool) -> None:
        try:
            child.connection.send(answer)
        except OSError:
            # It died meanwhile: the next look at its connection tells.
            return

    def _finish(
        self, child: _Child, vector: FeatureVector | None, failure: Failure | None = None, is_reused: bool = False
    ) -> None:
        if child.index is not None:
            self._settle(Outcome(self.tasks[child.index], vector, failure, is_reused), child.index)
        child.release()

    def _settle(self, outcome: Outcome, index: int) -> None:
        self.outcomes[index] = outcome
        self.sink(outcome)

    def _lose(self, child: _Child) -> None:
        """Remove a child that died or hangs; its task is tried again or given up."""
        is_hanging = child.process.is_alive() and child.is_hanging(self.options.stall_s)
        child.end()
        self._children.remove(child)
        index = child.index
        child.release()
        if index is None:
            return
        if self._tries[index] < self.options.attempts:
            self._queue.appendleft(index)
            return
        how = "fell silent" if is_hanging else f"ended unexpectedly (code {child.process.exitcode})"
        failure = Failure(
            f"The extraction process {how}, {self.options.attempts} times.",
            "Too little free memory is the usual reason; try this lesion alone.",
        )
        self._settle(Outcome(self.tasks[index], None, failure), index)

    def _report(self, progress: Progress) -> None:
        total, done = len(self.tasks), len(self.outcomes)
        fraction = (done + sum(child.fraction for child in self._children if child.index is not None)) / total
        note = self._note if total == 1 else f"{done} of {total} done"
        elapsed = time.monotonic() - self._started_at
        if fraction > 0.02 and elapsed > 5:
            note = f"{note}, {_left(elapsed * (1 - fraction) / fraction)}"
        progress.advance(fraction, 1, note)


def _left(seconds: float) -> str:
    if seconds < 60:
        return "less than a minute left"
    minutes = round(seconds / 60)
    return f"about {minutes} min left" if minutes < 120 else f"about {round(minutes / 60)} h left"


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """Let a child start with one computing thread: libraries read these variables when they are loaded."""
    before = {name: os.environ.get(name) for name in THREAD_VARIABLES}
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
