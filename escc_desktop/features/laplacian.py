"""The Laplacian of Gaussian of a part of an image, with the values ITK gives there on the whole of it.

ITK's LaplacianRecursiveGaussianImageFilter adds up three images: for each axis the second derivative of a Gaussian
along it, then a Gaussian along the two others, every pass stored as float32. Here each pass gives only what later
passes need, and it begins no farther away than a voxel can matter: what it adds falls with the sum of its distances
along the three axes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import ceil
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from escc_desktop.features._gaussian import filter_lines
from escc_desktop.features.deriche import curvature_coefficients, smoothing_coefficients
from escc_desktop.imaging.mask import Region

# Widths of the Gaussian: beyond, a voxel changes a value by less than 1e-13 of its own HU.
REACH: Final = 24.0
# Lines that begin together; the filter takes sixteen side by side.
_STRIP: Final = 48
# No more are filtered between two checks: some hundredths of a second.
_CHUNK_VOXELS: Final = 1_500_000
_READABLE: Final = tuple(map(np.dtype, (np.uint8, np.uint16, np.int16, np.int32, np.float32, np.float64)))


def laplacian_of_gaussian(
    hu: NDArray[Any],
    spacing_mm: tuple[float, float, float],
    sigma_mm: float,
    box: Region,
    progress_check: Callable[[], None] = lambda: None,
) -> NDArray[np.float32]:
    """Return ITK's recursive Laplacian of Gaussian, normalised across scale, on a box.

    Parameters
    ----------
    hu
        (z, y, x) the whole image, at least four voxels along each axis.
    spacing_mm
        Along x, y, z.
    sigma_mm
        Width of the Gaussian.
    box
        Where the values are wanted; not empty.
    progress_check
        Called every few hundredths of a second; may raise to stop.
    """
    passes = _Passes(hu, spacing_mm[::-1], sigma_mm, box, progress_check)
    total = np.zeros([_length(part) for part in box], dtype=np.float32)
    # In ITK's order: the derivative along x, y, z, the Gaussian along the others in the same order.
    for axes in ((2, 1, 0), (1, 2, 0), (0, 2, 1)):
        passes.add_second_derivative(axes, total)
    return total


@dataclass(frozen=True, eq=False)
class _Passes:
    """Passes over an image that end in a box; spacing as the axes, z first."""

    hu: NDArray[Any]
    spacing: tuple[float, ...]
    sigma_mm: float
    box: Region
    progress_check: Callable[[], None]

    def add_second_derivative(self, axes: tuple[int, int, int], total: NDArray[np.float32]) -> None:
        """Add the second derivative along the first axis, per mm squared, to a total on the box."""
        spacing = self.spacing[axes[0]]
        scale = np.float64(1.0 / (spacing * spacing))
        for plane, curvature in zip(total, self._second_derivative(axes), strict=True):
            self.progress_check()
            plane[...] = plane + curvature * scale

    def _second_derivative(self, axes: tuple[int, int, int]) -> NDArray[np.float32]:
        """Return the second derivative per voxel squared, smoothed along the second axis, then the third."""
        _, second, third = axes
        depth = self._span(third, REACH)
        planes = self._empty({third: depth})
        for chunk in _pieces(depth, self._thickness(axes)):
            near = REACH - self._distance(third, chunk)
            curved = self._curved(axes, chunk, near)
            self._smooth(second, self._span(second, near), curved, planes[_part(third, chunk, depth)])
        result = self._empty({})
        row = planes.size // planes.shape[second]
        for strip in _pieces(self.box[second], max(_STRIP, _CHUNK_VOXELS // row)):
            self.progress_check()
            where = _part(second, strip, self.box[second])
            self._smooth(third, depth, planes[where], result[where])
        return result

    def _curved(self, axes: tuple[int, int, int], chunk: slice, near: float) -> NDArray[np.float32]:
        first, second, third = axes
        width = self._span(second, near)
        curved = self._empty({second: width, third: chunk})
        kernel = curvature_coefficients(self.sigma_mm, self.spacing[first])
        for strip in _pieces(width, _STRIP):
            line = self._span(first, near - self._distance(second, strip))
            source = [slice(0)] * 3
            source[first], source[second], source[third] = line, strip, chunk
            start = self.box[first].start - line.start
            filter_lines(_readable(self.hu[tuple(source)]), curved[_part(second, strip, width)], first, start, kernel)
        self.progress_check()
        return curved

    def _smooth(self, axis: int, span: slice, source: NDArray[np.float32], target: NDArray[np.float32]) -> None:
        kernel = smoothing_coefficients(self.sigma_mm, self.spacing[axis])
        filter_lines(source, target, axis, self.box[axis].start - span.start, kernel)

    def _thickness(self, axes: tuple[int, int, int]) -> int:
        """Return how many planes across the third axis are taken at once: less than a width of the Gaussian."""
        first, second, third = axes
        plane = _length(self._span(first, REACH)) * _length(self._span(second, REACH))
        return max(1, min(_CHUNK_VOXELS // plane, int(self.sigma_mm / self.spacing[third])))

    def _span(self, axis: int, widths: float) -> slice:
        """Return the box's extent along an axis, so much longer on both sides, but within the image."""
        # Three more, so that no line is shorter than the filter's four values.
        margin = ceil(max(widths, 0.0) * self.sigma_mm / self.spacing[axis]) + 3
        part = self.box[axis]
        return slice(max(part.start - margin, 0), min(part.stop + margin, self.hu.shape[axis]))

    def _distance(self, axis: int, part: slice) -> float:
        """Return how many widths of the Gaussian lie between part and box along an axis."""
        gap: int = max(self.box[axis].start - (part.stop - 1), part.start - (self.box[axis].stop - 1), 0)
        return gap * self.spacing[axis] / self.sigma_mm

    def _empty(self, longer: dict[int, slice]) -> NDArray[np.float32]:
        return np.empty([_length(longer.get(axis, part)) for axis, part in enumerate(self.box)], dtype=np.float32)


def _readable(values: NDArray[Any]) -> NDArray[Any]:
    """Return the values in a type the filter reads; of every type it makes double."""
    return values if values.dtype in _READABLE else values.astype(np.float64)


def _length(part: slice) -> int:
    return int(part.stop - part.start)


def _pieces(span: slice, length: int) -> Iterator[slice]:
    return (slice(start, min(start + length, span.stop)) for start in range(span.start, span.stop, length))


def _part(axis: int, part: slice, span: slice) -> Region:
    """Return the index of a part of an array whose first place along an axis is the span's first."""
    index = [slice(None)] * 3
    index[axis] = slice(part.start - span.start, part.stop - span.start)
    return index[0], index[1], index[2]
