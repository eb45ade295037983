"""Log hazard ratios over time, against R's survival 3.5-3 (cox.zph and the spline of plot.cox.zph)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter

from escc_desktop.stats.cox import cox
from escc_desktop.stats.hazard_course import hazard_course
from escc_desktop.stats.survival import Endpoint

TIME = [2, 3, 3, 5, 6, 8, 8, 9, 11, 12, 13, 15, 17, 18, 20]
EVENT = [1, 1, 1, 0, 1, 1, 1, 0, 1, 1, 0, 1, 1, 0, 1]
X = [1.2, 0.3, 2.1, -0.4, 0.8, 1.9, -1.1, 0.2, 0.6, -0.9, 1.1, 0.1, -0.3, -1.5, 0.4]
GROUP = [1, 0, 1, 0, 1, 0, 1, 0, 0, 1, 0, 1, 0, 0, 1]
# cox.zph(coxph(Surv(TIME, EVENT) ~ X + GROUP), transform = "km", terms = FALSE) and its plot's natural spline.
R_X = (
    "1.1232636985 -0.4419346234 2.8235511146 1.1942432808 2.9063351697 -1.7299790774 1.0735965734 "
    "-1.0260338519 0.7449982295 -0.1621507719 0.6505889742"
)
R_GROUP = (
    "2.3892062789 -2.3582760262 3.0487225046 3.0815216512 -1.0089785910 2.9469283708 -1.8935745069 "
    "2.0987403581 1.6905643580 -2.7445642037 0.7250290194"
)
R_AT = [0, 0.06666666667, 0.06666666667, 0.2, 0.27272727273, 0.27272727273, 0.41818181818, 0.50129870130]
R_SMOOTH = [1.3992632384, 0.6882623823, -0.2757837255]
R_SE = [1.634360339, 1.066426603, 1.967340200]


def _small() -> tuple[Endpoint, np.ndarray]:
    return Endpoint(np.array(TIME, dtype=float), np.array(EVENT) == 1), np.column_stack([X, GROUP]).astype(float)


def test_that_residuals_and_smooth_curve_are_those_of_r() -> None:
    endpoint, columns = _small()
    found = hazard_course(cox(endpoint, columns, ("x", "group")), endpoint, columns)
    # Deaths at one time may stand in another order.
    expected = np.array([R_X.split(), R_GROUP.split()], dtype=float).T
    assert np.sort(found.residual, axis=0) == pytest.approx(np.sort(expected, axis=0), rel=1e-8)
    assert found.at[:8] == pytest.approx(R_AT, abs=1e-10)
    assert found.smooth[[0, 19, 39], 1] == pytest.approx(R_SMOOTH, rel=1e-8)
    half = found.upper - found.smooth
    assert half[[0, 19, 39], 1] / 1.959963984540054 == pytest.approx(R_SE, rel=1e-8)
    assert found.smooth - found.lower == pytest.approx(half)


@pytest.mark.parametrize("scale", ["km", "identity", "rank", "log"])
def test_that_residuals_are_those_of_lifelines_on_every_scale(scale: str) -> None:
    rng = np.random.default_rng(3)
    columns = rng.normal(size=(60, 2))
    time = np.exp(rng.normal(size=60) - columns @ [0.8, -0.3])
    endpoint = Endpoint(time, rng.uniform(size=60) < 0.7)
    frame = pd.DataFrame({"a": columns[:, 0], "b": columns[:, 1], "time": time, "event": endpoint.event})
    fitter = CoxPHFitter().fit(frame, "time", "event")
    expected = fitter.compute_residuals(frame, "scaled_schoenfeld").to_numpy() + fitter.params_.to_numpy()
    found = hazard_course(cox(endpoint, columns, ("a", "b")), endpoint, columns, scale)  # type: ignore[arg-type]
    assert found.residual == pytest.approx(expected, abs=1e-4)
    assert (np.diff(found.at) >= 0).all()


def test_that_too_few_times_of_death_give_residuals_without_a_curve() -> None:
    endpoint = Endpoint(np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), np.array([True, True, True, False, False, False]))
    columns = np.array([[1.0], [0.0], [1.0], [0.0], [1.0], [0.0]])
    found = hazard_course(cox(endpoint, columns, ("x",)), endpoint, columns)
    assert found.residual.shape == (3, 1)
    assert found.smooth.shape == (0, 1)
