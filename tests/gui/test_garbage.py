"""Widgets in cycles of Python objects die on the main thread, whatever jobs do meanwhile."""

from __future__ import annotations

import gc
import threading

import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from escc_desktop.gui.garbage import GarbageCollector


@pytest.mark.usefixtures("qapp")
def test_that_no_job_collects_garbage_that_holds_widgets(qtbot: QtBot) -> None:
    died_on: list[int] = []

    class Cyclic(QObject):
        def __init__(self) -> None:
            super().__init__()
            self.itself = self

        def __del__(self) -> None:
            died_on.append(threading.get_ident())

    worker = threading.Thread(target=lambda: [[[]] for _ in range(200_000)])
    for _ in range(50):
        Cyclic()
    worker.start()
    worker.join()
    assert not died_on
    collector = QApplication.instance().findChild(GarbageCollector)
    assert collector is not None
    qtbot.waitUntil(lambda: gc.collect(1) >= 0 and len(died_on) == 50, timeout=5000)
    assert set(died_on) == {threading.main_thread().ident}


@pytest.mark.usefixtures("qapp")
def test_that_garbage_is_collected_while_the_window_runs(qtbot: QtBot) -> None:
    gone: list[bool] = []

    class Cycle:
        def __init__(self) -> None:
            self.itself = self

        def __del__(self) -> None:
            gone.append(True)

    collector = QApplication.instance().findChild(GarbageCollector)
    assert collector is not None
    collector.collect()  # what is there at the start is looked at no more
    Cycle()
    kept = []

    def allocate() -> bool:
        kept.extend([] for _ in range(2000))
        return bool(gone)

    qtbot.waitUntil(allocate, timeout=10_000)


@pytest.mark.usefixtures("qapp")
def test_that_nothing_is_collected_while_a_hand_draws_unless_it_is_much(monkeypatch: pytest.MonkeyPatch) -> None:
    collector = QApplication.instance().findChild(GarbageCollector)
    assert collector is not None
    collector.collect()
    gc.collect()
    held = [Qt.MouseButton.LeftButton]
    monkeypatch.setattr("escc_desktop.gui.garbage.QGuiApplication.mouseButtons", lambda: held[0])
    kept = [[] for _ in range(5000)]
    collector.collect()
    assert gc.get_count()[0] >= len(kept)
    held[0] = Qt.MouseButton.NoButton
    collector.collect()
    assert gc.get_count()[0] < len(kept)
    held[0] = Qt.MouseButton.LeftButton
    kept = [[] for _ in range(200_001)]
    collector.collect()
    assert gc.get_count()[0] < len(kept)
