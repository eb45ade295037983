"""The right column where the readings are planned: numbers, what they mean in words, once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QSpinBox, QWidget

from escc_desktop.gui.pages.worklist_side import SidePanel, Wrapped
from escc_desktop.gui.pages.worklist_words import rule_name
from escc_desktop.gui.widgets.text import button, label
from escc_desktop.i18n import _, plural
from escc_desktop.reading.lesion import LesionRule
from escc_desktop.reading.plan import APART, WITHIN
from escc_desktop.workflow.views.worklist import Worklist

REPEATS = 15
SEED = 7
_FIELD_PX = 136


@dataclass(frozen=True)
class PlanOrder:
    """A plan to be drawn."""

    repeats: int
    seed: int
    apart: timedelta
    within: timedelta
    rule: LesionRule


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
        self.repeats = self._number(_("Patients read again"), (0, 10_000), REPEATS)
        self.seed = self._number(_("Seed of the draw"), (0, 2**31 - 1), SEED)
        self.apart = self._number(_("Days to the repeat, at least"), (0, 3650), APART.days)
        self.within = self._number(_("Days to the repeat, at most"), (0, 3650), WITHIN.days)
        self.rule = QComboBox()
        for rule in LesionRule:
            self.rule.addItem(rule_name(rule), rule)
        self._field(_("Several lesions count as"), self.rule)
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

    def _field(self, name: str, field: QWidget) -> None:
        self.add(label(name, tone="secondary", size="caption"))
        field.setAccessibleName(name)
        self.add(field)

    def _number(self, name: str, bounds: tuple[int, int], value: int) -> QSpinBox:
        field = QSpinBox()
        field.setRange(*bounds)
        field.setFixedWidth(_FIELD_PX)
        field.lineEdit().setTextMargins(6, 0, 0, 0)
        field.setValue(value)
        field.valueChanged.connect(lambda _value: self._say())
        self._field(name, field)
        return field

    def _say(self) -> None:
        if not hasattr(self, "start"):
            return
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
        self.ordered.emit(
            PlanOrder(
                self.repeats.value(),
                self.seed.value(),
                timedelta(days=self.apart.value()),
                timedelta(days=self.within.value()),
                LesionRule(self.rule.currentData()),
            )
        )
