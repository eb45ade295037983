"""Points of a nomogram for several scenarios: a bar a term, the total, and the survival it stands for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from escc_desktop.gui.theme import BODY_PX, CAPTION_PX, face
from escc_desktop.gui.widgets.painted import Painted, color, text
from escc_desktop.gui.widgets.scenario_looks import Look
from escc_desktop.i18n import _

if TYPE_CHECKING:
    from escc_desktop.workflow.views.nomogram import Bar

_VALUE_PX, _POINTS_PX = 96.0, 40.0
_LEAST_NAME_PX, _MOST_NAME_PX, _NAME_SHARE = 150.0, 240.0, 0.22
_ROW_PX, _RULER_PX = 26.0, 66.0
_MAX_POINTS = 100.0


@dataclass(frozen=True)
class ScenarioPoints:
    """One scenario's bars, in the order of the terms, and their sum (None with a value missing).

    A scenario that `is_withheld` has no place on the scale of survival.
    """

    look: Look
    name: str
    bars: tuple[Bar, ...]
    total: float | None
    is_withheld: bool
    is_current: bool


class PointsRuler(Painted):
    """Bars of the current scenario, marks where the others end, and all totals on the scale of survival."""

    def __init__(self) -> None:
        super().__init__()
        self._scenarios: tuple[ScenarioPoints, ...] = ()
        self._ruler: tuple[tuple[float, float], ...] = ()
        self._span = (0.0, _MAX_POINTS)
        self._scale_words = ""
        self._instead = ""
        self.setMinimumWidth(420)

    def show_points(
        self,
        scenarios: Sequence[ScenarioPoints],
        ruler: tuple[tuple[float, float], ...],
        span: tuple[float, float],
        scale_words: str,
        instead: str,
    ) -> None:
        """Show points, or a sentence where the card has no nomogram.

        Parameters
        ----------
        ruler, span
            (points, survival) pairs, and the ends of the scale of the totals; totals beyond them widen it.
        """
        self._scenarios, self._ruler, self._instead = tuple(scenarios), ruler, instead
        self._scale_words = scale_words
        totals = [one.total for one in scenarios if one.total is not None and not one.is_withheld]
        self._span = min([span[0], *totals]), max([span[1], *totals])
        current = self._shown
        n_rows = len(current.bars) if current else 0
        self.setFixedHeight(int(n_rows * _ROW_PX + _RULER_PX) if n_rows else 60)
        if current is not None and current.total is not None:
            name = _("{letter} {name}: {total} points in all").format(
                letter=current.look.letter, name=current.name, total=f"{current.total:.0f}"
            )
            told = [f"{bar.label} {bar.detail}: {bar.points:.0f}" for bar in current.bars]
            self.setAccessibleName("; ".join([name, *told]))
        self.update()

    @property
    def _shown(self) -> ScenarioPoints | None:
        return next((one for one in self._scenarios if one.is_current and one.bars), None)

    @property
    def _names(self) -> float:
        return min(max(self.width() * _NAME_SHARE, _LEAST_NAME_PX), _MOST_NAME_PX)

    @property
    def _left(self) -> float:
        return self._names + _VALUE_PX + 12

    @property
    def _width(self) -> float:
        return self.width() - self._left - _POINTS_PX

    def x_of(self, points: float) -> float:
        """Return where points of one term end; beyond the axis, where the axis ends."""
        return self._left + min(max(points, 0.0), _MAX_POINTS) / _MAX_POINTS * self._width

    def x_of_total(self, points: float) -> float:
        """Return where a total lies on the scale of survival."""
        low, high = self._span
        return self._left + (points - low) / ((high - low) or 1.0) * self._width

    def draw(self, painter: QPainter) -> None:  # noqa: D102
        current = self._shown
        if current is None:
            text(painter, QRectF(self.rect()), self._instead, align="centre")
            return
        for place, bar in enumerate(current.bars):
            others = [(one, one.bars[place]) for one in self._scenarios if not one.is_current and one.bars]
            self._bar(painter, current, bar, others, place * _ROW_PX)
        self._scale(painter, len(current.bars) * _ROW_PX)

    def _bar(
        self,
        painter: QPainter,
        current: ScenarioPoints,
        bar: Bar,
        others: Sequence[tuple[ScenarioPoints, Bar]],
        top: float,
    ) -> None:
        middle = top + _ROW_PX / 2
        painter.setFont(face(BODY_PX))
        text(painter, QRectF(0, middle - 10, self._names, 20), bar.label, token="text")
        painter.setFont(face(CAPTION_PX))
        shown = QRectF(self._names, middle - 10, _VALUE_PX, 20)
        text(painter, shown, bar.detail, token="warning" if bar.is_outside else "text", align="right")
        painter.fillRect(QRectF(self._left, middle - 6, self.x_of(bar.longest) - self._left, 12), color("line"))
        end = self.x_of(bar.points)
        painter.fillRect(QRectF(self._left, middle - 6, max(end - self._left, 2), 12), current.look.ink)
        for other, one in others:
            x = self.x_of(one.points)
            painter.setPen(QPen(color("panel"), 4))
            painter.drawLine(QPointF(x, middle - 9), QPointF(x, middle + 9))
            painter.setPen(other.look.pen(2))
            painter.drawLine(QPointF(x, middle - 9), QPointF(x, middle + 9))
        points = QRectF(self.width() - _POINTS_PX, middle - 10, _POINTS_PX, 20)
        text(painter, points, f"{bar.points:.0f}", token="text", align="right")
        self.add_spot(QRectF(0, top, self.width(), _ROW_PX), _bar_tip(current, bar, others))

    def _scale(self, painter: QPainter, top: float) -> None:
        painter.setPen(QPen(color("line"), 1))
        painter.drawLine(QPointF(0, top + 2), QPointF(self.width(), top + 2))
        current = self._shown
        if current is not None and current.total is not None:
            text(painter, QRectF(0, top + 5, self._left - 12, 18), _("Points in all"), token="text")
            painter.setFont(face(BODY_PX, bold=True))
            total = QRectF(self.width() - _POINTS_PX, top + 5, _POINTS_PX, 18)
            text(painter, total, f"{current.total:.0f}", token="text", align="right")
            painter.setFont(face(CAPTION_PX))
        line = top + 38
        text(painter, QRectF(0, line - 2, self._left - 12, 16), self._scale_words)
        painter.setPen(QPen(color("secondary"), 1))
        painter.drawLine(QPointF(self._left, line), QPointF(self._left + self._width, line))
        last = -1e9
        for points, survival in sorted(self._ruler):
            x = self.x_of_total(points)
            painter.setPen(QPen(color("secondary"), 1))
            painter.drawLine(QPointF(x, line), QPointF(x, line + 5))
            if x - last > 34:
                text(painter, QRectF(x - 20, line + 6, 40, 14), f"{survival * 100:.0f} %", align="centre")
                last = x
        for one in sorted(self._scenarios, key=lambda one: one.is_current):
            if one.total is not None and not one.is_withheld:
                x = self.x_of_total(one.total)
                painter.setPen(QPen(one.look.ink, 1.5, Qt.PenStyle.SolidLine))
                painter.drawLine(QPointF(x, line - 8), QPointF(x, line + 3))
                one.look.badge(painter, QPointF(x, line - 15))
                tip = _("{letter} {name}: {total} points in all")
                told = tip.format(letter=one.look.letter, name=one.name, total=f"{one.total:.0f}")
                self.add_spot(QRectF(x - 10, line - 26, 20, 30), told)


def _bar_tip(current: ScenarioPoints, bar: Bar, others: Sequence[tuple[ScenarioPoints, Bar]]) -> str:
    lines = [
        f"{bar.label}: {bar.detail}",
        _("{points} of at most {longest} points").format(points=f"{bar.points:.0f}", longest=f"{bar.longest:.0f}"),
    ]
    if bar.is_outside:
        lines.append(_("Outside what the card was trained on."))
    for other, one in others:
        lines.append(f"{other.look.letter} {other.name}: {one.detail}, {one.points:.0f}")
    return "\n".join(lines)
