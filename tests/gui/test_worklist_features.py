"""Features extracted from the worklist."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from escc_desktop.errors import Fault
from escc_desktop.gui.main_window import MainWindow
from escc_desktop.gui.pages.worklist import WorklistPage
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.views.worklist_jobs import ExtractionReport

WAIT = 60_000


@pytest.fixture
def page(
    small_study: ModuleType, tmp_path: Path, show_as: Callable[..., MainWindow], qtbot: QtBot
) -> Iterator[WorklistPage]:
    study = small_study.build(tmp_path / "project", patients=1, repeats=0)
    study.sign("P1/L1/A/first")
    window = show_as(Project(study.store, study.people["coordinator"]), "worklist")
    shown = window.current_page
    assert isinstance(shown, WorklistPage)
    qtbot.waitUntil(lambda: shown.worklist is not None, timeout=WAIT)
    yield shown
    study.store.close()


def said(page: WorklistPage) -> list[str]:
    return [one.text() for one in page.errands.extraction.findChildren(QLabel)]


def test_that_a_stopped_extraction_says_so_and_a_finished_one_counts(page: WorklistPage, qtbot: QtBot) -> None:
    button = page.bar.buttons["worklist.extract"]
    with qtbot.waitSignal(page.desktop.notices.said, timeout=WAIT) as notice:
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        assert page.errands.bar.isVisible()
        qtbot.mouseClick(page.errands.bar.stop, Qt.MouseButton.LeftButton)
    assert notice.args[0].text == "Stopped."
    assert not page.errands.is_busy
    qtbot.waitUntil(button.isEnabled)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.side.currentWidget() is page.errands.extraction, timeout=WAIT)
    assert "1 reading has features · 1874 features each" in said(page)


def test_that_every_reading_without_features_is_named(page: WorklistPage) -> None:
    failures = tuple(Fault(f"P{number}/L1/A/first", "The region has one voxel.") for number in range(70))
    page.errands.extraction.show_report(ExtractionReport(0, 0, 0, failures))
    text = "\n".join(said(page))
    assert "70 readings gave none" in text
    assert all(f"P{number}/L1/A/first" in text for number in range(70))
