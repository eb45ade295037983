"""One patient's points on each axis of a card's nomogram."""

from __future__ import annotations

import math
from collections.abc import Sequence

from escc_desktop.features.table import FeatureTable
from escc_desktop.prognosis.card import ModelCard, Term
from escc_desktop.prognosis.carding import card_nomogram
from escc_desktop.prognosis.clinical import ClinicalTable
from escc_desktop.prognosis.cohort import PatientValues, patient_values
from escc_desktop.prognosis.terms import model_value


def patient_points(
    card: ModelCard, patient_id: str, table: FeatureTable, clinical: ClinicalTable
) -> dict[str, float] | None:
    """Return points by axis label; None without a nomogram or where a value is missing.

    The points are those of the card as it is, also for a patient who trained it.
    """
    points = cohort_points(card, table, clinical, [patient_id]).get(patient_id)
    return None if points is None or any(math.isnan(value) for value in points.values()) else points


def cohort_points(
    card: ModelCard, table: FeatureTable, clinical: ClinicalTable, patients: Sequence[str]
) -> dict[str, dict[str, float]]:
    """Return points by axis label for each patient, NaN where a value is missing; nothing without a nomogram."""
    scale = card_nomogram(card)
    if scale is None or any(term.source == "rad_score" for term in card.model_terms):
        return {}
    features = patient_values(table, card.patient_value) if card.feature_names else None
    places = {patient: row for row, patient in enumerate(features.patients)} if features else {}
    rows = dict(zip(patients, clinical.rows_of(patients), strict=True))
    return {
        patient_id: {
            axis.name: (
                term.coefficient * _value(term, features, places.get(patient_id), clinical, rows[patient_id])
                - float(axis.contribution.min())
            )
            * scale.points_per_lp
            for axis, term in zip(scale.axes, card.model_terms, strict=True)
        }
        for patient_id in patients
    }


def _value(
    term: Term, features: PatientValues | None, place: int | None, clinical: ClinicalTable, row: int | None
) -> float:
    if term.source == "covariate":
        if row is None or term.name not in clinical.covariates:
            return math.nan
        return model_value(term, clinical.covariates[term.name].value(row))
    if features is None or place is None:
        return math.nan
    return model_value(term, float(features.values[place][features.names.index(term.name)]))
