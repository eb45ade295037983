"""The due page: the list of a day, its filters, its files, and how it stands 2,000 patients."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from escc_desktop.gui.main_window import MainWindow
from escc_desktop.gui.pages.due import DuePage
from escc_desktop.progress import Progress
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.views.due import DueKind, DueState, DueView, due_view
from escc_desktop.workflow.views.printing import ReportKind, ReportOrder

Studied = Callable[[str], Project]
Show = Callable[..., MainWindow]


@pytest.fixture
def open_page(show_as: Show, studied_project: Studied, qtbot: QtBot) -> Callable[[str], DuePage]:
    def opened(name: str) -> DuePage:
        window = show_as(studied_project(name), "due")
        qtbot.waitUntil(lambda: isinstance(window.current_page, DuePage), timeout=20_000)
        page = window.current_page
        assert isinstance(page, DuePage)
        qtbot.waitUntil(lambda: page.shown is not None, timeout=20_000)
        return page

    return opened


def busy_day(project: Project) -> date:
    """A day on which much waits: two months after the tenth patient began."""
    return sorted(record.start_date for record in project.records())[10]


def test_that_a_typed_day_is_shown_filtered_and_written(
    open_page: Callable[[str], DuePage], qtbot: QtBot, tmp_path: Path
) -> None:
    page = open_page("coordinator")
    day = busy_day(page.project)
    page.day.setText("tomorrow")
    page.day.editingFinished.emit()
    assert "2026-01-31" in page.note.text()
    page.day.setText(day.isoformat())
    page.day.editingFinished.emit()
    qtbot.waitUntil(lambda: page.shown is not None and page.shown.as_of == day, timeout=20_000)
    view = due_view(page.project, day, Progress())
    assert page.table.rows_model.rowCount() == len(view.rows) > 0
    page.filters.choose(DueKind.CT)
    assert page.table.rows_model.rowCount() == view.counts[DueKind.CT]
    page.filters.only_overdue.setChecked(True)
    overdue = [row for row in view.rows if row.kind is DueKind.CT and row.state is DueState.OVERDUE]
    assert page.table.rows_model.rowCount() == len(overdue)
    page.filters.only_overdue.setChecked(False)
    page.export_to(str(tmp_path / "due.csv"))
    qtbot.waitUntil((tmp_path / "due.csv").exists, timeout=20_000)
    lines = (tmp_path / "due.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1 + view.counts[DueKind.CT]
    page.print_to(str(tmp_path / "due.pdf"), "zh_CN")
    qtbot.waitUntil((tmp_path / "due.pdf.json").exists, timeout=20_000)


def test_that_a_chosen_line_opens_its_patient_and_prints_its_sheet(
    open_page: Callable[[str], DuePage], qtbot: QtBot, tmp_path: Path
) -> None:
    page = open_page("oncologist")
    day = busy_day(page.project)
    page.show_day(day)
    qtbot.waitUntil(lambda: page.shown is not None and page.shown.as_of == day, timeout=20_000)
    page.table.selectRow(0)
    patient = page.table.rows_model.rows[0].cells[1]
    assert page.chosen_patient() == patient
    page.sheet_to(str(tmp_path / "mdt.pdf"), ReportOrder(ReportKind.MDT, patient, question="?"), "zh_CN")
    qtbot.waitUntil((tmp_path / "mdt.pdf.json").exists, timeout=20_000)
    qtbot.mouseClick(page.open_button, Qt.MouseButton.LeftButton)
    assert page.desktop.patient_id == patient


def test_that_two_thousand_patients_are_shown_at_once(open_page: Callable[[str], DuePage], qtbot: QtBot) -> None:
    page = open_page("coordinator")
    view = due_view(page.project, busy_day(page.project), Progress())
    rows = tuple(
        replace(row, patient_id=f"P{copy:04}")
        for copy in range(6000 // max(len(view.rows), 1) + 1)
        for row in view.rows
    )
    many = replace(view, rows=rows, n_patients=2000)
    page._take(many)
    assert page.table.rows_model.rowCount() == len(rows) >= 6000
    page._take(replace(view, rows=(), counts=dict.fromkeys(DueKind, 0)))
    assert page.table.rows_model.rowCount() == 0
    assert page.nothing.text()
    empty: DueView = replace(view, rows=(), n_patients=0)
    page._take(empty)
    assert page.shown is None
