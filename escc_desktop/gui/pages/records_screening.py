"""The screening list of the trial: one row a person, enrolled or why not; the trial's flow begins with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from escc_desktop.gui.pages.admin_table import ROW_PX, Column, Row, RowsTable
from escc_desktop.gui.pages.records_grid import Grid
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.entry import Entry
from escc_desktop.gui.widgets.text import button, label, row, set_tone
from escc_desktop.i18n import _
from escc_desktop.workflow.views.records_form import Mark, overwrites
from escc_desktop.workflow.views.records_screening import check_screened, save_screening, screened_words, screening_list

if TYPE_CHECKING:
    from escc_desktop.workflow.records_rows import Cells
    from escc_desktop.workflow.views.records_screening import Screened

_MARKS_HEAD_PX, _MARK_ROWS = 38, 4


class ScreeningPanel(QWidget):
    """Everybody looked at for the trial.

    Parameters
    ----------
    run
        Runs a job on the project: called as ``run(name, job, *args, then=...)``.
    """

    def __init__(self, run: Callable[..., None]) -> None:
        super().__init__()
        self._run = run
        self.shown: Screened | None = None
        self.grid = Grid()
        self.told = label(tone="secondary")
        self.add_button = button(_("Add row"), "add", tip=_("Add a row (Enter in the last row)"))
        self.remove_button = button(_("Remove row"), "delete", tip=_("Take the chosen row away (Ctrl+Delete)"))
        self.marks = RowsTable((Column(_("Where"), 230), Column(_("What"), 0)), _("Faults and questions"))
        self.reason = Entry()
        self.reason.setPlaceholderText(_("Reason for the change, such as: misread from the source"))
        self.reason.setAccessibleName(_("Reason for the change"))
        self.save_button = button(_("Save"), "save", weight="primary", tip=_("Save this form (Ctrl+S)"))
        self.discard_button = button(_("Discard"), "arrow_undo", tip=_("Show the record again as it is saved"))
        self.found: tuple[Mark, ...] = ()
        self._lay_out()
        self.grid.cells.edited.connect(self._judge)
        self.marks.selectionModel().currentRowChanged.connect(lambda *_: self._on_mark())
        self.reason.returnPressed.connect(self.save)
        self.save_button.clicked.connect(self.save)
        self.discard_button.clicked.connect(self.discard)
        self.add_button.clicked.connect(self.grid.add_row)
        self.remove_button.clicked.connect(self.remove_row)

    def fetch(self) -> None:
        """Read the list anew."""
        self._run(_("Screening"), screening_list, then=self.show_list)

    def show_list(self, found: Screened) -> None:
        """Show the list as it is stored; what is typed and not saved stays."""
        if self.has_changes():
            return
        self.shown = found
        self.grid.cells.show_form(found.form, found.form.rows, found.form.rows, is_open=not found.why_not)
        self.grid.fit_columns()
        self.reason.clear()
        for made in (self.add_button, self.remove_button, self.save_button, self.discard_button):
            made.setVisible(not found.why_not)
        self._judge()

    def rows(self) -> tuple[Cells, ...]:
        """Return the rows in which something was entered."""
        return tuple(cells for _place, cells in self.grid.cells.entered())

    def has_changes(self) -> bool:
        """Return whether what is typed differs from what is stored."""
        return self.shown is not None and self.rows() != self.shown.form.rows

    def discard(self) -> None:
        """Show the list as it is stored."""
        found, self.shown = self.shown, None
        if found is not None:
            self.show_list(found)

    def remove_row(self) -> None:
        """Take the chosen row away."""
        index, cells = self.grid.currentIndex(), self.grid.cells
        if index.isValid() and cells.is_open:
            cells.remove_row(index.row())

    def save(self) -> None:
        """Save the list, unless it is at fault or a change has no reason."""
        if self.shown is None or not self.has_changes():
            return
        if self.found:
            self.marks.setFocus()
            self.marks.selectRow(0)
            return
        reason = self.reason.text().strip()
        if self.reason.isVisible() and not reason:
            self.reason.setFocus()
            self.told.setText(_("A value that was there changes: say why, then save."))
            set_tone(self.told, "warning")
            return
        base, rows = self.shown.form.rows, self.rows()
        self._run(_("Saving"), save_screening, base, rows, reason, then=lambda _nothing: self._take_saved())

    def _take_saved(self) -> None:
        """Forget what was typed: it is stored, and read anew."""
        self.shown = None
        self.fetch()

    def _judge(self) -> None:
        if self.shown is None:
            return
        entered, base = self.grid.cells.entered(), self.shown.form.rows
        rows = tuple(cells for _place, cells in entered)
        self.told.setText(self.shown.why_not or screened_words(rows))
        set_tone(self.told, "secondary")
        self.found = tuple(
            Mark(entered[one.row][0], one.column, one.tone, one.where, one.what)
            for one in check_screened(rows, self.shown.known)
        )
        self.grid.cells.show_marks(self.found)
        self.marks.rows_model.fill([Row((mark.where, mark.what), mark, mark.tone) for mark in self.found])
        self.marks.setVisible(bool(self.found))
        self.marks.setFixedHeight(_MARKS_HEAD_PX + ROW_PX * min(len(self.found), _MARK_ROWS))
        changed = rows != base
        self.reason.setVisible(changed and bool(overwrites("screening", base, rows)))
        for made in (self.save_button, self.discard_button):
            made.setEnabled(changed)

    def _on_mark(self) -> None:
        mark = self.marks.chosen_key()
        if isinstance(mark, Mark):
            place = self.grid.cells.place_of(mark.row, mark.column)
            self.grid.setCurrentIndex(place)
            self.grid.scrollTo(place)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, GRID, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(row(self.told, None, self.remove_button, self.add_button))
        column.addWidget(self.grid, 1)
        column.addWidget(self.marks)
        foot = QHBoxLayout()
        foot.setSpacing(GRID)
        foot.addWidget(self.reason, 1)
        foot.addStretch(0)
        foot.addWidget(self.discard_button)
        foot.addWidget(self.save_button)
        column.addLayout(foot)
        self.reason.hide()
        self.marks.hide()
