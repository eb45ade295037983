"""Listing 5,000 DICOM files, and opening a series of 400 slices, against pydicom and SimpleITK by turns.

Usage: python benchmarks/loading.py [--repeats N] [--json FILE]

The files are made in a temporary folder (3 GB) with as many elements as scanners write; page cache warm for both.
"""

from __future__ import annotations

import random
import sys
import tempfile
from pathlib import Path

import numpy as np
import pydicom
import SimpleITK as sitk  # noqa: N813
from contest import Line, Wanted, json_path, race, write_lines
from pydicom.dataset import Dataset

from escc_desktop.imaging.dicom import load, scan
from escc_desktop.imaging.volume import Geometry, Volume
from escc_desktop.imaging.writing import uid_from, write_ct_series
from escc_desktop.progress import Progress

SERIES, SLICES, FOLDERS = 25, 200, 10
TAGS = [
    *("SeriesInstanceUID", "StudyInstanceUID", "SOPInstanceUID", "SOPClassUID", "Modality", "SeriesDescription"),
    *("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "Rows", "Columns", "InstanceNumber"),
    *("PatientID", "StudyDate", "RescaleSlope", "RescaleIntercept", "BitsStored", "ImageType"),
]
SCANNER = {
    "StudyDate": "20240102",
    "SeriesDate": "20240102",
    "AcquisitionDate": "20240102",
    "ContentDate": "20240102",
    "StudyTime": "101500.000000",
    "SeriesTime": "101600.000000",
    "AcquisitionTime": "101700.000000",
    "ContentTime": "101700.000000",
    "Manufacturer": "SIEMENS",
    "InstitutionName": "Hospital",
    "StationName": "CTAWP1",
    "StudyDescription": "Thorax^Routine",
    "ManufacturerModelName": "SOMATOM Force",
    "ContrastBolusAgent": "APPLIED",
    "BodyPartExamined": "CHEST",
    "KVP": "120",
    "DataCollectionDiameter": "500",
    "SoftwareVersions": "syngo CT 2014A",
    "ProtocolName": "Thorax arterial",
    "ContrastBolusRoute": "IV",
    "ContrastBolusVolume": "80",
    "ReconstructionDiameter": "360",
    "DistanceSourceToDetector": "1085.6",
    "DistanceSourceToPatient": "595",
    "GantryDetectorTilt": "0",
    "TableHeight": "160",
    "RotationDirection": "CW",
    "ExposureTime": "500",
    "XRayTubeCurrent": "210",
    "Exposure": "110",
    "FilterType": "0",
    "GeneratorPower": "50",
    "FocalSpots": "1.2",
    "ConvolutionKernel": "B31f",
    "SingleCollimationWidth": 0.6,
    "TotalCollimationWidth": 38.4,
    "TableSpeed": 46.0,
    "TableFeedPerRotation": 23.0,
    "SpiralPitchFactor": 0.6,
    "ExposureModulationType": "XYZ_EC",
    "EstimatedDoseSaving": 12.0,
    "CTDIvol": 7.4,
    "AcquisitionNumber": "2",
    "ImageComments": "arterial",
    "SmallestImagePixelValue": 0,
    "LargestImagePixelValue": 4095,
    "WindowCenterWidthExplanation": ["WINDOW1", "WINDOW2"],
    "RequestingPhysician": "",
    "RequestedProcedureDescription": "CT Thorax",
    "PerformedProcedureStepStartDate": "20240102",
    "PerformedProcedureStepStartTime": "101500.000000",
    "PerformedProcedureStepID": "A1",
    "PerformedProcedureStepDescription": "CT Thorax",
    "PatientSex": "M",
    "PatientAge": "061Y",
    "PatientWeight": "70",
}


def references() -> dict[str, list[Dataset]]:
    """Return sequences as scanners write them."""
    image = Dataset()
    image.ReferencedSOPClassUID, image.ReferencedSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", uid_from("scout")
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "113690", "DCM", "IEC head dosimetry phantom"
    return {"ReferencedImageSequence": [image], "CTDIPhantomTypeCodeSequence": [code]}


def write_series(folder: Path, number: int, slices: int) -> list[Path]:
    """Write a series of 512 x 512."""
    base = np.random.default_rng(number).integers(-1000, 2000, (512, 512)).astype(np.int16)
    hu = np.stack([np.roll(base, 3 * place) for place in range(slices)])
    uids = {"StudyInstanceUID": uid_from("study", number), "SeriesInstanceUID": uid_from("series", number)}
    about = {"PatientID": f"P{number}", "FrameOfReferenceUID": uid_from("frame", number)}
    volume = Volume(hu, Geometry((512, 512, slices), (0.7, 0.7, 1.0), (0.0, 0.0, 0.0)))
    return list(write_ct_series(volume, folder, SCANNER | references() | uids | about))


def write_many(root: Path) -> None:
    """Write all series, their files mixed over the folders."""
    names = list(range(SERIES * SLICES))
    random.Random(2).shuffle(names)
    for folder in range(FOLDERS):
        (root / f"{folder}").mkdir(parents=True)
    for number in range(SERIES):
        for path in write_series(root / "new", number, SLICES):
            name = names.pop()
            path.rename(root / f"{name % FOLDERS}" / f"{name:05d}")
    (root / "new").rmdir()


def list_by_pydicom(root: Path) -> dict[str, list[Dataset]]:
    """List series with pydicom, file by file."""
    groups: dict[str, list[Dataset]] = {}
    for path in sorted(root.rglob("*")):
        if path.is_file():
            dataset = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=TAGS)
            groups.setdefault(str(dataset.SeriesInstanceUID), []).append(dataset)
    return groups


def open_by_itk(folder: Path) -> sitk.Image:
    """Open the one series of a folder as SimpleITK's manual does."""
    reader = sitk.ImageSeriesReader()
    uid = reader.GetGDCMSeriesIDs(str(folder))[0]
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder), uid))
    return reader.Execute()


def open_ours(folder: Path) -> Volume:
    """Open the one series of a folder: scan it, pass the gate, load it."""
    return load(scan(folder, Progress()).series[0], Progress())


def main() -> None:
    """Print both lines."""
    words = sys.argv[1:]
    repeats = int(words[words.index("--repeats") + 1]) if "--repeats" in words else 20
    lines: list[Line] = []
    with tempfile.TemporaryDirectory() as made:
        one, many = Path(made) / "one", Path(made) / "many"
        write_series(one, 99, 400)
        write_many(many)
        ours, theirs = open_ours(one), sitk.GetArrayFromImage(open_by_itk(one))
        if not np.array_equal(ours.hu, theirs):
            raise SystemExit("the voxels differ from SimpleITK's")
        if len(scan(many, Progress()).series) != len(list_by_pydicom(many)):
            raise SystemExit("the series differ from pydicom's")
        lines.append(
            race(
                "list of 5,000 DICOM files",
                lambda _turn: scan(many, Progress()),
                {"serial pydicom": lambda _turn: list_by_pydicom(many)},
                Wanted(ratio=0.3, by_wall=True),
                repeats,
            )
        )
        lines.append(
            race(
                "series open, 400 slices uncompressed",
                lambda _turn: open_ours(one),
                {"SimpleITK": lambda _turn: open_by_itk(one)},
                Wanted(ratio=0.45, by_wall=True),
                repeats,
            )
        )
    write_lines(lines, json_path())


if __name__ == "__main__":
    main()
