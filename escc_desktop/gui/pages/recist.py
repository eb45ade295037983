"""The lesions page: a patient's lesions by RECIST 1.1 over time, why each response is what it is, their pictures."""

from __future__ import annotations

from typing import ClassVar, Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QScrollArea, QSplitter, QVBoxLayout, QWidget

from escc_desktop.gui.actions import Action
from escc_desktop.gui.desktop import Desktop
from escc_desktop.gui.page import FirstStep, Page
from escc_desktop.gui.pages.passport import PassportPanel
from escc_desktop.gui.pages.recist_table import RecistTable
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.text import card, icon_button, label, row, set_tone
from escc_desktop.i18n import _
from escc_desktop.workflow.access import Operation
from escc_desktop.workflow.views.recist import BestLine, RecistView, recist_view

_RESPONSE_FROM_END: Final = 3


class RecistPage(Page):
    """One patient's lesions at a time."""

    watches: ClassVar[frozenset[str]] = frozenset({"trial_record", "session", "roi"})

    def __init__(self, desktop: Desktop) -> None:
        super().__init__(desktop)
        self.shown: RecistView | None = None
        self.patients = QComboBox()
        self.patients.setAccessibleName(_("Patient"))
        self.patients.setMinimumWidth(120)
        self.previous = icon_button("arrow_up", _("Previous patient (PgUp)"))
        self.next = icon_button("arrow_down", _("Next patient (PgDown)"))
        self.source = label(tone="secondary", size="caption", wrap=True)
        self.table, self.passport = RecistTable(), PassportPanel(desktop)
        self.why_title, self.why = label(size="heading", wrap=True), label(wrap=True)
        self.remarks = label(wrap=True)
        self._best = QHBoxLayout()
        self._best.setSpacing(GRID)
        self._lay_out()
        self.patients.activated.connect(lambda index: self.desktop.choose_patient(self.patients.itemText(index)))
        self.previous.clicked.connect(lambda: self.step(-1))
        self.next.clicked.connect(lambda: self.step(1))
        self.table.looked_at.connect(self._explain)
        desktop.settings_changed.connect(self.table.viewport().update)

    def refresh(self) -> None:
        """Fetch the patient's lesions."""
        self.load(recist_view, self._take, self.desktop.patient_id, busy="" if self.shown else _("Reading the lesions"))

    def go(self, where: object) -> None:
        """Show a patient by code."""
        if isinstance(where, str) and where:
            self.desktop.choose_patient(where)

    def on_patient(self, patient_id: str) -> None:
        """Show the patient that was chosen anywhere."""
        if self.isVisible() and (self.shown is None or self.shown.patient_id != patient_id):
            self.reload()

    def enter(self) -> None:
        """Be shown: the patient may have been chosen on another page."""
        was_stale = self._is_stale
        super().enter()
        wanted = self.desktop.patient_id
        if not was_stale and wanted and (self.shown is None or self.shown.patient_id != wanted):
            self.reload()

    def actions_now(self) -> tuple[Action, ...]:
        """Return what can be done on this page."""
        return (
            Action("recist.previous", _("Previous patient"), lambda: self.step(-1), "arrow_up", ("PgUp",)),
            Action("recist.next", _("Next patient"), lambda: self.step(1), "arrow_down", ("PgDown",)),
        )

    def close_page(self) -> None:
        """Let go of the pictures."""
        self.passport.clear()

    def step(self, by: int) -> None:
        """Go to the patient before or after."""
        if self.shown is None or not self.shown.patients:
            return
        place = self.shown.patients.index(self.shown.patient_id) + by
        if 0 <= place < len(self.shown.patients):
            self.desktop.choose_patient(self.shown.patients[place])

    def _take(self, view: RecistView) -> None:
        if self.shown is not None and self.shown.patient_id != view.patient_id:
            self.passport.clear()
        else:
            self.passport.fetch_again(self.project)
        is_new_list = self.shown is None or self.shown.patients != view.patients
        self.shown = view
        if not view.patients:
            self._say_no_records()
            return
        if is_new_list:
            self.patients.clear()
            self.patients.addItems(view.patients)
        self.patients.setCurrentText(view.patient_id)
        self.source.setText(view.source)
        self._show_best(view.best)
        self._show_remarks(view)
        self.table.show_view(view)
        if view.rows:
            self.table.look_at(len(view.rows) - _RESPONSE_FROM_END, len(view.columns) - 1)
        else:
            self.why_title.setText(_("No lesion was measured"))
            self.why.setText(_("Enter the lesions of this patient on the Records page, or import them."))
        self.show_body()

    def _say_no_records(self) -> None:
        text = _(
            "This page shows each patient's lesions over time, and the response they come to, once records are in."
        )
        may_import = self.project.may(Operation.IMPORT_RECORDS)
        steps = (FirstStep(_("Import records"), lambda: self.desktop.go("import")),) if may_import else ()
        self.show_empty("target", _("No trial records yet."), text, *steps)

    def _show_best(self, lines: tuple[BestLine, ...]) -> None:
        while (item := self._best.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for line in lines:
            frame, column = card(margins=12, spacing=2)
            column.addWidget(label(line.name, tone="secondary", size="caption"))
            column.addWidget(label(line.value, size="heading"))
            frame.setToolTip(line.reason)
            frame.setAccessibleName(f"{line.name}: {line.value}. {line.reason}")
            self._best.addWidget(frame)

    def _show_remarks(self, view: RecistView) -> None:
        lines = [*view.disagreements, *view.findings]
        words = "\n".join(f"\N{BULLET} {line}" for line in lines)
        self.remarks.setText(words or _("Entered and computed responses agree, and nothing breaks the guideline."))
        set_tone(self.remarks, "" if lines else "secondary")

    def _explain(self, at_row: int, at_column: int) -> None:
        found = self.table.cell(at_row, at_column)
        if found is None or self.shown is None:
            return
        line, cell = found
        where = f"{self.shown.columns[at_column]}, {self.shown.days[at_column].isoformat()}"
        self.why_title.setText(f"{line.name}: {cell.text or _('nothing')}")
        self.why.setText("\n".join(filter(None, (where, cell.reason))))
        if line.lesion_id:
            self.passport.show_day(self.shown.days[at_column])
            self.passport.fetch(self.project, self.shown.patient_id, line.lesion_id)

    def _lay_out(self) -> None:
        head = row(self.patients, self.previous, self.next)
        below = QWidget()
        columns = QHBoxLayout(below)
        columns.setContentsMargins(0, 0, 0, 0)
        columns.setSpacing(GRID)
        why, column = card(margins=12, spacing=4)
        column.addWidget(self.why_title)
        column.addWidget(_scrolled(self.why), 1)
        remarks, column = card(margins=12, spacing=4)
        column.addWidget(label(_("To look at"), tone="secondary", size="caption"))
        column.addWidget(_scrolled(self.remarks), 1)
        left = QVBoxLayout()
        left.setSpacing(GRID)
        left.addWidget(why, 1)
        left.addWidget(remarks, 1)
        columns.addLayout(left, 2)
        columns.addWidget(self.passport, 3)
        splitter = QSplitter(Qt.Orientation.Vertical)
        splitter.addWidget(self.table)
        splitter.addWidget(below)
        splitter.setStretchFactor(0, 3)
        splitter.setStretchFactor(1, 2)
        splitter.setChildrenCollapsible(False)
        column = QVBoxLayout(self.body)
        column.setContentsMargins(GRID, GRID, GRID, GRID)
        column.setSpacing(GRID)
        top = QHBoxLayout()
        top.setSpacing(2 * GRID)
        top.addWidget(head)
        top.addLayout(self._best)
        top.addWidget(self.source, 1)
        column.addLayout(top)
        column.addWidget(splitter, 1)


def _scrolled(inner: QWidget) -> QScrollArea:
    holder = QWidget()
    column = QVBoxLayout(holder)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(inner)
    column.addStretch(1)
    scroll = QScrollArea()
    scroll.setWidgetResizable(True)
    scroll.setFrameShape(QFrame.Shape.NoFrame)
    scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    scroll.setWidget(holder)
    return scroll
