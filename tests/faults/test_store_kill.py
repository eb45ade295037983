from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from escc_desktop.store.kinds import VOLUME
from escc_desktop.store.store import Store

CHILD = Path(__file__).with_name("importing_child.py")
KILLS = 10


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="kill -9 and fork are POSIX")
def test_that_a_kill_in_the_middle_of_an_import_leaves_whole_volumes_and_loses_none_that_was_stored(
    small_study, tmp_path
):
    folder = tmp_path / "project"
    small_study.empty_project(folder, small_study.Clock())[0].close()
    random, stored = np.random.default_rng(4), set()
    with subprocess.Popen(
        [sys.executable, str(CHILD)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as process:
        assert process.stdout.readline() == "ready\n"
        for _ in range(KILLS):
            process.stdin.write(f"{folder}\n")
            pid = int(process.stdout.readline().split()[1])
            stored.add(process.stdout.readline().strip())
            time.sleep(random.uniform(0.0, 0.15))
            os.kill(pid, signal.SIGKILL)
            while (line := process.stdout.readline().strip()) != "dead":
                stored.add(line)
        process.stdin.close()
    with Store.open(folder, small_study.PASSPHRASE) as store:
        found = store.all(VOLUME)
        assert store.verify() == ()
    # The last transaction before a kill may be durable before it was said so.
    assert stored <= {volume.digest for volume in found}
    assert len(found) <= len(stored) + KILLS
    assert len(stored) >= KILLS
