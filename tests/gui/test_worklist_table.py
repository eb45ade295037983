"""The worklist's table: filters, search, keys, what each reader may know, many patients."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType

import pytest
import worklist_case
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from escc_desktop.gui.main_window import MainWindow
from escc_desktop.gui.pages.worklist import WorklistPage
from escc_desktop.gui.pages.worklist_table import Filter
from escc_desktop.progress import Progress
from escc_desktop.workflow.images import ImportChoice
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.views.worklist import (
    PatientLine,
    PatientState,
    Problem,
    ReadingState,
    SeriesLine,
    Worklist,
)

WAIT = 20_000


@pytest.fixture
def shown(show_as: Callable[..., MainWindow], qtbot: QtBot) -> Callable[[Project], WorklistPage]:
    """Show a project's worklist and wait until it is filled."""

    def show(project: Project) -> WorklistPage:
        window = show_as(project, "worklist")
        page = window.current_page
        assert isinstance(page, WorklistPage)
        qtbot.waitUntil(lambda: page.worklist is not None, timeout=WAIT)
        return page

    return show


@pytest.fixture
def study(small_study: ModuleType, tmp_path: Path) -> Iterator[object]:
    """Three patients, all planned; P1's first readings are signed by A."""
    made = small_study.build(tmp_path / "project")
    yield made
    made.store.close()


def patients(page: WorklistPage) -> list[str]:
    return [str(page.table.shown.index(row, 0).data()) for row in range(page.table.shown.rowCount())]


def headings(page: WorklistPage) -> list[str]:
    model = page.table.patients
    return [model.headerData(column, Qt.Orientation.Horizontal) for column in range(model.columnCount())]


def everything_said(page: WorklistPage) -> str:
    """Every text on the page, tool tips and screen reader texts included."""
    model, parts = page.table.patients, headings(page)
    roles = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole)
    for row in range(model.rowCount()):
        parts += [str(model.index(row, column).data(role)) for column in range(model.columnCount()) for role in roles]
    parts += [one.text() for one in page.findChildren(QLabel)]
    parts += [one.toolTip() for one in page.findChildren(QLabel)]
    return "\n".join(parts)


def many(count: int) -> Worklist:
    """A worklist of so many patients, every third with a problem, every fourth signed."""
    series = SeriesLine("1.2", "C+ ART", "20240105", "arterial", 0.97, (), 64, (512, 512, 64), (0.8, 0.8, 5.0), "B30f",
                        (), None)  # fmt: skip
    states = list(PatientState)
    at = datetime(2024, 3, 1, tzinfo=UTC)
    return Worklist(
        tuple(
            PatientLine(
                f"P{number:03d}",
                (replace(series, series_uid=f"1.2.{number}", confidence=number / count),),
                (),
                (),
                states[number % 4],
                (Problem.UNSURE_PHASE,) if number % 3 == 0 else (),
                at + timedelta(days=number),
            )
            for number in range(count)
        ),
        (),
        None,
        0,
    )


def test_that_an_empty_project_offers_its_first_step(
    show_as: Callable[..., MainWindow], tmp_path: Path, small_study: ModuleType, qtbot: QtBot
) -> None:
    people = worklist_case.People(tmp_path / "empty", small_study)
    window = show_as(people("coordinator"), "worklist")
    qtbot.waitUntil(lambda: window.current_page.worklist is not None, timeout=WAIT)
    page = window.current_page
    offered = [one.text() for one in page.findChildren(QPushButton) if one.isVisible()]
    assert offered == ["Import images", "Import an archive"]
    assert not page.table.isVisible()
    people.store.close()


def test_that_a_reader_without_readings_is_told_to_wait(
    show_as: Callable[..., MainWindow], tmp_path: Path, small_study: ModuleType, qtbot: QtBot
) -> None:
    people = worklist_case.People(tmp_path / "empty", small_study)
    window = show_as(people("A"), "worklist")
    qtbot.waitUntil(lambda: window.current_page.worklist is not None, timeout=WAIT)
    page = window.current_page
    said = [one.text() for one in page.findChildren(QLabel) if one.isVisible()]
    assert "Nothing to read yet" in said
    assert not [one for one in page.findChildren(QPushButton) if one.isVisible()]
    people.store.close()


def test_that_filters_count_and_narrow(shown: Callable[[Project], WorklistPage], small_project, qtbot: QtBot) -> None:
    page = shown(small_project("coordinator"))
    qtbot.waitUntil(lambda: len(patients(page)) == 3, timeout=WAIT)
    page._show(replace(many(12), columns=((worklist_case.ROLES["A"][1], "first"),)))
    assert page.filters.button(Filter.ALL).accessibleName() == "All patients, 12"
    assert page.filters.button(Filter.PROBLEMS).accessibleName() == "Problems, 4"
    qtbot.mouseClick(page.filters.button(Filter.PROBLEMS), Qt.MouseButton.LeftButton)
    assert patients(page) == ["P000", "P003", "P006", "P009"]
    qtbot.mouseClick(page.filters.button(Filter.SIGNED), Qt.MouseButton.LeftButton)
    assert patients(page) == ["P003", "P007", "P011"]
    counts = sum(int(page.filters.button(one).accessibleName().split(", ")[1]) for one in list(Filter)[2:5])
    assert counts == 9, "every patient with readings is in one of the three"


def test_that_search_narrows_and_nothing_found_says_so(
    shown: Callable[[Project], WorklistPage], small_project, qtbot: QtBot
) -> None:
    page = shown(small_project("coordinator"))
    page._show(many(120))
    qtbot.keyClicks(page.bar.search, "p10 art")
    assert patients(page) == [f"P10{digit}" for digit in range(10)]
    qtbot.keyClicks(page.bar.search, " zzz")
    assert page.nothing.isVisible()
    assert not page.table.isVisible()
    again = next(one for one in page.nothing.findChildren(QPushButton) if one.text() == "Show all patients")
    qtbot.mouseClick(again, Qt.MouseButton.LeftButton)
    assert len(patients(page)) == 120
    assert page.table.isVisible()


def test_that_columns_sort_by_what_they_mean(
    shown: Callable[[Project], WorklistPage], small_project, qtbot: QtBot
) -> None:
    page = shown(small_project("coordinator"))
    page._show(many(30))
    column = headings(page).index("Last change")
    header = page.table.horizontalHeader()
    place = QPoint(header.sectionViewportPosition(column) + header.sectionSize(column) // 2, 10)
    seen = []
    for _click in range(2):
        qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=place)
        seen.append(patients(page)[:2])
    assert sorted(seen) == [["P000", "P001"], ["P029", "P028"]]
    page.table.sortByColumn(headings(page).index("Phase"), Qt.SortOrder.DescendingOrder)
    assert patients(page)[0] == "P029", "the surest phase first"


def test_that_a_reader_sees_his_own_readings_only(
    shown: Callable[[Project], WorklistPage], study, qtbot: QtBot
) -> None:
    for patient in ("P1", "P2", "P3"):
        study.sign(f"{patient}/L1/A/first")
    page = shown(Project(study.store, study.people["B"]))
    repeated = list(study.plan.repeat_patients)
    assert patients(page) == sorted(repeated), "the patients drawn for B, nobody else"
    assert headings(page)[3:-2] == ["First reading"]
    assert {one.state for patient in page.worklist.patients for one in patient.readings} == {ReadingState.TO_READ}
    said = everything_said(page)
    assert "Signed 20" not in said
    assert "Reader A" not in said
    assert all(other not in said for other in {"P1", "P2", "P3"} - set(repeated))


def test_that_a_repeat_appears_to_its_reader_only_after_his_first_reading(
    shown: Callable[[Project], WorklistPage], study, qtbot: QtBot
) -> None:
    page = shown(Project(study.store, study.people["A"]))
    assert patients(page) == ["P1", "P2", "P3"]
    assert headings(page)[3:-2] == ["First reading"], "no sign that anything is read again"
    drawn = study.plan.repeat_patients[0]
    study.sign(f"{drawn}/L1/A/first")
    page.enter()
    qtbot.waitUntil(lambda: "Repeat" in headings(page), timeout=WAIT)
    found = {patient.patient_id: patient for patient in page.worklist.patients}
    repeat = found[drawn].readings[1]
    assert repeat.state is ReadingState.WAITING
    assert "at least 10 days" in repeat.why_not
    study.clock.forward(timedelta(days=11))
    page.enter()
    qtbot.waitUntil(lambda: page.worklist.patients[int(drawn[1]) - 1].state is PatientState.TO_READ, timeout=WAIT)


def test_that_the_coordinator_sees_every_readers_state(
    shown: Callable[[Project], WorklistPage], study, qtbot: QtBot
) -> None:
    drawn = study.plan.repeat_patients[0]
    study.sign(f"{drawn}/L1/B/first")
    study.desk("A").open(f"{drawn}/L1/A/first").close()
    page = shown(Project(study.store, study.people["coordinator"]))
    assert headings(page)[3:-2] == ["Reader A", "A again", "Reader B"]
    row = int(drawn[1]) - 1
    cells = [page.table.patients.index(row, column).data() for column in (3, 4, 5)]
    assert cells == ["In progress", "To read", "Signed"]
    assert page.worklist.patients[row].state is PatientState.IN_PROGRESS


def test_that_enter_opens_a_readers_reading(shown: Callable[[Project], WorklistPage], study, qtbot: QtBot) -> None:
    page = shown(Project(study.store, study.people["A"]))
    qtbot.waitUntil(page.table.isVisible, timeout=WAIT)
    page.table.setFocus()
    qtbot.keyClick(page.table, Qt.Key.Key_Down)
    with qtbot.waitSignal(page.desktop.page_wanted, timeout=WAIT) as wanted:
        qtbot.keyClick(page.table, Qt.Key.Key_Return)
    assert wanted.args == ["reading", "P2/L1/A/first"]
    assert page.desktop.patient_id == "P2"


def test_that_a_double_click_opens_the_patient_of_an_oncologist(
    shown: Callable[[Project], WorklistPage], study, qtbot: QtBot
) -> None:
    page = shown(Project(study.store, study.people["oncologist"]))
    assert headings(page) == ["Patient", "Phase", "Findings", "Lesions", "Last change"], "readings are not his to know"
    place = page.table.visualRect(page.table.shown.index(2, 0)).center()
    qtbot.mouseClick(page.table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    with qtbot.waitSignal(page.desktop.page_wanted, timeout=WAIT) as wanted:
        qtbot.mouseDClick(page.table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert wanted.args == ["patient", "P3"]


def test_that_three_hundred_patients_scroll_within_a_frame(
    shown: Callable[[Project], WorklistPage], small_project, qtbot: QtBot
) -> None:
    page = shown(small_project("coordinator"))
    page._show(many(300))
    bar = page.table.verticalScrollBar()
    costs = []
    for step in range(40):
        began = time.thread_time()
        bar.setValue(bar.maximum() * step // 40)
        page.table.viewport().repaint()
        costs.append(time.thread_time() - began)
        QApplication.processEvents()
    assert sorted(costs)[20] < 0.033, f"median {sorted(costs)[20] * 1000:.0f} ms"


def test_that_thumbnails_arrive_for_the_rows_on_screen(
    shown: Callable[[Project], WorklistPage], tmp_path: Path, small_study: ModuleType, qtbot: QtBot
) -> None:
    people = worklist_case.People(tmp_path / "project2", small_study)
    worklist_case.write_series(tmp_path / "one", "P1")
    coordinator = people("coordinator")
    coordinator.import_images(tmp_path / "one", ImportChoice({}), Progress())
    page = shown(coordinator)
    patient = page.worklist.patients[0]
    qtbot.waitUntil(lambda: page.pictures.of_patient(patient) is not None, timeout=WAIT)
    middle = page.pictures.of_patient(patient).toImage()
    # The phantom is 40 HU soft tissue within 9, in a window of 350 about 40: mid-grey.
    assert abs(middle.pixelColor(middle.width() // 2, middle.height() // 2).red() - 127) < 8
    page.go("P1")
    assert page.desktop.patient_id == "P1"
    people.store.close()


def test_that_extraction_is_refused_with_a_reason_before_anything_is_signed(
    shown: Callable[[Project], WorklistPage], study, qtbot: QtBot
) -> None:
    page = shown(Project(study.store, study.people["coordinator"]))
    button = page.bar.buttons["worklist.extract"]
    assert not button.isEnabled()
    assert button.toolTip() == "No reading is signed yet."
    assert page.bar.buttons["worklist.plan"].toolTip() == "The readings are planned already."
