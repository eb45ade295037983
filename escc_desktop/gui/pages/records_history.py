"""The history of a record: each changed cell with when, who, from what, to what and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QVBoxLayout, QWidget

from escc_desktop.gui.pages.admin_table import Column, Row, RowsTable
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.entry import Entry
from escc_desktop.gui.widgets.text import label
from escc_desktop.i18n import _, plural

if TYPE_CHECKING:
    from escc_desktop.workflow.views.records import HistoryRow, PatientRecord


class HistoryPanel(QWidget):
    """A table of changes, newest first, that is searched by typing."""

    def __init__(self) -> None:
        super().__init__()
        self.search = Entry()
        self.search.setPlaceholderText(_("Find a field, a person, a reason"))
        self.search.setAccessibleName(_("Find in the history"))
        self.search.setClearButtonEnabled(True)
        self.table = RowsTable(
            (
                Column(_("When (UTC)"), 128), Column(_("Who"), 110), Column(_("Where"), 330), Column(_("Before"), 110),
                Column(_("After"), 150), Column(_("Why"), 0),
            ),
            _("History"),
        )  # fmt: skip
        self.count = label(tone="secondary", size="caption")
        self._rows: tuple[HistoryRow, ...] = ()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, GRID, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(self.search)
        column.addWidget(self.table, 1)
        column.addWidget(self.count)
        self.search.textChanged.connect(lambda _text: self._sift())

    def show_record(self, record: PatientRecord) -> None:
        """List the changes of a patient's record."""
        self._rows = record.history
        self._sift()

    def _sift(self) -> None:
        words = self.search.text().strip().casefold()
        found = []
        for one in self._rows:
            cells = (one.at, one.who, one.where, one.old or "–", one.new or "–", one.why)
            if words in " ".join(cells).casefold():
                found.append(Row(cells, None, "text" if one.old else "secondary"))
        self.table.rows_model.fill(found)
        self.count.setText(plural("{n} change", "{n} changes", len(found)))
