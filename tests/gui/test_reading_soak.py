"""Reading for long in short: opening, drawing and closing leave no handles, threads or widgets behind."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from reader_hand import ReaderHand

from escc_desktop.gui.main_window import MainWindow
from escc_desktop.workflow.project import Project

ROUNDS, STROKES = 16, 6
SLACK = ROUNDS // 4  # worker threads start when they are first needed, and keep a connection each


def held() -> tuple[int, int]:
    """Return how many files are open and how many widgets there are."""
    gc.collect()
    return len(list(Path("/proc/self/fd").iterdir())), len(QApplication.allWidgets())


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts what Linux tells of a process")
def test_that_many_readings_leave_nothing_behind(
    small_project: Callable[[str], Project], show_as: Callable[..., MainWindow], qtbot: QtBot
) -> None:
    reader = ReaderHand(show_as(small_project("A"), "reading"), qtbot)
    found = []
    for number in range(ROUNDS):
        board = reader.open(f"P{number % 3 + 1}/L1/A/first")
        board.hand.hold("brush")
        for stroke in range(STROKES):
            reader.stroke([(2, 2 + stroke % 5), (8, 2 + stroke % 5)])
            if stroke % 3 == 2:
                reader.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        reader.saved()
        found.append(held())
        reader.page.close_reading()
        qtbot.waitUntil(lambda: reader.page.board is None and reader.page._job is None, timeout=20_000)
        qtbot.wait(5)
    files, widgets = zip(*found, strict=True)
    assert files[-1] - files[0] <= SLACK
    assert widgets[-1] - widgets[0] <= SLACK
