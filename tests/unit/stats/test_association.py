"""Ranks against scipy, and against numbers of R 4 (cor.test, kruskal.test, p.adjust)."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from escc_desktop.errors import EsccError
from escc_desktop.stats.association import benjamini_hochberg, kruskal_many, spearman_many


def columns(n: int = 30, p: int = 12) -> np.ndarray:
    rng = np.random.default_rng(4)
    table = rng.normal(size=(n, p))
    table[:, 3] = np.round(table[:, 3])
    table[:, 5] = 7.0
    return table


def test_that_rank_correlations_are_those_of_scipy() -> None:
    table = columns()
    x = np.round(np.random.default_rng(5).normal(size=30), 1) + table[:, 0]
    found = spearman_many(x, table)
    for column in (c for c in range(12) if c != 5):
        truth = stats.spearmanr(x, table[:, column])
        assert found.coefficient[column] == pytest.approx(truth.statistic, rel=1e-12)
        assert found.p[column] == pytest.approx(truth.pvalue, rel=1e-9)
        assert found.explained[column] == pytest.approx(truth.statistic**2, rel=1e-12)
    assert np.isnan([found.coefficient[5], found.explained[5], found.p[5], found.q[5]]).all()
    assert np.allclose(found.q[found.p == found.p], stats.false_discovery_control(found.p[np.isfinite(found.p)]))


def test_that_groups_are_compared_as_in_scipy() -> None:
    table = columns()
    groups = np.array(["B30f", "B70f", "FC08"])[np.arange(30) % 3]
    table[groups == "B70f", 2] += 1.5
    found = kruskal_many(groups, table)
    for column in (c for c in range(12) if c != 5):
        truth = stats.kruskal(*(table[groups == group, column] for group in np.unique(groups)))
        assert found.explained[column] * 29 == pytest.approx(truth.statistic, rel=1e-12)
        assert found.p[column] == pytest.approx(truth.pvalue, rel=1e-9)
    assert np.isnan(found.explained[5])
    assert np.nanargmax(found.explained) == 2
    assert np.isnan(found.coefficient).all()


def test_that_a_perfect_relation_explains_everything() -> None:
    x = np.arange(8.0)
    found = spearman_many(x, np.column_stack([np.exp(x), -x]))
    assert found.coefficient.tolist() == pytest.approx([1, -1])
    assert found.p.tolist() == [0, 0]
    assert kruskal_many([0, 0, 0, 1, 1, 1], [[1], [1], [1], [2], [2], [2]]).explained[0] == pytest.approx(1)


def test_that_two_groups_of_two_variables_agree_with_the_textbook() -> None:
    # Hollander & Wolfe (1973), p. 116, mucociliary efficiency; R: kruskal.test(x, g): 0.77143, df 2, p 0.68.
    x = [2.9, 3.0, 2.5, 2.6, 3.2, 3.8, 2.7, 4.0, 2.4, 2.8, 3.4, 3.7, 2.2, 2.0]
    groups = [1] * 5 + [2] * 4 + [3] * 5
    found = kruskal_many(groups, np.array(x)[:, np.newaxis])
    assert found.explained[0] * 13 == pytest.approx(0.77142857, abs=1e-8)
    assert found.p[0] == pytest.approx(0.6799648, abs=1e-7)


def test_that_false_discovery_rates_are_those_of_r() -> None:
    # R: p.adjust(c(0.01, 0.02, 0.03, 0.04, 0.05), "BH") and with ties and ones.
    assert benjamini_hochberg(np.array([0.01, 0.02, 0.03, 0.04, 0.05])).tolist() == pytest.approx([0.05] * 5)
    found = benjamini_hochberg(np.array([0.001, np.nan, 0.9, 0.02, 1.0]))
    assert found[[0, 2, 3, 4]].tolist() == pytest.approx([0.004, 1.0, 0.04, 1.0])
    assert np.isnan(found[1])
    assert benjamini_hochberg(np.array([])).size == 0


@settings(max_examples=50)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_that_false_discovery_rates_are_those_of_scipy(p: list[float]) -> None:
    assert benjamini_hochberg(np.array(p)) == pytest.approx(stats.false_discovery_control(p), abs=1e-12)


def test_that_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(EsccError, match="one value only"):
        spearman_many([1.0] * 6, columns(6))
    with pytest.raises(EsccError, match="one group only"):
        kruskal_many(["a"] * 6, columns(6))
    with pytest.raises(EsccError, match="too few"):
        spearman_many([1.0, 2.0, 3.0], columns(3))
    with pytest.raises(EsccError, match="missing, infinite"):
        spearman_many([1.0, 2.0, 3.0, np.nan], columns(4))
    with pytest.raises(ValueError, match="5 values for 4 rows"):
        kruskal_many([1, 2, 1, 2, 1], columns(4))
