"""The rail: one button a page the signed-in person may open; settings and help at its foot."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QToolButton, QVBoxLayout

from escc_desktop.gui.icons import icon
from escc_desktop.gui.page_table import PageEntry
from escc_desktop.gui.theme import GRID
from escc_desktop.i18n import _

WIDTH_PX = 88


class Rail(QFrame):
    """Buttons from top to bottom.

    Attributes
    ----------
    chosen
        The id of the page that was chosen.
    settings, help
        The two buttons at the foot.
    """

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("surface", "panel")
        self.setAccessibleName(_("Pages"))
        self.setFixedWidth(WIDTH_PX)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(4, GRID, 4, GRID)
        self._column.setSpacing(4)
        self._column.addStretch(1)
        self._group = QButtonGroup(self)
        self._buttons: dict[str, QToolButton] = {}
        self.settings = _rail_button("settings", _("Settings"), "Ctrl+,")
        self.help = _rail_button("keyboard", _("Keys"), "?")
        self._column.addWidget(self.settings)
        self._column.addWidget(self.help)

    def fill(self, entries: Iterable[PageEntry]) -> None:
        """Show a button for each of these pages."""
        for old in self._buttons.values():
            self._group.removeButton(old)
            self._column.removeWidget(old)
            old.deleteLater()
        self._buttons = {}
        for place, entry in enumerate(entries):
            made = _rail_button(entry.icon, _(entry.title), f"Alt+{place + 1}")
            made.setCheckable(True)
            made.clicked.connect(lambda _checked=False, page_id=entry.page_id: self.chosen.emit(page_id))
            self._group.addButton(made)
            self._column.insertWidget(place, made)
            self._buttons[entry.page_id] = made
            made.show()

    @property
    def pages(self) -> tuple[str, ...]:
        """The pages there are buttons for, from the top."""
        return tuple(self._buttons)

    def button(self, page_id: str) -> QToolButton:
        """Return the button of a page."""
        return self._buttons[page_id]

    @property
    def marked(self) -> str:
        """The page that is on screen; "" for none."""
        return next((page_id for page_id, made in self._buttons.items() if made.isChecked()), "")

    def mark(self, page_id: str) -> None:
        """Show which page is on screen; "" for none."""
        if page_id in self._buttons:
            self._buttons[page_id].setChecked(True)
        elif (checked := self._group.checkedButton()) is not None:
            self._group.setExclusive(False)
            checked.setChecked(False)
            self._group.setExclusive(True)


def _rail_button(icon_name: str, text: str, keys: str) -> QToolButton:
    made = QToolButton()
    made.setIcon(icon(icon_name))
    made.setIconSize(QSize(20, 20))
    made.setText(text)
    made.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
    made.setProperty("rail", True)
    made.setFixedSize(WIDTH_PX - 8, 56)
    made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    made.setToolTip(f"{text} ({keys})")
    made.setAccessibleName(text)
    return made
