"""Exact binomial inference and sample size against published designs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from escc_desktop.errors import EsccError
from escc_desktop.stats.design import binomial_test, proportion, sample_size


def test_that_the_trial_needed_53_patients_and_25_responders() -> None:
    size = sample_size(0.346, 0.55, 0.05, 0.9, dropout=0.1)
    assert (size.n, size.critical, size.enrolment) == (53, 25, 59)
    assert size.stable_n == 55
    assert "dips" in size.note


@pytest.mark.parametrize(
    ("p0", "p1", "power", "n", "critical"),
    [(0.05, 0.20, 0.8, 27, 4), (0.05, 0.20, 0.9, 38, 5)],
)
def test_that_single_stage_designs_are_those_of_a_hern_2001(
    p0: float, p1: float, power: float, n: int, critical: int
) -> None:
    size = sample_size(p0, p1, 0.05, power)
    assert (size.n, size.critical) == (n, critical)


@given(st.floats(0.05, 0.6), st.floats(0.1, 0.3), st.floats(0.01, 0.1), st.floats(0.7, 0.95))
def test_that_the_design_keeps_its_alpha_and_power(p0: float, gain: float, alpha: float, power: float) -> None:
    size = sample_size(p0, p0 + gain, alpha, power)
    assert size.attained_alpha <= alpha
    assert size.attained_power >= power
    for n in range(size.stable_n, size.stable_n + 60):
        critical = stats.binom.ppf(1 - alpha, n, p0) + 1
        assert stats.binom.sf(critical - 1, n, p0 + gain) >= power


def test_that_the_response_rate_of_the_paper_has_its_intervals_and_tests() -> None:
    rate = proportion(20, 53)
    assert (round(100 * rate.exact_lower, 1), round(100 * rate.exact_upper, 1)) == (24.8, 52.1)
    assert round(binomial_test(20, 53, 0.346).p_greater, 3) == 0.364


def test_that_nothing_in_ten_is_still_compatible_with_31_percent() -> None:
    rate = proportion(0, 10)
    assert rate.exact_lower == 0
    assert rate.exact_upper == pytest.approx(1 - 0.025 ** (1 / 10))
    assert rate.wilson_lower == 0
    assert proportion(10, 10).wilson_upper == 1


@given(st.integers(1, 200), st.integers(0, 200), st.floats(0.01, 0.99))
def test_that_intervals_mirror_and_tests_agree_with_scipy(n: int, x: int, p0: float) -> None:
    x = min(x, n)
    rate, mirror = proportion(x, n), proportion(n - x, n)
    assert rate.exact_lower == pytest.approx(1 - mirror.exact_upper, abs=1e-12)
    assert rate.wilson_upper == pytest.approx(1 - mirror.wilson_lower, abs=1e-12)
    assert rate.exact_lower <= rate.estimate <= rate.exact_upper
    test = binomial_test(x, n, p0)
    assert test.p_two_sided == pytest.approx(stats.binomtest(x, n, p0).pvalue, rel=1e-6, abs=1e-14)
    assert test.p_less == pytest.approx(stats.binomtest(x, n, p0, "less").pvalue, rel=1e-9)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0.5, 0.5, 0.05, 0.9), "not above the null rate"),
        ((0.0, 0.5, 0.05, 0.9), "p0 = 0.0"),
        ((0.3, 0.5, 1.5, 0.9), "alpha = 1.5"),
        ((0.3, 0.5, 0.05, np.nan), "power = nan"),
        ((0.3, 0.5, 0.05, 0.9, 1.0), "dropout"),
        ((0.3, 0.3001, 0.05, 0.9), "10,000"),
    ],
)
def test_that_an_impossible_design_is_refused(arguments: tuple[float, ...], message: str) -> None:
    with pytest.raises(EsccError, match=message):
        sample_size(*arguments)


def test_that_more_successes_than_patients_are_refused() -> None:
    with pytest.raises(EsccError, match="11 of 10"):
        proportion(11, 10)
    with pytest.raises(EsccError, match="1 of 0"):
        binomial_test(1, 0, 0.5)
    with pytest.raises(EsccError, match="confidence level"):
        proportion(1, 10, 1.0)
