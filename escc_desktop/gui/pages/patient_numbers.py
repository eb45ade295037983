"""The right side of the patient page: course, what adds to the risk, the group's curves, the outlined lesion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from escc_desktop.gui.desktop import Desktop
from escc_desktop.gui.pages.patient_lesion import LesionPanel
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.elided import ElidedLabel
from escc_desktop.gui.widgets.painted import SHAPES, risk_color
from escc_desktop.gui.widgets.ruler import Ruler
from escc_desktop.gui.widgets.survival_curves import Line, Place, SurvivalCurves
from escc_desktop.gui.widgets.text import button, card, icon_button, label, row
from escc_desktop.gui.widgets.timeline import Timeline
from escc_desktop.i18n import _

if TYPE_CHECKING:
    from escc_desktop.workflow.views.patient import PatientView

_LEAST_RULER_PX = 120
_LEAST_COURSE_PX = 150


class NumbersPanel(QWidget):
    """Everything of one patient that is no summary.

    Signals
    -------
    stepped
        To the patient so many lines further down the list.
    """

    stepped = Signal(int)

    def __init__(self, desktop: Desktop) -> None:
        super().__init__()
        self.course, self.ruler, self.curves = Timeline(), Ruler(), SurvivalCurves()
        self.lesion = LesionPanel(desktop)
        self.cards = QComboBox()
        self.cards.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.cards.setToolTip(_("Which model speaks"))
        self.cards.setAccessibleName(_("Model"))
        self.print_button = button(_("Print"), "print", tip=_("Write the patient's report as PDF (Ctrl+P)"))
        self.what_if_button = button(_("What if"), "calculator", tip=_("Try other clinical values (W)"))
        self._ruler_note = ElidedLabel(tone="secondary", size="caption")
        self._curves_title = ElidedLabel(tone="secondary", size="caption")
        self._hint = ElidedLabel(tone="secondary", size="caption")
        self._ruler_scroll = _scrolled(self.ruler, _LEAST_RULER_PX)
        self._lay_out()

    def show_patient(self, view: PatientView, *, may_map: bool, may_record: bool) -> None:
        """Show a patient."""
        self.course.show_course(view.course, _("There is no trial record of this patient."))
        self._say_hint()
        self.ruler.may_map, self.ruler.may_record = may_map, may_record
        self.ruler.show_ruler(view.ruler, view.estimate_points, view.ruler_note, view.horizon_months)
        self._ruler_note.say(view.ruler_note if view.ruler else "")
        self._show_curves(view)

    def point_out(self, term: str) -> None:
        """Show where a term stands on the nomogram."""
        self.ruler.point_out(term)
        spot = self.ruler.spot_of(term)
        if spot is not None:
            centre = spot.rect.center()
            self._ruler_scroll.ensureVisible(int(centre.x()), int(centre.y()), 0, int(spot.rect.height()))

    def _say_hint(self) -> None:
        self._hint.say(_("months from the first dose · {how}").format(how=self.course.hint))

    def _show_curves(self, view: PatientView) -> None:
        lines = [
            Line(f"{SHAPES[one.group]} {_(one.group)}", one.steps, risk_color(one.group), one.group == "HIGH")
            for one in view.curves
        ]
        own = f"{SHAPES[view.group]} {_(view.group)}" if view.group else ""
        place = None
        if view.followed_months is not None:
            place = Place(view.followed_months, view.survival.value if view.survival else None, view.patient_id)
        self.curves.show_lines(lines, own, view.horizon_months, _("No groups, no curves."), place)
        title = _("{endpoint} by group · ● follow-up, ▼ estimate of this patient")
        self._curves_title.say(title.format(endpoint=view.endpoint.capitalize()))

    def _lay_out(self) -> None:
        previous = icon_button("chevron_left", _("Previous patient (Page Up)"))
        following = icon_button("chevron_right", _("Next patient (Page Down)"))
        previous.clicked.connect(lambda: self.stepped.emit(-1))
        following.clicked.connect(lambda: self.stepped.emit(1))
        model = label(_("Model"), tone="secondary")
        head = row(previous, following, None, model, self.cards, self.what_if_button, self.print_button)
        right = QVBoxLayout(self)
        right.setContentsMargins(0, 0, 0, 0)
        right.setSpacing(GRID)
        right.addWidget(head)
        self.course.zoomed.connect(self._say_hint)
        right.addWidget(_panel(_("Course"), _scrolled(self.course, _LEAST_COURSE_PX), self._hint), 19)
        why = _("What adds to the risk, in points; ◆ the middle patient")
        right.addWidget(_panel(why, self._ruler_scroll, self._ruler_note), 21)
        lower = QHBoxLayout()
        lower.setSpacing(GRID)
        lower.addWidget(_panel("", self.curves, self._curves_title), 3)
        lower.addWidget(_panel("", self.lesion), 2)
        right.addLayout(lower, 14)


def _panel(title: str, content: QWidget, note: QWidget | None = None) -> QWidget:
    frame, column = card(margins=10, spacing=2)
    head = QHBoxLayout()
    head.setSpacing(GRID)
    if title:
        said = ElidedLabel(tone="secondary", size="caption")
        said.say(title)
        head.addWidget(said)
    if note is not None:
        head.addWidget(note, 1)
    if title or note is not None:
        column.addLayout(head)
    column.addWidget(content, 1)
    return frame


def _scrolled(content: QWidget, least: int) -> QScrollArea:
    """Let what has many rows scroll, so that the page fits the smallest screen."""
    scroll = QScrollArea()
    scroll.setWidgetResizable(True)
    scroll.setFrameShape(QFrame.Shape.NoFrame)
    scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    scroll.setMinimumHeight(least)
    scroll.setWidget(content)
    return scroll
