"""What is measured on images: diameters of a region, values within it, lengths and angles by hand."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, QhullError
from scipy.spatial.distance import pdist, squareform

from escc_desktop.imaging.mask import BoolArray

Place = tuple[float, float]
"""A place in a slice as (x, y) in voxel coordinates; whole numbers are centres."""
_TOP, _RIGHT, _BOTTOM, _LEFT = (0.5, 0.0), (1.0, 0.5), (0.5, 1.0), (0.0, 0.5)
# Which corners of a cell are inside (upper left 1, upper right 2, lower right 4, lower left 8): its lines.
_LINES: Final = MappingProxyType(
    {
        1: ((_LEFT, _TOP),),
        2: ((_TOP, _RIGHT),),
        3: ((_LEFT, _RIGHT),),
        4: ((_RIGHT, _BOTTOM),),
        5: ((_LEFT, _TOP), (_RIGHT, _BOTTOM)),
        6: ((_TOP, _BOTTOM),),
        7: ((_LEFT, _BOTTOM),),
        8: ((_LEFT, _BOTTOM),),
        9: ((_TOP, _BOTTOM),),
        10: ((_TOP, _RIGHT), (_LEFT, _BOTTOM)),
        11: ((_RIGHT, _BOTTOM),),
        12: ((_LEFT, _RIGHT),),
        13: ((_TOP, _RIGHT),),
        14: ((_LEFT, _TOP),),
    }
)
_AT_A_TIME: Final = 256
_MOST: Final = 4_000_000


@dataclass(frozen=True)
class SliceAxes:
    """The longest diameter of a region within one slice, and the longest one at right angles to it.

    Attributes
    ----------
    long, short
        Both ends of each.
    long_mm, short_mm
        Their lengths.
    """

    long: tuple[Place, Place]
    short: tuple[Place, Place]
    long_mm: float
    short_mm: float


def slice_axes(voxels: BoolArray, spacing_mm: tuple[float, float]) -> SliceAxes | None:
    """Return the axes of what is drawn on a slice; None where nothing is.

    The outline runs through the middles of the pixel edges between inside and outside, so that a row of n pixels is
    n pixel widths long. Both axes go from one outermost point to another,
    also across a part of the slice that is not drawn.

    Parameters
    ----------
    voxels
        Boolean (y, x).
    spacing_mm
        Distance between voxel centres along x and y.
    """
    rows, columns = np.flatnonzero(voxels.any(axis=1)), np.flatnonzero(voxels.any(axis=0))
    if not rows.size:
        return None
    corner = np.array([columns[0], rows[0]]) - 1.0
    outline = _outline(voxels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]) * spacing_mm
    long = _farthest(np.unique(outline.reshape(-1, 2), axis=0))
    way = (long[1] - long[0]) / np.linalg.norm(long[1] - long[0])
    turned = np.array([way, (-way[1], way[0])])
    ends = _widest(outline @ turned.T)
    short = ends @ turned
    long_ends, short_ends = (
        tuple((float(x), float(y)) for x, y in both / spacing_mm + corner) for both in (long, short)
    )
    return SliceAxes(
        (long_ends[0], long_ends[1]),
        (short_ends[0], short_ends[1]),
        float(np.linalg.norm(long[1] - long[0])),
        float(np.linalg.norm(short[1] - short[0])),
    )


def _outline(voxels: BoolArray) -> NDArray[np.float64]:
    """Return the lines (n, 2 ends, (x, y)) between the middles of pixel edges, in voxels of the array padded by one."""
    padded = np.pad(voxels, 1).astype(np.uint8)
    corners = padded[:-1, :-1] + 2 * padded[:-1, 1:] + 4 * padded[1:, 1:] + 8 * padded[1:, :-1]
    found = []
    for case, lines in _LINES.items():
        rows, columns = np.nonzero(corners == case)
        at = np.column_stack([columns, rows])
        found += [np.stack([at + one, at + other], axis=1) for one, other in lines]
    return np.concatenate(found)


def _farthest(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the two points (2, 2) that lie farthest apart."""
    with contextlib.suppress(QhullError):  # raised when all points lie on one line
        points = points[ConvexHull(points).vertices]
    one, other = np.unravel_index(int(np.argmax(squareform(pdist(points)))), (len(points),) * 2)
    return points[[one, other]]


def _widest(outline: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the ends (2, 2) of the longest chord across an outline (n, 2, (along, across)) at one place along."""
    starts, ends = outline[:, 0], outline[:, 1]
    # Between two corners the width is linear: it is greatest at one of them.
    places = np.unique(outline[:, :, 0])
    # Nothing that is outlined has so many corners; what is scattered over the slice is measured at some of them.
    places = places[:: 1 + len(places) * len(starts) // _MOST]
    best = 0.0, np.array([starts[0], starts[0]])
    for first in range(0, len(places), _AT_A_TIME):
        at = places[first : first + _AT_A_TIME, np.newaxis]
        span = ends[:, 0] - starts[:, 0]
        share = (at - starts[:, 0]) / np.where(span == 0, 1.0, span)
        is_met = (share >= 0) & (share <= 1) & ((span != 0) | (at == starts[:, 0]))
        across = starts[:, 1] + share * (ends[:, 1] - starts[:, 1])
        low, high = np.where(is_met, across, np.inf).min(axis=1), np.where(is_met, across, -np.inf).max(axis=1)
        widest = int(np.argmax(high - low))
        if high[widest] - low[widest] > best[0]:
            place = at[widest, 0]
            chord = np.array([(place, low[widest]), (place, high[widest])])
            best = float(high[widest] - low[widest]), chord
    return best[1]


@dataclass(frozen=True)
class HuFigures:
    """Values within a region, to be added up slice by slice.

    Attributes
    ----------
    count, total, squares
        Number of voxels, sum and sum of squares of their values.
    low, high
        Least and greatest value.
    """

    count: int
    total: int
    squares: int
    low: int
    high: int

    @property
    def mean(self) -> float:
        """Mean in HU."""
        return self.total / self.count

    @property
    def sd(self) -> float:
        """Standard deviation of these voxels in HU (divided by their number)."""
        return math.sqrt(max(self.squares * self.count - self.total * self.total, 0)) / self.count

    def __add__(self, other: HuFigures) -> HuFigures:
        return HuFigures(
            self.count + other.count,
            self.total + other.total,
            self.squares + other.squares,
            min(self.low, other.low),
            max(self.high, other.high),
        )


def hu_figures(values: NDArray[Any]) -> HuFigures | None:
    """Return the figures of some voxels; None for no voxel."""
    if not values.size:
        return None
    whole = values.astype(np.int64)
    return HuFigures(whole.size, int(whole.sum()), int((whole * whole).sum()), int(whole.min()), int(whole.max()))


def together(figures: Iterable[HuFigures]) -> HuFigures | None:
    """Return the figures of all regions as one; None for none."""
    found = list(figures)
    return reduce(HuFigures.__add__, found) if found else None


def in_ellipse(shape: tuple[int, int], one: Place, other: Place) -> tuple[tuple[slice, slice], BoolArray]:
    """Return the voxels of a slice whose centres lie in the ellipse that fills a rectangle.

    Parameters
    ----------
    shape
        Rows and columns of the slice.
    one, other
        Opposite corners of the rectangle, as (row, column).

    Returns
    -------
    The box (rows, columns) and the voxels within it.
    """
    low, high = np.minimum(one, other), np.maximum(one, other)
    middle, radii = (low + high) / 2, np.maximum((high - low) / 2, 1e-9)
    starts = np.clip(np.ceil(low), 0, shape).astype(int)
    stops = np.clip(np.floor(high) + 1, starts, shape).astype(int)
    rows, columns = np.ogrid[starts[0] : stops[0], starts[1] : stops[1]]
    inside = ((rows - middle[0]) / radii[0]) ** 2 + ((columns - middle[1]) / radii[1]) ** 2 <= 1
    box = slice(int(starts[0]), int(stops[0])), slice(int(starts[1]), int(stops[1]))
    return box, inside


def distance_mm(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the distance between two points of the patient."""
    return math.dist(one, other)


def angle_deg(one: Sequence[float], vertex: Sequence[float], other: Sequence[float]) -> float:
    """Return the angle at a point between two others, 0 to 180 degrees; 0 where an arm has no length."""
    a, b = np.subtract(one, vertex), np.subtract(other, vertex)
    lengths = float(np.linalg.norm(a) * np.linalg.norm(b))
    if not lengths:
        return 0.0
    return math.degrees(math.acos(min(max(float(a @ b) / lengths, -1.0), 1.0)))
