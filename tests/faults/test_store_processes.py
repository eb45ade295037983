from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from escc_desktop.errors import EsccError
from escc_desktop.store.records import Document, document_kind
from escc_desktop.store.store import Store

CHILD = Path(__file__).with_name("writing_child.py")
NOTE = document_kind("note")


@pytest.mark.slow
def test_that_two_processes_write_side_by_side_and_lose_nothing(small_study, tmp_path):
    folder = tmp_path / "project"
    small_study.empty_project(folder, small_study.Clock())[0].close()
    writers = [
        subprocess.Popen([sys.executable, str(CHILD), str(folder), name, "100"], stderr=subprocess.PIPE, text=True)
        for name in ("one", "two")
    ]
    for writer in writers:
        _, errors = writer.communicate(timeout=120)
        assert writer.returncode == 0, errors
    with Store.open(folder, small_study.PASSPHRASE) as store:
        history = store.history(NOTE, "shared")
        assert [revision.revision for revision in history] == list(range(1, 201))
        for name in ("one", "two"):
            own = [revision.thing.content["number"] for revision in history if revision.thing.content["by"] == name]
            assert own == list(range(100))
        assert store.verify() == ()


def test_that_a_busy_project_is_said_so_and_works_on_afterwards(small_study, tmp_path):
    folder = tmp_path / "project"
    store, admin = small_study.empty_project(folder, small_study.Clock())
    with Store.open(folder, small_study.PASSPHRASE, timeout_s=0.2) as other:
        with store._database.write():
            started = time.monotonic()
            with pytest.raises(EsccError, match="busy"):
                other.put(admin, NOTE, Document("x", {}))
            with pytest.raises(EsccError, match="busy"):
                Store.open(folder, small_study.PASSPHRASE, timeout_s=0.1)
            assert time.monotonic() - started < 5
            assert other.find(NOTE, "x") is None
        other.put(admin, NOTE, Document("x", {}))
        assert store.get(NOTE, "x") == Document("x", {})
    store.close()
