"""The adaptive brush: of what is under it, it takes the tissue on which the stroke began."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from escc_desktop.gui.tools.brush import BrushTool, Stroke
from escc_desktop.gui.tools.brush_options import BrushOptions
from escc_desktop.gui.tools.brush_panel import BrushPanel
from escc_desktop.gui.tools.canvas import Canvas
from escc_desktop.gui.tools.tool import array_point
from escc_desktop.gui.viewer.tool import Pointer
from escc_desktop.i18n import _
from escc_desktop.imaging.adaptive import Tissue, alike, tissue_at
from escc_desktop.imaging.delineate import Point, Stamp, spread_axes, stroke_places
from escc_desktop.imaging.mask import BoolArray, Region

ADAPTED = "adaptive brush"


class AdaptiveBrush(BrushTool):
    """Paints (left) or erases (right) what looks like the place the stroke began on and hangs together with it."""

    def __init__(self, canvas: Canvas, options: BrushOptions) -> None:
        super().__init__(canvas, options, paints=True)
        self.name = ADAPTED
        self._tissue: Tissue | None = None

    def begin(self, at: Pointer) -> bool:
        """Look at the tissue here; left paints it, right erases it."""
        self._tissue = self._tissue_under(at)
        return super().begin(at)

    def finish(self) -> None:
        """End the stroke where it is."""
        super().finish()
        self._tissue = None

    def lay(self, stroke: Stroke, start: Point, end: Point, stamp: Stamp) -> Region | None:
        """Change what is alike."""
        if self._tissue is None:
            return None
        found = alike(self.canvas.planes.hu, stamp, stroke_places(start, end, stamp), self._tissue)
        if found is None:
            return None
        box, inside = found
        if stroke.value:
            self.canvas.shown[box] |= inside
        else:
            self.canvas.shown[box] &= ~inside
        return box

    def label_of(self, stroke: Stroke) -> str:
        """Return what the step is called."""
        return ADAPTED

    def nothing(self, stroke: Stroke) -> str:
        """Say why a stroke changed nothing."""
        if stroke.value:
            return _("Nothing changed: what is alike here is drawn already. A larger brush or tolerance takes more.")
        return _("Nothing changed: nothing alike is drawn here to erase.")

    def reached(self, at: Pointer, stamp: Stamp, box: Region, inside: BoolArray) -> BoolArray:
        """Return what is alike of the voxels under the brush in the plane."""
        tissue = self._tissue or self._tissue_under(at)
        corner = stamp.corner(array_point(at))
        found = alike(self.canvas.planes.hu, stamp, [corner], tissue)
        if found is None:
            return inside & False
        whole, voxels = found
        z, y, x = (slice(a.start - b.start, a.stop - b.start) for a, b in zip(box, whole, strict=True))
        return voxels[z, y, x]

    def make_options(self) -> QWidget:
        """Return size, shape and reach, the tolerance, and the range of HU."""
        return BrushPanel(self.options, self.canvas, is_adaptive=True)

    def _tissue_under(self, at: Pointer) -> Tissue:
        axes = at.view.axes
        normal = 2 - axes.normal if axes is not None else 0
        spread = spread_axes(normal, is_ball=self.options.is_ball)
        return tissue_at(self.canvas.planes.hu, array_point(at), spread, float(self.options.tolerance_hu))
