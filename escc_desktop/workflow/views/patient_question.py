"""A patient of the project as a question to a card: the values it reads, and how long the patient has lived."""

from __future__ import annotations

from collections.abc import Mapping

from escc_desktop.prognosis.card import ModelCard
from escc_desktop.prognosis.clinical import ClinicalTable
from escc_desktop.prognosis.cohort import PatientValues
from escc_desktop.prognosis.scenario import Value
from escc_desktop.prognosis.score import rad_score_of
from escc_desktop.trial.endpoints import overall_survival
from escc_desktop.trial.records import TrialRecord, VitalStatus


def covariates_of(clinical: ClinicalTable, patient_id: str) -> Mapping[str, Value]:
    """Return a patient's covariates by column, None where a value is missing; nothing for one without a row."""
    row = clinical.rows_of([patient_id])[0]
    return {} if row is None else {name: one.value(row) for name, one in clinical.covariates.items()}


def features_of(card: ModelCard, values: PatientValues, patient_id: str) -> Mapping[str, Value]:
    """Return the features a card's model reads and the Rad-score; nothing for a patient without a reading."""
    if patient_id not in values.patients:
        return {}
    row = values.values[values.patients.index(patient_id)].tolist()
    features: dict[str, float] = dict(zip(values.names, row, strict=True))
    own = {term.name: features[term.name] for term in card.model_terms if term.source == "feature"}
    return {**own, "rad_score": rad_score_of(card, features)[0]}


def alive_months(record: TrialRecord, card: ModelCard) -> float:
    """Return how long a patient has lived, for survival from then on; 0 for the dead and for other endpoints."""
    if card.endpoint != "os" or record.survival.status is VitalStatus.DEAD:
        return 0.0
    return round(float(overall_survival(record).months), 1)
