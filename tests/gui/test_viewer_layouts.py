"""Where views lie, cine, windows of their own, and what is kept of it from one time to the next."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
import shiboken6
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMainWindow, QWidget
from pytestqt.qtbot import QtBot

from escc_desktop.gui.desktop import Desktop
from escc_desktop.gui.viewer import writing
from escc_desktop.gui.viewer.arrangement import GAP_PX, USUAL_SHARE, Arrangement
from escc_desktop.gui.viewer.keeping import KeptViews, keep_window, own_windows
from escc_desktop.gui.viewer.lut import WindowPreset
from escc_desktop.gui.viewer.panes import LinkedViews
from escc_desktop.settings import Settings, load_settings

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


@pytest.fixture
def home(qtbot: QtBot) -> QMainWindow:
    made = QMainWindow()
    qtbot.addWidget(made)
    made.resize(900, 560)
    return made


@pytest.fixture
def views(qtbot: QtBot, viewing, home: QMainWindow) -> LinkedViews:
    made = LinkedViews()
    home.setCentralWidget(made)
    home.show()
    home.activateWindow()
    qtbot.waitUntil(home.isActiveWindow)
    made.set_volume(viewing.planes_of(viewing.phantom()))
    made.axial.setFocus()
    return made


# Where they lie


def test_that_the_gap_is_dragged_and_given_its_usual_place_by_a_double_click(views: LinkedViews, viewing) -> None:
    edge = QPoint(views.axial.width() + GAP_PX // 2, 100)
    viewing.drag(views, edge, QPoint(-150, 0))
    assert views.axial.width() == pytest.approx(edge.x() - 150, abs=1)
    viewing.drag(views, QPoint(views.axial.width() + 1, 100), QPoint(-2000, 0))
    assert views.axial.width() >= 0.3 * views.width()
    QTest.mouseDClick(views, LEFT, NONE, QPoint(views.axial.width() + 1, 100))
    assert views.axial.width() == pytest.approx(USUAL_SHARE * views.width(), abs=1)


def test_that_a_fourth_picture_stands_below_the_side_views_and_can_have_all_the_room(views: LinkedViews) -> None:
    fourth = QWidget()
    views.set_fourth(fourth)
    assert fourth.geometry().bottom() == views.height() - 1
    assert fourth.y() > views.sagittal.geometry().bottom() > views.sagittal.y() > views.coronal.geometry().bottom()
    views.maximise(fourth)
    assert fourth.size() == views.size()
    views.set_fourth(None)
    assert views.maximised is None
    assert [one.isVisible() for one in (views.axial, views.coronal, views.sagittal, fourth)] == [True] * 3 + [False]


@pytest.mark.parametrize("kept", [None, 7, {}, {"share": "wide", "maximised": 3}, {"share": 4.0}, {"maximised": "x"}])
def test_that_a_damaged_layout_is_the_usual_one(views: LinkedViews, kept: object) -> None:
    views.restore(Arrangement.of(kept))
    assert views.axial.width() == pytest.approx(USUAL_SHARE * views.width(), abs=1)
    assert all(view.isVisible() for view in views.views)


# Kept


@pytest.fixture
def desktop(tmp_path, qtbot: QtBot) -> Desktop:
    made = Desktop(Settings(), tmp_path / "settings.json")
    yield made
    made.tasks.close()


def test_that_a_layout_is_as_it_was_left(views: LinkedViews, desktop: Desktop, viewing, qtbot, tmp_path) -> None:
    kept = KeptViews(desktop, views)
    views.maximise(views.sagittal)
    viewing.drag(views, QPoint(450, 5), QPoint(0, 0))
    kept.write()
    qtbot.waitUntil(lambda: len(load_settings(tmp_path / "settings.json").layout) == 2)
    again = LinkedViews()
    qtbot.addWidget(again)
    KeptViews(Desktop(load_settings(tmp_path / "settings.json"), None), again)
    assert again.maximised is again.sagittal
    again.maximise(None)
    assert again.arrangement == Arrangement(share=0.5)


def test_that_windows_of_ones_own_are_on_digits_and_kept(views: LinkedViews, desktop: Desktop, viewing) -> None:
    KeptViews(desktop, views)
    said: list[str] = []
    desktop.notices.said.connect(lambda notice: said.append(notice.text))
    QTest.keyClick(views.axial, Qt.Key.Key_7)
    assert "7" in said[0]
    keep_window(desktop, WindowPreset("7", "Nodes", 220, 60))
    keep_window(desktop, WindowPreset("9", "Stent", 4000, 700))
    QTest.keyClick(views.coronal, Qt.Key.Key_7)
    assert (views.look.width, views.look.level) == (220, 60)
    assert [one.name for one in own_windows(desktop)] == ["Nodes", "Stent"]
    desktop.keep_layout("viewer.windows", {"6": 5, "7": {"name": "x"}, "8": {"name": "y", "width": 9, "level": 3}})
    assert [one.key for one in own_windows(desktop)] == ["8"]


# Cine


def test_that_cine_plays_through_the_slices_and_turns_back_at_the_end(views: LinkedViews, qtbot) -> None:
    views.cine.set_rate(200)
    seen: list[int] = []
    views.axial.index_changed.connect(seen.append)
    QTest.keyClick(views.axial, Qt.Key.Key_K)
    qtbot.waitUntil(lambda: len(seen) > 30)
    QTest.keyClick(views.axial, Qt.Key.Key_K)
    assert {abs(b - a) for a, b in pairwise(seen)} == {1}
    assert {0, 14} <= set(seen)
    n_seen = len(seen)
    qtbot.wait(30)
    assert len(seen) == n_seen


@pytest.mark.parametrize("act", ["click", "wheel", "page", "escape", "volume"])
def test_that_whatever_the_reader_does_stops_cine_and_a_click_draws_nothing(views: LinkedViews, viewing, act) -> None:
    tool = viewing.Recorder(takes=True)
    views.set_tool(tool)
    tool.takes = False
    QTest.keyClick(views.axial, Qt.Key.Key_K)
    assert views.cine.is_playing
    assert "Cine" in writing.display(views.axial)
    tool.takes = act == "click"
    if act == "click":
        QTest.mouseClick(views.coronal, LEFT, NONE, QPoint(60, 60))
        assert views.cine.is_playing is False
    elif act == "wheel":
        viewing.turn_wheel(views.axial, 120)
    elif act == "volume":
        views.set_volume(None)
    else:
        QTest.keyClick(views.axial, Qt.Key.Key_PageDown if act == "page" else Qt.Key.Key_Escape)
    assert not views.cine.is_playing
    if act != "volume":
        assert "Cine" not in writing.display(views.axial)


def test_that_the_click_that_stops_cine_is_no_stroke(views: LinkedViews, viewing) -> None:
    tool = viewing.Recorder(takes=True)
    views.cine.toggle(views.axial)
    views.set_tool(tool)
    viewing.drag(views.axial, QPoint(60, 60), QPoint(20, 0))
    assert "press" not in tool.names()
    viewing.drag(views.axial, QPoint(60, 60), QPoint(20, 0))
    assert "press" in tool.names()


# Windows of their own


def test_that_a_view_has_a_window_of_its_own_and_comes_back(views: LinkedViews, viewing, qtbot, home) -> None:
    views.toggle_detached()
    apart = views.axial.window()
    assert apart is not home
    qtbot.waitUntil(apart.isVisible)
    assert views.detached == (views.axial,)
    assert views.coronal.height() == views.sagittal.height() == views.height()
    viewing.turn_wheel(views.axial, 120)
    assert views.coronal.point[2] == views.axial.index
    views.maximise(views.sagittal)
    assert views.axial.isVisible()
    views.maximise(None)
    apart.close()
    assert views.axial.window() is home
    assert views.axial.isVisible()
    assert views.axial.width() >= 0.6 * views.width()


def test_that_keys_of_the_window_work_in_a_view_apart(views: LinkedViews, qtbot, home) -> None:
    done: list[str] = []
    before = QAction(home)
    before.setShortcut(QKeySequence("B"))
    before.triggered.connect(lambda: done.append("before"))
    home.addAction(before)
    views.detach(views.coronal)
    later = QAction(home)
    later.setShortcut(QKeySequence("P"))
    later.triggered.connect(lambda: done.append("later"))
    home.addAction(later)
    apart = views.coronal.window()
    apart.activateWindow()
    qtbot.waitUntil(apart.isActiveWindow)
    QTest.keyClick(views.coronal, Qt.Key.Key_B)
    QTest.keyClick(views.coronal, Qt.Key.Key_P)
    QTest.keyClick(views.coronal, Qt.Key.Key_2)
    assert done == ["before", "later"]
    assert views.look.width == 1500


def test_that_a_window_apart_goes_with_its_home(views: LinkedViews, qtbot, home) -> None:
    views.detach(views.sagittal)
    apart = views.sagittal.window()
    home.setCentralWidget(QWidget())
    qtbot.waitUntil(lambda: not shiboken6.isValid(views))
    assert not shiboken6.isValid(apart)


def test_that_full_screen_is_there_and_back(views: LinkedViews, home) -> None:
    QTest.keyClick(views.axial, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert home.isFullScreen()
    views.toggle_full_screen()
    assert not home.isFullScreen()


def test_that_the_corner_tells_place_and_region_under_the_mouse(views: LinkedViews, qtbot) -> None:
    voxels = views.axial.planes.hu > 10_000
    views.set_mask(voxels)
    voxels[views.axial.index, 6, 7] = True
    views.axial.set_overlays(views.axial._overlays)
    at: Callable[[int, int], QPoint] = lambda row, column: views.axial.plane_to_widget(row, column).toPoint()  # noqa: E731
    QTest.mouseMove(views.axial, at(6, 7))
    qtbot.waitUntil(lambda: views.axial.hover is not None and views.axial.hover.voxel[:2] == (7, 6))
    hu = int(views.axial.planes.hu[views.axial.index, 6, 7])
    # Origin (-40, 25, -300), spacing (1, 1.5, 3): x = -33, y = 34, z = -300 + 3 * 7.
    assert writing.readout(views.axial).split("\n") == [f"region · {hu} HU", "R 33.0  P 34.0  F 279.0 mm", "Slice 8/15"]
    QTest.mouseMove(views.axial, at(9, 7))
    qtbot.waitUntil(lambda: views.axial.hover.voxel[:2] == (7, 9))
    assert "region" not in writing.readout(views.axial)
