"""Case folders: what is read, and that a bad one gets one clear sentence."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import typer
from scipy import stats
from typer.testing import CliRunner

from escc_desktop.cli import statistics
from escc_desktop.errors import EsccError, UsageError
from escc_desktop.workflow.casebook import STEPS, run_case, summary
from escc_desktop.workflow.planning import size_trial

CaseMaker = Callable[..., Path]

KM_CASE = {"u": 6, "times": [3, 6]}
KM_TABLE = "time,status,group\n1,1,0\n2,1,1\n3,1,0\n4,0,1\n5,1,0\n6,1,1\n7,1,0\n8,0,1\n"


@pytest.fixture
def make(tmp_path: Path) -> CaseMaker:
    def write(parameters: object, **tables: str) -> Path:
        (tmp_path / "case.json").write_text(parameters if isinstance(parameters, str) else json.dumps(parameters))
        for name, text in tables.items():
            (tmp_path / f"{name}.csv").write_text(text)
        return tmp_path

    return write


def test_that_a_sound_case_gives_its_numbers_as_json(make: CaseMaker) -> None:
    result = run_case("km", make(KM_CASE, input=KM_TABLE))
    assert result["surv"] == pytest.approx([5 / 8, 5 / 8 * 3 / 4 * 2 / 3])
    assert json.loads(json.dumps(result, allow_nan=False)) == result
    assert "surv: [0.625" in summary(result)


def test_that_what_does_not_exist_is_null(make: CaseMaker) -> None:
    never = "time,status,group\n1,1,0\n2,0,1\n3,0,0\n4,1,1\n5,0,0\n6,0,1\n7,0,0\n8,0,1\n"
    result = run_case("km", make(KM_CASE, input=never))
    assert result["median_log"]["q"][1] is None
    assert result["spss_median"] is None


def test_that_an_unknown_step_is_wrong_use_and_names_the_steps(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        run_case("anova", tmp_path)
    assert all(step in caught.value.hint for step in STEPS)


@pytest.mark.parametrize(
    ("parameters", "table", "message"),
    [
        ("{", KM_TABLE, r"case\.json, line 1"),
        ('{"u": NaN, "times": []}', KM_TABLE, "NaN"),
        ([1], KM_TABLE, "no object"),
        ({"u": 6}, KM_TABLE, "has no 'times'"),
        ({"u": 6, "times": 3}, KM_TABLE, "times is no list"),
        ({"u": 6, "times": ["soon"]}, KM_TABLE, "'soon' is no number"),
        (KM_CASE, "time,status\n1,1\n", "no column group"),
        (KM_CASE, "time,status,group\n1,2,0\n", r"input\.csv, row 2, column status: an event is 1"),
        (KM_CASE, "time,status,group\n1,,0\n", r"input\.csv, row 2, column status: '' is no number"),
        (KM_CASE, "time,status,group\n-1,1,0\n", "negative"),
        (KM_CASE, "time,status,group\n1,1,0.5\n", "not a whole number"),
        (KM_CASE, "time,status,group\n1,1\n", "2 cells where the header has 3"),
        (KM_CASE, "time,status,group\n", "no rows"),
    ],
)
def test_that_a_bad_case_is_refused_in_one_sentence(
    make: CaseMaker, parameters: object, table: str, message: str
) -> None:
    with pytest.raises(EsccError, match=message):
        run_case("km", make(parameters, input=table))


def test_that_a_missing_folder_or_file_is_named(make: CaseMaker, tmp_path: Path) -> None:
    with pytest.raises(EsccError, match="nowhere is no folder"):
        run_case("km", tmp_path / "nowhere")
    with pytest.raises(EsccError, match=r"input\.csv does not exist"):
        run_case("km", make(KM_CASE))


def test_that_features_with_unequal_patients_are_refused(make: CaseMaker) -> None:
    table = "feature,subject,A1,A2,B\nf,1,1,2,3\nf,2,1,2,4\ng,1,1,2,3\n"
    with pytest.raises(EsccError, match="different numbers of patients"):
        run_case("icc", make({"alpha": 0.05}, input=table))


def test_that_markers_that_cannot_be_compared_are_refused(make: CaseMaker) -> None:
    parameters = {"u": 2, "auc_times": [2]}
    with pytest.raises(EsccError, match="No two patients can be compared"):
        run_case("discrimination", make(parameters, input="time,status,m1,m2\n1,1,3,3\n2,1,2,1\n"))
    ranked = "time,status,m1,m2\n1,1,3,3\n2,1,2,1\n3,0,1,2\n4,1,0,0\n"
    compared = run_case("discrimination", make(parameters, input=ranked))
    assert compared["survcomp"]["m1"]["c.index"] == 1


@pytest.mark.parametrize(
    ("rows", "message"),
    [("0,1\n0,9\n", "between 0 and 7"), ("0,1e300\n", "whole number"), ("", "no rows"), ("0,x\n", "'x' is no number")],
)
def test_that_resamples_must_be_indices_of_patients(make: CaseMaker, rows: str, message: str) -> None:
    parameters = {"u": 2, "rms_KM_groups": [4, 4], "boot_indices": "rows.csv"}
    table = KM_TABLE.replace("group", "x")
    with pytest.raises(EsccError, match=message):
        run_case("calibration", make(parameters, input=table, rows=rows))
    with pytest.raises(EsccError, match="no file of the case folder"):
        run_case("calibration", make({**parameters, "boot_indices": "../rows.csv"}, input=table))


def test_that_the_commands_print_json_and_sentences(make: CaseMaker) -> None:
    app, runner = typer.Typer(), CliRunner()
    statistics.register(app)
    told = runner.invoke(app, ["stats", "km", str(make(KM_CASE, input=KM_TABLE)), "--json"])
    assert json.loads(told.stdout)["n_risk"] == [6, 3]
    options = ["--p0", "0.346", "--p1", "0.55", "--alpha", "0.05", "--power", "0.9", "--dropout", "0.1"]
    size = json.loads(runner.invoke(app, ["sample-size", *options, "--json"]).stdout)
    assert (size["n"], size["critical_value"], size["enrolment"], size["stable_n"]) == (53, 25, 59, 55)
    assert "53 patients" in runner.invoke(app, ["sample-size", *options]).stdout


def test_that_a_design_says_where_its_power_is_stable() -> None:
    size = size_trial(0.346, 0.55, 0.05, 0.9)
    assert "n = 55" in size.text()
    assert size.document()["note"]


BASELINE = "time,status,age,sex\n" + "".join(f"{k},{k % 2},{50 + 7 * k % 11},1\n" for k in range(1, 13))


def test_that_a_variable_that_does_not_vary_says_so_and_costs_no_other(make: CaseMaker) -> None:
    age, sex = run_case("table1", make({}, input=BASELINE))["continuous"]  # type: ignore[misc]
    assert age["shapiro_W"] == pytest.approx(stats.shapiro([50 + 7 * k % 11 for k in range(1, 13)]).statistic)
    assert "note" not in age
    assert (sex["mean"], sex["sd"], sex["q_type7_R"]) == (1, 0, [1, 1, 1])
    assert sex["shapiro_W"] is None
    assert sex["t_p"] is None
    assert "not all equal" in sex["note"]
    assert "vary within a group" in sex["note"]


def test_that_a_baseline_table_without_events_describes_and_says_what_cannot_be_tested(make: CaseMaker) -> None:
    result = run_case("table1", make({}, input=BASELINE.replace(",1,", ",0,")))
    assert result["twobytwo"]["pearson"] is None  # type: ignore[index]
    assert "empty" in result["twobytwo"]["note"]  # type: ignore[index]


COX = "time,status,x\n" + "".join(f"{k},{(k * 5) % 7 < 4:d},{k * k % 10}\n" for k in range(1, 20))


def test_that_one_event_is_said_to_be_one_event(make: CaseMaker) -> None:
    lines = COX.splitlines()
    censored = [lines[0], *(line.split(",")[0] + ",0," + line.split(",")[2] for line in lines[1:])]
    one = "\n".join([*censored[:3], "3,1,9", *censored[4:]]) + "\n"
    with pytest.raises(EsccError, match="There is one event"):
        run_case("cox", make({"u": 6}, input=one))


def test_that_a_covariate_that_separates_is_named_with_a_way_out(make: CaseMaker) -> None:
    separated = "\n".join(",".join([*line.split(",")[:2], line.split(",")[1]]) for line in COX.splitlines())
    with pytest.raises(EsccError, match="separates") as caught:
        run_case("cox", make({"u": 6}, input=separated.replace("time,status,status", "time,status,x") + "\n"))
    assert "firth" in caught.value.hint


def test_that_what_case_json_leaves_out_has_the_default_of_the_reference(make: CaseMaker) -> None:
    assert run_case("cox", make({"u": 6}, input=COX))["formula"] == "Surv(time, status) ~ x"
    cut = run_case("xtile", make({}, input=COX))
    assert cut["minfrac"] == 0.1
    assert cut["three_group"]["p"] is not None  # type: ignore[index]
    assert list(run_case("firth", make({}, input=COX))["profile_ci"]) == ["x"]  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("step", "parameters", "table", "message"),
    [
        ("cox", {"u": -1}, COX, "a time after 0"),
        ("cox", {"u": True}, COX, "'True' is no number"),
        ("cox", {"u": 6}, "time,status\n1,1\n2,0\n", "no column beside time and status"),
        ("table1", {}, "time,status\n1,1\n2,0\n", "no column beside time and status"),
        ("xtile", {"minfrac": 2}, COX, "between 0 and 1"),
        ("xtile", {"rule": 7}, COX, "rule is no text"),
        ("dca", {"u": 6, "thresholds": [0.5, 1]}, "time,status,risk1,risk2\n1,1,0.1,0.2\n2,0,0.3,0.4\n", "thresholds"),
        ("dca", {"u": 6}, "time,status,risk1,risk2\n1,1,0.1,0.2\n2,0,3,0.4\n", "outside 0 to 1"),
        ("km", {"times": []}, KM_TABLE, "empty list"),
        ("calibration", {"u": 6, "rms_KM_groups": [0, 19]}, COX, "below 1"),
        ("icc", {"alpha": 5}, "feature,A1,A2,B\nf,1,2,3\nf,2,3,5\n", "between 0 and 1"),
    ],
)
def test_that_an_odd_value_is_refused_by_name(
    make: CaseMaker, step: str, parameters: object, table: str, message: str
) -> None:
    with pytest.raises(EsccError, match=message):
        run_case(step, make(parameters, input=table))


def test_that_an_unknown_rule_for_lambda_is_refused(make: CaseMaker) -> None:
    rng = np.random.default_rng(1)
    X = rng.normal(size=(40, 5))
    features = "a,b,c,d,e\n" + "\n".join(",".join(f"{value:.6f}" for value in row) for row in X) + "\n"
    outcome = "time,status,foldid\n" + "\n".join(
        f"{np.exp(-2 * X[k, 0]) + k / 999:.4f},{k % 4 > 0:d},{k % 5 + 1}" for k in range(40)
    )
    with pytest.raises(EsccError, match="lambda_rule is 'median', but has to be one of min, 1se"):
        run_case("pipeline", make({"lambda_rule": "median"}, features=features, outcome=outcome + "\n"))
    found = run_case("pipeline", make({}, features=features, outcome=outcome + "\n"))
    assert 0 <= found["kkt_residual"] < 0.1  # type: ignore[operator]


def test_that_an_event_at_time_zero_has_no_test_on_the_logarithm_of_time(make: CaseMaker) -> None:
    fit = run_case("cox", make({"u": 6}, input=COX.replace("1,0,1\n", "0,1,1\n", 1).replace("1,1,1\n", "0,1,1\n", 1)))
    km, *_, log = fit["efron"]["zph"]  # type: ignore[index]
    assert km["p"][0] is not None
    assert log["p"] == [None, None]
