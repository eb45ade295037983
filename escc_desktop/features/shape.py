"""The 14 shape features of a region, as PyRadiomics 3.0.1 defines them.

Source: the definitions of PyRadiomics' ``shape`` (van Griethuysen et al. 2017): a mesh by marching cubes, its longest
distances, and the axes of the voxel centres (covariance over N). Positions are index times spacing; directions of the
image play no part. The axes are worked out by the same numpy operations as PyRadiomics does, because in a flat region
the least of them is nothing but rounding error. ``_mesh.c`` measures the mesh, ``_diameters.c`` its longest distances.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from escc_desktop.features._diameters import diameters
from escc_desktop.features._mesh import mesh
from escc_desktop.features.names import SHAPE

# PyRadiomics takes eigenvalues this little below 0 for 0, and finds no axis for those farther below.
_ROUNDING: Final = 1e-10


def shape_features(voxels: NDArray[np.bool_], spacing_mm: tuple[float, float, float]) -> dict[str, float]:
    """Compute the shape features.

    Parameters
    ----------
    voxels
        (z, y, x) the region; not empty. A single voxel has neither elongation nor flatness.
    spacing_mm
        Along x, y, z.

    Returns
    -------
    dict
        Features by name, in the order of `names.SHAPE`, in mm, mm2 and mm3.
    """
    spacing = (spacing_mm[2], spacing_mm[1], spacing_mm[0])
    filled = [np.flatnonzero(voxels.any(axis=others)) for others in ((1, 2), (0, 2), (0, 1))]
    padded = np.pad(voxels[tuple(slice(part[0], part[-1] + 1) for part in filled)], 1)
    area, volume = mesh(padded.shape, spacing, padded)
    slice_mm, column_mm, row_mm, space_mm = diameters(padded.shape, spacing, padded)
    least, minor, major = _eigenvalues(padded, spacing)
    values = {
        "Elongation": _root(minor / major if major else float("nan")),
        "Flatness": _root(least / major if major else float("nan")),
        "LeastAxisLength": 4 * _root(least),
        "MajorAxisLength": 4 * _root(major),
        "Maximum2DDiameterColumn": column_mm,
        "Maximum2DDiameterRow": row_mm,
        "Maximum2DDiameterSlice": slice_mm,
        "Maximum3DDiameter": space_mm,
        "MeshVolume": volume,
        "MinorAxisLength": 4 * _root(minor),
        "Sphericity": (36 * np.pi * volume**2) ** (1 / 3) / area,
        "SurfaceArea": area,
        "SurfaceVolumeRatio": area / volume,
        "VoxelVolume": np.count_nonzero(padded) * (spacing[0] * spacing[2] * spacing[1]),
    }
    return {name: float(values[name]) for name in SHAPE}


def _eigenvalues(padded: NDArray[np.bool_], spacing: tuple[float, float, float]) -> tuple[float, float, float]:
    """Return the variances of the voxel centres along their principal axes, the least first."""
    centres = np.array(np.nonzero(padded), dtype=np.int64).T * np.array(spacing)[None, :]
    centres -= np.mean(centres, axis=0)
    centres /= np.sqrt(len(centres))
    values = np.real(np.linalg.eigvals(np.dot(centres.T.copy(), centres)))
    values[(values < 0) & (values > -_ROUNDING)] = 0
    least, minor, major = np.sort(values)
    return float(least), float(minor), float(major)


def _root(value: float) -> float:
    return float(np.sqrt(value)) if value >= 0 else float("nan")
