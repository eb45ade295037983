"""The patient page: one patient's risk and what it rests on, read in ten seconds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from escc_desktop.errors import EsccError
from escc_desktop.i18n import _
from escc_desktop.prognosis.card import ModelCard
from escc_desktop.prognosis.scenario import Value
from escc_desktop.prognosis.score import Assessment
from escc_desktop.progress import Progress
from escc_desktop.trial.endpoints import overall_survival, progression_free_survival
from escc_desktop.trial.records import TrialRecord, VitalStatus
from escc_desktop.workflow.certainty import Certainty, judge
from escc_desktop.workflow.curves import GroupCurve
from escc_desktop.workflow.patient_report import write_patient_report
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.views.baseline import Images, image_remarks, lab_remarks
from escc_desktop.workflow.views.course import NO_COURSE, Course, CourseEvent, course
from escc_desktop.workflow.views.nomogram import card_limits
from escc_desktop.workflow.views.patient_cohort import Basis, CohortView, cohort_view
from escc_desktop.workflow.views.patient_question import alive_months, covariates_of, features_of
from escc_desktop.workflow.views.ruler import RulerView
from escc_desktop.workflow.views.what_if import Asked, Chance, asked
from escc_desktop.workflow.views.words import caution_words

__all__ = ["CohortView", "PatientView", "assess_all", "cohort_view", "patient_view", "write_report"]


@dataclass(frozen=True)
class SurvivalView:
    """The probability at the horizon; limits are None where no interval is known."""

    value: float
    lower: float | None
    upper: float | None


@dataclass(frozen=True)
class StripView:
    """One Rad-score among those of the cohort: (score, group) each.

    Attributes
    ----------
    moves
        Where the cut-off lay in resamples: the grey zone.
    readers
        Where 95 % of other readings by these two readers would put the score; None where it is not known.
    """

    score: float | None
    group: str
    cohort: tuple[tuple[float, str], ...]
    cutoff: float | None
    moves: tuple[float, float] | None
    readers: tuple[float, float] | None = None


@dataclass(frozen=True)
class CautionView:
    """One sentence of what is missing, stale or out of range; `withholds` the probability."""

    text: str
    withholds: bool = False


@dataclass(frozen=True)
class PatientView:
    """Everything on one patient's page but the images.

    Attributes
    ----------
    facts
        Age, sex, ECOG, in words.
    status
        What became of the patient, with months from the first dose.
    group
        "LOW", "HIGH" or nothing.
    certainty, grounds
        The word beside the group and what it rests on.
    is_trained
        Whether the patient helped to train the card.
    is_stale
        Whether the card would say something else of today's readings and records.
    withheld
        Why there is no probability.
    estimate_points
        Where the probability lies on the ruler's scale; None where it is withheld.
    given
        The probability given alive at the last contact; None where there is nothing to tell.
    given_note
        Why there is none, or nothing.
    followed_months
        How long the patient is known to have lived, or to be free of progression: the place on the curve.
    readers
        In words, where other readings by these two readers would put the probability; nothing where it is not known.
    asked
        The patient ready for "what if"; None without an assessment.
    limits
        What the card says of itself.
    """

    patient_id: str
    facts: str
    status: str
    is_assessed: bool
    group: str
    certainty: Certainty | None
    grounds: tuple[str, ...]
    horizon_months: float
    endpoint: str
    survival: SurvivalView | None
    is_trained: bool
    is_stale: bool
    withheld: tuple[str, ...]
    strip: StripView | None
    cautions: tuple[CautionView, ...]
    course: Course
    has_record: bool
    ruler: RulerView | None
    ruler_note: str
    estimate_points: float | None
    curves: tuple[GroupCurve, ...]
    given: Chance | None
    given_note: str
    followed_months: float | None
    readers: str
    asked: Asked | None
    limits: tuple[str, ...]

    @property
    def events(self) -> tuple[CourseEvent, ...]:
        """The marks of the course."""
        return self.course.events


def patient_view(project: Project, basis: Basis, patient_id: str, progress: Progress) -> PatientView:
    """Return one patient's page."""
    progress.advance(0, 1)
    card, record, verdict = basis.card, basis.records.get(patient_id), basis.verdicts.get(patient_id)
    judged = None if verdict is None else judge(card, verdict, basis.cutoff, basis.separation)
    is_trained = verdict is not None and any(caution.code == "in_training" for caution in verdict.cautions)
    is_stale = _is_stale(basis, patient_id, verdict)
    own = _asked(basis, patient_id, verdict)
    given = None if own is None or is_stale else own.given_alive
    images = basis.images.get(patient_id, Images())
    return PatientView(
        patient_id=patient_id,
        facts=_facts(record),
        status=_status(record),
        is_assessed=verdict is not None,
        group=(verdict.risk_group or "") if verdict else "",
        certainty=judged.certainty if judged else None,
        grounds=judged.grounds if judged else (),
        horizon_months=card.horizon_months,
        endpoint=_("overall survival") if card.endpoint == "os" else _("progression-free survival"),
        survival=_survival(verdict),
        is_trained=is_trained,
        is_stale=is_stale,
        withheld=_withheld(verdict),
        strip=None if verdict is None else _strip(basis, verdict),
        cautions=_cautions(basis, patient_id, verdict),
        course=NO_COURSE if record is None else course(record, images.scans),
        has_record=record is not None,
        ruler=basis.rulers.get(patient_id),
        ruler_note=_ruler_note(basis, patient_id, is_trained=is_trained),
        estimate_points=None if verdict is None or verdict.survival is None else verdict.points,
        curves=basis.curves,
        given=given,
        given_note=_given_note(own, given),
        followed_months=None if record is None else _followed(card, record),
        readers="" if verdict is None else _reader_words(verdict),
        asked=own,
        limits=card_limits(card),
    )


def _asked(basis: Basis, patient_id: str, verdict: Assessment | None) -> Asked | None:
    if verdict is None or basis.clinical is None:
        return None
    card, record = basis.card, basis.records.get(patient_id)
    values: dict[str, Value] = dict(covariates_of(basis.clinical, patient_id))
    site = ""
    if basis.values is not None and patient_id in basis.values.patients:
        values.update(features_of(card, basis.values, patient_id))
        site = next(iter(basis.values.sites[basis.values.patients.index(patient_id)]), "")
    return asked(basis.calculator, verdict, values, site, alive_months(record, card) if record else 0.0)


def _given_note(own: Asked | None, given: Chance | None) -> str:
    """Say why there is no probability given alive, where one would be looked for."""
    if own is None or given is not None or not own.alive_months or own.verdict.survival is None:
        return ""
    return _("The card says nothing of later months: it was made on {n} months of follow-up.").format(
        n=f"{own.calculator.end_months:.0f}"
    )


def _followed(card: ModelCard, record: TrialRecord) -> float:
    outcome = overall_survival(record) if card.endpoint == "os" else progression_free_survival(record)
    return float(outcome.months)


def _reader_words(verdict: Assessment) -> str:
    found = [one.survival for one in verdict.readings if one.survival is not None]
    if not found:
        return ""
    low, high = min(one[0] for one in found), max(one[1] for one in found)
    return _("these two readers: {low} to {high} %").format(low=f"{low * 100:.0f}", high=f"{high * 100:.0f}")


def _facts(record: TrialRecord | None) -> str:
    if record is None:
        return ""
    base = record.baseline
    parts = [
        _("{n} years").format(n=base.age_years) if base.age_years is not None else _("age not known"),
        {"male": _("male"), "female": _("female")}.get(base.sex, base.sex) or _("sex not known"),
        f"ECOG {base.ecog}" if base.ecog is not None else _("ECOG not known"),
    ]
    return " · ".join(parts)


def _status(record: TrialRecord | None) -> str:
    if record is None:
        return _("There is no trial record of this patient.")
    months = overall_survival(record).months
    text = {
        VitalStatus.DEAD: _("Died {n} months after the first dose"),
        VitalStatus.LOST: _("Lost to follow-up {n} months after the first dose"),
        VitalStatus.ALIVE: _("Alive {n} months after the first dose"),
    }[record.survival.status]
    return text.format(n=f"{months:.1f}")


def _survival(verdict: Assessment | None) -> SurvivalView | None:
    if verdict is None or verdict.survival is None:
        return None
    return SurvivalView(verdict.survival, verdict.lower, verdict.upper)


def _withheld(verdict: Assessment | None) -> tuple[str, ...]:
    if verdict is None or verdict.survival is not None:
        return ()
    reasons = tuple(caution_words(caution) for caution in verdict.cautions if caution.withholds)
    return reasons or (_("The card gives no probability for this patient."),)


def _strip(basis: Basis, verdict: Assessment) -> StripView | None:
    cohort = tuple(
        (one.rad_score, one.risk_group or "")
        for one in basis.verdicts.values()
        if one.rad_score is not None and one.patient_id != verdict.patient_id
    )
    definition, found = basis.card.rad_score, basis.cutoff
    if definition is None:
        return None
    moves = None
    if found is not None and found.resample_lower is not None and found.resample_upper is not None:
        moves = found.resample_lower, found.resample_upper
    line = definition.cutoff.value if definition.cutoff else None
    found_again = [one.score for one in verdict.readings if one.score is not None]
    readers = (min(one[0] for one in found_again), max(one[1] for one in found_again)) if found_again else None
    return StripView(verdict.rad_score, verdict.risk_group or "", cohort, line, moves, readers)


def _cautions(basis: Basis, patient_id: str, verdict: Assessment | None) -> tuple[CautionView, ...]:
    """Return what is missing, stale or out of range; what withholds the probability first."""
    if verdict is None:
        return ()
    found = [CautionView(caution_words(one), one.withholds) for one in verdict.cautions]
    if basis.card.rad_score is None:
        found.append(CautionView(_("This model has no Rad-score, and so no risk group.")))
    if basis.trouble:
        found.append(
            CautionView(_("Whether the assessment is still up to date cannot be checked.") + " " + basis.trouble)
        )
    elif _is_stale(basis, patient_id, verdict):
        found.append(CautionView(_("Stale: readings or records have changed since the assessment. Assess again.")))
    if basis.card.feature_names:
        found += [CautionView(sentence) for sentence in basis.findings.get(patient_id, ())]
    record = basis.records.get(patient_id)
    found += [CautionView(sentence) for sentence in lab_remarks(basis.card, record)]
    images = basis.images.get(patient_id, Images())
    found += [CautionView(sentence) for sentence in image_remarks(basis.card, record, images)]
    return tuple(sorted(found, key=lambda one: not one.withholds))


def _is_stale(basis: Basis, patient_id: str, verdict: Assessment | None) -> bool:
    return verdict is not None and not basis.trouble and basis.today.get(patient_id) != verdict


def _ruler_note(basis: Basis, patient_id: str, *, is_trained: bool) -> str:
    ruler = basis.rulers.get(patient_id)
    if ruler is not None:
        if ruler.total is None:
            return _("Without every value there is no sum.")
        return _("Trained with this patient: why, not how likely") if is_trained else ""
    if basis.trouble:
        return basis.trouble
    if basis.card.kind == "radscore":
        return _("This card reads the Rad-score alone: it has no nomogram.")
    return _("There is no nomogram to show.")


def assess_all(project: Project, basis: Basis, progress: Progress) -> int:
    """Apply the card to everybody and keep the verdicts; return how many."""
    progress.advance(0, 1, basis.card.name)
    return len(project.assess(basis.card, basis.table or project.card_features(basis.card)))


def write_report(
    project: Project, basis: Basis, patient_id: str, path: Path, is_synthetic: bool, progress: Progress
) -> Path:
    """Write a patient's report as PDF and return where.

    Raises
    ------
    EsccError
        The patient has no assessment or no record, or the folder cannot be written.
    """
    verdict = basis.verdicts.get(patient_id)
    if verdict is None:
        raise EsccError(_("This patient is not assessed."), _("A statistician assesses patients."))
    progress.advance(0, 1, patient_id)
    table = basis.table or project.card_features(basis.card)
    write_patient_report(project, verdict, basis.card, table, path, is_synthetic=is_synthetic)
    return path
