"""One image to its 93 values: one discretisation, one pass of texture counts."""

from __future__ import annotations

import hashlib
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from escc_desktop.errors import EsccError
from escc_desktop.features.discretise import Levels, discretise
from escc_desktop.features.firstorder import firstorder_features
from escc_desktop.features.names import FAMILIES
from escc_desktop.features.texture_features import texture_features
from escc_desktop.features.textures import count

# As many as the texture pass numbers.
MAX_DIFFERENT_LEVELS: Final = 65_535
_Key = tuple[str, frozenset[str]]


@dataclass(frozen=True, eq=False)
class ImageValues:
    """The values of one image.

    Attributes
    ----------
    values
        By ``family_feature``.
    levels
        The discretisation they rest on.
    levels_digest
        The same for images with the same grey level in every voxel: all textures of such images are the same.
    """

    values: dict[str, float]
    levels: Levels
    levels_digest: str


@dataclass(eq=False)
class CountedRegion:
    """The voxels whose values count, and the textures already known of them.

    Parameters
    ----------
    voxels
        bool (z, y, x), within the bounding box.
    voxel_volume_mm3
        Volume of one.

    Notes
    -----
    Several of the 20 images often have the same grey levels (one single level, mostly): their textures are computed
    once. Methods may be called by several threads at a time.
    """

    voxels: NDArray[np.bool_]
    voxel_volume_mm3: float
    _known: dict[_Key, Future[dict[str, float]]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def features(
        self, values: NDArray[Any], bin_width: float, first_edge: float | None, wanted: frozenset[str]
    ) -> ImageValues:
        """Compute the features of an image.

        Parameters
        ----------
        values
            (n,) the image in the voxels of the region, in C order, in its own pixel type.
        bin_width
            Width of a grey level.
        first_edge
            Lower edge of grey level 1; None for the multiple of the width below the lowest value.
        wanted
            Names as ``family_feature``.
        """
        levels = discretise(values, bin_width, first_edge)
        digest = hashlib.sha256(levels.levels.tobytes()).hexdigest()
        first_order = frozenset(name for name in FAMILIES["firstorder"] if f"firstorder_{name}" in wanted)
        named = firstorder_features(values, levels, self.voxel_volume_mm3, first_order) if first_order else {}
        found = {f"firstorder_{name}": value for name, value in named.items()}
        textures = frozenset(name for name in wanted if not name.startswith("firstorder_"))
        if textures:
            found.update(self._textures(levels, digest, textures))
        return ImageValues(found, levels, digest)

    def _textures(self, levels: Levels, digest: str, wanted: frozenset[str]) -> dict[str, float]:
        with self._lock:
            known = self._known.get((digest, wanted))
            mine: Future[dict[str, float]] = Future()
            if known is None:
                self._known[digest, wanted] = mine
        if known is not None:
            return known.result()
        try:
            mine.set_result(self._count(levels, wanted))
        except BaseException as error:
            # Whoever waits for these textures must hear of it.
            mine.set_exception(error)
            raise
        return mine.result()

    def _count(self, levels: Levels, wanted: frozenset[str]) -> dict[str, float]:
        present = int(np.count_nonzero(levels.counts))
        if present > MAX_DIFFERENT_LEVELS:
            raise EsccError(
                f"A filtered image has {present} different grey levels in the lesion; at most {MAX_DIFFERENT_LEVELS}"
                " can be counted.",
                "Take metal and padding out of the mask or use wider bins.",
            )
        box = np.zeros(self.voxels.shape, dtype=np.int32)
        box[self.voxels] = levels.levels
        families = frozenset(name.partition("_")[0] for name in wanted)
        return texture_features(count(box, families), wanted)
