"""A table to read: no grid, numbers right-aligned, as tall as its rows or scrolled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

_Index = QModelIndex | QPersistentModelIndex
_NO_PARENT = QModelIndex()
ROW_PX = 28


class _Cells(QAbstractTableModel):
    def __init__(self, header: Sequence[str], numeric: frozenset[int]) -> None:
        super().__init__()
        self._header = tuple(header)
        self._numeric = numeric
        self.rows: tuple[tuple[str, ...], ...] = ()

    def show_rows(self, rows: Sequence[Sequence[str]]) -> None:
        self.beginResetModel()
        self.rows = tuple(tuple(row) for row in rows)
        self.endResetModel()

    def rowCount(self, parent: _Index = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: _Index = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self._header)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole}:
            return self.rows[index.row()][index.column()]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self._side(index.column())
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Vertical:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._header[section]
        return self._side(section) if role == Qt.ItemDataRole.TextAlignmentRole else None

    def _side(self, column: int) -> int:
        side = Qt.AlignmentFlag.AlignRight if column in self._numeric else Qt.AlignmentFlag.AlignLeft
        return int(side | Qt.AlignmentFlag.AlignVCenter)


class PlainTable(QTableView):
    """Shows text cells.

    Attributes
    ----------
    opened
        The first cell of a row that was clicked twice or entered.
    """

    opened = Signal(str)

    def __init__(self, header: Sequence[str], numeric: Sequence[int] = (), *, name: str = "", stretch: int = 0) -> None:
        super().__init__()
        self._cells = _Cells(header, frozenset(numeric))
        self.setModel(self._cells)
        self.setAccessibleName(name)
        self.setShowGrid(False)
        # A row has one line: what does not fit ends in an ellipsis, and stands whole in the tip.
        self.setWordWrap(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(ROW_PX)
        self.horizontalHeader().setHighlightSections(False)
        # Columns are fitted to this many rows: to measure thousands would hold up the window.
        self.horizontalHeader().setResizeContentsPrecision(100)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.horizontalHeader().setSectionResizeMode(stretch, QHeaderView.ResizeMode.Stretch)
        self.activated.connect(lambda index: self.opened.emit(self._cells.rows[index.row()][0]))

    @property
    def rows(self) -> tuple[tuple[str, ...], ...]:
        """The cells shown."""
        return self._cells.rows

    def show_rows(self, rows: Sequence[Sequence[str]]) -> None:
        """Show rows as long as the header."""
        self._cells.show_rows(rows)
