"""What the readers of foreign image files share: bounded inflation and checks of geometry and values."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from escc_desktop.imaging.sandbox import Refused

_SLACK: Final = 1 << 16
_MAX_VOXELS: Final = 1 << 31
_EXPORT: Final = "Export the image again."
_AXIS_TOLERANCE: Final = 1e-3


@dataclass(frozen=True)
class RawImage:
    """What a header says, checked against the bytes: grid size, voxel type, voxel bytes, warnings, rescale, grid."""

    size: tuple[int, int, int]
    dtype: np.dtype[Any]
    voxels: bytes
    warnings: tuple[tuple[str, str], ...] = ()
    slope: float = 1.0
    intercept: float = 0.0
    affine: NDArray[np.float64] | None = None  # 3 x 4, where ITK itself would not read the grid

    def array(self) -> NDArray[Any]:
        """Return the voxels (z, y, x), little-endian; rescaled integers become float32, as ITK has it."""
        count = self.size[0] * self.size[1] * self.size[2]
        stored = np.frombuffer(self.voxels, self.dtype, count).reshape(self.size[::-1])
        if (self.slope, self.intercept) == (1.0, 0.0):
            return stored.astype(self.dtype.newbyteorder("<"), copy=False)
        kind = np.float64 if self.dtype.itemsize == 8 and self.dtype.kind == "f" else np.float32
        return (stored.astype(kind).astype(np.float64) * self.slope + self.intercept).astype(kind)


def gunzip(data: bytes, expected: int) -> bytes:
    """Inflate gzip to about `expected` bytes, its checksum verified.

    Raises
    ------
    Refused
        It is cut, its checksum is wrong, or it grows beyond `expected`.
    """
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
            inflated = stream.read(expected + _SLACK)
            if stream.read(1):
                raise Refused("bomb", "The compressed data are larger than the header says.", _EXPORT)
    except (EOFError, OSError, zlib.error) as error:
        raise Refused("compression", f"The compressed data are damaged ({error}).", _EXPORT) from error
    return inflated


def inflate(data: bytes, expected: int) -> bytes:
    """Inflate zlib data to exactly `expected` bytes, else refuse."""
    inflater = zlib.decompressobj()
    try:
        inflated = inflater.decompress(data, expected + 1)
    except zlib.error as error:
        raise Refused("compression", "The compressed data are damaged.", _EXPORT) from error
    if len(inflated) > expected:
        raise Refused("bomb", "The compressed data are larger than the header says.", _EXPORT)
    return inflated


def check_size(size: Sequence[int]) -> tuple[int, int, int]:
    """Return three positive sizes of a sensible number of voxels, or refuse."""
    if len(size) != 3:
        raise Refused("dimension", f"The image has {len(size)} dimensions, not 3.", "Export one single volume.")
    if min(size) < 1 or size[0] * size[1] * size[2] > _MAX_VOXELS:
        raise Refused("size", f"The image declares {' x '.join(map(str, size))} voxels.", _EXPORT)
    return size[0], size[1], size[2]


def check_axes(axes: NDArray[np.float64], what: str) -> None:
    """Refuse axes (columns, in mm) that are not finite, not independent or not perpendicular."""
    if not np.isfinite(axes).all():
        raise Refused("axes", f"The {what} holds values that are no numbers.", _EXPORT)
    lengths = np.linalg.norm(axes, axis=0)
    if lengths.min() <= 1e-6 or lengths.max() > 1e4:
        raise Refused("axes", f"The {what} has an axis of no or absurd length.", _EXPORT)
    unit = axes / lengths
    if np.abs(unit.T @ unit - np.eye(3)).max() > _AXIS_TOLERANCE:
        raise Refused("sheared", f"The axes of the {what} are not perpendicular.", "Resample the image first.")


def check_voxels(image: RawImage) -> None:
    """Refuse too few bytes, and NaN or infinite voxels."""
    count = image.size[0] * image.size[1] * image.size[2]
    needed = count * image.dtype.itemsize
    if len(image.voxels) < needed:
        what = f"The file holds {len(image.voxels)} bytes of voxels; its header promises {needed}."
        raise Refused("short_data", what, "It is cut off; copy or export it again.")
    if image.dtype.kind == "f" and not np.isfinite(np.frombuffer(image.voxels, image.dtype, count)).all():
        raise Refused("not_finite", "The image holds NaN or infinite voxels.", "Export it with finite values.")
