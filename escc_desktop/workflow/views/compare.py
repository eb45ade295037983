"""Two series of a patient, or two readings of a lesion: what may be seen, and what they have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from escc_desktop.errors import AccessDeniedError, EsccError
from escc_desktop.i18n import _
from escc_desktop.imaging.mask import BoolArray, Mask, Region, bounding_box, dice, surface_distances
from escc_desktop.imaging.registration import AIR_HU, STILL, RigidMotion, register, resample
from escc_desktop.imaging.volume import Geometry, Vector, Volume
from escc_desktop.progress import Progress
from escc_desktop.reading.session import Occasion, ReadingSession, Roi
from escc_desktop.store.accounts import Role
from escc_desktop.store.kinds import ROI, SERIES
from escc_desktop.store.records import Document
from escc_desktop.workflow.access import Operation
from escc_desktop.workflow.project import Project

__all__ = ["STILL", "RigidMotion"]

_MARGINS = (2, 12, 12)  # z, y, x
_READ = "arterial"  # the phase lesions are outlined on
_NOWHERE: Region = (slice(0, 0), slice(0, 0), slice(0, 0))


@dataclass(frozen=True)
class ComparedSeries:
    """A series one may look at.

    Attributes
    ----------
    frame_uid
        "" in projects of earlier programs.
    """

    series_uid: str
    description: str
    phase: str
    study_date: str
    study_uid: str
    frame_uid: str

    def shares_frame(self, other: ComparedSeries) -> bool:
        """Return whether a position in mm means the same in both: by the scanner's word, else by one study."""
        if self.frame_uid and other.frame_uid:
            return self.frame_uid == other.frame_uid
        return self.study_uid == other.study_uid


@dataclass(frozen=True)
class ComparedReading:
    """A signed reading one may look at."""

    session_id: str
    series_uid: str
    words: str


@dataclass(frozen=True)
class Comparable:
    """What of a patient can be compared.

    Attributes
    ----------
    patients
        All patients of whom there is something to see.
    has_images
        Whether the person sees images; else outlines alone are compared.
    why_no_readings
        Why there is no outline to choose; "" where there are some.
    window
        Width and level in HU that images are shown in, where the readings go on and their plan says so to a reader.
    marks
        By series where its first lesion is marked (x, y, z mm).
    """

    patients: tuple[str, ...]
    patient_id: str
    series: tuple[ComparedSeries, ...]
    readings: tuple[ComparedReading, ...]
    has_images: bool
    why_no_readings: str
    window: tuple[float, float] | None = None
    marks: Mapping[str, Vector] = field(default_factory=dict)


@dataclass(frozen=True)
class ReadingPair:
    """Two readings to be compared, as another page asks for them."""

    patient_id: str
    first_id: str
    second_id: str


@dataclass(frozen=True)
class SideChoice:
    """What one side shows: a series, and a reading on it or none."""

    series_uid: str
    session_id: str = ""


@dataclass(frozen=True, eq=False)
class Side:
    """One side of a comparison.

    Attributes
    ----------
    volume
        Its CT; where the person sees no images, air around the outlines.
    outline
        Voxels (z, y, x) of the reading on it, if one was chosen.
    box
        Holds every voxel of the outline; empty without one.
    first_slice
        Number of the volume's first slice in the series.
    """

    choice: SideChoice
    volume: Volume
    outline: BoolArray | None
    box: Region
    first_slice: int = 0


@dataclass(frozen=True, eq=False)
class Disagreement:
    """Two outlines on one grid, voxel by voxel.

    Attributes
    ----------
    both, only_first, only_second
        Voxels (z, y, x).
    box
        Holds every voxel of both.
    per_slice
        How many voxels of each slice only one of them holds.
    """

    both: BoolArray
    only_first: BoolArray
    only_second: BoolArray
    box: Region
    per_slice: tuple[int, ...]
    volumes_mm3: tuple[float, float, float]
    dice: float
    hd95_mm: float
    assd_mm: float

    @property
    def worst_slice(self) -> int:
        """Return the slice on which they differ most."""
        return int(np.argmax(self.per_slice))


@dataclass(frozen=True, eq=False)
class Opened:
    """Both sides of a comparison, ready to be shown.

    Attributes
    ----------
    motion
        From points of the first CT to those of the second; None while their frames of reference differ.
    disagreement
        Where both sides show a reading on one grid.
    """

    first: Side
    second: Side
    motion: RigidMotion | None
    disagreement: Disagreement | None


def comparable(project: Project, patient_id: str, progress: Progress) -> Comparable:
    """Return what of a patient can be compared; of the first patient where the one asked for shows nothing."""
    progress.advance(0, 2)
    has_images = project.may(Operation.VIEW_IMAGES)
    documents = project.view.all(SERIES) if has_images else ()
    readings, why_not = _readings(project)
    progress.advance(1, 2)
    patients = sorted({one.content["patient_id"] for one in documents} | {roi.patient_id for roi in readings})
    shown = patient_id if patient_id in patients else next(iter(patients), "")
    own = [one for one in documents if one.content["patient_id"] == shown]
    series = sorted(map(_series, own), key=lambda one: (one.study_date, one.phase != _READ, one.description))
    of_patient = tuple(map(_reading, (one for one in readings if one.patient_id == shown)))
    if readings and not of_patient:
        why_not = _("No reading of this patient is signed.")
    why_not = "" if of_patient else why_not
    window = _window(project)
    lesions = project.lesions() if project.may(Operation.VIEW_LESIONS) else ()
    marks = {one.series_uid: one.point_mm for one in reversed(lesions) if one.patient_id == shown}
    return Comparable(tuple(patients), shown, tuple(series), of_patient, has_images, why_not, window, marks)


def open_comparison(
    project: Project, known: Comparable, first: SideChoice, second: SideChoice, progress: Progress
) -> Opened:
    """Open both sides.

    Raises
    ------
    AccessDeniedError
        The person may not see one of them.
    """
    progress.advance(0, 4, _("Outlines"))
    rois = [_roi(project, known, choice) for choice in (first, second)]
    progress.advance(1, 4, _("CT"))
    if known.has_images:
        sides = [_side(project, choice, roi) for choice, roi in zip((first, second), rois, strict=True)]
    else:
        sides = _outlines_alone((first, second), rois)
    progress.advance(3, 4, _("Agreement"))
    return Opened(sides[0], sides[1], _motion(known, first, second), _disagreement(sides[0], sides[1]))


def find_motion(opened: Opened, progress: Progress) -> RigidMotion:
    """Return the rigid motion from the first CT to the second; see `imaging.registration.register`."""
    return register(opened.first.volume, opened.second.volume, progress)


def lay_over(opened: Opened, motion: RigidMotion, progress: Progress) -> Volume:
    """Return the second CT on the grid of the first."""
    return resample(opened.second.volume, opened.first.volume.geometry, motion, progress)


def _readings(project: Project) -> tuple[tuple[ReadingSession, ...], str]:
    """Return the readings whose outlines may be compared, or why none; readers see none before all are signed.

    His own signed outline would be open to a reader where no repeat is planned, and so tell him that none is.
    """
    if not project.may(Operation.VIEW_ROIS):
        return (), _("Your role sees no outlines.")
    if project.principal.role is Role.READER and not project.view.are_readings_over():
        return (), _("Outlines can be compared once every planned reading is signed.")
    return project.view.readable(), _("No reading is signed yet.")


def _window(project: Project) -> tuple[float, float] | None:
    """Return the window a reader is held to: what is locked in a reading is not opened beside it."""
    is_reading = project.principal.role is Role.READER and not project.view.are_readings_over()
    return project.view.protocol().window if is_reading else None


def _series(document: Document) -> ComparedSeries:
    content = document.content
    return ComparedSeries(
        document.document_id,
        content["description"],
        content["phase"]["name"],
        content["study_date"] or "",
        content["study_uid"],
        content.get("frame_uid", ""),
    )


def _reading(session: ReadingSession) -> ComparedReading:
    occasion = _("repeat reading") if session.occasion is Occasion.REPEAT else _("first reading")
    words = _("{lesion} · reader {reader}, {occasion}").format(
        lesion=session.lesion_id, reader=session.reader, occasion=occasion
    )
    return ComparedReading(session.session_id, session.series_uid, words)


def _roi(project: Project, known: Comparable, choice: SideChoice) -> Roi | None:
    if not choice.session_id:
        return None
    if choice.session_id not in {one.session_id for one in known.readings}:
        raise AccessDeniedError(f"The reading {choice.session_id} is not open to you.", known.why_no_readings)
    return project.view.get(ROI, choice.session_id)


def _side(project: Project, choice: SideChoice, roi: Roi | None) -> Side:
    volume: Volume = project.volume(choice.series_uid)
    outline = None if roi is None else roi.mask.voxels
    if outline is not None and outline.shape != volume.hu.shape:
        raise EsccError("The outline was drawn on another series.", "Choose the series it was drawn on.")
    return Side(choice, volume, outline, _NOWHERE if roi is None else roi.mask.bounding_box)


def _outlines_alone(choices: tuple[SideChoice, SideChoice], rois: list[Roi | None]) -> list[Side]:
    """Return sides without an image: air in the box that holds both outlines, with a margin around."""
    drawn = [roi for roi in rois if roi is not None]
    if len(drawn) < len(rois):
        raise EsccError(_("Your role sees outlines only."), _("Choose a reading on either side."))
    masks = [roi.mask for roi in drawn]
    if masks[0].geometry.difference(masks[1].geometry) is not None:
        raise EsccError(_("The two readings are of different series."), _("Choose two readings of one series."))
    grid = masks[0].geometry
    box = tuple(
        slice(max(0, part.start - margin), min(n, part.stop + margin))
        for part, n, margin in zip(
            _around(masks[0].bounding_box, masks[1].bounding_box), grid.shape, _MARGINS, strict=True
        )
    )
    corner = grid.to_mm(np.array([[part.start for part in reversed(box)]]))[0]
    size = [part.stop - part.start for part in reversed(box)]
    cut = Geometry((size[0], size[1], size[2]), grid.spacing_mm, (corner[0], corner[1], corner[2]), grid.direction)
    air = Volume(np.full(cut.shape, AIR_HU, dtype=np.int16), cut)
    parts = [mask.voxels[box].copy() for mask in masks]
    return [
        Side(choice, air, part, bounding_box(part), box[0].start) for choice, part in zip(choices, parts, strict=True)
    ]


def _around(one: Region, other: Region) -> Region:
    z, y, x = (slice(min(a.start, b.start), max(a.stop, b.stop)) for a, b in zip(one, other, strict=True))
    return z, y, x


def _motion(known: Comparable, first: SideChoice, second: SideChoice) -> RigidMotion | None:
    series = {one.series_uid: one for one in known.series}
    if first.series_uid == second.series_uid:
        return STILL
    return STILL if series[first.series_uid].shares_frame(series[second.series_uid]) else None


def _disagreement(first: Side, second: Side) -> Disagreement | None:
    one, other = first.outline, second.outline
    grid = first.volume.geometry
    if one is None or other is None or grid.difference(second.volume.geometry) is not None:
        return None
    box = _around(first.box, second.box)
    a, b = one[box], other[box]
    parts = _placed(a & b, box, grid), _placed(a & ~b, box, grid), _placed(b & ~a, box, grid)
    masks = Mask(one, grid), Mask(other, grid)
    hd95_mm, assd_mm = surface_distances(*masks)
    both, only_first, only_second = (float(np.count_nonzero(part[box])) * grid.voxel_volume_mm3 for part in parts)
    differing = np.zeros(grid.shape[0], dtype=np.intp)
    differing[box[0]] = np.count_nonzero(a ^ b, axis=(1, 2))
    return Disagreement(
        *parts,
        box=box,
        per_slice=tuple(differing.tolist()),
        volumes_mm3=(both, only_first, only_second),
        dice=dice(*masks),
        hd95_mm=hd95_mm,
        assd_mm=assd_mm,
    )


def _placed(part: BoolArray, box: Region, grid: Geometry) -> BoolArray:
    """Return voxels of a box on the whole grid: the system gives memory for the slices of the box only."""
    whole = np.zeros(grid.shape, dtype=np.bool_)
    whole[box] = part
    return whole
