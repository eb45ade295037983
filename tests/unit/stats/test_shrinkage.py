from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escc_desktop.errors import EsccError
from escc_desktop.stats.shrinkage import shrunk_moments

TRUTH = np.array([[1.0, 0.7, 0.0], [0.7, 2.0, 0.3], [0.0, 0.3, 0.5]])


def test_that_many_observations_stand_as_they_are() -> None:
    rows = np.random.default_rng(1).multivariate_normal(np.zeros(3), TRUTH, 20_000)
    found = shrunk_moments(rows)
    assert found.intensity < 0.01
    assert found.matrix == pytest.approx(TRUTH, abs=0.05)


def test_that_independent_errors_are_shrunk_to_independence() -> None:
    rng = np.random.default_rng(2)
    assert np.mean([shrunk_moments(rng.normal(size=(15, 6))).intensity for _ in range(40)]) > 0.75


def test_that_few_observations_are_nearer_the_truth_shrunk_than_not() -> None:
    """The law the intensity is chosen by: a smaller expected squared error."""
    rng = np.random.default_rng(3)
    own, plain = [], []
    for _ in range(200):
        rows = rng.multivariate_normal(np.zeros(3), TRUTH, 12)
        own.append(np.sum((shrunk_moments(rows).matrix - TRUTH) ** 2))
        plain.append(np.sum((rows.T @ rows / 12 - TRUTH) ** 2))
    assert np.mean(own) < np.mean(plain)


@settings(max_examples=30)
@given(
    seed=st.integers(0, 1000),
    n=st.integers(3, 20),
    k=st.integers(1, 8),
    scale=st.lists(st.floats(0.01, 100), min_size=8, max_size=8),
)
def test_that_the_matrix_is_a_covariance_and_follows_the_units(seed: int, n: int, k: int, scale: list[float]) -> None:
    rows = np.random.default_rng(seed).normal(size=(n, k))
    units = np.array(scale[:k])
    found, other = shrunk_moments(rows), shrunk_moments(rows * units)
    assert np.linalg.eigvalsh(found.matrix).min() > -1e-9
    assert np.diag(found.matrix) == pytest.approx(np.mean(rows**2, axis=0))
    assert other.matrix == pytest.approx(found.matrix * np.outer(units, units))
    assert 0 <= found.intensity <= 1


def test_that_two_observations_are_refused() -> None:
    with pytest.raises(EsccError, match="three observations"):
        shrunk_moments(np.ones((2, 3)))
