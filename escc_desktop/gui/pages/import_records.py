"""Import of trial records: every change is shown before anything is stored."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QStackedWidget, QVBoxLayout

from escc_desktop.gui.actions import Action
from escc_desktop.gui.desktop import Desktop
from escc_desktop.gui.notices import Tone
from escc_desktop.gui.page import FirstStep, Page
from escc_desktop.gui.pages.import_panel import ImportPanel
from escc_desktop.gui.pages.import_server import ServerPanel
from escc_desktop.gui.tasks import Answers
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.plain_table import PlainTable
from escc_desktop.gui.widgets.text import button, label, row
from escc_desktop.i18n import _, plural
from escc_desktop.workflow.access import Operation
from escc_desktop.workflow.views.record_import import (
    ChangeKind,
    ImportOrder,
    ImportView,
    RecordsFormat,
    commit_import,
    export_to,
    kind_word,
    preview_import,
    save_faults,
)

_SHOWN: Final = (ChangeKind.NEW, ChangeKind.CHANGED, ChangeKind.REMOVED, ChangeKind.LEFT_OUT)
_KINDS: Final = "*.xlsx *.xlsm *.xml *.csv"


class ImportRecordsPage(Page):
    """Choose a source, look at what it would change, answer what is asked, import."""

    def __init__(self, desktop: Desktop) -> None:
        super().__init__(desktop)
        self.shown: ImportView | None = None
        self._order: ImportOrder | None = None
        self.dialog: QFileDialog | None = None
        self.heading, self.counts = label(size="heading"), label(tone="secondary")
        self.kinds = QComboBox()
        self.kinds.setAccessibleName(_("Changes shown"))
        header = (_("What"), _("Patient"), _("Table"), _("Row"), _("Column"), _("In the project"), _("In the source"))
        self.table = PlainTable(header, name=_("Changes"), stretch=6)
        self.note = label(tone="secondary", size="caption")
        self.panel = ImportPanel()
        self.server = ServerPanel(self._leave_server)
        self.side = QStackedWidget()
        self._lay_out()
        self.kinds.currentIndexChanged.connect(lambda _index: self._narrow())
        self.panel.answered.connect(self._answer)
        self.panel.removes_changed.connect(self._remove)
        self.panel.committed.connect(self._commit)
        self.panel.save_wanted.connect(self.choose_faults)
        self.server.wanted.connect(self._take_server)

    def refresh(self) -> None:
        """Read the source again, or offer to choose one."""
        if self._order is None:
            self._offer()
        else:
            self.load(preview_import, self._take, self._order, busy=_("Reading the records"))

    def go(self, where: object) -> None:
        """Read what another page was given."""
        if isinstance(where, Path):
            self.read(where)

    def may_leave(self) -> bool:
        """Forget the token; what was read with it stays on screen."""
        self.server.forget()
        if self._order is not None and self._order.token:
            self._order = None
        return True

    def close_page(self) -> None:
        """Forget what was read, and the token."""
        self._order = self.shown = None
        self.server.forget()

    def actions_now(self) -> tuple[Action, ...]:
        """Return what can be done on this page."""
        exports = tuple(
            Action(f"import.{kind}", text, partial(self.choose_export, kind), "arrow_export", (), self._why_no_export)
            for kind, text in (
                (RecordsFormat.XLSX, _("Export records as a workbook")),
                (RecordsFormat.CSV, _("Export records as CSV tables")),
                (RecordsFormat.ODM, _("Export records as CDISC ODM")),
            )
        )
        return (
            Action("import.file", _("Import a file of records"), self.choose_file, "document", ("Ctrl+O",)),
            Action("import.folder", _("Import a folder of tables"), self.choose_folder, "folder_open", ()),
            Action("import.server", _("Import from a REDCap server"), self.ask_server, "server", ()),
            Action("import.again", _("Read the source again"), self.reload, "arrow_sync", ("F5",), self._why_no_again),
            *exports,
        )

    # What the page does

    def choose_file(self) -> None:
        """Ask for a workbook, an ODM file or a REDCap export."""
        self.dialog = QFileDialog(self, _("Import a file of records"))
        self.dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        self.dialog.setNameFilter(_("Workbooks, ODM, CSV ({kinds})").format(kinds=_KINDS))
        self.dialog.fileSelected.connect(lambda name: self.read(Path(name)))
        self.dialog.open()

    def choose_folder(self) -> None:
        """Ask for a folder of CSV tables."""
        self.dialog = QFileDialog(self, _("Import a folder of tables"))
        self.dialog.setFileMode(QFileDialog.FileMode.Directory)
        self.dialog.fileSelected.connect(lambda name: self.read(Path(name)))
        self.dialog.open()

    def ask_server(self) -> None:
        """Ask for address and token of a REDCap server."""
        self.side.setCurrentWidget(self.server)
        self.show_body()
        self.server.url.setFocus()

    def read(self, path: Path) -> None:
        """Read a source and show what it would change."""
        self._order = ImportOrder(path)
        self.reload()

    def choose_faults(self) -> None:
        """Ask where faults and questions are written."""
        self.dialog = QFileDialog(self, _("Save faults and questions"), "faults.csv", _("Tables (*.csv)"))
        self.dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        self.dialog.setDefaultSuffix("csv")
        self.dialog.fileSelected.connect(self.save_to)
        self.dialog.open()

    def save_to(self, name: str) -> None:
        """Write faults and questions as a table."""
        if self.shown is not None:
            answers: Answers[Path] = Answers(then=self._say_written)
            self.desktop.tasks.run(
                _("Saving"), save_faults, self.project, self.shown.preview, Path(name), answers=answers
            )

    def choose_export(self, kind: RecordsFormat) -> None:
        """Ask where the records are written."""
        if why_not := self._why_no_export():
            self.desktop.notices.say(why_not)
            return
        self.dialog = QFileDialog(self, _("Export records"))
        if kind is RecordsFormat.CSV:
            self.dialog.setFileMode(QFileDialog.FileMode.Directory)
        else:
            suffix = "xlsx" if kind is RecordsFormat.XLSX else "xml"
            self.dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
            self.dialog.setDefaultSuffix(suffix)
            self.dialog.selectFile(f"records.{suffix}")
        self.dialog.fileSelected.connect(partial(self.export_to, kind))
        self.dialog.open()

    def export_to(self, kind: RecordsFormat, name: str) -> None:
        """Write all records."""
        answers: Answers[Path] = Answers(then=self._say_written)
        is_synthetic = self.desktop.is_synthetic
        self.desktop.tasks.run(
            _("Exporting records"), export_to, self.project, Path(name), kind, is_synthetic, answers=answers
        )

    def _say_written(self, path: Path) -> None:
        self.desktop.notices.say(_("Written: {name}").format(name=path.name), tone=Tone.SUCCESS)

    def _why_no_export(self) -> str:
        may = self.project.may(Operation.EXPORT_RECORDS)
        return "" if may else _("A coordinator or a statistician exports records.")

    def _why_no_again(self) -> str:
        return "" if self._order is not None else _("Choose a source first.")

    def _take_server(self, url: str, token: str, mapping: Path | None) -> None:
        self._order = ImportOrder(url=url, token=token, mapping=mapping)
        self.reload()

    def _leave_server(self) -> None:
        self.side.setCurrentWidget(self.panel)
        if self.shown is None:
            self._offer()

    def _answer(self, key: str, value: str) -> None:
        if self._order is not None:
            self._order = replace(self._order, answers=(*self._order.answers, (key, value)))
            self.reload()

    def _remove(self, removes: bool) -> None:
        if self._order is not None:
            self._order = replace(self._order, removes=removes)
            self.reload()

    def _commit(self, accept: frozenset[str], reason: str) -> None:
        if self.shown is not None:
            answers: Answers[int] = Answers(then=self._committed)
            self.desktop.tasks.run(
                _("Importing records"), commit_import, self.project, self.shown.preview, accept, reason, answers=answers
            )

    def _committed(self, count: int) -> None:
        text = plural("Records of {n} patient imported", "Records of {n} patients imported", count)
        self.desktop.notices.say(text, tone=Tone.SUCCESS)
        self.reload()

    # What the page shows

    def _offer(self) -> None:
        self.shown = None
        text = _(
            "Trial records come in from a workbook with a sheet a table, a folder of CSV tables, a REDCap project or a "
            "CDISC ODM file. You see every change, and what is wrong, before anything is stored."
        )
        self.show_empty(
            "document_table",
            _("Import trial records"),
            text,
            FirstStep(_("Choose a file"), self.choose_file),
            FirstStep(_("Choose a folder"), self.choose_folder),
            FirstStep(_("From a REDCap server"), self.ask_server),
        )

    def _take(self, view: ImportView) -> None:
        self.shown = view
        self.heading.setText(view.preview.source)
        counts = view.preview.counts
        self.counts.setText(" · ".join(f"{counts[kind]} {kind_word(kind)}" for kind in ChangeKind if counts[kind]))
        self.kinds.blockSignals(True)
        self.kinds.clear()
        self.kinds.addItem(_("All changes"), None)
        for kind in _SHOWN:
            if counts[kind]:
                self.kinds.addItem(kind_word(kind), kind)
        self.kinds.blockSignals(False)
        self._narrow()
        self.panel.show_view(view)
        self.side.setCurrentWidget(self.panel)
        self.server.forget()
        self.show_body()

    def _narrow(self) -> None:
        if self.shown is None:
            return
        kind = self.kinds.currentData()
        self.table.show_rows([cells for each, cells in self.shown.lines if kind is None or each == kind])
        hidden = self.shown.n_hidden
        text = plural("{n} more line is not shown", "{n} more lines are not shown", hidden) if hidden else ""
        if not self.shown.lines and not hidden:
            text = _("Nothing would change.") if self.shown.preview.changes else _("No rows could be read yet.")
        self.note.setText(text)

    def _lay_out(self) -> None:
        file = button(_("Choose a file"), "document", tip=_("Workbook, ODM or REDCap export (Ctrl+O)"))
        folder = button(_("Choose a folder"), "folder_open", tip=_("A folder of CSV tables"))
        server = button(_("REDCap"), "server", tip=_("Read from a REDCap server"))
        file.clicked.connect(self.choose_file)
        folder.clicked.connect(self.choose_folder)
        server.clicked.connect(self.ask_server)
        column = QVBoxLayout()
        column.setSpacing(GRID)
        column.addWidget(row(self.heading, self.counts, None, file, folder, server))
        column.addWidget(row(self.kinds, self.note, None))
        column.addWidget(self.table, 1)
        self.side.addWidget(self.panel)
        self.side.addWidget(self.server)
        self.side.setFixedWidth(self.panel.width())
        line = QHBoxLayout(self.body)
        line.setContentsMargins(GRID, GRID, GRID, GRID)
        line.setSpacing(GRID)
        line.addLayout(column, 1)
        line.addWidget(self.side)
