"""One patient asked about under one card: other clinical values, and survival given alive.

Truth is the law of proportional hazards with a baseline hazard of 0.05 a month.
"""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escc_desktop.prognosis.card import Baseline, ModelCard, SurvivalModel, Term, finished
from escc_desktop.prognosis.card_parts import Range
from escc_desktop.prognosis.scenario import Calculator
from escc_desktop.prognosis.score import Assessment, Caution
from escc_desktop.workflow.views.what_if import Asked, asked

FEATURE, LDH = "A_original_firstorder_Mean", "ldh_u_per_l"
MONTHS = tuple(float(month) for month in range(1, 25))
HAZARD, BY_FEATURE, BY_LDH = 0.05, 0.02, 0.004
TRAINED = Caution("in_training", "out of fold, without an interval")


def _card() -> ModelCard:
    terms = (
        Term(source="feature", name=FEATURE, coefficient=BY_FEATURE, range=Range(minimum=0.0, maximum=100.0)),
        Term(source="covariate", name=LDH, coefficient=BY_LDH, range=Range(minimum=100.0, maximum=400.0)),
    )
    baseline = Baseline(
        survival=math.exp(-HAZARD * 12),
        center=0.0,
        times_months=MONTHS,
        cumulative_hazard=tuple(HAZARD * month for month in MONTHS),
    )
    content: dict[str, object] = {name: one.get_default() for name, one in ModelCard.model_fields.items()}
    content.update(
        kind="combined", name="Made up", usage="patient", source="a test", patient_value="largest", endpoint="os",
        horizon_months=12.0,
        model=SurvivalModel(terms=terms, baseline=baseline),
    )  # fmt: skip
    del content["digest"]
    return finished(**content)


def _survival(feature: float, ldh: float, months: float) -> float:
    return math.exp(-HAZARD * months * math.exp(BY_FEATURE * feature + BY_LDH * ldh))


def _asked(
    estimate: float | None, *cautions: Caution, ldh: float | None = 200.0, alive: float = 0.0, feature: object = 10.0
) -> Asked:
    verdict = Assessment("P1", None, None, None, estimate, None, None, cautions)
    made = asked(Calculator(_card()), verdict, {FEATURE: feature, LDH: ldh}, "", alive)
    assert made is not None
    return made


def test_that_only_clinical_values_can_be_set_and_others_are_not_heeded() -> None:
    made = _asked(_survival(10, 200, 12))
    assert [one.name for one in made.inputs] == [LDH]
    told = made.tell({LDH: 300.0, FEATURE: 90.0})
    assert told.chance is not None
    assert told.chance.value == pytest.approx(_survival(10, 300, 12))
    assert len(told.changed) == 1
    assert made.start.values == {FEATURE: 10.0, LDH: 200.0}


@given(estimate=st.floats(0.05, 0.95), ldh=st.floats(100, 400))
def test_that_a_training_patients_what_if_starts_from_the_models_that_never_saw_the_patient(
    estimate: float, ldh: float
) -> None:
    made = _asked(estimate, TRAINED)
    same, other = made.tell({LDH: 200.0}).chance, made.tell({LDH: ldh}).chance
    assert same is not None
    assert same.value == pytest.approx(estimate)
    assert other is not None
    assert other.value == pytest.approx(estimate ** math.exp(BY_LDH * (ldh - 200)))
    assert other.lower is None


def test_that_a_missing_covariate_gives_no_point_estimate_until_it_is_set() -> None:
    made = _asked(None, Caution("missing_covariate", LDH, withholds=True), ldh=None)
    assert made.tell({}).chance is None
    assert "missing" in made.tell({}).withheld[0]
    assert made.tell({LDH: 250.0}).chance is not None
    assert made.given_alive is None
    trained = _asked(None, TRAINED, Caution("missing_covariate", LDH, withholds=True), ldh=None)
    assert "nothing to start from" in trained.tell({LDH: 250.0}).withheld[0]


def test_that_a_value_outside_the_training_range_and_an_image_out_of_place_withhold() -> None:
    outside = _asked(0.5).tell({LDH: 900.0})
    assert outside.chance is None
    assert "outside" in outside.withheld[0]
    phase = Caution("outside_applicability", "phase venous, card arterial", withholds=True)
    assert _asked(None, phase).tell({LDH: 250.0}).chance is None
    no_reading = _asked(None, Caution("missing_features", "no first reading of Reader A", withholds=True), feature=None)
    assert no_reading.tell({LDH: 250.0}).chance is None


@pytest.mark.parametrize(("alive", "until"), [(1.0, 12.0), (9.0, 12.0), (9.5, 18.0), (12.0, 18.0), (15.5, 24.0)])
def test_that_survival_given_alive_is_told_to_the_horizon_or_the_next_half_year(alive: float, until: float) -> None:
    known = math.floor(alive)  # the baseline's hazard steps at whole months
    expected = _survival(10, 200, until) / _survival(10, 200, known)
    told = _asked(_survival(10, 200, 12), alive=alive).given_alive
    assert told is not None
    assert told.months == until
    assert told.value == pytest.approx(expected)
    trained = _asked(0.4, TRAINED, alive=alive).given_alive
    assert trained is not None
    assert trained.value == pytest.approx(0.4 ** ((until - known) / 12))


def test_that_nothing_is_told_beyond_the_cards_follow_up_nor_of_the_dead() -> None:
    assert _asked(0.5, alive=22.0).given_alive is None
    assert _asked(0.5, alive=0.0).given_alive is None
