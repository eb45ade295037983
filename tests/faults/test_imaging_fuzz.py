"""Damaged bytes are refused or read; nothing else ever comes out of the importers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from escc_desktop.errors import EsccError
from escc_desktop.imaging.dicom import Verdict, load, scan, scan_report
from escc_desktop.imaging.exchange import read_mask, read_volume, write_mask
from escc_desktop.imaging.mask import Mask
from escc_desktop.imaging.volume import Geometry, Volume
from escc_desktop.imaging.writing import uid_from, write_ct_series
from escc_desktop.progress import Progress

GRID = Geometry((12, 10, 5), (0.7, 0.9, 2.5), (1.0, -2.0, 3.0))
ROUNDS = 40


def damaged(data: bytes, rng: np.random.Generator) -> bytes:
    """Change, cut, insert or move a few bytes, mostly in the header."""
    work = bytearray(data)
    for _ in range(rng.integers(1, 6)):
        limit = min(len(work), 1200) if rng.random() < 0.8 else len(work)
        place, other = (int(value) for value in rng.integers(0, max(limit, 1), 2))
        changes = (
            (1, rng.bytes(1)),
            (4, rng.bytes(4)),
            (20, b""),
            (0, rng.bytes(30)),
            (16, bytes(work[other : other + 16])),
        )
        length, new = changes[rng.integers(0, len(changes))]
        work[place : place + length] = new
    return bytes(work)


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".nrrd", ".mha", ".dcm", ".rtstruct.dcm"])
def test_that_damaged_masks_are_read_or_refused(suffix: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(11)
    voxels = np.zeros(GRID.shape, bool)
    voxels[1:4, 2:8, 3:9] = True
    path = tmp_path / f"m{suffix}"
    write_mask(path, Mask(voxels, GRID))
    sound = path.read_bytes()
    refusals: list[EsccError] = []
    for _ in range(ROUNDS):
        path.write_bytes(damaged(sound, rng))
        try:
            assert read_mask(path, GRID).voxels.shape == GRID.shape
        except EsccError as error:
            refusals.append(error)
        try:
            assert read_volume(path).hu.ndim == 3
        except EsccError as error:
            refusals.append(error)
    assert [refusal.what for refusal in refusals if tmp_path.name not in refusal.what or len(refusal.what) > 400] == []


def test_that_damaged_series_are_judged_and_only_sound_ones_load(tmp_path: Path) -> None:
    rng = np.random.default_rng(12)
    volume = Volume(rng.integers(-1000, 1000, GRID.shape).astype(np.int16), GRID)
    uids = {"StudyInstanceUID": uid_from("a"), "SeriesInstanceUID": uid_from("b"), "FrameOfReferenceUID": uid_from("c")}
    files = write_ct_series(volume, tmp_path, uids | {"PatientID": "P1"})
    sound = [path.read_bytes() for path in files]
    for _ in range(ROUNDS):
        for path, data in zip(files, sound, strict=True):
            path.write_bytes(damaged(data, rng) if rng.random() < 0.3 else data)
        result = scan(tmp_path, Progress())
        assert len(scan_report(result)["series"]) == len(result.series)
        for series in result.series:
            assert (series.geometry is None) == (series.verdict is Verdict.REFUSE)
            try:
                loaded = load(series, Progress(), frozenset(finding.code for finding in series.findings))
            except EsccError:
                continue
            assert loaded.hu.shape == loaded.geometry.shape
            assert series.verdict is not Verdict.REFUSE
