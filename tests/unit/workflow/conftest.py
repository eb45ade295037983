"""The finished small study of the window's tests, for the headless functions behind its pages."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from escc_desktop.workflow.project import Project

STUDIED = Path(__file__).parents[2] / "gui" / "studied.py"


@pytest.fixture(scope="session")
def studied_module() -> ModuleType:
    spec = spec_from_file_location("studied", STUDIED)
    assert spec
    assert spec.loader
    module = sys.modules["studied"] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def studied_project(
    studied_module: ModuleType, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Project]]:
    """This test's own copy of the study; called with a name, as that person sees it."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    store, people = studied_module.open_copy(shared, tmp_path / "studied")
    yield lambda name: Project(store, people[name])
    store.close()
