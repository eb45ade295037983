"""The polygon: inactive, drawing, editing. A click is a vertex, a drag is freehand."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPen, QPolygonF

from escc_desktop.gui.tools.canvas import CUT_OUT, FILLED, Canvas
from escc_desktop.gui.tools.tool import DrawTool, slice_of
from escc_desktop.gui.viewer.canvas import SliceCanvas
from escc_desktop.gui.viewer.look import ROI_COLOR
from escc_desktop.gui.viewer.tool import Pointer
from escc_desktop.i18n import _
from escc_desktop.imaging.delineate import fill

SNAP_PX: Final = 4.0
FREEHAND_PX: Final = 8.0
_VERTEX_PX: Final = 3.0
_FEWEST: Final = 3


class Stage(Enum):
    """How far a polygon is."""

    INACTIVE = auto()
    DRAWING = auto()
    EDITING = auto()


@dataclass
class _Outline:
    """A polygon on one slice; vertices are (row, column) in voxel coordinates of its plane."""

    view: SliceCanvas
    index: int
    slice_index: int
    vertices: list[tuple[float, float]] = field(default_factory=list)

    def points(self) -> list[QPointF]:
        return [self.view.plane_to_widget(row, column) for row, column in self.vertices]


class PolygonTool(DrawTool):
    """Fills or cuts out what a polygon goes round.

    Attributes
    ----------
    stage
        Inactive, drawing or editing.
    """

    name = FILLED

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self.stage = Stage.INACTIVE
        self._outline: _Outline | None = None
        self._held: int | None = None
        self._is_free = False
        self._at: Pointer | None = None

    @property
    def vertices(self) -> tuple[tuple[float, float], ...]:
        """The vertices (row, column) so far."""
        return () if self._outline is None else tuple(self._outline.vertices)

    def press(self, at: Pointer) -> bool:
        """Set a vertex, take hold of one, or close with the right button."""
        self._at = at
        if at.button == Qt.MouseButton.RightButton and self.stage is Stage.DRAWING:
            self._close()
            return True
        if at.button != Qt.MouseButton.LeftButton:
            return False
        if self.canvas.may_draw() and not self._is_elsewhere(at):
            if self.stage is Stage.EDITING:
                self._held = self._near(at)
            else:
                self._add(at)
        return True

    def move(self, at: Pointer) -> bool:
        """Draw freehand, or move the vertex held."""
        self._at = at
        outline = self._outline
        if outline is None or outline.view is not at.view or outline.index != at.index:
            return True
        if self.stage is Stage.EDITING and self._held is not None:
            outline.vertices[self._held] = (at.row, at.column)
        elif self.stage is Stage.DRAWING:
            way = at.view.plane_to_widget(at.row, at.column) - outline.points()[-1]
            if max(abs(way.x()), abs(way.y())) >= FREEHAND_PX:
                self._is_free = True
                outline.vertices.append((at.row, at.column))
        self._repaint()
        return True

    def release(self, at: Pointer) -> bool:
        """Let go; a freehand line that has come back to its beginning closes."""
        self._at = at
        self._held = None
        if self._is_free and self._snaps(at):
            self._close()
        self._is_free = False
        self._repaint()
        return True

    def hover(self, at: Pointer | None) -> None:
        """Show the line to the mouse."""
        self._at = at
        if self.stage is not Stage.INACTIVE:
            self._repaint()

    def key(self, event: QKeyEvent) -> bool:
        """Return closes, then accepts; Ctrl accepts at once, Shift cuts out; Esc clears, Backspace drops a vertex."""
        if self.stage is Stage.INACTIVE:
            return False
        key, modifiers = event.key(), event.modifiers()
        if key in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            at_once = bool(modifiers & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier))
            if self.stage is Stage.EDITING or at_once:
                self.accept(value=not modifiers & Qt.KeyboardModifier.ShiftModifier)
            else:
                self._close()
        elif key == Qt.Key.Key_Escape:
            self.drop()
        elif key in {Qt.Key.Key_Backspace, Qt.Key.Key_Delete}:
            self.step_back()
        else:
            return False
        return True

    def accept(self, *, value: bool = True) -> None:
        """Make what the polygon goes round part of the region, or cut it out, and begin anew."""
        outline = self._outline
        if outline is None or not self._has_enough() or not self.canvas.may_draw():
            return
        axes = outline.view.axes
        if axes is None:
            return
        turned = outline.vertices if axes.row > axes.column else [(column, row) for row, column in outline.vertices]
        region = fill(self.canvas.shown, turned, (2 - axes.normal, outline.index), value)
        self.canvas.show(region)
        label = FILLED if value else CUT_OUT
        if not self.canvas.take(label, outline.slice_index, region):
            self.canvas.said.emit(
                _("Nothing changed: all of this is drawn already.")
                if value and region is not None
                else _("Nothing changed: the polygon holds no voxel to change.")
            )
        self.drop()

    def drop(self) -> None:
        """Forget the polygon."""
        self._repaint()
        self._outline, self.stage, self._held = None, Stage.INACTIVE, None

    def step_back(self) -> bool:
        """Drop the last vertex."""
        if self._outline is None or self.stage is Stage.INACTIVE:
            return False
        self._outline.vertices.pop()
        if self.stage is Stage.EDITING and len(self._outline.vertices) < _FEWEST:
            self.stage = Stage.DRAWING
        if not self._outline.vertices:
            self.drop()
        self._repaint()
        return True

    def unfinished(self) -> str:
        """Say where a polygon is open."""
        if self._outline is None:
            return ""
        return _("The polygon on slice {n} is not accepted yet: Return accepts it, Esc clears it.").format(
            n=self._outline.slice_index + 1
        )

    def paint(self, painter: QPainter, view: SliceCanvas) -> None:
        """Paint vertices and lines; dashed on a slice other than its own."""
        outline = self._outline
        if outline is None or outline.view is not view:
            return
        is_here = outline.index == view.index
        points = outline.points()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        for color, width in ((QColor(0, 0, 0, 160), 3.0), (QColor(ROI_COLOR), 1.5)):
            pen = QPen(color, width, Qt.PenStyle.SolidLine if is_here else Qt.PenStyle.DashLine)
            painter.setPen(pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            if self.stage is Stage.EDITING:
                painter.drawPolygon(QPolygonF(points))
            else:
                painter.drawPolyline(QPolygonF([*points, *self._to_mouse(view)]))
        if is_here:
            self._paint_vertices(painter, points)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _paint_vertices(self, painter: QPainter, points: list[QPointF]) -> None:
        snaps = self.stage is Stage.DRAWING and self._at is not None and self._snaps(self._at)
        near = self._near(self._at) if self.stage is Stage.EDITING and self._at is not None else None
        for number, point in enumerate(points):
            is_lit = (number == 0 and snaps) or number in {self._held, near}
            size = _VERTEX_PX + (2.0 if is_lit else 0.0)
            painter.setPen(QPen(QColor(0, 0, 0, 200), 1.0))
            painter.setBrush(QColor("#ffffff" if is_lit else ROI_COLOR))
            painter.drawEllipse(point, size, size)

    def _to_mouse(self, view: SliceCanvas) -> list[QPointF]:
        at = self._at
        if at is None or at.view is not view or at.index != view.index:
            return []
        return [view.plane_to_widget(at.row, at.column)]

    def _add(self, at: Pointer) -> None:
        if self._outline is None:
            self._outline = _Outline(at.view, at.index, slice_of(at, self.canvas))
            self.stage = Stage.DRAWING
        elif self._snaps(at):
            self._close()
            return
        self._outline.vertices.append((at.row, at.column))
        self._repaint()

    def _close(self) -> None:
        if self._has_enough():
            self.stage = Stage.EDITING
            self._repaint()

    def _has_enough(self) -> bool:
        if len(self.vertices) >= _FEWEST:
            return True
        self.canvas.said.emit(_("A polygon needs at least three vertices."))
        return False

    def _is_elsewhere(self, at: Pointer) -> bool:
        outline = self._outline
        if outline is None or (outline.view is at.view and outline.index == at.index):
            return False
        self.canvas.said.emit(self.unfinished())
        return True

    def _snaps(self, at: Pointer) -> bool:
        """Return whether the mouse is on the first vertex of a polygon that can be closed."""
        return len(self.vertices) >= _FEWEST and self._near(at, first_only=True) == 0

    def _near(self, at: Pointer, *, first_only: bool = False) -> int | None:
        """Return the vertex within 4 pixels of the mouse, the nearest first."""
        outline = self._outline
        if outline is None or at.view is not outline.view:
            return None
        mouse = at.view.plane_to_widget(at.row, at.column)
        ways = [point - mouse for point in outline.points()[: 1 if first_only else None]]
        distances = [(max(abs(way.x()), abs(way.y())), number) for number, way in enumerate(ways)]
        nearest = min(distances, default=(SNAP_PX + 1, -1))
        return nearest[1] if nearest[0] <= SNAP_PX else None

    def _repaint(self) -> None:
        if self._outline is not None:
            self._outline.view.update()
