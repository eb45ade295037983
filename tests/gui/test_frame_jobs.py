"""Jobs in head and tray; notices; defects; and leaving while something runs."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from PySide6.QtCore import QMessageLogContext, Qt, QtMsgType
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from escc_desktop.errors import EsccError, Fault, FaultsError
from escc_desktop.gui.frame.crash import catch_defects, log_folder, log_qt
from escc_desktop.gui.frame.notice_stack import MOST, OFFERED_MS, SHOWN_MS
from escc_desktop.gui.frame.tray import SLIDE_MS, WIDTH_PX, JobRow
from escc_desktop.gui.main_window import MainWindow
from escc_desktop.gui.notices import Tone
from escc_desktop.gui.tasks import Answers
from escc_desktop.gui.theme import current_tokens
from escc_desktop.workflow.project import Project

LEFT, KEY = Qt.MouseButton.LeftButton, Qt.Key


def rows(window: MainWindow) -> list[JobRow]:
    return list(window.tray.rows.values())


def test_that_the_head_counts_jobs_and_shows_how_far_they_are(
    framing: ModuleType, window: MainWindow, qtbot: QtBot
) -> None:
    tidied: list[str] = []
    first = window.desktop.tasks.run("Importing images", framing.slow(tidied, 0.6))
    window.desktop.tasks.run("fetching", framing.slow(tidied), quiet=True).cancel()
    second = window.desktop.tasks.run("Backing up", framing.slow(tidied))
    button = window.head.jobs
    qtbot.waitUntil(lambda: button.text() == "2")
    qtbot.waitUntil(lambda: (first.fraction or 0) > 0.5)
    half = ((first.fraction or 0) + (second.fraction or 0)) / 2
    button.tell()
    assert button.fraction == pytest.approx(half, abs=0.02)
    picture = button.grab().toImage()
    ratio = picture.devicePixelRatio()
    place = (round(8 * ratio), round((button.height() - 2) * ratio))
    assert picture.pixelColor(*place).name() == current_tokens().accent
    second.cancel()
    qtbot.waitUntil(lambda: not window.desktop.tasks.running)
    qtbot.waitUntil(lambda: button.text() == "")
    assert tidied == ["tidied"] * 3


def test_that_the_tray_slides_in_and_out_and_shows_each_job(
    framing: ModuleType, window: MainWindow, qtbot: QtBot
) -> None:
    window.desktop.tasks.run("Importing images", framing.slow([]))
    qtbot.mouseClick(window.head.jobs, LEFT)
    right = window.centralWidget().width()
    qtbot.waitUntil(lambda: window.tray.x() == right - WIDTH_PX, timeout=SLIDE_MS + 2000)
    assert window.tray.isVisible()
    qtbot.waitUntil(lambda: bool(rows(window)))
    row = rows(window)[0]
    qtbot.waitUntil(lambda: row.bar.value() > 0)
    assert row.state.text().startswith("slice ")
    qtbot.waitUntil(lambda: "left" in row.state.text())
    qtbot.mouseClick(row.cancel, LEFT)
    qtbot.waitUntil(lambda: row.is_over)
    assert row.state.text() == "Cancelled; nothing was left half-done"
    qtbot.mouseClick(window.head.jobs, LEFT)
    qtbot.waitUntil(lambda: not window.tray.isVisible(), timeout=SLIDE_MS + 2000)


def test_that_ended_jobs_stay_with_what_became_of_them(framing: ModuleType, window: MainWindow, qtbot: QtBot) -> None:
    window.desktop.tasks.run("Writing the report", lambda progress: None)
    window.desktop.tasks.run("Backing up", framing.failing)
    window.desktop.tasks.run("Hidden", lambda progress: None, quiet=True)
    qtbot.waitUntil(lambda: len(rows(window)) == 2 and all(row.is_over for row in rows(window)))
    said = {row._name.text(): (row.state.text(), row._hint.text()) for row in rows(window)}
    assert said == {
        "Writing the report": ("Done", ""),
        "Backing up": ("The disk of the project is full.", "Free some space and try again; nothing was lost."),
    }
    assert [card.notice.text for card in window.notices.cards] == ["The disk of the project is full."]
    window.tray.toggle()
    qtbot.mouseClick(window.tray._clear, LEFT)
    assert rows(window) == []


def test_that_notices_leave_by_themselves_and_troubles_stay(window: MainWindow, qtbot: QtBot) -> None:
    window.desktop.notices.say("Reading signed.", tone=Tone.SUCCESS)
    window.desktop.notices.trouble(EsccError("The disk is full.", "Free some space."))
    passing, staying = window.notices.cards
    assert passing._timer.isActive()
    assert passing._timer.interval() == SHOWN_MS
    assert not staying._timer.isActive()
    passing._timer.timeout.emit()
    assert window.notices.cards == [staying]
    assert staying.accessibleName() == "The disk is full. Free some space."
    window.notices.dismiss(staying)
    assert not window.notices.isVisible()


def test_that_a_notice_waits_while_it_is_read(window: MainWindow, qtbot: QtBot) -> None:
    window.desktop.notices.say("Reading signed.")
    card = window.notices.cards[0]
    card.enterEvent(None)
    assert not card._timer.isActive()
    card.leaveEvent(None)
    assert card._timer.isActive()


def test_that_all_faults_can_be_read(window: MainWindow, qtbot: QtBot) -> None:
    faults = [Fault(f"labs.csv, row {row}", "no number") for row in range(2, 40)]
    window.desktop.notices.trouble(FaultsError("labs.csv has faults.", faults, "Mend them."))
    card = window.notices.cards[0]
    before = card.height()
    qtbot.mouseClick(card.more, LEFT)
    assert card.details.isVisible()
    assert card.details.toPlainText().splitlines() == [str(fault) for fault in faults]
    qtbot.waitUntil(lambda: card.height() > before)
    foot = window.foot.mapTo(window.centralWidget(), window.foot.rect().topLeft()).y()
    assert window.notices.geometry().bottom() < foot


def test_that_a_notice_offers_what_to_do(window: MainWindow, qtbot: QtBot) -> None:
    done: list[str] = []
    window.desktop.notices.offer("The demo study is built.", "Open it", lambda: done.append("opened"))
    qtbot.mouseClick(window.notices.cards[0].action, LEFT)
    assert done == ["opened"]
    assert window.notices.cards == []


def test_that_no_flood_of_notices_covers_the_page(window: MainWindow, qtbot: QtBot) -> None:
    for number in range(10):
        window.desktop.notices.say(f"Notice {number}")
    window.desktop.notices.say("Notice 9")
    assert [card.notice.text for card in window.notices.cards] == [f"Notice {n}" for n in range(10 - MOST, 10)]


def test_that_a_defect_is_told_once_written_down_and_the_program_goes_on(
    framing: ModuleType, window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window.desktop.tasks.run("Reading", framing.defective)
    sheet = window.crash_sheet
    qtbot.waitUntil(sheet.isVisible)
    qtbot.waitUntil(lambda: "crash-" in sheet.kept.text())
    report = sheet.report.toPlainText()
    assert "ZeroDivisionError" in report
    assert "framing.py" in report
    assert "Zhang San" not in report
    assert str(tmp_path) not in report
    (saved,) = (tmp_path / "state" / "escc-desktop" / "log").glob("crash-*.txt")
    assert saved.read_text(encoding="utf-8") == report
    qtbot.mouseClick(sheet.copy, LEFT)
    assert QGuiApplication.clipboard().text() == report
    window.desktop.tasks.run("Reading", framing.defective)
    qtbot.waitUntil(lambda: not window.desktop.tasks.running)
    assert sheet.report.toPlainText() == report
    qtbot.keyClick(sheet, Qt.Key.Key_Escape)
    assert not sheet.isVisible()
    answered: list[str] = []
    window.desktop.tasks.run("Going on", lambda progress: "went on", answers=Answers(then=answered.append))
    qtbot.waitUntil(lambda: answered == ["went on"])


def test_that_defects_nobody_caught_are_told_from_any_thread(
    framing: ModuleType, window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    hooks = (sys.excepthook, threading.excepthook, sys.unraisablehook)
    told: list[str] = []
    window.desktop.notices.crashed.connect(told.append)
    monkeypatch.setattr("escc_desktop.gui.frame.crash.qInstallMessageHandler", lambda _handler: None)
    logger = logging.getLogger("escc_desktop")
    handlers = list(logger.handlers)
    try:
        catch_defects(window.desktop.notices)
        sys.excepthook(KeyError, KeyError("P-017"), None)
        thread = threading.Thread(target=int, args=("P-017",))
        thread.start()
        thread.join()
        qtbot.waitUntil(lambda: len(told) == 2)
    finally:
        sys.excepthook, threading.excepthook, sys.unraisablehook = hooks
        logger.handlers = handlers
    assert {report.splitlines()[0] for report in told} == {"KeyError", "ValueError"}
    assert "P-017" not in window.crash_sheet.report.toPlainText()
    window.crash_sheet.close_sheet()


def test_that_what_qt_says_is_logged_without_names_and_places(caplog: pytest.LogCaptureFixture) -> None:
    context = QMessageLogContext()
    said = 'QFile::open: "Zhang San.dcm" in /data/Zhang/1.dcm and C:\\scans\\Zhang.dcm failed'
    with caplog.at_level(logging.WARNING):
        log_qt(QtMsgType.QtWarningMsg, context, said)
    assert caplog.messages == ["QFile::open: … in … and … failed"]
    caplog.clear()


def test_that_logs_lie_in_the_users_own_folder(framing: ModuleType, tmp_path: Path) -> None:
    assert log_folder() == tmp_path / "state" / "escc-desktop" / "log"


def test_that_closing_the_window_stops_jobs_asks_nothing_and_closes_the_project_last(
    framing: ModuleType,
    window: MainWindow,
    qtbot: QtBot,
    small_project: Callable[[str], Project],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log: list[str] = []
    monkeypatch.setattr(Project, "close", lambda self: log.append("closed"))
    window.desktop.take_project(small_project("coordinator"))
    qtbot.waitUntil(lambda: window.current_page is not None)
    page = window.current_page
    window.desktop.tasks.run("Importing images", framing.slow(log))
    window.desktop.tasks.run("Backing up", framing.slow(log))
    window.close()
    assert not window.isVisible()
    assert page.is_closed
    qtbot.waitUntil(lambda: log == ["tidied", "tidied", "closed"], timeout=10_000)
    qtbot.waitUntil(lambda: not window.desktop.tasks.running)


def test_that_closing_a_project_stops_its_own_jobs_only(
    framing: ModuleType, window: MainWindow, qtbot: QtBot, small_project: Callable[[str], Project]
) -> None:
    own: list[str] = []
    project = small_project("coordinator")
    window.desktop.take_project(project)
    qtbot.waitUntil(lambda: window.current_page is not None)

    def import_images(_project: Project, progress: object) -> str:
        return str(framing.slow(own)(progress=progress))

    window.desktop.tasks.run("Importing images", import_images, project)
    demo = window.desktop.tasks.run("Building the demo study", framing.slow([]))
    window.close_project()
    assert window.desktop.project is None
    qtbot.waitUntil(lambda: own == ["tidied"], timeout=10_000)
    assert not demo.is_cancelled
    assert demo in window.desktop.tasks.running
    assert window.stack.currentWidget() is window.start_page
    demo.cancel()


def test_that_a_project_opened_while_the_one_before_still_closes_stays_open(
    framing: ModuleType,
    window: MainWindow,
    qtbot: QtBot,
    small_project: Callable[[str], Project],
    small_study: ModuleType,
    tmp_path: Path,
) -> None:
    may_end = threading.Event()
    first, other = small_project("coordinator"), small_study.build(tmp_path / "other")

    def back_up(_project: Project, progress: object) -> None:
        may_end.wait(20)

    window.desktop.take_project(first)
    qtbot.waitUntil(lambda: window.current_page is not None)
    window.desktop.tasks.run("Backing up", back_up, first)
    window.close_project()
    second = Project(other.store, other.people["coordinator"])
    window.desktop.take_project(second)
    may_end.set()
    qtbot.waitUntil(lambda: not window.desktop.tasks.running, timeout=10_000)
    assert window.desktop.project is second
    window.desktop.leave_project()


def test_that_a_synthetic_study_takes_the_place_of_no_page_that_may_not_be_left(
    framing: ModuleType,
    window: MainWindow,
    qtbot: QtBot,
    small_project: Callable[[str], Project],
    small_study: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    closed: list[Project] = []

    def close(self: Project) -> None:
        closed.append(self)

    monkeypatch.setattr(Project, "close", close)
    other = small_study.build(tmp_path / "other")
    drawing, demo = small_project("A"), Project(other.store, other.people["coordinator"])
    window.desktop.take_project(drawing)
    qtbot.waitUntil(lambda: window.current_page is not None)
    page = window.current_page
    page.stays = True
    window.start_page.demo.opened.emit(demo)
    assert window.desktop.project is drawing
    assert not page.is_closed
    qtbot.waitUntil(lambda: closed == [demo])
    page.stays = False
    window.start_page.demo.opened.emit(demo)
    assert page.is_closed
    assert window.desktop.project is demo
    assert window.desktop.is_synthetic
    qtbot.waitUntil(lambda: closed == [demo, drawing])
    other.store.close()


def test_that_what_was_fetched_for_a_page_that_goes_is_not_shown(
    framing: ModuleType, window: MainWindow, qtbot: QtBot, small_project: Callable[[str], Project]
) -> None:
    shown: list[object] = []
    window.desktop.take_project(small_project("coordinator"))
    qtbot.waitUntil(lambda: window.current_page is not None)
    page = window.current_page
    page.load(lambda _project, progress: "found", shown.append)
    loading = page._loading
    loading.job.result(10)
    window.close_project()
    assert loading.is_cancelled
    qtbot.waitUntil(lambda: not window.desktop.tasks.running)
    assert shown == []


CLOSED_WHILE_BUSY = """
import sys, time
from pathlib import Path
from PySide6.QtCore import QTimer
from escc_desktop.gui import app
from escc_desktop.gui.main_window import MainWindow
def slow(progress):
    try:
        for step in range(6000):
            progress.advance(step, 6000)
            time.sleep(0.01)
    finally:
        Path(sys.argv[1]).write_text("tidied")
def begin(window, start):
    window.desktop.tasks.run("busy", slow)
    QTimer.singleShot(300, window.close)
MainWindow.begin = begin
app.run([])
"""


def test_that_the_program_ends_once_its_jobs_have_stopped(tmp_path: Path) -> None:
    homes = {name: str(tmp_path) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME")}
    environment = {**os.environ, **homes, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [sys.executable, "-c", CLOSED_WHILE_BUSY, str(tmp_path / "tidied")],
        check=False,
        capture_output=True,
        text=True,
        env=environment,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "tidied").read_text() == "tidied"
    assert "Traceback" not in done.stderr


def test_that_an_offer_on_a_topic_stays_and_the_next_takes_its_place(window: MainWindow, qtbot: QtBot) -> None:
    notices = window.desktop.notices
    notices.offer("The demo study is built.", "Open it", lambda: None, topic="demo")
    notices.say("Something else.")
    assert not window.notices.cards[0].leaves
    assert not window.notices.cards[0]._timer.isActive()
    notices.offer("The demo study is analysed.", "Open it", lambda: None, topic="demo")
    assert [card.notice.text for card in window.notices.cards] == ["Something else.", "The demo study is analysed."]


def test_that_what_can_be_done_stays_longer_than_what_is_only_said(window: MainWindow) -> None:
    window.desktop.notices.offer("Report written: P017.pdf", "Open", lambda: None)
    assert window.notices.cards[0].leaves
    assert window.notices.cards[0]._timer.interval() == OFFERED_MS > SHOWN_MS


def test_that_the_tray_gives_the_keyboard_back(window: MainWindow, qtbot: QtBot) -> None:
    before = window.head.search
    before.setFocus()
    window.tray.toggle()
    assert window.focusWidget() is window.tray._shut
    qtbot.keyClick(window.tray._shut, KEY.Key_Escape)
    qtbot.waitUntil(lambda: not window.tray.isVisible(), timeout=SLIDE_MS + 2000)
    assert window.focusWidget() is before
