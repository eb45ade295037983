"""RTSTRUCT in and out; runs in the sandbox child only."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import pydicom
from pydicom.dataset import Dataset

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
