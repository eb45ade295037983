"""What can be done with an outline that is not accepted yet, as buttons."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.text import button, row
from escc_desktop.i18n import _


class OutlineNews(QObject):
    """Says what a tool that draws outlines cannot: it is no object of Qt's.

    Signals
    -------
    changed
        The outline was begun, changed, closed, accepted or cleared.
    """

    changed = Signal()


class Outlining(Protocol):
    """A tool that draws outlines."""

    news: OutlineNews

    def why_not_accept(self) -> str:
        """Say why the outline cannot be accepted now; "" when it can."""

    def unfinished(self) -> str:
        """Say where an outline is open; "" where none is."""

    def accept(self, *, value: bool = True) -> None:
        """Fill it, or cut it out."""

    def drop(self) -> None:
        """Forget it."""


class ContourPanel(QWidget):
    """Fill, cut out, clear."""

    def __init__(self, tool: Outlining) -> None:
        super().__init__()
        self._tool = tool
        self.fill = self._button(_("Fill"), tool.accept)
        self.cut_out = self._button(_("Cut out"), lambda: tool.accept(value=False))
        self.clear = self._button(_("Clear"), tool.drop)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(row(self.fill, self.cut_out, self.clear, None, spacing=GRID // 2))
        tool.news.changed.connect(self._follow)
        self._follow()

    def _button(self, text: str, call: Callable[[], object]) -> QPushButton:
        made = button(text)
        made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        made.clicked.connect(lambda _checked=False: call())
        return made

    def _follow(self) -> None:
        why_not = self._tool.why_not_accept()
        _set(self.fill, why_not, _("Fill the outline (Return)"))
        _set(self.cut_out, why_not, _("Cut the outline out (Shift+Return)"))
        _set(self.clear, "" if self._tool.unfinished() else _("No outline is begun."), _("Clear the outline (Esc)"))


def _set(made: QPushButton, why_not: str, tip: str) -> None:
    made.setEnabled(not why_not)
    made.setToolTip(why_not or tip)
