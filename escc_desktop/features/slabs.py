"""A box worked on in slabs: little memory beyond the result, and a check between them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import DTypeLike, NDArray

from escc_desktop.imaging.mask import Region

# What the second-level caches hold, and a few hundredths of a second of work.
_VOXELS: Final = 250_000


def by_slabs(
    box: Region, dtype: DTypeLike, values: Callable[[Region], NDArray[Any]], progress_check: Callable[[], None]
) -> NDArray[Any]:
    """Return an image on a box, put together from slabs of it.

    Parameters
    ----------
    box
        Of the whole image; not empty.
    dtype
        Pixel type of the result.
    values
        Gives the values on a part of the box.
    progress_check
        Called before each slab; may raise to stop.
    """
    depth, rows, columns = box
    result = np.empty([part.stop - part.start for part in box], dtype=dtype)
    thickness = max(1, _VOXELS // result[0].size)
    for start in range(depth.start, depth.stop, thickness):
        progress_check()
        stop = min(start + thickness, depth.stop)
        result[start - depth.start : stop - depth.start] = values((slice(start, stop), rows, columns))
    return result
