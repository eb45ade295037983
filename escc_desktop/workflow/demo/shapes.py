"""Shapes as signed distances in mm: stacks of cross-sections, tubes, and ways to join them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from escc_desktop.workflow.demo import _paint
from escc_desktop.workflow.demo.canvas import FAR_MM, Box, FloatArray, Lattice, single

Points = NDArray[np.float64]


@dataclass(frozen=True)
class Loft:
    """A stack of cross-sections, smooth along z.

    Parameters
    ----------
    knots
        Rows z, x, y, left, right, front, back (mm): centre and the four radii; radii go as the root of a smooth
        function, so that a knot of nearly zero closes the shape like an ellipsoid.
    power
        2 for ellipses, 3 or 4 for rounder rectangles.
    turn_deg
        Turn of all cross-sections about their centres, from x towards y.
    """

    knots: Points
    power: float = 2.0
    turn_deg: float = 0.0

    def at(self, z: FloatArray) -> list[FloatArray]:
        """Return x, y, left, right, front, back at each z."""
        smooth = self._smooth(np.clip(z, self.knots[:, 0].min(), self.knots[:, 0].max()))
        return [single(column) for column in (*smooth[:, :2].T, *np.sqrt(smooth[:, 2:]).T)]

    @cached_property
    def _smooth(self) -> PchipInterpolator:
        """Centre and squared radii along z; made once, for a loft serves many bodies."""
        rows = self.knots[np.argsort(self.knots[:, 0])]
        return PchipInterpolator(rows[:, 0], np.hstack([rows[:, 1:3], rows[:, 3:] ** 2]))

    def mirrored(self) -> Loft:
        """Return the mirror image, left for right."""
        knots = self.knots[:, [0, 1, 2, 4, 3, 5, 6]] * [1, -1, 1, 1, 1, 1, 1]
        return Loft(knots, self.power, -self.turn_deg)

    def moved(self, z_mm: float) -> Loft:
        """Return the same shape, higher by `z_mm`."""
        return Loft(self.knots + np.eye(7)[0] * z_mm, self.power, self.turn_deg)

    def distance(self, lattice: Lattice, box: Box | None = None) -> FloatArray:
        """Return the first-order distance in the plane (mm) on a lattice, or on its box only (FAR_MM elsewhere)."""
        if box is None:
            box = self._box(lattice)
            result = np.full(lattice.shape, FAR_MM, dtype=np.float32)
            if all(span.start < span.stop for span in box):
                result[box] = self.distance(lattice, box)
            return result
        z, y, x = lattice.open(box)
        cx, cy, left, right, front, back = (c[:, None, None] for c in self.at(lattice.z[box[0]]))
        dx, dy = x - cx, y - cy
        if self.turn_deg:
            cosine, sine = np.cos(np.radians(self.turn_deg)), np.sin(np.radians(self.turn_deg))
            dx, dy = dx * cosine + dy * sine, dy * cosine - dx * sine
        rx, ry = np.where(dx > 0, left, right), np.where(dy > 0, back, front)
        u, v = np.abs(dx) / rx, np.abs(dy) / ry
        plane = _superellipse(u, v, rx, ry, self.power)
        low, high = float(self.knots[:, 0].min()), float(self.knots[:, 0].max())
        return single(np.maximum(plane, np.maximum(low - z, z - high)))

    def _box(self, lattice: Lattice) -> Box:
        k = self.knots
        reach = k[:, 3:].max() if self.turn_deg else 0.0
        right, left = np.maximum(k[:, 4], reach), np.maximum(k[:, 3], reach)
        front, back = np.maximum(k[:, 5], reach), np.maximum(k[:, 6], reach)
        margin = 15.0
        low = ((k[:, 1] - right).min() - margin, (k[:, 2] - front).min() - margin, k[:, 0].min() - margin)
        high = ((k[:, 1] + left).max() + margin, (k[:, 2] + back).max() + margin, k[:, 0].max() + margin)
        return lattice.box(low, high)


def _superellipse(u: FloatArray, v: FloatArray, rx: FloatArray, ry: FloatArray, power: float) -> FloatArray:
    """First-order distance to |u|^p + |v|^p = 1: (k - 1) / |grad k|, with k the p-norm."""
    if power == 2.0:
        k = np.sqrt(u * u + v * v) + 1e-3
        slope = np.sqrt((u / rx) ** 2 + (v / ry) ** 2) / k + 1e-6
        return single((k - 1.0) / slope)
    k = (u**power + v**power) ** (1.0 / power) + 1e-3
    slope = np.sqrt((u ** (power - 1.0) / rx) ** 2 + (v ** (power - 1.0) / ry) ** 2) * k ** (1.0 - power) + 1e-6
    return single(np.minimum((k - 1.0) / slope, FAR_MM))


class Curve:
    """A smooth path through rows of x, y, z, radius (centripetal parameter)."""

    def __init__(self, points: Points) -> None:
        gaps = np.linalg.norm(np.diff(points[:, :3], axis=0), axis=1)
        knots = np.concatenate([[0.0], np.cumsum(np.sqrt(gaps))])
        self._length, self._end = float(gaps.sum()), float(knots[-1])
        self._smooth = PchipInterpolator(knots, points)

    def sampled(self, step_mm: float) -> Points:
        """Return rows of x, y, z, radius about every step."""
        samples = np.linspace(0.0, self._end, max(int(np.ceil(self._length / step_mm)), 1) + 1)
        return np.asarray(self._smooth(samples))


def add_tube(lattice: Lattice, distance: FloatArray, path: Points, flatten: float = 1.0) -> None:
    """Lower a distance field (of the whole lattice) to that of a tube along rows of x, y, z, radius.

    `flatten` below 1 makes the tube taller along z than it is wide (ribs).
    """
    add_pieces(lattice, distance, np.stack([path[:-1], path[1:]], axis=1), flatten)


def add_pieces(lattice: Lattice, distance: FloatArray, pieces: Points, flatten: float = 1.0) -> None:
    """Lower a distance field to that of straight pieces (n, 2, 4) of x, y, z, radius at either end."""
    _paint.tubes(distance, lattice.shape, lattice.z, lattice.y, lattice.x, np.ascontiguousarray(pieces), flatten)


def smooth_union(a: FloatArray, b: FloatArray, radius_mm: float) -> FloatArray:
    """Return the distance to two shapes grown together with a fillet."""
    h = np.clip(radius_mm - np.abs(a - b), 0.0, None) / radius_mm
    return single(np.minimum(a, b) - h * h * (radius_mm / 4.0))


def smooth_maximum(a: FloatArray, b: FloatArray, radius_mm: float) -> FloatArray:
    """Return the distance to what two shapes have in common, with a rounded edge."""
    return -smooth_union(-a, -b, radius_mm)
