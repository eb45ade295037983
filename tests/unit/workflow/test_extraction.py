"""Features of files: one region, a manifest, and going on after an interruption."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813  # the field's name for it

from escc_desktop.errors import EsccError, FaultsError, UsageError
from escc_desktop.features.extract import PROVENANCE_KEYS, extract
from escc_desktop.features.names import FEATURE_NAMES
from escc_desktop.features.params import ExtractionParams, load_params
from escc_desktop.features.roi_files import FileLoader, RoiFiles
from escc_desktop.features.supervisor import Outcome
from escc_desktop.features.table import FeatureTable, FeatureVector, RoiKey, read_feature_table, write_feature_table
from escc_desktop.features.worker import Task
from escc_desktop.files import digest, read_csv
from escc_desktop.progress import Cancelled, Progress
from escc_desktop.workflow.cohort import CohortOptions, extract_manifest
from escc_desktop.workflow.extraction import ExtractionChoice, extract_files, vector_text
from escc_desktop.workflow.manifest import read_manifest
from escc_desktop.workflow.partial import PartialResults, finished_vectors, partial_path

HEADER = "patient_id,lesion_id,site,reader,occasion,image,mask,label\n"
CHOICE = ExtractionChoice()


def write_roi(folder: Path, number: int, label: int = 1, dtype: type = np.int16) -> RoiFiles:
    rng = np.random.default_rng(number)
    hu = np.full((10, 16, 18), -1000.0)
    hu[1:-1, 2:-2, 2:-2] = 40
    voxels = np.zeros(hu.shape, dtype=np.uint8)
    voxels[3:8, 5:11, 6:12] = label
    files = RoiFiles(folder / f"ct{number}.nii.gz", folder / f"roi{number}.nii.gz", label)
    for array, path in (
        ((hu + rng.normal(0, 20, hu.shape)).round().astype(dtype), files.image),
        (voxels, files.mask),
    ):
        grid = sitk.GetImageFromArray(array)
        grid.SetSpacing((1.0, 1.0, 3.0))
        sitk.WriteImage(grid, str(path))
    return files


def write_manifest(folder: Path, *rows: str) -> Path:
    path = folder / "manifest.csv"
    path.write_text(HEADER + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def params() -> ExtractionParams:
    return load_params("ct_arterial")


@pytest.fixture
def cohort(tmp_path: Path) -> Path:
    """Three regions, the second of which has no mask on disk."""
    (tmp_path / "images").mkdir()
    for number in (1, 2, 3):
        write_roi(tmp_path / "images", number, label=number)
    (tmp_path / "images" / "roi2.nii.gz").unlink()
    return write_manifest(
        tmp_path,
        *(f"P{n},L1,primary,A,first,images/ct{n}.nii.gz,images/roi{n}.nii.gz,{n}" for n in (1, 2, 3)),
    )


def stored_vector(params: ExtractionParams, identity: str, value: float) -> FeatureVector:
    provenance: Mapping[str, Any] = {
        **dict.fromkeys(PROVENANCE_KEYS, "x"),
        "identity": identity,
        "params_digest": params.digest,
        "warnings": [],
    }
    return FeatureVector(np.full(1874, value), FEATURE_NAMES, provenance)


def outcome(vector: FeatureVector) -> Outcome:
    return Outcome(Task(RoiKey("P1", "", "", "A", "first"), None, None), vector)


def test_that_a_manifest_is_read_relative_to_its_folder(tmp_path: Path) -> None:
    (row,) = read_manifest(write_manifest(tmp_path, "P1,L1,node,B,repeat,a/ct.nrrd,b,4"))
    assert (row.row, row.key) == (2, RoiKey("P1", "L1", "node", "B", "repeat"))
    assert row.files == RoiFiles(tmp_path / "a" / "ct.nrrd", tmp_path / "b", 4)


def test_that_lesion_site_and_label_may_be_left_out(tmp_path: Path) -> None:
    path = tmp_path / "manifest.csv"
    path.write_text("mask,image,occasion,reader,patient_id\nm,i,first,A,P1\n", encoding="utf-8")
    (row,) = read_manifest(path)
    assert row.key == RoiKey("P1", "", "", "A", "first")
    assert row.files.label is None


def test_that_every_fault_of_a_manifest_is_said_at_once(tmp_path: Path) -> None:
    path = write_manifest(
        tmp_path,
        "P1,L1,primary,A,first,i,m,1",
        "P1,L1,node,A,first,i,m,0",
        ",L1,primary,a,First,,m,one",
        "P2,L1,primary,B,repeat,i,,٣",
    )
    with pytest.raises(FaultsError) as caught:
        read_manifest(path)
    assert [str(fault) for fault in caught.value.faults] == [
        "manifest.csv, row 3: the same patient, lesion, reader and occasion as row 2",
        "manifest.csv, row 4, column patient_id: is empty",
        "manifest.csv, row 4, column reader: 'a' is neither A nor B",
        "manifest.csv, row 4, column occasion: 'First' is neither first nor repeat",
        "manifest.csv, row 4, column image: is empty",
        "manifest.csv, row 5, column mask: is empty",
        "manifest.csv, row 3, column label: '0' is no whole number from 1",
        "manifest.csv, row 4, column label: 'one' is no whole number from 1",
        "manifest.csv, row 5, column label: '٣' is no whole number from 1",
    ]


def test_that_missing_and_unknown_columns_are_faults(tmp_path: Path) -> None:
    path = tmp_path / "manifest.csv"
    path.write_text("patient_id,reader,image,lable\nP1,A,i,1\n", encoding="utf-8")
    with pytest.raises(FaultsError) as caught:
        read_manifest(path)
    assert [fault.what for fault in caught.value.faults] == [
        "column occasion is missing",
        "column mask is missing",
        "column lable is unknown",
    ]


@pytest.mark.slow
def test_that_a_cohort_becomes_a_table_a_list_of_failures_and_can_be_resumed(cohort: Path) -> None:
    out = cohort.with_name("features.csv")
    result = extract_manifest(cohort, out, CHOICE, CohortOptions(jobs=2), Progress())
    assert [key.patient_id for key in result.table.keys] == ["P1", "P3"]
    assert [failure.row.row for failure in result.failures] == [3]
    written = read_feature_table(out)
    assert written.values.tobytes() == result.table.values.tobytes()
    assert written.names == tuple(f"A_{name}" for name in FEATURE_NAMES)
    failed = read_csv(cohort.with_name("features.failed.csv"))
    assert failed.column("patient_id") == ("P2",)
    assert "roi2.nii.gz" in failed.column("problem")[0]
    assert not partial_path(out).exists()

    before = out.read_bytes()
    again = extract_manifest(cohort, out, CHOICE, CohortOptions(jobs=1, resume=True), Progress())
    assert again.n_reused == 2
    assert out.read_bytes() == before

    write_roi(cohort.parent / "images", 2, label=2, dtype=np.float32)
    whole = extract_manifest(cohort, out, CHOICE, CohortOptions(jobs=1, resume=True), Progress())
    assert (whole.n_reused, whole.failures) == (2, ())
    assert not cohort.with_name("features.failed.csv").exists()
    rows = json.loads(out.with_name("features.csv.json").read_text(encoding="utf-8"))["rows"]
    assert [row["patient_id"] for row in rows] == ["P1", "P2", "P3"]
    assert [row["pixel_type"] for row in rows] == ["int16", "float32", "int16"]
    assert not any("pixel types" in warning for warning in again.warnings)
    assert "2 int16, 1 float32" in whole.warnings[-1]


@pytest.mark.slow
def test_that_an_interrupted_cohort_goes_on_where_it_stopped(cohort: Path) -> None:
    out = cohort.with_name("features.csv")
    notes: list[str] = []
    stopping = Progress(lambda _fraction, note: notes.append(note), lambda: bool(notes) and "2 of 3" in notes[-1])
    with pytest.raises(Cancelled):
        extract_manifest(cohort, out, CHOICE, CohortOptions(jobs=1), stopping)
    assert not out.exists()
    assert partial_path(out).exists()
    result = extract_manifest(cohort, out, CHOICE, CohortOptions(jobs=1, resume=True), Progress())
    assert result.n_reused == 1
    assert not partial_path(out).exists()


@pytest.mark.slow
def test_that_a_cohort_of_which_nothing_succeeds_leaves_only_the_reasons(cohort: Path) -> None:
    for path in (cohort.parent / "images").glob("roi*"):
        path.unlink()
    with pytest.raises(EsccError, match="None of the 3 lesions"):
        extract_manifest(cohort, cohort.with_name("features.csv"), CHOICE, CohortOptions(), Progress())
    assert len(read_csv(cohort.with_name("features.failed.csv")).rows) == 3
    assert not list(cohort.parent.glob("features.csv*"))


@pytest.mark.slow
def test_that_one_region_is_written_with_its_provenance(tmp_path: Path, params: ExtractionParams) -> None:
    files = write_roi(tmp_path, 1)
    out = tmp_path / "features.csv"
    vector = extract_files(files, CHOICE, out, Progress())
    with out.open(encoding="utf-8", newline="") as stream:
        header, *rows = csv.reader(stream)
    assert header == ["feature", "value"]
    assert [(name, float(value)) for name, value in rows] == list(zip(FEATURE_NAMES, vector.values, strict=True))
    assert out.read_text(encoding="utf-8") == vector_text(vector)
    sidecar = json.loads(out.with_name("features.csv.json").read_text(encoding="utf-8"))
    assert {key: sidecar[key] for key in PROVENANCE_KEYS} == vector.provenance
    volume, mask = FileLoader()(Task(RoiKey("", "", "", "", ""), files, None))
    direct = extract(volume, mask, params, Progress())
    np.testing.assert_allclose(vector.values, direct.values, rtol=1e-9)


@pytest.mark.slow
def test_that_a_refused_region_leaves_nothing(tmp_path: Path) -> None:
    files = write_roi(tmp_path, 1)
    with pytest.raises(EsccError, match="no label 7"):
        extract_files(RoiFiles(files.image, files.mask, 7), CHOICE, tmp_path / "features.csv", Progress())
    assert not list(tmp_path.glob("features*"))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nowhere/features.csv", "does not exist"),
        ("features.txt", r"ends in \.csv"),
        ("manifest.csv", "is an input"),
        ("folder.csv", r"ends in \.csv"),
    ],
)
def test_that_a_wrong_output_is_refused_before_the_work(tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / "folder.csv").mkdir()
    manifest = write_manifest(tmp_path, "P1,L1,primary,A,first,i,m,")
    before = manifest.read_bytes()
    with pytest.raises(EsccError, match=said):
        extract_manifest(manifest, tmp_path / name, CHOICE, CohortOptions(), Progress())
    assert manifest.read_bytes() == before


def test_that_an_engine_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    files = RoiFiles(tmp_path / "i.nii", tmp_path / "m.nii")
    with pytest.raises(UsageError, match="faster"):
        extract_files(files, ExtractionChoice(engine="faster"), None, Progress())
    manifest = write_manifest(tmp_path, "P1,L1,primary,A,first,i,m,")
    with pytest.raises(UsageError, match="faster"):
        extract_manifest(manifest, tmp_path / "f.csv", ExtractionChoice(engine="faster"), CohortOptions(), Progress())


def test_that_partial_results_come_back_although_the_last_line_is_torn(
    tmp_path: Path, params: ExtractionParams
) -> None:
    out = tmp_path / "features.csv"
    with PartialResults(out, keep=False) as partial:
        partial.add(outcome(stored_vector(params, "one", 1 / 3)))
        partial.add(outcome(stored_vector(params, "two", 2.0)))
    raw = partial_path(out).read_bytes()
    partial_path(out).write_bytes(raw[:-100])
    with PartialResults(out, keep=True) as partial:
        partial.add(outcome(stored_vector(params, "three", 3.0)))
    found = finished_vectors(out, params)
    assert sorted(found) == ["one", "three"]
    assert found["one"].values.tolist() == [1 / 3] * 1874


def test_that_partial_results_of_another_run_are_dropped_unless_it_is_resumed(
    tmp_path: Path, params: ExtractionParams
) -> None:
    out = tmp_path / "features.csv"
    with PartialResults(out, keep=False) as partial:
        partial.add(outcome(stored_vector(params, "one", 1.0)))
    with PartialResults(out, keep=False):
        pass
    assert not partial_path(out).exists()


@pytest.fixture
def table_file(tmp_path: Path, params: ExtractionParams) -> Path:
    vector = stored_vector(params, "one", 1.5)
    names = tuple(f"A_{name}" for name in FEATURE_NAMES)
    table = FeatureTable((RoiKey("P1", "", "", "A", "first"),), names, vector.values[np.newaxis])
    write_feature_table(tmp_path / "features.csv", table, {"rows": [dict(vector.provenance)]})
    return tmp_path / "features.csv"


def test_that_rows_of_a_table_are_taken_over_by_their_digests(table_file: Path, params: ExtractionParams) -> None:
    found = finished_vectors(table_file, params)
    assert found["one"].values.tolist() == [1.5] * 1874
    other = params.model_copy(update={"bin_width_hu": 10.0})
    assert finished_vectors(table_file, ExtractionParams.model_validate(other.model_dump())) == {}


def test_that_a_table_changed_by_hand_is_not_taken_over(table_file: Path, params: ExtractionParams) -> None:
    table_file.write_text(table_file.read_text(encoding="utf-8").replace("1.5", "2.5", 1), encoding="utf-8")
    assert finished_vectors(table_file, params) == {}


@pytest.mark.parametrize(
    "sidecar",
    [
        "",
        "[]",
        "{",
        '{"rows": []}',
        '{"sha256": "SHA", "rows": 5}',
        '{"sha256": "SHA", "rows": [5]}',
        '{"sha256": "SHA"}',
    ],
)
def test_that_a_damaged_sidecar_is_not_believed(table_file: Path, params: ExtractionParams, sidecar: str) -> None:
    text = sidecar.replace("SHA", digest(table_file.read_bytes()))
    table_file.with_name("features.csv.json").write_text(text, encoding="utf-8")
    assert finished_vectors(table_file, params) == {}
