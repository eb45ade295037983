"""What the tests of child jobs run in another process."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from escc_desktop.errors import EsccError
from escc_desktop.progress import Progress


def add(a: int, b: int, progress: Progress) -> tuple[int, int]:
    progress.advance(1, 2, "half")
    return a + b, os.getpid()


def refuse(progress: Progress) -> None:
    raise EsccError("The thing is wrong.", "Mend it.", "a detail")


def fail(progress: Progress) -> None:
    raise ZeroDivisionError("by zero")


def die(progress: Progress) -> None:
    os._exit(9)


def work_until_stopped(mark: str, progress: Progress) -> None:
    try:
        for _ in range(600):
            progress.advance(1, 2, "working")
            time.sleep(0.05)
    finally:
        Path(mark).write_text("tidied up", encoding="utf-8")


def never_ask(mark: str, progress: Progress) -> None:
    """Work on without asking whether to stop, with a process of its own started."""
    grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    Path(mark).write_text(str(grandchild.pid), encoding="utf-8")
    progress.advance(1, 2, "working")
    time.sleep(60)
