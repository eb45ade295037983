"""The sections of the trial page: each a column of figures and tables that are filled when they are looked at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFrame, QGridLayout, QScrollArea, QVBoxLayout, QWidget

from escc_desktop.gui.pages.trial_panel import Panel, TablePanel, column_of
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.flow import Flow
from escc_desktop.gui.widgets.median_marks import MedianMark
from escc_desktop.gui.widgets.painted import color
from escc_desktop.gui.widgets.plain_table import PlainTable
from escc_desktop.gui.widgets.survival_curves import Line, SurvivalCurves
from escc_desktop.gui.widgets.text import card, label, row
from escc_desktop.gui.widgets.trial_plots import ResponseBar, ScorePlot, Spider, group_entries
from escc_desktop.gui.widgets.waterfall import Legend, Swimmer, Waterfall, event_entries, response_entries
from escc_desktop.i18n import _
from escc_desktop.workflow.curves import Steps
from escc_desktop.workflow.views.trial import EndpointCard, OtherArm, TrialView

_HORIZON_MONTHS: Final = 12.0
_CURVE_PX: Final = 260
_SWIMMER_PX: Final = 1200
_NARROW_PX: Final = 860
"""A table of few columns is not pulled apart over a wide screen."""


class TrialSection(QScrollArea):
    """One section.

    Attributes
    ----------
    chosen
        A patient that was clicked.
    asked
        A patient whose lesions are wanted.
    wanted
        A figure that is wanted as a file: its name and the suffix.
    """

    chosen = Signal(str)
    asked = Signal(str)
    wanted = Signal(str, str)

    def __init__(self, *panels: QWidget | tuple[QWidget, ...]) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(column_of(*panels))
        self.panels = {panel.name: panel for panel in self.findChildren(Panel)}
        for panel in self.panels.values():
            panel.wanted.connect(self.wanted)

    def show_view(self, view: TrialView) -> None:
        """Show what the records say."""
        for name, panel in self.panels.items():
            panel.setVisible(name in view.told)
            if name in view.told:
                panel.tell(view.told[name], may_print=view.may_print, may_export=view.may_export)
            if isinstance(panel, TablePanel) and name in view.tables:
                panel.show_table(view.tables[name])
        self.fill(view)

    def fill(self, view: TrialView) -> None:
        """Show what only this section has."""


class OverviewSection(TrialSection):
    """Who took part, the endpoints, what is overdue."""

    def __init__(self) -> None:
        self.flow = Flow()
        self.cards = QWidget()
        self._grid = QGridLayout(self.cards)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(GRID)
        due = (_("Patient"), _("CT due"), _("Days overdue"), _("Last CT"), _("Last contact"))
        self.overdue = PlainTable(due, (2,), name=_("Overdue CT"))
        self.overdue.setFixedHeight(200)
        self.overdue_title = label(tone="secondary", wrap=True)
        self.notes = label(wrap=True)
        self._notes_frame, notes = card(margins=12, spacing=4)
        notes.addWidget(label(_("Beside the publication these records follow"), tone="secondary"))
        notes.addWidget(self.notes)
        frame, column = card(margins=12, spacing=4)
        column.addWidget(self.overdue_title)
        column.addWidget(self.overdue)
        super().__init__(
            Panel("flow", self.flow), self.cards, frame, self._notes_frame, TablePanel("design", stretch=1)
        )
        self.overdue.opened.connect(self.chosen)

    def fill(self, view: TrialView) -> None:
        """Show flow, cards, overdue CT and what the publication has otherwise."""
        self.flow.show_steps(view.flow)
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for place, shown in enumerate(view.cards):
            self._grid.addWidget(_endpoint(shown), 0, place)
        self._notes_frame.setVisible(bool(view.contradictions))
        self.notes.setText("\n".join(f"· {sentence}" for sentence in view.contradictions))
        self._show_overdue(view)

    def _show_overdue(self, view: TrialView) -> None:
        self.overdue.show_rows(
            [
                (
                    one.patient_id,
                    one.due.isoformat(),
                    str(one.days),
                    one.last_scan.isoformat() if one.last_scan else "–",
                    one.last_contact.isoformat(),
                )
                for one in view.overdue
            ]
        )
        if view.overdue:
            told = _(
                "CT planned by the schedule and not in the records as of {date}; alive, no progression, no next therapy"
            )
        else:
            told = _("No CT is overdue as of {date}")
        self.overdue_title.setText(told.format(date=view.as_of.isoformat()))
        self.overdue.setVisible(bool(view.overdue))


class ResponseSection(TrialSection):
    """Best response, change of the target lesions, how long responses took and held."""

    def __init__(self) -> None:
        self.bar, self.waterfall, self.spider = ResponseBar(), Waterfall(), Spider()
        self.responses = Legend()
        self.response_duration, self.control_duration = SurvivalCurves(), SurvivalCurves()
        for curve in (self.response_duration, self.control_duration):
            curve.setMinimumHeight(_CURVE_PX)
        super().__init__(
            Panel("response", self.responses, self.bar),
            TablePanel("rates", widest_px=_NARROW_PX),
            (Panel("waterfall", self.waterfall), Panel("spider", self.spider)),
            TablePanel("response_times", widest_px=_NARROW_PX),
            (Panel("response_duration", self.response_duration), Panel("control_duration", self.control_duration)),
        )
        for plot in (self.waterfall, self.spider):
            plot.chosen.connect(self.chosen)
            plot.asked.connect(self.asked)

    def fill(self, view: TrialView) -> None:
        """Show the plots."""
        self.bar.show_counts(view.responses)
        self.responses.show_entries(response_entries(view.responses))
        self.waterfall.show_bars(view.bars, can_open=view.may_open_patients)
        self.spider.show_courses(view.courses, can_open=view.may_open_patients)
        for curve, steps in (
            (self.response_duration, view.response_duration),
            (self.control_duration, view.control_duration),
        ):
            _show_curve(curve, {} if steps is None else {_("all"): steps})


class SurvivalSection(TrialSection):
    """Both endpoints, their rates, other rule sets, and why each patient's follow-up ended."""

    def __init__(self) -> None:
        self.progression_free, self.overall, self.rule_sets = SurvivalCurves(), SurvivalCurves(), SurvivalCurves()
        for curve in (self.progression_free, self.overall, self.rule_sets):
            curve.setMinimumHeight(_CURVE_PX)
        self.patients = TablePanel("patients", stretch=5)
        # Off until asked for: what stands beside a curve is compared by eye.
        self.others = QCheckBox(_("Published medians of other patients: no comparison"))
        self._arms: tuple[OtherArm, ...] = ()
        super().__init__(
            row(self.others, None),
            (Panel("kaplan_meier_pfs", self.progression_free), Panel("kaplan_meier_os", self.overall)),
            TablePanel("survival_rates", widest_px=_NARROW_PX),
            _WithTable("pfs_rule_sets", self.rule_sets),
            self.patients,
        )
        self.patients.opened.connect(self.chosen)
        self.others.toggled.connect(self._show_others)

    def fill(self, view: TrialView) -> None:
        """Show the curves."""
        _show_curve(self.progression_free, {_("all"): view.progression_free})
        _show_curve(self.overall, {_("all"): view.overall})
        _show_curve(self.rule_sets, dict(view.rule_sets))
        self._arms = view.others
        self._show_others()

    def _show_others(self) -> None:
        arms = self._arms if self.others.isChecked() else ()
        self.progression_free.show_marks([_mark(arm, arm.pfs) for arm in arms if arm.pfs is not None])
        self.overall.show_marks([_mark(arm, arm.os) for arm in arms if arm.os is not None])


class CourseSection(TrialSection):
    """The course of each patient, and Rad-scores by group and event."""

    def __init__(self) -> None:
        self.swimmer, self.events, self.scores, self.groups = Swimmer(), Legend(), ScorePlot(), Legend()
        self.lanes = QScrollArea()
        self.lanes.setWidgetResizable(True)
        self.lanes.setFrameShape(QFrame.Shape.NoFrame)
        self.lanes.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.lanes.setWidget(self.swimmer)
        super().__init__(
            Panel("swimmer", self.events, self.lanes),
            Panel("rad_scores", self.groups, self.scores),
            TablePanel("dose_reductions", widest_px=_NARROW_PX),
        )
        for plot in (self.swimmer, self.scores):
            plot.chosen.connect(self.chosen)
            plot.asked.connect(self.asked)

    def fill(self, view: TrialView) -> None:
        """Show lanes and scores."""
        self.swimmer.show_lanes(view.lanes, can_open=view.may_open_patients)
        self.lanes.setFixedHeight(min(self.swimmer.height() + 4, _SWIMMER_PX))
        self.events.show_entries(event_entries())
        self.scores.show_scores(view.scores, can_open=view.may_open_patients)
        self.groups.show_entries(group_entries(view.scores))


class SafetySection(TrialSection):
    """Patients with events, and the worst grades of a kind of event."""

    def __init__(self) -> None:
        self.kind = QComboBox()
        self.kind.setAccessibleName(_("Kind of events"))
        self.table = TablePanel("adverse_events", most_px=640)
        self._view: TrialView | None = None
        super().__init__(
            TablePanel("safety_summary"),
            row(label(_("Kind of events")), self.kind, None),
            self.table,
            TablePanel("double_counting", stretch=1),
        )
        self.kind.currentIndexChanged.connect(self._show_kind)

    def fill(self, view: TrialView) -> None:
        """Offer the kinds these records have."""
        self._view = view
        chosen = self.kind.currentData() or "adverse_events"
        self.kind.blockSignals(True)
        self.kind.clear()
        for name in view.safety_kinds:
            self.kind.addItem(view.told[name].title, name)
        self.kind.setCurrentIndex(max(self.kind.findData(chosen), 0))
        self.kind.blockSignals(False)
        self._show_kind()
        self.panels["double_counting"].setVisible(bool(view.tables["double_counting"].rows))

    def _show_kind(self) -> None:
        name = self.kind.currentData()
        if self._view is None or name is None:
            return
        view = self._view
        self.table.name = name
        self.table.tell(view.told[name], may_print=view.may_print, may_export=view.may_export)
        self.table.show_table(view.tables[name])


class BaselineSection(TrialSection):
    """Who the patients are."""

    def __init__(self) -> None:
        super().__init__(TablePanel("baseline", most_px=1600))


class PublishedSection(TrialSection):
    """Other arms, and the publication beside these records."""

    def __init__(self) -> None:
        super().__init__(
            TablePanel("published_arms", stretch=8), TablePanel("beside_publication", most_px=900, stretch=4)
        )


class _WithTable(TablePanel):
    """A figure above the table of its numbers, under one menu."""

    def __init__(self, name: str, figure: QWidget) -> None:
        super().__init__(name)
        holder = self.holder.layout()
        assert isinstance(holder, QVBoxLayout)
        holder.addWidget(figure)


def _show_curve(curve: SurvivalCurves, steps: Mapping[str, Steps]) -> None:
    inks = ("accent", "warning", "success")
    lines = [Line(name, one, color(inks[place % 3]), place > 0) for place, (name, one) in enumerate(steps.items())]
    curve.show_lines(lines, "", _HORIZON_MONTHS, _("No patient has had a response."))


def _mark(arm: OtherArm, median: float) -> MedianMark:
    told = _("median {months} months, as printed").format(months=f"{median:g}")
    return MedianMark(arm.name, median, "\n".join([arm.name, told, arm.setting, arm.source]))


def _endpoint(shown: EndpointCard) -> QWidget:
    frame, column = card(margins=12, spacing=2)
    column.addWidget(label(shown.name, tone="secondary"))
    column.addWidget(label(shown.value, size="title"))
    column.addWidget(label(shown.interval))
    for line in shown.lines:
        column.addWidget(label(line, tone="secondary", size="caption", wrap=True))
    column.addStretch(1)
    frame.setToolTip(shown.definition)
    frame.setAccessibleName(f"{shown.name}: {shown.value}, {shown.interval}")
    frame.setAccessibleDescription(shown.definition)
    return frame
