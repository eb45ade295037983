"""What a scanner adds to a body: slices, blur, noise of a kernel, streaks, and the limits of its numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from escc_desktop.workflow.demo.canvas import FloatArray, single, smoothed

LOWEST_HU, HIGHEST_HU = -1024, 3071
FWHM_TO_SIGMA = 1.0 / 2.3548
RAYS = 3, 13
TINY = 1e-9


@dataclass(frozen=True)
class Kernel:
    """A reconstruction kernel.

    Attributes
    ----------
    name
        As a scanner calls it.
    noise_peak_per_mm
        Spatial frequency at which the noise power is greatest.
    noise_factor
        Noise relative to the soft kernel.
    edge
        Share of the high-pass image added back (0: none).
    """

    name: str
    noise_peak_per_mm: float
    noise_factor: float
    edge: float


SOFT = Kernel("B30f", 0.30, 1.0, 0.0)
LUNG = Kernel("B70f", 0.45, 2.4, 0.8)


@dataclass(frozen=True)
class Streaks:
    """Streaks that fan out from something dense.

    Attributes
    ----------
    points
        Rows of slice, row, column of their origins.
    strength_hu
        Standard deviation 10 mm away from the origin.
    reach_mm
        How far they go.
    """

    points: NDArray[np.float64]
    strength_hu: float
    reach_mm: float = 55.0


def slices_of(sub_slices: FloatArray, sub: int) -> FloatArray:
    """Average sub-slices to slices: a box profile as thick as a slice."""
    count, rows, columns = sub_slices.shape
    if sub == 1:
        return sub_slices
    return single(sub_slices.reshape(count // sub, sub, rows, columns).mean(axis=1, dtype=np.float32))


def blur(slices: FloatArray, pixel_mm: float, fwhm_mm: float) -> FloatArray:
    """Blur in the plane."""
    sigma = fwhm_mm * FWHM_TO_SIGMA / pixel_mm
    return smoothed(slices, (0.0, sigma, sigma), 3.0)


def sharpen(slices: FloatArray, pixel_mm: float, kernel: Kernel) -> FloatArray:
    """Raise the edges as a sharp kernel does."""
    if kernel.edge == 0.0:
        return slices
    return slices + np.float32(kernel.edge) * (slices - blur(slices, pixel_mm, 2.6))


def correlated_noise(
    shape: tuple[int, int, int], pixel_mm: float, peak_per_mm: float, rng: np.random.Generator
) -> FloatArray:
    """Return noise of standard deviation 1 whose power per slice is greatest at one spatial frequency.

    The power goes as f exp(-f^2 / (2 peak^2)): the ramp of filtered back-projection and the fall of a kernel.
    """
    white = rng.standard_normal(shape, dtype=np.float32)
    fy = fft.fftfreq(shape[1], pixel_mm)[:, None]
    fx = fft.rfftfreq(shape[2], pixel_mm)[None, :]
    f2 = fx**2 + fy**2
    gain = single(np.sqrt(np.sqrt(f2) * np.exp(-f2 / (2.0 * peak_per_mm**2))))
    for plane in white:
        waves = fft.rfft2(plane)
        waves *= gain
        plane[...] = fft.irfft2(waves, shape[1:])
    white /= np.float32(white.std())
    return white


def noise_level(z_mm: FloatArray, rows: int, columns: int, sd_hu: float) -> tuple[FloatArray, FloatArray]:
    """Return the local standard deviation as a factor of each slice and one of each pixel.

    There is more in the middle of the body, and 1.4 times as much at the shoulders.
    """
    y = np.linspace(-1.0, 1.0, rows, dtype=np.float32)[:, None]
    x = np.linspace(-1.0, 1.0, columns, dtype=np.float32)[None, :]
    plane = 0.72 + 0.34 * np.exp(-(x**2 / 0.35 + y**2 / 0.22))
    along = 1.0 + 0.4 / (1.0 + np.exp(-(z_mm - 68.0) / 6.0))
    return np.float32(sd_hu) * single(along), single(plane)


def add_streaks(slices: FloatArray, streaks: Streaks, pixel_mm: float, rng: np.random.Generator) -> None:
    """Add alternating bright and dark rays around each origin, in place."""
    rows, columns = slices.shape[1:]
    reach = int(1.8 * streaks.reach_mm / pixel_mm)
    for index, row, column in streaks.points:
        low_r, high_r = max(int(row) - reach, 0), min(int(row) + reach, rows)
        low_c, high_c = max(int(column) - reach, 0), min(int(column) + reach, columns)
        y = np.arange(low_r, high_r)[:, None] - row
        x = np.arange(low_c, high_c)[None, :] - column
        radius = np.hypot(x, y)
        distance = radius * pixel_mm
        rays = _rays((x + 1j * y) / np.maximum(radius, TINY), rng)
        fall = np.exp(-distance / streaks.reach_mm) * np.clip(distance / 9.0 - 0.6, 0.0, 1.0)
        slices[int(index), low_r:high_r, low_c:high_c] += (0.3 * streaks.strength_hu * rays * fall).astype(np.float32)


def _rays(turn: NDArray[np.complex128], rng: np.random.Generator) -> NDArray[np.float64]:
    """Return a sum of cosines of 3 to 13 times the angle that a number of size 1 turns by, of random size and phase.

    The cosines are the real parts of powers: one polynomial (by Horner's rule) instead of eleven cosines.
    """
    drawn = [(rng.normal(), rng.uniform(0.0, 2.0 * np.pi)) for _order in range(RAYS[0], RAYS[1] + 1)]
    total = np.zeros_like(turn)
    for size, phase in reversed(drawn):
        total *= turn
        total += size * np.exp(1j * phase)
    return np.asarray((total * turn ** RAYS[0]).real)


def digitise(slices: FloatArray) -> NDArray[np.int16]:
    """Round to whole HU within the scanner's range, in place."""
    hu = np.empty(slices.shape, dtype=np.int16)
    for plane, whole in zip(slices, hu, strict=True):
        np.clip(np.rint(plane, out=plane), LOWEST_HU, HIGHEST_HU, out=plane)
        whole[...] = plane
    return hu
