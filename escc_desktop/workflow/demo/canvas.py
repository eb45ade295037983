"""A grid that organs are painted on.

Every shape is a signed distance in mm (negative inside). Large organs are evaluated on a lattice of about 5 mm and
interpolated, because their surfaces are smooth; tubes, ribs and lesions are evaluated on the painted voxels.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from escc_desktop.workflow.demo import _paint

FloatArray = NDArray[np.float32]
Box = tuple[slice, slice, slice]
Corner = Sequence[float] | NDArray[Any]
FAR_MM = 60.0


def single(values: Any) -> FloatArray:
    """Return an array of single precision, which is all a picture needs."""
    return np.asarray(values, dtype=np.float32)


def smoothed(field: FloatArray, sigma: Sequence[float], reach_sigma: float = 4.0, wraps: bool = False) -> FloatArray:
    """Return a field (z, y, x) smoothed by a normal curve as scipy's `gaussian_filter` does, to the last bit.

    Parameters
    ----------
    sigma
        In points along z, y and x; 0 leaves an axis as it is.
    reach_sigma
        Where the curve is cut off.
    wraps
        Whether the field starts anew beyond its ends; else it is mirrored.
    """
    result = np.array(field, dtype=np.float32, order="C")
    for axis, sd in enumerate(sigma):
        if sd > 0.0:
            reach = np.arange(-int(reach_sigma * sd + 0.5), int(reach_sigma * sd + 0.5) + 1)
            curve = np.exp(-0.5 / (sd * sd) * reach**2)
            weights = (curve / curve.sum())[len(reach) // 2 :]
            size = (math.prod(field.shape[:axis]), field.shape[axis], math.prod(field.shape[axis + 1 :]))
            _paint.smooth(result, size, np.ascontiguousarray(weights), wraps)
    return result


@dataclass(frozen=True)
class Lattice:
    """Three axes in mm, ascending, broadcast as (z, y, x)."""

    z: FloatArray
    y: FloatArray
    x: FloatArray

    @property
    def shape(self) -> tuple[int, int, int]:
        """Points along z, y and x."""
        return self.z.size, self.y.size, self.x.size

    def open(self, box: Box | None = None) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return z, y and x as arrays that broadcast to the box."""
        bz, by, bx = box or (slice(None),) * 3
        return self.z[bz, None, None], self.y[None, by, None], self.x[None, None, bx]

    def box(self, low_mm: Corner, high_mm: Corner) -> Box:
        """Return the index box of all points between two corners (x, y, z)."""
        limits = zip((self.z, self.y, self.x), reversed(low_mm), reversed(high_mm), strict=True)
        z, y, x = (slice(int(np.searchsorted(axis, a)), int(np.searchsorted(axis, b))) for axis, a, b in limits)
        return z, y, x


@dataclass(frozen=True)
class _Taps:
    """Weights of the coarse points around each fine one, in compressed sparse rows."""

    start: NDArray[np.intc]
    coarse: NDArray[np.intc]
    weight: FloatArray

    def of(self, span: slice) -> tuple[NDArray[np.intc], NDArray[np.intc], FloatArray]:
        """Return the taps of a run of fine points."""
        low, high, _step = span.indices(self.start.size - 1)
        first, last = self.start[low], self.start[high]
        return self.start[low : high + 1] - first, self.coarse[first:last], self.weight[first:last]


def _cubic_taps(coarse: FloatArray, fine: FloatArray) -> _Taps:
    """Return the Catmull-Rom weights of a regular axis; the ends are extrapolated flat."""
    step = float(coarse[1] - coarse[0])
    position = np.clip((fine - coarse[0]) / step, 0.0, coarse.size - 1.0)
    left = np.minimum(position.astype(int), coarse.size - 2)
    t = position - left
    taps = (
        -0.5 * t + t**2 - 0.5 * t**3,
        1.0 - 2.5 * t**2 + 1.5 * t**3,
        0.5 * t + 2.0 * t**2 - 1.5 * t**3,
        -0.5 * t**2 + 0.5 * t**3,
    )
    rows = np.tile(np.arange(fine.size), 4)
    columns = np.concatenate([np.clip(left + offset, 0, coarse.size - 1) for offset in (-1, 0, 1, 2)])
    weights = sparse.coo_array((single(np.concatenate(taps)), (rows, columns)), shape=(fine.size, coarse.size))
    rows_of = weights.tocsr()
    return _Taps(rows_of.indptr.astype(np.intc), rows_of.indices.astype(np.intc), rows_of.data)


class Canvas:
    """Voxels being painted, finer through the plane than the slices they will become.

    Parameters
    ----------
    fine
        Sub-slices and pixels, in mm of the body.
    sub
        Sub-slices in a slice.
    step_mm
        Distance of the points of the coarse lattice.
    """

    def __init__(self, fine: Lattice, sub: int, step_mm: float = 5.0) -> None:
        self.fine = fine
        self.sub = sub
        axes = [
            np.arange(axis[0] - step_mm, axis[-1] + 1.01 * step_mm, step_mm, dtype=np.float32)
            for axis in (fine.z, fine.y, fine.x)
        ]
        self.coarse = Lattice(*axes)
        self.pixel_mm = float(fine.x[1] - fine.x[0])
        self.hu = np.full(fine.shape, -1000.0, dtype=np.float32)
        self.tracked: tuple[Box, FloatArray] | None = None
        self._taps = [_cubic_taps(c, f) for c, f in zip(axes, (fine.z, fine.y, fine.x), strict=True)]

    def near(self, field: FloatArray, margin_mm: float = 2.0) -> Box | None:
        """Return the fine box around all that is nearer than the margin; None where nothing is."""
        found = _paint.extent(np.ascontiguousarray(field), self.coarse.shape, margin_mm)
        if found is None:
            return None
        box: list[slice] = []
        for (first, last), coarse, fine in zip(found, _axes(self.coarse), _axes(self.fine), strict=True):
            low, high = coarse[max(first - 1, 0)], coarse[min(last + 1, coarse.size - 1)]
            span = slice(int(np.searchsorted(fine, low)), int(np.searchsorted(fine, high, side="right")))
            if span.start >= span.stop:
                return None
            box.append(span)
        return box[0], box[1], box[2]

    def refine(self, field: FloatArray, box: Box) -> FloatArray:
        """Interpolate a coarse field to the fine points of a box, along x, then y, then z."""
        z, y, x = (taps.of(span) for taps, span in zip(self._taps, box, strict=True))
        fine = np.empty((z[0].size - 1, y[0].size - 1, x[0].size - 1), dtype=np.float32)
        _paint.refine(np.ascontiguousarray(field), self.coarse.shape, z, y, x, fine)
        return fine

    def cover(self, distance: FloatArray, soft_mm: float = 0.0) -> FloatArray:
        """Return the share (0 to 1) of each voxel inside a surface; works in place."""
        _paint.cover(distance, -1.0 / max(soft_mm, self.pixel_mm))
        return distance

    def blend(self, box: Box, share: FloatArray, hu: float | FloatArray, is_tracked: bool = False) -> None:
        """Mix a tissue into a box by its share of each voxel; what is tracked loses that share or gains it."""
        region = self.hu[box]
        _mix(region, share, hu)
        if self.tracked is None:
            return
        outer, kept = self.tracked
        spans = [
            (max(a.start or 0, b.start), min(n if a.stop is None else a.stop, b.stop))
            for a, b, n in zip(box, outer, self.fine.shape, strict=True)
        ]
        if any(low >= high for low, high in spans):
            return
        inside = kept[tuple(slice(low - b.start, high - b.start) for (low, high), b in zip(spans, outer, strict=True))]
        full = np.broadcast_to(share, region.shape)
        part = full[
            tuple(slice(low - (a.start or 0), high - (a.start or 0)) for (low, high), a in zip(spans, box, strict=True))
        ]
        _mix(inside, part, float(is_tracked))

    def track(self, box: Box) -> None:
        """Follow from now on which share of each voxel of a box the lesion has."""
        self.tracked = box, np.zeros(tuple(span.stop - span.start for span in box), dtype=np.float32)

    def whole_slices(self, box: Box) -> Box:
        """Widen a box to whole slices."""
        start = box[0].start // self.sub * self.sub
        stop = min(-(-box[0].stop // self.sub) * self.sub, self.fine.shape[0])
        return slice(start, stop), box[1], box[2]

    def paint(
        self, field: FloatArray, hu: float | Callable[[Box], FloatArray], soft_mm: float = 0.0, strength: float = 1.0
    ) -> Box | None:
        """Paint the inside of a coarse field; a tissue may depend on the place."""
        box = self.near(field)
        if box is not None:
            share = self.cover(self.refine(field, box), soft_mm)
            if strength != 1.0:
                share *= strength
            self.blend(box, share, hu(box) if callable(hu) else hu)
        return box


def _mix(region: FloatArray, share: FloatArray, target: float | FloatArray) -> None:
    """Move a region towards a target, in place."""
    _paint.blend(region, np.broadcast_to(share, region.shape), np.broadcast_to(single(target), region.shape))


def _axes(lattice: Lattice) -> tuple[FloatArray, FloatArray, FloatArray]:
    return lattice.z, lattice.y, lattice.x
