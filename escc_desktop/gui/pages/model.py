"""What the developments found, read from top to bottom; and, for the statistician, a new one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import shiboken6
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QVBoxLayout

from escc_desktop.gui.actions import Action
from escc_desktop.gui.desktop import Desktop
from escc_desktop.gui.notices import Tone
from escc_desktop.gui.page import FirstStep, Page
from escc_desktop.gui.pages.model_develop import DevelopPanel
from escc_desktop.gui.pages.model_document import ModelDocument
from escc_desktop.gui.tasks import Answers, Running
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.text import button, label
from escc_desktop.i18n import _, plural
from escc_desktop.workflow.access import Operation
from escc_desktop.workflow.views.model import (
    DevelopChoice,
    ModelView,
    develop_models,
    export_development,
    model_view,
    print_development,
)


class ModelPage(Page):
    """The newest development, or another one chosen."""

    watches: ClassVar[frozenset[str]] = frozenset({"card"})

    def __init__(self, desktop: Desktop) -> None:
        super().__init__(desktop)
        self.view: ModelView | None = None
        self._wanted = ""
        self._developing: Running | None = None
        self.headline = label(size="heading")
        self.warnings = button("", "warning", weight="quiet")
        self.picker = QComboBox()
        self.picker.setAccessibleName(_("Development"))
        self.develop_button = button(_("Develop models"), "beaker", tip=_("Choose endpoint, horizon and seed"))
        self.export_button = button(_("Export"), "arrow_export", tip=_("Cards, results and figures into a folder"))
        self.print_button = button(_("Print"), "print", tip=_("The whole page as PDF, to hand on"))
        self.no_figures = label(
            _("This development was made before figures were kept; they come with the next one."),
            tone="secondary",
            wrap=True,
        )
        self.panel = DevelopPanel()
        self.panel.hide()
        self.document = ModelDocument(desktop)
        self._lay_out()
        self.warnings.clicked.connect(lambda: self.document.go_to("warnings"))
        self.picker.activated.connect(self._on_picked)
        self.develop_button.clicked.connect(self.show_panel)
        self.export_button.clicked.connect(self._ask_where)
        self.print_button.clicked.connect(self._ask_print)
        self.panel.wanted.connect(self.develop)
        self.panel.closed.connect(self._close_panel)
        self.panel.cancelled.connect(self._cancel_development)

    def refresh(self) -> None:
        """Fetch the development."""
        busy = "" if self.view is not None else _("Reading the results")
        self.load(model_view, self._show, self._wanted, busy=busy)

    def actions_now(self) -> tuple[Action, ...]:
        """Return what can be done with developments."""
        return (
            Action("model.develop", _("Develop models"), self.show_panel, "beaker", why_not=self._why_not_develop),
            Action(
                "model.export",
                _("Export cards and results"),
                self._ask_where,
                "arrow_export",
                why_not=self._why_not_export,
            ),
            Action("model.print", _("Print the results as PDF"), self._ask_print, "print", why_not=self._why_not_print),
            Action(
                "model.warnings",
                _("Read the warnings of the models"),
                lambda: self.document.go_to("warnings"),
                "warning",
            ),
        )

    def close_page(self) -> None:
        """Build no further."""
        self.document.stop()

    def show_panel(self) -> None:
        """Unfold the choices of a development."""
        self.panel.show()
        self.develop_button.setEnabled(False)
        self.show_body()
        self.panel.endpoint.setFocus()

    def develop(self, choice: DevelopChoice) -> None:
        """Develop as a job; it is kept whole or not at all."""
        chosen = replace(choice, is_synthetic=self.desktop.is_synthetic)
        answers: Answers[str] = Answers(
            self._developed, self._development_failed, self._development_stopped, self._advanced
        )
        name = _("Developing models")
        self._developing = self.desktop.tasks.run(name, develop_models, self.project, chosen, answers=answers)
        self.panel.show_running(self._developing)

    def export_to(self, folder: Path) -> None:
        """Write the shown development into a folder."""
        if self.view is None or self.view.shown is None:
            return
        self.desktop.tasks.run(
            _("Exporting cards and results"),
            export_development,
            self.project,
            self.view.shown.development,
            folder,
            answers=Answers(then=self._exported),
        )

    def print_to(self, path: Path) -> None:
        """Write the shown development as PDF."""
        if self.view is None or self.view.shown is None:
            return
        target = path if path.suffix.lower() == ".pdf" else path.with_name(f"{path.name}.pdf")
        self.desktop.tasks.run(
            _("Printing the results"),
            print_development,
            self.project,
            self.view.shown.development,
            target,
            self.desktop.is_synthetic,
            answers=Answers(then=self._printed),
        )

    # Layout

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(GRID)
        top.addWidget(self.headline)
        top.addWidget(self.warnings)
        top.addStretch(1)
        for widget in (self.picker, self.print_button, self.export_button, self.develop_button):
            top.addWidget(widget)
        column = QVBoxLayout(self.body)
        column.setContentsMargins(2 * GRID, GRID, 0, 0)
        column.setSpacing(GRID)
        margin = QVBoxLayout()
        margin.setContentsMargins(0, 0, 2 * GRID, 0)
        margin.addLayout(top)
        margin.addWidget(self.panel)
        margin.addWidget(self.no_figures)
        column.addLayout(margin)
        column.addWidget(self.document, 1)

    # Answers

    def _show(self, view: ModelView) -> None:
        self.view = view
        may_develop, may_export = self.project.may(Operation.DEVELOP), self.project.may(Operation.EXPORT)
        self.develop_button.setVisible(may_develop)
        self.document.setVisible(view.shown is not None)
        self.export_button.setVisible(may_export and view.shown is not None)
        self.print_button.setVisible(self.project.may(Operation.REPORT) and view.shown is not None)
        self.warnings.setVisible(view.n_warnings > 0)
        self.no_figures.setVisible(view.shown is not None and not view.figures)
        self.headline.setText(view.headline)
        self._fill_picker(view)
        if view.shown is None and self._developing is None:
            self._show_nothing(may_develop)
            return
        self.warnings.setText(plural("{n} warning", "{n} warnings", view.n_warnings))
        self.document.show_view(view)
        self.show_body()

    def _show_nothing(self, may_develop: bool) -> None:
        text = _(
            "Models rest on the signed readings, their features and the trial records. "
            "Their results are read here like those of a paper."
        )
        steps = [FirstStep(_("Develop models"), self.show_panel)] if may_develop else []
        self.show_empty("data_trending", _("No models yet"), text, *steps)

    def _fill_picker(self, view: ModelView) -> None:
        self.picker.clear()
        for line in view.developments:
            self.picker.addItem(f"{line.words} · {line.at.astimezone():%Y-%m-%d %H:%M}", line.development)
        if view.shown is not None:
            self.picker.setCurrentIndex(self.picker.findData(view.shown.development))
        self.picker.setVisible(len(view.developments) > 1)

    def _on_picked(self, number: int) -> None:
        self._wanted = self.picker.itemData(number)
        self.reload()

    def _close_panel(self) -> None:
        self.panel.hide()
        self.develop_button.setEnabled(True)
        if self.view is not None and self.view.shown is None:
            self._show_nothing(self.project.may(Operation.DEVELOP))

    def _why_not_develop(self) -> str:
        if not self.project.may(Operation.DEVELOP):
            return _("Models are developed by the statistician.")
        return _("Models are being developed.") if self._developing is not None else ""

    def _why_not_export(self) -> str:
        if not self.project.may(Operation.EXPORT):
            return _("Results are exported by the statistician.")
        return "" if self.view is not None and self.view.shown is not None else _("There are no models yet.")

    def _why_not_print(self) -> str:
        if not self.project.may(Operation.REPORT):
            return _("Reports are for other roles.")
        return "" if self.view is not None and self.view.shown is not None else _("There are no models yet.")

    # The development

    def _advanced(self, running: Running) -> None:
        if shiboken6.isValid(self):
            self.panel.show_running(running)

    def _cancel_development(self) -> None:
        if self._developing is not None:
            self._developing.cancel()

    def _end_development(self) -> bool:
        """Return whether the page is still there to take note."""
        self._developing = None
        if not shiboken6.isValid(self):
            return False
        self.panel.show_running(None)
        return True

    def _developed(self, development: str) -> None:
        self.desktop.notices.say(_("The models are developed and kept."), tone=Tone.SUCCESS)
        if self._end_development():
            self._wanted = development
            self._close_panel()
            self.reload()

    def _development_failed(self, error: Exception) -> None:
        self._end_development()
        self.desktop.notices.trouble(error)

    def _development_stopped(self) -> None:
        self._end_development()
        self.desktop.notices.say(_("The development was stopped; nothing was kept."))

    # The export

    def _ask_where(self) -> None:
        dialog = QFileDialog(self, _("Export into a new or empty folder"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(lambda name: self.export_to(Path(name)))
        dialog.open()

    def _ask_print(self) -> None:
        dialog = QFileDialog(self, _("Print the results"), "models.pdf")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters(["PDF (*.pdf)"])
        dialog.fileSelected.connect(lambda name: self.print_to(Path(name)))
        dialog.open()

    def _printed(self, path: Path) -> None:
        self.desktop.notices.say(_("Saved as {name}.").format(name=path.name), tone=Tone.SUCCESS)

    def _exported(self, folder: Path) -> None:
        text = _("Cards, results and figures are in {folder}.").format(folder=folder.name)
        self.desktop.notices.say(text, tone=Tone.SUCCESS)
