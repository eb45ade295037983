"""The raw elements of ordinary DICOM files, found at once; runs in the sandbox child only.

pydicom takes a millisecond a file. Whatever is not ordinary is left to it, so that odd files have one judge.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from io import FileIO
from typing import Final

from pydicom.charset import python_encoding
from pydicom.datadict import DicomDictionary

from escc_desktop.imaging._elements import elements

_START: Final = 132
_DEFER_BYTES: Final = 4096
_CHARSET: Final = 0x00080005
_SYNTAX: Final = 0x00020010
_NAME: Final = 0x00100010
_PIXELS: Final = 0x7FE00010
_UNDEFINED: Final = 0xFFFFFFFF
_IMPLICIT: Final = "1.2.840.10008.1.2"
_OTHERS: Final = frozenset({"1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"})  # big endian, deflated
_SYNTAX_PATTERN: Final = re.compile(r"1\.2\.840\.10008\.1\.2(\.[0-9.]+)?")


@dataclass
class Elements:
    """What is known of the elements of a file.

    Attributes
    ----------
    raw
        Values by tag, those longer than 4 KiB as b"".
    is_little_endian
        How whole numbers are written.
    name_length
        Of the patient's name.
    pixels
        Where the pixels begin and how long they are: None where that is not said; None without pixels.
    transfer_syntax
        As the file says, or as it was found to be.
    depth
        How deeply items nest.
    """

    raw: dict[int, bytes]
    is_little_endian: bool = True
    name_length: int = 0
    pixels: tuple[int, int | None] | None = None
    transfer_syntax: str = ""
    depth: int = 0


def packed(tags: Iterable[int]) -> bytes:
    """Return tags as `find_elements` wants them."""
    return b"".join(struct.pack("<HH", tag >> 16, tag & 0xFFFF) for tag in sorted(tags))


_ONLY_SYNTAX: Final = packed([_SYNTAX])
_NESTED: Final = packed(tag for tag in DicomDictionary if DicomDictionary[tag][0] == "SQ")


def find_elements(file: FileIO, start: bytes, size: int, wanted: bytes) -> Elements | None:
    """Return the wanted elements of a file of `size` bytes, its `start` read already; None if it is not ordinary."""
    found = _found(file, start, size, wanted)
    if found is None and len(start) < size:
        found = _found(file, start + file.read(), size, wanted)
    return found


def _found(file: FileIO, held: bytes, size: int, wanted: bytes) -> Elements | None:
    opening = _opening(held, size)
    if opening is None:
        return None
    syntax, start = opening
    is_implicit = syntax == _IMPLICIT
    if is_implicit == (held[start + 4 : start + 6].isalpha() and held[start + 4 : start + 6].isupper()):
        return None
    walked = elements(held, size, start, is_implicit, -1, wanted, _NESTED)
    if walked is None or not walked[0]:
        return None
    found, _, depth = walked
    charset = found.get(_CHARSET, b"")
    if not isinstance(charset, bytes) or charset.decode("latin-1").rstrip(" ") not in python_encoding:
        return None
    name, pixels = found.get(_NAME, b""), found.pop(_PIXELS, None)
    name_length = len(name) if isinstance(name, bytes) else name[1]
    where = (pixels[0], None if pixels[1] == _UNDEFINED else pixels[1]) if isinstance(pixels, tuple) else None
    raw = {tag: value if isinstance(value, bytes) else _read(file, *value) for tag, value in found.items()}
    return Elements(raw, True, name_length, where, syntax, depth)


def _opening(held: bytes, size: int) -> tuple[str, int] | None:
    """Return the transfer syntax and where the dataset begins, if it is little endian and not deflated."""
    if held[128:_START] != b"DICM" or len(held) > size:
        return None
    meta = elements(held, size, _START, False, 2, _ONLY_SYNTAX, _NESTED)
    if meta is None or _SYNTAX not in meta[0]:
        return None
    named, start = meta[0][_SYNTAX], meta[1]
    syntax = named.decode("latin-1").rstrip("\0 ") if isinstance(named, bytes) else ""
    if not _SYNTAX_PATTERN.fullmatch(syntax) or syntax in _OTHERS or held[start : start + 2] == b"\0\0":
        return None
    return syntax, start


def _read(file: FileIO, place: int, length: int) -> bytes:
    """Return a value that was not held as pydicom reads it: long ones are left in the file."""
    if length > _DEFER_BYTES:
        return b""
    file.seek(place)
    return file.read(length)
