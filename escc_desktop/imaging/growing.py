"""Region growing: what hangs together with a seed in a range of HU. Arrays in, a box and its voxels out; no window."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from escc_desktop.imaging.mask import BoolArray, Region
from escc_desktop.progress import Progress

HuRange = tuple[int, int]
Steps = tuple[int, int, int]
SEED_MM: Final = 3.0
_TISSUE_MM: Final = 8.0
_ROUNDS: Final = 2
_FEWEST: Final = 10
_WIDTH_SD: Final = 2.5
_MAD_TO_SD: Final = 1.4826
_LEAST_HALF_WIDTH: Final = 15.0


@dataclass(frozen=True)
class Growth:
    """What is to be grown.

    Attributes
    ----------
    seed
        The voxel (z, y, x) it starts from.
    hu_range
        Least and most HU of what is grown.
    spacing_mm
        Distance between voxel centres along z, y, x.
    reach_mm
        How far from the seed it may go.
    guard_mm
        Half the width of the narrowest bridge it goes over: what hangs on by less is left out. 0 goes over all.
    normal
        The axis across the plane it keeps to; None grows in three dimensions.
    """

    seed: Steps
    hu_range: HuRange
    spacing_mm: tuple[float, float, float]
    reach_mm: float
    guard_mm: float = 0.0
    normal: int | None = None

    def box(self, shape: tuple[int, ...]) -> Region:
        """Return the box (z, y, x) within reach of the seed on a grid."""
        return _around(self.seed, self._steps(self.reach_mm), shape)

    def _steps(self, mm: float) -> Steps:
        """Return how many voxels lie within so many millimetres along each axis."""
        z, y, x = (
            0 if axis == self.normal else math.floor(mm / step + 1e-9) for axis, step in enumerate(self.spacing_mm)
        )
        return z, y, x

    @property
    def guard_steps(self) -> Steps:
        """How many voxels the guard goes along each axis, to the nearest whole one."""
        z, y, x = (
            0 if axis == self.normal else round(self.guard_mm / step) for axis, step in enumerate(self.spacing_mm)
        )
        return z, y, x


@dataclass(frozen=True, eq=False)
class Grown:
    """What was grown.

    Attributes
    ----------
    box
        Where it lies (z, y, x).
    voxels
        Boolean, of the box's shape.
    is_stopped
        Whether it came to the end of its reach.
    """

    box: Region
    voxels: BoolArray
    is_stopped: bool

    @property
    def n_voxels(self) -> int:
        """Number of voxels grown."""
        return int(np.count_nonzero(self.voxels))


def start_range(hu: NDArray[np.int16], seed: Steps, spacing_mm: tuple[float, float, float]) -> HuRange:
    """Return the range of HU of the tissue a voxel lies in.

    It is that of what lies within 3 mm, refined twice by that of what hangs together in it within 8 mm.
    """
    box = _around(seed, tuple(math.floor(SEED_MM / step) for step in spacing_mm), hu.shape)
    found = range_of(hu[box][_ball(box, seed, spacing_mm, SEED_MM)])
    for _round in range(_ROUNDS):
        grown = grow(hu, Growth(seed, found, spacing_mm, _TISSUE_MM), None, Progress())
        if grown.n_voxels < _FEWEST:
            break
        found = range_of(hu[grown.box][grown.voxels])
    return found


def range_of(values: NDArray[np.int16]) -> HuRange:
    """Return the range of HU of a tissue: median and 2.5 robust standard deviations, at least 15 HU, to each side."""
    middle = float(np.median(values))
    spread = _WIDTH_SD * _MAD_TO_SD * float(np.median(np.abs(values - middle)))
    half = max(spread, _LEAST_HALF_WIDTH)
    return round(middle - half), round(middle + half)


def grow(hu: NDArray[np.int16], growth: Growth, region: BoolArray | None, progress: Progress) -> Grown:
    """Return what hangs together with a seed, or with a region, in a range of HU.

    Parameters
    ----------
    hu
        The volume (z, y, x).
    region
        Boolean in `growth.box`: grow from all of its voxels that are in the range; None grows from the seed.
    """
    box = growth.box(hu.shape)
    near = _ball(box, growth.seed, growth.spacing_mm, growth.reach_mm)
    low, high = growth.hu_range
    progress.advance(1, 6)
    allowed: BoolArray = (hu[box] >= low) & (hu[box] <= high) & near
    starts = _ball(box, growth.seed, growth.spacing_mm, min(SEED_MM, growth.reach_mm)) if region is None else region
    progress.advance(2, 6)
    grown = touching(allowed, allowed & starts)
    progress.advance(3, 6)
    if any(growth.guard_steps):
        grown = _without_bridges(grown, grown & starts, growth.guard_steps, progress)
    return Grown(box, grown, bool((grown & _rim(near, growth.normal)).any()))


def touching(voxels: BoolArray, starts: BoolArray) -> BoolArray:
    """Return the islands of an array, joined by faces, that hold one of the starts."""
    if not starts.any():
        return np.zeros_like(voxels)
    islands, n = ndimage.label(voxels)
    wanted = np.zeros(n + 1, dtype=np.bool_)
    wanted[islands[starts]] = True
    wanted[0] = False
    kept: BoolArray = wanted[islands]
    return kept


def _without_bridges(grown: BoolArray, starts: BoolArray, steps: Steps, progress: Progress) -> BoolArray:
    """Leave out what hangs on by a bridge that a box of the guard's size does not go through."""
    cores = _filtered(grown, steps, ndimage.minimum_filter1d)
    progress.advance(4, 6)
    core = touching(cores, cores & _filtered(starts, steps, ndimage.maximum_filter1d))
    progress.advance(5, 6)
    if not core.any():  # the seed lies in something narrower than the guard: all of it is a bridge
        return grown & _filtered(starts, steps, ndimage.maximum_filter1d)
    # One voxel more gives back the corners that the box has cut off.
    wider = steps[0] + bool(steps[0]), steps[1] + bool(steps[1]), steps[2] + bool(steps[2])
    return grown & _filtered(core, wider, ndimage.maximum_filter1d)


def _filtered(voxels: BoolArray, steps: Steps, line_filter: Any) -> BoolArray:
    """Grow or shrink by a box of so many voxels to each side, one axis after the other."""
    result = voxels.view(np.uint8)
    for axis, reach in enumerate(steps):
        if reach:
            result = line_filter(result, 2 * reach + 1, axis=axis, mode="nearest")
    made: BoolArray = result.view(np.bool_)
    return made


def _around(middle: Steps, steps: tuple[int, ...], shape: tuple[int, ...]) -> Region:
    z, y, x = (
        slice(max(at - reach, 0), min(at + reach + 1, length))
        for at, reach, length in zip(middle, steps, shape, strict=True)
    )
    return z, y, x


def _ball(box: Region, middle: Steps, spacing_mm: tuple[float, float, float], radius_mm: float) -> BoolArray:
    """Return which voxels of a box lie within a distance of a voxel."""
    squares = np.zeros((1, 1, 1))
    for axis, (part, at, step) in enumerate(zip(box, middle, spacing_mm, strict=True)):
        shape = [1, 1, 1]
        shape[axis] = -1
        squares = squares + (((np.arange(part.start, part.stop) - at) * step) ** 2).reshape(shape)
    inside: BoolArray = squares <= radius_mm**2 + 1e-9
    return inside


def _rim(near: BoolArray, normal: int | None) -> BoolArray:
    """Return the voxels next to what is out of reach; the end of the image is none."""
    structure = ndimage.generate_binary_structure(3, 1)
    if normal is not None:
        structure = np.take(structure, [1], axis=normal)
    inner: BoolArray = ndimage.binary_erosion(near, structure, border_value=1)
    return near & ~inner
