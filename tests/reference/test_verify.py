"""`escc verify` judges as the reference's own judge does, on all its cases."""

from __future__ import annotations

import copy
import importlib.util
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from escc_desktop.progress import Progress
from escc_desktop.workflow.casebook import STEPS, run_case
from escc_desktop.workflow.verify import run_check
from escc_desktop.workflow.verify_cases import planned_cases
from escc_desktop.workflow.verify_values import Tolerances, compare_results

pytestmark = pytest.mark.reference
Judge = Callable[[str, object, object], Iterator[tuple[str, object, object]]]
FALSIFIED = 15


@pytest.fixture(scope="module")
def judge(reference_dir: Path) -> Judge:
    spec = importlib.util.spec_from_file_location("judge", reference_dir / "tools" / "compare_statistics.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Judge = module.differences
    return found


def places(document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    if isinstance(document, dict | list):
        for key, value in document.items() if isinstance(document, dict) else enumerate(document):
            yield from places(value, (*path, key))


def falsify(document: Any, path: tuple[Any, ...], chance: random.Random) -> None:
    """Move a number by 1e-12 to ten times itself, or put something else in the place."""
    *way, last = path
    for key in way:
        document = document[key]
    value = document[last]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    document[last] = value + (abs(value) or 1) * 10 ** chance.uniform(-12, 1) if is_number else None


@pytest.mark.parametrize("step", sorted(STEPS))
def test_that_right_and_falsified_results_are_judged_as_by_the_judge(
    step: str, reference_dir: Path, judge: Judge
) -> None:
    root = reference_dir / "reference" / "statistics"
    rules = Tolerances.read(root / "tolerances.json")
    chance = random.Random(step)
    verdicts = set()
    for folder in sorted((root / step).iterdir()):
        expected = json.loads((folder / "expected.json").read_text())
        result = json.loads(json.dumps(run_case(step, folder)))
        everywhere = list(places(result))
        for trial in range(FALSIFIED + 1):
            got = copy.deepcopy(result)
            if trial:
                falsify(got, chance.choice(everywhere), chance)
            ours = all(each.is_within for each in compare_results(step, expected, got, rules))
            assert ours == (not list(judge(step, expected, got))), f"{folder.name}, trial {trial}"
            assert ours or trial
            verdicts.add(ours)
    assert verdicts == {True, False}


def test_that_every_case_of_a_folder_is_found(reference_dir: Path) -> None:
    planned = planned_cases(reference_dir)
    root = reference_dir / "reference"
    folders = {f"{path.parent.parent.name}/{path.parent.name}" for path in root.glob("statistics/*/*/expected.json")}
    features = json.loads((root / "features" / "cases.json").read_text(encoding="utf-8"))["cases"]
    images = {f"features/{name}" for name in features}
    dicom = {f"features/{name}, DICOM" for name, case in features.items() if "dicom" in case}
    found = {f"{each.step}/{each.case}" for each in planned}
    assert found == folders | images | dicom | {"ibsi/CT phantom, configuration C"}
    assert len(found) == len(planned)


@pytest.mark.slow
@pytest.mark.parametrize("case", ["STS_019", "i16_STS_019", "i16_STS_019, DICOM", "CT phantom, configuration C"])
def test_that_a_case_of_a_folder_passes(case: str, reference_dir: Path) -> None:
    (planned,) = (each for each in planned_cases(reference_dir) if each.case == case)
    found = run_check(planned, Progress())
    assert found.has_passed, found.problem
    assert found.n_values == (102 if found.step == "ibsi" else 1874)
