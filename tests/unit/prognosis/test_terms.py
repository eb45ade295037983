from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from escc_desktop.errors import EsccError
from escc_desktop.files import parse_csv
from escc_desktop.prognosis.card import Contrast, Scaling, Term
from escc_desktop.prognosis.clinical import ClinicalTable, parse_clinical
from escc_desktop.prognosis.cohort import assemble
from escc_desktop.prognosis.config import DevelopConfig
from escc_desktop.prognosis.terms import candidates, model_value


def _with_columns(cohort: Any, **columns: list[str]) -> ClinicalTable:
    base = cohort.csv
    header = ",".join((*base.header, *columns))
    rows = [
        ",".join((*row, *(values[k % len(values)] for values in columns.values()))) for k, row in enumerate(base.rows)
    ]
    return parse_clinical(parse_csv("\n".join((header, *rows)) + "\n", "clinical.csv"))


def _candidates(cohort: Any, clinical: ClinicalTable, **choices: Any) -> Any:
    config = DevelopConfig(**choices)
    return candidates(clinical, assemble(cohort.table, clinical, "os", "largest"), config)


def _labels(cohort: Any, clinical: ClinicalTable, **choices: Any) -> list[str]:
    return [one.label for one in _candidates(cohort, clinical, **choices).usable]


def test_that_values_reach_the_unit_of_their_coefficient() -> None:
    scaled = Term(source="feature", name="f", coefficient=1.0, scaling=Scaling(mean=5.0, sd=2.0))
    assert model_value(scaled, 9.0) == 2.0
    doubling = Term(source="covariate", name="ast_u_per_l", coefficient=1.0, transform="log2")
    assert model_value(doubling, 32.0) == 5.0
    assert math.isnan(model_value(doubling, 0.0))
    at_least = Contrast(level="250 or above", reference="below 250", at_least=250.0)
    binary = Term(source="covariate", name="ldh_u_per_l", coefficient=1.0, contrast=at_least)
    assert [model_value(binary, value) for value in (249.9, 250.0)] == [0.0, 1.0]
    words = Term(source="covariate", name="sex", coefficient=1.0, contrast=Contrast(level="female", reference="male"))
    assert [model_value(words, value) for value in ("female", "male")] == [1.0, 0.0]
    assert math.isnan(model_value(words, "unknown"))
    assert math.isnan(model_value(words, None))


def test_that_laboratory_values_enter_per_doubling_by_default(cohort: Any) -> None:
    labels = _labels(cohort, cohort.clinical)
    assert "log2(ldh_u_per_l)" in labels
    assert "age_years" in labels
    assert "ldh_u_per_l" in _labels(cohort, cohort.clinical, log2=())


def test_that_a_contrast_counts_patients_and_events_of_each_level(cohort: Any) -> None:
    sex = next(one for one in _candidates(cohort, cohort.clinical).usable if one.term.name == "sex")
    rows = cohort.rows
    females = [row for row in rows if row[3] == "female"]
    assert sex.term.contrast.level == "female"
    assert sex.term.contrast.n_level == len(females)
    assert sex.term.contrast.events_level == sum(int(row[2]) for row in females)
    assert sex.term.contrast.n_reference == len(rows) - len(females)


def test_that_a_rare_level_stays_out_unless_forced_and_says_why(cohort: Any) -> None:
    rare = ["1"] + ["0"] * 34
    clinical = _with_columns(cohort, stent=rare)
    found = _candidates(cohort, clinical)
    assert not any(one.term.name == "stent" for one in found.usable)
    assert any("stent" in warning and "fewer than" in warning for warning in found.warnings)
    assert any("stent" in label for label in _labels(cohort, clinical, force_rare=("stent",)))


def test_that_three_levels_become_two_terms_against_the_most_frequent(cohort: Any) -> None:
    clinical = _with_columns(cohort, location=["upper", "middle", "middle", "lower", "middle"])
    labels = [label for label in _labels(cohort, clinical) if label.startswith("location")]
    assert labels == ["location: lower against not lower", "location: upper against not upper"]


def test_that_what_is_known_after_day_one_is_left_out_and_refused_when_named(cohort: Any) -> None:
    clinical = _with_columns(cohort, best_change_percent=["-12", "3", "8", "-40"])
    found = _candidates(cohort, clinical)
    assert any("after day 1" in warning for warning in found.warnings)
    with pytest.raises(EsccError, match="after day 1"):
        _candidates(cohort, clinical, covariates=("best_change_percent",))


def test_that_a_covariate_nobody_has_is_named(cohort: Any) -> None:
    with pytest.raises(EsccError, match="cea_ng_per_ml"):
        _candidates(cohort, cohort.clinical, covariates=("cea_ng_per_ml",))


def test_that_mostly_missing_and_constant_covariates_are_left_out(cohort: Any) -> None:
    clinical = _with_columns(cohort, cea_ng_per_ml=["", "", "3.5"], height_cm=["170"])
    found = _candidates(cohort, clinical)
    names = [one.term.name for one in found.usable]
    assert "cea_ng_per_ml" not in names
    assert "height_cm" not in names
    assert any("missing" in warning for warning in found.warnings)
    assert any("same in every patient" in warning for warning in found.warnings)


def test_that_values_of_zero_cannot_enter_per_doubling_when_asked_to(cohort: Any) -> None:
    clinical = _with_columns(cohort, cea_ng_per_ml=["0", "3.5", "2", "9"])
    with pytest.raises(EsccError, match="per doubling"):
        _candidates(cohort, clinical, log2=("cea_ng_per_ml",))
    found = next(one for one in _candidates(cohort, clinical).usable if one.term.name == "cea_ng_per_ml")
    assert np.isfinite(found.values).all()
