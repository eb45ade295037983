"""`escc map` as other programs see it."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813  # the field's name for it
import typer
from radiomics.featureextractor import RadiomicsFeatureExtractor

from escc_desktop.cli import maps
from escc_desktop.cli.frame import run_app


def run(*arguments: str | Path) -> int:
    app = typer.Typer(pretty_exceptions_enable=False)
    app.callback()(lambda: None)  # with one command only, typer would take its name for an argument
    maps.register(app)
    with pytest.raises(SystemExit) as leaving:
        run_app(app, [str(argument) for argument in arguments])
    return int(leaving.value.code or 0)


@pytest.fixture
def roi(tmp_path: Path) -> tuple[Path, Path]:
    rng = np.random.default_rng(1)
    hu = np.full((10, 16, 18), -1000.0)
    hu[1:-1, 2:-2, 2:-2] = 40
    voxels = np.zeros(hu.shape, dtype=np.uint8)
    voxels[3:7, 5:10, 6:11] = 1
    voxels[4, 6, 7] = 0
    paths = tmp_path / "ct.nii.gz", tmp_path / "roi.nii.gz"
    for array, path in zip(((hu + rng.normal(0, 60, hu.shape)).round().astype(np.int16), voxels), paths, strict=True):
        grid = sitk.GetImageFromArray(array)
        grid.SetSpacing((1.0, 1.0, 3.0))
        grid.SetOrigin((-7.0, 5.0, 90.0))
        sitk.WriteImage(grid, str(path))
    return paths


@pytest.mark.parametrize("feature", ["glcm_Idm", "glrlm_RunEntropy", "firstorder_Skewness"])
def test_that_the_image_is_pyradiomics_voxel_based_map(
    roi: tuple[Path, Path], feature: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "map.nii.gz"
    assert run("map", *roi, f"original_{feature}", "-o", out, "--json") == 0
    document = json.loads(capsys.readouterr().out)
    extractor = RadiomicsFeatureExtractor(binWidth=25, additionalInfo=False)
    extractor.disableAllFeatures()
    family, name = feature.split("_")
    extractor.enableFeaturesByName(**{family: [name]})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = extractor.execute(*map(str, roi), voxelBased=True)[f"original_{feature}"]
    wanted = sitk.GetArrayFromImage(
        sitk.Resample(theirs, sitk.ReadImage(str(roi[0])), interpolator=sitk.sitkNearestNeighbor)
    )
    found = sitk.ReadImage(str(out))
    assert found.GetOrigin() == (-7.0, 5.0, 90.0)
    inside = sitk.GetArrayFromImage(sitk.ReadImage(str(roi[1]))) > 0
    values = sitk.GetArrayFromImage(found)
    np.testing.assert_allclose(values, wanted, rtol=1e-6, atol=1e-9)
    assert (values[~inside] == 0).all()
    assert document["lowest"] == pytest.approx(wanted[inside].min(), rel=1e-12)
    assert document["highest"] == pytest.approx(wanted[inside].max(), rel=1e-12)
    assert document["voxels"] == inside.sum()
    assert json.loads(out.with_name("map.nii.gz.json").read_text())["feature"] == f"original_{feature}"


def test_that_without_an_output_the_range_is_told(roi: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert run("map", *roi, "original_firstorder_Range") == 0
    shown = capsys.readouterr().out
    assert shown.startswith("original_firstorder_Range over 99 voxels: ")
    assert "written" not in shown


@pytest.mark.parametrize(
    ("feature", "out", "code", "words"),
    [
        ("original_shape_Sphericity", "map.nii", 2, "measure of the whole lesion"),
        ("original_glcm_Beauty", "map.nii", 1, "name of no feature"),
        ("log-sigma-1-0-mm-3D_glcm_Idm", "map.nii", 2, "make no image"),
        ("original_glcm_Idm", "map.png", 1, "cannot be the output"),
        ("original_glcm_Idm", "nowhere/map.nii", 1, "does not exist"),
        ("original_glcm_Idm", "ct.nii.gz", 1, "ct.nii.gz"),
    ],
)
def test_that_what_cannot_be_mapped_is_refused_in_a_sentence(
    roi: tuple[Path, Path], feature: str, out: str, code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = roi[0].read_bytes()
    assert run("map", *roi, feature, "-o", roi[0].parent / out) == code
    assert words in capsys.readouterr().err
    assert roi[0].read_bytes() == before
