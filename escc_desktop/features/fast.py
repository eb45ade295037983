"""The fast engine: PyRadiomics' values from exact crops, one discretisation and one texture pass an image.

The images are computed where the region lies and nowhere else; filters and features run side by side in threads that
leave Python while they count. The values do not depend on the number of threads.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from importlib.metadata import version
from threading import Event, Lock
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from escc_desktop.features.engine import Computed, features_by_image, image_facts, shape_wanted
from escc_desktop.features.filters import Group, Scan, filtered, groups
from escc_desktop.features.image_features import CountedRegion, ImageValues
from escc_desktop.features.names import SHAPE
from escc_desktop.features.params import ExtractionParams
from escc_desktop.features.scene import Scene
from escc_desktop.features.shape import shape_features
from escc_desktop.progress import Cancelled, Progress

# Another one whenever a value may differ by more than the last places.
ENGINE_VERSION: Final = "1.0"
LIBRARIES: Final = ("numpy", "scipy", "SimpleITK", "PyWavelets")
THREADS_VARIABLE: Final = "ESCC_THREADS"
_POLL_S: Final = 0.05


class Fast:
    """The engine.

    Parameters
    ----------
    threads
        How many images are worked on at a time; None for what the environment variable ESCC_THREADS says, or as
        many as the machine lets this process use.
    """

    name: Final = "fast"
    version: Final = ENGINE_VERSION

    def __init__(self, threads: int | None = None) -> None:
        self.threads = threads or _usable_threads()

    @property
    def libraries(self) -> dict[str, str]:
        """Versions of the packages that decide the values."""
        return {name: version(name) for name in sorted(LIBRARIES)}

    def compute(
        self, scene: Scene, params: ExtractionParams, progress: Progress, only: frozenset[str] | None = None
    ) -> Computed:
        """Return the features named, or all of them.

        Raises
        ------
        Cancelled
            From `progress`.
        """
        work = _Work(scene, params, only)
        with ThreadPoolExecutor(self.threads, "features") as pool:
            try:
                work.run(pool, progress)
            finally:
                work.stop()
        return work.computed()


def _usable_threads() -> int:
    named = os.environ.get(THREADS_VARIABLE, "")
    if named.isdecimal() and int(named) > 0:
        return int(named)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Work:
    """One extraction: its jobs, what they found, and the word to stop."""

    def __init__(self, scene: Scene, params: ExtractionParams, only: frozenset[str] | None) -> None:
        self._scene, self._params = scene, params
        self._wanted = {image: names for image, names in features_by_image(params, only).items() if names}
        self._has_shape = shape_wanted(only)
        self._only = only
        self._box = scene.inside.bounding_box
        self._voxels = np.ascontiguousarray(scene.inside.voxels[self._box])
        self._region = CountedRegion(self._voxels, scene.volume.geometry.voxel_volume_mm3)
        self._scan = Scan(scene.volume)
        self._images: dict[str, ImageValues] = {}
        self._pixel_types: dict[str, str] = {}
        self._shape: dict[str, float] = {}
        self._stopped = Event()
        self._lock = Lock()
        self._pending: set[Future[None]] = set()
        self._last = "filters"

    def run(self, pool: ThreadPoolExecutor, progress: Progress) -> None:
        """Do all jobs; report from this thread only."""
        for group in groups(self._params, frozenset(self._wanted)):
            self._submit(pool, self._filter, pool, group)
        if self._has_shape:
            self._submit(pool, self._measure_shape)
        total = len(self._wanted) + self._has_shape
        while pending := self._snapshot():
            finished, _ = wait(pending, _POLL_S, FIRST_COMPLETED)
            for future in finished:
                future.result()
            with self._lock:
                self._pending -= finished
            progress.advance(len(self._images) + bool(self._shape), total, self._last)

    def stop(self) -> None:
        """Let the jobs still running end at their next check."""
        self._stopped.set()

    def computed(self) -> Computed:
        """Return what was found, in PyRadiomics' order."""
        found = {f"original_shape_{name}": self._shape[name] for name in SHAPE if name in self._shape}
        for image in self._params.filters:
            if image in self._images:
                values = self._images[image].values
                found.update({f"{image}_{name}": value for name, value in values.items()})
        names = [name for name in self._params.feature_names if name in found and self._is_wanted(name)]
        return Computed({name: found[name] for name in names}, self._facts())

    def _is_wanted(self, name: str) -> bool:
        return self._only is None or name in self._only

    def _facts(self) -> dict[str, dict[str, Any]]:
        facts: dict[str, dict[str, Any]] = {}
        first: dict[str, str] = {}
        for image in self._params.filters:
            if image not in self._images:
                continue
            done = self._images[image]
            facts[image] = image_facts(image, self._params, self._scan.scale, self._pixel_types[image], done.levels)
            facts[image]["same_levels_as"] = first.setdefault(done.levels_digest, image)
        return facts

    def _snapshot(self) -> set[Future[None]]:
        with self._lock:
            return set(self._pending)

    def _submit(self, pool: ThreadPoolExecutor, job: Callable[..., None], *arguments: Any) -> None:
        with self._lock:
            self._pending.add(pool.submit(job, *arguments))

    def _check(self) -> None:
        if self._stopped.is_set():
            raise Cancelled

    def _filter(self, pool: ThreadPoolExecutor, group: Group) -> None:
        self._check()
        for image, values in filtered(self._scan, self._box, self._voxels, self._params, group, self._check):
            self._check()
            if image in self._wanted:
                self._submit(pool, self._describe, image, values[self._voxels])

    def _describe(self, image: str, values: NDArray[Any]) -> None:
        self._check()
        first_edge = self._scene.first_edge_hu if image == "original" else None
        done = self._region.features(values, self._params.bin_width_hu, first_edge, self._wanted[image])
        self._pixel_types[image] = values.dtype.name
        self._images[image] = done
        self._last = image

    def _measure_shape(self) -> None:
        self._check()
        region = self._scene.region
        box = np.ascontiguousarray(region.voxels[region.bounding_box])
        self._shape = shape_features(box, self._scene.volume.geometry.spacing_mm)
        self._last = "shape"
