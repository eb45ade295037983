from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter

from escc_desktop.stats.recalibration import calibration_slope, in_the_large
from escc_desktop.stats.survival import Endpoint


def _drawn(n: int = 4000) -> tuple[Endpoint, np.ndarray, np.ndarray]:
    """Weibull times of known risk and the true survival at 12 months."""
    rng = np.random.default_rng(7)
    risk = rng.normal(0, 0.8, n)
    time = 20 * (-np.log(rng.uniform(size=n)) * np.exp(-risk)) ** (1 / 1.6)
    censored = rng.uniform(5, 50, n)
    survival = np.exp(-((12 / 20) ** 1.6) * np.exp(risk))
    return Endpoint(np.minimum(time, censored), time <= censored), risk, survival


def test_that_true_predictions_are_right_on_the_whole() -> None:
    endpoint, risk, survival = _drawn()
    large, slope = in_the_large(endpoint, survival, 12.0), calibration_slope(endpoint, risk[None])
    assert large.lower < 1 < large.upper
    assert large.ratio == pytest.approx(1.0, abs=0.06)
    assert slope.lower < 1 < slope.upper
    assert slope.slope == pytest.approx(1.0, abs=0.08)


def test_that_extreme_predictions_have_a_slope_below_one_and_low_ones_a_ratio_above() -> None:
    endpoint, risk, survival = _drawn()
    assert calibration_slope(endpoint, 2 * risk[None]).slope == pytest.approx(0.5, abs=0.04)
    low = in_the_large(endpoint, 1 - (1 - survival) / 2, 12.0)
    assert low.ratio == pytest.approx(2.0, abs=0.12)
    assert low.lower > 1


def test_that_the_slope_is_lifelines_coefficient_and_repeats_are_averaged() -> None:
    endpoint, risk, _ = _drawn(150)
    frame = pd.DataFrame({"risk": risk, "time": endpoint.time_months, "event": endpoint.event})
    fitter = CoxPHFitter().fit(frame, "time", "event")
    found = calibration_slope(endpoint, risk[None])
    assert found.slope == pytest.approx(fitter.params_["risk"], rel=1e-5)
    assert found.se == pytest.approx(fitter.standard_errors_["risk"], rel=1e-5)
    twice = calibration_slope(endpoint, np.stack([risk, 2 * risk]))
    assert twice.slope == pytest.approx(0.75 * found.slope, rel=1e-9)
    assert twice.se > found.se * 0.7


def test_that_the_same_risk_for_all_has_no_slope() -> None:
    endpoint, _, _ = _drawn(100)
    assert np.isnan(calibration_slope(endpoint, np.zeros((2, 100))).slope)
    assert np.isnan(in_the_large(endpoint, np.ones(100), 12.0).ratio)
