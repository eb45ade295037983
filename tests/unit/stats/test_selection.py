"""Feature selection: laws, optimality conditions and the behaviour at the edges."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from escc_desktop.errors import EsccError
from escc_desktop.progress import Cancelled, Progress
from escc_desktop.stats import _coxnet
from escc_desktop.stats.arrays import varying
from escc_desktop.stats.cox import cox
from escc_desktop.stats.selection import (
    LassoControl,
    LassoPath,
    allocate_folds,
    correlation,
    cox_lasso_cv,
    cox_lasso_path,
    find_correlation,
    fit_scaler,
    partial_deviance,
)
from escc_desktop.stats.survival import Endpoint

TIGHT = LassoControl(thresh=1e-14, max_passes=1_000_000)


def cohort(seed: int, n: int = 60, p: int = 20, decimals: int = 1) -> tuple[np.ndarray, Endpoint]:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) * rng.uniform(0.01, 30, p)
    risk = 0.8 * X[:, 0] / X[:, 0].std() - 0.6 * X[:, 1] / X[:, 1].std()
    time = np.round(rng.exponential(np.exp(-risk)) * 12, decimals) + 0.1
    return X, Endpoint(time, rng.random(n) < 0.75)


def gradient_of_loglik(X: np.ndarray, endpoint: Endpoint, coef: np.ndarray) -> np.ndarray:
    """Plain definition of the Breslow score, over n."""
    risk, total = np.exp(X @ coef), np.zeros(X.shape[1])
    for i in np.flatnonzero(endpoint.event):
        at_risk = endpoint.time_months >= endpoint.time_months[i]
        total += X[i] - risk[at_risk] @ X[at_risk] / risk[at_risk].sum()
    return total / endpoint.n


def test_that_z_scores_have_mean_0_and_sample_sd_1() -> None:
    X = np.random.default_rng(0).normal(5, 3, (20, 4))
    z = fit_scaler(X).transform(X)
    np.testing.assert_allclose(z.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(z.std(axis=0, ddof=1), 1)


def test_that_constant_features_are_found_and_refused_by_name() -> None:
    X = np.column_stack([np.arange(5.0), np.full(5, 0.1), np.full(5, 1e9)])
    assert varying(X).tolist() == [True, False, False]
    with pytest.raises(EsccError, match=r"2 features .*first: column 2"):
        fit_scaler(X)


@given(st.integers(0, 10_000), st.floats(0.3, 0.95), st.booleans())
def test_that_no_pair_above_the_cut_off_is_left(seed: int, cutoff: float, exact: bool) -> None:
    rng = np.random.default_rng(seed)
    base = rng.normal(size=(30, 4))
    X = base[:, rng.integers(0, 4, 25)] + rng.uniform(0, 1) * rng.normal(size=(30, 25))
    corr = correlation(X)
    removed = find_correlation(corr, cutoff, exact)
    kept = np.setdiff1d(np.arange(25), removed)
    rest = np.abs(corr[np.ix_(kept, kept)]) - np.eye(kept.size)
    assert rest.max() <= cutoff
    assert len(set(removed.tolist())) == removed.size
    assert kept.size >= 1


def test_that_a_pair_exactly_at_the_cut_off_stays() -> None:
    corr = np.array([[1.0, 0.9], [0.9, 1.0]])
    assert find_correlation(corr, 0.9).size == 0
    assert find_correlation(corr, 0.9 - 1e-9).size == 1


def test_that_the_search_is_exact_below_100_columns_as_in_caret() -> None:
    rng = np.random.default_rng(2)
    base = rng.normal(size=(40, 8))
    for p, exact in ((99, True), (100, False)):
        X = base[:, rng.integers(0, 8, p)] + 0.4 * rng.normal(size=(40, p))
        corr = correlation(X)
        np.testing.assert_array_equal(find_correlation(corr, 0.7), find_correlation(corr, 0.7, exact))


def test_that_an_improper_correlation_matrix_is_refused() -> None:
    with pytest.raises(EsccError, match="not symmetric"):
        find_correlation(np.array([[1.0, 0.5], [0.2, 1.0]]))
    with pytest.raises(EsccError, match="missing"):
        find_correlation(np.full((2, 2), np.nan))


@given(st.integers(0, 10_000), st.sampled_from([0, 1, 5]))
def test_that_the_optimality_conditions_hold_along_the_path(seed: int, decimals: int) -> None:
    X, endpoint = cohort(seed, 40, 12, decimals)
    top = cox_lasso_path(X, endpoint).lambdas[0]
    path = cox_lasso_path(X, endpoint, top * np.array([0.9, 0.6, 0.4, 0.25]), TIGHT)
    scale = X.std(axis=0)
    for penalty, coef in zip(path.lambdas, path.coef, strict=True):
        gradient = gradient_of_loglik(X / scale, endpoint, coef * scale)
        active = coef != 0
        np.testing.assert_allclose(gradient[active], penalty * np.sign(coef[active]), atol=1e-6)
        assert (np.abs(gradient[~active]) <= penalty + 1e-6).all()


def test_that_the_first_penalty_removes_every_column_and_any_smaller_does_not() -> None:
    X, endpoint = cohort(3)
    path = cox_lasso_path(X, endpoint)
    assert not path.coef[0].any()
    assert path.coef[1].any()
    gradient = gradient_of_loglik((X - X.mean(0)) / X.std(axis=0), endpoint, np.zeros(20))
    assert path.lambdas[0] == pytest.approx(np.abs(gradient).max(), rel=1e-12)


def test_that_without_penalty_it_is_the_breslow_cox_model() -> None:
    X, endpoint = cohort(4, 200, 3)
    path = cox_lasso_path(X, endpoint, [1e-3, 1e-12], TIGHT)
    fit = cox(endpoint, X, "abc", "breslow")
    np.testing.assert_allclose(path.coef[-1], fit.coef, rtol=1e-5)
    explained = (fit.loglik[1] - fit.loglik[0]) * 2 / path.null_deviance
    assert path.deviance_ratio[-1] == pytest.approx(explained, rel=1e-8)


@given(st.integers(0, 10_000))
def test_that_row_order_moves_no_solution(seed: int) -> None:
    X, endpoint = cohort(seed, 40, 10)
    order = np.random.default_rng(seed).permutation(40)
    path = cox_lasso_path(X, endpoint, control=TIGHT)
    moved = cox_lasso_path(X[order], endpoint.take(order), path.lambdas[:20], TIGHT)
    np.testing.assert_allclose((moved.coef @ X.T)[:20], (path.coef @ X.T)[:20], atol=1e-5)


def test_that_columns_that_do_not_vary_get_no_weight() -> None:
    X, endpoint = cohort(5)
    X[:, 7] = 3.0
    path = cox_lasso_path(X, endpoint)
    assert not path.coef[:, 7].any()
    with pytest.raises(EsccError, match="No feature varies"):
        cox_lasso_path(np.ones((60, 2)), endpoint)


def test_that_a_model_that_fits_perfectly_cuts_the_path_short() -> None:
    time = np.arange(1.0, 31)
    X = np.column_stack([-time, np.random.default_rng(0).normal(size=30)])
    path = cox_lasso_path(X, Endpoint(time, np.ones(30)), control=LassoControl(min_ratio=1e-6))
    assert path.lambdas.size < 100
    assert np.isfinite(path.coef).all()
    assert (np.diff(path.lambdas) < 0).all()


def test_that_used_up_passes_cut_the_path_short_and_say_so() -> None:
    X, endpoint = cohort(6, 40, 60)
    path = cox_lasso_path(X, endpoint, control=LassoControl(max_passes=200))
    assert not path.is_complete
    assert 1 <= path.lambdas.size < 100


def test_that_coefficients_are_interpolated_in_lambda_and_stand_beyond_the_ends() -> None:
    path = LassoPath(np.array([3.0, 2.0, 1.0]), np.array([[0.0], [1.0], [4.0]]), np.zeros(3), 1.0, True)
    assert path.at([5, 3, 2.5, 2, 1.25, 1, 0.1])[:, 0].tolist() == [0, 0, 0.5, 1, 3.25, 4, 4]
    single = LassoPath(np.array([3.0]), np.array([[2.0]]), np.zeros(1), 1.0, True)
    assert single.at([4.0, 1.0])[:, 0].tolist() == [2, 2]


def test_that_the_deviance_is_zero_for_a_saturated_ranking_and_known_at_zero() -> None:
    endpoint = Endpoint(np.array([1.0, 2.0, 3.0]), np.array([1, 1, 0]))
    # Two deaths among 3 and 2 at risk: 2 (log 3 + log 2).
    expected = 2 * (np.log(3) + np.log(2))
    assert partial_deviance(endpoint, np.zeros((1, 3)))[0] == pytest.approx(expected)
    assert partial_deviance(endpoint, np.array([[2000.0, 1000.0, 0.0]]))[0] == pytest.approx(0)


def test_that_folds_are_even_seeded_and_keep_patients_together() -> None:
    folds = allocate_folds(59, 10, seed=1)
    assert np.bincount(folds)[1:].tolist() == [6] * 9 + [5]
    assert folds.tolist() == allocate_folds(59, 10, seed=1).tolist()
    assert folds.tolist() != allocate_folds(59, 10, seed=2).tolist()
    patients = np.random.default_rng(0).integers(0, 59, 59)
    grouped = allocate_folds(59, 5, seed=1, groups=patients.tolist())
    assert all(np.unique(grouped[patients == patient]).size == 1 for patient in patients)
    with pytest.raises(EsccError, match="3 patients cannot be split into 4 folds"):
        allocate_folds(3, 4, seed=1)
    with pytest.raises(EsccError, match="3 folds or more"):
        allocate_folds(30, 2, seed=1)


def test_that_cross_validation_finds_the_two_true_columns() -> None:
    X, endpoint = cohort(7, 300, 40)
    cv = cox_lasso_cv(X, endpoint, allocate_folds(300, 10, 1))
    assert {0, 1} <= set(np.flatnonzero(cv.coef_at_min).tolist())
    assert cv.lambda_1se >= cv.lambda_min
    assert cv.cvm[cv.min_index] == cv.cvm.min()
    assert cv.n_selected[0] == 0


def test_that_a_fold_without_events_is_left_out() -> None:
    X, endpoint = cohort(8, 60, 5)
    fold = allocate_folds(60, 5, 1)
    quiet = Endpoint(endpoint.time_months, endpoint.event & (fold != 3))
    cv = cox_lasso_cv(X, quiet, fold)
    assert np.isfinite(cv.cvm).all()
    assert np.isfinite(cv.cvsd).all()


def test_that_cross_validation_can_be_stopped() -> None:
    X, endpoint = cohort(8)
    with pytest.raises(Cancelled):
        cox_lasso_cv(X, endpoint, allocate_folds(60, 5, 1), progress=Progress(is_cancelled=lambda: True))


@pytest.mark.parametrize(
    ("event", "message"), [(np.zeros(4), "two different times"), (np.array([1, 0, 0, 0]), "two different times")]
)
def test_that_too_few_events_are_refused(event: np.ndarray, message: str) -> None:
    with pytest.raises(EsccError, match=message):
        cox_lasso_path(np.arange(8.0).reshape(4, 2), Endpoint(np.arange(1.0, 5), event))


@pytest.mark.parametrize("lambdas", [[0.1, 0.2], [0.1, 0.1], [0.1, -0.1]])
def test_that_penalties_must_fall(lambdas: list[float]) -> None:
    X, endpoint = cohort(1)
    with pytest.raises(EsccError, match="must fall"):
        cox_lasso_path(X, endpoint, lambdas)


def test_that_the_core_is_built_for_the_stable_abi() -> None:
    assert Path(_coxnet.__file__).name.split(".", 1)[1] in {"abi3.so", "pyd"}


@pytest.mark.parametrize(
    "change",
    [
        {"sizes": (3, 1, 2, 1)},
        {"sizes": (2, 0, 2, 1)},
        {"group_end": np.array([2, 1])},
        {"group_end": np.array([1, 3])},
        {"coef": np.zeros(2)},
    ],
)
def test_that_the_core_refuses_arrays_that_do_not_fit(change: dict[str, object]) -> None:
    arguments: dict[str, object] = {
        "sizes": (2, 1, 2, 1),
        "x": np.array([[1.0, -1.0]]),
        "group_end": np.array([1, 2]),
        "deaths": np.array([0.5, 0.5]),
        "event": np.array([0.5, 0.5]),
        "weight": 0.5,
        "lambdas": np.array([0.1]),
        "ratio": 0.0,
        "thresh": 1e-7,
        "max_passes": 100,
        "coef": np.zeros(1),
        "deviance_ratio": np.zeros(1),
    }
    with pytest.raises(ValueError, match=r"bytes|positive|rise"):
        _coxnet.lasso_path(*{**arguments, **change}.values())


def test_that_threads_get_the_same_path() -> None:
    X, endpoint = cohort(9, 100, 50)
    alone = cox_lasso_path(X, endpoint)
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda _: cox_lasso_path(X, endpoint).coef, range(8)))
    assert all((coef == alone.coef).all() for coef in together)
