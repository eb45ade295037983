"""What runs on a worker: one task at a time in each of its lanes, computed in a supervised child process."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Lock
from typing import Any, Final

import numpy as np
from distributed import Worker, get_worker
from distributed.diagnostics.plugin import WorkerPlugin

from escc_desktop import version
from escc_desktop.errors import EsccError
from escc_desktop.features.batch import free_memory
from escc_desktop.features.cluster.shared import SharedFile, SharedLoader, SharedRoi
from escc_desktop.features.extract import make_engine
from escc_desktop.features.memory import Budget
from escc_desktop.features.params import ExtractionParams
from escc_desktop.features.supervisor import Children, Outcome, Rules, Supervisor
from escc_desktop.features.table import FeatureVector, RoiKey
from escc_desktop.features.worker import Failure, Job, Task
from escc_desktop.progress import Cancelled

NAME: Final = "escc"
SAME_VERSION: Final = "Install the same version on all machines."
_NOBODY: Final = RoiKey("", "", "", "", "")


def about(engine: str) -> dict[str, str]:
    """Return which program and which engine this process would compute with.

    Raises
    ------
    EsccError
        The engine cannot be used.
    """
    made = make_engine(engine)
    return {"program": f"escc-desktop {version()}", "engine": f"{made.name} {made.version}"}


@dataclass(frozen=True)
class Order:
    """A task as it travels: names, digests and settings, in JSON's types.

    Attributes
    ----------
    made_with
        What the asking program would compute with, see `about`: a worker with anything else refuses.
    known
        Identities whose values are there already.
    attempts, stall_s
        See `Rules`.
    """

    roi: SharedRoi
    params: Mapping[str, Any]
    engine: str
    accept: tuple[str, ...]
    made_with: Mapping[str, str]
    known: tuple[str, ...]
    attempts: int
    stall_s: float | None

    def to_document(self) -> dict[str, Any]:
        """Return what is sent."""
        return asdict(self)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Order:
        """Read what was sent."""
        roi = document["roi"]
        files = SharedRoi(SharedFile(**roi["image"]), SharedFile(**roi["mask"]), roi["label"])
        return cls(**{**document, "roi": files})

    @property
    def rules(self) -> Rules:
        """How the child is watched; of what is known only the identity is told."""
        known = {identity: FeatureVector(np.zeros(0), (), {"identity": identity}) for identity in self.known}
        return Rules(known=known, attempts=self.attempts, stall_s=self.stall_s)


def require_same(theirs: Mapping[str, str], ours: Mapping[str, str], who: str) -> None:
    """Raise EsccError if a worker computes with something else than what was asked for; see `about`."""
    if dict(theirs) != dict(ours):
        have, want = (" with engine ".join((each["program"], each["engine"])) for each in (theirs, ours))
        raise EsccError(f"{who} has {have}; the computer that asks has {want}.", SAME_VERSION)


def extract_here(key: str, document: Mapping[str, Any]) -> dict[str, Any]:
    """Compute one task on this worker.

    Returns
    -------
    dict
        ``values`` (little-endian float64) and ``provenance``; or ``known``, the identity of values that are there
        already; or ``failure``; or nothing, if nobody waits for it any more.
    """
    station = get_worker().plugins.get(NAME)
    if not isinstance(station, Station):
        failure = Failure("The worker was not started by this program.", "Start it with `escc cluster worker`.")
        return {"failure": asdict(failure)}
    return station.extract(key, Order.from_document(document))


class _Lane:
    """One child at most, which stays for the next task of the same settings."""

    def __init__(self) -> None:
        self.image = ""
        self._children: Children | None = None

    def run(self, task: Task, job: Job, order: Order, budget: Budget, check: Callable[[], None]) -> Outcome:
        """Compute one task; what `check` raises ends it."""
        if self._children is None or self._children.job != job:
            self.close()
            self._children = Children(job, 1)
        self.image = task.image
        supervisor = Supervisor([task], self._children, budget, order.rules, lambda _outcome: None)
        try:
            supervisor.run(lambda _done, _fraction, _note: check())
        finally:
            self._children.close_busy()
        return supervisor.outcomes[0]

    def close(self) -> None:
        """End the child."""
        if self._children is not None:
            self._children.close()


class Station(WorkerPlugin):
    """A worker's lanes: as many children as it has threads, one budget of memory.

    Parameters
    ----------
    images
        See `SharedLoader`.
    lanes
        How many regions are computed at a time.
    """

    name = NAME

    def __init__(self, images: Path, lanes: int) -> None:
        self._images = images
        self._budget = free_memory()
        self._idle = [_Lane() for _ in range(lanes)]
        self._lock = Lock()
        self._unwanted: set[object] = set()
        self._is_closing = False

    def teardown(self, worker: Worker) -> None:  # distributed's signature
        """End the children; the busy ones end with their next look around."""
        self._is_closing = True
        for lane in self._idle:
            lane.close()

    def transition(self, key: object, start: str, finish: str, **_more: object) -> None:
        """Note which running tasks nobody wants any more."""
        if start == "executing" and finish in {"cancelled", "released", "forgotten"}:
            self._unwanted.add(key)

    def extract(self, key: str, order: Order) -> dict[str, Any]:
        """Compute one task."""

        def check() -> None:
            if self._is_closing or key in self._unwanted:
                raise Cancelled

        try:
            require_same(about(order.engine), order.made_with, "The worker")
            outcome = self._extract(order, check)
        except EsccError as error:
            return {"failure": asdict(Failure(error.what, error.hint))}
        except Cancelled:
            return {}
        finally:
            self._unwanted.discard(key)
        return _answer(outcome)

    def _extract(self, order: Order, check: Callable[[], None]) -> Outcome:
        accept = frozenset(order.accept)
        params = ExtractionParams.model_validate(order.params)
        job = Job(SharedLoader(self._images, accept), params, order.engine, accept)
        task = Task(_NOBODY, order.roi, None, order.roi.image.sha256)
        with self._lane(task.image) as lane:
            return lane.run(task, job, order, self._budget, check)

    @contextlib.contextmanager
    def _lane(self, image: str) -> Iterator[_Lane]:
        """Lend an idle lane, the one that has the image if there is one."""
        with self._lock:
            lane = next((each for each in self._idle if each.image == image), self._idle[0])
            self._idle.remove(lane)
        try:
            yield lane
        finally:
            with self._lock:
                self._idle.append(lane)


def _answer(outcome: Outcome) -> dict[str, Any]:
    if outcome.failure is not None:
        return {"failure": asdict(outcome.failure)}
    if outcome.vector is None:
        raise RuntimeError("neither values nor a failure")
    if outcome.is_reused:
        return {"known": outcome.vector.provenance["identity"]}
    return {"values": outcome.vector.values.astype("<f8").tobytes(), "provenance": dict(outcome.vector.provenance)}
