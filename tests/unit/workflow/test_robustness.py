"""Robustness of single readings as a table: of a manifest, of a project, after an interruption."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813  # the field's name for it

from escc_desktop.errors import AccessDeniedError, EsccError, UsageError
from escc_desktop.features.extract import extract
from escc_desktop.features.names import FEATURE_NAMES
from escc_desktop.features.params import load_params
from escc_desktop.features.perturb import perturbed
from escc_desktop.features.roi_files import FileLoader, RoiFiles, file_task
from escc_desktop.features.supervisor import Outcome
from escc_desktop.features.table import FeatureVector, RoiKey
from escc_desktop.features.worker import Task
from escc_desktop.files import read_csv
from escc_desktop.progress import Cancelled, Progress
from escc_desktop.stats.agreement import icc_many
from escc_desktop.store.kinds import FEATURES, PERTURBED, ROI
from escc_desktop.workflow import perturbation, robustness
from escc_desktop.workflow.cohort import CohortOptions
from escc_desktop.workflow.extraction import ExtractionChoice
from escc_desktop.workflow.partial import partial_path
from escc_desktop.workflow.perturbation import Order, RobustnessPlan, kept_perturbations
from escc_desktop.workflow.robustness import ManifestInput, robustness_of_manifest, robustness_of_project, settings_of

HEADER = "patient_id,lesion_id,site,reader,occasion,image,mask\n"
PLAN = RobustnessPlan("NTVC", 2, 4)
CHOICE = ExtractionChoice()


def _write_lesion(folder: Path, number: int) -> None:
    rng = np.random.default_rng(number)
    hu = np.full((12, 20, 22), -100.0)
    z, y, x = np.ogrid[:12, :20, :22]
    voxels = ((z - 6) / 3.5) ** 2 + ((y - 10) / 6) ** 2 + ((x - 11) / (4 + number)) ** 2 <= 1
    hu[voxels] = 30 + 20 * number
    for name, array in (
        ("ct", (hu + rng.normal(0, 15, hu.shape)).round().astype(np.int16)),
        ("roi", voxels.astype(np.uint8)),
    ):
        grid = sitk.GetImageFromArray(array)
        grid.SetSpacing((1.0, 1.0, 2.0))
        sitk.WriteImage(grid, str(folder / f"{name}{number}.nii.gz"))


def _manifest(folder: Path, *lines: str) -> Path:
    path = folder / "manifest.csv"
    path.write_text(HEADER + "".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


@pytest.fixture
def lesions(tmp_path: Path) -> Path:
    """Three patients read once, one of them by reader B too."""
    for number in (1, 2, 3):
        _write_lesion(tmp_path, number)
    first = (f"P{n},L1,primary,A,first,ct{n}.nii.gz,roi{n}.nii.gz" for n in (1, 2, 3))
    return _manifest(tmp_path, *first, "P1,L1,primary,B,first,ct1.nii.gz,roi1.nii.gz")


def _direct(folder: Path, number: int, plan: RobustnessPlan = PLAN) -> np.ndarray:
    """The values of a lesion's perturbations, computed one after the other in this process."""
    params = load_params("ct_arterial")
    key = RoiKey(f"P{number}", "L1", "primary", "A", "first")
    files = RoiFiles(folder / f"ct{number}.nii.gz", folder / f"roi{number}.nii.gz")
    volume, mask = FileLoader()(file_task(key, files))
    scenes = [perturbed(volume, mask, plan.recipe(params), k) for k in range(plan.n)]
    return np.array([extract(*scene, params, Progress()).values for scene in scenes])


@pytest.mark.slow
def test_that_the_table_holds_the_icc_of_each_lesion_s_own_perturbations(lesions: Path, tmp_path: Path) -> None:
    out = tmp_path / "robustness.csv"
    result = robustness_of_manifest(ManifestInput(lesions), out, PLAN, CHOICE, CohortOptions(jobs=2), Progress())
    assert result.n_lesions == 3
    assert result.failures == ()
    assert "1 readings that are no first ones" in result.notes[0]
    table = read_csv(out)
    assert table.column("feature") == tuple(f"A_{name}" for name in FEATURE_NAMES)
    expected = icc_many(np.stack([_direct(tmp_path, number) for number in (1, 2, 3)]), "icc1")
    written = np.array([float(cell) if cell else np.nan for cell in table.column("icc")])
    np.testing.assert_array_equal(written, expected.icc)
    assert set(table.column("n_perturbations")) == {"2"}
    assert set(table.column("n_patients")) == {"3"}
    passes = np.array(table.column("pass")) == "true"
    np.testing.assert_array_equal(passes, np.nan_to_num(expected.icc, nan=-1.0) >= 0.9)
    sidecar = json.loads((tmp_path / "robustness.csv.json").read_text(encoding="utf-8"))
    assert sidecar["perturbation"]["chain"] == "NTVC"
    assert sidecar["perturbation"]["seed"] == 4
    assert sidecar["perturbation"]["amplitudes"]["growth"] == 0.2
    assert "no second reader" in sidecar["method"]
    assert [row["patient_id"] for row in sidecar["rows"]] == ["P1", "P2", "P3"]
    assert len({identity for row in sidecar["rows"] for identity in row["identities"]}) == 6
    assert not partial_path(out).exists()


@pytest.mark.slow
def test_that_a_single_lesion_has_a_spread_and_an_unreadable_one_is_reported(tmp_path: Path) -> None:
    _write_lesion(tmp_path, 1)
    manifest = _manifest(
        tmp_path,
        "P1,L1,primary,A,first,ct1.nii.gz,roi1.nii.gz",
        "P2,L1,primary,A,first,ct1.nii.gz,nothing.nii.gz",
    )
    out = tmp_path / "spread.csv"
    result = robustness_of_manifest(ManifestInput(manifest), out, PLAN, CHOICE, CohortOptions(), Progress())
    assert result.found is None
    assert [key.patient_id for key, _ in result.failures] == ["P2"]
    assert str(tmp_path) not in result.failures[0][1].what
    table, values = read_csv(out), _direct(tmp_path, 1)
    assert set(table.column("patient_id")) == {"P1"}
    np.testing.assert_allclose([float(cell) for cell in table.column("sd")], values.std(axis=0, ddof=1))
    assert set(table.column("share_of_cohort_variance")) == {""}
    sidecar = json.loads((tmp_path / "spread.csv.json").read_text(encoding="utf-8"))
    assert "no ICC exists" in sidecar["method"]
    assert sidecar["failed"][0]["patient_id"] == "P2"


@pytest.mark.slow
def test_that_an_interrupted_run_goes_on_where_it_stopped(
    lesions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, given = tmp_path / "robustness.csv", ManifestInput(lesions)
    seen: list[float] = []

    def stop_after_the_first() -> bool:
        return partial_path(out).exists() and partial_path(out).stat().st_size > 0

    with pytest.raises(Cancelled):
        robustness_of_manifest(
            given, out, PLAN, CHOICE, CohortOptions(), Progress(lambda done, _: seen.append(done), stop_after_the_first)
        )
    assert not out.exists()
    before = partial_path(out).read_bytes()
    reused: list[Outcome] = []
    add = robustness.PartialResults.add
    monkeypatch.setattr(
        robustness.PartialResults, "add", lambda self, outcome: (reused.append(outcome), add(self, outcome))
    )
    robustness_of_manifest(given, out, PLAN, CHOICE, CohortOptions(resume=True), Progress())
    assert sum(outcome.is_reused for outcome in reused) == before.count(b"identity") >= 1
    assert len(reused) == 6


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (("P1,L1,primary,B,first,ct.nii,roi.nii",), "no first reading by reader A"),
        (("P1,L1,primary,A,repeat,ct.nii,roi.nii",), "no first reading by reader A"),
    ],
)
def test_that_a_manifest_without_first_readings_is_refused(tmp_path: Path, lines: tuple[str], message: str) -> None:
    given = ManifestInput(_manifest(tmp_path, *lines))
    with pytest.raises(EsccError, match=message):
        robustness_of_manifest(given, tmp_path / "out.csv", PLAN, CHOICE, CohortOptions(), Progress())


@pytest.mark.parametrize(("n", "threshold"), [(1, 0.9), (2000, 0.9), (10, 1.5), (10, float("nan"))])
def test_that_a_plan_out_of_bounds_is_refused(n: int, threshold: float) -> None:
    with pytest.raises(UsageError):
        RobustnessPlan(n=n, threshold=threshold)


def _drawn(tasks, load, params, options, sink, progress):
    """Instead of `extract_many`: values drawn by lesion and number, and the loader asked for the first."""
    made = []
    volume, mask = load(tasks[0])
    assert volume.geometry.shape == mask.voxels.shape
    for task in tasks:
        progress.advance(len(made), len(tasks))
        rng = np.random.default_rng(int(task.key.patient_id[1:]))
        values = rng.normal(size=1874) + np.random.default_rng(task.mask_ref.number).normal(0, 0.1, 1874)
        vector = _vector(task, values)
        made.append(Outcome(task, vector))
        sink(made[-1])
    return tuple(made)


def _vector(task: Task, values: np.ndarray) -> FeatureVector:
    identity = f"{task.key.patient_id}-{task.mask_ref.number}"
    return FeatureVector(values, FEATURE_NAMES, {"identity": identity})


@pytest.fixture
def order(monkeypatch: pytest.MonkeyPatch) -> Order:
    monkeypatch.setattr(perturbation, "extract_many", _drawn)
    return Order(PLAN, settings_of("ct_arterial", CHOICE.engine, 1))


def test_that_a_project_keeps_the_perturbations_of_reader_a_s_first_readings(studied_project, order, tmp_path) -> None:
    project = studied_project("statistician")
    out = tmp_path / "robustness.csv"
    result = robustness_of_project(project, out, order.plan, order.settings, Progress())
    assert result.n_lesions == 30
    kept = project.view.all(PERTURBED)
    assert len(kept) == 30
    assert {(item.key.reader, item.key.occasion) for item in kept} == {("A", "first")}
    roi = project.view.get(ROI, kept[0].session_id)
    assert kept[0].provenance["mask_digest"] == roi.mask.digest
    assert kept[0].provenance["volume_digest"] == roi.volume_digest
    icc = read_csv(out).column("icc")
    expected = icc_many(np.stack([item.values for item in kept]), "icc1").icc
    np.testing.assert_array_equal([float(cell) for cell in icc], expected)


def test_that_lesions_perturbed_before_are_not_perturbed_again(studied_project, order) -> None:
    project = studied_project("statistician")
    steps: list[int] = []
    stopping = Progress(lambda _done, _note: steps.append(1), lambda: len(steps) > 20)
    with pytest.raises(Cancelled):
        project.perturb(order, stopping)
    finished = len(project.view.all(PERTURBED))
    assert 0 < finished < 30
    made = project.perturb(order, Progress())
    assert (made.n_reused, len(made.lesions)) == (finished, 30)
    again = project.perturb(order, Progress())
    assert again.n_reused == 30
    other = project.perturb(Order(RobustnessPlan("NTVC", 2, 5), order.settings), Progress())
    assert other.n_reused == 0


def test_that_perturbations_count_only_beside_the_features_of_the_same_scan_outline_and_settings(
    studied_project, order
) -> None:
    project = studied_project("statistician")
    assert kept_perturbations(project.view) == ()
    project.perturb(order, Progress())
    kept = kept_perturbations(project.view)
    assert len(kept) == 30
    item = project.view.get(FEATURES, kept[0].session_id)
    other = FeatureVector(
        item.vector.values, item.vector.names, {**item.vector.provenance, "params_digest": "of other settings"}
    )
    project._store.put(project.principal, FEATURES, replace(item, vector=other))
    assert [each.session_id for each in kept_perturbations(project.view)] == [each.session_id for each in kept[1:]]


def test_that_perturbations_of_another_recipe_do_not_mix(studied_project, order) -> None:
    project = studied_project("statistician")
    project.perturb(order, Progress())
    steps: list[int] = []
    stopping = Progress(lambda _done, _note: steps.append(1), lambda: len(steps) > 12)
    with pytest.raises(Cancelled):
        project.perturb(Order(RobustnessPlan("R", 2, 5), order.settings), stopping)
    kept = kept_perturbations(project.view)
    assert 15 < len(kept) < 30
    assert {item.provenance["perturbation"]["chain"] for item in kept} == {"NTVC"}


@pytest.mark.parametrize("name", ["A", "oncologist", "admin"])
def test_that_who_may_not_extract_may_not_perturb(studied_project, order, name: str) -> None:
    with pytest.raises(AccessDeniedError):
        studied_project(name).perturb(order, Progress())


def test_that_the_coordinator_may_start_but_not_see_the_perturbations(studied_project, order) -> None:
    project = studied_project("coordinator")
    project.perturb(order, Progress())
    with pytest.raises(AccessDeniedError):
        kept_perturbations(project.view)
