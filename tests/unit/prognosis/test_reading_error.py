from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from escc_desktop.features.table import FeatureTable
from escc_desktop.prognosis.card_parts import Range
from escc_desktop.prognosis.card_reader import ReadAgain, ReaderError, reading_spreads, size_factor
from escc_desktop.prognosis.cohort import assemble
from escc_desktop.prognosis.config import DevelopConfig
from escc_desktop.prognosis.develop import Development
from escc_desktop.prognosis.pipeline import Fitted, Problem, Signature
from escc_desktop.prognosis.reading_error import components, flip_rate, flips, reading_error, spread
from escc_desktop.prognosis.reproducibility import reproducibility
from escc_desktop.prognosis.score import assess

# The simulated readings err by 2 around features of standard deviation 10.
PLANTED = 2.0
COEF = np.array([1.0, -0.8])
READER = ReaderError(
    readings=(ReadAgain(comparison="inter", n_lesions=15, score_sd=0.3, lp_sd=0.4),),
    reference_volume=8000.0,
    volumes=Range(minimum=1000.0, maximum=64000.0),
)


def _measured(simulated: Any, repeats: int, seed: int, within: float = PLANTED, between: float = PLANTED) -> Any:
    """Measure planted errors: the same reader errs by `within`, the other by `between`, on two features."""
    drawn = simulated.simulate(n=max(repeats, 60), p=24, seed=seed, repeats=repeats)
    cohort = assemble(drawn.table, drawn.clinical, "os", "largest", 12.0)
    rng = np.random.default_rng(seed)
    rows, first = drawn.table.values.copy(), drawn.table.select("A", "first").values
    for at, key in enumerate(drawn.table.keys):
        if (key.reader, key.occasion) != ("A", "first"):
            error = within if key.reader == "A" else between
            rows[at] = first[int(key.patient_id[1:]) - 1] + error * rng.normal(size=rows.shape[1])
    table = FeatureTable(drawn.table.keys, drawn.table.names, rows)
    columns = np.array([3, 20])
    values = cohort.features[:, columns]
    nothing = np.zeros(0, dtype=np.int64)
    signature = Signature(nothing, nothing, nothing, columns, COEF, values.mean(axis=0), np.full(2, 10.0), None)
    problem = Problem(cohort, cohort.endpoint, reproducibility(table), (), DevelopConfig())
    return reading_error(problem, Fitted(signature, None, (), {})), signature.scores(cohort.features)


def test_that_planted_errors_are_found(simulated: Any) -> None:
    """Changes of independent features: variance of the score is the sum of coef^2 x (error / SD)^2."""
    error, _ = _measured(simulated, 400, 5, within=2.0, between=5.0)
    for one, planted in zip(error.rereads, (2.0, 5.0), strict=True):
        expected = math.sqrt(float(np.sum(COEF**2))) * planted / 10
        assert spread(one.moments.matrix, COEF) == pytest.approx(expected, rel=0.1)
    within, between = components(error, COEF)
    assert within == pytest.approx(math.sqrt(float(np.sum(COEF**2)) * 4 / 100 / 2), rel=0.1)
    assert between == pytest.approx(math.sqrt(float(np.sum(COEF**2)) * (25 - 4) / 100 / 2), rel=0.1)


def test_that_no_more_than_the_same_readers_error_is_no_difference_between_readers(simulated: Any) -> None:
    error, _ = _measured(simulated, 60, 6, within=4.0, between=1.0)
    assert components(error, COEF)[1] == 0.0


def test_that_the_flip_rate_is_that_of_the_planted_error(simulated: Any) -> None:
    """Truth by theory: scores within a normal error of the cut are flipped with the tail's probability."""
    error, score = _measured(simulated, 400, 7)
    sd = math.sqrt(float(np.sum(COEF**2))) * PLANTED / 10
    cut = float(np.median(score))
    expected = float(stats.norm.sf(np.abs(score - cut) / sd).mean())
    rate, low, high = flip_rate(error, error.rereads[0], COEF, score, cut, 1)
    assert rate == pytest.approx(expected, rel=0.1)
    assert low <= rate <= high
    assert low <= expected <= high


@given(survival=st.floats(0.01, 0.99), score=st.floats(-3, 3), volume=st.floats(10, 1e6), cutoff=st.floats(-3, 3))
def test_that_limits_lie_around_the_verdict_and_small_lesions_vary_more(
    survival: float, score: float, volume: float, cutoff: float
) -> None:
    (one,) = reading_spreads(READER, volume, score, cutoff, survival)
    assert one.score is not None
    assert one.survival is not None
    assert one.flip is not None
    assert one.score[0] <= score <= one.score[1]
    assert 0 <= one.survival[0] <= survival <= one.survival[1] <= 1
    assert 0 <= one.flip <= 0.5
    assert size_factor(READER, volume) <= size_factor(READER, volume / 2)
    assert size_factor(READER, volume) <= 2.0


def test_that_an_eighth_of_the_volume_doubles_the_error() -> None:
    assert size_factor(READER, 8000.0) == pytest.approx(1.0)
    assert size_factor(READER, 1000.0) == pytest.approx(2.0)
    assert size_factor(READER, None) == 1.0
    (one,) = reading_spreads(READER, 8000.0, 0.0, 1.0, 0.7)
    assert one.flip == pytest.approx(float(stats.t.sf(1 / 0.3, 15)))
    assert one.survival is not None
    half = float(stats.t.ppf(0.975, 15)) * 0.4
    assert one.survival[0] == pytest.approx(0.7 ** math.exp(half))
    assert flips(np.zeros(1), 1.0, np.array([0.3]), 15)[0] == pytest.approx(one.flip)


def test_that_a_withheld_verdict_has_no_limits() -> None:
    (one,) = reading_spreads(READER, None, None, 0.0, None)
    assert (one.score, one.survival, one.flip) == (None, None, None)


def test_that_cards_and_assessments_carry_the_readers(made: Development, cohort: Any) -> None:
    readers = made.results.readers
    assert readers is not None
    assert readers.label == "these two readers"
    assert {one.comparison for one in readers.comparisons} == {"intra", "inter"}
    assert len(readers.patients) == 2 * made.results.cohort.n_patients
    assert made.cards["clinical"].readers is None
    kept = made.cards["combined"].readers
    assert kept is not None
    for verdict in assess(made.cards["combined"], cohort.table, cohort.clinical):
        assert {one.comparison for one in verdict.readings} == {"intra", "inter"}
        for one in verdict.readings:
            assert (one.survival is None) == (verdict.survival is None)
