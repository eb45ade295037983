"""Many regions over a supervised pool of child processes.

Each child works on one region at a time. A child that dies or falls silent loses only that region, which is tried
again in a new child and set aside after the third time; regions start only while the memory they need together is
there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from escc_desktop.features.engine import DEFAULT_ENGINE
from escc_desktop.features.memory import Budget, available_bytes
from escc_desktop.features.params import ExtractionParams
from escc_desktop.features.supervisor import Children, Outcome, Rules, Supervisor
from escc_desktop.features.worker import Job, Load, Task
from escc_desktop.progress import Progress

# What the system and other programs may grow by meanwhile.
_USABLE: Final = 0.9


@dataclass(frozen=True, kw_only=True)
class BatchOptions(Rules):
    """How a batch runs.

    Attributes
    ----------
    jobs
        Largest number of child processes.
    engine, accept
        As for `extract`.
    memory_bytes
        Memory all children may take together; None takes what is free at the start.
    """

    jobs: int = 1
    engine: str = DEFAULT_ENGINE
    accept: frozenset[str] = frozenset()
    memory_bytes: int | None = None


def free_memory() -> Budget:
    """Return what regions may take now."""
    return Budget(int(available_bytes() * _USABLE))


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
        Told the fraction done; a cancelled batch ends its children at once.

    Returns
    -------
    tuple of Outcome
        In the order of the tasks. The values do not depend on the number of children.

    Raises
    ------
    Cancelled
        From `progress`.
    """
    budget = free_memory() if options.memory_bytes is None else Budget(options.memory_bytes)
    # One region takes all cores; of many each takes one.
    threads = None if len(tasks) == 1 else 1
    children = Children(Job(load, params, options.engine, options.accept), options.jobs, threads)
    supervisor = Supervisor(tasks, children, budget, options, sink)
    count = Count(len(tasks))
    try:
        supervisor.run(lambda done, fraction, note: count.report(progress, done, fraction, note))
    finally:
        children.close()
    count.finish(progress, [supervisor.outcomes[index] for index in range(len(tasks))])
    return tuple(supervisor.outcomes[index] for index in range(len(tasks)))


class Count:
    """Tells how far a batch is; `total` is its number of tasks."""

    def __init__(self, total: int) -> None:
        self._total = total

    def report(self, progress: Progress, done: int, fraction: float, note: str = "") -> None:
        """Advance.

        Parameters
        ----------
        done, fraction
            Tasks done, and the share of all work, running tasks included.
        note
            What the only task does.
        """
        progress.advance(fraction, 1, note if self._total == 1 else f"{done} of {self._total} done")

    def finish(self, progress: Progress, outcomes: Sequence[Outcome]) -> None:
        """Say how it ended, unless nothing succeeded: then the reasons say it."""
        n_failed = sum(outcome.failure is not None for outcome in outcomes)
        if n_failed < len(outcomes):
            progress.advance(1, 1, f"{len(outcomes)} done, {n_failed} of them failed" if n_failed else "done")
