"""Kaplan-Meier curves painted for the screen, with numbers at risk; one may stand out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from escc_desktop.gui.widgets.median_marks import MedianMark, paint_medians
from escc_desktop.gui.widgets.painted import Painted, color, month_ticks, text
from escc_desktop.i18n import _

if TYPE_CHECKING:
    from escc_desktop.workflow.curves import Steps

_LEFT_PX, _RIGHT_PX, _TOP_PX = 62.0, 8.0, 8.0
_ROW_PX = 14.0


@dataclass(frozen=True, eq=False)
class Line:
    """One curve as it is painted."""

    name: str
    steps: Steps
    ink: QColor
    is_dashed: bool = False


@dataclass(frozen=True)
class Place:
    """Where one patient stands: how long followed, and the estimate at the horizon; None where there is none."""

    months: float
    survival: float | None
    name: str


class SurvivalCurves(Painted):
    """Curves over months, a fine line at the horizon, numbers at risk below."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: tuple[Line, ...] = ()
        self._own = ""
        self._horizon = 0.0
        self._instead = ""
        self._place: Place | None = None
        self._marks: tuple[MedianMark, ...] = ()
        self.setMinimumSize(240, 110)

    def show_lines(
        self,
        lines: Sequence[Line],
        own: str = "",
        horizon_months: float = 0.0,
        instead: str = "",
        place: Place | None = None,
    ) -> None:
        """Show curves; the one named `own` stands out, with one patient's place; without any, a sentence."""
        self._lines, self._own, self._horizon, self._instead = tuple(lines), own, horizon_months, instead
        self._place = place
        self.setAccessibleName("; ".join(_line_tip(line, horizon_months).replace("\n", ", ") for line in lines))
        self.update()

    def show_marks(self, marks: Sequence[MedianMark]) -> None:
        """Show medians of other patients that lie within the months shown; none by default."""
        self._marks = tuple(marks)
        self.update()

    def point_of(self, month: float, survival: float) -> QPointF:
        """Return where a month and a survival lie."""
        end = self._end()
        width = self.width() - _LEFT_PX - _RIGHT_PX
        return QPointF(_LEFT_PX + month / end * width, _TOP_PX + (1 - survival) * (self._bottom() - _TOP_PX))

    def draw(self, painter: QPainter) -> None:  # noqa: D102
        if not self._lines:
            text(painter, QRectF(self.rect()), self._instead, align="centre")
            return
        self._grid(painter)
        for line in self._lines:
            if not self._own or line.name == self._own:
                self._band(painter, line)
        for line in self._lines:
            self._curve(painter, line)
        if self._place is not None:
            self._patient(painter, self._place)
        marks = [mark for mark in self._marks if mark.months < self._end()]
        if marks:
            for rect, tip in paint_medians(painter, marks, self.point_of, self.width() - _RIGHT_PX):
                self.add_spot(rect, tip)
        self._at_risk(painter)

    def _end(self) -> float:
        return max((float(line.steps.time[-1]) for line in self._lines), default=12.0) * 1.02 or 1.0

    def _bottom(self) -> float:
        return self.height() - _ROW_PX - _ROW_PX * len(self._lines) - 10

    def _grid(self, painter: QPainter) -> None:
        for level in (0.0, 0.25, 0.5, 0.75, 1.0):
            left, right = self.point_of(0, level), self.point_of(self._end(), level)
            painter.setPen(QPen(color("line"), 1))
            painter.drawLine(left, right)
            text(painter, QRectF(0, left.y() - 8, _LEFT_PX - 6, 16), f"{level * 100:.0f} %", align="right")
        for month in month_ticks(self._end()):
            x = self.point_of(month, 0).x()
            text(painter, QRectF(x - 16, self._bottom() + 8, 32, _ROW_PX), str(month), align="centre")
        if 0 < self._horizon < self._end():
            painter.setPen(QPen(color("secondary"), 1, Qt.PenStyle.DotLine))
            painter.drawLine(self.point_of(self._horizon, 1), self.point_of(self._horizon, 0))

    def _band(self, painter: QPainter, line: Line) -> None:
        steps = line.steps
        known = [
            (float(month), float(low), float(high))
            for month, low, high in zip(steps.time, steps.lower, steps.upper, strict=True)
            if not (math.isnan(low) or math.isnan(high))
        ]
        upper = _staircase([(month, high) for month, _low, high in known])
        lower = _staircase([(month, low) for month, low, _high in known])
        shade = QColor(line.ink)
        shade.setAlphaF(0.16)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(shade)
        painter.drawPolygon(QPolygonF([self.point_of(*pair) for pair in [*upper, *reversed(lower)]]))

    def _curve(self, painter: QPainter, line: Line) -> None:
        steps = line.steps
        corners = _staircase(list(zip(steps.time.tolist(), steps.survival.tolist(), strict=True)))
        is_own = line.name == self._own
        pen = QPen(line.ink, 2.6 if is_own or not self._own else 1.4)
        if line.is_dashed:
            pen.setDashPattern([5, 2])
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(pen)
        painter.drawPolyline(QPolygonF([self.point_of(*pair) for pair in corners]))
        painter.setPen(QPen(line.ink, 1.2))
        for month in steps.censored_months.tolist():
            at = self.point_of(month, steps.at(month)[0])
            painter.drawLine(at + QPointF(0, -3), at + QPointF(0, 3))
        tip = _line_tip(line, self._horizon)
        for (month, high), (after, low) in pairwise(corners):
            start, end = self.point_of(month, high), self.point_of(after, low)
            self.add_spot(QRectF(start, end).normalized().adjusted(-2, -6, 2, 6), tip)

    def _patient(self, painter: QPainter, place: Place) -> None:
        """Put the patient on the curve of the own group, and the estimate at the horizon."""
        own = next((line for line in self._lines if line.name == self._own), None)
        painter.setPen(QPen(color("raised"), 1.5))
        painter.setBrush(color("text"))
        if place.survival is not None and 0 < self._horizon < self._end():
            at = self.point_of(self._horizon, place.survival)
            painter.drawPolygon([at, at + QPointF(-6, -10), at + QPointF(6, -10)])
            tip = _("{name}: estimate {value} % at {months} months")
            words = tip.format(name=place.name, value=f"{place.survival * 100:.0f}", months=f"{self._horizon:g}")
            self.add_spot(QRectF(at.x() - 8, at.y() - 8, 16, 16), words)
        if own is None:
            return
        month = min(place.months, float(own.steps.time[-1]))
        at = self.point_of(month, own.steps.at(month)[0])
        painter.drawEllipse(at, 5.0, 5.0)
        words = _("{name}: followed for {months} months").format(name=place.name, months=f"{place.months:.1f}")
        self.add_spot(QRectF(at.x() - 8, at.y() - 8, 16, 16), words)

    def _at_risk(self, painter: QPainter) -> None:
        top = self._bottom() + _ROW_PX + 8
        text(painter, QRectF(0, self._bottom() + 8, _LEFT_PX - 14, _ROW_PX), _("months"), align="right")
        for row, line in enumerate(self._lines):
            painter.setPen(line.ink)
            rect = QRectF(0, top + row * _ROW_PX, _LEFT_PX - 14, _ROW_PX)
            painter.drawText(rect, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), line.name)
            for month in month_ticks(self._end()):
                x = self.point_of(month, 0).x()
                at = QRectF(x - 16, top + row * _ROW_PX, 32, _ROW_PX)
                text(painter, at, str(line.steps.at_risk(month)), align="centre")


def _staircase(pairs: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the corners of a curve that steps at each pair."""
    corners = list(pairs[:1])
    for month, level in pairs[1:]:
        corners += [(month, corners[-1][1]), (month, level)]
    return corners


def _line_tip(line: Line, horizon_months: float) -> str:
    steps = line.steps
    median = _("not reached") if math.isnan(steps.median) else _("{n} months").format(n=f"{steps.median:.1f}")
    lines = [
        _("{name}: {n} patients, {events} events").format(name=line.name, n=steps.n, events=steps.n_events),
        _("median {median}").format(median=median),
    ]
    if horizon_months:
        value, low, high = steps.at(horizon_months)
        words = _("{value} % at {months} months (95 % CI {low} to {high})")
        lines.append(
            words.format(
                value=f"{value * 100:.0f}", months=f"{horizon_months:g}", low=_percent(low), high=_percent(high)
            )
        )
    return "\n".join(lines)


def _percent(value: float) -> str:
    return "?" if math.isnan(value) else f"{value * 100:.0f}"
