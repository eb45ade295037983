"""What is set going from the worklist: imports, plan, extraction; each a job with its panel."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import shiboken6
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog

from escc_desktop.errors import FaultsError
from escc_desktop.gui.notices import Tone
from escc_desktop.gui.pages.worklist_import import ImagesReportPanel, OrderPanel
from escc_desktop.gui.pages.worklist_jobbar import JobBar
from escc_desktop.gui.pages.worklist_plan import PlanOrder, PlanPanel
from escc_desktop.gui.pages.worklist_reports import ExtractionPanel, FaultsPanel
from escc_desktop.gui.tasks import Answers, Running
from escc_desktop.i18n import _, plural
from escc_desktop.progress import Progress
from escc_desktop.reading.lesion import Lesion
from escc_desktop.reading.plan import ReadingPlan
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.reading_rules import protocol_of
from escc_desktop.workflow.views.worklist import Worklist
from escc_desktop.workflow.views.worklist_jobs import (
    Handed,
    ImagesOrder,
    ImagesReport,
    Offered,
    extract_features,
    import_ordered,
    look_at,
)

if TYPE_CHECKING:
    from escc_desktop.gui.page import Page

T = TypeVar("T")


def draw_plan(project: Project, order: PlanOrder, progress: Progress) -> ReadingPlan:
    """Draw the plan of the readings."""
    progress.advance(0, 1)
    rules = protocol_of(project, order.tools, order.window, shows_study=order.shows_study)
    return project.plan_readings(order.repeats, order.seed, order.apart, order.within, order.rule, rules)


def mark_lesion(project: Project, lesion: Lesion, progress: Progress) -> None:
    """Keep a lesion."""
    progress.advance(0, 1)
    project.mark_lesions([lesion])


class Errands(QObject):
    """Runs one job of the page at a time and shows what it gave.

    Attributes
    ----------
    wanted
        A panel to show in the right column; None for the patient's.
    advanced
        The running job has advanced.
    """

    wanted = Signal(object)
    advanced = Signal()

    def __init__(self, page: Page) -> None:
        super().__init__(page)
        self._page = page
        self.bar = JobBar()
        self.dialog: QFileDialog | None = None
        self._running: Running | None = None

    # Panels are made when they are first needed: the page opens sooner.

    @cached_property
    def order(self) -> OrderPanel:
        """Asks how images are to be imported."""
        made = OrderPanel(self.close_panel)
        made.ordered.connect(self.import_order)
        made.codes_wanted.connect(self.choose_codes)
        return made

    @cached_property
    def report(self) -> ImagesReportPanel:
        """Says what an import of images gave."""
        made = ImagesReportPanel(self.close_panel)
        made.ordered.connect(self.import_order)
        return made

    @cached_property
    def faults(self) -> FaultsPanel:
        """Shows all faults of a list that was handed over."""
        return FaultsPanel(_("Not taken in"), self.close_panel)

    @cached_property
    def extraction(self) -> ExtractionPanel:
        """Says what an extraction gave."""
        return ExtractionPanel(_("Features"), self.close_panel)

    @cached_property
    def plan(self) -> PlanPanel:
        """Asks how the readings are to be planned."""
        made = PlanPanel(self.close_panel)
        made.ordered.connect(self.draw)
        return made

    @property
    def is_busy(self) -> bool:
        """Whether a job is running."""
        return self._running is not None

    def why_busy(self) -> str:
        """Say why nothing more can be set going; "" if it can."""
        return _("Wait until “{name}” is done.").format(name=self._running.name) if self._running else ""

    def close_panel(self) -> None:
        """Show the patient again."""
        self.wanted.emit(None)

    def stop(self) -> None:
        """Ask the running job to stop."""
        if self._running is not None:
            self._running.cancel()

    # Choosing

    def choose_folder(self) -> None:
        """Ask for a folder of images."""
        self._ask(_("Import images from a folder"), lambda path: self.take([path]))

    def choose_archive(self) -> None:
        """Ask for an archive of images."""
        kinds = _("Archives and DICOMDIR (*.zip DICOMDIR *.dcm);;All files (*)")
        self._ask(_("Import images from an archive"), lambda path: self.take([path]), kinds)

    def open_records(self, path: Path | None = None) -> None:
        """Go where trial records are imported, with the source that was handed over."""
        self._page.desktop.go("import", path)

    def choose_codes(self) -> None:
        """Ask for a list of trial codes."""
        self._ask(_("List of trial codes"), self.order.show_codes, _("Tables (*.csv)"))

    def take(self, paths: Sequence[Path]) -> None:
        """Take what was dropped or chosen: look at it, then show what will be done."""
        self._run(_("Looking at the files"), self._handed, look_at, tuple(paths), quiet=True)

    # Doing

    def import_order(self, order: ImagesOrder) -> None:
        """Import images."""
        self._run(_("Importing images"), self._imported, import_ordered, self._page.project, order)
        self.close_panel()

    def show_plan(self, worklist: Worklist) -> None:
        """Show the panel that plans the readings."""
        self.plan.show_worklist(worklist)
        self.wanted.emit(self.plan)

    def draw(self, order: PlanOrder) -> None:
        """Draw the plan."""
        self._run(_("Drawing the plan"), self._drawn, draw_plan, self._page.project, order)

    def mark(self, lesion: Lesion) -> None:
        """Keep a lesion."""
        self._run(_("Marking the lesion"), lambda _none: None, mark_lesion, self._page.project, lesion, quiet=True)

    def extract(self) -> None:
        """Extract the features of all signed readings."""
        jobs = max(1, (os.cpu_count() or 2) - 1)

        def shown(report: object) -> None:
            self.extraction.show_report(report)  # type: ignore[arg-type]
            self.wanted.emit(self.extraction)

        self._run(_("Extracting features"), shown, extract_features, self._page.project, jobs)

    # Answers

    def _handed(self, handed: Handed) -> None:
        if handed.kind is Offered.RECORDS:
            self.open_records(handed.paths[0])
        elif handed.kind is Offered.CODES:
            self.order.show_codes(handed.paths[0])
            self.wanted.emit(self.order)
        else:
            self.order.show_paths(handed.paths)
            self.wanted.emit(self.order)

    def _imported(self, report: ImagesReport) -> None:
        self.report.show_report(report)
        self.wanted.emit(self.report)

    def _drawn(self, plan: ReadingPlan) -> None:
        self.close_panel()
        text = plural("{n} reading planned.", "{n} readings planned.", len(plan.sessions))
        self._page.desktop.notices.say(text, tone=Tone.SUCCESS)

    def _failed(self, error: Exception) -> None:
        if isinstance(error, FaultsError):
            self.faults.show_faults(error)
            self.wanted.emit(self.faults)
        else:
            self._page.desktop.notices.trouble(error)

    def _stopped(self) -> None:
        self._page.desktop.notices.say(_("Stopped."), _("What was finished is kept whole."))

    # Machinery

    def _run(
        self, name: str, then: Callable[[T], object], function: Callable[..., T], *args: object, quiet: bool = False
    ) -> None:
        why_not = self.why_busy()
        if why_not:
            self._page.desktop.notices.say(why_not)
            return

        def ended(call: Callable[..., object]) -> Callable[..., None]:
            def guarded(*results: object) -> None:
                if shiboken6.isValid(self) and shiboken6.isValid(self._page):
                    self._running = None
                    self.bar.end()
                    call(*results)

            return guarded

        answers = Answers(ended(then), ended(self._failed), ended(self._stopped), self._advance)
        self._running = self._page.desktop.tasks.run(name, function, *args, answers=answers, quiet=quiet)
        if not quiet:
            self.bar.begin(self._running)

    def _advance(self, running: Running) -> None:
        if shiboken6.isValid(self) and running is self._running:
            self.bar.advance(running)
            self.advanced.emit()

    def _ask(self, title: str, take: Callable[[Path], object], kinds: str = "") -> None:
        """Open a file dialog that blocks nothing: for a file of these kinds, or a folder."""
        dialog = QFileDialog(self._page, title)
        if kinds:
            dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
            dialog.setNameFilter(kinds)
        else:
            dialog.setFileMode(QFileDialog.FileMode.Directory)
            dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(lambda name: take(Path(name)))
        dialog.finished.connect(dialog.deleteLater)
        self.dialog = dialog
        dialog.open()
