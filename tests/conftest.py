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
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parents[1]

# On a machine that is busy with other work, neither an example's time nor that of drawing it says anything.
settings.register_profile("default", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
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


@pytest.fixture(scope="session")
def published_trial() -> ModuleType:
    """The module that builds records with the trial's published counts."""
    spec = spec_from_file_location("published_trial", ROOT / "tests" / "published_trial.py")
    assert spec
    assert spec.loader
    module = sys.modules["published_trial"] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class _ReferenceCount:
    """Counts the tests that compare with R, PyRadiomics, IBSI and real CT; where that data lies, each must run."""

    def __init__(self) -> None:
        self.ran: list[str] = []
        self.skipped: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if "reference" in report.keywords:
            if report.skipped:
                self.skipped.append(report.nodeid)
            elif report.when == "call":
                self.ran.append(report.nodeid)

    def is_short(self, config: pytest.Config) -> bool:
        has_data = (reference_folder() / "reference").is_dir()
        is_whole = not config.option.keyword and config.option.markexpr == "" and config.args == ["tests"]
        return has_data and bool(self.skipped or (is_whole and not self.ran))

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if session.exitstatus == pytest.ExitCode.OK and self.is_short(session.config):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        line = f"reference tests: {len(self.ran)} ran, {len(self.skipped)} skipped"
        if self.is_short(terminalreporter.config):
            line += ", although the reference data is there: a failure"
        terminalreporter.write_line(line)


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(_ReferenceCount())
