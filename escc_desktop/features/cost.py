"""What a region will cost: memory, and the silence after which its computation counts as hanging."""

from __future__ import annotations

from typing import Final

from escc_desktop.features.memory import MIB
from escc_desktop.imaging.mask import Mask
from escc_desktop.imaging.volume import Volume

# Measured on images of 4 to 84 million voxels; LoG, lbp-3D and the intensity filters take the whole image.
_PYRADIOMICS_BASE: Final = 300 * MIB
_PYRADIOMICS_VOXEL: Final = 42
_PYRADIOMICS_MASK_VOXEL: Final = 4_800
_PYRADIOMICS_SILENCE_S: Final = 600.0
_PYRADIOMICS_SILENCE_S_MVOXEL: Final = 5.0
# The other engine keeps the image as it is, and crops around the region.
_FAST_BASE: Final = 260 * MIB
_FAST_MASK_VOXEL: Final = 400
# It tells after every image how far it is; the slowest takes seconds, and twenty times that on a busy machine.
_FAST_SILENCE_S: Final = 30.0
_FAST_SILENCE_S_MVOXEL: Final = 0.2
_FAST_SILENCE_S_MASK_KVOXEL: Final = 0.2


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


def cost(engine: str, volume: Volume, mask: Mask) -> tuple[int, float]:
    """Return memory in bytes and patience in seconds for a region."""
    voxels, mask_voxels = volume.hu.size, mask.n_voxels
    return needed_bytes(engine, voxels, volume.hu.nbytes, mask_voxels), patience_s(engine, voxels, mask_voxels)
