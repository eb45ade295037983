"""The panel beside the views is as wide as it is: nothing in it may be cut off."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtWidgets import QScrollArea
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
        if scroll.widget().width() > scroll.viewport().width():
            wide[entry.tool_id] = scroll.widget().width()
    assert not wide
