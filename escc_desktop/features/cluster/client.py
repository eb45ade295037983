"""The asking side: hands a cohort's tasks to a cluster and gathers what comes back."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue
from typing import Any, Final

import numpy as np
from distributed import Client, Future, KilledWorker

from escc_desktop.errors import EsccError
from escc_desktop.features.batch import BatchOptions, Count
from escc_desktop.features.cluster.remote import Order, about, extract_here, require_same
from escc_desktop.features.cluster.shared import SharedFile, SharedRoi
from escc_desktop.features.cluster.tls import knock, security
from escc_desktop.features.params import ExtractionParams
from escc_desktop.features.roi_files import RoiFiles
from escc_desktop.features.supervisor import Outcome, quarantined
from escc_desktop.features.table import FeatureVector
from escc_desktop.features.worker import Failure, Task
from escc_desktop.progress import Progress

_POLL_S: Final = 0.1
_ASK_S: Final = 0.3
_COUNT_EVERY_S: Final = 2.0
_WITHOUT_WORKERS_S: Final = 120.0
_CONNECT_S: Final = 15.0
_CLOSE_S: Final = 0.3


@dataclass(frozen=True)
class Cluster:
    """Where the scheduler is, and who this machine is to it.

    Attributes
    ----------
    address
        ``tls://host:port``.
    tls_folder
        This machine's folder of `escc cluster certificates`.
    images
        The folder whose content the workers see below their own folder of images.
    """

    address: str
    tls_folder: Path
    images: Path


def extract_on_cluster(
    cluster: Cluster,
    tasks: Sequence[Task],
    params: ExtractionParams,
    options: BatchOptions,
    sink: Callable[[Outcome], None],
    progress: Progress,
) -> tuple[Outcome, ...]:
    """Extract regions of files as `extract_many` does, on the workers of a cluster.

    Parameters
    ----------
    tasks
        Made by `file_task`.
    options
        `jobs` and `memory_bytes` are the workers' own.

    Raises
    ------
    EsccError
        Scheduler or workers cannot be reached, or have another version.
    UsageError
        The address is none.
    Cancelled
        From `progress`; the workers are told to stop.
    """
    made_with = about(options.engine)
    progress.advance(0, 1, f"Asking {cluster.address}")
    with _connected(cluster) as client:
        _check_workers(client, cluster, options.engine, made_with)
        batch = _Batch(client, _Orders(cluster.images, params, options, made_with), tasks, sink)
        batch.run(progress)
    return tuple(batch.outcomes[index] for index in range(len(tasks)))


@contextmanager
def _connected(cluster: Cluster) -> Iterator[Client]:
    """Yield the connection; leaving it, all that was asked for is let go, and the workers end what they do of it."""
    knock(cluster.address, cluster.tls_folder)
    # What goes wrong is said here in a sentence; distributed would tell the terminal as well.
    logger = logging.getLogger("distributed")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        client = Client(
            cluster.address, security=security(cluster.tls_folder), timeout=_CONNECT_S, set_as_default=False
        )
        try:
            yield client
        finally:
            with suppress(TimeoutError):
                client.close(timeout=_CLOSE_S)
    except (OSError, TimeoutError) as error:
        raise _gone(cluster.address) from error
    finally:
        logger.setLevel(level)


def _gone(address: str) -> EsccError:
    return EsccError(
        f"The connection to {address} was lost.",
        "Look after scheduler and workers; the same command with --resume goes on where it stopped.",
    )


def _check_workers(client: Client, cluster: Cluster, engine: str, ours: Mapping[str, str]) -> None:
    answers = client.run(about, engine, on_error="return")
    if not answers:
        raise EsccError(
            f"No worker has joined {cluster.address} yet.", f"Start one with `escc cluster worker {cluster.address}`."
        )
    for worker, theirs in answers.items():
        if not isinstance(theirs, Mapping):
            raise EsccError(
                f"The worker at {worker} cannot compute: {str(theirs).split('.', 1)[0]}.",
                "Start it with the certificates of a worker and the same version of the program.",
            )
        require_same(theirs, ours, f"The worker at {worker}")


class _Orders:
    """Writes down tasks for other machines."""

    def __init__(
        self, images: Path, params: ExtractionParams, options: BatchOptions, made_with: Mapping[str, str]
    ) -> None:
        self._images = images
        self._params = params
        self.options = options
        self._made_with = made_with
        self._files: dict[Path, SharedFile] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the values that come back."""
        return self._params.feature_names

    def order(self, files: RoiFiles, check: Callable[[], None]) -> Order:
        """Return the order for a region; digests are worked out once a file."""
        return Order(
            SharedRoi(self._file(files.image, check), self._file(files.mask, check), files.label),
            self._params.model_dump(),
            self.options.engine,
            tuple(sorted(self.options.accept)),
            self._made_with,
            tuple(sorted(self.options.known)),
            self.options.attempts,
            self.options.stall_s,
        )

    def _file(self, path: Path, check: Callable[[], None]) -> SharedFile:
        if path not in self._files:
            self._files[path] = SharedFile.of(path, self._images, check)
        return self._files[path]


class _Batch:
    """Tasks on their way: twice as many as the workers have lanes are out at a time, so that none waits for the next.

    Attributes
    ----------
    outcomes
        By index of the task.
    """

    def __init__(self, client: Client, orders: _Orders, tasks: Sequence[Task], sink: Callable[[Outcome], None]) -> None:
        self._client, self._orders, self._tasks, self._sink = client, orders, tasks, sink
        self.outcomes: dict[int, Outcome] = {}
        self._next = 0
        self._out: dict[int, Future[Any]] = {}
        self._back: Queue[int] = Queue()
        self._lanes = 1
        self._counted_at = -_COUNT_EVERY_S
        self._seen_at = time.monotonic()

    def run(self, progress: Progress) -> None:
        """Work until every task has its outcome."""
        count, total = Count(len(self._tasks)), len(self._tasks)

        def tell() -> None:
            note = "" if self._lanes else "waiting for a worker"
            count.report(progress, len(self.outcomes), len(self.outcomes) / total, note)

        while len(self.outcomes) < total:
            tell()
            self._count_lanes()
            while self._next < total and len(self._out) < 2 * self._lanes:
                self._send(self._next, tell)
                self._next += 1
            with suppress(Empty):
                self._take(self._back.get(timeout=_POLL_S))
        count.finish(progress, list(self.outcomes.values()))

    def _count_lanes(self) -> None:
        now = time.monotonic()
        if now - self._counted_at < _COUNT_EVERY_S:
            return
        self._counted_at = now
        scheduler: Any = self._client.scheduler
        with suppress(TimeoutError):
            self._lanes = sum(self._client.sync(scheduler.ncores, callback_timeout=_ASK_S).values())
        if self._lanes:
            self._seen_at = now
        elif now - self._seen_at > _WITHOUT_WORKERS_S:
            raise EsccError("All workers have left the cluster.", "Start them again; --resume goes on from here.")

    def _send(self, index: int, check: Callable[[], None]) -> None:
        try:
            order = self._orders.order(self._tasks[index].volume_ref, check)
        except EsccError as error:
            self._settle(index, None, Failure(error.what, error.hint))
            return
        key = f"escc-{uuid.uuid4().hex}"
        future = self._client.submit(extract_here, key, order.to_document(), key=key, pure=False)
        self._out[index] = future
        future.add_done_callback(lambda _future: self._back.put(index))

    def _take(self, index: int) -> None:
        future = self._out[index]
        if future.status in {"cancelled", "lost"}:
            raise ConnectionError
        try:
            answer = future.result(timeout=_ASK_S)
        except TimeoutError:
            # The worker that had the result died before it was fetched: it is computed again.
            future.add_done_callback(lambda _future: self._back.put(index))
            return
        except KilledWorker:
            failure = quarantined("was lost with its worker", self._orders.options.attempts)
            self._settle(index, None, failure)
            return
        self._read(index, answer)

    def _read(self, index: int, answer: Mapping[str, Any]) -> None:
        if "failure" in answer:
            self._settle(index, None, Failure(**answer["failure"]))
        elif "known" in answer:
            self._settle(index, self._orders.options.known[answer["known"]], is_reused=True)
        else:
            values = np.frombuffer(answer["values"], dtype="<f8")
            self._settle(index, FeatureVector(values, self._orders.names, answer["provenance"]))

    def _settle(
        self, index: int, vector: FeatureVector | None, failure: Failure | None = None, is_reused: bool = False
    ) -> None:
        self._out.pop(index, None)
        self.outcomes[index] = Outcome(self._tasks[index], vector, failure, is_reused)
        self._sink(self.outcomes[index])
