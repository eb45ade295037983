"""The synthetic CT: its tissues, its noise, its lesions, its files."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pydicom
import pytest

from escc_desktop.imaging.dicom import scan as scan_folder
from escc_desktop.imaging.exchange import read_mask
from escc_desktop.imaging.measure import slice_axes
from escc_desktop.imaging.series import Verdict
from escc_desktop.progress import Cancelled, Progress
from escc_desktop.workflow.demo.bones import spine_at
from escc_desktop.workflow.demo.canvas import single
from escc_desktop.workflow.demo.images import Grid, Scene, noise_sd_hu, paint_scene, scan, true_mask
from escc_desktop.workflow.demo.scanner import correlated_noise, noise_level
from escc_desktop.workflow.demo.study import write_import_folder
from escc_desktop.workflow.demo.truth import PatientTruth, draw_truth

SEED = 20388
MEDIUM = Grid((128, 128, 48), (2.8, 2.8, 6.7))
TINY = Grid((96, 96, 24), (3.7, 3.7, 13.4))

# Stated in DEMO.md; tissue, place in the body of the data files (x, y, z), arterial HU, venous HU.
STATED = (
    ("muscle", (28, 82, -60), 60, 64),
    ("liver", (-85, 10, -112), 65, 105),
    ("trachea", (1, 2, 40), -1000, -1000),
    ("lung in front", (-70, -50, 5), -860, -860),
    ("lung at the back", (60, 62, 5), -805, -805),
    ("spleen", (97, 32, -130), 120, 122),
    ("portal vein", (-8, -8, -174), 90, 170),
    ("stomach fluid", (62, 8, -126), 10, 10),
)


@cache
def patient(**changes: object) -> PatientTruth:
    first = next(truth for truth in draw_truth() if truth.site == "primary" and not truth.is_showcase)
    usual = {"axial_diameter_mm": 44.0, "short_axis_mm": 36.0, "length_mm": 60.0, "thickness_mm": 22.0}
    usual |= {"lumen": "collapsed", "tumor_location": "thoracic", "artefact": "", "necrotic_fraction": 0.0}
    return replace(first, **(usual | changes))


@cache
def scene_of(phase: str) -> Scene:
    return paint_scene(patient(), SEED, MEDIUM, phase)


def around(scene: Scene, place: tuple[float, float, float], radius_mm: float = 6.0) -> np.ndarray:
    """Return the HU of the voxels around a place of the body."""
    x, y, z = place
    near = np.abs(scene.body.z - z).argmin()
    plane = np.hypot(scene.body.y[:, None] - y, scene.body.x[None, :] - x) < radius_mm
    return scene.slices[near][plane]


@pytest.mark.parametrize(("tissue", "place", "arterial", "venous"), STATED)
def test_that_tissues_have_the_stated_hu(
    tissue: str, place: tuple[float, float, float], arterial: float, venous: float
) -> None:
    for phase, stated in (("arterial", arterial), ("venous", venous)):
        found = float(np.median(around(scene_of(phase), place)))
        # The banded spleen and the mottled lung have the stated mean over the organ, not at one place.
        tolerance = 25.0 if tissue == "spleen" and phase == "arterial" else max(0.05 * abs(stated), 3.0)
        assert found == pytest.approx(stated, abs=tolerance), tissue


def test_that_blood_has_the_patient_s_own_hu() -> None:
    truth, scene = patient(), scene_of("arterial")
    aorta = float(np.median(around(scene, (25, 38, -48))))
    assert aorta == pytest.approx(truth.aorta_hu, rel=0.05)
    assert np.median(around(scene, (8, 2, -48))) == pytest.approx(truth.aorta_hu * 300 / 320, rel=0.05)
    assert np.median(around(scene, (20, -40, -18))) == pytest.approx(truth.aorta_hu * 280 / 320, rel=0.05)
    assert np.median(around(scene_of("venous"), (25, 38, -48))) == pytest.approx(160, rel=0.05)
    spongy = around(scene, (0, float(spine_at(single([-54.0]))[0][0]), -54), 7.0)
    assert np.mean(spongy) == pytest.approx(truth.marrow_hu, abs=20)


def test_that_the_lesion_has_the_stated_contrast_and_texture() -> None:
    truth = patient(texture_amplitude_hu=14.0)
    scene = paint_scene(truth, SEED, MEDIUM)
    inner = scene.slices[scene.lesion > 0.97]
    assert inner.size > 300
    assert inner.mean() == pytest.approx(57 + truth.enhancement_hu, rel=0.05)
    assert inner.std() == pytest.approx(truth.texture_amplitude_hu, rel=0.2)


def test_that_the_necrotic_share_is_the_stated_one() -> None:
    truth = patient(texture_amplitude_hu=3.0, necrotic_fraction=0.35, enhancement_hu=30.0)
    scene = paint_scene(truth, SEED, MEDIUM)
    inner = scene.slices[scene.lesion > 0.97]
    assert np.mean(inner < (87 + 32) / 2) == pytest.approx(0.35, abs=0.08)


@pytest.mark.parametrize("site", ["primary", "anastomotic", "regional_node", "distant_node", "liver", "lung"])
def test_that_the_true_mask_is_as_large_as_stated(site: str) -> None:
    truth = patient(site=site, axial_diameter_mm=36.0, short_axis_mm=28.0, length_mm=40.0, thickness_mm=18.0)
    mask = true_mask(paint_scene(truth, SEED, MEDIUM))
    axes = [slice_axes(plane, mask.geometry.spacing_mm[:2]) for plane in mask.voxels if plane.any()]
    assert max(one.long_mm for one in axes if one) == pytest.approx(36.0, abs=2.5 * 2.8)
    z = mask.bounding_box[0]
    assert (z.stop - z.start) * 6.7 == pytest.approx(40.0, abs=2 * 6.7)


def test_that_noise_peaks_at_the_stated_frequency() -> None:
    pixel = 0.7
    noise = correlated_noise((6, 256, 256), pixel, 0.3, np.random.default_rng(1))
    power = (np.abs(np.fft.fft2(noise)) ** 2).mean(axis=0)
    f = np.hypot(*np.meshgrid(*[np.fft.fftfreq(256, pixel)] * 2))
    edges = np.arange(0.0, 0.7, 0.05)
    radial = [power[(f >= low) & (f < low + 0.05)].mean() for low in edges]
    assert 0.15 <= edges[int(np.argmax(radial))] <= 0.35
    assert noise.std() == pytest.approx(1.0, rel=1e-3)


def test_that_noise_has_the_stated_size() -> None:
    assert noise_sd_hu(5.0) == pytest.approx(11.0)
    assert noise_sd_hu(1.0) == pytest.approx(22.0)
    along, across = noise_level(single([-100.0, 95.0]), 64, 64, 11.0)
    level = along[:, None, None] * across
    middle = level[:, 32, 32]
    assert middle[0] == pytest.approx(11.0, rel=0.08)
    assert middle[1] / middle[0] == pytest.approx(1.4, abs=0.02)


def test_that_a_scan_is_whole_hu_within_the_scanner_s_range() -> None:
    volume = scan(scene_of("arterial"), (1, 2))
    assert volume.hu.dtype == np.int16
    assert volume.hu.min() >= -1024
    assert volume.hu.max() <= 3071
    assert volume.digest == scan(scene_of("arterial"), (1, 2)).digest
    assert volume.digest != scan(scene_of("arterial"), (1, 3)).digest


def test_that_venous_and_arterial_show_the_same_body() -> None:
    arterial, venous = scene_of("arterial"), scene_of("venous")
    assert arterial.geometry.difference(venous.geometry) is None
    np.testing.assert_array_equal(arterial.lesion > 0.5, venous.lesion > 0.5)


def files_of(folder: Path) -> dict[str, bytes]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[PatientTruth]]:
    folder = tmp_path_factory.mktemp("demo") / "import"
    truths = [truth for truth in draw_truth() if truth.patient_id in {"P005", "P007"}]
    write_import_folder(truths, folder, SEED, 1, Progress(), TINY)
    return folder, truths


def test_that_the_gate_accepts_every_series_but_the_scouts(written: tuple[Path, list[PatientTruth]]) -> None:
    result = scan_folder(written[0], Progress())
    assert not result.rejected
    verdicts = {(series.patient_id, series.description): series.verdict for series in result.series}
    scouts = {key for key in verdicts if key[1] == "Scout"}
    assert {key for key, verdict in verdicts.items() if verdict is not Verdict.OK} == scouts
    phases = sorted(series.phase.name for series in result.series if series.description != "Scout")
    assert phases == ["arterial", "arterial", "unenhanced", "venous"]


def test_that_every_file_says_it_is_synthetic(written: tuple[Path, list[PatientTruth]]) -> None:
    for path in written[0].rglob("*.dcm"):
        header = pydicom.dcmread(path, stop_before_pixels=True)
        assert str(header.PatientName) == f"SYNTHETIC^{header.PatientID}"
        assert "SYNTHETIC" in header.ImageComments
        assert "SYNTHETIC" in header.StudyDescription


def test_that_the_same_seed_gives_the_same_bytes(written: tuple[Path, list[PatientTruth]], tmp_path: Path) -> None:
    images = write_import_folder(written[1], tmp_path / "import", SEED, 1, Progress(), TINY)
    assert files_of(tmp_path / "import") == files_of(written[0])
    assert files_of(tmp_path / "truth") == files_of(written[0].parent / "truth")
    assert [entry.patient_id for entry in images] == ["P005", "P007"]


@pytest.mark.slow
def test_that_processes_write_what_one_process_writes(written: tuple[Path, list[PatientTruth]], tmp_path: Path) -> None:
    write_import_folder(written[1], tmp_path / "import", SEED, 2, Progress(), TINY)
    assert files_of(tmp_path / "import") == files_of(written[0])


def test_that_the_marked_point_lies_in_the_true_mask(tmp_path: Path) -> None:
    truths = [truth for truth in draw_truth() if truth.patient_id == "P006"]
    (entry,) = write_import_folder(truths, tmp_path / "import", SEED, 1, Progress(), TINY)
    series = next(s for s in scan_folder(entry.folder, Progress()).series if s.series_uid == entry.series_uid)
    assert series.geometry is not None
    mask = read_mask(entry.mask_path, series.geometry)
    x, y, z = np.rint(series.geometry.to_index(np.array([entry.point_mm]))[0]).astype(int)
    assert mask.voxels[z, y, x]


def test_that_writing_stops_when_cancelled(tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        write_import_folder(draw_truth()[:2], tmp_path / "import", SEED, 1, Progress(is_cancelled=lambda: True), TINY)
    assert len(list((tmp_path / "import").iterdir())) == 1
