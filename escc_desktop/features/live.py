"""Features of a region while it is edited: the filtered images are kept, only the region is counted anew."""

from __future__ import annotations

import math
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from escc_desktop.errors import EsccError
from escc_desktop.features.engine import features_by_image, shape_wanted
from escc_desktop.features.filters import Scan, filtered, groups
from escc_desktop.features.image_features import CountedRegion
from escc_desktop.features.names import SHAPE
from escc_desktop.features.params import ExtractionParams
from escc_desktop.features.preflight import check_scene
from escc_desktop.features.resample import resampled_geometry, resampled_mask, resampled_volume, scene_of
from escc_desktop.features.scene import Scene
from escc_desktop.features.shape import shape_features
from escc_desktop.imaging.mask import Mask, Region
from escc_desktop.imaging.volume import Geometry, Volume
from escc_desktop.progress import Progress

# How far an edit may reach beyond the region's box before the images must be filtered anew.
ROOM_VOXELS: Final = 8
_FILTERING: Final = 0.5


@dataclass(frozen=True, eq=False)
class _Filtered:
    """The images wanted, on a box of the scan."""

    box: Region
    images: dict[str, NDArray[Any]]

    def holds(self, box: Region) -> bool:
        return all(
            mine.start <= part.start and part.stop <= mine.stop for mine, part in zip(self.box, box, strict=True)
        )


@dataclass(frozen=True, eq=False)
class Ground:
    """A scan as it is measured: resampled where the settings ask for it.

    Attributes
    ----------
    grid
        What regions are resampled to; None where they stay as they are.
    """

    volume: Volume
    grid: Geometry | None

    @classmethod
    def of(cls, volume: Volume, params: ExtractionParams, progress: Progress) -> Self:
        """Return the ground of a scan; the resampling takes a while and may be cancelled.

        Raises
        ------
        EsccError
            The scan cannot be resampled so.
        """
        if params.resampled_spacing_mm is None:
            return cls(volume, None)
        grid = resampled_geometry(volume.geometry, params.resampled_spacing_mm)
        return cls(resampled_volume(volume, grid, lambda: progress.advance(0, 1, "Resampling")), grid)


class LiveFeatures:
    """Features of changing regions of one scan.

    The scan is filtered once around the region; a region that leaves what was filtered has it filtered anew. May be
    used by several threads.

    Parameters
    ----------
    ground
        The scan.
    params
        The settings the ground was made with.
    names
        The features wanted, without phase.
    scale_hu
        The largest absolute HU, which four of the images are scaled by, where it is not to be the scan's own.
    """

    def __init__(
        self, ground: Ground, params: ExtractionParams, names: frozenset[str], scale_hu: float | None = None
    ) -> None:
        self._params, self._names, self._grid = params, names, ground.grid
        self._wanted = {image: some for image, some in features_by_image(params, names).items() if some}
        self._scan = Scan(ground.volume) if scale_hu is None else Scan(ground.volume, scale_hu)
        self._filtered: _Filtered | None = None
        self._lock = Lock()

    @property
    def largest_hu(self) -> float:
        """The largest absolute HU of the whole scan, as it is measured."""
        return self._scan.scale

    def features(self, mask: Mask, progress: Progress) -> dict[str, float]:
        """Compute the features of a region on the grid of the scan that was given; see `features_of`."""
        return self.features_of(self.scene(mask), progress)

    def features_of(self, scene: Scene, progress: Progress) -> dict[str, float]:
        """Compute the features of a region.

        Parameters
        ----------
        scene
            From `scene`.
        progress
            Advanced between images; may cancel there.

        Returns
        -------
        dict
            By name, what an extraction of this region gives.

        Raises
        ------
        EsccError
            No valid value is possible.
        Cancelled
            From `progress`.
        """
        ready = self._filter(scene.inside.bounding_box, progress.part(0, _FILTERING))
        counting = progress.part(_FILTERING, 1)
        region, within = self._part(scene, ready)
        counted = CountedRegion(region, self._scan.volume.geometry.voxel_volume_mm3)
        found: dict[str, float] = {}
        for done, (image, wanted) in enumerate(self._wanted.items()):
            counting.advance(done, len(self._wanted), image)
            first_edge = scene.first_edge_hu if image == "original" else None
            values = ready.images[image][within][region]
            described = counted.features(values, self._params.bin_width_hu, first_edge, wanted)
            found.update({f"{image}_{name}": value for name, value in described.values.items()})
        if shape_wanted(self._names):
            found.update(_shape(scene))
        counting.advance(1, 1)
        return _complete(found, self._names)

    def values_of(self, scene: Scene, image: str, progress: Progress) -> tuple[NDArray[Any], NDArray[np.intp]]:
        """Return an image in the voxels that count, (n,), and where they lie, (n, 3) as z, y, x.

        Parameters
        ----------
        image
            One that a wanted feature needs.
        """
        ready = self._filter(scene.inside.bounding_box, progress)
        region, within = self._part(scene, ready)
        start = [part.start for part in scene.inside.bounding_box]
        return ready.images[image][within][region], np.argwhere(region) + start

    def scene(self, mask: Mask) -> Scene:
        """Return what the features of a region are computed from.

        Raises
        ------
        EsccError
            No valid value is possible.
        """
        if mask.is_empty:
            raise EsccError("The contour is empty.", "Draw the lesion.")
        if self._grid is not None:
            mask = resampled_mask(mask, self._grid)
        scene = scene_of(self._scan.volume, mask, self._params)
        check_scene(scene, self._params)
        return scene

    def _filter(self, box: Region, progress: Progress) -> _Filtered:
        with self._lock:
            if self._filtered is None or not self._filtered.holds(box):
                self._filtered = None  # the old images are let go of before there are new ones
                self._filtered = self._filtered_around(box, progress)
            return self._filtered

    def _filtered_around(self, box: Region, progress: Progress) -> _Filtered:
        box = _with_room(box, self._scan.volume.hu.shape)
        everywhere = np.ones([part.stop - part.start for part in box], dtype=bool)
        images: dict[str, NDArray[Any]] = {}

        def check() -> None:
            progress.advance(len(images), len(self._wanted), "Filtering")

        for group in groups(self._params, frozenset(self._wanted)):
            made = filtered(self._scan, box, everywhere, self._params, group, check)
            images.update((image, values) for image, values in made if image in self._wanted)
        return _Filtered(box, images)

    @staticmethod
    def _part(scene: Scene, ready: _Filtered) -> tuple[NDArray[np.bool_], Region]:
        """Return the voxels that count, within their box, and the place of this box among what was filtered."""
        inner = scene.inside.bounding_box
        z, y, x = (
            slice(part.start - mine.start, part.stop - mine.start) for part, mine in zip(inner, ready.box, strict=True)
        )
        return np.ascontiguousarray(scene.inside.voxels[inner]), (z, y, x)


def _shape(scene: Scene) -> dict[str, float]:
    region = scene.region
    voxels = np.ascontiguousarray(region.voxels[region.bounding_box])
    shape = shape_features(voxels, region.geometry.spacing_mm)
    return {f"original_shape_{name}": shape[name] for name in SHAPE}


def _complete(found: dict[str, float], names: frozenset[str]) -> dict[str, float]:
    bad = sorted(name for name in names if not math.isfinite(found[name]))
    if bad:
        raise EsccError(
            f"{len(bad)} features have no finite value, the first is {bad[0]}.", "Draw a region with some contrast."
        )
    return {name: found[name] for name in names}


def _with_room(box: Region, shape: tuple[int, ...]) -> Region:
    z, y, x = (
        slice(max(part.start - ROOM_VOXELS, 0), min(part.stop + ROOM_VOXELS, length))
        for part, length in zip(box, shape, strict=True)
    )
    return z, y, x
