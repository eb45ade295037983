"""Volume and region as they are measured: resampled and resegmented where the settings ask for it.

Resampling follows the reference manual of the Image Biomarker Standardisation Initiative (IBSI, arXiv:1612.07003v11,
chapter 2.4): the new grid keeps the axes and the centre of the old one and covers all of it, values between voxel
centres are linear in each direction, beyond the outermost centres those at the edge go on. HU are rounded to the
nearest whole number, halves to the even one; a voxel belongs to the region where the linearly interpolated mask
reaches one half. The same arithmetic runs on every machine in the same order, so the same input gives the same bits.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from escc_desktop.errors import EsccError
from escc_desktop.features.params import ExtractionParams
from escc_desktop.features.scene import Scene
from escc_desktop.imaging.mask import Mask
from escc_desktop.imaging.volume import Geometry, Vector, Volume

MASK_THRESHOLD: Final = 0.5
MAX_VOXELS: Final = 2**30
# How far single-precision spacing, as NIfTI stores it, moves a position across an image, in voxels.
_SLACK: Final = 1e-4
_AXIS_NAMES: Final = ("column", "row", "slice")


def prepare(volume: Volume, mask: Mask, params: ExtractionParams, check: Callable[[], None] = lambda: None) -> Scene:
    """Return what the features of a region are computed from.

    Parameters
    ----------
    volume
        HU (z, y, x), finite.
    mask
        The region, on the volume's grid.
    params
        Whether to resample, and the range of HU that counts.
    check
        Called at every slice that is resampled; may raise to stop.

    Returns
    -------
    Scene
        Volume and mask as they are where the settings ask for nothing; else an int16 volume on the new grid. Whatever
        an engine takes from the whole image, such as the largest absolute HU, is then that of the resampled image.

    Raises
    ------
    EsccError
        The image cannot be resampled so, or nothing is left of the region.
    """
    if params.resampled_spacing_mm is not None:
        volume, mask = resampled(volume, mask, params.resampled_spacing_mm, check)
    return scene_of(volume, mask, params)


def scene_of(volume: Volume, mask: Mask, params: ExtractionParams) -> Scene:
    """Return what is measured of a region that lies on the grid it is measured on: resegmented only.

    Raises
    ------
    EsccError
        No voxel of the region is in the range that counts.
    """
    return Scene(volume, mask, _resegmented(volume, mask, params.resegmentation_hu), params.first_edge_hu)


def _resegmented(volume: Volume, mask: Mask, range_hu: list[float] | None) -> Mask:
    if range_hu is None:
        return mask
    lowest, highest = range_hu
    box = mask.bounding_box
    voxels = np.zeros_like(mask.voxels)
    part = volume.hu[box]
    voxels[box] = mask.voxels[box] & (part >= lowest) & (part <= highest)
    inside = Mask(voxels, mask.geometry)
    if inside.is_empty:
        raise EsccError(
            f"No voxel of the lesion lies between {lowest:g} and {highest:g} HU.", "Look at image, mask and range."
        )
    return inside


def resampled(
    volume: Volume, mask: Mask, spacing_mm: float, check: Callable[[], None] = lambda: None
) -> tuple[Volume, Mask]:
    """Return volume (int16 HU) and mask on cubic voxels.

    Parameters
    ----------
    check
        Called at every slice; may raise to stop.

    Raises
    ------
    EsccError
        An axis has one voxel only, HU do not fit into int16, the new image would be too large, or nothing is left of
        the region.
    """
    grid = resampled_geometry(volume.geometry, spacing_mm)
    return resampled_volume(volume, grid, check), resampled_mask(mask, grid, check)


def resampled_volume(volume: Volume, grid: Geometry, check: Callable[[], None] = lambda: None) -> Volume:
    """Return a volume (int16 HU) on a grid from `resampled_geometry`.

    Parameters
    ----------
    check
        Called at every slice; may raise to stop.

    Raises
    ------
    EsccError
        HU do not fit into int16.
    """
    lowest, highest = float(volume.hu.min()), float(volume.hu.max())
    limits = np.iinfo(np.int16)
    # Written so that NaN fails it too.
    if not (limits.min <= lowest and highest <= limits.max):
        raise EsccError(
            f"The image runs from {lowest:g} to {highest:g}; HU between {limits.min} and {limits.max} are needed.",
            "Export it in Hounsfield units.",
        )
    hu = np.empty(grid.shape, dtype=np.int16)
    for index, plane in _planes(volume.hu, _axes(volume.geometry, grid)):
        check()
        hu[index] = np.rint(plane)
    return Volume(hu, grid)


def resampled_geometry(geometry: Geometry, spacing_mm: float) -> Geometry:
    """Return the grid of cubic voxels around the same centre that covers the whole of another.

    Raises
    ------
    EsccError
        An axis has one voxel only, or the grid would have more than 2**30 voxels.
    """
    return grid_around(geometry, (spacing_mm, spacing_mm, spacing_mm))


def grid_around(geometry: Geometry, spacing_mm: Vector) -> Geometry:
    """Return the grid with a spacing along x, y, z around the same centre; raises as `resampled_geometry` does."""
    for name, length in zip(_AXIS_NAMES, geometry.size, strict=True):
        if length == 1:
            raise EsccError(
                f"The image has one single {name}: between {name}s there is nothing to interpolate.",
                "Use settings without resampling, such as ct_arterial.",
            )
    new_mm, old_mm = np.array(spacing_mm), np.array(geometry.spacing_mm)
    nx, ny, nz = (math.ceil(extent - _SLACK) for extent in old_mm * geometry.size / new_mm)
    if nx * ny * nz > MAX_VOXELS:
        raise EsccError(
            f"At {_words(spacing_mm)} mm the image would have {nx} x {ny} x {nz} voxels; {MAX_VOXELS:,} are the limit.",
            "Crop the image, or use settings without resampling.",
        )
    size = (max(nx, 1), max(ny, 1), max(nz, 1))
    first = (np.subtract(geometry.size, 1) - np.subtract(size, 1) * new_mm / old_mm) / 2
    x, y, z = geometry.to_mm(first[np.newaxis])[0].tolist()
    return Geometry(size, spacing_mm, (x, y, z), geometry.direction)


def _words(spacing_mm: Vector) -> str:
    """Return a spacing as it is said: once where the voxels are cubes."""
    return f"{spacing_mm[0]:g}" if len(set(spacing_mm)) == 1 else " x ".join(f"{each:g}" for each in spacing_mm)


@dataclass(frozen=True, eq=False)
class _Axis:
    """Between which old positions each new one lies, and how near to the second: arrays (n,)."""

    lower: NDArray[np.intp]
    upper: NDArray[np.intp]
    weight: NDArray[np.float64]


def _axes(old: Geometry, new: Geometry) -> tuple[_Axis, _Axis, _Axis]:
    """Return the axes in the order of arrays: z, y, x."""
    pairs = zip(old.size, new.size, old.spacing_mm, new.spacing_mm, strict=True)
    x, y, z = (_axis(n_old, n_new, new_mm / old_mm) for n_old, n_new, old_mm, new_mm in pairs)
    return z, y, x


def _axis(n_old: int, n_new: int, step: float) -> _Axis:
    centred = np.arange(n_new) - (n_new - 1) / 2
    positions = np.clip((n_old - 1) / 2 + centred * step, 0, n_old - 1)
    lower = np.minimum(positions.astype(np.intp), n_old - 2)
    return _Axis(lower, lower + 1, positions - lower)


def _planes(array: NDArray[Any], axes: tuple[_Axis, _Axis, _Axis]) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """Yield each new slice with its index; of the old ones only two are held at a time, as float64."""
    along_z, along_y, along_x = axes
    held: dict[int, NDArray[np.float64]] = {}
    for index, (low, high, weight) in enumerate(zip(along_z.lower, along_z.upper, along_z.weight, strict=True)):
        held = {z: held[z] if z in held else _in_plane(array[z], along_y, along_x) for z in (int(low), int(high))}
        yield index, held[int(low)] * (1 - weight) + held[int(high)] * weight


def _in_plane(plane: NDArray[Any], along_y: _Axis, along_x: _Axis) -> NDArray[np.float64]:
    down = along_y.weight[:, np.newaxis]
    rows = plane[along_y.lower] * (1 - down) + plane[along_y.upper] * down
    return np.asarray(
        rows[:, along_x.lower] * (1 - along_x.weight) + rows[:, along_x.upper] * along_x.weight, dtype=np.float64
    )


def resampled_mask(mask: Mask, grid: Geometry, check: Callable[[], None] = lambda: None) -> Mask:
    """Return a mask on a grid from `resampled_geometry`: what reaches one half, to within the slack.

    It is interpolated where it is not zero; `check` is called at every slice and may raise to stop.

    Raises
    ------
    EsccError
        Nothing is left of the region.
    """
    axes = _axes(mask.geometry, grid)
    near = tuple(_near(axis, part) for axis, part in zip(axes, mask.bounding_box, strict=True))
    z, y, x = (
        _Axis(axis.lower[part], axis.upper[part], axis.weight[part]) for axis, part in zip(axes, near, strict=True)
    )
    voxels = np.zeros(grid.shape, dtype=np.bool_)
    block = voxels[near]
    for index, plane in _planes(mask.voxels, (z, y, x)):
        check()
        block[index] = plane >= MASK_THRESHOLD - _SLACK
    made = Mask(voxels, grid)
    if made.is_empty:
        raise EsccError(
            f"Nothing is left of the lesion ({mask.n_voxels} voxels) at {_words(grid.spacing_mm)} mm.",
            "It is thinner than the new voxels: use settings without resampling.",
        )
    return made


def _near(axis: _Axis, part: slice) -> slice:
    """Return the new positions that have an old one of the part beside them."""
    hits = np.flatnonzero((axis.upper >= part.start) & (axis.lower < part.stop))
    return slice(int(hits[0]), int(hits[-1]) + 1) if hits.size else slice(0, 0)
