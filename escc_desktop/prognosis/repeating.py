"""The pipeline repeated on many draws of the patients, here or in worker processes, with the same numbers."""

from __future__ import annotations

import multiprocessing
import os
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Final, TypeVar

import numpy as np

from escc_desktop.prognosis.pipeline import Problem
from escc_desktop.progress import Progress, deaf_children
from escc_desktop.stats.arrays import IntArray

Outcome = TypeVar("Outcome")


def seed_of(seed: int, rows: IntArray) -> int:
    """Return a seed that depends on the run's seed and the rows only."""
    return zlib.crc32(np.ascontiguousarray(rows, dtype="<i8").tobytes(), seed & 0xFFFFFFFF)


class Runner:
    """Applies a function to the problem and each item, here or in worker processes; results come in order.

    Parameters
    ----------
    pool
        Its workers were started with `_keep`, so that the problem travels once; None runs here.
    """

    def __init__(self, problem: Problem, pool: ProcessPoolExecutor | None = None) -> None:
        self._problem = problem
        self._pool = pool

    def __call__(
        self, function: Callable[[Problem, IntArray], Outcome], items: Sequence[IntArray]
    ) -> Iterable[Outcome]:
        """Return the outcomes, lazily."""
        if self._pool is None:
            return map(partial(function, self._problem), items)
        with deaf_children():  # the first call starts them
            return self._pool.map(partial(_call, function), items)


@contextmanager
def _one_blas_thread_in_children() -> Iterator[None]:
    """Let workers start without threads of their own: on the same cores they took a third more of their time."""
    before = os.environ.get(_BLAS_THREADS)
    os.environ[_BLAS_THREADS] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_BLAS_THREADS]
        else:
            os.environ[_BLAS_THREADS] = before


@contextmanager
def runner(problem: Problem, workers: int) -> Iterator[Runner]:
    """Yield a runner with so many worker processes; stopping early abandons what has not begun."""
    if workers == 1:
        yield Runner(problem)
        return
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_keep, initargs=(problem,))
    with _one_blas_thread_in_children(), pool:
        try:
            yield Runner(problem, pool)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


_BLAS_THREADS: Final = "OPENBLAS_NUM_THREADS"
_KEPT: list[Problem] = []


def _keep(problem: Problem) -> None:
    _KEPT.append(problem)


def _call(function: Callable[[Problem, IntArray], Outcome], item: IntArray) -> Outcome:
    return function(_KEPT[0], item)


def told(outcomes: Iterable[Outcome], total: int, progress: Progress, what: str) -> Iterator[Outcome]:
    """Pass outcomes on as they come, telling and asking `progress` at each."""
    progress.advance(0, total, f"{what} 1 of {total}")
    for k, outcome in enumerate(outcomes, start=1):
        progress.advance(k, total, f"{what} {min(k + 1, total)} of {total}")
        yield outcome
