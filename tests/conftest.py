"""Fixtures common to all tests."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import settings

ROOT = Path(__file__).parents[1]

settings.register_profile("default", deadline=None, derandomize=True)
settings.load_profile("default")


def reference_folder() -> Path:
    """Where R's results, PyRadiomics' values and the real CT lie."""
    return Path(os.environ.get("ESCC_REFERENCE_DIR", ROOT.parent / "shared")).resolve()


@pytest.fixture(scope="session")
def reference_dir() -> Path:
    folder = reference_folder()
    if not (folder / "reference").is_dir():
        pytest.skip("no reference data: set ESCC_REFERENCE_DIR to the folder that holds reference/ and data/")
    return folder


@pytest.fixture(autouse=True)
def _unexpected_log_fails(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Silence is part of correctness: a test that expects a warning reads it and then calls `caplog.clear()`."""
    yield
    records = [
        record for when in ("setup", "call") for record in caplog.get_records(when) if record.levelno >= logging.WARNING
    ]
    assert not records, f"unexpected log: {[record.getMessage() for record in records]}"


@pytest.fixture(scope="session")
def small_study() -> ModuleType:
    """The module that builds a small project: accounts, images, lesions, plan."""
    spec = spec_from_file_location("small_study", ROOT / "tests" / "small_study.py")
    assert spec
    assert spec.loader
    module = sys.modules["small_study"] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
