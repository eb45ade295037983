"""The lesion passport in print: PDF with JSON beside it."""

from __future__ import annotations

from pathlib import Path

from escc_desktop.errors import EsccError
from escc_desktop.figures.lesion_course import Shot, lesion_course
from escc_desktop.i18n import _
from escc_desktop.progress import Progress
from escc_desktop.workflow.access import Operation, require
from escc_desktop.workflow.passport import PROPOSED, Passport, PassportEntry
from escc_desktop.workflow.passport_words import kind_word, recorded_words
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.recist_measures import refuse_blinded
from escc_desktop.workflow.report import Picture, Section, StudyReport, TableBlock, study_report

_NONE = "\N{EN DASH}"


def write_passport(project: Project, passport: Passport, path: Path, is_synthetic: bool, progress: Progress) -> Path:
    """Write a lesion's passport as PDF, and as JSON beside it; return where.

    Raises
    ------
    EsccError
        Nothing is known of the lesion, or the folder cannot be written.
    """
    require(project.principal, Operation.REPORT)
    refuse_blinded(project)
    if not passport.entries:
        raise EsccError(_("Nothing is known of this lesion."), _("Choose another one."))
    progress.advance(0, 1, _("Report"))
    study_report(passport_report(passport, is_synthetic=is_synthetic), path)
    return path


def passport_report(passport: Passport, *, is_synthetic: bool = False) -> StudyReport:
    """Return a passport as a report."""
    title = _("Lesion passport: {patient}, {lesion}").format(patient=passport.patient_id, lesion=passport.lesion_id)
    pictures = _pictures(passport)
    has_proposal = any(one.kind == PROPOSED for one in passport.entries)
    warning = _(
        "A dashed outline is a proposal carried over by registration: nobody drew it, and it is no measurement."
    )
    course = Section(
        _("Course"),
        tables=(TableBlock(_header(), tuple(map(_row, passport.entries)), note=_note()),),
        pictures=pictures,
    )
    measured = [one.measured for one in passport.entries if one.measured]
    by_hand = Section(_("Measured by hand in the reading"), tuple(measured))
    features = tuple((name, f"{value:.6g}") for one in passport.entries for name, value in one.features)
    values = Section(_("Features of the signed reading"), facts=features)
    sections = (course, *((by_hand,) if measured else ()), *((values,) if features else ()))
    return StudyReport(
        title,
        _("From the baseline through the follow-ups"),
        sections,
        warnings=(warning,) if has_proposal else (),
        provenance=tuple((_("Reading"), one.session_id) for one in passport.entries if one.session_id),
        is_synthetic=is_synthetic,
    )


def _pictures(passport: Passport) -> tuple[Picture, ...]:
    shots = [
        Shot(one.crop, f"{_day(one)}, {kind_word(one.kind)}", one.kind == PROPOSED)
        for one in passport.entries
        if one.crop is not None
    ]
    if not shots:
        return ()
    caption = _("Each on the axial slice where it is longest; patient's right on the left.")
    return (Picture("", lesion_course(shots), caption),)


def _header() -> tuple[str, ...]:
    return (_("Day"), _("From"), _("Long, mm"), _("Short, mm"), _("Volume, mL"), _("Slice"), _("Record"))


def _row(one: PassportEntry) -> tuple[str, ...]:
    source = kind_word(one.kind) if one.series_uid else _("record only")
    if one.size is None:
        return (_day(one), source, _NONE, _NONE, _NONE, _NONE, recorded_words(one) or _NONE)
    size = one.size
    return (
        _day(one),
        source,
        f"{size.long_mm:.1f}",
        f"{size.short_mm:.1f}",
        f"{size.volume_mm3 / 1000:.1f}",
        f"{size.slice_number}/{size.n_slices}",
        recorded_words(one) or _NONE,
    )


def _day(one: PassportEntry) -> str:
    return _NONE if one.day is None else one.day.isoformat()


def _note() -> str:
    return _(
        "Diameters lie in the axial plane: the longest one of all slices, and the one at right angles to it there."
    )
