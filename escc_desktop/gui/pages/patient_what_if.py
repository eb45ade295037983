"""Other clinical values tried on a patient, in a frame that is not the record's; nothing of it is kept or printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from escc_desktop.gui.pages.nomogram_inputs import InputsPanel
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.hatched import EDGE_PX, HatchedFrame
from escc_desktop.gui.widgets.text import button, card, icon_button, label, row, set_tone
from escc_desktop.i18n import _
from escc_desktop.workflow.views.nomogram import NomogramView, Question

if TYPE_CHECKING:
    from escc_desktop.workflow.views.what_if import Asked, WhatIfTold

_SIDE_PX = 300


class WhatIfPanel(HatchedFrame):
    """The inputs of the clinical values, and what they would come to.

    Signals
    -------
    closed
        Back to the record.
    """

    closed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._asked: Asked | None = None
        self._endpoint = ""
        self._title = label(_("What if – not this patient"), size="heading", tone="warning")
        about = _(
            "Clinical values as if they had been measured so. It changes no record, is not kept and not printed; "
            "values of the image are not moved."
        )
        self.inputs = InputsPanel(has_alive=False)
        self.reset_button = button(_("Reset"), "arrow_reset", tip=_("All values as the record has them"))
        self.leave_button = icon_button("dismiss", _("Back to the record (Esc)"))
        self.kind = label(_("WHAT IF"), tone="warning", size="caption")
        self.chance = label(size="title")
        self.meaning = label(wrap=True)
        self.record = label(tone="secondary", wrap=True)
        self.changed = label(wrap=True)
        self.withheld = label(tone="warning", wrap=True)
        self.reset_button.clicked.connect(self.reset)
        self.leave_button.clicked.connect(self.closed)
        self.inputs.asked.connect(self._on_asked)
        self._lay_out(about)

    def show_asked(self, asked: Asked, endpoint: str) -> None:
        """Begin with a patient's own values; `endpoint` in words."""
        self._asked, self._endpoint = asked, endpoint
        view = NomogramView((), asked.calculator, inputs=asked.inputs)
        self.inputs.show_card(view)
        self.reset()

    def reset(self) -> None:
        """Put every value back to the record's."""
        if self._asked is not None:
            self.inputs.show_question(Question(dict(self._asked.start.values)))
            self._tell(self.inputs.question)

    def clear(self) -> None:
        """Forget what was tried."""
        self._asked = None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave by Escape."""
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)

    def _on_asked(self, question: object) -> None:
        if isinstance(question, Question):
            self._tell(question)

    def _tell(self, question: Question) -> None:
        if self._asked is None:
            return
        told, asked = self._asked.tell(question.values), self._asked
        months = f"{asked.calculator.card.horizon_months:g}"
        self.chance.setText(_("no estimate") if told.chance is None else f"≈ {told.chance.value * 100:.0f} %")
        set_tone(self.chance, "warning")
        self.meaning.setText(_meaning(told, months, self._endpoint))
        of_record = asked.verdict.survival
        self.record.setText(
            _("The record, on the left, gives no probability.")
            if of_record is None
            else _("The record, on the left: {value} %").format(value=f"{of_record * 100:.0f}")
        )
        self.changed.setText("\n".join(told.changed) or _("Nothing is changed yet."))
        set_tone(self.changed, "" if told.changed else "secondary")
        self.withheld.setText("\n".join(told.withheld))
        self.withheld.setVisible(bool(told.withheld))
        self.reset_button.setEnabled(bool(told.changed))

    def _lay_out(self, about: str) -> None:
        side, column = card(margins=12)
        side.setFixedWidth(_SIDE_PX)
        changed_title = label(_("Changed"), tone="secondary", size="caption")
        for part in (self.kind, self.chance, self.meaning, self.withheld, self.record, changed_title, self.changed):
            column.addWidget(part)
        column.addStretch(1)
        column.addWidget(self.reset_button)
        whole = QVBoxLayout(self)
        edge = EDGE_PX + GRID
        whole.setContentsMargins(edge, edge, edge, edge)
        whole.setSpacing(GRID)
        whole.addWidget(row(self._title, None, self.leave_button))
        whole.addWidget(label(about, tone="secondary", wrap=True))
        holder = QWidget()
        sides = QHBoxLayout(holder)
        sides.setContentsMargins(0, 0, 0, 0)
        sides.setSpacing(2 * GRID)
        sides.addWidget(self.inputs, 1)
        sides.addWidget(side)
        whole.addWidget(holder, 1)


def _meaning(told: WhatIfTold, months: str, endpoint: str) -> str:
    if told.chance is None:
        return ""
    text = _("{months}-month {endpoint}, had it been measured so")
    words = text.format(months=months, endpoint=endpoint)
    if told.chance.lower is None or told.chance.upper is None:
        return f"{words}; " + _("no interval is known")
    low, high = f"{told.chance.lower * 100:.0f}", f"{told.chance.upper * 100:.0f}"
    return f"{words}; " + _("95 % CI {low} to {high} %").format(low=low, high=high)
