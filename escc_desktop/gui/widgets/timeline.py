"""A patient's course drawn on one axis: lanes, zoom by wheel and keys, each mark to hover over and to open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPen, QWheelEvent

from escc_desktop.gui.theme import CAPTION_PX, face
from escc_desktop.gui.widgets.painted import Painted, color, text
from escc_desktop.gui.widgets.timeline_marks import MARK_PX, is_wide, paint_mark, paint_span
from escc_desktop.i18n import _

if TYPE_CHECKING:
    from escc_desktop.workflow.views.course import Course, CourseEvent, Lane

_RIGHT_PX: Final = 20.0
_AXIS_PX: Final = 18.0
_NAMES_MOST_PX: Final = 132.0
_DAYS_PER_MONTH: Final = 30.4375
_WORDS_PX: Final = 15.0
_LEAST_ROW_PX: Final = 13.0
# Lanes with words above their marks take more height than the others.
_HEIGHTS: Final = {"scan": 1.9, "cycle": 1.15, "adverse_event": 1.0, "course": 1.9}
_ABOVE: Final = frozenset({"scan", "course"})
_STEP: Final = 1.25
_SMALLEST_DAYS: Final = 14.0
_STEPS_MONTHS: Final = (1, 2, 3, 6, 12, 24, 60)
_TICK_PX: Final = 44.0
_DRAG_PX: Final = 4.0


class Timeline(Painted):
    """The course of one patient; `chosen` carries the key of the event that was clicked or entered.

    Attributes
    ----------
    zoomed
        Another part of the course is shown.
    """

    zoomed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._course: Course | None = None
        self._no_record = ""
        self._span: tuple[float, float] | None = None
        self._drag: tuple[float, tuple[float, float]] | None = None
        self._has_moved = False
        self._taken: list[QRectF] = []
        self._measure()
        self.setMinimumHeight(150)

    def show_course(self, shown: Course, no_record: str = "") -> None:
        """Show a course from its first day to its last; without any, a sentence."""
        self._course, self._no_record, self._span = shown, no_record, None
        self.setAccessibleName(_("Course of the patient"))
        self._measure()
        self.setMinimumHeight(int(self._rows * _LEAST_ROW_PX + _AXIS_PX) if shown.events else 150)
        self.update()

    def event_of(self, key: str) -> CourseEvent | None:
        """Return the event of a key."""
        return next((one for one in self._events if one.key == key), None)

    # Where things lie

    @property
    def span(self) -> tuple[float, float]:
        """The first and the last day shown."""
        return self._span or self._whole

    @property
    def is_zoomed(self) -> bool:
        """Whether less than the whole course is shown."""
        return self._span is not None

    def x_of(self, day: float) -> float:
        """Return where a day from the first dose lies across the widget."""
        first, last = self.span
        return self._left + (day - first) / (last - first) * (self.width() - self._left - _RIGHT_PX)

    def y_of(self, lane: str, row: int = 0) -> float:
        """Return the height of the marks of a lane."""
        unit, top = self._unit, 0.0
        for one in self._lanes:
            height = _HEIGHTS.get(one.key, 1.0)
            if one.key == lane:
                # Words stand above the marks, so these lie low in a high lane.
                return top + unit * (height * (row + 1) - 0.5)
            top += unit * height * one.rows
        return top

    @property
    def _events(self) -> tuple[CourseEvent, ...]:
        return self._course.events if self._course else ()

    @property
    def _lanes(self) -> tuple[Lane, ...]:
        return self._course.lanes if self._course else ()

    @property
    def _unit(self) -> float:
        return (self.height() - _AXIS_PX) / max(self._rows, 1.0)

    def _measure(self) -> None:
        """Find the first and the last day, how high the rows are, and how much room the names need: once a course."""
        days = [day for one in self._events for day in (one.start_day, one.end_day) if day is not None]
        first, last = min(days, default=0), max(days, default=30)
        margin = max(last - first, 30) * 0.02
        self._whole = first - margin, last + margin
        self._rows = sum(_HEIGHTS.get(lane.key, 1.0) * lane.rows for lane in self._lanes)
        metrics = QFontMetricsF(face(CAPTION_PX))
        widest = max((metrics.horizontalAdvance(lane.title) for lane in self._lanes), default=80.0)
        self._left = min(widest + 12, _NAMES_MOST_PX)

    # Zoom

    def zoom(self, factor: float, x: float | None = None) -> None:
        """Show less or more of the course; the day at `x` stays where it is."""
        first, last = self.span
        at = self._left + (self.width() - self._left - _RIGHT_PX) / 2 if x is None else x
        share = (at - self._left) / max(self.width() - self._left - _RIGHT_PX, 1.0)
        share = min(max(share, 0.0), 1.0)
        low, high = self._whole
        width = min(max((last - first) / factor, _SMALLEST_DAYS), high - low)
        self._look(first + share * (last - first - width), width)

    def pan(self, days: float) -> None:
        """Show later days, or earlier ones."""
        first, last = self.span
        self._look(first + days, last - first)

    def fit(self) -> None:
        """Show the whole course."""
        self._span = None
        self.zoomed.emit()
        self.update()

    @property
    def hint(self) -> str:
        """What the axis counts, and how to come nearer or back."""
        return _("double click or 0: the whole course") if self.is_zoomed else _("wheel, or + and −: nearer")

    def _look(self, first: float, width: float) -> None:
        low, high = self._whole
        first = min(max(first, low), high - width)
        self._span = None if width >= high - low - 1e-9 else (first, first + width)
        self.zoomed.emit()
        self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom at the mouse; a sideways wheel moves along."""
        turned = event.angleDelta()
        if abs(turned.x()) > abs(turned.y()):
            first, last = self.span
            self.pan(-turned.x() / 120 * (last - first) / 10)
        elif turned.y():
            self.zoom(_STEP if turned.y() > 0 else 1 / _STEP, event.position().x())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of the axis."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._drag, self._has_moved = (event.position().x(), self.span), False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move along the axis while it is held."""
        if self._drag is None:
            super().mouseMoveEvent(event)
            return
        start, (first, last) = self._drag
        moved = event.position().x() - start
        self._has_moved = self._has_moved or abs(moved) > _DRAG_PX
        if self._has_moved and self.is_zoomed:
            room = self.width() - self._left - _RIGHT_PX
            self._look(first - moved / room * (last - first), last - first)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Open what was clicked, unless the axis was moved."""
        has_moved, self._drag, self._has_moved = self._has_moved, None, False
        if not has_moved:
            super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Show the whole course again."""
        if not self.key_at(event.position()):
            self.fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Zoom by plus, minus and 0; the arrows go from event to event, also to those out of sight."""
        key = Qt.Key(event.key())
        if key in {Qt.Key.Key_Plus, Qt.Key.Key_Equal}:
            self.zoom(_STEP)
        elif key == Qt.Key.Key_Minus:
            self.zoom(1 / _STEP)
        elif key == Qt.Key.Key_0:
            self.fit()
        else:
            super().keyPressEvent(event)
            self._bring(self._current)

    def _bring(self, key: str) -> None:
        event = self.event_of(key)
        first, last = self.span
        if event is not None and self.is_zoomed and not first <= event.start_day <= last:
            self._look(event.start_day - (last - first) / 2, last - first)

    # Painting

    def draw(self, painter: QPainter) -> None:  # noqa: D102
        if not self._events:
            text(painter, QRectF(self.rect()), self._no_record, align="centre")
            return
        self._taken = []
        self._paint_lanes(painter)
        self._paint_axis(painter)
        room = QRectF(self._left - 1, 0, self.width() - self._left, self.height() - _AXIS_PX + 6)
        painter.save()
        painter.setClipRect(room)
        for event in self._events:
            paint_span(painter, event, self._rect(event))
        for event in self._events:
            at = QPointF(self.x_of(event.start_day), self.y_of(event.lane, event.row))
            paint_mark(painter, event, at)
            # Those out of sight keep a place in the order of the keys, and none under the mouse.
            is_seen = self._left <= at.x() or self.x_of(event.end_day or event.start_day) >= self._left
            self.add_spot(self._spot(event) if is_seen else QRectF(), event.tip, event.key)
        for event in sorted(self._events, key=lambda one: (not one.is_alarming, one.start_day)):
            self._paint_label(painter, event)
        painter.restore()

    def _rect(self, event: CourseEvent) -> QRectF:
        end = event.start_day if event.end_day is None else event.end_day
        left, right = self.x_of(event.start_day), self.x_of(end + 1 if is_wide(event) else end)
        return QRectF(left, self.y_of(event.lane, event.row) - 5, max(right - left, 0.0), 10)

    def _spot(self, event: CourseEvent) -> QRectF:
        point = QRectF(self.x_of(event.start_day) - MARK_PX, self.y_of(event.lane, event.row) - 8, 2 * MARK_PX, 16)
        return point if event.end_day is None else point.united(self._rect(event))

    def _paint_lanes(self, painter: QPainter) -> None:
        for lane in self._lanes:
            y = self.y_of(lane.key)
            text(painter, QRectF(0, y - 9, self._left - 10, 18), lane.title)
            self.add_spot(QRectF(0, y - 9, self._left - 10, 18), lane.title)
            painter.setPen(QPen(color("line"), 1))
            for row in range(lane.rows):
                height = self.y_of(lane.key, row)
                painter.drawLine(QPointF(self._left, height), QPointF(self.width() - _RIGHT_PX, height))

    def _paint_axis(self, painter: QPainter) -> None:
        y, (first, last) = self.height() - _AXIS_PX + 2, self.span
        room = self.width() - self._left - _RIGHT_PX
        most = max(room / _TICK_PX, 1.0)
        months = (last - first) / _DAYS_PER_MONTH
        step = next((one for one in _STEPS_MONTHS if months / one <= most), _STEPS_MONTHS[-1])
        month = int(first / _DAYS_PER_MONTH // step) * step
        while month * _DAYS_PER_MONTH <= last:
            x = self.x_of(month * _DAYS_PER_MONTH)
            if x >= self._left - 1:
                painter.setPen(QPen(color("line" if month else "secondary"), 1))
                painter.drawLine(QPointF(x, 0 if month == 0 else y - 4), QPointF(x, y))
                text(painter, QRectF(x - 20, y, 40, 14), str(month), align="centre")
            month += step

    def _paint_label(self, painter: QPainter, event: CourseEvent) -> None:
        first, last = self.span
        if not event.label or not first <= event.start_day <= last:
            return
        width = painter.fontMetrics().horizontalAdvance(event.label) + 2.0
        rect = self._label_rect(event, width)
        if any(rect.adjusted(-2, 2, 2, -2).intersects(other) for other in self._taken):
            return
        self._taken.append(rect)
        if event.lane not in _HEIGHTS:
            painter.fillRect(rect.adjusted(0, 1, 0, -1), color("raised"))
        text(painter, rect, event.label, token="text" if event.is_alarming else "secondary", align="centre")

    def _label_rect(self, event: CourseEvent, width: float) -> QRectF:
        """Return where a label stands: in a stretch of days, above a mark, or behind the bar."""
        y, x = self.y_of(event.lane, event.row), self.x_of(event.start_day)
        if is_wide(event):
            return QRectF(x + 3, y - _WORDS_PX / 2, width, _WORDS_PX)
        if event.lane in _ABOVE:
            left = max(self._left, min(x - width / 2, self.width() - width))
            return QRectF(left, y - MARK_PX - _WORDS_PX, width, _WORDS_PX)
        end = x + 3 if event.lane.startswith("dose:") else max(x + MARK_PX, self._rect(event).right()) + 3
        return QRectF(min(end, self.width() - width), y - _WORDS_PX / 2, width, _WORDS_PX)
