"""A reader at the window, for the tests of the reading page: mouse, wheel and keys, and what came of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from escc_desktop.gui.main_window import MainWindow
from escc_desktop.gui.notices import Notice
from escc_desktop.gui.pages.reading import ReadingPage
from escc_desktop.gui.pages.reading_board import ReadingBoard
from escc_desktop.gui.viewer.slice_view import SliceView

LEFT, RIGHT, NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.NoButton
WAIT_MS = 20_000
Place = tuple[float, float]


class ReaderHand:
    """Drives the reading page; places are (row, column) in voxels of the view's plane."""

    def __init__(self, window: MainWindow, qtbot: QtBot) -> None:
        self.window, self.qtbot = window, qtbot
        window.activateWindow()
        self.notices: list[Notice] = []
        window.desktop.notices.said.connect(self.notices.append)
        qtbot.waitUntil(lambda: isinstance(window.current_page, ReadingPage), timeout=WAIT_MS)
        page = window.current_page
        assert isinstance(page, ReadingPage)
        self.page = page
        qtbot.waitUntil(lambda: page._loading is None, timeout=WAIT_MS)

    @property
    def board(self) -> ReadingBoard:
        assert self.page.board is not None
        return self.page.board

    @property
    def view(self) -> SliceView:
        return self.board.views.axial

    @property
    def shown(self) -> np.ndarray:
        return self.board.canvas.shown

    @property
    def kept(self) -> np.ndarray:
        return self.board.reading.history.voxels

    @property
    def said(self) -> str:
        return self.notices[-1].text

    def open(self, session_id: str) -> ReadingBoard:
        self.page.open_session(session_id)
        self.qtbot.waitUntil(lambda: self.page.board is not None and self.page.board.isVisible(), timeout=WAIT_MS)
        self.board.hand.options.set_diameter(1)
        # Shortcuts go to the active window only.
        self.window.activateWindow()
        self.qtbot.waitUntil(self.window.isActiveWindow, timeout=WAIT_MS)
        return self.board

    def saved(self) -> None:
        self.qtbot.waitUntil(lambda: self.page.saved_said[0] == "All changes saved", timeout=WAIT_MS)

    def at(self, place: Place, view: SliceView | None = None) -> QPoint:
        return (view or self.view).plane_to_widget(*place).toPoint()

    def press(self, place: Place, button: Qt.MouseButton = LEFT, view: SliceView | None = None) -> None:
        QTest.mousePress(view or self.view, button, Qt.KeyboardModifier.NoModifier, self.at(place, view))

    def release(self, place: Place, button: Qt.MouseButton = LEFT, view: SliceView | None = None) -> None:
        QTest.mouseRelease(view or self.view, button, Qt.KeyboardModifier.NoModifier, self.at(place, view))

    def move(self, place: Place, button: Qt.MouseButton = NONE, view: SliceView | None = None) -> None:
        target, to = view or self.view, self.at(place, view)
        event = QMouseEvent(
            QEvent.Type.MouseMove,
            QPointF(to),
            QPointF(target.mapToGlobal(to)),
            NONE,
            button,
            Qt.KeyboardModifier.NoModifier,
        )
        QApplication.sendEvent(target, event)

    def click(self, place: Place, button: Qt.MouseButton = LEFT, view: SliceView | None = None) -> None:
        self.press(place, button, view)
        self.release(place, button, view)

    def stroke(self, places: Sequence[Place], button: Qt.MouseButton = LEFT, view: SliceView | None = None) -> None:
        self.press(places[0], button, view)
        for place in places[1:]:
            self.move(place, button, view)
        self.release(places[-1], button, view)

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        QTest.keyClick(self.view, key, modifiers)

    def drawn(self, z: int) -> list[tuple[int, int]]:
        """Return the voxels (row, column) drawn on a slice, as kept by the reading."""
        assert np.array_equal(self.shown, self.kept)
        return [(int(row), int(column)) for row, column in np.argwhere(self.kept[z])]
