"""Survival of several scenarios over months, each with the interval its card knows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QToolTip

from escc_desktop.gui.widgets.painted import Painted, color, month_ticks, text
from escc_desktop.gui.widgets.scenario_looks import Look
from escc_desktop.i18n import _

if TYPE_CHECKING:
    from escc_desktop.workflow.views.nomogram import Curve, Read

_LEFT_PX, _RIGHT_PX, _TOP_PX, _FOOT_PX = 46.0, 14.0, 12.0, 34.0


@dataclass(frozen=True, eq=False)
class ScenarioLine:
    """One scenario: its curve (None where withheld), what is read off it, and from which month it is given alive."""

    look: Look
    name: str
    curve: Curve | None
    read: Read | None
    alive_months: float
    is_current: bool


class ScenarioCurves(Painted):
    """Curves over months; bands of the current scenario, marks where survival is read off."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: tuple[ScenarioLine, ...] = ()
        self._end, self._month, self._horizon = 12.0, 12.0, 12.0
        self._instead = ""
        self.setMinimumSize(300, 150)

    def show_lines(
        self, lines: Sequence[ScenarioLine], end_months: float, month: float, horizon_months: float, instead: str
    ) -> None:
        """Show curves from 0 to an end; a line at the month read off; a sentence where no curve may be shown."""
        self._lines, self._end, self._month = tuple(lines), max(end_months, month, 1.0), month
        self._horizon, self._instead = horizon_months, instead
        told = [
            _("{letter}: {value} % at {month} months").format(
                letter=line.look.letter, value=f"{line.read.value * 100:.0f}", month=f"{month:g}"
            )
            for line in lines
            if line.read is not None
        ]
        self.setAccessibleName(_("Survival over time") + (": " + "; ".join(told) if told else ""))
        self.update()

    def point_of(self, month: float, survival: float) -> QPointF:
        """Return where a month and a survival lie."""
        width, height = self.width() - _LEFT_PX - _RIGHT_PX, self.height() - _TOP_PX - _FOOT_PX
        return QPointF(_LEFT_PX + month / self._end * width, _TOP_PX + (1 - survival) * height)

    def month_at(self, x: float) -> float:
        """Return the month under a place across the widget."""
        width = self.width() - _LEFT_PX - _RIGHT_PX
        return min(max((x - _LEFT_PX) / width, 0.0), 1.0) * self._end

    def draw(self, painter: QPainter) -> None:  # noqa: D102
        self._grid(painter)
        drawn = [line for line in self._lines if line.curve is not None]
        if not drawn:
            middle = QRectF(_LEFT_PX, self.height() / 2 - 10, self.width() - _LEFT_PX - _RIGHT_PX, 20)
            text(painter, middle, self._instead, align="centre", token="text")
            return
        for line in sorted(drawn, key=lambda line: line.is_current):
            if line.is_current:
                self._band(painter, line)
            self._curve(painter, line)
        for line in drawn:
            self._mark(painter, line)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Say what each scenario has at the month under the mouse."""
        month = self.month_at(event.position().x())
        told = [words for words in (_said(line, month) for line in self._lines) if words]
        if told:
            head = _("{month} months").format(month=f"{month:.1f}")
            QToolTip.showText(event.globalPosition().toPoint(), "\n".join([head, *told]), self)

    def _grid(self, painter: QPainter) -> None:
        for level in (0.0, 0.25, 0.5, 0.75, 1.0):
            left, right = self.point_of(0, level), self.point_of(self._end, level)
            painter.setPen(QPen(color("line"), 1))
            painter.drawLine(left, right)
            text(painter, QRectF(0, left.y() - 8, _LEFT_PX - 6, 16), f"{level * 100:.0f} %", align="right")
        for month in month_ticks(self._end):
            x = self.point_of(month, 0).x()
            text(painter, QRectF(x - 16, self.height() - _FOOT_PX + 3, 32, 14), str(month), align="centre")
        foot = QRectF(_LEFT_PX, self.height() - 16, self.width() - _LEFT_PX - _RIGHT_PX, 14)
        text(painter, foot, _("months from the first dose"), align="centre")
        pen = QPen(color("secondary"), 1, Qt.PenStyle.DotLine)
        painter.setPen(pen)
        painter.drawLine(self.point_of(self._month, 1), self.point_of(self._month, 0))
        if self._month != self._horizon:
            text(painter, QRectF(self.point_of(self._month, 1).x() + 4, _TOP_PX, 80, 14), f"{self._month:g}")

    def _band(self, painter: QPainter, line: ScenarioLine) -> None:
        curve = line.curve
        if curve is None:
            return
        # The first months at which nothing has happened have no interval; the band begins with the first that has.
        known = np.isfinite(curve.lower) & np.isfinite(curve.upper)
        if known.sum() < 2:
            return
        months = curve.months[known]
        low = _stairs(months, curve.lower[known])
        high = _stairs(months, curve.upper[known])
        shade = QColor(line.look.ink)
        shade.setAlphaF(0.18)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(shade)
        painter.drawPolygon(QPolygonF([self.point_of(*pair) for pair in [*high, *reversed(low)]]))

    def _curve(self, painter: QPainter, line: ScenarioLine) -> None:
        curve = line.curve
        if curve is None:
            return
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(line.look.pen(2.4 if line.is_current else 1.5))
        corners = _stairs(curve.months, curve.survival)
        painter.drawPolyline(QPolygonF([self.point_of(*pair) for pair in corners]))
        if line.alive_months > 0:
            at = self.point_of(line.alive_months, 1)
            painter.setPen(QPen(line.look.ink, 2))
            painter.drawLine(at + QPointF(0, -5), at + QPointF(0, 5))

    def _mark(self, painter: QPainter, line: ScenarioLine) -> None:
        read = line.read
        if read is None:
            return
        x = self.point_of(read.months, 0).x() + (line.look.place - 1.5) * 7
        at = QPointF(x, self.point_of(read.months, read.value).y())
        if read.lower is not None and read.upper is not None:
            painter.setPen(QPen(line.look.ink, 1.6))
            ends = [self.point_of(read.months, one).y() for one in (read.lower, read.upper)]
            painter.drawLine(QPointF(x, ends[0]), QPointF(x, ends[1]))
        line.look.badge(painter, at)


def _stairs(months: np.ndarray, levels: np.ndarray) -> list[tuple[float, float]]:
    """Return the corners of a curve that steps at each month."""
    corners = [(float(months[0]), float(levels[0]))]
    for month, level in zip(months[1:].tolist(), levels[1:].tolist(), strict=True):
        corners += [(month, corners[-1][1]), (month, level)]
    return corners


def _said(line: ScenarioLine, month: float) -> str:
    curve = line.curve
    if curve is None:
        return ""
    place = int(np.searchsorted(curve.months, month, side="right")) - 1
    value, low, high = (float(one[place]) for one in (curve.survival, curve.lower, curve.upper))
    if math.isnan(low):
        return f"{line.look.letter} {line.name}: {value * 100:.0f} %"
    words = _("{letter} {name}: {value} % (95 % CI {low} to {high})")
    return words.format(
        letter=line.look.letter, name=line.name, value=f"{value * 100:.0f}", low=f"{low * 100:.0f}",
        high=f"{high * 100:.0f}",
    )  # fmt: skip
