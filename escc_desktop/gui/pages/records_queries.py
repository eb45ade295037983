"""The queries of a patient: what was asked, by whom, what came of it; asked, answered and closed here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from escc_desktop.gui.pages.admin_table import Column, Row, RowsTable
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.entry import Entry
from escc_desktop.gui.widgets.text import button, label, row
from escc_desktop.i18n import _
from escc_desktop.workflow.views.records import QueryRow
from escc_desktop.workflow.views.records_words import state_words

if TYPE_CHECKING:
    from escc_desktop.workflow.views.records import PatientRecord

_TONES = {"open": "warning", "answered": "accent", "closed": "secondary"}


class QueriesPanel(QWidget):
    """A table of queries and, below it, the chosen one with what can be done.

    Attributes
    ----------
    moved
        (query id, "answer" | "close" | "reopen", text).
    shown_at
        The table a query is about, to show its form.
    """

    moved = Signal(str, str, str)
    shown_at = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.table = RowsTable(
            (
                Column(_("State"), 100), Column(_("Where"), 330), Column(_("Query"), 0), Column(_("Asked by"), 130),
            ),
            _("Queries"),
        )  # fmt: skip
        self.none = label(
            _("No queries. Statistician and coordinator ask about a cell with Ctrl+Q; the checks ask by themselves."),
            tone="secondary", wrap=True,
        )  # fmt: skip
        self.steps = label(tone="secondary", wrap=True)
        self.text = Entry()
        self.text.setAccessibleName(_("Answer or reason"))
        self.text.setPlaceholderText(_("What the source says, or why"))
        self.answer = button(_("Answer"), "checkmark", weight="primary")
        self.close_button = button(_("Close the query"), "checkmark_circle")
        self.reopen = button(_("Ask again"), "arrow_reset")
        self.show_form = button(_("Show in the form"), "arrow_right")
        self._record: PatientRecord | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, GRID, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(self.none, 0, Qt.AlignmentFlag.AlignTop)
        column.addWidget(self.table, 1)
        column.addWidget(self.steps)
        column.addWidget(self.text)
        column.addWidget(row(self.show_form, None, self.reopen, self.close_button, self.answer))
        column.addStretch(0)
        self.table.selectionModel().currentRowChanged.connect(lambda *_: self._fit())
        self.table.activated.connect(lambda _index: self._show())
        self.text.textChanged.connect(lambda _text: self._fit())
        self.text.returnPressed.connect(self._enter)
        self.answer.clicked.connect(lambda: self._move("answer"))
        self.close_button.clicked.connect(lambda: self._move("close"))
        self.reopen.clicked.connect(lambda: self._move("reopen"))
        self.show_form.clicked.connect(self._show)

    def show_record(self, record: PatientRecord) -> None:
        """List a patient's queries, those that wait first."""
        kept = self._chosen()
        is_other = self._record is None or self._record.patient_id != record.patient_id
        self._record = record
        order = ("open", "answered", "closed")
        rows: Sequence[QueryRow] = sorted(record.queries, key=lambda one: order.index(one.query.state))
        self.table.rows_model.fill([
            Row(
                (state_words(one.query.state), one.where, one.query.text, one.by),
                one.query.query_id, _TONES[one.query.state],
            )
            for one in rows
        ])  # fmt: skip
        self.none.setVisible(not rows)
        self.table.setVisible(bool(rows))
        if rows:
            self.table.choose_key(None if kept is None or is_other else kept.query.query_id)
            if not self.table.currentIndex().isValid():
                self.table.selectRow(0)
        self._fit()

    def _chosen(self) -> QueryRow | None:
        key = self.table.chosen_key()
        found = () if self._record is None else self._record.queries
        return next((one for one in found if one.query.query_id == key), None)

    def _fit(self) -> None:
        one, record = self._chosen(), self._record
        is_there = one is not None and record is not None
        self.steps.setText("" if one is None else "\n".join(one.steps))
        state = "" if one is None else str(one.query.state)
        may_ask = record is not None and record.may_query and record.state != "locked"
        may_answer = record is not None and record.may_enter and record.state != "locked"
        has_text = bool(self.text.text().strip())
        for made, can, ready in (
            (self.answer, may_answer and state == "open", has_text),
            (self.close_button, may_ask and state in {"open", "answered"}, has_text or state == "answered"),
            (self.reopen, may_ask and state in {"answered", "closed"}, has_text),
        ):
            made.setVisible(can)
            made.setEnabled(ready)
        self.text.setVisible(is_there and (may_answer or may_ask))
        self.show_form.setVisible(is_there)

    def _enter(self) -> None:
        for made in (self.answer, self.close_button, self.reopen):
            if made.isVisible() and made.isEnabled():
                made.click()
                return

    def _move(self, act: str) -> None:
        one = self._chosen()
        if one is not None:
            self.moved.emit(one.query.query_id, act, self.text.text())
            self.text.clear()

    def _show(self) -> None:
        one = self._chosen()
        if one is not None:
            self.shown_at.emit(one.query)
