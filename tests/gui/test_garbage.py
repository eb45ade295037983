"""Widgets in cycles of Python objects die on the main thread, whatever jobs do meanwhile."""

from __future__ import annotations

import gc
import os
import sys
import threading
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from escc_desktop.gui.garbage import GarbageCollector, collect_soon


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


@pytest.mark.skipif(sys.platform != "linux", reason="reads what Linux tells of a process")
@pytest.mark.usefixtures("qapp")
def test_that_what_was_freed_goes_back_to_the_system(qtbot: QtBot) -> None:
    def resident_mb() -> float:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE") / 2**20

    pieces = [bytearray(b"x") * 65_536 for _ in range(1600)]  # 100 MB in pieces too small to be mapped by themselves
    before = resident_mb()
    del pieces[:-1]  # the last one is in the way of giving the rest back at once
    collect_soon()
    qtbot.waitUntil(lambda: before - resident_mb() > 80, timeout=5000)
    assert len(pieces) == 1
