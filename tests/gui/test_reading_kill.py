"""The window is killed in the middle of drawing: every step it called saved is there when the reading is opened."""

from __future__ import annotations

import hashlib
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
from pytestqt.qtbot import QtBot
from reader_hand import ReaderHand

from escc_desktop.gui.main_window import MainWindow
from escc_desktop.reading.history import History, Step
from escc_desktop.store.store import Store
from escc_desktop.workflow.project import Project

SESSION = "P1/L1/A/first"


def test_that_a_killed_window_loses_no_step_it_called_saved(
    small_study: ModuleType, tmp_path: Path, show_as: Callable[..., MainWindow], qtbot: QtBot
) -> None:
    folder = tmp_path / "project"
    small_study.build(folder).store.close()
    child = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("drawing_child.py")), str(folder)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    told = [child.stdout.readline() for _ in range(8)]
    child.send_signal(signal.SIGKILL)
    told += child.stdout.read().splitlines()
    child.stdout.close()
    child.wait()
    assert all(told), "the child ended by itself"
    digests = {int(number): digest for number, digest in (line.split() for line in told)}
    with Store.open(folder, small_study.PASSPHRASE, cost=small_study.CHEAP) as store:
        principal = store.accounts.log_in("A", small_study.PASSWORD)
        steps = store.readings.journal(SESSION, store.readings.key(principal, SESSION))
        assert len(steps) >= max(digests)
        reader = ReaderHand(show_as(Project(store, principal), "reading"), qtbot)
        reader.open(SESSION)
        # What the window shows is the fold of the journal, and the journal passes through all that was called saved.
        history = History(reader.kept.copy() & False)
        for number, step in enumerate(steps, start=1):
            history.take(Step.from_bytes(step))
            if number in digests:
                assert hashlib.sha256(np.packbits(history.voxels).tobytes()).hexdigest() == digests[number]
        assert (reader.shown == history.voxels).all()
        assert reader.board.panel.model.rowCount() == len(history.edits) + 1
