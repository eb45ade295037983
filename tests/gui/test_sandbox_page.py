"""Contours tried on a copy, as an oncologist does it: by mouse and keys, with the score following."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from threading import Event
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from escc_desktop.gui.latest import Latest
from escc_desktop.gui.main_window import MainWindow
from escc_desktop.gui.pages.patient import PatientPage
from escc_desktop.gui.pages.sandbox_board import SandboxBoard
from escc_desktop.gui.tasks import Tasks
from escc_desktop.gui.widgets.painted import color, risk_color
from escc_desktop.gui.widgets.tornado import Tornado
from escc_desktop.imaging.mask import Mask
from escc_desktop.progress import Progress
from escc_desktop.workflow import live_signature
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.views.live_signature import Sandbox

Studied = Callable[[str], Project]
Show = Callable[..., MainWindow]
Open = Callable[[], PatientPage]
WAIT_MS = 30_000
RIGHTWARDS = QPoint(60, 0)  # in a view 250 pixels wide


@pytest.fixture
def oncologist(studied_project: Studied) -> Project:
    return studied_project("oncologist")


@pytest.fixture
def open_page(show_as: Show, oncologist: Project, qtbot: QtBot) -> Open:
    def opened() -> PatientPage:
        window = show_as(oncologist, "patient")
        qtbot.waitUntil(lambda: isinstance(window.current_page, PatientPage), timeout=WAIT_MS)
        page = window.current_page
        assert isinstance(page, PatientPage)
        qtbot.waitUntil(lambda: page.shown is not None and page.numbers.lesion.found is not None, timeout=WAIT_MS)
        return page

    return opened


@pytest.fixture
def open_board(open_page: Open, qtbot: QtBot) -> Callable[[], tuple[PatientPage, SandboxBoard]]:
    def opened() -> tuple[PatientPage, SandboxBoard]:
        page = open_page()
        qtbot.mouseClick(page.numbers.lesion.try_button, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: page.sandbox.board is not None and page.sandbox.board.isVisible(), timeout=WAIT_MS)
        board = page.sandbox.board
        assert board is not None
        qtbot.wait(50)  # the lesion is brought near in the next turn
        page.window().activateWindow()
        qtbot.waitUntil(page.window().isActiveWindow)
        return page, board

    return opened


Board = Callable[[], tuple[PatientPage, SandboxBoard]]


def below(board: SandboxBoard) -> int:
    """Return where the buttons that undo stand."""
    return board.side.undo.mapTo(board.side, QPoint(0, 0)).y()


def paint(board: SandboxBoard, by: QPoint = RIGHTWARDS) -> None:
    """Draw a stroke with the mouse from the lesion's middle in the axial view."""
    view = board.views.axial
    start = view.crosshair.toPoint()
    by = by * (min(view.width(), view.height()) / 250)
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=start)
    for step in range(1, 9):
        QTest.mouseMove(view, start + by * (step / 8))
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=start + by)


def settle(qtbot: QtBot, board: SandboxBoard) -> None:
    qtbot.waitUntil(lambda: not board.is_counting, timeout=WAIT_MS)


def test_that_a_stroke_moves_the_score_and_nothing_is_stored(
    open_board: Board, oncologist: Project, qtbot: QtBot
) -> None:
    store = oncologist._store
    rows = len(store.ledger.rows())
    page, board = open_board()
    part, live = board.side.part, board.sandbox.live
    assert page.sandbox.banner.text() == "A copy to try on. Nothing here is stored or counts."
    assert page.sandbox.banner.isVisible()
    assert "slice" not in page.sandbox.whose.text()
    assert not page.list.isVisible()
    assert not page.summary.isVisible()
    assert part.score.text() == f"{live.signed.score:.3f}"
    signed = live.signed_mask
    paint(board)
    qtbot.waitUntil(lambda: board.canvas.next_undo is not None)
    settle(qtbot, board)
    drawn = Mask(board.canvas.shown.copy(), signed.geometry)
    assert drawn.n_voxels != signed.n_voxels
    again = live_signature.LiveSignature(
        live_signature.SignedCopy(
            replace(store_roi(oncologist, live.session_id), mask=drawn),
            live._volume,
            live.card,
            live._params,
            1,
            {},
        ),
        Progress(),
    )
    assert board.tried.strip.score == again.signed.score
    assert part.score.text() == f"{again.signed.score:.3f}"
    assert f"{live.signed.score:.3f}" in part.change.text()
    assert part.moved.count() > 0
    qtbot.keyClick(board.views.axial, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: board.canvas.next_undo is None)
    settle(qtbot, board)
    assert part.change.text().startswith("no change")
    qtbot.keyClick(board.views.axial, Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    settle(qtbot, board)
    assert board.tried.strip.score == again.signed.score
    qtbot.mouseClick(page.sandbox.leave, Qt.MouseButton.LeftButton)
    assert not page.has_sandbox
    assert page.summary.isVisible()
    assert page.numbers.lesion.try_button.hasFocus(), "the next key is not for the search field"
    assert [row.action for row in store.ledger.rows()[rows:]] == ["try contours"]
    assert np.array_equal(store_roi(oncologist, live.session_id).mask.voxels, signed.voxels)


def test_that_the_tools_stay_where_they_are_when_the_score_moves(open_board: Board, qtbot: QtBot) -> None:
    _page, board = open_board()
    stood = below(board)
    paint(board)
    qtbot.waitUntil(lambda: board.canvas.next_undo is not None)
    settle(qtbot, board)
    qtbot.wait(50)
    assert below(board) == stood


def store_roi(project: Project, session_id: str) -> Any:
    return next(roi for roi in project.rois() if roi.session_id == session_id)


def test_that_eraser_polygon_and_reset_work_on_the_copy(open_board: Board, qtbot: QtBot) -> None:
    _page, board = open_board()
    view, signed = board.views.axial, board.sandbox.live.signed_mask
    qtbot.keyClick(view, Qt.Key.Key_E)
    assert board.hand.tool_id == "eraser"
    paint(board)
    assert board.canvas.n_voxels < signed.n_voxels
    qtbot.keyClick(view, Qt.Key.Key_P)
    start = view.crosshair.toPoint()
    for corner in (QPoint(-60, -60), QPoint(60, -60), QPoint(60, 60)):
        QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=start + corner)
    before = board.canvas.n_voxels
    qtbot.keyClick(view, Qt.Key.Key_Return)
    qtbot.keyClick(view, Qt.Key.Key_Return)
    assert board.canvas.n_voxels > before
    qtbot.mouseClick(board.side.reset, Qt.MouseButton.LeftButton)
    assert np.array_equal(board.canvas.shown, signed.voxels)
    settle(qtbot, board)
    assert board.tried.strip.score == board.sandbox.live.signed.score


def test_that_an_emptied_contour_has_a_sentence_in_place_of_a_score(open_board: Board, qtbot: QtBot) -> None:
    _page, board = open_board()
    board.canvas.shown[:] = False
    box = board.sandbox.live.signed_mask.bounding_box
    board.canvas.take("eraser", box[0].start, box)
    settle(qtbot, board)
    assert board.side.part.cutoff.text() == "The contour is empty."
    assert board.side.part.group.text() == ""
    assert not board.side.part.strip.isVisible()
    board.undo()
    settle(qtbot, board)
    assert board.side.part.score.text() == f"{board.sandbox.live.signed.score:.3f}"


def test_that_the_latest_edit_wins(open_board: Board, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    _page, board = open_board()
    begun, go_on = Event(), Event()
    score, asked = Sandbox.score, []

    def slow(sandbox: Sandbox, patch: Any, progress: Progress) -> Any:
        asked.append(patch)
        if len(asked) == 1:
            begun.set()
            assert go_on.wait(20)
        return score(sandbox, patch, progress)

    monkeypatch.setattr(Sandbox, "score", slow)
    paint(board)
    assert begun.wait(20)
    for by in (QPoint(0, 60), QPoint(0, -60), QPoint(-60, 0)):
        paint(board, by)
    assert board.side.part.state.text() == "counting"
    go_on.set()
    settle(qtbot, board)
    # The first, which was stopped, and the newest; none of those between.
    assert len(asked) == 2
    assert asked[1].voxels.sum() == board.canvas.n_voxels
    assert board.tried == board.sandbox.score(board.sandbox.live.contour.snapshot(), Progress())
    assert board.side.part.state.text() == ""


def test_that_results_of_what_nobody_wants_any_more_are_not_shown(qtbot: QtBot) -> None:
    tasks, shown = Tasks(), []
    latest: Latest[int] = Latest(tasks, "", shown.append, shown.append)
    gate = Event()

    def job(number: int, progress: Progress) -> int:
        assert gate.wait(20)
        return number

    for number in (1, 2, 3):
        latest.ask(job, number)
    gate.set()
    qtbot.waitUntil(lambda: bool(shown))
    assert shown == [3]
    gate.clear()
    latest.ask(job, 4)
    latest.stop()
    gate.set()
    qtbot.waitUntil(lambda: not tasks.running)
    assert shown == [3]
    tasks.close()


def test_that_the_tornado_tells_in_words_and_shapes_what_the_score_depends_on(open_board: Board, qtbot: QtBot) -> None:
    _page, board = open_board()
    qtbot.mouseClick(board.depends_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: board.tornado.found is not None, timeout=WAIT_MS)
    found, tornado = board.tornado.found, board.tornado.tornado
    live = board.sandbox.live
    assert found.signed == live.signed.score
    assert (found.group, found.cutoff) == (live.signed.group, live.card.rad_score.cutoff.value)
    spans = [max((abs(mark.score - found.signed) for mark in bar.marks), default=0) for bar in found.bars]
    assert spans == sorted(spans, reverse=True)
    labels = [bar.label for bar in found.bars]
    assert "Outline one pixel wider or narrower" in labels
    assert "Noise added" in labels
    tornado.grab()
    for number, bar in enumerate(found.bars):
        tip = tornado.tip_at(tornado.row_of(number).center())
        assert bar.label in tip
        assert all(mark.words in tip for mark in bar.marks)
        other = "HIGH ▲" if found.group == "LOW" else "LOW ▼"
        assert (other in bar.outcome) == bar.flips == any(mark.flips for mark in bar.marks)
        side = [(mark.score > found.cutoff) != (found.signed > found.cutoff) for mark in bar.marks]
        assert [mark.flips for mark in bar.marks] == side
    assert bool([bar for bar in found.bars if bar.flips]) == ("none of these" not in found.summary)


def test_that_bars_are_where_the_scores_are_and_flips_are_striped(open_board: Board, qtbot: QtBot) -> None:
    _page, board = open_board()
    board.show_tornado()
    qtbot.waitUntil(lambda: board.tornado.found is not None, timeout=WAIT_MS)
    tornado, found = Tornado(), board.tornado.found
    qtbot.addWidget(tornado)
    tornado.resize(1200, 600)
    longest = found.bars[0]
    far = max(longest.marks, key=lambda mark: abs(mark.score - found.signed))
    cutoff = found.signed + (far.score - found.signed) * 0.6
    group, other = ("LOW", "HIGH") if cutoff > found.signed else ("HIGH", "LOW")
    marks = tuple(replace(mark, flips=mark is far) for mark in longest.marks)
    bars = (replace(longest, marks=marks, flips=True), *found.bars[1:])
    tornado.show_tornado(replace(found, cutoff=cutoff, group=group, bars=bars))
    picture = tornado.grab().toImage()
    y = int(tornado.row_of(0).center().y())
    own = tornado.x_of(found.signed + (far.score - found.signed) * 0.3)
    assert picture.pixelColor(int(own), y) == QColor(color("accent"))
    assert picture.pixelColor(int(tornado.x_of(far.score)), y) == risk_color(other)
    beyond = range(*sorted((int(tornado.x_of(cutoff)), int(tornado.x_of(far.score)))))
    inks = {picture.pixelColor(x, y - 2).name() for x in list(beyond)[8:-8]}
    assert risk_color(other).name() in inks
    assert color("accent").name() not in inks


def test_that_a_click_on_the_deciding_voxel_shows_it(open_board: Board, qtbot: QtBot) -> None:
    _page, board = open_board()
    board.show_tornado()
    qtbot.waitUntil(lambda: board.tornado.found is not None, timeout=WAIT_MS)
    found, voxel = board.tornado.found, (18, 14, 6)
    bars = (replace(found.bars[0], voxel=voxel), *found.bars[1:])
    board.tornado.found = replace(found, bars=bars)
    tornado = board.tornado.tornado
    tornado.show_tornado(board.tornado.found)
    tornado.grab()
    qtbot.mouseClick(tornado, Qt.MouseButton.LeftButton, pos=tornado.row_of(0).center().toPoint())
    assert board.views.isVisible()
    assert board.views.point == voxel


def test_that_computing_can_be_stopped_and_begun_again(
    open_board: Board, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    _page, board = open_board()
    gate, tornado = Event(), Sandbox.tornado

    def slow(sandbox: Sandbox, progress: Progress) -> Any:
        gate.wait(20)
        return tornado(sandbox, progress)

    monkeypatch.setattr(Sandbox, "tornado", slow)
    board.show_tornado()
    qtbot.mouseClick(board.tornado.cancel_button, Qt.MouseButton.LeftButton)
    assert board.tornado.words.text() == "Stopped."
    gate.set()
    qtbot.wait(100)
    assert board.tornado.found is None
    qtbot.mouseClick(board.tornado.again, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: board.tornado.found is not None, timeout=WAIT_MS)


def test_that_escape_leaves_and_another_patient_closes_the_copy(open_board: Board, qtbot: QtBot) -> None:
    page, board = open_board()
    qtbot.keyClick(board.views.axial, Qt.Key.Key_Escape)
    assert not page.has_sandbox
    assert page.sandbox.board is None
    page.open_sandbox()
    qtbot.waitUntil(lambda: page.sandbox.board is not None, timeout=WAIT_MS)
    other = next(code for code in page.list.codes() if code != page.shown.patient_id)
    page.desktop.choose_patient(other)
    qtbot.waitUntil(lambda: page.shown.patient_id == other, timeout=WAIT_MS)
    assert not page.has_sandbox
    assert page.sandbox.board is None


def test_that_a_refusal_is_said_in_the_window(open_page: Open, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    page = open_page()
    monkeypatch.setattr(live_signature, "stored_cards", lambda _view: ())
    page.open_sandbox()
    refusal = page.sandbox._refusal
    qtbot.waitUntil(refusal.isVisible, timeout=WAIT_MS)
    assert "no model with a Rad-score" in refusal._title.text()


def test_that_who_may_not_is_told_so(show_as: Show, studied_project: Studied, qtbot: QtBot) -> None:
    window = show_as(studied_project("statistician"), "patient")
    page = window.current_page
    assert isinstance(page, PatientPage)
    lesion = page.numbers.lesion
    qtbot.waitUntil(lambda: page.shown is not None and lesion.sentence != "Loading the CT", timeout=WAIT_MS)
    page.open_sandbox()
    assert not page.has_sandbox
    action = next(action for action in page.actions_now() if action.action_id == "patient.try")
    assert not action.is_enabled


@pytest.mark.unwatched
def test_that_it_fits_the_smallest_screen_and_takes_another_theme(open_board: Board, qtbot: QtBot) -> None:
    page, board = open_board()
    page.window().resize(1366, 768)
    qtbot.wait(100)
    assert board.side.part.moved_title.parent() is not None
    edge = QPointF(board.side.rect().bottomRight())
    assert page.window().rect().contains(board.side.mapTo(page.window(), edge.toPoint()))
    assert page.sandbox.banner.width() >= page.sandbox.banner.sizeHint().width()
    page.desktop.set_settings(replace(page.desktop.settings, theme="light"))
    qtbot.wait(50)
    group = board.tried.group
    assert risk_color(group).name() in board.side.part.group.styleSheet()
