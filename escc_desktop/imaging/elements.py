"""The raw elements of ordinary DICOM files, found at once; runs in the sandbox child only.

pydicom takes a millisecond a file. Whatever is not ordinary is left to it, so that odd files have one judge.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from io import FileIO
from typing import Any, Final

from pydicom.charset import python_encoding
from pydicom.datadict import DicomDictionary
from pydicom.dataelem import RawDataElement

from escc_desktop.imaging._elements import elements

_HEAD: Final = 1 << 14  # holds the header of most files
_START: Final = 132
_DEFER_BYTES: Final = 4096
_CHARSET: Final = 0x00080005
_SYNTAX: Final = 0x00020010
_IMPLICIT: Final = "1.2.840.10008.1.2"
_OTHERS: Final = frozenset({"1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"})  # big endian, deflated
_SYNTAX_PATTERN: Final = re.compile(r"1\.2\.840\.10008\.1\.2(\.[0-9.]+)?")
_NESTED: Final = b"".join(
    struct.pack("<HH", tag >> 16, tag & 0xFFFF) for tag in sorted(DicomDictionary) if DicomDictionary[tag][0] == "SQ"
)


@dataclass(frozen=True)
class Found:
    """What was found.

    Attributes
    ----------
    start
        The first bytes of the file.
    elements
        Those that were asked for, by tag.
    depth
        How deeply items nest.
    """

    start: bytes
    elements: dict[int, RawDataElement]
    transfer_syntax: str
    depth: int


def find_elements(file: FileIO, size: int, wanted: frozenset[int]) -> Found | None:
    """Return the wanted elements of an ordinary file of `size` bytes; None if it is not ordinary."""
    held = file.read(_HEAD)
    found = _found(file, held, size, wanted)
    if found is None and len(held) < size:
        held += file.read()
        found = _found(file, held, size, wanted)
    return found


def _found(file: FileIO, held: bytes, size: int, wanted: frozenset[int]) -> Found | None:
    is_marked = held[128:_START] == b"DICM" and len(held) <= size
    meta = elements(held, size, _START, False, 2, _NESTED) if is_marked else None
    if meta is None or _SYNTAX not in meta[0]:
        return None
    place, length = meta[0][_SYNTAX]
    syntax = held[place : place + length].decode("latin-1").rstrip("\0 ")
    start = meta[1]
    if not _SYNTAX_PATTERN.fullmatch(syntax) or syntax in _OTHERS or held[start : start + 2] == b"\0\0":
        return None
    is_implicit = syntax == _IMPLICIT
    if is_implicit == (held[start + 4 : start + 6].isalpha() and held[start + 4 : start + 6].isupper()):
        return None
    walked = elements(held, size, start, is_implicit, -1, _NESTED)
    if walked is None or not walked[0] or not _has_plain_charset(held, walked[0]):
        return None
    raw = {tag: _raw(file, held, tag, *walked[0][tag]) for tag in wanted & walked[0].keys()}
    return Found(held, raw, syntax, walked[2])


def _has_plain_charset(held: bytes, places: dict[int, tuple[int, int]]) -> bool:
    """Whether the character set is one that pydicom takes as it is written."""
    if _CHARSET not in places:
        return True
    place, length = places[_CHARSET]
    return held[place : place + length].decode("latin-1").rstrip(" ") in python_encoding


def _raw(file: FileIO, held: bytes, tag: int, place: int, length: int) -> RawDataElement:
    """Return an element as pydicom reads it: long values are left in the file."""
    value: Any = None
    if length <= _DEFER_BYTES:
        value = held[place : place + length]
        if len(value) < length:
            file.seek(place)
            value = file.read(length)
    return RawDataElement(tag, None, length, value, place, False, True)
