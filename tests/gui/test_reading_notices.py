"""What is said while somebody reads: in the foot, over the side views, or afterwards; what steps say."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot
from reader_hand import WAIT_MS, ReaderHand

from escc_desktop.errors import EsccError
from escc_desktop.gui.frame.notice_stack import OFFERED_MS, SHOWN_MS
from escc_desktop.gui.main_window import MainWindow
from escc_desktop.gui.notices import Notice
from escc_desktop.gui.tools.words import step_name
from escc_desktop.imaging.mask import MaskEdit
from escc_desktop.workflow.project import Project

FIRST = "P1/L1/A/first"
SHIFT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def reader(small_project: Callable[[str], Project], show_as: Callable[..., MainWindow], qtbot: QtBot) -> ReaderHand:
    """Reader A with a session open."""
    hand = ReaderHand(show_as(small_project("A"), "reading"), qtbot)
    hand.open(FIRST)
    return hand


def place(widget: QWidget, window: MainWindow) -> QRect:
    """Return where a widget lies in the window."""
    return QRect(widget.mapTo(window, QPoint()), widget.size())


def test_that_a_sentence_said_while_reading_stands_in_the_foot_and_leaves(reader: ReaderHand, qtbot: QtBot) -> None:
    notices, line = reader.window.desktop.notices, reader.window.foot.line
    notices.say("There is nothing to undo.")
    assert line.isVisible()
    assert line.words.text() == "There is nothing to undo."
    assert not reader.window.notices.cards
    assert line._timer.interval() == SHOWN_MS
    below = place(reader.window.foot, reader.window)
    assert below.contains(place(line, reader.window))
    assert not below.intersects(place(reader.board, reader.window))
    notices.say("There is no drawn slice further on.")
    assert line.words.text() == "There is no drawn slice further on."
    line._timer.timeout.emit()
    assert not line.isVisible()


def test_that_a_button_in_the_foot_acts_once(reader: ReaderHand, qtbot: QtBot) -> None:
    notices, line, called = reader.window.desktop.notices, reader.window.foot.line, []
    notices.offer("Region 2 is removed.", "Bring it back", lambda: called.append(1))
    assert line._timer.interval() == OFFERED_MS
    qtbot.mouseClick(line.action, LEFT)
    assert called == [1]
    assert not line.isVisible()


def test_that_what_must_not_be_missed_comes_back_in_the_foot(reader: ReaderHand, qtbot: QtBot) -> None:
    notices, line = reader.window.desktop.notices, reader.window.foot.line
    notices.offer("Images would leave this machine.", "Send", lambda: None, topic="server")
    notices.say("There is nothing to undo.")
    assert line.words.text() == "There is nothing to undo."
    qtbot.mouseClick(line.shut, LEFT)
    assert line.words.text() == "Images would leave this machine."
    assert not line._timer.isActive()
    notices.offer("The server does not answer.", "Try again", lambda: None, topic="server")
    qtbot.mouseClick(line.shut, LEFT)
    assert not line.isVisible()


def test_that_words_without_room_are_cut_off_and_whole_in_the_tool_tip(reader: ReaderHand) -> None:
    words = "What was said is long. " * 40
    reader.window.desktop.notices.say(words)
    line = reader.window.foot.line
    assert line.words.text().endswith("…")
    assert line.words.fontMetrics().horizontalAdvance(line.words.text()) <= line.words.width()
    assert line.toolTip() == words.strip()


def test_that_trouble_stands_over_the_side_views(reader: ReaderHand, qtbot: QtBot) -> None:
    window, views = reader.window, reader.board.views
    window.desktop.notices.trouble(EsccError("The disk of the project is full.", "Free some room."))
    card = place(window.notices, window)
    assert place(views.sagittal, window).contains(card)
    assert not card.intersects(place(views.axial, window))
    views.toggle_side_views()
    window.desktop.notices.trouble(EsccError("The server does not answer."))
    assert place(views.axial, window).contains(place(window.notices, window))


def test_that_the_demo_waits_until_the_reading_is_closed(reader: ReaderHand, qtbot: QtBot) -> None:
    window = reader.window
    window.desktop.notices.show(Notice("The demo study is built.", action="Open it", topic="demo", can_wait=True))
    assert not window.foot.line.isVisible()
    assert not window.notices.cards
    reader.page.close_reading()
    qtbot.waitUntil(lambda: reader.page.board is None, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: bool(window.notices.cards), timeout=WAIT_MS)
    assert [card.notice.text for card in window.notices.cards] == ["The demo study is built."]


def test_that_a_margin_by_key_says_what_it_did_and_what_takes_it_back(reader: ReaderHand, qtbot: QtBot) -> None:
    reader.board.hand.options.set_diameter(5)
    reader.click((5, 5))
    qtbot.waitUntil(lambda: len(reader.board.panel.sections) > 2, timeout=WAIT_MS)
    before = reader.board.canvas.volume_mm3
    reader.key(Qt.Key.Key_M, SHIFT)
    qtbot.waitUntil(lambda: reader.board.canvas.volume_mm3 > before, timeout=WAIT_MS)
    edit = reader.board.reading.history.edits[-1]
    grown = (reader.board.canvas.volume_mm3 - before) / 1000
    slices = "1 slice" if edit.extent[0] == 1 else f"{edit.extent[0]} slices"
    assert reader.said == f"Margin on {slices}: +{grown:.2f} mL. Ctrl+Z takes it back."
    reader.key(Qt.Key.Key_Z, CTRL)
    assert reader.said == f"Undone: {step_name(edit)}."
    reader.key(Qt.Key.Key_Z, CTRL | SHIFT)
    assert reader.said == f"Done again: {step_name(edit)}."


def test_that_strokes_say_nothing(reader: ReaderHand) -> None:
    n_said = len(reader.notices)
    reader.click((5, 5))
    reader.key(Qt.Key.Key_Z, CTRL)
    reader.key(Qt.Key.Key_Z, CTRL | SHIFT)
    assert len(reader.notices) == n_said


@pytest.mark.parametrize(
    ("label", "first", "n", "at", "name"),
    [
        ("brush", 4, 3, 5, "brush, slice 6"),
        ("smoothing", 4, 12, 5, "smoothing, slices 5 to 16"),
        ("fill holes", 7, 1, 2, "fill holes, slice 8"),
        ("interpolation", 0, 2, 0, "interpolation, slices 1 to 2"),
    ],
)
def test_that_a_step_of_the_whole_region_is_named_by_its_slices(
    label: str, first: int, n: int, at: int, name: str
) -> None:
    assert step_name(MaskEdit(label, at, (20, 4, 4), (first, 0, 0), (n, 2, 2), b"")) == name
