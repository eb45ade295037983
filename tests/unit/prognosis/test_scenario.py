"""A card asked about values somebody sets, against the Cox model it came from and the assessment of a patient."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from escc_desktop.prognosis.card import ModelCard, finished
from escc_desktop.prognosis.card_parts import Applicability, Requirement
from escc_desktop.prognosis.develop import Development
from escc_desktop.prognosis.pipeline import design
from escc_desktop.prognosis.scenario import Calculator, Question

KINDS = ("radscore", "clinical", "radiomics", "combined")


def _changed(card: ModelCard, **fields: Any) -> ModelCard:
    content = {name: getattr(card, name) for name in ModelCard.model_fields if name != "digest"}
    return finished(**{**content, **fields})


def _values(made: Development, kind: str, row: int) -> dict[str, Any]:
    """Return what the tables hold of a training patient."""
    problem, signature = made.found.problem, made.found.fitted.signature
    values: dict[str, Any] = {"rad_score": float(signature.scores(problem.cohort.features)[row])}
    for term in made.cards[kind].model_terms:
        if term.source == "feature":
            values[term.name] = float(problem.cohort.features[row, problem.cohort.names.index(term.name)])
        elif term.source == "covariate":
            raw = next(one.raw for one in problem.candidates if one.term.name == term.name)
            values[term.name] = float(raw[row])
    return values


def _whole_row(made: Development, kind: str) -> int:
    model = made.found.fitted.models[kind]
    return int(
        np.flatnonzero(np.isfinite(design(made.found.problem, made.found.fitted.signature, model)).all(axis=1))[3]
    )


@pytest.mark.parametrize("kind", ["radscore", "radiomics", "combined"])
def test_that_the_curve_and_its_limits_are_those_of_the_cox_model(made: Development, kind: str) -> None:
    row, model = _whole_row(made, kind), made.found.fitted.models[kind]
    x = design(made.found.problem, made.found.fitted.signature, model)[[row]]
    asked = Calculator(made.cards[kind])
    question = Question(_values(made, kind, row))
    for month in (4.0, 9.5, 12.0, 20.0):
        told = asked.at(question, [month])
        _, lower, upper = model.fit.survival_limits(x, month)
        assert told.survival[0] == pytest.approx(model.fit.survival(x, month)[0], rel=1e-9)
        assert (told.lower[0], told.upper[0]) == pytest.approx((lower[0], upper[0]), rel=1e-9)


def test_that_survival_given_alive_is_the_ratio_and_its_interval_that_of_later_deaths_only(made: Development) -> None:
    row, model = _whole_row(made, "radiomics"), made.found.fitted.models["radiomics"]
    x = design(made.found.problem, made.found.fitted.signature, model)[row] - model.fit.means
    values, base = _values(made, "radiomics", row), model.fit.baseline
    asked = Calculator(made.cards["radiomics"])
    whole, early = (asked.at(Question(values), [month]).survival[0] for month in (18.0, 8.0))
    told = asked.at(Question(values, alive_months=8.0), [18.0])
    assert told.survival[0] == pytest.approx(whole / early, rel=1e-9)
    # By hand: sums over the deaths from month 8 to 18 alone, in the formula of survfit.
    later = (base.time > 8.0) & (base.time <= 18.0)
    steps = {name: np.diff(np.append(0.0, getattr(base, name)))[later].sum() for name in ("cumhaz", "variance")}
    mean = np.diff(base.mean, axis=0, prepend=np.zeros((1, len(x))))[later].sum(axis=0)
    drift = x * steps["cumhaz"] - mean
    half = special.ndtri(0.975) * np.sqrt(steps["variance"] + drift @ model.fit.vcov @ drift) / steps["cumhaz"]
    hazard = steps["cumhaz"] * np.exp(x @ model.fit.coef)
    assert told.lower[0] == pytest.approx(np.exp(-hazard * np.exp(half)), rel=1e-9)
    assert told.upper[0] == pytest.approx(np.exp(-hazard * np.exp(-half)), rel=1e-9)


@given(scale=st.floats(0, 1), alive=st.floats(0, 30))
def test_that_survival_never_rises_and_stays_between_0_and_1(made: Development, scale: float, alive: float) -> None:
    card = made.cards["radiomics"]
    values = {t.name: t.range.minimum + scale * (t.range.maximum - t.range.minimum) for t in card.model_terms}
    curve = Calculator(card).ask(Question(values, alive_months=alive)).curve
    assert curve is not None
    assert ((curve.survival >= 0) & (curve.survival <= 1)).all()
    assert (np.diff(curve.survival) <= 1e-12).all()
    assert (curve.survival[curve.months <= alive] == 1).all()
    known = np.isfinite(curve.lower)
    assert (curve.lower[known] <= curve.survival[known] + 1e-12).all()
    assert (curve.upper[known] >= curve.survival[known] - 1e-12).all()


@given(shift=st.floats(0.01, 3))
def test_that_points_rise_with_the_linear_predictor(made: Development, shift: float) -> None:
    card = made.cards["radiomics"]
    asked = Calculator(card)
    middle = {t.name: t.scaling.mean for t in card.model_terms}
    totals = []
    for direction in (-1, 0, 1):
        moved = {
            t.name: middle[t.name] + direction * shift * t.scaling.sd * np.sign(t.coefficient) for t in card.model_terms
        }
        totals.append(asked.ask(Question(moved)).total)
    assert totals == sorted(totals)
    assert totals[0] < totals[2]


def test_that_outside_the_training_range_the_probability_is_withheld_with_the_reason(made: Development) -> None:
    card = made.cards["radscore"]
    (term,) = card.model_terms
    answer = Calculator(card).ask(Question({"rad_score": term.range.maximum + 0.1}))
    assert answer.curve is None
    assert answer.total is not None
    assert [caution.code for caution in answer.cautions] == ["outside_range"]
    assert Calculator(card).ask(Question({"rad_score": term.range.maximum})).curve is not None


def test_that_a_patient_the_card_was_not_made_for_gets_no_probability(made: Development) -> None:
    card = _changed(
        made.cards["radscore"],
        applicability=Applicability(
            sites=("esophagus",), requirements=(Requirement(column="prior_ici", allowed=("no",)),)
        ),
    )
    asked = Calculator(card)
    inside = {"rad_score": 0.0, "prior_ici": "no"}
    assert asked.ask(Question(inside, site="esophagus")).curve is not None
    for question in (
        Question(inside, site="liver"),
        Question({**inside, "prior_ici": "yes"}),
        Question({"rad_score": 0.0}),
    ):
        answer = asked.ask(question)
        assert answer.curve is None
        assert {caution.code for caution in answer.cautions} == {"outside_applicability"}


def test_that_training_patients_are_not_told_apart(made: Development) -> None:
    row = _whole_row(made, "radiomics")
    codes = {
        one.code for one in Calculator(made.cards["radiomics"]).ask(Question(_values(made, "radiomics", row))).cautions
    }
    assert "in_training" not in codes


def test_that_a_card_of_the_paper_gives_points_at_most(made: Development) -> None:
    answer = Calculator(_changed(made.cards["radscore"], usage="paper_only")).ask(Question({"rad_score": 0.0}))
    assert answer.curve is None
    assert [caution.code for caution in answer.cautions] == ["paper_only"]


def test_that_an_earlier_card_has_its_interval_at_the_horizon_only(made: Development) -> None:
    card = made.cards["radscore"]
    question = Question({"rad_score": 0.2})
    known = Calculator(card).at(question, [12.0])
    before = Calculator(_changed(card, curve_errors=None)).at(question, [6.0, 12.0])
    assert np.isnan(before.lower[0])
    assert (before.lower[1], before.upper[1]) == pytest.approx((known.lower[0], known.upper[0]), rel=1e-9)
