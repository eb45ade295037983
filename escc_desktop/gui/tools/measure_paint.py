"""Measurements in the pictures."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from escc_desktop.errors import EsccError
from escc_desktop.gui.theme import CAPTION_PX, face
from escc_desktop.gui.tools.canvas import Canvas
from escc_desktop.gui.viewer.canvas import SliceCanvas
from escc_desktop.gui.viewer.planes import Plane, VolumePlanes, plane_axes
from escc_desktop.imaging.volume import Geometry, Vector
from escc_desktop.reading.measurements import Measurement, MeasurementKind, kept_measurements
from escc_desktop.reading.tools import MEASUREMENTS
from escc_desktop.workflow.views.measurements import figures_of, range_words

COLOR: Final = QColor("#8ef0c0")
LIT: Final = QColor("#ffffff")
_SHADE: Final = QColor(0, 0, 0, 170)
_TICK_PX: Final = 5.0
_TEXT_GAP_PX: Final = 8.0
_TEXT_PX: Final = (180, 56)
Place = tuple[float, float]


def kept(canvas: Canvas) -> tuple[Measurement, ...]:
    """Return the measurements of a reading; none where the note is damaged, which the list of them says."""
    note = canvas.reading.history.notes.get(MEASUREMENTS)
    return _read(json.dumps(note)) if note else ()


@lru_cache(maxsize=16)  # every view asks whenever it is painted
def _read(note: str) -> tuple[Measurement, ...]:
    try:
        return kept_measurements(json.loads(note))
    except EsccError:
        return ()


def point_of(planes: VolumePlanes, plane: Plane, index: int, place: Place) -> Vector:
    """Return the point of the patient at (row, column) of a slice."""
    axes, at = planes.axes(plane), np.zeros((1, 3))
    at[0, [axes.normal, axes.row, axes.column]] = index, *place
    x, y, z = planes.geometry.to_mm(at)[0].tolist()
    return x, y, z


@lru_cache(maxsize=256)
def places_of(geometry: Geometry, measurement: Measurement) -> tuple[int, tuple[Place, ...]]:
    """Return the slice of its plane that a measurement lies on, and its (row, column) there."""
    axes = plane_axes(geometry, Plane(measurement.plane))
    found = geometry.to_index(np.array(measurement.points_mm))
    places = tuple((float(row), float(column)) for row, column in found[:, [axes.row, axes.column]])
    return round(float(found[0, axes.normal])), places


def widget_points(view: SliceCanvas, measurement: Measurement) -> list[QPointF]:
    """Return a measurement's points in a view; none where the view does not show it."""
    if view.planes is None or view.plane != measurement.plane:
        return []
    index, places = places_of(view.planes.geometry, measurement)
    return [view.plane_to_widget(*place) for place in places] if index == view.index else []


def paint_kept(canvas: Canvas, painter: QPainter, view: SliceCanvas) -> None:
    """Paint the measurements on the slice a view shows."""
    if not view.look.has_annotations:
        return
    found = [(one, points) for one in kept(canvas) if (points := widget_points(view, one))]
    for one, points in found:
        paint_measurement(painter, view, one.kind, points, "")
    # Words stand beside their measurement where they cover neither another one nor its words.
    taken = [covered(points) for _one, points in found]
    for one, points in found:
        taken.append(_write(painter, view, points, text_of(one), [box for box in taken if box != covered(points)]))


def text_of(measurement: Measurement) -> str:
    """Return what is written beside a measurement."""
    figures = figures_of(measurement)
    return figures if measurement.values is None else f"{figures}\n{range_words(measurement.values)}"


def paint_measurement(
    painter: QPainter, view: SliceCanvas, kind: MeasurementKind, points: Sequence[QPointF], text: str
) -> None:
    """Paint a measurement, whole or begun."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for color, width in ((_SHADE, 3.5), (COLOR, 1.5)):
        painter.setPen(QPen(color, width))
        _paint_lines(painter, kind, points)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    if text and points:
        _write(painter, view, points, text, ())


def paint_handle(painter: QPainter, at: QPointF) -> None:
    """Paint that an end can be taken hold of."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(QPen(LIT, 1.5))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawEllipse(at, _TICK_PX, _TICK_PX)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def reach(points: Sequence[QPointF]) -> QRect:
    """Return what a measurement with these points may cover in a view, its figures included."""
    return covered(points).toAlignedRect().adjusted(-_TEXT_PX[0], -_TEXT_PX[1], _TEXT_PX[0], _TEXT_PX[1])


def covered(points: Sequence[QPointF]) -> QRectF:
    """Return the box around points."""
    xs, ys = [point.x() for point in points], [point.y() for point in points]
    return QRectF(QPointF(min(xs), min(ys)), QPointF(max(xs), max(ys)))


def _paint_lines(painter: QPainter, kind: MeasurementKind, points: Sequence[QPointF]) -> None:
    if kind is MeasurementKind.VALUES:
        if len(points) == 2:
            painter.drawEllipse(QRectF(points[0], points[1]).normalized())
        return
    lines = [(points[number], points[number + 1]) for number in range(len(points) - 1)]
    if kind is MeasurementKind.AXES:
        lines = lines[::2]
    for one, other in lines:
        painter.drawLine(one, other)
        _paint_ticks(painter, one, other)


def _paint_ticks(painter: QPainter, one: QPointF, other: QPointF) -> None:
    """Paint ends that leave the edge itself in sight: short lines across."""
    way = other - one
    length = float(np.hypot(way.x(), way.y()))
    if length:
        across = QPointF(-way.y(), way.x()) * (_TICK_PX / length)
        for end in (one, other):
            painter.drawLine(end - across, end + across)


def _write(
    painter: QPainter, view: SliceCanvas, points: Sequence[QPointF], text: str, taken: Sequence[QRectF]
) -> QRectF:
    """Write beside a measurement and return where; on the side on which the least of what is taken is covered."""
    painter.setFont(face(CAPTION_PX))
    size = painter.fontMetrics().size(0, text)
    room = QRectF(view.rect()).adjusted(_TEXT_GAP_PX, _TEXT_GAP_PX, -_TEXT_GAP_PX, -_TEXT_GAP_PX)
    box = min(_boxes_beside(points, QSizeF(size), room), key=lambda one: sum(_area(one & other) for other in taken))
    painter.fillRect(box.adjusted(-3, -1, 3, 1), QColor(0, 0, 0, 170))
    painter.setPen(COLOR)
    painter.drawText(box, 0, text)
    return box


def _boxes_beside(points: Sequence[QPointF], size: QSizeF, room: QRectF) -> list[QRectF]:
    """Return where words may stand: right of the rightmost point, left of the leftmost, below, above; in sight."""
    body, right, left = covered(points), max(points, key=QPointF.x), min(points, key=QPointF.x)
    width, height = size.width() + 2, size.height()
    middle = body.center().x() - width / 2
    corners = (
        QPointF(right.x() + _TEXT_GAP_PX, right.y() - height / 2),
        QPointF(left.x() - _TEXT_GAP_PX - width, left.y() - height / 2),
        QPointF(middle, body.bottom() + _TEXT_GAP_PX),
        QPointF(middle, body.top() - _TEXT_GAP_PX - height),
    )
    boxes = [QRectF(corner, QSizeF(width, height)) for corner in corners]
    within = [box for box in boxes if room.contains(box)]
    return within or [_pushed(boxes[0], room)]


def _pushed(box: QRectF, room: QRectF) -> QRectF:
    """Return a box pushed into the room there is."""
    x = max(min(box.x(), room.right() - box.width()), room.left())
    y = max(min(box.y(), room.bottom() - box.height()), room.top())
    return QRectF(QPointF(x, y), box.size())


def _area(box: QRectF) -> float:
    return box.width() * box.height() if box.isValid() else 0.0
