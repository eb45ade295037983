"""Keys of a view, tools that are asked first, and who has the keyboard."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import ModuleType

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from escc_desktop.gui.viewer import writing
from escc_desktop.gui.viewer.planes import Plane
from escc_desktop.gui.viewer.slice_view import SliceView
from escc_desktop.gui.viewer.tool import Pointer

LEFT, RIGHT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.MiddleButton
SHIFT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def make_view(qtbot: QtBot, viewing: ModuleType) -> Callable[..., SliceView]:
    return partial(viewing.show_view, qtbot)


def test_that_a_tool_is_told_first_and_keeps_its_drag(make_view, viewing) -> None:
    view = make_view()
    tool = viewing.Recorder(takes=True)
    view.set_tool(tool)
    point = view.point
    start = view.plane_to_widget(5, 6).toPoint()
    viewing.drag(view, start, QPoint(30, 0))
    assert tool.names() == ["press", "move", "move", "move", "release"]
    assert view.point == point
    at = tool.told[0][1]
    assert isinstance(at, Pointer)
    assert (at.plane, at.index, at.button) == (Plane.AXIAL, view.index, LEFT)
    assert (at.row, at.column) == pytest.approx((5, 6), abs=0.1)
    assert at.voxel == (6, 5, view.index)


def test_that_what_a_tool_does_not_take_falls_through(make_view, viewing) -> None:
    view = make_view()
    view.set_window(350, 40)
    view.set_tool(viewing.Recorder(takes=False))
    QTest.mouseClick(view, LEFT, Qt.KeyboardModifier.NoModifier, view.plane_to_widget(4, 17).toPoint())
    assert view.point == (17, 4, view.index)
    viewing.drag(view, QPoint(200, 200), QPoint(60, 0), RIGHT)
    assert view.look.width > 350
    QTest.keyClick(view, Qt.Key.Key_2)
    assert view.look.width == 1500


def test_that_crosshair_window_pan_and_wheel_stay_in_reach_with_any_tool(make_view, viewing) -> None:
    view = make_view()
    view.set_window(350, 40)
    tool = viewing.Recorder(takes=True)
    view.set_tool(tool)
    QTest.mouseClick(view, LEFT, SHIFT, view.plane_to_widget(4, 17).toPoint())
    assert view.point == (17, 4, view.index)
    viewing.drag(view, QPoint(200, 200), QPoint(60, 0), RIGHT, CTRL)
    assert view.look.width > 350
    before = view.plane_to_widget(5, 5)
    viewing.drag(view, QPoint(200, 200), QPoint(10, 0), MIDDLE)
    assert (view.plane_to_widget(5, 5) - before).x() == pytest.approx(10)
    index = view.index
    viewing.turn_wheel(view, 120)
    assert view.index == index + 1
    assert "press" not in tool.names()


def test_that_a_tool_takes_keys_first(make_view, viewing) -> None:
    view = make_view()
    tool = viewing.Recorder(takes=True)
    view.set_tool(tool)
    index = view.index
    QTest.keyClick(view, Qt.Key.Key_PageUp)
    assert view.index == index
    assert ("key", Qt.Key.Key_PageUp) in tool.told


# Keys


def test_that_arrows_move_the_crosshair_one_voxel_on_screen(make_view) -> None:
    for direction in ("identity", "all against"):
        view = make_view(direction=direction)
        view.set_point((10, 9, 7))
        for key, by in (("Left", (-1, 0)), ("Up", (0, -1)), ("Right", (1, 0)), ("Down", (0, 1))):
            before = view.crosshair
            QTest.keyClick(view, Qt.Key[f"Key_{key}"])
            moved = view.crosshair - before
            assert (np.sign(round(moved.x())), np.sign(round(moved.y()))) == by
        assert view.point == (10, 9, 7)
        QTest.keyClick(view, Qt.Key.Key_Right, SHIFT)
        assert abs(view.point[0] - 10) == 10


def test_that_page_keys_turn_slices(make_view) -> None:
    view = make_view()
    start = view.index
    QTest.keyClick(view, Qt.Key.Key_PageDown)
    assert view.index == start - 1
    QTest.keyClick(view, Qt.Key.Key_PageUp)
    assert view.index == start
    QTest.keyClick(view, Qt.Key.Key_Home)
    assert view.index == 14
    QTest.keyClick(view, Qt.Key.Key_End)
    assert view.index == 0


def test_that_digits_choose_windows_and_letters_the_overlay(make_view) -> None:
    view = make_view()
    for key, window in (("1", (350, 40)), ("2", (1500, -600)), ("3", (2000, 500)), ("4", (150, 90)), ("5", (300, 80))):
        QTest.keyClick(view, key)
        assert (view.look.width, view.look.level) == window
    strength = view.look.strength
    QTest.keyClick(view, Qt.Key.Key_S)
    assert not view.look.has_overlay
    QTest.keyClick(view, Qt.Key.Key_S)
    assert view.look.has_overlay
    QTest.keyClick(view, Qt.Key.Key_D)
    assert view.look.strength == strength + 1
    QTest.keyClick(view, Qt.Key.Key_A)
    QTest.keyClick(view, Qt.Key.Key_A)
    assert view.look.strength == strength - 1
    QTest.keyClick(view, Qt.Key.Key_X)
    assert view.look.has_annotations
    assert view.look.has_crosshair
    QTest.keyClick(view, Qt.Key.Key_X, SHIFT)
    assert view.look.has_annotations
    assert not view.look.has_crosshair


def test_that_one_to_one_zoom_and_fit_are_on_keys(make_view) -> None:
    view = make_view()
    fitted = view.percent
    QTest.keyClick(view, Qt.Key.Key_F, SHIFT)
    assert view.percent == pytest.approx(100)
    assert min(view.voxel_px) == pytest.approx(1)
    QTest.keyClick(view, Qt.Key.Key_F)
    assert view.percent == pytest.approx(fitted)


def test_that_x_hides_all_that_is_not_picture_or_region(make_view, viewing) -> None:
    view = make_view(bare=False)
    view.clearFocus()
    view.set_look(view.look.annotations_toggled())
    bare = viewing.pixels(view.grab().toImage())
    whole = view.voxels_to_widget(slice(0, 19), slice(0, 23)).toAlignedRect()
    outside = bare.copy()
    outside[whole.top() : whole.bottom() + 1, whole.left() : whole.right() + 1] = 0
    assert outside[..., :3].max() == 0
    QTest.keyClick(view, Qt.Key.Key_X)
    assert (viewing.pixels(view.grab().toImage()) != bare).any()


def test_that_the_crosshair_stays_in_sight_of_a_zoomed_view(make_view) -> None:
    view = make_view()
    view.zoom(6, view.plane_to_widget(2, 2))
    assert not view.rect().contains(view.plane_to_widget(17, 20).toPoint())
    view.set_point((20, 17, view.index))
    assert view.rect().contains(view.crosshair.toPoint())


def test_that_corners_say_what_a_pacs_viewer_says(make_view, qtbot) -> None:
    view = make_view(bare=False)
    view.set_window(350, -40)
    view.set_caption("CT chest arterial")
    QTest.mouseMove(view, view.plane_to_widget(4, 7).toPoint())
    qtbot.waitUntil(lambda: view.hover is not None)
    assert writing.title(view).split("\n") == ["Axial", "CT chest arterial"]
    assert writing.display(view).split("\n")[1] == "W 350  L \N{MINUS SIGN}40"
    hu = int(view.planes.hu[view.index, 4, 7])
    assert writing.readout(view).split("\n") == [f"{hu} HU", "R 33.0  P 31.0  F 279.0 mm", "Slice 8/15"]


def test_that_the_keyboard_follows_the_mouse_but_not_away_from_typing(qtbot, viewing) -> None:
    holder = QWidget()
    qtbot.addWidget(holder)
    column = QVBoxLayout(holder)
    view, field = SliceView(), QLineEdit()
    view.set_volume(viewing.planes_of(viewing.phantom()))
    other = QWidget()
    other.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    for widget in (view, other, field):
        column.addWidget(widget)
    holder.show()
    holder.activateWindow()
    qtbot.waitUntil(holder.isActiveWindow)
    other.setFocus()
    QTest.mouseMove(other, QPoint(5, 5))
    QTest.mouseMove(view, QPoint(50, 50))
    qtbot.waitUntil(view.hasFocus)
    field.setFocus()
    QTest.mouseMove(other, QPoint(5, 5))
    QTest.mouseMove(view, QPoint(50, 50))
    qtbot.wait(20)
    assert field.hasFocus()
    QTest.mouseClick(view, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(50, 50))
    assert view.hasFocus()
