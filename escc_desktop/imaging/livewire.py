"""The livewire: the way along the edges of a picture between two points."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.graph import MCP_Geometric

from escc_desktop.imaging._thin import traced

# Edges are looked for in soft tissue: without limits, bone and lung would draw every line to themselves.
_LEAST_HU, _MOST_HU = -200.0, 300.0
_SIGMA_MM: Final = 1.0
# The gradient at which half of what an edge can save is saved, and what a millimetre costs on the steepest edge, where
# one in an even place costs 1.4: a detour along an edge is worth it up to 3.5 times the straight way (decision 0161).
_HALF_HU_PER_MM: Final = 20.0
_CHEAPEST: Final = 0.4
REACH: Final = 96
_MARGIN: Final = 8
_ALL: Final = -1.0


def edge_cost(hu: NDArray[Any], spacing_mm: tuple[float, float]) -> NDArray[np.float64]:
    """Return what a millimetre costs at each voxel of a plane: little along edges, much in even places."""
    limited = np.clip(hu, _LEAST_HU, _MOST_HU).astype(np.float32)
    across = [
        ndimage.gaussian_filter(limited, [_SIGMA_MM / step for step in spacing_mm], order=order) / spacing_mm[axis]
        for axis, order in enumerate(((1, 0), (0, 1)))
    ]
    steepness = np.hypot(*across) / _HALF_HU_PER_MM
    cost: NDArray[np.float64] = _CHEAPEST + 1 / (1 + steepness**2)
    return cost


class Livewire:
    """The ways along edges from one point to all others within reach.

    Making one looks at a window of `REACH` voxels about the point only, whatever the size of the picture.

    Parameters
    ----------
    hu
        A plane of the volume (rows, columns).
    start
        Where the ways begin, (row, column).
    spacing_mm
        Distance between rows and between columns.
    """

    def __init__(self, hu: NDArray[Any], start: tuple[float, float], spacing_mm: tuple[float, float]) -> None:
        middle = [min(max(round(place), 0), length - 1) for place, length in zip(start, hu.shape, strict=True)]
        low = [max(place - REACH, 0) for place in middle]
        high = [min(place + REACH + 1, length) for place, length in zip(middle, hu.shape, strict=True)]
        # The margin lets edges at the rim of the window be what they are in the whole picture.
        wide = [max(place - _MARGIN, 0) for place in low]
        around = hu[wide[0] : high[0] + _MARGIN, wide[1] : high[1] + _MARGIN]
        inner = tuple(slice(a - b, c - b) for a, b, c in zip(low, wide, high, strict=True))
        cost = edge_cost(around, spacing_mm)[inner]
        self._corner = float(low[0]), float(low[1])
        self._shape = cost.shape
        ways = MCP_Geometric(cost, sampling=spacing_mm)
        steps = ways.find_costs([(middle[0] - low[0], middle[1] - low[1])])[1]
        self._steps = np.ascontiguousarray(steps, dtype=np.int8)
        self._moves = np.array(ways.offsets, dtype=np.int64)
        self._start = start

    def way_to(self, end: tuple[float, float]) -> list[tuple[float, float]]:
        """Return the voxels from the start to a point, its end out of reach replaced by the nearest one within it."""
        return traced(self._steps, self._moves, self._voxel(end), self._corner, None, _ALL)

    def line_to(self, end: tuple[float, float], tolerance: float) -> list[tuple[float, float]]:
        """Return the way as a line from start to end without the places closer than a tolerance to it, in voxels."""
        ends = *self._start, *end
        line = traced(self._steps, self._moves, self._voxel(end), self._corner, ends, tolerance)
        return line if len(line) > 1 else [self._start, end]

    def _voxel(self, end: tuple[float, float]) -> tuple[int, int]:
        """Return the voxel of the window nearest to a point."""
        (row, column), (top, left), (rows, columns) = end, self._corner, self._shape
        return min(max(round(row - top), 0), rows - 1), min(max(round(column - left), 0), columns - 1)
