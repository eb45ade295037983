"""How a reading ends: what is signed is the lesion, and nothing goes on once it is closed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from pytestqt.qtbot import QtBot
from reader_hand import WAIT_MS, ReaderHand

from escc_desktop.gui.main_window import MainWindow
from escc_desktop.gui.pages.reading_rois import RoiList
from escc_desktop.gui.tools import growing
from escc_desktop.imaging.growing import grow
from escc_desktop.workflow.project import Project

FIRST = "P1/L1/A/first"


@pytest.fixture
def reader(small_project: Callable[[str], Project], show_as: Callable[..., MainWindow], qtbot: QtBot) -> ReaderHand:
    """Reader A with a session open and the brush in hand."""
    hand = ReaderHand(show_as(small_project("A"), "reading"), qtbot)
    hand.open(FIRST)
    hand.board.hand.hold("brush")
    return hand


def add_region(reader: ReaderHand) -> None:
    found = reader.board.panel.sections["rois"]
    assert isinstance(found, RoiList)
    found.add_button.widget.click()


def test_that_a_signature_tells_of_the_lesion_whatever_was_drawn_on_last(reader: ReaderHand) -> None:
    board = reader.board
    reader.stroke([(4, 4), (4, 6)])
    lesion = board.canvas.volume_mm3
    add_region(reader)
    assert board.why_not_sign() == ""
    reader.stroke([(8, 2), (8, 7)])
    assert board.canvas.volume_mm3 > lesion
    board.begin_signing()
    assert board.side.currentWidget() is board.sign_panel
    assert board.canvas.layer == 0
    assert board.canvas.volume_mm3 == lesion
    assert dict(board.summary())["Slices"] == "1"


def test_that_another_region_is_no_lesion_to_sign(reader: ReaderHand) -> None:
    add_region(reader)
    reader.stroke([(8, 2), (8, 7)])
    reader.board.begin_signing()
    assert reader.board.why_not_sign() == "Outline the lesion before you sign."
    assert reader.board.side.currentWidget() is reader.board.panel


def test_that_a_region_still_growing_is_let_go_when_the_reading_is_closed(
    reader: ReaderHand, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on, has_begun = threading.Event(), threading.Event()

    def slowly(*args: Any, **kwargs: Any) -> object:
        has_begun.set()
        assert goes_on.wait(20)
        return grow(*args, **kwargs)

    monkeypatch.setattr(growing, "grow", slowly)
    tasks = reader.window.desktop.tasks
    reader.board.hand.hold("growing")
    reader.press((5, 4))
    reader.release((5, 4))
    reader.qtbot.waitUntil(has_begun.is_set, timeout=WAIT_MS)
    tool = reader.board.hand.tool
    assert isinstance(tool, growing.GrowingTool)
    assert tool.is_busy
    reader.page.close_page()
    assert not tool.is_busy
    goes_on.set()
    reader.qtbot.waitUntil(lambda: not tasks.running, timeout=WAIT_MS)
    assert tool.grown is None
