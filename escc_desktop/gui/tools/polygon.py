"""The polygon: inactive, drawing, editing. A click is a vertex, a drag is freehand."""

from __future__ import annotations

from enum import Enum, auto
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QKeyEvent, QKeySequence, QPainter
from PySide6.QtWidgets import QWidget

from escc_desktop.gui.tools.canvas import CUT_OUT, FILLED, Canvas
from escc_desktop.gui.tools.clipboard import Clipboard, Contour
from escc_desktop.gui.tools.contour_options import ContourPanel, OutlineNews
from escc_desktop.gui.tools.editing import FEWEST, OutlineEditor
from escc_desktop.gui.tools.outline import Site, mouse, paint_line, paint_thin_line, paint_vertices
from escc_desktop.gui.tools.tool import DrawTool
from escc_desktop.gui.viewer.canvas import SliceCanvas
from escc_desktop.gui.viewer.tool import Pointer
from escc_desktop.i18n import _
from escc_desktop.imaging.delineate import fill
from escc_desktop.imaging.mask import Region
from escc_desktop.imaging.outlines import Loop, Vertex, joined

FREEHAND_PX: Final = 8.0
PASTED: Final = "paste"


class Stage(Enum):
    """How far a polygon is."""

    INACTIVE = auto()
    DRAWING = auto()
    EDITING = auto()


class PolygonTool(DrawTool):
    """Fills or cuts out what a polygon goes round.

    Attributes
    ----------
    clipboard
        Where accepted contours are kept to be pasted on another slice.
    news
        Says that the outline has changed.
    """

    name = FILLED

    def __init__(self, canvas: Canvas, clipboard: Clipboard) -> None:
        super().__init__(canvas)
        self.clipboard = clipboard
        self.news = OutlineNews()
        self._site: Site | None = None
        self._legs: list[Loop] = []
        self._editor: OutlineEditor | None = None
        self._label = ""
        self._is_free = False
        self._at: Pointer | None = None

    @property
    def stage(self) -> Stage:
        """Inactive, drawing or editing."""
        if self._editor is not None:
            return Stage.EDITING
        return Stage.INACTIVE if self._site is None else Stage.DRAWING

    @property
    def vertices(self) -> tuple[Vertex, ...]:
        """The vertices (row, column) so far."""
        loops = self._legs if self._editor is None else self._editor.loops
        return tuple(vertex for loop in loops for vertex in loop)

    # What other tools of its kind do otherwise

    def label(self, value: bool) -> str:
        """Return what a step that fills (True) or cuts out is called."""
        return FILLED if value else CUT_OUT

    def way_to(self, at: Pointer) -> Loop:
        """Return the vertices that a click here would add."""
        return [(at.row, at.column)]

    def closed(self, vertices: Loop) -> Loop:
        """Return the loop that drawn vertices become when they are closed."""
        return vertices

    # The mouse

    def claims(self, at: Pointer) -> bool:
        """Return whether Shift and a press here add to what is selected."""
        has_shift = bool(at.modifiers & Qt.KeyboardModifier.ShiftModifier)
        return self._editor is not None and has_shift and self._editor.claims(at)

    def press(self, at: Pointer) -> bool:
        """Set a vertex, take hold of vertices, or close with the right button."""
        if at.button == Qt.MouseButton.RightButton and self.stage is Stage.DRAWING:
            self.close()
            return True
        if at.button != Qt.MouseButton.LeftButton:
            return False
        if self.canvas.may_draw() and not self._is_elsewhere(at):
            if self._editor is not None:
                self._editor.press(at)
            else:
                self._click(at)
        self._at = at
        return True

    def move(self, at: Pointer) -> bool:
        """Draw freehand, or move what is held."""
        if self._site is None or not self._site.is_at(at):
            return True
        self._repaint_tail()
        self._at = at
        if self._editor is not None:
            self._editor.move(at)
            return True
        way = mouse(at) - self._site.view.plane_to_widget(*self._legs[-1][-1])
        if max(abs(way.x()), abs(way.y())) >= FREEHAND_PX:
            self._is_free = True
            self._add([(at.row, at.column)])
        self._repaint_tail()
        return True

    def release(self, at: Pointer) -> bool:
        """Let go; a freehand line that has come back to its beginning closes."""
        self._at = at
        if self._editor is not None:
            self._editor.release(at)
        elif self._is_free and self._is_on_first(at):
            self.close()
        self._is_free = False
        return True

    def hover(self, at: Pointer | None) -> None:
        """Show the line to the mouse, or what a press would take hold of."""
        self._repaint_tail()
        self._at = at
        if self._editor is not None:
            self._editor.hover(at)
        self._repaint_tail()

    # Keys

    def key(self, event: QKeyEvent) -> bool:
        """Return closes, then accepts; Ctrl accepts at once, Shift cuts out; Esc clears, Backspace drops a vertex."""
        if self.stage is Stage.INACTIVE:
            return False
        if self._editor is not None and event.matches(QKeySequence.StandardKey.SelectAll):
            self._editor.select_all()
            return True
        key, modifiers = event.key(), event.modifiers()
        if key in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            cuts = bool(modifiers & Qt.KeyboardModifier.ShiftModifier)
            if self._editor is not None or cuts or modifiers & Qt.KeyboardModifier.ControlModifier:
                self.accept(value=not cuts)
            else:
                self.close()
        elif key == Qt.Key.Key_Escape:
            self.drop()
        elif key in {Qt.Key.Key_Backspace, Qt.Key.Key_Delete}:
            self._delete()
        elif key == Qt.Key.Key_Insert:
            self.adjust(1)
        else:
            return False
        return True

    def adjust(self, by: int) -> bool:
        """Put vertices on the edges selected, or take those selected out; False where nothing is being edited."""
        if self._editor is None:
            return False
        if by < 0:
            self._delete()
        elif not self._editor.insert():
            self.canvas.said.emit(_("Select both ends of an edge first: click on the edge."))
        return True

    # What becomes of it

    def close(self) -> None:
        """Close what is drawn and go on to editing it."""
        if self._site is None or not self._has_enough():
            return
        self._repaint()
        self._editor = OutlineEditor(self._site, [self.closed(list(self.vertices))])
        self._editor.hover(self._at)
        self._repaint()
        self.news.changed.emit()

    def edit(self, site: Site, contour: Contour) -> None:
        """Take up a pasted contour where it can be changed before it is accepted."""
        self.drop()
        self._site, self._label = site, PASTED
        self._editor = OutlineEditor(site, contour.loops)
        self._repaint()
        self.news.changed.emit()

    def accept(self, *, value: bool = True) -> None:
        """Make what the outline goes round part of the region, or cut it out, and begin anew."""
        if self._editor is None:
            self.close()
        editor = self._editor
        if editor is None or not self.canvas.may_draw():
            return
        region = self._fill(editor, value)
        self.canvas.show(region)
        if not self.canvas.take(self._label or self.label(value), editor.site.slice_index, region):
            self.canvas.said.emit(self._why_nothing(region, value))
        loops = tuple(tuple(loop) for loop in editor.loops)
        self.clipboard.contour = Contour(editor.site.view.plane, editor.site.index, loops)
        self.drop()

    def drop(self) -> None:
        """Forget the outline."""
        self._repaint()
        self._site, self._editor, self._legs, self._label = None, None, [], ""
        self.news.changed.emit()

    def step_back(self) -> bool:
        """Take back the last change of the outline; one that was only closed is open again."""
        if self._site is None:
            return False
        if self._editor is not None and self._editor.step_back():
            return True
        self._repaint()
        if self._editor is not None:
            self._editor = None
        else:
            self._legs.pop()
        if not self._legs:
            self.drop()
        self._repaint()
        self.news.changed.emit()
        return True

    def why_not_accept(self) -> str:
        """Say why the outline cannot be accepted now; "" when it can."""
        return "" if len(self.vertices) >= FEWEST else _("Draw an outline of at least three vertices first.")

    def unfinished(self) -> str:
        """Say where an outline is open."""
        if self._site is None:
            return ""
        return _("The polygon on slice {n} is not accepted yet: Return accepts it, Esc clears it.").format(
            n=self._site.slice_index + 1
        )

    # Showing

    def paint(self, painter: QPainter, view: SliceCanvas) -> None:
        """Paint vertices and lines; dashed on a slice other than their own."""
        site = self._site
        if site is None or site.view is not view:
            return
        color = QColor(self.canvas.color)
        if self._editor is not None:
            self._editor.paint(painter, view, color)
            return
        points, is_dashed = site.points(self.vertices), not site.is_shown
        if len(points) > 1:
            paint_line(painter, points, color, is_closed=False, is_dashed=is_dashed)
        tail = self._tail()
        if tail:
            paint_thin_line(painter, [points[-1], *site.points(tail)], color, is_dashed=is_dashed)
        if site.is_shown:
            lit = [0] if self._at is not None and self._is_on_first(self._at) else []
            paint_vertices(painter, site.points(leg[-1] for leg in self._legs), color, lit)

    def make_options(self) -> QWidget:
        """Return what can be done with the outline, for those who prefer buttons."""
        return ContourPanel(self)

    # Inside

    def _click(self, at: Pointer) -> None:
        if self._site is None:
            self._site = Site.of(at, self.canvas)
            self._add([(at.row, at.column)])
        elif self._is_on_first(at) or (len(self.vertices) >= FEWEST and self._site.is_near(self.vertices[-1], at)):
            self.close()
        elif not self._site.is_near(self.vertices[-1], at):
            self._add(self.way_to(at))

    def _add(self, leg: Loop) -> None:
        self._legs.append(leg)
        if self._site is not None:
            self._site.repaint([*(self._legs[-2][-1:] if len(self._legs) > 1 else []), *leg])
        self.news.changed.emit()

    def _delete(self) -> None:
        if self._editor is None:
            self.step_back()
            return
        self._editor.delete()
        if not self._editor.loops:
            self.drop()
        self.news.changed.emit()

    def _fill(self, editor: OutlineEditor, value: bool) -> Region | None:
        axes = editor.site.view.axes
        if axes is None:
            return None
        vertices = joined(editor.loops)
        turned = vertices if axes.row > axes.column else [(column, row) for row, column in vertices]
        return fill(self.canvas.shown, turned, (2 - axes.normal, editor.site.index), value)

    def _why_nothing(self, region: Region | None, value: bool) -> str:
        if region is None or not value:
            return _("Nothing changed: the polygon holds no voxel to change.")
        if self.canvas.hu_range is not None or any(entry.is_locked for entry in self.canvas.rois):
            return _("Nothing changed: all of this is drawn already, outside the HU range, or in a locked region.")
        return _("Nothing changed: all of this is drawn already.")

    def _has_enough(self) -> bool:
        if len(self.vertices) >= FEWEST:
            return True
        self.canvas.said.emit(_("A polygon needs at least three vertices."))
        return False

    def _is_elsewhere(self, at: Pointer) -> bool:
        """Return whether the outline lies on another slice, and say so; a lone vertex there is let go."""
        if self._site is None or self._site.is_at(at):
            return False
        if len(self.vertices) == 1:
            self.drop()
            return False
        self.canvas.said.emit(self.unfinished())
        return True

    def _is_on_first(self, at: Pointer) -> bool:
        """Return whether the mouse is on the first vertex of a line that can be closed."""
        site = self._site
        return (
            site is not None and len(self.vertices) >= FEWEST and site.is_at(at) and site.is_near(self.vertices[0], at)
        )

    def _tail(self) -> Loop:
        """Return the line on to the mouse."""
        at = self._at
        if at is None or self._site is None or self._editor is not None or not self._site.is_at(at):
            return []
        return [(at.row, at.column)] if self._is_free else self.way_to(at)

    def _repaint_tail(self) -> None:
        """Have only the line to the mouse painted anew, and the first vertex, which lights up under it."""
        if self._site is not None and self._editor is None and self._legs:
            self._site.repaint([self._legs[-1][-1], *self._tail()])
            if self._at is not None and self._is_on_first(self._at):
                self._site.repaint([self._legs[0][0]])

    def _repaint(self) -> None:
        if self._site is not None:
            self._site.repaint([*self.vertices, *self._tail()])
