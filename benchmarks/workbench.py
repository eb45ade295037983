"""A project with one large series, opened in the window as a reader opens it: what benchmarks draw on."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from escc_desktop.gui.app import make_application, make_window
from escc_desktop.gui.arguments import WindowStart
from escc_desktop.gui.main_window import MainWindow
from escc_desktop.gui.pages.reading import ReadingPage
from escc_desktop.gui.pages.reading_board import ReadingBoard
from escc_desktop.gui.theme import apply_theme
from escc_desktop.gui.viewer.slice_view import SliceView
from escc_desktop.imaging.volume import Geometry, Volume
from escc_desktop.store.kinds import SERIES, VOLUME
from escc_desktop.store.records import Document
from escc_desktop.workflow.project import Project

LEFT, NONE, PLAIN = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
GRID = Geometry((512, 512, 400), (0.74, 0.74, 1.0), (-190.0, -190.0, 0.0))
SESSION = "P1/L1/A/first"
_PATIENCE_S = 120.0


def phantom(geometry: Geometry = GRID) -> NDArray[np.int16]:
    """Return a body of soft shapes with noise of 12 HU, air about it, no two slices alike."""
    rng = np.random.default_rng(1)
    slices, rows, columns = geometry.shape
    y, x = np.ogrid[:rows, :columns]
    body = ((x - columns / 2) / (0.42 * columns)) ** 2 + ((y - rows / 2) / (0.3 * rows)) ** 2 < 1
    lungs = ((abs(x - columns / 2) - 0.2 * columns) / (0.12 * columns)) ** 2 + ((y - rows / 2) / (0.2 * rows)) ** 2 < 1
    hu = np.empty(geometry.shape, dtype=np.int16)
    noise = rng.normal(0, 12, (rows, columns)).astype(np.int16)
    for z in range(slices):
        center = columns / 2 + 0.02 * columns * np.sin(z / 30)
        lesion = (x - center) ** 2 + (y - 0.55 * rows) ** 2 < (0.06 * columns) ** 2
        hu[z] = np.where(body, np.where(lungs, -850, np.where(lesion, 70, 30)), -1000) + np.roll(noise, 7 * z, axis=1)
    return hu


def small_study() -> ModuleType:
    """Return the helper of the tests that makes projects."""
    path = Path(__file__).parents[1] / "tests" / "small_study.py"
    spec = spec_from_file_location("small_study", path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["small_study"] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Workbench:
    """The window with a reading open; drives it by mouse."""

    def __init__(self, folder: Path, hu: NDArray[np.int16], geometry: Geometry = GRID, patients: int = 1) -> None:
        study = small_study().build(folder / "project", patients, 1)
        volume = Volume(hu, geometry)
        with study.store.write(study.people["coordinator"], "images") as writing:
            writing.put(VOLUME, volume)
            for number in range(1, patients + 1):
                writing.put(SERIES, Document(f"1.2.{number}", {"volume": volume.digest}))
        del volume
        self.study = study
        apply_theme(make_application(), "dark")
        self.window: MainWindow = make_window(folder / "settings.json", WindowStart())
        self.window.resize(1600, 960)
        self.window.show()
        self.window.desktop.take_project(Project(study.store, study.people["A"]))
        self.window.go("reading")
        self.until(lambda: isinstance(self.window.current_page, ReadingPage))
        page = self.window.current_page
        assert isinstance(page, ReadingPage)
        self.page = page
        self.until(lambda: page._loading is None)  # noqa: SLF001  # nothing tells it

    @property
    def board(self) -> ReadingBoard:
        assert self.page.board is not None
        return self.page.board

    @property
    def view(self) -> SliceView:
        return self.board.views.axial

    def open(self, session_id: str = SESSION) -> None:
        self.page.open_session(session_id)
        self.until(lambda: self.page.board is not None and self.page.board.isVisible())

    def close_reading(self) -> None:
        self.page.close_reading()
        self.until(lambda: self.page.board is None)

    def close(self) -> None:
        self.window.close()
        self.window.desktop.tasks.close()
        self.study.store.close()

    @staticmethod
    def until(holds: Callable[[], bool]) -> None:
        """Let the window live until something holds."""
        ends = time.monotonic() + _PATIENCE_S
        while not holds():
            if time.monotonic() > ends:
                raise SystemExit("the window does not get there")
            QTest.qWait(5)

    def at(self, row: float, column: float) -> QPoint:
        return self.view.plane_to_widget(row, column).toPoint()

    def press(self, row: float, column: float) -> None:
        QTest.mousePress(self.view, LEFT, PLAIN, self.at(row, column))

    def release(self, row: float, column: float) -> None:
        QTest.mouseRelease(self.view, LEFT, PLAIN, self.at(row, column))

    def move(self, row: float, column: float, held: Qt.MouseButton = LEFT) -> None:
        send_move(self.view, self.at(row, column), held)


def send_move(view: QWidget, to: QPoint, held: Qt.MouseButton) -> None:
    """Move the mouse, as Qt tells the widget."""
    event = QMouseEvent(QEvent.Type.MouseMove, QPointF(to), QPointF(view.mapToGlobal(to)), NONE, held, PLAIN)
    QApplication.sendEvent(view, event)


def paint_what_changed(widget: QWidget) -> None:
    """Paint now what is marked as changed, and no more; Qt would do so at the next chance."""
    QApplication.sendEvent(widget.window(), QEvent(QEvent.Type.UpdateRequest))
