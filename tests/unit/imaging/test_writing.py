"""CT series written by us, read by pydicom and by our own gate."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st

from escc_desktop.imaging.dicom import load, scan
from escc_desktop.imaging.series import Verdict
from escc_desktop.imaging.volume import Geometry, Volume
from escc_desktop.imaging.writing import uid_from, write_ct_series
from escc_desktop.progress import Progress

ATTRIBUTES = {
    "PatientID": "P001",
    "PatientName": "SYNTHETIC^P001",
    "StudyInstanceUID": "2.25.1",
    "SeriesInstanceUID": "2.25.2",
    "FrameOfReferenceUID": "2.25.3",
    "SeriesDescription": "动脉期",
    "KVP": "120",
}
GEOMETRY = Geometry((5, 4, 3), (0.8, 0.7, 2.5), (-10.5, 3.25, -412.0))


def volume_of(low: int = -1024, high: int = 3071) -> Volume:
    hu = np.random.default_rng(3).integers(low, high, GEOMETRY.shape).astype(np.int16)
    hu[0, 0, :2] = low, high
    return Volume(hu, GEOMETRY)


@pytest.mark.parametrize(("low", "high", "bits"), [(-1024, 3071, 12), (-3024, 1200, 16)])
def test_that_voxels_and_places_come_back(tmp_path: Path, low: int, high: int, bits: int) -> None:
    volume = volume_of(low, high)
    files = write_ct_series(volume, tmp_path, ATTRIBUTES)
    headers = [pydicom.dcmread(path) for path in files]
    assert [header.InstanceNumber for header in headers] == [1, 2, 3]
    for header, index in zip(headers, (2, 1, 0), strict=True):
        np.testing.assert_array_equal(header.pixel_array.astype(int) * header.RescaleSlope - 1024, volume.hu[index])
        np.testing.assert_allclose(header.ImagePositionPatient, [-10.5, 3.25, -412.0 + 2.5 * index])
        assert header.BitsStored == bits
        assert list(header.PixelSpacing) == [0.7, 0.8]


def test_that_the_gate_accepts_the_series_and_loads_it_on_its_grid(tmp_path: Path) -> None:
    volume = volume_of()
    write_ct_series(volume, tmp_path, ATTRIBUTES)
    (series,) = scan(tmp_path, Progress()).series
    assert (series.verdict, series.description) == (Verdict.OK, "动脉期")
    loaded = load(series, Progress())
    assert loaded.geometry.difference(GEOMETRY) is None
    np.testing.assert_array_equal(loaded.hu, volume.hu)


def test_that_a_file_is_valid_part_10_and_anonymous_by_default(tmp_path: Path) -> None:
    write_ct_series(volume_of(), tmp_path, {key: ATTRIBUTES[key] for key in ATTRIBUTES if key != "PatientName"})
    data = (tmp_path / "IM0001.dcm").read_bytes()
    assert data[:132] == b"\0" * 128 + b"DICM"
    header = pydicom.dcmread(tmp_path / "IM0001.dcm")
    assert header.file_meta.TransferSyntaxUID == pydicom.uid.ExplicitVRLittleEndian
    assert header.file_meta.MediaStorageSOPInstanceUID == header.SOPInstanceUID
    assert (header.PatientName, header.BurnedInAnnotation) == ("", "NO")


def test_that_the_same_series_gives_the_same_bytes(tmp_path: Path) -> None:
    one = write_ct_series(volume_of(), tmp_path / "a", ATTRIBUTES)
    two = write_ct_series(volume_of(), tmp_path / "b", ATTRIBUTES)
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in two]


@given(st.lists(st.text(), min_size=1, max_size=4))
def test_that_made_uids_are_valid(parts: list[str]) -> None:
    uid = pydicom.uid.UID(uid_from(*parts))
    assert uid.is_valid
    assert len(uid) <= 64
