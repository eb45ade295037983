"""Contours by mouse and keys: polygons in editing, the livewire, level tracing, copying and pasting."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot
from reader_hand import LEFT, RIGHT, Place, ReaderHand

from escc_desktop.gui.main_window import MainWindow
from escc_desktop.gui.tools.livewire import LivewireTool
from escc_desktop.gui.tools.polygon import PolygonTool, Stage
from escc_desktop.gui.tools.tracing import TracingTool
from escc_desktop.reading.protocol import Protocol
from escc_desktop.workflow.project import Project

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
MARKED = 2  # the slice of the lesion's point
SQUARE = ((2.5, 1.5), (2.5, 5.5), (6.5, 5.5), (6.5, 1.5))
INSIDE = [(row, column) for row in range(3, 7) for column in range(2, 6)]


@pytest.fixture
def reader(small_project: Callable[[str], Project], show_as: Callable[..., MainWindow], qtbot: QtBot) -> ReaderHand:
    """Reader A with a session open and the polygon in hand, on the slice of the lesion's point."""
    hand = ReaderHand(show_as(small_project("A"), "reading"), qtbot)
    hand.open("P1/L1/A/first")
    hand.key(Qt.Key.Key_P)
    assert hand.view.index == MARKED
    return hand


def polygon(reader: ReaderHand) -> PolygonTool:
    tool = reader.board.hand.tool
    assert isinstance(tool, PolygonTool)
    return tool


def close_square(reader: ReaderHand) -> PolygonTool:
    for place in SQUARE:
        reader.click(place)
    reader.key(Qt.Key.Key_Return)
    assert polygon(reader).stage is Stage.EDITING
    return polygon(reader)


def near(vertices: tuple[Place, ...], places: tuple[Place, ...]) -> bool:
    """Return whether vertices are where they were clicked, to the pixel."""
    return len(vertices) == len(places) and bool(np.abs(np.subtract(vertices, places)).max() < 0.06)


def shift_click(reader: ReaderHand, place: Place) -> None:
    QTest.mouseClick(reader.view, LEFT, SHIFT, reader.at(place))


def paint(reader: ReaderHand, rows: slice, columns: slice) -> None:
    """Have the marked slice show a rectangle of 100 HU in even fat."""
    planes = reader.board.planes
    planes.hu = planes.hu.copy()
    planes.hu[MARKED] = -80
    planes.hu[MARKED, rows, columns] = 100


# Editing


def test_that_an_edge_within_four_pixels_moves_with_both_its_ends(reader: ReaderHand) -> None:
    tool = close_square(reader)
    edge = (4.5, 5.5)
    assert reader.view.voxel_px[0] > 20
    reader.stroke([edge, (4.5, 6.5), (4.5, 7.5)])
    assert near(tool.vertices, ((2.5, 1.5), (2.5, 7.5), (6.5, 7.5), (6.5, 1.5)))
    reader.key(Qt.Key.Key_Return)
    assert reader.drawn(MARKED) == [(row, column) for row in range(3, 7) for column in range(2, 8)]


def test_that_a_press_further_than_four_pixels_takes_hold_of_nothing(reader: ReaderHand) -> None:
    tool = close_square(reader)
    corner = reader.at(SQUARE[0]) - QPoint(6, 6)
    QTest.mousePress(reader.view, LEFT, Qt.KeyboardModifier.NoModifier, corner)
    reader.move((0.5, 0.5), LEFT)
    reader.release((0.5, 0.5))
    assert near(tool.vertices, SQUARE)


def test_that_a_rubber_band_selects_a_group_that_is_dragged_from_anywhere_in_its_box(reader: ReaderHand) -> None:
    tool = close_square(reader)
    reader.stroke([(1.5, 4.5), (4.0, 6.5), (7.5, 6.5)])  # round the two vertices on the right
    reader.stroke([(4.0, 5.45), (4.0, 6.45), (4.0, 7.45)])
    assert near(tool.vertices, ((2.5, 1.5), (2.5, 7.5), (6.5, 7.5), (6.5, 1.5)))
    reader.stroke([(1.5, 0.5), (7.5, 8.5)])  # all of them
    reader.stroke([(4.2, 3.3), (5.2, 3.3)])  # by the middle of the box
    assert near(tool.vertices, ((3.5, 1.5), (3.5, 7.5), (7.5, 7.5), (7.5, 1.5)))
    assert not reader.shown.any()


def test_that_shift_adds_to_what_is_selected_and_leaves_the_crosshair(reader: ReaderHand) -> None:
    tool = close_square(reader)
    point = reader.board.views.point
    reader.click(SQUARE[0])
    shift_click(reader, SQUARE[2])
    assert reader.board.views.point == point
    reader.stroke([SQUARE[0], (3.5, 1.5)])
    assert near(tool.vertices, ((3.5, 1.5), (2.5, 5.5), (7.5, 5.5), (6.5, 1.5)))
    shift_click(reader, (9.0, 9.0))  # far from the outline, Shift means what it means everywhere
    assert reader.board.views.point == (9, 9, MARKED)


def test_that_plus_splits_the_edges_selected_and_minus_takes_vertices_out(reader: ReaderHand) -> None:
    tool = close_square(reader)
    diameter = reader.board.hand.options.diameter
    reader.key(Qt.Key.Key_Plus)
    assert reader.said == "Select both ends of an edge first: click on the edge."
    reader.click((4.5, 5.5))
    reader.key(Qt.Key.Key_Plus)
    assert near(tool.vertices, ((2.5, 1.5), (2.5, 5.5), (4.5, 5.5), (6.5, 5.5), (6.5, 1.5)))
    reader.click((4.5, 5.5))
    reader.key(Qt.Key.Key_Minus)
    assert near(tool.vertices, SQUARE)
    assert reader.board.hand.options.diameter == diameter


@pytest.mark.parametrize(
    ("edge", "place"), [((2.5, 3.5), 1), ((4.5, 5.5), 2), ((6.5, 3.5), 3), ((4.5, 1.5), 4)], ids=str
)
def test_that_a_second_click_on_an_edge_puts_a_vertex_there(reader: ReaderHand, edge: Place, place: int) -> None:
    tool = close_square(reader)
    reader.click(edge)
    assert len(tool.vertices) == 4
    reader.click(edge)
    assert near(tool.vertices, (*SQUARE[:place], edge, *SQUARE[place:]))


def test_that_undo_takes_back_changes_one_by_one_then_opens_the_outline_again(reader: ReaderHand) -> None:
    tool = close_square(reader)
    reader.stroke([SQUARE[1], (2.5, 7.5)])
    reader.click((4.5, 1.5))
    reader.key(Qt.Key.Key_Plus)
    assert len(tool.vertices) == 5
    reader.key(Qt.Key.Key_Z, CTRL)
    assert near(tool.vertices, (SQUARE[0], (2.5, 7.5), *SQUARE[2:]))
    reader.key(Qt.Key.Key_Z, CTRL)
    assert near(tool.vertices, SQUARE)
    reader.key(Qt.Key.Key_Z, CTRL)
    assert tool.stage is Stage.DRAWING
    for _ in SQUARE:
        reader.key(Qt.Key.Key_Z, CTRL)
    assert tool.stage is Stage.INACTIVE
    reader.key(Qt.Key.Key_Z, CTRL)
    assert reader.said == "There is nothing to undo."


def test_that_taking_out_too_many_vertices_clears_the_outline(reader: ReaderHand) -> None:
    tool = close_square(reader)
    reader.stroke([(1.5, 0.5), (4.0, 8.5)])
    reader.key(Qt.Key.Key_Delete)
    assert tool.stage is Stage.INACTIVE
    assert not reader.board.hand.unfinished()


def test_that_the_vertex_under_the_mouse_lights_up_before_the_click(reader: ReaderHand) -> None:
    close_square(reader)
    reader.move((4.0, 3.0))
    place = reader.at(SQUARE[2])
    before = reader.view.grab().toImage().pixelColor(place)
    reader.move(SQUARE[2])
    after = reader.view.grab().toImage().pixelColor(place)
    assert before.blue() < 60
    assert after.blue() > 200  # white instead of orange


def test_that_a_lone_vertex_left_on_another_slice_is_let_go(reader: ReaderHand) -> None:
    reader.click((4, 4))
    reader.view.set_index(4)
    reader.click((5, 5))
    assert (polygon(reader).stage, near(polygon(reader).vertices, ((5, 5),))) == (Stage.DRAWING, True)


def test_that_a_double_click_closes(reader: ReaderHand) -> None:
    for place in SQUARE:
        reader.click(place)
    QTest.mouseDClick(reader.view, LEFT, Qt.KeyboardModifier.NoModifier, reader.at(SQUARE[3]))
    assert (polygon(reader).stage, len(polygon(reader).vertices)) == (Stage.EDITING, 4)


def test_that_the_right_button_closes(reader: ReaderHand) -> None:
    for place in SQUARE:
        reader.click(place)
    reader.click((8, 8), RIGHT)
    assert (polygon(reader).stage, len(polygon(reader).vertices)) == (Stage.EDITING, 4)


def test_that_the_buttons_say_why_they_are_disabled_and_fill_cut_out_and_clear(reader: ReaderHand) -> None:
    panel = reader.board.panel.tools.options["polygon"]
    assert not panel.fill.isEnabled()
    assert panel.fill.toolTip() == "Draw an outline of at least three vertices first."
    assert panel.clear.toolTip() == "No outline is begun."
    for place in SQUARE:
        reader.click(place)
    panel.fill.click()
    assert reader.drawn(MARKED) == INSIDE
    assert not panel.fill.isEnabled()
    close_square(reader)
    panel.clear.click()
    assert polygon(reader).stage is Stage.INACTIVE
    close_square(reader)
    panel.cut_out.click()
    assert reader.drawn(MARKED) == []


@pytest.mark.parametrize("factor", [0.5, 3.0])
def test_that_the_same_places_give_the_same_voxels_at_any_zoom(reader: ReaderHand, factor: float) -> None:
    reader.view.zoom(factor, QPointF(reader.at((4.5, 3.5))))
    close_square(reader)
    reader.key(Qt.Key.Key_Return)
    assert reader.drawn(MARKED) == INSIDE


# The livewire


def test_that_the_livewire_keeps_to_edges_and_is_edited_and_accepted_like_a_polygon(reader: ReaderHand) -> None:
    paint(reader, slice(2, 9), slice(2, 8))
    reader.key(Qt.Key.Key_W)
    tool = reader.board.hand.tool
    assert isinstance(tool, LivewireTool)
    for place in ((1.6, 1.6), (1.6, 7.4), (8.4, 7.4), (8.4, 1.6)):
        reader.click(place)
    reader.key(Qt.Key.Key_Return)
    assert tool.stage is Stage.EDITING
    assert not reader.shown.any()
    reader.key(Qt.Key.Key_Return)
    expected = np.zeros_like(reader.kept[MARKED])
    expected[2:9, 2:8] = True
    assert 2 * (reader.kept[MARKED] & expected).sum() / (reader.kept[MARKED].sum() + expected.sum()) > 0.9
    (edit,) = reader.board.reading.history.edits
    assert (edit.label, edit.slice_index) == ("livewire", MARKED)


def test_that_backspace_takes_back_a_whole_leg_of_the_livewire(reader: ReaderHand) -> None:
    reader.key(Qt.Key.Key_W)
    reader.click((2, 2))
    reader.click((2, 8))
    two = polygon(reader).vertices
    reader.click((8, 8))
    reader.key(Qt.Key.Key_Backspace)
    assert polygon(reader).vertices == two


def test_that_the_line_to_the_mouse_is_the_line_a_click_adds(reader: ReaderHand) -> None:
    reader.key(Qt.Key.Key_W)
    reader.click((2, 2))
    reader.move((8, 8))
    shown = polygon(reader)._tail()
    reader.click((8, 8))
    assert polygon(reader).vertices[1:] == tuple(shown)


# Level tracing


def test_that_level_tracing_shows_then_adds_what_the_line_of_equal_hu_goes_round(reader: ReaderHand) -> None:
    paint(reader, slice(3, 7), slice(2, 6))
    reader.key(Qt.Key.Key_W, SHIFT)
    tool = reader.board.hand.tool
    assert isinstance(tool, TracingTool)
    for _ in range(9):
        reader.key(Qt.Key.Key_Minus)
    assert tool.blur.mm == 0.0
    edge = reader.view.plane_to_widget(2.5, 3.5).toPoint()
    before = reader.view.grab().toImage().pixelColor(edge)
    reader.move((4.0, 5.5))
    after = reader.view.grab().toImage().pixelColor(edge)
    assert before != after
    assert not reader.shown.any()
    reader.click((4.0, 5.5))
    assert reader.drawn(MARKED) == INSIDE
    assert reader.board.reading.history.edits[-1].label == "level tracing"
    reader.click((4.0, 5.5))
    assert reader.said == "Nothing changed: all of this is drawn already."
    reader.click((4.0, 5.5), RIGHT)
    assert reader.drawn(MARKED) == []


def test_that_where_no_line_closes_a_click_says_so(reader: ReaderHand) -> None:
    paint(reader, slice(0, 0), slice(0, 0))
    reader.key(Qt.Key.Key_W, SHIFT)
    reader.click((4.0, 5.5))
    assert reader.said == "No closed line of equal HU runs here: it leaves the image or goes too far round."
    assert not reader.board.reading.history.edits


# Copying and pasting


def paste(reader: ReaderHand) -> None:
    reader.key(Qt.Key.Key_V, CTRL)


def test_that_an_accepted_polygon_is_pasted_in_editing_and_logged_as_paste(reader: ReaderHand) -> None:
    close_square(reader)
    reader.key(Qt.Key.Key_Return)
    reader.view.set_index(4)
    reader.key(Qt.Key.Key_B)
    paste(reader)
    tool = polygon(reader)
    assert tool.stage is Stage.EDITING
    assert reader.drawn(4) == []
    reader.stroke([(4.5, 5.5), (4.5, 6.5), (4.5, 7.5)])
    reader.key(Qt.Key.Key_Return)
    assert reader.drawn(4) == [(row, column) for row in range(3, 7) for column in range(2, 8)]
    edit = reader.board.reading.history.edits[-1]
    assert (edit.label, edit.slice_index) == ("paste", 4)
    reader.view.set_index(5)
    paste(reader)
    reader.key(Qt.Key.Key_Return)
    assert reader.drawn(5) == reader.drawn(4)  # the one accepted last


def test_that_without_a_copy_the_nearest_drawn_slice_is_pasted_with_its_holes(reader: ReaderHand) -> None:
    reader.key(Qt.Key.Key_B)
    reader.stroke([(2, 2), (2, 6), (6, 6), (6, 2), (2, 2)])  # a ring one voxel wide
    ring = reader.drawn(MARKED)
    reader.view.set_index(0)
    paste(reader)
    assert len(polygon(reader).vertices) >= 8
    reader.key(Qt.Key.Key_Return)
    assert reader.drawn(0) == ring


def test_that_ctrl_c_copies_the_contour_of_the_slice_shown(reader: ReaderHand) -> None:
    reader.key(Qt.Key.Key_C, CTRL)
    assert reader.said == "Nothing is drawn yet that could be copied."
    close_square(reader)
    reader.key(Qt.Key.Key_Return)
    reader.view.set_index(4)
    reader.key(Qt.Key.Key_B)
    reader.stroke([(8, 1), (8, 8)])
    reader.key(Qt.Key.Key_C, CTRL)
    assert reader.said == "The contour of slice 5 is copied; Ctrl+V pastes it."
    reader.view.set_index(0)
    paste(reader)
    reader.key(Qt.Key.Key_Return)
    assert reader.drawn(0) == reader.drawn(4)


def test_that_nothing_is_pasted_over_an_open_outline_or_before_anything_is_drawn(reader: ReaderHand) -> None:
    paste(reader)
    assert reader.said == "There is no contour to paste in this view: copy one with Ctrl+C, or draw one."
    for place in SQUARE:
        reader.click(place)
    paste(reader)
    assert "is not accepted yet" in reader.said
    assert near(polygon(reader).vertices, SQUARE)


def test_that_undo_lets_go_of_a_pasted_contour(reader: ReaderHand) -> None:
    close_square(reader)
    reader.key(Qt.Key.Key_Return)
    reader.view.set_index(4)
    paste(reader)
    reader.key(Qt.Key.Key_Z, CTRL)
    assert polygon(reader).stage is Stage.INACTIVE
    assert reader.drawn(MARKED) == INSIDE


def test_that_contours_are_pasted_in_their_own_plane_only(reader: ReaderHand) -> None:
    close_square(reader)
    reader.key(Qt.Key.Key_Return)
    coronal = reader.board.views.coronal
    coronal.set_index(4)
    coronal.setFocus()
    QTest.keyClick(coronal, Qt.Key.Key_V, CTRL)
    reader.qtbot.waitUntil(lambda: polygon(reader).stage is Stage.EDITING)
    QTest.keyClick(coronal, Qt.Key.Key_Return)
    # The outline of the next drawn coronal slice: four voxels of the one axial slice.
    assert np.argwhere(reader.kept[:, 4]).tolist() == [[MARKED, column] for column in range(2, 6)]


def test_that_ctrl_a_selects_a_pasted_contour_to_shift_it_as_a_whole(reader: ReaderHand) -> None:
    close_square(reader)
    reader.key(Qt.Key.Key_Return)
    reader.view.set_index(4)
    paste(reader)
    reader.key(Qt.Key.Key_A, CTRL)
    reader.stroke([(4.2, 3.3), (5.2, 4.3), (6.2, 5.3)])
    reader.key(Qt.Key.Key_Return)
    assert reader.drawn(4) == [(row + 2, column + 2) for row, column in INSIDE]


def test_that_what_the_protocol_forbids_is_disabled_and_says_why(reader: ReaderHand) -> None:
    close_square(reader)
    reader.key(Qt.Key.Key_Return)
    reader.board.hand.protocol = Protocol(frozenset({"livewire", "level tracing", "paste"}))
    for modifiers in (Qt.KeyboardModifier.NoModifier, SHIFT):
        reader.key(Qt.Key.Key_W, modifiers)
        assert reader.said == "The protocol of this study forbids this tool in readings."
    reader.view.set_index(4)
    paste(reader)
    assert reader.said == "The protocol of this study forbids pasting contours in readings."
    reader.key(Qt.Key.Key_C, CTRL)
    assert reader.said == "The protocol of this study forbids pasting contours in readings."
    assert (reader.board.hand.tool_id, polygon(reader).stage) == ("polygon", Stage.INACTIVE)


# Properties

_places = st.tuples(st.floats(-2, 12), st.floats(-2, 12))
_acts = st.lists(
    st.tuples(
        st.sampled_from(["P", "W", "trace", "paste"]), st.integers(0, 5), st.lists(_places, min_size=3, max_size=5)
    ),
    min_size=1,
    max_size=4,
)


@given(_acts)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_that_only_slices_touched_change_and_undo_and_redo_give_start_and_end(
    reader: ReaderHand, acts: list[tuple[str, int, list[Place]]]
) -> None:
    start, steps = reader.kept.copy(), reader.board.reading.history.cursor
    touched: set[int] = set()
    for name, index, places in acts:
        reader.view.set_index(index)
        touched.add(index)
        if name == "paste":
            paste(reader)
            reader.key(Qt.Key.Key_Return)
            reader.key(Qt.Key.Key_Escape)
            continue
        reader.key(Qt.Key.Key_P if name == "P" else Qt.Key.Key_W, SHIFT if name == "trace" else Qt.KeyboardModifier(0))
        for place in places:
            reader.click(place)
        reader.key(Qt.Key.Key_Return, CTRL)
        reader.key(Qt.Key.Key_Escape)
    end = reader.kept.copy()
    assert np.array_equal(reader.shown, end)
    assert set(np.flatnonzero((start != end).any(axis=(1, 2)))) <= touched
    taken = reader.board.reading.history.cursor - steps
    for _ in range(taken):
        reader.key(Qt.Key.Key_Z, CTRL)
    assert np.array_equal(reader.kept, start)
    for _ in range(taken):
        reader.key(Qt.Key.Key_Y, CTRL)
    assert np.array_equal(reader.kept, end)
