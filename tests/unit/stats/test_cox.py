"""Cox regression against textbook numbers, lifelines and laws."""

from __future__ import annotations

import lifelines
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from escc_desktop.errors import EsccError
from escc_desktop.stats.cox import cox
from escc_desktop.stats.diagnostics import martingale_residuals, proportional_hazards, schoenfeld_residuals
from escc_desktop.stats.firth import firth_cox
from escc_desktop.stats.survival import Endpoint, log_rank

# Freireich et al. 1963: see test_survival.
TIMES = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
EVENTS = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]
FREIREICH = Endpoint(np.array(TIMES + PLACEBO, dtype=float), np.array(EVENTS + [1] * 21))
ON_PLACEBO = np.repeat([[0.0], [1.0]], 21, axis=0)


def cohort(seed: int, n: int = 90, p: int = 3) -> tuple[Endpoint, np.ndarray]:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) * rng.uniform(0.1, 50, p) + rng.uniform(-100, 100, p)
    risk = ((X - X.mean(0)) / X.std(0)) @ rng.normal(0, 0.6, p)
    time = rng.exponential(np.exp(-risk)) * 12
    censored = rng.exponential(20, n)
    return Endpoint(np.ceil(np.minimum(time, censored)), time <= censored), X


def test_that_the_remissions_have_the_published_hazard_ratios() -> None:
    breslow = cox(FREIREICH, ON_PLACEBO, ["placebo"], "breslow")
    efron = cox(FREIREICH, ON_PLACEBO, ["placebo"])
    assert (round(breslow.coef[0], 4), round(breslow.se[0], 4)) == (1.5092, 0.4096)
    assert (round(efron.coef[0], 4), round(efron.se[0], 4)) == (1.5721, 0.4124)
    assert round(breslow.hr[0], 2) == 4.52


def test_that_without_ties_the_score_test_is_the_log_rank() -> None:
    rng = np.random.default_rng(4)
    endpoint, group = Endpoint(rng.permutation(60) + 1.0, rng.random(60) < 0.7), rng.integers(0, 2, 60)
    fit = cox(endpoint, group[:, None], ["group"])
    assert fit.score_chisq == pytest.approx(log_rank(endpoint, group).chisq, rel=1e-10)


@pytest.mark.parametrize("seed", range(4))
def test_that_coefficients_and_errors_agree_with_lifelines(seed: int) -> None:
    endpoint, X = cohort(seed)
    frame = pd.DataFrame(X, columns=["a", "b", "c"]).assign(t=endpoint.time_months, e=endpoint.event)
    other = lifelines.CoxPHFitter().fit(frame, "t", "e")
    fit = cox(endpoint, X, ["a", "b", "c"])
    np.testing.assert_allclose(fit.coef, other.params_.to_numpy(), rtol=1e-5)
    np.testing.assert_allclose(fit.se, other.standard_errors_.to_numpy(), rtol=1e-5)
    assert fit.loglik[1] == pytest.approx(other.log_likelihood_, rel=1e-9)
    assert fit.lr_chisq == pytest.approx(other.log_likelihood_ratio_test().test_statistic, rel=1e-6)


@given(st.integers(0, 10_000))
def test_that_row_order_moves_nothing(seed: int) -> None:
    endpoint, X = cohort(seed, 40, 2)
    order = np.random.default_rng(seed).permutation(40)
    fit, moved = cox(endpoint, X, "ab"), cox(endpoint.take(order), X[order], "ab")
    np.testing.assert_allclose(moved.coef, fit.coef, rtol=1e-7, atol=1e-12)
    np.testing.assert_allclose(moved.survival(X, 6), fit.survival(X, 6), rtol=1e-9)


@given(st.integers(0, 10_000))
def test_that_units_of_a_covariate_move_no_prediction(seed: int) -> None:
    endpoint, X = cohort(seed, 40, 2)
    other = X * [100.0, 0.01] + [7.0, -3.0]
    fit, moved = cox(endpoint, X, "ab"), cox(endpoint, other, "ab")
    np.testing.assert_allclose(moved.coef, fit.coef / [100.0, 0.01], rtol=1e-7, atol=1e-12)
    np.testing.assert_allclose(moved.survival(other, 6), fit.survival(X, 6), rtol=1e-7)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_that_expected_events_sum_to_the_observed(ties: str) -> None:
    endpoint, X = cohort(11)
    fit = cox(endpoint, X, "abc", ties)
    assert martingale_residuals(fit, endpoint, X).sum() == pytest.approx(0, abs=1e-9)
    assert schoenfeld_residuals(fit, endpoint, X).residual.sum(axis=0) == pytest.approx([0, 0, 0], abs=1e-6)


def test_that_the_baseline_without_covariate_effect_is_nelson_aalen() -> None:
    rng = np.random.default_rng(3)
    time = rng.permutation(30) + 1.0
    x = rng.normal(size=(30, 1))
    endpoint = Endpoint(time, np.ones(30))
    fit = cox(endpoint, x, ["x"])
    other = cox(endpoint, x - x.mean(), ["x"])
    np.testing.assert_allclose(fit.baseline.cumhaz, other.baseline.cumhaz, rtol=1e-10)
    risk = np.exp(fit.linear_predictor(x))
    expected = np.cumsum([1 / risk[time >= t].sum() for t in np.sort(time)])
    np.testing.assert_allclose(fit.baseline.cumhaz, expected, rtol=1e-10)


def test_that_limits_enclose_the_prediction_and_widen_with_the_level() -> None:
    endpoint, X = cohort(5)
    fit = cox(endpoint, X, "abc")
    survival = fit.survival(X, 8)
    _, lower, upper = fit.survival_limits(X, 8)
    _, wider, _ = fit.survival_limits(X, 8, level=0.99)
    assert ((lower < survival) & (survival < upper) & (wider < lower)).all()
    before = fit.survival_limits(X[:1], 0.0)
    assert [float(part[0]) for part in before] == [0, 1, 1]


def test_that_separation_is_named_and_the_rest_still_fitted() -> None:
    rng = np.random.default_rng(61)
    time = np.round(rng.exponential(15, 59), 1) + 0.1
    event = rng.random(59) < 0.75
    exposed = np.zeros(59)
    exposed[np.argsort(np.where(event, time, np.inf))[:2]] = 1
    noise = rng.normal(size=59)
    # Only earlier censored patients could outlive the exposed; none is exposed, so exposure never loses.
    fit = cox(Endpoint(time, event), np.column_stack([exposed, noise]), ["exposed", "noise"])
    assert fit.separated == ("exposed",)
    assert np.isinf(fit.se[0])
    assert np.isfinite(fit.se[1])
    assert np.isnan(fit.survival_limits(np.zeros((1, 2)), 12)[1]).all()


def test_that_a_perfect_ranking_by_two_covariates_together_is_separation() -> None:
    rng = np.random.default_rng(8)
    X = rng.normal(size=(40, 2))
    endpoint = Endpoint(np.argsort(np.argsort(-(X @ [1.0, -2.0]))) + 1.0, np.ones(40))
    assert cox(endpoint, X, "ab").separated == ("a", "b")


def test_that_a_level_without_any_event_is_separation() -> None:
    # As ECOG 0 in the paper: four patients, none of whom had the event.
    rng = np.random.default_rng(3)
    spared = np.arange(59) < 4
    time = rng.exponential(15, 59)
    fit = cox(Endpoint(time, ~spared & (rng.random(59) < 0.8)), np.column_stack([spared, rng.normal(size=59)]), "sx")
    assert fit.separated == ("s",)
    assert fit.hr_lower[0] == 0
    assert fit.p[0] == 1


def test_that_more_covariates_than_events_can_bear_are_separated() -> None:
    endpoint, X = cohort(1, 30, 25)
    fit = cox(endpoint, X, [f"x{k}" for k in range(25)])
    assert fit.separated
    assert np.isinf(fit.se[np.isin(fit.names, fit.separated)]).all()


@pytest.mark.parametrize("seed", range(20))
def test_that_ordinary_data_are_not_called_separated(seed: int) -> None:
    endpoint, X = cohort(seed, 60, 4)
    assert cox(endpoint, X, "abcd").separated == ()


def test_that_firth_gives_a_finite_estimate_under_separation() -> None:
    time, event = np.arange(1.0, 31), np.ones(30)
    exposed = np.where(np.arange(30) < 3, 1.0, 0.0)
    fit = firth_cox(Endpoint(time, event), exposed[:, None], ["exposed"])
    profile = fit.profile("exposed")
    assert 0 < profile.lower < fit.coef[0] < profile.upper
    assert profile.p < 0.05


def test_that_firth_approaches_cox_in_a_large_cohort() -> None:
    endpoint, X = cohort(2, 2000, 2)
    np.testing.assert_allclose(firth_cox(endpoint, X, "ab").coef, cox(endpoint, X, "ab", "breslow").coef, rtol=0.02)


def test_that_an_effect_that_fades_fails_the_proportional_hazards_test() -> None:
    rng = np.random.default_rng(1)
    x = rng.integers(0, 2, 400).astype(float)
    early = rng.exponential(np.where(x == 1, 2.0, 20.0))
    time = np.where(early < 3, early, 3 + rng.exponential(10, 400))
    endpoint = Endpoint(time, np.ones(400))
    fading = proportional_hazards(cox(endpoint, x[:, None], ["x"]), endpoint, x[:, None])
    assert fading.p[0] < 1e-6
    steady_end = Endpoint(rng.exponential(np.where(x == 1, 5.0, 10.0)), np.ones(400))
    steady = proportional_hazards(cox(steady_end, x[:, None], ["x"]), steady_end, x[:, None])
    assert steady.p[0] > 0.01
    assert steady.global_chisq == pytest.approx(steady.chisq[0])


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.ones((42, 1)), "x0 does not vary"),
        (np.column_stack([np.arange(42.0), np.arange(42.0) * 2 + 1]), "x0, x1 determine one another"),
        (np.ones((41, 1)), "expected 42 patients"),
        (np.full((42, 1), np.nan), "missing"),
    ],
)
def test_that_impossible_covariates_are_refused(X: np.ndarray, message: str) -> None:
    with pytest.raises(EsccError, match=message):
        cox(FREIREICH, X, [f"x{k}" for k in range(X.shape[1])])


def test_that_a_cohort_without_events_is_refused() -> None:
    with pytest.raises(EsccError, match="nobody had the event"):
        cox(Endpoint(np.array([1.0, 2.0]), np.zeros(2)), np.array([[0.0], [1.0]]), ["x"])
