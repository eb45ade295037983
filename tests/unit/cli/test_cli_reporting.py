"""`escc paper --checks`, `planner`, `specification`, `manuscript` as other programs see them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer

from escc_desktop.cli import manuscript, paper, planning, specification
from escc_desktop.cli.frame import run_app
from escc_desktop.files import read_csv
from tests.simulated_cohort import simulate


def run(*arguments: str | Path) -> int:
    app = typer.Typer(pretty_exceptions_enable=False)
    for module in (manuscript, paper, planning, specification):
        module.register(app)
    with pytest.raises(SystemExit) as leaving:
        run_app(app, [str(argument) for argument in arguments])
    return int(leaving.value.code or 0)


def document(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def test_that_the_planner_answers_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("planner", "rereads", "--icc", "0.85", "--bound", "0.75", "--json") == 0
    assert document(capsys)["n_for_bound"] == 51
    assert run("planner", "validation", "--risk", "0.35", "--c", "0.7", "--json") == 0
    assert set(document(capsys)) >= {"n", "events", "n_slope"}
    development = ("--parameters", "30", "--rate", "0.065", "--follow-up", "2.07", "--horizon", "2", "--r2", "0.051")
    assert run("planner", "development", *development, "--json") == 0
    assert document(capsys)["events"] == 692


@pytest.mark.parametrize(
    "asked",
    [
        ("rereads", "--icc", "0.85"),
        ("rereads", "--icc", "2", "--width", "0.1"),
        ("development", "--parameters", "5", "--rate", "0.1", "--follow-up", "5", "--r2", "0.1", "--c", "0.7"),
        ("validation", "--risk", "1.5", "--c", "0.7"),
    ],
)
def test_that_the_planner_refuses_in_one_sentence(asked: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert run("planner", *asked) != 0
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("error:")
    assert "Traceback" not in said.err


def test_that_printed_numbers_are_checked_on_paper_and_in_a_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("paper", "--checks", "-o", tmp_path / "checks.csv", "--json") == 0
    checks = document(capsys)["checks"]
    assert isinstance(checks, list)
    assert len(read_csv(tmp_path / "checks.csv").rows) == len(checks)
    assert run("paper", "clinical") == 0
    assert "no patient is assessed" in capsys.readouterr().out


def test_that_a_folder_with_other_work_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    features, clinical = simulate(p=25).write(tmp_path)
    assert run("specification", features, clinical, "-o", tmp_path) != 0
    assert run("manuscript", tmp_path, "-o", tmp_path / "out") != 0
    assert "holds other work" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
