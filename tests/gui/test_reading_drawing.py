"""Drawing with mouse, wheel and keys: what comes of it in the reading, then on screen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from reader_hand import LEFT, RIGHT, ReaderHand

from escc_desktop.gui.main_window import MainWindow
from escc_desktop.gui.tools.brush import BrushTool
from escc_desktop.gui.tools.polygon import PolygonTool, Stage
from escc_desktop.workflow.project import Project

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
MARKED = 2  # the slice of the lesion's point


@pytest.fixture
def reader(small_project: Callable[[str], Project], show_as: Callable[..., MainWindow], qtbot: QtBot) -> ReaderHand:
    """Reader A with a session open, the brush of one voxel in hand, on the slice of the lesion's point."""
    hand = ReaderHand(show_as(small_project("A"), "reading"), qtbot)
    hand.open("P1/L1/A/first")
    assert hand.view.index == MARKED
    return hand


def color(reader: ReaderHand, place: tuple[float, float]) -> tuple[int, int, int]:
    pixel = reader.view.grab().toImage().pixelColor(reader.at(place))
    return pixel.red(), pixel.green(), pixel.blue()


def polygon(reader: ReaderHand) -> PolygonTool:
    tool = reader.board.hand.tool
    assert isinstance(tool, PolygonTool)
    return tool


def test_that_left_paints_and_right_erases_with_the_same_brush(reader: ReaderHand) -> None:
    before = color(reader, (4.3, 3.3))
    reader.stroke([(4, 2), (4, 3), (4, 4)])
    assert reader.drawn(MARKED) == [(4, 2), (4, 3), (4, 4)]
    red, _, blue = color(reader, (4.3, 3.3))
    assert red > blue  # the region's orange over grey
    reader.stroke([(4, 3)], RIGHT)
    assert reader.drawn(MARKED) == [(4, 2), (4, 4)]
    assert color(reader, (4.3, 3.3)) == before
    assert [edit.label for edit in reader.board.reading.history.edits] == ["brush", "eraser"]


def test_that_a_stroke_faster_than_the_mouse_has_no_gaps(reader: ReaderHand) -> None:
    reader.stroke([(1, 1), (9, 1), (9, 8)])
    assert reader.drawn(MARKED) == sorted({(row, 1) for row in range(1, 10)} | {(9, column) for column in range(1, 9)})


def test_that_what_is_drawn_shows_before_the_button_is_let_go(reader: ReaderHand) -> None:
    reader.press((3, 3))
    assert reader.shown[MARKED, 3, 3]
    assert not reader.kept.any()
    reader.release((3, 3))
    assert reader.kept[MARKED, 3, 3]


@pytest.mark.parametrize("diameter", [1, 2, 3, 4, 5])
def test_that_the_outline_of_the_brush_is_the_voxels_a_click_changes(reader: ReaderHand, diameter: int) -> None:
    reader.board.hand.options.set_diameter(diameter)
    place = (5.2, 5.4)
    reader.move(place)
    tool = reader.board.hand.tool
    assert isinstance(tool, BrushTool)
    # The crosshair may run along the border.
    reader.view.set_look(replace(reader.view.look, has_crosshair=False))
    outline = tool.outline()
    assert outline is not None
    voxels, (top, left) = outline
    expected = [(top + int(row), left + int(column)) for row, column in np.argwhere(voxels)]
    # On the border of the leftmost voxel of the first row, the picture is no longer grey.
    image = reader.view.grab().toImage()
    first = expected[0]
    edge = reader.view.plane_to_widget(first[0] - 0.5, first[1]).toPoint()
    around = [image.pixelColor(edge + QPoint(0, by)) for by in (-1, 0, 1)]
    assert any(pixel.red() > pixel.blue() + 60 for pixel in around)
    reader.click(place)
    assert reader.drawn(MARKED) == expected


def test_that_plus_and_minus_change_the_brush_by_one_voxel(reader: ReaderHand) -> None:
    options = reader.board.hand.options
    reader.key(Qt.Key.Key_Plus)
    reader.key(Qt.Key.Key_Plus)
    assert options.diameter == 3
    assert reader.board.panel.tools.options["brush"].size_part.words.text() == "3 voxels · 2.4 mm"
    reader.key(Qt.Key.Key_Minus)
    assert options.diameter == 2
    for _ in range(4):
        reader.key(Qt.Key.Key_Minus)
    assert options.diameter == 1


def test_that_the_brush_stays_in_its_slice_unless_it_is_a_ball(reader: ReaderHand) -> None:
    options = reader.board.hand.options
    options.set_diameter(7)
    reader.click((5, 5))
    assert np.flatnonzero(reader.kept.any(axis=(1, 2))).tolist() == [MARKED]
    reader.key(Qt.Key.Key_Z, CTRL)
    reader.board.panel.tools.options["brush"].size_part.ball.click()
    reader.click((5, 5))
    # Slices are 2 mm apart, the ball's radius is (7 / 2 - 1 / 4) 0.8 mm = 2.6 mm: one slice up, one down.
    assert np.flatnonzero(reader.kept.any(axis=(1, 2))).tolist() == [MARKED - 1, MARKED, MARKED + 1]
    drawn = reader.kept
    z, y, x = np.indices(drawn.shape)
    inside = ((x - 5) * 0.8) ** 2 + ((y - 5) * 0.8) ** 2 + ((z - MARKED) * 2.0) ** 2 <= (3.25 * 0.8) ** 2
    assert np.array_equal(drawn, inside)


def test_that_keys_take_tools(reader: ReaderHand) -> None:
    for key, tool_id in (
        (Qt.Key.Key_E, "eraser"),
        (Qt.Key.Key_P, "polygon"),
        (Qt.Key.Key_V, "pointer"),
        (Qt.Key.Key_B, "brush"),
    ):
        reader.key(key)
        assert reader.board.hand.tool_id == tool_id
        assert reader.board.panel.tools.buttons[tool_id].isChecked()


def test_that_the_eraser_erases_with_the_left_button(reader: ReaderHand) -> None:
    reader.stroke([(4, 2), (4, 6)])
    reader.key(Qt.Key.Key_E)
    reader.stroke([(4, 3), (4, 5)])
    assert reader.drawn(MARKED) == [(4, 2), (4, 6)]


def test_that_the_pointer_draws_nothing_and_moves_the_crosshair(reader: ReaderHand) -> None:
    reader.key(Qt.Key.Key_V)
    reader.click((3, 7))
    assert not reader.shown.any()
    assert reader.board.views.point == (7, 3, MARKED)


def test_that_shift_and_left_moves_the_crosshair_with_the_brush_in_hand(reader: ReaderHand) -> None:
    QTest.mouseClick(reader.view, LEFT, SHIFT, reader.at((3, 7)))
    assert not reader.shown.any()
    assert reader.board.views.point == (7, 3, MARKED)


def test_that_drawing_on_a_coronal_view_changes_the_voxels_under_the_mouse(reader: ReaderHand) -> None:
    coronal = reader.board.views.coronal
    y = coronal.index
    reader.stroke([(1, 3), (4, 3)], view=coronal)  # rows of a coronal plane are slices
    assert np.argwhere(reader.kept).tolist() == [[z, y, 3] for z in range(1, 5)]
    assert reader.board.reading.history.edits[0].slice_index == 1


def test_that_turning_the_wheel_in_mid_stroke_draws_nothing_on_slices_between(reader: ReaderHand) -> None:
    reader.press((3, 3))
    place = QPointF(reader.at((3, 3)))
    for _ in range(2):
        wheel = QWheelEvent(
            place,
            QPointF(reader.view.mapToGlobal(place.toPoint())),
            QPoint(),
            QPoint(0, 120),
            LEFT,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(reader.view, wheel)
    reader.move((3, 5), LEFT)
    reader.release((3, 5))
    assert reader.view.index == MARKED + 2
    assert reader.drawn(MARKED) == [(3, 3)]
    assert reader.drawn(MARKED + 1) == []
    assert reader.drawn(MARKED + 2) == [(3, 5)]


def test_that_undo_and_redo_are_named_and_jump_to_their_slice(reader: ReaderHand) -> None:
    for z in (1, 4, 5):
        reader.view.set_index(z)
        reader.click((3, z))
    panel = reader.board.panel
    assert panel.undo.toolTip() == "Undo brush, slice 6 (Ctrl+Z)"
    reader.view.set_index(0)
    reader.key(Qt.Key.Key_Z, CTRL)
    assert reader.view.index == 5
    assert panel.undo.toolTip() == "Undo brush, slice 5 (Ctrl+Z)"
    assert panel.redo.toolTip() == "Redo brush, slice 6 (Ctrl+Shift+Z)"
    reader.key(Qt.Key.Key_Z, CTRL)
    assert reader.view.index == 4
    reader.key(Qt.Key.Key_Z, CTRL)
    assert reader.view.index == 1
    assert not reader.kept.any()
    assert np.array_equal(reader.shown, reader.kept)
    reader.key(Qt.Key.Key_Z, CTRL)
    assert reader.said == "There is nothing to undo."
    reader.key(Qt.Key.Key_Z, CTRL | SHIFT)
    reader.key(Qt.Key.Key_Y, CTRL)
    assert reader.view.index == 4
    assert (reader.drawn(1), reader.drawn(4), reader.drawn(5)) == ([(3, 1)], [(3, 4)], [])


def test_that_what_is_undone_and_done_again_is_seen(reader: ReaderHand) -> None:
    place = (4.3, 3.3)
    before = color(reader, place)
    reader.stroke([(4, 2), (4, 3)])
    drawn = color(reader, place)
    assert drawn != before
    reader.key(Qt.Key.Key_Z, CTRL)
    assert color(reader, place) == before
    reader.key(Qt.Key.Key_Z, CTRL | SHIFT)
    assert color(reader, place) == drawn


def test_that_the_history_goes_to_any_step(reader: ReaderHand) -> None:
    for column in range(4):
        reader.click((6, column))
    model = reader.board.panel.model
    names = [model.index(line).data() for line in range(model.rowCount())]
    assert names == ["Start", *["Brush, slice 3"] * 4]
    reader.board.panel.history.clicked.emit(model.index(1))
    assert reader.drawn(MARKED) == [(6, 0)]
    reader.board.panel.history.clicked.emit(model.index(4))
    assert len(reader.drawn(MARKED)) == 4
    reader.board.panel.history.clicked.emit(model.index(0))
    assert not reader.shown.any()


def test_that_a_step_after_undo_replaces_what_was_undone(reader: ReaderHand) -> None:
    reader.click((1, 1))
    reader.click((2, 2))
    reader.key(Qt.Key.Key_Z, CTRL)
    reader.click((3, 3))
    assert reader.drawn(MARKED) == [(1, 1), (3, 3)]
    reader.key(Qt.Key.Key_Y, CTRL)
    assert reader.said == "There is nothing to do again."


def test_that_a_stroke_that_changes_nothing_says_so_and_is_no_step(reader: ReaderHand) -> None:
    reader.click((3, 3))
    reader.click((3, 3))
    assert reader.said == "Nothing changed: all of this is drawn already."
    reader.click((8, 8), RIGHT)
    assert reader.said.startswith("Nothing changed: there is nothing here to erase.")
    assert len(reader.board.reading.history.edits) == 1


SQUARE = ((2.5, 1.5), (2.5, 5.5), (6.5, 5.5), (6.5, 1.5))
INSIDE = [(row, column) for row in range(3, 7) for column in range(2, 6)]


def test_that_a_polygon_closes_to_edit_and_fills_on_the_second_return(reader: ReaderHand) -> None:
    reader.key(Qt.Key.Key_P)
    for place in SQUARE:
        reader.click(place)
    assert polygon(reader).stage is Stage.DRAWING
    reader.key(Qt.Key.Key_Return)
    assert polygon(reader).stage is Stage.EDITING
    assert not reader.shown.any()
    reader.key(Qt.Key.Key_Return)
    assert polygon(reader).stage is Stage.INACTIVE
    assert reader.drawn(MARKED) == INSIDE
    assert reader.board.panel.undo.toolTip() == "Undo polygon, slice 3 (Ctrl+Z)"


def test_that_ctrl_return_fills_at_once_and_shift_return_cuts_out(reader: ReaderHand) -> None:
    reader.key(Qt.Key.Key_P)
    for place in SQUARE:
        reader.click(place)
    reader.key(Qt.Key.Key_Return, CTRL)
    assert reader.drawn(MARKED) == INSIDE
    for place in ((3.5, 2.5), (3.5, 4.5), (5.5, 4.5), (5.5, 2.5)):
        reader.click(place)
    reader.key(Qt.Key.Key_Return, SHIFT)
    assert reader.drawn(MARKED) == [(row, column) for row, column in INSIDE if not (4 <= row <= 5 and 3 <= column <= 4)]


def test_that_a_click_within_four_pixels_of_the_first_vertex_closes(reader: ReaderHand) -> None:
    reader.key(Qt.Key.Key_P)
    for place in SQUARE:
        reader.click(place)
    first = reader.at(SQUARE[0])
    QTest.mouseClick(reader.view, LEFT, Qt.KeyboardModifier.NoModifier, first + QPoint(6, 0))
    assert (polygon(reader).stage, len(polygon(reader).vertices)) == (Stage.DRAWING, 5)
    QTest.mouseClick(reader.view, LEFT, Qt.KeyboardModifier.NoModifier, first + QPoint(4, -3))
    assert (polygon(reader).stage, len(polygon(reader).vertices)) == (Stage.EDITING, 5)


def test_that_a_vertex_can_be_dragged_before_the_polygon_is_accepted(reader: ReaderHand) -> None:
    reader.key(Qt.Key.Key_P)
    for place in SQUARE:
        reader.click(place)
    reader.key(Qt.Key.Key_Return)
    reader.stroke([SQUARE[1], (2.5, 6.5), (2.5, 7.5)])
    reader.stroke([SQUARE[2], (6.5, 7.5)])
    reader.key(Qt.Key.Key_Return)
    assert reader.drawn(MARKED) == [(row, column) for row in range(3, 7) for column in range(2, 8)]


def test_that_backspace_and_undo_drop_the_last_vertex_and_escape_all(reader: ReaderHand) -> None:
    reader.key(Qt.Key.Key_P)
    for place in SQUARE:
        reader.click(place)
    reader.key(Qt.Key.Key_Backspace)
    assert len(polygon(reader).vertices) == 3
    reader.key(Qt.Key.Key_Z, CTRL)
    assert len(polygon(reader).vertices) == 2
    reader.key(Qt.Key.Key_Return)
    assert reader.said == "A polygon needs at least three vertices."
    reader.key(Qt.Key.Key_Escape)
    assert polygon(reader).stage is Stage.INACTIVE
    assert not reader.shown.any()


def test_that_a_drag_draws_freehand_and_closes_where_it_began(reader: ReaderHand) -> None:
    reader.key(Qt.Key.Key_P)
    angles = np.linspace(0, 2 * np.pi, 60)
    reader.stroke([(5 + 3.2 * np.sin(angle), 5 + 3.2 * np.cos(angle)) for angle in angles])
    assert polygon(reader).stage is Stage.EDITING
    assert len(polygon(reader).vertices) > 20
    reader.key(Qt.Key.Key_Return)
    rows, columns = np.indices(reader.kept.shape[1:])
    distance = np.hypot(rows - 5, columns - 5)
    assert reader.kept[MARKED][distance < 3.0].all()
    assert not reader.kept[MARKED][distance > 3.3].any()


def test_that_a_polygon_stays_on_its_slice_and_takes_no_vertex_on_another(reader: ReaderHand) -> None:
    reader.key(Qt.Key.Key_P)
    for place in SQUARE:
        reader.click(place)
    reader.view.set_index(4)
    reader.click((5, 5))
    assert len(polygon(reader).vertices) == 4
    assert "slice 3 is not accepted yet" in reader.said
    reader.key(Qt.Key.Key_Return, CTRL)
    assert reader.drawn(MARKED) == INSIDE
    assert reader.drawn(4) == []


def test_that_a_polygon_that_fills_nothing_new_says_so(reader: ReaderHand) -> None:
    reader.key(Qt.Key.Key_P)
    for _ in range(2):
        for place in SQUARE:
            reader.click(place)
        reader.key(Qt.Key.Key_Return, CTRL)
    assert reader.said == "Nothing changed: all of this is drawn already."
    assert len(reader.board.reading.history.edits) == 1
