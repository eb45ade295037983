"""From one DICOM file to a slice in HU; runs in the sandbox child only."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import pydicom
import SimpleITK as sitk  # noqa: N813  # the field's name for it
from numpy.typing import NDArray

from escc_desktop.imaging.file_checks import NATIVE
from escc_desktop.imaging.header import read_header
from escc_desktop.imaging.sandbox import Refused

_BY_GDCM: Final = frozenset(f"1.2.840.10008.1.2.4.{number}" for number in (50, 51, 57, 70, 90, 91))
_BIG_ENDIAN: Final = "1.2.840.10008.1.2.2"


def answer_pixels(arguments: dict[str, Any], _payload: bytes) -> tuple[dict[str, Any], bytes]:
    """Answer a request for the slice at `path`: its header record, and little-endian int16 HU, row by row.

    Raises
    ------
    Refused
        The pixels do not decode, or a value lies beyond int16.
    """
    path = Path(arguments["path"])
    header, _, inflated = read_header(path)
    syntax = header["transfer_syntax"]
    if syntax in NATIVE:
        stored = _native(path, header, inflated)
    elif syntax in _BY_GDCM:
        stored = _by_gdcm(path)
    else:
        stored = pydicom.dcmread(path).pixel_array
    if stored.shape != (header["rows"], header["columns"]):
        raise Refused("pixels", "The decoded image has not the size the header says.", "Export it again.")
    return {"header": header}, _to_hu(stored, header).tobytes()


def _native(path: Path, header: dict[str, Any], inflated: bytes) -> NDArray[Any]:
    """Read uncompressed pixels; bits above the stored ones (old overlays) are masked out."""
    start = header["pixel_offset"]
    stop = start + header["rows"] * header["columns"] * header["bits_allocated"] // 8
    data = inflated[start:stop] if inflated else _bytes(path, start, stop)
    order = ">" if header["transfer_syntax"] == _BIG_ENDIAN else "<"
    unsigned = np.frombuffer(data, dtype=f"{order}u{header['bits_allocated'] // 8}").astype(np.int32)
    return _stored_bits(unsigned, header).reshape(header["rows"], header["columns"])


def _bytes(path: Path, start: int, stop: int) -> bytes:
    with path.open("rb") as file:
        file.seek(start)
        return file.read(stop - start)


def _stored_bits(values: NDArray[np.int32], header: dict[str, Any]) -> NDArray[np.int32]:
    bits = header["bits_stored"]
    shift = (bits - 1 if header["high_bit"] is None else header["high_bit"]) - (bits - 1)
    values = (values >> max(shift, 0)) & ((1 << bits) - 1)
    if header["is_signed"]:
        sign = 1 << (bits - 1)
        values = (values ^ sign) - sign
    return values


def _by_gdcm(path: Path) -> NDArray[Any]:
    """Decode JPEG and JPEG 2000 through the codecs inside SimpleITK, which rescales on the way: HU, not stored."""
    reader = sitk.ImageFileReader()
    reader.SetImageIO("GDCMImageIO")
    reader.SetFileName(str(path))
    image: NDArray[Any] = np.rint(sitk.GetArrayFromImage(reader.Execute()))
    return image[0] if image.ndim == 3 else image


def _to_hu(stored: NDArray[Any], header: dict[str, Any]) -> NDArray[np.int16]:
    slope, intercept = header["slope"][0], header["intercept"][0]
    if header["transfer_syntax"] in _BY_GDCM:
        slope, intercept = 1.0, 0.0
    if float(slope).is_integer() and float(intercept).is_integer():
        hu = stored.astype(np.int64) * int(slope) + int(intercept)
    else:
        hu = np.rint(stored.astype(np.float64) * slope + intercept)
    if hu.min() < -32768 or hu.max() > 32767:
        raise Refused("hu_range", "Values lie beyond what CT numbers can be.", "Check rescale and pixel format.")
    return hu.astype("<i2")
