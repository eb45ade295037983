"""Suggestions between drawn slices, and the strip that shows them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot
from reader_hand import WAIT_MS, ReaderHand

from escc_desktop.gui.main_window import MainWindow
from escc_desktop.gui.pages import reading as reading_module
from escc_desktop.gui.pages.reading_between import BetweenSection
from escc_desktop.gui.pages.reading_opening import Opened, open_for_drawing
from escc_desktop.gui.tools.canvas import RoiEntry
from escc_desktop.reading.protocol import Protocol
from escc_desktop.workflow.project import Project

FIRST = "P1/L1/A/first"
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
KEYS = (0, 4)


@pytest.fixture
def reader(small_project: Callable[[str], Project], show_as: Callable[..., MainWindow], qtbot: QtBot) -> ReaderHand:
    """Reader A with two slices drawn and three empty ones between them."""
    hand = ReaderHand(show_as(small_project("A"), "reading"), qtbot)
    hand.open(FIRST)
    hand.board.hand.hold("brush")
    hand.board.hand.options.set_diameter(3)
    for z in KEYS:
        hand.view.set_index(z)
        hand.stroke([(4, 3), (7, 6)])
    return hand


def section(reader: ReaderHand) -> BetweenSection:
    found = reader.board.panel.sections["between"]
    assert isinstance(found, BetweenSection)
    return found


def suggested(reader: ReaderHand) -> list[int]:
    suggestion = reader.board.canvas.suggestion
    return [] if suggestion is None else [int(z) for z in np.flatnonzero(suggestion.any(axis=(1, 2)))]


def suggest(reader: ReaderHand) -> None:
    reader.key(Qt.Key.Key_I)
    reader.qtbot.waitUntil(lambda: suggested(reader) == [1, 2, 3], timeout=WAIT_MS)


def test_that_what_lies_between_is_suggested_and_no_part_of_the_region(reader: ReaderHand) -> None:
    before = reader.kept.copy()
    suggest(reader)
    assert np.array_equal(reader.kept, before)
    assert np.array_equal(reader.shown, before)
    canvas = reader.board.canvas
    assert canvas.suggestion is not None
    # Both drawn slices are the same, so is what lies between.
    assert all(np.array_equal(canvas.suggestion[z], before[0]) for z in (1, 2, 3))
    assert section(reader).words.text() == "3 slices are suggested, dashed"
    reader.key(Qt.Key.Key_I)
    assert canvas.suggestion is None
    assert len(reader.board.reading.history.edits) == 2


def test_that_one_slice_is_taken_and_the_rest_stay_suggested(reader: ReaderHand) -> None:
    suggest(reader)
    keys = reader.kept[list(KEYS)].copy()
    reader.view.set_index(2)
    reader.key(Qt.Key.Key_I, CTRL)
    assert np.flatnonzero(reader.kept.any(axis=(1, 2))).tolist() == [0, 2, 4]
    assert np.array_equal(reader.kept[list(KEYS)], keys)
    reader.qtbot.waitUntil(lambda: suggested(reader) == [1, 3], timeout=WAIT_MS)
    edit = reader.board.reading.history.edits[-1]
    assert (edit.label, edit.slice_index, edit.slices) == ("interpolation", 2, (2,))


def test_that_all_are_taken_as_one_step(reader: ReaderHand) -> None:
    before = reader.kept.copy()
    suggest(reader)
    reader.key(Qt.Key.Key_I, CTRL | SHIFT)
    after = reader.kept.copy()
    assert np.flatnonzero(after.any(axis=(1, 2))).tolist() == [0, 1, 2, 3, 4]
    assert np.array_equal(after[list(KEYS)], before[list(KEYS)])
    assert len(reader.board.reading.history.edits) == 3
    assert reader.board.reading.history.tools_by_slice()[1] == ("interpolation",)
    reader.board.undo()
    assert np.array_equal(reader.kept, before)
    reader.board.redo()
    assert np.array_equal(reader.kept, after)


def test_that_a_suggestion_vanishes_where_the_hand_draws_and_the_others_follow(reader: ReaderHand) -> None:
    suggest(reader)
    canvas = reader.board.canvas
    assert canvas.suggestion is not None
    before = canvas.suggestion[1].copy()
    reader.view.set_index(2)
    reader.click((2, 2))
    assert 2 not in suggested(reader)
    reader.qtbot.waitUntil(
        lambda: canvas.suggestion is not None and not np.array_equal(canvas.suggestion[1], before), timeout=WAIT_MS
    )
    assert suggested(reader) == [1, 3]


def test_that_the_strip_shows_what_is_suggested_and_what_was_assisted(reader: ReaderHand) -> None:
    strip = reader.board.strip
    assert strip.words(2) == "Slice 3: empty between drawn slices"
    suggest(reader)
    area = int(reader.kept[0].sum()) * 0.8 * 0.8
    assert strip.words(2) == f"Slice 3: empty between drawn slices\nSuggested: {area:,.0f} mm²"
    image = strip.grab().toImage()
    middle, width = round(strip.x_of(2)), round(abs(strip.x_of(3) - strip.x_of(2)))
    pixels = [image.pixelColor(x, 20) for x in range(middle - width, middle + width)]
    assert any(pixel.blue() > pixel.red() + 80 for pixel in pixels)  # the dashed side of its bar
    reader.view.set_index(2)
    reader.key(Qt.Key.Key_I, CTRL)
    assert strip.words(2) == f"Slice 3: {area:,.0f} mm²\nAssisted: interpolation"
    assert strip.words(0) == f"Slice 1: {area:,.0f} mm²"
    image = strip.grab().toImage()
    assisted, by_hand = (image.pixelColor(round(strip.x_of(z)) + 10, strip.height() - 3) for z in (2, 0))
    assert assisted.red() > assisted.green() + 40
    assert abs(by_hand.red() - by_hand.green()) < 40
    reader.board.undo()
    assert "Assisted" not in strip.words(2)


def test_that_it_says_why_nothing_can_be_suggested(reader: ReaderHand) -> None:
    part = section(reader)
    assert not part.take_all.widget.isEnabled()
    assert part.take_all.widget.toolTip() == (
        "Nothing is suggested. Interpolate between drawn slices, or grow a region, first."
    )
    reader.board.undo()
    assert not part.toggle.widget.isEnabled()
    expected = "There is nothing to suggest: draw on two slices with empty ones between them."
    assert part.toggle.widget.toolTip() == expected
    part.switch()
    assert reader.said == expected


def test_that_a_protocol_can_forbid_it_and_region_growing_too(
    small_project: Callable[[str], Project],
    show_as: Callable[..., MainWindow],
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    forbidden = Protocol(frozenset({"interpolation", "region growing", "margin"}))

    def opened(*args: object) -> Opened:
        return replace(open_for_drawing(*args), protocol=forbidden)  # type: ignore[arg-type]

    monkeypatch.setattr(reading_module, "open_for_drawing", lambda *args, progress: opened(*args, progress))
    reader = ReaderHand(show_as(small_project("A"), "reading"), qtbot)
    board = reader.open(FIRST)
    why = "The protocol of this study forbids interpolation in readings."
    assert section(reader).toggle.widget.toolTip() == why
    reader.key(Qt.Key.Key_R)
    assert board.hand.tool_id != "growing"
    assert "forbids" in reader.said
    operations = {action.action_id: action for action in board.panel.sections["operations"].actions_now()}
    assert "forbids" in operations["reading.margin"].why_not()
    assert "forbids" not in operations["reading.smooth"].why_not()


def test_that_another_suggestion_takes_the_place_of_those_between_slices(reader: ReaderHand) -> None:
    suggest(reader)
    reader.view.set_index(2)
    reader.board.hand.hold("growing")
    reader.click((9, 8))
    canvas = reader.board.canvas
    reader.qtbot.waitUntil(lambda: canvas.suggestion_label == "region growing", timeout=WAIT_MS)
    assert not section(reader).is_on


def test_that_what_is_worked_out_for_one_region_is_never_suggested_for_another(reader: ReaderHand) -> None:
    canvas = reader.board.canvas
    seen: list[tuple[int, bool]] = []
    canvas.suggested.connect(lambda: seen.append((canvas.layer, canvas.suggestion is not None)))
    reader.key(Qt.Key.Key_I)
    canvas.set_rois([RoiEntry(0, ""), RoiEntry(1, "")])
    canvas.draw_on(1)
    reader.qtbot.wait(100)
    reader.qtbot.waitUntil(lambda: not reader.window.desktop.tasks.running, timeout=WAIT_MS)
    assert (1, True) not in seen
