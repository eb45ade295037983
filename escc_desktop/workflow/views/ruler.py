"""A card's nomogram with one patient's points on each axis."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from escc_desktop.features.table import FeatureTable
from escc_desktop.figures.words import quantity
from escc_desktop.figures.words import term as term_words
from escc_desktop.i18n import _
from escc_desktop.prognosis.card import ModelCard, Term
from escc_desktop.prognosis.carding import card_nomogram, term_label
from escc_desktop.prognosis.clinical import ClinicalTable
from escc_desktop.prognosis.cohort import PatientValues, patient_values
from escc_desktop.prognosis.points import cohort_points
from escc_desktop.stats.nomogram import Nomogram
from escc_desktop.trial.columns import analytes
from escc_desktop.workflow.views.feature_map import mappable


@dataclass(frozen=True)
class RulerAxis:
    """One term.

    Attributes
    ----------
    name
        Of the term in the card.
    label, family
        What it is called, and what stands below (filter and family of a feature).
    value
        The patient's, in words with unit.
    points
        What it adds; None where the value is missing.
    typical
        What it adds to the middle patient of the cohort (median).
    longest
        The most it can add within the axis.
    has_map
        Whether it may be shown where in the lesion it comes from: a feature of an image.
    table
        Of the record's tables, the one it stands in; nothing for a feature.
    """

    name: str
    label: str
    family: str
    value: str
    points: float | None
    typical: float
    longest: float
    is_feature: bool
    has_map: bool
    table: str = ""


@dataclass(frozen=True)
class RulerView:
    """The ruler: axes, the sum (None with a value missing), and the scale of survival as (points, survival) pairs."""

    axes: tuple[RulerAxis, ...]
    total: float | None
    typical: float
    span: tuple[float, float]
    survival: tuple[tuple[float, float], ...]


def cohort_rulers(
    card: ModelCard, table: FeatureTable, clinical: ClinicalTable, patients: Sequence[str]
) -> Mapping[str, RulerView]:
    """Return the ruler of every patient; nothing for a card without a nomogram of its terms."""
    scale = card_nomogram(card)
    points = cohort_points(card, table, clinical, patients)
    if scale is None or not points:
        return {}
    whole = [one for one in points.values() if not any(math.isnan(value) for value in one.values())]
    if not whole:
        return {}
    typical = {axis.name: float(np.median([one[axis.name] for one in whole])) for axis in scale.axes}
    totals = [sum(one.values()) for one in whole]
    features = patient_values(table, card.patient_value) if card.feature_names else None
    own = _Values(features, clinical)
    rulers = {}
    for patient, found in points.items():
        axes = tuple(
            RulerAxis(
                term.name,
                *_name(term),
                value=own.words(term, patient),
                points=_known(found[term_label(term)]),
                typical=typical[term_label(term)],
                longest=float(axis.points.max()),
                is_feature=term.source == "feature",
                has_map=term.source == "feature" and bool(mappable([term.name])),
                table=_table(term),
            )
            for term, axis in zip(card.model_terms, scale.axes, strict=True)
        )
        survival = tuple(zip(scale.survival_points.tolist(), scale.survival_ticks.tolist(), strict=True))
        total = _known(sum(found.values()))
        rulers[patient] = RulerView(axes, total, float(np.median(totals)), _span(scale, totals), survival)
    return rulers


def _table(term: Term) -> str:
    if term.source != "covariate":
        return ""
    return "labs" if any(one.clinical == term.name for one in analytes().values()) else "patients"


def _known(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def _span(scale: Nomogram, totals: Sequence[float]) -> tuple[float, float]:
    """Return the stretch of total points worth showing: the survival scale and every patient."""
    ends = [*totals, *scale.survival_points.tolist()]
    return min(ends), max(ends)


def _name(term: Term) -> tuple[str, str]:
    """Return what a term is called, and filter and family.

    Its unit stands beside the value, and so does the yes or no of what one has or has not.
    """
    label, family = term_words(term.name)
    label = label.partition(" (")[0]
    level = term.contrast.level if term.contrast else ""
    return (label if level in {"", "1"} else f"{label}: {level}"), family


def _unit(term: Term) -> str:
    return quantity(term.name).partition(" (")[2].removesuffix(")")


class _Values:
    """What each patient has, in words."""

    def __init__(self, features: PatientValues | None, clinical: ClinicalTable) -> None:
        self._features, self._clinical = features, clinical
        self._rows = {patient: row for row, patient in enumerate(clinical.patients)}
        self._places = {patient: row for row, patient in enumerate(features.patients)} if features else {}

    def words(self, term: Term, patient: str) -> str:
        if term.source == "covariate":
            return self._covariate(term, self._rows.get(patient))
        place = self._places.get(patient)
        if self._features is None or place is None:
            return ""
        return f"{self._features.values[place][self._features.names.index(term.name)]:.4g}"

    def _covariate(self, term: Term, row: int | None) -> str:
        covariate = self._clinical.covariates.get(term.name)
        value = None if row is None or covariate is None else covariate.value(row)
        if isinstance(value, float):
            is_flag = term.contrast is not None and value in {0.0, 1.0}
            return (_("yes") if value else _("no")) if is_flag else f"{value:g} {_unit(term)}".strip()
        return value or ""
