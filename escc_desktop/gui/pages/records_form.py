"""One form of a record: its grid, what is wrong or asked, what the protocol says beside it, the reason, Save."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from escc_desktop.gui.pages.admin_table import ROW_PX, Column, Row, RowsTable
from escc_desktop.gui.pages.records_beside import BesidePanel
from escc_desktop.gui.pages.records_grid import Grid
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.entry import Entry
from escc_desktop.gui.widgets.text import button, label, row, set_tone
from escc_desktop.i18n import _, plural
from escc_desktop.workflow.views.records import TableEntry
from escc_desktop.workflow.views.records_form import Form, Mark, check_form, check_second, overwrites
from escc_desktop.workflow.views.records_hints import hints_of

if TYPE_CHECKING:
    from escc_desktop.workflow.records_rows import Cells
    from escc_desktop.workflow.views.records import PatientRecord
    from escc_desktop.workflow.views.records_form import Fix, Typed

_MARKS_HEAD_PX, _MARK_ROWS = 38, 4


class FormPanel(QWidget):
    """The form of one table of one patient.

    Attributes
    ----------
    edited
        What is typed changed.
    save_wanted, discard_wanted, second_wanted, lesions_wanted
        What the buttons ask for; the last two to begin a second entry, and to see what the lesions add up to.
    is_second
        Whether it is a second entry, blind to the first.
    was_asked
        Whether saving was held up by questions, and saving again leaves them open.
    """

    edited = Signal()
    save_wanted = Signal()
    discard_wanted = Signal()
    second_wanted = Signal()
    lesions_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.grid, self.beside = Grid(), BesidePanel()
        self.told = label(tone="secondary")
        self.add_button = button(_("Add row"), "add", tip=_("Add a row (Enter in the last row)"))
        self.remove_button = button(_("Remove row"), "delete", tip=_("Take the chosen row away (Ctrl+Delete)"))
        self.second_button = button(_("Second entry"), "copy", tip=_("Enter this form again, blind to the first"))
        self.lesions_button = button(
            _("Response and passport"), "target", tip=_("Sums, responses and each lesion's scans")
        )
        self.marks = RowsTable((Column(_("Where"), 230), Column(_("What"), 0)), _("Faults and questions"))
        self.reason = Entry()
        self.reason.setPlaceholderText(_("Reason for the change, such as: misread from the source"))
        self.reason.setAccessibleName(_("Reason for the change"))
        self.save_button = button(_("Save"), "save", weight="primary", tip=_("Save this form (Ctrl+S)"))
        self.discard_button = button(_("Discard"), "arrow_undo", tip=_("Show the record again as it is saved"))
        self._fixes = QHBoxLayout()
        self._fixes.setSpacing(GRID)
        self._record: PatientRecord | None = None
        self._base: tuple[Cells, ...] = ()
        self._also: dict[str, dict[str, str]] = {}
        self._found: tuple[Mark, ...] = ()
        self._hint = ""
        self.is_second = False
        self.was_asked = False
        self._lay_out()
        self.grid.cells.edited.connect(self._on_edit)
        self.grid.selectionModel().currentRowChanged.connect(lambda *_: self._show_beside())
        self.marks.selectionModel().currentRowChanged.connect(lambda *_: self._on_mark())
        self.beside.taken.connect(self._take)
        self.reason.textChanged.connect(lambda _text: self.edited.emit())
        self.reason.returnPressed.connect(self.save_wanted)
        for made, told in (
            (self.save_button, self.save_wanted), (self.discard_button, self.discard_wanted),
            (self.second_button, self.second_wanted), (self.lesions_button, self.lesions_wanted),
            (self.add_button, self.grid.add_row), (self.remove_button, self.remove_row),
        ):  # fmt: skip
            made.clicked.connect(told)

    # What is shown

    def show_form(self, record: PatientRecord, form: Form, typed: Typed | None) -> None:
        """Show a form with what was typed in it and not saved."""
        self._record, self.is_second, self.was_asked, self._also = record, False, False, {}
        rows, reason, base = typed or (form.rows, "", record.tables.get(form.table, ()))
        self._base = base
        self._fill(form, rows, is_open=not record.why_not)
        self.reason.setText(reason)
        self._hint = record.why_not or _hint(form)
        self._judge()

    def show_second(self, record: PatientRecord, form: Form) -> None:
        """Show a form empty, to be entered a second time."""
        self._record, self.is_second, self.was_asked, self._base, self._also = record, True, False, (), {}
        self._fill(form, (), is_open=True)
        self.reason.clear()
        self._hint = _("Second entry: enter every row from the source. What was entered first is not shown.")
        self._judge()

    @property
    def form(self) -> Form:
        """The form on screen."""
        return self.grid.cells.form

    @property
    def found(self) -> tuple[Mark, ...]:
        """Faults, questions and notes of what is typed."""
        return self._found

    def rows(self) -> tuple[Cells, ...]:
        """Return the rows in which something was entered."""
        return tuple(cells for _place, cells in self.grid.cells.entered())

    def has_changes(self) -> bool:
        """Return whether what is typed differs from what it was typed over."""
        return bool(self._also) or self.rows() != tuple(self._base)

    def entries(self) -> tuple[TableEntry, ...]:
        """Return what is to be saved: this table, and another one a question was settled in."""
        if self._record is None:
            return ()
        record = self._record
        also = tuple(
            TableEntry(record.patient_id, name, record.tables.get(name, ()), self._with(name)) for name in self._also
        )
        return (TableEntry(record.patient_id, self.form.table, self._base, self.rows()), *also)

    def needs_reason(self) -> bool:
        """Return whether a value that was there changes."""
        own = overwrites(self.form.table, self._base, self.rows())
        return bool(own or self._also) and not self.is_second

    def take_record(self, record: PatientRecord, table: str) -> bool:
        """Take up a record read anew under what is being typed; False where the form itself has to be shown anew."""
        before = self._record
        is_same = before is not None and (before.patient_id, before.why_not) == (record.patient_id, record.why_not)
        stored = tuple(record.tables.get(table, ()))
        if not is_same or table != self.form.table or self.is_second or stored != tuple(self._base):
            return False
        self._record = record
        self._judge()
        return True

    def take_saved(self) -> tuple[TableEntry, ...]:
        """Count what is typed as saved, and return it."""
        entries = self.entries()
        self._base, self._also, self.was_asked = self.rows(), {}, False
        self.reason.clear()
        return entries

    def show_faults(self) -> str:
        """Go to the first fault and return how many there are, in a sentence; empty where there is none."""
        n = sum(mark.tone == "danger" for mark in self._found)
        if not n:
            return ""
        self.marks.setFocus()
        self.marks.selectRow(0)
        return plural(
            "{n} fault; nothing is saved, nothing is lost", "{n} faults; nothing is saved, nothing is lost", n
        )

    def say(self, words: str) -> None:
        """Say above the form why it is not saved; the next edit takes it away."""
        self.told.setText(words)
        set_tone(self.told, "warning")

    def ask_open(self) -> None:
        """Have the questions answered, or left open by saving again."""
        self.was_asked = True
        self._say_state()
        self.marks.setFocus()
        self.marks.selectRow(0)

    def remove_row(self) -> None:
        """Take the chosen row away."""
        index, cells = self.grid.currentIndex(), self.grid.cells
        if index.isValid() and cells.is_open and not cells.form.is_sheet:
            cells.remove_row(index.row())

    def settle(self, mark: Mark, fix: Fix) -> None:
        """Settle a mark as one of its buttons says."""
        if fix.table == self.form.table:
            self.grid.cells.fill(max(0, mark.row), fix.cells)
            return
        self._also.setdefault(fix.table, {}).update(fix.cells)
        if not self.reason.text():
            self.reason.setText(fix.words)
        self._on_edit()

    # What happens

    def _fill(self, form: Form, rows: Sequence[Cells], *, is_open: bool) -> None:
        self.grid.cells.show_form(form, rows, self._base, is_open=is_open)
        self.grid.fit_columns()
        if self.grid.cells.rowCount():
            self.grid.setCurrentIndex(self.grid.cells.place_of(0, form.fields[0].name))
        self.lesions_button.setVisible(form.table == "lesions")
        for made in (self.add_button, self.remove_button):
            made.setVisible(is_open and not form.is_sheet)

    def _on_edit(self) -> None:
        self._judge()
        self.edited.emit()

    def _judge(self) -> None:
        """Mark every cell that something is wrong with or asked about."""
        if self._record is None:
            return
        self.told.setText(self._hint)
        set_tone(self.told, "secondary")
        entered = self.grid.cells.entered()
        places = [place for place, _cells in entered]
        rows = tuple(cells for _place, cells in entered)
        table = self.form.table
        if self.is_second:
            found = check_second(table, rows)
        else:
            others = {name: self._with(name) for name in self._also}
            found = check_form(self._record.patient_id, {**self._record.tables, **others, table: rows}, table)
        known = set(map(_frozen, self._base))  # what was saved without them is not asked about again and again
        found = tuple(mark for mark in found if mark.tone != "secondary" or _frozen(rows[mark.row]) not in known)
        self._found = tuple(_moved(mark, places) for mark in found)
        self.grid.cells.show_marks(self._found)
        self.marks.rows_model.fill([Row((mark.where, mark.what), mark, mark.tone) for mark in self._found])
        self.marks.setVisible(bool(self._found))
        self.marks.setFixedHeight(_MARKS_HEAD_PX + ROW_PX * min(len(self._found), _MARK_ROWS))
        self._show_fixes(self._found[0] if self._found else None)
        self._show_beside()
        self._say_state()

    def _say_state(self) -> None:
        is_open, changed = self.grid.cells.is_open, self.has_changes()
        self.reason.setVisible(is_open and changed and self.needs_reason())
        for made in (self.save_button, self.discard_button):
            made.setVisible(is_open)
            made.setEnabled(changed or (self.is_second and made is self.discard_button))
        questions = sum(mark.tone == "warning" for mark in self._found)
        words = _("Save")
        if self.is_second:
            words = _("Hand in")
        elif self.was_asked and questions:
            words = plural("Save, leave {n} question open", "Save, leave {n} questions open", questions)
        self.save_button.setText(words)
        may_second = self._record is not None and not self._record.why_not
        self.second_button.setVisible(may_second and not self.is_second and not changed and bool(self._base))

    def _on_mark(self) -> None:
        mark = self.marks.chosen_key()
        if not isinstance(mark, Mark):
            return
        if mark.row >= 0:
            place = self.grid.cells.place_of(mark.row, mark.column)
            self.grid.setCurrentIndex(place)
            self.grid.scrollTo(place)
        self._show_fixes(mark)

    def _show_fixes(self, mark: Mark | None) -> None:
        while (item := self._fixes.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        if mark is not None and self.grid.cells.is_open:
            for fix in mark.fixes:
                made = button(fix.words)
                made.clicked.connect(lambda _checked=False, one=fix: self.settle(mark, one))
                self._fixes.addWidget(made)
        self._fixes.addStretch(1)

    def _take(self, cells: Mapping[str, str]) -> None:
        """Take what is proposed: into the row on screen it is meant for, or as a new row."""
        model = self.grid.cells
        if not model.is_open:
            return
        place = self.beside.place
        if place is None:
            place = model.add_row()
        model.fill(place, cells)
        empty = (field.name for field in model.form.fields if field.is_required and not model.rows[place][field.name])
        self.grid.setCurrentIndex(model.place_of(place, next(empty, next(iter(cells)))))
        self.grid.setFocus()

    def _show_beside(self) -> None:
        if self._record is None or self.is_second:
            self.beside.show_hints((), None)
            return
        index, rows = self.grid.currentIndex(), self.grid.cells.rows
        place = self.grid.cells.cell_of(index)[0] if index.isValid() else None
        chosen = rows[place] if place is not None and place < len(rows) else {}
        tables = {**self._record.tables, **{name: self._with(name) for name in self._also}}
        tables[self.form.table] = self.rows()
        self.beside.may_take = self.grid.cells.is_open
        self.beside.show_hints(hints_of(self._record.patient_id, tables, self.form.table, chosen), place)

    def _with(self, table: str) -> tuple[Cells, ...]:
        """Return the rows of another table with what was settled in it; it is a sheet."""
        stored = self._record.tables.get(table, ()) if self._record is not None else ()
        return ({**next(iter(stored), {}), **self._also[table]},)

    def _lay_out(self) -> None:
        line = QHBoxLayout()
        line.setSpacing(GRID)
        line.addWidget(self.grid, 1)
        line.addWidget(self.beside)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, GRID, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(
            row(self.told, None, self.lesions_button, self.second_button, self.remove_button, self.add_button)
        )
        column.addLayout(line, 1)
        column.addWidget(self.marks)
        column.addLayout(self._fixes)
        foot = QHBoxLayout()
        foot.setSpacing(GRID)
        foot.addWidget(self.reason, 1)
        foot.addStretch(0)
        foot.addWidget(self.discard_button)
        foot.addWidget(self.save_button)
        column.addLayout(foot)


def _frozen(row: Cells) -> frozenset[tuple[str, str]]:
    return frozenset((name, text) for name, text in row.items() if text)


def _moved(mark: Mark, places: Sequence[int]) -> Mark:
    """Return a mark at the place its row has on screen, blank rows being left out of checks."""
    if not 0 <= mark.row < len(places):
        return mark
    return Mark(places[mark.row], mark.column, mark.tone, mark.where, mark.what, mark.fixes)


def _hint(form: Form) -> str:
    if form.is_sheet:
        return _("Tab or Enter goes on; Ctrl+S saves.")
    return _("Type, Tab to the next cell, Enter for the next row; Ctrl+S saves.")
