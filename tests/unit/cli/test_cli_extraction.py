"""`escc extract` and `escc extract-all` as other programs see them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813  # the field's name for it
import typer

from escc_desktop.cli import extraction
from escc_desktop.cli.frame import run_app


def run(*arguments: str | Path) -> int:
    app = typer.Typer(pretty_exceptions_enable=False)
    extraction.register(app)
    with pytest.raises(SystemExit) as leaving:
        run_app(app, [str(argument) for argument in arguments])
    return int(leaving.value.code or 0)


@pytest.fixture
def roi(tmp_path: Path) -> tuple[Path, Path]:
    """An image and a mask of 8 voxels, small enough for a warning."""
    rng = np.random.default_rng(1)
    hu = np.full((10, 16, 18), -1000.0)
    hu[1:-1, 2:-2, 2:-2] = 40
    voxels = np.zeros(hu.shape, dtype=np.uint8)
    voxels[4:6, 6:8, 6:8] = 1
    paths = tmp_path / "ct.nii.gz", tmp_path / "roi.nii.gz"
    for array, path in zip(((hu + rng.normal(0, 20, hu.shape)).round().astype(np.int16), voxels), paths, strict=True):
        grid = sitk.GetImageFromArray(array)
        grid.SetSpacing((1.0, 1.0, 3.0))
        sitk.WriteImage(grid, str(path))
    return paths


@pytest.mark.slow
def test_that_stdout_is_one_json_document_and_warnings_go_to_stderr(
    roi: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("extract", *roi, "--json") == 0
    shown = capsys.readouterr()
    document = json.loads(shown.out)
    assert len(document["features"]) == 1874
    assert document["provenance"]["pixel_type"] == "int16"
    assert "warning: The lesion has only 8 voxels" in shown.err


@pytest.mark.slow
def test_that_stdout_is_the_table_without_an_output(roi: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert run("extract", *roi) == 0
    lines = capsys.readouterr().out.splitlines()
    assert (lines[0], len(lines)) == ("feature,value", 1875)


@pytest.mark.slow
def test_that_failures_of_a_cohort_leave_with_1_and_keep_the_others(
    roi: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = tmp_path / "manifest.csv"
    manifest.write_text(
        "patient_id,reader,occasion,image,mask\nP1,A,first,ct.nii.gz,roi.nii.gz\nP2,A,first,ct.nii.gz,nothing.nii.gz\n",
        encoding="utf-8",
    )
    assert run("extract-all", manifest, "-o", tmp_path / "features.csv", "--json") == 1
    shown = capsys.readouterr()
    summary = json.loads(shown.out)
    assert (summary["rows"], summary["features"]) == (1, 1874)
    assert [failure["row"] for failure in summary["failed"]] == [3]
    assert "manifest.csv, row 3: " in shown.err
    assert "Traceback" not in shown.err
    assert (tmp_path / "features.failed.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["extract", "ct.nii.gz", "roi.nii.gz", "--engine", "faster"], 2, "engine 'faster'"),
        (["extract", "ct.nii.gz"], 2, "Missing argument"),
        (["extract", "ct.nii.gz", "roi.nii.gz", "--label", "0"], 2, "label"),
        (["extract", "ct.nii.gz", "roi.nii.gz", "--params", "nothing"], 1, "no settings called 'nothing'"),
        (["extract-all", "nothing.csv", "-o", "out.csv"], 1, "nothing.csv does not exist"),
        (["extract-all", "nothing.csv"], 2, "Missing option"),
        (["extract-all", "nothing.csv", "-o", "out.csv", "--jobs", "0"], 2, "jobs"),
    ],
)
def test_that_wrong_use_leaves_with_2_and_wrong_input_with_1(
    arguments: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*arguments) == code
    shown = capsys.readouterr()
    assert shown.out == ""
    assert said in shown.err
    assert "Traceback" not in shown.err
