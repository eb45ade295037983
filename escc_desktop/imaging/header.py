"""From the bytes of one DICOM file to its Header, as plain data; runs in the sandbox child only.

Values are taken from the raw elements: pydicom's own conversion costs more than the parsing and repairs things
that the gate must see.
"""

from __future__ import annotations

import hashlib
import io
import math
import os
import struct
import unicodedata
import warnings
import zlib
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import pydicom
from pydicom.charset import convert_encodings, decode_bytes
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from escc_desktop.imaging.elements import Elements, find_elements, packed
from escc_desktop.imaging.sandbox import Refused

pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE

DEFLATED: Final = "1.2.840.10008.1.2.1.99"
_DEFER_BYTES: Final = 4096
_MAX_RATIO: Final = 100
_MAX_INFLATED: Final = 1 << 30
_PREAMBLE: Final = 132
_TAIL: Final = 8192
_MAX_NAME: Final = 256
_KEPT: Final = 2048  # values of earlier files: those of one series are mostly alike
_PIXELS: Final = 0x7FE00010
_NAME: Final = 0x00100010
_HOSTILE_PREAMBLES: Final = (b"MZ", b"\x7fELF", b"#!", b"PK\x03\x04", b"%PDF")

_TEXTS: Final = (
    (0x00080018, "sop_uid"),
    (0x00080016, "sop_class"),
    (0x0020000E, "series_uid"),
    (0x0020000D, "study_uid"),
    (0x00200052, "frame_uid"),
    (0x00080060, "modality"),
    (0x00080020, "study_date"),
    (0x00080032, "acquisition_time"),
    (0x00080033, "content_time"),
    (0x00200012, "acquisition_number"),
    (0x00200100, "temporal_position"),
    (0x00200013, "instance_number"),
    (0x00080008, "image_type"),
    (0x00280004, "photometric"),
    (0x00280301, "burned_in"),
    (0x00282110, "lossy"),
    (0x00181042, "contrast_start"),
    (0x00281054, "rescale_type"),
)
_WORDS: Final = (  # texts in the character set of the file
    (0x00100020, "patient_id"),
    (0x0008103E, "description"),
    (0x00181030, "protocol"),
    (0x00180010, "contrast_agent"),
    (0x00181210, "kernel"),
    (0x00080070, "manufacturer"),
    (0x00081090, "model"),
)
_NUMBERS: Final = (
    (0x00280008, "frames"),
    (0x00200032, "position"),
    (0x00200037, "orientation"),
    (0x00280030, "pixel_spacing"),
    (0x00180050, "slice_thickness"),
    (0x00281053, "slope"),
    (0x00281052, "intercept"),
    (0x00180060, "kvp"),
)
_SHORTS: Final = (
    (0x00280010, "rows"),
    (0x00280011, "columns"),
    (0x00280002, "samples"),
    (0x00280100, "bits_allocated"),
    (0x00280101, "bits_stored"),
    (0x00280102, "high_bit"),
    (0x00280103, "is_signed"),
    (0x60000102, "overlay_bit"),
)

_CHARSET: Final = 0x00080005
_PERSON: Final = (_NAME, 0x00100020, 0x00100030)
_WANTED: Final = packed({*_PERSON, _CHARSET, _PIXELS, *(tag for tag, _ in (*_TEXTS, *_WORDS, *_NUMBERS, *_SHORTS))})
_LONGEST: Final = 1024  # bytes of a text that are looked at
_HEAD: Final = 1 << 14  # holds the header of most files


def answer_header(arguments: dict[str, Any], _payload: bytes) -> tuple[dict[str, Any], bytes]:
    """Answer a request for the header of the file at `path`."""
    return read_header(Path(arguments["path"]))[0], b""


def read_header(path: Path) -> tuple[dict[str, Any], bytes]:
    """Return the header record and, if the file is deflated, the inflated bytes.

    Raises
    ------
    Refused
        No DICOM file, or one that inflates without measure.
    """
    with path.open("rb", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        start = file.read(_HEAD)
        found = find_elements(file, start, size, _WANTED)
        if found is None:
            file.seek(0)
            return _read_odd(io.BufferedReader(file), size)
        flags = ["hostile_preamble"] if start.startswith(_HOSTILE_PREAMBLES) else []
        return _record(found, flags, file, size), b""


def _read_odd(file: Any, size: int) -> tuple[dict[str, Any], bytes]:
    """Read a file with pydicom, whatever it is."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        stream, shift, flags = _open(file, size)
        dataset = _parse(stream)
        elements = _elements(dataset, shift or 0)
        if any(f"found {kind} VR" in str(warning.message) for warning in caught for kind in ("explicit", "implicit")):
            flags.append("wrong_transfer_syntax")
        inflated = stream.getvalue() if shift is None else b""
        if inflated:
            elements.transfer_syntax = DEFLATED
        return _record(elements, flags, io.BytesIO(inflated) if inflated else file, len(inflated) or size), inflated


def _elements(dataset: Dataset, shift: int) -> Elements:
    by_tag = {int(element.tag): element for element in dataset.values()}
    pixels, where = by_tag.get(_PIXELS), None
    if isinstance(pixels, RawDataElement):
        where = pixels.value_tell - shift, pixels.length if pixels.length != 0xFFFFFFFF else None
    return Elements(
        {tag: _raw(element) for tag, element in by_tag.items()},
        dataset.original_encoding[1] is not False,
        getattr(by_tag.get(_NAME), "length", 0),
        where,
        _transfer_syntax(dataset),
        _depth(dataset),
    )


def _open(file: Any, size: int) -> tuple[Any, int | None, list[str]]:
    """Return a stream with a preamble, by how much it is shifted (None: inflated), and flags."""
    start = file.read(4096)
    file.seek(0)
    flags = ["hostile_preamble"] if start.startswith(_HOSTILE_PREAMBLES) else []
    if not start:
        raise Refused("truncated", "The file is empty.", "Copy or export it again.")
    if start[128:132] != b"DICM":
        if not _starts_like_dataset(start):
            raise Refused("not_dicom", "This is not a DICOM file.", "Leave it out, or export the image as DICOM.")
        return io.BytesIO(bytes(128) + b"DICM" + file.read()), _PREAMBLE, ["no_preamble"]
    if DEFLATED.encode() in start[:1024]:
        return _inflate(file.read()), None, flags
    if size <= _PREAMBLE:
        raise Refused("truncated", "The file ends after the DICOM preamble.", "Copy or export it again.")
    return file, 0, flags


def _starts_like_dataset(start: bytes) -> bool:
    """Whether the first element is a plausible one of group 2 or 8: tag, then a VR or a short length."""
    if len(start) < 8:
        return False
    group, element, length = struct.unpack("<HHI", start[:8])
    if group not in {0x0002, 0x0008} or element > 0x2000:
        return False
    return start[4:6] in {b"UL", b"CS", b"UI", b"OB", b"DA", b"TM", b"SH"} or length <= 64


def _inflate(data: bytes) -> io.BytesIO:
    """Turn a deflated file into an explicit little endian one, within measure."""
    tag, vr, _, length = struct.unpack_from("<4s2sHI", data, _PREAMBLE)
    if (tag, vr) != (b"\x02\0\0\0", b"UL"):
        raise Refused("unreadable", "The deflated file does not say where its data begin.", "Export it again.")
    body_start = _PREAMBLE + 12 + length
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    measure = min(_MAX_INFLATED, _MAX_RATIO * len(data))
    body = inflater.decompress(data[body_start:], measure)
    if not inflater.eof:
        raise Refused("bomb", f"The deflated file grows beyond {measure >> 20} MB.", "It is damaged or hostile.")
    return io.BytesIO(data[:body_start].replace(DEFLATED.encode(), b"1.2.840.10008.1.2.1\0\0\0") + body)


def _parse(stream: Any) -> Dataset:
    dataset = pydicom.dcmread(stream, defer_size=_DEFER_BYTES)
    if len(dataset) == 0:
        raise Refused("truncated", "The file holds no DICOM elements: cut off or damaged.", "Export it again.")
    return dataset


def _transfer_syntax(dataset: Dataset) -> str:
    named = str(dataset.file_meta.get("TransferSyntaxUID", ""))
    if named:
        return named
    is_implicit, is_little = dataset.original_encoding
    if not is_little:
        return "1.2.840.10008.1.2.2"
    return "1.2.840.10008.1.2" if is_implicit else "1.2.840.10008.1.2.1"


def _record(elements: Elements, flags: list[str], body: Any, size: int) -> dict[str, Any]:
    """Return the header record of a file, or inflated bytes, of some size."""
    raw = elements.raw
    charset = _clean(raw.get(_CHARSET, b"")[:_LONGEST])
    encodings = _encodings(charset)
    order: Literal["little", "big"] = "little" if elements.is_little_endian else "big"
    record: dict[str, Any] = {key: _clean(raw[tag][:_LONGEST]) for tag, key in _TEXTS if tag in raw}
    record |= {key: _clean(raw[tag][:_LONGEST], encodings) for tag, key in _WORDS if tag in raw}
    record |= {key: _numbers(raw[tag][:_LONGEST]) for tag, key in _NUMBERS if tag in raw}
    record |= {key: _short(raw[tag], order) for tag, key in _SHORTS if tag in raw}
    record["person"] = _digest(b"\0".join(raw.get(tag, b"").strip(b" \0") for tag in _PERSON))
    record["transfer_syntax"] = elements.transfer_syntax
    record["depth"] = elements.depth
    record["file_size"] = size
    record["pixel_offset"], record["pixel_length"] = elements.pixels or (None, None)
    if elements.pixels is not None:
        record["zero_tail"] = _zero_tail(body, size)
        if _has_high_bits(body, record):
            flags.append("overlay_in_high_bits")
    if elements.name_length > _MAX_NAME:
        flags.append("name_long")
    record["flags"] = sorted({*flags, *_marks(raw.get(_NAME, b""), charset)})
    return record


def _raw(element: Any) -> bytes:
    """Return the bytes of a value; pydicom has already turned a few elements, such as the character set, to text."""
    if isinstance(element, RawDataElement):
        return element.value if isinstance(element.value, bytes) else b""
    value = getattr(element, "value", None)
    if value is None or isinstance(value, Sequence | bytes):
        return value if isinstance(value, bytes) else b""
    parts = [value] if isinstance(value, str) else value
    return "\\".join(map(str, parts)).encode("latin-1", "replace")


@lru_cache(_KEPT)
def _digest(identity: bytes) -> str:
    return hashlib.sha256(identity).hexdigest()[:16]


@lru_cache(_KEPT)
def _encodings(charset: str | None) -> tuple[str, ...]:
    return tuple(convert_encodings(charset.split("\\"))) if charset else ("latin-1",)


@lru_cache(_KEPT)
def _clean(raw: bytes, encodings: tuple[str, ...] | None = None) -> str | None:
    """Return a text without padding, None if it is empty."""
    raw = raw.strip(b" \0")
    if not raw:
        return None
    if encodings is None or (raw.isascii() and b"\x1b" not in raw):
        text = raw.decode("latin-1")
    else:
        text = decode_bytes(raw, list(encodings), set())
    if text.isascii() and text.isprintable():
        return text.strip() or None
    # Control and direction marks could disguise a text; nothing here needs them.
    return "".join(mark for mark in text if unicodedata.category(mark) not in {"Cc", "Cf", "Cs"}).strip() or None


@lru_cache(_KEPT)
def _numbers(raw: bytes) -> tuple[float, ...] | None:
    text = _clean(raw)
    return tuple(_number(part) for part in text.split("\\")) if text else None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _short(raw: bytes, order: Literal["little", "big"]) -> int | None:
    return int.from_bytes(raw, order) if len(raw) == 2 else None


def _zero_tail(stream: Any, size: int) -> int:
    stream.seek(max(0, size - _TAIL))
    tail = stream.read(_TAIL)
    return len(tail) - len(tail.rstrip(b"\0"))


def _has_high_bits(stream: Any, record: dict[str, Any]) -> bool:
    """Whether a sample from the middle of uncompressed pixels uses bits above the stored ones."""
    length, high, bits = record["pixel_length"], record.get("high_bit"), record.get("bits_allocated")
    if bits != 16 or length is None or high is None or not 0 <= high < 15:
        return False
    stream.seek(record["pixel_offset"] + max(0, (length - _TAIL) // 4 * 2))
    sample = stream.read(min(_TAIL, length))
    order = ">" if record["transfer_syntax"] == "1.2.840.10008.1.2.2" else "<"
    values = np.frombuffer(sample, f"{order}u2", len(sample) // 2)
    above = values >> (high + 1)
    if not above.any():
        return False
    sign = (values >> high) & 1 if record.get("is_signed") else values & 0
    return bool((above != sign * (0xFFFF >> (high + 1))).any())


def _depth(dataset: Dataset) -> int:
    """How deeply sequences are nested, without recursion."""
    deepest, waiting = 0, [(dataset, 0)]
    while waiting:
        current, level = waiting.pop()
        deepest = max(deepest, level)
        for element in current.values():
            is_nested = not isinstance(element, RawDataElement) and isinstance(element.value, Sequence)
            if is_nested:
                waiting += [(item, level + 1) for item in element.value]
    return deepest


@lru_cache(_KEPT)
def _marks(raw: bytes, charset: str | None) -> tuple[str, ...]:
    """Say what is odd about the bytes of the patient's name, without ever showing it."""
    flags = []
    if any(mark in raw.rstrip(b" \0") for mark in (b"\0", b"\n", b"\r", b"<", b">")) or raw[:1] in {
        b"=",
        b"+",
        b"-",
        b"@",
    }:
        flags.append("name_hostile")
    if raw.isascii() and b"\x1b" not in raw:
        return tuple(flags)
    return (*flags, *_charset_flags(raw, charset))


def _charset_flags(raw: bytes, charset: str | None) -> list[str]:
    if charset is None:
        return ["charset_missing"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            text = decode_bytes(raw, list(convert_encodings(charset.split("\\"))), {0x5C, 0x5E, 0x3D})
        except (LookupError, UnicodeError, Warning):
            return ["charset_undecodable"]
    if "\ufffd" in text:
        return ["charset_undecodable"]
    if any(unicodedata.category(mark) == "Cf" for mark in text):
        return ["name_hostile"]
    return ["charset_doubtful"] if charset == "ISO_IR 100" and _is_gb(raw) else []


def _is_gb(raw: bytes) -> bool:
    """Whether all high bytes come in pairs that GB2312 knows: Chinese under a Latin label."""
    try:
        return all(byte > 0xA0 for byte in raw if byte > 0x7F) and any(mark > "\u2fff" for mark in raw.decode("gb2312"))
    except UnicodeDecodeError:
        return False
