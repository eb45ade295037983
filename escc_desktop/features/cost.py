"""What a region will cost: memory, and the silence after which its computation counts as hanging."""

from __future__ import annotations

import math
from typing import Final

from escc_desktop.errors import EsccError
from escc_desktop.features.memory import MIB
from escc_desktop.features.params import ExtractionParams
from escc_desktop.features.resample import resampled_geometry
from escc_desktop.imaging.mask import Mask
from escc_desktop.imaging.volume import Volume

# Measured on images of 4 to 84 million voxels; LoG, lbp-3D and the intensity filters take the whole image.
_PYRADIOMICS_BASE: Final = 300 * MIB
_PYRADIOMICS_VOXEL: Final = 42
_PYRADIOMICS_MASK_VOXEL: Final = 4_800
_PYRADIOMICS_SILENCE_S: Final = 600.0
_PYRADIOMICS_SILENCE_S_MVOXEL: Final = 5.0
# Measured on images of 1 to 79 million voxels and regions up to 680 thousand: the program itself, the image twice
# while it is read, and crops around the region.
_FAST_BASE: Final = 250 * MIB
_FAST_MASK_VOXEL: Final = 200
# It tells after every image how far it is: at most three seconds of silence were measured, but machines are busy.
_FAST_SILENCE_S: Final = 30.0
_FAST_SILENCE_S_MVOXEL: Final = 0.2
_FAST_SILENCE_S_MASK_KVOXEL: Final = 0.1

GIB: Final = 2**30
# Resampled HU are int16.
_RESAMPLED_VOXEL: Final = 2


def needed_bytes(engine: str, voxels: int, volume_bytes: int, mask_voxels: int) -> int:
    """Return about the memory an engine takes for an image of so many voxels and a region of so many."""
    if engine == "pyradiomics":
        return _PYRADIOMICS_BASE + _PYRADIOMICS_VOXEL * voxels + _PYRADIOMICS_MASK_VOXEL * mask_voxels
    return _FAST_BASE + 2 * volume_bytes + _FAST_MASK_VOXEL * mask_voxels


def patience_s(engine: str, voxels: int, mask_voxels: int) -> float:
    """Return after how much silence a computation counts as hanging."""
    if engine == "pyradiomics":
        return _PYRADIOMICS_SILENCE_S + _PYRADIOMICS_SILENCE_S_MVOXEL * voxels / 1e6
    return _FAST_SILENCE_S + _FAST_SILENCE_S_MVOXEL * voxels / 1e6 + _FAST_SILENCE_S_MASK_KVOXEL * mask_voxels / 1e3


def too_large(voxels: int, need_bytes: int, free_bytes: int) -> EsccError:
    """Return what to say of an image that does not fit into memory."""
    return EsccError(
        f"The image has {voxels / 1e6:.0f} million voxels and needs about {need_bytes / GIB:.1f} GiB of memory;"
        f" {free_bytes / GIB:.1f} GiB are free.",
        "Close other programs or use a computer with more memory.",
    )


def cost(engine: str, volume: Volume, mask: Mask, params: ExtractionParams) -> tuple[int, float]:
    """Return memory in bytes and patience in seconds for a region.

    Raises
    ------
    EsccError
        The image cannot be resampled as the settings ask.
    """
    voxels, volume_bytes, mask_voxels = volume.hu.size, volume.hu.nbytes, mask.n_voxels
    if params.resampled_spacing_mm is not None:
        grid = resampled_geometry(volume.geometry, params.resampled_spacing_mm)
        mask_voxels = round(mask.volume_mm3 / grid.voxel_volume_mm3)
        voxels = math.prod(grid.size)
        volume_bytes += voxels * _RESAMPLED_VOXEL
    return needed_bytes(engine, voxels, volume_bytes, mask_voxels), patience_s(engine, voxels, mask_voxels)
