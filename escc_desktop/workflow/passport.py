"""The lesion passport: one lesion from the baseline through the follow-ups, and where it would lie on the next one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from escc_desktop.errors import EsccError
from escc_desktop.figures.words import short_feature
from escc_desktop.i18n import _, said
from escc_desktop.imaging.axial import Crop, axial_axis, axial_crop, axial_diameters, carry_over
from escc_desktop.imaging.mask import Mask
from escc_desktop.imaging.registration import STILL, register
from escc_desktop.imaging.volume import Volume
from escc_desktop.progress import Progress
from escc_desktop.reading.plan import planned_id
from escc_desktop.reading.session import Occasion, Reader, Roi
from escc_desktop.store.kinds import ROI, SERIES, TRIAL_RECORD
from escc_desktop.store.records import Document
from escc_desktop.trial.records import LesionMeasurement
from escc_desktop.workflow.access import Operation, require
from escc_desktop.workflow.clinical_data import record_of
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.recist_measures import Measured, measured_in, refuse_blinded, study_day
from escc_desktop.workflow.views.measurements import measured_words

_NEAR_DAYS = 7
_SIDE_MM = 110.0
OUTLINED, PROPOSED, PLAIN = "outlined", "proposed", "plain"


@dataclass(frozen=True)
class Size:
    """What an outline measures.

    Attributes
    ----------
    slice_number
        The axial slice it is longest on, counted from 1.
    """

    slice_number: int
    n_slices: int
    long_mm: float
    short_mm: float
    volume_mm3: float


@dataclass(frozen=True, eq=False)
class PassportEntry:
    """One series of the lesion's course, or a measurement without one.

    Attributes
    ----------
    kind
        "outlined": a signed reading; "proposed": carried over by registration, nobody's outline; "plain": a series, or
        a row of the record, alone.
    recorded
        The record's row of that day.
    measured
        What the reader measured by hand, in words.
    note
        Of a proposal: how it came about; else why there are no features, where that is to be said.
    offers
        Measurements of the reading that the record does not have, for those who enter records.
    """

    day: date | None
    kind: str
    series_uid: str = ""
    description: str = ""
    session_id: str = ""
    size: Size | None = None
    crop: Crop | None = None
    recorded: LesionMeasurement | None = None
    measured: str = ""
    features: tuple[tuple[str, float], ...] = ()
    note: str = ""
    offers: tuple[Measured, ...] = ()


@dataclass(frozen=True, eq=False)
class Passport:
    """One lesion's course, the earliest first."""

    patient_id: str
    lesion_id: str
    entries: tuple[PassportEntry, ...]

    def with_proposal(self, entry: PassportEntry) -> Passport:
        """Return the passport with a proposal in place of the bare series."""
        kept = tuple(entry if one.series_uid and one.series_uid == entry.series_uid else one for one in self.entries)
        return replace(self, entries=kept)


def open_passport(project: Project, patient_id: str, lesion_id: str, progress: Progress) -> Passport:
    """Return a lesion's course: outlines on their slices, the record's rows, and the series nobody outlined it on.

    Raises
    ------
    AccessDeniedError
        The readings are still blinded, or the role sees no images.
    """
    refuse_blinded(project)
    require(project.principal, Operation.VIEW_IMAGES)
    rows = _rows(project, patient_id, lesion_id)
    roi = project.view.find(ROI, planned_id(patient_id, lesion_id, Reader.A, Occasion.FIRST))
    own = [one for one in project.view.all(SERIES) if one.content["patient_id"] == patient_id]
    outlined = None if roi is None else next(one for one in own if one.document_id == roi.series_uid)
    entries: list[PassportEntry] = []
    if roi is not None and outlined is not None:
        progress.advance(0, 2, _("Outline"))
        entries.append(_outlined(project, roi, outlined, _row_near(rows, study_day(outlined))))
    progress.advance(1, 2)
    entries += [_plain(series, rows) for series in _follow_ups(own, outlined)]
    used = {one.recorded.date for one in entries if one.recorded is not None}
    entries += [PassportEntry(row.date, PLAIN, recorded=row) for row in rows if row.date not in used]
    return Passport(patient_id, lesion_id, tuple(sorted(entries, key=lambda one: one.day or date.max)))


def propose(project: Project, passport: Passport, series_uid: str, progress: Progress) -> PassportEntry:
    """Carry the lesion's outline over to a later series by rigid registration: a proposal, nobody's outline.

    It is never part of a reading, nor of the record; it says where to look and what to expect.

    Raises
    ------
    EsccError
        Nothing is outlined to carry over, the scans have too little in common, or it falls outside the other one.
    """
    refuse_blinded(project)
    source = next((one for one in passport.entries if one.kind == OUTLINED), None)
    if source is None:
        raise EsccError(_("There is no signed outline of this lesion to carry over."), _("Have it read first."))
    roi: Roi = project.view.get(ROI, source.session_id)
    before: Volume = project.volume(source.series_uid)
    after: Volume = project.volume(series_uid)
    series, first = project.view.get(SERIES, series_uid), project.view.get(SERIES, source.series_uid)
    is_still = _share_frame(series, first)
    motion = STILL if is_still else register(after, before, progress.part(0, 0.8))
    carried = Mask(carry_over(roi.mask, after.geometry, motion, progress.part(0.8, 1)), after.geometry)
    if carried.is_empty:
        raise EsccError(
            _("The outline falls outside this series."), _("Compare the two series side by side; choose another one.")
        )
    words = _("Proposal: the outline of {date}, carried over rigidly ({how}). Not drawn by anyone.")
    how = _("same frame of reference") if is_still else _("turned by {deg}°").format(deg=f"{motion.angle_deg:.1f}")
    note = words.format(date="" if source.day is None else source.day.isoformat(), how=how)
    rows = _rows(project, passport.patient_id, passport.lesion_id)
    size, crop = _measure(carried, after)
    found = _plain(series, rows)
    return replace(found, kind=PROPOSED, size=size, crop=crop, note=note)


def _rows(project: Project, patient_id: str, lesion_id: str) -> tuple[LesionMeasurement, ...]:
    found = project.view.find(TRIAL_RECORD, patient_id)
    rows = () if found is None else record_of(found).lesions
    return tuple(row for row in rows if row.lesion_id == lesion_id)


def _row_near(rows: Sequence[LesionMeasurement], day: date | None) -> LesionMeasurement | None:
    """Return the row of the same examination: the nearest within a week."""
    near = [row for row in rows if day is not None and abs((row.date - day).days) <= _NEAR_DAYS]
    return min(near, key=lambda row: abs((row.date - day).days) if day else 0, default=None)


def _follow_ups(own: Sequence[Document], outlined: Document | None) -> list[Document]:
    """Return one series of every other study: of the outlined one's phase where there is one."""
    study, phase = ("", "") if outlined is None else (outlined.content["study_uid"], outlined.content["phase"]["name"])
    studies: dict[str, list[Document]] = {}
    for one in own:
        if one.content["study_uid"] != study:
            studies.setdefault(one.content["study_uid"], []).append(one)
    return [
        min(group, key=lambda one: (one.content["phase"]["name"] != phase, one.document_id))
        for group in studies.values()
    ]


def _plain(series: Document, rows: Sequence[LesionMeasurement]) -> PassportEntry:
    day = study_day(series)
    return PassportEntry(
        day, PLAIN, series.document_id, series.content["description"], recorded=_row_near(rows, day)
    )  # fmt: skip


def _outlined(project: Project, roi: Roi, series: Document, row: LesionMeasurement | None) -> PassportEntry:
    size, crop = _measure(roi.mask, project.volume(roi.series_uid))
    features, why_none = _features(project, roi)
    return PassportEntry(
        study_day(series),
        OUTLINED,
        roi.series_uid,
        series.content["description"],
        roi.session_id,
        size,
        crop,
        row,
        measured_words(roi),
        features,
        why_none,
        _offers(project, roi, series, row),
    )


def _offers(project: Project, roi: Roi, series: Document, row: LesionMeasurement | None) -> tuple[Measured, ...]:
    if not project.may(Operation.ENTER_RECORDS):
        return ()
    had = None if row is None or row.session_id != roi.session_id else row.diameter_mm
    return tuple(one for one in measured_in(roi, series) if had is None or round(one.diameter_mm, 1) != had)


def _measure(mask: Mask, volume: Volume) -> tuple[Size | None, Crop | None]:
    found = axial_diameters(mask)
    if found is None:
        return None, None
    n = volume.geometry.shape[axial_axis(volume.geometry)]
    size = Size(found.index + 1, n, found.axes.long_mm, found.axes.short_mm, mask.volume_mm3)
    return size, axial_crop(volume, mask.voxels, found.index, _SIDE_MM)


def _features(project: Project, roi: Roi) -> tuple[tuple[tuple[str, float], ...], str]:
    """Return the values the project's Rad-score reads of a reading; none, and perhaps why, where there are none."""
    if not (project.may(Operation.VIEW_ASSESSMENTS) and project.may(Operation.REPORT)):
        return (), ""
    card = next((one for one in project.cards() if one.kind == "radscore"), None)
    if card is None:
        return (), ""
    try:
        table = project.card_features(card)
    except EsccError as error:
        return (), said(error.what)
    wanted = (roi.patient_id, roi.lesion_id, str(roi.reader), str(roi.occasion))
    keys = [(key.patient_id, key.lesion_id, str(key.reader), str(key.occasion)) for key in table.keys]
    if wanted not in keys:
        return (), ""
    values = table.values[keys.index(wanted)].tolist()
    return tuple((short_feature(name), value) for name, value in zip(table.names, values, strict=True)), ""


def _share_frame(one: Document, other: Document) -> bool:
    frames = [document.content.get("frame_uid", "") for document in (one, other)]
    if all(frames):
        return bool(frames[0] == frames[1])
    return bool(one.content["study_uid"] == other.content["study_uid"])
