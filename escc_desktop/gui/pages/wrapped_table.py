"""A table whose rows are as high as their words need, so that nothing is cut."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QPainter, QResizeEvent
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem, QWidget

from escc_desktop.gui.pages.admin_table import ROW_PX, Column, Row, RowsTable

_SETTLE_MS: Final = 50
_SIDE_PX, _TOP_PX = 8, 6
_FLAGS: Final = int(Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
_Index = QModelIndex | QPersistentModelIndex


class _Wrapping(QStyledItemDelegate):
    """Measures and paints words with the same wrapping; Qt's own measure differs by a few pixels, and words go."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        view = option.widget
        width = view.columnWidth(index.column()) - 2 * _SIDE_PX if isinstance(view, RowsTable) else ROW_PX
        words = str(index.data())
        needed = option.fontMetrics.boundingRect(QRect(0, 0, width, 10_000), _FLAGS, words)
        return QSize(width, max(ROW_PX, needed.height() + 2 * _TOP_PX))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        words = str(index.data())
        view: QWidget = option.widget
        self.initStyleOption(option, index)
        option.text = ""
        view.style().drawControl(view.style().ControlElement.CE_ItemViewItem, option, painter, view)
        ink = index.data(Qt.ItemDataRole.ForegroundRole)
        painter.save()
        painter.setPen(ink if isinstance(ink, QColor) else option.palette.text().color())
        rect: QRect = option.rect
        painter.drawText(rect.adjusted(_SIDE_PX, _TOP_PX, -_SIDE_PX, 0), _FLAGS, words)
        painter.restore()


class WrappedTable(RowsTable):
    """A `RowsTable` with wrapped words; it never scrolls sideways."""

    def __init__(self, columns: Sequence[Column], name: str) -> None:
        super().__init__(columns, name)
        self.setItemDelegate(_Wrapping(self))
        self.setVerticalScrollMode(self.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLE_MS)
        self._settle.timeout.connect(self.resizeRowsToContents)

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Show other rows."""
        self.rows_model.fill(rows)
        self.resizeRowsToContents()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._settle.start()
