"""From one DICOM file to a slice in HU; runs in the sandbox child only."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pydicom
import SimpleITK as sitk  # noqa: N813  # the field's name for it
from numpy.typing import NDArray

from escc_desktop.imaging.file_checks import NATIVE
from escc_desktop.imaging.header import read_header
from escc_desktop.imaging.native import BeyondInt16Error, hu_of_bytes, read_native, rescaled
from escc_desktop.imaging.sandbox import Refused
from escc_desktop.imaging.series import Header

_BY_GDCM: Final = frozenset(f"1.2.840.10008.1.2.4.{number}" for number in (50, 51, 57, 70, 90, 91))


def answer_pixels(arguments: dict[str, Any], _payload: bytes) -> tuple[dict[str, Any], bytes]:
    """Answer a request for the slice at `path`: its header record, and little-endian int16 HU, row by row.

    Raises
    ------
    Refused
        The pixels do not decode, or a value lies beyond int16.
    """
    path = Path(arguments["path"])
    record, inflated = read_header(path)
    header = Header.from_json(record)
    try:
        hu = _hu(path, header, inflated)
    except BeyondInt16Error as error:
        what = "Values lie beyond what CT numbers can be."
        raise Refused("hu_range", what, "Check rescale and pixel format.") from error
    if hu.shape != (header.rows, header.columns):
        raise Refused("pixels", "The decoded image has not the size the header says.", "Export it again.")
    return {"header": record}, hu.tobytes()


def _hu(path: Path, header: Header, inflated: bytes) -> NDArray[np.int16]:
    syntax = header.transfer_syntax
    if inflated:
        return hu_of_bytes(inflated[header.pixel_offset or 0 :], header)
    if syntax in NATIVE:
        hu = np.empty((header.rows or 0, header.columns or 0), dtype=np.int16)
        read_native(path, header, hu)
        return hu
    if syntax in _BY_GDCM:
        return rescaled(_by_gdcm(path), replace(header, slope=None, intercept=None))
    return rescaled(pydicom.dcmread(path).pixel_array, header)


def _by_gdcm(path: Path) -> NDArray[Any]:
    """Decode JPEG and JPEG 2000 through the codecs inside SimpleITK, which rescales on the way: HU, not stored."""
    reader = sitk.ImageFileReader()
    reader.SetImageIO("GDCMImageIO")
    reader.SetFileName(str(path))
    image: NDArray[Any] = np.rint(sitk.GetArrayFromImage(reader.Execute()))
    return image[0] if image.ndim == 3 else image
