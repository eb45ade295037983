"""The cut-off search against the tests it is made of, published formulas and laws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from escc_desktop.errors import EsccError
from escc_desktop.progress import Cancelled, Progress
from escc_desktop.stats.cutpoint import maximally_selected_log_rank, miller_siegmund_p, three_groups
from escc_desktop.stats.survival import Endpoint, log_rank


def cohort(seed: int, n: int = 50) -> tuple[Endpoint, np.ndarray]:
    rng = np.random.default_rng(seed)
    score = np.round(rng.normal(size=n), 1)
    time = np.ceil(rng.exponential(np.exp(-score)) * 10)
    return Endpoint(time, rng.random(n) < 0.8), score


@pytest.mark.parametrize("seed", range(5))
def test_that_every_candidate_has_its_log_rank_and_the_best_wins(seed: int) -> None:
    endpoint, score = cohort(seed)
    found = maximally_selected_log_rank(endpoint, score)
    tests = [log_rank(endpoint, score > cut).chisq for cut in found.candidates]
    np.testing.assert_allclose(found.chisqs, tests, rtol=1e-9)
    assert found.chisq == pytest.approx(max(tests))
    assert found.n_high == int((score > found.cut).sum())
    assert min(found.n_low, found.n_high) >= 5


@pytest.mark.parametrize("seed", range(3))
def test_that_the_best_pair_of_cuts_is_the_best_three_group_log_rank(seed: int) -> None:
    endpoint, score = cohort(seed, 30)
    found = three_groups(endpoint, score, 0.2)
    cuts, best = np.unique(score), 0.0
    for low in cuts:
        for high in cuts[cuts > low]:
            group = (score > low).astype(int) + (score > high)
            if np.bincount(group, minlength=3).min() >= 6:
                best = max(best, log_rank(endpoint, group).chisq)
    assert found.chisq == pytest.approx(best, rel=1e-9)
    assert sum(found.sizes) == 30


@given(st.integers(0, 10_000))
def test_that_only_the_order_of_scores_and_no_row_order_matters(seed: int) -> None:
    endpoint, score = cohort(seed, 30)
    order = np.random.default_rng(seed).permutation(30)
    base = maximally_selected_log_rank(endpoint, score)
    moved = maximally_selected_log_rank(endpoint.take(order), np.exp(score[order]))
    assert moved.chisq == pytest.approx(base.chisq, rel=1e-9)
    np.testing.assert_allclose(moved.candidates, np.exp(base.candidates))


@pytest.mark.parametrize(("left_out", "a", "b"), [(0.1, 1.63, 2.35), (0.05, 3.13, 1.65)])
@pytest.mark.parametrize(("chisq", "p"), [(6.634897, 0.01), (9.549536, 0.002), (12.115665, 0.0005)])
def test_that_the_correction_follows_altmans_simple_formula(
    left_out: float, a: float, b: float, chisq: float, p: float
) -> None:
    # Altman, Lausen, Sauerbrei and Schumacher, J Natl Cancer Inst 1994: -a p (1 + b log p) for 0.0001 < p < 0.1.
    assert miller_siegmund_p(chisq, left_out, 1 - left_out) == pytest.approx(-a * p * (1 + b * np.log(p)), rel=0.05)


def test_that_the_corrected_p_is_never_below_the_naive_one_nor_above_1() -> None:
    for chisq in (0.0, 0.5, 1.0, 2.0, 4.0, 10.0, 40.0):
        assert miller_siegmund_p(chisq, 0.1, 0.9) <= 1
    endpoint, score = cohort(3)
    found = maximally_selected_log_rank(endpoint, score)
    assert found.miller_siegmund_p >= found.naive_p


def test_that_permutations_follow_their_seed_and_hold_the_level_under_noise() -> None:
    rng = np.random.default_rng(9)
    p_values = []
    for seed in range(40):
        endpoint = Endpoint(np.ceil(rng.exponential(10, 30)), np.ones(30))
        p_values.append(maximally_selected_log_rank(endpoint, rng.normal(size=30), 0.1, 200, seed).permutation_p)
    assert 0.25 < np.mean(p_values) < 0.75
    endpoint, score = cohort(1)
    first, again, other = (maximally_selected_log_rank(endpoint, score, 0.1, 300, seed) for seed in (5, 5, 6))
    assert first.permutation_p == again.permutation_p
    assert abs(first.permutation_p - other.permutation_p) < 0.1


def test_that_without_permutations_there_is_no_permutation_p() -> None:
    assert np.isnan(maximally_selected_log_rank(*cohort(1)).permutation_p)


def test_that_permutations_can_be_stopped() -> None:
    with pytest.raises(Cancelled):
        maximally_selected_log_rank(*cohort(1), 0.1, 1000, 1, Progress(is_cancelled=lambda: True))


def test_that_a_score_without_a_possible_cut_is_refused() -> None:
    endpoint, _ = cohort(1)
    with pytest.raises(EsccError, match="No cut-off leaves at least 10%"):
        maximally_selected_log_rank(endpoint, np.ones(50))
    with pytest.raises(EsccError, match="three groups"):
        three_groups(endpoint, np.repeat([0.0, 1.0], 25))
    with pytest.raises(EsccError, match="50 follow-up times"):
        maximally_selected_log_rank(endpoint, np.arange(3.0))
