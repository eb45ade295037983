"""Numbers as colours: viridis (van der Walt and Smith 2015, CC0).

Its lightness rises evenly, so that equal steps look equal, and it is told apart by colour-blind readers; its blue and
yellow are no grey of a CT.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

_ANCHORS: Final = bytes.fromhex(
    "440154 48186a 472d7b 424086 3b528b 33638d 2c728e 26828e 21918c 1fa088 28ae80 3fbc73 5ec962 84d44b addc30 d8e219"
    "fde725"
)


def _table() -> NDArray[np.uint32]:
    anchors = np.frombuffer(_ANCHORS, dtype=np.uint8).reshape(-1, 3)
    at = np.linspace(0, len(anchors) - 1, 256)
    red, green, blue = (
        np.rint(np.interp(at, range(len(anchors)), anchors[:, part])).astype(np.uint32) for part in range(3)
    )
    table: NDArray[np.uint32] = red << np.uint32(16) | green << np.uint32(8) | blue
    return table


SCALE: Final = _table()


def colours(values: NDArray[np.float64], low: float, high: float, opacity: float) -> NDArray[np.uint32]:
    """Return values as colours (ARGB32); nothing shows where a value is no number.

    Parameters
    ----------
    low, high
        Where the scale begins and ends; values beyond have the colour of the end. Equal for one single value, which
        has the colour of the middle.
    opacity
        0 to 1.
    """
    span = high - low
    share = (values - low) / span if span > 0 else np.full(values.shape, 0.5)
    known = np.isfinite(values)
    step = np.rint(np.where(known, np.clip(share, 0, 1), 0) * 255).astype(np.intp)
    alpha = np.uint32(round(opacity * 255)) << np.uint32(24)
    return np.where(known, SCALE[step] | alpha, np.uint32(0)).astype(np.uint32)
