"""The trial page: flow, endpoints, response, survival, courses, safety, what is overdue, what is published."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import ClassVar, Final

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QStackedWidget, QTabBar, QVBoxLayout

from escc_desktop.gui.actions import Action
from escc_desktop.gui.desktop import Desktop
from escc_desktop.gui.notices import Tone
from escc_desktop.gui.page import FirstStep, Page
from escc_desktop.gui.pages.trial_sections import (
    BaselineSection,
    CourseSection,
    OverviewSection,
    PublishedSection,
    ResponseSection,
    SafetySection,
    SurvivalSection,
    TrialSection,
)
from escc_desktop.gui.tasks import Answers
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.text import button, label, row
from escc_desktop.i18n import _, plural
from escc_desktop.workflow.access import Operation
from escc_desktop.workflow.views.trial import TrialView, export_to, print_to, save_to, trial_view

_SECTIONS: Final[dict[str, type[TrialSection]]] = {
    "overview": OverviewSection,
    "response": ResponseSection,
    "survival": SurvivalSection,
    "courses": CourseSection,
    "safety": SafetySection,
    "baseline": BaselineSection,
    "published": PublishedSection,
}


class TrialPage(Page):
    """What the records of all patients say."""

    watches: ClassVar[frozenset[str]] = frozenset({"trial_record", "screening", "assessment", "card"})

    def __init__(self, desktop: Desktop) -> None:
        super().__init__(desktop)
        self.shown: TrialView | None = None
        self._titles = {
            "overview": _("Overview"),
            "response": _("Response"),
            "survival": _("Survival"),
            "courses": _("Courses"),
            "safety": _("Safety"),
            "baseline": _("Patients"),
            "published": _("Published"),
        }
        self.heading, self.as_of = label(size="heading"), label(tone="secondary")
        self.export_button = button(_("Export"), "arrow_export", tip=_("Tables, figures, report into a folder"))
        self.print_button = button(_("Print"), "print", tip=_("Write the trial report as PDF (Ctrl+P)"))
        self.tabs = QTabBar()
        self._sections = QStackedWidget()
        self._made: dict[str, TrialSection] = {}
        self._stale: set[str] = set()
        self._dialog: QFileDialog | None = None
        self._lay_out()
        self.tabs.currentChanged.connect(self._on_tab)
        self.export_button.clicked.connect(self.export)
        self.print_button.clicked.connect(self.print_report)
        desktop.settings_changed.connect(self._repaint)
        self.setFocusProxy(self.tabs)

    def refresh(self) -> None:
        """Fetch the results of the records."""
        self.load(trial_view, self._take, busy="" if self.shown else _("Reckoning the results"))

    def actions_now(self) -> tuple[Action, ...]:
        """Return what can be done on this page."""
        sections = tuple(
            Action(
                f"trial.{name}",
                _("Trial: {section}").format(section=self._titles[name]),
                partial(self.go, name),
                "data_bar_vertical",
                (f"Ctrl+{place}",),
            )
            for place, name in enumerate(_SECTIONS, start=1)
        )
        return (
            *(sections if self.shown is not None else ()),
            Action(
                "trial.print", _("Print the trial report"), self.print_report, "print", ("Ctrl+P",), self._why_no_print
            ),
            Action(
                "trial.export", _("Export tables and figures"), self.export, "arrow_export", (), self._why_no_export
            ),
        )

    # What the page does

    def go(self, where: object) -> None:
        """Show a section by its name."""
        if isinstance(where, str) and where in _SECTIONS:
            self.tabs.setCurrentIndex(list(_SECTIONS).index(where))

    @property
    def section(self) -> str:
        """The section on screen."""
        return list(_SECTIONS)[max(self.tabs.currentIndex(), 0)]

    def section_of(self, name: str) -> TrialSection:
        """Return a section, made when it is first asked for."""
        if name not in self._made:
            made = self._made[name] = _SECTIONS[name]()
            made.chosen.connect(self.open_patient)
            made.asked.connect(self.open_lesions)
            made.wanted.connect(self.save_figure)
            self._sections.addWidget(made)
        return self._made[name]

    def open_patient(self, patient_id: str) -> None:
        """Show a patient on the Patient page; on the Lesions page to those who may not open that one."""
        if self.shown is None:
            return
        if not self.shown.may_open_patients:
            self.open_lesions(patient_id)
            return
        self.desktop.choose_patient(patient_id)
        self.desktop.go("patient")

    def open_lesions(self, patient_id: str) -> None:
        """Show a patient's lesions; who may see the results may see them."""
        self.desktop.go("recist", patient_id)

    def print_report(self) -> None:
        """Ask where the report goes, then write it by a job."""
        if why_not := self._why_no_print():
            self.desktop.notices.say(why_not)
            return
        self._ask(_("Print the trial report"), "trial.pdf", _("PDF (*.pdf)"), self.print_to)

    def print_to(self, path: str) -> None:
        """Write the trial report."""
        self._write(_("Writing the report"), print_to, path, _("Report written: {name}"), self.desktop.is_synthetic)

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
        self._write(_("Exporting"), export_to, folder, _("Exported to {name}"), self.desktop.is_synthetic)

    def save_figure(self, name: str, suffix: str) -> None:
        """Ask where one figure, or the numbers behind it, goes."""
        kinds = {".svg": _("Vector graphics (*.svg)"), ".png": _("Picture (*.png)"), ".csv": _("Numbers (*.csv)")}
        title = self.shown.told[name].title if self.shown else name
        self._ask(title, f"{name}{suffix}", kinds[suffix], partial(self.save_figure_to, name))

    def save_figure_to(self, name: str, path: str) -> None:
        """Write one figure, or the numbers behind it; the suffix decides."""

        def job(project: object, target: Path, progress: object) -> Path:
            return save_to(project, name, target, progress)  # type: ignore[arg-type]

        self._write(_("Saving the figure"), job, path, _("Saved as {name}."))

    def _ask(self, title: str, name: str, kind: str, then: Callable[[str], None]) -> None:
        self._dialog = QFileDialog(self, title, name, kind)
        self._dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        self._dialog.setDefaultSuffix(Path(name).suffix.removeprefix("."))
        self._dialog.fileSelected.connect(then)
        self._dialog.open()

    def _write(self, name: str, job: Callable[..., Path], place: str, words: str, *more: object) -> None:
        def offer(path: Path) -> None:
            address = QUrl.fromLocalFile(str(path))
            told = words.format(name=path.name)
            self.desktop.notices.offer(told, _("Open"), lambda: QDesktopServices.openUrl(address), Tone.SUCCESS)

        answers: Answers[Path] = Answers(then=offer)
        self.desktop.tasks.run(name, job, self.project, Path(place), *more, answers=answers)

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
        self._stale = set(_SECTIONS)
        if view is None:
            self._say_no_records()
            return
        self.heading.setText(plural("{n} patient", "{n} patients", view.n))
        self.as_of.setText(_("data as of {date}, the latest day in any record").format(date=view.as_of.isoformat()))
        for made, why_not in (
            (self.print_button, self._why_no_print()),
            (self.export_button, self._why_no_export()),
        ):
            made.setEnabled(not why_not)
            if why_not:
                made.setToolTip(why_not)
        self._on_tab(self.tabs.currentIndex())
        self.show_body()

    def _on_tab(self, _place: int) -> None:
        name = self.section
        section = self.section_of(name)
        if self.shown is not None and name in self._stale:
            self._stale.discard(name)
            section.show_view(self.shown)
        self._sections.setCurrentWidget(section)

    def _repaint(self) -> None:
        """Take the colours of another theme."""
        self._stale = set(_SECTIONS)
        if self.shown is not None:
            self._on_tab(self.tabs.currentIndex())

    def _say_no_records(self) -> None:
        text = _("This page shows response, survival and safety of all patients, once their records are imported.")
        may_import = self.project.may(Operation.IMPORT_RECORDS)
        to_import = FirstStep(_("Import records"), lambda: self.desktop.go("import"))
        steps = (to_import,) if may_import else ()
        self.show_empty("data_bar_vertical", _("No trial records yet."), text, *steps)

    def _lay_out(self) -> None:
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setAccessibleName(_("Sections"))
        for place, title in enumerate(self._titles.values()):
            self.tabs.addTab(title)
            self.tabs.setTabToolTip(place, _("{section} (Ctrl+{n})").format(section=title, n=place + 1))
        column = QVBoxLayout(self.body)
        column.setContentsMargins(GRID, GRID, GRID, 0)
        column.setSpacing(GRID // 2)
        column.addWidget(row(self.heading, self.as_of, None, self.export_button, self.print_button))
        column.addWidget(self.tabs)
        column.addWidget(self._sections, 1)
