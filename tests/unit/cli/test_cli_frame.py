"""What every command shares: exit codes, one error, one JSON document, a crash report without values."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import typer

from escc_desktop import version
from escc_desktop.cli.app import build
from escc_desktop.cli.frame import progress_on_stderr, report_faults, run_app, say, show, time_left
from escc_desktop.errors import EsccError, Fault, FaultsError, UsageError
from escc_desktop.progress import Cancelled

SECRET = "Zhang San 1953"


def fail(kind: str) -> None:
    troubles: dict[str, Exception] = {
        "refused": EsccError("labs.csv is empty.", "Fill it."),
        "faults": FaultsError("labs.csv is bad.", [Fault(f"row {number}", "is odd") for number in range(60)], "Mend."),
        "usage": UsageError("There is no such form."),
        "defect": ValueError(f"cannot use {SECRET}"),
        "cancelled": Cancelled(),
        "exit": typer.Exit(1),
    }
    if kind == "interrupt":
        raise KeyboardInterrupt
    if kind in troubles:
        raise troubles[kind]
    show({"name": "µ – 食管", "kind": kind}, as_json=True, text=str)


def run(app: typer.Typer, *arguments: str) -> int:
    with pytest.raises(SystemExit) as leaving:
        run_app(app, list(arguments))
    return int(leaving.value.code or 0)


def failing(kind: str) -> int:
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command("fail")(fail)
    return run(app, kind)


@pytest.mark.parametrize(
    ("kind", "code"),
    [("nothing", 0), ("refused", 1), ("faults", 1), ("exit", 1), ("usage", 2), ("cancelled", 130), ("interrupt", 130)],
)
def test_that_the_exit_code_says_whose_fault_it_is(kind: str, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert failing(kind) == code
    shown = capsys.readouterr()
    assert "Traceback" not in shown.err
    assert (shown.out != "") == (code == 0)
    assert ("Stopped" in shown.err) == (code == 130)


def test_that_many_faults_are_told_in_lines_and_the_rest_counted(capsys: pytest.CaptureFixture[str]) -> None:
    failing("faults")
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "error: labs.csv is bad. Mend."
    assert lines[1:51] == [f"  row {number}: is odd" for number in range(50)]
    assert lines[51:] == ["  and 10 more"]


def test_that_a_defect_leaves_a_report_without_values(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert failing("defect") == 3
    shown = capsys.readouterr().err
    assert shown.startswith("error: a defect of this program (ValueError)")
    report = Path(re.findall(r"the report is (.+)$", shown.strip())[0])
    text = report.read_text(encoding="utf-8")
    assert text.startswith("ValueError\n")
    assert re.search(r"test_cli_frame\.py:\d+ fail", text)
    assert SECRET not in text + shown
    assert "Traceback" not in shown


def test_that_numbers_json_does_not_know_are_a_defect_not_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        show({"value": float("nan")}, as_json=True, text=str)
    assert capsys.readouterr().out == ""


def test_that_a_name_that_is_no_text_is_printed_escaped(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    app = typer.Typer(pretty_exceptions_enable=False)

    @app.command("odd")
    def odd() -> None:
        say("warning: ct\udcff.dcm")
        show({"path": "动脉期\udcff.dcm"}, as_json=True, text=str)

    assert run(app) == 0
    shown = capsysbinary.readouterr()
    assert json.loads(shown.out.decode("utf-8")) == {"path": "动脉期\udcff.dcm"}
    assert shown.err == b"warning: ct\\udcff.dcm\n"


def test_that_progress_off_a_terminal_is_lines_and_the_handlers_come_back(capsys: pytest.CaptureFixture[str]) -> None:
    import signal  # noqa: PLC0415

    before = signal.getsignal(signal.SIGINT)
    with progress_on_stderr() as progress:
        progress.advance(1, 4, "reading")
        assert signal.getsignal(signal.SIGINT) is not before
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(Cancelled):
            progress.advance(2, 4, "reading on")
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before
    assert capsys.readouterr().err == " 25% reading\n"


def test_that_long_work_says_how_long_it_will_take(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr("escc_desktop.cli.frame.time", SimpleNamespace(monotonic=lambda: now[0]))
    with progress_on_stderr() as progress:
        for step in range(1, 5):
            now[0] += 100.0
            progress.advance(step, 4, f"{step} of 4 done")
    assert capsys.readouterr().err.splitlines() == [
        " 25% 1 of 4 done",
        " 50% 2 of 4 done, about 3 min left",
        " 75% 3 of 4 done, about 2 min left",
        "100% 4 of 4 done",
    ]


def test_that_no_faults_are_no_lines(capsys: pytest.CaptureFixture[str]) -> None:
    report_faults("Nothing fits.", ())
    assert capsys.readouterr().err == "error: Nothing fits.\n"


def commands(app: typer.Typer, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield from ((*path, command.name or "") for command in app.registered_commands)
    for group in app.registered_groups:
        assert group.typer_instance is not None
        yield from commands(group.typer_instance, (*path, str(group.typer_instance.info.name)))


@pytest.mark.parametrize("path", sorted(commands(build())), ids=" ".join)
def test_that_the_help_of_every_command_shows_it_in_use(
    path: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(build(), *path, "--help") == 0
    shown = capsys.readouterr()
    assert len(re.findall(rf"Example: escc {' '.join(path)}\b", shown.out)) == 1
    assert shown.err == ""


@pytest.mark.parametrize("path", sorted(commands(build())), ids=" ".join)
def test_that_every_command_refuses_a_stranger_option(
    path: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(build(), *path, "--nonsense") == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("error: ")
    assert len(shown.err.splitlines()) == 1


def test_that_the_version_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(build(), "--version") == 0
    assert capsys.readouterr().out == f"escc {version()}\n"


def test_that_without_arguments_the_commands_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(build()) == 0
    shown = capsys.readouterr().out
    assert all(path[0] in shown for path in commands(build()))
    assert "Research use only." in shown


@pytest.mark.parametrize(
    "arguments",
    [
        "sample-size --p0 0.346 --p1 0.55 --alpha 0.05 --power 0.9",
        "scan .",
    ],
)
def test_that_stdout_with_json_is_exactly_one_document(
    arguments: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(build(), *arguments.split(), "--json") in {0, 1}
    assert isinstance(json.loads(capsys.readouterr().out or "{}"), dict)


@pytest.mark.skipif(os.name != "posix", reason="other systems have no such names")
def test_that_a_table_whose_name_is_no_text_leaves_a_readable_sidecar(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "f\udcff.csv"
    rows = [
        f"P{number},L1,primary,{reader},{occasion},{number * 1.5 + shift}"
        for number in range(5)
        for reader, occasion, shift in (("A", "first", 0.0), ("A", "repeat", 0.1), ("B", "first", 0.2))
    ]
    header = "patient_id,lesion_id,site,reader,occasion,A_original_firstorder_Mean"
    table.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    assert run(build(), "icc", str(table), "-o", str(tmp_path / "icc.csv")) == 0, capsys.readouterr().err
    sidecar = json.loads((tmp_path / "icc.csv.json").read_bytes())
    assert sidecar["inputs"]["features"]["name"] == table.name


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(20, "less than a minute left"), (170, "about 3 min left"), (8000, "about 2 h left")],
)
def test_that_the_time_left_is_said_in_words(seconds: float, said: str) -> None:
    assert time_left(seconds) == said
