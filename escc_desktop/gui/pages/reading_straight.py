"""The straightened view of an open reading: from the points of the course to the picture in place of the side views."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import shiboken6
from PySide6.QtCore import QObject, QRect, Qt, QTimer
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QVBoxLayout, QWidget

from escc_desktop.gui.actions import Action
from escc_desktop.gui.latest import Latest
from escc_desktop.gui.pages.reading_place import ReadingPlace
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.tools.course import CourseTool
from escc_desktop.gui.tools.limits import LimitsTool, axial_axis, edge_of
from escc_desktop.gui.viewer.canvas import SliceCanvas
from escc_desktop.gui.viewer.look import roi_color
from escc_desktop.gui.viewer.straight_view import Mark, StraightView
from escc_desktop.gui.widgets.text import button, icon_button, label, row
from escc_desktop.i18n import _, plural
from escc_desktop.imaging.mask import BoolArray
from escc_desktop.imaging.straighten import Centreline, Straightened, WallMap, straighten, wall_map
from escc_desktop.imaging.volume import Geometry
from escc_desktop.progress import Progress
from escc_desktop.reading.tools import CENTRELINE, LIMITS

_AFTER_MS: Final = 150


class StraightPart(QWidget):
    """The course in words, and the button that shows it laid straight."""

    def __init__(self, place: ReadingPlace) -> None:
        super().__init__()
        course = place.hand.tool_of(CourseTool.name)
        if not isinstance(course, CourseTool):
            raise TypeError("the tool of the course is another one")
        self._place, self.course = place, course
        self.words = label()
        self.straight = button(_("Straightened view (Y)"), weight="quiet")
        self.straight.setCheckable(True)
        self.straight.setToolTip(_("Show the esophagus laid straight in place of the side views (Y)"))
        self.clear = icon_button("delete", _("Remove all points of the course"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        column.addWidget(row(label(_("Course"), tone="secondary"), None, self.words))
        column.addWidget(row(self.straight, None, self.clear))
        self.board = StraightBoard(place, course)
        self.straight.clicked.connect(self.toggle)
        self.clear.clicked.connect(lambda: course.keep(()))
        self.board.view.closed.connect(self.toggle)
        place.canvas.noted.connect(self._noted)
        self._follow()

    def actions_now(self) -> tuple[Action, ...]:
        """Return the way to the straightened view."""
        text = _("Straightened esophagus in place of the side views")
        return (Action("reading.straight", text, self.toggle, "split_vertical", ("Y",)),)

    def toggle(self) -> None:
        """Show the straightened view, or the side views again; without a course, begin one."""
        self.board.show_instead(not self.board.is_shown)
        self.straight.setChecked(self.board.is_shown)
        if self.board.is_shown and self.course.line is None:
            self._place.hand.hold(CourseTool.name)

    def stop(self) -> None:
        """Let go of what runs."""
        self.board.stop()

    def _noted(self, name: str) -> None:
        if name == CENTRELINE:
            self._follow()
            for view in self._place.views.views:
                view.update()

    def _follow(self) -> None:
        line, n = self.course.line, len(self.course.noted)
        points = plural("{n} point", "{n} points", n)
        self.words.setText(_("not set") if not n else points if line is None else f"{points} · {line.length_mm:.0f} mm")
        self.clear.setEnabled(n > 0)


class StraightBoard(QObject):
    """Keeps the straightened view up to date with course, region, limits, window and crosshair."""

    def __init__(self, place: ReadingPlace, course: CourseTool) -> None:
        super().__init__(place.views)
        limits = place.hand.tool_of(LimitsTool.name)
        if not isinstance(limits, LimitsTool):
            raise TypeError("the tool of the limits is another one")
        self._place, self._course, self._limits = place, course, limits
        self.view = StraightView(place.views)
        self.view.hide()
        self.view.say_empty(
            _("Click the middle of the esophagus on slices from head to feet, with the tool Course (O).")
        )
        self.is_shown = False
        self._degrees = 0
        self._heights: np.ndarray[tuple[int, ...], np.dtype[np.float64]] = np.empty(0)
        tasks, trouble = place.desktop.tasks, place.desktop.notices.trouble
        self._picturing: Latest[Straightened] = Latest(tasks, _("Straightening"), self._pictured, trouble)
        self._walling: Latest[WallMap] = Latest(tasks, _("Measuring the wall"), self.view.show_wall, trouble)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_AFTER_MS)
        self._timer.timeout.connect(self._renew)
        self._connect()

    def _connect(self) -> None:
        views, canvas, view = self._place.views, self._place.canvas, self.view
        views.layout_changed.connect(self._lay)
        views.point_changed.connect(self._follow_point)
        views.look_changed.connect(view.set_look)
        canvas.stepped.connect(self._changed)
        canvas.noted.connect(self._noted)
        canvas.rois_changed.connect(self._follow_color)
        self._follow_color()
        self._limits.watchers.append(self._follow_marks)
        self._place.hand.changed.connect(self._follow_tool)
        self._place.hand.painters.append(self._paint_course)
        view.turned.connect(self._turn)
        view.point_chosen.connect(self._go_to)
        view.mark_pressed.connect(lambda station: self._limits.begin(self._slice(station)))
        view.mark_dragged.connect(lambda station: self._limits.go_on(self._slice(station)))
        view.mark_released.connect(self._limits.finish)

    def show_instead(self, is_shown: bool) -> None:
        """Show it in place of the side views, or these again."""
        self.is_shown = is_shown
        views = self._place.views
        if is_shown and not views.has_side_views:
            views.show_side_views(True)
        if is_shown and views.maximised is not None:
            views.maximise(None)
        self._lay()
        for view in views.views:
            view.update()
        if is_shown:
            self.view.set_look(views.look)
            self._follow_tool()
            self._renew()

    def stop(self) -> None:
        """Let go of what runs."""
        self._timer.stop()
        self._picturing.stop()
        self._walling.stop()

    # Placing

    def _lay(self) -> None:
        """Lie over the side views: they are covered, not taken apart, so that their layout stays the reader's."""
        views = self._place.views
        beside = [view for view in (views.coronal, views.sagittal, views.fourth) if view is not None]
        room = QRect()
        for one in beside:
            if one.parent() is views and not one.isHidden():
                room = room.united(one.geometry())
        is_room = self.is_shown and views.maximised is None and views.has_side_views and not room.isEmpty()
        if is_room:
            self.view.setGeometry(room)
            self.view.raise_()
        self.view.setVisible(is_room)

    # Computing

    def _changed(self) -> None:
        if self.is_shown:
            self._timer.start()

    def _noted(self, name: str) -> None:
        if name == CENTRELINE:
            self._changed()
        elif name == LIMITS:
            self._follow_marks()

    def _renew(self) -> None:
        """Work picture and wall out anew."""
        line = self._course.line
        if line is None:
            self._picturing.stop()
            self._walling.stop()
            self.view.show_picture(None)
            return
        self._picture(line)
        geometry = self._place.planes.geometry
        self._walling.ask(wall_map, self._place.planes.hu, self._region, geometry, line)

    def _picture(self, line: Centreline) -> None:
        geometry = self._place.planes.geometry
        angle = math.radians(self._degrees)
        self._picturing.ask(_straighten, self._place.planes.hu, self._region, geometry, line, angle)

    @property
    def _region(self) -> BoolArray:
        return self._place.canvas.reading.history.layer(0)

    def _follow_color(self) -> None:
        self.view.region_color = self._place.canvas.rois[0].color or roi_color(0)
        self.view.set_look(self.view.look)

    def _pictured(self, picture: Straightened) -> None:
        if not shiboken6.isValid(self.view):
            return
        middle = picture.points_mm[:, picture.points_mm.shape[1] // 2]
        axis = 2 - axial_axis(self._place.planes)
        self._heights = self._place.planes.geometry.to_index(middle)[:, axis]
        self.view.show_picture(picture, self._degrees)
        self._follow_point(self._place.views.point)
        self._follow_marks()

    # Following

    def _turn(self, degrees: int) -> None:
        self._degrees = (self._degrees + degrees) % 360
        if self._course.line is not None:
            self._picture(self._course.line)

    def _go_to(self, point_mm: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> None:
        geometry = self._place.planes.geometry
        index = np.rint(geometry.to_index(point_mm[np.newaxis])[0]).astype(int)
        x, y, z = (min(max(int(value), 0), size - 1) for value, size in zip(index, geometry.size, strict=True))
        self._place.views.set_point((x, y, z))

    def _follow_point(self, point: object) -> None:
        line = self._course.line
        if self.is_shown and line is not None and isinstance(point, tuple):
            self.view.set_station(line.nearest(self._place.planes.geometry.to_mm(np.array([point]))[0]))

    def _follow_tool(self) -> None:
        self.view.draws_marks = self._place.hand.tool_id == LimitsTool.name
        self.view.setCursor(Qt.CursorShape.SplitVCursor if self.view.draws_marks else Qt.CursorShape.CrossCursor)

    def _paint_course(self, painter: QPainter, view: SliceCanvas) -> None:
        """Keep the course in sight of whoever looks at it laid straight, whatever tool he holds."""
        if self.is_shown and self._place.hand.tool is not self._course:
            self._course.paint(painter, view)

    def _follow_marks(self) -> None:
        """Show the limits where the course crosses them."""
        limits = self._limits.shown
        if limits is None or not self._heights.size:
            self.view.set_marks(())
            return
        marks = []
        for is_cranial, name in ((True, _("cranial limit")), (False, _("caudal limit"))):
            edge = edge_of(self._place.planes, limits, cranial=is_cranial)
            low, high = sorted((float(self._heights[0]), float(self._heights[-1])))
            if low - 0.5 <= edge <= high + 0.5:
                station = float(np.argmin(np.abs(self._heights - edge)))
                marks.append(Mark(station, name, 1 if is_cranial else -1))
        self.view.set_marks(tuple(marks))

    def _slice(self, station: float) -> int:
        """Return the axial slice of a station."""
        return round(float(np.interp(station, np.arange(len(self._heights)), self._heights)))


def _straighten(
    hu: np.ndarray[tuple[int, ...], np.dtype[np.int16]],
    region: BoolArray,
    geometry: Geometry,
    line: Centreline,
    angle: float,
    progress: Progress,
) -> Straightened:
    progress.advance(0, 1)
    return straighten(hu, region, geometry, line, angle)
