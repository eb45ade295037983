"""The patient page, for ten seconds: group, certainty, survival, why, what is missing."""

from __future__ import annotations

from typing import ClassVar

from PySide6.QtWidgets import QHBoxLayout, QStackedLayout, QWidget

from escc_desktop.gui.actions import Action
from escc_desktop.gui.desktop import Desktop
from escc_desktop.gui.notices import Tone
from escc_desktop.gui.page import FirstStep, Page
from escc_desktop.gui.page_table import PAGES
from escc_desktop.gui.pages.patient_depth import Traced
from escc_desktop.gui.pages.patient_list import PatientList
from escc_desktop.gui.pages.patient_print import ReportPrinting
from escc_desktop.gui.pages.patient_right import RightSide
from escc_desktop.gui.pages.patient_summary import PatientSummary
from escc_desktop.gui.pages.sandbox import SandboxPanel
from escc_desktop.gui.tasks import Answers
from escc_desktop.gui.theme import GRID
from escc_desktop.i18n import _, plural
from escc_desktop.workflow.views.patient import (
    CohortView,
    PatientView,
    assess_all,
    cohort_view,
    patient_view,
)

_RECORDS = "records"


class PatientPage(Page):
    """One patient at a time, walked through with the page keys."""

    watches: ClassVar[frozenset[str]] = frozenset({"card", "assessment", "trial_record", "features", "roi"})

    def __init__(self, desktop: Desktop) -> None:
        super().__init__(desktop)
        self.cohort: CohortView | None = None
        self.shown: PatientView | None = None
        self._digest = ""
        self._is_gathering = False
        self.list, self.summary = PatientList(), PatientSummary()
        self.right = RightSide(desktop)
        self.numbers = self.right.numbers
        self._sandbox: SandboxPanel | None = None
        self.printing = ReportPrinting(desktop, self)
        self._lay_out()
        self._connect()

    def _connect(self) -> None:
        self.list.chosen.connect(self.desktop.choose_patient)
        self.summary.assess.connect(self.assess)
        numbers = self.numbers
        numbers.stepped.connect(self.list.step)
        numbers.cards.activated.connect(self._choose_card)
        numbers.print_button.clicked.connect(self.print_report)
        numbers.what_if_button.clicked.connect(self.turn_what_if)
        numbers.course.chosen.connect(self.open_event)
        numbers.course.asked.connect(lambda _key: self.open_lesions())
        numbers.ruler.chosen.connect(self.open_term)
        numbers.lesion.map_wanted.connect(self.open_map)
        numbers.lesion.try_wanted.connect(self.open_sandbox)
        numbers.lesion.slices_wanted.connect(self.open_slices)
        self.right.point_wanted.connect(self.point_out)
        self.desktop.settings_changed.connect(self._repaint)

    def refresh(self) -> None:
        """Fetch cards, patients and assessments."""
        self._is_gathering = True
        busy = "" if self.cohort else _("Gathering assessments")
        self.load(cohort_view, self._take_cohort, self._digest, busy=busy)

    def go(self, where: object) -> None:
        """Show a patient by code."""
        if isinstance(where, str) and where:
            self.desktop.choose_patient(where)

    def on_patient(self, patient_id: str) -> None:
        """Show the patient that was chosen anywhere."""
        if self.isVisible() and not self._is_gathering:
            self._show_patient_of(patient_id)

    def enter(self) -> None:
        """Be shown: the patient may have been chosen on another page."""
        was_stale = self._is_stale
        super().enter()
        wanted = self.desktop.patient_id
        if not was_stale and not self._is_gathering and (self.shown is None or self.shown.patient_id != wanted):
            self._show_patient_of(wanted)

    def close_page(self) -> None:
        """Let go of the CT."""
        self.right.show_numbers()
        self.close_sandbox()
        self.numbers.lesion.clear()

    def actions_now(self) -> tuple[Action, ...]:
        """Return what can be done on this page."""
        if self.has_sandbox:
            return self.sandbox.actions_now()
        return (
            Action("patient.previous", _("Previous patient"), lambda: self.list.step(-1), "arrow_up", ("PgUp",)),
            Action("patient.next", _("Next patient"), lambda: self.list.step(1), "arrow_down", ("PgDown",)),
            Action("patient.find", _("Find a patient"), self._find, "search", ("Ctrl+F",)),
            Action("patient.print", _("Print the report"), self.print_report, "print", ("Ctrl+P",), self._why_no_print),
            Action(
                "patient.whatif",
                _("Try or leave other values"),
                self.turn_what_if,
                "calculator",
                ("W",),
                self._why_no_if,
            ),
            Action("patient.map", _("Show or leave the feature map"), self.turn_map, "layer", ("M",), self._why_no_map),
            Action("patient.try", _("Try a contour"), self.open_sandbox, "beaker", ("Y",), self._why_no_sandbox),
            Action("patient.lesions", _("Lesions over time"), self.open_lesions, "target", ("L",)),
            Action("patient.assess", _("Assess all patients"), self.assess, "play", (), self._why_no_assess),
        )

    # What the page does

    def assess(self) -> None:
        """Apply the card to everybody."""
        if self.cohort is None or self.cohort.basis is None:
            return
        told: Answers[int] = Answers(
            then=lambda n: self.desktop.notices.say(
                plural("{n} patient assessed.", "{n} patients assessed.", n), tone=Tone.SUCCESS
            )
        )
        self.desktop.tasks.run(_("Assessing"), assess_all, self.project, self.cohort.basis, answers=told)

    # From the nomogram to the voxels, and back

    def turn_map(self) -> None:
        """Show the feature map, or the numbers again."""
        if self.right.has_map:
            self.right.show_numbers()
        else:
            self.open_map()

    def open_term(self, name: str) -> None:
        """Show what a term of the nomogram comes from: a feature's map, or the record."""
        axes = self.shown.ruler.axes if self.shown is not None and self.shown.ruler is not None else ()
        axis = next((one for one in axes if one.name == name), None)
        if axis is not None and axis.table:
            self._go_record(axis.table)
        else:
            self.open_map(name)

    def open_map(self, name: str = "") -> None:
        """Show where in the lesion a feature comes from; the model's first one unless it is named."""
        why_not, traced = self._why_no_map(), self._traced()
        if why_not or traced is None:
            self.desktop.notices.say(why_not)
            return
        self.right.show_voxels().open_map(traced, name)

    def open_slices(self) -> None:
        """Show the slices of the outlined lesion."""
        traced = self._traced()
        if traced is None:
            self.desktop.notices.say(self.numbers.lesion.sentence or _("No lesion is shown."))
            return
        self.right.show_voxels().open_slices(traced)

    def open_event(self, key: str) -> None:
        """Open what is behind a mark of the course: its CT, or where it stands in the record."""
        event, found = self.numbers.course.event_of(key), self.numbers.lesion.found
        if event is None:
            return
        if event.series_uid and found is not None and found[0].series_uid == event.series_uid:
            self.open_slices()
        elif event.series_uid:
            self.right.show_voxels().open_series(self.project, event.series_uid, event.tip.partition("\n")[0])
        else:
            self._go_record(event.table)

    def open_lesions(self) -> None:
        """Show the patient's lesions over time; who sees assessments sees them."""
        if self.shown is not None:
            self.desktop.go("recist", self.shown.patient_id)

    def point_out(self, term: str) -> None:
        """Go back to a term's point on the nomogram."""
        self.right.show_numbers()
        self.numbers.point_out(term)

    def _traced(self) -> Traced | None:
        found, cohort = self.numbers.lesion.found, self.cohort
        if found is None or cohort is None or cohort.basis is None or self.shown is None:
            return None
        return Traced(self.project, cohort.basis, self.shown.ruler, *found)

    def _go_record(self, table: str) -> None:
        if self._has_records():
            self.desktop.go(_RECORDS, table)

    def _has_records(self) -> bool:
        return any(entry.page_id == _RECORDS and entry.is_open_to(self.project) for entry in PAGES)

    def turn_what_if(self) -> None:
        """Try other clinical values, or go back to the record."""
        why_not = self._why_no_if()
        if self.right.has_what_if:
            self.right.show_numbers()
        elif why_not or self.shown is None or self.shown.asked is None:
            self.desktop.notices.say(why_not)
        else:
            self.right.show_what_if(self.shown.asked, self.shown.endpoint)

    # A copy to try contours on

    @property
    def sandbox(self) -> SandboxPanel:
        """The place for a copy to try contours on; made when it is first wanted."""
        if self._sandbox is None:
            self._sandbox = SandboxPanel(self.desktop)
            self._sandbox.opened.connect(self.actions_changed)
            self._sandbox.closed.connect(self.close_sandbox)
            self._whole.addWidget(self._sandbox)
        return self._sandbox

    @property
    def has_sandbox(self) -> bool:
        """Whether a copy to try contours on is in place of the whole page."""
        return self._sandbox is not None and self._whole.currentWidget() is self._sandbox

    is_absorbed = has_sandbox

    def open_sandbox(self) -> None:
        """Open a copy of the signed reading to try contours on."""
        why_not = self._why_no_sandbox()
        if why_not or self.numbers.lesion.found is None:
            self.desktop.notices.say(why_not)
            return
        self._whole.setCurrentWidget(self.sandbox)
        self.sandbox.open_lesion(self.project, *self.numbers.lesion.found)
        self.actions_changed.emit()

    def close_sandbox(self) -> None:
        """Show the patient again; what was drawn is gone."""
        if self.has_sandbox:
            self._whole.setCurrentIndex(0)
            # Else the search field would take the next key for a patient's code.
            self.numbers.lesion.try_button.setFocus()
            self.sandbox.clear()
            self.actions_changed.emit()

    def print_report(self) -> None:
        """Ask where the report goes, then write it by a job."""
        why_not = self._why_no_print()
        if why_not:
            self.desktop.notices.say(why_not)
            return
        if self.shown is not None:
            self.printing.ask(self.shown.patient_id, self.write_to)

    def write_to(self, path: str) -> None:
        """Write the report of the patient on the page."""
        if self.cohort is not None and self.cohort.basis is not None and self.shown is not None:
            self.printing.write(self.project, self.cohort.basis, self.shown.patient_id, path)

    def _why_no_print(self) -> str:
        if self.shown is None or not self.shown.is_assessed:
            return _("There is no assessment to print.")
        if not self.shown.has_record:
            return _("There is no trial record of this patient.")
        if self.cohort is None or not self.cohort.may_print:
            return _("The report shows a CT slice, and your role does not see images.")
        return ""

    def _why_no_map(self) -> str:
        if self.numbers.lesion.found is None:
            return self.numbers.lesion.sentence or _("No lesion is shown.")
        return "" if self.numbers.lesion.found[0].may_map else _("Your role does not see feature maps.")

    def _why_no_sandbox(self) -> str:
        if self.numbers.lesion.found is None:
            return self.numbers.lesion.sentence or _("No lesion is shown.")
        return "" if self.numbers.lesion.found[0].may_try else _("Your role does not try contours.")

    def _why_no_if(self) -> str:
        if self.shown is None or self.shown.asked is None:
            return _("There is no assessment to start from.")
        return "" if self.shown.asked.inputs else _("This model reads no clinical values.")

    def _why_no_assess(self) -> str:
        if self.cohort is None or self.cohort.basis is None:
            return _("There is no model yet.")
        return "" if self.cohort.may_assess else _("A statistician assesses patients.")

    def _find(self) -> None:
        self.list.search.setFocus()
        self.list.search.selectAll()

    def _choose_card(self, place: int) -> None:
        self._digest = self.numbers.cards.itemData(place)
        self.refresh()

    # What the page shows

    def _take_cohort(self, cohort: CohortView) -> None:
        self.cohort = cohort
        self.numbers.cards.clear()
        for choice in cohort.cards:
            self.numbers.cards.addItem(choice.name, choice.digest)
        if cohort.basis is None or cohort.card is None:
            self._is_gathering = False
            self._say_no_models(cohort)
            return
        self.numbers.cards.setCurrentText(cohort.card.name)
        if not cohort.rows:
            self._is_gathering = False
            self.show_empty("people", _("No patients yet."), _("Patients come with images and trial records."))
            return
        self.list.show_rows(cohort.rows, cohort.basis.card.horizon_months if cohort.basis else None)
        codes = [line.patient_id for line in cohort.rows]
        wanted = self.desktop.patient_id or codes[0]
        self.desktop.choose_patient(wanted)
        self._is_gathering = False
        self._show_patient_of(wanted)

    def _say_no_models(self, cohort: CohortView) -> None:
        title = _("No models yet.")
        if cohort.may_develop:
            text = _("This page shows one patient's risk. A model is developed on the Model page.")
            self.show_empty("stethoscope", title, text, FirstStep(_("Go to Model"), lambda: self.desktop.go("model")))
        else:
            text = _("This page shows one patient's risk, once a statistician has developed a model.")
            self.show_empty("stethoscope", title, text)

    def _show_patient_of(self, patient_id: str) -> None:
        if self.cohort is None or self.cohort.basis is None:
            return
        self.load(patient_view, self._take_patient, self.cohort.basis, patient_id)

    def _take_patient(self, view: PatientView) -> None:
        changed = self.shown is None or self.shown.patient_id != view.patient_id
        self.shown = view
        self._fill(view)
        self.show_body()
        if changed:
            self.right.show_numbers()
            self.close_sandbox()
            self.numbers.lesion.fetch(self.project, view.patient_id)

    def _fill(self, view: PatientView) -> None:
        may_assess = self.cohort is not None and self.cohort.may_assess
        self.list.mark(view.patient_id)
        self.summary.show_patient(view, may_assess=may_assess)
        may_map = self.cohort is not None and self.cohort.may_map
        self.numbers.show_patient(view, may_map=may_map, may_record=self._has_records())
        numbers, why_not, why_no_if = self.numbers, self._why_no_print(), self._why_no_if()
        numbers.print_button.setEnabled(not why_not)
        numbers.print_button.setToolTip(why_not or _("Write the patient's report as PDF (Ctrl+P)"))
        numbers.what_if_button.setEnabled(not why_no_if)
        numbers.what_if_button.setToolTip(why_no_if or _("Try other clinical values (W)"))

    def _repaint(self) -> None:
        """Take the colours of another theme."""
        if self.shown is not None:
            self._fill(self.shown)

    def _lay_out(self) -> None:
        record = QWidget()
        self._whole = QStackedLayout(self.body)
        self._whole.addWidget(record)
        line = QHBoxLayout(record)
        line.setContentsMargins(GRID, GRID, GRID, GRID)
        line.setSpacing(GRID)
        line.addWidget(self.list)
        line.addWidget(self.summary)
        line.addWidget(self.right, 1)
