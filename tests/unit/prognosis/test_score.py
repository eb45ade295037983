from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from escc_desktop.errors import EsccError
from escc_desktop.features.table import FeatureTable, RoiKey
from escc_desktop.files import CsvTable
from escc_desktop.prognosis.card import ModelCard, finished, load_card
from escc_desktop.prognosis.card_parts import Applicability, Requirement
from escc_desktop.prognosis.clinical import ClinicalTable, parse_clinical
from escc_desktop.prognosis.develop import Development
from escc_desktop.prognosis.score import Assessment, assess
from escc_desktop.resources import resource_path


def _others(cohort: Any, site: str = "primary", factor: float = 1.001) -> tuple[FeatureTable, ClinicalTable]:
    """Return the cohort under other codes with values a little off, so that nobody is a training patient."""
    first = cohort.table.select(reader="A", occasion="first")
    keys = tuple(RoiKey(f"N{key.patient_id}", key.lesion_id, site, "A", "first") for key in first.keys)
    return FeatureTable(keys, first.names, first.values * factor), parse_clinical(_renamed(cohort.csv))


def _renamed(table: CsvTable, **replaced: str) -> CsvTable:
    rows = []
    for row in table.rows:
        cells = dict(zip(table.header, row, strict=True)) | replaced
        cells["patient_id"] = f"N{cells['patient_id']}"
        rows.append(tuple(cells[name] for name in table.header))
    return CsvTable(table.header, tuple(rows), table.name)


def _codes(verdict: Assessment) -> set[str]:
    return {caution.code for caution in verdict.cautions}


def _changed(card: ModelCard, **fields: Any) -> ModelCard:
    content = {name: getattr(card, name) for name in ModelCard.model_fields if name != "digest"}
    return finished(**{**content, **fields})


def test_that_training_patients_get_their_out_of_fold_score_and_the_caution(made: Development, cohort: Any) -> None:
    verdicts = assess(made.cards["combined"], cohort.table, cohort.clinical)
    by_patient = {patient.patient_id: patient for patient in made.results.patients}
    assert len(verdicts) == 70
    for verdict in verdicts:
        known = by_patient[verdict.patient_id]
        assert "in_training" in _codes(verdict)
        assert verdict.rad_score == pytest.approx(known.rad_score_out_of_fold)
        assert verdict.risk_group == known.risk_group_out_of_fold
        if verdict.survival is not None:
            assert verdict.survival == pytest.approx(known.survival_out_of_fold["combined"])
            assert (verdict.lower, verdict.upper) == (None, None)


def test_that_a_training_patient_is_known_under_another_code(made: Development, cohort: Any) -> None:
    table, clinical = _others(cohort, factor=1.0)
    assert all("in_training" in _codes(one) for one in assess(made.cards["radscore"], table, clinical))


def test_that_the_same_code_with_other_values_gets_nobodys_out_of_fold_score(made: Development, cohort: Any) -> None:
    first = cohort.table.select(reader="A", occasion="first")
    table = FeatureTable(first.keys, first.names, first.values * 1.01)
    verdict = assess(made.cards["radscore"], table, cohort.clinical)[0]
    assert "same_code_other_values" in _codes(verdict)
    assert verdict.rad_score != made.results.patients[0].rad_score_out_of_fold


def test_that_a_new_patient_gets_what_the_fit_says(made: Development, cohort: Any) -> None:
    table, clinical = _others(cohort)
    card, found = made.cards["combined"], made.found
    fit = found.fitted.models["combined"].fit
    assert fit is not None
    verdicts = [one for one in assess(card, table, clinical) if one.survival is not None]
    assert len(verdicts) > 50
    for verdict in verdicts[:10]:
        k = table.keys.index(RoiKey(verdict.patient_id, "L1", "primary", "A", "first"))
        x = _model_row(card, table.values[k], table.names, clinical, verdict.patient_id)
        _, lower, upper = fit.survival_limits(x[None, :], 12.0, "log-log")
        assert verdict.survival == pytest.approx(fit.survival(x[None, :], 12.0)[0], rel=1e-9)
        assert (verdict.lower, verdict.upper) == pytest.approx((lower[0], upper[0]), rel=1e-9)
        assert not _codes(verdict)


def _model_row(
    card: ModelCard, values: np.ndarray, names: tuple[str, ...], clinical: ClinicalTable, patient: str
) -> np.ndarray:
    row = clinical.patients.index(patient)
    x = []
    for term in card.model_terms:
        if term.source == "feature":
            assert term.scaling is not None
            x.append((values[names.index(term.name)] - term.scaling.mean) / term.scaling.sd)
        else:
            value = clinical.covariates[term.name].value(row)
            assert isinstance(value, float)
            x.append(math.log2(value) if term.transform == "log2" else value)
    return np.array(x)


def test_that_points_fall_with_survival(made: Development, cohort: Any) -> None:
    verdicts = [one for one in assess(made.cards["combined"], *_others(cohort)) if one.survival is not None]
    points = np.array([one.points for one in verdicts])
    survival = np.array([one.survival for one in verdicts])
    assert (np.diff(survival[np.argsort(points)]) <= 1e-12).all()


def test_that_the_cut_itself_is_low_risk(made: Development, cohort: Any) -> None:
    table, clinical = _others(cohort)
    card = made.cards["radscore"]
    verdict = assess(card, table, clinical)[0]
    assert card.rad_score is not None
    assert card.rad_score.cutoff is not None
    at = _changed(
        card,
        rad_score=card.rad_score.model_copy(
            update={"cutoff": card.rad_score.cutoff.model_copy(update={"value": verdict.rad_score})}
        ),
    )
    assert assess(at, table, clinical)[0].risk_group == "LOW"
    below = _changed(
        card,
        rad_score=card.rad_score.model_copy(
            update={
                "cutoff": card.rad_score.cutoff.model_copy(update={"value": np.nextafter(verdict.rad_score, -np.inf)})
            }
        ),
    )
    assert assess(below, table, clinical)[0].risk_group == "HIGH"


def test_that_a_missing_covariate_withholds_the_probability_but_not_the_score(made: Development, cohort: Any) -> None:
    table, _ = _others(cohort)
    clinical = parse_clinical(_renamed(cohort.csv, ldh_u_per_l=""))
    for verdict in assess(made.cards["combined"], table, clinical):
        assert verdict.survival is None
        assert verdict.points is None
        assert verdict.rad_score is not None
        assert "missing_covariate" in _codes(verdict)


def test_that_values_outside_the_training_range_withhold_the_probability(made: Development, cohort: Any) -> None:
    table, clinical = _others(cohort, factor=3.0)
    for verdict in assess(made.cards["radiomics"], table, clinical):
        assert verdict.survival is None
        assert "outside_range" in _codes(verdict)


def test_that_another_lesion_site_withholds_the_probability(made: Development, cohort: Any) -> None:
    verdict = assess(made.cards["radiomics"], *_others(cohort, site="liver"))[0]
    assert verdict.survival is None
    assert any("liver" in caution.detail for caution in verdict.cautions if caution.code == "outside_applicability")


def test_that_an_unmet_or_unknown_requirement_withholds_the_probability(made: Development, cohort: Any) -> None:
    table, clinical = _others(cohort)
    for column, allowed in (("sex", "other"), ("prior_checkpoint_inhibitor", "no")):
        needs = Applicability(requirements=(Requirement(column=column, allowed=(allowed,)),))
        card = _changed(made.cards["radscore"], applicability=needs)
        verdict = assess(card, table, clinical)[0]
        assert verdict.survival is None
        assert "outside_applicability" in _codes(verdict)
    met = Applicability(requirements=(Requirement(column="sex", allowed=("male", "female")),))
    card = _changed(made.cards["radscore"], applicability=met)
    assert "outside_applicability" not in _codes(assess(card, table, clinical)[0])


def test_that_a_patient_without_ct_is_told_and_not_dropped(made: Development, cohort: Any) -> None:
    table, clinical = _others(cohort)
    fewer = FeatureTable(table.keys[1:], table.names, table.values[1:])
    verdict = next(one for one in assess(made.cards["combined"], fewer, clinical) if one.patient_id == "NP001")
    assert (verdict.rad_score, verdict.risk_group, verdict.survival) == (None, None, None)
    assert "missing_features" in _codes(verdict)


def test_that_a_card_without_terms_gives_everybody_the_cohorts_survival(made: Development, cohort: Any) -> None:
    card = made.cards["clinical"]
    assert card.model is not None
    assert card.model.baseline is not None
    baseline = card.model.baseline.model_copy(update={"center": 0.0, "survival": 0.7})
    empty = card.model.model_copy(update={"terms": (), "uncertainty": None, "points": None, "baseline": baseline})
    verdicts = assess(_changed(card, model=empty, curve_errors=None, training=None), *_others(cohort))
    assert [one.survival for one in verdicts] == pytest.approx([0.7] * len(verdicts))


@pytest.mark.parametrize("kind", ["radscore", "clinical", "radiomics", "combined"])
def test_that_published_cards_judge_nobody(cohort: Any, kind: str) -> None:
    card = load_card(resource_path("models", "published", f"{kind}.json"))
    with pytest.raises(EsccError, match="judges no patient"):
        assess(card, cohort.table, cohort.clinical)


def test_that_missing_columns_are_named(made: Development, cohort: Any) -> None:
    card = made.cards["combined"]
    kept = [name for name in cohort.table.names if name != card.feature_names[0]]
    with pytest.raises(EsccError, match=card.feature_names[0]):
        assess(card, cohort.table.only(kept), cohort.clinical)
    header = tuple(name for name in cohort.csv.header if name != "ldh_u_per_l")
    place = cohort.csv.header.index("ldh_u_per_l")
    rows = tuple(row[:place] + row[place + 1 :] for row in cohort.csv.rows)
    with pytest.raises(EsccError, match="ldh_u_per_l"):
        assess(card, cohort.table, parse_clinical(CsvTable(header, rows, "clinical.csv")))
