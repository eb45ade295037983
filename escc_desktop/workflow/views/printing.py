"""Everything that can be printed or handed on, by its kind: what the window and the command line both call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from escc_desktop import version
from escc_desktop.errors import EsccError, UsageError
from escc_desktop.files import write_whole
from escc_desktop.i18n import printing_in
from escc_desktop.imaging.axial import axial_diameters
from escc_desktop.prognosis.reproducibility import reproducibility
from escc_desktop.progress import Progress
from escc_desktop.store.kinds import SERIES
from escc_desktop.workflow.access import Operation, require
from escc_desktop.workflow.fhir import Assessed, write_bundle
from escc_desktop.workflow.kept_development import development_of, kept_development
from escc_desktop.workflow.later import later
from escc_desktop.workflow.patient_report import first_reading, write_patient_report
from escc_desktop.workflow.printing import PrintOrder
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.reading_report import write_reading_report
from escc_desktop.workflow.stored import feature_table
from escc_desktop.workflow.study_files import DEFAULT_CARD, check_file, chosen_card
from escc_desktop.workflow.views.due import DueChoice, due_print
from escc_desktop.workflow.views.mdt import write_mdt
from escc_desktop.workflow.views.model import print_development
from escc_desktop.workflow.views.one_reading import write_one_reading
from escc_desktop.workflow.views.trial import print_to

if TYPE_CHECKING:
    from escc_desktop.imaging import measurement_report
    from escc_desktop.prognosis.card import ModelCard
    from escc_desktop.prognosis.score import Assessment
else:
    measurement_report = later("escc_desktop.imaging.measurement_report")


class ReportKind(StrEnum):
    """What can be printed, or handed on as FHIR or DICOM SR."""

    PATIENT = "patient"
    READING = "reading"
    AGREEMENT = "agreement"
    MODEL = "model"
    TRIAL = "trial"
    MDT = "mdt"
    DUE = "due"
    FHIR = "fhir"
    SR = "sr"


SUFFIXES = {ReportKind.FHIR: ".json", ReportKind.SR: ".dcm"}
OF_ONE = frozenset({ReportKind.PATIENT, ReportKind.READING, ReportKind.MDT, ReportKind.FHIR, ReportKind.SR})


@dataclass(frozen=True)
class ReportOrder:
    """What is wanted.

    Attributes
    ----------
    subject
        The trial code, or for a reading its session; empty for what is about everybody.
    card
        Kind of card, or the beginning of its digest.
    question
        What the MDT is asked.
    as_of
        The day of the due list; None for its usual day.
    """

    kind: ReportKind
    subject: str = ""
    card: str = DEFAULT_CARD
    question: str = ""
    as_of: date | None = None


def suffix_of(kind: ReportKind) -> str:
    """Return the ending of the file a kind is written to."""
    return SUFFIXES.get(kind, ".pdf")


def write_report(project: Project, wanted: ReportOrder, order: PrintOrder, progress: Progress) -> Path:
    """Write what is wanted, in the language of the order; a PDF has its JSON beside it.

    Raises
    ------
    UsageError
        A trial code or session is missing, or given where none belongs.
    AccessDeniedError
        The role may not see all that is in it.
    EsccError
        There is nothing to print it from, or the file cannot be written.
    """
    if (wanted.kind in OF_ONE) != bool(wanted.subject):
        what = "needs the code of a patient or reading" if wanted.kind in OF_ONE else "is about everybody"
        raise UsageError(f"The report {wanted.kind} {what}.", "Name one patient or reading, or none.")
    require(project.principal, Operation.REPORT)
    check_file(order.path, suffix_of(wanted.kind))
    with printing_in(order.language):
        _WRITERS[wanted.kind](project, wanted, order, progress)
    return order.path


def _patient(project: Project, wanted: ReportOrder, order: PrintOrder, _progress: Progress) -> None:
    for operation in (Operation.VIEW_IMAGES, Operation.VIEW_OUTCOME, Operation.VIEW_ROIS):
        require(project.principal, operation)
    card, verdict = _verdict(project, wanted)
    table = project.card_features(card)
    write_patient_report(project, verdict, card, table, order.path, is_synthetic=order.is_synthetic)


def _verdict(project: Project, wanted: ReportOrder) -> tuple[ModelCard, Assessment]:
    card = chosen_card(project, wanted.card)
    verdict = next((one for one in project.assessments(card) if one.patient_id == wanted.subject), None)
    if verdict is None:
        raise EsccError(f"Patient {wanted.subject} has no assessment with this card.", "Assess the patients first.")
    return card, verdict


def _reading(project: Project, wanted: ReportOrder, order: PrintOrder, _progress: Progress) -> None:
    write_one_reading(project, wanted.subject, order.path, is_synthetic=order.is_synthetic)


def _agreement(project: Project, wanted: ReportOrder, order: PrintOrder, _progress: Progress) -> None:
    require(project.principal, Operation.VIEW_FEATURES)
    card = chosen_card(project, wanted.card)
    config = kept_development(project.view, development_of(project.view, card)).config
    if config is None:
        raise EsccError("The project does not know how agreement was judged.", "Develop the models again.")
    table = feature_table(list(project.features()))
    found = reproducibility(table, config.icc_form, config.icc_threshold)
    write_reading_report(project.rois(), found, {}, order.path, order.is_synthetic)


def _model(project: Project, wanted: ReportOrder, order: PrintOrder, progress: Progress) -> None:
    development = development_of(project.view, chosen_card(project, wanted.card))
    print_development(project, development, order.path, order.is_synthetic, progress)


def _trial(project: Project, _wanted: ReportOrder, order: PrintOrder, progress: Progress) -> None:
    print_to(project, order.path, order.is_synthetic, progress)


def _mdt(project: Project, wanted: ReportOrder, order: PrintOrder, progress: Progress) -> None:
    write_mdt(project, wanted.subject, wanted.question, order, progress)


def _due(project: Project, wanted: ReportOrder, order: PrintOrder, progress: Progress) -> None:
    due_print(project, wanted.as_of, DueChoice(), order, progress)


def _fhir(project: Project, wanted: ReportOrder, order: PrintOrder, _progress: Progress) -> None:
    card, verdict = _verdict(project, wanted)
    record = next((one for one in project.records() if one.patient_id == wanted.subject), None)
    clinical = project.clinical()
    (row,) = clinical.rows_of([wanted.subject])
    values = {name: None if row is None else clinical.covariates[name].value(row) for name in card.covariate_names}
    write_bundle(Assessed(verdict, card, record, values, order.is_synthetic), order.path)


def _sr(project: Project, wanted: ReportOrder, order: PrintOrder, _progress: Progress) -> None:
    for operation in (Operation.VIEW_IMAGES, Operation.VIEW_ROIS):
        require(project.principal, operation)
    card, verdict = _verdict(project, wanted)
    roi = first_reading(project.rois(), wanted.subject)
    found = None if roi is None else axial_diameters(roi.mask)
    if roi is None or found is None or roi.signature is None:
        raise EsccError(f"No first reading of patient {wanted.subject} is signed.", "Sign it first.")
    series = project.view.get(SERIES, roi.series_uid).content
    if not (series.get("study_uid") and series.get("frame_uid")):
        raise EsccError("The series was imported without its frame of reference.", "Import its images again.")
    region = measurement_report.MeasuredRegion(
        mask=roi.mask,
        patient=roi.patient_id,
        study_uid=series["study_uid"],
        series_uid=roi.series_uid,
        frame_uid=series["frame_uid"],
        site=str(roi.site),
        tracking=roi.session_id,
        long_mm=found.axes.long_mm,
        short_mm=found.axes.short_mm,
        at=roi.signature.at,
        version=version(),
        rad_score=verdict.rad_score,
        risk_group=verdict.risk_group or "",
        card=f"{card.name} {card.digest}",
    )
    write_whole(order.path, measurement_report.measurement_report(region))


_WRITERS = {
    ReportKind.PATIENT: _patient,
    ReportKind.READING: _reading,
    ReportKind.AGREEMENT: _agreement,
    ReportKind.MODEL: _model,
    ReportKind.TRIAL: _trial,
    ReportKind.MDT: _mdt,
    ReportKind.DUE: _due,
    ReportKind.FHIR: _fhir,
    ReportKind.SR: _sr,
}
