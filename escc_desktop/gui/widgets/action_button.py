"""A button that does an action, and says why not where it cannot."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QPushButton, QToolButton

from escc_desktop.gui.actions import Action
from escc_desktop.gui.icons import icon
from escc_desktop.gui.widgets.text import button, icon_button


class ActionButton:
    """A button for an action; call `follow` when what it depends on may have changed.

    Parameters
    ----------
    text
        What the button says; "" shows the icon only.
    """

    def __init__(self, action: Action, text: str) -> None:
        self._action = action
        made: QPushButton | QToolButton
        made = button(text) if text else icon_button(action.icon, action.text)
        if text and action.icon:
            made.setIcon(icon(action.icon))
            made.setIconSize(QSize(16, 16))
        made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        made.setAccessibleName(action.text)
        made.clicked.connect(lambda _checked=False: action.call())
        self.widget = made
        self.follow()

    def follow(self) -> None:
        """Offer the action, or say why it cannot be done."""
        action = self._action
        why_not = action.why_not()
        keys = f" ({action.keys_now[0]})" if action.keys_now else ""
        self.widget.setEnabled(not why_not)
        self.widget.setToolTip(why_not or action.text + keys)
