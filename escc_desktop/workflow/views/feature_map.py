"""A feature over the CT of a signed reading: where in the lesion the number comes from.

Only for roles that may see images and scores, and only of signed readings: over an outline in the making a map would
steer the reader (`View.map_settings` holds to it).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from escc_desktop.features.names import FAMILIES, parse_feature_name
from escc_desktop.features.params import ExtractionParams, kept_params
from escc_desktop.features.resample import prepare
from escc_desktop.features.scene import Scene
from escc_desktop.figures.words import term
from escc_desktop.i18n import _, plural
from escc_desktop.imaging.mask import Mask, Region
from escc_desktop.progress import Progress
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.views.lesion import LesionView

if TYPE_CHECKING:
    from escc_desktop.features.maps import FeatureMap

# Few voxels at the ends would take all the colours.
_ENDS_PERCENT = (2, 98)
_PREPARING = 0.2
_WITHOUT_UNIT = {"Entropy", "Kurtosis", "Skewness", "Uniformity"}
_HU = [name for name in FAMILIES["firstorder"] if name not in _WITHOUT_UNIT]
_UNITS: Mapping[str, str] = {**dict.fromkeys(_HU, "HU"), "Energy": "HU²", "Variance": "HU²", "TotalEnergy": "HU² mm³"}


@dataclass(frozen=True, eq=False)
class MapView:
    """A feature over the CT.

    Attributes
    ----------
    title, family
        What the feature is called; image and family.
    values
        float64 (z, y, x) on `box` of the CT's grid; NaN where there is none.
    lowest, highest
        Of all values; NaN where no voxel has one.
    low, high
        Where the colours begin and end: the 2nd and the 98th percentile.
    region_value
        The feature of the whole lesion: not the mean of the map.
    unit
        Of the values, or nothing.
    note
        What is to be known of this map, or nothing.
    """

    name: str
    title: str
    family: str
    values: NDArray[np.float64]
    box: Region
    lowest: float
    highest: float
    low: float
    high: float
    region_value: float
    unit: str
    note: str

    def value_at(self, voxel: tuple[int, int, int]) -> float:
        """Return the value of a voxel (x, y, z) of the CT; NaN where there is none."""
        place = tuple(index - part.start for index, part in zip(reversed(voxel), self.box, strict=True))
        inside = all(0 <= index < n for index, n in zip(place, self.values.shape, strict=True))
        return float(self.values[place]) if inside else float("nan")


class MapSource:
    """The maps of one signed reading; each is computed once.

    Attributes
    ----------
    images
        Names of the images there are maps of.
    families
        Features by family.
    """

    families: Mapping[str, tuple[str, ...]] = FAMILIES

    def __init__(self, lesion: LesionView, params: ExtractionParams) -> None:
        self._lesion, self._params = lesion, params
        self._scene: Scene | None = None
        self._known: dict[str, MapView] = {}
        self.images = params.filters

    def view(self, name: str, progress: Progress) -> MapView:
        """Return the map of a feature, named with or without phase.

        Raises
        ------
        EsccError
            There is no map of it.
        Cancelled
            From `progress`.
        """
        parsed = parse_feature_name(name)
        key = f"{parsed.filter}_{parsed.family}_{parsed.feature}"
        if key not in self._known:
            self._known[key] = self._compute(key, progress)
        return self._known[key]

    def _compute(self, name: str, progress: Progress) -> MapView:
        from escc_desktop.features.maps import map_of  # noqa: PLC0415  # the filters, not before one is wanted

        progress.advance(0, 1, _("CT"))
        if self._scene is None:
            mask = Mask(self._lesion.voxels, self._lesion.volume.geometry)
            self._scene = prepare(self._lesion.volume, mask, self._params)
        found = map_of(self._scene, self._params, name, progress.part(_PREPARING, 1))
        values, box = self._on_ct(found, self._scene)
        parsed = parse_feature_name(name)
        title, family = feature_words(name)
        low, high = _ends(found)
        unit = _UNITS.get(parsed.feature, "") if (parsed.filter, parsed.family) == ("original", "firstorder") else ""
        return MapView(
            name=name,
            title=title,
            family=family,
            values=values,
            box=box,
            lowest=found.lowest,
            highest=found.highest,
            low=low,
            high=high,
            region_value=found.region_value,
            unit=unit,
            note=_note(found, self._scene),
        )

    def _on_ct(self, found: FeatureMap, scene: Scene) -> tuple[NDArray[np.float64], Region]:
        """Return a map on the CT's own grid: each voxel of the lesion has the value of the nearest resampled one."""
        lesion, grid = self._lesion, scene.volume.geometry
        if grid == lesion.volume.geometry:
            return found.values, found.box
        places = np.argwhere(lesion.voxels[lesion.box])
        start = [part.start for part in lesion.box]
        mm = lesion.volume.geometry.to_mm((places + start)[:, ::-1])
        nearest = np.rint(grid.to_index(mm)).astype(np.intp)[:, ::-1] - [part.start for part in found.box]
        is_known = ((nearest >= 0) & (nearest < found.values.shape)).all(axis=1)
        values = np.full(lesion.voxels[lesion.box].shape, np.nan)
        values[tuple(places[is_known].T)] = found.values[tuple(nearest[is_known].T)]
        return values, lesion.box


def mappable(names: Iterable[str]) -> tuple[str, ...]:
    """Return the features there can be a map of: not those of shape, which belong to the whole lesion."""
    return tuple(name for name in names if parse_feature_name(name).family != "shape")


def feature_words(name: str) -> tuple[str, str]:
    """Return what a feature, named with or without phase, is called, and its image and family."""
    return term(name if name.startswith("A_") else f"A_{name}")


def open_maps(project: Project, lesion: LesionView, progress: Progress) -> MapSource:
    """Return the maps of a lesion, by the settings its features were extracted with.

    Raises
    ------
    AccessDeniedError
        The role sees no maps, or the reading is not signed.
    """
    progress.advance(0, 1, _("Settings"))
    return MapSource(lesion, kept_params(project.view.map_settings(lesion.session_id)))


def _ends(found: FeatureMap) -> tuple[float, float]:
    known = found.values[np.isfinite(found.values)]
    if known.size == 0:
        return float("nan"), float("nan")
    low, high = np.percentile(known, _ENDS_PERCENT)
    return float(low), float(high)


def _note(found: FeatureMap, scene: Scene) -> str:
    n_empty = scene.inside.n_voxels - int(np.isfinite(found.values).sum())
    if n_empty == 0:
        return ""
    return plural("{n} voxel alone has no value.", "{n} voxels alone have no value.", n_empty)
