from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import pytest

from escc_desktop.imaging.mask import MaskEdit
from escc_desktop.reading.history import History, Step
from escc_desktop.store.store import Store
from escc_desktop.workflow.desk import ReadingDesk

CHILD = Path(__file__).with_name("reading_child.py")
KILLS = 20

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name != "posix", reason="kill -9 and fork are POSIX"),
]


class _Live:
    """What the child's steps lead to, computed without journal or store."""

    def __init__(self):
        self.history = History(np.zeros((6, 12, 10), dtype=bool))

    def edit(self, label, slice_index, after):
        whole = self.history.voxels.copy()
        whole[slice_index] = after
        self.history.do(MaskEdit.between(self.history.voxels, whole, label, slice_index))

    def undo(self):
        self.history.undo()

    def redo(self):
        self.history.redo()


def test_that_a_kill_in_the_middle_of_a_reading_loses_no_acknowledged_step(small_study, tmp_path):
    folder = tmp_path / "project"
    small_study.build(folder, patients=1, repeats=0).store.close()
    spec = spec_from_file_location("reading_child", CHILD)
    child_module = module_from_spec(spec)
    spec.loader.exec_module(child_module)
    process = subprocess.Popen(
        [sys.executable, str(CHILD)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )
    live, done, total_acknowledged = _Live(), 0, 0
    random = np.random.default_rng(11)
    try:
        assert process.stdout.readline() == "ready\n"
        for _ in range(KILLS):
            acknowledged = _read_and_kill(process, folder, random.uniform(0.0, 0.25))
            with Store.open(folder, small_study.PASSPHRASE, cost=small_study.CHEAP) as store:
                principal = store.accounts.log_in("A", small_study.PASSWORD)
                key = store.readings.start(principal, "P1/L1/A/first")
                journal = store.readings.journal("P1/L1/A/first", key)
                assert len(journal) >= acknowledged
                for number in range(done + 1, len(journal) + 1):
                    child_module.step(live, number)
                done = len(journal)
                replayed = History(np.zeros((6, 12, 10), dtype=bool))
                replayed.replay(Step.from_bytes(step) for step in journal)
                assert np.array_equal(replayed.voxels, live.history.voxels)
                with ReadingDesk(store, principal).open("P1/L1/A/first") as resumed:
                    assert np.array_equal(resumed.history.voxels, live.history.voxels)
                    assert resumed.history.undo_name == live.history.undo_name
            total_acknowledged = max(total_acknowledged, acknowledged)
    finally:
        process.stdin.close()
        process.wait(timeout=30)
        process.stdout.close()
    assert total_acknowledged > 100
    with Store.open(folder, small_study.PASSPHRASE) as store:
        assert store.verify() == ()


def _read_and_kill(process, folder, delay_s):
    """Let a child read, kill it some time after its first acknowledgement, return the last step it acknowledged."""
    process.stdin.write(f"{folder}\n")
    word, pid = process.stdout.readline().split()
    assert word == "child"
    acknowledged, is_killed = 0, False
    for line in process.stdout:
        word, *rest = line.split()
        if word == "dead":
            break
        assert word in {"resumed", "acknowledged"}, line
        acknowledged = int(rest[0])
        if word == "acknowledged" and not is_killed:
            is_killed = True
            time.sleep(delay_s)
            os.kill(int(pid), signal.SIGKILL)
    return acknowledged
