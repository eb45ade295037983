"""The child process of a batch: loads one region at a time, asks whether to go on, extracts it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import traceback
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from threading import Thread
from typing import Any, Final

import numpy as np
import SimpleITK as sitk  # noqa: N813  # the field's name for it
from numpy.typing import NDArray

from escc_desktop.errors import EsccError
from escc_desktop.features.cost import cost
from escc_desktop.features.extract import extract, identity, make_engine
from escc_desktop.features.params import ExtractionParams
from escc_desktop.features.table import RoiKey
from escc_desktop.imaging.mask import Mask
from escc_desktop.imaging.volume import Volume
from escc_desktop.progress import Progress

THREAD_VARIABLES: Final = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS",
)


@dataclass(frozen=True)
class Task:
    """One region to extract.

    Attributes
    ----------
    key
        Whose it is.
    volume_ref, mask_ref
        What the batch's `load` finds volume and mask by; small, they travel to the child process.
    image
        Tasks with the same one have the same volume: one child takes them one after another. Empty if not known.
    """

    key: RoiKey
    volume_ref: Any
    mask_ref: Any
    image: str = ""


Load = Callable[[Task], tuple[Volume, Mask]]


class LastVolume:
    """The volume a loader read last, kept for further regions on it; one, since each takes its size in memory."""

    def __init__(self) -> None:
        self._key: Hashable = None
        self._volume: Volume | None = None

    def get(self, key: Hashable, read: Callable[[], Volume]) -> Volume:
        """Return the volume known by a key, which names its content, or read it."""
        if self._volume is None or self._key != key:
            self._volume = None  # two at a time would be too much
            self._volume, self._key = read(), key
        return self._volume


@dataclass(frozen=True)
class Job:
    """What a child is told once."""

    load: Load
    params: ExtractionParams
    engine: str
    accept: frozenset[str]


@dataclass(frozen=True)
class Loaded:
    """The child has the region and waits for yes (compute it) or no (the values are known or cannot be had).

    Attributes
    ----------
    patience_s
        Silence during the computation that means it hangs.
    """

    identity: str
    voxels: int
    needed_bytes: int
    patience_s: float


@dataclass(frozen=True)
class Step:
    """How far the child is."""

    fraction: float
    note: str


@dataclass(frozen=True)
class Failure:
    """Why there are no values, in words for a user.

    Attributes
    ----------
    is_defect
        Whether the program is at fault, not the input.
    is_quarantined
        Whether its process died or hung at every attempt.
    """

    what: str
    hint: str
    is_defect: bool = False
    is_quarantined: bool = False


@dataclass(frozen=True, eq=False)
class Finished:
    """The values and what they rest on; the names stay behind, so that the message fits into a pipe at once."""

    values: NDArray[np.float64]
    provenance: Mapping[str, Any]


Message = Loaded | Step | Failure | Finished


def serve(connection: Connection, job: Job) -> None:
    """Extract the tasks that come through the connection until it closes."""
    # Ctrl+C reaches the whole group; the parent alone decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if os.name == "posix":
        # A group of its own: the parent ends it together with the parser it may have started.
        os.setsid()
    Thread(target=_end_with_the_parent, daemon=True).start()
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    try:
        connection.send(Step(0.0, ""))  # the libraries are loaded, which takes seconds
        while True:
            task = connection.recv()
            message = _run(task, job, connection)
            if message is not None:
                connection.send(message)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return


def _end_with_the_parent() -> None:
    """Wait for the parent to die, and end this process and what it started, whatever it is doing."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    wait([parent.sentinel])
    if os.name == "posix":
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def _run(task: Task, job: Job, connection: Connection) -> Finished | Failure | None:
    try:
        return _extract(task, job, connection)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        raise
    except EsccError as error:
        return Failure(error.what, error.hint)
    except MemoryError:
        return Failure("There is not enough memory for this image.", "Close other programs and try again.")
    except Exception as error:  # noqa: BLE001  # one region's defect must not cost the others
        frame = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{type(error).__name__} in {Path(frame.filename).name}, line {frame.lineno}"
        return Failure(f"A defect of this program ({place}).", "Please report it.", is_defect=True)


def _extract(task: Task, job: Job, connection: Connection) -> Finished | None:
    volume, mask = job.load(task)
    engine = make_engine(job.engine)
    known_as = identity(volume.digest, mask.digest, job.params.digest, f"{engine.name} {engine.version}")
    connection.send(Loaded(known_as, volume.hu.size, *cost(engine.name, volume, mask, job.params)))
    if not connection.recv():
        return None
    progress = Progress(lambda fraction, note: connection.send(Step(fraction, note)))
    vector = extract(volume, mask, job.params, progress, job.engine, job.accept)
    return Finished(vector.values, vector.provenance)
