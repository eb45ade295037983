"""Local binary patterns on a sphere around each voxel (lbp-3D-m1, -m2 and -k), as PyRadiomics 3.0.1 defines them.

Source: PyRadiomics' ``imageoperations.getLBP3DImage`` after Banerjee et al. 2013: 42 spline samples on a sphere of one
voxel (not one mm), their signs against the centre in spherical harmonics of degree 0 and 1, and their kurtosis. Kept as
they are because they are the definition in use: samples are rounded to the image's own pixel type, samples outside the
image are 0, and the two angles of the harmonics are swapped. ``_lbp.c`` does the long part.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import spline_filter1d
from scipy.special import sph_harm_y

from escc_desktop.features._lbp import norm, sample

Box = tuple[slice, slice, slice]

# The vertices of an icosahedron and the middles of its edges, on the unit sphere; in order and to the last bit those of
# trimesh's icosphere(1, 1), because ties hang on both. Components apply to z, y, x.
VERTICES: Final = np.array(
    [
        (-0.5257311121191336, 0.85065080835204, 0.0),
        (0.5257311121191336, 0.85065080835204, 0.0),
        (-0.5257311121191336, -0.85065080835204, 0.0),
        (0.5257311121191336, -0.85065080835204, 0.0),
        (0.0, -0.5257311121191336, 0.85065080835204),
        (0.0, 0.5257311121191336, 0.85065080835204),
        (0.0, -0.5257311121191336, -0.85065080835204),
        (0.0, 0.5257311121191336, -0.85065080835204),
        (0.85065080835204, 0.0, -0.5257311121191336),
        (0.85065080835204, 0.0, 0.5257311121191336),
        (-0.85065080835204, 0.0, -0.5257311121191336),
        (-0.85065080835204, 0.0, 0.5257311121191336),
        (0.0, 1.0, 0.0),
        (0.0, -1.0, 0.0),
        (-0.3090169943749474, -0.8090169943749473, 0.5),
        (0.3090169943749474, -0.8090169943749473, 0.5),
        (-0.3090169943749474, 0.8090169943749473, 0.5),
        (0.3090169943749474, 0.8090169943749473, 0.5),
        (0.0, 0.0, 1.0),
        (-0.3090169943749474, -0.8090169943749473, -0.5),
        (0.3090169943749474, -0.8090169943749473, -0.5),
        (-0.3090169943749474, 0.8090169943749473, -0.5),
        (0.3090169943749474, 0.8090169943749473, -0.5),
        (0.0, 0.0, -1.0),
        (0.8090169943749475, 0.5000000000000001, -0.30901699437494745),
        (0.8090169943749475, -0.5000000000000001, -0.30901699437494745),
        (0.5000000000000001, -0.30901699437494745, -0.8090169943749475),
        (0.5000000000000001, 0.30901699437494745, -0.8090169943749475),
        (0.8090169943749475, 0.5000000000000001, 0.30901699437494745),
        (0.8090169943749475, -0.5000000000000001, 0.30901699437494745),
        (0.5000000000000001, -0.30901699437494745, 0.8090169943749475),
        (0.5000000000000001, 0.30901699437494745, 0.8090169943749475),
        (1.0, 0.0, 0.0),
        (-0.8090169943749475, 0.5000000000000001, -0.30901699437494745),
        (-0.8090169943749475, -0.5000000000000001, -0.30901699437494745),
        (-0.5000000000000001, -0.30901699437494745, -0.8090169943749475),
        (-0.5000000000000001, 0.30901699437494745, -0.8090169943749475),
        (-0.8090169943749475, 0.5000000000000001, 0.30901699437494745),
        (-0.8090169943749475, -0.5000000000000001, 0.30901699437494745),
        (-0.5000000000000001, -0.30901699437494745, 0.8090169943749475),
        (-0.5000000000000001, 0.30901699437494745, 0.8090169943749475),
        (-1.0, 0.0, 0.0),
    ]
)
# The spline's memory in voxels: beyond it nothing changes the last bit.
_MARGIN: Final = 40
_BEFORE: Final = 2
_SPREAD: Final = 5
_CHUNK: Final = 8
# Voxels between two checks; 10 ms or so.
_VOXELS_AT_ONCE: Final = 8192
# What a double holds and C's 64-bit integers too; no HU comes near.
_WIDEST: Final = 2.0**62
_PIXEL_KINDS: Final = {"d": 0, "f": 1}


def lbp_3d(hu: NDArray[Any], box: Box, voxels: NDArray[np.bool_], check: Callable[[], None]) -> dict[str, NDArray[Any]]:
    """Compute the three images of local binary patterns where they are wanted.

    Parameters
    ----------
    hu
        (z, y, x) the whole image: integers of any size, float32 or float64. The result depends on its type.
    box
        The part of the image that holds all wanted voxels.
    voxels
        The wanted voxels, on the box.
    check
        Called every few milliseconds; what it raises ends the work.

    Returns
    -------
    dict
        ``lbp-3D-m1``, ``lbp-3D-m2`` and ``lbp-3D-k``: float64 on the box, 0 where not wanted. ``k`` is NaN where all
        samples are equal.

    Raises
    ------
    TypeError
        Another pixel type.
    """
    pixel = _pixel(hu.dtype)
    shape = voxels.shape
    harmonics, degree0, degree1 = _harmonics()
    coefficients = _coefficients(hu, box, check)
    weights = (_weights(0, box, hu.shape), _weights(1, box, hu.shape), _weights(2, box, hu.shape))
    offsets = (np.floor(VERTICES).astype(np.int32) - 1) + _BEFORE
    centre = hu[box].astype(np.float64)
    voxels = np.ascontiguousarray(voxels)
    kurtosis, m1, m2 = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    by_count = _norms_by_count(degree0)
    lines = voxels.reshape(-1, shape[2])
    for first, last, n in _portions(lines):
        check()
        count, order0, order1 = np.empty(n, np.uint8), np.empty(n), np.empty(n, np.complex128)
        sample(
            (shape, (first, last), n),
            coefficients,
            weights,
            offsets,
            pixel,
            centre,
            voxels,
            harmonics,
            kurtosis,
            count,
            order0,
            order1,
        )
        inside = lines[first:last]
        m1.reshape(lines.shape)[first:last][inside] = by_count[count]
        # numpy's own product: whether it is fused with the sum depends on the processor, and PyRadiomics uses it too.
        products = np.multiply(order1[:, None], degree1[None, :])
        out = np.empty(n)
        norm(n, products, order0, harmonics, out)
        m2.reshape(lines.shape)[first:last][inside] = out
    return {"lbp-3D-m1": m1, "lbp-3D-m2": m2, "lbp-3D-k": kurtosis}


def _pixel(dtype: np.dtype[Any]) -> tuple[int, float, float]:
    """Describe the type samples are rounded to: 0 double, 1 float, 2 an integer from its lowest to its highest."""
    if dtype.char in _PIXEL_KINDS:
        return _PIXEL_KINDS[dtype.char], 0.0, 0.0
    if dtype.kind not in "iu":
        raise TypeError(f"lbp-3D takes no {dtype} image")
    limits = np.iinfo(dtype)
    return 2, max(float(limits.min), -_WIDEST), min(float(limits.max), _WIDEST)


def _harmonics() -> tuple[NDArray[np.float64], complex, NDArray[np.complex128]]:
    """Return degree 1 at the vertices (order 0; real and imaginary part of order 1), degree 0, and order 1 again."""
    polar = np.arccos(VERTICES[:, 2])
    azimuth = np.arctan2(VERTICES[:, 1], VERTICES[:, 0])
    # Swapped as in PyRadiomics, which hands the polar angle to `sph_harm` where that expects the azimuth.
    order0, order1 = (sph_harm_y(1, order, azimuth, polar) for order in (0, 1))
    table = np.column_stack([order0.real, order1.real, order1.imag])
    return table, complex(sph_harm_y(0, 0, azimuth[0], polar[0])), np.ascontiguousarray(order1)


def _norms_by_count(degree0: complex) -> NDArray[np.float64]:
    """Return the norm of degree 0 for 0 to 42 samples at or above the centre; the harmonic is the same everywhere."""
    sums = np.concatenate([[0.0], np.cumsum(np.full(len(VERTICES), degree0.real))])
    squares = np.square(sums * degree0.real)
    norms: NDArray[np.float64] = np.sqrt(np.cumsum(np.tile(squares, (len(VERTICES), 1)), axis=0)[-1])
    return norms


def _coefficients(hu: NDArray[Any], box: Box, check: Callable[[], None]) -> NDArray[np.float64]:
    """Return the spline's coefficients around the box, mirrored at the image's borders, filtered axis by axis."""
    near = tuple(
        slice(max(0, part.start - _MARGIN), min(size, part.stop + _MARGIN))
        for part, size in zip(box, hu.shape, strict=True)
    )
    values = hu[near]
    for axis, (part, size) in enumerate(zip(box, hu.shape, strict=True)):
        check()
        values = spline_filter1d(values, 3, axis=axis, output=np.float64, mode="mirror")
        wanted = np.arange(part.start - _BEFORE, part.stop + _SPREAD - _BEFORE + (_CHUNK if axis == 2 else 0))
        available = np.minimum(_mirrored(wanted, size) - near[axis].start, values.shape[axis] - 1)
        values = values.take(available, axis=axis)  # only what the next axes and the samples need
    return np.ascontiguousarray(values)


def _mirrored(indices: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    if size == 1:
        return np.zeros_like(indices)
    turned = np.abs(indices) % (2 * size - 2)
    mirrored: NDArray[np.int64] = np.minimum(turned, 2 * size - 2 - turned)
    return mirrored


def _weights(axis: int, box: Box, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return a cubic spline's weights for each vertex at each voxel of an axis; 0 outside the image.

    They are worked out for each voxel because rounding depends on where it lies.
    """
    extra = _CHUNK if axis == 2 else 0
    at = np.arange(box[axis].start, box[axis].stop + extra) + VERTICES[:, axis, None]
    y = at - np.floor(at)
    z = 1.0 - y
    w1 = (y * y * (y - 2.0) * 3.0 + 4.0) / 6.0
    w2 = (z * z * (z - 2.0) * 3.0 + 4.0) / 6.0
    w0 = z * z * z / 6.0
    weights = np.stack([w0, w1, w2, 1.0 - w0 - w1 - w2], axis=1 if axis == 2 else 2)
    outside = (at < 0) | (at > shape[axis] - 1)
    weights[np.broadcast_to(outside[:, None, :] if axis == 2 else outside[:, :, None], weights.shape)] = 0
    return np.ascontiguousarray(weights)


def _portions(lines: NDArray[np.bool_]) -> Iterator[tuple[int, int, int]]:
    """Cut lines of voxels into portions: first line, line after the last, voxels."""
    ends = np.cumsum(np.count_nonzero(lines, axis=1))
    first, done = 0, 0
    while first < len(lines) and ends[-1] > done:
        last = min(int(np.searchsorted(ends, done + _VOXELS_AT_ONCE)) + 1, len(lines))
        yield first, last, int(ends[last - 1]) - done
        first, done = last, int(ends[last - 1])
