"""The Records page: patients at the left; at the right one patient's forms, queries, history and second entries."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from typing import Any, ClassVar

import shiboken6
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from escc_desktop.gui.actions import Action
from escc_desktop.gui.desktop import Desktop
from escc_desktop.gui.notices import Tone
from escc_desktop.gui.page import Page
from escc_desktop.gui.pages.records_actions import first_steps, record_actions, why_no_ask
from escc_desktop.gui.pages.records_asking import AskPanel, NewPatient
from escc_desktop.gui.pages.records_form import FormPanel
from escc_desktop.gui.pages.records_head import RecordHead, state_title
from escc_desktop.gui.pages.records_history import HistoryPanel
from escc_desktop.gui.pages.records_list import RecordList
from escc_desktop.gui.pages.records_parts import PARTS, QUERIES, SCREENING, SECOND, part_tabs, part_titles
from escc_desktop.gui.pages.records_queries import QueriesPanel
from escc_desktop.gui.pages.records_screening import ScreeningPanel
from escc_desktop.gui.pages.records_second import SecondPanel
from escc_desktop.gui.pages.records_unsaved import Unsaved
from escc_desktop.gui.tasks import Answers
from escc_desktop.gui.theme import GRID
from escc_desktop.i18n import _, plural
from escc_desktop.workflow.views import records as jobs
from escc_desktop.workflow.views.records import Difference, Outcome, PatientRecord, Roster
from escc_desktop.workflow.views.records_form import TABS


class RecordsPage(Page):
    """Entry, queries, freeze and lock, double entry."""

    watches: ClassVar[frozenset[str]] = frozenset({"trial_record", "record_queries", "record_state", "screening"})

    def __init__(self, desktop: Desktop) -> None:
        super().__init__(desktop)
        self.shown: PatientRecord | None = None
        self.list, self.head, self.form = RecordList(), RecordHead(), FormPanel()
        self.tabs, self.titles = part_tabs(), part_titles()
        self._codes: tuple[str, ...] = ()
        self._kept, self._unsaved = Roster(), Unsaved()
        self._shown_in: set[str] = set()
        self._lay_out()
        self.list.chosen.connect(desktop.choose_patient)
        self.tabs.currentChanged.connect(lambda _place: self._on_tab())
        self.form.edited.connect(self._on_edit)
        self.form.save_wanted.connect(self.save)
        self.form.discard_wanted.connect(self.discard)
        self.form.second_wanted.connect(self.begin_second)
        self.form.lesions_wanted.connect(lambda: desktop.go("recist"))
        self.head.wanted.connect(self.ask_state)
        self.head.new_wanted.connect(self.ask_new)

    # The page

    def refresh(self) -> None:
        """Fetch the list of patients: first their codes, then what is known of each."""
        self.load(jobs.roster_codes, self._take_codes, busy="" if self._codes else _("Records"))

    def on_patient(self, patient_id: str) -> None:
        """Show the patient that was chosen anywhere."""
        if self.isVisible() and patient_id in self._codes:
            self._unsaved.keep(self.shown, self.form)
            self._fetch(patient_id)

    def enter(self) -> None:
        """Be shown: the patient may have been chosen on another page."""
        was_stale = self._is_stale
        super().enter()
        wanted = self.desktop.patient_id
        if not was_stale and self.shown is not None and wanted in self._codes and wanted != self.shown.patient_id:
            self._fetch(wanted)

    def go(self, where: object) -> None:
        """Show a patient by code, or a part of the record by its name."""
        if where in PARTS:
            self.tabs.setCurrentIndex(PARTS.index(str(where)))
        elif isinstance(where, str) and where:
            self.desktop.choose_patient(where)

    def may_leave(self) -> bool:
        """Keep what is typed and not saved, in the project, for its author; a second entry is held first."""
        if "screening" in self.__dict__ and self.screening.has_changes():
            self.tabs.setCurrentIndex(PARTS.index(SCREENING))
            self.desktop.notices.say(_("Save or discard the screening list first."), tone=Tone.WARNING)
            return False
        if self.form.is_second and self.form.has_changes():
            self.desktop.notices.say(_("Hand in or discard the second entry first."), tone=Tone.WARNING)
            return False
        self._store_typed()
        return True

    def actions_now(self) -> tuple[Action, ...]:
        """Return what can be done on this page."""
        return record_actions(self)

    @property
    def tab(self) -> str:
        """The part of the record on screen."""
        return PARTS[self.tabs.currentIndex()]

    # Parts that are made when they are first shown

    @cached_property
    def queries(self) -> QueriesPanel:
        """The queries of the patient on screen."""
        made = QueriesPanel()
        made.moved.connect(self.move_query)
        made.shown_at.connect(self.show_query)
        return made

    @cached_property
    def second(self) -> SecondPanel:
        """The differences of what was entered twice."""
        made = SecondPanel()
        made.settled.connect(self.settle)
        return made

    @cached_property
    def history(self) -> HistoryPanel:
        """What changed, when, by whom and why."""
        return HistoryPanel()

    @cached_property
    def screening(self) -> ScreeningPanel:
        """Everybody looked at for the trial."""
        return ScreeningPanel(self._run_plain)

    @cached_property
    def asking(self) -> AskPanel:
        """A question above the record."""
        made = AskPanel()
        made.left.connect(lambda: self._asking_place(None))
        self._right.insertWidget(0, made)
        return made

    @cached_property
    def new(self) -> NewPatient:
        """The form for a new patient."""
        made = NewPatient()
        made.wanted.connect(self.begin)
        made.left.connect(lambda: self._asking_place(None))
        self._right.insertWidget(0, made)
        return made

    # Entering

    def save(self) -> None:
        """Save the form, or hand in the second entry."""
        if self.shown is None or self.tab not in TABS or not self.form.has_changes():
            return
        if words := self.form.show_faults():
            self.form.say(words)
            return
        if self.form.is_second:
            self._run(_("Comparing"), jobs.hand_in_second, self.form.form.table, self.form.rows(), then=self._handed_in)
            return
        entries, reason = self.form.entries(), self.form.reason.text().strip()
        if self.form.needs_reason() and not reason:
            self.form.reason.setFocus()
            self.form.say(_("A value that was there changes: say why, then save."))
            return
        self._run_plain(_("Saving"), jobs.save_tables, entries, reason, self.form.was_asked, then=self._take_outcome)

    def discard(self) -> None:
        """Show the form as it is saved."""
        if self.shown is None:
            return
        table = self.form.form.table
        if not self.form.is_second:
            self._unsaved.drop(self.shown.patient_id, table)
            self._run(_("Discarding"), jobs.forget_draft, table, then=lambda _nothing: None)
        self.form.show_form(self.shown, self.shown.forms[table], None)
        self._on_edit()

    def begin_second(self) -> None:
        """Begin a second entry of the form on screen, for who did not enter it."""
        if self.shown is not None and self.tab in TABS:
            self._run(_("Second entry"), jobs.begin_second, self.tab, then=self._start_second)

    def begin(self, code: str, start: str, sex: str) -> None:
        """Begin the record of a patient."""
        self._run_plain(_("New patient"), jobs.begin_patient, code, start, sex, then=self._begun)

    def ask_new(self) -> None:
        """Show the form for a new patient."""
        self.show_body()
        self._asking_place(self.new)
        self.new.begin()

    # Queries, freeze and lock

    def ask(self) -> None:
        """Ask about the cell on screen."""
        index = self.form.grid.currentIndex()
        if why_not := why_no_ask(self):
            self.desktop.notices.say(why_not)
            return
        row, field = self.form.grid.cells.cell_of(index)
        place = jobs.place_of(self.tab, self.form.grid.cells.rows[row], field.name)
        self._asking_place(self.asking)
        title = _("Query on {where}").format(where=jobs.place_said(place))
        self.asking.begin(title, _("What should be checked?"), _("Ask"), partial(self._raise, place))

    def move_query(self, query_id: str, act: str, text: str) -> None:
        """Answer, close or reopen a query."""
        self._run(_("Query"), jobs.move_query, query_id, act, text, then=lambda _nothing: None)

    def show_query(self, query: Any) -> None:
        """Show the cell a query is about."""
        self.go(query.table)
        for number, row in enumerate(self.form.grid.cells.rows):
            if jobs.place_of(query.table, row, "")[1] == query.key:
                self.form.grid.setCurrentIndex(self.form.grid.cells.place_of(number, query.column))
        self.form.grid.setFocus()

    def ask_state(self, record_id: str, state: str) -> None:
        """Ask why a record, or the trial, is frozen, locked or opened."""
        if self.shown is None:
            return
        self._asking_place(self.asking)
        run = partial(self._run_plain, _("Records"), jobs.set_record_state, record_id, state)
        title = state_title(record_id, state, self.shown.patient_id)
        self.asking.begin(title, _("Reason, for the audit trail"), _("Do it"), lambda text: run(text, then=self._nod))

    def settle(self, difference: Difference, takes_second: bool, reason: str) -> None:
        """Settle a difference of two entries."""
        self._run(_("Settling"), jobs.settle_one, difference, (takes_second, reason), then=self._nod)

    # What comes back

    def _take_codes(self, codes: tuple[str, ...]) -> None:
        self._codes = codes
        if self.tab == SCREENING:
            self._show_screening()
        elif not codes:
            self._say_none()
        if not codes:
            return
        if not self.list.holds(codes):
            self.list.show_rows(codes)
        self.show_body()
        self._run_plain(_("Records"), jobs.roster, self._kept, then=self.list.show_rows)
        wanted = self.desktop.patient_id if self.desktop.patient_id in codes else codes[0]
        self._unsaved.keep(self.shown, self.form)
        self.desktop.choose_patient(wanted)
        self._fetch(wanted)

    def _fetch(self, patient_id: str) -> None:
        self.load(jobs.patient_record, self._take_record, patient_id)

    def _take_record(self, record: PatientRecord) -> None:
        is_second = self.form.is_second and self.shown is not None and self.shown.patient_id == record.patient_id
        self._unsaved.take_stored(record)
        self.shown = record
        self.list.mark(record.patient_id)
        self.head.show_record(record)
        self._shown_in.clear()
        n_open = sum(one.query.state == "open" for one in record.queries)
        n_differ = sum(len(one.open) for one in record.comparisons.values())
        for name, n in ((QUERIES, n_open), (SECOND, n_differ)):
            self.tabs.setTabText(PARTS.index(name), f"{self.titles[name]} {n}" if n else self.titles[name])
        if not is_second:
            self._show_tab()
        self.show_body()

    def _take_outcome(self, outcome: Outcome) -> None:
        if outcome.is_saved:
            for entry in self.form.take_saved():
                self._unsaved.drop(entry.patient_id, entry.table)
            self.say_saved(_("Saved"), "success")
            return
        n = sum(not one.is_fault for one in outcome.findings)
        self.form.ask_open()
        words = plural(
            "{n} question: answer it below, or save again and leave it open",
            "{n} questions: answer them below, or save again and leave them open",
            n,
        )
        self.form.say(words)

    def _start_second(self, table: str) -> None:
        if self.shown is not None and table == self.tab:
            self.form.show_second(self.shown, self.shown.forms[table])
            self.form.grid.add_row()

    def _handed_in(self, _found: object) -> None:
        self.form.is_second = False
        self.say_saved("")
        self.go(SECOND)

    def _begun(self, code: str) -> None:
        self._codes = tuple(sorted({*self._codes, code}))
        self._asking_place(None)
        self.desktop.choose_patient(code)
        self.go("patients")

    def _nod(self, _nothing: object) -> None:
        self._asking_place(None)

    def _raise(self, place: Any, text: str) -> None:
        self._run(_("Query"), jobs.ask_query, place, text, then=self._nod)

    # What the page does by itself

    def _on_edit(self) -> None:
        is_unsaved = self.form.has_changes()
        self.say_saved(_("Not saved") if is_unsaved else "", "warning" if is_unsaved else "secondary")

    def _store_typed(self) -> None:
        self._unsaved.keep(self.shown, self.form)
        if (entries := self._unsaved.to_store()) and self.desktop.project is not None:
            name = _("Keeping what is not saved")
            self.desktop.tasks.run(name, jobs.keep_drafts, self.project, entries, quiet=True)

    def _show_screening(self) -> None:
        """Show the list of everybody looked at, which needs no record."""
        self.show_body()
        self._put(self.screening)
        self.screening.fetch()
        self.actions_changed.emit()

    def _show_tab(self) -> None:
        name = self.tab
        if name == SCREENING:
            self._show_screening()
            return
        if self.shown is None:
            self._say_none()
            return
        if name not in TABS:
            self._show_panel(name)
            self.actions_changed.emit()
            return
        self._parts.setCurrentWidget(self.form)
        if self.form.take_record(self.shown, name):
            return
        self._unsaved.keep(self.shown, self.form)
        self.form.show_form(self.shown, self.shown.forms[name], self._unsaved.of(self.shown.patient_id, name))
        self._on_edit()
        self.actions_changed.emit()

    def _show_panel(self, name: str) -> None:
        panel: QueriesPanel | SecondPanel | HistoryPanel = getattr(self, name)
        if self.shown is not None and name not in self._shown_in:
            self._shown_in.add(name)
            panel.show_record(self.shown)
        self._put(panel)

    def _put(self, panel: QWidget) -> None:
        if self._parts.indexOf(panel) < 0:
            self._parts.addWidget(panel)
        self._parts.setCurrentWidget(panel)

    def _on_tab(self) -> None:
        """Keep what is typed in the form that is left; a second entry is held until it is handed in or discarded."""
        if self.form.is_second and self.tab != self.form.form.table:
            self.tabs.setCurrentIndex(PARTS.index(self.form.form.table))
            self.desktop.notices.say(_("Hand in or discard the second entry first."), tone=Tone.WARNING)
        elif not self.form.is_second:
            self._show_tab()

    def _run(self, name: str, job: Callable[..., Any], *args: object, then: Callable[[Any], object]) -> None:
        """Run a job on the patient on screen."""
        if self.shown is not None:
            self._run_plain(name, job, self.shown.patient_id, *args, then=then)

    def _run_plain(self, name: str, job: Callable[..., Any], *args: object, then: Callable[[Any], object]) -> None:
        answers: Answers[Any] = Answers(then=lambda found: then(found) if shiboken6.isValid(self) else None)
        self.desktop.tasks.run(name, job, self.project, *args, answers=answers, quiet=True)

    def _say_none(self) -> None:
        text = _("This page is where records are entered, asked about, frozen and locked.")
        self.show_empty("clipboard_paste", _("No trial records yet."), text, *first_steps(self))

    def _asking_place(self, panel: QWidget | None) -> None:
        for name in ("asking", "new"):
            if name in self.__dict__:
                self.__dict__[name].setVisible(self.__dict__[name] is panel)
        if panel is None:
            self.form.grid.setFocus()

    def _lay_out(self) -> None:
        self._parts = QStackedWidget()
        self._parts.addWidget(self.form)
        right = self._right = QVBoxLayout()
        right.setSpacing(0)
        for widget in (self.head, self.tabs):
            right.addWidget(widget)
        right.addWidget(self._parts, 1)
        line = QHBoxLayout(self.body)
        line.setContentsMargins(GRID, GRID, GRID, GRID)
        line.setSpacing(2 * GRID)
        line.addWidget(self.list)
        line.addLayout(right, 1)
