"""A card asked about values somebody sets: survival over time, scenarios side by side, points explained."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QComboBox, QFileDialog, QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from escc_desktop.gui.actions import Action
from escc_desktop.gui.desktop import Desktop
from escc_desktop.gui.page import FirstStep, Page
from escc_desktop.gui.pages.nomogram_inputs import InputsPanel
from escc_desktop.gui.pages.nomogram_scenarios import Scenario, ScenarioStrip
from escc_desktop.gui.tasks import Answers
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.number_field import NumberField
from escc_desktop.gui.widgets.scenario_curves import ScenarioCurves, ScenarioLine
from escc_desktop.gui.widgets.scenario_looks import MOST_SCENARIOS, Look
from escc_desktop.gui.widgets.scenario_points import PointsRuler, ScenarioPoints
from escc_desktop.gui.widgets.text import button, label, row
from escc_desktop.i18n import _
from escc_desktop.workflow.views.nomogram import (
    NomogramView,
    Question,
    Started,
    nomogram_view,
    patient_question,
    view_of_file,
)

_INPUTS_PX = 344


class NomogramPage(Page):
    """The card of the project chosen last, or one from a file."""

    watches: ClassVar[frozenset[str]] = frozenset({"card"})

    def __init__(self, desktop: Desktop) -> None:
        super().__init__(desktop)
        self.view: NomogramView | None = None
        self.scenarios: list[Scenario] = []
        self.current = 0
        self._wanted = ""
        self._file: Path | None = None
        self.picker = QComboBox()
        self.picker.setAccessibleName(_("Card"))
        self.picker.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.open_button = button(_("Open a card"), "open", tip=_("A card that was exported, from here or elsewhere"))
        self.patients = QComboBox()
        self.patients.setAccessibleName(_("Start from a patient"))
        self.add_button = button(_("Add scenario"), "add", tip=_("A copy of this one, to change (Ctrl+D)"))
        self.reset_button = button(_("Reset"), "arrow_reset", weight="quiet", tip=_("All values where they began"))
        self.honesty = label(tone="secondary", size="caption", wrap=True)
        self.inputs = InputsPanel()
        self.strip = ScenarioStrip()
        self.month = NumberField((0.5, 120.0, 0.5), _("Month at which survival is read off"), _("months"))
        self.curves = ScenarioCurves()
        self.points = PointsRuler()
        self._lay_out()
        self.picker.activated.connect(self._on_picked)
        self.open_button.clicked.connect(self._ask_which)
        self.patients.activated.connect(self._on_patient_picked)
        self.add_button.clicked.connect(self.add)
        self.reset_button.clicked.connect(self.reset)
        self.inputs.asked.connect(self._on_asked)
        self.strip.chosen.connect(self.choose)
        self.strip.removed.connect(self.remove)
        self.strip.renamed.connect(self.rename)
        self.month.valueChanged.connect(self._tell)

    def refresh(self) -> None:
        """Fetch the card; one from a file stays."""
        busy = "" if self.view is not None else _("Reading the model")
        if self._file is not None:
            self.load(view_of_file, self._show, self._file, busy=busy)
        else:
            self.load(nomogram_view, self._show, self._wanted, busy=busy)

    def actions_now(self) -> tuple[Action, ...]:
        """Return what can be done with scenarios."""
        return (
            Action("nomogram.add", _("Add a scenario"), self.add, "add", ("Ctrl+D",), self._why_not_add),
            Action(
                "nomogram.next",
                _("Go to the next scenario"),
                self.choose_next,
                "chevron_right",
                ("Ctrl+E",),
                self._why_not,
            ),
            Action(
                "nomogram.remove",
                _("Remove the scenario"),
                lambda: self.remove(self.current),
                "dismiss",
                why_not=self._why_not_remove,
            ),
            Action("nomogram.reset", _("Reset the values"), self.reset, "arrow_reset", why_not=self._why_not),
            Action("nomogram.open", _("Open a model card"), self._ask_which, "open"),
        )

    def open_file(self, path: Path) -> None:
        """Show a card from a file."""
        self.desktop.tasks.run(
            _("Reading the model"),
            view_of_file,
            self.project,
            path,
            answers=Answers(then=lambda view: self._take_file(path, view)),
            quiet=True,
        )

    # Scenarios

    def add(self) -> None:
        """Add a copy of the current scenario and set that."""
        if self._why_not_add():
            return
        self.scenarios.append(
            replace(self.scenarios[self.current], name=_("Scenario {n}").format(n=self._next_number()))
        )
        self.choose(len(self.scenarios) - 1)

    def remove(self, place: int) -> None:
        """Take a scenario away; a notice brings it back."""
        if len(self.scenarios) < 2:
            return
        gone, view = self.scenarios.pop(place), self.view
        self.choose(min(self.current - (place < self.current), len(self.scenarios) - 1))

        def bring_back() -> None:
            if self.view is view and len(self.scenarios) < MOST_SCENARIOS:
                self.scenarios.insert(place, gone)
                self.choose(place)

        self.desktop.notices.offer(_("{name} was removed.").format(name=gone.name), _("Undo"), bring_back)

    def rename(self, place: int, name: str) -> None:
        """Give a scenario a name."""
        self.scenarios[place] = replace(self.scenarios[place], name=name)
        self._tell()

    def choose(self, place: int) -> None:
        """Make a scenario the one whose values are set."""
        self.current = place
        self.inputs.show_question(self.scenarios[place].question)
        self._tell()
        self.actions_changed.emit()

    def choose_next(self) -> None:
        """Go to the next scenario, from the last to the first."""
        if self.scenarios:
            self.choose((self.current + 1) % len(self.scenarios))

    def reset(self) -> None:
        """Put the current scenario's values where they began."""
        if self.view is not None and self.scenarios:
            self.scenarios[self.current] = replace(self.scenarios[self.current], question=self.view.start, notes=())
            self.choose(self.current)

    # Layout

    def _lay_out(self) -> None:
        self.inputs.setFixedWidth(_INPUTS_PX)
        top = row(
            label(_("Card"), tone="secondary"), self.picker, self.open_button, None, self.reset_button, self.add_button
        )
        start = row(label(_("Start from"), tone="secondary"), self.patients, None)
        left = QVBoxLayout()
        left.setSpacing(GRID)
        left.addWidget(start)
        left.addWidget(self.inputs, 1)
        self._start = start
        results = QWidget()
        column = QVBoxLayout(results)
        column.setContentsMargins(0, 0, GRID, 0)
        column.setSpacing(GRID)
        column.addWidget(self.strip)
        column.addWidget(row(label(_("Read off at"), tone="secondary"), self.month, None))
        column.addWidget(self.curves, 1)
        column.addWidget(self.points)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(results)
        sides = QHBoxLayout()
        sides.setSpacing(2 * GRID)
        sides.addLayout(left)
        sides.addWidget(area, 1)
        whole = QVBoxLayout(self.body)
        whole.setContentsMargins(2 * GRID, GRID, GRID, GRID)
        whole.setSpacing(GRID)
        whole.addWidget(top)
        whole.addWidget(self.honesty)
        whole.addLayout(sides, 1)

    # Answers

    def _show(self, view: NomogramView) -> None:
        is_same = self.view is not None and self.view.digest == view.digest and bool(self.scenarios)
        self.view = view
        if view.calculator is None:
            self._show_nothing()
            return
        self._fill(view)
        if is_same:
            self._tell()
        else:
            self.inputs.show_card(view)
            self.scenarios = [Scenario(_("Scenario {n}").format(n=1), view.start)]
            with QSignalBlocker(self.month):
                self.month.setRange(0.5, max(view.end_months, 1.0))
                self.month.setValue(view.horizon_months)
            self.choose(0)
        self.show_body()

    def _show_nothing(self) -> None:
        text = _(
            "Set values and read survival off a model, with its points explained. "
            "It needs a model of this project, or a card that was exported elsewhere."
        )
        steps = [
            FirstStep(_("Go to Model"), lambda: self.desktop.go("model")),
            FirstStep(_("Open a card"), self._ask_which),
        ]
        self.show_empty("calculator", _("No model yet"), text, *steps)

    def _fill(self, view: NomogramView) -> None:
        self.picker.clear()
        for choice in view.cards:
            self.picker.addItem(choice.name, choice.digest)
        if self._file is not None:
            self.picker.addItem(view.name, "")
            self.picker.setCurrentIndex(self.picker.count() - 1)
        else:
            self.picker.setCurrentIndex(self.picker.findData(view.digest))
        self.patients.clear()
        self.patients.addItem(_("the card's own middle"), "")
        for patient_id in view.patients:
            self.patients.addItem(patient_id, patient_id)
        self._start.setVisible(bool(view.patients))
        self.honesty.setText(" ".join(view.honesty))

    def _on_picked(self, number: int) -> None:
        digest = self.picker.itemData(number)
        if digest:
            self._file, self._wanted = None, digest
            self.reload()

    def _on_patient_picked(self, number: int) -> None:
        patient_id = self.patients.itemData(number)
        if not patient_id or self.view is None:
            self.reset()
            return
        self.desktop.tasks.run(
            _("Reading the patient's values"),
            patient_question,
            self.project,
            self.view,
            patient_id,
            answers=Answers(then=self._take_patient),
            quiet=True,
        )

    def _take_patient(self, started: Started) -> None:
        if not self.scenarios:
            return
        self.scenarios[self.current] = Scenario(started.patient_id, started.question, started.notes)
        self.choose(self.current)

    def _take_file(self, path: Path, view: NomogramView) -> None:
        self._file = path
        self._show(view)

    def _on_asked(self, question: Question) -> None:
        if self.scenarios:
            self.scenarios[self.current] = replace(self.scenarios[self.current], question=question)
            self._tell()

    def _tell(self) -> None:
        """Show what every scenario comes to."""
        view = self.view
        if view is None or view.calculator is None or not self.scenarios:
            return
        month = self.month.value()
        told = [view.tell(one.question, month) for one in self.scenarios]
        shown = list(zip(self.scenarios, told, strict=True))
        self.strip.show_scenarios(
            self.scenarios,
            told,
            self.current,
            event_words=view.endpoint.capitalize(),
            horizon_months=view.horizon_months,
        )
        lines = [
            ScenarioLine(Look(place), one.name, what.curve, what.read, one.question.alive_months, place == self.current)
            for place, (one, what) in enumerate(shown)
        ]
        self.curves.show_lines(
            lines, view.end_months, month, view.horizon_months, _("No curve: the probability is withheld.")
        )
        points = [
            ScenarioPoints(Look(place), one.name, what.bars, what.total, what.read is None, place == self.current)
            for place, (one, what) in enumerate(shown)
        ]
        scale = _("{months}-month survival").format(months=f"{view.horizon_months:g}")
        self.points.show_points(points, view.ruler, view.total_span, scale, _("The card has no nomogram."))

    def _ask_which(self) -> None:
        dialog = QFileDialog(self, _("Open a model card"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters([_("Model card (*.json)")])
        dialog.fileSelected.connect(lambda name: self.open_file(Path(name)))
        dialog.open()

    def _next_number(self) -> int:
        names = {one.name for one in self.scenarios}
        return next(n for n in range(1, 99) if _("Scenario {n}").format(n=n) not in names)

    def _why_not(self) -> str:
        return "" if self.scenarios else _("There is no model yet.")

    def _why_not_add(self) -> str:
        if len(self.scenarios) >= MOST_SCENARIOS:
            return _("Four scenarios are side by side already.")
        return self._why_not()

    def _why_not_remove(self) -> str:
        return "" if len(self.scenarios) > 1 else _("The last scenario stays.")
