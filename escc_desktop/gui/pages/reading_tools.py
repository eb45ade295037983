"""The tools of a reading as buttons, the hint of the one held, and its options."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from escc_desktop.gui.key_map import keys_of
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.tools.hand import Hand
from escc_desktop.gui.tools.toolbox import ToolEntry
from escc_desktop.gui.widgets.text import icon_button, label
from escc_desktop.i18n import _

_COLUMNS: Final = 6
_BUTTON_PX: Final = 40, 40
BELOW_PX: Final = 214  # hint and options of the adaptive brush, which has most
_SHIFT: Final = "\N{UPWARDS WHITE ARROW}"


class ToolRow(QWidget):
    """One button a tool; the hint and the options of the one held below.

    It is as high for every tool: nothing moves under the mouse when another one is taken.
    """

    def __init__(self, hand: Hand) -> None:
        super().__init__()
        self._hand = hand
        self.buttons: dict[str, QToolButton] = {}
        self.options: dict[str, QWidget] = {}
        self._pages: dict[str, QWidget] = {}
        self._group = QButtonGroup(self)
        self._stack = QStackedWidget()
        self._none = QWidget()
        self._stack.addWidget(self._none)
        grid = QGridLayout()
        grid.setSpacing(2)
        for place, entry in enumerate(hand.box):
            made = self.buttons[entry.tool_id] = self._button(entry)
            self._group.addButton(made)
            grid.addWidget(made, place // _COLUMNS, place % _COLUMNS)
        self.hint = label(tone="secondary", size="caption", wrap=True)
        self.hint.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.below = QWidget()
        self.below.setFixedHeight(BELOW_PX)
        inside = QVBoxLayout(self.below)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(GRID // 2)
        inside.addWidget(self.hint)
        inside.addWidget(self._stack, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        column.addLayout(grid)
        column.addWidget(self.below)
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
            self._pages[entry.tool_id] = self._none if made is None else _at_top(made)
            self._stack.addWidget(self._pages[entry.tool_id])
        self._stack.setCurrentWidget(self._pages[entry.tool_id])

    def _button(self, entry: ToolEntry) -> QToolButton:
        why_not = self._hand.why_not(entry.tool_id)
        key = next(iter(keys_of(f"reading.tool.{entry.tool_id}", (entry.key,))), "")
        told = f"{_(entry.title)} ({key})" if key else _(entry.title)
        made = icon_button(entry.icon, why_not or told, checkable=True)
        made.setProperty("tool", "true")
        made.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        made.setText(key.replace("Shift+", _SHIFT))
        made.setIconSize(QSize(20, 20))
        made.setFixedSize(*_BUTTON_PX)
        made.setEnabled(not why_not)
        made.setAccessibleName(_(entry.title))
        made.clicked.connect(lambda _checked=False: self._hand.hold(entry.tool_id))
        return made


def _at_top(options: QWidget) -> QWidget:
    holder = QWidget()
    column = QVBoxLayout(holder)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(options)
    column.addStretch(1)
    return holder
