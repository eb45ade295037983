"""The right column where the readings are planned: numbers, what they mean in words, once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QSpinBox, QWidget

from escc_desktop.gui.pages.protocol_words import tool_rule_name, tool_rule_words
from escc_desktop.gui.pages.worklist_side import SidePanel, Wrapped
from escc_desktop.gui.pages.worklist_words import rule_name
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.text import button, label, row
from escc_desktop.i18n import _, plural
from escc_desktop.reading.lesion import LesionRule
from escc_desktop.reading.plan import APART, WITHIN
from escc_desktop.reading.protocol import WINDOW, ToolRule
from escc_desktop.workflow.views.worklist import Worklist

REPEATS = 15
SEED = 7
_FIELD_PX = 136


@dataclass(frozen=True)
class PlanOrder:
    """A plan to be drawn.

    Attributes
    ----------
    tools, window, shows_study
        What readers may do and see; see `workflow.reading_rules.protocol_of`.
    """

    repeats: int
    seed: int
    apart: timedelta
    within: timedelta
    rule: LesionRule
    tools: ToolRule
    window: tuple[float, float] | None
    shows_study: bool


class PlanPanel(SidePanel):
    """Asks for the numbers of the plan and says what it will do.

    Attributes
    ----------
    ordered
        The `PlanOrder` to draw.
    """

    ordered = Signal(object)

    def __init__(self, close: Callable[[], object]) -> None:
        super().__init__(_("Plan readings"), close)
        self._n_patients = self._n_lesions = self._n_unmarked = 0
        numbers = QGridLayout()
        numbers.setHorizontalSpacing(GRID)
        numbers.setVerticalSpacing(GRID // 2)
        numbers.setColumnStretch(2, 1)
        self.content.addLayout(numbers)
        self.repeats = _number(numbers, (0, 0), _("Patients read again"), (0, 10_000), REPEATS)
        self.seed = _number(numbers, (0, 1), _("Seed of the draw"), (0, 2**31 - 1), SEED)
        self.apart = _number(numbers, (1, 0), _("Days apart, at least"), (0, 3650), APART.days)
        self.within = _number(numbers, (1, 1), _("Days apart, at most"), (0, 3650), WITHIN.days)
        for field in (self.repeats, self.seed, self.apart, self.within):
            field.valueChanged.connect(lambda _value: self._say())
        self.rule = QComboBox()
        for rule in LesionRule:
            self.rule.addItem(rule_name(rule), rule)
        self._field(_("Several lesions count as"), self.rule)
        self._add_rules()
        self.words = Wrapped("")
        self.add(self.words)
        self.once = Wrapped(_("A plan is drawn once. After that no lesion can be marked."), tone="warning")
        self.add(self.once)
        self.start = button(_("Draw the plan"), "calendar", weight="primary")
        self.start.clicked.connect(self._order)
        self.foot.addWidget(self.start)
        self.foot.addStretch(1)

    def show_worklist(self, worklist: Worklist) -> None:
        """Plan for the lesions of this worklist."""
        self._n_lesions = worklist.n_lesions
        self._n_patients = sum(bool(patient.lesions) for patient in worklist.patients)
        self._n_unmarked = len(worklist.patients) - self._n_patients
        self.repeats.setMaximum(self._n_patients)
        self.repeats.setValue(min(REPEATS, self._n_patients))
        self._say()

    def _add_rules(self) -> None:
        """Ask what readers may do and see: the same in every reading, so that none tells what it is drawn for."""
        self.tools, self.tools_words = QComboBox(), Wrapped("", tone="secondary", size="caption")
        for tools in ToolRule:
            self.tools.addItem(tool_rule_name(tools), tools)
        self._field(_("Tools of the readers"), self.tools)
        self.add(self.tools_words)
        self.tools.currentIndexChanged.connect(self._say)
        self.tools.setCurrentIndex(list(ToolRule).index(ToolRule.USUAL))
        self.locks_window = QCheckBox(_("One window for all readings (W, L in HU)"))
        self.locks_window.setChecked(True)
        self.add(self.locks_window)
        self.width_hu, self.level_hu = QSpinBox(), QSpinBox()
        bounds = ((self.width_hu, _("Width in HU"), 1, 4000), (self.level_hu, _("Level in HU"), -1000, 3000))
        for field, name, least, most in bounds:
            field.setRange(least, most)
            field.setFixedWidth(_FIELD_PX)
            field.setAccessibleName(name)
            field.setToolTip(name)
            self.locks_window.toggled.connect(field.setEnabled)
        self.width_hu.setValue(round(WINDOW[0]))
        self.level_hu.setValue(round(WINDOW[1]))
        self.add(row(self.width_hu, self.level_hu, None))
        self.shows_study = QCheckBox(_("Readers may see other series of the study"))
        self.shows_study.setToolTip(_("Such as another contrast phase. Earlier and later studies are never shown."))
        self.add(self.shows_study)

    def _field(self, name: str, field: QWidget) -> None:
        self.add(label(name, tone="secondary", size="caption"))
        field.setAccessibleName(name)
        self.add(field)

    def _say(self) -> None:
        if not hasattr(self, "start"):
            return
        self.tools_words.setText(tool_rule_words(ToolRule(self.tools.currentData())))
        n, again = self._n_lesions, self.repeats.value()
        parts = [plural("Reader A reads the one lesion.", "Reader A reads all {n} lesions.", n)]
        if again:
            drawn = _(
                "{patients}, drawn with seed {seed}: read by reader B too, and again by reader A {apart} to {within} "
                "days after the first reading."
            )
            parts.append(
                drawn.format(
                    patients=plural("{n} patient", "{n} patients", again),
                    seed=self.seed.value(),
                    apart=self.apart.value(),
                    within=self.within.value(),
                )
            )
            parts.append(_("No reader is told who was drawn, or sees what was outlined before."))
        if self._n_unmarked:
            parts.append(
                plural(
                    "{n} patient has no lesion and is not read.",
                    "{n} patients have no lesion and are not read.",
                    self._n_unmarked,
                )
            )
        self.words.setText(" ".join(parts))
        is_range = self.apart.value() <= self.within.value()
        self.start.setEnabled(is_range and self._n_lesions > 0)
        self.start.setToolTip("" if is_range else _("The least interval is longer than the most."))

    def _order(self) -> None:
        window = (float(self.width_hu.value()), float(self.level_hu.value()))
        self.ordered.emit(
            PlanOrder(
                self.repeats.value(),
                self.seed.value(),
                timedelta(days=self.apart.value()),
                timedelta(days=self.within.value()),
                LesionRule(self.rule.currentData()),
                ToolRule(self.tools.currentData()),
                window if self.locks_window.isChecked() else None,
                self.shows_study.isChecked(),
            )
        )


def _number(grid: QGridLayout, place: tuple[int, int], name: str, bounds: tuple[int, int], value: int) -> QSpinBox:
    """Add a number under its name to a row and column of a grid."""
    field = QSpinBox()
    field.setRange(*bounds)
    field.setFixedWidth(_FIELD_PX)
    field.lineEdit().setTextMargins(6, 0, 0, 0)
    field.setValue(value)
    field.setAccessibleName(name)
    grid.addWidget(label(name, tone="secondary", size="caption"), 2 * place[0], place[1])
    grid.addWidget(field, 2 * place[0] + 1, place[1])
    return field
