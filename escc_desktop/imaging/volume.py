"""Where voxels lie in the patient, and the voxels themselves.

Arrays are indexed (z, y, x); points are (x, y, z) in millimetres in the DICOM patient frame (LPS).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from escc_desktop.errors import EsccError

Vector = tuple[float, float, float]
TOLERANCE_MM: Final = 1e-3
_FAR_TOLERANCE_MM: Final = 0.05
_ORTHONORMAL_TOLERANCE: Final = 1e-4
IDENTITY: Final = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)


@dataclass(frozen=True)
class Geometry:
    """A regular grid of voxels in the patient.

    Parameters
    ----------
    size
        Number of voxels along x, y, z (columns, rows, slices).
    spacing_mm
        Distance between voxel centres along x, y, z.
    origin_mm
        Centre of the first voxel, LPS.
    direction
        Nine cosines, row-major; column j is the unit vector of index axis j, as in ITK.

    Raises
    ------
    EsccError
        The numbers describe no regular grid: not finite, not positive, or axes not orthonormal.
    """

    size: tuple[int, int, int]
    spacing_mm: Vector
    origin_mm: Vector
    direction: tuple[float, ...] = field(default=IDENTITY)

    def __post_init__(self) -> None:
        numbers = np.array([*self.spacing_mm, *self.origin_mm, *self.direction], dtype=np.float64)
        if len(self.size) != 3 or numbers.size != 15 or not np.isfinite(numbers).all():
            raise EsccError("The geometry has missing or non-finite numbers.", "Export the image again.")
        if min(self.size) < 1 or min(self.spacing_mm) <= 0:
            raise EsccError(
                f"The geometry has size {self.size} and spacing {self.spacing_mm} mm; both must be positive."
            )
        axes = numbers[6:].reshape(3, 3)
        if np.abs(axes.T @ axes - np.eye(3)).max() > _ORTHONORMAL_TOLERANCE:
            raise EsccError("The axes of the image are not perpendicular unit vectors.", "Resample the image first.")

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of an array on this grid: (nz, ny, nx)."""
        return self.size[2], self.size[1], self.size[0]

    @property
    def axes(self) -> NDArray[np.float64]:
        """The direction as a (3, 3) matrix; column j is the unit vector of index axis j."""
        return np.array(self.direction, dtype=np.float64).reshape(3, 3)

    @cached_property
    def affine(self) -> NDArray[np.float64]:
        """The 4x4 matrix from index (i, j, k, 1) along x, y, z to LPS millimetres."""
        matrix = np.eye(4)
        matrix[:3, :3] = self.axes * np.array(self.spacing_mm)
        matrix[:3, 3] = self.origin_mm
        matrix.flags.writeable = False
        return matrix

    @property
    def voxel_volume_mm3(self) -> float:
        """Volume of one voxel."""
        return self.spacing_mm[0] * self.spacing_mm[1] * self.spacing_mm[2]

    def to_mm(self, indices_xyz: NDArray[Any]) -> NDArray[np.float64]:
        """Turn (n, 3) indices along x, y, z (fractions allowed) into (n, 3) LPS points in mm."""
        points = np.asarray(indices_xyz, dtype=np.float64) @ self.affine[:3, :3].T + self.affine[:3, 3]
        return np.asarray(points, dtype=np.float64)

    def to_index(self, points_mm: NDArray[Any]) -> NDArray[np.float64]:
        """Turn (n, 3) LPS points in mm into (n, 3) fractional indices along x, y, z."""
        offsets = np.asarray(points_mm, dtype=np.float64) - self.affine[:3, 3]
        return np.asarray(np.linalg.solve(self.affine[:3, :3], offsets.T).T, dtype=np.float64)

    def difference(self, other: Geometry) -> str | None:
        """Say in which of size, spacing, origin and direction the other grid differs, and by how much.

        Returns None when origin and spacing agree within 0.001 mm and the far ends within 0.05 mm.
        """
        return "; ".join(_differences(self, other)) or None


def _differences(one: Geometry, other: Geometry) -> Iterator[str]:
    if one.size != other.size:
        yield f"size {_words(one.size)} against {_words(other.size)} voxels"
    size = np.array(one.size, dtype=np.float64)
    spacing = np.abs(np.subtract(one.spacing_mm, other.spacing_mm))
    if spacing.max() > TOLERANCE_MM or (spacing * size).max() > _FAR_TOLERANCE_MM:
        yield f"spacing {_words(one.spacing_mm)} against {_words(other.spacing_mm)} mm"
    origin = float(np.abs(np.subtract(one.origin_mm, other.origin_mm)).max())
    if origin > TOLERANCE_MM:
        yield f"origin {_words(one.origin_mm)} against {_words(other.origin_mm)} mm, {origin:.4g} mm apart"
    turn = float((np.abs(one.axes - other.axes) * size * one.spacing_mm).max())
    if turn > _FAR_TOLERANCE_MM:
        yield f"direction, {turn:.4g} mm apart at the far end"


def _words(numbers: tuple[float, ...]) -> str:
    return " x ".join(f"{number:.7g}" for number in numbers)


@dataclass(frozen=True, eq=False)
class Volume:
    """Voxels of a CT on their grid.

    Parameters
    ----------
    hu
        Array (z, y, x); int16 HU from DICOM, the type of the file otherwise. Kept read-only.
    geometry
        Its grid.
    """

    hu: NDArray[Any]
    geometry: Geometry

    def __post_init__(self) -> None:
        object.__setattr__(self, "hu", frozen_array(self.hu, self.geometry))

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) over type, geometry and voxels."""
        return array_digest(self.hu, self.hu.dtype.newbyteorder("<").str, self.geometry)


def frozen_array(array: NDArray[Any], geometry: Geometry) -> NDArray[Any]:
    """Return a contiguous read-only view of an array that must lie on the grid."""
    if array.shape != geometry.shape:
        raise ValueError(f"array of shape {array.shape} on a grid of shape {geometry.shape}")
    view = np.ascontiguousarray(array).view()
    view.flags.writeable = False
    return view


def array_digest(array: NDArray[Any], kind: str, geometry: Geometry) -> str:
    """SHA-256 (hex) over the kind of voxels, the geometry and the little-endian bytes."""
    grid = (*geometry.spacing_mm, *geometry.origin_mm, *geometry.direction)
    header = (
        f"{kind};{','.join(map(str, geometry.size))};{','.join(repr(number + 0.0) for number in map(float, grid))};"
    )
    little = array if array.dtype.byteorder != ">" else array.astype(array.dtype.newbyteorder("<"))
    digest = hashlib.sha256(header.encode())
    digest.update(np.ascontiguousarray(little).reshape(-1).view(np.uint8).data)
    return digest.hexdigest()
