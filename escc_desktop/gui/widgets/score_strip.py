"""One Rad-score among those of the cohort, with the cut-off and how far it moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from escc_desktop.gui.widgets.painted import SHAPES, Painted, color, risk_color, text, triangle
from escc_desktop.i18n import _, plural

if TYPE_CHECKING:
    from escc_desktop.workflow.views.patient import StripView

_EDGE_PX = 12.0
AXIS_Y = 50.0
_STROKE_PX = 9.0


class ScoreStrip(Painted):
    """The strip: HIGH patients stroke up from the line, LOW ones down, this patient is the triangle."""

    def __init__(self) -> None:
        super().__init__()
        self._view: StripView | None = None
        self._ends: tuple[float, float] | None = None
        self.setFixedHeight(116)

    def show_strip(self, view: StripView | None) -> None:
        """Show a score, or nothing."""
        self._view, self._ends = view, None
        self.setVisible(view is not None)
        if view is not None and view.score is not None:
            self.setAccessibleName(_("Rad-score {score}").format(score=f"{view.score:.3f}"))
        self.update()

    def x_of(self, score: float) -> float:
        """Return where a score lies across the widget."""
        low, high = self._range()
        return _EDGE_PX + (score - low) / (high - low) * (self.width() - 2 * _EDGE_PX)

    def draw(self, painter: QPainter) -> None:  # noqa: D102
        view = self._view
        if view is None:
            return
        self._ends = None
        if view.moves is not None:
            self._band(painter, view.moves)
        painter.setPen(QPen(color("line"), 1))
        painter.drawLine(QPointF(_EDGE_PX, AXIS_Y), QPointF(self.width() - _EDGE_PX, AXIS_Y))
        for score, group in view.cohort:
            self._stroke(painter, score, group)
        if view.cutoff is not None:
            self._cutoff(painter, view.cutoff)
        if view.readers is not None:
            self._readers(painter, view.readers)
        if view.score is not None:
            self._patient(painter, view.score, view.group)
        others = plural("{n} other patient", "{n} other patients", len(view.cohort))
        text(painter, QRectF(0, self.height() - 32, self.width(), 16), others)
        if view.moves is not None:
            words = _("grey zone: where the cut-off lay in 95 % of resamples")
            text(painter, QRectF(0, self.height() - 16, self.width(), 16), words)

    def scores(self) -> list[float]:
        """Return every score there must be room for."""
        if self._view is None:
            return [0.0, 1.0]
        values = [score for score, _group in self._view.cohort]
        values += [value for value in (self._view.score, self._view.cutoff) if value is not None]
        return [*values, *(self._view.moves or ()), *(self._view.readers or ())]

    def _range(self) -> tuple[float, float]:
        """Return the ends of the axis, looked for once a painting: a cohort may be large."""
        if self._ends is None:
            values = self.scores()
            low, high = min(values, default=0.0), max(values, default=1.0)
            self._ends = (low, high) if high > low else (low - 0.5, high + 0.5)
        return self._ends

    def _band(self, painter: QPainter, moves: tuple[float, float]) -> None:
        left, right = (self.x_of(value) for value in moves)
        shade = QColor(color("secondary"))
        shade.setAlphaF(0.18)
        rect = QRectF(left, 18, right - left, AXIS_Y)
        painter.fillRect(rect, shade)
        tip = _("In 95 % of resampled cohorts the cut-off lay between {lower} and {upper}.")
        self.add_spot(rect, tip.format(lower=f"{moves[0]:.3f}", upper=f"{moves[1]:.3f}"))

    def _readers(self, painter: QPainter, readers: tuple[float, float]) -> None:
        """Put a bracket where other readings would lie."""
        left, right = (self.x_of(value) for value in readers)
        y = AXIS_Y + 13
        painter.setPen(QPen(color("text"), 1.4))
        painter.drawLine(QPointF(left, y), QPointF(right, y))
        for x in (left, right):
            painter.drawLine(QPointF(x, y - 4), QPointF(x, y + 4))
        text_ = _("These two readers: 95 % of other readings would lie between {lower} and {upper}.")
        words = text_.format(lower=f"{readers[0]:.3f}", upper=f"{readers[1]:.3f}")
        self.add_spot(QRectF(left, y - 6, right - left, 12), words)

    def _stroke(self, painter: QPainter, score: float, group: str) -> None:
        x, length = self.x_of(score), _STROKE_PX if group == "HIGH" else -_STROKE_PX
        painter.setPen(QPen(risk_color(group), 1.4))
        painter.drawLine(QPointF(x, AXIS_Y), QPointF(x, AXIS_Y - (length if group else 0)))
        if not group:
            painter.drawLine(QPointF(x, AXIS_Y - 3), QPointF(x, AXIS_Y + 3))

    def _cutoff(self, painter: QPainter, cutoff: float) -> None:
        x = self.x_of(cutoff)
        painter.setPen(QPen(color("text"), 1, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(x, 18), QPointF(x, 18 + AXIS_Y))
        words = _("cut-off {value}").format(value=f"{cutoff:.3f}")
        width = painter.fontMetrics().horizontalAdvance(words)
        ends = painter.fontMetrics().horizontalAdvance(f"{_('HIGH')} {SHAPES['HIGH']}") + 8
        at = max(ends, min(x - width / 2, self.width() - width - ends))
        text(painter, QRectF(at, 0, width + 2, 16), words)
        text(painter, QRectF(0, 0, at - 4, 16), f"{SHAPES['LOW']} {_('LOW')}")
        text(painter, QRectF(self.width() - ends, 0, ends, 16), f"{_('HIGH')} {SHAPES['HIGH']}", align="right")

    def _patient(self, painter: QPainter, score: float, group: str) -> None:
        x = self.x_of(score)
        painter.setPen(QPen(color("raised"), 1.5))
        painter.setBrush(risk_color(group) if group else color("text"))
        if group:
            triangle(painter, QPointF(x, AXIS_Y), 9, up=group == "HIGH")
        else:
            painter.drawEllipse(QPointF(x, AXIS_Y), 6, 6)
        words = f"{score:.3f}"
        width = painter.fontMetrics().horizontalAdvance(words) + 2
        at = max(0.0, min(x - width / 2, self.width() - width))
        text(painter, QRectF(at, AXIS_Y + 12, width, 16), words, token="text")
        n = len(self._view.cohort) if self._view else 0
        below = sum(other < score for other, _group in self._view.cohort) if self._view else 0
        tip = _("Rad-score {score}: above {below} of {n} other patients").format(score=words, below=below, n=n)
        self.add_spot(QRectF(x - 12, AXIS_Y - 12, 24, 24), tip)
