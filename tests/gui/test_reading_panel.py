"""The panel beside the views is as wide as it is: nothing in it may be cut off."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QScrollArea, QStyle, QStyleOptionButton
from pytestqt.qtbot import QtBot
from reader_hand import WAIT_MS, ReaderHand

from escc_desktop.gui.main_window import MainWindow
from escc_desktop.gui.pages.reading_sections import SECTIONS
from escc_desktop.gui.tools.toolbox import TOOLS
from escc_desktop.gui.widgets.folding import FoldingPart
from escc_desktop.workflow.project import Project

FIRST = "P1/L1/A/first"


@pytest.fixture
def reader(small_project: Callable[[str], Project], show_as: Callable[..., MainWindow], qtbot: QtBot) -> ReaderHand:
    """Reader A with a session open."""
    hand = ReaderHand(show_as(small_project("A"), "reading"), qtbot)
    hand.open(FIRST)
    return hand


def test_that_no_tool_and_no_open_part_is_wider_than_the_panel(reader: ReaderHand, qtbot: QtBot) -> None:
    panel = reader.board.panel
    qtbot.waitUntil(lambda: len(panel.sections) == len(SECTIONS), timeout=WAIT_MS)
    scroll = panel.findChild(QScrollArea)
    assert scroll is not None
    for part in panel.findChildren(FoldingPart):
        part.set_open(True)
    wide: dict[str, int] = {}
    for entry in TOOLS:
        reader.board.hand.hold(entry.tool_id)
        qtbot.wait(20)
        needed = max(
            scroll.widget().width() - scroll.viewport().width(), panel.minimumSizeHint().width() - panel.width()
        )
        if needed > 0:
            wide[entry.tool_id] = needed
    assert not wide


def test_that_nothing_moves_in_the_panel_when_another_tool_is_taken(reader: ReaderHand, qtbot: QtBot) -> None:
    panel = reader.board.panel
    qtbot.waitUntil(lambda: len(panel.sections) == len(SECTIONS), timeout=WAIT_MS)

    def places() -> dict[str, QPoint]:
        found = {name: made.mapTo(panel, QPoint()) for name, made in panel.tools.buttons.items()}
        parts = {part.head.text(): part.mapTo(panel, QPoint()) for part in panel.findChildren(FoldingPart)}
        return found | parts

    qtbot.wait(20)
    before = places()
    for entry in TOOLS:
        reader.board.hand.hold(entry.tool_id)
        qtbot.wait(20)
        assert places() == before, entry.tool_id
        shown = panel.tools.options[reader.board.hand.tool_id]
        assert shown.height() >= shown.minimumSizeHint().height(), entry.tool_id


def test_that_a_button_goes_to_each_part_on_the_smallest_screen_and_folds_it(reader: ReaderHand, qtbot: QtBot) -> None:
    reader.window.setWindowState(Qt.WindowState.WindowNoState)
    reader.window.resize(1366, 768)
    panel = reader.board.panel
    qtbot.waitUntil(lambda: len(panel.sections) == len(SECTIONS), timeout=WAIT_MS)
    parts = {part.head.text(): part for part in panel.findChildren(FoldingPart)}
    names = ["outline", *(entry.name for entry in SECTIONS), "history"]
    scroll = panel.findChild(QScrollArea)
    assert scroll is not None
    assert list(panel.index.buttons) == ["outline", "history", *(entry.name for entry in SECTIONS)]
    for name in names:
        button = panel.index.buttons[name]
        part = parts[button.toolTip()]
        part.fold(is_open=False)
        assert not button.isChecked()
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        assert part.is_open
        assert button.isChecked()
        assert reader.window.desktop.settings.layout[f"reading.{name}"] is True

        def is_in_sight(part: FoldingPart = part) -> bool:
            return scroll.viewport().rect().contains(part.head.mapTo(scroll.viewport(), part.head.rect().center()))

        qtbot.waitUntil(is_in_sight, timeout=WAIT_MS)
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        assert not part.is_open
        assert not button.isChecked()
        assert reader.window.desktop.settings.layout[f"reading.{name}"] is False


def test_that_tools_show_their_key_even_with_a_modifier(reader: ReaderHand) -> None:
    shown = {name: made.text() for name, made in reader.board.panel.tools.buttons.items()}
    assert all(shown.values())
    assert shown["brush"] == "B"
    assert shown["adaptive"] == "Ctrl+B"
    assert shown["tracing"] == "\N{UPWARDS WHITE ARROW}W"
    for name, made in reader.board.panel.tools.buttons.items():
        assert made.fontMetrics().horizontalAdvance(made.text()) <= made.width() - 2, name


def test_that_headings_begin_where_what_stands_under_them_begins(reader: ReaderHand) -> None:
    for part in reader.board.panel.findChildren(FoldingPart):
        option = QStyleOptionButton()
        part.head.initStyleOption(option)
        content = part.head.style().subElementRect(QStyle.SubElement.SE_PushButtonContents, option, part.head)
        assert part.head.x() + content.left() - part.widget.x() <= 2
