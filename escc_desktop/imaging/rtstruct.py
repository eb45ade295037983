"""RTSTRUCT in and out; runs in the sandbox child only."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any, Final

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid
from pydicom.valuerep import format_number_as_ds

from escc_desktop.imaging.sandbox import Refused

RTSTRUCT_CLASS: Final = "1.2.840.10008.5.1.4.1.1.481.3"
_CLOSED: Final = frozenset({"CLOSED_PLANAR", "CLOSEDPLANAR_XOR"})


def answer_rtstruct(arguments: dict[str, Any], _payload: bytes) -> tuple[dict[str, Any], bytes]:
    """Answer a request for the contours of the ROI `label` (the only one if None) of the RTSTRUCT at `path`.

    The answer lists the ROIs ([number, name, contours]) and the number of points of each contour of the chosen
    one; the bytes are its points (x, y, z in mm LPS), float64. Without a choice there are no contours.

    Raises
    ------
    Refused
        No RTSTRUCT, or its contours are not closed and planar.
    """
    dataset = pydicom.dcmread(Path(arguments["path"]))
    if dataset.get("SOPClassUID") != RTSTRUCT_CLASS:
        raise Refused("not_rtstruct", "The file is no RTSTRUCT.", "Name an RTSTRUCT, SEG, NIfTI or NRRD file.")
    names = {int(roi.ROINumber): str(roi.get("ROIName", "")) for roi in dataset.get("StructureSetROISequence", [])}
    contours = {
        int(roi.ReferencedROINumber): list(roi.get("ContourSequence", []))
        for roi in dataset.get("ROIContourSequence", [])
    }
    rois = [[number, name, len(contours.get(number, []))] for number, name in sorted(names.items())]
    drawn = [number for number, _, n_contours in rois if n_contours]
    label = arguments["label"]
    if label is None and len(drawn) == 1:
        label = drawn[0]
    points = [_points(contour) for contour in contours.get(label, [])]
    raw = b"".join(part.tobytes() for part in points)
    return {"rois": rois, "chosen": label, "lengths": [len(part) for part in points]}, raw


def _points(contour: Dataset) -> np.ndarray[Any, np.dtype[np.float64]]:
    kind = str(contour.get("ContourGeometricType", ""))
    if kind not in _CLOSED:
        raise Refused("contour", f"A contour is {kind or 'of no type'}, not closed and planar.", "Export it closed.")
    points = np.array(contour.ContourData, dtype=np.float64)
    if points.size % 3 or not np.isfinite(points).all():
        raise Refused("contour", "A contour has coordinates that are missing or no numbers.", "Export it again.")
    return points.reshape(-1, 3)


def answer_write_rtstruct(arguments: dict[str, Any], payload: bytes) -> tuple[dict[str, Any], bytes]:
    """Answer a request to make an RTSTRUCT with one ROI `name` of the contours in the payload.

    `lengths` are the points of each contour, `images` the SOPInstanceUID of the slice of each, `reference` holds
    study_uid, series_uid, frame_uid and patient_id of the series, `seed` makes the new UIDs.
    """
    reference, seed = arguments["reference"], arguments["seed"]
    dataset = Dataset()
    dataset.SOPClassUID = RTSTRUCT_CLASS
    dataset.SOPInstanceUID = generate_uid(entropy_srcs=["rtstruct", seed])
    dataset.SeriesInstanceUID = generate_uid(entropy_srcs=["rtstruct series", seed])
    dataset.StudyInstanceUID = reference["study_uid"] or generate_uid(entropy_srcs=["study", seed])
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.Modality = "RTSTRUCT"
    dataset.Manufacturer = "ESCC Desktop"
    dataset.StructureSetLabel = "ESCC Desktop"
    dataset.PatientID = reference["patient_id"]
    for keyword in _EMPTY:
        setattr(dataset, keyword, None)
    frame_uid = reference["frame_uid"] or generate_uid(entropy_srcs=["frame", seed])
    series_uid = reference["series_uid"] or generate_uid(entropy_srcs=["series", seed])
    dataset.FrameOfReferenceUID = frame_uid
    dataset.ReferencedFrameOfReferenceSequence = [_frame(dataset, frame_uid, series_uid, arguments["images"])]
    roi = Dataset()
    roi.ROINumber, roi.ROIName, roi.ROIGenerationAlgorithm = 1, arguments["name"][:64], "MANUAL"
    roi.ReferencedFrameOfReferenceUID = frame_uid
    dataset.StructureSetROISequence = [roi]
    points = np.split(np.frombuffer(payload).reshape(-1, 3), np.cumsum(arguments["lengths"])[:-1])
    drawn = Dataset()
    drawn.ReferencedROINumber, drawn.ROIDisplayColor = 1, [255, 0, 0]
    drawn.ContourSequence = [_contour(*pair) for pair in zip(points, arguments["images"], strict=True)]
    dataset.ROIContourSequence = [drawn]
    observation = Dataset()
    observation.ObservationNumber, observation.ReferencedROINumber = 1, 1
    observation.RTROIInterpretedType, observation.ROIInterpreter = "GTV", None
    dataset.RTROIObservationsSequence = [observation]
    return {}, _file(dataset)


_EMPTY: Final = (
    "PatientName",
    "PatientBirthDate",
    "PatientSex",
    "StudyDate",
    "StudyTime",
    "StudyID",
    "AccessionNumber",
    "ReferringPhysicianName",
    "SeriesNumber",
    "StructureSetDate",
    "StructureSetTime",
)


def _image(uid: str) -> Dataset:
    image = Dataset()
    image.ReferencedSOPClassUID, image.ReferencedSOPInstanceUID = CTImageStorage, uid
    return image


def _frame(dataset: Dataset, frame_uid: str, series_uid: str, images: list[str]) -> Dataset:
    series = Dataset()
    series.SeriesInstanceUID = series_uid
    series.ContourImageSequence = [_image(uid) for uid in dict.fromkeys(images)]
    study = Dataset()
    study.ReferencedSOPClassUID = "1.2.840.10008.3.1.2.3.1"
    study.ReferencedSOPInstanceUID = dataset.StudyInstanceUID
    study.RTReferencedSeriesSequence = [series]
    frame = Dataset()
    frame.FrameOfReferenceUID = frame_uid
    frame.RTReferencedStudySequence = [study]
    return frame


def _contour(points: np.ndarray[Any, np.dtype[np.float64]], image_uid: str) -> Dataset:
    contour = Dataset()
    contour.ContourImageSequence = [_image(image_uid)]
    contour.ContourGeometricType = "CLOSED_PLANAR"
    contour.NumberOfContourPoints = len(points)
    contour.ContourData = [format_number_as_ds(float(value)) for value in points.ravel()]
    return contour


def _file(dataset: Dataset) -> bytes:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta = meta
    stream = BytesIO()
    dataset.save_as(stream, enforce_file_format=True)
    return stream.getvalue()
