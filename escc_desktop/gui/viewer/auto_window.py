"""The window that shows what is inside a region best."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from escc_desktop.imaging.mask import BoolArray, Region

# Of a region's voxels the darkest and the brightest hundredth are left out, and a quarter more is shown around.
_TAILS: Final = (1.0, 99.0)
_MARGIN: Final = 1.25
_LEAST_WIDTH: Final = 50.0
_MOST_VOXELS: Final = 1 << 21


def window_of_region(hu: NDArray[np.int16], voxels: BoolArray, box: Region) -> tuple[float, float] | None:
    """Return width and level around the values of a region's voxels; None if it has none in the box.

    Large boxes are looked at in every second, third, ... slice: the reader waits for it.
    """
    n_voxels = int(np.prod([part.stop - part.start for part in box]))
    step = max(1, -(-n_voxels // _MOST_VOXELS))
    part = slice(box[0].start, box[0].stop, step), box[1], box[2]
    inside = hu[part][voxels[part]]
    if not inside.size and step > 1:  # a region as thin as what was left out
        inside = hu[box][voxels[box]]
    if not inside.size:
        return None
    low, high = (float(value) for value in np.percentile(inside, _TAILS))
    return max((high - low) * _MARGIN, _LEAST_WIDTH), (low + high) / 2
