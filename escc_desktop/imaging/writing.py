"""CT series written as DICOM, one file a slice."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
from pydicom.charset import convert_encodings
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import correct_ambiguous_vr, write_dataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from escc_desktop.imaging.volume import Volume

IMPLEMENTATION_UID: Final = "2.25.170306206733154131266414187925466201497"
LOWEST_HU, HIGHEST_HU = -1024, 3071
# What differs from slice to slice, and its place in a file.
_OWN: Final = {
    "SOPInstanceUID": 0x00080018,
    "InstanceNumber": 0x00200013,
    "ImagePositionPatient": 0x00200032,
    "SliceLocation": 0x00201041,
    "PixelData": 0x7FE00010,
}


def uid_from(*parts: object) -> str:
    """Return a DICOM UID (2.25 and a number) that depends on nothing but the parts."""
    digest = hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).digest()[:16]
    return f"2.25.{int.from_bytes(digest, 'big') | 1 << 127}"


def write_ct_series(volume: Volume, folder: Path, attributes: Mapping[str, Any]) -> tuple[Path, ...]:
    """Write a volume as a CT series in explicit little endian, the first file the last slice (head first).

    Parameters
    ----------
    volume
        Whole HU. Stored as 12 unsigned bits with intercept -1024 if all values fit, else as 16 signed bits.
    folder
        Made if absent.
    attributes
        Values by DICOM keyword for all files: at least PatientID, StudyInstanceUID, SeriesInstanceUID and
        FrameOfReferenceUID. They win over the defaults. Instance UIDs follow from the series UID, so that the same
        input gives the same bytes.

    Returns
    -------
    The files, by instance number.
    """
    folder.mkdir(parents=True, exist_ok=True)
    count = volume.geometry.size[2]
    dataset = _template(volume, attributes)
    intercept = int(dataset.RescaleIntercept)
    kind = np.dtype("<i2" if dataset.PixelRepresentation else "<u2")
    shared = _shared(dataset)
    paths = []
    for number in range(1, count + 1):
        index = count - number
        position = volume.geometry.to_mm(np.array([[0, 0, index]]))[0]
        uid = uid_from(attributes["SeriesInstanceUID"], number)
        stored = (np.rint(volume.hu[index]).astype(np.int32) - intercept).astype(kind)
        own = (
            _element(_OWN["SOPInstanceUID"], "UI", uid),
            _element(_OWN["InstanceNumber"], "IS", str(number)),
            _element(_OWN["ImagePositionPatient"], "DS", "\\".join(f"{value:.6g}" for value in position)),
            _element(_OWN["SliceLocation"], "DS", f"{position[2]:.6g}"),
            _element(_OWN["PixelData"], "OW", stored.tobytes()),
        )
        path = folder / f"IM{number:04d}.dcm"
        with path.open("wb") as file:
            file.write(_opening(uid) + shared[0])
            for element, following in zip(own, shared[1:], strict=True):
                file.write(element)
                file.write(following)
        paths.append(path)
    return tuple(paths)


def _shared(dataset: Dataset) -> list[bytes]:
    """Return what all files of a series have alike, encoded: before, between and behind what each has of its own."""
    correct_ambiguous_vr(dataset, True)
    encodings = convert_encodings(dataset.SpecificCharacterSet)
    bounds = [0, *_OWN.values(), None]
    parts = []
    for first, last in pairwise(bounds):
        stream = DicomBytesIO()
        stream.is_little_endian, stream.is_implicit_VR = True, False
        write_dataset(stream, dataset[first:last], encodings)
        parts.append(stream.getvalue())
    return parts


def _opening(uid: str) -> bytes:
    """Return preamble and file meta information of one file."""
    meta = b"".join(
        (
            _element(0x00020001, "OB", b"\x00\x01"),
            _element(0x00020002, "UI", CTImageStorage),
            _element(0x00020003, "UI", uid),
            _element(0x00020010, "UI", ExplicitVRLittleEndian),
            _element(0x00020012, "UI", IMPLEMENTATION_UID),
            _element(0x00020013, "SH", "ESCC_DESKTOP"),
        )
    )
    return b"\x00" * 128 + b"DICM" + _element(0x00020000, "UL", struct.pack("<L", len(meta))) + meta


def _element(tag: int, vr: str, value: str | bytes) -> bytes:
    """Return an element in explicit little endian (PS3.5 7.1.2), its value padded to even length."""
    raw = value.encode("ascii") if isinstance(value, str) else value
    raw += (b"\x00" if vr == "UI" else b" ") * (len(raw) % 2)
    head = struct.pack("<HH2s", tag >> 16, tag & 0xFFFF, vr.encode())
    return head + (struct.pack("<HL", 0, len(raw)) if vr in {"OB", "OW"} else struct.pack("<H", len(raw))) + raw


def _template(volume: Volume, attributes: Mapping[str, Any]) -> Dataset:
    geometry = volume.geometry
    dataset = Dataset()
    axes = geometry.axes
    fits = int(volume.hu.min()) >= LOWEST_HU and int(volume.hu.max()) <= HIGHEST_HU
    values: dict[str, Any] = {
        "SpecificCharacterSet": "ISO_IR 192",
        "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
        "SOPClassUID": CTImageStorage,
        "Modality": "CT",
        "PatientName": "",
        "PatientBirthDate": "",
        "PatientSex": "",
        "ReferringPhysicianName": "",
        "AccessionNumber": "",
        "StudyID": "",
        "PatientPosition": "HFS",
        "PositionReferenceIndicator": "",
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "Rows": geometry.size[1],
        "Columns": geometry.size[0],
        "PixelSpacing": [f"{geometry.spacing_mm[1]:.6g}", f"{geometry.spacing_mm[0]:.6g}"],
        "SliceThickness": f"{geometry.spacing_mm[2]:.6g}",
        "SpacingBetweenSlices": f"{geometry.spacing_mm[2]:.6g}",
        "ImageOrientationPatient": [f"{value:.6g}" for value in (*axes[:, 0], *axes[:, 1])],
        "BitsAllocated": 16,
        "BitsStored": 12 if fits else 16,
        "HighBit": 11 if fits else 15,
        "PixelRepresentation": 0 if fits else 1,
        "RescaleIntercept": "-1024",
        "RescaleSlope": "1",
        "RescaleType": "HU",
        "BurnedInAnnotation": "NO",
        "LossyImageCompression": "00",
        "WindowCenter": "40",
        "WindowWidth": "350",
    }
    for keyword, value in {**values, **attributes}.items():
        setattr(dataset, keyword, value)
    return dataset
