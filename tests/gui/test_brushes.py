"""Brushes with mouse, wheel, keys and pen: what comes of it in the reading, then on screen."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QInputDevice, QPointingDevice, QPointingDeviceUniqueId, QTabletEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from reader_hand import LEFT, NONE, RIGHT, Place, ReaderHand

from escc_desktop.gui.main_window import MainWindow
from escc_desktop.gui.tools.brush import BrushTool
from escc_desktop.gui.tools.brush_options import BrushOptions, BrushShape
from escc_desktop.gui.tools.brush_panel import BrushPanel, SizePart
from escc_desktop.reading.protocol import Protocol
from escc_desktop.workflow.project import Project

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
NO_KEYS = Qt.KeyboardModifier.NoModifier
MARKED = 2
WHOLE = slice(0, 12), slice(0, 10)  # rows and columns of the small study's slices


@pytest.fixture
def reader(small_project: Callable[[str], Project], show_as: Callable[..., MainWindow], qtbot: QtBot) -> ReaderHand:
    """Reader A with a session open, the brush of one voxel in hand; noise of -100 to 200 HU, 0.8 x 0.8 x 2 mm."""
    hand = ReaderHand(show_as(small_project("A"), "reading"), qtbot)
    hand.open("P1/L1/A/first")
    return hand


def tool(reader: ReaderHand) -> BrushTool:
    held = reader.board.hand.tool
    assert isinstance(held, BrushTool)
    return held


def panel(reader: ReaderHand) -> BrushPanel:
    shown = reader.board.panel.tools.options[reader.board.hand.tool_id]
    assert isinstance(shown, BrushPanel)
    return shown


def labels(reader: ReaderHand) -> list[str]:
    return [edit.label for edit in reader.board.reading.history.edits]


def outlined(reader: ReaderHand) -> list[tuple[int, int]]:
    """Return the voxels (row, column) the outline under the mouse promises."""
    outline = tool(reader).outline()
    if outline is None:
        return []
    voxels, (top, left) = outline
    return [(top + int(row), left + int(column)) for row, column in np.argwhere(voxels)]


def draw_block(reader: ReaderHand, rows: slice, columns: slice) -> None:
    """Draw a rectangle with a brush of one voxel."""
    for row in range(rows.start, rows.stop):
        reader.stroke([(row, columns.start), (row, columns.stop - 1)])


def turn(reader: ReaderHand, notches: int, modifiers: Qt.KeyboardModifier) -> None:
    place = QPointF(reader.at((5, 5)))
    everywhere = QPointF(reader.view.mapToGlobal(place.toPoint()))
    phase, none = Qt.ScrollPhase.NoScrollPhase, Qt.MouseButton.NoButton
    angle = QPoint(0, 120 * notches)
    QApplication.sendEvent(reader.view, QWheelEvent(place, everywhere, QPoint(), angle, none, modifiers, phase, False))


# A range of HU


def test_that_only_voxels_in_the_range_are_painted_and_the_step_says_so(reader: ReaderHand) -> None:
    hu = reader.board.planes.hu[MARKED]
    reader.key(Qt.Key.Key_H, SHIFT)
    options = reader.board.hand.options
    options.set_limit(0, 80)
    options.set_diameter(5)
    reader.stroke([(5, 2), (5, 7)])
    inside = np.zeros(hu.shape, dtype=np.bool_)
    for column in range(2, 8):
        rows, columns = np.ogrid[: hu.shape[0], : hu.shape[1]]
        inside |= (rows - 5) ** 2 + (columns - column) ** 2 <= 2.25**2
    assert np.array_equal(reader.kept[MARKED], inside & (hu >= 0) & (hu <= 80))
    assert reader.kept.sum() == reader.kept[MARKED].sum()
    assert labels(reader) == ["brush in HU range"]
    assert reader.board.reading.history.tools_by_slice() == {MARKED: ("brush in HU range",)}


def test_that_the_eraser_too_leaves_what_is_out_of_the_range(reader: ReaderHand) -> None:
    hu = reader.board.planes.hu[MARKED]
    draw_block(reader, *WHOLE)
    reader.key(Qt.Key.Key_H, SHIFT)
    options = reader.board.hand.options
    options.set_limit(-1024, -31)
    options.set_diameter(40)
    reader.click((5, 5), RIGHT)
    assert np.array_equal(reader.kept[MARKED], hu > -31)
    assert labels(reader)[-1] == "brush in HU range"


def test_that_the_range_is_tinted_in_the_pictures_and_no_longer_when_it_is_off(reader: ReaderHand) -> None:
    hu = reader.board.planes.hu[MARKED]
    reader.board.hand.options.set_limit(0, 80)
    row, column = (int(index) for index in np.argwhere((hu > 20) & (hu < 60))[0])
    other_row, other_column = (int(index) for index in np.argwhere((hu > 100) & (hu < 190))[0])

    def is_grey(place: Place) -> bool:
        pixel = reader.view.grab().toImage().pixelColor(reader.at((place[0] + 0.25, place[1] + 0.2)))
        return pixel.red() == pixel.green() == pixel.blue()

    assert is_grey((row, column))
    reader.key(Qt.Key.Key_H, SHIFT)
    assert not is_grey((row, column))
    assert is_grey((other_row, other_column))
    reader.key(Qt.Key.Key_H, SHIFT)
    assert is_grey((row, column))


def test_that_the_outline_is_what_a_click_changes_within_the_range(reader: ReaderHand) -> None:
    reader.key(Qt.Key.Key_H, SHIFT)
    reader.board.hand.options.set_limit(0, 80)
    reader.board.hand.options.set_diameter(6)
    reader.move((5.2, 4.8))
    promised = outlined(reader)
    reader.click((5.2, 4.8))
    assert 0 < len(promised) < 32
    assert reader.drawn(MARKED) == promised


def test_that_the_range_is_the_brushes_and_a_polygon_fills_all(reader: ReaderHand) -> None:
    reader.key(Qt.Key.Key_H, SHIFT)
    reader.board.hand.options.set_limit(0, 80)
    reader.key(Qt.Key.Key_P)
    assert reader.board.canvas.hu_range is None
    for place in ((2.6, 2.6), (2.6, 6.4), (6.4, 6.4), (6.4, 2.6)):
        reader.click(place)
    reader.key(Qt.Key.Key_Return, CTRL)
    assert reader.drawn(MARKED) == [(row, column) for row in range(3, 7) for column in range(3, 7)]
    assert labels(reader) == ["polygon"]
    reader.key(Qt.Key.Key_B)
    assert reader.board.canvas.hu_range == (0, 80)


def test_that_whoever_holds_no_brush_gets_one_with_the_range(reader: ReaderHand) -> None:
    reader.key(Qt.Key.Key_V)
    reader.key(Qt.Key.Key_H, SHIFT)
    assert reader.board.hand.tool_id == "brush"
    assert reader.board.canvas.hu_range == (-30, 200)


def test_that_a_range_without_voxels_says_why_nothing_changed(reader: ReaderHand) -> None:
    reader.key(Qt.Key.Key_H, SHIFT)
    reader.board.hand.options.set_limit(900, 1000)
    reader.click((5, 5))
    assert labels(reader) == []
    assert reader.said == "Nothing changed: no voxel under the brush that could change has 900 to 1000 HU."


def test_that_the_range_can_be_typed_dragged_and_taken_from_the_outline(reader: ReaderHand) -> None:
    part = panel(reader).limit_part
    assert not part.bar.isEnabled()
    part.limited.click()
    QTest.keyClicks(part.least, "\b\b\b\b20")
    QTest.keyClick(part.least, Qt.Key.Key_Return)
    assert reader.board.canvas.hu_range == (20, 200)
    height = part.bar.height() // 2
    QTest.mousePress(part.bar, LEFT, NO_KEYS, QPoint(round(part.bar.x_of(200)), height))
    QTest.mouseMove(part.bar, QPoint(round(part.bar.x_of(100)), height))
    QTest.mouseRelease(part.bar, LEFT, NO_KEYS, QPoint(round(part.bar.x_of(100)), height))
    low, high = reader.board.canvas.hu_range or (0, 0)
    assert (low, round(high, -1)) == (20, 100)
    part.of_outline.click()
    assert reader.said.startswith("Nothing is drawn yet.")
    part.limited.click()
    draw_block(reader, slice(3, 6), slice(3, 6))
    part.limited.click()
    part.of_outline.click()
    hu = reader.board.planes.hu[MARKED, 3:6, 3:6]
    expected = round(hu.mean() - 2 * hu.std()), round(hu.mean() + 2 * hu.std())
    assert reader.board.canvas.hu_range == expected
    assert (part.least.text(), part.most.text()) == tuple(map(str, expected))


def test_that_a_protocol_without_the_range_disables_it_everywhere_and_says_why(reader: ReaderHand) -> None:
    forbidden = BrushOptions(Protocol(frozenset({"brush in HU range"})))
    reader.board.hand.options = forbidden
    forbidding_panel = BrushPanel(forbidden, reader.board.canvas)
    part = forbidding_panel.limit_part
    why_not = "The protocol of this study forbids painting in a range of HU in readings."
    assert not part.limited.isEnabled()
    assert part.limited.toolTip() == why_not
    action = next(action for action in reader.page.actions_now() if action.action_id == "reading.limit")
    assert action.why_not() == why_not
    forbidden.set_limited(True)
    assert forbidden.range_now is None
    reader.key(Qt.Key.Key_H, SHIFT)
    assert reader.board.canvas.hu_range is None


# Size and shape


def test_that_a_square_brush_paints_a_square(reader: ReaderHand) -> None:
    panel(reader).size_part.square.click()
    reader.board.hand.options.set_diameter(3)
    reader.click((5, 4))
    assert reader.drawn(MARKED) == [(row, column) for row in range(4, 7) for column in range(3, 6)]


def test_that_a_size_in_mm_is_shown_and_stepped_in_mm(reader: ReaderHand) -> None:
    part = panel(reader).size_part
    reader.board.hand.options.set_diameter(5)  # of 0.8 mm
    part.in_mm.click()
    assert part.words.text() == "4 mm · 5 voxels"
    reader.key(Qt.Key.Key_Plus)
    reader.key(Qt.Key.Key_Plus)
    assert part.words.text() == "6 mm · 8 voxels"
    part.in_mm.click()
    assert part.words.text() == "8 voxels · 6.4 mm"


def test_that_a_brush_of_as_many_voxels_reaches_as_many_slices(reader: ReaderHand) -> None:
    part = panel(reader).size_part
    reader.board.hand.options.set_diameter(5)
    part.ball.click()
    part.per_voxel.click()
    reader.click((5, 5))
    z, y, x = np.indices(reader.kept.shape)
    inside = (x - 5) ** 2 + (y - 5) ** 2 + (z - MARKED) ** 2 <= 2.25**2
    assert np.array_equal(reader.kept, inside)


def test_that_the_wheel_with_shift_changes_the_size_and_not_the_slice(reader: ReaderHand) -> None:
    turn(reader, 3, SHIFT)
    assert reader.board.hand.options.diameter == 4
    assert reader.view.index == MARKED
    turn(reader, -2, SHIFT)
    assert reader.board.hand.options.diameter == 2
    reader.key(Qt.Key.Key_V)
    turn(reader, 1, SHIFT)  # the pointer has no size: the slice goes on
    assert reader.board.hand.options.diameter == 2
    assert reader.view.index == MARKED + 1


def test_that_size_and_shape_are_kept_for_the_next_reading_and_a_range_is_not(reader: ReaderHand) -> None:
    options = reader.board.hand.options
    options.set_diameter_mm(7.0)
    options.set_square(True)
    options.set_limit(10, 90)
    options.set_limited(True)
    options.set_tolerance(25)
    reader.page.close_reading()
    reader.qtbot.waitUntil(lambda: reader.page.board is None, timeout=20_000)
    kept = reader.window.desktop.settings.layout["reading.brush"]
    again = BrushOptions()
    again.restore(json.loads(json.dumps(kept)))
    assert again.shape == options.shape
    assert (again.limit, again.tolerance_hu, again.is_limited) == ((10, 90), 25, False)


@pytest.mark.parametrize("kept", [None, 3, [], {"diameter": "large", "limit": [1], "is_ball": 7, "diameter_mm": None}])
def test_that_settings_of_a_brush_that_are_no_such_leave_it_as_usual(kept: object) -> None:
    options = BrushOptions()
    options.restore(kept)
    assert options.shape == BrushShape()
    assert options.limit == (-30, 200)


# Adaptive brush


def test_that_the_adaptive_brush_takes_what_its_outline_promised(reader: ReaderHand) -> None:
    reader.key(Qt.Key.Key_B, CTRL)
    reader.board.hand.options.set_diameter(8)
    panel(reader).tolerance_part.slider.setValue(60)  # type: ignore[union-attr]
    reader.move((5, 4))
    promised = outlined(reader)
    reader.click((5, 4))
    assert 0 < len(promised) < 52
    assert reader.drawn(MARKED) == promised
    assert reader.kept.sum() == len(promised)
    assert labels(reader) == ["adaptive brush"]
    reader.click((5, 4), RIGHT)
    assert not reader.kept.any()
    assert labels(reader) == ["adaptive brush", "adaptive brush"]


# Nudge


def test_that_nudge_pushes_the_border_outwards_from_inside_and_inwards_from_outside(reader: ReaderHand) -> None:
    draw_block(reader, slice(3, 8), slice(3, 7))
    before = reader.kept.copy()
    steps = len(labels(reader))
    reader.key(Qt.Key.Key_N)
    reader.board.hand.options.set_diameter(3)
    reader.stroke([(5, 5), (5, 7)])
    assert {(5, 7), (5, 8), (4, 7)} <= set(reader.drawn(MARKED))
    assert reader.kept[before].all()
    pushed = reader.kept.copy()
    reader.stroke([(0, 5), (3, 5)])
    assert not reader.kept[MARKED, 3, 5]
    assert not reader.kept[MARKED, 4, 5]
    assert reader.kept[MARKED, 5, 5]
    assert not (reader.kept & ~pushed).any()
    assert labels(reader)[steps:] == ["nudge", "nudge"]


def test_that_right_always_pushes_inwards(reader: ReaderHand) -> None:
    draw_block(reader, slice(3, 8), slice(3, 7))
    before = reader.kept.sum()
    reader.key(Qt.Key.Key_N)
    reader.stroke([(5, 5), (5, 9)], RIGHT)
    assert reader.kept.sum() < before


def test_that_nudge_says_when_there_is_no_border(reader: ReaderHand) -> None:
    reader.key(Qt.Key.Key_N)
    reader.click((5, 5))
    assert reader.said == "Nothing changed: nothing is drawn on this slice yet whose border could be pushed."
    reader.key(Qt.Key.Key_B)
    reader.click((2, 2))
    reader.key(Qt.Key.Key_N)
    reader.click((8, 8))
    assert reader.said == "Nothing changed: the tool did not meet the border. Begin beside it and push across."
    assert labels(reader) == ["brush"]


def test_that_nudge_has_neither_range_nor_square(reader: ReaderHand) -> None:
    reader.board.hand.options.set_square(True)
    reader.board.hand.options.set_limited(True)
    reader.board.hand.options.set_diameter(3)
    reader.click((5, 5))
    reader.key(Qt.Key.Key_N)
    assert reader.board.canvas.hu_range is None
    shown = reader.board.panel.tools.options["nudge"]
    assert isinstance(shown, SizePart)
    assert not shown.square.isVisible()
    place = next(iter(reader.drawn(MARKED)))
    reader.click(place)
    row, column = place
    assert {(row, column), (row - 1, column), (row, column + 1)} <= set(reader.drawn(MARKED))


# A pen


def pen(reader: ReaderHand, kind: QEvent.Type, place: Place, pressure: float, *, is_eraser: bool = False) -> bool:
    """Send what a pen sends; return whether the view took it."""
    pointer = QPointingDevice.PointerType.Eraser if is_eraser else QPointingDevice.PointerType.Pen
    device = QPointingDevice(
        "pen",
        7,
        QInputDevice.DeviceType.Stylus,
        pointer,
        QInputDevice.Capability.Position | QInputDevice.Capability.Pressure,
        1,
        1,
        "",
        QPointingDeviceUniqueId(),
        reader.view,
    )
    at = QPointF(reader.at(place))
    button = NONE if kind == QEvent.Type.TabletMove else LEFT
    buttons = NONE if kind == QEvent.Type.TabletRelease or pressure == 0 else LEFT
    everywhere = QPointF(reader.view.mapToGlobal(at.toPoint()))
    no_keys = Qt.KeyboardModifier.NoModifier
    event = QTabletEvent(kind, device, at, everywhere, pressure, 0, 0, 0, 0, 0, no_keys, button, buttons)
    QApplication.sendEvent(reader.view, event)
    return event.isAccepted()


def pen_stroke(reader: ReaderHand, places: list[tuple[Place, float]], *, is_eraser: bool = False) -> None:
    (first, pressure), (last, _last_pressure) = places[0], places[-1]
    assert pen(reader, QEvent.Type.TabletPress, first, pressure, is_eraser=is_eraser)
    for place, by in places[1:]:
        assert pen(reader, QEvent.Type.TabletMove, place, by, is_eraser=is_eraser)
    assert pen(reader, QEvent.Type.TabletRelease, last, 0.0, is_eraser=is_eraser)


def test_that_a_pen_draws_as_a_mouse_and_its_other_end_erases(reader: ReaderHand) -> None:
    pen_stroke(reader, [((4, 2), 0.4), ((4, 6), 0.9)])
    assert reader.drawn(MARKED) == [(4, column) for column in range(2, 7)]
    pen_stroke(reader, [((4, 3), 0.4), ((4, 5), 0.9)], is_eraser=True)
    assert reader.drawn(MARKED) == [(4, 2), (4, 6)]
    assert labels(reader) == ["brush", "eraser"]


def test_that_a_pen_that_presses_lightly_paints_less_where_that_is_chosen(reader: ReaderHand) -> None:
    options = reader.board.hand.options
    options.set_diameter(7)
    pen_stroke(reader, [((5, 5), 0.1)])
    full = reader.drawn(MARKED)
    assert len(full) == 37
    reader.key(Qt.Key.Key_Z, CTRL)
    panel(reader).size_part.pressure.click()
    pen_stroke(reader, [((5, 5), 0.0625)])  # 7 x (0.2 + 0.8 / 16) is 1.75: two voxels
    assert len(reader.drawn(MARKED)) == 4
    reader.key(Qt.Key.Key_Z, CTRL)
    pen_stroke(reader, [((5, 5), 1.0)])
    assert reader.drawn(MARKED) == full
    reader.key(Qt.Key.Key_Z, CTRL)
    reader.click((5, 5))  # a mouse presses fully
    assert reader.drawn(MARKED) == full


# The same hand


def test_that_strokes_give_the_same_voxels_at_any_zoom(reader: ReaderHand) -> None:
    options = reader.board.hand.options
    draw_block(reader, slice(4, 7), slice(3, 6))
    # No voxel lies so near the edge of this stroke that a mouse of whole pixels could miss it.
    options.set_diameter(5)
    options.set_limit(-50, 120)
    before = reader.kept.copy()
    for held, is_limited in (("brush", False), ("brush", True), ("adaptive", False), ("nudge", False)):
        options.set_limited(is_limited)
        reader.board.hand.hold(held)
        found = []
        for zoom in (1.0, 0.35, 3.0):
            reader.view.fit()
            reader.view.zoom(zoom, QPointF(reader.at((5, 5))))
            reader.stroke([(5, 4), (5, 6), (7, 6)])
            found.append(reader.kept.copy())
            reader.key(Qt.Key.Key_Z, CTRL)
        assert (found[0] != before).any()
        assert all(np.array_equal(found[0], other) for other in found[1:])
        assert np.array_equal(reader.kept, before)
