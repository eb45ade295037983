"""DICOM Segmentation objects in and out; runs in the sandbox child only."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, Final

import highdicom as hd
import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from escc_desktop.imaging.sandbox import Refused

SEG_CLASSES: Final = frozenset({"1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7"})
_EXPORT: Final = "Export the segmentation again."


def answer_segmentation(arguments: dict[str, Any], _payload: bytes) -> tuple[dict[str, Any], bytes]:
    """Answer a request for the frames of segment `label` (the only one if None) of the SEG at `path`.

    The answer lists the segments ([number, name, frames]), and position, orientation, spacing, rows and columns of
    the chosen frames; the bytes are the frames, one byte a voxel.

    Raises
    ------
    Refused
        No SEG, a fractional one, or frames without a place.
    """
    dataset = pydicom.dcmread(Path(arguments["path"]))
    if dataset.get("SOPClassUID") not in SEG_CLASSES:
        raise Refused("not_seg", "The file is no DICOM Segmentation.", "Name an RTSTRUCT, SEG, NIfTI or NRRD file.")
    names = {int(item.SegmentNumber): str(item.get("SegmentLabel", "")) for item in dataset.SegmentSequence}
    frames = _frames(dataset)
    rois = [[number, name, sum(owner == number for owner, _, _ in frames)] for number, name in sorted(names.items())]
    filled = [number for number, _, n_frames in rois if n_frames]
    label = arguments["label"]
    if label is None and len(filled) == 1:
        label = filled[0]
    chosen = [(place, voxels) for owner, place, voxels in frames if owner == label]
    answer = {
        "rois": rois,
        "chosen": label,
        "places": [place for place, _ in chosen],
        "rows": int(dataset.Rows),
        "columns": int(dataset.Columns),
    }
    return answer, b"".join(voxels.tobytes() for _, voxels in chosen)


_Frame = tuple[int, dict[str, list[float]], NDArray[np.bool_]]


def _frames(dataset: Dataset) -> list[_Frame]:
    """List (segment number, place, voxels) of all frames that hold anything."""
    kind = str(dataset.get("SegmentationType", ""))
    pixels = dataset.pixel_array.reshape(-1, int(dataset.Rows), int(dataset.Columns))
    groups = dataset.PerFrameFunctionalGroupsSequence
    if len(groups) != len(pixels):
        raise Refused("frames", "The number of frames differs from their descriptions.", _EXPORT)
    frames: list[_Frame] = []
    for own, values in zip(groups, pixels, strict=True):
        place = _place(own, dataset.SharedFunctionalGroupsSequence[0])
        if kind == "LABELMAP":
            frames += [(int(number), place, values == number) for number in np.unique(values) if number]
            continue
        if kind == "FRACTIONAL" and not np.isin(values, (0, int(dataset.MaximumFractionalValue))).all():
            raise Refused("fractional", "The segmentation holds fractions, not a mask.", "Export it as BINARY.")
        item = _group(own, dataset.SharedFunctionalGroupsSequence[0], "SegmentIdentificationSequence")
        if values.any():
            frames.append((int(item.ReferencedSegmentNumber), place, values != 0))
    return frames


def _group(own: Dataset, shared: Dataset, name: str) -> Dataset:
    sequence = own.get(name) or shared.get(name)
    if not sequence:
        raise Refused("frames", f"A frame has no {name}.", _EXPORT)
    item: Dataset = sequence[0]
    return item


def _place(own: Dataset, shared: Dataset) -> dict[str, list[float]]:
    measures = _group(own, shared, "PixelMeasuresSequence")
    return {
        "position": [float(v) for v in _group(own, shared, "PlanePositionSequence").ImagePositionPatient],
        "orientation": [float(v) for v in _group(own, shared, "PlaneOrientationSequence").ImageOrientationPatient],
        "spacing": [float(v) for v in measures.PixelSpacing],
    }


def answer_write_segmentation(arguments: dict[str, Any], payload: bytes) -> tuple[dict[str, Any], bytes]:
    """Answer a request to make a BINARY SEG named `name` of the packed mask in the payload.

    `slices` holds the position of every slice, `orientation`, `spacing`, `thickness`, `rows`, `columns` and `seed`
    the rest; `sources` the paths of the slices it was drawn on, or nothing: then it refers to made-up ones.
    """
    rows, columns = arguments["rows"], arguments["columns"]
    n_slices = len(arguments["slices"])
    bits = np.frombuffer(payload, dtype=np.uint8)
    voxels = np.unpackbits(bits, count=n_slices * rows * columns).reshape(n_slices, rows, columns)
    sources = [pydicom.dcmread(path, stop_before_pixels=True) for path in arguments["sources"]]
    images = sources or [_made_up(arguments, number) for number in range(n_slices)]
    for image in images:
        # highdicom wants them present; they may be empty.
        for keyword in ("PatientName", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "StudyID"):
            image.setdefault(keyword, None)
        image.setdefault("AccessionNumber", None)
        image.setdefault("ReferringPhysicianName", None)
    segment = hd.seg.SegmentDescription(
        segment_number=1,
        segment_label=arguments["name"][:64],
        segmented_property_category=codes.SCT.MorphologicallyAbnormalStructure,
        segmented_property_type=codes.SCT.Neoplasm,
        algorithm_type=hd.seg.SegmentAlgorithmTypeValues.MANUAL,
    )
    seed = arguments["seed"]
    segmentation = hd.seg.Segmentation(
        source_images=images,
        pixel_array=voxels,
        segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=[segment],
        series_instance_uid=generate_uid(entropy_srcs=["seg series", seed]),
        series_number=900,
        sop_instance_uid=generate_uid(entropy_srcs=["seg", seed]),
        instance_number=1,
        manufacturer="ESCC Desktop",
        manufacturer_model_name="ESCC Desktop",
        software_versions="1",
        device_serial_number="0",
    )
    stream = io.BytesIO()
    segmentation.save_as(stream)
    return {}, stream.getvalue()


def _made_up(arguments: dict[str, Any], number: int) -> Dataset:
    """Return a CT slice without pixels for a mask whose DICOM source is not at hand."""
    seed = arguments["seed"]
    image = Dataset()
    image.file_meta = pydicom.dataset.FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    image.SOPClassUID = CTImageStorage
    image.SOPInstanceUID = generate_uid(entropy_srcs=["slice", seed, str(number)])
    image.StudyInstanceUID = generate_uid(entropy_srcs=["study", seed])
    image.SeriesInstanceUID = generate_uid(entropy_srcs=["series", seed])
    image.FrameOfReferenceUID = generate_uid(entropy_srcs=["frame", seed])
    image.PatientID = "UNKNOWN"
    image.Modality = "CT"
    image.Rows, image.Columns = arguments["rows"], arguments["columns"]
    image.ImagePositionPatient = arguments["slices"][number]
    image.ImageOrientationPatient = arguments["orientation"]
    image.PixelSpacing = arguments["spacing"]
    image.SliceThickness = arguments["thickness"]
    return image
