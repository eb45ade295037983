"""One view in the hand: the wheel counts notches, mouse and keys do what they say, tools are asked first."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import ModuleType

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from escc_desktop.gui.viewer import writing
from escc_desktop.gui.viewer.canvas import Hover
from escc_desktop.gui.viewer.planes import Plane
from escc_desktop.gui.viewer.slice_view import SliceView

LEFT, RIGHT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.MiddleButton
SHIFT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def make_view(qtbot: QtBot, viewing: ModuleType) -> Callable[..., SliceView]:
    return partial(viewing.show_view, qtbot)


def test_that_one_notch_is_exactly_one_slice_however_it_is_divided(make_view, viewing) -> None:
    view = make_view()
    start = view.index
    viewing.turn_wheel(view, -120)
    assert view.index == start - 1  # towards the feet, the next slice of a stack
    viewing.turn_wheel(view, 120)
    assert view.index == start
    viewing.turn_wheel(view, 60)
    assert view.index == start
    viewing.turn_wheel(view, 60)
    assert view.index == start + 1
    for _turn in range(16):
        viewing.turn_wheel(view, -15)
    assert view.index == start - 1
    viewing.turn_wheel(view, -360)
    assert view.index == start - 4
    viewing.turn_wheel(view, -100)
    viewing.turn_wheel(view, 100)
    viewing.turn_wheel(view, 20)
    assert view.index == start - 3


def test_that_a_trackpad_that_tells_pixels_only_turns_slices_too(make_view, viewing) -> None:
    view = make_view()
    start = view.index
    for _move in range(8):
        viewing.turn_wheel(view, 0, pixels_y=-10)
    assert view.index == start - 2


def test_that_the_wheel_goes_towards_the_feet_whatever_the_order_of_slices(make_view, viewing) -> None:
    view = make_view(direction="feet first")
    start = view.planes.position_mm(Plane.AXIAL, view.index)
    viewing.turn_wheel(view, -120)
    assert view.planes.position_mm(Plane.AXIAL, view.index) == pytest.approx(start - 3)


def test_that_the_ends_of_the_stack_hold(make_view, viewing) -> None:
    view = make_view()
    for _turn in range(40):
        viewing.turn_wheel(view, -120)
    assert view.index == 0
    viewing.turn_wheel(view, 120)
    assert view.index == 1


@pytest.mark.parametrize("angle", [120, 360, -120])
def test_that_zoom_keeps_the_voxel_under_the_mouse(make_view, viewing, angle) -> None:
    view = make_view(Plane.SAGITTAL, "feet first")
    at = QPointF(160, 250)
    before = view.widget_to_plane(at)
    percent = view.percent
    index = view.index
    viewing.turn_wheel(view, angle, at=at, ctrl=True)
    assert view.widget_to_plane(at) == pytest.approx(before)
    assert (view.percent > percent) == (angle > 0)
    assert view.index == index


# Mouse


def test_that_the_left_button_puts_the_crosshair(make_view, viewing, qtbot) -> None:
    view = make_view()
    chosen: list[tuple[int, int, int]] = []
    view.point_chosen.connect(chosen.append)
    at = view.plane_to_widget(4, 17).toPoint()
    QTest.mouseClick(view, LEFT, Qt.KeyboardModifier.NoModifier, at)
    assert chosen == [(17, 4, view.index)]
    assert view.point == (17, 4, view.index)
    viewing.drag(view, at, (view.plane_to_widget(10, 3) - view.plane_to_widget(4, 17)).toPoint())
    assert view.point == (3, 10, view.index)
    QTest.mouseClick(view, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(1, 1))
    assert view.point[:2] == (0, 0)


def test_that_a_right_drag_changes_the_window_and_coming_back_takes_it_back(make_view, viewing) -> None:
    view = make_view()
    view.set_window(350, 40)
    told: list[tuple[float, float]] = []
    view.window_changed.connect(lambda width, level: told.append((width, level)))
    viewing.drag(view, QPoint(200, 200), QPoint(100, 0), RIGHT)
    assert view.look.width > 500
    assert view.look.level == 40
    viewing.drag(view, QPoint(200, 200), QPoint(0, -60), RIGHT)
    assert view.look.level < 0
    assert told[-1] == (view.look.width, view.look.level)
    kept = view.look
    QTest.mousePress(view, RIGHT, Qt.KeyboardModifier.NoModifier, QPoint(200, 200))
    for to in (QPoint(300, 100), QPoint(200, 200)):
        viewing.move(view, to, RIGHT, Qt.KeyboardModifier.NoModifier)
    assert view.look == kept
    viewing.move(view, QPoint(300, 100), RIGHT, Qt.KeyboardModifier.NoModifier)
    QTest.mouseRelease(view, RIGHT, Qt.KeyboardModifier.NoModifier, QPoint(300, 100))
    assert view.look != kept


def test_that_a_locked_window_stays(make_view, viewing) -> None:
    view = make_view()
    view.set_window(350, 40)
    view.is_window_locked = True
    viewing.drag(view, QPoint(200, 200), QPoint(100, 50), RIGHT)
    QTest.keyClick(view, Qt.Key.Key_2)
    assert (view.look.width, view.look.level) == (350, 40)


def test_that_the_middle_button_pushes_the_picture(make_view, viewing) -> None:
    view = make_view()
    before = view.plane_to_widget(5, 5)
    viewing.drag(view, QPoint(200, 200), QPoint(30, -20), MIDDLE)
    moved = view.plane_to_widget(5, 5) - before
    assert (round(moved.x()), round(moved.y())) == (30, -20)
    view.fit()
    assert view.plane_to_widget(5, 5) == before


def test_that_a_laptop_without_a_middle_button_pushes_with_ctrl_and_zooms_by_a_pinch(make_view, viewing) -> None:
    view = make_view()
    point, before = view.point, view.plane_to_widget(5, 5)
    view.set_tool(viewing.Recorder(takes=True))
    viewing.drag(view, QPoint(200, 200), QPoint(30, -20), LEFT, CTRL)
    moved = view.plane_to_widget(5, 5) - before
    assert (round(moved.x()), round(moved.y())) == (30, -20)
    assert view.point == point
    at, percent = QPointF(120, 90), view.percent
    place = view.widget_to_plane(at)
    QApplication.sendEvent(view, viewing.pinch(view, at, 0.25))
    assert view.percent == pytest.approx(1.25 * percent)
    assert view.widget_to_plane(at) == pytest.approx(place)


def test_that_a_right_click_offers_the_menu(make_view, qtbot) -> None:
    view = make_view()
    asked: list[QPoint] = []
    view.menu_asked.connect(asked.append)
    look = view.look
    QTest.mouseClick(view, RIGHT, Qt.KeyboardModifier.NoModifier, QPoint(100, 100))
    assert asked == [QPoint(100, 100)]
    assert view.look == look
    menu = view.findChild(QMenu)
    assert menu is not None
    qtbot.waitUntil(menu.isVisible)
    lung = next(action for action in menu.actions() if "Lung" in action.text())
    lung.trigger()
    menu.close()
    assert (view.look.width, view.look.level) == (1500, -600)


def test_that_a_double_click_asks_to_be_maximised_unless_a_tool_takes_it(make_view, viewing) -> None:
    view = make_view()
    asked: list[int] = []
    view.double_clicked.connect(lambda: asked.append(1))
    viewing.double_click(view, QPoint(200, 200))
    assert asked == [1]
    tool = viewing.Recorder(takes=True)
    view.set_tool(tool)
    viewing.double_click(view, QPoint(200, 200))
    assert asked == [1]
    assert tool.names().count("press") == tool.names().count("release")
    view.set_tool(viewing.Recorder(takes=False))
    viewing.double_click(view, QPoint(200, 200))
    assert asked == [1, 1]


def test_that_hovering_tells_value_place_and_region(make_view, qtbot) -> None:
    view = make_view()
    mask = np.zeros(view.planes.hu.shape, dtype=bool)
    mask[view.index, 4, 7] = True
    view.set_mask(mask)
    told: list[Hover | None] = []
    view.hovered.connect(told.append)
    QTest.mouseMove(view, view.plane_to_widget(4, 7).toPoint())
    qtbot.waitUntil(lambda: bool(told))
    hover = told[-1]
    assert hover is not None
    assert hover.hu == view.planes.hu[view.index, 4, 7]
    assert hover.voxel == (7, 4, view.index)
    assert hover.mm == pytest.approx((-40 + 7, 25 + 4 * 1.5, -300 + view.index * 3))
    assert hover.label
    view.set_index(view.index + 1)
    qtbot.waitUntil(lambda: told[-1] is not None and told[-1].hu == view.planes.hu[view.index, 4, 7])
    assert not told[-1].label
    QTest.mouseMove(view, QPoint(2, 2))
    qtbot.waitUntil(lambda: told[-1] is None)


def test_that_hovering_repaints_the_readout_only(make_view, viewing, qtbot) -> None:
    view = make_view(bare=False)
    QTest.mouseMove(view, QPoint(100, 100))
    qtbot.wait(5)
    painted = viewing.Painted(view)
    QTest.mouseMove(view, QPoint(150, 120))
    qtbot.waitUntil(lambda: bool(painted.rects))
    assert painted.rects == [writing.readout_rect(view)]
