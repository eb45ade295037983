"""Real CT: DICOM and RTSTRUCT give the voxels that the publishers' NIfTI files hold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from escc_desktop.imaging.dicom import Verdict, load, scan
from escc_desktop.imaging.exchange import read_mask, read_volume, write_mask
from escc_desktop.progress import Progress

pytestmark = pytest.mark.reference

PHANTOM = (
    "ibsi1_ct_phantom/dicom",
    "ibsi1_ct_phantom/nifti/image/phantom.nii.gz",
    "ibsi1_ct_phantom/nifti/mask/mask.nii.gz",
)
CASES = {
    "phantom": (*PHANTOM, 125_256),
    "STS_008": ("sts/STS_008/dicom", "sts/STS_008/CT_image.nii.gz", "sts/STS_008/CT_mask.nii.gz", 8_862),
    "STS_010": ("sts/STS_010/dicom", "sts/STS_010/CT_image.nii.gz", "sts/STS_010/CT_mask.nii.gz", 58_608),
    "STS_019": ("sts/STS_019/dicom", "sts/STS_019/CT_image.nii.gz", "sts/STS_019/CT_mask.nii.gz", 5_564),
}


@pytest.mark.parametrize("case", CASES)
def test_that_dicom_and_rtstruct_agree_with_the_nifti_files(case: str, reference_dir: Path) -> None:
    dicom, image, mask, n_voxels = CASES[case]
    data = reference_dir / "data"
    result = scan(data / dicom / "image", Progress())
    assert [series.verdict for series in result.series] == [Verdict.OK]
    volume = load(result.series[0], Progress())
    nifti = sitk.ReadImage(str(data / image))
    assert volume.hu.dtype == np.int16
    assert np.array_equal(volume.hu, sitk.GetArrayFromImage(nifti))
    assert np.allclose(volume.geometry.spacing_mm, nifti.GetSpacing(), atol=1e-5)
    assert np.allclose(volume.geometry.origin_mm, nifti.GetOrigin(), atol=1e-4)
    drawn = read_mask(data / dicom / "mask", volume.geometry)
    assert drawn.n_voxels == n_voxels
    assert np.array_equal(drawn.voxels, sitk.GetArrayFromImage(sitk.ReadImage(str(data / mask))) != 0)


@pytest.mark.parametrize("case", CASES)
def test_that_nifti_volumes_keep_their_type_and_masks_fit_them(case: str, reference_dir: Path) -> None:
    _, image, mask, n_voxels = CASES[case]
    volume = read_volume(reference_dir / "data" / image)
    assert volume.hu.dtype == np.float32
    assert read_mask(reference_dir / "data" / mask, volume.geometry).n_voxels == n_voxels


@pytest.mark.parametrize("suffix", [".dcm", ".rtstruct.dcm", ".nrrd"])
def test_that_a_real_mask_survives_dicom_and_nrrd(suffix: str, reference_dir: Path, tmp_path: Path) -> None:
    folder = reference_dir / "data" / CASES["STS_019"][0]
    series = scan(folder / "image", Progress()).series[0]
    assert series.geometry is not None
    mask = read_mask(folder / "mask", series.geometry)
    write_mask(tmp_path / f"m{suffix}", mask, "GTV", series)
    assert np.array_equal(read_mask(tmp_path / f"m{suffix}", series.geometry).voxels, mask.voxels)


def test_that_the_whole_data_folder_scans_to_its_four_series(reference_dir: Path) -> None:
    result = scan(reference_dir / "data", Progress())
    assert sorted(len(series.files) for series in result.series) == [47, 51, 59, 60]
    assert {series.verdict for series in result.series} == {Verdict.OK}
    assert sum(one.code == "no_image" for one in result.rejected) == 4
