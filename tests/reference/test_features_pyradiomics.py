"""Every reference case: the values of both engines against plain PyRadiomics 3.0.1 on real CT."""

from __future__ import annotations

import csv
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813  # the field's name for it

from escc_desktop.features.extract import extract
from escc_desktop.features.params import load_params
from escc_desktop.features.preflight import inspect
from escc_desktop.imaging.itk import from_itk
from escc_desktop.imaging.mask import Mask
from escc_desktop.progress import Progress

pytestmark = pytest.mark.reference
ROOT = Path(os.environ.get("ESCC_REFERENCE_DIR", Path(__file__).parents[3] / "shared")).resolve()
CASES_FILE = ROOT / "reference" / "features" / "cases.json"
CASES: dict[str, Any] = json.loads(CASES_FILE.read_text(encoding="utf-8"))["cases"] if CASES_FILE.exists() else {}
# By engine; the fast one may lose the last place of LoG, which is stored in float32.
RTOL = {"pyradiomics": 1e-9, "fast": 1e-6}
FLOOR = 1e-12
# A percentile cut through tied values of rounding noise: 9e-5 to 5e-4 between exact implementations.
ILL_CONDITIONED = {"lbp-3D-m2_firstorder_RobustMeanAbsoluteDeviation": 1e-3}
PIXEL_TYPES = {"int16": sitk.sitkInt16}


def reference_values(name: str) -> tuple[tuple[str, ...], np.ndarray]:
    with CASES_FILE.with_name(name).open(encoding="utf-8", newline="") as stream:
        _, *rows = csv.reader(stream)
    return tuple(feature for feature, _ in rows), np.array([float(value) for _, value in rows])


def test_that_no_reference_case_is_left_out(reference_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert reference_dir == ROOT
    written = {path.name for path in CASES_FILE.parent.glob("*.csv")} - {"ibsi_reference.csv"}
    assert {case["csv"] for case in CASES.values()} == written
    assert len(CASES) >= 6
    for case in CASES.values():
        for kind in ("image", "mask"):
            sha256 = hashlib.sha256((ROOT / case[kind]).read_bytes()).hexdigest()
            assert sha256 == case[f"{kind}_sha256"]
    with capsys.disabled():
        print(f"{len(CASES)} reference cases of features run", end=" ")


@pytest.mark.slow
@pytest.mark.parametrize("engine", RTOL)
@pytest.mark.parametrize("name", CASES or ["none"])
def test_that_the_values_are_those_of_plain_pyradiomics(name: str, engine: str, reference_dir: Path) -> None:
    case = CASES[name]
    image = sitk.ReadImage(str(reference_dir / case["image"]))
    if case["cast"]:
        image = sitk.Cast(image, PIXEL_TYPES[case["cast"]])
    mask = from_itk(sitk.ReadImage(str(reference_dir / case["mask"])))
    vector = extract(from_itk(image), Mask(mask.hu == 1, mask.geometry), load_params("ct_arterial"), Progress(), engine)
    names, expected = reference_values(case["csv"])
    assert vector.names == names
    assert vector.provenance["mask_voxels"] == case["mask_voxels"]
    assert np.isfinite(vector.values).all()
    allowed = np.array([ILL_CONDITIONED.get(feature, RTOL[engine]) for feature in names])
    difference = np.abs(vector.values - expected) / np.maximum(np.abs(expected), FLOOR) / allowed
    worst = int(difference.argmax())
    assert difference[worst] <= 1, f"{names[worst]}: {vector.values[worst]!r} where {expected[worst]!r} belongs"
    assert {image: facts["grey_levels"] for image, facts in vector.provenance["images"].items()} == case["Ng"]


@pytest.mark.parametrize("name", CASES or ["none"])
def test_that_the_number_of_grey_levels_is_foreseen(name: str, reference_dir: Path) -> None:
    case = CASES[name]
    volume = from_itk(sitk.ReadImage(str(reference_dir / case["image"])))
    mask = from_itk(sitk.ReadImage(str(reference_dir / case["mask"])))
    levels = inspect(volume, Mask(mask.hu == 1, mask.geometry), load_params("ct_arterial")).levels
    for image in ("original", "squareroot", "logarithm"):
        assert levels[image] == case["Ng"][image]
    assert case["Ng"]["wavelet-LLL"] <= levels["wavelet-LLL"] <= 1.5 * case["Ng"]["wavelet-LLL"] + 2
    assert max(levels.values()) >= max(case["Ng"].values())
