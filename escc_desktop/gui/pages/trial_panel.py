"""One figure or table of the trial page: its name with the definition on hover, and the menu that takes it away."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QToolButton, QVBoxLayout, QWidget

from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.plain_table import PlainTable
from escc_desktop.gui.widgets.text import card, icon_button, label, row
from escc_desktop.i18n import _
from escc_desktop.workflow.views.trial import TableView, Told


class Panel(QFrame):
    """A heading, a menu, and what is shown.

    Attributes
    ----------
    wanted
        The name of the figure and the suffix of the file it is wanted as.
    """

    wanted = Signal(str, str)

    def __init__(self, name: str, *contents: QWidget) -> None:
        super().__init__()
        self.name = name
        self.heading = label(tone="secondary")
        self.definition = label(tone="secondary", size="caption", wrap=True)
        self.definition.hide()
        self.menu_button = icon_button("more_horizontal", _("Save, or read how it was reckoned"))
        self.menu_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._menu = QMenu(self)
        self.menu_button.setMenu(self._menu)
        frame, column = card(margins=12, spacing=4)
        column.addWidget(row(self.heading, None, self.menu_button))
        column.addWidget(self.definition)
        for content in contents:
            column.addWidget(content, 1 if content is contents[-1] else 0)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(frame)

    def tell(self, told: Told, *, may_print: bool, may_export: bool) -> None:
        """Take the name, the definition and what may be saved; pictures need the right to print, numbers to export."""
        self.heading.setText(told.title)
        self.heading.setToolTip(told.definition)
        self.heading.setAccessibleDescription(told.definition)
        self.definition.setText(told.definition)
        self._menu.clear()
        explain = self._menu.addAction(_("How it was reckoned"))
        explain.setCheckable(True)
        explain.setChecked(not self.definition.isHidden())
        explain.toggled.connect(self.definition.setVisible)
        self._menu.addSeparator()
        kinds = [(".svg", _("Save as SVG"), may_print), (".png", _("Save as PNG"), may_print)] if told.is_drawn else []
        for suffix, words, may in (*kinds, (".csv", _("Save the numbers as CSV"), may_export)):
            action = self._menu.addAction(words)
            action.setEnabled(may)
            action.triggered.connect(partial(self._want, suffix))

    @property
    def offers(self) -> dict[str, bool]:
        """What the menu says, and whether it can be chosen."""
        return {action.text(): action.isEnabled() for action in self._menu.actions() if action.text()}

    def _want(self, suffix: str, *_checked: object) -> None:
        self.wanted.emit(self.name, suffix)


class TablePanel(Panel):
    """A table with its heading and menu; as high as its rows, up to a limit.

    Attributes
    ----------
    opened
        The first cell of a row that was clicked twice or entered.
    """

    opened = Signal(str)

    _ROW_PX, _HEAD_PX = 28, 40

    def __init__(self, name: str, *, most_px: int = 420, stretch: int = 0, widest_px: int = 0) -> None:
        self._most_px, self._stretch, self._widest_px = most_px, stretch, widest_px
        self.holder = QWidget()
        self._place = QVBoxLayout(self.holder)
        self._place.setContentsMargins(0, 0, 0, 0)
        self.table: PlainTable | None = None
        super().__init__(name, self.holder)

    def show_table(self, view: TableView) -> PlainTable:
        """Show a table; its heads may have changed since."""
        if self.table is None:
            self.table = PlainTable(view.header, view.numeric, name=view.title, stretch=self._stretch)
            self.table.opened.connect(self.opened)
            if self._widest_px:
                self.table.setMaximumWidth(self._widest_px)
            self._place.addWidget(self.table)
        self.table.show_rows(view.rows)
        wanted = self._HEAD_PX + self._ROW_PX * len(view.rows)
        self.table.setFixedHeight(min(wanted, self._most_px))
        return self.table


def column_of(*panels: QWidget | Sequence[QWidget]) -> QWidget:
    """Return panels below each other; those in a sequence stand side by side."""
    holder = QWidget()
    column = QVBoxLayout(holder)
    column.setContentsMargins(0, GRID, 0, 2 * GRID)
    column.setSpacing(GRID)
    for one in panels:
        column.addWidget(one if isinstance(one, QWidget) else _beside(one))
    column.addStretch(1)
    return holder


def _beside(panels: Sequence[QWidget]) -> QWidget:
    holder = QWidget()
    line = QHBoxLayout(holder)
    line.setContentsMargins(0, 0, 0, 0)
    line.setSpacing(GRID)
    for panel in panels:
        line.addWidget(panel, 1)
    return holder
