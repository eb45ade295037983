from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lifelines.utils import concordance_index

from escc_desktop.stats.foldwise import auc_difference_within, auc_within, c_difference_within, c_within
from escc_desktop.stats.performance import auc_at, c_index, compare
from escc_desktop.stats.survival import Endpoint


def _drawn(seed: int = 1, n: int = 60) -> tuple[Endpoint, np.ndarray]:
    rng = np.random.default_rng(seed)
    risk = rng.normal(size=n)
    time, censored = rng.exponential(15 * np.exp(-risk)), rng.uniform(5, 40, n)
    return Endpoint(np.minimum(time, censored), time <= censored), risk


def test_that_one_fold_is_the_ordinary_figure_with_its_error() -> None:
    endpoint, risk = _drawn()
    fold = np.ones((1, 60), dtype=np.int64)
    found, plain = c_within(endpoint, risk[None], fold), c_index(endpoint, risk)
    assert found.value == pytest.approx(concordance_index(endpoint.time_months, -risk, endpoint.event))
    assert found.se_patients == pytest.approx(plain.se)
    assert auc_within(endpoint, risk[None], fold, 12.0).value == pytest.approx(auc_at(endpoint, risk, 12.0).auc)


def test_that_only_patients_of_one_model_are_compared() -> None:
    """Each fold is ranked perfectly; the scales of the models differ so that across folds all is wrong."""
    endpoint = Endpoint(np.arange(1.0, 41.0), np.ones(40, dtype=bool))
    fold = np.repeat([1, 2], 20)[None]
    risk = -np.arange(40.0) + np.where(fold[0] == 1, 0.0, 1000.0)
    assert c_index(endpoint, risk).c < 0.5
    assert c_within(endpoint, risk[None], fold).value == 1.0


def test_that_models_without_terms_count_one_half() -> None:
    endpoint, risk = _drawn()
    fold = np.arange(60)[None] % 3
    empty = np.where(fold == 0, 0.0, risk[None])
    by_fold = [c_index(endpoint.take(fold[0] == k), risk[fold[0] == k]) for k in (1, 2)]
    pairs = [one.concordant + one.discordant + one.tied_risk for one in by_fold]
    none = c_index(endpoint.take(fold[0] == 0), np.zeros(20))
    expected = (0.5 * none.tied_risk + sum(one.c * n for one, n in zip(by_fold, pairs, strict=True))) / (
        none.tied_risk + sum(pairs)
    )
    assert none.c == 0.5
    assert c_within(endpoint, empty, fold).value == pytest.approx(expected)


@given(seed=st.integers(0, 1000))
def test_that_turning_risks_round_turns_the_figure_round(seed: int) -> None:
    endpoint, risk = _drawn(seed)
    rng = np.random.default_rng(seed)
    fold = np.stack([rng.permutation(np.arange(60) % 4) for _ in range(2)])
    risks = np.stack([risk, rng.normal(size=60)])
    forth, back = c_within(endpoint, risks, fold), c_within(endpoint, -risks, fold)
    assert forth.value + back.value == pytest.approx(1.0)
    assert forth.se == pytest.approx(back.se)
    lower, upper = forth.interval(0.05)
    assert 0 <= lower <= forth.value <= upper <= 1


def test_that_patients_whose_model_failed_are_left_out() -> None:
    endpoint, risk = _drawn()
    fold = np.arange(60)[None] % 3
    gone = np.where(fold == 2, np.nan, risk[None])
    assert c_within(endpoint, gone, fold).n_folds == 2
    assert np.isnan(c_within(endpoint, np.full((1, 60), np.nan), fold).value)


def test_that_a_difference_in_one_fold_is_the_ordinary_one_with_its_error() -> None:
    endpoint, risk = _drawn()
    other = risk + np.random.default_rng(5).normal(size=60)
    fold = np.ones((1, 60), dtype=np.int64)
    found = c_difference_within(endpoint, other[None], risk[None], fold)
    plain = compare(c_index(endpoint, other), c_index(endpoint, risk))
    assert found.value == pytest.approx(plain.difference)
    assert found.se_patients == pytest.approx(plain.se)
    area = auc_difference_within(endpoint, other[None], risk[None], fold, 12.0)
    assert area.value == pytest.approx(auc_at(endpoint, risk, 12.0).auc - auc_at(endpoint, other, 12.0).auc)


@given(seed=st.integers(0, 1000))
def test_that_models_that_rank_alike_do_not_differ(seed: int) -> None:
    endpoint, risk = _drawn(seed)
    fold = (np.random.default_rng(seed).permutation(60) % 4)[None]
    found = c_difference_within(endpoint, risk[None], np.exp(risk)[None], fold)
    assert (found.value, found.se) == (0.0, 0.0)
