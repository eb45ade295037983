"""The list of patients with their groups: searched by typing, walked through by keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSortFilterProxyModel, Qt, Signal
from PySide6.QtGui import QBrush
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QVBoxLayout, QWidget

from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.entry import Entry
from escc_desktop.gui.widgets.painted import SHAPES, risk_color
from escc_desktop.gui.widgets.text import label
from escc_desktop.i18n import _, plural

if TYPE_CHECKING:
    from escc_desktop.workflow.views.patient_cohort import ChooserRow

WIDTH_PX = 192
_COLUMNS_PX = {1: 70, 2: 58}
_CELL_PX, _MOST_CODE_PX = 26, 96
_ROW_PX = 28
_SAMPLE = 50
_Index = QModelIndex | QPersistentModelIndex
_NO_PARENT = QModelIndex()
SOUGHT = Qt.ItemDataRole.UserRole
_ACROSS = Qt.Orientation.Horizontal


class _Rows(QAbstractTableModel):
    """Code, group, survival."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: tuple[ChooserRow, ...] = ()
        self.horizon_months: float | None = None
        self.places: dict[str, int] = {}
        self._sought: list[str] = []

    def show_rows(self, rows: Sequence[ChooserRow], horizon_months: float | None) -> None:
        self.beginResetModel()
        self.rows, self.horizon_months = tuple(rows), horizon_months
        self.places = {row.patient_id: place for place, row in enumerate(self.rows)}
        self._sought = [" ".join((row.patient_id, _group(row), _survival(row))) for row in self.rows]
        self.endResetModel()

    def rowCount(self, parent: _Index = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: _Index = _NO_PARENT) -> int:
        return 0 if parent.isValid() else 3

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            alive = "" if self.horizon_months is None else _("{n:g} mo").format(n=self.horizon_months)
            return (_("Code"), _("Group"), alive)[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if section == 2 else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        return _("Survival probability at this month") if role == Qt.ItemDataRole.ToolTipRole and section == 2 else None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == SOUGHT:
            return self._sought[index.row()]
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return (row.patient_id, _group(row), _survival(row))[index.column()]
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() == 2:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.ForegroundRole and index.column() == 1 and row.group:
            return QBrush(risk_color(row.group))
        if role == Qt.ItemDataRole.ToolTipRole:
            return _tip(row)
        return None


def _group(row: ChooserRow) -> str:
    if not row.is_assessed:
        return ""
    return f"{SHAPES[row.group]} {_(row.group)}" if row.group else _("none")


def _survival(row: ChooserRow) -> str:
    if row.survival is None:
        return "–" if row.is_assessed else ""
    return f"{row.survival * 100:.0f} %"


def _tip(row: ChooserRow) -> str:
    lines = [row.patient_id]
    if not row.is_assessed:
        return "\n".join([*lines, _("Not assessed")])
    if not row.group:
        lines.append(_("No risk group"))
    if row.survival is None:
        lines.append(_("Probability withheld"))
    return "\n".join(lines)


class PatientList(QWidget):
    """Search field and list; emits the code of the patient that was chosen."""

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setFixedWidth(WIDTH_PX)
        self.search = Entry()
        self.search.setPlaceholderText(_("Find a patient"))
        self.search.setAccessibleName(_("Find a patient"))
        self.search.setToolTip(_("Type part of a code, or LOW or HIGH (Ctrl+F)"))
        self.search.setClearButtonEnabled(True)
        self._rows = _Rows()
        self._shown = QSortFilterProxyModel()
        self._shown.setSourceModel(self._rows)
        self._shown.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        # One text a row: a list of thousands is sifted at every key.
        self._shown.setFilterRole(SOUGHT)
        self._shown.setFilterKeyColumn(0)
        self.table = self._make_table()
        self._count = label(tone="secondary", size="caption")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(self.search)
        column.addWidget(self.table, 1)
        column.addWidget(self._count)
        self.search.textChanged.connect(self._filter)
        self.search.returnPressed.connect(lambda: self.step(0))
        self._current = ""

    def show_rows(self, rows: Sequence[ChooserRow], horizon_months: float | None) -> None:
        """List patients; the probability is to be alive or free of progression at the horizon."""
        self._rows.show_rows(rows, horizon_months)
        self._fit_columns()
        self._tell_count()
        self.mark(self._current)

    def mark(self, patient_id: str) -> None:
        """Show which patient is on the page, without emitting."""
        self._current = patient_id
        place = self._place()
        self.table.selectionModel().blockSignals(True)
        self.table.clearSelection()
        if place >= 0:
            self.table.setCurrentIndex(self._shown.index(place, 0))
            self.table.scrollTo(self._shown.index(place, 0))
        self.table.selectionModel().blockSignals(False)
        self.table.viewport().update()

    def step(self, by: int) -> None:
        """Choose the patient so many lines further down the list as it is filtered."""
        place, last = self._place(), self._shown.rowCount() - 1
        if last >= 0:
            self.chosen.emit(self._shown.index(max(0, min(last, place + by)), 0).data())

    def codes(self) -> tuple[str, ...]:
        """Return the patients listed now."""
        return tuple(self._shown.index(row, 0).data() for row in range(self._shown.rowCount()))

    def _place(self) -> int:
        place = self._rows.places.get(self._current)
        return -1 if place is None else self._shown.mapFromSource(self._rows.index(place, 0)).row()

    def _make_table(self) -> QTableView:
        table = QTableView()
        table.setModel(self._shown)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setShowGrid(False)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(_ROW_PX)
        table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        header = table.horizontalHeader()
        header.setMinimumSectionSize(24)
        header.setHighlightSections(False)
        header.setSectionsClickable(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column, width in _COLUMNS_PX.items():
            header.resizeSection(column, width)
        table.setAccessibleName(_("Patients"))
        table.selectionModel().currentRowChanged.connect(self._choose)
        return table

    def _fit_columns(self) -> None:
        """Give words of any language their room, and the code its own; the list is as wide as that needs."""
        metrics = self.table.fontMetrics()
        codes = max((metrics.horizontalAdvance(row.patient_id) for row in self._rows.rows[-_SAMPLE:]), default=0)
        needed = min(codes + _CELL_PX, _MOST_CODE_PX) + 2 * GRID
        groups = [f"{shape} {_(group)}" for group, shape in SHAPES.items()]
        words = {1: [*groups, _("none"), _("Group")], 2: ["100 %", str(self._rows.headerData(2, _ACROSS))]}
        for column, least in _COLUMNS_PX.items():
            width = max(least, max(metrics.horizontalAdvance(text) for text in words[column]) + _CELL_PX)
            self.table.horizontalHeader().resizeSection(column, width)
            needed += width
        self.setFixedWidth(max(WIDTH_PX, needed))

    def _choose(self, current: QModelIndex) -> None:
        if current.isValid():
            self.chosen.emit(self._shown.index(current.row(), 0).data())

    def _filter(self, words: str) -> None:
        self._shown.setFilterFixedString(words.strip())
        self._tell_count()
        self.mark(self._current)

    def _tell_count(self) -> None:
        self._count.setText(plural("{n} patient", "{n} patients", self._shown.rowCount()))
