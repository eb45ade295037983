"""A loader for child processes some of whose regions kill the process, or hang it."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from escc_desktop.features.roi_files import FileLoader
from escc_desktop.features.worker import Task
from escc_desktop.imaging.mask import Mask
from escc_desktop.imaging.volume import Volume

EVERY_TIME, HANGING = "kills every time", "hangs"


class PoisonLoader(FileLoader):
    """Reads files, unless the lesion's name says what else happens; every attempt is written into a file."""

    def __init__(self, log: Path) -> None:
        super().__init__()
        self._log = log

    def __call__(self, task: Task) -> tuple[Volume, Mask]:
        with self._log.open("a", encoding="ascii") as stream:
            stream.write(f"{task.key.patient_id} {os.getpid()}\n")
        if task.key.lesion_id == EVERY_TIME:
            os.kill(os.getpid(), signal.SIGKILL)
        if task.key.lesion_id == HANGING:
            time.sleep(3600)
        return super().__call__(task)
