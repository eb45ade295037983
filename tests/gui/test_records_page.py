"""The Records page, by keys and mouse: enter, be asked, save with a reason, query, lock, enter twice."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from escc_desktop.gui.main_window import MainWindow
from escc_desktop.gui.pages.records import RecordsPage
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.records_entry import TableEntry
from escc_desktop.workflow.records_lock import RecordState
from escc_desktop.workflow.views.records import RosterRow

AsPerson = Callable[[str], Project]
Show = Callable[..., MainWindow]
LAB = {"date": "2024-03-04", "analyte": "ldh", "value": "210", "unit": "U/L", "uln": "250", "method": "L to P"}


def save(project: Project, table: str, rows: list[dict[str, str]], reason: str = "") -> None:
    book = project.record_book()
    entry = TableEntry("P1", table, book.tables("P1").get(table, ()), tuple(rows))
    assert book.save([entry], reason, leave_open=True).is_saved


@pytest.fixture
def people(small_project: AsPerson) -> AsPerson:
    """A project in which the coordinator began P1, seen until June."""
    coordinator = small_project("coordinator")
    coordinator.record_book().begin("P1", "2024-03-01", "male")
    save(coordinator, "survival", [{"status": "alive", "last_contact_date": "2024-06-01"}], "seen")
    return small_project


@pytest.fixture
def open_page(people: AsPerson, show_as: Show, qtbot: QtBot) -> Callable[[str], RecordsPage]:
    def opened(name: str) -> RecordsPage:
        window = show_as(people(name), "records")
        qtbot.waitUntil(lambda: isinstance(window.current_page, RecordsPage), timeout=20_000)
        page = window.current_page
        assert isinstance(page, RecordsPage)
        qtbot.waitUntil(lambda: page.shown is not None, timeout=20_000)
        window.activateWindow()
        return page

    return opened


def fill(page: RecordsPage, qtbot: QtBot, row: int, **texts: str) -> None:
    """Fill cells of a row as a person does: edit the first, type, go on with Tab, end with Tab."""
    grid = page.form.grid
    grid.setFocus()
    names = [field.name for field in grid.cells.form.fields]
    first, last = (pick(names.index(name) for name in texts) for pick in (min, max))
    grid.setCurrentIndex(grid.cells.place_of(row, names[first]))
    grid.edit(grid.currentIndex())
    for name in names[first : last + 1]:
        editor = grid.indexWidget(grid.currentIndex())
        assert isinstance(editor, QComboBox | QLineEdit)
        if isinstance(editor, QComboBox):
            editor.setCurrentIndex(
                max(0, editor.findData(texts.get(name, grid.currentIndex().data(Qt.ItemDataRole.EditRole))))
            )
        elif name in texts:
            editor.selectAll()
            qtbot.keyClicks(editor, texts[name])
        qtbot.keyClick(editor, Qt.Key.Key_Tab)
    page.tabs.setFocus()
    QApplication.processEvents()


def press(page: RecordsPage, action_id: str) -> None:
    action = next(one for one in page.actions_now() if one.action_id == action_id)
    assert action.why_not() == ""
    action.call()


def buttons(page: RecordsPage) -> dict[str, QPushButton]:
    return {one.text(): one for one in page.form.findChildren(QPushButton) if one.isVisible()}


def saved(page: RecordsPage, qtbot: QtBot, table: str, n: int) -> None:
    qtbot.waitUntil(lambda: len(page.shown.tables.get(table, ())) == n, timeout=20_000)


def test_that_a_lab_in_another_unit_is_asked_about_with_both_readings(
    open_page: Callable[[str], RecordsPage], qtbot: QtBot
) -> None:
    page = open_page("coordinator")
    page.go("labs")
    qtbot.keyClick(page.form.grid, Qt.Key.Key_Return)
    fill(page, qtbot, 0, date="20240304", analyte="tbil", value="0.8", unit="umol/L", uln="1.2")
    assert page.form.grid.cells.rows[0]["date"] == "2024-03-04"
    question = next(one for one in page.form.found if one.tone == "warning")
    assert "0.8 umol/L" in question.what
    assert "13.7 umol/L" in question.what
    press(page, "records.save")
    qtbot.waitUntil(lambda: page.form.was_asked, timeout=20_000)
    assert page.shown.tables["labs"] == ()
    qtbot.mouseClick(buttons(page)["It is mg/dL"], Qt.MouseButton.LeftButton)
    assert page.form.grid.cells.rows[0]["unit"] == "mg/dL"
    assert page.form.grid.cells.rows[0]["value"] == "0.8"
    press(page, "records.save")
    saved(page, qtbot, "labs", 1)
    assert page.shown.queries == ()


def test_that_an_adverse_event_is_added_and_corrected_with_a_reason(
    open_page: Callable[[str], RecordsPage], qtbot: QtBot
) -> None:
    page = open_page("oncologist")
    page.go("adverse_events")
    press(page, "records.row")
    fill(page, qtbot, 0, term="Fatigue", grade="2", start_date="2024-03-20")
    press(page, "records.save")
    saved(page, qtbot, "adverse_events", 1)
    fill(page, qtbot, 0, grade="1")
    assert page.form.reason.isVisible()
    press(page, "records.save")
    assert page.shown.tables["adverse_events"][0]["grade"] == "2"
    qtbot.keyClicks(page.form.reason, "misread")
    qtbot.keyClick(page.form.reason, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: page.shown.tables["adverse_events"][0]["grade"] == "1", timeout=20_000)
    newest = page.shown.history[0]
    assert (newest.who, newest.old, newest.new, newest.why) == ("oncologist", "2", "1", "misread")


def test_that_all_faults_are_marked_at_once_and_nothing_typed_is_lost(
    open_page: Callable[[str], RecordsPage], qtbot: QtBot
) -> None:
    page = open_page("coordinator")
    page.go("labs")
    press(page, "records.row")
    fill(page, qtbot, 0, date="31.12.", value="many", uln="x")
    press(page, "records.save")
    faults = {one.column for one in page.form.found if one.tone == "danger"}
    assert faults == {"date", "analyte", "value", "unit", "uln"}
    assert page.form.marks.rows_model.rowCount() == len(page.form.found)
    assert page.form.grid.cells.rows[0]["value"] == "many"
    cell = page.form.grid.cells.place_of(0, "date")
    assert cell.data(Qt.ItemDataRole.BackgroundRole) is not None
    page.go("visits")
    page.go("labs")
    assert page.form.grid.cells.rows[0]["value"] == "many"


def test_that_what_is_typed_is_still_there_after_the_page_was_left_and_the_project_closed(
    open_page: Callable[[str], RecordsPage], people: AsPerson, qtbot: QtBot
) -> None:
    page = open_page("coordinator")
    page.go("visits")
    press(page, "records.row")
    fill(page, qtbot, 0, visit="1")
    page.window().go("trial")
    book = people("coordinator").record_book()
    qtbot.waitUntil(lambda: "visits" in book.drafts("P1"), timeout=20_000)
    assert people("oncologist").record_book().drafts("P1") == {}
    again = open_page("coordinator")
    again.go("visits")
    qtbot.waitUntil(lambda: [row.get("visit") for row in again.form.grid.cells.rows] == ["1"], timeout=20_000)


def test_that_a_later_entry_offers_to_move_the_last_contact(
    open_page: Callable[[str], RecordsPage], qtbot: QtBot
) -> None:
    page = open_page("coordinator")
    page.go("labs")
    press(page, "records.row")
    fill(page, qtbot, 0, date="2024-07-01", analyte="ldh", value="210", unit="U/L")
    qtbot.mouseClick(buttons(page)["Last contact was 2024-07-01"], Qt.MouseButton.LeftButton)
    assert page.form.reason.text() == "Last contact was 2024-07-01"
    press(page, "records.save")
    saved(page, qtbot, "labs", 1)
    assert page.shown.tables["survival"][0]["last_contact_date"] == "2024-07-01"


def test_that_a_query_is_asked_on_a_cell_answered_and_closed(
    open_page: Callable[[str], RecordsPage], people: AsPerson, qtbot: QtBot
) -> None:
    page = open_page("statistician")
    page.go("patients")
    assert not page.form.grid.cells.is_open
    page.form.grid.setCurrentIndex(page.form.grid.cells.place_of(0, "sex"))
    press(page, "records.ask")
    qtbot.keyClicks(page.asking.text, "Is this right?")
    qtbot.keyClick(page.asking.text, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: len(page.shown.queries) == 1, timeout=20_000)
    assert page.shown.queries[0].where == "Baseline, Sex"
    qtbot.waitUntil(lambda: "1 query" in str(page.list.table.model().index(0, 1).data()), timeout=20_000)
    coordinator = open_page("coordinator")
    coordinator.go("queries")
    qtbot.keyClicks(coordinator.queries.text, "yes, by the chart")
    qtbot.mouseClick(coordinator.queries.answer, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: coordinator.shown.queries[0].query.state == "answered", timeout=20_000)
    qtbot.mouseClick(coordinator.queries.close_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: coordinator.shown.queries[0].query.state == "closed", timeout=20_000)


def test_that_a_locked_record_takes_no_key(
    open_page: Callable[[str], RecordsPage], people: AsPerson, qtbot: QtBot
) -> None:
    save(people("coordinator"), "labs", [LAB])
    page = open_page("coordinator")
    page.go("labs")
    page.head.wanted.emit("P1", "locked")
    qtbot.keyClicks(page.asking.text, "data cut")
    qtbot.keyClick(page.asking.text, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: page.shown.state is RecordState.LOCKED, timeout=20_000)
    assert not page.form.save_button.isVisible()
    page.form.grid.setCurrentIndex(page.form.grid.cells.place_of(0, "value"))
    qtbot.keyClicks(page.form.grid, "9")
    assert page.form.grid.cells.rows[0]["value"] == "210"
    qtbot.waitUntil(lambda: page.list.table.model().index(0, 1).data() == "locked", timeout=20_000)
    page.list.filter.setCurrentIndex(page.list.filter.findData("frozen"))
    assert page.list.codes() == ()


def test_that_a_second_entry_is_blind_and_its_differences_are_settled(
    open_page: Callable[[str], RecordsPage], people: AsPerson, qtbot: QtBot
) -> None:
    save(people("coordinator"), "visits", [{"visit": "0", "date": "2024-02-20"}])
    page = open_page("oncologist")
    page.go("visits")
    qtbot.mouseClick(page.form.second_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.form.is_second, timeout=20_000)
    assert page.form.rows() == ()
    page.go("history")
    assert page.tab == "visits"
    fill(page, qtbot, 0, visit="0", date="2024-02-21")
    press(page, "records.save")
    qtbot.waitUntil(lambda: page.tab == "second" and "visits" in page.shown.comparisons, timeout=20_000)
    qtbot.keyClicks(page.second.reason, "the disc says the 21st")
    qtbot.mouseClick(page.second.second, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.shown.tables["visits"][0]["date"] == "2024-02-21", timeout=20_000)
    assert page.shown.history[0].why == "the disc says the 21st"


def test_that_a_patient_is_begun_by_code_day_and_sex(small_project: AsPerson, show_as: Show, qtbot: QtBot) -> None:
    window = show_as(small_project("coordinator"), "records")
    qtbot.waitUntil(lambda: isinstance(window.current_page, RecordsPage), timeout=20_000)
    page = window.current_page
    assert isinstance(page, RecordsPage)
    qtbot.waitUntil(lambda: not page.body.isVisible() and page._empty.isVisible(), timeout=20_000)
    page.ask_new()
    qtbot.keyClicks(page.new.code, "P9")
    qtbot.keyClicks(page.new.start, "2024-05-02")
    page.new.sex.setCurrentIndex(page.new.sex.findData("female"))
    qtbot.keyClick(page.new.start, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: page.shown is not None and page.shown.patient_id == "P9", timeout=20_000)
    assert page.tab == "patients"
    assert page.shown.tables["patients"][0]["start_date"] == "2024-05-02"


def test_that_two_thousand_patients_make_no_widgets(open_page: Callable[[str], RecordsPage], qtbot: QtBot) -> None:
    page = open_page("coordinator")
    before = len(page.list.findChildren(QObject))
    rows = [RosterRow(f"P{number:04d}", RecordState.OPEN, number % 3, 0, 0.5) for number in range(2000)]
    page.list.show_rows(rows)
    assert len(page.list.codes()) == 2000
    assert len(page.list.findChildren(QObject)) == before
    page.list.search.setText("P19")
    assert len(page.list.codes()) == 100
    page.list.filter.setCurrentIndex(page.list.filter.findData("queried"))
    assert all(int(code[1:]) % 3 for code in page.list.codes())


def test_that_the_screening_list_is_typed_and_saved_before_there_is_any_record(
    small_project: AsPerson, show_as: Show, qtbot: QtBot
) -> None:
    project = small_project("coordinator")
    window = show_as(project, "records")
    page = window.current_page
    assert isinstance(page, RecordsPage)
    page.go("screening")
    qtbot.waitUntil(lambda: page.screening.shown is not None and page.screening.isVisible(), timeout=20_000)
    grid = page.screening.grid
    for row, cells in enumerate((("S1", "20240201", "not_enrolled", "ECOG 2"), ("S2", "20240202", "enrolled", ""))):
        qtbot.mouseClick(page.screening.add_button, Qt.MouseButton.LeftButton)
        for column, text in enumerate(cells):
            grid.cells.setData(grid.cells.index(row, column), text)
    assert [one.column for one in page.screening.found] == ["patient_id"]  # enrolled without a record
    press(page, "records.save")
    assert project.record_book().screening() == ()
    grid.cells.setData(grid.cells.index(1, 2), "not_enrolled")
    assert not page.may_leave()
    press(page, "records.save")
    qtbot.waitUntil(lambda: not page.screening.has_changes(), timeout=20_000)
    assert [one["reason"] for one in project.record_book().screening()] == ["ECOG 2", ""]
    assert page.may_leave()


def test_that_the_lesions_form_leads_to_the_page_of_responses(
    open_page: Callable[[str], RecordsPage], qtbot: QtBot
) -> None:
    page = open_page("coordinator")
    page.go("lesions")
    with qtbot.waitSignal(page.desktop.page_wanted) as gone:
        qtbot.mouseClick(buttons(page)["Response and passport"], Qt.MouseButton.LeftButton)
    assert gone.args[0] == "recist"


def test_that_a_grade_the_labs_propose_is_taken_as_a_new_event(
    open_page: Callable[[str], RecordsPage], people: AsPerson, qtbot: QtBot
) -> None:
    # CTCAE v5, neutrophil count decreased: grade 3 is under 1.0 to 0.5 x 10^9/L.
    drop = {"analyte": "anc", "unit": "1e9/L", "lln": "2.0", "method": "flow"}
    save(people("coordinator"), "labs", [
        {**drop, "date": "2024-02-28", "value": "4.1"}, {**drop, "date": "2024-03-20", "value": "0.8"},
    ])  # fmt: skip
    page = open_page("coordinator")
    page.go("adverse_events")
    beside = page.form.beside
    assert beside.isVisible()
    assert beside.list.model().index(0, 1).data() == "grade 3"
    qtbot.mouseClick(beside.take, Qt.MouseButton.LeftButton)
    row = page.form.grid.cells.rows[0]
    assert (row["term"], row["grade"], row["start_date"]) == ("Neutrophil count decreased", "3", "2024-03-20")
    page.save()
    saved(page, qtbot, "adverse_events", 1)
