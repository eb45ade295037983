"""CT series written as DICOM, one file a slice."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from pydicom import dcmwrite
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from escc_desktop.imaging.volume import Volume

IMPLEMENTATION_UID: Final = "2.25.170306206733154131266414187925466201497"
LOWEST_HU, HIGHEST_HU = -1024, 3071


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
    kind = np.int16 if dataset.PixelRepresentation else np.uint16
    paths = []
    for number in range(1, count + 1):
        index = count - number
        position = volume.geometry.to_mm(np.array([[0, 0, index]]))[0]
        uid = uid_from(attributes["SeriesInstanceUID"], number)
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = uid
        dataset.InstanceNumber = number
        dataset.ImagePositionPatient = [f"{value:.6g}" for value in position]
        dataset.SliceLocation = f"{position[2]:.6g}"
        stored = np.rint(volume.hu[index]).astype(np.int32) - intercept
        dataset.PixelData = stored.astype(kind).astype(np.dtype(kind).newbyteorder("<")).tobytes()
        path = folder / f"IM{number:04d}.dcm"
        dcmwrite(path, dataset, enforce_file_format=True)
        paths.append(path)
    return tuple(paths)


def _template(volume: Volume, attributes: Mapping[str, Any]) -> FileDataset:
    geometry = volume.geometry
    meta = FileMetaDataset()
    meta.FileMetaInformationVersion = b"\x00\x01"
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = IMPLEMENTATION_UID
    meta.ImplementationVersionName = "ESCC_DESKTOP"
    dataset = FileDataset("", Dataset(), file_meta=meta, preamble=b"\x00" * 128)
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
