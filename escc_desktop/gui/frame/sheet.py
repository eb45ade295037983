"""A card over the window, in place of a dialog: nothing blocks, Escape and a click beside it close it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from escc_desktop.gui.frame.scroll import FittingScroll
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.text import icon_button, label
from escc_desktop.i18n import _

_SCRIM = QColor(0, 0, 0, 120)
_AIR_PX = 6 * GRID


class Sheet(QWidget):
    """Covers its parent with a shade and shows a card in the middle; the keyboard stays inside it.

    Attributes
    ----------
    opened, closed
        The card came on screen, and left it.
    column
        Where the content goes.
    """

    opened = Signal()
    closed = Signal()

    def __init__(self, parent: QWidget, title: str, *, width: int = 560, can_scroll: bool = False) -> None:
        super().__init__(parent)
        self.hide()
        self._before: QWidget | None = None
        self.card = QFrame()
        self.card.setProperty("surface", "sheet")
        self.card.setFixedWidth(width)
        self.card.setAccessibleName(title)
        inside = QVBoxLayout(self.card)
        inside.setContentsMargins(3 * GRID, 2 * GRID, 2 * GRID, 3 * GRID)
        inside.setSpacing(2 * GRID)
        self._shut = icon_button("dismiss", _("Close (Esc)"))
        self._shut.clicked.connect(self.close_sheet)
        top = QHBoxLayout()
        top.addWidget(label(title, size="heading"), 1)
        top.addWidget(self._shut)
        inside.addLayout(top)
        self.column = QVBoxLayout()
        self.column.setSpacing(2 * GRID)
        self.column.setContentsMargins(0, 0, GRID, 0)
        if can_scroll:
            inside.addWidget(self._scrolled())
        else:
            inside.addLayout(self.column)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(_AIR_PX, _AIR_PX, _AIR_PX, _AIR_PX)
        whole.addWidget(self.card, alignment=Qt.AlignmentFlag.AlignCenter)
        parent.installEventFilter(self)

    def open_sheet(self) -> None:
        """Show the card and take the keyboard."""
        if self.isVisible():
            return
        self._before = QApplication.focusWidget()
        self.setGeometry(self._ground().rect())
        self.raise_()
        self.show()
        self.first_focus().setFocus(Qt.FocusReason.PopupFocusReason)
        self.opened.emit()

    def close_sheet(self) -> None:
        """Hide the card and give the keyboard back."""
        if not self.isVisible():
            return
        self.hide()
        if self._before is not None and self._before.isVisible():
            self._before.setFocus(Qt.FocusReason.PopupFocusReason)
        self._before = None
        self.closed.emit()

    def first_focus(self) -> QWidget:
        """Return what has the keyboard first."""
        return self._shut

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: D102
        if event.type() == QEvent.Type.Resize and watched is self.parent():
            self.setGeometry(self._ground().rect())
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        if event.key() == Qt.Key.Key_Escape:
            self.close_sheet()
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: D102
        if not self.card.geometry().contains(event.position().toPoint()):
            self.close_sheet()
        event.accept()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        QPainter(self).fillRect(self.rect(), _SCRIM)

    def focusNextPrevChild(self, go_on: bool) -> bool:  # noqa: D102
        inside = [widget for widget in self._chain() if _takes_tab(widget)]
        if inside:
            now = self.focusWidget()
            place = inside.index(now) if now in inside else -1
            inside[(place + (1 if go_on else -1)) % len(inside)].setFocus(Qt.FocusReason.TabFocusReason)
        return True

    def _chain(self) -> list[QWidget]:
        """Return the widgets inside in the order of the Tab key."""
        found, widget = [], self.nextInFocusChain()
        while widget is not None and widget is not self:
            if self.isAncestorOf(widget):
                found.append(widget)
            widget = widget.nextInFocusChain()
        return found

    def _scrolled(self) -> QWidget:
        content = QWidget()
        content.setLayout(self.column)
        return FittingScroll(content)

    def _ground(self) -> QWidget:
        parent = self.parentWidget()
        if parent is None:
            raise RuntimeError("a sheet lies over a window")
        return parent


def _takes_tab(widget: QWidget) -> bool:
    by_tab = bool(widget.focusPolicy().value & Qt.FocusPolicy.TabFocus.value)
    return by_tab and widget.isVisible() and widget.isEnabled()
