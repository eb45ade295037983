"""Volumes and masks survive the way through every format."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

import numpy as np
import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from escc_desktop.errors import EsccError
from escc_desktop.imaging.dicom import scan
from escc_desktop.imaging.exchange import read_mask, read_volume, write_mask, write_volume
from escc_desktop.imaging.mask import Mask
from escc_desktop.imaging.volume import Geometry, Volume
from escc_desktop.imaging.writing import uid_from, write_ct_series
from escc_desktop.progress import Progress

GRID = Geometry((12, 10, 5), (0.7, 0.9, 2.5), (1.0, -2.0, 3.0))
OBLIQUE = Geometry((12, 10, 5), (0.7, 0.9, 2.5), (1, -2, 3), (1, 0, 0, 0, 0.8, -0.6, 0, 0.6, 0.8))
SUFFIXES = [".nii", ".nii.gz", ".nrrd", ".mha", ".dcm", ".rtstruct.dcm"]


@pytest.mark.parametrize("suffix", SUFFIXES)
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    voxels=arrays(np.bool_, GRID.shape).filter(lambda array: array.any()),
    grid=st.sampled_from([GRID, OBLIQUE]),
)
def test_that_a_mask_comes_back_voxel_by_voxel(suffix: str, voxels: np.ndarray, grid: Geometry) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"mask{suffix}"
        write_mask(path, Mask(voxels, grid))
        assert np.array_equal(read_mask(path, grid).voxels, voxels)


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".nrrd", ".mha"])
@pytest.mark.parametrize("kind", ["<i2", "<f4", "<u1"])
@pytest.mark.parametrize("grid", [GRID, OBLIQUE])
def test_that_a_volume_comes_back_with_its_type_and_grid(
    suffix: str, kind: str, grid: Geometry, tmp_path: Path
) -> None:
    voxels = np.random.default_rng(1).integers(0, 200, grid.shape).astype(kind)
    write_volume(tmp_path / f"v{suffix}", Volume(voxels, grid))
    volume = read_volume(tmp_path / f"v{suffix}")
    assert volume.hu.dtype == np.dtype(kind)
    assert np.array_equal(volume.hu, voxels)
    assert volume.geometry.difference(grid) is None


@functools.cache
def a_mask() -> Mask:
    voxels = np.zeros(GRID.shape, bool)
    voxels[1:4, 2:8, 3:9] = True
    voxels[2, 4:6, 5:7] = False
    return Mask(voxels, GRID)


def tags(series: str) -> dict[str, str]:
    uids = {f"{level}InstanceUID": uid_from(level, series) for level in ("Study", "Series")}
    return uids | {"FrameOfReferenceUID": uid_from("frame"), "PatientID": "P007", "SeriesDescription": "动脉期"}


@pytest.mark.parametrize("suffix", [".dcm", ".rtstruct.dcm"])
def test_that_a_dicom_mask_refers_to_the_series_it_was_drawn_on(suffix: str, tmp_path: Path) -> None:
    volume = Volume(np.random.default_rng(0).integers(-100, 100, GRID.shape).astype(np.int16), GRID)
    write_ct_series(volume, tmp_path / "ct", tags("ct"))
    series = scan(tmp_path / "ct", Progress()).series[0]
    assert series.geometry is not None
    mask = Mask(a_mask().voxels, series.geometry)
    write_mask(tmp_path / f"m{suffix}", mask, "GTV", series)
    written = pydicom.dcmread(tmp_path / f"m{suffix}")
    assert written.StudyInstanceUID == series.study_uid
    assert written.PatientID == "P007"
    assert written.FrameOfReferenceUID == series.slices[0].header.frame_uid
    uids = {part.header.sop_uid for part in series.slices}
    used = {str(element.value) for element in written.iterall() if element.keyword == "ReferencedSOPInstanceUID"}
    assert used & uids
    assert np.array_equal(read_mask(tmp_path / f"m{suffix}", series.geometry).voxels, mask.voxels)


def test_that_dicom_writing_is_deterministic_but_for_the_clock(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_mask(tmp_path / f"{name}.rtstruct.dcm", a_mask())
    assert (tmp_path / "a.rtstruct.dcm").read_bytes() == (tmp_path / "b.rtstruct.dcm").read_bytes()


def two_rois(path: Path) -> None:
    write_mask(path, a_mask(), "GTV")
    dataset = pydicom.dcmread(path)
    second = pydicom.Dataset()
    second.ROINumber, second.ROIName = 2, "Node"
    dataset.StructureSetROISequence.append(second)
    drawn = pydicom.Dataset()
    drawn.ReferencedROINumber = 2
    drawn.ContourSequence = dataset.ROIContourSequence[0].ContourSequence[:1]
    dataset.ROIContourSequence.append(drawn)
    dataset.save_as(path)


def test_that_several_rois_must_be_chosen_from(tmp_path: Path) -> None:
    path = tmp_path / "m.rtstruct.dcm"
    two_rois(path)
    with pytest.raises(EsccError, match=r"2 labels: 1 “GTV”, 2 “Node”"):
        read_mask(path, GRID)
    assert np.array_equal(read_mask(path, GRID, label=1).voxels, a_mask().voxels)
    assert 0 < read_mask(path, GRID, label=2).n_voxels < a_mask().n_voxels
    with pytest.raises(EsccError, match="no label 3"):
        read_mask(path, GRID, label=3)


@pytest.mark.parametrize("suffix", [".nii.gz", ".dcm", ".rtstruct.dcm"])
def test_that_a_mask_of_another_grid_is_refused(suffix: str, tmp_path: Path) -> None:
    write_mask(tmp_path / f"m{suffix}", a_mask())
    other = Geometry(GRID.size, GRID.spacing_mm, (1.3, -2.0, 4.2))
    with pytest.raises(EsccError):
        read_mask(tmp_path / f"m{suffix}", other)


def test_that_what_cannot_be_written_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    empty = Mask(np.zeros(GRID.shape, bool), GRID)
    for path, mask in ((tmp_path / "m.nii.gz", empty), (tmp_path / "m.xyz", a_mask())):
        with pytest.raises(EsccError):
            write_mask(path, mask)
    with pytest.raises(EsccError):
        write_volume(tmp_path / "v.dcm", Volume(np.zeros(GRID.shape, np.int16), GRID))
    assert not list(tmp_path.iterdir())


def test_that_a_folder_of_several_series_asks_for_one(tmp_path: Path) -> None:
    volume = Volume(np.zeros(GRID.shape, np.int16), GRID)
    for name in ("a", "b"):
        write_ct_series(volume, tmp_path / name, tags(name))
    with pytest.raises(EsccError, match="2 series"):
        read_volume(tmp_path)
    assert np.array_equal(read_volume(tmp_path / "a").hu, volume.hu)
