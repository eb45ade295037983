"""The left column of the due page: which kinds of lines are shown, with how many there are of each."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QCheckBox, QFrame, QVBoxLayout

from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.count_button import CountButton
from escc_desktop.i18n import _
from escc_desktop.workflow.views.due import DueChoice, DueKind, DueView, kind_name

WIDTH_PX = 176


class KindButton(CountButton):
    """A kind of lines, or all, and how many there are."""

    def __init__(self, kind: DueKind | None) -> None:
        super().__init__(_("Everything") if kind is None else kind_name(kind))
        self.kind = kind


class DueFilters(QFrame):
    """The kinds; one, or everything, is always chosen.

    Attributes
    ----------
    changed
        Something else is to be shown.
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
        self._buttons: dict[DueKind | None, KindButton] = {}
        for kind in (None, *DueKind):
            made = KindButton(kind)
            self._group.addButton(made)
            self._buttons[kind] = made
            column.addWidget(made)
        column.addSpacing(2 * GRID)
        self.only_overdue = QCheckBox(_("Overdue only"))
        column.addWidget(self.only_overdue)
        column.addStretch(1)
        self._buttons[None].setChecked(True)
        self._group.buttonToggled.connect(self._toggled)
        self.only_overdue.toggled.connect(lambda _checked: self.changed.emit())

    @property
    def choice(self) -> DueChoice:
        """Which lines are shown."""
        made = self._group.checkedButton()
        kinds = (made.kind,) if isinstance(made, KindButton) and made.kind is not None else tuple(DueKind)
        return DueChoice(kinds, self.only_overdue.isChecked())

    def choose(self, kind: DueKind | None) -> None:
        """Show one kind; None: everything."""
        self._buttons[kind].setChecked(True)

    def show_counts(self, view: DueView) -> None:
        """Show how many lines there are of each kind."""
        self._buttons[None].say(len(view.rows))
        for kind, count in view.counts.items():
            self._buttons[kind].say(count)

    def _toggled(self, _button: object, is_checked: bool) -> None:  # Qt's own signature
        if is_checked:
            self.changed.emit()
