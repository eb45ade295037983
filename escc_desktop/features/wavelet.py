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
    transform = _Transform(kernel, tuple(part for _, part in ends), frozenset(bands), progress_check)
    yield from transform.bands(_gather(hu, [places for places, _ in ends], progress_check))


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


def _gather(hu: NDArray[Any], places: list[NDArray[np.intp]], progress_check: Callable[[], None]) -> NDArray[Any]:
    depth, rows, columns = places
    gathered = np.empty((depth.size, rows.size, columns.size), dtype=hu.dtype)
    for target, place in zip(gathered, depth, strict=True):
        progress_check()
        target[...] = hu[place][np.ix_(rows, columns)]
    return gathered


@dataclass(frozen=True, eq=False)
class _Transform:
    """One axis after the other is split into low and high pass, and cut to the part that is wanted."""

    kernel: pywt.Wavelet
    parts: tuple[slice, ...]
    wanted: frozenset[str]
    progress_check: Callable[[], None]

    def bands(self, values: NDArray[Any]) -> Iterator[tuple[str, NDArray[Any]]]:
        """Give the bands wanted of the places gathered; what is done with is let go of at once."""
        unfinished = [("", values)]
        while unfinished:
            name, values = unfinished.pop()
            if len(name) == values.ndim:
                yield name, values
                continue
            letters = [letter for letter in "LH" if any(band.startswith(name + letter) for band in self.wanted)]
            halves = self._split(values, values.ndim - 1 - len(name), letters)
            unfinished += [(name + letter, half) for letter, half in zip(letters, halves, strict=True)]

    def _split(self, values: NDArray[Any], axis: int, letters: list[str]) -> list[NDArray[Any]]:
        part, across = self.parts[axis], 1 if axis == 0 else 0
        shape = list(values.shape)
        shape[axis] = part.stop - part.start
        # As PyWavelets has it.
        dtype = np.float32 if values.dtype == np.float32 else np.float64
        halves = [np.empty(shape, dtype=dtype) for _ in letters]
        thickness = max(1, _CHUNK_VOXELS * shape[across] // values.size)
        index = [slice(None)] * values.ndim
        for start in range(0, shape[across], thickness):
            self.progress_check()
            index[across] = slice(start, start + thickness)
            low, high = pywt.swt(values[tuple(index)], self.kernel, level=1, axis=axis)[0]
            made = {"L": low, "H": high}
            cut = tuple(part if place == axis else slice(None) for place in range(values.ndim))
            for letter, half in zip(letters, halves, strict=True):
                half[tuple(index)] = made[letter][cut]
        return halves
