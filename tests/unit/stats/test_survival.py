"""Kaplan-Meier and log-rank against textbook numbers, lifelines and laws."""

from __future__ import annotations

import lifelines
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lifelines.statistics import multivariate_logrank_test

from escc_desktop.errors import EsccError
from escc_desktop.stats.survival import Endpoint, kaplan_meier, log_rank, median_follow_up

# Remission times in weeks, Freireich et al. 1963 (+ is censored), as in most textbooks.
SIX_MP = "6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+"
PLACEBO = "1 1 2 2 3 4 4 5 5 8 8 8 8 11 11 12 12 15 17 22 23"


def endpoint_of(text: str) -> Endpoint:
    times = [float(word.rstrip("+")) for word in text.split()]
    return Endpoint(np.array(times), np.array([not word.endswith("+") for word in text.split()]))


FREIREICH = endpoint_of(f"{SIX_MP} {PLACEBO}")
GROUP = np.repeat([0, 1], 21)


def random_endpoint(seed: int, n: int = 80, decimals: int = 0) -> Endpoint:
    rng = np.random.default_rng(seed)
    return Endpoint(np.round(rng.exponential(10, n) + 0.5, decimals), rng.random(n) < 0.7)


def test_that_the_6_mp_curve_is_the_published_one() -> None:
    at = kaplan_meier(endpoint_of(SIX_MP)).at([6, 7, 10, 13, 16, 22, 23])
    assert np.round(at.survival, 3).tolist() == [0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448]
    assert np.round(at.std_error, 4).tolist() == [0.0764, 0.0869, 0.0963, 0.1068, 0.1141, 0.1282, 0.1346]
    assert at.n_risk.tolist() == [21, 17, 15, 12, 11, 7, 6]


def test_that_the_median_remissions_are_23_and_8_weeks() -> None:
    assert kaplan_meier(endpoint_of(SIX_MP)).median().value == 23
    assert kaplan_meier(endpoint_of(PLACEBO)).median().value == 8


def test_that_the_log_rank_of_the_remissions_is_16_79() -> None:
    test = log_rank(FREIREICH, GROUP)
    assert round(test.chisq, 2) == 16.79
    assert np.round(test.expected, 2).tolist() == [19.25, 10.75]
    assert test.observed.tolist() == [9, 21]
    assert test.p < 0.001


@pytest.mark.parametrize("seed", range(5))
def test_that_curves_and_limits_agree_with_lifelines(seed: int) -> None:
    endpoint = random_endpoint(seed)
    other = lifelines.KaplanMeierFitter().fit(endpoint.time_months, endpoint.event)
    ours = kaplan_meier(endpoint)
    np.testing.assert_allclose(ours.survival, other.survival_function_.to_numpy()[1:, 0], rtol=1e-12)
    lower, upper = ours.limits("log-log")
    theirs = other.confidence_interval_.to_numpy()[1:]
    inside = np.isfinite(lower)
    np.testing.assert_allclose(np.column_stack([lower, upper])[inside], theirs[inside], rtol=1e-9)
    assert ours.median().value == other.median_survival_time_ or np.isnan(ours.median().value)


@pytest.mark.parametrize("seed", range(5))
def test_that_the_log_rank_of_three_groups_agrees_with_lifelines(seed: int) -> None:
    endpoint = random_endpoint(seed)
    group = np.random.default_rng(seed + 100).integers(0, 3, endpoint.n)
    other = multivariate_logrank_test(endpoint.time_months, group, endpoint.event)
    ours = log_rank(endpoint, group)
    assert ours.df == 2
    assert ours.chisq == pytest.approx(other.test_statistic, rel=1e-9)


@given(st.lists(st.integers(1, 30), min_size=1, max_size=60))
def test_that_without_censoring_the_curve_is_the_fraction_still_event_free(times: list[int]) -> None:
    time = np.array(times, dtype=float)
    curve = kaplan_meier(Endpoint(time, np.ones(time.size)))
    fractions = [(time > t).mean() for t in curve.time]
    np.testing.assert_allclose(curve.survival, fractions, atol=1e-12)


@given(st.integers(0, 10_000))
def test_that_neither_row_order_nor_group_labels_move_a_log_rank(seed: int) -> None:
    endpoint = random_endpoint(seed, 40)
    rng = np.random.default_rng(seed)
    group, order = rng.integers(0, 2, 40), rng.permutation(40)
    group[:2] = 0, 1
    base = log_rank(endpoint, group)
    moved = log_rank(endpoint.take(order), np.where(group[order] == 0, "z", "a"))
    assert moved.chisq == pytest.approx(base.chisq, rel=1e-9, abs=1e-12)


@given(st.integers(0, 10_000), st.sampled_from(["log", "log-log", "plain"]))
def test_that_limits_enclose_the_curve_within_0_and_1(seed: int, kind: str) -> None:
    curve = kaplan_meier(random_endpoint(seed, 30))
    lower, upper = curve.limits(kind)
    ok = np.isfinite(lower)
    assert ((lower >= 0) & (lower <= curve.survival + 1e-12) & (upper >= curve.survival - 1e-12) & (upper <= 1))[
        ok
    ].all()


def test_that_a_flat_at_one_half_gives_the_middle_of_it() -> None:
    assert kaplan_meier(Endpoint(np.array([1.0, 2, 5, 6]), np.ones(4))).median().value == 3.5


def test_that_a_median_not_reached_is_nan() -> None:
    median = kaplan_meier(Endpoint(np.array([1.0, 2, 3, 4]), np.array([1, 0, 0, 0]))).median()
    assert np.isnan(median.value)
    assert np.isnan(median.upper)


def test_that_a_curve_that_ends_at_one_half_has_a_median_without_spss_limits() -> None:
    found = kaplan_meier(Endpoint(np.array([1.0, 2, 3, 4]), np.array([1, 1, 0, 0]))).slope_median()
    assert found is not None
    assert (found.median, found.before) == (2, 1)
    assert np.isnan([found.after, found.slope, found.std_error, found.lower, found.upper]).all()


def test_that_before_the_first_follow_up_time_the_limits_are_1_on_every_scale() -> None:
    # R's summary(survfit(..., conf.type = "log-log"), times = c(1, 2)): 1 at 1, NA at 2.
    curve = kaplan_meier(Endpoint(np.array([2.0, 3, 4, 5, 6]), np.array([0, 1, 1, 0, 1])))
    limits = curve.at([1, 2, 3], "log-log")
    assert limits.lower == pytest.approx([1, np.nan, 0.1279469], abs=1e-6, nan_ok=True)
    assert limits.upper == pytest.approx([1, np.nan, 0.9605486], abs=1e-6, nan_ok=True)


def test_that_without_events_the_curve_stays_at_1() -> None:
    endpoint = Endpoint(np.array([1.0, 2.0]), np.zeros(2))
    curve = kaplan_meier(endpoint)
    assert curve.survival.tolist() == [1, 1]
    assert np.isnan(curve.median().value)
    assert curve.slope_median() is None
    with pytest.raises(EsccError, match="one event"):
        log_rank(endpoint, [0, 1])


def test_that_before_the_first_time_everybody_is_event_free() -> None:
    at = kaplan_meier(FREIREICH).at(0.5)
    assert (at.survival[0], at.lower[0], at.upper[0], at.n_risk[0]) == (1, 1, 1, 42)


def test_that_follow_up_is_the_reverse_curve() -> None:
    # Nobody had the event: the median follow-up is the median of the times.
    endpoint = Endpoint(np.array([10.0, 20, 30, 40, 50]), np.zeros(5))
    assert median_follow_up(endpoint).value == 30


def test_that_the_restricted_mean_of_uncensored_times_is_their_mean() -> None:
    times = np.array([1.0, 4, 4, 9, 12])
    mean, _ = kaplan_meier(Endpoint(times, np.ones(5))).restricted_mean()
    assert mean == pytest.approx(times.mean())


@pytest.mark.parametrize(
    ("time", "event", "message"),
    [
        ([1.0, np.nan], [1, 0], "row 2"),
        ([1.0, 1e200], [1, 0], "absurdly large"),
        ([1.0, -2.0], [1, 0], "negative"),
        ([1.0, 2.0], [1, 2], "neither 0"),
        ([1.0, 2.0], [1], "2 follow-up times but 1"),
        ([], [], "filled"),
    ],
)
def test_that_an_impossible_endpoint_is_refused(time: list[float], event: list[int], message: str) -> None:
    with pytest.raises(EsccError, match=message):
        Endpoint(np.array(time), np.array(event))
