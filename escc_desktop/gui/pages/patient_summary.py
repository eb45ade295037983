"""The left column of the patient page: group, certainty, survival, score, cautions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.elided import ElidedLabel
from escc_desktop.gui.widgets.icon_label import IconLabel
from escc_desktop.gui.widgets.painted import SHAPES, risk_color
from escc_desktop.gui.widgets.score_strip import ScoreStrip
from escc_desktop.gui.widgets.text import button, card, label, set_tone
from escc_desktop.i18n import _

if TYPE_CHECKING:
    from escc_desktop.workflow.views.patient import CautionView, PatientView

WIDTH_PX = 336


class PatientSummary(QWidget):
    """What is read first; `assess` asks for an assessment."""

    assess = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setFixedWidth(WIDTH_PX)
        self.title, self.facts, self.status = label(size="heading"), ElidedLabel(), ElidedLabel(tone="secondary")
        self.group = label()
        self.group.setStyleSheet("font-size: 26px; font-weight: bold;")
        self.certainty = label(size="heading", tone="secondary", wrap=True)
        self.chance, self.meaning = label(size="title"), label(wrap=True)
        self.chance.setStyleSheet("font-size: 30px; font-weight: bold;")
        self.limits = label(tone="secondary", size="caption", wrap=True)
        self.given = label(wrap=True)
        self.strip = ScoreStrip()
        self.grounds = label(tone="secondary", size="caption", wrap=True)
        self.assess_button = button(_("Assess all patients"), "play", weight="primary")
        self.assess_button.clicked.connect(self.assess)
        self._cautions = QVBoxLayout()
        self._cautions.setSpacing(GRID)
        self.limits_of_card = label(tone="secondary", size="caption", wrap=True)
        self._lay_out()

    def show_patient(self, view: PatientView, *, may_assess: bool) -> None:
        """Show a patient."""
        self.title.setText(view.patient_id)
        self.facts.say(view.facts)
        self.status.say(view.status)
        self._show_group(view)
        self._show_chance(view)
        self.strip.show_strip(view.strip)
        self.grounds.setText("\n".join(f"• {ground}" for ground in view.grounds))
        self.grounds.setVisible(bool(view.grounds))
        self.assess_button.setVisible(may_assess and (view.is_stale or not view.is_assessed))
        self._show_cautions(view.cautions)
        self.limits_of_card.setText("\n".join(f"• {sentence}" for sentence in view.limits))

    def _show_group(self, view: PatientView) -> None:
        names = {"LOW": _("LOW RISK"), "HIGH": _("HIGH RISK")}
        words = f"{names[view.group]} {SHAPES[view.group]}" if view.group else _("NO GROUP")
        self.group.setText(words if view.is_assessed else _("NOT ASSESSED"))
        ink = risk_color(view.group).name() if view.group else ""
        style = "font-size: 26px; font-weight: bold;"
        self.group.setStyleSheet(f"{style} color: {ink};" if ink else style)
        shown = {"clear": _("clear"), "likely": _("likely"), "uncertain": _("uncertain")}
        self.certainty.setText(shown[view.certainty] if view.certainty else "")
        set_tone(self.certainty, "warning" if view.certainty == "uncertain" else "secondary")

    def _show_chance(self, view: PatientView) -> None:
        months = f"{view.horizon_months:g}"
        self.meaning.setVisible(view.is_assessed)
        self.limits.setVisible(view.is_assessed)
        self.meaning.setText(_("{months}-month {endpoint}").format(months=months, endpoint=view.endpoint))
        self._show_given(view)
        if view.survival is None:
            self.chance.setText(_("withheld") if view.is_assessed else "")
            self.limits.setText(" ".join(view.withheld))
            set_tone(self.limits, "warning")
            return
        self.chance.setText(f"{view.survival.value * 100:.0f} %")
        set_tone(self.limits, "secondary")
        self.limits.setText("; ".join(part for part in (_interval(view), view.readers) if part))

    def _show_given(self, view: PatientView) -> None:
        text = view.given_note
        if view.given is not None and view.asked is not None:
            text = _("{value} % to month {months}, alive at month {alive}").format(
                value=f"{view.given.value * 100:.0f}",
                months=f"{view.given.months:g}",
                alive=f"{view.asked.alive_months:g}",
            )
            if view.given.lower is not None and view.given.upper is not None:
                low, high = (f"{limit * 100:.0f}" for limit in (view.given.lower, view.given.upper))
                text = f"{text} ({low} – {high})"
        self.given.setText(text)
        self.given.setVisible(bool(text))

    def _show_cautions(self, cautions: tuple[CautionView, ...]) -> None:
        while (item := self._cautions.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        if not cautions:
            self._cautions.addWidget(label(_("Nothing is missing, stale or out of range."), tone="secondary"))
        for caution in cautions:
            self._cautions.addWidget(self._caution(caution))

    def _caution(self, caution: CautionView) -> QWidget:
        sign = IconLabel(16, *(("warning", "warning") if caution.withholds else ("info", "secondary")))
        sign.setFixedSize(20, 18)
        words = label(caution.text, tone="warning" if caution.withholds else "", wrap=True)
        holder = QWidget()
        line = QHBoxLayout(holder)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(GRID)
        line.addWidget(sign, 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(words, 1)
        return holder

    def _lay_out(self) -> None:
        upper, column = card()
        column.addLayout(_beside(self.title, self.facts, GRID))
        column.addWidget(self.status)
        column.addSpacing(GRID)
        column.addLayout(_beside(self.group, self.certainty, 2 * GRID))
        column.addLayout(_beside(self.chance, self.meaning, 2 * GRID))
        column.addWidget(self.limits)
        column.addWidget(self.given)
        column.addSpacing(GRID)
        column.addWidget(self.strip)
        column.addWidget(self.grounds)
        column.addWidget(self.assess_button)
        lower, cautions = card()
        cautions.addWidget(label(_("Missing, stale, out of range"), tone="secondary", size="caption"))
        cautions.addLayout(self._cautions)
        cautions.addSpacing(GRID)
        cautions.addWidget(label(_("What the model says of itself"), tone="secondary", size="caption"))
        cautions.addWidget(self.limits_of_card)
        cautions.addStretch(1)
        inner = QWidget()
        whole = QVBoxLayout(inner)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(GRID)
        whole.addWidget(upper)
        whole.addWidget(lower, 1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidget(inner)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(scroll)


def _beside(first: QWidget, second: QWidget, spacing: int) -> QHBoxLayout:
    """Return two in a row; the second takes the room that is left, and wraps or is cut in it."""
    line = QHBoxLayout()
    line.setSpacing(spacing)
    line.addWidget(first)
    line.addWidget(second, 1)
    return line


def _interval(view: PatientView) -> str:
    """Say the interval, or that there is none and for whom."""
    if view.survival is not None and view.survival.lower is not None and view.survival.upper is not None:
        low, high = (f"{limit * 100:.0f}" for limit in (view.survival.lower, view.survival.upper))
        return _("95 % CI {low} to {high} %").format(low=low, high=high)
    if view.is_trained:
        return _("from models that never saw this patient; no interval is known")
    return _("no interval is known")
