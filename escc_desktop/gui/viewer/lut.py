"""From HU and label to colour in one table: grey by window, the overlay blended in."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

CODES: Final = 1 << 16
OPAQUE: Final = np.uint32(0xFF000000)
MIN_WIDTH: Final = 2.0


@dataclass(frozen=True)
class WindowPreset:
    """A window with a name, on a digit key."""

    key: str
    name: str
    width: float
    level: float


@lru_cache(maxsize=4)
def fused_table(width: float, level: float, color: int, strength: float) -> NDArray[np.uint32]:
    """Return RGB32 colours by ``label << 16 | HU as uint16`` for labels 0 and 1.

    Parameters
    ----------
    width, level
        The window in HU.
    color
        Of the overlay, as 0xRRGGBB.
    strength
        Share of that colour in a voxel of label 1, 0 to 1.
    """
    hu = np.arange(CODES, dtype=np.uint16).view(np.int16)
    grey = window_grey(hu, width, level)
    plain = np.arange(256, dtype=np.uint32)
    plain = OPAQUE | plain << np.uint32(16) | plain << np.uint32(8) | plain
    table = np.concatenate([plain[grey], _blended(color, strength)[grey]])
    table.flags.writeable = False
    return table


def window_grey(hu: NDArray[np.int16], width: float, level: float) -> NDArray[np.uint8]:
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
