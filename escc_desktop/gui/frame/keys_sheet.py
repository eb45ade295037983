"""The keys of this page, made from its actions."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from escc_desktop.gui.actions import Action
from escc_desktop.gui.frame.sheet import Sheet
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.text import label
from escc_desktop.i18n import _


def key_text(keys: Sequence[str]) -> str:
    """Return shortcuts as this system writes them."""
    return "   ".join(QKeySequence(one).toString(QKeySequence.SequenceFormat.NativeText) for one in keys)


def key_cap(keys: Sequence[str]) -> QLabel:
    """Return shortcuts as a small label that looks like keys."""
    made = label(key_text(keys), size="caption")
    made.setProperty("key", True)
    made.setSizePolicy(made.sizePolicy().horizontalPolicy(), made.sizePolicy().verticalPolicy())
    return made


class KeysSheet(Sheet):
    """Shows the keys of the page and those that work everywhere."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, _("Keys"), width=640, can_scroll=True)
        self._parts: list[QWidget] = []

    def say(self, page_title: str, own: Sequence[Action], everywhere: Sequence[Action]) -> None:
        """Show these actions; those without a key are left out."""
        for old in self._parts:
            self.column.removeWidget(old)
            old.deleteLater()
        self._parts = []
        for title, actions in ((page_title, own), (_("Everywhere"), everywhere)):
            keyed = [action for action in actions if action.keys]
            if keyed:
                self._parts.append(_table(title, keyed))
                self.column.addWidget(self._parts[-1])


def _table(title: str, actions: Sequence[Action]) -> QWidget:
    holder = QWidget()
    grid = QGridLayout(holder)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(2 * GRID)
    grid.setVerticalSpacing(GRID // 2)
    grid.setColumnStretch(0, 1)
    grid.addWidget(label(title, tone="secondary", size="caption"), 0, 0, 1, 2)
    for row, action in enumerate(actions, start=1):
        grid.addWidget(label(action.text), row, 0)
        grid.addWidget(key_cap(action.keys), row, 1, Qt.AlignmentFlag.AlignRight)
        grid.setRowMinimumHeight(row, 3 * GRID)
    return holder
