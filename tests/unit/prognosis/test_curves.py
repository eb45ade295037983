"""Curves over time and thresholds: against lifelines, the figures at the horizon, and what has to hold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from lifelines import KaplanMeierFitter

from escc_desktop.prognosis.appraisal import appraise
from escc_desktop.prognosis.card import CARD_KINDS
from escc_desktop.prognosis.config import Decision
from escc_desktop.prognosis.curves import curves
from escc_desktop.prognosis.develop import Development
from escc_desktop.prognosis.result_curves import Curves
from escc_desktop.prognosis.results import RiskBand, ThreeGroupsResult
from escc_desktop.stats.survival import log_rank


@pytest.fixture
def drawn(made: Development) -> Curves:
    assert made.results.curves is not None
    return made.results.curves


def test_that_the_grid_holds_the_horizon_and_ends_where_few_are_followed(made: Development, drawn: Curves) -> None:
    times = made.found.problem.endpoint.time_months
    assert made.results.horizon_months in drawn.months
    assert list(drawn.months) == sorted(set(drawn.months))
    assert np.sum(times >= drawn.months[-1]) >= 7


def test_that_curves_at_the_horizon_are_the_figures_of_the_table(made: Development, drawn: Curves) -> None:
    at = drawn.months.index(made.results.horizon_months)
    for curve in drawn.auc:
        figure = made.results.models[curve.kind].auc
        if curve.basis == "apparent":
            assert (curve.auc[at], curve.lower[at], curve.upper[at]) == pytest.approx(
                (figure.apparent, figure.apparent_lower, figure.apparent_upper)
            )
    for curve in drawn.brier:
        if curve.basis == "apparent" and curve.kind != "kaplan_meier":
            assert curve.brier[at] == pytest.approx(made.results.models[curve.kind].brier)


def test_that_the_area_under_each_roc_curve_is_its_auc(drawn: Curves) -> None:
    assert {(roc.kind, roc.basis) for roc in drawn.roc} == {
        (kind, basis) for kind in CARD_KINDS for basis in ("apparent", "out_of_fold")
    }
    for roc in drawn.roc:
        assert np.trapezoid(roc.true_positive, roc.false_positive) == pytest.approx(roc.auc)


def test_that_everybody_is_treated_at_the_risk_kaplan_meier_gives(made: Development, drawn: Curves) -> None:
    endpoint = made.found.problem.endpoint
    fitter = KaplanMeierFitter().fit(endpoint.time_months, endpoint.event)
    dead = 1 - float(fitter.predict(made.results.horizon_months))
    t = np.array(drawn.decision.thresholds)
    assert drawn.decision.treat_all == pytest.approx((dead - (1 - dead) * t / (1 - t)).tolist())
    # Below everybody's risk a model treats everybody.
    survival = made.found.predictions.survival[CARD_KINDS.index("combined")]
    if np.isfinite(survival).all():
        low = t < (1 - survival).min()
        combined = next(one for one in drawn.decision.models if (one.kind, one.basis) == ("combined", "apparent"))
        assert np.array(combined.net_benefit)[low] == pytest.approx(np.array(drawn.decision.treat_all)[low])
    assert drawn.decision.action is None


def test_that_the_decision_is_that_of_the_configuration(made: Development) -> None:
    found = made.found
    decision = Decision(action="discuss another regimen", lowest=0.2, highest=0.5)
    problem = replace(found.problem, config=found.problem.config.model_copy(update={"decision": decision}))
    again = curves(problem, found.fitted, found.predictions, found.validation)
    assert (again.decision.action, again.decision.lowest, again.decision.highest) == (
        "discuss another regimen",
        0.2,
        0.5,
    )


def test_that_a_resample_of_everybody_once_has_no_optimism(made: Development) -> None:
    found = made.found
    everyone = np.arange(found.problem.endpoint.n)
    bootstrap = replace(
        found.validation.bootstrap, rows=everyone[None, :], survival=found.predictions.survival[None, :, :]
    )
    again = curves(found.problem, found.fitted, found.predictions, replace(found.validation, bootstrap=bootstrap))
    for one in again.calibration:
        assert one.corrected_error == pytest.approx(one.error)
        for group in one.groups:
            assert group.corrected == pytest.approx(group.observed)


def test_that_calibration_groups_hold_every_patient_and_observe_kaplan_meier(made: Development, drawn: Curves) -> None:
    endpoint, horizon = made.found.problem.endpoint, made.results.horizon_months
    for k, one in enumerate(drawn.calibration):
        predicted = made.found.predictions.survival[k]
        known = np.flatnonzero(np.isfinite(predicted))
        assert sum(group.n for group in one.groups) == len(known)
        lowest = known[np.argsort(predicted[known], kind="stable")[: one.groups[0].n]]
        fitter = KaplanMeierFitter().fit(endpoint.time_months[lowest], endpoint.event[lowest])
        assert one.groups[0].observed == pytest.approx(float(fitter.predict(horizon)))
        assert one.resamples == len(made.found.validation.bootstrap.rows)


def test_that_kaplan_meier_for_everybody_has_the_brier_score_of_the_null_model(drawn: Curves) -> None:
    null = next(curve for curve in drawn.brier if curve.kind == "kaplan_meier")
    known = [value for value in null.brier if value is not None]
    # p (1 - p) of the survival that everybody is told can never exceed a quarter.
    assert 0 < max(known) <= 0.27
    apparent = [one for one in drawn.brier if one.basis == "apparent" and one.kind in {"radiomics", "combined"}]
    assert null.integrated is not None
    assert all(one.integrated is not None and one.integrated < null.integrated for one in apparent)
    assert all(one.integrated_to_months == drawn.months[-1] for one in drawn.brier)


def test_that_hazards_are_tested_term_by_term_with_what_a_plot_needs(made: Development, drawn: Curves) -> None:
    for one in drawn.hazards:
        model = made.found.fitted.models[one.kind]
        assert model.fit is not None
        assert [term.label for term in one.terms] == list(model.fit.names)
        assert one.global_df == len(one.terms)
        assert len(one.months) == model.fit.n_events
        assert all(len(term.residual) == len(one.months) == len(one.at) for term in one.terms)
        assert all(len(term.smooth) == len(one.grid) for term in one.terms)
        # The mean of the residuals is the coefficient: they add to nothing at the maximum.
        assert all(np.mean(term.residual) == pytest.approx(term.coefficient, abs=1e-6) for term in one.terms)


def test_that_models_are_compared_out_of_fold_too(made: Development) -> None:
    nested = {(kind, "c_index"): model.c_index for kind, model in made.results.models.items()}
    nested |= {(kind, "auc"): model.auc for kind, model in made.results.models.items()}
    for one in made.results.differences_out_of_fold:
        first, second = (nested[kind, one.measure].cross_validated for kind in (one.first, one.second))
        assert first is not None
        assert second is not None
        assert one.difference == pytest.approx(second - first)
        assert one.lower <= one.difference <= one.upper
        assert (one.p < 0.05) == (not one.lower <= 0 <= one.upper)
    assert len(made.results.differences_out_of_fold) == len(made.results.differences)


def test_that_the_interval_of_the_cut_and_the_share_of_fold_draws_are_told(made: Development) -> None:
    cut, selection = made.results.cutoff, made.results.selection
    assert cut is not None
    assert cut.bootstrap_lower is not None
    assert cut.bootstrap_lower <= cut.value <= cut.bootstrap_upper  # type: ignore[operator]
    assert {one.name for one in selection.features} <= {one.name for one in selection.drawn_again} | {
        one.name for one in selection.features if not one.fold_draw_share
    }
    test = log_rank(made.found.problem.endpoint, made.found.predictions.rad_score > cut.value)
    assert cut.chisq == pytest.approx(test.chisq)


@pytest.mark.parametrize(
    ("survival", "is_in_order"), [((0.8, 0.6, 0.3), True), ((0.8, 0.2, 0.3), False), ((0.8, None, 0.3), False)]
)
def test_that_three_groups_are_told_to_be_shown_only_and_whether_they_are_in_order(
    made: Development, survival: tuple[float | None, ...], is_in_order: bool
) -> None:
    bands = [
        RiskBand(name=name, n=20, n_events=9, survival=value, median_months=None)
        for name, value in zip(("low", "middle", "high"), survival, strict=True)
    ]
    three = ThreeGroupsResult(low_cut=0, high_cut=1, chisq=9, naive_p=0.01, corrected_p=0.2, bands=tuple(bands))
    assert three.is_in_order is is_in_order
    cutoff = made.results.cutoff
    assert cutoff is not None
    told = appraise(made.results.model_copy(update={"cutoff": cutoff.model_copy(update={"three": three})})).found
    sentence = next(one for one in told if one.startswith("Three groups"))
    assert "cards assess by the one cut-off" in sentence
    assert ("no risk groups" in sentence) is not is_in_order
    assert "corrected for the search P = 0.200" in sentence
