"""Scenarios side by side: what each comes to, its name, and which of them the inputs set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QLineEdit, QRadioButton, QVBoxLayout, QWidget

from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.scenario_looks import Look
from escc_desktop.gui.widgets.text import icon_button, label, research_banner, set_tone
from escc_desktop.i18n import _
from escc_desktop.workflow.views.nomogram import Question, Read, Told

_NAME_MOST = 40
_BADGE_PX = 20


@dataclass(frozen=True)
class Scenario:
    """A name and values."""

    name: str
    question: Question
    notes: tuple[str, ...] = ()


class _Badge(QWidget):
    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.setFixedSize(_BADGE_PX, _BADGE_PX)

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._look.badge(painter, QPointF(_BADGE_PX / 2, _BADGE_PX / 2))


class ScenarioCard(QFrame):
    """One scenario.

    Attributes
    ----------
    chosen, removed, renamed
        Clicked, or its buttons used; `renamed` with the new name.
    """

    chosen = Signal()
    removed = Signal()
    renamed = Signal(str)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.setProperty("surface", "raised")
        self.radio = QRadioButton()
        self.radio.setAccessibleName(_("Set the values of scenario {letter}").format(letter=look.letter))
        self.radio.setToolTip(_("Set the values of this scenario"))
        self.name = QLineEdit()
        self.name.setMaxLength(_NAME_MOST)
        self.name.setAccessibleName(_("Name of scenario {letter}").format(letter=look.letter))
        self.remove_button = icon_button("dismiss", _("Remove this scenario"))
        self.survival = label(size="title")
        self.about = label(tone="secondary", size="caption", wrap=True)
        self.given = label(size="caption", wrap=True)
        self.withheld = label(tone="warning", size="caption", wrap=True)
        self.notes = label(tone="warning", size="caption", wrap=True)
        self.banner = research_banner()
        head = QHBoxLayout()
        head.setSpacing(GRID // 2)
        for widget in (self.radio, _Badge(look), self.name, self.remove_button):
            head.addWidget(widget, 1 if widget is self.name else 0)
        column = QVBoxLayout(self)
        column.setContentsMargins(GRID, GRID, GRID, GRID)
        column.setSpacing(GRID // 2)
        column.addLayout(head)
        for part in (self.survival, self.about, self.given, self.withheld, self.notes):
            column.addWidget(part)
        column.addStretch(1)
        column.addWidget(self.banner)
        self.radio.clicked.connect(self.chosen)
        self.remove_button.clicked.connect(self.removed)
        self.name.textEdited.connect(self.renamed)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Be chosen by a click anywhere."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.radio.setChecked(True)
            self.chosen.emit()
        super().mousePressEvent(event)

    def show_told(self, scenario: Scenario, told: Told, *, event_words: str, horizon_months: float) -> None:
        """Show what a scenario comes to."""
        if self.name.text() != scenario.name:
            self.name.setText(scenario.name)
        read = told.read
        self.survival.setText(_("Withheld") if read is None else read.percent)
        set_tone(self.survival, "warning" if read is None else "")
        self.survival.setAccessibleName(self.survival.text())
        self.about.setText("" if read is None else _about(read, event_words, horizon_months))
        self.about.setVisible(read is not None)
        self.given.setText("" if told.given is None else _given(told.given, scenario.question.alive_months))
        self.given.setVisible(told.given is not None)
        self.withheld.setText("\n".join(told.withheld))
        self.withheld.setVisible(bool(told.withheld))
        self.notes.setText("\n".join(scenario.notes))
        self.notes.setVisible(bool(scenario.notes))


def _about(read: Read, event_words: str, horizon_months: float) -> str:
    parts = [_("{event} at {months} months").format(event=event_words, months=f"{read.months:g}"), _interval(read)]
    if read.months != horizon_months:
        parts.append(_("validated at {months} months only").format(months=f"{horizon_months:g}"))
    return " · ".join(parts)


def _interval(read: Read) -> str:
    if read.lower is None or read.upper is None:
        return _("no interval known")
    return _("95 % CI {lower} to {upper}").format(lower=f"{read.lower * 100:.0f}", upper=f"{read.upper * 100:.0f}")


def _given(read: Read, alive_months: float) -> str:
    text = _("Given alive at {alive} months: {value} ({interval})")
    return text.format(alive=f"{alive_months:g}", value=read.percent, interval=_interval(read))


class ScenarioStrip(QWidget):
    """The cards in a row.

    Attributes
    ----------
    chosen, removed, renamed
        Of the scenario at a place; `renamed` (place, name).
    """

    chosen = Signal(int)
    removed = Signal(int)
    renamed = Signal(int, str)

    def __init__(self) -> None:
        super().__init__()
        self.cards: list[ScenarioCard] = []
        self._group = QButtonGroup(self)
        self._line = QHBoxLayout(self)
        self._line.setContentsMargins(0, 0, 0, 0)
        self._line.setSpacing(GRID)

    def show_scenarios(
        self,
        scenarios: Sequence[Scenario],
        told: Sequence[Told],
        current: int,
        *,
        event_words: str,
        horizon_months: float,
    ) -> None:
        """Show scenarios; cards are made and taken away as needed."""
        while len(self.cards) < len(scenarios):
            self._add()
        while len(self.cards) > len(scenarios):
            card = self.cards.pop()
            self._group.removeButton(card.radio)
            self._line.removeWidget(card)
            card.deleteLater()
        for place, (card, scenario, one) in enumerate(zip(self.cards, scenarios, told, strict=True)):
            card.show_told(scenario, one, event_words=event_words, horizon_months=horizon_months)
            card.radio.setChecked(place == current)
            card.remove_button.setEnabled(len(scenarios) > 1)

    def _add(self) -> None:
        place = len(self.cards)
        card = ScenarioCard(Look(place))
        card.chosen.connect(lambda: self.chosen.emit(place))
        card.removed.connect(lambda: self.removed.emit(place))
        card.renamed.connect(lambda name: self.renamed.emit(place, name))
        self._group.addButton(card.radio)
        self.cards.append(card)
        self._line.addWidget(card, 1)
