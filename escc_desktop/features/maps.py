"""Feature maps: every voxel of a region has the value of its 3 x 3 x 3 neighbourhood.

Source: PyRadiomics 3.0.1 in voxel-based mode with its defaults (kernelRadius 1, maskedKernel). The grey levels are
those of the whole region; of a neighbourhood only the voxels of the region count. A texture is the mean over the
directions in which the neighbourhood has pairs or runs: PyRadiomics' own rule, which it keeps for JointAverage and MCC
too when it goes voxel by voxel (``voxelBatch`` 1); in larger batches it loses these two (decision 0132).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from escc_desktop.errors import UsageError
from escc_desktop.features._maps import neighbourhoods
from escc_desktop.features.discretise import Levels
from escc_desktop.features.filters import Scan, filtered, groups
from escc_desktop.features.image_features import CountedRegion
from escc_desktop.features.names import FAMILIES, FeatureName, parse_feature_name
from escc_desktop.features.params import ExtractionParams
from escc_desktop.features.scene import Scene
from escc_desktop.imaging.mask import Region
from escc_desktop.progress import Progress

# What _maps.c gives for a matrix of sizes, in its order; a dash where the family has no such feature.
_SIZE_FEATURES: Final = {
    "gldm": """
        SmallDependenceEmphasis LargeDependenceEmphasis GrayLevelNonUniformity - DependenceNonUniformity
        DependenceNonUniformityNormalized - GrayLevelVariance DependenceVariance DependenceEntropy LowGrayLevelEmphasis
        HighGrayLevelEmphasis SmallDependenceLowGrayLevelEmphasis SmallDependenceHighGrayLevelEmphasis
        LargeDependenceLowGrayLevelEmphasis LargeDependenceHighGrayLevelEmphasis
        """,
    "glrlm": """
        ShortRunEmphasis LongRunEmphasis GrayLevelNonUniformity GrayLevelNonUniformityNormalized RunLengthNonUniformity
        RunLengthNonUniformityNormalized RunPercentage GrayLevelVariance RunVariance RunEntropy
        LowGrayLevelRunEmphasis HighGrayLevelRunEmphasis ShortRunLowGrayLevelEmphasis ShortRunHighGrayLevelEmphasis
        LongRunLowGrayLevelEmphasis LongRunHighGrayLevelEmphasis
        """,
    "glszm": """
        SmallAreaEmphasis LargeAreaEmphasis GrayLevelNonUniformity GrayLevelNonUniformityNormalized
        SizeZoneNonUniformity SizeZoneNonUniformityNormalized ZonePercentage GrayLevelVariance ZoneVariance ZoneEntropy
        LowGrayLevelZoneEmphasis HighGrayLevelZoneEmphasis SmallAreaLowGrayLevelEmphasis SmallAreaHighGrayLevelEmphasis
        LargeAreaLowGrayLevelEmphasis LargeAreaHighGrayLevelEmphasis
        """,
}
_COLUMNS: Final = {
    family: tuple(_SIZE_FEATURES[family].split()) if family in _SIZE_FEATURES else features
    for family, features in FAMILIES.items()
}
_FAMILY_NUMBERS: Final = {family: number for number, family in enumerate(FAMILIES)}
_BATCH: Final = 500  # voxels between two looks at whether to stop: a tenth of a second at most
_FILTERING: Final = 0.4


@dataclass(frozen=True, eq=False)
class FeatureMap:
    """Where in a region a feature is high and where it is low.

    Attributes
    ----------
    name
        Of the feature, without phase, such as ``wavelet-LLH_glcm_Idm``.
    values
        float64 (z, y, x) on `box`. NaN outside the region, and where a neighbourhood has no value: a voxel without
        neighbours has no texture.
    box
        Where the map lies on the grid of the scene.
    region_value
        The feature of the whole region: not the mean of the map.
    """

    name: str
    values: NDArray[np.float64]
    box: Region
    region_value: float

    @property
    def lowest(self) -> float:
        """The lowest value; NaN where no voxel has one."""
        return float(np.fmin.reduce(self.values, axis=None))

    @property
    def highest(self) -> float:
        """The highest value; NaN where no voxel has one."""
        return float(np.fmax.reduce(self.values, axis=None))


@dataclass(frozen=True, eq=False)
class DiscretisedImage:
    """An image on a box, with the grey levels of a region.

    Attributes
    ----------
    values
        (z, y, x), any real type.
    voxels
        bool (z, y, x): the region.
    levels
        Of ``values[voxels]``.
    voxel_volume_mm3
        Volume of a voxel.
    """

    values: NDArray[Any]
    voxels: NDArray[np.bool_]
    levels: Levels
    voxel_volume_mm3: float


def feature_map(
    image: DiscretisedImage, family: str, feature: str, check: Callable[[float], None] = lambda _done: None
) -> NDArray[np.float64]:
    """Compute a feature of every voxel's neighbourhood.

    Parameters
    ----------
    image
        The image.
    family, feature
        Such as ``glcm`` and ``Idm``.
    check
        Called several times a second with the fraction done; may raise to stop.

    Returns
    -------
    NDArray
        float64 (z, y, x), NaN outside the region.
    """
    columns = _COLUMNS[family]
    # A margin of one voxel, so that every voxel has its 26 neighbours on the box.
    levels = np.zeros(tuple(n + 2 for n in image.voxels.shape), dtype=np.int32)
    levels[1:-1, 1:-1, 1:-1][image.voxels] = image.levels.levels
    values = np.pad(image.values.astype(np.float64), 1)
    places = np.flatnonzero(levels).astype(np.int64)
    settings = (
        image.levels.n_levels,
        int(np.count_nonzero(image.levels.counts)),
        image.voxel_volume_mm3,
        feature == "MCC",
    )
    found = np.empty(len(places))
    for start in range(0, len(places), _BATCH):
        check(start / len(places))
        at = places[start : start + _BATCH]
        out = np.empty((len(at), len(columns)))
        neighbourhoods(_FAMILY_NUMBERS[family], (*levels.shape, len(at)), settings, levels, values, at, out)
        found[start : start + _BATCH] = out[:, columns.index(feature)]
    whole = np.full(image.voxels.shape, np.nan)
    whole[image.voxels] = found
    return whole


def map_of(scene: Scene, params: ExtractionParams, name: str, progress: Progress) -> FeatureMap:
    """Compute the map of a feature.

    Parameters
    ----------
    scene
        Scan and region.
    params
        The settings of the filters and of the discretisation.
    name
        Of the feature, with or without phase.
    progress
        May cancel.

    Raises
    ------
    EsccError
        No feature is called so.
    UsageError
        It is a feature of shape, or of an image these settings do not make.
    Cancelled
        From `progress`.
    """
    parsed = mappable_feature(name, params)
    filtering, mapping = progress.part(0, _FILTERING), progress.part(_FILTERING, 1)
    box = scene.inside.bounding_box
    voxels = np.ascontiguousarray(scene.inside.voxels[box])
    values = _image(scene, params, parsed.filter, voxels, lambda: filtering.advance(0, 1, parsed.filter))
    volume_mm3 = scene.volume.geometry.voxel_volume_mm3
    wanted = f"{parsed.family}_{parsed.feature}"
    first_edge = scene.first_edge_hu if parsed.filter == "original" else None
    region = CountedRegion(voxels, volume_mm3)
    described = region.features(values[voxels], params.bin_width_hu, first_edge, frozenset({wanted}))
    image = DiscretisedImage(values, voxels, described.levels, volume_mm3)
    found = feature_map(image, parsed.family, parsed.feature, lambda done: mapping.advance(done, 1, parsed.feature))
    return FeatureMap(f"{parsed.filter}_{wanted}", found, box, described.values[wanted])


def mappable_feature(name: str, params: ExtractionParams) -> FeatureName:
    """Return a feature's name in its parts if there is a map of it; raise as `map_of` does otherwise."""
    parsed = parse_feature_name(name)
    if parsed.family == "shape":
        raise UsageError(f"{parsed} is a measure of the whole lesion: it has no map.", "Choose a feature of an image.")
    if parsed.filter not in params.filters:
        raise UsageError(
            f"The settings {params.name} make no image {parsed.filter}.",
            f"They make {', '.join(params.filters)}.",
        )
    return parsed


def _image(
    scene: Scene, params: ExtractionParams, name: str, voxels: NDArray[np.bool_], check: Callable[[], None]
) -> NDArray[Any]:
    scan = Scan(scene.volume)
    (group,) = groups(params, {name})
    images = filtered(scan, scene.inside.bounding_box, voxels, params, group, check)
    return next(values for image, values in images if image == name)
