"""The four images that are functions of a voxel's own HU and of the largest absolute HU of the whole scan.

Formulas of PyRadiomics 3.0.1 (BSD-3), `imageoperations`. All compute in float64.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def square(hu: FloatArray, scale: float) -> FloatArray:
    """Return (HU / sqrt(scale)) squared."""
    result: FloatArray = np.square(1 / np.sqrt(np.float64(scale)) * hu)
    return result


def squareroot(hu: FloatArray, scale: float) -> FloatArray:
    """Return the square root of |HU| times scale, with the sign of HU."""
    return np.copysign(np.sqrt(np.abs(hu) * scale), hu)


def logarithm(hu: FloatArray, scale: float) -> FloatArray:
    """Return log(|HU| + 1) with the sign of HU, stretched so that the scale stays what it is."""
    # Of an array, as the image's: the function for a single number may round otherwise.
    longest = np.log(np.array([scale + 1]))
    result: FloatArray = np.copysign(np.log(np.abs(hu) + 1), hu) * (scale / longest)
    return result


def exponential(hu: FloatArray, scale: float) -> FloatArray:
    """Return exp(HU log(scale) / scale)."""
    result: FloatArray = np.exp(np.log(np.float64(scale)) / scale * hu)
    return result


INTENSITY: Final[dict[str, Callable[[FloatArray, float], FloatArray]]] = {
    "square": square,
    "squareroot": squareroot,
    "logarithm": logarithm,
    "exponential": exponential,
}
