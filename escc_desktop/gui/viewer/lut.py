"""From HU and label to colour in one table: grey by window, the overlay blended in."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

LABEL_SHIFT: Final = 16
CODES: Final = 1 << LABEL_SHIFT
_HALF: Final = 1 << 15
OPAQUE: Final = np.uint32(0xFF000000)
MIN_WIDTH: Final = 2.0
TINT_COLOR: Final = "#cc79a7"
"""Of voxels without a label whose HU are pointed out, such as those a brush may paint."""
_TINT_SHARE: Final = 0.25


@dataclass(frozen=True)
class WindowPreset:
    """A window with a name, on a digit key."""

    key: str
    name: str
    width: float
    level: float


@lru_cache(maxsize=4)
def fused_table(
    width: float, level: float, tints: tuple[int, ...], strength: float, pointed_out: tuple[int, int] | None = None
) -> NDArray[np.uint32]:
    """Return RGB32 colours by ``label << 16 | HU as uint16`` for label 0, which is none, and those from 1 on.

    Parameters
    ----------
    width, level
        The window in HU.
    tints
        Of the labels from 1 on, as 0xRRGGBB.
    strength
        Share of that colour in a voxel with a label, 0 to 1.
    pointed_out
        Least and most HU of voxels without a label that are tinted; None for none.
    """
    low, high = (min(max(int(level + side * width), -_HALF), _HALF) for side in (-1, 1))
    grey = window_grey(np.arange(low, high), width, level)
    grey_ramp = np.arange(256, dtype=np.uint32) * np.uint32(0x010101) | OPAQUE
    colors = grey_ramp, *(_blended(tint, strength) for tint in tints)
    table = np.empty((len(colors), CODES), dtype=np.uint32)
    for label, of_grey in enumerate(colors):
        # By HU from the least to the largest; as uint16 the negative ones come last.
        by_hu = np.empty(CODES, dtype=np.uint32)
        by_hu[: low + _HALF] = of_grey[0]
        by_hu[low + _HALF : high + _HALF] = of_grey[grey]
        by_hu[high + _HALF :] = of_grey[255]
        if label == 0 and pointed_out is not None:
            hu = np.arange(pointed_out[0], pointed_out[1] + 1)
            by_hu[hu + _HALF] = _blended(int(TINT_COLOR[1:], 16), _TINT_SHARE)[window_grey(hu, width, level)]
        table[label, :_HALF], table[label, _HALF:] = by_hu[_HALF:], by_hu[:_HALF]
    table.flags.writeable = False
    return table.reshape(-1)


def window_grey(hu: NDArray[np.integer], width: float, level: float) -> NDArray[np.uint8]:
    """Return the grey of HU in a window: the LINEAR function of DICOM PS3.3 C.11.2.1.2, to 0..255."""
    share = (hu.astype(np.float32) - np.float32(level - 0.5)) / np.float32(max(width, MIN_WIDTH) - 1) + np.float32(0.5)
    grey: NDArray[np.uint8] = np.rint(np.clip(share, 0, 1) * 255).astype(np.uint8)
    return grey


def _blended(color: int, strength: float) -> NDArray[np.uint32]:
    grey = np.arange(256, dtype=np.float32)
    mixed = np.full(256, OPAQUE, dtype=np.uint32)
    for shift in (16, 8, 0):
        part = color >> shift & 0xFF
        mixed |= np.rint(grey * (1 - strength) + part * strength).astype(np.uint32) << np.uint32(shift)
    return mixed
