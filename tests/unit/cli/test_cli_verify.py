"""`escc verify` and `escc params` at their doors: exit codes, one JSON document, what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from escc_desktop.cli.app import build
from escc_desktop.cli.frame import run_app
from escc_desktop.features.params import PRESETS, load_params
from escc_desktop.workflow import verify as qualification
from escc_desktop.workflow.verify import Check, Verification
from escc_desktop.workflow.verify_values import Deviation

GOOD = Check("built in", "km", "a", 3, Deviation("surv", 1e-12, 1e-8), "", 0.1)
BAD = Check("x/index.json", "km", "b", 3, Deviation("surv", 1e-3, 1e-8), "1 of 3 values differ.", 0.1)


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as left:
        run_app(build([str(argument) for argument in arguments]), [str(argument) for argument in arguments])
    assert isinstance(left.value.code, int)
    return left.value.code


def found(monkeypatch: pytest.MonkeyPatch, *checks: Check) -> None:
    facts = (("Engine", "fast 1.0"),)
    monkeypatch.setattr("escc_desktop.cli.verify.verify", lambda *_: Verification(checks, facts))


def test_that_what_passed_leaves_with_0(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    found(monkeypatch, GOOD)
    assert run("verify") == 0
    said = capsys.readouterr().out
    assert "pass  km" in said
    assert said.endswith("All 1 checks passed.\n")


@pytest.mark.parametrize("checks", [(GOOD, BAD), ()])
def test_that_what_failed_or_was_not_there_leaves_with_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], checks: tuple[Check, ...]
) -> None:
    found(monkeypatch, *checks)
    assert run("verify", "--json") == 1
    said = capsys.readouterr()
    document = json.loads(said.out)
    assert document["passed"] is False
    assert [each["pass"] for each in document["checks"]] == [each.has_passed for each in checks]
    assert said.err.startswith("error: ")


def test_that_the_report_is_written_whatever_came_of_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found(monkeypatch, GOOD, BAD)
    assert run("verify", "--report", tmp_path / "q.pdf") == 1
    assert (tmp_path / "q.pdf").read_bytes().startswith(b"%PDF")
    assert run("verify", "--report", tmp_path / "nowhere" / "q.pdf") == 1
    assert run("verify", tmp_path / "nowhere", "more") == 2


def test_that_a_folder_without_cases_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(qualification, "digital_phantom_check", lambda: qualification.Planned("s", "ibsi", "a", _fine))
    monkeypatch.setattr(qualification, "resource_path", lambda *_parts: tmp_path)
    assert run("verify") == 0
    monkeypatch.setattr(qualification, "run_check", lambda *_: pytest.fail("a check was run"))
    assert run("verify", tmp_path) == 1
    assert "No reference case was found" in capsys.readouterr().err
    assert run("verify", tmp_path / "nowhere") == 1


def _fine(_progress: object) -> tuple[Deviation, ...]:
    return (Deviation("a", 0.0, 1.0),)


def test_that_the_shipped_settings_are_listed_with_their_digests(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("params") == 0
    said = capsys.readouterr().out
    assert run("params", "--json") == 0
    listed = json.loads(capsys.readouterr().out)
    assert [each["name"] for each in listed] == list(PRESETS)
    for each in listed:
        assert each["digest"] == load_params(each["name"]).digest
        assert each["digest"] in said


@pytest.mark.parametrize("name", PRESETS)
def test_that_printed_settings_are_the_same_settings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert run("params", name) == 0
    mine = tmp_path / "mine.yaml"
    mine.write_text(capsys.readouterr().out, encoding="utf-8")
    assert load_params(mine) == load_params(name)
    assert run("params", mine) == 0
    assert load_params(name).digest in capsys.readouterr().out
    assert run("params", "nowhere") == 1


def test_that_a_wrong_word_is_refused_in_plain_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("project", "plan", "--tools", "nonsense") == 2
    said = capsys.readouterr().err
    assert "'nonsense' is not one of" in said
    assert "Value error" not in said
