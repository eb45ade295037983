"""A small study conducted by commands alone: staff, images, records, lesions, plan, readings, audit, backup."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from escc_desktop.cli.app import build
from escc_desktop.cli.frame import run_app
from escc_desktop.imaging.exchange import write_mask
from escc_desktop.imaging.mask import Mask
from escc_desktop.imaging.volume import Geometry, Volume
from escc_desktop.imaging.writing import write_ct_series
from escc_desktop.workflow.demo.records import write_records
from escc_desktop.workflow.demo.truth import draw_truth

GEOMETRY = Geometry((32, 32, 12), (0.8, 0.8, 3.0), (-12.0, -12.0, 300.0))
PATIENTS = 4
Command = Callable[..., tuple[int, str, str]]
LESION_HEADER = ("patient_id", "lesion_id", "site", "role", "irradiated", "x_mm", "y_mm", "z_mm", "series_uid")


@pytest.fixture
def project(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Command:
    """Run `escc project ...` as the user named; return exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ESCC_PASSPHRASE", "a passphrase of the study")

    def run(name: str, *arguments: object, user: str) -> tuple[int, str, str]:
        monkeypatch.setenv("ESCC_PASSWORD", f"password of {user}")
        with pytest.raises(SystemExit) as leaving:
            run_app(build(), ["project", name, *map(str, arguments), "--user", user])
        shown = capsys.readouterr()
        assert "Traceback" not in shown.err
        return int(leaving.value.code or 0), shown.out, shown.err

    return run


def done(answer: tuple[int, str, str]) -> Any:
    code, out, err = answer
    assert code == 0, err
    return json.loads(out)


def refused(answer: tuple[int, str, str]) -> str:
    code, out, err = answer
    assert (code, out) == (1, "")
    errors = [line for line in err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1, err
    return errors[0]


def write_images(folder: Path) -> dict[str, str]:
    """Write one CT series a patient under a hospital number; return the series by trial code."""
    series = {}
    for number in range(1, PATIENTS + 1):
        hu = np.random.default_rng(number).normal(40, 15, GEOMETRY.shape)
        hu[4:8, 12:20, 12:20] += 60
        uid = f"2.25.{number}00"
        attributes = {
            "PatientID": f"H{number:06}",
            "PatientName": "SYNTHETIC^NOBODY",
            "StudyInstanceUID": f"2.25.{number}01",
            "SeriesInstanceUID": uid,
            "FrameOfReferenceUID": f"2.25.{number}02",
            "SeriesDescription": "C+ ART",
        }
        write_ct_series(Volume(hu.round().astype(np.int16), GEOMETRY), folder / str(number), attributes)
        series[f"P{number:03}"] = uid
    return series


def write_table(path: Path, header: tuple[str, ...], rows: list[list[object]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([header, *rows])
    return path


def draw(path: Path, corner: tuple[int, int, int]) -> Path:
    voxels = np.zeros(GEOMETRY.shape, dtype=np.bool_)
    z, y, x = corner
    voxels[z : z + 4, y : y + 8, x : x + 8] = True
    write_mask(path, Mask(voxels, GEOMETRY))
    return path


def staff(project: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    made = done(project("create", "study", "--json", user="admin"))
    assert len(made["recovery_key"].split("-")) == 8
    for name, role, *letter in (
        ("coordinator", "coordinator"),
        ("reader-a", "reader", "--reader", "A"),
        ("reader-b", "reader", "--reader", "B"),
        ("statistician", "statistician"),
    ):
        monkeypatch.setenv("ESCC_NEW_PASSWORD", f"password of {name}")
        accounts = done(project("users", "study", "--add", name, "--role", role, *letter, "--json", user="admin"))
    assert [account["name"] for account in accounts["accounts"]] == [
        "admin",
        "coordinator",
        "reader-a",
        "reader-b",
        "statistician",
    ]


@pytest.mark.slow
def test_that_a_study_is_conducted_by_commands_alone(
    project: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    staff(project, monkeypatch)
    series = write_images(tmp_path / "dicom")
    import_all(project, tmp_path, series)
    mark_all(project, tmp_path, series)
    repeated = plan_all(project)
    read_all(project, tmp_path, series, repeated)
    seen = done(project("info", "study", "--json", user="statistician"))
    assert (seen["lesions"], seen["records"], seen["sessions"]) == (PATIENTS, PATIENTS, {"open": 3, "signed": 5})
    assert (seen["series"], seen["accounts"], seen["audit_head"]) == (None, None, None)
    assert "no features yet" in refused(project("develop", "study", "-o", "models", user="statistician"))
    assert not (tmp_path / "models").exists()
    keep_and_restore(project, tmp_path)


def import_all(project: Command, tmp_path: Path, series: dict[str, str]) -> None:
    """Only named patients come in, under their codes; the rest is named and left out."""
    codes: list[list[object]] = [[f"H{number:06}", f"P{number:03}"] for number in range(1, PATIENTS + 1)]
    some = write_table(tmp_path / "some.csv", ("patient_id", "trial_code"), codes[:-1])
    first = done(project("import", "study", "dicom", "--codes", some, "--json", user="coordinator"))
    assert (len(first["imported"]), len(first["refused"])) == (3, 1)
    every = write_table(tmp_path / "codes.csv", ("patient_id", "trial_code"), codes)
    again = done(project("import", "study", "dicom", "--codes", every, "--json", user="coordinator"))
    assert (again["imported"], len(again["known"])) == ([series["P004"]], 3)
    assert "may not import images" in refused(project("import", "study", "dicom", user="reader-a"))
    write_records(draw_truth(PATIENTS), tmp_path / "records")
    taken = project("records", "study", "records", "--accept", "unit", "--json", user="coordinator")
    assert done(taken)["imported"] == PATIENTS


def mark_all(project: Command, tmp_path: Path, series: dict[str, str]) -> None:
    """Every fault of a list is told at once, and nothing of it is taken over."""
    rows: list[list[object]] = [
        [code, "L1", "primary", "target", "no", 0.8, 0.8, 315.0, uid] for code, uid in series.items()
    ]
    faulty = [[*row] for row in rows]
    faulty[0][2], faulty[1][7], faulty[2][4] = "nose", "up", "maybe"
    bad = write_table(tmp_path / "faulty.csv", LESION_HEADER, faulty)
    code, _, err = project("mark", "study", bad, user="coordinator")
    assert code == 1
    assert [line.split(":")[0] for line in err.splitlines()[1:]] == [
        "  faulty.csv, row 2, column site",
        "  faulty.csv, row 3, column z_mm",
        "  faulty.csv, row 4, column irradiated",
    ]
    faulty = [[*row] for row in rows]
    faulty[0][5], faulty[3][8] = 1e4, series["P001"]
    code, _, err = project("mark", "study", write_table(bad, LESION_HEADER, faulty), user="coordinator")
    assert (code, len(err.splitlines())) == (1, 3)
    good = write_table(tmp_path / "lesions.csv", LESION_HEADER, rows)
    assert len(done(project("mark", "study", good, "--json", user="coordinator"))["marked"]) == PATIENTS


def plan_all(project: Command) -> list[str]:
    """Draw the plan, print it again, allow more time; return the patients read again."""
    draw = ("plan", "study", "--repeats", 2, "--seed", 7)
    code, _, err = project(*draw, "--window", "wide", user="coordinator")
    assert (code, "wide is no window" in err) == (2, True)
    rules = ("--tools", "by_hand", "--window", "400,50", "--other-series")
    drawn = done(project(*draw, *rules, "--json", user="coordinator"))
    assert (drawn["window_hu"], "livewire" in drawn["forbidden_tools"]) == ([400, 50], True)
    assert len(drawn["sessions"]) == PATIENTS + 2 + 2
    assert done(project("plan", "study", "--json", user="statistician")) == drawn
    assert "planned already" in refused(project("plan", "study", "--repeats", 1, "--seed", 8, user="coordinator"))
    longer = ("--within-days", 45, "--reason", "the scanner stood still")
    assert done(project("plan", "study", *longer, "--json", user="coordinator"))["within_days"] == 45
    shorter = ("--within-days", 20, "--reason", "impatience")
    assert "only ever made longer" in refused(project("plan", "study", *shorter, user="coordinator"))
    repeated: list[str] = drawn["repeat_patients"]
    return repeated


def read_all(project: Command, tmp_path: Path, series: dict[str, str], repeated: list[str]) -> None:
    """Reader A reads all, B one; A's repeats show up after the firsts and come too early."""
    for code in series:
        mask = draw(tmp_path / f"{code}-A.nii.gz", (4, 12, 12))
        signed = done(project("read", "study", f"{code}/L1/A/first", mask, "--json", user="reader-a"))
        assert (signed["voxels"], signed["signed_by"]) == (4 * 8 * 8, "reader-a")
    first_of_b, repeat_of_a = f"{repeated[0]}/L1/B/first", f"{repeated[0]}/L1/A/repeat"
    away = draw(tmp_path / "away.nii.gz", (0, 0, 0))
    assert "mm away" in refused(project("read", "study", first_of_b, away, user="reader-b"))
    mask = draw(tmp_path / "B.nii.gz", (4, 12, 13))
    assert "no reading" in refused(project("read", "study", first_of_b, mask, user="reader-a"))
    assert project("read", "study", first_of_b, mask, user="reader-b")[0] == 0
    assert "already signed" in refused(project("read", "study", first_of_b, mask, user="reader-b"))
    assert "too early" in refused(project("read", "study", repeat_of_a, mask, user="reader-a"))
    own = done(project("plan", "study", "--json", user="reader-a"))["sessions"]
    assert {session["reader"] for session in own} == {"A"}
    too_early = {session["session_id"] for session in own if "too early" in (session["why_not"] or "")}
    assert too_early == {f"{patient}/L1/A/repeat" for patient in repeated}


def keep_and_restore(project: Command, tmp_path: Path) -> None:
    noted = done(project("info", "study", "--json", user="admin"))["audit_head"]
    trail = done(project("audit", "study", "-o", "audit.csv", "--noted", noted, "--json", user="admin"))
    signatures = [row for row in trail["rows"] if row["action"] == "sign reading"]
    assert [row["name"] for row in signatures] == ["reader-a"] * PATIENTS + ["reader-b"]
    assert all(row["name"] for row in trail["rows"] if row["action"] == "log in")
    with (tmp_path / "audit.csv").open(newline="", encoding="utf-8") as stream:
        assert len(list(csv.reader(stream))) == len(trail["rows"]) + 1
    assert json.loads((tmp_path / "audit.csv.json").read_text(encoding="utf-8"))["head"] == trail["head"]

    assert project("backup", "study", "kept", user="coordinator")[0] == 0
    before = {path: path.read_bytes() for path in (tmp_path / "kept").rglob("*") if path.is_file()}
    assert project("restore", "kept", "again", user="coordinator")[0] == 0
    assert {path: path.read_bytes() for path in (tmp_path / "kept").rglob("*") if path.is_file()} == before
    assert done(project("verify", "again", "--json", user="admin")) == {"folder": "again", "sound": True, "wrong": []}
    rows = done(project("audit", "again", "--noted", noted, "--json", user="admin"))["rows"]
    assert "restore from backup" in [row["action"] for row in rows]

    blob = next(path for path in sorted((tmp_path / "kept" / "blobs").rglob("*")) if path.is_file())
    whole = blob.read_bytes()
    blob.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert "damaged" in refused(project("restore", "kept", "third", user="coordinator"))
    assert not (tmp_path / "third").exists()
    code, out, _ = project("verify", "kept", "--json", user="admin")
    assert (code, json.loads(out)["sound"]) == (1, False)
