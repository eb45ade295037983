"""The planner: how many lesions, events and patients, answered while one types."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from escc_desktop.errors import EsccError
from escc_desktop.gui.desktop import Desktop
from escc_desktop.gui.frame.fields import Field, Trouble
from escc_desktop.gui.latest import Latest
from escc_desktop.gui.pages.admin_section import scrolled
from escc_desktop.gui.pages.statistics_section import StatisticsSection
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.text import card, label
from escc_desktop.i18n import _, said
from escc_desktop.workflow.planner import FollowUp, Plan, Widths, plan_external, plan_model, plan_rereads

_WIDEST_PX = 460
_LONGEST_NUMBER = 12
Numbers = Mapping[str, float | None]


@dataclass(frozen=True)
class Asked:
    """One number of a form.

    Attributes
    ----------
    start
        What stands there at first.
    is_whole, may_be_empty
        Whether only whole numbers do, and whether nothing is an answer too.
    """

    name: str
    caption: str
    start: str
    is_whole: bool = False
    may_be_empty: bool = False


class QuestionCard(QWidget):
    """One question: its numbers, and the answer in sentences.

    Parameters
    ----------
    answer
        Called with the numbers on a worker thread.
    """

    def __init__(
        self, desktop: Desktop, title: str, about: str, asked: tuple[Asked, ...], answer: Callable[[Numbers], Plan]
    ) -> None:
        super().__init__()
        self._asked, self._answer = asked, answer
        self._latest: Latest[Plan] = Latest(desktop.tasks, title, self._show, self._fail)
        self._desktop = desktop
        self.fields = {one.name: Field(one.caption) for one in asked}
        self.trouble = Trouble()
        self.sentences: list[str] = []
        self._answers = QVBoxLayout()
        self._answers.setSpacing(GRID)
        self._lay_out(title, about)
        for one in asked:
            edit = self.fields[one.name].edit
            edit.setText(one.start)
            edit.setMaxLength(_LONGEST_NUMBER)
            edit.setAlignment(Qt.AlignmentFlag.AlignRight)
            edit.textChanged.connect(self.ask)

    def ask(self) -> None:
        """Answer what the form says now, or say what is wrong with it."""
        try:
            numbers = {one.name: _number(one, self.fields[one.name].text) for one in self._asked}
        except EsccError as error:
            self._latest.stop()
            self._fail(error)
            return
        self._latest.ask(_answered, self._answer, numbers)

    def stop(self) -> None:
        """Want no answer any more."""
        self._latest.stop()

    def _lay_out(self, title: str, about: str) -> None:
        frame, column = card(spacing=GRID + GRID // 2)
        column.addWidget(label(title, size="heading", wrap=True))
        column.addWidget(label(about, tone="secondary", wrap=True))
        form = QGridLayout()
        form.setHorizontalSpacing(2 * GRID)
        form.setVerticalSpacing(GRID)
        for place, field in enumerate(self.fields.values()):
            field.caption.setWordWrap(True)
            form.addWidget(field, place // 2, place % 2, Qt.AlignmentFlag.AlignBottom)
        column.addLayout(form)
        column.addWidget(self.trouble)
        column.addLayout(self._answers)
        column.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(frame)
        self.setMaximumWidth(_WIDEST_PX)

    def _show(self, plan: Plan) -> None:
        self.trouble.say("")
        self._clear()
        self.sentences = list(plan.sentences)
        for place, (sentence, source) in enumerate(zip(plan.sentences, plan.sources, strict=True)):
            size = "heading" if place < plan.n_answers else ""
            made = label(sentence, tone="" if source else "secondary", wrap=True, size=size)
            made.setToolTip(source)
            made.setAccessibleDescription(source)
            if source:
                made.setCursor(Qt.CursorShape.WhatsThisCursor)
            made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self._answers.addWidget(made)

    def _fail(self, error: Exception) -> None:
        if not isinstance(error, EsccError):
            self._desktop.notices.trouble(error)
            return
        self._clear()
        self.trouble.say(said(error.what), said(error.hint))

    def _clear(self) -> None:
        self.sentences = []
        while (item := self._answers.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()


class PlannerSection(StatisticsSection):
    """The three questions beside each other."""

    icon: ClassVar[str] = "calculator"

    def __init__(self, desktop: Desktop) -> None:
        super().__init__(desktop)
        self.questions = {
            "rereads": QuestionCard(
                desktop, _("How many lesions are read again?"),
                _("For the interval of an intraclass correlation. Leave out what you do not ask for."),
                _rereads_asked(), _rereads,
            ),
            "development": QuestionCard(
                desktop, _("How many patients to develop a model?"),
                _("For times to an event. Expected: a C-index, or R2 instead, or neither."),
                _development_asked(), _development,
            ),
            "validation": QuestionCard(
                desktop, _("How many patients to validate it?"),
                _("For an external validation at the horizon, each measure with a 95 % interval of this width."),
                _validation_asked(), _validation,
            ),
        }  # fmt: skip
        inner = QWidget()
        line = QHBoxLayout(inner)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(2 * GRID)
        for question in self.questions.values():
            line.addWidget(question, 1)
        line.addStretch(0)
        self.column.setContentsMargins(GRID, 2 * GRID, GRID, GRID)
        self.column.addWidget(scrolled(inner))

    def refresh(self) -> None:
        """Answer each question once; from then on typing does."""
        for question in self.questions.values():
            question.ask()

    def forget(self) -> None:
        """Want no answer any more."""
        for question in self.questions.values():
            question.stop()


def _number(asked: Asked, text: str) -> float | None:
    """Return a typed number; None for nothing where that will do."""
    typed = text.strip()
    if not typed and asked.may_be_empty:
        return None
    try:
        value = float(typed)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise EsccError(
            _("{name}: “{text}” is no number.").format(name=asked.caption, text=typed)
            if typed
            else _("{name} is missing.").format(name=asked.caption),
            _("Type one like {example}.").format(example=asked.start or "0.1"),
        )
    if asked.is_whole and value != int(value):
        raise EsccError(_("{name}: {text} is not a whole number.").format(name=asked.caption, text=typed))
    return value


def _answered(answer: Callable[[Numbers], Plan], numbers: Numbers, progress: object) -> Plan:
    return answer(numbers)


def _sure(numbers: Numbers, name: str) -> float:
    value = numbers[name]
    if value is None:
        raise EsccError(f"{name} is missing.")
    return value


def _rereads_asked() -> tuple[Asked, ...]:
    return (
        Asked("icc", _("ICC expected"), "0.85"),
        Asked("readings", _("Readings of each lesion"), "2", is_whole=True),
        Asked("width", _("Width of its 95 % interval"), "0.2", may_be_empty=True),
        Asked("bound", _("Its lower limit above"), "0.75", may_be_empty=True),
        Asked("assurance", _("Probability that it is"), "0.5"),
    )


def _rereads(numbers: Numbers) -> Plan:
    if numbers["width"] is None and numbers["bound"] is None:
        raise EsccError(_("What the readings should show is missing."), _("Give a width, a lower limit, or both."))
    return plan_rereads(
        _sure(numbers, "icc"), numbers["width"], numbers["bound"],
        int(_sure(numbers, "readings")), _sure(numbers, "assurance"),
    )  # fmt: skip


def _development_asked() -> tuple[Asked, ...]:
    return (
        Asked("parameters", _("Candidate parameters"), "6", is_whole=True),
        Asked("rate", _("Events per patient and month"), "0.035"),
        Asked("follow_up", _("Mean follow-up, months"), "15"),
        Asked("horizon", _("Risk predicted at, months"), "12"),
        Asked("c", _("C-index expected"), "0.7", may_be_empty=True),
        Asked("r2", _("Cox-Snell R2 instead"), "", may_be_empty=True),
    )


def _development(numbers: Numbers) -> Plan:
    if numbers["c"] is not None and numbers["r2"] is not None:
        raise EsccError(_("R2 and the C-index are both given."), _("Empty one of them."))
    follow_up = FollowUp(_sure(numbers, "rate"), _sure(numbers, "follow_up"), _sure(numbers, "horizon"))
    return plan_model(int(_sure(numbers, "parameters")), follow_up, numbers["r2"], numbers["c"])


def _validation_asked() -> tuple[Asked, ...]:
    return (
        Asked("risk", _("Share with the event by then"), "0.35"),
        Asked("c", _("C statistic expected"), "0.7"),
        Asked("observed_expected", _("Width of observed over expected"), "0.2"),
        Asked("slope", _("Width of the calibration slope"), "0.2"),
        Asked("width_c", _("Width of the C statistic"), "0.1"),
    )


def _validation(numbers: Numbers) -> Plan:
    widths = Widths(_sure(numbers, "observed_expected"), _sure(numbers, "slope"), _sure(numbers, "width_c"))
    return plan_external(_sure(numbers, "risk"), _sure(numbers, "c"), widths)
