"""The table of the lesions page: lesions and figures down, time points across; every cell says why."""

from __future__ import annotations

from typing import Any, Final

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from escc_desktop.gui.widgets.painted import color
from escc_desktop.i18n import _
from escc_desktop.workflow.views.recist import RecistCell, RecistRow, RecistView

_Index = QModelIndex | QPersistentModelIndex
_NO_PARENT = QModelIndex()
_ROW_PX: Final = 24
_LEAST_COLUMN_PX: Final = 84
_NAME_PX: Final = 300


class _Cells(QAbstractTableModel):
    def __init__(self) -> None:
        super().__init__()
        self.view = RecistView((), "")

    def show_view(self, view: RecistView) -> None:
        self.beginResetModel()
        self.view = view
        self.endResetModel()

    def rowCount(self, parent: _Index = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self.view.rows)

    def columnCount(self, parent: _Index = _NO_PARENT) -> int:
        return 0 if parent.isValid() else 1 + len(self.view.columns)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row, column = self.view.rows[index.row()], index.column()
        cell = RecistCell(row.name, row.title) if column == 0 else row.cells[column - 1]
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{row.title}  {row.name}" if column == 0 and row.title else cell.text
        if role == Qt.ItemDataRole.ToolTipRole:
            return "\n".join(filter(None, (cell.text, cell.reason)))
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignLeft if column == 0 else Qt.AlignmentFlag.AlignRight
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        return self._look(row, cell, role)

    def _look(self, row: RecistRow, cell: RecistCell, role: int) -> Any:
        if role == Qt.ItemDataRole.FontRole and row.kind == "response":
            font = QFont()
            font.setBold(True)
            return font
        if role == Qt.ItemDataRole.ForegroundRole:
            if cell.is_marked:
                return color("warning")
            return color("secondary") if row.kind == "figure" else None
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Vertical:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignLeft if section == 0 else Qt.AlignmentFlag.AlignRight)
        if role == Qt.ItemDataRole.ToolTipRole and section:
            return self.view.days[section - 1].isoformat()
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        if section == 0:
            return _("Lesion, mm")
        return f"{self.view.columns[section - 1]}\n{self.view.days[section - 1].isoformat()}"


class RecistTable(QTableView):
    """Shows a `RecistView`.

    Attributes
    ----------
    looked_at
        Another cell is current: its row and column; column 0 is the baseline.
    """

    looked_at = Signal(int, int)

    def __init__(self) -> None:
        super().__init__()
        self._cells = _Cells()
        self.setModel(self._cells)
        self.setAccessibleName(_("Lesions over time"))
        self.setShowGrid(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(_ROW_PX)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setMinimumSectionSize(_LEAST_COLUMN_PX)
        self.selectionModel().currentChanged.connect(self._tell)

    def show_view(self, view: RecistView) -> None:
        """Show a patient's lesions; the cell looked at last is the overall response of the last time point."""
        self._cells.show_view(view)
        header = self.horizontalHeader()
        if view.rows:
            header.setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
            header.resizeSection(0, _NAME_PX)

    def cell(self, row: int, column: int) -> tuple[RecistRow, RecistCell] | None:
        """Return a row and one of its cells; column 0 is the baseline."""
        if not (0 <= row < len(self._cells.view.rows) and 0 <= column < len(self._cells.view.columns)):
            return None
        found = self._cells.view.rows[row]
        return found, found.cells[column]

    def look_at(self, row: int, column: int) -> None:
        """Make a cell the current one."""
        self.setCurrentIndex(self._cells.index(row, column + 1))

    def _tell(self, index: QModelIndex, _before: QModelIndex) -> None:
        if index.isValid():
            self.looked_at.emit(index.row(), max(0, index.column() - 1))
