"""One patient's points on each axis of a card's nomogram."""

from __future__ import annotations

import math

from escc_desktop.features.table import FeatureTable
from escc_desktop.prognosis.card import ModelCard, Term
from escc_desktop.prognosis.carding import card_nomogram, term_label
from escc_desktop.prognosis.clinical import ClinicalTable
from escc_desktop.prognosis.cohort import patient_values
from escc_desktop.prognosis.terms import model_value


def patient_points(
    card: ModelCard, patient_id: str, table: FeatureTable, clinical: ClinicalTable
) -> dict[str, float] | None:
    """Return points by axis label; None without a nomogram or where a value is missing.

    The points are those of the card as it is, also for a patient who trained it.
    """
    scale = card_nomogram(card)
    if scale is None or card.model is None or any(term.source == "rad_score" for term in card.model.terms):
        return None
    values = {term_label(term): _value(term, card, patient_id, table, clinical) for term in card.model.terms}
    points = {
        axis.name: (term.coefficient * values[axis.name] - float(axis.contribution.min())) * scale.points_per_lp
        for axis, term in zip(scale.axes, card.model.terms, strict=True)
    }
    return None if any(math.isnan(value) for value in points.values()) else points


def _value(term: Term, card: ModelCard, patient_id: str, table: FeatureTable, clinical: ClinicalTable) -> float:
    if term.source == "covariate":
        row = clinical.rows_of([patient_id])[0]
        return math.nan if row is None else model_value(term, clinical.covariates[term.name].value(row))
    found = patient_values(table, card.patient_value)
    if patient_id not in found.patients:
        return math.nan
    column = found.names.index(term.name)
    return model_value(term, float(found.values[found.patients.index(patient_id)][column]))
