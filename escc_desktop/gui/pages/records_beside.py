"""What the protocol, the schedule and the labs say beside a form; a proposal is taken with a button."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from escc_desktop.gui.pages.admin_table import Column, Row, RowsTable
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.text import button, label
from escc_desktop.i18n import _
from escc_desktop.workflow.views.records_hints import Hint

WIDTH_PX = 300


class BesidePanel(QWidget):
    """A short list beside the grid; hidden when there is nothing to say.

    Attributes
    ----------
    taken
        The cells of a proposal that was taken.
    place
        The row a proposal goes into; None for a new one.
    """

    taken = Signal(dict)

    def __init__(self) -> None:
        super().__init__()
        self.setFixedWidth(WIDTH_PX)
        self.place: int | None = None
        self.may_take = False
        self._chosen_place: int | None = None
        self.list = RowsTable((Column("", 0), Column("", 96)), _("Beside the form"))
        self.list.horizontalHeader().hide()
        self.said = label(tone="secondary", size="caption", wrap=True)
        self.take = button(_("Take"), "checkmark", tip=_("Fill in what is proposed; it is saved with the form"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(self.list, 1)
        column.addWidget(self.said)
        column.addWidget(self.take)
        self.list.selectionModel().currentRowChanged.connect(lambda *_: self._say())
        self.take.clicked.connect(self._take)
        self.list.activated.connect(lambda _index: self._take())
        self.hide()

    def show_hints(self, hints: Sequence[Hint], place: int | None) -> None:
        """List hints; `place` is the row on screen that those for a row go into."""
        kept = self.list.currentIndex().row()
        self._chosen_place = place
        self.list.rows_model.fill([Row((hint.what, hint.says), hint, hint.tone) for hint in hints])
        self.setVisible(bool(hints))
        if hints:
            self.list.selectRow(max(0, min(kept, len(hints) - 1)))
        self._say()

    def _hint(self) -> Hint | None:
        found = self.list.chosen_key()
        return found if isinstance(found, Hint) else None

    def _say(self) -> None:
        hint = self._hint()
        self.said.setText("" if hint is None else hint.why)
        self.take.setVisible(hint is not None and bool(hint.cells) and self.may_take)

    def _take(self) -> None:
        hint = self._hint()
        if hint is not None and hint.cells and self.may_take:
            self.place = None if hint.is_new_row else self._chosen_place
            self.taken.emit(dict(hint.cells))
