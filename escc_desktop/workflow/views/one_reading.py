"""One signed reading as a report: what was outlined, how large it is, with which tools, signed by whom."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from escc_desktop.errors import EsccError
from escc_desktop.figures.roi import roi_slice
from escc_desktop.i18n import _
from escc_desktop.imaging.axial import axial_diameters
from escc_desktop.reading.session import Occasion, Reader, Roi
from escc_desktop.reading.tools import TAGS
from escc_desktop.store.kinds import ROI
from escc_desktop.workflow.access import Operation, require
from escc_desktop.workflow.assistance import assisted_share
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.report import Picture, Section, StudyReport, study_report
from escc_desktop.workflow.views.measurements import measured_words
from escc_desktop.workflow.views.words import site_name


def write_one_reading(project: Project, session_id: str, path: Path, *, is_synthetic: bool = False) -> None:
    """Write a signed reading as PDF, and as JSON beside it; in the language in force.

    Raises
    ------
    AccessDeniedError
        The role writes no reports or sees no outlines.
    EsccError
        The reading is not signed or not open to the person, or the folder cannot be written.
    """
    for operation in (Operation.REPORT, Operation.VIEW_ROIS):
        require(project.principal, operation)
    roi = project.view.find(ROI, session_id)
    if roi is None:
        raise EsccError(f"No signed reading {session_id} is open to you.", "Name it like P001/L1/A/first.")
    pictures: tuple[Picture, ...] = ()
    if project.may(Operation.VIEW_IMAGES):
        drawn = roi_slice(project.volume(roi.series_uid), roi.mask)
        pictures = (Picture(_("The slice with the largest part of it"), drawn),)
    sections = (
        Section(_("Reading"), facts=tuple(_about(roi))),
        Section(_("Size"), facts=tuple(_size(roi)), pictures=pictures),
        Section(_("How it was drawn"), facts=tuple(_drawing(roi))),
    )
    title = _("Reading {session}").format(session=session_id)
    subtitle = _("{who}, signed; outlined blind to outcome and to other readings.").format(who=reader_words(roi))
    provenance = ((_("Mask"), roi.mask.digest), (_("CT image"), roi.volume_digest))
    stamps = ((_("mask"), roi.mask.digest), *_settings(roi))
    report = StudyReport(title, subtitle, sections, provenance=provenance, stamps=stamps, is_synthetic=is_synthetic)
    study_report(report, path)


def reader_words(roi: Roi) -> str:
    """Return who read it, and for which time."""
    reader = _("Reader A") if roi.reader is Reader.A else _("Reader B")
    occasion = _("first reading") if roi.occasion is Occasion.FIRST else _("repeated reading")
    return f"{reader}, {occasion}"


def _about(roi: Roi) -> Iterator[tuple[str, str]]:
    yield _("Patient"), roi.patient_id
    yield _("Lesion"), f"{roi.lesion_id}, {site_name(roi.site)}"
    yield _("Read by"), reader_words(roi)
    if roi.signature is not None:
        yield _("Signed"), f"{roi.signature.at:%Y-%m-%d %H:%M} UTC, {roi.signature.meaning}"


def _size(roi: Roi) -> Iterator[tuple[str, str]]:
    yield _("Volume"), f"{roi.mask.volume_mm3 / 1000:.2f} mL"
    found = axial_diameters(roi.mask)
    if found is not None:
        text = _("{mm} mm, slice {n}").format(mm=f"{found.axes.long_mm:.1f}", n=found.index + 1)
        yield _("Longest axial diameter"), text
        yield _("Short axis there"), f"{found.axes.short_mm:.1f} mm"
    z = roi.mask.bounding_box[0]
    yield _("Slices"), f"{z.start + 1} – {z.stop}"
    if measured := measured_words(roi):
        yield _("Measured beside it"), measured
    yield _("Voxel"), " × ".join(f"{mm:.2f}" for mm in roi.mask.geometry.spacing_mm) + " mm"


def _drawing(roi: Roi) -> Iterator[tuple[str, str]]:
    yield _("Tools, in order of first use"), ", ".join(roi.tools) or _("not known")
    yield _("Slices an assisted tool touched"), f"{assisted_share(roi) * 100:.0f} %"
    tags = json.loads(roi.notes).get(TAGS)
    if isinstance(tags, list) and tags:
        yield _("Tags"), ", ".join(str(tag) for tag in tags)


def _settings(roi: Roi) -> tuple[tuple[str, str], ...]:
    content = dict(roi.signature.content) if roi.signature is not None else {}
    return ((_("settings"), content["params"]),) if "params" in content else ()
