"""The patient page, for ten seconds: group, certainty, survival, why, what is missing."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from escc_desktop.gui.actions import Action
from escc_desktop.gui.desktop import Desktop
from escc_desktop.gui.notices import Tone
from escc_desktop.gui.page import FirstStep, Page
from escc_desktop.gui.pages.feature_map import FeatureMapPanel
from escc_desktop.gui.pages.patient_lesion import LesionPanel
from escc_desktop.gui.pages.patient_list import PatientList
from escc_desktop.gui.pages.patient_summary import PatientSummary
from escc_desktop.gui.pages.sandbox import SandboxPanel
from escc_desktop.gui.tasks import Answers
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.course_strip import CourseStrip
from escc_desktop.gui.widgets.painted import SHAPES, risk_color
from escc_desktop.gui.widgets.ruler import Ruler
from escc_desktop.gui.widgets.survival_curves import Line, SurvivalCurves
from escc_desktop.gui.widgets.text import button, card, icon_button, label, row
from escc_desktop.i18n import _, plural
from escc_desktop.workflow.views.patient import (
    CohortView,
    PatientView,
    assess_all,
    cohort_view,
    patient_view,
    write_report,
)

_LEAST_RULER_PX = 120


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
        self.course, self.ruler, self.curves = CourseStrip(), Ruler(), SurvivalCurves()
        self.lesion, self.map = LesionPanel(desktop), FeatureMapPanel(desktop)
        self._sandbox: SandboxPanel | None = None
        self.cards = QComboBox()
        self.cards.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.cards.setToolTip(_("Which model speaks"))
        self.cards.setAccessibleName(_("Model"))
        self.print_button = button(_("Print"), "print", tip=_("Write the patient's report as PDF (Ctrl+P)"))
        self._ruler_note = label(tone="secondary", size="caption")
        self._curves_title = label(tone="secondary", size="caption")
        self._dialog: QFileDialog | None = None
        self._lay_out()
        self.list.chosen.connect(desktop.choose_patient)
        self.cards.activated.connect(self._choose_card)
        self.print_button.clicked.connect(self.print_report)
        self.summary.assess.connect(self.assess)
        self.lesion.map_wanted.connect(self.open_map)
        self.ruler.chosen.connect(self.open_map)
        self.map.closed.connect(self.close_map)
        self.lesion.try_wanted.connect(self.open_sandbox)
        desktop.settings_changed.connect(self._repaint)

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
        self.close_map()
        self.close_sandbox()
        self.lesion.clear()

    def actions_now(self) -> tuple[Action, ...]:
        """Return what can be done on this page."""
        if self.has_sandbox:
            return self.sandbox.actions_now()
        return (
            Action("patient.previous", _("Previous patient"), lambda: self.list.step(-1), "arrow_up", ("PgUp",)),
            Action("patient.next", _("Next patient"), lambda: self.list.step(1), "arrow_down", ("PgDown",)),
            Action("patient.find", _("Find a patient"), self._find, "search", ("Ctrl+F",)),
            Action("patient.print", _("Print the report"), self.print_report, "print", ("Ctrl+P",), self._why_no_print),
            Action("patient.map", _("Show or leave the feature map"), self.turn_map, "layer", ("M",), self._why_no_map),
            Action("patient.try", _("Try a contour"), self.open_sandbox, "beaker", ("Y",), self._why_no_sandbox),
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

    @property
    def has_map(self) -> bool:
        """Whether the feature map is on the page, in place of the numbers."""
        return self._right.currentWidget() is self.map

    def turn_map(self) -> None:
        """Show the feature map, or the numbers again."""
        if self.has_map:
            self.close_map()
        else:
            self.open_map()

    def open_map(self, name: str = "") -> None:
        """Show where in the lesion a feature comes from; the model's first one unless it is named."""
        why_not = self._why_no_map()
        if why_not or self.lesion.found is None or self.cohort is None or self.cohort.basis is None:
            self.desktop.notices.say(why_not)
            return
        lesion, planes = self.lesion.found
        self._right.setCurrentWidget(self.map)
        self.map.open_lesion(self.project, lesion, planes, self.cohort.basis.card.feature_names, name)
        self.map.view.setFocus()

    def close_map(self) -> None:
        """Show the numbers again."""
        if self.has_map:
            self._right.setCurrentIndex(0)
            self.map.clear()

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
        if why_not or self.lesion.found is None:
            self.desktop.notices.say(why_not)
            return
        self._whole.setCurrentWidget(self.sandbox)
        self.sandbox.open_lesion(self.project, *self.lesion.found)
        self.actions_changed.emit()

    def close_sandbox(self) -> None:
        """Show the patient again; what was drawn is gone."""
        if self.has_sandbox:
            self._whole.setCurrentIndex(0)
            self.lesion.try_button.setFocus()  # else the search field would take the next key for a patient's code
            self.sandbox.clear()
            self.actions_changed.emit()

    def print_report(self) -> None:
        """Ask where the report goes, then write it by a job."""
        why_not = self._why_no_print()
        if why_not:
            self.desktop.notices.say(why_not)
            return
        name = f"{self.shown.patient_id}.pdf" if self.shown else ""
        self._dialog = QFileDialog(self, _("Print the report"), name, _("PDF (*.pdf)"))
        self._dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        self._dialog.setDefaultSuffix("pdf")
        self._dialog.fileSelected.connect(self.write_to)
        self._dialog.open()

    def write_to(self, path: str) -> None:
        """Write the report of the patient on the page."""
        if self.cohort is None or self.shown is None:
            return
        self.desktop.tasks.run(
            _("Writing the report"),
            write_report,
            self.project,
            self.cohort.basis,
            self.shown.patient_id,
            Path(path),
            self.desktop.is_synthetic,
            answers=Answers(then=self._offer),
        )

    def _offer(self, path: Path) -> None:
        address = QUrl.fromLocalFile(str(path))
        words = _("Report written: {name}").format(name=path.name)
        self.desktop.notices.offer(words, _("Open"), lambda: QDesktopServices.openUrl(address), Tone.SUCCESS)

    def _why_no_print(self) -> str:
        if self.shown is None or not self.shown.is_assessed:
            return _("There is no assessment to print.")
        if not self.shown.has_record:
            return _("There is no trial record of this patient.")
        if self.cohort is None or not self.cohort.may_print:
            return _("The report shows a CT slice, and your role does not see images.")
        return ""

    def _why_no_map(self) -> str:
        if self.lesion.found is None:
            return self.lesion.sentence or _("No lesion is shown.")
        return "" if self.lesion.found[0].may_map else _("Your role does not see feature maps.")

    def _why_no_sandbox(self) -> str:
        if self.lesion.found is None:
            return self.lesion.sentence or _("No lesion is shown.")
        return "" if self.lesion.found[0].may_try else _("Your role does not try contours.")

    def _why_no_assess(self) -> str:
        if self.cohort is None or self.cohort.basis is None:
            return _("There is no model yet.")
        return "" if self.cohort.may_assess else _("A statistician assesses patients.")

    def _find(self) -> None:
        self.list.search.setFocus()
        self.list.search.selectAll()

    def _choose_card(self, place: int) -> None:
        self._digest = self.cards.itemData(place)
        self.refresh()

    # What the page shows

    def _take_cohort(self, cohort: CohortView) -> None:
        self.cohort = cohort
        self.cards.clear()
        for choice in cohort.cards:
            self.cards.addItem(choice.name, choice.digest)
        if cohort.basis is None or cohort.card is None:
            self._is_gathering = False
            self._say_no_models(cohort)
            return
        self.cards.setCurrentText(cohort.card.name)
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
            self.close_map()
            self.close_sandbox()
            self.lesion.fetch(self.project, view.patient_id)

    def _fill(self, view: PatientView) -> None:
        may_assess = self.cohort is not None and self.cohort.may_assess
        self.list.mark(view.patient_id)
        self.summary.show_patient(view, may_assess=may_assess)
        self.course.show_course(view.events, _("There is no trial record of this patient."))
        self.ruler.may_map = self.cohort is not None and self.cohort.may_map
        self.ruler.show_ruler(view.ruler, view.estimate_points, view.ruler_note, view.horizon_months)
        self._ruler_note.setText(view.ruler_note if view.ruler else "")
        self._show_curves(view)
        why_not = self._why_no_print()
        self.print_button.setEnabled(not why_not)
        self.print_button.setToolTip(why_not or _("Write the patient's report as PDF (Ctrl+P)"))

    def _repaint(self) -> None:
        """Take the colours of another theme."""
        if self.shown is not None:
            self._fill(self.shown)

    def _show_curves(self, view: PatientView) -> None:
        lines = [
            Line(f"{SHAPES[one.group]} {_(one.group)}", one.steps, risk_color(one.group), one.group == "HIGH")
            for one in view.curves
        ]
        own = f"{SHAPES[view.group]} {_(view.group)}" if view.group else ""
        self.curves.show_lines(lines, own, view.horizon_months, _("No groups, no curves."))
        title = _("{endpoint} by group; below, patients at risk").format(endpoint=view.endpoint.capitalize())
        self._curves_title.setText(title)

    def _lay_out(self) -> None:
        previous = icon_button("chevron_left", _("Previous patient (Page Up)"))
        following = icon_button("chevron_right", _("Next patient (Page Down)"))
        previous.clicked.connect(lambda: self.list.step(-1))
        following.clicked.connect(lambda: self.list.step(1))
        model = label(_("Model"), tone="secondary")
        head = row(previous, following, None, model, self.cards, self.print_button)
        numbers = QWidget()
        right = QVBoxLayout(numbers)
        right.setContentsMargins(0, 0, 0, 0)
        right.setSpacing(GRID)
        right.addWidget(head)
        right.addWidget(_panel(_("Course"), self.course), 16)
        why = _("What adds to the risk, in points; ◆ the middle patient")
        right.addWidget(_panel(why, _scrolled(self.ruler), self._ruler_note), 20)
        lower = QHBoxLayout()
        lower.setSpacing(GRID)
        lower.addWidget(_panel("", self.curves, self._curves_title), 3)
        lower.addWidget(_panel("", self.lesion), 2)
        right.addLayout(lower, 15)
        record = QWidget()
        self._whole = QStackedLayout(self.body)
        self._whole.addWidget(record)
        line = QHBoxLayout(record)
        line.setContentsMargins(GRID, GRID, GRID, GRID)
        line.setSpacing(GRID)
        line.addWidget(self.list)
        line.addWidget(self.summary)
        self._right = QStackedLayout()
        self._right.addWidget(numbers)
        self._right.addWidget(self.map)
        line.addLayout(self._right, 1)


def _panel(title: str, content: QWidget, note: QWidget | None = None) -> QWidget:
    frame, column = card(margins=12, spacing=4)
    parts = [label(title, tone="secondary", size="caption")] if title else []
    if note is not None:
        column.addWidget(row(*parts, note, None) if parts else note)
    elif parts:
        column.addWidget(parts[0])
    column.addWidget(content, 1)
    return frame


def _scrolled(content: QWidget) -> QScrollArea:
    """Let a model of many terms scroll, so that the page fits the smallest screen."""
    scroll = QScrollArea()
    scroll.setWidgetResizable(True)
    scroll.setFrameShape(QFrame.Shape.NoFrame)
    scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    scroll.setMinimumHeight(_LEAST_RULER_PX)
    scroll.setWidget(content)
    return scroll
