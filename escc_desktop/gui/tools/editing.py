"""A closed outline under a reader's hands, before it is accepted: vertices, edges and groups of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPolygonF

from escc_desktop.gui.tools.outline import (
    SNAP_PX,
    Site,
    all_of,
    mouse,
    nearest_edge,
    nearest_vertex,
    paint_band,
    paint_line,
    paint_vertices,
)
from escc_desktop.gui.viewer.canvas import SliceCanvas
from escc_desktop.gui.viewer.tool import Pointer
from escc_desktop.imaging.outlines import Loop, Vertex

FEWEST = 3
_CLICK_PX = 3.0
_REACH_PX = 16.0
_Place = tuple[int, int]


class OutlineEditor:
    """The loops of an outline and what is selected of them.

    Attributes
    ----------
    loops
        Closed, each of three vertices or more; holes run the other way round.
    selected
        Vertices as (loop, number in it).
    """

    def __init__(self, site: Site, loops: Iterable[Sequence[Vertex]]) -> None:
        self.site = site
        self.loops: list[Loop] = [list(loop) for loop in loops]
        self.selected: set[_Place] = set()
        self._past: list[list[Loop]] = []
        self._held: Vertex | None = None
        self._is_moving = False
        self._pressed: set[_Place] = set()
        self._splits = False
        self._band: QRectF | None = None
        self._adds = False
        self._lit: frozenset[_Place] = frozenset()

    # The mouse

    def claims(self, at: Pointer) -> bool:
        """Return whether Shift and a press here select, and do not move the crosshair."""
        reach = self._box(all_of(self.loops), _REACH_PX)
        return self.site.is_at(at) and reach.contains(mouse(at))

    def press(self, at: Pointer) -> None:
        """Take hold of a vertex, else of an edge, else of the group selected, else begin a rubber band."""
        self._adds = bool(at.modifiers & Qt.KeyboardModifier.ShiftModifier)
        places = self._pressed = self._pick(mouse(at))
        self._splits = False
        if places and self._adds:
            self.selected ^= places
        elif places:
            self._splits = self.selected == places and len(places) > 1
            self.selected = self.selected if places <= self.selected else set(places)
        elif self._adds or not self._is_in_group(mouse(at)):
            self._band = QRectF(mouse(at), mouse(at))
        self._held, self._is_moving = (at.row, at.column), False
        self.repaint()

    def move(self, at: Pointer) -> None:
        """Move what is held, or span the rubber band."""
        if self._held is None:
            return
        if self._band is not None:
            self._repaint_band()
            self._band.setBottomRight(mouse(at))
            self._repaint_band()
            return
        by = at.row - self._held[0], at.column - self._held[1]
        if not self._is_moving:
            way = mouse(at) - self.site.view.plane_to_widget(*self._held)
            if max(abs(way.x()), abs(way.y())) < _CLICK_PX:
                return
            self._is_moving = True
            self._remember()
        self._repaint_selected()
        for loop, number in self.selected:
            row, column = self.loops[loop][number]
            self.loops[loop][number] = row + by[0], column + by[1]
        self._held = at.row, at.column
        self._repaint_selected()

    def release(self, at: Pointer) -> None:
        """Let go: a rubber band selects, a click in a group selects but one, a second one on an edge puts a vertex."""
        if self._band is not None:
            self._select(self._band.normalized())
            self._repaint_band()
            self._band = None
        elif self._splits and not self._is_moving:
            self._split_at(at)
        elif self._pressed and not self._adds and not self._is_moving:
            self.selected = set(self._pressed)
        self._held, self._is_moving = None, False
        self.repaint()

    def hover(self, at: Pointer | None) -> None:
        """Light what a press would take hold of."""
        lit = frozenset(self._pick(mouse(at))) if at is not None and self.site.is_at(at) else frozenset()
        if lit != self._lit:
            self.site.repaint(self.loops[loop][number] for loop, number in lit | self._valid(self._lit))
            self._lit = lit

    # What keys do

    def insert(self) -> bool:
        """Put a vertex in the middle of every edge whose ends are both selected; False where there is none."""
        made: list[Loop] = []
        selected: set[_Place] = set()
        for number, loop in enumerate(self.loops):
            longer: Loop = []
            for place, vertex in enumerate(loop):
                following = (place + 1) % len(loop)
                if (number, place) in self.selected:
                    selected.add((number, len(longer)))
                longer.append(vertex)
                if {(number, place), (number, following)} <= self.selected:
                    selected.add((number, len(longer)))
                    longer.append(_middle(vertex, loop[following]))
            made.append(longer)
        if len(all_of(made)) == len(all_of(self.loops)):
            return False
        self._change(made, selected)
        return True

    def delete(self) -> None:
        """Take out the vertices selected, or the last one; a loop left with fewer than three goes altogether."""
        gone = self.selected or {(len(self.loops) - 1, len(self.loops[-1]) - 1)}
        left = [
            [vertex for place, vertex in enumerate(loop) if (number, place) not in gone]
            for number, loop in enumerate(self.loops)
        ]
        self._change([loop for loop in left if len(loop) >= FEWEST], set())

    def select_all(self) -> None:
        """Select every vertex."""
        self.selected = {(number, place) for number, loop in enumerate(self.loops) for place in range(len(loop))}
        self.repaint()

    def step_back(self) -> bool:
        """Take back the last change; False where nothing was changed."""
        if not self._past:
            return False
        self.repaint()
        self.loops, self.selected = self._past.pop(), set()
        self._lit = frozenset()
        self.repaint()
        return True

    # Painting

    def paint(self, painter: QPainter, view: SliceCanvas, color: QColor) -> None:
        """Paint loops and vertices; dashed and without vertices on a slice other than its own."""
        if view is not self.site.view:
            return
        lit = self.selected | self._valid(self._lit)
        for number, loop in enumerate(self.loops):
            points = self.site.points(loop)
            paint_line(painter, points, color, is_closed=True, is_dashed=not self.site.is_shown)
            if self.site.is_shown:
                paint_vertices(painter, points, color, (place for in_loop, place in lit if in_loop == number))
        if self._band is not None:
            paint_band(painter, self._band)

    def repaint(self) -> None:
        """Have the outline painted anew."""
        self.site.repaint(all_of(self.loops))

    # Inside

    def _pick(self, to: QPointF) -> set[_Place]:
        """Return the vertex within 4 pixels, else both ends of the edge within 4 pixels."""
        for number, loop in enumerate(self.loops):
            vertex = nearest_vertex(self.site.points(loop), to)
            if vertex is not None:
                return {(number, vertex)}
        for number, loop in enumerate(self.loops):
            edge = nearest_edge(self.site.points(loop), to)
            if edge is not None:
                return {(number, edge), (number, (edge + 1) % len(loop))}
        return set()

    def _is_in_group(self, to: QPointF) -> bool:
        if len(self.selected) < 2:
            return False
        return self._box([self.loops[loop][number] for loop, number in self.selected], SNAP_PX).contains(to)

    def _box(self, vertices: Iterable[Vertex], pad: float) -> QRectF:
        return QPolygonF(self.site.points(vertices)).boundingRect().adjusted(-pad, -pad, pad, pad)

    def _select(self, band: QRectF) -> None:
        caught = {
            (number, place)
            for number, loop in enumerate(self.loops)
            for place, point in enumerate(self.site.points(loop))
            if band.contains(point)
        }
        self.selected = self.selected | caught if self._adds else caught

    def _split_at(self, at: Pointer) -> None:
        number, places = min(self.selected)[0], sorted(place for _loop, place in self.selected)
        loop = self.loops[number]
        # The edge that closes the loop joins its last vertex and its first one.
        after = places[-1] if places[0] == 0 and places[-1] == len(loop) - 1 else places[0]
        longer = [*loop[: after + 1], (at.row, at.column), *loop[after + 1 :]]
        loops = [*self.loops[:number], longer, *self.loops[number + 1 :]]
        self._change(loops, {(number, after + 1)})

    def _change(self, loops: list[Loop], selected: set[_Place]) -> None:
        self._remember()
        self.repaint()
        self.loops, self.selected, self._lit = loops, selected, frozenset()
        self.repaint()

    def _remember(self) -> None:
        self._past.append([list(loop) for loop in self.loops])

    def _repaint_selected(self) -> None:
        """Have what moves with the vertices selected painted anew: them and the edges that end at them."""
        self.site.repaint(
            self.loops[loop][(number + by) % len(self.loops[loop])]
            for loop, number in self.selected
            for by in (-1, 0, 1)
        )

    def _repaint_band(self) -> None:
        if self._band is not None:
            self.site.view.update(self._band.normalized().toAlignedRect().adjusted(-2, -2, 2, 2))

    def _valid(self, places: frozenset[_Place]) -> set[_Place]:
        return {(loop, place) for loop, place in places if loop < len(self.loops) and place < len(self.loops[loop])}


def _middle(one: Vertex, other: Vertex) -> Vertex:
    return (one[0] + other[0]) / 2, (one[1] + other[1]) / 2
