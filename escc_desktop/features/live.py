"""Features of a region while it is edited: the filtered images are kept, only the region is counted anew."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from escc_desktop.features.engine import features_by_image, shape_wanted
from escc_desktop.features.filters import Scan, filtered, groups
from escc_desktop.features.image_features import CountedRegion
from escc_desktop.features.names import SHAPE
from escc_desktop.features.params import ExtractionParams
from escc_desktop.features.shape import shape_features
from escc_desktop.imaging.mask import BoolArray, Region, bounding_box
from escc_desktop.imaging.volume import Volume
from escc_desktop.progress import Progress

# How far an edit may reach beyond the region's box before the images must be filtered anew.
ROOM_VOXELS: Final = 8


class LiveFeatures:
    """The images that some features need, filtered once around a region.

    Parameters
    ----------
    volume
        The scan; settings that resample are for scans already resampled.
    params
        The settings.
    names
        The features, without phase.
    voxels
        bool (z, y, x), the region to begin with; not empty.
    progress
        Advanced between images; may cancel there.
    """

    def __init__(
        self, volume: Volume, params: ExtractionParams, names: frozenset[str], voxels: BoolArray, progress: Progress
    ) -> None:
        self._geometry = volume.geometry
        self._bin_width = params.bin_width_hu
        self._names = names
        self._wanted = {image: some for image, some in features_by_image(params, names).items() if some}
        self._box = _with_room(bounding_box(voxels), voxels.shape)
        everywhere = np.ones([part.stop - part.start for part in self._box], dtype=bool)
        scan = Scan(volume)
        self._images: dict[str, NDArray[Any]] = {}

        def check() -> None:
            progress.advance(len(self._images), len(self._wanted))

        for group in groups(params, frozenset(self._wanted)):
            for image, values in filtered(scan, self._box, everywhere, params, group, check):
                if image in self._wanted:
                    self._images[image] = values
        progress.advance(1, 1)

    def covers(self, voxels: BoolArray) -> bool:
        """Return whether a region (bool, the volume's shape) lies where the images were filtered."""
        return all(
            mine.start <= part.start and part.stop <= mine.stop
            for mine, part in zip(self._box, bounding_box(voxels), strict=True)
        )

    def features(self, voxels: BoolArray) -> dict[str, float]:
        """Compute the features of a region.

        Parameters
        ----------
        voxels
            bool (z, y, x), the volume's shape; not empty and covered.

        Returns
        -------
        dict
            By name, equal to what an extraction of this region gives.
        """
        inner = bounding_box(voxels)
        region = np.ascontiguousarray(voxels[inner])
        within = tuple(
            slice(part.start - mine.start, part.stop - mine.start) for part, mine in zip(inner, self._box, strict=True)
        )
        counted = CountedRegion(region, self._geometry.voxel_volume_mm3)
        found: dict[str, float] = {}
        for image, wanted in self._wanted.items():
            values = counted.features(self._images[image][within][region], self._bin_width, None, wanted).values
            found.update({f"{image}_{name}": value for name, value in values.items()})
        if shape_wanted(self._names):
            shape = shape_features(region, self._geometry.spacing_mm)
            found.update({f"original_shape_{name}": shape[name] for name in SHAPE})
        return {name: found[name] for name in self._names}


def _with_room(box: Region, shape: tuple[int, ...]) -> Region:
    z, y, x = (
        slice(max(part.start - ROOM_VOXELS, 0), min(part.stop + ROOM_VOXELS, length))
        for part, length in zip(box, shape, strict=True)
    )
    return z, y, x
