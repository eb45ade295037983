"""The built-in reference values are PyRadiomics' own and R's, and anybody can make them again.

Run as a program this file writes the image, the mask and the values anew.
"""

from __future__ import annotations

import csv
import hashlib
import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813  # the field's name for it

from escc_desktop.features.extract import extract
from escc_desktop.features.params import load_params
from escc_desktop.files import csv_text, write_json, write_whole
from escc_desktop.imaging.itk import from_itk
from escc_desktop.imaging.mask import Mask
from escc_desktop.imaging.volume import Geometry, Volume
from escc_desktop.progress import Progress

FOLDER = Path(__file__).parents[3] / "resources" / "verification"
FEATURES = FOLDER / "features"
# Exact in single precision, as NIfTI stores it.
GEOMETRY = Geometry((26, 24, 14), (0.875, 0.875, 2.5), (-11.5, 20.25, -300.0))


def noise(seed: int) -> np.ndarray:
    """Numbers from 0 to 4095, of integer arithmetic only: the same everywhere."""
    z, y, x = (axis.astype(np.uint64) for axis in np.indices(GEOMETRY.shape))
    mixed = (x * 73_856_093) ^ (y * 19_349_663) ^ (z * 83_492_791) ^ np.uint64(seed * 2_654_435_761 % 2**32)
    for _ in range(3):
        mixed = (mixed * 2_654_435_761 + 12_345) % 2**32
        mixed ^= mixed >> 13
    return ((mixed >> 7) % 4096).astype(np.int64)


def phantom() -> tuple[Volume, Mask]:
    """A lesion with a gradient and a dark core in a body in air; an outline with a spur and a hole."""
    z, y, x = np.indices(GEOMETRY.shape)
    body = (x - 13) ** 2 + (y - 12) ** 2 <= 121
    from_centre = (x - 13) ** 2 + (y - 12) ** 2 + 6 * (z - 7) ** 2
    hu = np.where(body, 40 + noise(1) % 61 + 2 * x - 3 * z, -1000 + noise(2) % 25)
    hu = np.where(from_centre <= 64, hu + 60 + (noise(3) % 97) - from_centre, hu)
    hu = np.where(from_centre <= 6, hu - 180, hu)
    voxels = (from_centre <= 70) & ~((x == 15) & (y == 14))
    voxels[7, 12, 20:23] = True
    return Volume(hu.astype(np.int16), GEOMETRY), Mask(voxels, GEOMETRY)


def read(name: str) -> Volume:
    return from_itk(sitk.ReadImage(str(FEATURES / name)))


def test_that_the_shipped_image_is_the_one_made_here() -> None:
    volume, mask = phantom()
    assert read("image.nii.gz").digest == volume.digest
    labels = read("mask.nii.gz")
    assert Mask(labels.hu == 1, labels.geometry).digest == mask.digest


@pytest.mark.slow
def test_that_the_shipped_values_are_those_of_pyradiomics() -> None:
    expected = pyradiomics_values()
    with (FEATURES / "values.csv").open(encoding="utf-8", newline="") as stream:
        _, *rows = csv.reader(stream)
    assert [name for name, _ in rows] == list(expected)
    np.testing.assert_allclose([float(value) for _, value in rows], list(expected.values()), rtol=1e-9, atol=1e-12)


@pytest.mark.reference
def test_that_the_shipped_statistical_cases_are_those_of_r(reference_dir: Path) -> None:
    source, shipped = reference_dir / "reference" / "statistics", FOLDER / "statistics"
    index = json.loads((shipped / "index.json").read_text(encoding="utf-8"))
    assert {item["step"] for item in index["items"]} >= {"km", "cox", "firth", "icc", "lasso", "xtile", "nomogram"}
    for path in (*shipped.glob("*/*/*"), shipped / "tolerances.json"):
        name = path.relative_to(shipped)
        if name.parts[0] != "icc":
            assert path.read_bytes() == (source / name).read_bytes()
    mine, theirs = (json.loads((root / "icc/a/expected.json").read_text()) for root in (shipped, source))
    assert mine["features"] == {name: theirs["features"][name] for name in mine["features"]}


def pyradiomics_values() -> dict[str, float]:
    volume, mask = phantom()
    vector = extract(volume, mask, load_params("ct_arterial"), Progress(), "pyradiomics")
    return dict(zip(vector.names, vector.values.tolist(), strict=True))


def write() -> None:
    volume, mask = phantom()
    FEATURES.mkdir(parents=True, exist_ok=True)
    for name, array in (("image", volume.hu), ("mask", mask.voxels.astype(np.uint8))):
        image = sitk.GetImageFromArray(array)
        image.SetSpacing(GEOMETRY.spacing_mm)
        image.SetOrigin(GEOMETRY.origin_mm)
        sitk.WriteImage(image, str(FEATURES / f"{name}.nii.gz"), useCompression=True)
    write_whole(FEATURES / "values.csv", csv_text(("feature", "value"), pyradiomics_values().items()))
    case = {
        "csv": "values.csv",
        "image": "image.nii.gz",
        "mask": "mask.nii.gz",
        "cast": None,
        "mask_voxels": mask.n_voxels,
        **{
            f"{kind}_sha256": hashlib.sha256((FEATURES / f"{kind}.nii.gz").read_bytes()).hexdigest()
            for kind in ("image", "mask")
        },
    }
    versions = {name: version(name) for name in ("pyradiomics", "numpy", "scipy", "SimpleITK", "PyWavelets")}
    document = {"versions": versions, "settings": {"binWidth": 25, "sigma": [3.0, 5.0]}, "cases": {"self-test": case}}
    write_json(FEATURES / "cases.json", document)


if __name__ == "__main__":
    write()
