"""The tests of a baseline table against textbook numbers and scipy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from escc_desktop.errors import EsccError
from escc_desktop.stats.tables import compare_groups, normality, quantiles, two_by_two

# Student 1908: hours of extra sleep under two drugs; R's `sleep`, t.test(extra ~ group).
SLEEP = ([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0], [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4])


def test_that_students_sleep_has_its_welch_and_wilcoxon_tests() -> None:
    found = compare_groups(*SLEEP)
    assert found.welch_t == pytest.approx(-1.8608, abs=5e-5)
    assert found.welch_p == pytest.approx(0.07939, abs=5e-6)
    assert found.wilcoxon_w == 25.5
    assert found.wilcoxon_p == pytest.approx(0.06933, abs=5e-6)


def test_that_fisher_finds_the_lady_tasting_tea() -> None:
    # R's help of fisher.test: 3 of 4 right; odds ratio 6.408309, P 0.4857 two-sided.
    found = two_by_two([[3, 1], [1, 3]])
    assert found.fisher_p == pytest.approx(0.4857, abs=5e-5)
    assert found.odds_ratio == pytest.approx(6.408309, abs=1e-4)
    assert found.pearson == 2
    assert found.yates_p == pytest.approx(stats.chi2.sf(0.5, 1))


def test_that_quartiles_of_spss_and_r_differ_as_known() -> None:
    values = np.arange(1.0, 9)
    assert quantiles(values, [0.25, 0.5, 0.75], "spss").tolist() == [2.25, 4.5, 6.75]
    assert quantiles(values, [0.25, 0.5, 0.75], "r").tolist() == [2.75, 4.5, 6.25]


@given(st.integers(0, 10_000), st.integers(5, 300))
def test_that_normality_does_not_depend_on_the_unit_and_p_lies_in_0_to_1(seed: int, n: int) -> None:
    values = np.random.default_rng(seed).normal(size=n)
    found, moved = normality(values), normality(values * 12 + 3)
    assert moved.ks_d == pytest.approx(found.ks_d, rel=1e-6)
    assert 0 <= found.lilliefors_p <= 1
    assert 0 <= found.ks_p <= 1


def test_that_kolmogorovs_p_with_ties_is_rs() -> None:
    # R 4.2.2: x <- rep(1:14, times = 6 or 8); ks.test(x, "pnorm", mean(x), sd(x))
    assert normality(np.tile(np.arange(1.0, 15), 6)).ks_p == pytest.approx(0.48048851675188, rel=1e-10)
    assert normality(np.tile(np.arange(1.0, 15), 8)).ks_p == pytest.approx(0.299130356544521, rel=1e-10)


def test_that_lilliefors_rejects_a_skewed_sample_and_mostly_keeps_a_normal_one() -> None:
    rng = np.random.default_rng(0)
    assert normality(rng.exponential(size=80)).lilliefors_p < 0.01
    kept = [normality(rng.normal(size=40)).lilliefors_p > 0.05 for _ in range(200)]
    assert 0.9 < np.mean(kept) < 0.99


@given(st.integers(0, 10_000))
def test_that_the_t_tests_agree_with_scipy(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=9), rng.normal(1, 3, size=14)
    found = compare_groups(a, b)
    assert found.welch_p == pytest.approx(stats.ttest_ind(a, b, equal_var=False).pvalue)
    assert found.student_p == pytest.approx(stats.ttest_ind(a, b).pvalue)


def test_that_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(EsccError, match="vary within a group"):
        compare_groups([1, 1], [2, 2])
    with pytest.raises(EsccError, match="five values"):
        normality([1, 1, 1, 1, 1])
    with pytest.raises(EsccError, match="empty"):
        two_by_two([[0, 0], [1, 2]])
    with pytest.raises(EsccError, match="2 x 2"):
        two_by_two([[1, 2, 3]])
    assert compare_groups([1, 1], [2, 3]).welch_t < 0
