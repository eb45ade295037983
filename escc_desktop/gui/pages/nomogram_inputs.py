"""The values of a scenario, to be set: a slider with its training range, or a choice, for each the card reads."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.number_field import NumberField
from escc_desktop.gui.widgets.range_slider import RangeSlider
from escc_desktop.gui.widgets.text import label, row, set_tone
from escc_desktop.i18n import _
from escc_desktop.workflow.views.nomogram import NomogramView, Question, Value
from escc_desktop.workflow.views.nomogram_inputs import Input

_FIELD_PX = 124
_MONTH_STEP = 0.5


class _Number(QWidget):
    """A number: its field, its slider, and in words what was seen in training."""

    changed = Signal(float)

    def __init__(self, shown: Input) -> None:
        super().__init__()
        low, high = shown.span or (0.0, 1.0)
        self._input = shown
        self.field = NumberField((low, high, shown.step), shown.label, shown.unit, decimals=shown.decimals)
        self.field.setFixedWidth(_FIELD_PX)
        self.slider = RangeSlider((low, high), shown.step, shown.training, [one.value for one in shown.thresholds])
        self.slider.setAccessibleName(shown.label)
        self.note = label(tone="secondary", size="caption", wrap=True)
        name = label(shown.label, wrap=True)
        name.setBuddy(self.field)
        line = QHBoxLayout()
        line.setSpacing(GRID)
        line.addWidget(self.slider, 1)
        line.addWidget(self.field)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 4)
        column.addWidget(name)
        column.addLayout(line)
        column.addWidget(self.note)
        self.slider.valueChanged.connect(lambda: self._take(self.slider.number))
        self.field.valueChanged.connect(self._take)

    def show_value(self, value: Value) -> None:
        """Show a value as it is; it need not lie on a step of the slider."""
        if not isinstance(value, float):
            self.note.setText(_("not known: there is no probability until it is set"))
            set_tone(self.note, "warning")
            return
        with QSignalBlocker(self.slider), QSignalBlocker(self.field):
            self.slider.set_number(value)
            self.field.setValue(value)
        self._say(value)

    def _take(self, value: float) -> None:
        self.show_value(value)
        self.changed.emit(value)

    def _say(self, value: float) -> None:
        parts = [self._input.family] if self._input.family else []
        if self._input.training is not None:
            low, high = (self._input.words(end) for end in self._input.training)
            text = (
                _("outside what the card was trained on: {low} to {high}")
                if self._input.is_outside(value)
                else _("trained on {low} to {high}")
            )
            parts.append(text.format(low=low.removesuffix(f" {self._input.unit}"), high=high))
        parts += [f"{self._input.words(one.value)}: {one.words}" for one in self._input.thresholds]
        self.note.setText(" · ".join(parts))
        self.note.setVisible(bool(parts))
        set_tone(self.note, "warning" if self._input.is_outside(value) else "secondary")


class _Choice(QWidget):
    """One of a few levels."""

    changed = Signal(object)

    def __init__(self, name: str, choices: tuple[tuple[Value, str], ...]) -> None:
        super().__init__()
        self.box = QComboBox()
        self.box.setAccessibleName(name)
        for value, words in choices:
            self.box.addItem(words, value)
        title = label(name)
        title.setBuddy(self.box)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(row(title, None, self.box))
        self.box.activated.connect(lambda: self.changed.emit(self.box.currentData()))

    def show_value(self, value: Value) -> None:
        """Show a level; one the card does not know shows none."""
        self.box.setCurrentIndex(self.box.findData(value))


class _Fixed(QWidget):
    """A value of the image, for those who may not move it."""

    def __init__(self, shown: Input) -> None:
        super().__init__()
        self._input = shown
        self.words = label()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(row(label(shown.label), None, self.words))
        why = _("from the image: moved by statisticians only")
        about = " · ".join(part for part in (shown.family, why) if part)
        column.addWidget(label(about, tone="secondary", size="caption", wrap=True))

    def show_value(self, value: Value) -> None:
        self.words.setText(self._input.words(value))


class InputsPanel(QScrollArea):
    """All inputs of one scenario.

    Parameters
    ----------
    has_alive
        Whether it asks how long the patient has lived.

    Attributes
    ----------
    asked
        The `Question` as it now stands.
    """

    asked = Signal(object)

    def __init__(self, *, has_alive: bool = True) -> None:
        super().__init__()
        self._has_alive = has_alive
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.question = Question({})
        self.rows: dict[str, _Number | _Choice | _Fixed] = {}
        self.site: _Choice | None = None
        self.alive: _Number | None = None

    def show_card(self, view: NomogramView) -> None:
        """Build the inputs of a card."""
        self.rows, self.site, self.alive = {}, None, None
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, GRID, GRID)
        column.setSpacing(GRID + GRID // 2)
        for shown in view.inputs:
            made = _row_of(shown, may_move=view.may_move_features or not shown.is_feature)
            if not isinstance(made, _Fixed):
                made.changed.connect(lambda value, name=shown.name: self._set(name, value))
            self.rows[shown.name] = made
            column.addWidget(made)
        if view.sites:
            self.site = _Choice(_("Site of the lesion"), view.sites)
            self.site.changed.connect(lambda site: self._ask(replace(self.question, site=site)))
            column.addWidget(self.site)
        if self._has_alive:
            self.alive = _Number(_alive_input(view))
            self.alive.changed.connect(lambda months: self._ask(replace(self.question, alive_months=months)))
            column.addWidget(self.alive)
        column.addStretch(1)
        self.setWidget(inner)

    def show_question(self, question: Question) -> None:
        """Show a scenario's values."""
        self.question = question
        for name, made in self.rows.items():
            made.show_value(question.values.get(name))
        if self.site is not None:
            self.site.show_value(question.site)
        if self.alive is not None:
            self.alive.show_value(question.alive_months)

    def _set(self, name: str, value: Value) -> None:
        self._ask(replace(self.question, values={**self.question.values, name: value}))

    def _ask(self, question: Question) -> None:
        self.question = question
        self.asked.emit(question)


def _row_of(shown: Input, *, may_move: bool) -> _Number | _Choice | _Fixed:
    if not may_move:
        return _Fixed(shown)
    return _Choice(shown.label, shown.choices) if shown.choices else _Number(shown)


def _alive_input(view: NomogramView) -> Input:
    name = _("Alive at last contact") if view.is_survival else _("Free of progression at last contact")
    return Input(
        "alive_months", name, "", _("months"), 0.0, is_feature=False, span=(0.0, view.end_months), step=_MONTH_STEP
    )
