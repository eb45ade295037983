"""The list of patients with the state of their records: searched, filtered, walked through by keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QComboBox, QHeaderView, QTableView, QVBoxLayout, QWidget

from escc_desktop.gui.theme import GRID, current_tokens
from escc_desktop.gui.widgets.entry import Entry
from escc_desktop.gui.widgets.text import label
from escc_desktop.i18n import _, plural
from escc_desktop.workflow.views.records_words import state_words

if TYPE_CHECKING:
    from escc_desktop.workflow.views.records import RosterRow

WIDTH_PX = 232
_COLUMNS_PX = {1: 84, 2: 56}
_ROW_PX = 28
_Index = QModelIndex | QPersistentModelIndex
_NO_PARENT = QModelIndex()
ALL, OPEN, QUERIED, FROZEN, LOCKED = "", "open", "queried", "frozen", "locked"


class _Rows(QAbstractTableModel):
    """Code, state, completeness; rows whose state is not read yet show their code alone."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: Sequence[RosterRow | str] = ()

    def show_rows(self, rows: Sequence[RosterRow | str]) -> None:
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def rowCount(self, parent: _Index = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: _Index = _NO_PARENT) -> int:
        return 0 if parent.isValid() else 3

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return (_("Code"), _("State"), _("Filled"))[section]
        return _side(section) if role == Qt.ItemDataRole.TextAlignmentRole else None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self.rows[index.row()]
        if isinstance(row, str):
            return row if role == Qt.ItemDataRole.DisplayRole and index.column() == 0 else None
        if role == Qt.ItemDataRole.DisplayRole:
            return (row.patient_id, _state(row), f"{row.complete * 100:.0f} %")[index.column()]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _side(index.column())
        if role == Qt.ItemDataRole.ForegroundRole and index.column() == 1:
            return current_tokens().color("warning" if row.n_open else "secondary")
        return _tip(row) if role == Qt.ItemDataRole.ToolTipRole else None


def _side(section: int) -> int:
    side = Qt.AlignmentFlag.AlignRight if section == 2 else Qt.AlignmentFlag.AlignLeft
    return int(side | Qt.AlignmentFlag.AlignVCenter)


def _state(row: RosterRow) -> str:
    if row.state != OPEN:
        return state_words(row.state)
    if row.n_open:
        return plural("{n} query", "{n} queries", row.n_open)
    return state_words("answered") if row.n_answered else state_words("open")


def _tip(row: RosterRow) -> str:
    return "\n".join((
        row.patient_id,
        state_words(row.state),
        plural("{n} open query", "{n} open queries", row.n_open),
        plural("{n} answered query", "{n} answered queries", row.n_answered),
        _("{share:.0f} % of what is expected is there").format(share=row.complete * 100),
    ))  # fmt: skip


class RecordList(QWidget):
    """Search field, filter by state, list; emits the code of the patient that was chosen."""

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setFixedWidth(WIDTH_PX)
        self.search = Entry()
        self.search.setPlaceholderText(_("Find a patient"))
        self.search.setAccessibleName(_("Find a patient"))
        self.search.setToolTip(_("Type part of a code (Ctrl+F)"))
        self.search.setClearButtonEnabled(True)
        self.filter = QComboBox()
        self.filter.setAccessibleName(_("State"))
        self.filter.setToolTip(_("Which records are listed"))
        for state, words in (
            (ALL, _("All records")), (OPEN, _("Open")), (QUERIED, _("Queried")), (FROZEN, _("Frozen")),
            (LOCKED, _("Locked")),
        ):  # fmt: skip
            self.filter.addItem(words, state)
        self._all: Sequence[RosterRow | str] = ()
        self._rows = _Rows()
        self.table = self._make_table()
        self._count = label(tone="secondary", size="caption")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        for widget in (self.search, self.filter):
            column.addWidget(widget)
        column.addWidget(self.table, 1)
        column.addWidget(self._count)
        self.search.textChanged.connect(self._sift)
        self.search.returnPressed.connect(lambda: self.step(0))
        self.filter.currentIndexChanged.connect(self._sift)
        self._current = ""

    def show_rows(self, rows: Sequence[RosterRow | str]) -> None:
        """List patients; a bare code is one whose state is not read yet."""
        self._all = tuple(rows)
        self._sift()

    def holds(self, codes: Sequence[str]) -> bool:
        """Return whether just these patients were listed, shown or sifted out."""
        return tuple(map(_code, self._all)) == tuple(codes)

    def mark(self, patient_id: str) -> None:
        """Show which patient is on the page, without emitting."""
        self._current = patient_id
        place = self._place()
        selection = self.table.selectionModel()
        selection.blockSignals(True)
        self.table.clearSelection()
        if place >= 0:
            self.table.setCurrentIndex(self._rows.index(place, 0))
            self.table.scrollTo(self._rows.index(place, 0))
        selection.blockSignals(False)
        self.table.viewport().update()

    def step(self, by: int) -> None:
        """Choose the patient so many lines further down the list as it is sifted."""
        codes = self.codes()
        if codes:
            self.chosen.emit(codes[max(0, min(len(codes) - 1, self._place() + by))])

    def codes(self) -> tuple[str, ...]:
        """Return the patients listed now."""
        return tuple(map(_code, self._rows.rows))

    def _place(self) -> int:
        return next((place for place, code in enumerate(self.codes()) if code == self._current), -1)

    def _sift(self) -> None:
        words, state = self.search.text().strip().casefold(), self.filter.currentData()
        self._rows.show_rows([row for row in self._all if words in _code(row).casefold() and _is_in(row, state)])
        self._count.setText(plural("{n} patient", "{n} patients", len(self._rows.rows)))
        self.mark(self._current)

    def _make_table(self) -> QTableView:
        table = QTableView()
        table.setModel(self._rows)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setShowGrid(False)
        table.setTabKeyNavigation(False)
        table.verticalHeader().hide()
        table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        table.verticalHeader().setDefaultSectionSize(_ROW_PX)
        table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionsClickable(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column, width in _COLUMNS_PX.items():
            header.resizeSection(column, width)
        table.setAccessibleName(_("Patients"))
        table.selectionModel().currentRowChanged.connect(self._choose)
        return table

    def _choose(self, current: QModelIndex) -> None:
        if current.isValid():
            self.chosen.emit(_code(self._rows.rows[current.row()]))


def _code(row: RosterRow | str) -> str:
    return row if isinstance(row, str) else row.patient_id


def _is_in(row: RosterRow | str, state: str) -> bool:
    if not state:
        return True
    if isinstance(row, str):
        return False
    return bool(row.n_open) if state == QUERIED else row.state == state
