"""Region growing and flood fill with the mouse."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from reader_hand import LEFT, NONE, RIGHT, WAIT_MS, ReaderHand
from skimage.measure import label

from escc_desktop.gui.main_window import MainWindow
from escc_desktop.gui.tools.canvas import RoiEntry
from escc_desktop.gui.tools.growing import HU_A_PX, GrowingTool
from escc_desktop.gui.tools.growing_options import GrowingPanel
from escc_desktop.workflow.project import Project

FIRST = "P1/L1/A/first"
SEED = (5, 4)
NARROW_PX = -440
CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def reader(small_project: Callable[[str], Project], show_as: Callable[..., MainWindow], qtbot: QtBot) -> ReaderHand:
    """Reader A with a session open; what is grown may go over any bridge, for the images are noise."""
    hand = ReaderHand(show_as(small_project("A"), "reading"), qtbot)
    hand.open(FIRST)
    for tool_id in ("growing", "flood"):
        tool = hand.board.hand.tool_of(tool_id)
        assert isinstance(tool, GrowingTool)
        tool.options.set_guard(0.0)
    return hand


def held(reader: ReaderHand, tool_id: str) -> GrowingTool:
    reader.board.hand.hold(tool_id)
    tool = reader.board.hand.tool
    assert isinstance(tool, GrowingTool)
    return tool


def drag(reader: ReaderHand, right: int, up: int) -> None:
    """Press on the seed and let go so many pixels away."""
    at = reader.at(SEED)
    QTest.mousePress(reader.view, LEFT, Qt.KeyboardModifier.NoModifier, at)
    for share in (0.5, 1.0):
        to = QPointF(at.x() + right * share, at.y() - up * share)
        kind = QMouseEvent.Type.MouseMove
        event = QMouseEvent(kind, to, reader.view.mapToGlobal(to), NONE, LEFT, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(reader.view, event)
    release = at.__class__(at.x() + right, at.y() - up)
    QTest.mouseRelease(reader.view, LEFT, Qt.KeyboardModifier.NoModifier, release)


def island(hu: np.ndarray, hu_range: tuple[int, int], seeds: np.ndarray) -> np.ndarray:
    """Return what hangs together with seeds, as scikit-image finds it."""
    inside = (hu >= hu_range[0]) & (hu <= hu_range[1])
    islands = label(inside, connectivity=1)
    return np.isin(islands, np.unique(islands[seeds & inside])) & inside


def near_seed(reader: ReaderHand) -> np.ndarray:
    """Return the voxels within 3 mm of the seed."""
    x, y, z = reader.board.planes.geometry.spacing_mm
    depth, rows, columns = np.indices(reader.shown.shape, dtype=float)
    squares = ((depth - reader.view.index) * z) ** 2 + ((rows - SEED[0]) * y) ** 2 + ((columns - SEED[1]) * x) ** 2
    return squares <= 3.0**2 + 1e-9


def test_that_a_click_fills_what_hangs_together_on_its_slice_only(reader: ReaderHand) -> None:
    tool = held(reader, "flood")
    drag(reader, 0, NARROW_PX)
    z = reader.view.index
    expected = island(reader.board.planes.hu[z], tool.options.hu_range, near_seed(reader)[z])
    assert 1 < expected.sum() < expected.size
    assert np.array_equal(reader.kept[z], expected)
    assert reader.kept.sum() == expected.sum()
    assert [edit.label for edit in reader.board.reading.history.edits] == ["flood fill"]
    assert reader.board.canvas.suggestion is None
    reader.key(Qt.Key.Key_Z, CTRL)
    assert not reader.kept.any()
    reader.key(Qt.Key.Key_Z, CTRL | Qt.KeyboardModifier.ShiftModifier)
    assert reader.kept.sum() == expected.sum()


def test_that_dragging_up_widens_the_range_and_to_the_right_moves_it_up(reader: ReaderHand) -> None:
    tool = held(reader, "flood")
    reader.press(SEED)
    low, high = tool.options.hu_range
    reader.release(SEED)
    reader.board.undo()  # else the next seed would lie in the region
    drag(reader, 0, 20)
    by = round(20 * HU_A_PX)
    assert tool.options.hu_range == (low - by, high + by)
    reader.board.undo()
    drag(reader, 20, 0)
    assert tool.options.hu_range == (low + by, high + by)
    reader.board.undo()
    drag(reader, 0, -2000)
    least, most = tool.options.hu_range
    assert 1 <= most - least <= 2


def test_that_the_same_drag_gives_the_same_voxels_at_any_zoom(reader: ReaderHand) -> None:
    found = []
    for zoom in (1.0, 0.5, 1.7):
        reader.view.fit()
        reader.view.zoom(zoom, QPointF(reader.at(SEED)))
        held(reader, "flood")
        drag(reader, 6, NARROW_PX)
        found.append(reader.kept.copy())
        reader.board.undo()
    assert found[0].any()
    assert all(np.array_equal(one, found[0]) for one in found)


def test_that_growing_is_suggested_until_return_adds_it_as_one_step(reader: ReaderHand) -> None:
    tool, canvas = held(reader, "growing"), reader.board.canvas
    drag(reader, 0, NARROW_PX)
    reader.qtbot.waitUntil(lambda: canvas.suggestion is not None, timeout=WAIT_MS)
    assert canvas.suggestion is not None
    reader.qtbot.waitUntil(lambda: tool.grown is not None and not tool.is_busy, timeout=WAIT_MS)
    expected = island(reader.board.planes.hu, tool.options.hu_range, near_seed(reader))
    assert np.array_equal(canvas.suggestion, expected)
    assert not reader.kept.any()
    assert reader.board.why_not_sign() != ""
    assert "only suggested" in tool.unfinished()
    reader.key(Qt.Key.Key_Return)
    assert np.array_equal(reader.kept, expected)
    assert np.array_equal(reader.shown, expected)
    assert [edit.label for edit in reader.board.reading.history.edits] == ["region growing"]
    assert canvas.suggestion is None
    assert reader.board.why_not_sign() == ""
    reader.board.undo()
    assert not reader.kept.any()


def test_that_return_before_the_growing_ends_adds_it_when_it_has(reader: ReaderHand) -> None:
    held(reader, "growing")
    reader.press(SEED)
    reader.release(SEED)
    reader.key(Qt.Key.Key_Return)
    reader.qtbot.waitUntil(lambda: bool(reader.kept.any()), timeout=WAIT_MS)
    assert reader.board.canvas.suggestion is None


@pytest.mark.parametrize("key", [Qt.Key.Key_Escape, Qt.Key.Key_Backspace])
def test_that_escape_clears_what_was_grown(reader: ReaderHand, key: Qt.Key) -> None:
    tool, canvas = held(reader, "growing"), reader.board.canvas
    reader.click(SEED)
    reader.qtbot.waitUntil(lambda: canvas.suggestion is not None, timeout=WAIT_MS)
    reader.key(key)
    assert canvas.suggestion is None
    assert tool.unfinished() == ""
    assert not reader.board.reading.history.edits
    # Undo does the same: it takes back what was done last.
    reader.click(SEED)
    reader.qtbot.waitUntil(lambda: canvas.suggestion is not None, timeout=WAIT_MS)
    reader.key(Qt.Key.Key_Z, CTRL)
    assert canvas.suggestion is None


def test_that_a_press_in_the_region_starts_from_all_of_it(reader: ReaderHand) -> None:
    reader.board.hand.hold("brush")
    reader.stroke([(5, 2), (5, 6)])
    drawn = reader.kept.copy()
    tool = held(reader, "growing")
    drag(reader, 0, NARROW_PX)
    canvas = reader.board.canvas
    reader.qtbot.waitUntil(lambda: canvas.suggestion is not None and not tool.is_busy, timeout=WAIT_MS)
    assert canvas.suggestion is not None
    assert np.array_equal(canvas.suggestion, island(reader.board.planes.hu, tool.options.hu_range, drawn))


def test_that_a_seed_outside_the_image_is_refused_and_the_right_button_keeps_the_window(reader: ReaderHand) -> None:
    held(reader, "growing")
    reader.click((-3, 4))
    assert reader.said == "The seed lies outside the image: click inside it."
    window = reader.board.views.look.width
    reader.press((2, 2), RIGHT)
    reader.move((2, 8), RIGHT)
    reader.release((2, 8), RIGHT)
    assert reader.board.views.look.width != window


def test_that_a_range_with_nothing_in_it_is_said(reader: ReaderHand) -> None:
    tool = held(reader, "growing")
    reader.click(SEED)
    tool.options.set_range(2000, 2100)
    reader.key(Qt.Key.Key_Return)
    reader.qtbot.waitUntil(lambda: bool(reader.notices), timeout=WAIT_MS)
    assert reader.said == "Nothing was grown: no voxel around the seed is in the range."
    assert not reader.kept.any()


def test_that_what_is_grown_is_seen_on_the_picture(reader: ReaderHand) -> None:
    held(reader, "growing")
    before = reader.view.grab().toImage()
    reader.click(SEED)
    canvas = reader.board.canvas
    reader.qtbot.waitUntil(lambda: canvas.suggestion is not None, timeout=WAIT_MS)
    assert canvas.suggestion is not None
    after = reader.view.grab().toImage()
    for row, column in np.argwhere(canvas.suggestion[reader.view.index])[:20]:
        place = reader.at((row + 0.25, column + 0.25))
        was, now = before.pixelColor(place), after.pixelColor(place)
        if place.x() > reader.at(SEED).x() + 10 or place.y() > reader.at(SEED).y() + 10:  # not under the words
            assert now.blue() - now.red() >= was.blue() - was.red()


def test_that_return_in_a_field_takes_the_number_before_it_adds_the_region(reader: ReaderHand) -> None:
    tool, canvas = held(reader, "growing"), reader.board.canvas
    drag(reader, 0, NARROW_PX)
    reader.qtbot.waitUntil(lambda: canvas.suggestion is not None and not tool.is_busy, timeout=WAIT_MS)
    panel = reader.board.panel.tools.options["growing"]
    assert isinstance(panel, GrowingPanel)
    panel.reach.setFocus()
    panel.reach.selectAll()
    QTest.keyClicks(panel.reach, "7")
    QTest.keyClick(panel.reach, Qt.Key.Key_Return)
    assert tool.options.reach_mm == 7.0
    reader.qtbot.waitUntil(lambda: not tool.is_busy, timeout=WAIT_MS)
    assert not reader.board.reading.history.edits
    QTest.keyClick(panel.reach, Qt.Key.Key_Return)
    assert [edit.label for edit in reader.board.reading.history.edits] == ["region growing"]


def test_that_what_grows_is_forgotten_when_another_region_is_drawn_on(reader: ReaderHand) -> None:
    tool, canvas = held(reader, "growing"), reader.board.canvas
    canvas.set_rois([*canvas.rois, RoiEntry(1, "")])
    drag(reader, 0, NARROW_PX)
    assert tool.unfinished()
    canvas.draw_on(1)
    reader.qtbot.waitUntil(lambda: not tool.is_busy, timeout=WAIT_MS)
    assert tool.unfinished() == ""
    assert canvas.suggestion is None
    assert not canvas.shown.any()


def test_that_nothing_is_noted_while_the_canvas_is_locked_and_regions_stay(reader: ReaderHand) -> None:
    canvas = reader.board.canvas
    said: list[str] = []
    canvas.said.connect(said.append)
    canvas.why_locked = "Locked for a moment."
    assert not canvas.note("anything", 1)
    canvas.layer = 7  # such as that of a region removed meanwhile
    canvas.rois_changed.emit()
    assert canvas.rois == (RoiEntry(0, ""),)
    assert set(said) == {"Locked for a moment."}
    canvas.why_locked = ""
    canvas.rois_changed.emit()
    assert [entry.layer for entry in canvas.rois] == [0, 7]
