"""The check of the installation, started from the administration's About."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from escc_desktop.errors import EsccError
from escc_desktop.gui.main_window import MainWindow
from escc_desktop.gui.pages.admin import AdminPage
from escc_desktop.gui.pages.admin_about import AboutSection
from escc_desktop.gui.pages.admin_installation import InstallationPanel
from escc_desktop.progress import Progress
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.verify import Check, Verification
from escc_desktop.workflow.verify_values import Deviation
from escc_desktop.workflow.views import installation
from escc_desktop.workflow.views.installation import InstallationCheck, check_installation

WAIT_MS = 20_000
GOOD = Check("built in", "km", "a", 1200, Deviation("surv", 1e-12, 1e-8), "", 0.1)
BAD = Check("built in", "icc", "b", 3, Deviation("icc", 1e-3, 1e-8), "1 of 3 values differ.", 0.1)


def result(*checks: Check) -> InstallationCheck:
    found = Verification(checks, (("Engine", "fast 1.0"),))
    failed = tuple(f"{check.step}, {check.case}: {check.problem}" for check in checks if check.problem)
    at = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
    return InstallationCheck(found.has_passed, len(checks), sum(check.n_values for check in checks), failed, at, found)


@pytest.fixture
def panel(
    show_as: Callable[..., MainWindow], small_project: Callable[[str], Project], qtbot: QtBot
) -> InstallationPanel:
    window = show_as(small_project("admin"), "admin")
    qtbot.waitUntil(lambda: isinstance(window.current_page, AdminPage), timeout=WAIT_MS)
    page = window.current_page
    assert isinstance(page, AdminPage)
    qtbot.waitUntil(lambda: page.section != "", timeout=WAIT_MS)
    page.go("about")
    section = page.section_of("about")
    assert isinstance(section, AboutSection)
    return section.installation


def press(panel: InstallationPanel, qtbot: QtBot) -> None:
    panel.start.click()
    qtbot.waitUntil(panel.start.isEnabled, timeout=WAIT_MS)


def test_that_what_passed_is_said_and_can_be_kept(
    panel: InstallationPanel, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(installation, "check_installation", lambda progress: result(GOOD, GOOD))
    assert not panel.save.isVisible()
    press(panel, qtbot)
    assert panel.outcome.text() == "All 2 checks passed, 2,400 values compared (2026-03-01 12:30 UTC)."
    assert panel.outcome.property("tone") == "success"
    assert not panel.failed.isVisible()
    assert panel.save.isVisible()
    panel.save_to(str(tmp_path / "check.pdf"))
    qtbot.waitUntil((tmp_path / "check.pdf.json").exists, timeout=WAIT_MS)
    assert (tmp_path / "check.pdf").read_bytes().startswith(b"%PDF")


def test_that_what_failed_is_named(panel: InstallationPanel, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "check_installation", lambda progress: result(GOOD, *[BAD] * 5))
    press(panel, qtbot)
    assert panel.outcome.text().startswith("5 of 6 checks failed")
    assert panel.outcome.property("tone") == "danger"
    assert panel.failed.text().splitlines() == ["icc, b: 1 of 3 values differ."] * 3 + ["and 2 more"]


def test_that_what_an_earlier_check_found_is_not_shown_while_another_runs_or_was_stopped(
    panel: InstallationPanel, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered = threading.Event()

    def endless(progress: Progress) -> None:
        while True:
            entered.set()
            progress.advance(0.3, 1)
            threading.Event().wait(0.01)

    monkeypatch.setattr(installation, "check_installation", lambda progress: result(GOOD, GOOD))
    press(panel, qtbot)
    assert panel.outcome.isVisible()
    monkeypatch.setattr(installation, "check_installation", endless)
    panel.start.click()
    assert not panel.outcome.isVisible()
    qtbot.waitUntil(entered.is_set, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: panel.bar.value() == 300, timeout=WAIT_MS)
    assert panel.cancel.isVisible()
    panel.cancel.click()
    qtbot.waitUntil(panel.start.isEnabled, timeout=WAIT_MS)
    assert not panel.bar.isVisible()
    assert not panel.outcome.isVisible()
    assert not panel.save.isVisible()


def test_that_trouble_is_said_where_it_was_asked_for(
    panel: InstallationPanel, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refused(progress: Progress) -> None:
        raise EsccError("There is no room.", "Make some.")

    monkeypatch.setattr(installation, "check_installation", refused)
    press(panel, qtbot)
    assert panel.trouble.what.text() == "There is no room."


@pytest.mark.slow
def test_that_this_installation_passes_in_a_process_of_its_own() -> None:
    heard: list[float] = []
    found = check_installation(Progress(lambda fraction, _note: heard.append(fraction)))
    assert found.failed == ()
    assert found.has_passed
    assert found.n_values > 4000
    assert heard == sorted(heard)
