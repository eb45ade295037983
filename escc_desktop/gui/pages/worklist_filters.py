"""The left column: which patients are shown, with how many there are of each kind."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QLabel, QVBoxLayout

from escc_desktop.gui.pages.worklist_table import Filter
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.count_button import CountButton
from escc_desktop.gui.widgets.text import label
from escc_desktop.i18n import _
from escc_desktop.workflow.views.worklist import Worklist

WIDTH_PX = 160


class FilterButton(CountButton):
    """A filter and how many patients it holds."""

    def __init__(self, chosen: Filter, text: str) -> None:
        super().__init__(text)
        self.filter = chosen


class Filters(QFrame):
    """The filters; one is always chosen.

    Attributes
    ----------
    changed
        Another filter was chosen.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("surface", "panel")
        self.setFixedWidth(WIDTH_PX)
        column = QVBoxLayout(self)
        column.setContentsMargins(GRID, 2 * GRID, GRID, 2 * GRID)
        column.setSpacing(2)
        self._group = QButtonGroup(self)
        self._buttons: dict[Filter, FilterButton] = {}
        for chosen, text in _names():
            made = FilterButton(chosen, text)
            self._group.addButton(made)
            self._buttons[chosen] = made
            column.addWidget(made)
        column.addStretch(1)
        self._note = label("", tone="secondary", size="caption", wrap=True)
        column.addWidget(self._note)
        self._buttons[Filter.ALL].setChecked(True)
        self._group.buttonToggled.connect(self._toggled)

    @property
    def chosen(self) -> Filter:
        """The filter in force."""
        made = self._group.checkedButton()
        return made.filter if isinstance(made, FilterButton) else Filter.ALL

    def choose(self, chosen: Filter) -> None:
        """Put a filter in force."""
        self._buttons[chosen].setChecked(True)

    def button(self, chosen: Filter) -> FilterButton:
        """Return the button of a filter."""
        return self._buttons[chosen]

    def show_counts(self, worklist: Worklist, note: str) -> None:
        """Show how many patients each filter holds; filters that can hold none are away."""
        for chosen, made in self._buttons.items():
            made.say(sum(chosen.takes(patient) for patient in worklist.patients))
            made.setVisible(_is_of_use(chosen, worklist))
        if not self._buttons[self.chosen].isVisibleTo(self):
            self.choose(Filter.ALL)
        self._note.setText(note)

    def note(self) -> QLabel:
        """Return the line at the bottom."""
        return self._note

    def _toggled(self, _button: object, is_checked: bool) -> None:  # Qt's own signature
        if is_checked:
            self.changed.emit()


def _is_of_use(chosen: Filter, worklist: Worklist) -> bool:
    if chosen is Filter.UNMARKED:
        return worklist.is_planned is False
    if chosen in {Filter.TO_READ, Filter.IN_PROGRESS, Filter.SIGNED}:
        return bool(worklist.columns)
    return True


def _names() -> tuple[tuple[Filter, str], ...]:
    return (
        (Filter.ALL, _("All patients")),
        (Filter.UNMARKED, _("No lesion yet")),
        (Filter.TO_READ, _("To read")),
        (Filter.IN_PROGRESS, _("In progress")),
        (Filter.SIGNED, _("Signed")),
        (Filter.PROBLEMS, _("Problems")),
    )
