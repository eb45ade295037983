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


def key_cap(text: str) -> QLabel:
    """Return keys or a button of the mouse as a small label that looks like a key."""
    made = label(text, size="caption")
    made.setProperty("key", True)
    made.setSizePolicy(made.sizePolicy().horizontalPolicy(), made.sizePolicy().verticalPolicy())
    return made


class KeysSheet(Sheet):
    """Shows the keys of the page and those that work everywhere."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, _("Keys"), width=640, can_scroll=True)
        self._parts: list[QWidget] = []

    def say(
        self,
        page_title: str,
        own: Sequence[Action],
        everywhere: Sequence[Action],
        mouse: Sequence[tuple[str, str]] = (),
    ) -> None:
        """Show these actions, save for those without a key, and what the mouse does: (what, how)."""
        for old in self._parts:
            self.column.removeWidget(old)
            old.deleteLater()
        self._parts = []
        parts = ((page_title, _keyed(own)), (_("Mouse"), mouse), (_("Everywhere"), _keyed(everywhere)))
        for title, rows in parts:
            if rows:
                self._parts.append(_table(title, rows))
                self.column.addWidget(self._parts[-1])


def _keyed(actions: Sequence[Action]) -> list[tuple[str, str]]:
    return [(action.text, key_text(action.keys)) for action in actions if action.keys]


def _table(title: str, rows: Sequence[tuple[str, str]]) -> QWidget:
    holder = QWidget()
    grid = QGridLayout(holder)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(2 * GRID)
    grid.setVerticalSpacing(GRID // 2)
    grid.setColumnStretch(0, 1)
    grid.addWidget(label(title, tone="secondary", size="caption"), 0, 0, 1, 2)
    for row, (what, how) in enumerate(rows, start=1):
        grid.addWidget(label(what), row, 0)
        grid.addWidget(key_cap(how), row, 1, Qt.AlignmentFlag.AlignRight)
        grid.setRowMinimumHeight(row, 3 * GRID)
    return holder
