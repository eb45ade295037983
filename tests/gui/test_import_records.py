"""The page that imports trial records: what would change, what is wrong, what is asked, and then the import."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from escc_desktop.gui.main_window import MainWindow
from escc_desktop.gui.pages.import_records import ImportRecordsPage
from escc_desktop.trial.exporting import write_tables
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.views.record_import import RecordsFormat

LONG = 20_000
Studied = Callable[[str], Project]
Show = Callable[..., MainWindow]


@pytest.fixture
def page(show_as: Show, studied_project: Studied, qtbot: QtBot) -> ImportRecordsPage:
    window = show_as(studied_project("coordinator"), "import")
    qtbot.waitUntil(lambda: isinstance(window.current_page, ImportRecordsPage), timeout=LONG)
    shown = window.current_page
    assert isinstance(shown, ImportRecordsPage)
    return shown


@pytest.fixture
def records(page: ImportRecordsPage, tmp_path: Path) -> Path:
    """What the project holds, as tables to be changed."""
    folder = tmp_path / "office"
    folder.mkdir()
    write_tables(page.project.records(), folder, {})
    return folder


def read(page: ImportRecordsPage, source: Path, qtbot: QtBot) -> None:
    before = page.shown
    page.read(source)
    qtbot.waitUntil(lambda: page.shown is not None and page.shown is not before, timeout=LONG)


def texts(page: ImportRecordsPage) -> str:
    return "\n".join(one.text() for one in page.panel.findChildren(QLabel))


def change(folder: Path, table: str, old: str, new: str) -> None:
    path = folder / f"{table}.csv"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_that_the_same_records_change_nothing(page: ImportRecordsPage, records: Path, qtbot: QtBot) -> None:
    read(page, records, qtbot)
    assert not page.table.rows
    assert "Everything is in the project already." in texts(page)
    assert not page.panel.start.isEnabled()


def test_that_a_changed_value_is_shown_and_comes_in_with_its_reason(
    page: ImportRecordsPage, records: Path, qtbot: QtBot
) -> None:
    first = page.project.records()[0]
    start = f"{first.patient_id},{first.start_date},{first.baseline.sex}"
    change(records, "patients", f"{start},{first.baseline.age_years}", f"{start},44")
    read(page, records, qtbot)
    (row,) = page.table.rows
    assert row[1:] == (first.patient_id, "patients", "", "age_years", str(first.baseline.age_years), "44")
    assert not page.panel.start.isEnabled()
    page.panel.reason.setText("wrong in the file")
    assert page.panel.start.isEnabled()
    page.panel.start.click()
    qtbot.waitUntil(lambda: page.project.records()[0].baseline.age_years == 44, timeout=LONG)
    qtbot.waitUntil(lambda: "Everything is in the project already." in texts(page), timeout=LONG)


def test_that_all_faults_are_shown_and_saved_as_a_table(
    page: ImportRecordsPage, records: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    change(records, "patients", "male", "mann")
    change(records, "survival", "dead", "gone")
    read(page, records, qtbot)
    assert "2 faults, nothing can be imported" in texts(page)
    assert "patients.csv, row" in texts(page)
    assert "survival.csv, row" in texts(page)
    assert not page.panel.start.isEnabled()
    page.save_to(str(tmp_path / "faults.csv"))
    qtbot.waitUntil((tmp_path / "faults.csv").is_file, timeout=LONG)


def test_that_a_question_with_two_answers_is_answered_and_a_plain_one_ticked(
    page: ImportRecordsPage, records: Path, qtbot: QtBot
) -> None:
    first = page.project.records()[0].patient_id
    visits = f"patient_id,visit,date,response\n{first},0,01/02/2021,\n"
    for path in records.iterdir():
        path.unlink()
    (records / "visits.csv").write_text(visits, encoding="utf-8")
    read(page, records, qtbot)
    key = "dates:visits.date"
    assert {value for asked, value in page.panel.options if asked == key} == {"dmy", "mdy"}
    before = page.shown
    page.panel.options[key, "dmy"].click()
    qtbot.waitUntil(lambda: page.shown is not before, timeout=LONG)
    assert not page.panel.options
    assert any(row[4:][0] == "date" and row[6] == "2021-02-01" for row in page.table.rows)


def test_that_records_are_exported_from_here(page: ImportRecordsPage, tmp_path: Path, qtbot: QtBot) -> None:
    page.export_to(RecordsFormat.XLSX, str(tmp_path / "records.xlsx"))
    qtbot.waitUntil((tmp_path / "records.xlsx.json").is_file, timeout=LONG)
    read(page, tmp_path / "records.xlsx", qtbot)
    assert "Everything is in the project already." in texts(page)
