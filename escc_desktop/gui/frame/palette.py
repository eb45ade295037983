"""The command palette: everything that can be done now, every page, every patient, found by a few letters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from escc_desktop.gui.frame.fuzzy import fit
from escc_desktop.gui.frame.keys_sheet import key_text
from escc_desktop.gui.icons import paint_icon
from escc_desktop.gui.theme import BODY_PX, CAPTION_PX, GRID, RADIUS, current_tokens, face
from escc_desktop.gui.widgets.text import label
from escc_desktop.i18n import _

WIDTH_PX = 600
_ROW_PX = 36
_MOST_ROWS = 10
_MOST_FOUND = 60
_FOUND = Qt.ItemDataRole.UserRole


@dataclass(frozen=True)
class Entry:
    """One line of the palette.

    Attributes
    ----------
    kind
        What it is, such as "Patient"; "" for what the page can do.
    why_not
        Why it cannot be done now; "" when it can.
    """

    text: str
    call: Callable[[], object]
    icon: str = ""
    keys: tuple[str, ...] = ()
    kind: str = ""
    why_not: str = ""


def best(typed: str, entries: Iterable[Entry]) -> list[Entry]:
    """Return the entries a few letters fit, best first; without letters all of them as they stand."""
    if not typed.strip():
        return list(entries)[:_MOST_FOUND]
    scored = [(fit(typed, entry.text), place, entry) for place, entry in enumerate(entries)]
    found = sorted((-score, place, entry) for score, place, entry in scored if score is not None)
    return [entry for _score, _place, entry in found[:_MOST_FOUND]]


class Palette(QFrame):
    """A field and a list under the head.

    Attributes
    ----------
    chosen
        The `Entry` a person chose; those that cannot be done now are never chosen.
    """

    chosen = Signal(object)
    opened = Signal()
    closed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("surface", "sheet")
        self.setAccessibleName(_("Search"))
        self.hide()
        self._entries: Sequence[Entry] = ()
        self._before: QWidget | None = None
        self.field = QLineEdit()
        self.field.setPlaceholderText(_("Search actions, pages and patients"))
        self.field.setAccessibleName(_("Search actions, pages and patients"))
        self.list = QListWidget()
        self.list.setItemDelegate(_Lines(self.list))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setMouseTracking(True)
        self._nothing = label(_("Nothing fits these letters."), tone="secondary")
        column = QVBoxLayout(self)
        column.setContentsMargins(GRID, GRID, GRID, GRID)
        column.setSpacing(GRID)
        for widget in (self.field, self.list, self._nothing):
            column.addWidget(widget)
        self.field.textEdited.connect(self._search)
        self.list.itemClicked.connect(self._choose)

    def open_palette(self, entries: Sequence[Entry]) -> None:
        """Show the field, with everything that can be done now under it."""
        self._before = self.window().focusWidget()
        self._entries = entries
        self.field.clear()
        self._search("")
        self.raise_()
        self.show()
        _application().installEventFilter(self)
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.opened.emit()

    def add(self, entries: Sequence[Entry]) -> None:
        """Take in entries that were fetched meanwhile."""
        self._entries = (*self._entries, *entries)
        if self.isVisible():
            self._search(self.field.text())

    def forget(self) -> None:
        """Close, and hold nothing of what was offered."""
        self.close_palette()
        self._entries = ()
        self.field.clear()
        self.list.clear()

    def close_palette(self) -> None:
        """Hide it and give the keyboard back."""
        if not self.isVisible():
            return
        _application().removeEventFilter(self)
        self.hide()
        if self._before is not None and self._before.isVisible():
            self._before.setFocus(Qt.FocusReason.PopupFocusReason)
        self._before = None
        self.closed.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: D102
        if isinstance(event, QMouseEvent) and event.type() == QEvent.Type.MouseButtonPress:
            if not self.rect().contains(self.mapFromGlobal(event.globalPosition().toPoint())):
                self.close_palette()
        elif watched is not self.field:
            return False
        elif isinstance(event, QFocusEvent) and event.type() == QEvent.Type.FocusOut:
            if event.reason() not in {Qt.FocusReason.ActiveWindowFocusReason, Qt.FocusReason.PopupFocusReason}:
                self.close_palette()
        elif isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            return self._key(event.key())
        return False

    def _key(self, key: int) -> bool:
        steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 8, Qt.Key.Key_PageUp: -8}
        if key in steps and self.list.count():
            wanted = self.list.currentRow() + steps[Qt.Key(key)]
            self.list.setCurrentRow(max(0, min(wanted, self.list.count() - 1)))
        elif key in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self._choose(self.list.currentItem())
        elif key == Qt.Key.Key_Escape:
            self.close_palette()
        else:
            return key in {*steps, Qt.Key.Key_Tab, Qt.Key.Key_Backtab}
        return True

    def _search(self, typed: str) -> None:
        found = best(typed, self._entries)
        self.list.clear()
        for entry in found:
            item = QListWidgetItem()
            item.setData(_FOUND, entry)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{entry.text} {entry.why_not}".strip())
            item.setToolTip(entry.why_not)
            self.list.addItem(item)
        self.list.setCurrentRow(0)
        self.list.setVisible(bool(found))
        self._nothing.setVisible(not found)
        self.list.setFixedHeight(_ROW_PX * max(1, min(len(found), _MOST_ROWS)))
        self.setFixedWidth(WIDTH_PX)
        self.adjustSize()

    def _choose(self, item: QListWidgetItem | None) -> None:
        entry = item.data(_FOUND) if item is not None else None
        if isinstance(entry, Entry) and not entry.why_not:
            self.close_palette()
            self.chosen.emit(entry)


class _Lines(QStyledItemDelegate):
    """Paints a line: icon, text, why it cannot be done, what it is, its keys."""

    def sizeHint(self, option: QStyleOptionViewItem, index: object) -> QSize:
        return QSize(WIDTH_PX - 4 * GRID, _ROW_PX)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index) -> None:  # type: ignore[no-untyped-def]
        entry, tokens = index.data(_FOUND), current_tokens()
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        if state & QStyle.StateFlag.State_Selected:
            painter.setBrush(tokens.color("selection"))
            painter.drawRoundedRect(rect, RADIUS, RADIUS)
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.setBrush(tokens.color("hover"))
            painter.drawRoundedRect(rect, RADIUS, RADIUS)
        ink = "disabled" if entry.why_not else "text"
        if entry.icon:
            place = QRectF(rect.left() + GRID, rect.center().y() - 9, 20, 20)
            paint_icon(painter, place, entry.icon, getattr(tokens, ink))
        self._texts(painter, rect, entry, ink)
        painter.restore()

    def _texts(self, painter: QPainter, rect: QRect, entry: Entry, ink: str) -> None:
        tokens, middle = current_tokens(), Qt.AlignmentFlag.AlignVCenter
        left, right = rect.left() + 5 * GRID, rect.right() - GRID
        painter.setFont(face(CAPTION_PX))
        painter.setPen(tokens.color("secondary"))
        aside = key_text(entry.keys) or entry.kind
        width = painter.fontMetrics().horizontalAdvance(aside)
        painter.drawText(QRect(right - width, rect.top(), width, rect.height()), middle, aside)
        painter.setFont(face(BODY_PX))
        painter.setPen(tokens.color(ink))
        room = right - width - 2 * GRID - left
        text = painter.fontMetrics().elidedText(entry.text, Qt.TextElideMode.ElideRight, room)
        painter.drawText(QRect(left, rect.top(), room, rect.height()), middle, text)
        taken = painter.fontMetrics().horizontalAdvance(text) + 2 * GRID
        if entry.why_not and room > taken:
            painter.setFont(face(CAPTION_PX))
            painter.setPen(tokens.color("secondary"))
            why = painter.fontMetrics().elidedText(entry.why_not, Qt.TextElideMode.ElideRight, room - taken)
            painter.drawText(QRect(left + taken, rect.top(), room - taken, rect.height()), middle, why)


def _application() -> QCoreApplication:
    application = QCoreApplication.instance()
    if application is None:
        raise RuntimeError("a window needs an application")
    return application
