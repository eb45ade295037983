"""One view: pixels are the right voxels, the wheel counts notches, mouse and keys do what they say."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from types import ModuleType

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QMenu, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from escc_desktop.gui.viewer import writing
from escc_desktop.gui.viewer.canvas import Hover, SliceCanvas
from escc_desktop.gui.viewer.planes import Plane
from escc_desktop.gui.viewer.slice_view import SliceView
from escc_desktop.gui.viewer.tool import Pointer

LEFT, RIGHT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.MiddleButton
SHIFT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def make_view(qtbot: QtBot, viewing: ModuleType):
    def make(plane: Plane = Plane.AXIAL, direction: str = "identity", *, bare: bool = True) -> SliceView:
        view = SliceView(plane)
        qtbot.addWidget(view)
        view.resize(460, 420)
        view.show()
        qtbot.waitExposed(view)
        view.set_volume(viewing.planes_of(viewing.phantom(viewing.DIRECTIONS[direction])))
        view.set_window(*viewing.GREY_WINDOW)
        if bare:
            view.set_look(view.look.annotations_toggled())
        return view

    return make


class Recorder:
    """A tool that writes down what it is told and takes what it is asked to."""

    name = "recorder"

    def __init__(self, *, takes: bool) -> None:
        self.takes = takes
        self.told: list[tuple[str, object]] = []

    def press(self, at: Pointer) -> bool:
        self.told.append(("press", at))
        return self.takes

    def move(self, at: Pointer) -> bool:
        self.told.append(("move", at))
        return self.takes

    def release(self, at: Pointer) -> bool:
        self.told.append(("release", at))
        return self.takes

    def hover(self, at: Pointer | None) -> None:
        self.told.append(("hover", at))

    def key(self, event: QKeyEvent) -> bool:
        self.told.append(("key", event.key()))
        return self.takes

    def paint(self, painter: QPainter, view: SliceCanvas) -> None:
        self.told.append(("paint", view))

    def names(self) -> list[str]:
        return [name for name, _what in self.told if name != "paint"]


# Pixels


@pytest.mark.parametrize("plane", list(Plane))
@pytest.mark.parametrize("direction", ["identity", "all against", "feet first", "coronal slices", "sagittal slices"])
def test_that_each_pixel_is_the_voxel_at_its_place_in_the_patient(make_view, viewing, direction, plane) -> None:
    view = make_view(plane, direction)
    image = view.grab().toImage()
    geometry, hu = view.planes.geometry, view.planes.hu
    rows, columns = view.planes.shape(plane)
    for row, column in [(0, 0), (0, columns - 1), (rows - 1, 0), (rows - 1, columns - 1), (4, 7), (9, 2)]:
        x, y, z = view.planes.voxel(plane, view.index, row, column)
        at = view.plane_to_widget(row, column)
        assert image.pixelColor(at.toPoint()).red() == hu[z, y, x]
        # The same by millimetres alone: further right on screen is further left in the patient, and so on.
        mm = geometry.to_mm(np.array([[x, y, z]]))[0]
        middle = geometry.to_mm((np.array([geometry.size]) - 1) / 2)[0]
        across, down = {"axial": (0, 1), "coronal": (0, 2), "sagittal": (1, 2)}[plane.value]
        wanted = view.px_per_mm * (mm - middle) * (1, 1, -1)
        assert at.x() - view.width() / 2 == pytest.approx(wanted[across], abs=0.01)
        assert at.y() - view.height() / 2 == pytest.approx(wanted[down], abs=0.01)


def test_that_voxels_have_their_true_proportions(make_view, viewing) -> None:
    view = make_view(Plane.CORONAL)
    box = view.voxels_to_widget(slice(0, 1), slice(0, 1))
    assert box.height() / box.width() == pytest.approx(3.0)
    whole = view.voxels_to_widget(slice(0, 15), slice(0, 23))
    assert QRect(view.rect()).contains(whole.toAlignedRect())
    assert whole.height() / whole.width() == pytest.approx(45 / 23)
    assert whole.height() > 0.9 * view.height()


def test_that_the_picture_is_black_around_the_volume_and_without_one(make_view) -> None:
    view = make_view()
    corner = view.grab().toImage().pixelColor(2, 2)
    assert (corner.red(), corner.green(), corner.blue()) == (0, 0, 0)
    view.set_volume(None)
    image = view.grab().toImage()
    assert image.pixelColor(30, 30).value() == 0
    assert view.hover is None
    assert view.crosshair is None


def test_that_large_voxels_have_edges_and_small_ones_are_smoothed(make_view) -> None:
    view = make_view()
    assert min(view.voxel_px) > 4
    a, b = view.plane_to_widget(5, 5), view.plane_to_widget(5, 6)
    edge = view.voxels_to_widget(slice(5, 6), slice(5, 6))
    image = view.grab().toImage()
    inside = {image.pixelColor(x, round(a.y())).red() for x in range(int(edge.left()) + 2, int(edge.right()) - 1)}
    assert len(inside) == 1
    view.zoom(3 / max(view.voxel_px), QPointF(view.rect().center()))
    image = view.grab().toImage()
    a, b = view.plane_to_widget(5, 5), view.plane_to_widget(5, 8)
    seen = {image.pixelColor(x, round(a.y())).red() for x in range(round(a.x()), round(b.x()))}
    assert len(seen) > 4


def test_that_hidpi_shows_the_same_voxels_at_twice_the_pixels(viewing, tmp_path) -> None:
    code = f"""
import json, sys
sys.path.insert(0, {str(viewing.__file__.rpartition("/")[0])!r})
import viewing, numpy as np
from escc_desktop.gui.app import make_application
from escc_desktop.gui.viewer.slice_view import SliceView
app = make_application()
view = SliceView()
view.resize(230, 210); view.show()
view.set_volume(viewing.planes_of(viewing.phantom()))
view.set_look(view.look.windowed(*viewing.GREY_WINDOW).annotations_toggled())
mask = np.zeros(view.planes.hu.shape, dtype=bool); mask[:, 5:9, 6:12] = True
view.set_mask(mask)
app.processEvents()
image = view.grab().toImage()
found = []
for row, column in [(0, 0), (3, 2), (18, 22)]:
    at = view.plane_to_widget(row, column) * 2
    found.append([image.pixelColor(at.toPoint()).red(), int(view.planes.hu[view.index, row, column])])
box = view.voxels_to_widget(slice(5, 9), slice(6, 12))
line = [image.pixelColor(round(box.left() * 2) + d, round(box.center().y() * 2)).name() for d in range(-5, 6)]
print(json.dumps(dict(ratio=image.devicePixelRatio(), width=image.width(), found=found, line=line)))
"""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": "2"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment, timeout=60
    )
    told = json.loads(done.stdout)
    assert told["ratio"] == 2
    assert told["width"] == 460
    assert all(shown == hu for shown, hu in told["found"])
    assert 2 <= told["line"].count("#e69f00") <= 4


# Region


def test_that_the_border_lies_exactly_on_the_edges_of_voxels(make_view) -> None:
    view = make_view()
    view.set_look(view.look.fainter().fainter())
    assert view.look.share == 0
    mask = np.zeros(view.planes.hu.shape, dtype=bool)
    mask[view.index, 5:9, 6:12] = True
    view.set_mask(mask)
    image = view.grab().toImage()
    box = view.voxels_to_widget(slice(5, 9), slice(6, 12))
    orange = (0xE6, 0x9F, 0)

    def is_border(x: float, y: float) -> bool:
        color = image.pixelColor(round(x), round(y))
        return (color.red(), color.green(), color.blue()) == orange

    middle = box.center()
    assert is_border(box.left(), middle.y())
    assert is_border(box.right(), middle.y())
    assert is_border(middle.x(), box.top())
    assert is_border(middle.x(), box.bottom())
    for by in (-4, 4):
        assert not is_border(box.left() + by, middle.y())
        assert not is_border(middle.x(), box.bottom() + by)


@pytest.mark.parametrize("plane", list(Plane))
@pytest.mark.parametrize("direction", ["identity", "all against", "coronal slices"])
def test_that_the_region_lies_over_its_own_voxels(make_view, plane, direction) -> None:
    view = make_view(plane, direction)
    mask = np.zeros(view.planes.hu.shape, dtype=bool)
    mask[3:6, 4:12, 2:9] = True
    view.set_mask(mask)
    x, y, z = 5, 7, 4
    view.set_point((x, y, z))
    image = view.grab().toImage()
    _index, row, column = view.planes.place(plane, (x, y, z))
    color = image.pixelColor(view.plane_to_widget(row, column).toPoint())
    assert color.red() > color.blue()
    share = view.look.share
    assert color.red() == pytest.approx(int(view.planes.hu[z, y, x]) * (1 - share) + 0xE6 * share, abs=1)
    view.set_look(view.look.overlay_toggled())
    plain = view.grab().toImage().pixelColor(view.plane_to_widget(row, column).toPoint())
    assert (plain.red(), plain.green(), plain.blue()) == (int(view.planes.hu[z, y, x]),) * 3


@pytest.mark.parametrize("zoom", [1.0, 0.08, 3.0])
@pytest.mark.parametrize(("plane", "direction"), [("axial", "identity"), ("coronal", "all against")])
def test_that_a_dirty_rectangle_ends_in_the_same_picture_as_a_full_repaint(
    make_view, viewing, qtbot, plane, direction, zoom
) -> None:
    view = make_view(Plane(plane), direction, bare=False)
    view.zoom(zoom, QPointF(200, 200))
    mask = np.zeros(view.planes.hu.shape, dtype=bool)
    mask[2:9, 3:12, 4:15] = True
    view.set_mask(mask)
    qtbot.wait(1)
    before = viewing.on_screen(view)
    painted = viewing.Painted(view)
    rng = np.random.default_rng(1)
    index, rows, columns = view.index, slice(4, 9), slice(7, 11)
    view.planes.section(view.plane, index, mask)[rows, columns] = rng.random((5, 4)) < 0.5
    view.mask_changed(view.planes.region(view.plane, index, rows, columns))
    qtbot.waitUntil(lambda: bool(painted.rects))
    after = viewing.on_screen(view)
    assert (after != before).any()
    stroke = view.voxels_to_widget(rows, columns)
    for rect in painted.rects:
        assert rect.width() <= stroke.width() * 2 + 16
        assert rect.height() <= stroke.height() * 2 + 16
    view.repaint()
    full = viewing.on_screen(view)
    # Smoothing starts at the edge of what is painted: one level of grey may differ there.
    allowed = 0 if max(view.voxel_px) >= 4 else 1
    assert np.abs(after.astype(int) - full.astype(int)).max() <= allowed


def test_that_changes_on_other_slices_repaint_nothing(make_view, viewing, qtbot) -> None:
    view = make_view()
    mask = np.zeros(view.planes.hu.shape, dtype=bool)
    view.set_mask(mask)
    qtbot.wait(1)
    painted = viewing.Painted(view)
    mask[view.index + 1, 3:5, 3:5] = True
    view.mask_changed((slice(view.index + 1, view.index + 2), slice(3, 5), slice(3, 5)))
    qtbot.wait(20)
    assert painted.rects == []
    view.set_index(view.index + 1)
    color = view.grab().toImage().pixelColor((view.plane_to_widget(3, 3) + QPointF(3, 3)).toPoint())
    assert color.red() != color.blue()


# Wheel


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
    tool = Recorder(takes=True)
    view.set_tool(tool)
    viewing.double_click(view, QPoint(200, 200))
    assert asked == [1]
    assert tool.names().count("press") == tool.names().count("release")
    view.set_tool(Recorder(takes=False))
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
    assert told[-1] is not None
    assert told[-1].hu == view.planes.hu[view.index, 4, 7]
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


# Tools


def test_that_a_tool_is_told_first_and_keeps_its_drag(make_view, viewing) -> None:
    view = make_view()
    tool = Recorder(takes=True)
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
    view.set_tool(Recorder(takes=False))
    QTest.mouseClick(view, LEFT, Qt.KeyboardModifier.NoModifier, view.plane_to_widget(4, 17).toPoint())
    assert view.point == (17, 4, view.index)
    viewing.drag(view, QPoint(200, 200), QPoint(60, 0), RIGHT)
    assert view.look.width > 350
    QTest.keyClick(view, Qt.Key.Key_2)
    assert view.look.width == 1500


def test_that_crosshair_window_pan_and_wheel_stay_in_reach_with_any_tool(make_view, viewing) -> None:
    view = make_view()
    view.set_window(350, 40)
    tool = Recorder(takes=True)
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


def test_that_a_tool_takes_keys_first(make_view) -> None:
    view = make_view()
    tool = Recorder(takes=True)
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
    said = writing.corners(view)
    assert said.top_left == ("Axial", "CT chest arterial")
    assert said.bottom_left[1] == "W 350  L \N{MINUS SIGN}40"
    hu = int(view.planes.hu[view.index, 4, 7])
    assert said.bottom_right == (f"{hu} HU", "\N{MINUS SIGN}279.0 mm", "Slice 8/15")


def test_that_the_keyboard_follows_the_mouse_but_not_away_from_typing(make_view, qtbot, viewing) -> None:
    holder = QWidget()
    qtbot.addWidget(holder)
    column = QVBoxLayout(holder)
    view, field = make_view(), QLineEdit()
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
