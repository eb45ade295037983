"""The signs of a course: what a mark is can be told by its shape alone, colour only helps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from escc_desktop.gui.theme import OKABE_ITO
from escc_desktop.gui.widgets.painted import color, diamond, triangle

if TYPE_CHECKING:
    from escc_desktop.workflow.views.course import CourseEvent

MARK_PX: Final = 7.0
_ORANGE, _SKY, _GREEN, _YELLOW, _BLUE, _VERMILLION, _PURPLE = OKABE_ITO
_INKS: Final = {
    "scan": _PURPLE,
    "ct": _PURPLE,
    "cycle": _GREEN,
    "given": _SKY,
    "reduced": _SKY,
    "held": _ORANGE,
    "adverse_event": _ORANGE,
    "start": _GREEN,
    "next_therapy": _ORANGE,
}
_SEVERE: Final = 3
_BOTH: Final = 2


def is_wide(event: CourseEvent) -> bool:
    """Whether an event is a stretch of days and no point."""
    return event.kind == "cycle"


def ink_of(event: CourseEvent) -> QColor:
    """Return the colour of a mark."""
    if event.kind == "death":
        return QColor(color("text"))
    if event.is_alarming:
        return QColor(color("danger"))
    return QColor(_INKS[event.kind]) if event.kind in _INKS else QColor(color("secondary"))


def paint_span(painter: QPainter, event: CourseEvent, rect: QRectF) -> None:
    """Paint how long an event lasted."""
    if event.end_day is None or event.end_day <= event.start_day:
        return
    shade = ink_of(event)
    shade.setAlphaF(0.30 if is_wide(event) else 0.45)
    band = rect.adjusted(0, 0, -1, 0) if is_wide(event) else rect.adjusted(0, 2, 0, -2)
    painter.fillRect(band, shade)
    if is_wide(event):
        painter.fillRect(QRectF(band.left(), band.top(), 1.5, band.height()), ink_of(event))


def paint_mark(painter: QPainter, event: CourseEvent, at: QPointF) -> None:
    """Paint the sign of an event."""
    painter.setPen(QPen(color("raised"), 1))
    painter.setBrush(ink_of(event))
    draw = {
        "scan": _scan, "ct": _scan, "given": _dose, "reduced": _dose, "held": _dose, "lab": _lab,
        "adverse_event": _adverse_event, "start": _dot, "next_therapy": _therapy, "last_contact": _contact,
        "death": _death,
    }.get(event.kind)  # fmt: skip
    if draw is not None:
        draw(painter, event, at)


def _scan(painter: QPainter, event: CourseEvent, at: QPointF) -> None:
    """Draw a disc where the CT is there to be opened, a ring where it is not, a square where it shows progression."""
    if not event.series_uid:
        painter.setPen(QPen(ink_of(event), 1.6))
        painter.setBrush(color("raised"))
    if event.is_alarming:
        painter.drawRect(QRectF(at.x() - 4.5, at.y() - 4.5, 9, 9))
    else:
        painter.drawEllipse(at, 5.0 if event.kind == "scan" else 3.5, 5.0 if event.kind == "scan" else 3.5)


def _dose(painter: QPainter, event: CourseEvent, at: QPointF) -> None:
    """Draw a stroke; half as long where it was reduced, a cross where it was held."""
    painter.setPen(QPen(ink_of(event), 2))
    if event.kind == "held":
        painter.drawLine(at + QPointF(-4, -4), at + QPointF(4, 4))
        painter.drawLine(at + QPointF(-4, 4), at + QPointF(4, -4))
    else:
        painter.drawLine(at + QPointF(0, -5.5 if event.kind == "given" else 0), at + QPointF(0, 5.5))


def _lab(painter: QPainter, event: CourseEvent, at: QPointF) -> None:
    """Point up for high, down for low, a diamond for both or questioned, a ring where all is well."""
    if event.level == _BOTH:
        diamond(painter, at, 5.5)
    elif event.level:
        triangle(painter, at, 5.0, up=event.level > 0)
    else:
        painter.setPen(QPen(ink_of(event), 1.2))
        painter.setBrush(color("raised"))
        painter.drawEllipse(at, 3.5, 3.5)


def _adverse_event(painter: QPainter, event: CourseEvent, at: QPointF) -> None:
    if event.level >= _SEVERE:
        triangle(painter, at, 5.5, up=True)
    else:
        painter.drawEllipse(at, 3.5, 3.5)


def _dot(painter: QPainter, event: CourseEvent, at: QPointF) -> None:
    painter.drawEllipse(at, 3.5, 3.5)


def _therapy(painter: QPainter, event: CourseEvent, at: QPointF) -> None:
    diamond(painter, at, 6)


def _contact(painter: QPainter, event: CourseEvent, at: QPointF) -> None:
    """Draw a bar with an arrow: it goes on."""
    painter.setPen(QPen(ink_of(event), 2))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawLine(at + QPointF(0, -6), at + QPointF(0, 6))
    painter.drawLine(at, at + QPointF(6, 0))
    painter.drawPolyline([at + QPointF(3, -3), at + QPointF(6, 0), at + QPointF(3, 3)])


def _death(painter: QPainter, event: CourseEvent, at: QPointF) -> None:
    painter.drawRect(QRectF(at.x() - 5, at.y() - 5, 10, 10))
