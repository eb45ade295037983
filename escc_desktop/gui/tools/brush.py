"""Brush and eraser: left does, right does the opposite."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import QWidget

from escc_desktop.gui.tools.brush_options import LIMITED, BrushOptions, BrushShape
from escc_desktop.gui.tools.brush_panel import BrushPanel
from escc_desktop.gui.tools.canvas import ERASED, PAINTED, Canvas
from escc_desktop.gui.tools.tool import DrawTool, array_point, slice_of
from escc_desktop.gui.viewer.canvas import SliceCanvas
from escc_desktop.gui.viewer.mapping import Mapping
from escc_desktop.gui.viewer.pixels import OPAQUE, Border
from escc_desktop.gui.viewer.planes import Plane, PlaneAxes
from escc_desktop.gui.viewer.tool import Pointer
from escc_desktop.i18n import _
from escc_desktop.imaging.delineate import Point, Stamp, clip, is_empty, join, stroke_places, touch
from escc_desktop.imaging.mask import BoolArray, Region

_ERASER_COLOR: Final = 0xFFFFFF
_FOOTPRINT_COLOR: Final = 0x9AA4B0
_PAD_PX: Final = 3
Outline = tuple[BoolArray, tuple[int, int]]
"""Voxels (rows, columns) of a plane and where the first of them lies."""


@dataclass
class Stroke:
    """A stroke from press to release.

    Attributes
    ----------
    value
        Whether it paints; it erases otherwise.
    slice_index
        The slice (z) it is named after.
    last
        Where the pointer was.
    on
        The slice it is on.
    region
        The box of what it touched.
    """

    value: bool
    slice_index: int
    last: Point
    on: tuple[Plane, int]
    region: Region | None = None


class BrushTool(DrawTool):
    """Paints the voxels under a brush, or erases them.

    Parameters
    ----------
    paints
        What the left button does: paint, or erase. The right button always erases.
    """

    def __init__(self, canvas: Canvas, options: BrushOptions, *, paints: bool) -> None:
        super().__init__(canvas)
        self.name = PAINTED if paints else ERASED
        self.options = options
        self._paints = paints
        self._stroke: Stroke | None = None
        self._at: Pointer | None = None
        self._painted: QRect | None = None
        self._painted_at: Mapping | None = None
        self._is_held = False
        self._stamps: dict[tuple[BrushShape, int, int], Stamp] = {}
        self._stamp_of: tuple[int, float, Stamp] | None = None
        options.changed.connect(self._on_options)

    @property
    def shape(self) -> BrushShape:
        """What the brush is like."""
        return self.options.shape

    def press(self, at: Pointer) -> bool:
        """Begin a stroke."""
        if at.button not in {Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton}:
            return False
        if not self.canvas.may_draw():
            return True
        point = array_point(at)
        self._stroke = Stroke(self.begin(at), slice_of(at, self.canvas), point, (at.plane, at.index))
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
        if not self.canvas.take(self.label_of(stroke), stroke.slice_index, stroke.region):
            self.canvas.said.emit(self.nothing(stroke))

    def hover(self, at: Pointer | None) -> None:
        """Show the voxels that would change."""
        view = at.view if at is not None else self._at.view if self._at is not None else None
        self._at = at
        if view is not None:
            self._repaint(view)

    def borders(self, view: SliceCanvas) -> Sequence[Border]:
        """Return the border of the voxels that would change, and of the brush if those are not all under it."""
        at = self._at
        if at is None or at.view is not view or view.axes is None or self.canvas.why_locked:
            return ()
        if view.mapping is not self._painted_at:  # zoomed or pushed since the pointer moved
            self._note_reach(at)
        footprint, changing = self.outlines(at)
        if changing is None:
            return (Border(*footprint, OPAQUE | _FOOTPRINT_COLOR),)
        paints = self.would_paint(at) if self._stroke is None else self._stroke.value
        ink = Border(*changing, OPAQUE | (int(self.canvas.color[1:], 16) if paints else _ERASER_COLOR))
        if changing is footprint or np.array_equal(changing[0], footprint[0]):
            return (ink,)
        return Border(*footprint, OPAQUE | _FOOTPRINT_COLOR), ink

    def resize(self, by: int) -> bool:
        """Change the size."""
        self.options.resize(by)
        return True

    def take_up(self) -> None:
        """Paint only what may be painted from now on."""
        self._is_held = True
        self._limit()

    def lay_down(self) -> None:
        """Leave all voxels to the next tool."""
        self._is_held = False
        self.canvas.limit(None)

    def make_options(self) -> QWidget:
        """Return size, shape and reach, and the range of HU."""
        return BrushPanel(self.options, self.canvas)

    # What kinds of brushes do differently

    def begin(self, at: Pointer) -> bool:
        """Return whether the stroke that begins here paints."""
        return self._paints and at.button == Qt.MouseButton.LeftButton and not at.pen.is_eraser

    def would_paint(self, at: Pointer) -> bool:
        """Return whether the left button would paint here."""
        return self._paints and not at.pen.is_eraser

    def lay(self, stroke: Stroke, start: Point, end: Point, stamp: Stamp) -> Region | None:
        """Change what lies under the brush on its way; return the box touched."""
        return touch(self.canvas.shown, stamp, stroke_places(start, end, stamp), stroke.value)

    def label_of(self, stroke: Stroke) -> str:
        """Return what the step is called."""
        if self.canvas.hu_range is not None:
            return LIMITED
        return PAINTED if stroke.value else ERASED

    def nothing(self, stroke: Stroke) -> str:
        """Say why a stroke changed nothing."""
        if stroke.region is None:
            return _("Nothing changed: the brush was outside the image.")
        if self.canvas.hu_range is not None:
            low, high = self.canvas.hu_range
            words = _("Nothing changed: no voxel under the brush that could change has {low} to {high} HU.")
            return words.format(low=low, high=high)
        if stroke.value:
            return _("Nothing changed: all of this is drawn already.")
        return _("Nothing changed: there is nothing here to erase. With Ctrl, the right button changes the window.")

    def reached(self, at: Pointer, stamp: Stamp, box: Region, inside: BoolArray) -> BoolArray:
        """Return which voxels (z, y, x) of those under the brush a click here changes, whatever their HU."""
        return inside

    # The outline

    def outline(self) -> Outline | None:
        """Return the voxels (rows, columns) that a click would change and the first one's place in the plane."""
        return None if self._at is None else self.outlines(self._at)[1]

    def outlines(self, at: Pointer) -> tuple[Outline, Outline | None]:
        """Return what the brush covers of the plane, and what a click changes there: what is on the image and free."""
        axes, stamp = _axes(at), self._stamp(at)
        normal = 2 - axes.normal
        inside, corner = stamp.flat(normal), list(stamp.corner(array_point(at)))
        corner[normal] = at.index
        footprint = _in_plane(inside, axes), (corner[2 - axes.row], corner[2 - axes.column])
        box, part = clip(corner, inside.shape, self.canvas.shown.shape)
        if is_empty(box):
            return footprint, None
        covered = inside[part]
        voxels = self.reached(at, stamp, box, covered)
        fixed = self.canvas.fixed(box)
        if fixed is not None:
            voxels = voxels & ~fixed
        elif voxels is covered and covered.shape == inside.shape:
            return footprint, footprint
        return footprint, (_in_plane(voxels, axes), (box[2 - axes.row].start, box[2 - axes.column].start))

    def _on_to(self, stroke: Stroke, at: Pointer) -> None:
        point = array_point(at)
        # Who turns to another slice in mid-stroke goes on there, and draws nothing on the slices between.
        start = stroke.last if stroke.on == (at.plane, at.index) else point
        stroke.on = at.plane, at.index
        region = self.lay(stroke, start, point, self._stamp(at))
        stroke.last = point
        stroke.region = join(stroke.region, region)
        self._at = at
        self.canvas.show(region)
        self._repaint(at.view)

    def _stamp(self, at: Pointer) -> Stamp:
        normal, pressure, last = 2 - _axes(at).normal, at.pen.pressure, self._stamp_of
        if last is not None and last[0] == normal and last[1] == pressure:
            return last[2]
        shape = self.shape
        x, y, z = self.canvas.planes.geometry.spacing_mm
        # A pen tells thousands of pressures, of which few make another brush.
        voxels = shape.voxels_across((z, y, x), normal, pressure)
        key = shape, normal, voxels
        if key not in self._stamps:
            self._stamps[key] = shape.stamp((z, y, x), normal, voxels)
        self._stamp_of = normal, pressure, self._stamps[key]
        return self._stamps[key]

    def _on_options(self) -> None:
        self._stamp_of = None
        self._limit()
        if self._at is not None:
            self._repaint(self._at.view)

    def _limit(self) -> None:
        if self._is_held:
            self.canvas.limit(self.options.range_now)

    def _repaint(self, view: SliceCanvas) -> None:
        """Have the places of the outline before and now painted anew, and no more."""
        before, self._painted = self._painted, None
        if before is not None:
            view.update(before)
        if self._at is not None and self._at.view is view:
            view.update(self._note_reach(self._at))

    def _note_reach(self, at: Pointer) -> QRect:
        """Return the part of the view that the outline lies in, and note that it is there."""
        axes, stamp = _axes(at), self._stamp(at)
        corner, extent, row, column = stamp.corner(array_point(at)), stamp.inside.shape, 2 - axes.row, 2 - axes.column
        rows = slice(corner[row], corner[row] + extent[row])
        columns = slice(corner[column], corner[column] + extent[column])
        self._painted, self._painted_at = at.view.pixels_around(rows, columns, _PAD_PX), at.view.mapping
        return self._painted


def _axes(at: Pointer) -> PlaneAxes:
    if at.view.axes is None:
        raise ValueError("a pointer over no volume")
    return at.view.axes


def _in_plane(voxels: BoolArray, axes: PlaneAxes) -> BoolArray:
    """Return a box (z, y, x) that is one voxel thick as rows and columns of the plane."""
    flat: BoolArray = voxels[(slice(None),) * (2 - axes.normal) + (0,)]
    return flat if axes.row > axes.column else flat.T
