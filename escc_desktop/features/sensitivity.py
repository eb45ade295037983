"""What features would be had the same lesion been drawn or scanned a little differently.

One thing at a time: the outline a pixel wider or narrower, a slice more or less at its ends, without air or bright
voxels, with noise, on another grid, with another largest absolute HU, without the one voxel an extreme value rests on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from math import ceil
from typing import Final

import numpy as np
from scipy import ndimage

from escc_desktop.errors import EsccError
from escc_desktop.features.intensity import INTENSITY
from escc_desktop.features.live import Ground, LiveFeatures
from escc_desktop.features.names import parse_feature_name
from escc_desktop.features.params import ExtractionParams, load_params
from escc_desktop.features.perturb import REACH_MM, Amplitudes, Recipe, noise_sd, perturbed
from escc_desktop.features.resample import grid_around, resampled_mask, resampled_volume
from escc_desktop.imaging.mask import BoolArray, Mask, bounding_box
from escc_desktop.imaging.volume import Volume
from escc_desktop.progress import Progress

AIR_HU: Final = -30
BRIGHT_HU: Final = 200
WINDOW_HU: Final = (-1024, 1500)
LARGEST_HU: Final = (1024.0, 1300.0, 3071.0)
CUBE_MM: Final = 1.0
NOISE_HU: Final = 10.0
MOST_NOISE: Final = 10.0
NOISE_DRAWS: Final = 5
SEED: Final = 1
_OPENING: Final = 0.1
_CUBES: Final = "ct_arterial_iso"
_IN_SLICE: Final = ndimage.generate_binary_structure(2, 1)[np.newaxis]
_ENDS: Final = {"Minimum": ("min",), "Maximum": ("max",), "Range": ("min", "max")}


class Factor(StrEnum):
    """What is changed, and what the amount of a run means.

    RIM: pixels outwards (negative: inwards) in every slice. ENDS: slices more (negative: less) at either end. AIR,
    BRIGHT: the HU below or above which voxels are left out. NOISE: standard deviation of the added noise in HU. CUBES:
    edge of cubic voxels in mm, 0 for the scan's own grid. SLICES: distance between slices in mm. WINDOW: the HU above
    which values are cut off. LARGEST: largest absolute HU of the scan. VOXEL: HU of the voxel left out.
    """

    RIM = "rim"
    ENDS = "ends"
    AIR = "air"
    BRIGHT = "bright"
    NOISE = "noise"
    CUBES = "cubes"
    SLICES = "slices"
    WINDOW = "window"
    LARGEST = "largest"
    VOXEL = "voxel"


@dataclass(frozen=True)
class Run:
    """One change.

    Attributes
    ----------
    amount
        How much, as `Factor` says.
    values
        The features, by name; None where there are none.
    n_voxels
        How many voxels the region has then, on its own grid.
    refused
        Why there are no values.
    """

    amount: float
    values: Mapping[str, float] | None
    n_voxels: int
    refused: str = ""


@dataclass(frozen=True)
class DecidingVoxel:
    """The voxel an extreme value rests on.

    Attributes
    ----------
    feature
        Name, without phase.
    end
        "min" or "max".
    point_mm
        Where it lies, LPS.
    n_sharing
        How many voxels have this very value; from two on none of them decides.
    """

    feature: str
    end: str
    point_mm: tuple[float, float, float]
    n_sharing: int


@dataclass(frozen=True)
class Response:
    """What one kind of change does.

    Attributes
    ----------
    voxel
        The voxel left out, of `Factor.VOXEL`; else None.
    """

    factor: Factor
    runs: tuple[Run, ...]
    voxel: DecidingVoxel | None = None


@dataclass(frozen=True)
class Sensitivity:
    """The features of a region, and what they would be.

    Attributes
    ----------
    values
        As it is.
    n_voxels
        Of the region.
    largest_hu
        Largest absolute HU of the scan.
    """

    values: Mapping[str, float]
    n_voxels: int
    largest_hu: float
    responses: tuple[Response, ...]


def sensitivity(
    volume: Volume, mask: Mask, params: ExtractionParams, names: frozenset[str], progress: Progress
) -> Sensitivity:
    """Compute features of a region under every change.

    Parameters
    ----------
    volume, mask
        Scan and region, on one grid.
    names
        The features, without phase.
    progress
        Advanced between changes; may cancel within them.

    Raises
    ------
    EsccError
        The region itself has no valid values.
    Cancelled
        From `progress`.
    """
    study = _Study(volume, mask, params, names, progress.part(0, _OPENING))
    changes = (*study.outlines(), *study.scans(), *study.scales(), *study.extremes(progress))
    step = (1 - _OPENING) / len(changes)
    found: dict[tuple[Factor, DecidingVoxel | None], list[Run]] = {}
    for number, change in enumerate(changes):
        begun = _OPENING + number * step
        run = _run(change, progress.part(begun, begun + step))
        found.setdefault((change.factor, change.voxel), []).append(run)
    responses = tuple(Response(factor, tuple(runs), voxel) for (factor, voxel), runs in found.items())
    return Sensitivity(study.values, mask.n_voxels, study.live.largest_hu, responses)


@dataclass(frozen=True, eq=False)
class _Change:
    """A change still to be made; `attempt` gives values and number of voxels, and the amount where it is measured."""

    factor: Factor
    amount: float
    attempt: Callable[[Progress], Run]
    voxel: DecidingVoxel | None = None


def _run(change: _Change, progress: Progress) -> Run:
    progress.advance(0, 1, change.factor)
    try:
        return change.attempt(progress)
    except EsccError as error:
        return Run(change.amount, None, 0, error.what)


class _Study:
    """One region under all changes."""

    def __init__(
        self, volume: Volume, mask: Mask, params: ExtractionParams, names: frozenset[str], progress: Progress
    ) -> None:
        self._volume, self._mask, self._params, self._names = volume, mask, params, names
        self._ground = Ground.of(volume, params, progress)
        self.live = LiveFeatures(self._ground, params, names)
        self._scene = self.live.scene(mask)
        self.values: Mapping[str, float] = self.live.features_of(self._scene, progress)

    def outlines(self) -> Iterator[_Change]:
        """Give the changes of the outline."""
        voxels, inside = self._mask.voxels, self._volume.hu[self._mask.bounding_box]
        for step in (1, -1):
            yield _Change(Factor.RIM, step, partial(self._redrawn, step, partial(_with_rim, voxels, step)))
        for step in (1, -1):
            yield _Change(Factor.ENDS, step, partial(self._redrawn, step, partial(_with_ends, voxels, step)))
        for factor, limit, is_out in (
            (Factor.AIR, AIR_HU, inside < AIR_HU),
            (Factor.BRIGHT, BRIGHT_HU, inside > BRIGHT_HU),
        ):
            yield _Change(factor, limit, partial(self._redrawn, limit, partial(self._without, is_out)))

    def scans(self) -> Iterator[_Change]:
        """Give the changes of the scan."""
        recipe = Recipe.of("N", SEED, self._params.log_sigma_mm, Amplitudes(noise=self._noise()))
        for number in range(NOISE_DRAWS):
            yield _Change(Factor.NOISE, 0.0, partial(self._noisy, recipe, number))
        cube_mm = CUBE_MM if self._params.resampled_spacing_mm != CUBE_MM else 0.0
        yield _Change(Factor.CUBES, cube_mm, partial(self._in_cubes, cube_mm))
        apart_mm = 2 * self._volume.geometry.spacing_mm[2]
        yield _Change(Factor.SLICES, apart_mm, partial(self._thinned, apart_mm))
        yield _Change(Factor.WINDOW, WINDOW_HU[1], self._windowed)

    def scales(self) -> Iterator[_Change]:
        """Give other largest values of the scan, if a feature depends on them."""
        scaled = frozenset(name for name in self._names if parse_feature_name(name).filter in INTENSITY)
        for scale_hu in LARGEST_HU if scaled else ():
            yield _Change(Factor.LARGEST, scale_hu, partial(self._rescaled, scale_hu, scaled))

    def extremes(self, progress: Progress) -> Iterator[_Change]:
        """Leave out each voxel that an extreme value rests on."""
        for name in sorted(self._names):
            parsed = parse_feature_name(name)
            for end in _ENDS.get(parsed.feature, ()) if parsed.family == "firstorder" else ():
                values, places = self.live.values_of(self._scene, parsed.filter, progress)
                extreme = values.min() if end == "min" else values.max()
                sharing = np.flatnonzero(values == extreme)
                place: tuple[int, int, int] = tuple(places[sharing[0]].tolist())
                point = self._scene.volume.geometry.to_mm(np.array([place[::-1]]))[0].tolist()
                voxel = DecidingVoxel(name, end, (point[0], point[1], point[2]), len(sharing))
                hu = float(self._scene.volume.hu[place])
                yield _Change(Factor.VOXEL, hu, partial(self._without_voxel, place, hu), voxel)

    def _noise(self) -> float:
        """Return how many times the noise of the image are 10 HU, as far as a perturbation goes."""
        z, y, x = (
            slice(max(part.start - ceil(REACH_MM / spacing), 0), part.stop + ceil(REACH_MM / spacing))
            for part, spacing in zip(self._mask.bounding_box, self._volume.geometry.spacing_mm[::-1], strict=True)
        )
        return min(NOISE_HU / max(noise_sd(self._volume.hu[z, y, x]), 1e-9), MOST_NOISE)

    def _redrawn(self, amount: float, draw: Callable[[], BoolArray], progress: Progress) -> Run:
        mask = Mask(draw(), self._mask.geometry)
        is_same = mask.n_voxels == self._mask.n_voxels and np.array_equal(mask.voxels, self._mask.voxels)
        values = self.values if is_same else self.live.features(mask, progress)
        return Run(amount, values, mask.n_voxels)

    def _without(self, is_out: BoolArray) -> BoolArray:
        voxels = self._mask.voxels.copy()
        voxels[self._mask.bounding_box] &= ~is_out
        return voxels

    def _without_voxel(self, place: tuple[int, int, int], hu: float, progress: Progress) -> Run:
        scene = self._scene
        inside = scene.inside.voxels.copy()
        inside[place] = False
        region = scene.region.voxels & (inside | ~scene.inside.voxels)
        grid = scene.volume.geometry
        fewer = replace(scene, region=Mask(region, grid), inside=Mask(inside, grid))
        return Run(hu, self.live.features_of(fewer, progress), self._mask.n_voxels - 1)

    def _noisy(self, recipe: Recipe, number: int, progress: Progress) -> Run:
        noisy, _ = perturbed(self._volume, self._mask, recipe, number)
        box = self._mask.bounding_box
        added = noisy.hu[box].astype(np.float64) - self._volume.hu[box]
        return self._scanned(float(added.std()), noisy, self._mask, self._params, progress)

    def _in_cubes(self, cube_mm: float, progress: Progress) -> Run:
        cubes = load_params(_CUBES)
        changed = {"resampled_spacing_mm": cube_mm or None, "resampling": cubes.resampling if cube_mm else None}
        params = self._params.model_copy(update=changed)
        return self._scanned(cube_mm, self._volume, self._mask, params, progress)

    def _thinned(self, apart_mm: float, progress: Progress) -> Run:
        x, y, _ = self._volume.geometry.spacing_mm
        grid = grid_around(self._volume.geometry, (x, y, apart_mm))
        volume = resampled_volume(self._volume, grid, lambda: progress.advance(0, 1, Factor.SLICES))
        return self._scanned(apart_mm, volume, resampled_mask(self._mask, grid), self._params, progress)

    def _windowed(self, progress: Progress) -> Run:
        lowest, highest = WINDOW_HU
        hu = self._volume.hu
        if lowest <= hu.min() and hu.max() <= highest:
            return Run(highest, self.values, self._mask.n_voxels)
        volume = Volume(np.clip(hu, lowest, highest), self._volume.geometry)
        return self._scanned(highest, volume, self._mask, self._params, progress)

    def _rescaled(self, scale_hu: float, scaled: frozenset[str], progress: Progress) -> Run:
        other = LiveFeatures(self._ground, self._params, scaled, scale_hu)
        return Run(scale_hu, {**self.values, **other.features_of(self._scene, progress)}, self._mask.n_voxels)

    def _scanned(self, amount: float, volume: Volume, mask: Mask, params: ExtractionParams, progress: Progress) -> Run:
        live = LiveFeatures(Ground.of(volume, params, progress), params, self._names)
        scene = live.scene(mask)
        return Run(amount, live.features_of(scene, progress), scene.region.n_voxels)


def _with_rim(voxels: BoolArray, step: int) -> BoolArray:
    """Return a region one pixel wider (1) or narrower (-1) in every slice."""
    box = bounding_box(voxels)
    z, y, x = (slice(max(part.start - 1, 0), part.stop + 1) for part in box)
    changed = voxels.copy()
    if step > 0:
        changed[z, y, x] = ndimage.binary_dilation(voxels[z, y, x], _IN_SLICE)
    else:
        # At the edge of the image the region goes on, for all that is known.
        changed[z, y, x] = ndimage.binary_erosion(voxels[z, y, x], _IN_SLICE, border_value=1)
    return changed


def _with_ends(voxels: BoolArray, step: int) -> BoolArray:
    """Return a region with its end slices drawn once more beyond either end (1), or without them (-1)."""
    z = bounding_box(voxels)[0]
    changed = voxels.copy()
    if step > 0:
        changed[max(z.start - 1, 0)] |= voxels[z.start]
        changed[min(z.stop, len(voxels) - 1)] |= voxels[z.stop - 1]
    else:
        changed[[z.start, z.stop - 1]] = False
    return changed
