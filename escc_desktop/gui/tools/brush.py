"""Brush and eraser: left does, right does the opposite."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QWidget

from escc_desktop.gui.tools.brush_options import BrushOptions, BrushPanel
from escc_desktop.gui.tools.canvas import ERASED, PAINTED, Canvas
from escc_desktop.gui.tools.tool import DrawTool, array_point, slice_of
from escc_desktop.gui.viewer.canvas import SliceCanvas
from escc_desktop.gui.viewer.look import ROI_COLOR
from escc_desktop.gui.viewer.planes import Plane
from escc_desktop.gui.viewer.tool import Pointer
from escc_desktop.i18n import _
from escc_desktop.imaging.delineate import Point, Stamp, join, make_stamp, stroke_places, touch
from escc_desktop.imaging.mask import BoolArray, Region

_ERASER_COLOR = "#ffffff"
_PAD_PX = 3


@dataclass
class _Stroke:
    value: bool
    slice_index: int
    last: Point
    on: tuple[Plane, int]
    region: Region | None = None


class BrushTool(DrawTool):
    """Paints the voxels under a round brush, or erases them.

    Parameters
    ----------
    paints
        What the left button does: paint, or erase. The right button does the opposite of painting: it always erases.
    """

    def __init__(self, canvas: Canvas, options: BrushOptions, *, paints: bool) -> None:
        super().__init__(canvas)
        self.name = PAINTED if paints else ERASED
        self._options = options
        self._paints = paints
        self._stroke: _Stroke | None = None
        self._at: Pointer | None = None
        self._painted: QRect | None = None
        self._stamps: dict[tuple[int, bool, int], Stamp] = {}
        options.changed.connect(self._on_options)

    def press(self, at: Pointer) -> bool:
        """Begin a stroke."""
        if at.button not in {Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton}:
            return False
        if not self.canvas.may_draw():
            return True
        value = self._paints and at.button == Qt.MouseButton.LeftButton
        self._stroke = _Stroke(value, slice_of(at, self.canvas), array_point(at), (at.plane, at.index))
        self.canvas.is_stroking = True
        self._on_to(self._stroke, at)
        return True

    def move(self, at: Pointer) -> bool:
        """Go on with the stroke; what the pointer skipped is drawn too."""
        if self._stroke is not None:
            self._on_to(self._stroke, at)
        return True

    def release(self, at: Pointer) -> bool:
        """End the stroke: one step of the history."""
        if self._stroke is not None:
            self._on_to(self._stroke, at)
        self.finish()
        return True

    def finish(self) -> None:
        """End the stroke where it is."""
        stroke, self._stroke = self._stroke, None
        if stroke is None:
            return
        self.canvas.is_stroking = False
        label = PAINTED if stroke.value else ERASED
        if not self.canvas.take(label, stroke.slice_index, stroke.region):
            self.canvas.said.emit(_nothing(stroke))

    def hover(self, at: Pointer | None) -> None:
        """Show the voxels that would change."""
        view = at.view if at is not None else self._at.view if self._at is not None else None
        self._at = at
        if view is not None:
            self._repaint(view)

    def paint(self, painter: QPainter, view: SliceCanvas) -> None:
        """Paint the border of the voxels that would change."""
        at = self._at
        if at is None or at.view is not view or view.axes is None or self.canvas.why_locked:
            return
        voxels, corner = self._outline(at)
        erases = not self._paints or (self._stroke is not None and not self._stroke.value)
        view.paint_border(painter, voxels, corner, QColor(_ERASER_COLOR if erases else ROI_COLOR))

    def make_options(self) -> QWidget:
        """Return size and reach."""
        x, y, _z = self.canvas.planes.geometry.spacing_mm
        return BrushPanel(self._options, min(x, y))

    def outline(self) -> tuple[BoolArray, tuple[int, int]] | None:
        """Return the voxels (rows, columns) that a click would change and the first one's place in the plane."""
        return None if self._at is None else self._outline(self._at)

    def _outline(self, at: Pointer) -> tuple[BoolArray, tuple[int, int]]:
        axes = at.view.axes
        if axes is None:
            raise ValueError("a pointer over no volume")
        stamp = self._stamp(2 - axes.normal)
        corner = stamp.corner(array_point(at))
        flat = stamp.flat(2 - axes.normal)
        voxels = flat if axes.row > axes.column else flat.T
        return voxels, (corner[2 - axes.row], corner[2 - axes.column])

    def _on_to(self, stroke: _Stroke, at: Pointer) -> None:
        point, axes = array_point(at), at.view.axes
        stamp = self._stamp(2 - axes.normal if axes is not None else 0)
        # Who turns to another slice in mid-stroke goes on there, and draws nothing on the slices between.
        start = stroke.last if stroke.on == (at.plane, at.index) else point
        stroke.on = at.plane, at.index
        region = touch(self.canvas.shown, stamp, stroke_places(start, point, stamp), stroke.value)
        stroke.last = point
        stroke.region = join(stroke.region, region)
        self._at = at
        self.canvas.show(region)
        self._repaint(at.view)

    def _stamp(self, normal: int) -> Stamp:
        key = self._options.diameter, self._options.is_ball, normal
        if key not in self._stamps:
            x, y, z = self.canvas.planes.geometry.spacing_mm
            self._stamps[key] = make_stamp(key[0], (z, y, x), normal, is_ball=key[1])
        return self._stamps[key]

    def _on_options(self) -> None:
        if self._at is not None:
            self._repaint(self._at.view)

    def _repaint(self, view: SliceCanvas) -> None:
        """Have the places of the outline before and now painted anew, and no more."""
        before, self._painted = self._painted, None
        if self._at is not None and self._at.view is view:
            voxels, (row, column) = self._outline(self._at)
            box = view.voxels_to_widget(slice(row, row + voxels.shape[0]), slice(column, column + voxels.shape[1]))
            self._painted = box.toAlignedRect().adjusted(-_PAD_PX, -_PAD_PX, _PAD_PX, _PAD_PX)
        for rectangle in (before, self._painted):
            if rectangle is not None:
                view.update(rectangle)


def _nothing(stroke: _Stroke) -> str:
    """Say why a stroke changed nothing."""
    if stroke.region is None:
        return _("Nothing changed: the brush was outside the image.")
    if stroke.value:
        return _("Nothing changed: all of this is drawn already.")
    return _("Nothing changed: there is nothing here to erase. With Ctrl, the right button changes the window.")
