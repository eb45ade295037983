"""A patient's course on one axis: scans, doses, laboratory, adverse events, outcome."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QPainter, QPen

from escc_desktop.gui.theme import OKABE_ITO
from escc_desktop.gui.widgets.painted import Painted, color, diamond, month_ticks, text, triangle
from escc_desktop.i18n import _

if TYPE_CHECKING:
    from escc_desktop.workflow.views.course import CourseEvent

_NAMES_PX = 100.0
_RIGHT_PX = 20.0
_AXIS_PX = 34.0
_DAYS_PER_MONTH = 30.4375
# How much of the height each lane takes: those with words above their marks need more.
_LANES = {"scan": 1.25, "dose": 1.1, "lab": 0.7, "adverse_event": 1.1, "course": 1.1}
_WORDS_PX = 15.0
_ORANGE, _SKY, _GREEN, _YELLOW, _BLUE, _VERMILLION, _PURPLE = OKABE_ITO
_INKS = {
    "scan": _PURPLE,
    "dose": _SKY,
    "adverse_event": _ORANGE,
    "start": _GREEN,
    "next_therapy": _ORANGE,
}


class CourseStrip(Painted):
    """One lane for each kind of event; what is alarming is a triangle."""

    def __init__(self) -> None:
        super().__init__()
        self._events: tuple[CourseEvent, ...] = ()
        self._no_record = ""
        self._taken: list[QRectF] = []
        self.setMinimumHeight(156)

    def show_course(self, events: Sequence[CourseEvent], no_record: str = "") -> None:
        """Show events; without any, a sentence."""
        self._events, self._no_record = tuple(events), no_record
        self.setAccessibleName(_("Course of the patient"))
        self.update()

    def x_of(self, day: float) -> float:
        """Return where a day from the first dose lies across the widget."""
        first, last = self._range()
        return _NAMES_PX + (day - first) / (last - first) * (self.width() - _NAMES_PX - _RIGHT_PX)

    def y_of(self, lane: str) -> float:
        """Return the height of a lane's middle."""
        room = self.height() - _AXIS_PX - 4
        above = sum(share for name, share in _LANES.items() if list(_LANES).index(name) <= list(_LANES).index(lane))
        return room * above / sum(_LANES.values()) - 2

    def draw(self, painter: QPainter) -> None:  # noqa: D102
        if not self._events:
            text(painter, QRectF(self.rect()), self._no_record, align="centre")
            return
        self._taken = []
        self._axis(painter)
        for lane in _LANES:
            rect = QRectF(0, self.y_of(lane) - 10, _NAMES_PX - 8, 20)
            text(painter, rect, _lane_words(lane))
            painter.setPen(QPen(color("line"), 1))
            painter.drawLine(QPointF(_NAMES_PX, self.y_of(lane)), QPointF(self.width() - _RIGHT_PX, self.y_of(lane)))
        for event in self._events:
            self._span(painter, event)
        for event in self._events:
            self._mark(painter, event)
        for event in sorted(self._events, key=lambda one: (not one.is_alarming, one.start_day)):
            self._label(painter, event)

    def _range(self) -> tuple[float, float]:
        days = [day for one in self._events for day in (one.start_day, one.end_day) if day is not None]
        first, last = min(days, default=0), max(days, default=30)
        margin = max(last - first, 30) * 0.02
        return first - margin, last + margin

    def _axis(self, painter: QPainter) -> None:
        y = self.height() - _AXIS_PX + 4
        for month in month_ticks(self._range()[1] / _DAYS_PER_MONTH):
            x = self.x_of(month * _DAYS_PER_MONTH)
            painter.setPen(QPen(color("line"), 1))
            painter.drawLine(QPointF(x, 0 if month == 0 else y - 3), QPointF(x, y))
            text(painter, QRectF(x - 20, y, 40, 14), str(month), align="centre")
        words = _("months from the first dose")
        text(painter, QRectF(_NAMES_PX, self.height() - 15, self.width() - _NAMES_PX, 14), words, align="centre")

    def _span(self, painter: QPainter, event: CourseEvent) -> None:
        if event.end_day is None or event.end_day <= event.start_day:
            return
        left, right, y = self.x_of(event.start_day), self.x_of(event.end_day), self.y_of(event.lane)
        shade = _ink(event)
        shade.setAlphaF(0.45)
        rect = QRectF(left, y - 4, max(right - left - 1, 1), 8)
        painter.fillRect(rect, shade)
        self.add_spot(rect.adjusted(0, -6, 0, 6), event.tip)

    def _mark(self, painter: QPainter, event: CourseEvent) -> None:
        centre = QPointF(self.x_of(event.start_day), self.y_of(event.lane))
        ink = _ink(event)
        painter.setPen(QPen(color("raised"), 1))
        painter.setBrush(ink)
        if event.kind == "dose":
            painter.setPen(QPen(ink, 2))
            painter.drawLine(centre + QPointF(0, -6), centre + QPointF(0, 6))
        elif event.kind == "death":
            painter.drawRect(QRectF(centre.x() - 5, centre.y() - 5, 10, 10))
        elif event.kind == "next_therapy":
            diamond(painter, centre, 6)
        elif event.kind == "last_contact":
            painter.setPen(QPen(ink, 2))
            painter.drawLine(centre + QPointF(0, -7), centre + QPointF(0, 7))
        elif event.is_alarming and event.kind != "scan":
            triangle(painter, centre, 5.5, up=True)
        else:
            radius = 5.0 if event.kind == "scan" else 3.5
            if event.kind == "lab":
                painter.setPen(QPen(ink, 1.2))
                painter.setBrush(color("raised"))
            painter.drawEllipse(centre, radius, radius)
        self.add_spot(QRectF(centre.x() - 7, centre.y() - 10, 14, 20), event.tip)

    def _label(self, painter: QPainter, event: CourseEvent) -> None:
        if not event.label:
            return
        width = painter.fontMetrics().horizontalAdvance(event.label) + 2
        x = min(self.x_of(event.start_day) - width / 2, self.width() - width)
        rect = QRectF(x, self.y_of(event.lane) - 6 - _WORDS_PX, width, _WORDS_PX)
        if any(rect.adjusted(-2, 0, 2, 0).intersects(other) for other in self._taken):
            return
        self._taken.append(rect)
        text(painter, rect, event.label, token="text" if event.is_alarming else "secondary", align="centre")


def _lane_words(lane: str) -> str:
    return {
        "scan": _("CT, response"),
        "dose": _("Doses, cycles"),
        "lab": _("Laboratory"),
        "adverse_event": _("Adverse events"),
        "course": _("Outcome"),
    }[lane]


def _ink(event: CourseEvent) -> QColor:
    if event.kind == "death":
        return QColor(color("text"))
    if event.is_alarming:
        return QColor(color("danger"))
    return QColor(_INKS[event.kind]) if event.kind in _INKS else QColor(color("secondary"))
