"""The tools of a reading as buttons, the hint of the one held, and its options."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from escc_desktop.gui.key_map import keys_of
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.tools.hand import Hand
from escc_desktop.gui.widgets.text import icon_button, label
from escc_desktop.i18n import _

_COLUMNS: Final = 5


class ToolRow(QWidget):
    """One button a tool; the hint and the options of the one held below."""

    def __init__(self, hand: Hand) -> None:
        super().__init__()
        self._hand = hand
        self.buttons: dict[str, QToolButton] = {}
        self.options: dict[str, QWidget] = {}
        self._group = QButtonGroup(self)
        self._stack = QStackedWidget()
        self._none = QWidget()
        self._stack.addWidget(self._none)
        grid = QGridLayout()
        grid.setSpacing(GRID // 2)
        for place, entry in enumerate(hand.box):
            why_not = hand.why_not(entry.tool_id)
            key = " ".join(keys_of(f"reading.tool.{entry.tool_id}", (entry.key,))[:1])
            made = icon_button(entry.icon, why_not or f"{_(entry.title)} ({key})", checkable=True)
            made.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            made.setText(key if len(key) == 1 else "")  # longer ones have no room; the tool tip says them
            made.setIconSize(QSize(20, 20))
            made.setMinimumSize(40, 32)
            made.setEnabled(not why_not)
            made.setAccessibleName(_(entry.title))
            made.clicked.connect(lambda _checked=False, tool_id=entry.tool_id: hand.hold(tool_id))
            self._group.addButton(made)
            self.buttons[entry.tool_id] = made
            grid.addWidget(made, place // _COLUMNS, place % _COLUMNS)
        self.hint = label(tone="secondary", size="caption", wrap=True)
        self.hint.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.hint.setMinimumHeight(48)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        column.addLayout(grid)
        column.addWidget(self.hint)
        column.addWidget(self._stack)
        hand.changed.connect(self.follow)
        self.follow()

    def follow(self) -> None:
        """Show the tool held and its options."""
        entry = self._hand.entry
        self.buttons[entry.tool_id].setChecked(True)
        self.hint.setText(_(entry.hint))
        if entry.tool_id not in self.options:
            made = self._hand.tool.make_options()
            self.options[entry.tool_id] = made or self._none
            if made is not None:
                self._stack.addWidget(made)
        shown = self.options[entry.tool_id]
        self._stack.setCurrentWidget(shown)
        self._stack.setFixedHeight(0 if shown is self._none else shown.sizeHint().height())
