"""A small turn in the slice plane and a shift, done to an image or a mask within a box.

The image is interpolated by cubic B-splines (Unser 1999), the mask linearly, a voxel belonging to it from one half on,
as the IBSI asks. All slices turn alike, so that the turn of a box is one sparse matrix applied to all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.sparse import csr_array

from escc_desktop.imaging.mask import Region

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
_SLICES_AT_ONCE: Final = 16
# The spline's prefilter forgets by 0.268 a voxel: beyond twelve nothing is left of how the image is continued.
_PAD: Final = 12


@dataclass(frozen=True)
class Move:
    """A turn about an axis through the slices, then a shift.

    Attributes
    ----------
    angle_deg
        Counted from the rows' direction (x) to the columns' (y).
    shift
        Along z, y, x in voxels.
    centre_yx
        Row and column of the axis.
    """

    angle_deg: float
    shift: tuple[float, float, float]
    centre_yx: tuple[float, float]


def move_image(
    values: NDArray[Any], move: Move, box: Region, spacing_mm: tuple[float, float, float]
) -> NDArray[np.floating]:
    """Return what lies on a box after an image was moved.

    Parameters
    ----------
    values
        (z, y, x); beyond the image its outermost voxels go on. Computed in float32 where that is their type.
    spacing_mm
        Along x, y, z.

    Returns
    -------
    ndarray
        Of the box's shape, float64 or float32; the values themselves for a move by nothing.
    """
    kind = np.float32 if values.dtype == np.float32 else np.float64
    if move.angle_deg == 0 and not any(move.shift):
        return values[box].astype(kind)
    z, y, x = (slice(part.start + _PAD, part.stop + _PAD) for part in box)
    splines = ndimage.spline_filter(np.pad(values, _PAD, mode="edge"), 3, kind, mode="mirror")
    return _moved(splines, _beside(move, _PAD), (z, y, x), spacing_mm, _spline)


def move_mask(
    voxels: NDArray[np.bool_], move: Move, box: Region, spacing_mm: tuple[float, float, float]
) -> NDArray[np.bool_]:
    """Return what lies on a box after a mask was moved; what leaves the image is lost."""
    padded = np.pad(voxels, 1)
    z, y, x = (slice(part.start + 1, part.stop + 1) for part in box)
    shares = _moved(padded, _beside(move, 1), (z, y, x), spacing_mm, _linear)
    return np.asarray(shares >= 0.5)


def _beside(move: Move, margin: int) -> Move:
    """Return the same move on an image with a margin around it."""
    row, column = move.centre_yx
    return Move(move.angle_deg, move.shift, (row + margin, column + margin))


def _spline(at: FloatArray) -> tuple[IntArray, FloatArray]:
    """Return the first of four neighbours of each place, and their weights (..., 4)."""
    first = np.floor(at)
    t = at - first
    weights = [
        (1.0 - t) ** 3 / 6.0,
        2.0 / 3.0 + (0.5 * t - 1.0) * t * t,
        2.0 / 3.0 + (0.5 * (1.0 - t) - 1.0) * (1.0 - t) ** 2,
        t**3 / 6.0,
    ]
    return first.astype(np.int64) - 1, np.stack(weights, axis=-1)


def _linear(at: FloatArray) -> tuple[IntArray, FloatArray]:
    first = np.floor(at)
    t = at - first
    return first.astype(np.int64), np.stack([1.0 - t, t], axis=-1)


def _moved(
    values: NDArray[Any], move: Move, box: Region, spacing_mm: tuple[float, float, float], kernel: Any
) -> NDArray[np.floating]:
    turn, rows, columns = _turn(values.shape[1:], move, box, spacing_mm, kernel)
    place, weights = kernel(np.arange(box[0].start, box[0].stop, dtype=np.float64) - move.shift[0])
    neighbours = np.clip(place[:, None] + np.arange(weights.shape[1]), 0, values.shape[0] - 1)
    kind = np.float32 if values.dtype == np.float32 else np.float64
    out = np.empty(tuple(part.stop - part.start for part in box), kind)
    for start in range(0, len(neighbours), _SLICES_AT_ONCE):
        part = slice(start, start + _SLICES_AT_ONCE)
        between: Any = sum(
            weights[part, tap, None] * values[neighbours[part, tap], rows, columns].reshape(-1, turn.shape[1])
            for tap in range(weights.shape[1])
        )
        out[part] = (turn @ np.ascontiguousarray(between.T)).T.reshape(-1, *out.shape[1:])
    return out


def _turn(
    shape_yx: tuple[int, ...], move: Move, box: Region, spacing_mm: tuple[float, float, float], kernel: Any
) -> tuple[Any, slice, slice]:
    """Return the matrix from the pixels of a part of a slice to those of the box, and that part."""
    rows, columns = _sources(move, box, spacing_mm)
    (y0, wy), (x0, wx) = kernel(rows), kernel(columns)
    taps = np.arange(wy.shape[-1])
    y = np.clip(y0[..., None] + taps, 0, shape_yx[0] - 1)
    x = np.clip(x0[..., None] + taps, 0, shape_yx[1] - 1)
    part_y, part_x = slice(int(y.min()), int(y.max()) + 1), slice(int(x.min()), int(x.max()) + 1)
    width = part_x.stop - part_x.start
    index = (y - part_y.start)[..., :, None] * width + (x - part_x.start)[..., None, :]
    weight = wy[..., :, None] * wx[..., None, :]
    n_pixels, n_taps = rows.size, taps.size**2
    matrix = csr_array(
        (weight.reshape(-1), index.reshape(-1), np.arange(0, n_pixels * n_taps + 1, n_taps)),
        shape=(n_pixels, (part_y.stop - part_y.start) * width),
    )
    return matrix, part_y, part_x


def _sources(move: Move, box: Region, spacing_mm: tuple[float, float, float]) -> tuple[FloatArray, FloatArray]:
    """Return row and column each pixel of the box comes from."""
    row, column = move.centre_yx
    dx, dy, _ = spacing_mm
    y, x = np.meshgrid(*(np.arange(part.start, part.stop, dtype=np.float64) for part in box[1:]), indexing="ij")
    y, x = y - move.shift[1], x - move.shift[2]
    if move.angle_deg == 0:
        return y, x
    cos, sin = np.cos(np.radians(move.angle_deg)), np.sin(np.radians(move.angle_deg))
    off_y, off_x = (y - row) * dy, (x - column) * dx
    return row + (cos * off_y - sin * off_x) / dy, column + (sin * off_y + cos * off_x) / dx
