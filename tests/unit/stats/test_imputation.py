from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import NelsonAalenFitter

from escc_desktop.errors import EsccError
from escc_desktop.stats.imputation import Variable, impute, nelson_aalen, outcome_predictors
from escc_desktop.stats.pooling import pool
from escc_desktop.stats.survival import Endpoint


def _drawn(n: int = 600, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """A number, a yes/no and a three-level category that follow x."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    number = 2 + 1.5 * x + rng.normal(0, 0.5, n)
    yes = (rng.uniform(size=n) < 1 / (1 + np.exp(-2 * x))).astype(float)
    shares = np.exp(np.column_stack([np.zeros(n), x, -x]))
    level = (rng.uniform(size=(n, 1)) > np.cumsum(shares / shares.sum(axis=1, keepdims=True), axis=1)).sum(axis=1)
    return x, number, yes, level.astype(float)


def _with_gaps(values: np.ndarray, gone: np.ndarray) -> np.ndarray:
    return np.where(gone, np.nan, values)


def test_that_gaps_that_follow_a_covariate_leave_no_bias() -> None:
    """Values missing at random given x: the mean of the observed ones is wrong, that of the completed ones right."""
    x, number, yes, level = _drawn()
    gone = np.random.default_rng(2).uniform(size=len(x)) < 1 / (1 + np.exp(-x))
    variables = [
        Variable("number", _with_gaps(number, gone)),
        Variable("yes", _with_gaps(yes, gone), 2),
        Variable("level", _with_gaps(level, gone), 3),
    ]
    done = impute(variables, x[:, None], 10, 3)
    assert abs(number[~gone].mean() - number.mean()) > 0.3
    assert np.mean([one[0].mean() for one in done]) == pytest.approx(number.mean(), abs=0.1)
    assert abs(yes[~gone].mean() - yes.mean()) > 0.08
    assert np.mean([one[1].mean() for one in done]) == pytest.approx(yes.mean(), abs=0.06)
    for k in range(3):
        assert np.mean([(one[2] == k).mean() for one in done]) == pytest.approx((level == k).mean(), abs=0.07)
    # Donors are scarce where most is missing, so matching flattens the slope a little; mice gives 1.35 on these data.
    slope = np.mean([np.polyfit(x, one[0], 1)[0] for one in done])
    assert slope == pytest.approx(1.35, abs=0.05)


@settings(max_examples=8)
@given(seed=st.integers(0, 10_000), share=st.floats(0.05, 0.6))
def test_that_what_was_known_stays_and_what_is_imputed_was_seen_in_somebody(seed: int, share: float) -> None:
    x, number, yes, level = _drawn(60, seed)
    rng = np.random.default_rng(seed)
    gone = rng.uniform(size=(3, 60)) < share
    gone[:, :5] = False
    variables = [
        Variable("number", _with_gaps(number, gone[0])),
        Variable("yes", _with_gaps(yes, gone[1]), 2),
        Variable("level", _with_gaps(level, gone[2]), 3),
    ]
    first, again = impute(variables, x[:, None], 2, seed), impute(variables, x[:, None], 2, seed)
    for one, other in zip(first, again, strict=True):
        for variable, values, same in zip(variables, one, other, strict=True):
            known = ~variable.is_missing
            assert np.array_equal(values, same)
            assert np.array_equal(values[known], variable.values[known])
            assert set(values) <= set(variable.values[known])


def test_that_a_level_predicted_perfectly_does_not_break_the_draw() -> None:
    x = np.linspace(-1, 1, 40)
    values = (x > 0).astype(float)
    values[[3, 36]] = np.nan
    done = impute([Variable("sex", values, 2)], x[:, None], 20, 1)
    assert np.mean([one[0][3] for one in done]) < 0.2
    assert np.mean([one[0][36] for one in done]) > 0.8


def test_that_a_column_without_any_value_is_refused() -> None:
    with pytest.raises(EsccError, match="CEA has no value"):
        impute([Variable("CEA", np.full(5, np.nan))], np.ones((5, 1)), 1, 1)


def test_that_the_hazard_of_the_outcome_is_that_of_lifelines() -> None:
    rng = np.random.default_rng(4)
    endpoint = Endpoint(np.round(rng.exponential(10, 80), 0), rng.uniform(size=80) < 0.7)
    fitter = NelsonAalenFitter(nelson_aalen_smoothing=False).fit(endpoint.time_months, endpoint.event)
    expected = fitter.cumulative_hazard_at_times(endpoint.time_months).to_numpy()
    assert nelson_aalen(endpoint) == pytest.approx(expected, rel=1e-9)
    assert outcome_predictors(endpoint)[:, 1].tolist() == endpoint.event.astype(float).tolist()


def test_that_pooling_is_that_of_mice() -> None:
    """pool.scalar(c(1.1, 0.9, 1.3, 1.0), c(0.04, 0.05, 0.045, 0.042), n = 43, k = 3) of R's mice 3.15."""
    pooled = pool([[1.1], [0.9], [1.3], [1.0]], np.array([0.04, 0.05, 0.045, 0.042]).reshape(4, 1, 1), 40)
    assert pooled.coef[0] == pytest.approx(1.075, rel=1e-12)
    assert pooled.covariance[0, 0] == pytest.approx(0.0807083333333, rel=1e-11)
    assert pooled.df[0] == pytest.approx(8.63244330469, rel=1e-11)


@given(shift=st.floats(-5, 5), scale=st.floats(0.1, 10))
def test_that_sets_without_difference_pool_to_themselves(shift: float, scale: float) -> None:
    covariance = scale * np.array([[1.0, 0.3], [0.3, 2.0]])
    pooled = pool([[shift, 1.0]] * 5, [covariance] * 5, 40)
    assert pooled.coef == pytest.approx([shift, 1.0])
    assert pooled.covariance == pytest.approx(covariance)
    assert pooled.missing_information == pytest.approx(0.0, abs=1e-12)
    assert pooled.df == pytest.approx(40 * 41 / 43)
