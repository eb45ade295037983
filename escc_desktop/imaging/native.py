"""Uncompressed pixels of a DICOM file to HU: bytes whose place and format its checked header says; no parser."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from escc_desktop.imaging.series import Header

_BIG_ENDIAN: Final = "1.2.840.10008.1.2.2"
_IN_PLACE: Final = frozenset({"1.2.840.10008.1.2", "1.2.840.10008.1.2.1", _BIG_ENDIAN})
_INT16: Final = (-32768, 32767)


class BeyondInt16Error(ValueError):
    """A value lies beyond what CT numbers can be."""


def lies_in_file(header: Header) -> bool:
    """Whether the pixels can be read from the file as they are."""
    return header.transfer_syntax in _IN_PLACE and header.bits_allocated in {8, 16}


def read_native(path: Path, header: Header, hu: NDArray[np.int16]) -> None:
    """Read the slice of a file whose header was checked into contiguous `hu` (rows, columns).

    Raises
    ------
    EOFError
        The file is shorter than its header says.
    BeyondInt16Error
        A value does not fit.
    """
    with path.open("rb", buffering=0) as file:
        file.seek(header.pixel_offset or 0)
        if not _is_plain(header):
            hu[:] = hu_of_bytes(file.read(_length(header)), header)
            return
        if file.readinto(memoryview(hu).cast("B")) != hu.nbytes:  # type: ignore[arg-type]  # rows in one piece
            raise EOFError
    _rescale_in_place(hu, header)


def hu_of_bytes(data: bytes, header: Header) -> NDArray[np.int16]:
    """Return the slice (rows, columns) of uncompressed pixels; bits above the stored ones are masked out."""
    if len(data) < _length(header):
        raise EOFError
    order = ">" if header.transfer_syntax == _BIG_ENDIAN else "<"
    stored = np.frombuffer(data, f"{order}u{(header.bits_allocated or 16) // 8}", _length(header, in_pixels=True))
    hu = rescaled(_stored_bits(stored.astype(np.int32), header), header)
    return hu.reshape(header.rows or 0, header.columns or 0)


def rescaled(stored: NDArray[np.number], header: Header) -> NDArray[np.int16]:
    """Return stored values as HU, rounded where slope or intercept are no whole numbers."""
    slope, intercept = _rescale(header)
    if slope.is_integer() and intercept.is_integer():
        hu = stored.astype(np.int64) * int(slope) + int(intercept)
    else:
        hu = np.rint(stored.astype(np.float64) * slope + intercept)
    if hu.min() < _INT16[0] or hu.max() > _INT16[1]:
        raise BeyondInt16Error
    return hu.astype("<i2")


def _is_plain(header: Header) -> bool:
    """Whether arithmetic of 16 bits does, as for CT numbers of most scanners on most machines."""
    slope, intercept = _rescale(header)
    return (
        sys.byteorder == "little"
        and (header.bits_allocated, header.transfer_syntax != _BIG_ENDIAN) == (16, True)
        and (slope, intercept.is_integer()) == (1.0, True)
        and header.high_bit in {(header.bits_stored or 16) - 1, None}
    )


def _rescale_in_place(hu: NDArray[np.int16], header: Header) -> None:
    """Turn stored values into HU where they lie."""
    intercept = int(_rescale(header)[1])
    bits = header.bits_stored or 16
    values = hu.view(np.uint16)
    if bits < 16:
        values &= np.uint16((1 << bits) - 1)
        if header.is_signed:
            sign = np.uint16(1 << (bits - 1))
            values ^= sign
            values -= sign
    low, high = _range(hu if header.is_signed else values)
    if low + intercept < _INT16[0] or high + intercept > _INT16[1]:
        raise BeyondInt16Error
    values += np.uint16(intercept & 0xFFFF)  # what wraps around on the way comes back, since the result fits


def _range(values: NDArray[np.integer]) -> tuple[int, int]:
    return int(values.min()), int(values.max())


def _stored_bits(values: NDArray[np.int32], header: Header) -> NDArray[np.int32]:
    bits = header.bits_stored or 16
    shift = (bits - 1 if header.high_bit is None else header.high_bit) - (bits - 1)
    values = (values >> max(shift, 0)) & ((1 << bits) - 1)
    if header.is_signed:
        sign = 1 << (bits - 1)
        values = (values ^ sign) - sign
    return values


def _rescale(header: Header) -> tuple[float, float]:
    return (header.slope or [1.0])[0], (header.intercept or [0.0])[0]


def _length(header: Header, *, in_pixels: bool = False) -> int:
    pixels = (header.rows or 0) * (header.columns or 0)
    return pixels if in_pixels else pixels * (header.bits_allocated or 16) // 8
