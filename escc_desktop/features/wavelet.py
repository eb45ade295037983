"""The bands of a stationary wavelet transform on a part of an image, with the values of the whole image's transform.

As PyRadiomics 3.0.1 has it (BSD-3): PyWavelets' `swtn`, one level, along x, y, z; the image goes round at its ends,
and a size that is odd is first made even by one voxel from the other end.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pywt
from numpy.typing import NDArray

from escc_desktop.imaging.mask import Region

# No more are transformed between two checks: some hundredths of a second.
_CHUNK_VOXELS: Final = 1_000_000


def wavelet_bands(
    hu: NDArray[Any], box: Region, wavelet: str, bands: Collection[str], progress_check: Callable[[], None]
) -> Iterator[tuple[str, NDArray[Any]]]:
    """Give the bands asked for on a box, each with its name.

    Parameters
    ----------
    hu
        (z, y, x) the whole image.
    box
        Where the values are wanted; not empty.
    wavelet
        PyWavelets' name for it.
    bands
        Such as ``LLH``: low pass along x and y, high pass along z.
    progress_check
        Called every few hundredths of a second; may raise to stop.

    Yields
    ------
    tuple
        Name and values, float64 (float32 of a float32 image).
    """
    kernel = pywt.Wavelet(wavelet)
    ends = [_gathered(part, size, kernel.dec_len // 2) for part, size in zip(box, hu.shape, strict=True)]
    tree = _Tree(kernel, tuple(part for _, part in ends), frozenset(bands), progress_check)
    return tree.bands(hu[np.ix_(*(places for places, _ in ends))], "")


def _gathered(part: slice, size: int, margin: int) -> tuple[NDArray[np.intp], slice]:
    """Return which places of an axis to transform instead of all of them, and where among them the part then lies.

    An even number of them. At the far end of the axis PyWavelets adds in another order, so a part that reaches there
    must lie at the far end of the places too, with the axis' first places where the transform goes round to.
    """
    period = size + size % 2
    first, end = part.start - margin, part.stop + margin
    if end <= period:
        places = np.arange(first, end + (end - first) % 2) % period
        start = margin
    elif first > margin:
        first -= (margin + period - first) % 2
        places = np.concatenate([np.arange(margin), np.arange(first, period)])
        start = margin + part.start - first
    else:
        places, start = np.arange(period), part.start
    places[places == size] = 0
    return places, slice(start, start + part.stop - part.start)


@dataclass(frozen=True, eq=False)
class _Tree:
    """One axis after the other is split into low and high pass, and cut to the part that is wanted."""

    kernel: pywt.Wavelet
    parts: tuple[slice, ...]
    wanted: frozenset[str]
    progress_check: Callable[[], None]

    def bands(self, values: NDArray[Any], name: str) -> Iterator[tuple[str, NDArray[Any]]]:
        """Give the bands wanted whose names begin with `name`, of which `values` is what was made so far."""
        if len(name) == values.ndim:
            yield name, values
            return
        axis = values.ndim - 1 - len(name)
        halves = dict(zip("HL", reversed(self._split(values, axis)), strict=True))
        del values
        for letter in "HL":
            half = halves.pop(letter)
            if any(band.startswith(name + letter) for band in self.wanted):
                yield from self.bands(half, name + letter)

    def _split(self, values: NDArray[Any], axis: int) -> tuple[NDArray[Any], NDArray[Any]]:
        part = self.parts[axis]
        across = 1 if axis == 0 else 0
        rows = max(1, _CHUNK_VOXELS * values.shape[across] // values.size)
        low: list[NDArray[Any]] = []
        high: list[NDArray[Any]] = []
        for start in range(0, values.shape[across], rows):
            self.progress_check()
            chunk = values.take(range(start, min(start + rows, values.shape[across])), axis=across)
            approximation, detail = pywt.swt(chunk, self.kernel, level=1, axis=axis)[0]
            low.append(approximation.take(range(part.start, part.stop), axis=axis))
            high.append(detail.take(range(part.start, part.stop), axis=axis))
        return np.concatenate(low, axis=across), np.concatenate(high, axis=across)
