"""How long an extraction will take and how much memory, before it starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from escc_desktop.features.cost import cost
from escc_desktop.features.params import ExtractionParams
from escc_desktop.imaging.mask import Mask
from escc_desktop.imaging.volume import Volume

# CPU seconds measured on lesions of 1 to 268 thousand voxels in images of 1 to 79 million: within a fifth.
_FAST_S: Final = 0.12
_FAST_S_MASK_KVOXEL: Final = 0.0053
_FAST_S_LOG_MVOXEL: Final = 0.025
# PyRadiomics filters the whole image.
_PYRADIOMICS_S: Final = 3.5
_PYRADIOMICS_S_MASK_KVOXEL: Final = 0.13
_PYRADIOMICS_S_MVOXEL: Final = 1.75
# How far LoG looks beyond the lesion, in widths.
_LOG_REACH: Final = 12


@dataclass(frozen=True)
class Cost:
    """What an extraction takes.

    Attributes
    ----------
    cpu_s
        CPU seconds on a machine like that it was measured on; on one core about as long by the clock.
    memory_bytes
        At most.
    """

    cpu_s: float
    memory_bytes: int

    def __str__(self) -> str:
        seconds = f"about {self.cpu_s:.1f} s" if self.cpu_s < 90 else f"about {self.cpu_s / 60:.0f} minutes"
        return f"{seconds} of computing and up to {self.memory_bytes / 2**20:.0f} MiB of memory"


def foreseen_cost(volume: Volume, mask: Mask, params: ExtractionParams, engine: str) -> Cost:
    """Return what the extraction of a region will take, resampling included.

    Parameters
    ----------
    mask
        Not empty.

    Raises
    ------
    EsccError
        The image cannot be resampled as the settings ask.
    """
    spacing = np.array(volume.geometry.spacing_mm)
    size = np.array(volume.geometry.size, dtype=np.float64)
    extents = np.array([part.stop - part.start for part in reversed(mask.bounding_box)], dtype=np.float64)
    finer = np.ones(3)
    if params.resampled_spacing_mm is not None:
        finer, spacing = spacing / params.resampled_spacing_mm, np.full(3, params.resampled_spacing_mm)
    size, extents = size * finer, extents * finer
    voxels, inside = float(size.prod()), mask.n_voxels * float(finer.prod())
    memory, _ = cost(engine, volume, mask, params)
    if engine == "pyradiomics":
        seconds = _PYRADIOMICS_S + _PYRADIOMICS_S_MASK_KVOXEL * inside / 1e3 + _PYRADIOMICS_S_MVOXEL * voxels / 1e6
        return Cost(seconds, memory)
    around = sum(
        float(np.minimum(size, extents + 2 * _LOG_REACH * sigma / spacing).prod()) for sigma in params.log_sigma_mm
    )
    return Cost(_FAST_S + _FAST_S_MASK_KVOXEL * inside / 1e3 + _FAST_S_LOG_MVOXEL * around / 1e6, memory)
