"""One patient's assessment beside the trial record and the outlined lesion, as PDF."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from escc_desktop.errors import EsccError
from escc_desktop.features.table import FeatureTable
from escc_desktop.figures.nomogram import nomogram
from escc_desktop.figures.roi import roi_slice
from escc_desktop.figures.score import score_strip
from escc_desktop.figures.style import Figure
from escc_desktop.figures.timeline import patient_timeline
from escc_desktop.figures.words import Interval, RiskWord, quantity
from escc_desktop.i18n import _
from escc_desktop.prognosis.card import ModelCard
from escc_desktop.prognosis.carding import card_nomogram
from escc_desktop.prognosis.clinical import ENDPOINT_NAMES, ClinicalTable
from escc_desktop.prognosis.points import patient_points
from escc_desktop.prognosis.score import Assessment
from escc_desktop.reading.session import Occasion, Reader, Roi
from escc_desktop.trial.records import TrialRecord
from escc_desktop.trial.timeline import timeline
from escc_desktop.workflow.cautions import CAUTIONS
from escc_desktop.workflow.certainty import Certainty, Separation, Verdict, judge, stored_cutoff
from escc_desktop.workflow.curves import group_curves
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.report import PatientReport, patient_report

_SAID_ALREADY = ("in_training",)


def write_patient_report(
    project: Project,
    verdict: Assessment,
    card: ModelCard,
    table: FeatureTable,
    path: Path,
    *,
    is_synthetic: bool = False,
) -> None:
    """Write one patient's report.

    Parameters
    ----------
    project
        As somebody sees it who may see outcome, images and regions.
    verdict
        Of the card on this patient.
    """
    clinical = project.clinical()
    certainty = certainty_of(project, card, verdict, clinical)
    record = next((record for record in project.records() if record.patient_id == verdict.patient_id), None)
    roi = first_reading(project.rois(), verdict.patient_id)
    cutoff = card.rad_score.cutoff.value if card.rad_score and card.rad_score.cutoff else None
    report = PatientReport(
        patient_id=verdict.patient_id,
        card_name=card.name,
        card_digest=card.digest,
        horizon_months=card.horizon_months,
        rad_score=verdict.rad_score,
        cutoff=cutoff,
        risk_group=risk_word_of(verdict),
        certainty=certainty_word(certainty) if certainty else "",
        grounds=certainty.grounds if certainty else (),
        survival=survival_of(verdict),
        endpoint=endpoint_words(card.endpoint),
        withheld="" if verdict.survival is not None else withheld_words(verdict),
        facts=_facts(record, clinical, card),
        cautions=tuple(caution_words(caution.code, caution.detail) for caution in verdict.cautions),
        score_strip=_strip(card, cutoff, verdict),
        nomogram=_nomogram(card, verdict, table, clinical),
        roi=None if roi is None else roi_slice(project.volume(roi.series_uid), roi.mask),
        timeline=None if record is None else patient_timeline(timeline(record)),
        provenance=_provenance(roi),
        stamps=settings_stamp(card),
        is_synthetic=is_synthetic,
    )
    patient_report(report, path)


def endpoint_words(endpoint: str) -> str:
    """Return what a card's probability is of."""
    return _("overall survival") if endpoint == "os" else _("progression-free survival")


def age_words(years: int | None) -> str:
    """Return an age."""
    return _("age not known") if years is None else _("{n} years").format(n=years)


def sex_word(sex: str) -> str:
    """Return a sex."""
    return {"male": _("male"), "female": _("female")}.get(sex, sex) or _("sex not known")


def settings_stamp(card: ModelCard) -> tuple[tuple[str, str], ...]:
    """Return the digest of the extraction settings a card was made with, for the foot of every page."""
    return ((_("settings"), card.extraction.params_digest),) if card.extraction is not None else ()


def first_reading(rois: tuple[Roi, ...], patient_id: str) -> Roi | None:
    """Return Reader A's first reading of the patient's largest lesion."""
    own = [
        roi
        for roi in rois
        if roi.patient_id == patient_id and roi.reader is Reader.A and roi.occasion is Occasion.FIRST
    ]
    return max(own, key=lambda roi: roi.mask.volume_mm3, default=None)


def certainty_of(project: Project, card: ModelCard, verdict: Assessment, clinical: ClinicalTable) -> Verdict | None:
    """Return how certain the group is, on the same grounds as on screen."""
    verdicts = {one.patient_id: one for one in project.assessments(card)}
    curves, p = group_curves(card, verdicts, clinical)
    return judge(card, verdict, stored_cutoff(project, card), Separation(sum(curve.n for curve in curves), p))


def certainty_word(verdict: Verdict) -> str:
    """Return the word beside a group."""
    return {
        Certainty.CLEAR: _("clear"),
        Certainty.LIKELY: _("likely"),
        Certainty.UNCERTAIN: _("uncertain"),
    }[verdict.certainty]


def risk_word_of(verdict: Assessment) -> RiskWord | None:
    """Return the group of a verdict as figures and reports write it."""
    return next((word for word in get_args(RiskWord) if word == (verdict.risk_group or "").lower()), None)


def survival_of(verdict: Assessment) -> Interval | None:
    """Return the probability at the horizon with its interval; None where it is withheld."""
    return None if verdict.survival is None else Interval(verdict.survival, verdict.lower, verdict.upper)


def withheld_words(verdict: Assessment) -> str:
    """Return why there is no probability."""
    reasons = [caution_words(caution.code, caution.detail) for caution in verdict.cautions if caution.withholds]
    return " ".join(reasons) or _("The card gives no probability for this patient.")


def caution_words(code: str, detail: str) -> str:
    """Return a caution as a sentence for people."""
    words = _(CAUTIONS[code])
    return words if code in _SAID_ALREADY or not detail else f"{words} ({detail})"


def _facts(record: TrialRecord | None, clinical: ClinicalTable, card: ModelCard) -> tuple[tuple[str, str], ...]:
    if record is None:
        raise EsccError("The project has no trial record of this patient.", "Import the trial records first.")
    facts = [(_("Age, sex"), f"{age_words(record.baseline.age_years)}, {sex_word(record.baseline.sex)}")]
    row = clinical.rows_of([record.patient_id])[0]
    flags = {term.name for term in card.model_terms if term.contrast is not None}
    for name in card.covariate_names:
        value = None if row is None else clinical.covariates[name].value(row)
        facts.append((quantity(name), _shown(value, is_flag=name in flags)))
    return tuple(facts)


def _shown(value: float | str | None, *, is_flag: bool) -> str:
    if not isinstance(value, float):
        return value or _("missing")
    return (_("yes") if value else _("no")) if is_flag and value in {0.0, 1.0} else f"{value:g}"


def _strip(card: ModelCard, cutoff: float | None, verdict: Assessment) -> Figure | None:
    if card.training is None or cutoff is None:
        return None
    cohort = [patient.rad_score for patient in card.training.patients if patient.rad_score is not None]
    is_trained = any(caution.code == "in_training" for caution in verdict.cautions)
    # Part of a label inside a figure, and those are English.
    caption = "the cohort; score and group out of fold" if is_trained else "the cohort, each out of fold"
    return score_strip(cohort, cutoff, verdict.rad_score, caption=caption, group=risk_word_of(verdict))


def _nomogram(card: ModelCard, verdict: Assessment, table: FeatureTable, clinical: ClinicalTable) -> Figure | None:
    scale = card_nomogram(card)
    if scale is None:
        return None
    points = patient_points(card, verdict.patient_id, table, clinical)
    is_trained = any(caution.code == "in_training" for caution in verdict.cautions)
    title = _("As the card stands, trained with this patient: read the estimate above instead") if is_trained else ""
    return nomogram(
        scale, horizon_months=card.horizon_months, patient=points, endpoint=ENDPOINT_NAMES[card.endpoint], title=title
    )


def _provenance(roi: Roi | None) -> tuple[tuple[str, str], ...]:
    pairs = []
    if roi is not None:
        pairs = [(_("Reading"), roi.session_id), (_("Mask"), roi.mask.digest), (_("CT image"), roi.volume_digest)]
        if roi.signature is not None:
            pairs.append((_("Signed"), f"{roi.signature.name}, {roi.signature.at:%Y-%m-%d %H:%M} UTC"))
    return tuple(pairs)
