from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines.utils import concordance_index
from scipy import stats

from escc_desktop.errors import EsccError
from escc_desktop.progress import Cancelled, Progress
from escc_desktop.stats.optimism import draw_resamples, interval_of, optimism_bootstrap, point_632_plus
from escc_desktop.stats.performance import (
    auc_at,
    brier,
    c_index,
    compare,
    integrated_brier,
    uno_c,
)
from escc_desktop.stats.survival import Endpoint


def _cohort(seed: int, n: int = 80, censoring: float = 25.0) -> tuple[Endpoint, np.ndarray]:
    rng = np.random.default_rng(seed)
    risk = np.round(rng.normal(size=n), 1)
    time = np.round(rng.exponential(12 * np.exp(-0.7 * risk)), 1) + 0.1
    censored = rng.uniform(1, censoring, n)
    return Endpoint(np.minimum(time, censored), time <= censored), risk


def _brute_c(endpoint: Endpoint, risk: np.ndarray) -> float:
    score = pairs = 0.0
    for i in range(endpoint.n):
        for j in range(endpoint.n):
            t_i, t_j = endpoint.time_months[i], endpoint.time_months[j]
            if i != j and endpoint.event[i] and (t_i < t_j or (t_i == t_j and not endpoint.event[j])):
                pairs += 1
                score += 1.0 if risk[i] > risk[j] else 0.5 if risk[i] == risk[j] else 0.0
    return score / pairs


@pytest.mark.parametrize("seed", range(5))
def test_that_the_c_index_equals_lifelines(seed: int) -> None:
    endpoint, risk = _cohort(seed)
    expected = concordance_index(endpoint.time_months, -risk, endpoint.event)
    assert c_index(endpoint, risk).c == pytest.approx(expected, abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 6), st.booleans(), st.integers(-2, 2)),
        min_size=4,
        max_size=14,
    )
)
def test_that_the_c_index_equals_counting_every_pair_with_any_ties(rows: list[tuple[int, bool, int]]) -> None:
    endpoint = Endpoint(np.array([t for t, _, _ in rows], dtype=float), np.array([e for _, e, _ in rows]))
    risk = np.array([r for _, _, r in rows], dtype=float)
    try:
        expected = _brute_c(endpoint, risk)
    except ZeroDivisionError:
        with pytest.raises(EsccError, match="No two patients"):
            c_index(endpoint, risk)
        return
    assert c_index(endpoint, risk).c == pytest.approx(expected, abs=1e-12)
    assert c_index(endpoint, -risk).c == pytest.approx(1 - expected, abs=1e-12)


def test_that_the_standard_error_of_c_is_close_to_the_delete_one_jackknife() -> None:
    endpoint, risk = _cohort(3, n=150)
    leave_out = [c_index(endpoint.take(np.delete(np.arange(150), k)), np.delete(risk, k)).c for k in range(150)]
    jackknife = math.sqrt(149 / 150 * np.sum((np.array(leave_out) - np.mean(leave_out)) ** 2))
    assert c_index(endpoint, risk).se == pytest.approx(jackknife, rel=0.03)


def test_that_a_constant_risk_has_a_c_index_and_an_auc_of_one_half() -> None:
    endpoint, _ = _cohort(1)
    constant = np.zeros(endpoint.n)
    assert c_index(endpoint, constant).c == 0.5
    assert auc_at(endpoint, constant, 8.0).auc == pytest.approx(0.5)


def test_that_uno_equals_harrell_without_censoring() -> None:
    rng = np.random.default_rng(4)
    risk, time = rng.normal(size=40), rng.exponential(10, 40)
    endpoint = Endpoint(time, np.ones(40, dtype=bool))
    assert uno_c(endpoint, risk, 1e9).c == pytest.approx(c_index(endpoint, risk).c)


def test_that_the_auc_without_censoring_is_the_mann_whitney_statistic() -> None:
    rng = np.random.default_rng(5)
    risk, time = np.round(rng.normal(size=60), 1), rng.exponential(10, 60)
    endpoint = Endpoint(time, np.ones(60, dtype=bool))
    cases, controls = risk[time <= 8], risk[time > 8]
    expected = stats.mannwhitneyu(cases, controls).statistic / (len(cases) * len(controls))
    assert auc_at(endpoint, risk, 8.0).auc == pytest.approx(expected, abs=1e-12)


def test_that_the_auc_is_undefined_without_controls_and_says_so_by_nan() -> None:
    endpoint, risk = _cohort(6)
    area = auc_at(endpoint, risk, 1e6)
    assert math.isnan(area.auc)
    assert area.n_controls == 0


@pytest.mark.slow
def test_that_intervals_of_c_and_auc_cover_the_truth() -> None:
    rng = np.random.default_rng(7)
    # A large sample stands for the truth.
    big, big_risk = _big(rng, 6000)
    truth_c, truth_auc = c_index(big, big_risk).c, auc_at(big, big_risk, 10.0).auc
    covered = np.zeros(2)
    for _ in range(300):
        endpoint, risk = _big(rng, 90)
        c, area = c_index(endpoint, risk), auc_at(endpoint, risk, 10.0)
        covered += [c.lower <= truth_c <= c.upper, area.lower <= truth_auc <= area.upper]
    assert (covered / 300 > 0.90).all()
    assert (covered / 300 < 0.985).all()


def _big(rng: np.random.Generator, n: int) -> tuple[Endpoint, np.ndarray]:
    risk = rng.normal(size=n)
    time, censored = rng.exponential(12 * np.exp(-0.7 * risk)), np.full(n, 20.0)
    return Endpoint(np.minimum(time, censored), time <= censored), risk


def test_that_the_brier_score_without_censoring_is_the_mean_squared_error() -> None:
    rng = np.random.default_rng(8)
    time, survival = rng.exponential(10, 50), rng.uniform(size=50)
    endpoint = Endpoint(time, np.ones(50, dtype=bool))
    expected = np.mean(((time > 8) - survival) ** 2)
    assert brier(endpoint, survival, 8.0).brier == pytest.approx(expected, abs=1e-12)


def test_that_who_is_censored_at_the_horizon_itself_counts_in_the_briers_error() -> None:
    # riskRegression 2022.11.28, Score(metrics = "brier", cens.model = "km", times = 4)
    event = np.array([1, 1, 0, 0, 1, 0, 1, 0, 1, 0])
    endpoint = Endpoint(np.array([1.0, 2, 2, 3, 4, 4, 4, 5, 6, 7]), event)
    risk = np.array([0.8, 0.7, 0.5, 0.6, 0.6, 0.4, 0.3, 0.2, 0.5, 0.1])
    found = brier(endpoint, 1 - risk, 4.0)
    assert found.brier == pytest.approx(0.153, abs=1e-12)
    assert found.se == pytest.approx(0.0614871800267371, rel=1e-10)


def test_that_the_integrated_brier_score_of_a_constant_score_is_that_score() -> None:
    endpoint = Endpoint(np.array([20.0, 21.0, 22.0]), np.array([True, True, True]))
    grid = np.array([0.0, 5.0, 10.0])
    assert integrated_brier(endpoint, np.full((3, 3), 0.5), grid) == pytest.approx(0.25)


def test_that_a_marker_compared_with_itself_does_not_differ() -> None:
    endpoint, risk = _cohort(9)
    same = compare(c_index(endpoint, risk), c_index(endpoint, risk))
    assert (same.difference, same.se, same.p) == (0.0, 0.0, 1.0)


def test_that_a_marker_that_is_not_fitted_has_no_optimism() -> None:
    endpoint, risk = _cohort(10)

    def score(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.array([c_index(endpoint.take(rows), risk[rows]).c]), np.array([c_index(endpoint, risk).c])

    apparent = np.array([c_index(endpoint, risk).c])
    found = optimism_bootstrap(score, apparent, draw_resamples(endpoint.n, 200, 1), Progress())
    assert abs(found.optimism[0]) < 0.015
    assert found.n_failed == 0


def test_that_failed_resamples_are_counted_and_left_out_of_the_mean() -> None:
    calls = iter(range(4))

    def score(_rows: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
        return None if next(calls) % 2 else (np.array([0.9]), np.array([0.7]))

    found = optimism_bootstrap(score, np.array([0.8]), draw_resamples(10, 4, 0), Progress())
    assert found.n_failed == 2
    assert found.corrected[0] == pytest.approx(0.6)


def test_that_a_cancelled_bootstrap_stops() -> None:
    progress = Progress(is_cancelled=lambda: True)
    with pytest.raises(Cancelled):
        optimism_bootstrap(lambda _rows: None, np.array([0.5]), draw_resamples(5, 3, 0), progress)


def test_that_resamples_depend_on_the_seed_only() -> None:
    first, again, other = (draw_resamples(30, 2, seed) for seed in (5, 5, 6))
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
    assert not (first[0] == other[0]).all()


def test_that_the_632_plus_figure_goes_from_632_without_overfitting_to_chance_with_nothing_learned() -> None:
    # Efron and Tibshirani 1997, section 3: with no overfitting it is the apparent figure itself,
    # with the no-information error out of the bag it is that, and in between lies the formula.
    assert point_632_plus(np.array([0.8]), np.array([0.8]))[0] == pytest.approx(0.8)
    assert point_632_plus(np.array([0.95]), np.array([0.5]))[0] == pytest.approx(0.5)
    assert point_632_plus(np.array([0.95]), np.array([0.42]))[0] == pytest.approx(0.5)
    rate = (0.9 - 0.7) / (0.9 - 0.5)
    weight = 0.632 / (1 - 0.368 * rate)
    assert point_632_plus(np.array([0.9]), np.array([0.7]))[0] == pytest.approx((1 - weight) * 0.9 + weight * 0.7)
    assert point_632_plus(np.array([0.5]), np.array([0.5]))[0] == pytest.approx(0.5)


def test_that_an_interval_adds_the_error_of_the_patients_and_of_the_model() -> None:
    lower, upper = interval_of(np.array([0.7, 0.98]), np.array([0.03, 0.03]), np.array([0.04, 0.04]))
    assert upper[0] - 0.7 == pytest.approx(1.959964 * 0.05, rel=1e-6)
    assert lower[0] == pytest.approx(0.7 - 1.959964 * 0.05, rel=1e-6)
    assert upper[1] == 1.0
