from __future__ import annotations

import numpy as np
import pytest

from escc_desktop.errors import EsccError
from escc_desktop.stats.calibration import calibration_groups, equal_sizes, net_benefit, roc_at
from escc_desktop.stats.performance import auc_at
from escc_desktop.stats.survival import Endpoint


def _cohort(n: int = 90) -> tuple[Endpoint, np.ndarray]:
    rng = np.random.default_rng(2)
    risk = np.round(rng.normal(size=n), 1)
    time, censored = rng.exponential(12 * np.exp(-risk)), rng.uniform(2, 30, n)
    return Endpoint(np.minimum(time, censored), time <= censored), risk


def test_that_groups_are_as_equal_as_ranks_allow() -> None:
    assert equal_sizes(59, 3) == (19, 20, 20)
    assert sum(equal_sizes(61, 4)) == 61


def test_that_without_censoring_the_observed_survival_is_a_proportion() -> None:
    time = np.arange(1.0, 13.0)
    groups = calibration_groups(Endpoint(time, np.ones(12, dtype=bool)), time / 13, 6.5, (6, 6))
    assert [group.observed for group in groups] == pytest.approx([0.0, 1.0])
    assert groups[0].predicted == pytest.approx(np.mean(time[:6] / 13))


def test_that_groups_of_another_size_are_refused() -> None:
    endpoint, _ = _cohort()
    with pytest.raises(EsccError, match="of 90"):
        calibration_groups(endpoint, np.full(90, 0.5), 12.0, (30, 30))


def test_that_the_area_under_the_curve_is_the_auc_with_ties() -> None:
    endpoint, risk = _cohort()
    curve = roc_at(endpoint, risk, 9.0)
    assert curve is not None
    area = float(np.trapezoid(curve.true_positive, curve.false_positive))
    assert area == pytest.approx(auc_at(endpoint, risk, 9.0).auc, abs=1e-12)


def test_that_there_is_no_curve_without_controls() -> None:
    endpoint, risk = _cohort()
    assert roc_at(endpoint, risk, 1e6) is None


def test_that_treating_everybody_by_a_threshold_of_zero_risk_equals_treating_all() -> None:
    endpoint, _ = _cohort()
    thresholds = np.array([0.1, 0.3])
    found = net_benefit(endpoint, np.ones(endpoint.n), 9.0, thresholds)
    assert found.model == pytest.approx(found.treat_all)
    nobody = net_benefit(endpoint, np.zeros(endpoint.n), 9.0, thresholds)
    assert nobody.model == pytest.approx([0.0, 0.0])
