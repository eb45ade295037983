"""One card applied to patients: Rad-score, risk group, points, survival, and every reason for caution."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from escc_desktop.errors import EsccError
from escc_desktop.features.acquisition import ScanFacts
from escc_desktop.features.table import FeatureTable
from escc_desktop.prognosis.applicability import outside
from escc_desktop.prognosis.card import ModelCard, RadScore, SurvivalModel, Term
from escc_desktop.prognosis.card_digests import patient_digest, values_digest
from escc_desktop.prognosis.card_parts import RiskGroup, TrainingPatient
from escc_desktop.prognosis.card_reader import ReadingSpread, reading_spreads
from escc_desktop.prognosis.clinical import ClinicalTable
from escc_desktop.prognosis.cohort import VOLUME, PatientValues, patient_values
from escc_desktop.prognosis.scans import deviations
from escc_desktop.prognosis.settings import check_same_settings, without_settings
from escc_desktop.prognosis.terms import model_value

_Z95 = float(special.ndtri(0.975))
# Values that went through another program may differ in their last digits.
_RANGE_MARGIN = 1e-9


@dataclass(frozen=True)
class Caution:
    """A reason for caution: a code for programs, a detail for people; `withholds` the probability."""

    code: str
    detail: str = ""
    withholds: bool = False

    def __str__(self) -> str:
        return f"{self.code} ({self.detail})" if self.detail else self.code


@dataclass(frozen=True)
class Assessment:
    """A card's verdict on one patient.

    Attributes
    ----------
    rad_score, risk_group
        None where the card has no Rad-score or features are missing.
    points
        Total points of the nomogram.
    survival, lower, upper
        Probability at the card's horizon with its 95 % interval; None where withheld.
    readings
        What other readings of the same scan would say, by the two readers of the card.
    """

    patient_id: str
    rad_score: float | None
    risk_group: RiskGroup | None
    points: float | None
    survival: float | None
    lower: float | None
    upper: float | None
    cautions: tuple[Caution, ...]
    readings: tuple[ReadingSpread, ...] = ()


@dataclass(frozen=True, eq=False)
class _Patient:
    """What the tables hold of one patient, by name; `sites` and `scans` of the lesions read."""

    patient_id: str
    features: dict[str, float]
    covariates: dict[str, float | str | None]
    sites: tuple[str, ...]
    scans: tuple[ScanFacts, ...]

    def value(self, term: Term) -> float | str | None:
        source = self.features if term.source == "feature" else self.covariates
        return source.get(term.name)


def assess(card: ModelCard, table: FeatureTable, clinical: ClinicalTable) -> tuple[Assessment, ...]:
    """Apply a card to every patient of the two tables.

    Parameters
    ----------
    table
        Raw features; Reader A's first readings count.
    clinical
        Covariates; endpoints are not looked at.

    Raises
    ------
    EsccError
        The card is for reading only, a table lacks a column the card needs, or its features are of other settings.
    """
    _check(card, table, clinical)
    first = table.select("A", "first")
    check_same_settings(card, first)
    unsaid = without_settings(card, first)
    values = patient_values(table.only(_columns(card, table)), card.patient_value)
    rows = sorted(set(values.patients) | (set(clinical.patients) if card.covariate_names else set()))
    return tuple(
        _assess(card, _patient(card, patient, values, clinical), *_unsaid(card, patient in unsaid)) for patient in rows
    )


def _columns(card: ModelCard, table: FeatureTable) -> tuple[str, ...]:
    """Return the features to read; the shape columns weigh several lesions of a patient."""
    weight = (VOLUME,) if VOLUME in table.names else ()
    return tuple(dict.fromkeys((*card.feature_names, *weight))) or table.names[:1]


def _check(card: ModelCard, table: FeatureTable, clinical: ClinicalTable) -> None:
    if card.usage == "paper_only":
        raise EsccError(
            f"{card.name} judges no patient: it was reconstructed from print, without baseline survival and scaling, "
            "and some of its coefficients rest on about one patient each.",
            "Read it beside the paper; for patients develop a card on a cohort of your own.",
        )
    missing = [name for name in card.feature_names if name not in table.names]
    if missing:
        raise EsccError(
            f"The feature table lacks {len(missing)} features of the card, the first is {missing[0]}.",
            "Extract them with the parameters the card was made with.",
        )
    absent = [name for name in card.covariate_names if name not in clinical.covariates]
    if absent:
        raise EsccError(
            f"{clinical.name} has no column {absent[0]}, which the card needs.",
            f"The card needs {', '.join(card.covariate_names)}.",
        )


def _patient(card: ModelCard, patient: str, values: PatientValues, clinical: ClinicalTable) -> _Patient:
    features: dict[str, float] = {}
    sites: tuple[str, ...] = ()
    scans: tuple[ScanFacts, ...] = ()
    if patient in values.patients:
        k = values.patients.index(patient)
        features = dict(zip(values.names, values.values[k].tolist(), strict=True))
        sites, scans = values.sites[k], values.scans[k]
    row = clinical.rows_of([patient])[0]
    names = (*card.covariate_names, *(requirement.column for requirement in card.applicability.requirements))
    covariates = {
        name: None if row is None or name not in clinical.covariates else clinical.covariates[name].value(row)
        for name in names
    }
    return _Patient(patient, features, covariates, sites, scans)


def _unsaid(card: ModelCard, is_unsaid: bool) -> Iterator[Caution]:
    if is_unsaid and card.extraction is not None:
        yield Caution("unknown_settings", f"card {card.extraction.params}")


def _assess(card: ModelCard, patient: _Patient, *more: Caution) -> Assessment:
    score = _rad_score(card.rad_score, patient)
    cautions = [*_missing(card, patient), *_ranges(card, patient), *_applicability(card, patient)]
    cautions += [Caution(*found) for found in deviations(card, patient.scans)]
    cautions += more
    trained, seen = _training_patient(card, patient)
    cautions += seen
    is_withheld = any(caution.withholds for caution in cautions)
    if trained is not None:
        return _out_of_fold(card, patient, trained, cautions, is_withheld)
    lp, x = _linear_predictor(card.model, patient, score)
    survival, lower, upper = (None, None, None) if is_withheld else _survival(card.model, lp, x)
    return Assessment(
        patient_id=patient.patient_id,
        rad_score=score,
        risk_group=_group(card.rad_score, score),
        points=_points(card.model, lp),
        survival=survival,
        lower=lower,
        upper=upper,
        cautions=tuple(cautions),
        readings=_readings(card, patient, score, survival),
    )


def _readings(
    card: ModelCard, patient: _Patient, score: float | None, survival: float | None
) -> tuple[ReadingSpread, ...]:
    """Return where other readings would put a patient whose features are known."""
    if card.readers is None or not patient.features:
        return ()
    cutoff = card.rad_score.cutoff.value if card.rad_score and card.rad_score.cutoff else None
    return tuple(reading_spreads(card.readers, patient.features.get(VOLUME), score, cutoff, survival))


def _rad_score(definition: RadScore | None, patient: _Patient) -> float | None:
    if definition is None or not patient.features:
        return None
    values = [term.coefficient * model_value(term, patient.value(term)) for term in definition.terms]
    return float(np.sum(values)) if values else 0.0


def rad_score_of(card: ModelCard, features: Mapping[str, float]) -> tuple[float | None, RiskGroup | None]:
    """Return Rad-score and group of one region's features, by name with phase; None where the card has none.

    Raises
    ------
    KeyError
        A feature of the card is missing.
    """
    known = {name: features[name] for name in card.feature_names}
    score = _rad_score(card.rad_score, _Patient("", known, {}, (), ()))
    return score, _group(card.rad_score, score)


def cautions_about(
    card: ModelCard, features: Mapping[str, float], covariates: Mapping[str, float | str | None], sites: Sequence[str]
) -> tuple[Caution, ...]:
    """Return the cautions about values that somebody set; nobody is looked up among the training patients."""
    patient = _Patient("", dict(features), dict(covariates), tuple(sites), ())
    return (*_missing(card, patient), *_ranges(card, patient), *_applicability(card, patient))


def _group(definition: RadScore | None, score: float | None) -> RiskGroup | None:
    if definition is None or definition.cutoff is None or score is None:
        return None
    return "HIGH" if score > definition.cutoff.value else "LOW"


def _missing(card: ModelCard, patient: _Patient) -> list[Caution]:
    cautions = []
    if card.feature_names and not patient.features:
        cautions.append(Caution("missing_features", "no first reading of Reader A", withholds=True))
    absent = [name for name in card.covariate_names if patient.covariates.get(name) is None]
    cautions += [Caution("missing_covariate", name, withholds=True) for name in absent]
    for term in card.model_terms:
        value = patient.value(term)
        if term.source == "covariate" and value is not None and math.isnan(model_value(term, value)):
            cautions.append(Caution("unknown_level", f"{term.name} {value}", withholds=True))
    if _lacks_cutoff(card):
        cautions.append(Caution("no_cutoff", "the card has none"))
    return cautions


def _ranges(card: ModelCard, patient: _Patient) -> list[Caution]:
    """Look at every term with a range; only terms of the survival model withhold the probability."""
    cautions = []
    in_model = {term.name for term in card.model_terms}
    if "rad_score" in in_model and card.rad_score is not None:
        in_model.update(term.name for term in card.rad_score.terms)
    terms = {term.name: term for term in (*(card.rad_score.terms if card.rad_score else ()), *card.model_terms)}
    for term in terms.values():
        value = patient.value(term)
        if term.range is None or not isinstance(value, float):
            continue
        margin = _RANGE_MARGIN * max(abs(term.range.minimum), abs(term.range.maximum))
        if not term.range.minimum - margin <= value <= term.range.maximum + margin:
            detail = f"{term.name} {value:.6g}, training {term.range.minimum:.6g} to {term.range.maximum:.6g}"
            cautions.append(Caution("outside_range", detail, withholds=term.name in in_model))
    return cautions


def _applicability(card: ModelCard, patient: _Patient) -> list[Caution]:
    details = outside(card.applicability, patient.sites, patient.covariates)
    return [Caution("outside_applicability", detail, withholds=True) for detail in details]


def _training_patient(card: ModelCard, patient: _Patient) -> tuple[TrainingPatient | None, list[Caution]]:
    """Find the patient among those the card was trained on.

    The same values are the same patient, whatever the code; the same code with other values is either a new
    measurement of a training patient or somebody else, and nobody's out-of-fold score is handed out.
    """
    training = card.training
    if training is None:
        return None, []
    code = patient_digest(training.salt, patient.patient_id)
    values: list[float | str | None] = [patient.features.get(name) for name in card.feature_names]
    values += [patient.covariates.get(name) for name in card.covariate_names]
    content = values_digest(training.salt, values)
    for known in training.patients:
        # A few covariates may coincide between patients; features do not.
        if known.values == content and (known.patient == code or card.feature_names):
            return known, _of_training(card, known)
    if any(known.patient == code for known in training.patients):
        detail = "its values differ: a new measurement of a training patient, or somebody else of the same code"
        return None, [Caution("same_code_other_values", detail)]
    return None, []


def _of_training(card: ModelCard, known: TrainingPatient) -> list[Caution]:
    cautions = [Caution("in_training", "out of fold, without an interval")]
    if card.rad_score is not None and card.rad_score.cutoff is not None and known.risk_group is None:
        cautions.append(Caution("no_cutoff", "none was found without this patient"))
    return cautions


def _out_of_fold(
    card: ModelCard, patient: _Patient, trained: TrainingPatient, cautions: Sequence[Caution], is_withheld: bool
) -> Assessment:
    survival = None if is_withheld else trained.survival
    return Assessment(
        patient_id=patient.patient_id,
        rad_score=trained.rad_score,
        risk_group=None if _lacks_cutoff(card) else trained.risk_group,
        points=_points(card.model, _equivalent_lp(card.model, trained.survival)),
        survival=survival,
        lower=None,
        upper=None,
        cautions=tuple(cautions),
        readings=_readings(card, patient, trained.rad_score, survival),
    )


def _lacks_cutoff(card: ModelCard) -> bool:
    """Return whether the card has a Rad-score without a cut-off: nobody gets a group, however a fold decided."""
    return card.rad_score is not None and card.rad_score.cutoff is None


def _equivalent_lp(model: SurvivalModel | None, survival: float | None) -> float | None:
    """Return the linear predictor at which the card's own axis shows this survival."""
    if model is None or model.baseline is None or survival is None or not 0 < survival < 1:
        return None
    baseline = -math.log(model.baseline.survival)
    return math.log(-math.log(survival) / baseline) + model.baseline.center if baseline > 0 else None


def _linear_predictor(
    model: SurvivalModel | None, patient: _Patient, score: float | None
) -> tuple[float | None, list[float]]:
    """Return the uncentred linear predictor and the terms' values in model units; None where one is missing."""
    if model is None:
        return None, []
    x = [score if term.source == "rad_score" else model_value(term, patient.value(term)) for term in model.terms]
    known = [value for value in x if value is not None and math.isfinite(value)]
    if len(known) < len(x):
        return None, []
    return float(np.dot([term.coefficient for term in model.terms], known)) if known else 0.0, known


def _points(model: SurvivalModel | None, lp: float | None) -> float | None:
    if model is None or model.points is None or lp is None:
        return None
    return (lp - model.points.lowest) * model.points.per_lp


def _survival(
    model: SurvivalModel | None, lp: float | None, x: Sequence[float]
) -> tuple[float | None, float | None, float | None]:
    """Return S at the horizon with its log-log interval; the model's own error, not that of the selection."""
    if model is None or model.baseline is None or lp is None:
        return None, None, None
    hazard = -math.log(model.baseline.survival) * math.exp(min(lp - model.baseline.center, 700.0))
    survival = math.exp(-hazard)
    if model.uncertainty is None or not 0 < survival < 1:
        return survival, None, None
    away = np.array(x) - np.array(model.uncertainty.reference)
    covariance = np.array(model.uncertainty.covariance).reshape(len(x), len(x))
    half = _Z95 * math.sqrt(model.uncertainty.log_hazard_variance + max(float(away @ covariance @ away), 0.0))
    return survival, math.exp(-hazard * math.exp(min(half, 700.0))), math.exp(-hazard * math.exp(-half))
