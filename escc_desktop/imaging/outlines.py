"""Outlines of what is drawn on a plane, as loops of few vertices that can be moved by hand, and back.

Vertices are (row, column) in voxel coordinates of the plane; whole numbers are centres of voxels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from skimage.measure import find_contours

from escc_desktop.imaging._thin import thinned
from escc_desktop.imaging.mask import BoolArray

Vertex = tuple[float, float]
Loop = list[Vertex]
# The full outline keeps 1 / sqrt(8) = 0.354 voxels away from every centre. Leaving out vertices that lie closer than
# this to the line between their neighbours therefore moves no centre from one side to the other.
KEEPS_VOXELS: Final = 0.35
_FEWEST: Final = 3


def outlines(plane: BoolArray) -> list[Loop]:
    """Return the outlines of the voxels of a plane (rows, columns), holes as loops that run the other way round.

    Filled again (`joined`, `delineate.fill`) they give exactly the same voxels.
    """
    if not plane.any():
        return []
    rows, columns = (np.flatnonzero(plane.any(axis=axis)) for axis in (1, 0))
    top, left = int(rows[0]), int(columns[0])
    part = np.pad(plane[top : rows[-1] + 1, left : columns[-1] + 1], 1)
    found, corner = [], np.array([top - 1, left - 1])
    for contour in find_contours(part.astype(np.float64), 0.5):
        vertices = _thinned(contour, KEEPS_VOXELS)[:-1]
        if len(vertices) < _FEWEST:  # the diamond round a single voxel, cut down to a line
            vertices = contour[:-1]
        found.append(_vertices(vertices + corner))
    return found


def joined(loops: Sequence[Sequence[Vertex]]) -> Loop:
    """Return several loops as one that goes round them all, so that `delineate.fill` fills them in one go.

    The ways between the loops are gone there and back, and so enclose nothing.
    """
    if not loops:
        return []
    start = loops[0][0]
    whole: Loop = []
    for loop in loops:
        whole += [start, *loop, loop[0]]
    return whole


def _thinned(points: NDArray[np.float64], tolerance: float) -> NDArray[np.float64]:
    """Return a line (n, 2) without the points that lie within the tolerance of the one drawn without them.

    As Douglas and Peucker do: the point farthest from the way between two kept ones is kept too, if it is too far.
    """
    line = np.ascontiguousarray(points)
    kept = np.zeros(len(line), dtype=np.bool_)
    thinned(line, kept, tolerance)
    return line[kept]


def _vertices(points: NDArray[np.float64]) -> Loop:
    return [(row, column) for row, column in points.tolist()]
