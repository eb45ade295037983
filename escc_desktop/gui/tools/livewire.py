"""The livewire: a click fixes a point, and the line to the mouse keeps to the edges of the picture."""

from __future__ import annotations

from typing import Final

from escc_desktop.gui.tools.canvas import Canvas
from escc_desktop.gui.tools.clipboard import Clipboard
from escc_desktop.gui.tools.outline import Site
from escc_desktop.gui.tools.polygon import PolygonTool
from escc_desktop.gui.viewer.tool import Pointer
from escc_desktop.i18n import _
from escc_desktop.imaging.livewire import Livewire
from escc_desktop.imaging.outlines import Loop, Vertex

LIVEWIRE: Final = "livewire"
# How far, in voxels, the way from voxel to voxel is smoothed when it becomes vertices that can be edited.
_TOLERANCE: Final = 0.5


class LivewireTool(PolygonTool):
    """Draws outlines along edges; closed, they are edited and accepted like polygons."""

    name = LIVEWIRE

    def __init__(self, canvas: Canvas, clipboard: Clipboard) -> None:
        super().__init__(canvas, clipboard)
        self._wire: tuple[Site, Vertex, Livewire] | None = None
        self._last: tuple[Livewire, Vertex, Loop] | None = None

    def label(self, value: bool) -> str:
        """Return the one name of its steps."""
        return LIVEWIRE

    def way_to(self, at: Pointer) -> Loop:
        """Return the way along edges from the last vertex to the mouse."""
        return self._way((at.row, at.column))

    def closed(self, vertices: Loop) -> Loop:
        """Return the loop that keeps to edges on its way back too."""
        return [*vertices, *self._way(vertices[0])[:-1]]

    def drop(self) -> None:
        """Forget the outline and the ways from its last vertex."""
        self._wire = self._last = None
        super().drop()

    def unfinished(self) -> str:
        """Say where an outline is open."""
        if self._site is None:
            return ""
        return _("The livewire on slice {n} is not accepted yet: Return accepts it, Esc clears it.").format(
            n=self._site.slice_index + 1
        )

    def _way(self, end: Vertex) -> Loop:
        site, start = self._site, self.vertices[-1]
        if site is None or site.view.planes is None or site.view.axes is None:
            return [end]
        # The ways from a vertex to all places are found once: after that, each move of the mouse only looks one up.
        if self._wire is None or self._wire[0] is not site or self._wire[1] != start:
            planes, axes = site.view.planes, site.view.axes
            spacing = planes.geometry.spacing_mm
            picture = planes.image(site.view.plane, site.index)
            self._wire = site, start, Livewire(picture, start, (spacing[axes.row], spacing[axes.column]))
        wire = self._wire[2]
        # One move of the mouse is asked for in turn by the pointer and by each repaint.
        if self._last is None or self._last[0] is not wire or self._last[1] != end:
            self._last = wire, end, wire.line_to(end, _TOLERANCE)[1:]
        return list(self._last[2])
