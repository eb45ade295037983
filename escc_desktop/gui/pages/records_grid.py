"""A form as a grid of cells: typed in, walked by Tab, a new row by Enter; one row is shown field below field."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import (
    QAbstractItemModel,
    QAbstractTableModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QCompleter,
    QHeaderView,
    QLineEdit,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from escc_desktop.gui.theme import current_tokens
from escc_desktop.i18n import _
from escc_desktop.workflow.views.records_form import Field, Form, choices_of, is_blank, settled, suggestions_of

if TYPE_CHECKING:
    from escc_desktop.workflow.records_rows import Cells
    from escc_desktop.workflow.views.records_form import Mark

ROW_PX = 30
_NEW_ROW: dict[str, str] = {}
_TINT = 60
_LABEL, _VALUE, _HELP = range(3)
_SHEET_PX = (220, 260)
_WIDTHS_PX = {"date": 104, "choice": 128, "flag": 84, "integer": 72, "number": 92, "limited": 92, "code": 104}
_NAMED_PX = {"criterion": 300, "analyte": 210, "term": 210, "related_to": 190}
_TEXT_PX = 120
_Index = QModelIndex | QPersistentModelIndex
_NO_PARENT = QModelIndex()
_Role = Qt.ItemDataRole


class GridModel(QAbstractTableModel):
    """Rows of text cells under the fields of a form.

    Attributes
    ----------
    edited
        A cell was changed by hand.
    """

    edited = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.form = Form("", "", (), False, ())
        self.rows: list[dict[str, str]] = []
        self.is_open = False
        self._base: Sequence[Cells] = ()
        self._marks: dict[tuple[int, str], list[Mark]] = {}

    def show_form(self, form: Form, rows: Sequence[Cells], base: Sequence[Cells], *, is_open: bool) -> None:
        """Show rows; `base` is what they are compared with to show what changed."""
        self.beginResetModel()
        self.form, self.is_open, self._base = form, is_open, base
        self.rows = [dict(row) for row in rows] or ([{}] if form.is_sheet else [])
        self._marks = {}
        self.endResetModel()

    def show_marks(self, marks: Sequence[Mark]) -> None:
        """Colour the cells that something is wrong with or asked about."""
        self._marks = {}
        for mark in marks:
            self._marks.setdefault((mark.row, mark.column), []).append(mark)
        if self.rowCount():
            self.dataChanged.emit(self.index(0, 0), self.index(self.rowCount() - 1, self.columnCount() - 1))

    def place_of(self, row: int, column: str) -> QModelIndex:
        """Return the index of a cell."""
        names = [field.name for field in self.form.fields]
        place = names.index(column) if column in names else 0
        return self.index(place, _VALUE) if self.form.is_sheet else self.index(row, place)

    def cell_of(self, index: _Index) -> tuple[int, Field]:
        """Return the row and field an index stands for."""
        if self.form.is_sheet:
            return 0, self.form.fields[index.row()]
        return index.row(), self.form.fields[index.column()]

    def add_row(self, row: Cells = _NEW_ROW) -> int:
        """Add a row and return its place."""
        place = len(self.rows)
        self.beginInsertRows(_NO_PARENT, place, place)
        self.rows.append(dict(row))
        self.endInsertRows()
        return place

    def remove_row(self, place: int) -> None:
        """Take a row away."""
        self.beginRemoveRows(_NO_PARENT, place, place)
        del self.rows[place]
        self.endRemoveRows()
        self.edited.emit()

    def fill(self, row: int, cells: Cells) -> None:
        """Fill cells of a row, as typing them would."""
        self.rows[row] = settled(self.form.table, {**self.rows[row], **cells})
        self.dataChanged.emit(self.index(0, 0), self.index(self.rowCount() - 1, self.columnCount() - 1))
        self.edited.emit()

    def entered(self) -> tuple[tuple[int, dict[str, str]], ...]:
        """Return the rows in which something was entered, each with its place."""
        return tuple(
            (place, settled(self.form.table, row))
            for place, row in enumerate(self.rows)
            if not is_blank(self.form, row)
        )

    def rowCount(self, parent: _Index = _NO_PARENT) -> int:  # noqa: D102
        if parent.isValid():
            return 0
        return len(self.form.fields) if self.form.is_sheet else len(self.rows)

    def columnCount(self, parent: _Index = _NO_PARENT) -> int:  # noqa: D102
        if parent.isValid():
            return 0
        return 3 if self.form.is_sheet else len(self.form.fields)

    def flags(self, index: _Index) -> Qt.ItemFlag:  # noqa: D102
        usual = super().flags(index)
        is_cell = not self.form.is_sheet or index.column() == _VALUE
        return usual | Qt.ItemFlag.ItemIsEditable if self.is_open and is_cell else usual

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _Role.DisplayRole) -> Any:  # noqa: D102
        if orientation is Qt.Orientation.Vertical:
            return section + 1 if role == _Role.DisplayRole else None
        if self.form.is_sheet:
            return (_("Field"), _("Value"), "")[section] if role == _Role.DisplayRole else _left(role)
        field = self.form.fields[section]
        if role == _Role.DisplayRole:
            return f"{field.label}, {field.unit}" if field.unit else field.label
        if role == _Role.ToolTipRole:
            return field.tip
        return _side(field) if role == _Role.TextAlignmentRole else None

    def data(self, index: _Index, role: int = _Role.DisplayRole) -> Any:  # noqa: D102
        row, field = self.cell_of(index)
        if self.form.is_sheet and index.column() != _VALUE:
            return _beside(field, index.column(), role)
        text = self.rows[row].get(field.name, "")
        if role == _Role.EditRole:
            return text
        if role == _Role.DisplayRole:
            return dict(field.choices).get(text, text)
        if role == _Role.TextAlignmentRole:
            return _left(role) if self.form.is_sheet else _side(field)
        if role in {_Role.BackgroundRole, _Role.ToolTipRole, _Role.FontRole, _Role.ForegroundRole}:
            return self._look(row, field, role)
        return None

    def setData(self, index: _Index, value: Any, role: int = _Role.EditRole) -> bool:  # noqa: D102
        row, field = self.cell_of(index)
        if role != _Role.EditRole or str(value) == self.rows[row].get(field.name, ""):
            return False
        self.rows[row] = settled(self.form.table, {**self.rows[row], field.name: str(value)})
        self.dataChanged.emit(index, index)
        self.edited.emit()
        return True

    def _look(self, row: int, field: Field, role: int) -> Any:
        marks = self._marks.get((row, field.name), [])
        if role == _Role.ToolTipRole:
            return "\n".join([*(mark.what for mark in marks), *([field.tip] if field.tip else [])])
        if role == _Role.BackgroundRole and marks and marks[0].tone != "secondary":
            tint = QColor(current_tokens().color(marks[0].tone))
            tint.setAlpha(_TINT)
            return tint
        if role == _Role.ForegroundRole and self._is_changed(row, field):
            return current_tokens().color("accent")
        return None

    def _is_changed(self, row: int, field: Field) -> bool:
        before = self._base[row].get(field.name, "") if row < len(self._base) else ""
        return self.rows[row].get(field.name, "") != before


def _side(field: Field) -> int:
    side = Qt.AlignmentFlag.AlignRight if field.is_number else Qt.AlignmentFlag.AlignLeft
    return int(side | Qt.AlignmentFlag.AlignVCenter)


def _left(role: int) -> Any:
    left = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    return left if role == _Role.TextAlignmentRole else None


def _beside(field: Field, column: int, role: int) -> Any:
    """Return what stands left and right of a value in a sheet."""
    if role == _Role.DisplayRole:
        return (field.label + (" *" if field.is_required else "")) if column == _LABEL else _said(field)
    if role == _Role.ForegroundRole:
        return current_tokens().color("secondary")
    return field.tip if role == _Role.ToolTipRole else _left(role)


def _said(field: Field) -> str:
    return "  ·  ".join(part for part in (field.unit, *field.tip.split("\n")) if part)


class CellDelegate(QStyledItemDelegate):
    """Gives each cell the editor of its field; Enter goes on to the next row.

    Attributes
    ----------
    next_row
        Enter was pressed in a cell.
    """

    next_row = Signal()

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:  # noqa: D102
        # The style sheet draws the items and would leave the tint out.
        tint = index.data(_Role.BackgroundRole)
        if isinstance(tint, QColor):
            painter.fillRect(option.rect, tint)
        super().paint(painter, option, index)

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: _Index) -> QWidget:  # noqa: D102
        model = index.model()
        assert isinstance(model, GridModel)
        row, field = model.cell_of(index)
        choices = choices_of(field, model.rows[row])
        if not choices:
            line = QLineEdit(parent)
            line.setFrame(False)
            line.setPlaceholderText(_("YYYY-MM-DD") if field.kind == "date" else "")
            if suggestions := suggestions_of(field):
                offered = QCompleter(list(suggestions), line)
                offered.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
                offered.setFilterMode(Qt.MatchFlag.MatchContains)
                line.setCompleter(offered)
            return line
        box = QComboBox(parent)
        box.addItem("", "")
        for code, words in choices:
            box.addItem(words, code)
        box.view().setMinimumWidth(box.sizeHint().width())
        return box

    def setEditorData(self, editor: QWidget, index: _Index) -> None:  # noqa: D102
        text = str(index.data(_Role.EditRole) or "")
        if isinstance(editor, QComboBox):
            editor.setCurrentIndex(max(0, editor.findData(text)))
        elif isinstance(editor, QLineEdit):
            editor.setText(text)
            editor.selectAll()

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: _Index) -> None:  # noqa: D102
        if isinstance(editor, QComboBox):
            model.setData(index, editor.currentData())
        elif isinstance(editor, QLineEdit):
            model.setData(index, editor.text())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: D102
        is_enter = (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.KeyPress
            and event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}
        )
        if is_enter and isinstance(watched, QWidget):
            self.commitData.emit(watched)
            self.closeEditor.emit(watched, QStyledItemDelegate.EndEditHint.NoHint)
            self.next_row.emit()
            return True
        return super().eventFilter(watched, event)

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:  # noqa: D102
        return QSize(super().sizeHint(option, index).width(), ROW_PX)


class Grid(QTableView):
    """The cells of a form."""

    def __init__(self) -> None:
        super().__init__()
        self.cells = GridModel()
        self.setModel(self.cells)
        self.delegate = CellDelegate(self)
        self.setItemDelegate(self.delegate)
        self.setShowGrid(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(
            QAbstractItemView.EditTrigger.AnyKeyPressed
            | QAbstractItemView.EditTrigger.DoubleClicked
            | QAbstractItemView.EditTrigger.EditKeyPressed
        )
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        rows = self.verticalHeader()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(ROW_PX)
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setSectionsClickable(False)
        self.delegate.next_row.connect(self.go_to_next_row)

    def fit_columns(self) -> None:
        """Give each column the width its kind needs."""
        form, header = self.cells.form, self.horizontalHeader()
        self.verticalHeader().setVisible(not form.is_sheet)
        header.setStretchLastSection(True)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        if form.is_sheet:
            for column, width in enumerate(_SHEET_PX):
                header.resizeSection(column, width)
            return
        for column, field in enumerate(form.fields):
            wide = header.fontMetrics().horizontalAdvance(self.cells.headerData(column, Qt.Orientation.Horizontal)) + 28
            usual = _NAMED_PX.get(field.name, _WIDTHS_PX.get(field.kind, _TEXT_PX))
            header.resizeSection(column, max(usual, wide))

    def go_to_next_row(self) -> None:
        """Go to the row below, in a sheet to the field below; below the last row begin a new one."""
        index, cells = self.currentIndex(), self.cells
        if cells.form.is_sheet:
            self.setCurrentIndex(cells.index(min(index.row() + 1, cells.rowCount() - 1), _VALUE))
            return
        if index.row() + 1 >= len(cells.rows) and cells.is_open:
            self.add_row()
            return
        self.setCurrentIndex(cells.index(index.row() + 1, 0))

    def add_row(self) -> None:
        """Begin a new row and go to its first cell."""
        if self.cells.is_open and not self.cells.form.is_sheet:
            self.setCurrentIndex(self.cells.index(self.cells.add_row(), 0))
            self.setFocus()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        if self.currentIndex().isValid():
            self.scrollTo(self.currentIndex())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        super().paintEvent(event)
        if not self.cells.rowCount():
            painter = QPainter(self.viewport())
            painter.setPen(current_tokens().color("secondary"))
            words = _("Nothing entered yet. Enter begins a row.") if self.cells.is_open else _("Nothing entered.")
            painter.drawText(self.viewport().rect(), Qt.AlignmentFlag.AlignCenter, words)
            painter.end()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        key = event.key()
        if key in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and self.state() != QAbstractItemView.State.EditingState:
            self.go_to_next_row()
        elif key == Qt.Key.Key_Delete and self.cells.is_open and self.currentIndex().isValid():
            if self.cells.flags(self.currentIndex()) & Qt.ItemFlag.ItemIsEditable:
                self.cells.setData(self.currentIndex(), "")
        else:
            super().keyPressEvent(event)

    def moveCursor(self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier) -> QModelIndex:
        """Let Tab go down the values of a sheet; elsewhere as tables do."""
        next_by = {QAbstractItemView.CursorAction.MoveNext: 1, QAbstractItemView.CursorAction.MovePrevious: -1}
        if self.cells.form.is_sheet and action in next_by:
            row = self.currentIndex().row() + next_by[action]
            return self.cells.index(row % max(1, self.cells.rowCount()), _VALUE)
        return super().moveCursor(action, modifiers)
