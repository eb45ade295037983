"""How many grey levels the filtered images will have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from escc_desktop.features.params import ExtractionParams
from escc_desktop.features.preflight_findings import Finding, Severity

MANY_LEVELS: Final = 512
# Three low passes of coif1 amplify by sqrt(2) each; measured on eight CTs: 2.6.
LOW_PASS_GAIN: Final = 2.0**1.5


def grey_levels(inside: NDArray[np.float64], scale: float, params: ExtractionParams) -> dict[str, int]:
    """Return the number of bins between lowest and highest value, exact but for the wavelet, which has no more.

    Parameters
    ----------
    inside
        (n,) HU of the region's voxels.
    scale
        Largest absolute value of the whole image.
    params
        The bin width, and where grey level 1 of the unfiltered image begins.
    """
    width = params.bin_width_hu
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
    levels = {name: int(top // width - bottom // width) + 1 for name, (bottom, top) in ends.items()}
    if params.first_edge_hu is not None:
        levels["original"] = int((high - params.first_edge_hu) // width) + 1
    return levels


def _root(hu: float, scale: float) -> float:
    return float(np.sign(hu) * np.sqrt(abs(hu) * scale))


def _logarithm(hu: float, scale: float) -> float:
    return float(np.sign(hu) * np.log1p(abs(hu)) * scale / np.log1p(scale))


def _exponential(hu: float, scale: float) -> float:
    return float(np.exp(np.log(scale) / scale * hu))


def level_findings(levels: dict[str, int], *, is_slow: bool) -> Iterator[Finding]:
    """Yield a warning where textures tell little apart; a question where the engine may take hours for them."""
    name = max(levels, key=lambda image: levels[image])
    if levels[name] > MANY_LEVELS:
        slow = " PyRadiomics may take hours and much memory." if is_slow else ""
        yield Finding(
            "many_grey_levels",
            Severity.ASK if is_slow else Severity.WARN,
            f"The image {name} would have about {levels[name]:,} grey levels (up to {MANY_LEVELS} is usual): metal or"
            f" padding in the scan, or a small bin width. Its textures are mostly noise.{slow}",
            "Look at the scan, or choose a larger bin width.",
        )
