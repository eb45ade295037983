"""The qualification of an installation: what agrees passes, what was falsified fails, each time."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pypdf import PdfReader

from escc_desktop.errors import EsccError
from escc_desktop.features.engine import Computed
from escc_desktop.features.ibsi import Phantom, compare, standards
from escc_desktop.features.params import load_params
from escc_desktop.features.table import FeatureVector
from escc_desktop.progress import Cancelled, Progress
from escc_desktop.resources import resource_path
from escc_desktop.workflow import verify_cases
from escc_desktop.workflow.extraction import ExtractionChoice, RoiFiles
from escc_desktop.workflow.verify import (
    Check,
    Verification,
    check_report_path,
    run_check,
    verification_document,
    verify,
    write_verification,
)
from escc_desktop.workflow.verify_cases import Planned, digital_phantom_check, planned_cases
from escc_desktop.workflow.verify_values import Deviation, Tolerances, compare_features, compare_results

BUILT_IN = resource_path("verification")
STATISTICS = [path.parent for path in sorted(BUILT_IN.glob("statistics/*/*/expected.json"))]
ILL = "lbp-3D-m2_firstorder_RobustMeanAbsoluteDeviation"
GOOD = Check("built in", "km", "a", 3, Deviation("surv", 1e-12, 1e-8), "", 0.1)
BAD = Check("x/cases.json", "features", "b", 3, Deviation("glcm", 1e-3, 1e-6), "1 of 3 values differ.", 0.1)


def check(planned: Planned) -> Check:
    return run_check(planned, Progress())


def agrees(expected: dict[str, float], got: dict[str, float]) -> bool:
    return all(each.is_within for each in compare_features(expected, got))


@pytest.mark.parametrize(
    ("got", "is_same"),
    [
        ({"a": 1.0, "b": -2e6, ILL: 3.0}, True),
        ({"a": 1.0 + 0.9e-6, "b": -2e6, ILL: 3.0}, True),
        ({"a": 1.0 + 1.1e-6, "b": -2e6, ILL: 3.0}, False),
        ({"a": 1.0, "b": -2e6 - 3, ILL: 3.0}, False),
        ({"a": 1.0, "b": 2e6, ILL: 3.0}, False),
        ({"a": 1.0, "b": -2e6, ILL: 3.0 * (1 + 0.9e-3)}, True),
        ({"a": 1.0, "b": -2e6, ILL: 3.0 * (1 + 1.1e-3)}, False),
        ({"a": math.nan, "b": -2e6, ILL: 3.0}, False),
        ({"a": math.inf, "b": -2e6, ILL: 3.0}, False),
        ({"b": -2e6, "a": 1.0, ILL: 3.0}, False),
        ({"a": 1.0, ILL: 3.0}, False),
        ({"a": 1.0, "b": -2e6, ILL: 3.0, "c": 0.0}, False),
        ({}, False),
    ],
)
def test_that_features_agree_to_a_millionth_by_name_and_order(got: dict[str, float], is_same: bool) -> None:
    assert agrees({"a": 1.0, "b": -2e6, ILL: 3.0}, got) == is_same


def test_that_what_is_practically_zero_is_zero() -> None:
    assert agrees({"a": 0.0}, {"a": 9e-13})
    assert not agrees({"a": 0.0}, {"a": 2e-12})


def test_that_the_deviation_is_said_in_units_one_understands() -> None:
    (found,) = compare_features({"a": 200.0}, {"a": 200.1})
    assert (found.where, found.tolerance) == ("a", 1e-6)
    assert found.size == pytest.approx(5e-4)
    assert found.severity == pytest.approx(500)


def numbers(document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The places of all numbers of a document."""
    if isinstance(document, dict | list):
        for key, value in document.items() if isinstance(document, dict) else enumerate(document):
            yield from numbers(value, (*path, key))
    elif isinstance(document, int | float) and not isinstance(document, bool):
        yield path


def put(document: Any, path: tuple[Any, ...], value: object) -> None:
    for key in path[:-1]:
        document = document[key]
    document[path[-1]] = value


def get(document: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        document = document[key]
    return document


@pytest.mark.parametrize("folder", STATISTICS, ids=lambda folder: f"{folder.parent.name}-{folder.name}")
def test_that_each_built_in_statistical_case_passes_and_fails_when_a_value_is_falsified(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify_cases, "run_case", cache(verify_cases.run_case))
    root = tmp_path / "statistics"
    shutil.copytree(folder, root / folder.parent.name / folder.name)
    shutil.copy(BUILT_IN / "statistics" / "tolerances.json", root)
    (root / "index.json").write_text(json.dumps({"items": []}))
    (planned,) = planned_cases(tmp_path)
    passed = check(planned)
    assert passed.has_passed, passed.problem
    assert passed.n_values >= 5
    assert (planned.step, planned.case) == (folder.parent.name, folder.name)

    path = root / folder.parent.name / folder.name / "expected.json"
    document = json.loads(path.read_text())
    rules = Tolerances.read(root / "tolerances.json")
    places = [place for place in numbers(document) if not any(rules.is_skipped(str(key)) for key in place)]
    place = places[len(places) // 2]
    value = get(document, place)
    put(document, place, value * 1.5 + 1)
    path.write_text(json.dumps(document))
    failed = check(planned)
    assert not failed.has_passed
    assert str(place[-1] if isinstance(place[-1], str) else place[-2]) in failed.problem
    assert failed.n_values == passed.n_values
    put(document, place, "text")
    path.write_text(json.dumps(document))
    assert not check(planned).has_passed


RULES = Tolerances(
    relative={"km": 1e-8, "lasso": 1e-6},
    relative_by_key={"loose": 1e-2},
    absolute_by_key={"beta": 2e-5, "coef": {"pipeline": 5e-4}},
    monte_carlo={"p_permutation": "perm_mcse", "perm_mcse": 0.03},
    skip=frozenset({"note"}),
)


@pytest.mark.parametrize(
    ("expected", "got", "is_same"),
    [
        ({"a": 1.0, "note": 1}, {"a": 1.0, "note": 2}, True),
        ({"a_MC": 1.0, "b": 1}, {"b": 1}, True),
        ({"a": 1.0}, {"a": 1.0 + 2e-8}, False),
        ({"loose": 1.0}, {"loose": 1.009}, True),
        ({"loose": {"a": [1.0, 2.0]}}, {"loose": {"a": [1.0, 2.018]}}, True),
        ({"loose": {"a": [1.0, 2.0]}}, {"loose": {"a": [1.0, 2.022]}}, False),
        ({"a": [1.0, 2.0]}, {"a": [1.0]}, False),
        ({"a": [1.0]}, {"a": 1.0}, False),
        ({"a": {"b": 1.0}}, {"a": 1.0}, False),
        ({"a": 1.0}, {}, False),
        ({"a": None}, {}, True),
        ({"a": None}, {"a": 1.0}, False),
        ({"a": 1.0}, {"a": None}, False),
        ({"a": True}, {"a": False}, False),
        ({"a": True}, {"a": True}, True),
        ({"a": 1}, {"a": True}, False),
        ({"a": "x"}, {"a": "y"}, False),
        ({"beta": {"f1": 0.5}}, {"beta": {"f1": 0.5 + 1.9e-5}}, True),
        ({"beta": {"f1": 0.5}}, {"beta": {"f1": 0.5, "f2": 1e-5}}, True),
        ({"beta": {"f1": 0.5}}, {"beta": {"f1": 0.5, "f2": 1e-3}}, False),
        ({"p_permutation": 0.05, "perm_mcse": 0.01}, {"p_permutation": 0.085, "perm_mcse": 0.0}, True),
        ({"p_permutation": 0.05, "perm_mcse": 0.01}, {"p_permutation": 0.095, "perm_mcse": 0.0}, False),
    ],
)
def test_that_a_result_is_judged_by_the_rules(expected: dict[str, Any], got: dict[str, Any], is_same: bool) -> None:
    assert all(each.is_within for each in compare_results("km", expected, got, RULES)) == is_same


def test_that_a_step_without_a_tolerance_is_not_let_through() -> None:
    with pytest.raises(EsccError, match="no tolerance for the step new"):
        list(compare_results("new", {"a": 1}, {"a": 1}, RULES))


class _Told:
    """An engine that says what it is told."""

    name, version = "told", "1"
    libraries: dict[str, str] = {}  # noqa: RUF012

    def __init__(self, values: dict[str, float]) -> None:
        self._values = values

    def compute(self, *_arguments: object) -> Computed:
        return Computed(self._values, {})


def published_values() -> dict[str, float]:
    values = {each.name: each.published[Phantom.DIGITAL].value for each in standards() if each.published}
    values["original_firstorder_Kurtosis"] += 3
    return values


def test_that_the_digital_phantom_passes_with_the_published_values_and_fails_with_any_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in (None, *(each.name for each in standards() if each.published)):
        values = published_values()
        if name is not None:
            values[name] = values[name] * 1.02 + 0.01
        monkeypatch.setattr(verify_cases, "make_engine", lambda _name, values=values: _Told(values))
        found = check(digital_phantom_check())
        assert found.n_values == 102
        assert found.has_passed == (name is None), name
        if name is not None and found.worst is not None:
            assert found.worst.where == name


def test_that_the_axes_may_differ_by_the_documented_factor_and_nothing_else() -> None:
    values = published_values()
    name = "original_shape_LeastAxisLength"
    for factor, is_documented in ((1.0, True), (np.sqrt(73 / 74), True), (0.98, False), (1.02, False)):
        comparisons = compare({**values, name: values[name] * factor}, Phantom.DIGITAL, 74)
        (of_axis,) = (each for each in comparisons if each.standard.name == name)
        assert of_axis.is_as_documented == is_documented
        assert of_axis.is_match == (factor == 1.0)


@pytest.fixture
def told_vector(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Replaces the extraction by the shipped values; `change` is applied to them, `seen` is what was asked for."""
    names, values = zip(*verify_cases._read_values(BUILT_IN / "features" / "values.csv").items(), strict=True)
    told: dict[str, Any] = {"change": {}, "seen": []}

    def extract(files: RoiFiles, choice: ExtractionChoice, _out: None, _progress: Progress) -> FeatureVector:
        told["seen"].append((files, choice, load_params(choice.params)))
        array = np.array([told["change"].get(name, value) for name, value in zip(names, values, strict=True)])
        return FeatureVector(array, names, {})

    monkeypatch.setattr(verify_cases, "extract_files", extract)
    return told


@pytest.fixture
def feature_case(tmp_path: Path) -> Path:
    """A folder such as one is given: `reference/features/cases.json`, `data/image.nii.gz`; returns the list."""
    folder = tmp_path / "reference" / "features"
    shutil.copytree(BUILT_IN / "features", folder)
    (tmp_path / "data").mkdir()
    document = json.loads((folder / "cases.json").read_text())
    for kind in ("image", "mask"):
        (folder / f"{kind}.nii.gz").rename(tmp_path / "data" / f"{kind}.nii.gz")
        document["cases"]["self-test"][kind] = f"data/{kind}.nii.gz"
    (folder / "cases.json").write_text(json.dumps(document))
    return folder / "cases.json"


def change(path: Path, **changes: object) -> None:
    document = json.loads(path.read_text())
    document["cases"]["self-test"].update(changes)
    path.write_text(json.dumps(document))


def test_that_a_feature_case_passes_with_its_values_and_fails_with_one_that_is_off(
    feature_case: Path, told_vector: dict[str, Any]
) -> None:
    root = feature_case.parents[2]
    (planned,) = planned_cases(root)
    passed = check(planned)
    assert passed.has_passed
    assert passed.n_values == 1874
    assert passed.source == "reference/features/cases.json"
    assert told_vector["seen"][0][0] == RoiFiles(root / "data" / "image.nii.gz", root / "data" / "mask.nii.gz")
    assert told_vector["seen"][0][2].digest == load_params("ct_arterial").digest
    told_vector["change"] = {"wavelet-LLH_glcm_Idm": 0.123}
    failed = check(planned)
    assert not failed.has_passed
    assert "1 of 1874 values differ, the first: wavelet-LLH_glcm_Idm is off by" in failed.problem
    assert failed.worst is not None
    assert failed.worst.where == "wavelet-LLH_glcm_Idm"


def test_that_the_settings_and_the_pixel_type_of_the_list_are_used(
    feature_case: Path, told_vector: dict[str, Any]
) -> None:
    document = json.loads(feature_case.read_text())
    document["settings"] = {"binWidth": 10, "sigma": [2.0, 4.0]}
    feature_case.write_text(json.dumps(document))
    change(feature_case, cast="float32")
    assert check(planned_cases(feature_case.parents[2])[0]).has_passed
    files, _, params = told_vector["seen"][0]
    assert (params.bin_width_hu, params.log_sigma_mm) == (10.0, [2.0, 4.0])
    assert files.image.name == "cast.nii.gz"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"image_sha256": "0" * 64}, "image.nii.gz is not the file the reference values belong to"),
        ({"mask_sha256": "0" * 64}, "mask.nii.gz is not the file"),
        ({"image": "data/nowhere.nii.gz"}, "cannot be read"),
        ({"csv": "nowhere.csv"}, "does not exist"),
        ({"cast": "object"}, "pixel type object"),
        ({"dicom": "nowhere", "rtstruct": "nowhere"}, ""),
    ],
)
def test_that_a_case_that_is_not_whole_fails(
    feature_case: Path, told_vector: dict[str, Any], changes: dict[str, str], said: str
) -> None:
    change(feature_case, **changes)
    planned = planned_cases(feature_case.parents[2])
    if not said:
        assert [each.case for each in planned] == ["self-test", "self-test, DICOM"]
        return
    failed = check(planned[0])
    assert not failed.has_passed
    assert said in failed.problem


def test_that_settings_that_cannot_be_had_fail_the_case(feature_case: Path, told_vector: dict[str, Any]) -> None:
    document = json.loads(feature_case.read_text())
    document["settings"]["binWidth"] = -1
    feature_case.write_text(json.dumps(document))
    assert "settings that cannot be had" in check(planned_cases(feature_case.parents[2])[0]).problem


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("cases.json", "{"),
        ("cases.json", "[]"),
        ("cases.json", "{}"),
        ("cases.json", '{"cases": {}}'),
        ("cases.json", '{"cases": {"a": {}}}'),
        ("cases.json", '{"cases": [1]}'),
        ("index.json", "{}"),
        ("index.json", '{"items": []}'),
        ("index.json", '{"items": [1]}'),
        ("index.json", '{"items": [{"path": "km/nowhere"}]}'),
    ],
)
def test_that_a_list_that_lists_nothing_fails(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    planned = planned_cases(tmp_path)
    assert len(planned) == 1
    failed = check(planned[0])
    assert not failed.has_passed
    assert failed.problem
    assert failed.n_values == 0


def test_that_a_check_without_values_or_with_an_accident_fails() -> None:
    def broken(_progress: Progress) -> Iterator[Deviation]:
        raise ImportError("no such extension")

    assert check(Planned("s", "step", "case", lambda _progress: ())).problem == "Nothing was compared."
    assert "no such extension" in check(Planned("s", "step", "case", broken)).problem


def test_that_a_cancelled_check_is_cancelled() -> None:
    def cancelled(progress: Progress) -> Iterator[Deviation]:
        progress.advance(0, 1)
        yield Deviation("a", 0, 0)

    with pytest.raises(Cancelled):
        run_check(Planned("s", "step", "case", cancelled), Progress(is_cancelled=lambda: True))


def test_that_a_folder_without_reference_cases_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("escc_desktop.workflow.verify.planned_cases", lambda folder, *_source: ())
    monkeypatch.setattr(verify_cases, "make_engine", lambda _name: _Told(published_values()))
    assert verify(None, Progress()).has_passed
    with pytest.raises(EsccError, match="No reference case was found"):
        verify(tmp_path, Progress())
    with pytest.raises(EsccError, match="is no folder"):
        verify(tmp_path / "nowhere", Progress())


def test_that_nothing_checked_is_nothing_passed() -> None:
    assert not Verification((), ()).has_passed
    assert Verification((GOOD,), ()).has_passed
    assert not Verification((GOOD, BAD), ()).has_passed


def test_that_the_document_says_all_of_each_check() -> None:
    document = verification_document(Verification((GOOD, BAD), (("Program", "p"),)))
    assert (document["passed"], document["n_checks"], document["n_failed"]) == (False, 2, 1)
    assert document["checks"][1] == {
        "source": "x/cases.json",
        "step": "features",
        "case": "b",
        "n_values": 3,
        "largest_deviation": 1e-3,
        "tolerance": 1e-6,
        "where": "glcm",
        "pass": False,
        "problem": "1 of 3 values differ.",
        "seconds": 0.1,
    }
    missing = Check("s", "km", "a", 1, Deviation("a", math.inf, 0.0, "a is missing"), "a is missing", 0)
    json.dumps(verification_document(Verification((missing,), ())), allow_nan=False)


def test_that_the_report_shows_every_check_and_what_failed(tmp_path: Path) -> None:
    path = tmp_path / "q.pdf"
    write_verification(Verification((GOOD, BAD), (("Engine", "fast 1.0"),)), path)
    text = "\n".join(page.extract_text() for page in PdfReader(path).pages)
    for said in ("Qualification of this installation", "1 of 2 checks failed", "FAILED", "passed", "fast 1.0", "glcm"):
        assert said in text
    assert json.loads((tmp_path / "q.pdf.json").read_text())["report"] == "StudyReport"


@pytest.mark.parametrize("name", ["nowhere/q.pdf", "q.txt"])
def test_that_a_report_that_cannot_be_written_is_refused_before_the_work(tmp_path: Path, name: str) -> None:
    with pytest.raises(EsccError):
        check_report_path(tmp_path / name)
    check_report_path(tmp_path / "q.pdf")
