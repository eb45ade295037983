"""`escc robustness` as other programs see it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813  # the field's name for it
import typer

from escc_desktop.cli import robustness
from escc_desktop.cli.frame import run_app

HEADER = "patient_id,reader,occasion,image,mask\n"


def run(*arguments: str | Path) -> int:
    app = typer.Typer(pretty_exceptions_enable=False)
    robustness.register(app)
    app.command("other")(lambda: None)  # with a single command typer asks for no name
    with pytest.raises(SystemExit) as leaving:
        run_app(app, [str(argument) for argument in arguments])
    return int(leaving.value.code or 0)


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """One lesion that is there, one whose mask is not."""
    rng = np.random.default_rng(1)
    voxels = np.zeros((12, 16, 18), dtype=np.uint8)
    voxels[3:9, 4:12, 4:13] = 1
    for name, array in (("ct", rng.normal(40, 20, voxels.shape).round().astype(np.int16)), ("roi", voxels)):
        sitk.WriteImage(sitk.GetImageFromArray(array), str(tmp_path / f"{name}.nii.gz"))
    path = tmp_path / "manifest.csv"
    path.write_text(HEADER + "P1,A,first,ct.nii.gz,roi.nii.gz\nP2,A,first,ct.nii.gz,no.nii.gz\n", encoding="utf-8")
    return path


@pytest.mark.slow
def test_that_a_lesion_that_cannot_be_read_is_reported_and_the_other_kept(
    manifest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("robustness", manifest, "-o", tmp_path / "out.csv", "--n", "2", "--chain", "RTV", "--json") == 1
    shown = capsys.readouterr()
    document = json.loads(shown.out)
    assert (document["lesions"], document["passed"]) == (1, None)
    assert [each["patient_id"] for each in document["failed"]] == ["P2"]
    assert "1 of 2 lesions could not be perturbed" in shown.err
    lines = (tmp_path / "out.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1875
    assert lines[1].startswith("P1,,A_original_shape_Elongation,")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--chain", "RXT"), "no chain of perturbations"),
        (("--growth", "0.9"), "growth"),
        (("--threshold", "2"), "no ICC"),
        (("--engine", "slow"), "no engine"),
    ],
)
def test_that_wrong_options_are_wrong_usage(
    manifest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], message: str
) -> None:
    assert run("robustness", manifest, "-o", tmp_path / "out.csv", *options) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert message in shown.err
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize("out", ["manifest.csv", "out.txt", "nowhere/out.csv"])
def test_that_an_output_that_cannot_be_written_is_refused_before_the_work(
    manifest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], out: str
) -> None:
    before = manifest.read_bytes()
    assert run("robustness", manifest, "-o", tmp_path / out) == 1
    assert manifest.read_bytes() == before
    assert "Traceback" not in capsys.readouterr().err
