"""Jobs in a process of their own."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from escc_desktop.errors import EsccError
from escc_desktop.progress import Cancelled, Progress
from escc_desktop.workflow.child_jobs import run_in_child


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The module of functions, where the child process finds it too."""
    here = str(Path(__file__).parent)
    monkeypatch.syspath_prepend(here)
    monkeypatch.setenv("PYTHONPATH", here)
    yield import_module("child_work")
    sys.modules.pop("child_work", None)


def test_that_the_result_and_the_progress_come_from_another_process(work: ModuleType) -> None:
    heard: list[tuple[float, str]] = []
    total, pid = run_in_child(work.add, 2, 3, progress=Progress(lambda part, note: heard.append((part, note))))
    assert total == 5
    assert pid != os.getpid()
    assert (0.5, "half") in heard


def test_that_expected_trouble_keeps_its_words(work: ModuleType) -> None:
    with pytest.raises(EsccError, match=r"The thing is wrong\. Mend it\.") as caught:
        run_in_child(work.refuse, progress=Progress())
    assert (caught.value.hint, caught.value.detail) == ("Mend it.", "a detail")


def test_that_a_defect_is_told_as_one(work: ModuleType) -> None:
    with pytest.raises(RuntimeError, match="ZeroDivisionError: by zero"):
        run_in_child(work.fail, progress=Progress())


def test_that_a_dead_child_is_noticed(work: ModuleType) -> None:
    with pytest.raises(RuntimeError, match="has died"):
        run_in_child(work.die, progress=Progress())


def test_that_a_cancelled_child_tidies_up_before_the_call_ends(work: ModuleType, tmp_path: Path) -> None:
    heard: list[str] = []
    mark = tmp_path / "mark"
    progress = Progress(lambda _part, note: heard.append(note), lambda: "working" in heard)
    with pytest.raises(Cancelled):
        run_in_child(work.work_until_stopped, str(mark), progress=progress)
    assert mark.read_text(encoding="utf-8") == "tidied up"


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="process groups are POSIX")
def test_that_a_child_that_does_not_listen_is_ended_with_all_it_started(
    work: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("escc_desktop.workflow.child_jobs.PATIENCE_S", 0.3)
    heard: list[str] = []
    mark = tmp_path / "mark"
    progress = Progress(lambda _part, note: heard.append(note), lambda: "working" in heard)
    with pytest.raises(Cancelled):
        run_in_child(work.never_ask, str(mark), progress=progress)
    ends = time.monotonic() + 10
    while _is_running(int(mark.read_text(encoding="utf-8"))) and time.monotonic() < ends:
        time.sleep(0.05)
    assert not _is_running(int(mark.read_text(encoding="utf-8")))


def _is_running(pid: int) -> bool:
    """Whether a process is there and not only waiting to be collected."""
    try:
        return " Z" not in Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")[:40]
    except FileNotFoundError:
        return False
