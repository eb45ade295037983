"""The regions of a reading, and what is done to a whole one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot
from reader_hand import LEFT, WAIT_MS, ReaderHand
from scipy import ndimage

from escc_desktop.gui.main_window import MainWindow
from escc_desktop.gui.pages.reading_operations import OperationsSection
from escc_desktop.gui.pages.reading_rois import MOST_REGIONS, RoiList
from escc_desktop.workflow.project import Project

FIRST = "P1/L1/A/first"
SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def reader(small_project: Callable[[str], Project], show_as: Callable[..., MainWindow], qtbot: QtBot) -> ReaderHand:
    """Reader A with a session open and the brush of one voxel in hand."""
    hand = ReaderHand(show_as(small_project("A"), "reading"), qtbot)
    hand.open(FIRST)
    hand.board.hand.hold("brush")
    return hand


def rois(reader: ReaderHand) -> RoiList:
    found = reader.board.panel.sections["rois"]
    assert isinstance(found, RoiList)
    return found


def operations(reader: ReaderHand) -> OperationsSection:
    found = reader.board.panel.sections["operations"]
    assert isinstance(found, OperationsSection)
    return found


def press(reader: ReaderHand, name: str) -> str:
    """Press the button of an operation, wait for its end, and return the last step's label."""
    part = operations(reader)
    widget = part.buttons[name].widget
    assert widget.isEnabled(), widget.toolTip()
    widget.click()
    reader.qtbot.waitUntil(lambda: not part.operations.is_busy, timeout=WAIT_MS)
    return reader.board.reading.history.edits[-1].label


def square(reader: ReaderHand, top: int = 3, left: int = 2, size: int = 5) -> np.ndarray:
    """Draw the border of a square on the slice shown, and return what was drawn."""
    low, right = top + size - 1, left + size - 1
    reader.stroke([(top, left), (top, right), (low, right), (low, left), (top, left)])
    return reader.shown.copy()


# Regions


def test_that_a_region_is_added_and_drawn_beside_the_lesion(reader: ReaderHand) -> None:
    lesion = square(reader)
    rois(reader).add_button.widget.click()
    canvas, history = reader.board.canvas, reader.board.reading.history
    assert canvas.layer == 1
    reader.click((9, 8))
    assert np.array_equal(history.voxels, lesion)
    assert history.layer(1).sum() == 1
    assert rois(reader).rows[1].volume.text() == "0.00 mL"
    assert rois(reader).rows[0].name.text() == "Lesion"
    QTest.mouseClick(rois(reader).rows[0].name, LEFT)
    assert canvas.layer == 0
    # Undo goes back to the region it acts on.
    reader.board.undo()
    assert canvas.layer == 1
    assert not history.layer(1).any()


def test_that_figures_name_and_colours_are_those_of_the_region_drawn_now(reader: ReaderHand) -> None:
    figures, view = reader.board.panel.figures, reader.view
    square(reader)
    reader.qtbot.waitUntil(lambda: figures.diameter.text() not in {"0.0 mm", "measuring"}, timeout=WAIT_MS)
    lesion = figures.diameter.text()
    rois(reader).add_button.widget.click()
    reader.qtbot.waitUntil(lambda: figures.diameter.text() == "0.0 mm", timeout=WAIT_MS)
    reader.click((9, 8))
    reader.qtbot.waitUntil(lambda: figures.diameter.text() not in {"0.0 mm", "measuring"}, timeout=WAIT_MS)
    assert float(figures.diameter.text().split()[0]) < float(lesion.split()[0])
    QTest.mouseMove(view, reader.at((9, 8)))
    reader.qtbot.waitUntil(lambda: view.hover is not None and view.hover.names == ("Region 1",), timeout=WAIT_MS)
    assert reader.board.canvas.color.lower() == "#009e73"
    reader.board.canvas.draw_on(0)
    reader.qtbot.waitUntil(lambda: figures.diameter.text() == lesion, timeout=WAIT_MS)


def test_that_a_locked_region_keeps_its_voxels(reader: ReaderHand) -> None:
    lesion = square(reader)
    rois(reader).rows[0].lock.click()
    reader.click((9, 8))
    assert reader.said == "This region is locked. Unlock it in the list of regions to draw in it."
    rois(reader).add()
    reader.stroke([(3, 0), (3, 9)])
    drawn = reader.board.reading.history.layer(1)
    assert not (drawn & lesion).any()
    assert drawn.sum() == 10 - lesion[reader.view.index, 3].sum()
    assert np.array_equal(reader.board.reading.history.voxels, lesion)


def test_that_names_colours_and_what_is_hidden_survive_closing(reader: ReaderHand) -> None:
    rois(reader).add()
    row = rois(reader).rows[1]
    QTest.mouseDClick(row.name, LEFT)
    row.edit.setText("Lymph node 中")
    QTest.keyClick(row.edit, Qt.Key.Key_Return)
    assert row.name.text() == "Lymph node 中"
    row._color("#d55e00")
    reader.click((9, 8))
    reader.board.canvas.draw_on(0)
    row.eye.click()
    reader.saved()
    reader.page.close_reading()
    reader.qtbot.waitUntil(lambda: reader.page.board is None, timeout=WAIT_MS)
    reader.open(FIRST)
    entry = reader.board.canvas.rois[1]
    assert (entry.name, entry.color, entry.is_shown, entry.is_locked) == ("Lymph node 中", "#d55e00", False, False)
    assert reader.board.canvas.voxels(1).sum() == 1
    assert rois(reader).rows[1].name.text() == "Lymph node 中"


def test_that_a_region_has_its_colour_on_the_picture_and_can_be_hidden(reader: ReaderHand) -> None:
    rois(reader).add()
    rois(reader).rows[1]._color("#009e73")
    reader.board.hand.options.set_diameter(5)
    reader.click((6, 5))
    reader.board.canvas.draw_on(0)
    place = reader.at((6.3, 5.3))
    reader.move((0, 0))
    shown = reader.view.grab().toImage().pixelColor(place)
    assert shown.green() > shown.red() + 10
    rois(reader).rows[1].eye.click()
    hidden = reader.view.grab().toImage().pixelColor(place)
    assert hidden.green() == hidden.red()


def test_that_the_lesion_cannot_be_removed_and_others_can_be_brought_back(reader: ReaderHand) -> None:
    part = rois(reader)
    assert not part.remove_button.widget.isEnabled()
    assert "lesion" in part.remove_button.widget.toolTip()
    part.add()
    reader.click((9, 8))
    part.remove_button.widget.click()
    assert list(part.rows) == [0]
    assert reader.said == "Region 1 is removed."
    call = reader.notices[-1].call
    assert call is not None
    call()
    assert list(part.rows) == [0, 1]
    part.go_on()
    assert reader.board.canvas.layer == 1
    assert reader.shown.sum() == 1
    # The same by undo: what it takes back is seen.
    part.remove()
    reader.board.undo()
    assert list(part.rows) == [0, 1]
    # Its number is not given to another region.
    reader.board.redo()
    part.remove()
    part.add()
    assert reader.board.canvas.layer == 2


def test_that_there_is_an_end_to_regions(reader: ReaderHand) -> None:
    part = rois(reader)
    for _number in range(MOST_REGIONS - 1):
        part.add()
    assert not part.add_button.widget.isEnabled()
    part.add()
    assert reader.said == f"A reading holds at most {MOST_REGIONS} regions: remove one first."


# Operations


def test_that_holes_are_filled_by_a_key_in_one_step(reader: ReaderHand) -> None:
    ring = square(reader)
    reader.key(Qt.Key.Key_H)
    reader.qtbot.waitUntil(lambda: len(reader.board.reading.history.edits) == 2, timeout=WAIT_MS)
    z = reader.view.index
    expected = ring.copy()
    expected[z] = ndimage.binary_fill_holes(ring[z])
    assert np.array_equal(reader.kept, expected)
    assert np.array_equal(reader.shown, expected)
    reader.board.undo()
    assert np.array_equal(reader.kept, ring)
    reader.board.redo()
    assert np.array_equal(reader.kept, expected)


def test_that_a_margin_is_in_millimetres_and_shrinks_below_zero(reader: ReaderHand) -> None:
    reader.board.hand.options.set_diameter(5)
    reader.click((5, 4))
    drawn = reader.kept.copy()
    x, y, z = reader.board.planes.geometry.spacing_mm
    for mm in (2.0, -1.0):
        operations(reader).margin.setValue(mm)
        assert press(reader, "margin") == "margin"
        if mm > 0:
            expected = ndimage.distance_transform_edt(~drawn, (z, y, x)) <= mm
        else:
            expected = ndimage.distance_transform_edt(drawn, (z, y, x)) > -mm
        assert np.array_equal(reader.kept, expected)
        reader.board.undo()


def test_that_islands_are_chosen_by_size_or_by_the_crosshair(reader: ReaderHand) -> None:
    square(reader, 1, 1, 3)
    reader.click((10, 8))
    part = operations(reader)
    reader.board.views.set_point((0, 11, reader.view.index))
    assert "crosshair" in part.buttons["keep_island"].widget.toolTip()
    reader.board.views.set_point((8, 10, reader.view.index))
    assert press(reader, "keep_island") == "islands"
    assert reader.drawn(reader.view.index) == [(10, 8)]
    reader.board.undo()
    assert press(reader, "keep_largest") == "islands"
    assert (10, 8) not in reader.drawn(reader.view.index)
    reader.board.undo()
    part.least.setValue(3.0)
    assert press(reader, "remove_small") == "islands"
    assert (10, 8) not in reader.drawn(reader.view.index)


@pytest.mark.parametrize(("name", "join"), [
    ("union", np.logical_or),
    ("intersection", np.logical_and),
    ("difference", lambda one, other: one & ~other),
])  # fmt: skip
def test_that_regions_are_joined(reader: ReaderHand, name: str, join: Callable[..., np.ndarray]) -> None:
    lesion = square(reader)
    assert "add one" in operations(reader).buttons[name].widget.toolTip()
    rois(reader).add()
    reader.view.set_index(reader.view.index + 1)
    reader.click((9, 8))
    reader.view.set_index(reader.view.index - 1)
    reader.stroke([(3, 0), (3, 9)])
    other = reader.shown.copy()
    reader.board.canvas.draw_on(0)
    assert press(reader, name) == name
    assert np.array_equal(reader.kept, join(lesion, other))
    assert np.array_equal(reader.board.reading.history.layer(1), other)


def test_that_smoothing_is_one_step_by_key_or_button(reader: ReaderHand) -> None:
    reader.board.hand.options.set_diameter(7)
    reader.click((5, 4))
    reader.board.hand.options.set_diameter(1)
    reader.click((0, 9))
    reader.key(Qt.Key.Key_G, SHIFT)
    reader.qtbot.waitUntil(lambda: len(reader.board.reading.history.edits) == 3, timeout=WAIT_MS)
    assert (0, 9) not in reader.drawn(reader.view.index)
    reader.board.undo()
    n_voxels = reader.kept.sum()
    assert press(reader, "smooth_gauss") == "smoothing"
    assert reader.kept.sum() == n_voxels


def test_that_an_operation_that_changes_nothing_says_so(reader: ReaderHand) -> None:
    assert operations(reader).buttons["smooth"].widget.toolTip() == "Nothing is drawn in this region yet."
    reader.click((5, 4))
    before = len(reader.board.reading.history.edits)
    press(reader, "fill_holes")
    assert reader.said == "Nothing changed: no slice of the region has a hole."
    press(reader, "keep_largest")
    assert reader.said == "Nothing changed: the region is one island."
    assert len(reader.board.reading.history.edits) == before


def test_that_a_stroke_made_while_an_operation_runs_is_not_lost(reader: ReaderHand) -> None:
    square(reader)
    part = operations(reader)
    part.buttons["fill_holes"].widget.click()
    reader.stroke([(10, 8)])  # before the job's answer is taken
    reader.qtbot.waitUntil(lambda: not part.operations.is_busy, timeout=WAIT_MS)
    z = reader.view.index
    assert reader.kept[z, 10, 8]
    assert reader.kept[z, 5, 4]


def test_that_no_second_operation_takes_the_place_of_one_that_runs(reader: ReaderHand) -> None:
    square(reader)
    part = operations(reader)
    part.buttons["fill_holes"].widget.click()
    second = part.buttons["margin"].widget
    assert not second.isEnabled()
    assert second.toolTip() == "The region is being changed: wait until that is done."
    part.add_margin()
    assert reader.said == second.toolTip()
    reader.qtbot.waitUntil(lambda: not part.operations.is_busy, timeout=WAIT_MS)
    assert reader.board.reading.history.edits[-1].label == "fill holes"
    assert second.isEnabled()


def test_that_the_parts_of_the_panel_are_no_wider_than_it(reader: ReaderHand) -> None:
    for name in ("rois", "between", "operations"):
        assert reader.board.panel.sections[name].minimumSizeHint().width() <= 232
