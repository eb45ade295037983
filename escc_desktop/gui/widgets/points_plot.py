"""A plot of a few patients as points, with lines; a point can be chosen."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QToolTip, QWidget

from escc_desktop.gui.theme import CAPTION_PX, GRID, OKABE_ITO, current_tokens, face

_NEAR_PX = 12.0
_DOT_PX = 4.0


@dataclass(frozen=True)
class Point:
    """One patient."""

    label: str
    x: float
    y: float


@dataclass(frozen=True)
class Level:
    """A horizontal line with the words at its end; dashed if it is a limit."""

    y: float
    words: str
    is_limit: bool = False


@dataclass(frozen=True)
class PlotContent:
    """What is drawn; `is_square` has one scale on both axes, the line of equality, and no names at its points."""

    points: tuple[Point, ...]
    x_title: str
    y_title: str
    levels: tuple[Level, ...] = ()
    is_square: bool = False


def nice_ticks(low: float, high: float, wanted: int = 4) -> list[float]:
    """Return round numbers between two limits, about as many as wanted."""
    span = high - low
    if not math.isfinite(span) or span <= 0:
        return [low]
    rough = span / wanted
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
    first = math.ceil(low / step)
    return [k * step for k in range(first, math.floor(high / step + 1e-9) + 1)]


def tick_words(values: Sequence[float]) -> list[str]:
    """Return ticks as short as they can be told apart."""
    largest = max((abs(value) for value in values), default=0.0)
    if largest and (largest >= 1e5 or largest < 1e-3):
        return [f"{value:.3g}" if value else "0" for value in values]
    step = min((b - a for a, b in itertools.pairwise(values)), default=1.0)
    digits = max(0, -math.floor(math.log10(step) + 1e-9)) if step > 0 else 0
    return [f"{value:.{digits}f}" for value in values]


class PointsPlot(QWidget):
    """Points over two axes.

    Attributes
    ----------
    chosen
        The label of a point that was clicked.
    """

    chosen = Signal(str)

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setMouseTracking(True)
        self.setAccessibleName(name)
        self.content: PlotContent | None = None
        self._marked: frozenset[str] = frozenset()
        self._selected = ""

    def sizeHint(self) -> QSize:  # noqa: D102
        return QSize(240, 200)

    def minimumSizeHint(self) -> QSize:  # noqa: D102
        return QSize(180, 150)

    def show_content(self, content: PlotContent | None, marked: frozenset[str] = frozenset()) -> None:
        """Draw something else; marked points stand out and carry their name."""
        self.content, self._marked = content, marked
        self.update()

    def select(self, label: str) -> None:
        """Ring one point."""
        self._selected = label
        self.update()

    def place(self, point: Point) -> QPointF:
        """Return where a point is drawn."""
        return self._to_widget(point.x, point.y, *self._limits())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: D102
        point = self._near(event.position())
        if point is None:
            QToolTip.hideText()
        else:
            QToolTip.showText(event.globalPosition().toPoint(), f"{point.label}\n{point.x:.4g}, {point.y:.4g}", self)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: D102
        point = self._near(event.position())
        if event.button() == Qt.MouseButton.LeftButton and point is not None:
            self.chosen.emit(point.label)

    def changeEvent(self, event: QEvent) -> None:  # noqa: D102
        super().changeEvent(event)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        if self.content is None or not self.content.points:
            return
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setFont(face(CAPTION_PX))
            limits = self._limits()
            self._draw_axes(painter, self.content, limits)
            self._draw_levels(painter, self.content, limits)
            self._draw_points(painter, self.content, limits)

    def _frame(self) -> QRectF:
        right = 52.0 if self.content is not None and self.content.levels else 12.0
        return QRectF(54, 22, max(self.width() - 54 - right, 10), max(self.height() - 22 - 38, 10))

    def _limits(self) -> tuple[tuple[float, float], tuple[float, float]]:
        if self.content is None:
            return (0, 1), (0, 1)
        xs = [point.x for point in self.content.points]
        ys = [point.y for point in self.content.points] + [level.y for level in self.content.levels]
        if self.content.is_square:
            both = _padded([*xs, *ys])
            return both, both
        return _padded(xs), _padded(ys)

    def _to_widget(self, x: float, y: float, across: tuple[float, float], up: tuple[float, float]) -> QPointF:
        frame = self._frame()
        return QPointF(
            frame.left() + (x - across[0]) / (across[1] - across[0]) * frame.width(),
            frame.bottom() - (y - up[0]) / (up[1] - up[0]) * frame.height(),
        )

    def _near(self, place: QPointF) -> Point | None:
        if self.content is None:
            return None
        found = [((self.place(point) - place).manhattanLength(), k) for k, point in enumerate(self.content.points)]
        distance, k = min(found, default=(math.inf, 0))
        return self.content.points[k] if distance <= _NEAR_PX else None

    def _draw_axes(
        self, painter: QPainter, content: PlotContent, limits: tuple[tuple[float, float], tuple[float, float]]
    ) -> None:
        tokens, frame = current_tokens(), self._frame()
        painter.setPen(QPen(tokens.color("line"), 1))
        painter.drawLine(frame.bottomLeft(), frame.bottomRight())
        painter.drawLine(frame.bottomLeft(), frame.topLeft())
        if content.is_square:
            painter.setPen(QPen(tokens.color("secondary"), 1, Qt.PenStyle.DashLine))
            painter.drawLine(frame.bottomLeft(), frame.topRight())
        painter.setPen(tokens.color("secondary"))
        ticks = nice_ticks(*limits[0], 3)
        for value, words in zip(ticks, tick_words(ticks), strict=True):
            x = self._to_widget(value, limits[1][0], *limits).x()
            painter.drawText(QRectF(x - 40, frame.bottom() + 3, 80, 14), Qt.AlignmentFlag.AlignHCenter, words)
        ticks = nice_ticks(*limits[1])
        for value, words in zip(ticks, tick_words(ticks), strict=True):
            y = self._to_widget(limits[0][0], value, *limits).y()
            painter.drawText(
                QRectF(0, y - 8, frame.left() - 5, 16),
                Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
                words,
            )
        painter.drawText(
            QRectF(0, frame.bottom() + 19, self.width(), 16), Qt.AlignmentFlag.AlignHCenter, content.x_title
        )
        painter.drawText(QRectF(4, 0, self.width() - 4, 16), Qt.AlignmentFlag.AlignLeft, content.y_title)

    def _draw_levels(
        self, painter: QPainter, content: PlotContent, limits: tuple[tuple[float, float], tuple[float, float]]
    ) -> None:
        frame, tokens = self._frame(), current_tokens()
        for level in content.levels:
            y = self._to_widget(0, level.y, *limits).y()
            style = Qt.PenStyle.DashLine if level.is_limit else Qt.PenStyle.SolidLine
            painter.setPen(QPen(tokens.color("secondary"), 1, style))
            painter.drawLine(QPointF(frame.left(), y), QPointF(frame.right(), y))
            painter.drawText(
                QRectF(frame.right() + 4, y - 14, 50, 28),
                Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter,
                level.words,
            )

    def _draw_points(
        self, painter: QPainter, content: PlotContent, limits: tuple[tuple[float, float], tuple[float, float]]
    ) -> None:
        tokens, metrics = current_tokens(), QFontMetricsF(face(CAPTION_PX))
        for point in content.points:
            place = self._to_widget(point.x, point.y, *limits)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(OKABE_ITO[0] if point.label in self._marked else OKABE_ITO[1]))
            painter.drawEllipse(place, _DOT_PX, _DOT_PX)
            if point.label == self._selected:
                painter.setPen(QPen(tokens.color("text"), 1.5))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawEllipse(place, _DOT_PX + 3, _DOT_PX + 3)
            if point.label in self._marked and not content.is_square:
                width = metrics.horizontalAdvance(point.label)
                left = (
                    place.x() + GRID if place.x() + GRID + width < self._frame().right() else place.x() - GRID - width
                )
                painter.setPen(tokens.color("text"))
                painter.drawText(QPointF(left, place.y() + 4), point.label)


def _padded(values: Sequence[float]) -> tuple[float, float]:
    """Return limits a little wider than the values; never empty."""
    low, high = min(values), max(values)
    room = (high - low) * 0.08 or max(abs(high), 1.0) * 0.05
    return low - room, high + room
