"""The simulated cohort and one development of it, shared by the tests of the models."""

from __future__ import annotations

import sys
from dataclasses import replace
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from escc_desktop.features.acquisition import ScanFacts
from escc_desktop.prognosis.config import DevelopConfig
from escc_desktop.prognosis.develop import Development, develop
from escc_desktop.progress import Progress

QUICK = DevelopConfig(
    resamples=4, outer_folds=3, outer_repeats=1, noise_repeats=3, fold_draws=2, permutations=200, seed=11
)


@pytest.fixture(scope="session")
def simulated() -> ModuleType:
    path = Path(__file__).parents[2] / "simulated_cohort.py"
    spec = spec_from_file_location("simulated_cohort", path)
    assert spec
    assert spec.loader
    module = sys.modules["simulated_cohort"] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def quick() -> DevelopConfig:
    return QUICK


@pytest.fixture(scope="session")
def cohort(simulated: ModuleType) -> Any:
    return simulated.simulate()


@pytest.fixture(scope="session")
def made(cohort: Any) -> Development:
    """A development; every second patient was scanned with a sharp kernel, every tenth in thin slices."""
    numbers = [int(key.patient_id[1:]) for key in cohort.table.keys]
    scans = tuple(
        ScanFacts(
            0.8, 5.0 if number % 10 else 1.0, None, 120.0, "B70f" if number % 2 else "B30f", None, 1200.0 + number
        )
        for number in numbers
    )
    return develop(replace(cohort.table, scans=scans), cohort.clinical, QUICK, Progress())
