from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from escc_desktop.stats.calibration import calibration_groups, equal_sizes, net_benefit
from escc_desktop.stats.nomogram import Predictor, axis_ticks, nomogram
from escc_desktop.stats.performance import auc_at, brier, c_index, compare, integrated_brier, noether_c, uno_c
from escc_desktop.stats.survival import Endpoint

pytestmark = pytest.mark.reference

CASES = ("lung", "synth59", "veteran")


class Case:
    """One folder of R's results."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.case: dict[str, Any] = json.loads((folder / "case.json").read_text())
        self.expected: dict[str, Any] = json.loads((folder / "expected.json").read_text())

    def table(self, name: str = "input.csv") -> dict[str, np.ndarray]:
        with (self.folder / name).open(newline="") as stream:
            rows = list(csv.DictReader(stream))
        return {column: np.array([float(row[column]) for row in rows]) for column in rows[0]}

    def endpoint(self) -> Endpoint:
        table = self.table()
        return Endpoint(table["time"], table["status"] == 1)


@pytest.fixture(params=CASES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def _case(reference_dir: Path, step: str, name: str) -> Case:
    return Case(reference_dir / "reference" / "statistics" / step / name)


def test_that_concordance_and_its_comparison_equal_survival(reference_dir: Path, name: str) -> None:
    case = _case(reference_dir, "discrimination", name)
    table, endpoint, expected = case.table(), case.endpoint(), case.expected["survival_concordance"]
    found = {marker: c_index(endpoint, table[marker]) for marker in ("m1", "m2")}
    for marker, c in found.items():
        counts = expected[marker]["counts"]
        assert (c.concordant, c.discordant, c.tied_risk) == (
            counts["concordant"],
            counts["discordant"],
            counts["tied.x"],
        )
        assert c.c == pytest.approx(expected[marker]["c"], rel=1e-12)
        assert c.se == pytest.approx(expected[marker]["se"], rel=1e-12)
    difference = compare(found["m1"], found["m2"])
    assert difference.difference == pytest.approx(expected["diff"], rel=1e-10)
    assert difference.se == pytest.approx(expected["diff_se"], rel=1e-10)


def test_that_uno_and_noether_equal_r(reference_dir: Path, name: str) -> None:
    case = _case(reference_dir, "discrimination", name)
    table, endpoint = case.table(), case.endpoint()
    for marker in ("m1", "m2"):
        uno, expected = uno_c(endpoint, table[marker], case.case["u"]), case.expected["uno"][marker]
        assert (uno.c, uno.se) == pytest.approx((expected["c"], expected["se"]), rel=1e-12)
        noether, expected = noether_c(endpoint, table[marker]), case.expected["survcomp"][marker]
        assert (noether.c, noether.se, noether.lower, noether.upper, noether.p) == pytest.approx(
            tuple(expected[key] for key in ("c.index", "se", "lower", "upper", "p")), rel=1e-10
        )


def test_that_the_auc_its_error_and_its_comparison_equal_riskregression(reference_dir: Path, name: str) -> None:
    case = _case(reference_dir, "discrimination", name)
    table, endpoint, expected = case.table(), case.endpoint(), case.expected["auc_u"]
    found = [auc_at(endpoint, table[marker], case.case["u"]) for marker in ("m1", "m2")]
    assert [area.auc for area in found] == pytest.approx(expected["auc"], rel=1e-12)
    assert [area.se for area in found] == pytest.approx(expected["se"], rel=1e-10)
    assert [area.lower for area in found] == pytest.approx(expected["lower"], rel=1e-10)
    difference = compare(*found)
    assert (difference.difference, difference.se, difference.p) == pytest.approx(
        (expected["delta"], expected["delta_se"], expected["delta_p"]), rel=1e-9
    )
    times = case.expected["auc_times"]
    for marker in ("m1", "m2"):
        areas = [auc_at(endpoint, table[marker], time).auc for time in times["times"]]
        assert areas == pytest.approx(times[marker], rel=1e-12)


def test_that_the_brier_score_equals_pec_and_riskregression(reference_dir: Path, name: str) -> None:
    case = _case(reference_dir, "brier", name)
    endpoint, grid, expected = case.endpoint(), np.array(case.case["grid"], dtype=float), case.expected
    for model in ("m1", "m2"):
        survival = np.column_stack(list(case.table(f"surv_{model}.csv").values()))
        scores = [brier(endpoint, survival[:, k], time) for k, time in enumerate(grid)]
        assert [score.brier for score in scores] == pytest.approx(expected[f"brier_{model}"], rel=1e-9)
        row = expected["score_brier_u"]["model"].index(model)
        assert scores[-1].se == pytest.approx(expected["score_brier_u"]["se"][row], rel=1e-9)
        crps = integrated_brier(endpoint, survival, grid)
        assert crps == pytest.approx(expected["crps_grid"][model], rel=1e-9)


def test_that_calibration_groups_equal_r(reference_dir: Path, name: str) -> None:
    case = _case(reference_dir, "calibration", name)
    endpoint, survival = case.endpoint(), np.array(case.expected["predicted_S"])
    groups = calibration_groups(endpoint, survival, case.case["u"], equal_sizes(endpoint.n, 3))
    for group, expected in zip(groups, case.expected["tertiles"], strict=True):
        assert (group.n, group.predicted, group.observed, group.std_error) == pytest.approx(
            (expected["n"], expected["mean_pred"], expected["km"], expected["se"]), rel=1e-10
        )
    groups = calibration_groups(endpoint, survival, case.case["u"], case.case["rms_KM_groups"])
    rms = case.expected["rms_KM"]
    assert [group.predicted for group in groups] == pytest.approx(rms["mean_predicted"], rel=1e-10)
    assert [group.observed for group in groups] == pytest.approx(rms["KM"], rel=1e-10)
    assert [group.std_error / group.observed for group in groups] == pytest.approx(rms["std_err"], rel=1e-10)


def test_that_decision_curves_equal_vickers(reference_dir: Path, name: str) -> None:
    case = _case(reference_dir, "dca", name)
    table, endpoint, expected = case.table(), case.endpoint(), case.expected
    thresholds = np.array(case.case["thresholds"])
    for model in ("1", "2"):
        found = net_benefit(endpoint, table[f"risk{model}"], case.case["u"], thresholds)
        assert found.model == pytest.approx(expected[f"nb_m{model}"], rel=1e-10, abs=1e-12)
        assert found.treat_all == pytest.approx(expected["nb_all"], rel=1e-10, abs=1e-12)
    assert found.fraction_high == pytest.approx(expected["frac_high_m2"])
    assert found.risk_high == pytest.approx(expected["kmrisk_high_m2"])


def test_that_nomograms_equal_rms(reference_dir: Path, name: str) -> None:
    case = _case(reference_dir, "nomogram", name)
    table, expected = case.table(), case.expected
    predictors = []
    for variable, coefficient in expected["coef"].items():
        ticks = axis_ticks(table[variable])
        predictors.append(Predictor(variable, coefficient, ticks, ticks))
    columns = np.column_stack([table[variable] for variable in expected["coef"]])
    lp = columns @ np.array(list(expected["coef"].values())) - expected["center"]
    hazard = -np.log(expected["subject_S"][0]) / np.exp(expected["subject_lp"][0])
    drawn = nomogram(predictors, expected["center"], lp, float(hazard))
    assert (drawn.points_per_lp, drawn.intercept) == pytest.approx((expected["sc"], expected["intercept"]), rel=1e-12)
    for axis, wanted in zip(drawn.axes, expected["predictors"], strict=True):
        assert axis.ticks == pytest.approx(wanted["values"])
        assert axis.points == pytest.approx(wanted["points"], rel=1e-9, abs=1e-9)
    assert drawn.total_ticks == pytest.approx(expected["total_points_axis"])
    assert drawn.lp_ticks == pytest.approx(expected["lp_axis"]["lp"], abs=1e-12)
    assert drawn.lp_points == pytest.approx(expected["lp_axis"]["points"], rel=1e-9)
    assert drawn.survival_ticks == pytest.approx(expected["S_axis"]["S"])
    assert drawn.survival_points == pytest.approx(expected["S_axis"]["points"], rel=1e-8)
    assert drawn.total_points(lp)[:10] == pytest.approx(expected["subject_points"], rel=1e-9)
    assert drawn.survival(drawn.total_points(lp))[:10] == pytest.approx(expected["subject_S"], rel=1e-8)
