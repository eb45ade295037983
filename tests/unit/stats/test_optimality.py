"""The KKT residual against the numerical slope of the deviance, and against solutions of known tightness."""

from __future__ import annotations

import numpy as np
import pytest

from escc_desktop.stats.optimality import kkt_residual
from escc_desktop.stats.selection import LassoControl, cox_lasso_path, partial_deviance
from escc_desktop.stats.survival import Endpoint


def _cohort(seed: int = 1, n: int = 60, p: int = 12) -> tuple[np.ndarray, Endpoint]:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) * rng.uniform(0.1, 50, p)
    time = np.ceil(rng.exponential(size=n) * 8 * np.exp(-X[:, 0] / X[:, 0].std()))
    return X, Endpoint(time, rng.uniform(size=n) < 0.7)


@pytest.mark.parametrize("standardize", [True, False])
def test_that_a_tight_solution_meets_the_conditions_and_a_loose_one_does_not(standardize: bool) -> None:
    X, endpoint = _cohort()
    for control, least, most in (
        (LassoControl(standardize=standardize, thresh=1e-14, max_passes=1_000_000), 0.0, 1e-5),
        (LassoControl(standardize=standardize, thresh=1e-3), 1e-4, 1.0),
    ):
        path = cox_lasso_path(X, endpoint, control=control)
        found = [kkt_residual(X, endpoint, path.coef[k], path.lambdas[k], standardize=standardize) for k in (1, 10, 20)]
        assert least <= max(found) < most


def test_that_the_residual_is_the_slope_of_the_deviance_beyond_the_penalty() -> None:
    X, endpoint = _cohort(2)
    coef = np.zeros(X.shape[1])
    coef[3] = 0.3 / X[:, 3].std()
    step = 1e-6 / X.std(axis=0)
    around = [partial_deviance(endpoint, np.stack([X @ (coef + delta), X @ (coef - delta)])) for delta in np.diag(step)]
    slope = np.array([-(up - down) / 4e-6 for up, down in around]) / endpoint.n
    penalty = 0.01
    expected = max(abs(slope[3] - penalty), np.delete(np.abs(slope), 3).max() - penalty) / penalty
    assert kkt_residual(X, endpoint, coef, penalty) == pytest.approx(expected, rel=1e-5)


def test_that_no_coefficient_is_the_optimum_at_the_first_penalty() -> None:
    X, endpoint = _cohort(3)
    first = cox_lasso_path(X, endpoint).lambdas[0]
    assert kkt_residual(X, endpoint, np.zeros(X.shape[1]), first * (1 + 1e-9)) == pytest.approx(0, abs=1e-6)
    assert kkt_residual(X, endpoint, np.zeros(X.shape[1]), first / 2) == pytest.approx(1, rel=1e-3)
