"""Two entries of one form compared: each difference is settled, with a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from escc_desktop.gui.pages.admin_table import Column, Row, RowsTable
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.entry import Entry
from escc_desktop.gui.widgets.text import button, label, row
from escc_desktop.i18n import _, plural
from escc_desktop.workflow.views.records import Difference, difference_words
from escc_desktop.workflow.views.records_words import table_title

if TYPE_CHECKING:
    from escc_desktop.workflow.views.records import PatientRecord


class SecondPanel(QWidget):
    """The differences of every form that was entered twice.

    Attributes
    ----------
    settled
        (difference, takes the second, reason).
    """

    settled = Signal(object, bool, str)

    def __init__(self) -> None:
        super().__init__()
        self.told = label(tone="secondary", wrap=True)
        self.table = RowsTable(
            (
                Column(_("Form"), 130), Column(_("Where"), 230), Column(_("First entry"), 190),
                Column(_("Second entry"), 190), Column(_("Settled"), 0),
            ),
            _("Differences"),
        )  # fmt: skip
        self.reason = Entry()
        self.reason.setPlaceholderText(_("Reason: what the source shows"))
        self.reason.setAccessibleName(_("Reason"))
        self.first, self.second = button(_("Keep the first")), button(_("Take the second"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, GRID, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(self.told)
        column.addWidget(self.table, 1)
        column.addWidget(self.reason)
        column.addWidget(row(None, self.first, self.second))
        self._may = False
        self.table.selectionModel().currentRowChanged.connect(lambda *_: self._fit())
        self.reason.textChanged.connect(lambda _text: self._fit())
        self.first.clicked.connect(lambda: self._settle(takes_second=False))
        self.second.clicked.connect(lambda: self._settle(takes_second=True))

    def show_record(self, record: PatientRecord) -> None:
        """List the differences of a patient's second entries."""
        rows, n_open = [], 0
        for table, found in record.comparisons.items():
            title = table_title(table)
            n_open += len(found.open)
            rows += [Row((title, *difference_words(one), ""), one, "warning") for one in found.open]
            rows += [
                Row((title, *difference_words(one), f"{record.names.get(by, by)}: {why}"), None, "secondary")
                for one, by, why in found.settled
            ]
        self._may = not record.why_not
        self.table.rows_model.fill(rows)
        self.table.setVisible(bool(rows))
        if not record.comparisons:
            self.told.setText(
                _("Nothing was entered twice yet. Somebody else begins a second entry in a form, blind to the first.")
            )
        else:
            done = ", ".join(table_title(table) for table in record.comparisons)
            words = plural("{n} difference to settle", "{n} differences to settle", n_open)
            self.told.setText(_("Entered twice: {forms}. {open}.").format(forms=done, open=words))
        if n_open:
            self.table.selectRow(0)
        self._fit()

    def _fit(self) -> None:
        can = isinstance(self.table.chosen_key(), Difference) and self._may
        self.reason.setVisible(can)
        for made in (self.first, self.second):
            made.setVisible(can)
            made.setEnabled(bool(self.reason.text().strip()))

    def _settle(self, *, takes_second: bool) -> None:
        one = self.table.chosen_key()
        if isinstance(one, Difference):
            self.settled.emit(one, takes_second, self.reason.text())
            self.reason.clear()
