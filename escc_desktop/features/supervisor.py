"""The parent's side of the child processes: gives them tasks, hears them, replaces the lost ones."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import Final

from escc_desktop.features.cost import too_large
from escc_desktop.features.fast import THREADS_VARIABLE
from escc_desktop.features.memory import Budget
from escc_desktop.features.table import FeatureVector
from escc_desktop.features.worker import (
    THREAD_VARIABLES,
    Failure,
    Finished,
    Job,
    Loaded,
    Message,
    Step,
    Task,
    serve,
)
from escc_desktop.progress import deaf_children

_POLL_S: Final = 0.1
# Reading goes over networks: a large series from a slow share is no hanging process.
_LOADING_S: Final = 300.0
_STARTING_S: Final = 120.0


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


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What a batch goes by.

    Attributes
    ----------
    known
        By `identity` the vectors that were extracted before: they are not computed again.
    attempts
        How often a region is tried whose child dies or hangs.
    stall_s
        Silence after which a child counts as hanging; None for what suits engine, image and region.
    """

    known: Mapping[str, FeatureVector] = field(default_factory=dict)
    attempts: int = 3
    stall_s: float | None = None


@dataclass(eq=False)
class Child:
    """A process and the one task it has.

    Attributes
    ----------
    image
        Of the task it had last: its volume may still be there.
    patience_s
        Silence after which it counts as hanging.
    waiting_bytes
        Memory it waits for, if it does.
    has_started
        Whether it has loaded its libraries.
    """

    process: multiprocessing.process.BaseProcess
    connection: Connection
    index: int | None = None
    image: str = ""
    fraction: float = 0.0
    heard_at: float = 0.0
    patience_s: float = _LOADING_S
    waiting_bytes: int | None = None
    has_started: bool = False

    def give(self, index: int, task: Task, patience_s: float) -> None:
        """Send it a task."""
        self.index, self.image, self.fraction = index, task.image, 0.0
        self.heard_at, self.patience_s = time.monotonic(), patience_s
        self.connection.send(task)

    def heard(self) -> None:
        """Note that it lives."""
        self.heard_at, self.has_started = time.monotonic(), True

    def answer(self, answer: bool) -> None:
        """Tell it whether to go on."""
        # It may have died meanwhile: the next look at its connection tells.
        with contextlib.suppress(OSError):
            self.connection.send(answer)

    def is_hanging(self) -> bool:
        """Say whether it has been silent for too long."""
        is_busy = self.index is not None and self.waiting_bytes is None
        patience_s = self.patience_s if self.has_started else _STARTING_S
        return is_busy and time.monotonic() - self.heard_at > patience_s

    def kill(self) -> None:
        """Kill it and what it started."""
        self.process.kill()
        if os.name == "posix" and self.process.pid:
            # What it started is in its group; there is none if it never came so far.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def join(self) -> None:
        """Wait until its memory is back."""
        self.process.join()
        self.connection.close()


class Children:
    """The processes of one job; they stay from batch to batch, since starting one takes seconds.

    Parameters
    ----------
    job
        What each is told once.
    most
        How many there are at most.
    threads
        How many threads each computes with; None for as many as the machine has cores.
    """

    def __init__(self, job: Job, most: int, threads: int | None = 1) -> None:
        self.job = job
        self.most = most
        self._threads = threads
        self.all: list[Child] = []

    def start(self) -> Child:
        """Start one more."""
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=serve, args=(theirs, self.job), daemon=True)
        with _threads_of_children(self._threads), deaf_children():
            process.start()
        theirs.close()
        child = Child(process, ours)
        self.all.append(child)
        return child

    def remove(self, *children: Child) -> None:
        """End some, all at the same time."""
        for child in children:
            child.kill()
        for child in children:
            child.join()
            self.all.remove(child)

    def close(self) -> None:
        """End all."""
        self.remove(*self.all)

    def close_busy(self) -> None:
        """End those that have a task; the others can take the next batch."""
        self.remove(*(child for child in self.all if child.index is not None))


@dataclass(eq=False)
class Supervisor:
    """Works through tasks with children.

    Attributes
    ----------
    outcomes
        By index of the task, as soon as they are there.
    """

    tasks: Sequence[Task]
    children: Children
    budget: Budget
    rules: Rules
    sink: Callable[[Outcome], None]
    outcomes: dict[int, Outcome] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._queue = deque(range(len(self.tasks)))
        self._tries = [0] * len(self.tasks)
        self._note = ""

    def run(self, report: Callable[[int, float, str], None]) -> None:
        """Work until every task has its outcome.

        Parameters
        ----------
        report
            Called ten times a second with the tasks done, the share of all work, and what is being done; what it
            raises ends the batch, and `Children.close` ends the work.
        """
        try:
            while len(self.outcomes) < len(self.tasks):
                report(len(self.outcomes), self._fraction(), self._note)
                self._hand_out()
                self._hear()
                self._admit()
        finally:
            for child in self.children.all:
                self.budget.give_back(child)

    def _fraction(self) -> float:
        running = sum(child.fraction for child in self.children.all if child.index is not None)
        return (len(self.outcomes) + running) / len(self.tasks)

    def _hand_out(self) -> None:
        idle = deque(child for child in self.children.all if child.index is None)
        while self._queue and (idle or len(self.children.all) < self.children.most):
            child = idle.popleft() if idle else self.children.start()
            index = self._choose(child)
            self._queue.remove(index)
            self._tries[index] += 1
            try:
                child.give(index, self.tasks[index], self._limit(_LOADING_S))
            except OSError:
                self._lose(child)

    def _choose(self, child: Child) -> int:
        """Return the next task: on the image the child has, else on one nobody works on, else the first."""
        taken = {other.image for other in self.children.all if other.index is not None}
        of_child = (index for index in self._queue if child.image and self.tasks[index].image == child.image)
        untouched = (index for index in self._queue if self.tasks[index].image not in taken)
        return next(of_child, next(untouched, self._queue[0]))

    def _limit(self, usual_s: float) -> float:
        return usual_s if self.rules.stall_s is None else self.rules.stall_s

    def _hear(self) -> None:
        ready = wait([child.connection for child in self.children.all], _POLL_S)
        for child in list(self.children.all):
            if child.connection in ready:
                try:
                    message: Message = child.connection.recv()
                except (EOFError, OSError):
                    self._lose(child)
                    continue
                child.heard()
                self._take(child, message)
            elif child.is_hanging():
                self._lose(child)

    def _take(self, child: Child, message: Message) -> None:
        match message:
            case Step():
                child.fraction, self._note = message.fraction, message.note
            case Loaded():
                self._decide(child, message)
            case Failure():
                self._finish(child, None, message)
            case Finished():
                names = self.children.job.params.feature_names
                self._finish(child, FeatureVector(message.values, names, message.provenance))

    def _decide(self, child: Child, loaded: Loaded) -> None:
        known = self.rules.known.get(loaded.identity)
        if known is not None:
            child.answer(False)
            self._finish(child, known, is_reused=True)
        elif loaded.needed_bytes > self.budget.total_bytes:
            child.answer(False)
            error = too_large(loaded.voxels, loaded.needed_bytes, self.budget.total_bytes)
            self._finish(child, None, Failure(error.what, error.hint))
        else:
            child.waiting_bytes, child.patience_s = loaded.needed_bytes, self._limit(loaded.patience_s)
            self.budget.take(child, loaded.needed_bytes)

    def _admit(self) -> None:
        for child in self.children.all:
            if child.waiting_bytes is not None and self.budget.take(child, child.waiting_bytes):
                child.waiting_bytes, child.heard_at = None, time.monotonic()
                child.answer(True)

    def _finish(
        self, child: Child, vector: FeatureVector | None, failure: Failure | None = None, is_reused: bool = False
    ) -> None:
        if child.index is not None:
            self._settle(Outcome(self.tasks[child.index], vector, failure, is_reused), child.index)
        self._release(child)

    def _release(self, child: Child) -> None:
        self.budget.give_back(child)
        child.index, child.waiting_bytes = None, None

    def _settle(self, outcome: Outcome, index: int) -> None:
        self.outcomes[index] = outcome
        self.sink(outcome)

    def _lose(self, child: Child) -> None:
        """Remove a child that died or hangs; its task is tried again after all others, or given up."""
        is_hanging = child.process.is_alive() and child.is_hanging()
        self.children.remove(child)
        index = child.index
        self._release(child)
        if index is None:
            return
        if self._tries[index] < self.rules.attempts:
            self._queue.append(index)
            return
        how = "fell silent" if is_hanging else f"ended unexpectedly (code {child.process.exitcode})"
        self._settle(Outcome(self.tasks[index], None, quarantined(how, self.rules.attempts)), index)


def quarantined(how: str, attempts: int) -> Failure:
    """Return the failure of a region whose process was lost at every attempt."""
    return Failure(
        f"The extraction process {how}, {attempts} times: the lesion is quarantined.",
        "Too little free memory is the usual reason; try this lesion alone.",
        is_quarantined=True,
    )


@contextlib.contextmanager
def _threads_of_children(threads: int | None) -> Iterator[None]:
    """Let a child start with so many threads of the engine, and one of each library: they read this when loaded."""
    wanted = dict.fromkeys(THREAD_VARIABLES, "1") | ({} if threads is None else {THREADS_VARIABLE: str(threads)})
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
