"""The course of the esophagus: points clicked in its middle, joined by a smooth line."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPen, QPolygonF

from escc_desktop.gui.theme import OKABE_ITO
from escc_desktop.gui.tools.canvas import Canvas
from escc_desktop.gui.tools.noted import NotedTool
from escc_desktop.gui.tools.tool import array_point
from escc_desktop.gui.viewer.canvas import SliceCanvas
from escc_desktop.gui.viewer.planes import Plane
from escc_desktop.gui.viewer.tool import Pointer
from escc_desktop.i18n import _
from escc_desktop.imaging.straighten import Centreline, centreline, sort_clicks
from escc_desktop.reading.tools import CENTRELINE

COURSE_COLOR: Final = OKABE_ITO[6]
_PICK_PX: Final = 8.0
_POINT_PX: Final = 4.0
_Points = tuple[tuple[float, float, float], ...]


class CourseTool(NotedTool[_Points]):
    """Sets the points of the course: left sets or drags one, right removes one."""

    name = "course"

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self._held: int | None = None
        self._dragged: _Points | None = None
        self._line: tuple[_Points, Centreline | None] = ((), None)

    @property
    def points_mm(self) -> _Points:
        """The points (x, y, z) in LPS from head to feet, as they are dragged now or as they were noted."""
        return self.noted if self._dragged is None else self._dragged

    @property
    def noted(self) -> _Points:
        """The points that the reading holds."""
        note = self.canvas.reading.history.notes.get(CENTRELINE)
        entries = note if isinstance(note, list) else []
        return tuple((float(x), float(y), float(z)) for x, y, z in entries)

    @property
    def line(self) -> Centreline | None:
        """The smooth line through the points; None before there are two."""
        points = self.points_mm
        if self._line[0] != points:
            is_line = len(sort_clicks(np.array(points))) > 1
            self._line = points, centreline(np.array(points)) if is_line else None
        return self._line[1]

    def keep(self, noted: NDArray[np.float64] | _Points) -> None:
        """Note points, in whatever order, one a slice."""
        in_order = tuple((x, y, z) for x, y, z in np.round(sort_clicks(np.asarray(noted)), 2).tolist())
        if in_order != self.noted:
            self._before.append(self.noted)
            self.canvas.note(CENTRELINE, [list(point) for point in in_order] or None)

    # As a tool

    def press(self, at: Pointer) -> bool:
        """Set a point, take one to drag it, or remove one."""
        if at.button not in {Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton}:
            return False
        if not self.canvas.may_draw():
            return True
        near = self._near(at)
        if at.button == Qt.MouseButton.RightButton:
            if near is None:
                return False
            self.keep(tuple(point for number, point in enumerate(self.noted) if number != near))
            return True
        if at.voxel is None:
            self.canvas.said.emit(_("The course of the esophagus lies inside the image: click there."))
            return True
        self._held = near
        self._drag_to(at)
        return True

    def move(self, at: Pointer) -> bool:
        """Drag the point."""
        if self._dragged is not None and at.voxel is not None:
            self._drag_to(at)
        return True

    def release(self, at: Pointer) -> bool:
        """Let go."""
        self.finish()
        return True

    def finish(self) -> None:
        """Let the point lie where it is."""
        dragged, self._dragged = self._dragged, None
        if dragged is not None:
            self.keep(dragged)

    def key(self, event: QKeyEvent) -> bool:
        """Backspace takes the last change back."""
        return event.key() == Qt.Key.Key_Backspace and self.step_back()

    def paint(self, painter: QPainter, view: SliceCanvas) -> None:
        """Paint the points and the line between them; a point of another slice is hollow."""
        if view.planes is None or view.axes is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        color = QColor(COURSE_COLOR)
        line = self.line
        if line is not None and view.plane is not Plane.AXIAL:
            painter.setPen(QPen(color, 1.0, Qt.PenStyle.DotLine))
            painter.drawPolyline(QPolygonF([at for at, _is_here in self._places(view, line.points_mm[::2])]))
        for at, is_here in self._places(view, np.array(self.points_mm).reshape(-1, 3)):
            if is_here or view.plane is not Plane.AXIAL:
                painter.setPen(QPen(QColor(0, 0, 0, 200), 1.0) if is_here else QPen(color, 1.2))
                painter.setBrush(color if is_here else Qt.BrushStyle.NoBrush)
                painter.drawEllipse(at, _POINT_PX, _POINT_PX)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _places(self, view: SliceCanvas, points_mm: NDArray[np.float64]) -> list[tuple[QPointF, bool]]:
        """Return where points lie in a view, and whether on its slice."""
        axes = view.axes
        if axes is None:
            return []
        indices = self.canvas.planes.geometry.to_index(points_mm).tolist()
        return [
            (view.plane_to_widget(index[axes.row], index[axes.column]), abs(index[axes.normal] - view.index) <= 0.5)
            for index in indices
        ]

    def _near(self, at: Pointer) -> int | None:
        """Return the point under the mouse; in the axial view only one of its slice."""
        mouse = at.view.plane_to_widget(at.row, at.column)
        places = self._places(at.view, np.array(self.noted).reshape(-1, 3))
        ways = [
            (QPointF(place - mouse).manhattanLength(), number)
            for number, (place, is_here) in enumerate(places)
            if is_here or at.plane is not Plane.AXIAL
        ]
        nearest = min(ways, default=(_PICK_PX + 1, -1))
        return nearest[1] if nearest[0] <= _PICK_PX else None

    def _drag_to(self, at: Pointer) -> None:
        z, y, x = array_point(at)
        index = [x, y, z]
        points = list(self.noted)
        if self._held is not None and at.view.axes is not None:
            # Out of the plane it stays where it was: a line is seen from the side, its depth is not.
            normal = at.view.axes.normal
            index[normal] = self.canvas.planes.geometry.to_index(np.array([points[self._held]]))[0][normal]
            del points[self._held]
        new = self.canvas.planes.geometry.to_mm(np.array([index]))[0]
        # The new one first: of several on one slice, the first is kept.
        moved = np.array([new, *points])
        in_order = moved[np.argsort(-moved[:, 2], kind="stable")]
        self._dragged = tuple((px, py, pz) for px, py, pz in in_order.tolist())
        at.view.update()
