"""The patient page: one patient's risk and what it rests on, read in ten seconds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from escc_desktop.errors import EsccError
from escc_desktop.i18n import _
from escc_desktop.prognosis.score import Assessment
from escc_desktop.progress import Progress
from escc_desktop.trial.endpoints import overall_survival
from escc_desktop.trial.records import TrialRecord, VitalStatus
from escc_desktop.workflow.certainty import Certainty, judge
from escc_desktop.workflow.curves import GroupCurve
from escc_desktop.workflow.patient_report import write_patient_report
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.views.course import CourseEvent, course
from escc_desktop.workflow.views.patient_cohort import Basis, CohortView, cohort_view
from escc_desktop.workflow.views.ruler import RulerView
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
    """One Rad-score among those of the cohort: (score, group) each; `moves` is where the cut-off lay in resamples."""

    score: float | None
    group: str
    cohort: tuple[tuple[float, str], ...]
    cutoff: float | None
    moves: tuple[float, float] | None


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
    events: tuple[CourseEvent, ...]
    has_record: bool
    ruler: RulerView | None
    ruler_note: str
    estimate_points: float | None
    curves: tuple[GroupCurve, ...]


def patient_view(project: Project, basis: Basis, patient_id: str, progress: Progress) -> PatientView:
    """Return one patient's page."""
    progress.advance(0, 1)
    card, record, verdict = basis.card, basis.records.get(patient_id), basis.verdicts.get(patient_id)
    judged = None if verdict is None else judge(card, verdict, basis.cutoff, basis.separation)
    is_trained = verdict is not None and any(caution.code == "in_training" for caution in verdict.cautions)
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
        is_stale=_is_stale(basis, patient_id, verdict),
        withheld=_withheld(verdict),
        strip=None if verdict is None else _strip(basis, verdict),
        cautions=_cautions(basis, patient_id, verdict),
        events=() if record is None else course(record),
        has_record=record is not None,
        ruler=basis.rulers.get(patient_id),
        ruler_note=_ruler_note(basis, patient_id, is_trained=is_trained),
        estimate_points=None if verdict is None or verdict.survival is None else verdict.points,
        curves=basis.curves,
    )


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
    return StripView(verdict.rad_score, verdict.risk_group or "", cohort, line, moves)


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
