"""The line above the table: search, and what may be set going by this person."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QWidget

from escc_desktop.gui.actions import Action
from escc_desktop.gui.icons import icon
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.entry import Entry
from escc_desktop.gui.widgets.text import button
from escc_desktop.i18n import _


class TopBar(QWidget):
    """Search on the left, buttons on the right; those that import share one menu."""

    def __init__(self) -> None:
        super().__init__()
        self._line = QHBoxLayout(self)
        self._line.setContentsMargins(0, 0, 0, 0)
        self._line.setSpacing(GRID)
        self.search = Entry()
        self.search.setPlaceholderText(_("Search (Ctrl+F)"))
        self.search.setAccessibleName(_("Search patients"))
        self.search.setClearButtonEnabled(True)
        self.search.setAcceptDrops(False)
        self.search.setMinimumWidth(160)
        self.search.setMaximumWidth(320)
        self._line.addWidget(self.search, 1)
        self._line.addStretch(1)
        self.buttons: dict[str, QPushButton] = {}
        self.menu = QMenu(self)

    def fill(self, imports: Sequence[Action], others: Sequence[Action]) -> None:
        """Offer these; called once, for what a person may do does not change."""
        for action in others:
            made = button(action.text, action.icon, tip=_tip(action))
            made.clicked.connect(lambda _checked=False, call=action.call: call())
            self.buttons[action.action_id] = made
            self._line.addWidget(made)
        if not imports:
            return
        for action in imports:
            entry = QAction(icon(action.icon), action.text, self.menu)
            entry.triggered.connect(lambda _checked=False, call=action.call: call())
            self.menu.addAction(entry)
        made = button(_("Import"), "arrow_download", tip=_("Import images or trial records; or drop them anywhere"))
        made.setProperty("menu", "true")
        made.setMenu(self.menu)
        self.buttons["worklist.import_menu"] = made
        self._line.addWidget(made)

    def update_enabled(self, actions: Sequence[Action]) -> None:
        """Enable what can be done now; a button that cannot says why."""
        for action in actions:
            made = self.buttons.get(action.action_id)
            if made is not None:
                why_not = action.why_not()
                made.setEnabled(not why_not)
                made.setToolTip(why_not or _tip(action))


def _tip(action: Action) -> str:
    return f"{action.text} ({action.keys_now[0]})" if action.keys_now else action.text
