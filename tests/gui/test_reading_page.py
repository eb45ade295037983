"""The reading page around the drawing: list, opening, figures, slices, saving, signing, leaving."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot
from reader_hand import LEFT, WAIT_MS, ReaderHand

from escc_desktop.errors import EsccError
from escc_desktop.gui.main_window import MainWindow
from escc_desktop.gui.pages import reading as reading_page
from escc_desktop.imaging.measure import slice_axes
from escc_desktop.progress import Progress
from escc_desktop.store.store import Store
from escc_desktop.workflow.desk import Reading, ReadingDesk
from escc_desktop.workflow.project import Project

FIRST = "P1/L1/A/first"


@pytest.fixture
def reader(small_project: Callable[[str], Project], show_as: Callable[..., MainWindow], qtbot: QtBot) -> ReaderHand:
    """Reader A before his list."""
    return ReaderHand(show_as(small_project("A"), "reading"), qtbot)


def cells(reader: ReaderHand) -> list[tuple[str, ...]]:
    table = reader.page.agenda.table
    return [tuple(table.item(row, section).text() for section in range(5)) for row in range(table.rowCount())]


def no_job(reader: ReaderHand) -> None:
    reader.qtbot.waitUntil(lambda: reader.page._job is None and reader.page._loading is None, timeout=WAIT_MS)


class StubbornDisk:
    """Stands for the journal's file: refuses while `error` is set."""

    def __init__(self, reading: Reading) -> None:
        self._append = reading._journal._append
        self.error: EsccError | None = None
        reading._journal._append = self.append

    def append(self, first: int, steps: list[bytes]) -> None:
        if self.error is not None:
            raise self.error
        self._append(first, steps)


# The list


def test_that_the_list_says_how_far_each_session_is_and_until_when_one_is_locked(
    small_study: ModuleType, tmp_path: Path, show_as: Callable[..., MainWindow], qtbot: QtBot
) -> None:
    study = small_study.build(tmp_path / "project", patients=4, repeats=4)
    study.sign("P1/L1/A/first")
    study.desk("A").open("P2/L1/A/first").close()
    reader = ReaderHand(show_as(Project(study.store, study.people["A"]), "reading"), qtbot)
    opens = (study.clock.now + timedelta(days=10)).astimezone()
    signed = study.clock.now.astimezone()
    order = [session.patient_id for session in study.plan.sessions if session.session_id.endswith("A/first")]
    to_read = [patient for patient in order if patient in {"P3", "P4"}]
    lesion = "primary tumour L1"
    assert cells(reader) == [
        ("In progress", "P2", lesion, "first reading", ""),
        ("To read", to_read[0], lesion, "first reading", ""),
        ("To read", to_read[1], lesion, "first reading", ""),
        ("Locked", "P1", lesion, "repeat reading", f"locked until {opens:%Y-%m-%d %H:%M}"),
        ("Signed", "P1", lesion, "first reading", f"signed {signed:%Y-%m-%d %H:%M}"),
    ]
    assert reader.page.agenda.next.text() == "Go on reading P2"
    table = reader.page.agenda.table
    reader.page.agenda.table.itemActivated.emit(table.item(3, 0))
    assert "comes too early" in reader.said
    assert reader.page.board is None
    assert "at least 10 days" in table.item(3, 0).toolTip()
    study.store.close()


def test_that_nothing_to_read_is_said_with_what_will_change_it(
    small_study: ModuleType, tmp_path: Path, show_as: Callable[..., MainWindow], qtbot: QtBot
) -> None:
    study = small_study.build(tmp_path / "project", patients=1, repeats=0)
    reader = ReaderHand(show_as(Project(study.store, study.people["B"]), "reading"), qtbot)
    assert reader.page._stack.currentWidget() is reader.page._empty
    assert reader.page._empty._title.text() == "Nothing to read"
    study.store.close()


def test_that_return_in_the_list_opens_the_session(reader: ReaderHand) -> None:
    table = reader.page.agenda.table
    chosen = table.currentRow()
    QTest.keyClick(table, Qt.Key.Key_Return)
    reader.qtbot.waitUntil(lambda: reader.page.board is not None, timeout=WAIT_MS)
    assert reader.board.reading.session.patient_id == table.item(chosen, 1).text()
    no_job(reader)


def test_that_another_page_can_ask_for_a_session(reader: ReaderHand) -> None:
    reader.window.desktop.go("reading", "P2/L1/A/first")
    reader.qtbot.waitUntil(lambda: reader.page.board is not None, timeout=WAIT_MS)
    assert reader.board.reading.session.session_id == "P2/L1/A/first"


def test_that_a_session_of_somebody_else_is_refused_with_a_reason(reader: ReaderHand) -> None:
    reader.window.desktop.go("reading", "P1/L1/B/first")
    reader.qtbot.waitUntil(lambda: bool(reader.notices), timeout=WAIT_MS)
    assert reader.said == "You have no reading P1/L1/B/first."
    assert reader.page._places.currentWidget() is reader.page.agenda


# Opening


def test_that_a_reading_opens_on_the_point_where_its_lesion_was_marked(
    reader: ReaderHand, small_study: ModuleType
) -> None:
    board = reader.open(FIRST)
    # (0, 0, 104) mm on spacing (0.8, 0.8, 2) from (-4, -5, 100): 5, 6.25, 2 voxels.
    assert board.mark == (5, 6, 2)
    assert board.views.point == (5, 6, 2)
    assert (board.views.axial.index, board.views.coronal.index, board.views.sagittal.index) == (2, 6, 5)
    assert reader.window.desktop.patient_id == "P1"
    arm = board.views.axial.plane_to_widget(6, 5).toPoint() + QPoint(5, 5)
    pixel = board.views.axial.grab().toImage().pixelColor(arm)
    assert pixel.red() > pixel.blue() + 60  # the marker's yellow


def test_that_opening_can_be_cancelled_and_leaves_nothing_open(
    reader: ReaderHand, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered, go_on = threading.Event(), threading.Event()
    opened: list[object] = []
    real = reading_page.open_for_drawing

    def slow(project: Project, session_id: str, progress: Progress) -> object:
        made = real(project, session_id, Progress())
        opened.append(made)
        entered.set()
        go_on.wait(10)
        return made

    monkeypatch.setattr(reading_page, "open_for_drawing", slow)
    reader.page.open_session(FIRST)
    reader.qtbot.waitUntil(entered.is_set, timeout=WAIT_MS)
    assert reader.page._places.currentWidget() is reader.page.opening
    reader.page.opening.cancel.emit()
    go_on.set()
    no_job(reader)
    assert reader.page.board is None
    assert reader.page._places.currentWidget() is reader.page.agenda
    reader.qtbot.waitUntil(lambda: opened[0].reading._is_closed, timeout=WAIT_MS)  # type: ignore[attr-defined]


def test_that_a_reading_is_resumed_where_it_was_left(reader: ReaderHand) -> None:
    reader.open(FIRST)
    reader.stroke([(2, 2), (2, 6)])
    reader.page.close_reading()
    no_job(reader)
    assert reader.page.board is None
    assert cells(reader)[0][:2] == ("In progress", "P1")
    reader.open(FIRST)
    assert reader.drawn(2) == [(2, column) for column in range(2, 7)]
    assert reader.board.panel.undo.toolTip() == "Undo brush, slice 3 (Ctrl+Z)"
    assert reader.board.panel.figures.volume.text() == "0.01 mL (6 mm³)"


def test_that_a_closed_reading_leaves_no_voxels_in_memory(reader: ReaderHand) -> None:
    board = reader.open(FIRST)
    reader.click((3, 3))
    kept = [weakref.ref(board.planes), weakref.ref(board.canvas.shown), weakref.ref(board.reading)]
    del board
    reader.page.close_reading()
    no_job(reader)
    reader.qtbot.waitUntil(lambda: not any(one() is not None for one in kept), timeout=5000)


# Figures and slices


def test_that_volume_diameter_and_slices_follow_what_is_drawn(reader: ReaderHand) -> None:
    board = reader.open(FIRST)
    reader.stroke([(2, 2), (2, 6), (5, 6)])
    reader.view.set_index(4)
    reader.click((1, 1))
    figures = board.panel.figures
    volume = int(reader.kept.sum()) * 0.8 * 0.8 * 2.0
    assert figures.volume.text() == f"{volume / 1000:.2f} mL ({volume:.0f} mm³)"
    assert figures.slices.text() == "2"
    assert figures.missing.text() == "1 slice between is empty: 4"
    axes = [slice_axes(plane, board.planes.geometry.spacing_mm[:2]) for plane in reader.kept if plane.any()]
    expected = max(one.long_mm for one in axes if one)
    reader.qtbot.waitUntil(lambda: figures.diameter.text() == f"{expected:.1f} mm", timeout=WAIT_MS)
    reader.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    reader.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    reader.qtbot.waitUntil(lambda: figures.diameter.text() == "0.0 mm", timeout=WAIT_MS)


def test_that_the_strip_shows_drawn_slices_and_goes_where_it_is_clicked(reader: ReaderHand) -> None:
    board = reader.open(FIRST)
    for z in (1, 4):
        reader.view.set_index(z)
        reader.click((3, 3))
    strip = board.strip
    assert strip.words(1) == "Slice 2: 1 mm²"
    assert strip.words(2) == "Slice 3: empty between drawn slices"
    assert strip.words(5) == "Slice 6: empty"
    assert strip.x_of(5) < strip.x_of(0)  # the last slice is nearest the head
    image = strip.grab().toImage()
    drawn, gap, empty = (image.pixelColor(round(strip.x_of(z)) + 8, 38) for z in (1, 2, 5))
    assert drawn.red() > drawn.blue() + 100
    assert gap.red() > gap.green() + 60
    assert abs(empty.red() - empty.blue()) < 30
    QTest.mouseClick(strip, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(round(strip.x_of(0)), 20))
    assert reader.view.index == 0


def test_that_brackets_go_to_drawn_slices(reader: ReaderHand) -> None:
    reader.open(FIRST)
    for z in (0, 3, 5):
        reader.view.set_index(z)
        reader.click((3, 3))
    reader.view.set_index(4)
    reader.key(Qt.Key.Key_BracketRight)  # to the feet
    assert reader.view.index == 3
    reader.key(Qt.Key.Key_BracketRight)
    assert reader.view.index == 0
    reader.key(Qt.Key.Key_BracketRight)
    assert reader.said == "There is no drawn slice further on."
    reader.key(Qt.Key.Key_BracketLeft)
    reader.key(Qt.Key.Key_BracketLeft)
    assert reader.view.index == 5
    reader.key(Qt.Key.Key_G)
    assert reader.view.index == 2


# Saving


def test_that_all_saved_is_said_only_when_all_is_on_disk(reader: ReaderHand) -> None:
    board = reader.open(FIRST)
    disk = StubbornDisk(board.reading)
    disk.error = EsccError("The disk is full.", "Free some space.")
    reader.click((3, 3))
    assert reader.page.saved_said[0] == "Saving…"
    reader.qtbot.waitUntil(board.trouble_bar.isVisible, timeout=WAIT_MS)
    assert board.trouble_words.text() == "1 step is not saved. The disk is full.\nFree some space."
    assert reader.page.saved_said == ("Not saved", "danger")
    reader.click((4, 4))
    reader.qtbot.waitUntil(lambda: board.trouble_words.text().startswith("2 steps"), timeout=WAIT_MS)
    assert reader.drawn(2) == [(3, 3), (4, 4)]
    disk.error = None
    board.try_again.click()
    reader.saved()
    assert not board.trouble_bar.isVisible()
    assert board.reading.acknowledged == 2
    no_job(reader)


def test_that_a_reading_in_trouble_is_not_left_unasked(reader: ReaderHand) -> None:
    board = reader.open(FIRST)
    disk = StubbornDisk(board.reading)
    disk.error = EsccError("The disk is full.", "Free some space.")
    reader.click((3, 3))
    reader.qtbot.waitUntil(board.trouble_bar.isVisible, timeout=WAIT_MS)
    reader.window.close()
    assert reader.window.isVisible()
    assert reader.page.board is board
    offer = reader.notices[-1]
    assert offer.action == "Leave without the last step"
    assert offer.call is not None
    offer.call()
    assert reader.page.may_leave()


def test_that_two_windows_on_one_reading_are_told_apart_and_no_edit_is_lost_in_silence(
    reader: ReaderHand, small_project: Callable[[str], Project]
) -> None:
    board = reader.open(FIRST)
    elsewhere = ReadingDesk(board.reading._desk._store, board.reading._desk._principal).open(FIRST)
    voxels = np.zeros((12, 10), dtype=np.bool_)
    voxels[7, 7] = True
    elsewhere.edit("brush", 1, voxels)
    elsewhere.close()
    reader.click((3, 3))
    reader.qtbot.waitUntil(board.trouble_bar.isVisible, timeout=WAIT_MS)
    assert "1 step is not saved. The reading is open in another window." in board.trouble_words.text()
    assert reader.drawn(2) == [(3, 3)]
    assert board.reopen.text() == "Open again without the last step"
    board.reopen.click()
    reader.qtbot.waitUntil(lambda: reader.page.board not in {None, board}, timeout=WAIT_MS)
    assert np.argwhere(reader.kept).tolist() == [[1, 7, 7]]
    no_job(reader)


def test_that_leaving_the_page_and_coming_back_keeps_the_reading_open(reader: ReaderHand) -> None:
    board = reader.open(FIRST)
    reader.press((3, 3))  # the page is left in the middle of a stroke
    assert reader.page.may_leave()
    assert reader.drawn(2) == [(3, 3)]
    assert reader.page.board is board
    assert board.reading.is_saved


def test_that_closing_the_window_keeps_everything_drawn(
    small_study: ModuleType, tmp_path: Path, window: MainWindow, qtbot: QtBot
) -> None:
    study = small_study.build(tmp_path / "project")
    window.desktop.take_project(Project(study.store, study.people["A"]))
    window.go("reading")
    reader = ReaderHand(window, qtbot)
    reader.open(FIRST)
    for column in range(8):
        reader.click((3, column))
    drawn = reader.kept.copy()
    window.close()
    qtbot.waitUntil(lambda: not window.isVisible() and not window.desktop.tasks.running, timeout=WAIT_MS)
    with Store.open(tmp_path / "project", small_study.PASSPHRASE, cost=small_study.CHEAP) as store:
        principal = store.accounts.log_in("A", small_study.PASSWORD)
        with ReadingDesk(store, principal).open(FIRST) as kept:
            assert kept.acknowledged == 8
            assert np.array_equal(kept.history.voxels, drawn)


# Signing


def test_that_a_reading_is_signed_with_the_right_password_only(reader: ReaderHand, small_study: ModuleType) -> None:
    board = reader.open(FIRST)
    reader.stroke([(2, 2), (2, 6), (5, 6)])
    board.panel.sign.click()
    panel = board.sign_panel
    assert board.side.currentWidget() is panel
    assert dict(board.summary()) == {
        "Patient": "P1",
        "Lesion": "primary tumour L1",
        "Slices": "1",
        "Volume": "0.01 mL (10 mm³)",
        "Drawn with": "brush",
    }
    reader.click((8, 8))
    assert not reader.shown[2, 8, 8]
    assert reader.said == "Go on drawing before you change the outline."
    assert not panel.sign.isEnabled()
    QTest.keyClicks(panel.password, "not the password")
    QTest.keyClick(panel.password, Qt.Key.Key_Return)
    reader.qtbot.waitUntil(panel.trouble.isVisible, timeout=WAIT_MS)
    assert "The password is wrong" in panel.trouble.text()
    assert not board.reading.session.is_signed
    assert panel.password.text() == ""
    QTest.keyClicks(panel.password, small_study.PASSWORD)
    drawn = reader.kept.copy()
    project = reader.page.project
    panel.sign.click()
    reader.qtbot.waitUntil(lambda: reader.page._places.currentWidget() is reader.page.signed, timeout=WAIT_MS)
    no_job(reader)
    signed = next(session for session in project.sessions() if session.session_id == FIRST)
    assert signed.is_signed
    # The repeat, if one is planned, hides the first reading even from its reader.
    rois = {roi.session_id: roi for roi in project.rois()}
    assert FIRST not in rois or np.array_equal(rois[FIRST].mask.voxels, drawn)
    assert reader.page.signed.title.text() == "Reading of P1 signed"
    assert reader.page.board is None
    following = reader.page.signed.next
    assert following.text() in {"Read P2", "Read P3"}
    following.click()
    reader.qtbot.waitUntil(lambda: reader.page.board is not None, timeout=WAIT_MS)
    assert reader.board.reading.session.patient_id == following.text().removeprefix("Read ")


def test_that_nothing_can_be_signed_while_empty_or_with_an_open_polygon(reader: ReaderHand) -> None:
    board = reader.open(FIRST)
    board.panel.sign.click()
    assert reader.said == "Outline the lesion before you sign."
    reader.click((3, 3))
    reader.key(Qt.Key.Key_P)
    reader.click((1.5, 1.5))
    reader.key(Qt.Key.Key_B)
    assert "slice 3 is not accepted yet" in reader.said
    board.panel.sign.click()
    assert board.side.currentWidget() is board.panel
    board.panel.close_button.click()
    assert reader.page.board is board
    reader.key(Qt.Key.Key_P)
    reader.key(Qt.Key.Key_Escape)
    board.panel.sign.click()
    assert board.side.currentWidget() is board.sign_panel
    QTest.keyClick(board.sign_panel.password, Qt.Key.Key_Escape)
    assert board.side.currentWidget() is board.panel
    reader.key(Qt.Key.Key_B)
    reader.click((4, 4))
    assert reader.drawn(2) == [(3, 3), (4, 4)]


def test_that_the_sheet_of_keys_tells_what_the_mouse_does(reader: ReaderHand) -> None:
    assert reader.page.mouse_now() == ()
    reader.open(FIRST)
    assert dict(reader.page.mouse_now())["Next slice"] == "Wheel"
    reader.window.show_keys()
    texts = {one.text() for one in reader.window.keys_sheet.findChildren(QLabel)}
    assert {"Mouse", "Pan", "Middle button"} <= texts
