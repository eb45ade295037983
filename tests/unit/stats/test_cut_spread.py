"""How firmly a cut-off is placed, and three groups under chance."""

from __future__ import annotations

import numpy as np
import pytest

from escc_desktop.stats.cutpoint import bootstrap_cuts, maximally_selected_log_rank, three_groups, three_groups_permuted
from escc_desktop.stats.survival import Endpoint


def _stepped(n: int, ratio: float, seed: int) -> tuple[Endpoint, np.ndarray]:
    """Draw patients whose hazard is `ratio` times as high above a score of 0.5."""
    rng = np.random.default_rng(seed)
    score = rng.uniform(size=n)
    time = rng.exponential(size=n) / np.where(score > 0.5, ratio, 1.0) * 12 + 0.01
    return Endpoint(np.minimum(time, 30.0), time < 30.0), score


def test_that_the_interval_of_the_cut_holds_the_true_one_and_narrows_with_the_effect() -> None:
    widths = []
    for ratio in (1.3, 8.0):
        endpoint, score = _stepped(150, ratio, 2)
        cuts = bootstrap_cuts(endpoint, score, 0.1, 200, seed=1)
        lower, upper = np.quantile(cuts, (0.025, 0.975))
        widths.append(upper - lower)
        assert lower <= maximally_selected_log_rank(endpoint, score).cut <= upper
    assert lower - 0.02 <= 0.5 <= upper + 0.02
    assert widths[1] < 0.2 < widths[0]


def test_that_cuts_of_resamples_are_scores_of_patients_and_follow_their_seed() -> None:
    endpoint, score = _stepped(40, 2.0, 5)
    cuts = bootstrap_cuts(endpoint, score, 0.1, 30, seed=3)
    assert np.isin(cuts, score).all()
    assert cuts.tolist() == bootstrap_cuts(endpoint, score, 0.1, 30, seed=3).tolist()


def test_that_the_p_of_three_groups_holds_its_level_under_chance() -> None:
    p = []
    for seed in range(60):
        endpoint, score = _stepped(40, 1.0, seed)
        found = three_groups_permuted(endpoint, score, 0.15, 60, seed)
        p.append(found.permutation_p)
        assert found.chisq == pytest.approx(three_groups(endpoint, score, 0.15).chisq)
        assert found.naive_p < 0.5
    # 60 draws: 10 % of them within three standard errors, the mean about one half.
    assert np.mean(np.array(p) <= 0.1) == pytest.approx(0.1, abs=0.12)
    assert np.mean(p) == pytest.approx(0.5, abs=0.12)
