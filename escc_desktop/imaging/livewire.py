"""The livewire: the way along the edges of a picture between two points."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.graph import MCP_Geometric

# Edges are looked for in soft tissue: without limits, bone and lung would draw every line to themselves.
_LEAST_HU, _MOST_HU = -200.0, 300.0
_SIGMA_MM: Final = 1.0
# The gradient at which half of what an edge can save is saved, and what a millimetre costs on the steepest edge, where
# one in an even place costs 1.4: a detour along an edge is worth it up to 3.5 times the straight way (decision 0161).
_HALF_HU_PER_MM: Final = 20.0
_CHEAPEST: Final = 0.4
REACH: Final = 96
_MARGIN: Final = 8


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
        self._corner = low
        self._shape = cost.shape
        self._ways = MCP_Geometric(cost, sampling=spacing_mm)
        self._ways.find_costs([(middle[0] - low[0], middle[1] - low[1])])

    def way_to(self, end: tuple[float, float]) -> list[tuple[float, float]]:
        """Return the voxels from the start to a point, its end out of reach replaced by the nearest one within it."""
        row, column = (
            min(max(round(place - corner), 0), length - 1)
            for place, corner, length in zip(end, self._corner, self._shape, strict=True)
        )
        down, right = (float(corner) for corner in self._corner)
        return [(row + down, column + right) for row, column in self._ways.traceback((row, column))]
