"""How many grey levels the filtered images will have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from escc_desktop.features.preflight_findings import Finding, Severity

MANY_LEVELS: Final = 512
# Three low passes of coif1 amplify by sqrt(2) each; measured on eight CTs: 2.6.
LOW_PASS_GAIN: Final = 2.0**1.5


def grey_levels(inside: NDArray[np.float64], scale: float, bin_width_hu: float) -> dict[str, int]:
    """Return the number of bins between lowest and highest value, exact but for the wavelet, which has no more.

    Parameters
    ----------
    inside
        (n,) HU of the region's voxels.
    scale
        Largest absolute value of the whole image.
    """
    low, high = float(inside.min()), float(inside.max())
    nearest = float(np.abs(inside).min())
    farthest = max(-low, high)
    ends = {
        "original": (low, high),
        "wavelet-LLL": (low * LOW_PASS_GAIN, high * LOW_PASS_GAIN),
        "square": (nearest**2 / scale, farthest**2 / scale),
        "squareroot": (_root(low, scale), _root(high, scale)),
        "logarithm": (_logarithm(low, scale), _logarithm(high, scale)),
        "exponential": (_exponential(low, scale), _exponential(high, scale)),
    }
    return {name: int(top // bin_width_hu - bottom // bin_width_hu) + 1 for name, (bottom, top) in ends.items()}


def _root(hu: float, scale: float) -> float:
    return float(np.sign(hu) * np.sqrt(abs(hu) * scale))


def _logarithm(hu: float, scale: float) -> float:
    return float(np.sign(hu) * np.log1p(abs(hu)) * scale / np.log1p(scale))


def _exponential(hu: float, scale: float) -> float:
    return float(np.exp(np.log(scale) / scale * hu))


def level_findings(levels: dict[str, int]) -> Iterator[Finding]:
    """Yield a question where the textures may take hours."""
    name = max(levels, key=lambda image: levels[image])
    if levels[name] > MANY_LEVELS:
        yield Finding(
            "many_grey_levels",
            Severity.ASK,
            f"The image {name} would have about {levels[name]:,} grey levels (up to {MANY_LEVELS} is usual): metal or"
            " padding in the scan, or a small bin width. It may take long and much memory.",
            "Look at the scan, or choose a larger bin width.",
        )
