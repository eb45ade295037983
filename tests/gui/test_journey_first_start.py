"""A new user's first minutes: the demo is started where nothing was built yet."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from reader_hand import ReaderHand

from escc_desktop.gui.app import make_window
from escc_desktop.gui.arguments import WindowStart
from escc_desktop.gui.main_window import MainWindow
from escc_desktop.gui.notices import Notice
from escc_desktop.gui.tasks import Running

PATIENTS = 8
BUILD_MS = 120_000


@pytest.fixture
def first_start(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[MainWindow]:
    """The window as `escc demo` opens it, with an empty folder for the demo."""
    start = WindowStart(is_demo=True, demo_folder=tmp_path / "demo", n_patients=PATIENTS)
    window = make_window(tmp_path / "settings.json", start)
    qtbot.addWidget(window)
    window.resize(1600, 960)
    window.show()
    yield window
    window.close()
    window.desktop.tasks.close()


def _job(window: MainWindow, name: str) -> Running | None:
    return next((running for running in window.desktop.tasks.running if running.name.startswith(name)), None)


@pytest.mark.slow
def test_that_a_new_user_practises_while_the_study_is_built_and_may_stop_its_analysis(
    first_start: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window, root = first_start, tmp_path / "demo"
    notices: list[Notice] = []
    window.desktop.notices.said.connect(notices.append)

    qtbot.waitUntil(lambda: window.current_page is not None, timeout=BUILD_MS)
    assert window.desktop.project is not None
    assert window.desktop.project.principal.name == "reader-a"
    assert window.desktop.is_synthetic
    assert _job(window, "Building the demo study") is not None

    _draw_and_sign(window, qtbot, root / "practice")

    qtbot.waitUntil(lambda: any(notice.action == "Open it" for notice in notices), timeout=BUILD_MS)
    qtbot.waitUntil(lambda: (found := _job(window, "Analysing")) is not None and bool(found.fraction), timeout=BUILD_MS)
    analysis = _job(window, "Analysing")
    assert analysis is not None
    analysis.cancel()
    qtbot.waitUntil(lambda: _job(window, "Analysing") is None, timeout=BUILD_MS)
    assert not (root / "results" / "summary.json").exists()

    offered = next(notice for notice in notices if notice.action == "Open it")
    assert offered.call is not None
    offered.call()
    qtbot.waitUntil(
        lambda: window.desktop.project is not None and window.desktop.project.folder == root / "project", timeout=30_000
    )
    assert window.desktop.project.principal.name == "coordinator"
    assert len([session for session in window.desktop.project.sessions() if session.is_signed]) == PATIENTS + 8


def _draw_and_sign(window: MainWindow, qtbot: QtBot, practice: Path) -> None:
    """Draw a stroke on the first patient with the mouse, and sign with the password the panel shows."""
    window.go("reading")
    hand = ReaderHand(window, qtbot)
    assert window.desktop.project is not None
    first = window.desktop.project.sessions()[0].session_id
    board = hand.open(first)
    board.hand.options.set_diameter(6)
    z, y, x = _marked_voxel(hand)
    assert board.views.axial.index == z
    hand.press((y, x))
    hand.release((y, x))
    assert board.canvas.shown[z].any()
    hand.saved()
    assert np.array_equal(hand.kept, hand.shown)
    password = json.loads((practice / "accounts.json").read_text(encoding="utf-8"))["passwords"]["reader-a"]
    board.begin_signing()
    qtbot.waitUntil(lambda: password in board.sign_panel.known.text(), timeout=20_000)
    QTest.mouseClick(board.sign_panel.fill, Qt.MouseButton.LeftButton)
    assert board.sign_panel.password.text() == password
    QTest.keyClick(board.sign_panel.sign, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: hand.page.board is None, timeout=30_000)
    signed = [session for session in window.desktop.project.sessions() if session.is_signed]
    assert [session.session_id for session in signed] == [first]


def _marked_voxel(hand: ReaderHand) -> tuple[int, int, int]:
    reading = hand.board.reading
    point = np.array([reading.lesion.point_mm])
    x, y, z = np.rint(reading.volume.geometry.to_index(point)[0]).astype(int)
    return int(z), int(y), int(x)
