"""Every statistical reference case from R, through the same door as `escc stats`."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from escc_desktop.workflow.casebook import STEPS, run_case

pytestmark = pytest.mark.reference

Differences = Callable[[str, object, object], Iterator[tuple[str, object, object]]]


@pytest.fixture(scope="module")
def differences(reference_dir: Path) -> Differences:
    spec = importlib.util.spec_from_file_location("judge", reference_dir / "tools" / "compare_statistics.py")
    assert spec is not None
    assert spec.loader is not None
    judge = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(judge)
    found: Differences = judge.differences
    return found


def test_that_every_reference_step_is_known(reference_dir: Path) -> None:
    index = json.loads((reference_dir / "reference" / "statistics" / "index.json").read_text())
    assert {item["step"] for item in index["items"]} == set(STEPS)


@pytest.mark.parametrize("step", sorted(STEPS))
def test_that_a_step_agrees_with_r_on_every_case(
    step: str, reference_dir: Path, differences: Differences, tmp_path: Path
) -> None:
    folders = sorted((reference_dir / "reference" / "statistics" / step).iterdir())
    assert folders
    for folder in folders:
        # A copy without the answer, so that the answer cannot be read.
        blind = tmp_path / folder.name
        shutil.copytree(folder, blind, ignore=shutil.ignore_patterns("expected.json"))
        expected = json.loads((folder / "expected.json").read_text())
        result = json.loads(json.dumps(run_case(step, blind), allow_nan=False))
        assert list(differences(step, expected, result)) == [], f"{step}/{folder.name}"
    sys.stdout.write(f"{step}: {len(folders)} cases ran\n")
