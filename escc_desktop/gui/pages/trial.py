"""The trial page: flow, endpoints, response, survival, courses, safety, what is overdue."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QFrame, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from escc_desktop.gui.actions import Action
from escc_desktop.gui.desktop import Desktop
from escc_desktop.gui.notices import Tone
from escc_desktop.gui.page import FirstStep, Page
from escc_desktop.gui.tasks import Answers
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.flow import Flow
from escc_desktop.gui.widgets.painted import color
from escc_desktop.gui.widgets.plain_table import PlainTable
from escc_desktop.gui.widgets.survival_curves import Line, SurvivalCurves
from escc_desktop.gui.widgets.text import button, card, label, row
from escc_desktop.gui.widgets.waterfall import (
    Legend,
    Swimmer,
    Waterfall,
    event_entries,
    response_entries,
)
from escc_desktop.i18n import _, plural
from escc_desktop.workflow.access import Operation
from escc_desktop.workflow.views.trial import EndpointCard, TrialView, export_to, print_to, trial_view

_TABLE_PX = 320
_HORIZON_MONTHS = 12.0


class TrialPage(Page):
    """What the records of all patients say."""

    watches: ClassVar[frozenset[str]] = frozenset({"trial_record"})

    def __init__(self, desktop: Desktop) -> None:
        super().__init__(desktop)
        self.shown: TrialView | None = None
        self.heading, self.as_of = label(size="heading"), label(tone="secondary")
        self.export_button = button(_("Export"), "arrow_export", tip=_("Tables, figures, report into a folder"))
        self.print_button = button(_("Print"), "print", tip=_("Write the trial report as PDF (Ctrl+P)"))
        self.flow, self.waterfall, self.swimmer = Flow(), Waterfall(), Swimmer()
        self.responses, self.events = Legend(), Legend()
        self.overall, self.progression_free = SurvivalCurves(), SurvivalCurves()
        self._cards = QHBoxLayout()
        self._cards.setSpacing(GRID)
        head = (_("Adverse event, worst grade of each patient"), _("Any grade"), _("Grade 3 or more"))
        self.safety = PlainTable(head, (1, 2), name=_("Safety"))
        self.baseline = PlainTable(
            (_("Variable"), _("Level"), _("Known"), _("Value")), (2, 3), name=_("Patients at baseline"), stretch=3
        )
        due = (_("Patient"), _("CT due"), _("Days overdue"), _("Last CT"), _("Last contact"))
        self.overdue = PlainTable(due, (2,), name=_("Overdue CT"))
        self.safety_title = label(tone="secondary", size="caption")
        self.overdue_title = label(tone="secondary", size="caption", wrap=True)
        self._dialog: QFileDialog | None = None
        self._lay_out()
        for widget in (self.waterfall, self.swimmer):
            widget.chosen.connect(self.open_patient)
        self.overdue.opened.connect(self.open_patient)
        self.export_button.clicked.connect(self.export)
        self.print_button.clicked.connect(self.print_report)
        desktop.settings_changed.connect(self._repaint)

    def refresh(self) -> None:
        """Fetch the results of the records."""
        self.load(trial_view, self._take, busy="" if self.shown else _("Reckoning the results"))

    def actions_now(self) -> tuple[Action, ...]:
        """Return what can be done on this page."""
        return (
            Action(
                "trial.print", _("Print the trial report"), self.print_report, "print", ("Ctrl+P",), self._why_no_print
            ),
            Action(
                "trial.export", _("Export tables and figures"), self.export, "arrow_export", (), self._why_no_export
            ),
        )

    # What the page does

    def open_patient(self, patient_id: str) -> None:
        """Show a patient on the Patient page, for those who may open it."""
        if self.shown is not None and self.shown.may_open_patients:
            self.desktop.choose_patient(patient_id)
            self.desktop.go("patient")

    def print_report(self) -> None:
        """Ask where the report goes, then write it by a job."""
        if why_not := self._why_no_print():
            self.desktop.notices.say(why_not)
            return
        self._dialog = QFileDialog(self, _("Print the trial report"), "trial.pdf", _("PDF (*.pdf)"))
        self._dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        self._dialog.setDefaultSuffix("pdf")
        self._dialog.fileSelected.connect(self.print_to)
        self._dialog.open()

    def print_to(self, path: str) -> None:
        """Write the trial report."""
        self._write(_("Writing the report"), print_to, path, _("Report written: {name}"))

    def export(self) -> None:
        """Ask for a folder, then write tables and figures by a job."""
        if why_not := self._why_no_export():
            self.desktop.notices.say(why_not)
            return
        self._dialog = QFileDialog(self, _("Export into a new or empty folder"))
        self._dialog.setFileMode(QFileDialog.FileMode.Directory)
        self._dialog.fileSelected.connect(self.export_to)
        self._dialog.open()

    def export_to(self, folder: str) -> None:
        """Write tables, figures and report into a folder."""
        self._write(_("Exporting"), export_to, folder, _("Exported to {name}"))

    def _write(self, name: str, job: Callable[..., Path], place: str, words: str) -> None:
        def offer(path: Path) -> None:
            address = QUrl.fromLocalFile(str(path))
            told = words.format(name=path.name)
            self.desktop.notices.offer(told, _("Open"), lambda: QDesktopServices.openUrl(address), Tone.SUCCESS)

        answers: Answers[Path] = Answers(then=offer)
        self.desktop.tasks.run(name, job, self.project, Path(place), self.desktop.is_synthetic, answers=answers)

    def _why_no_print(self) -> str:
        if self.shown is None:
            return _("There are no trial records.")
        return "" if self.shown.may_print else _("Your role does not write reports.")

    def _why_no_export(self) -> str:
        if self.shown is None:
            return _("There are no trial records.")
        return "" if self.shown.may_export else _("A statistician exports tables.")

    # What the page shows

    def _take(self, view: TrialView | None) -> None:
        self.shown = view
        if view is None:
            self._say_no_records()
            return
        self.heading.setText(plural("{n} patient", "{n} patients", view.n))
        self.as_of.setText(_("data as of {date}, the latest day in any record").format(date=view.as_of.isoformat()))
        self._show_cards(view)
        self._show_pictures(view)
        self._show_tables(view)
        for made, why_not in (
            (self.print_button, self._why_no_print()),
            (self.export_button, self._why_no_export()),
        ):
            made.setEnabled(not why_not)
            if why_not:
                made.setToolTip(why_not)
        self.show_body()

    def _show_pictures(self, view: TrialView) -> None:
        self.flow.show_steps(view.flow)
        self.waterfall.show_bars(view.bars, can_open=view.may_open_patients)
        self.swimmer.show_lanes(view.lanes, can_open=view.may_open_patients)
        self._show_legends(view)
        ink = color("accent")
        self.overall.show_lines([Line(_("all"), view.overall, ink)], "", _HORIZON_MONTHS)
        self.progression_free.show_lines([Line(_("all"), view.progression_free, ink)], "", _HORIZON_MONTHS)

    def _repaint(self) -> None:
        """Take the colours of another theme."""
        if self.shown is not None:
            self._show_pictures(self.shown)

    def _say_no_records(self) -> None:
        text = _("This page shows response, survival and safety of all patients, once their records are imported.")
        may_import = self.project.may(Operation.IMPORT_RECORDS)
        to_worklist = FirstStep(_("Import on the Worklist"), lambda: self.desktop.go("worklist"))
        steps = (to_worklist,) if may_import else ()
        self.show_empty("data_bar_vertical", _("No trial records yet."), text, *steps)

    def _show_cards(self, view: TrialView) -> None:
        while (item := self._cards.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for shown in view.cards:
            self._cards.addWidget(_endpoint(shown), 1)

    def _show_legends(self, view: TrialView) -> None:
        self.responses.show_entries(response_entries(view.responses))
        self.events.show_entries(event_entries())

    def _show_tables(self, view: TrialView) -> None:
        def share(count: int) -> str:
            return f"{count} ({count / view.n * 100:.1f} %)"

        self.safety.show_rows([(term, share(count), share(severe)) for term, count, severe in view.safety])
        words = _("Safety: {share} of {n} patients had an event of grade 3 or 4")
        self.safety_title.setText(words.format(share=share(view.n_severe), n=view.n))
        self.baseline.show_rows([(name, level, str(known), value) for name, level, known, value in view.baseline])
        self.overdue.show_rows(
            [
                (
                    one.patient_id,
                    one.due.isoformat(),
                    str(one.days),
                    one.last_scan.isoformat() if one.last_scan else "–",
                    one.last_contact.isoformat(),
                )
                for one in view.overdue
            ]
        )
        date = view.as_of.isoformat()
        if view.overdue:
            told = _(
                "CT planned by the schedule and not in the records as of {date}; alive, no progression, no next therapy"
            )
        else:
            told = _("No CT is overdue as of {date}")
        self.overdue_title.setText(told.format(date=date))
        self.overdue.setVisible(bool(view.overdue))

    def _lay_out(self) -> None:
        inner = QWidget()
        grid = QGridLayout(inner)
        grid.setContentsMargins(GRID, GRID, GRID, 2 * GRID)
        grid.setSpacing(GRID)
        head = row(self.heading, self.as_of, None, self.export_button, self.print_button)
        grid.addWidget(head, 0, 0, 1, 2)
        grid.addWidget(self.flow, 1, 0, 1, 2)
        grid.addLayout(self._cards, 2, 0, 1, 2)
        grid.addWidget(_panel(_("Best change of the target lesions"), self.waterfall, self.responses), 3, 0)
        curves = QVBoxLayout()
        curves.setSpacing(GRID)
        curves.addWidget(_panel(_("Progression-free survival; below, patients at risk"), self.progression_free))
        curves.addWidget(_panel(_("Overall survival; below, patients at risk"), self.overall))
        grid.addLayout(curves, 3, 1)
        grid.addWidget(_panel(_("Course of each patient"), self.swimmer, self.events), 4, 0, 3, 1)
        for place, table in enumerate((self.safety, self.baseline, self.overdue)):
            table.setMinimumHeight(_TABLE_PX if place < 2 else 180)
        grid.addWidget(_panel(self.safety_title, self.safety), 4, 1)
        grid.addWidget(_panel(_("Patients at baseline"), self.baseline), 5, 1)
        grid.addWidget(_panel(self.overdue_title, self.overdue), 6, 1)
        grid.setRowStretch(5, 1)
        grid.setColumnStretch(0, 5)
        grid.setColumnStretch(1, 4)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inner)
        self.scroller = scroll
        column = QVBoxLayout(self.body)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(scroll)


def _endpoint(shown: EndpointCard) -> QWidget:
    frame, column = card(spacing=2)
    column.addWidget(label(shown.name, tone="secondary"))
    column.addWidget(label(shown.value, size="title"))
    column.addWidget(label(shown.interval))
    for line in shown.lines:
        column.addWidget(label(line, tone="secondary", size="caption", wrap=True))
    column.addStretch(1)
    frame.setToolTip(shown.definition)
    frame.setAccessibleName(f"{shown.name}: {shown.value}, {shown.interval}")
    frame.setAccessibleDescription(shown.definition)
    return frame


def _panel(title: str | QWidget, content: QWidget, legend: QWidget | None = None) -> QWidget:
    frame, column = card(margins=12, spacing=4)
    column.addWidget(label(title, tone="secondary", size="caption") if isinstance(title, str) else title)
    if legend is not None:
        column.addWidget(legend)
    column.addWidget(content, 1)
    return frame
