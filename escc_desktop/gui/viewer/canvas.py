"""The picture of one plane of a volume as a widget: what is shown, where, and how it is painted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QPainter, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from escc_desktop.gui.viewer.look import Look
from escc_desktop.gui.viewer.lut import CODES, WindowPreset, fused_table
from escc_desktop.gui.viewer.mapping import Mapping
from escc_desktop.gui.viewer.outline import paint_border
from escc_desktop.gui.viewer.overlay import Overlay
from escc_desktop.gui.viewer.picture import Picture
from escc_desktop.gui.viewer.pixels import OPAQUE, Border
from escc_desktop.gui.viewer.planes import Plane, PlaneAxes, VolumePlanes, Voxel
from escc_desktop.gui.viewer.screen import Screen
from escc_desktop.imaging.mask import BoolArray, Region

_PAD_PX: Final = 3
_Box = tuple[slice, slice]


@dataclass(frozen=True)
class Hover:
    """What lies under the mouse.

    Attributes
    ----------
    hu
        The voxel's value.
    voxel
        Its index (x, y, z).
    mm
        Its place (x, y, z) in the patient, LPS.
    label
        Whether it belongs to the region on top.
    names
        Of the regions it belongs to.
    """

    hu: int
    voxel: Voxel
    mm: tuple[float, float, float]
    label: bool
    names: tuple[str, ...] = ()


class SliceCanvas(QWidget):
    """A plane of a volume with a region over it; knows no mouse and no keys.

    Rows and columns are voxel indices of the array, whatever way up they are shown; whole numbers are centres.
    """

    def __init__(self, plane: Plane, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.plane = plane
        self.planes: VolumePlanes | None = None
        self.axes: PlaneAxes | None = None
        self.index = 0
        self.point: Voxel | None = None
        self.look = Look()
        self.caption: tuple[str, ...] = ()
        self.empty_text = ""
        self.exposed = QRect()
        self.playing_rate = 0
        self.own_windows: tuple[WindowPreset, ...] = ()
        self._mapping: Mapping | None = None
        self._fits = True
        self._picture: Picture | None = None
        self._screen = Screen()
        self._overlays: tuple[Overlay, ...] = ()
        self._changed: _Box | None = None
        self._cursor: QPointF | None = None
        self._recolor = False
        self._is_other_slice = False
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(96, 96)

    # What is shown

    def set_volume(self, planes: VolumePlanes | None) -> None:
        """Show a volume from its middle slice, fitted to the view; None shows the empty state."""
        self.planes = planes
        self._overlays = ()
        if planes is None:
            self.axes = self._mapping = self._picture = self.point = None
            self.update()
            return
        axes = self.axes = planes.axes(self.plane)
        spacing = planes.geometry.spacing_mm
        self._mapping = Mapping(
            planes.shape(self.plane),
            (spacing[axes.row], spacing[axes.column]),
            axes.down,
            axes.right,
            QSizeF(self.size()),
            (0, 0),
            1.0,
        ).fitted()
        self._fits = True
        self._picture = Picture(planes.shape(self.plane), axes.down, axes.right)
        size = planes.geometry.size
        self.point = size[0] // 2, size[1] // 2, size[2] // 2
        self.index = planes.size(self.plane) // 2
        self._show_slice()

    def set_mask(self, voxels: BoolArray | None, box: Region | None = None) -> None:
        """Show one region (z, y, x) over the picture, or none; see `set_overlays`."""
        self.set_overlays(() if voxels is None else (Overlay(voxels, box=box),))

    @property
    def has_overlays(self) -> bool:
        """Whether there are regions over the picture, shown or hidden."""
        return bool(self._overlays)

    def set_overlays(self, overlays: Sequence[Overlay]) -> None:
        """Show regions over the picture, the first one on top; it is the one that `hover` tells of."""
        shape = None if self.planes is None else self.planes.hu.shape
        if any(overlay.voxels.shape != shape for overlay in overlays):
            raise ValueError(f"a region over no volume of its shape, {shape}")
        self._overlays = tuple(overlays)
        self._show_slice()

    def mask_changed(self, region: Region) -> None:
        """Show what changed in the regions' voxels inside a box (z, y, x)."""
        if not self._overlays or self.axes is None or self._mapping is None:
            return
        box = _whole(region, self._overlays[0].voxels.shape)
        for overlay in self._overlays:
            overlay.grow(box)
        normal, rows, columns = self._in_plane(box)
        if normal.start <= self.index < normal.stop and rows.stop > rows.start and columns.stop > columns.start:
            self._changed = _join(self._changed, (rows, columns))
            # As far as neighbours in a smooth picture reach.
            pad = 1 + int(max(self._mapping.voxel_px)) // 2 + _PAD_PX
            self.update(self._mapping.pixels_around(rows, columns, pad))

    def set_look(self, look: Look) -> None:
        """Show in another window, with another overlay, with or without annotations."""
        if look != self.look:
            before, self.look = self.look, look
            self._recolor = True
            if look.slab != before.slab:
                self._show_slice()
            self.update()

    def set_window(self, width: float, level: float) -> None:
        """Show in a window, in HU."""
        self.set_look(self.look.windowed(width, level))

    def set_caption(self, *lines: str) -> None:
        """Write lines below the plane's name, such as the series' description."""
        self.caption = lines
        self.update()

    def set_empty_text(self, text: str) -> None:
        """Say this while there is no volume."""
        self.empty_text = text
        self.update()

    # Where it is shown

    @property
    def mapping(self) -> Mapping | None:
        """Where the voxels of the plane lie now; another one after every zoom or push."""
        return self._mapping

    def fit(self) -> None:
        """Show the whole plane."""
        if self._mapping is not None:
            self._fits = True
            self._remap(self._mapping.fitted())

    def zoom_to_100(self) -> None:
        """Show a voxel (its shorter side) on one pixel, about the crosshair."""
        if self._mapping is not None:
            self._fits = False
            self._remap(self._mapping.at_percent(100, self.crosshair))

    def zoom(self, factor: float, about: QPointF) -> None:
        """Zoom; what is shown at `about` stays there."""
        if self._mapping is not None:
            self._fits = False
            self._remap(self._mapping.zoomed(factor, about))

    def pan(self, by: QPointF) -> None:
        """Push the picture by so many pixels."""
        if self._mapping is not None:
            self._fits = False
            self._remap(self._mapping.panned(by))

    def widget_to_plane(self, point: QPointF) -> tuple[float, float]:
        """Return (row, column) at a point of the widget; voxel centres are whole numbers."""
        return self._mapping.to_plane(point) if self._mapping is not None else (0.0, 0.0)

    def plane_to_widget(self, row: float, column: float) -> QPointF:
        """Return the point of the widget at (row, column)."""
        return self._mapping.to_widget(row, column) if self._mapping is not None else QPointF()

    def voxels_to_widget(self, rows: slice, columns: slice) -> QRectF:
        """Return the rectangle of the widget that a box of voxels fills."""
        return self._mapping.rectangle(rows, columns) if self._mapping is not None else QRectF()

    def pixels_around(self, rows: slice, columns: slice, pad: int) -> QRect:
        """Return the rectangle of whole pixels of the widget that a box of voxels touches, and so many more around."""
        return self._mapping.pixels_around(rows, columns, pad) if self._mapping is not None else QRect()

    def voxel_at(self, row: float, column: float) -> Voxel | None:
        """Return the voxel (x, y, z) at a place of the slice shown; None outside the volume."""
        if self.planes is None:
            return None
        rows, columns = self.planes.shape(self.plane)
        if not (-0.5 <= row < rows - 0.5 and -0.5 <= column < columns - 0.5):
            return None
        return self.planes.voxel(self.plane, self.index, row, column)

    @property
    def px_per_mm(self) -> float:
        """The zoom in (logical) pixels a millimetre."""
        return self._mapping.px_per_mm if self._mapping is not None else 1.0

    @property
    def percent(self) -> float:
        """The zoom; 100 where the shorter side of a voxel is one pixel."""
        return self._mapping.percent if self._mapping is not None else 100.0

    @property
    def voxel_px(self) -> tuple[float, float]:
        """Height and width of a voxel on screen, in (logical) pixels."""
        return self._mapping.voxel_px if self._mapping is not None else (1.0, 1.0)

    @property
    def crosshair(self) -> QPointF | None:
        """Where the crosshair is in the widget."""
        if self.planes is None or self.point is None:
            return None
        _index, row, column = self.planes.place(self.plane, self.point)
        return self.plane_to_widget(row, column)

    @property
    def hovered_voxel(self) -> Voxel | None:
        """The voxel (x, y, z) under the mouse."""
        return None if self._cursor is None else self.voxel_at(*self.widget_to_plane(self._cursor))

    @property
    def hover(self) -> Hover | None:
        """What lies under the mouse."""
        voxel = self.hovered_voxel
        if voxel is None or self.planes is None:
            return None
        x, y, z = voxel
        mm = self.planes.geometry.to_mm(np.array([voxel]))[0]
        within = [bool(overlay.voxels[z, y, x]) for overlay in self._overlays]
        names = tuple(overlay.name for overlay, is_in in zip(self._overlays, within, strict=True) if is_in)
        at = float(mm[0]), float(mm[1]), float(mm[2])
        return Hover(int(self.planes.hu[z, y, x]), voxel, at, within[:1] == [True], names)

    # Painting

    def paint_picture(self, painter: QPainter, exposed: QRect, over: Sequence[Border] = ()) -> None:
        """Paint slice and regions where they are exposed, more borders over them, and black around them."""
        if self._mapping is None or self._picture is None:
            return
        here = self._here()
        self._refresh(self._picture, here)
        borders = [self._border(overlay) for _label, overlay in here] if self.look.has_overlay else []
        self._screen.paint(painter, exposed, self._mapping, self._picture.colors, [*borders, *over])

    def paint_border(self, painter: QPainter, voxels: BoolArray, corner: tuple[int, int], color: QColor) -> None:
        """Paint the exact border of voxels of the plane (rows, columns), the first of which is at `corner`."""
        if self._mapping is not None:
            paint_border(painter, self._mapping, voxels, corner, color)

    def _here(self) -> list[tuple[int, Overlay]]:
        """Return the regions that may have voxels on this slice, with their labels; the one on top comes last."""
        if self.axes is None:
            return []
        axis, found = 2 - self.axes.normal, []
        for label in range(len(self._overlays), 0, -1):
            one = self._overlays[label - 1]
            if one.reach[axis].start <= self.index < one.reach[axis].stop:
                found.append((label, one))
        return found

    def _inside(self, overlay: Overlay) -> BoolArray:
        """Return a region's voxels (rows, columns) on this slice."""
        if self.planes is None:
            return np.zeros((0, 0), dtype=np.bool_)
        return self.planes.section(self.plane, self.index, overlay.voxels)

    def _border(self, overlay: Overlay) -> Border:
        _normal, rows, columns = self._in_plane(overlay.reach)
        section = self._inside(overlay)[rows, columns]
        return Border(section, (rows.start, columns.start), OPAQUE | overlay.rgb, overlay.is_dashed)

    def _refresh(self, picture: Picture, here: Sequence[tuple[int, Overlay]]) -> None:
        """Bring the picture up to date where something changed."""
        if self._is_other_slice and self.planes is not None:
            picture.take_voxels(self.look.slab.image(self.planes, self.plane, self.index))
        if self._recolor:
            self._changed = slice(0, picture.shape[0]), slice(0, picture.shape[1])
        if self._changed is None:
            return
        look, (rows, columns) = self.look, self._changed
        pointed_out = look.pointed_out if look.has_overlay else None
        tints = tuple([overlay.rgb for overlay in self._overlays])
        table = fused_table(look.width, look.level, tints, look.share, pointed_out)
        picture.color(table[:CODES], rows, columns)
        # From below upwards: the one on top has the last word.
        for label, overlay in here:
            if overlay.is_filled:
                inside = _common((rows, columns), self._in_plane(overlay.reach)[1:])
                picture.tint(table[label * CODES : (label + 1) * CODES], self._inside(overlay), *inside)
        self._changed, self._recolor, self._is_other_slice = None, False, False

    def _in_plane(self, box: Region) -> tuple[slice, slice, slice]:
        """Return a box as slices along the plane's normal, rows and columns."""
        if self.axes is None:
            return slice(0, 0), slice(0, 0), slice(0, 0)
        return box[2 - self.axes.normal], box[2 - self.axes.row], box[2 - self.axes.column]

    def _show_slice(self) -> None:
        if self._picture is not None:
            self._recolor = self._is_other_slice = True
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Stay fitted, or keep the middle in the middle."""
        super().resizeEvent(event)
        if self._mapping is not None:
            self._mapping = replace(self._mapping, widget=QSizeF(self.size()))
            self._mapping = self._mapping.fitted() if self._fits else self._mapping

    def _remap(self, mapping: Mapping) -> None:
        self._mapping = mapping
        self.update()


def _whole(box: Region, shape: tuple[int, ...]) -> Region:
    """Return a box with its ends as numbers within an array."""
    (z, y, x), (slices, rows, columns) = box, shape
    return slice(*z.indices(slices)[:2]), slice(*y.indices(rows)[:2]), slice(*x.indices(columns)[:2])


def _join(one: _Box | None, other: _Box) -> _Box:
    if one is None:
        return other
    rows, columns = (slice(min(a.start, b.start), max(a.stop, b.stop)) for a, b in zip(one, other, strict=True))
    return rows, columns


def _common(one: _Box, other: _Box) -> _Box:
    """Return what two boxes have in common; empty slices where nothing."""
    (rows, columns), (other_rows, other_columns) = one, other
    top, left = max(rows.start, other_rows.start), max(columns.start, other_columns.start)
    bottom, right = min(rows.stop, other_rows.stop), min(columns.stop, other_columns.stop)
    return slice(top, max(bottom, top)), slice(left, max(right, left))
