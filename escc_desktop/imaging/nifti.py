"""The header of a NIfTI file, checked before ITK sees the file; runs in the sandbox child only.

Source of the layout: the NIfTI-1 standard (nifti1.h).
"""

from __future__ import annotations

import struct
import zlib
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from escc_desktop.imaging.bounded import RawImage, check_axes, check_size, check_voxels, gunzip
from escc_desktop.imaging.sandbox import Refused

_HEADER_BYTES: Final = 348
_TYPES: Final = {2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2", 768: "u4", 1024: "i8", 1280: "u8"}
_AGREE_MM: Final = 0.05
_EXPORT: Final = "Export the image again."


def check_nifti(data: bytes) -> RawImage:
    """Check a NIfTI-1 single file (gzip or not) and return what it holds.

    Raises
    ------
    Refused
        Anything ITK would read into a wrong image: see the codes.
    """
    is_packed = data[:2] == b"\x1f\x8b"
    start = _first_bytes(data) if is_packed else data[:_HEADER_BYTES]
    order = _byte_order(start)
    dim = struct.unpack_from(order + "8h", start, 40)
    datatype, bitpix = struct.unpack_from(order + "2h", start, 70)
    pixdim = struct.unpack_from(order + "8f", start, 76)
    offset, slope, intercept = struct.unpack_from(order + "3f", start, 108)
    size = check_size(_size(dim))
    dtype = _dtype(datatype, bitpix, order)
    warnings = [*_scaling(slope, intercept), *_orientation(start, order, pixdim, size)]
    if not 352 <= offset <= 1 << 20:
        raise Refused("vox_offset", f"The header puts the voxels at byte {offset:g}.", _EXPORT)
    count = size[0] * size[1] * size[2]
    body = gunzip(data, int(offset) + count * dtype.itemsize) if is_packed else data
    scale = (slope, intercept) if np.isfinite([slope, intercept]).all() and slope != 0 else (1.0, 0.0)
    image = RawImage(size, dtype, body[int(offset) :], tuple(warnings), *scale)
    check_voxels(image)
    return image


def _first_bytes(data: bytes) -> bytes:
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(data, _HEADER_BYTES)
    except zlib.error as error:
        raise Refused("compression", "The compressed data are damaged.", _EXPORT) from error


def _byte_order(start: bytes) -> str:
    if len(start) < _HEADER_BYTES:
        raise Refused("header", "The NIfTI header is cut off.", "Copy or export it again.")
    order = next((o for o in "<>" if struct.unpack_from(o + "i", start)[0] == _HEADER_BYTES), None)
    if order is None or start[344:348] != b"n+1\0":
        raise Refused("magic", "This is not a NIfTI-1 file in one piece.", "Export it as .nii or .nii.gz.")
    return order


def _size(dim: tuple[int, ...]) -> list[int]:
    n = dim[0]
    if not 1 <= n <= 7:
        raise Refused("dimension", f"The header declares {n} dimensions.", _EXPORT)
    sizes = list(dim[1 : n + 1])
    while len(sizes) > 3 and sizes[-1] == 1:
        sizes.pop()
    return sizes


def _dtype(datatype: int, bitpix: int, order: str) -> np.dtype[Any]:
    if datatype not in _TYPES:
        raise Refused("datatype", f"Voxels of NIfTI type {datatype} are no single numbers.", "Export grey values.")
    dtype = np.dtype(order + _TYPES[datatype])
    if bitpix != 8 * dtype.itemsize:
        raise Refused("datatype", f"The header declares {bitpix} bits for a type of {8 * dtype.itemsize}.", _EXPORT)
    return dtype


def _scaling(slope: float, intercept: float) -> list[tuple[str, str]]:
    if np.isfinite(slope) and np.isfinite(intercept):
        return []
    if np.isinf(slope) or np.isinf(intercept):
        raise Refused("slope", "The scale of the values is infinite.", _EXPORT)
    return [("slope_nan", "The scale of the values is no number; they are taken as they are.")]


def _orientation(
    start: bytes, order: str, pixdim: tuple[float, ...], size: tuple[int, int, int]
) -> list[tuple[str, str]]:
    spacing = np.array(pixdim[1:4])
    if not np.isfinite(pixdim[:4]).all() or spacing.min() <= 0 or not 1e-3 < spacing.max() < 1e3:
        raise Refused("pixdim", f"The voxel size {tuple(pixdim[1:4])} mm is not possible.", _EXPORT)
    q_code, s_code = struct.unpack_from(order + "2h", start, 252)
    quaternion = _q_affine(struct.unpack_from(order + "6f", start, 256), pixdim) if q_code > 0 else None
    if s_code > 0:
        rows = np.array(struct.unpack_from(order + "12f", start, 280), dtype=np.float64).reshape(3, 4)
        check_axes(rows[:, :3], "sform matrix")
        if np.abs(np.linalg.norm(rows[:, :3], axis=0) / spacing - 1).max() > 1e-3:
            raise Refused("pixdim", "The voxel size differs between pixdim and sform.", _EXPORT)
        if quaternion is not None and _distance(rows, quaternion, size) > _AGREE_MM:
            raise Refused("q_s_disagree", "The two orientations of the file (qform, sform) disagree.", _EXPORT)
    if quaternion is None and s_code <= 0:
        return [("no_codes", "The file does not say how it lies in the patient; left and right are a guess.")]
    return []


def _q_affine(values: tuple[float, ...], pixdim: tuple[float, ...]) -> NDArray[np.float64]:
    b, c, d, *offset = values
    squares = b * b + c * c + d * d
    if not np.isfinite(values).all() or squares > 1.001:
        raise Refused("axes", "The qform is no rotation.", _EXPORT)
    a = np.sqrt(max(0.0, 1.0 - squares))
    rotation = np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
        ]
    )
    handedness = -1.0 if pixdim[0] < 0 else 1.0
    axes = rotation * np.array([pixdim[1], pixdim[2], pixdim[3] * handedness])
    return np.column_stack([axes, offset])


def _distance(one: NDArray[np.float64], other: NDArray[np.float64], size: tuple[int, int, int]) -> float:
    corners = np.array([[x, y, z, 1] for x in (0, size[0]) for y in (0, size[1]) for z in (0, size[2])], dtype=float)
    return float(np.linalg.norm(corners @ (one - other).T, axis=1).max())
