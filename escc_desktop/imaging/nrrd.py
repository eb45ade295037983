"""The headers of NRRD and MetaImage files, checked before ITK sees them; run in the sandbox child only.

Sources of the layouts: the NRRD format definition (teem) and the MetaIO documentation (ITK).
"""

from __future__ import annotations

import re
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from escc_desktop.imaging.bounded import RawImage, check_axes, check_size, check_voxels, gunzip, inflate
from escc_desktop.imaging.sandbox import Refused

_MAX_HEADER: Final = 1 << 16
_EXPORT: Final = "Export the image again."
_ATTACHED: Final = "Export it in one file (.nrrd, .mha)."
_NRRD_TYPES: Final = {
    "i1": ("signed char", "int8", "int8_t"),
    "u1": ("uchar", "unsigned char", "uint8", "uint8_t"),
    "i2": ("short", "short int", "signed short", "signed short int", "int16", "int16_t"),
    "u2": ("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"),
    "i4": ("int", "signed int", "int32", "int32_t"),
    "u4": ("uint", "unsigned int", "uint32", "uint32_t"),
    "i8": ("longlong", "long long", "long long int", "signed long long", "int64", "int64_t"),
    "u8": ("ulonglong", "unsigned long long", "unsigned long long int", "uint64", "uint64_t"),
    "f4": ("float",),
    "f8": ("double",),
}
_META_TYPES: Final = {
    "MET_CHAR": "i1",
    "MET_UCHAR": "u1",
    "MET_SHORT": "i2",
    "MET_USHORT": "u2",
    "MET_INT": "i4",
    "MET_UINT": "u4",
    "MET_LONG_LONG": "i8",
    "MET_ULONG_LONG": "u8",
    "MET_FLOAT": "f4",
    "MET_DOUBLE": "f8",
}


def check_nrrd(data: bytes) -> RawImage:
    """Check an NRRD file in one piece and return what it holds; Refused for anything ITK would misread."""
    end = re.search(rb"\r?\n\r?\n", data[:_MAX_HEADER])
    if not data.startswith(b"NRRD000") or end is None:
        raise Refused("header", "The NRRD header is missing or never ends.", _EXPORT)
    fields = _fields(data[: end.start()].decode("utf-8", "replace").splitlines()[1:], r":[=\s]?")
    if fields.keys() & {"data file", "datafile"}:
        raise Refused("detached", "The header points to another file for its voxels.", _ATTACHED)
    if fields.get("byte skip", "0") not in {"0", "-1"} or fields.get("line skip", "0") != "0":
        raise Refused("header", "The header skips bytes before the voxels.", _EXPORT)
    size = check_size(_integers(fields, "sizes"))
    dtype = _nrrd_type(fields)
    warnings = _nrrd_axes(fields)
    body = data[end.end() :]
    encoding = fields.get("encoding", "").lower()
    expected = size[0] * size[1] * size[2] * dtype.itemsize
    if encoding in {"gzip", "gz"}:
        body = gunzip(body, expected)
    elif encoding != "raw":
        raise Refused("encoding", f"NRRD encoding {encoding[:20]!r} is not read.", "Export it raw or as gzip.")
    affine = _affine_without_space(fields) if warnings else None
    image = RawImage(size, dtype, body, warnings, affine=affine)
    check_voxels(image)
    return image


def _affine_without_space(fields: dict[str, str]) -> NDArray[np.float64] | None:
    """Return the grid of a header with directions but no named space, which ITK refuses, as if it were LPS."""
    if "space directions" not in fields or "space dimension" in fields:
        return None
    axes = _floats(fields["space directions"], "space directions", 9).reshape(3, 3).T
    origin = _floats(fields.get("space origin", "0 0 0"), "space origin", 3)
    return np.column_stack([axes, origin])


def _fields(lines: list[str], separator: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    for line in lines:
        if line.startswith("#") or not line.strip():
            continue
        key, *value = re.split(separator, line, maxsplit=1)
        key = key.strip().lower()
        if not value or key in fields:
            raise Refused("header", f"The header line {line[:40]!r} is malformed or given twice.", _EXPORT)
        fields[key] = value[0].strip()
    return fields


def _integers(fields: dict[str, str], key: str) -> list[int]:
    try:
        return [int(part) for part in fields.get(key, "").split()]
    except ValueError as error:
        raise Refused("header", f"The header field “{key}” is not made of whole numbers.", _EXPORT) from error


def _floats(text: str, what: str, count: int) -> NDArray[np.float64]:
    try:
        values = np.array([float(part) for part in re.findall(r"[^\s,()]+", text)])
    except ValueError as error:
        raise Refused("header", f"The header field “{what}” is not made of numbers.", _EXPORT) from error
    if values.size != count or not np.isfinite(values).all():
        raise Refused("axes", f"The header field “{what}” does not hold {count} finite numbers.", _EXPORT)
    return values


def _nrrd_type(fields: dict[str, str]) -> np.dtype[Any]:
    name = fields.get("type", "").lower()
    code = next((code for code, names in _NRRD_TYPES.items() if name in names), None)
    kinds = fields.get("kinds", "").lower().split()
    if code is None or any(kind not in {"domain", "space"} for kind in kinds):
        raise Refused("datatype", "The voxels are no single numbers of a known type.", "Export grey values.")
    return np.dtype((">" if fields.get("endian", "little").lower() == "big" else "<") + code)


def _nrrd_axes(fields: dict[str, str]) -> tuple[tuple[str, str], ...]:
    if "space directions" in fields:
        axes = _floats(fields["space directions"], "space directions", 9).reshape(3, 3).T
        check_axes(axes, "space directions")
    elif "spacings" in fields:
        check_axes(np.diag(_floats(fields["spacings"], "spacings", 3)), "spacings")
    if "space origin" in fields:
        _floats(fields["space origin"], "space origin", 3)
    if "space" not in fields or "space directions" not in fields:
        return (("no_space", "The file does not say how it lies in the patient; left and right are a guess."),)
    return ()


def check_metaimage(data: bytes) -> RawImage:
    """Check a MetaImage file in one piece and return what it holds; Refused for anything ITK would misread."""
    end = re.search(rb"(?m)^ElementDataFile\s*=.*?\n", data[:_MAX_HEADER])
    if end is None:
        raise Refused("header", "The MetaImage header is missing or never ends.", _EXPORT)
    fields = _fields(data[: end.end()].decode("utf-8", "replace").splitlines(), r"=")
    if fields["elementdatafile"].upper() != "LOCAL":
        raise Refused("detached", "The header points to another file for its voxels.", _ATTACHED)
    size = check_size(_integers(fields, "dimsize"))
    code = _META_TYPES.get(fields.get("elementtype", "").upper())
    if code is None or fields.get("elementnumberofchannels", "1") != "1":
        raise Refused("datatype", "The voxels are no single numbers of a known type.", "Export grey values.")
    is_big = "true" in {fields.get(key, "").lower() for key in ("binarydatabyteordermsb", "elementbyteordermsb")}
    dtype = np.dtype((">" if is_big else "<") + code)
    _meta_axes(fields)
    body = data[end.end() :]
    if fields.get("compresseddata", "false").lower() == "true":
        body = inflate(body, size[0] * size[1] * size[2] * dtype.itemsize)
    image = RawImage(size, dtype, body)
    check_voxels(image)
    return image


def _meta_axes(fields: dict[str, str]) -> None:
    spacing = _floats(fields.get("elementspacing", fields.get("elementsize", "1 1 1")), "ElementSpacing", 3)
    if spacing.min() <= 0:
        raise Refused("axes", "The voxel size must be positive.", _EXPORT)
    keys = ("transformmatrix", "rotation", "orientation")
    matrix = next((fields[key] for key in keys if key in fields), "1 0 0 0 1 0 0 0 1")
    check_axes(_floats(matrix, "TransformMatrix", 9).reshape(3, 3).T * spacing, "TransformMatrix")
    for key in ("offset", "position", "origin"):
        if key in fields:
            _floats(fields[key], key, 3)
