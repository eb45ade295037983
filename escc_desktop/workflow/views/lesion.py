"""The outlined lesion of a patient on its CT, for looking at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from escc_desktop.i18n import _
from escc_desktop.imaging.mask import BoolArray, Region
from escc_desktop.imaging.volume import Volume
from escc_desktop.progress import Progress
from escc_desktop.reading.plan import planned_id
from escc_desktop.reading.session import Occasion, Reader, Roi
from escc_desktop.store.kinds import ROI
from escc_desktop.workflow.access import Operation
from escc_desktop.workflow.patient_report import first_reading
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.views.measurements import measured_words
from escc_desktop.workflow.views.words import site_name


@dataclass(frozen=True, eq=False)
class LesionView:
    """A lesion as Reader A outlined it first.

    Attributes
    ----------
    centre
        Voxel (x, y, z) on the slice with the largest part of it.
    words, origin
        What, how large, where; by whom.
    may_map, may_try
        Whether features may be shown over it, and contours tried on a copy of it.
    what
        What and how large, for where other slices are shown as well.
    measured
        What the reader measured beside the outline, in words; "" for nothing.
    series_uid
        Of the CT.
    """

    session_id: str
    volume: Volume
    voxels: BoolArray
    box: Region
    centre: tuple[int, int, int]
    words: str
    origin: str
    may_map: bool
    may_try: bool = False
    what: str = ""
    measured: str = ""
    series_uid: str = ""


def lesion_view(project: Project, patient_id: str, progress: Progress) -> LesionView | str:
    """Return the largest lesion of a patient, or why there is none to see."""
    if not (project.may(Operation.VIEW_IMAGES) and project.may(Operation.VIEW_ROIS)):
        return _("Your role does not see images.")
    progress.advance(0, 2, _("Outline"))
    roi = first_reading(_first_readings(project, patient_id), patient_id)
    if roi is None:
        return _("No first reading of Reader A is signed.")
    progress.advance(1, 2, _("CT"))
    volume: Volume = project.volume(roi.series_uid)
    box = roi.mask.bounding_box
    centre = _centre(roi.mask.voxels, box)
    size = _("{volume} mL").format(volume=f"{roi.mask.volume_mm3 / 1000:.1f}")
    where = _("slice {n} of {all}").format(n=centre[2] + 1, all=volume.geometry.shape[0])
    what = " · ".join([site_name(roi.site), size])
    signed = "" if roi.signature is None else f"{roi.signature.at:%Y-%m-%d}"
    origin = _("Outlined by Reader A, first reading, signed {date}").format(date=signed)
    may_map, may_try = project.may(Operation.VIEW_MAPS), project.may(Operation.TRY_CONTOURS)
    words = f"{what} · {where}"
    return LesionView(
        session_id=roi.session_id,
        volume=volume,
        voxels=roi.mask.voxels,
        box=box,
        centre=centre,
        words=words,
        origin=origin,
        may_map=may_map,
        may_try=may_try,
        what=what,
        measured=measured_words(roi),
        series_uid=roi.series_uid,
    )


def series_volume(project: Project, series_uid: str, progress: Progress) -> Volume:
    """Return an imported CT.

    Raises
    ------
    AccessDeniedError
        The principal sees no images.
    """
    progress.advance(0, 1, _("CT"))
    volume: Volume = project.volume(series_uid)
    return volume


def _first_readings(project: Project, patient_id: str) -> tuple[Roi, ...]:
    """Open this patient's readings only: each has a key of its own."""
    own = [lesion for lesion in project.lesions() if lesion.patient_id == patient_id]
    ids = [planned_id(patient_id, lesion.lesion_id, Reader.A, Occasion.FIRST) for lesion in own]
    return tuple(roi for one in ids if (roi := project.view.find(ROI, one)) is not None)


def _centre(voxels: BoolArray, box: Region) -> tuple[int, int, int]:
    inside = voxels[box]
    z = int(np.argmax(inside.sum(axis=(1, 2))))
    rows, columns = np.nonzero(inside[z])
    return (
        round(float(columns.mean())) + box[2].start,
        round(float(rows.mean())) + box[1].start,
        z + box[0].start,
    )
