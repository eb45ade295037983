from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escc_desktop.errors import EsccError
from escc_desktop.stats.nomogram import Predictor, axis_ticks, nomogram, pretty


@pytest.mark.parametrize(
    ("low", "high", "n", "expected"),
    [
        # R 4.2.2: pretty(c(low, high), n)
        (0.0, 1.0, 5, [0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (1.0, 100.0, 5, [0, 20, 40, 60, 80, 100]),
        (39.0, 82.0, 10, [35, 40, 45, 50, 55, 60, 65, 70, 75, 80, 85]),
        (-24.0, 68.0, 10, [-30, -20, -10, 0, 10, 20, 30, 40, 50, 60, 70]),
        (6.0, 33.0, 10, [6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 32, 34]),
    ],
)
def test_that_round_values_are_those_of_r(low: float, high: float, n: int, expected: list[float]) -> None:
    assert pretty(low, high, n).tolist() == pytest.approx(expected)


@settings(max_examples=200, deadline=None)
@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6), st.integers(2, 12))
def test_that_round_values_cover_the_range_evenly(low: float, span: float, n: int) -> None:
    ticks = pretty(low, low + span, n)
    step = ticks[1] - ticks[0]
    assert ticks[0] <= low + 1e-6 * step
    assert ticks[-1] >= low + span - 1e-6 * step
    assert np.allclose(np.diff(ticks), step, rtol=1e-6)


def test_that_a_single_value_still_gets_an_axis() -> None:
    assert len(pretty(3.0, 3.0, 10)) >= 2
    assert len(pretty(0.0, 0.0, 10)) >= 2


def test_that_few_distinct_values_are_the_ticks_themselves() -> None:
    assert axis_ticks(np.array([2.0, 0.0, 1.0, 1.0, np.nan])).tolist() == [0.0, 1.0, 2.0]


def test_that_points_are_a_straight_line_of_the_linear_predictor_and_survival_is_coxs() -> None:
    x = np.linspace(20, 80, 13)
    predictors = [Predictor("age", 0.03, x, x), Predictor("sex", -0.6, np.array([1.0, 2.0]), np.array([1.0, 2.0]))]
    lp = np.array([-1.0, 0.0, 1.2])
    drawn = nomogram(predictors, 0.4, lp, 0.35)
    assert max(axis.points.max() for axis in drawn.axes) == pytest.approx(100)
    assert min(axis.points.min() for axis in drawn.axes) == 0
    # A patient's points add up to the total of their linear predictor.
    age_points = np.interp(50.0, x, drawn.axes[0].points)
    total = age_points + drawn.axes[1].points[0]
    lp_patient = 0.03 * 50 - 0.6 * 1 - 0.4
    assert drawn.total_points(np.array([lp_patient]))[0] == pytest.approx(total)
    assert drawn.survival(np.array([total]))[0] == pytest.approx(np.exp(-0.35 * np.exp(lp_patient)))
    assert np.allclose(drawn.survival(drawn.survival_points), drawn.survival_ticks, atol=1e-4)


def test_that_a_model_without_effect_has_no_nomogram() -> None:
    with pytest.raises(EsccError, match="no predictor"):
        nomogram([Predictor("x", 0.0, np.array([0.0, 1.0]), np.array([0.0, 1.0]))], 0.0, np.array([0.0]), 0.3)
