"""A reader's own list: what to read, what is begun, what is locked until when, what is signed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QVBoxLayout, QWidget

from escc_desktop.gui.icons import icon
from escc_desktop.gui.pages.reading_words import (
    ICONS,
    AgendaState,
    lesion_line,
    occasion_name,
    state_name,
    state_of,
    when,
)
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.text import button, label, row
from escc_desktop.i18n import _, plural
from escc_desktop.workflow.views.reading import AgendaItem
from escc_desktop.workflow.views.words import site_name

_ROW_PX: Final = 36
_OPEN: Final = (AgendaState.IN_PROGRESS, AgendaState.TO_READ)


def next_item(items: Sequence[AgendaItem]) -> AgendaItem | None:
    """Return the session to go on with: the first that is begun, else the first to read."""
    ordered = [item for state in _OPEN for item in items if state_of(item) is state]
    return ordered[0] if ordered else None


class Agenda(QWidget):
    """The list, and a button for the session that is next.

    Signals
    -------
    open_wanted
        The id of a session.
    refused
        Why a session cannot be opened: sentence and hint.
    """

    open_wanted = Signal(str)
    refused = Signal(str, str)

    def __init__(self) -> None:
        super().__init__()
        self._items: list[AgendaItem] = []
        self._summary = label(tone="secondary")
        self.next = button("", "play", weight="primary")
        self.next.clicked.connect(self._open_next)
        self.table = QTableWidget(0, 5)
        self._set_up_table()
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        column.setSpacing(2 * GRID)
        heading = QWidget()
        words = QVBoxLayout(heading)
        words.setContentsMargins(0, 0, 0, 0)
        words.setSpacing(2)
        words.addWidget(label(_("My readings"), size="heading"))
        words.addWidget(self._summary)
        column.addWidget(row(heading, None, self.next))
        column.addWidget(self.table, 1)

    def _set_up_table(self) -> None:
        table = self.table
        table.setHorizontalHeaderLabels([_("State"), _("Patient"), _("Lesion"), _("Reading"), _("When")])
        table.verticalHeader().setVisible(False)
        table.verticalHeader().setDefaultSectionSize(_ROW_PX)
        table.setShowGrid(False)
        table.setIconSize(QSize(18, 18))
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        table.horizontalHeader().setHighlightSections(False)
        for section, width in enumerate((140, 140, 240, 160)):
            table.setColumnWidth(section, width)
        table.horizontalHeader().setSectionResizeMode(4, QHeaderView.ResizeMode.Stretch)
        table.setAccessibleName(_("My readings"))
        table.itemActivated.connect(lambda cell: self._activate(cell.row()))

    def show_items(self, items: Sequence[AgendaItem]) -> None:
        """Show sessions: begun ones first, then in the order they should be read."""
        order = list(AgendaState)
        self._items = sorted(items, key=lambda item: order.index(state_of(item)))
        self.table.setRowCount(len(self._items))
        for number, item in enumerate(self._items):
            self._fill(number, item)
        counts = Counter(state_of(item) for item in self._items)
        self._summary.setText(" · ".join(_count(state, counts[state]) for state in order if counts[state]))
        following = next_item(self._items)
        self.next.setVisible(following is not None)
        if following is not None:
            self.table.selectRow(self._items.index(following))
            is_begun = state_of(following) is AgendaState.IN_PROGRESS
            words = _("Go on reading {patient}") if is_begun else _("Read {patient}")
            self.next.setText(words.format(patient=following.session.patient_id))
            self.next.setToolTip(lesion_line(following))

    def select_patient(self, patient_id: str) -> None:
        """Mark the first session of a patient."""
        for number, item in enumerate(self._items):
            if item.session.patient_id == patient_id:
                self.table.selectRow(number)
                return

    def _fill(self, number: int, item: AgendaItem) -> None:
        state = state_of(item)
        words = (
            state_name(state),
            item.session.patient_id,
            f"{site_name(item.lesion.site)} {item.lesion.lesion_id}",
            occasion_name(item.session),
            when(item),
        )
        reason = "" if item.verdict or item.session.is_signed else f"{item.verdict.reason} {item.verdict.hint}"
        for section, text in enumerate(words):
            cell = QTableWidgetItem(text)
            cell.setToolTip(reason)
            if section == 0:
                cell.setIcon(icon(*ICONS[state]))
            self.table.setItem(number, section, cell)

    def _activate(self, number: int) -> None:
        item = self._items[number]
        if item.session.is_signed:
            self.refused.emit(_("This reading is signed."), _("A signed reading is final."))
        elif not item.verdict:
            self.refused.emit(item.verdict.reason, item.verdict.hint)
        else:
            self.open_wanted.emit(item.session.session_id)

    def _open_next(self) -> None:
        following = next_item(self._items)
        if following is not None:
            self.open_wanted.emit(following.session.session_id)


def _count(state: AgendaState, n: int) -> str:
    if state is AgendaState.IN_PROGRESS:
        return plural("{n} in progress", "{n} in progress", n)
    if state is AgendaState.TO_READ:
        return plural("{n} to read", "{n} to read", n)
    if state is AgendaState.LOCKED:
        return plural("{n} locked", "{n} locked", n)
    return plural("{n} signed", "{n} signed", n)
