"""The due page: scans, doses, counts, adverse events, follow-up and rereads that wait, as of a day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import ClassVar

from PySide6.QtCore import QModelIndex, Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QInputDialog, QVBoxLayout

from escc_desktop.gui.actions import Action
from escc_desktop.gui.desktop import Desktop
from escc_desktop.gui.notices import Tone
from escc_desktop.gui.page import FirstStep, Page
from escc_desktop.gui.page_table import PAGES
from escc_desktop.gui.pages.admin_table import Column, Row, RowsTable
from escc_desktop.gui.pages.due_filters import DueFilters
from escc_desktop.gui.tasks import Answers
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.entry import Entry
from escc_desktop.gui.widgets.print_button import PrintButton, window_language
from escc_desktop.gui.widgets.text import button, icon_button, label, row, set_tone
from escc_desktop.i18n import _, plural
from escc_desktop.workflow.access import Operation
from escc_desktop.workflow.printing import PrintOrder
from escc_desktop.workflow.views.due import DueKind, DueRow, DueState, DueView, due_csv, due_print, due_view
from escc_desktop.workflow.views.printing import ReportKind, ReportOrder, write_report

_WEEK = timedelta(days=7)
_TONES = {DueState.OVERDUE: "warning", DueState.NOW: "text", DueState.LATER: "secondary"}


class DuePage(Page):
    """What is to be done for whom."""

    watches: ClassVar[frozenset[str]] = frozenset({"trial_record", "session", "plan"})

    def __init__(self, desktop: Desktop) -> None:
        super().__init__(desktop)
        self.shown: DueView | None = None
        self.wanted_day: date | None = None
        self.heading, self.note = label(size="heading"), label(tone="secondary", size="caption")
        self.day = Entry()
        self.earlier = icon_button("chevron_left", _("A week earlier"))
        self.later = icon_button("chevron_right", _("A week later"))
        self.today = button(_("Today"), weight="quiet", tip=_("The list of today"))
        self.last_record = button(_("Last record"), weight="quiet", tip=_("The list of the latest day in any record"))
        self.filters = DueFilters()
        self.table = RowsTable(
            (
                Column(_("Date"), 96),
                Column(_("Patient"), 88),
                Column(_("Kind"), 120),
                Column(_("What"), 250),
                Column(_("When"), 190),
                Column(_("Known"), 0),
            ),
            _("What is due"),
        )
        self.nothing = label(tone="secondary")
        self.open_button = button(_("Open patient"), "open", tip=_("Show the chosen line's patient (Enter)"))
        self.export_button = button(_("Export"), "arrow_export", tip=_("Write the lines shown as a table (CSV)"))
        self.sheet_button = PrintButton(_("MDT sheet"), _("One page on the chosen patient for the tumour board"))
        self.print_button = PrintButton(_("Print"), _("Write the lines shown as PDF (Ctrl+P)"))
        self._dialog: QFileDialog | QInputDialog | None = None
        self._lay_out()
        self._connect()

    def refresh(self) -> None:
        """Fetch the list."""
        self.load(due_view, self._take, self.wanted_day, busy="" if self.shown else _("Looking for what is due"))

    def actions_now(self) -> tuple[Action, ...]:
        """Return what can be done on this page."""
        return (
            Action("due.print", _("Print the due list"), self.print_now, "print", ("Ctrl+P",), self._why_no_print),
            Action("due.export", _("Export the due list"), self.export, "arrow_export", (), self._why_no_print),
            Action("due.sheet", _("Print the MDT sheet"), self.sheet_now, "document", (), self._why_no_sheet),
            Action("due.open", _("Open the chosen patient"), self.open_chosen, "open", ("Return",), self._why_no_open),
            Action("due.earlier", _("A week earlier"), lambda: self.shift_day(-_WEEK), "chevron_left", ("Alt+Left",)),
            Action("due.later", _("A week later"), lambda: self.shift_day(_WEEK), "chevron_right", ("Alt+Right",)),
        )

    # What the page does

    def show_day(self, day: date | None) -> None:
        """Show the list of a day; None: of today, or of the last record of a trial long over."""
        self.wanted_day = day
        self.reload()

    def shift_day(self, span: timedelta) -> None:
        """Show the list of an earlier or later day."""
        if self.shown is not None:
            self.show_day(self.shown.as_of + span)

    def open_chosen(self) -> None:
        """Open the chosen line's patient, or what else the role may open about it."""
        found = self.table.chosen_key()
        if not isinstance(found, DueRow):
            return
        self.desktop.choose_patient(found.patient_id)
        wanted = ("worklist",) if found.kind is DueKind.REREAD else ("patient", "records", "worklist")
        openable = {entry.page_id for entry in PAGES if entry.is_open_to(self.project)}
        place = next((page_id for page_id in wanted if page_id in openable), "")
        if place:
            self.desktop.go(place)

    def print_now(self) -> None:
        """Print in the window's language."""
        self.print_in(window_language())

    def print_in(self, language: str) -> None:
        """Ask where the list goes, then write it by a job."""
        self._ask(_("Print the due list"), "due.pdf", lambda path: self.print_to(path, language))

    def print_to(self, path: str, language: str) -> None:
        """Write the lines shown as PDF."""
        if self.shown is not None:
            order = PrintOrder(Path(path), language, self.desktop.is_synthetic)
            self._write(_("Writing the list"), due_print, self.shown.as_of, self.filters.choice, order)

    def sheet_now(self) -> None:
        """Print the chosen patient's MDT sheet in the window's language."""
        self.sheet_in(window_language())

    def sheet_in(self, language: str) -> None:
        """Ask what the MDT is asked, then where the sheet goes."""
        if why_not := self._why_no_sheet():
            self.desktop.notices.say(why_not)
            return
        patient = self.chosen_patient()
        asking = QInputDialog(self)
        asking.setOption(QInputDialog.InputDialogOption.UsePlainTextEditForTextInput)
        asking.setWindowTitle(_("MDT sheet: {code}").format(code=patient))
        asking.setLabelText(_("Question for the MDT (may be empty; no name, no hospital number)"))

        def go_on(question: str) -> None:
            order = ReportOrder(ReportKind.MDT, patient, question=question)
            title = _("Print the MDT sheet")
            self._ask(title, f"{patient}-mdt.pdf", lambda path: self.sheet_to(path, order, language))

        asking.textValueSelected.connect(go_on)
        self._dialog = asking
        asking.open()

    def sheet_to(self, path: str, wanted: ReportOrder, language: str) -> None:
        """Write an MDT sheet."""
        order = PrintOrder(Path(path), language, self.desktop.is_synthetic)
        self._write(_("Writing the sheet"), write_report, wanted, order)

    def chosen_patient(self) -> str:
        """Return the chosen line's patient; nothing without one."""
        found = self.table.chosen_key()
        return found.patient_id if isinstance(found, DueRow) else ""

    def export(self) -> None:
        """Ask where the table goes, then write it by a job."""
        self._ask(_("Export the due list"), "due.csv", self.export_to)

    def export_to(self, path: str) -> None:
        """Write the lines shown as a table."""
        self._write(_("Exporting"), due_csv, self.shown, self.filters.choice, Path(path))

    def _ask(self, title: str, name: str, then: Callable[[str], object]) -> None:
        if why_not := self._why_no_print():
            self.desktop.notices.say(why_not)
            return
        saving = QFileDialog(self, title, name)
        saving.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        saving.setDefaultSuffix(Path(name).suffix.removeprefix("."))
        saving.fileSelected.connect(then)
        self._dialog = saving
        saving.open()

    def _write(self, name: str, job: Callable[..., Path], *arguments: object) -> None:
        def offer(path: Path) -> None:
            address = QUrl.fromLocalFile(str(path))
            told = _("Written: {name}").format(name=path.name)
            self.desktop.notices.offer(told, _("Open"), lambda: QDesktopServices.openUrl(address), Tone.SUCCESS)

        answers: Answers[Path] = Answers(then=offer)
        self.desktop.tasks.run(name, job, self.project, *arguments, answers=answers)

    def _why_no_print(self) -> str:
        if self.shown is None:
            return _("There are no trial records.")
        return "" if self.shown.may_print else _("Your role does not write reports.")

    def _why_no_sheet(self) -> str:
        return self._why_no_print() or self._why_no_open()

    def _why_no_open(self) -> str:
        return "" if isinstance(self.table.chosen_key(), DueRow) else _("Choose a line first.")

    # What is shown

    def _take(self, view: DueView) -> None:
        if not view.n_patients:
            self.shown = None
            self._say_no_records()
            return
        self.shown = view
        self.day.setText(view.as_of.isoformat())
        self._day_is_good(is_good=True)
        self.filters.show_counts(view)
        self.today.setEnabled(view.as_of != view.today)
        self.last_record.setEnabled(view.last_record is not None and view.as_of != view.last_record)
        self.export_button.setEnabled(view.may_print)
        self.print_button.allow(self._why_no_print())
        self._fill()
        self.show_body()

    def _fill(self) -> None:
        view = self.shown
        if view is None:
            return
        rows = [one for one in view.rows if self.filters.choice.takes(one)]
        chosen = self.table.chosen_key()
        self.table.rows_model.fill(
            [
                Row(
                    (one.planned.isoformat(), one.patient_id, one.kind_name, one.what, one.when, one.detail),
                    one,
                    _TONES[one.state],
                )
                for one in rows
            ]
        )
        self.table.choose_key(chosen)
        n_overdue = sum(one.state is DueState.OVERDUE for one in rows)
        lines = plural("{n} line", "{n} lines", len(rows))
        told = plural("{n} overdue", "{n} overdue", n_overdue)
        self.heading.setText(f"{lines}, {told}")
        self.note.setText(self._told_of_day(view))
        self.nothing.setText("" if rows else _("Nothing of this kind waits on that day."))
        self.nothing.setVisible(not rows)
        self.table.setVisible(bool(rows))
        self.open_button.setEnabled(not self._why_no_open())
        self.sheet_button.setEnabled(not self._why_no_sheet())

    def _told_of_day(self, view: DueView) -> str:
        if view.as_of == view.today:
            return _("today; nothing dated later is looked at")
        if view.as_of == view.last_record:
            return _("the latest day in any record; nothing dated later is looked at")
        return _("nothing dated later is looked at")

    def _say_no_records(self) -> None:
        text = _("This page lists the next scans and doses, open adverse events, overdue follow-up and rereads.")
        may_import = self.project.may(Operation.IMPORT_RECORDS)
        to_import = FirstStep(_("Import records"), lambda: self.desktop.go("import"))
        self.show_empty("clock", _("No trial records yet."), text, *((to_import,) if may_import else ()))

    def _typed(self) -> None:
        try:
            day = date.fromisoformat(self.day.text().strip())
        except ValueError:
            self._day_is_good(is_good=False)
            return
        if self.shown is None or day != self.shown.as_of:
            self.show_day(day)

    def _day_is_good(self, *, is_good: bool) -> None:
        set_tone(self.note, "secondary" if is_good else "danger")
        if not is_good:
            self.note.setText(_("Type a day like 2026-01-31."))

    def _connect(self) -> None:
        self.day.editingFinished.connect(self._typed)
        self.earlier.clicked.connect(lambda: self.shift_day(-_WEEK))
        self.later.clicked.connect(lambda: self.shift_day(_WEEK))
        self.today.clicked.connect(lambda: self.show_day(self.shown.today if self.shown else None))
        self.last_record.clicked.connect(lambda: self.show_day(self.shown.last_record if self.shown else None))
        self.filters.changed.connect(self._fill)
        self.table.activated.connect(lambda _index: self.open_chosen())
        self.table.selectionModel().currentRowChanged.connect(self._chosen)
        self.open_button.clicked.connect(self.open_chosen)
        self.export_button.clicked.connect(self.export)
        self.print_button.wanted.connect(self.print_in)
        self.sheet_button.wanted.connect(self.sheet_in)

    def _chosen(self, current: QModelIndex, _before: QModelIndex) -> None:
        self.open_button.setEnabled(current.isValid())
        self.sheet_button.setEnabled(current.isValid() and not self._why_no_print())
        self.actions_changed.emit()

    def _lay_out(self) -> None:
        self.day.setFixedWidth(104)
        self.day.setAccessibleName(_("As of"))
        self.day.setToolTip(_("The day the list is made for, like 2026-01-31"))
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        when = row(label(_("As of")), self.day, self.earlier, self.later, self.today, self.last_record)
        head = row(self.heading, when, None, self.open_button, self.sheet_button, self.export_button, self.print_button)
        right = QVBoxLayout()
        right.setContentsMargins(0, GRID, GRID, GRID)
        right.setSpacing(GRID)
        right.addWidget(head)
        right.addWidget(self.note)
        right.addWidget(self.table, 1)
        right.addWidget(self.nothing, 1)
        line = QHBoxLayout(self.body)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(GRID)
        line.addWidget(self.filters)
        line.addLayout(right, 1)
