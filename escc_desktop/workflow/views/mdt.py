"""One patient for the multidisciplinary team, gathered from the record and the assessment."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from escc_desktop.errors import EsccError
from escc_desktop.i18n import _, plural, printed_language, printing_in
from escc_desktop.progress import Progress
from escc_desktop.trial.protocol import load_protocol
from escc_desktop.trial.recist import assess
from escc_desktop.trial.records import Baseline, TrialRecord, VitalStatus
from escc_desktop.workflow.access import Operation, require
from escc_desktop.workflow.mdt_page import MdtRisk, MdtSheet, write_sheet
from escc_desktop.workflow.patient_report import (
    age_words,
    caution_words,
    certainty_of,
    certainty_word,
    endpoint_words,
    risk_word_of,
    settings_stamp,
    sex_word,
    survival_of,
    withheld_words,
)
from escc_desktop.workflow.printing import PrintOrder
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.study_files import DEFAULT_CARD
from escc_desktop.workflow.views.mdt_tables import doses_table, events_table, labs_table, lesions_table, response_words

_GROUNDS, _LIMITS = 2, 3


def write_mdt(project: Project, patient_id: str, question: str, order: PrintOrder, progress: Progress) -> Path:
    """Write a patient's sheet for the MDT as PDF, and as JSON beside it.

    Parameters
    ----------
    question
        What the MDT is asked; may be empty.

    Raises
    ------
    EsccError
        The patient has no record, or the folder cannot be written.
    """
    require(project.principal, Operation.REPORT)
    progress.advance(0, 2, patient_id)
    with printing_in(order.language):
        sheet = mdt_sheet(project, patient_id, question.strip(), is_synthetic=order.is_synthetic)
        progress.advance(1, 2, patient_id)
        write_sheet(sheet, order.path)
    return order.path


def mdt_sheet(project: Project, patient_id: str, question: str, *, is_synthetic: bool) -> MdtSheet:
    """Return a patient's sheet in the language in force.

    Raises
    ------
    EsccError
        The patient has no record.
    """
    record = next((one for one in project.records() if one.patient_id == patient_id), None)
    if record is None:
        raise EsccError(f"There is no trial record of patient {patient_id}.", "Import or enter the record first.")
    protocol, assessed = load_protocol(), assess(record)
    risk, no_risk, stamps = _risk(project, patient_id)
    name = protocol.name_zh if printed_language() == "zh_CN" and protocol.name_zh else protocol.name
    return MdtSheet(
        patient_id=patient_id,
        trial=_("{registration} · {name}.").format(registration=protocol.registration, name=name),
        as_of=_("Latest entry in the record: {date}.").format(date=_latest(record).isoformat()),
        question=question,
        facts=tuple(_facts(record)),
        risk=risk,
        no_risk=no_risk,
        lesions=lesions_table(assessed),
        course=tuple(response_words(record)),
        doses=doses_table(record, protocol),
        events=events_table(record),
        labs=labs_table(record),
        stamps=stamps,
        is_synthetic=is_synthetic,
    )


def _latest(record: TrialRecord) -> date:
    days = [record.start_date, record.survival.last_contact_date]
    days += [visit.date for visit in record.visits] + [lab.date for lab in record.labs]
    days += [dose.end_date or dose.start_date for dose in record.treatments]
    return max(days + [event.start_date for event in record.adverse_events])


def _facts(record: TrialRecord) -> Iterator[tuple[str, str]]:
    base = record.baseline
    ecog = f"ECOG {base.ecog}" if base.ecog is not None else _("ECOG not known")
    stage = " ".join(filter(None, (base.t_stage, base.n_stage, base.m_stage, base.stage)))
    yield _("Patient"), _(", ").join((age_words(base.age_years), sex_word(base.sex), ecog))
    yield _("Diagnosis"), _diagnosis(base)
    yield _("Stage (AJCC 8)"), stage or _("not known")
    yield _("Metastases"), _metastases(base)
    yield _("Earlier treatment"), _earlier(base)
    if base.height_cm is not None and base.weight_kg is not None:
        yield _("Height, weight"), f"{base.height_cm:g} cm, {base.weight_kg:g} kg"
    yield _("Day 1 of cycle 1"), record.start_date.isoformat()
    yield _("Status"), _status(record)


def _diagnosis(base: Baseline) -> str:
    places = {"cervical": _("cervical"), "thoracic": _("thoracic"), "abdominal": _("abdominal")}
    grades = {
        "well": _("well differentiated"),
        "moderate": _("moderately differentiated"),
        "moderate_to_poor": _("moderately to poorly differentiated"),
        "poor": _("poorly differentiated"),
        "undifferentiated": _("undifferentiated"),
    }
    place, grade = places.get(base.tumor_location, ""), grades.get(base.differentiation, "")
    return _(", ").join(filter(None, (_("esophageal squamous cell carcinoma"), place, grade)))


def _metastases(base: Baseline) -> str:
    found = [
        name
        for is_there, name in (
            (base.metastasis_liver, _("liver")),
            (base.metastasis_lung, _("lung")),
            (base.metastasis_lymph_node, _("lymph nodes")),
        )
        if is_there
    ]
    if base.metastasis_other_sites:
        found.append(plural("{n} other organ", "{n} other organs", base.metastasis_other_sites))
    if found:
        return _(", ").join(found)
    return _("not known") if base.metastasis_liver is None else _("none recorded")


def _earlier(base: Baseline) -> str:
    asked = (
        (base.prior_surgery, _("surgery")),
        (base.prior_radiotherapy, _("radiotherapy")),
        (base.prior_chemotherapy, _("chemotherapy")),
        (base.prior_targeted_therapy, _("targeted therapy")),
        (base.prior_immunotherapy, _("immune checkpoint inhibitor")),
    )
    had = _(", ").join(name for given, name in asked if given)
    unknown = _(", ").join(name for given, name in asked if given is None)
    if not unknown:
        return had or _("none recorded")
    return _("; ").join(filter(None, (had, _("not known: {names}").format(names=unknown))))


def _status(record: TrialRecord) -> str:
    survival = record.survival
    if survival.death_date is not None:
        return _("died on {date}").format(date=survival.death_date.isoformat())
    text = _("lost to follow-up after {date}") if survival.status is VitalStatus.LOST else _("alive on {date}")
    return text.format(date=survival.last_contact_date.isoformat())


def _risk(project: Project, patient_id: str) -> tuple[MdtRisk | None, str, tuple[tuple[str, str], ...]]:
    """Return what the combined card says of a patient, or why nothing, and what goes to the foot of the page."""
    if not project.may(Operation.VIEW_ASSESSMENTS):
        return None, _("The role that printed this sheet sees no assessments."), ()
    card = next((one for one in project.cards() if one.kind == DEFAULT_CARD), None)
    if card is None:
        return None, _("The project has no model."), ()
    verdict = next((one for one in project.assessments(card) if one.patient_id == patient_id), None)
    if verdict is None:
        return None, _("This patient is not assessed."), ()
    judged = certainty_of(project, card, verdict, project.clinical())
    told = [caution_words(one.code, one.detail) for one in verdict.cautions if not one.withholds]
    more = plural("and {n} more caution", "and {n} more cautions", len(told) - _LIMITS)
    risk = MdtRisk(
        group=risk_word_of(verdict),
        certainty=certainty_word(judged) if judged else "",
        grounds=judged.grounds[:_GROUNDS] if judged else (),
        survival=survival_of(verdict),
        horizon_months=card.horizon_months,
        endpoint=endpoint_words(card.endpoint),
        withheld="" if verdict.survival is not None else withheld_words(verdict),
        limits=(*told[:_LIMITS], *((more,) if len(told) > _LIMITS else ())),
        card_name=card.name,
        card_digest=card.digest,
    )
    return risk, "", ((_("card"), card.digest), *settings_stamp(card))
