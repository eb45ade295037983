"""Deriche's recursive approximation of a Gaussian and of its second derivative.

R. Deriche, "Recursively implementing the Gaussian and its derivatives", INRIA RR-1893, 1993, with his constants of
the fourth order; normalised and continued beyond the ends of a line as in ITK's RecursiveGaussianImageFilter
(Apache-2.0), every sum in its order, so that the coefficients are ITK's to the last bit.
"""

from __future__ import annotations

from math import cos, exp, sin
from typing import Final

import numpy as np
from numpy.typing import NDArray

Quad = tuple[float, float, float, float]
Waves = tuple[tuple[float, float], tuple[float, float]]

# A kernel is the sum of two damped waves, exp(L x) (A cos(W x) + B sin(W x)) at x in widths of the Gaussian.
_W: Final = (0.6681, 2.0787)
_L: Final = (-1.3932, -1.3732)
_SMOOTHING: Final[Waves] = ((1.3530, 1.8151), (-0.3531, 0.0902))
_CURVATURE: Final[Waves] = ((-1.3563, 5.2318), (0.3446, -2.2355))


def smoothing_coefficients(sigma_mm: float, spacing_mm: float) -> NDArray[np.float64]:
    """Return the coefficients of a Gaussian whose sum is 1, for `_gaussian.filter_lines`.

    Parameters
    ----------
    sigma_mm, spacing_mm
        Width of the Gaussian, distance of the values.

    Returns
    -------
    NDArray
        20: N0..N3, M1..M4, D1..D4, BN1..BN4, BM1..BM4.
    """
    n = _numerator(_SMOOTHING, sigma_mm / spacing_mm)
    d = _denominator(sigma_mm / spacing_mm)
    total = 2 * _moment_of_n(n, 0) / _moment_of_d(d, 0) - n[0]
    return _completed(_times(n, 1.0 / total), d)


def curvature_coefficients(sigma_mm: float, spacing_mm: float) -> NDArray[np.float64]:
    """Return the coefficients of a Gaussian's second derivative times the square of its width in mm.

    Parameters and result are those of `smoothing_coefficients`.
    """
    width = sigma_mm / spacing_mm
    smooth, curved = _numerator(_SMOOTHING, width), _numerator(_CURVATURE, width)
    d = _denominator(width)
    sd, dd, ed = (_moment_of_d(d, power) for power in range(3))
    # So much of the Gaussian that the kernel's sum is 0.
    share = -(2 * _moment_of_n(curved, 0) - sd * curved[0]) / (2 * _moment_of_n(smooth, 0) - sd * smooth[0])
    n = _plus(curved, share, smooth)
    sn, dn, en = (_moment_of_n(curved, power) + share * _moment_of_n(smooth, power) for power in range(3))
    # Half its second moment, which is to be 1.
    moment = en * sd * sd - ed * sn * sd - 2 * dn * dd * sd + 2 * dd * dd * sn
    moment /= sd * sd * sd
    return _completed(_times(n, sigma_mm * sigma_mm / moment), d)


def _numerator(waves: Waves, width: float) -> Quad:
    (a1, b1), (a2, b2) = waves
    sin1, sin2 = (sin(frequency / width) for frequency in _W)
    cos1, cos2 = (cos(frequency / width) for frequency in _W)
    exp1, exp2 = (exp(decay / width) for decay in _L)
    n1 = exp2 * (b2 * sin2 - (a2 + 2 * a1) * cos2)
    n1 += exp1 * (b1 * sin1 - (a1 + 2 * a2) * cos1)
    n2 = (a1 + a2) * cos2 * cos1
    n2 -= b1 * cos2 * sin1 + b2 * cos1 * sin2
    n2 *= 2 * exp1 * exp2
    n2 += a2 * exp1 * exp1 + a1 * exp2 * exp2
    n3 = exp2 * exp1 * exp1 * (b2 * sin2 - a2 * cos2)
    n3 += exp1 * exp2 * exp2 * (b1 * sin1 - a1 * cos1)
    return a1 + a2, n1, n2, n3


def _denominator(width: float) -> Quad:
    cos1, cos2 = (cos(frequency / width) for frequency in _W)
    exp1, exp2 = (exp(decay / width) for decay in _L)
    d3 = -2 * cos1 * exp1 * exp2 * exp2
    d3 += -2 * cos2 * exp2 * exp1 * exp1
    d2 = 4 * cos2 * cos1 * exp1 * exp2
    d2 += exp1 * exp1 + exp2 * exp2
    return -2 * (exp2 * cos2 + exp1 * cos1), d2, d3, exp1 * exp1 * exp2 * exp2


def _moment_of_n(n: Quad, power: int) -> float:
    """Return the sum of the numerator's coefficients times their indices (0 to 3) to a power."""
    if power == 0:
        return n[0] + n[1] + n[2] + n[3]
    return n[1] + 2.0**power * n[2] + 3.0**power * n[3]


def _moment_of_d(d: Quad, power: int) -> float:
    """Return the same of the denominator, whose coefficient 0 is 1 and is not among the four."""
    if power == 0:
        return 1.0 + d[0] + d[1] + d[2] + d[3]
    return d[0] + 2.0**power * d[1] + 3.0**power * d[2] + 4.0**power * d[3]


def _times(n: Quad, factor: float) -> Quad:
    return n[0] * factor, n[1] * factor, n[2] * factor, n[3] * factor


def _plus(n: Quad, factor: float, other: Quad) -> Quad:
    first, second, third, fourth = (a + factor * b for a, b in zip(n, other, strict=True))
    return first, second, third, fourth


def _completed(n: Quad, d: Quad) -> NDArray[np.float64]:
    """Add the coefficients backwards and those of the end values that go on for ever."""
    m = (n[1] - d[0] * n[0], n[2] - d[1] * n[0], n[3] - d[2] * n[0], -d[3] * n[0])
    sum_n, sum_m, sum_d = sum(n[1:], n[0]), sum(m[1:], m[0]), _moment_of_d(d, 0)
    ends = [[weight * total / sum_d for weight in d] for total in (sum_n, sum_m)]
    return np.array([n, m, d, *ends], dtype=np.float64).ravel()
