"""Where an outline lies that is not part of the region yet, and how it is shown and picked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from escc_desktop.gui.tools.canvas import Canvas
from escc_desktop.gui.tools.tool import slice_of
from escc_desktop.gui.viewer.canvas import SliceCanvas
from escc_desktop.gui.viewer.tool import Pointer
from escc_desktop.imaging.outlines import Loop, Vertex

SNAP_PX: Final = 4.0
_VERTEX_PX: Final = 3.0
_LIT_PX: Final = 2.0
_PAD_PX: Final = 8.0
_DARK: Final = QColor(0, 0, 0, 160)


@dataclass(frozen=True, eq=False)
class Site:
    """The slice of a view that an outline lies on."""

    view: SliceCanvas
    index: int
    slice_index: int

    @classmethod
    def of(cls, at: Pointer, canvas: Canvas) -> Site:
        """Return where the mouse is."""
        return cls(at.view, at.index, slice_of(at, canvas))

    def is_at(self, at: Pointer) -> bool:
        """Return whether the mouse is on this slice."""
        return at.view is self.view and at.index == self.index

    @property
    def is_shown(self) -> bool:
        """Whether the view shows this slice now."""
        return self.view.index == self.index

    def points(self, vertices: Iterable[Vertex]) -> list[QPointF]:
        """Return where vertices are in the widget."""
        return [self.view.plane_to_widget(row, column) for row, column in vertices]

    def is_near(self, vertex: Vertex, at: Pointer) -> bool:
        """Return whether the mouse is within 4 pixels of a vertex."""
        way = self.view.plane_to_widget(*vertex) - mouse(at)
        return max(abs(way.x()), abs(way.y())) <= SNAP_PX

    def repaint(self, vertices: Iterable[Vertex]) -> None:
        """Have the part of the picture that vertices and the lines between them lie on painted anew."""
        box = self.box(vertices)
        if box is not None:
            self.view.update(box)

    def box(self, vertices: Iterable[Vertex]) -> QRect | None:
        """Return the part of the view that vertices and the lines between them lie in; None for no vertex."""
        rows_and_columns = list(zip(*vertices, strict=True))
        if not rows_and_columns:
            return None
        rows, columns = rows_and_columns
        one = self.view.plane_to_widget(min(rows), min(columns))
        other = self.view.plane_to_widget(max(rows), max(columns))
        box = QRectF(one, other).normalized().adjusted(-_PAD_PX, -_PAD_PX, _PAD_PX, _PAD_PX)
        return box.toAlignedRect()


def mouse(at: Pointer) -> QPointF:
    """Return where the mouse is in the widget."""
    return at.view.plane_to_widget(at.row, at.column)


def nearest_vertex(points: Sequence[QPointF], to: QPointF) -> int | None:
    """Return the number of the point within 4 pixels, in either direction, that is nearest; None where none is."""
    if not points:
        return None
    ways = np.abs([(point.x() - to.x(), point.y() - to.y()) for point in points]).max(axis=1)
    nearest = int(np.argmin(ways))
    return nearest if ways[nearest] <= SNAP_PX else None


def nearest_edge(points: Sequence[QPointF], to: QPointF) -> int | None:
    """Return the number of the point at which the nearest edge of a closed line begins, if within 4 pixels."""
    if len(points) < 2:
        return None
    starts = np.array([(point.x() - to.x(), point.y() - to.y()) for point in points])
    along = np.roll(starts, -1, axis=0) - starts
    lengths = (along**2).sum(axis=1)
    shares = np.clip(-(starts * along).sum(axis=1) / np.where(lengths > 0, lengths, 1), 0, 1)
    distances = np.hypot(*(starts + shares[:, None] * along).T)
    nearest = int(np.argmin(distances))
    return nearest if distances[nearest] <= SNAP_PX else None


def paint_line(
    painter: QPainter, points: Sequence[QPointF], color: QColor, *, is_closed: bool, is_dashed: bool
) -> None:
    """Paint a line so that it is seen on dark and on bright."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    line = QPolygonF(points)
    for ink, width in ((_DARK, 3.0), (color, 1.5)):
        painter.setPen(QPen(ink, width, Qt.PenStyle.DashLine if is_dashed else Qt.PenStyle.SolidLine))
        if is_closed:
            painter.drawPolygon(line)
        else:
            painter.drawPolyline(line)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def paint_thin_line(painter: QPainter, points: Sequence[QPointF], color: QColor, *, is_dashed: bool) -> None:
    """Paint an open line that follows the mouse: thin, as it is painted anew at every move, and dark around."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    line = QPolygonF(points)
    # Lines of one pixel are painted ten times as fast as wider ones.
    painter.setPen(QPen(_DARK, 1.0))
    for x, y in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        painter.drawPolyline(line.translated(x, y))
    painter.setPen(QPen(color, 1.0, Qt.PenStyle.DashLine if is_dashed else Qt.PenStyle.SolidLine))
    painter.drawPolyline(line)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def paint_vertices(painter: QPainter, points: Sequence[QPointF], color: QColor, lit: Iterable[int]) -> None:
    """Paint vertices; those lit are larger and white."""
    bright = set(lit)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(QPen(QColor(0, 0, 0, 200), 1.0))
    for number, point in enumerate(points):
        is_lit = number in bright
        painter.setBrush(QColor("#ffffff") if is_lit else color)
        size = _VERTEX_PX + (_LIT_PX if is_lit else 0.0)
        painter.drawEllipse(point, size, size)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def all_of(loops: Iterable[Loop]) -> list[Vertex]:
    """Return the vertices of all loops."""
    return [vertex for loop in loops for vertex in loop]


def paint_band(painter: QPainter, box: QRectF) -> None:
    """Paint the rubber band that selects vertices."""
    for color, style in ((_DARK, Qt.PenStyle.SolidLine), (QColor("#ffffff"), Qt.PenStyle.DashLine)):
        painter.setPen(QPen(color, 1.0, style))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(box)
