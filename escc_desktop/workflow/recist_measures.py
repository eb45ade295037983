"""From signed readings to the lesions of the record, and back: what a reading measured, and where it is seen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from escc_desktop.errors import AccessDeniedError, EsccError
from escc_desktop.i18n import _
from escc_desktop.imaging.axial import axial_axis, axial_diameters, slice_spacing_mm
from escc_desktop.progress import Progress
from escc_desktop.reading.measurements import AXIAL, Measurement, MeasurementKind
from escc_desktop.reading.session import Occasion, Reader, ReadingSession, Roi
from escc_desktop.store.kinds import LESION, ROI, SERIES, lesion_key
from escc_desktop.store.records import Document
from escc_desktop.trial.recist_lesions import NODE_SITES
from escc_desktop.workflow.access import Operation, require
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.records_entry import TableEntry
from escc_desktop.workflow.records_rows import cell_text
from escc_desktop.workflow.views.measurements import roi_measurements

_TABLE = "lesions"


@dataclass(frozen=True)
class Measured:
    """A diameter a signed reading holds, as a row of the lesions table would have it.

    Attributes
    ----------
    by_hand
        Measured by hand; else taken from the outline.
    slice_number
        The slice it lies on, counted from 1.
    """

    session_id: str
    patient_id: str
    lesion_id: str
    date: date
    site: str
    axis: str
    diameter_mm: float
    slice_thickness_mm: float
    slice_number: int
    by_hand: bool

    @property
    def words(self) -> str:
        """What is offered, in words."""
        axis = _("short axis") if self.axis == "short" else _("longest diameter")
        how = _("by hand") if self.by_hand else _("of the outline")
        words = _("{lesion}, {date}: {axis} {mm} mm {how}, slice {n}")
        return words.format(
            lesion=self.lesion_id, date=self.date.isoformat(), axis=axis, mm=f"{self.diameter_mm:.1f}", how=how,
            n=self.slice_number,
        )  # fmt: skip


def why_blinded(project: Project) -> str:
    """Say why readings give nothing to the records now; "" once they do.

    Until every planned reading is signed they belong to the agreement study alone: a diameter in the record would tell
    a reader, or whoever plans, what another one drew.
    """
    if not (project.may(Operation.VIEW_ROIS) and project.may(Operation.VIEW_OUTCOME)):
        return _("Your role sees no outlines beside records.")
    if not project.view.are_readings_over():
        return _("Readings give measurements to the records once every planned one is signed.")
    return ""


def offered(project: Project, patient_id: str, progress: Progress) -> tuple[Measured, ...]:
    """Return what the signed first readings of Reader A measured of a patient: by hand before of the outline.

    Raises
    ------
    AccessDeniedError
        The readings are still blinded, or the role sees no outlines.
    """
    refuse_blinded(project)
    sessions = [one for one in project.view.readable() if one.patient_id == patient_id and _is_leading(one)]
    found: list[Measured] = []
    for number, session in enumerate(sessions):
        progress.advance(number, len(sessions))
        found += measured_in(project.view.get(ROI, session.session_id), project.view.get(SERIES, session.series_uid))
    return tuple(sorted(found, key=lambda one: (one.date, one.lesion_id, not one.by_hand)))


def refuse_blinded(project: Project) -> None:
    """Raise AccessDeniedError while the readings give nothing to the records."""
    why_not = why_blinded(project)
    if why_not:
        raise AccessDeniedError(why_not, _("Enter diameters by hand on the Records page."))


def take(project: Project, one: Measured, progress: Progress) -> None:
    """Put a measurement into the record's lesions, in place of the row of that lesion and day.

    The reading is the reason the record's history gives.

    Raises
    ------
    EsccError
        The record is frozen or locked, or the row breaks its rules.
    """
    refuse_blinded(project)
    require(project.principal, Operation.ENTER_RECORDS)
    book = project.record_book()
    rows = book.tables(one.patient_id).get(_TABLE, ())
    day = one.date.isoformat()
    before = next((row for row in rows if (row["lesion_id"], row["date"]) == (one.lesion_id, day)), {})
    others = tuple(row for row in rows if (row["lesion_id"], row["date"]) != (one.lesion_id, day))
    same = next((row for row in rows if row["lesion_id"] == one.lesion_id), {})
    wanted = {**_row(project, one), **{name: same[name] for name in ("role", "irradiated", "organ") if same.get(name)}}
    row = {**before, **wanted, "state": ""}
    progress.advance(0, 1)
    reason = _("Taken from the signed reading {session}").format(session=one.session_id)
    outcome = book.save([TableEntry(one.patient_id, _TABLE, rows, (*others, row))], reason, leave_open=True)
    if not outcome.is_saved:
        faults = "; ".join(finding.what for finding in outcome.findings if finding.is_fault)
        raise EsccError(
            _("The measurement was not taken into the record."),
            faults or _("Look at the lesions on the Records page."),
        )


def _row(project: Project, one: Measured) -> dict[str, str]:
    marked = project.view.find(LESION, lesion_key(one.patient_id, one.lesion_id))
    return {
        "lesion_id": one.lesion_id,
        "date": one.date.isoformat(),
        "site": one.site,
        "role": "target" if marked is None else str(marked.role),
        "axis": one.axis,
        "diameter_mm": cell_text(round(one.diameter_mm, 1)),
        "irradiated": "" if marked is None else cell_text(marked.irradiated),
        "slice_thickness_mm": cell_text(round(one.slice_thickness_mm, 2)),
        "session_id": one.session_id,
    }


def _is_leading(session: ReadingSession) -> bool:
    return session.reader is Reader.A and session.occasion is Occasion.FIRST


def study_day(series: Document) -> date | None:
    """Return the day a series was made; None where its headers do not say."""
    text = str(series.content["study_date"] or "")
    return date(int(text[:4]), int(text[4:6]), int(text[6:8])) if len(text) == 8 and text.isdigit() else None


def measured_in(roi: Roi, series: Document) -> list[Measured]:
    """Return what a reading measured: by hand, then of the outline; nothing where its series has no date."""
    day = study_day(series)
    if day is None:
        return []
    is_node = str(roi.site) in NODE_SITES
    thickness = (series.content.get("acquisition") or {}).get("slice_thickness_mm")
    grid = roi.mask.geometry

    def measured(mm: float, index: int, *, by_hand: bool) -> Measured:
        return Measured(
            roi.session_id, roi.patient_id, roi.lesion_id, day, str(roi.site), "short" if is_node else "long", mm,
            float(thickness or slice_spacing_mm(grid)), index + 1, by_hand,
        )  # fmt: skip

    found = [
        measured(mm, _index(roi, one), by_hand=True)
        for one in roi_measurements(roi)
        if not one.of_region and (mm := _diameter(one, is_node=is_node)) is not None
    ]
    longest = axial_diameters(roi.mask)
    if longest is not None:
        mm = longest.axes.short_mm if is_node else longest.axes.long_mm
        found.append(measured(mm, longest.index, by_hand=False))
    return found


def _diameter(one: Measurement, *, is_node: bool) -> float | None:
    """Return what counts of a measurement by hand; None of one that is no axial diameter."""
    if one.plane != AXIAL:
        return None
    if one.kind is MeasurementKind.AXES:
        return one.short_mm if is_node else one.long_mm
    return one.length_mm if one.kind is MeasurementKind.LENGTH and not is_node else None


def _index(roi: Roi, one: Measurement) -> int:
    along = 2 - axial_axis(roi.mask.geometry)
    return round(float(roi.mask.geometry.to_index(np.array([one.points_mm[0]]))[0][along]))
