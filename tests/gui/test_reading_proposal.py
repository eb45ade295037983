"""AI proposals at the reading page, against a small server on this computer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot
from reader_hand import RIGHT, WAIT_MS, ReaderHand

from escc_desktop.gui.main_window import MainWindow
from escc_desktop.gui.pages.reading_proposal import ProposalSection
from escc_desktop.gui.tools.prompt import PromptTool
from escc_desktop.reading.protocol import Protocol
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.proposals import PromptKind, why_no_proposals

if TYPE_CHECKING:
    from fake_ai_server import FakeServer

MARKED = 2


@pytest.fixture
def reader(small_project: Callable[[str], Project], show_as: Callable[..., MainWindow], qtbot: QtBot) -> ReaderHand:
    """Reader A with a session open."""
    hand = ReaderHand(show_as(small_project("A"), "reading"), qtbot)
    hand.open("P1/L1/A/first")
    return hand


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeServer]:
    """A server, where the extra is installed."""
    if why_no_proposals():
        pytest.skip(why_no_proposals())
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    spec = spec_from_file_location("fake_ai_server", Path(__file__).parent / "fake_ai_server.py")
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    made = module.FakeServer()
    yield made
    made.stop()


def section(reader: ReaderHand) -> ProposalSection:
    found = reader.board.panel.sections["proposal"]
    assert isinstance(found, ProposalSection)
    return found


def tool(reader: ReaderHand) -> PromptTool:
    found = reader.board.hand.tool_of("prompt")
    assert isinstance(found, PromptTool)
    return found


def turn_on(reader: ReaderHand, server: FakeServer) -> None:
    part = section(reader)
    part.address.setText(server.url + "/")
    part.turn_on.click()
    reader.key(Qt.Key.Key_J)
    assert reader.window.desktop.settings.ai_server == server.url


def proposed(reader: ReaderHand) -> np.ndarray:
    canvas = reader.board.canvas
    reader.qtbot.waitUntil(lambda: canvas.suggestion is not None and section(reader)._running is None, timeout=WAIT_MS)
    assert canvas.suggestion is not None
    return canvas.suggestion


def agree(reader: ReaderHand) -> None:
    call = reader.notices[-1].call
    assert call is not None
    call()


def cross(*places: tuple[int, int, int]) -> np.ndarray:
    """Return what the server proposes at places (z, y, x): each with its six neighbours."""
    z, y, x = np.indices((6, 12, 10))
    return np.any([np.abs(z - a) + np.abs(y - b) + np.abs(x - c) <= 1 for a, b, c in places], axis=0)


def test_that_proposals_are_off_until_an_address_is_typed(reader: ReaderHand) -> None:
    reader.key(Qt.Key.Key_J)
    reader.click((4, 4))
    assert reader.said == "AI proposals are off. Turn them on in the panel, under AI proposal."
    assert reader.window.desktop.settings.ai_server == ""
    if not why_no_proposals():
        section(reader).address.setText("ftp://nowhere")
        section(reader).turn_on.click()
        assert '"ftp://nowhere" is no address of a server.' in reader.said
        assert reader.window.desktop.settings.ai_server == ""


def test_that_nothing_is_sent_before_the_reader_says_so(reader: ReaderHand, server: FakeServer) -> None:
    turn_on(reader, server)
    reader.click((4, 5))
    assert reader.said.startswith(f"Send the image within 10 cm of the marked lesion to {server.url}?")
    assert reader.notices[-1].action == "Send"
    reader.qtbot.wait(100)
    assert server.requests == []
    agree(reader)
    assert np.array_equal(proposed(reader), cross((MARKED, 4, 5)))
    # Asked once a reading.
    n = len(reader.notices)
    reader.click((8, 5))
    reader.qtbot.waitUntil(lambda: np.count_nonzero(proposed(reader)) > 7, timeout=WAIT_MS)
    assert len(reader.notices) == n


def test_that_voxels_and_distances_are_all_that_is_sent(reader: ReaderHand, server: FakeServer) -> None:
    turn_on(reader, server)
    reader.click((4, 5))
    agree(reader)
    proposed(reader)
    assert server.paths == ["/claim", "/capabilities", "/set_image", "/set_target_buffer", "/add_point_interaction"]
    assert server.requests[2][1] == {"image_properties": {"spacing": [2.0, 0.8, 0.8]}}
    assert server.image is not None
    assert np.array_equal(server.image[0], reader.board.planes.hu)
    told = repr(server.requests) + repr(server.headers)
    for secret in ("P1", "L1", "1.2.1", "small", "reader"):
        assert secret not in told


def test_that_the_audit_trail_says_whose_image_was_sent_where_and_by_whom(
    reader: ReaderHand, server: FakeServer, small_project: Callable[[str], Project]
) -> None:
    turn_on(reader, server)
    reader.click((4, 5))
    trail = small_project("admin")
    n_rows = len(trail.audit_rows())
    agree(reader)
    proposed(reader)
    reader.click((8, 5))
    reader.qtbot.waitUntil(lambda: np.count_nonzero(proposed(reader)) > 7, timeout=WAIT_MS)
    rows = [row for row in trail.audit_rows()[n_rows:] if "AI server" in row.action]
    assert [(row.action, row.details) for row in rows] == [
        ("send image to AI server", {"session": "P1/L1/A/first", "address": server.url})
    ]
    assert rows[0].author


def test_that_taking_the_proposal_is_one_named_step_that_undo_takes_back(
    reader: ReaderHand, server: FakeServer
) -> None:
    turn_on(reader, server)
    reader.click((4, 5))
    agree(reader)
    proposed(reader)
    assert not reader.kept.any()
    section(reader).accept.click()
    assert [edit.label for edit in reader.board.reading.history.done] == ["AI proposal"]
    assert np.array_equal(reader.kept, cross((MARKED, 4, 5)))
    reader.qtbot.waitUntil(lambda: "/reset_interactions" in server.paths, timeout=WAIT_MS)
    reader.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert not reader.kept.any()


def test_that_scribble_and_lasso_show_what_the_mouse_went_over_or_around(
    reader: ReaderHand, server: FakeServer
) -> None:
    turn_on(reader, server)
    tool(reader).kind = PromptKind.SCRIBBLE
    reader.stroke([(2, 2), (2, 6)])
    agree(reader)
    scribbled = proposed(reader).copy()
    assert all(scribbled[MARKED, 2, column] for column in range(2, 7))
    assert not scribbled[MARKED, 6:].any()
    tool(reader).kind = PromptKind.LASSO
    reader.stroke([(6, 2), (6, 7), (10, 7), (10, 2)])
    reader.qtbot.waitUntil(lambda: bool(proposed(reader)[MARKED, 8, 4]), timeout=WAIT_MS)
    assert server.paths[-2:] == ["/add_scribble_interaction", "/add_lasso_interaction"]
    # Right shows what does not belong to it.
    tool(reader).kind = PromptKind.POINT
    reader.click((8, 4), RIGHT)
    reader.qtbot.waitUntil(lambda: not proposed(reader)[MARKED, 8, 4], timeout=WAIT_MS)


def test_that_discarding_leaves_no_trace_in_the_reading(reader: ReaderHand, server: FakeServer) -> None:
    turn_on(reader, server)
    reader.click((4, 5))
    agree(reader)
    proposed(reader)
    section(reader).discard.click()
    assert reader.board.canvas.suggestion is None
    assert not reader.board.reading.history.edits
    section(reader).turn_off.click()
    assert reader.window.desktop.settings.ai_server == ""
    reader.qtbot.waitUntil(lambda: "/release" in server.paths, timeout=WAIT_MS)


def test_that_a_server_that_is_asked_something_at_closing_is_told_goodbye(
    reader: ReaderHand, server: FakeServer
) -> None:
    turn_on(reader, server)
    server.thinking.clear()
    reader.click((4, 5))
    agree(reader)
    reader.qtbot.waitUntil(lambda: "/add_point_interaction" in server.paths, timeout=WAIT_MS)
    reader.page.close_page()
    server.thinking.set()
    reader.qtbot.waitUntil(lambda: "/release" in server.paths, timeout=WAIT_MS)
    reader.qtbot.waitUntil(lambda: not reader.window.desktop.tasks.running, timeout=WAIT_MS)
    assert server.paths[-2:] == ["/add_point_interaction", "/release"]


@pytest.mark.parametrize(
    ("status", "words"), [(503, "serves others now"), (500, "refused (status 500)"), (410, "has forgotten this image")]
)
def test_that_a_server_in_trouble_is_named_in_a_sentence(
    reader: ReaderHand, server: FakeServer, status: int, words: str
) -> None:
    server.trouble["/claim" if status != 410 else "/add_point_interaction"] = status
    turn_on(reader, server)
    reader.click((4, 5))
    agree(reader)
    reader.qtbot.waitUntil(lambda: words in reader.said, timeout=WAIT_MS)
    server.trouble.clear()
    reader.click((4, 5))
    assert proposed(reader).any()


def test_that_nonsense_from_a_server_changes_nothing(reader: ReaderHand, server: FakeServer) -> None:
    server.nonsense = True
    turn_on(reader, server)
    reader.click((4, 5))
    agree(reader)
    reader.qtbot.waitUntil(lambda: "does not understand" in reader.said, timeout=WAIT_MS)
    assert reader.board.canvas.suggestion is None


def test_that_a_server_that_is_not_there_is_said_so(reader: ReaderHand, server: FakeServer) -> None:
    turn_on(reader, server)
    server.stop()
    reader.click((4, 5))
    agree(reader)
    reader.qtbot.waitUntil(lambda: "cannot be reached" in reader.said, timeout=WAIT_MS)


def test_that_a_protocol_that_forbids_proposals_keeps_them_off(reader: ReaderHand) -> None:
    desktop = reader.window.desktop
    desktop.set_settings(replace(desktop.settings, ai_server="http://127.0.0.1:9"))
    reader.board.hand.protocol = Protocol(frozenset({"AI proposal"}))
    section(reader)._follow()
    assert not section(reader).turn_on.isEnabled()
    assert section(reader).turn_on.toolTip() == "The protocol of this study forbids AI proposals in readings."
    reader.key(Qt.Key.Key_J)
    assert reader.board.hand.tool_id == "brush"
    assert tool(reader).asks is None


def test_that_without_the_extra_the_panel_says_what_is_missing(
    reader: ReaderHand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("escc_desktop.workflow.proposals.find_spec", lambda _name: None)
    part = section(reader)
    part._follow()
    assert part.words.text() == 'This installation has no client for AI proposals. Install the extra "ai".'
    assert not part.turn_on.isEnabled()
    assert part.turn_on.toolTip() == part.words.text()
