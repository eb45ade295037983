"""A real outline through every mask format and back: no voxel is lost."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from escc_desktop.errors import EsccError
from escc_desktop.imaging.exchange import read_mask, read_volume
from escc_desktop.imaging.mask import dice
from escc_desktop.progress import Progress
from escc_desktop.workflow.conversion import Conversion, convert

pytestmark = [pytest.mark.reference, pytest.mark.slow]
CASE = "data/sts/STS_019/dicom"


@pytest.fixture
def case(reference_dir: Path) -> Path:
    folder = reference_dir / CASE
    if not folder.is_dir():
        pytest.skip(f"no real CT: {CASE} is missing")
    return folder


def test_that_an_outline_survives_rtstruct_nifti_seg_rtstruct_and_nrrd(case: Path, tmp_path: Path) -> None:
    image = case / "image"
    geometry = read_volume(image).geometry
    original = read_mask(case / "mask", geometry)
    assert original.n_voxels > 1000
    source = case / "mask"
    for name in ("roi.nii.gz", "seg.dcm", "roi.rtstruct.dcm", "roi.nrrd"):
        out = tmp_path / name
        step = convert(source, out, image, None, Progress())
        assert step == Conversion("mask", out, dice=1.0, volume_difference_mm3=0.0)
        source = out
        back = read_mask(out, geometry)
        assert np.array_equal(back.voxels, original.voxels), name
        assert dice(back, original) == 1.0
    written = ["roi.nii.gz", "roi.nrrd", "roi.rtstruct.dcm", "seg.dcm"]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*written, *(f"{name}.json" for name in written)])


def test_that_a_volume_survives_nifti_and_nrrd(case: Path, tmp_path: Path) -> None:
    original = read_volume(case / "image")
    source = case / "image"
    for name in ("ct.nii.gz", "ct.nrrd", "ct.mha"):
        convert(source, tmp_path / name, None, None, Progress())
        source = tmp_path / name
    back = read_volume(source)
    assert back.hu.dtype == original.hu.dtype == np.int16
    assert np.array_equal(back.hu, original.hu)
    assert back.geometry.difference(original.geometry) is None


def test_that_a_mask_is_never_put_on_other_images(case: Path, reference_dir: Path, tmp_path: Path) -> None:
    other = reference_dir / "data" / "sts" / "STS_008" / "dicom" / "image"
    if not other.is_dir():
        pytest.skip("no second CT")
    convert(case / "mask", tmp_path / "roi.nii.gz", case / "image", None, Progress())
    for source in (tmp_path / "roi.nii.gz", case / "mask"):
        with pytest.raises(EsccError):
            convert(source, tmp_path / "out.nrrd", other, None, Progress())
    assert not (tmp_path / "out.nrrd").exists()


def test_that_a_mask_is_known_without_its_image_and_its_surface_encloses_its_volume(case: Path, tmp_path: Path) -> None:
    convert(case / "mask", tmp_path / "roi.nii.gz", case / "image", None, Progress())
    assert convert(tmp_path / "roi.nii.gz", tmp_path / "roi.nrrd", None, None, Progress()).dice == 1.0
    surface = convert(tmp_path / "roi.nii.gz", tmp_path / "roi.stl", None, None, Progress())
    assert surface.dice is None
    assert surface.volume_difference_mm3 == pytest.approx(0.0, abs=1e-3)
