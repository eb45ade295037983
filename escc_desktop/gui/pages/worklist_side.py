"""The right column: a heading, what it shows, and a way back; and the parts all its panels are made of."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from escc_desktop.gui.icons import icon_pixmap
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.text import icon_button, label
from escc_desktop.i18n import _

WIDTH_PX, NARROW_PX = 376, 336


class Wrapped(QLabel):
    """A text of several lines that keeps the height its width asks for, however deep it is nested."""

    def __init__(self, text: str, *, tone: str = "", size: str = "") -> None:
        super().__init__(text)
        self.setProperty("tone", tone)
        self.setProperty("text_size", size)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Ask for the height of the new width."""
        super().resizeEvent(event)
        self.setMinimumHeight(max(0, self.heightForWidth(self.width())))

    def setText(self, text: str) -> None:
        """Show another text, and ask for its height."""
        super().setText(text)
        self.setMinimumHeight(max(0, self.heightForWidth(self.width())))


class SidePanel(QFrame):
    """A heading over a column that scrolls; with `close` it can be closed.

    Attributes
    ----------
    content
        Where parts are added; `clear` empties it.
    foot
        Stays below when the column scrolls.
    """

    def __init__(self, title: str = "", close: Callable[[], object] | None = None) -> None:
        super().__init__()
        self.setProperty("surface", "panel")
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 2 * GRID, 0, GRID)
        outer.setSpacing(GRID)
        top = QHBoxLayout()
        top.setContentsMargins(2 * GRID, 0, GRID, 0)
        self.title = Wrapped(title, size="heading")
        top.addWidget(self.title, 1)
        if close is not None:
            self.close_button = icon_button("dismiss", _("Close (Esc)"))
            self.close_button.clicked.connect(lambda _checked=False: close())
            top.addWidget(self.close_button, alignment=Qt.AlignmentFlag.AlignTop)
        outer.addLayout(top)
        inside = QWidget()
        self.content = QVBoxLayout(inside)
        self.content.setContentsMargins(2 * GRID, 0, 2 * GRID, 0)
        self.content.setSpacing(GRID)
        self.content.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.scroller = QScrollArea()
        self.scroller.setWidgetResizable(True)
        self.scroller.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.scroller.setWidget(inside)
        outer.addWidget(self.scroller, 1)
        self.foot = QHBoxLayout()
        self.foot.setContentsMargins(2 * GRID, 0, 2 * GRID, GRID)
        self.foot.setSpacing(GRID)
        outer.addLayout(self.foot)

    def add(self, widget: QWidget) -> QWidget:
        """Add a part below the others."""
        self.content.addWidget(widget)
        return widget

    def clear(self) -> None:
        """Remove all parts."""
        while (item := self.content.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()


def sign_line(icon_name: str, token: str, text: str, *, size: str = "", tip: str = "") -> QWidget:
    """Return a sentence with a sign before it, so that what it is about is not told by colour alone."""
    holder = QWidget()
    holder.setToolTip(tip)
    line = QHBoxLayout(holder)
    line.setContentsMargins(0, 0, 0, 0)
    line.setSpacing(GRID)
    sign = QLabel()
    sign.setPixmap(icon_pixmap(icon_name, token, 16, holder.devicePixelRatioF()))
    sign.setFixedWidth(16)
    line.addWidget(sign, alignment=Qt.AlignmentFlag.AlignTop)
    line.addWidget(Wrapped(text, size=size), 1)
    return holder


def facts(pairs: list[tuple[str, str]]) -> QWidget:
    """Return names and values in two columns; pairs without a value are left out."""
    holder = QWidget()
    column = QVBoxLayout(holder)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(2)
    for name, value in pairs:
        if value:
            column.addWidget(_fact(name, value))
    return holder


def _fact(name: str, value: str) -> QWidget:
    holder = QWidget()
    line = QHBoxLayout(holder)
    line.setContentsMargins(0, 0, 0, 0)
    line.setSpacing(GRID)
    left = label(name, tone="secondary", size="caption")
    left.setFixedWidth(64)
    left.setContentsMargins(0, 2, 0, 0)
    line.addWidget(left, alignment=Qt.AlignmentFlag.AlignTop)
    line.addWidget(Wrapped(value), 1)
    return holder
