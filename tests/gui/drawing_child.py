"""Draws at a window until it is killed; tells how many steps are on disk and what the region was then."""

from __future__ import annotations

import hashlib
import os
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

os.environ["QT_QPA_PLATFORM"] = "offscreen"

import numpy as np
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest

from escc_desktop.gui.app import make_application, make_window
from escc_desktop.gui.arguments import WindowStart
from escc_desktop.gui.pages.reading import ReadingPage
from escc_desktop.store.store import Store
from escc_desktop.workflow.project import Project

LEFT, RIGHT, NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.KeyboardModifier.NoModifier


def load(path: Path) -> ModuleType:
    spec = spec_from_file_location(path.stem, path)
    assert spec
    assert spec.loader
    module = sys.modules[path.stem] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def digest(voxels: np.ndarray) -> str:
    return hashlib.sha256(np.packbits(voxels).tobytes()).hexdigest()


class Drawing:
    """Draws a stroke, undoes or redoes at every turn of the event loop."""

    def __init__(self, page: ReadingPage) -> None:
        self._page = page
        self._random = np.random.default_rng(5)
        self._digests: dict[int, str] = {}
        self._told = 0

    def go_on(self) -> None:
        board = self._page.board
        if board is None or not board.isVisible():
            return
        steps = board.canvas.n_unsaved + board.reading.acknowledged
        view, places = board.views.axial, self._random.uniform(0, 9, (3, 2))
        kind = self._random.integers(6)
        if kind == 0:
            board.undo()
        elif kind == 1:
            board.redo()
        else:
            view.set_index(int(self._random.integers(6)))
            button = RIGHT if kind == 2 else LEFT
            points = [view.plane_to_widget(*place).toPoint() for place in places]
            QTest.mousePress(view, button, NONE, points[0])
            QTest.mouseRelease(view, button, NONE, points[1])
        taken = board.canvas.n_unsaved + board.reading.acknowledged
        if taken > steps:
            self._digests[taken] = digest(board.reading.history.voxels)
        acknowledged = board.reading.acknowledged
        if acknowledged > self._told and acknowledged in self._digests:
            self._told = acknowledged
            os.write(1, f"{acknowledged} {self._digests[acknowledged]}\n".encode())


def main(folder: Path) -> None:
    small_study = load(Path(__file__).parents[1] / "small_study.py")
    store = Store.open(folder, small_study.PASSPHRASE, cost=small_study.CHEAP)
    project = Project(store, store.accounts.log_in("A", small_study.PASSWORD))
    application = make_application()
    window = make_window(None, WindowStart())
    window.show()
    window.desktop.take_project(project)
    window.go("reading", "P1/L1/A/first")
    timer, found = QTimer(), []

    def turn() -> None:
        page = window.current_page
        if isinstance(page, ReadingPage):
            found[:] = found or [Drawing(page)]
            found[0].go_on()

    timer.timeout.connect(turn)
    timer.start(3)
    application.exec()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
