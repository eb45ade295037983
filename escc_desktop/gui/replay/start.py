"""What `--replay` and `--record` of `escc demo` do once the practice project is on screen."""

from __future__ import annotations

import sys
from functools import partial

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from escc_desktop.gui.arguments import WindowStart
from escc_desktop.gui.main_window import MainWindow
from escc_desktop.gui.replay.player import Player
from escc_desktop.gui.replay.recorder import Recorder
from escc_desktop.gui.replay.script import ReplayStep, read_script


def attach(window: MainWindow, start: WindowStart) -> None:
    """Record, or play once a project is open and then end the program: with exit code 1 if a step failed.

    Raises
    ------
    EsccError
        The script cannot be played.
    """
    if start.record is not None:
        Recorder(window, start.record)
    if start.replay is not None:
        steps = read_script(start.replay)
        timer = QTimer(window)
        timer.setInterval(50)
        timer.timeout.connect(partial(_play_once_open, window, steps, timer))
        timer.start()


def _play_once_open(window: MainWindow, steps: tuple[ReplayStep, ...], timer: QTimer) -> None:
    if window.current_page is None:
        return
    timer.stop()
    player = Player(window, steps)
    player.ended.connect(partial(_tell, window, len(steps)))
    player.start()


def _tell(window: MainWindow, n_steps: int, what: str) -> None:
    sys.stdout.write(f"{what}\n" if what else f"{n_steps} steps played.\nDONE\n")
    sys.stdout.flush()
    window.closed.connect(lambda: QApplication.exit(1 if what else 0))
    window.close()
