"""Images and trial records brought in from the worklist."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
import worklist_case
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from escc_desktop.gui.main_window import MainWindow
from escc_desktop.gui.pages.worklist import WorklistPage
from escc_desktop.gui.pages.worklist_strip import SliceStrip
from escc_desktop.gui.tasks import Running
from escc_desktop.workflow.demo.records import write_records
from escc_desktop.workflow.demo.truth import draw_truth

LONG = 20_000


@pytest.fixture(scope="session")
def handover(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return worklist_case.write_handover(tmp_path_factory.mktemp("handover") / "site").folder


@pytest.fixture
def people(tmp_path: Path, small_study: ModuleType) -> Iterator[worklist_case.People]:
    made = worklist_case.People(tmp_path / "project", small_study)
    yield made
    made.store.close()


@pytest.fixture
def page(people: worklist_case.People, show_as: Callable[..., MainWindow], qtbot: QtBot) -> WorklistPage:
    """The worklist of an empty project, as its coordinator sees it."""
    window = show_as(people("coordinator"), "worklist")
    shown = window.current_page
    assert isinstance(shown, WorklistPage)
    qtbot.waitUntil(lambda: shown.worklist is not None, timeout=LONG)
    return shown


def idle(page: WorklistPage, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not page.errands.is_busy, timeout=LONG)


def texts(widget: QWidget) -> list[str]:
    return [one.text() for one in widget.findChildren(QLabel) if one.isVisibleTo(widget)]


def patients(page: WorklistPage) -> list[str]:
    return [str(page.table.shown.index(row, 0).data()) for row in range(page.table.shown.rowCount())]


def press(button: QPushButton, qtbot: QtBot) -> None:
    assert button.isEnabled()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def choose_folder(page: WorklistPage, folder: Path, qtbot: QtBot) -> None:
    """Choose a folder in the dialog the page has opened."""
    dialog = page.errands.dialog
    assert dialog is not None
    qtbot.waitUntil(dialog.isVisible)
    dialog.setDirectory(str(folder.parent))
    dialog.selectFile(str(folder))
    dialog.accept()


def take(page: WorklistPage, folder: Path, qtbot: QtBot) -> None:
    page.errands.take([folder])
    qtbot.waitUntil(lambda: page.side.currentWidget() is page.errands.order, timeout=LONG)


def imported(page: WorklistPage, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: page.side.currentWidget() is page.errands.report, timeout=LONG)


def test_that_the_first_step_of_an_empty_project_takes_a_folder_in(
    page: WorklistPage, handover: Path, qtbot: QtBot
) -> None:
    steps = [one for one in page.findChildren(QPushButton) if one.isVisible() and one.text() == "Import images"]
    press(steps[0], qtbot)
    choose_folder(page, handover, qtbot)
    qtbot.waitUntil(lambda: page.side.currentWidget() is page.errands.order, timeout=LONG)
    assert "site" in texts(page.errands.order)
    press(page.errands.order.start, qtbot)
    imported(page, qtbot)
    assert {document.content["patient_id"] for document in page.project.series()} == {"P1", "P2"}
    qtbot.waitUntil(lambda: patients(page) == ["P1", "P2"], timeout=LONG)
    said = texts(page.errands.report)
    assert "2 series imported · 3 left out" in said
    assert any("note.txt" in text for text in said), "a file that is no image is told of"
    assert any(text.startswith("3 slices are missing") for text in said), "why P4 is refused"
    assert any("Fetch or export the series again" in text for text in said), "what to do"
    assert "P4" in said, "which folder"


def test_that_a_refused_series_shows_where_its_slices_are_missing(
    page: WorklistPage, handover: Path, qtbot: QtBot
) -> None:
    take(page, handover, qtbot)
    press(page.errands.order.start, qtbot)
    imported(page, qtbot)
    strips = [one for one in page.errands.report.findChildren(SliceStrip) if len(one.strip.gaps) == 2]
    assert len(strips) == 1
    strip = strips[0].strip
    # Slices lie every 4 mm from 31 mm; places 2, 3 and 6 are gone.
    assert strip.positions_mm == (31.0, 35.0, 47.0, 51.0, 59.0, 63.0)
    assert strip.gaps == ((35.0, 47.0), (51.0, 59.0))
    assert strip.n_missing == 3
    picture = strips[0].grab().toImage()
    ratio = picture.devicePixelRatio()
    at_slice, at_gap = (int(strips[0].x_of(mm) * ratio) for mm in (47.0, 41.0))
    middle = int(15 * ratio)
    assert picture.pixel(at_slice, middle) != picture.pixel(at_gap, middle)


def test_that_what_is_confirmed_is_imported_again_and_nothing_else(
    page: WorklistPage, handover: Path, qtbot: QtBot
) -> None:
    take(page, handover, qtbot)
    press(page.errands.order.start, qtbot)
    imported(page, qtbot)
    report = page.errands.report
    assert set(report.questions) == {"missing_slice"}
    box = report.questions["missing_slice"]
    assert "One slice is missing after 43.0 mm" in box.accessibleName(), "the checkbox names what is confirmed"
    assert not report.again.isEnabled()
    qtbot.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(10, box.height() // 2))
    press(report.again, qtbot)
    qtbot.waitUntil(lambda: "3 series imported · 2 left out" in texts(report), timeout=LONG)
    assert "P4" in texts(report), "what is still refused stays listed"
    assert {document.content["patient_id"] for document in page.project.series()} == {"P1", "P2", "P3"}
    volume = page.project.volume(worklist_case.series_uid("P3"))
    between = (volume.hu[3].astype(int) + volume.hu[5]) / 2
    assert abs(volume.hu[4] - between).max() <= 0.5, "the missing slice lies between its neighbours"
    qtbot.waitUntil(lambda: "P3" in patients(page), timeout=LONG)
    found = {patient.patient_id: patient for patient in page.worklist.patients}  # type: ignore[union-attr]
    assert found["P3"].problems == ("confirmed_finding",)


def drop_event(kind: type, paths: list[Path], page: WorklistPage) -> object:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    where, mouse = page.rect().center(), Qt.MouseButton.LeftButton
    place = QPointF(where) if kind is QDropEvent else where
    event = kind(place, Qt.DropAction.CopyAction, data, mouse, Qt.KeyboardModifier.NoModifier)
    event.kept = data
    return event


def test_that_a_folder_dropped_anywhere_is_offered_for_import(page: WorklistPage, handover: Path, qtbot: QtBot) -> None:
    enter = drop_event(QDragEnterEvent, [handover], page)
    QApplication.sendEvent(page, enter)
    assert enter.isAccepted()
    assert page.drop.veil.isVisible()
    dropped = drop_event(QDropEvent, [handover], page)
    QApplication.sendEvent(page, dropped)
    assert not page.drop.veil.isVisible()
    qtbot.waitUntil(lambda: page.side.currentWidget() is page.errands.order, timeout=LONG)
    assert "site" in texts(page.errands.order)
    press(page.errands.order.start, qtbot)
    imported(page, qtbot)
    qtbot.waitUntil(lambda: patients(page) == ["P1", "P2"], timeout=LONG)


def test_that_a_cancelled_import_keeps_whole_series_only(page: WorklistPage, tmp_path: Path, qtbot: QtBot) -> None:
    names = [f"P{number}" for number in range(1, 7)]
    for name in names:
        worklist_case.write_series(tmp_path / "many", name)
    notes: list[str] = []

    def advanced() -> None:
        notes.extend(running.note for running in page.desktop.tasks.running)
        if notes[-1].startswith("series 4 of 6") and page.errands.bar.stop.isEnabled():
            press(page.errands.bar.stop, qtbot)

    page.errands.advanced.connect(advanced)
    take(page, tmp_path / "many", qtbot)
    press(page.errands.order.start, qtbot)
    assert page.errands.bar.isVisible()
    idle(page, qtbot)
    page.errands.advanced.disconnect(advanced)
    assert any(note.startswith("series 4 of 6") for note in notes)
    kept = page.project.series()
    assert 1 <= len(kept) < 6  # the first was stored before the fourth was begun
    for document in kept:
        volume = page.project.volume(document.document_id)
        patient = document.content["patient_id"]
        assert (volume.hu == worklist_case.phantom(sum(map(ord, patient))).hu).all()
    # What was stored is shown, and the rest can be had by importing again.
    qtbot.waitUntil(lambda: len(patients(page)) == len(kept), timeout=LONG)
    take(page, tmp_path / "many", qtbot)
    press(page.errands.order.start, qtbot)
    imported(page, qtbot)
    qtbot.waitUntil(lambda: patients(page) == names, timeout=LONG)
    assert f"{6 - len(kept)} series imported · {len(kept)} known before · 0 left out" in texts(page.errands.report)


def test_that_trial_codes_of_a_list_replace_hospital_numbers(
    page: WorklistPage, handover: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    codes = tmp_path / "codes.csv"
    codes.write_text("patient_id,trial_code\nP1,T-07\n", encoding="utf-8")
    take(page, handover, qtbot)
    order = page.errands.order
    qtbot.mouseClick(order.from_list, Qt.MouseButton.LeftButton, pos=QPoint(10, order.from_list.height() // 2))
    assert not order.start.isEnabled(), "no list is chosen yet"
    order.show_codes(codes)
    press(order.start, qtbot)
    imported(page, qtbot)
    qtbot.waitUntil(lambda: patients(page) == ["T-07"], timeout=LONG)
    assert any("no trial code in the list" in text for text in texts(page.errands.report))


def test_that_every_fault_of_a_list_of_codes_is_shown(
    page: WorklistPage, handover: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    codes = tmp_path / "codes.csv"
    codes.write_text("patient_id,trial_code\nP1,\nP1,T2\nP2,\n", encoding="utf-8")
    take(page, handover, qtbot)
    page.errands.order.show_codes(codes)
    press(page.errands.order.start, qtbot)
    qtbot.waitUntil(lambda: page.side.currentWidget() is page.errands.faults, timeout=LONG)
    said = "\n".join(texts(page.errands.faults))
    assert all(f"row {row}" in said for row in (2, 3, 4))
    assert not page.project.series()


@pytest.fixture(scope="session")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("office") / "records"
    write_records(draw_truth(8), folder)
    return folder


def test_that_handed_records_go_to_the_page_that_imports_them(page: WorklistPage, records: Path, qtbot: QtBot) -> None:
    wanted: list[tuple[str, object]] = []
    page.desktop.page_wanted.connect(lambda page_id, where: wanted.append((page_id, where)))
    page.errands.take([records])
    qtbot.waitUntil(lambda: bool(wanted), timeout=LONG)
    assert wanted == [("import", records)]


def test_that_a_running_job_shows_how_far_it_is(page: WorklistPage, handover: Path, qtbot: QtBot) -> None:
    seen: list[Running] = []
    page.errands.advanced.connect(lambda: seen.extend(page.desktop.tasks.running))
    take(page, handover, qtbot)
    press(page.errands.order.start, qtbot)
    assert page.errands.bar.isVisible()
    assert "Importing images" in texts(page.errands.bar)
    page.errands.extract()  # one thing at a time
    imported(page, qtbot)
    assert not page.errands.bar.isVisible()
    assert max(running.fraction or 0.0 for running in seen) > 0.5
