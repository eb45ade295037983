"""The picture of one plane of a volume as a widget: what is shown, where, and how it is painted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QPainter, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from escc_desktop.gui.viewer.look import ROI_COLOR, Look
from escc_desktop.gui.viewer.lut import fused_table
from escc_desktop.gui.viewer.mapping import Mapping
from escc_desktop.gui.viewer.outline import paint_border
from escc_desktop.gui.viewer.picture import Picture
from escc_desktop.gui.viewer.planes import Plane, PlaneAxes, VolumePlanes, Voxel
from escc_desktop.imaging.mask import BoolArray, Region, bounding_box

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
        Whether it belongs to the region shown.
    """

    hu: int
    voxel: Voxel
    mm: tuple[float, float, float]
    label: bool


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
        self._mapping: Mapping | None = None
        self._fits = True
        self._picture: Picture | None = None
        self._mask: BoolArray | None = None
        self._mask_box: Region | None = None
        self._changed: _Box | None = None
        self._cursor: QPointF | None = None
        self._recolor = False
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(96, 96)

    # What is shown

    def set_volume(self, planes: VolumePlanes | None) -> None:
        """Show a volume from its middle slice, fitted to the view; None shows the empty state."""
        self.planes = planes
        self._mask = self._mask_box = None
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
        """Show a region over the picture.

        Parameters
        ----------
        voxels
            Boolean array (z, y, x) on the volume's grid. It is not copied: write into it and call `mask_changed`.
        box
            The box (z, y, x) that holds every voxel of it, if known; looked for otherwise.
        """
        if voxels is not None and (self.planes is None or voxels.shape != self.planes.hu.shape):
            raise ValueError(f"a region of shape {voxels.shape} over no volume of that shape")
        self._mask = voxels
        self._mask_box = None if voxels is None else box or bounding_box(voxels)
        self._show_slice()

    def mask_changed(self, region: Region) -> None:
        """Show what changed in the region's voxels inside a box (z, y, x)."""
        if self._mask is None or self.axes is None or self._mapping is None or self._mask_box is None:
            return
        box = _whole(region, self._mask.shape)
        self._mask_box = _union(self._mask_box, box)
        normal, rows, columns = self._in_plane(box)
        if normal.start <= self.index < normal.stop and rows.stop > rows.start and columns.stop > columns.start:
            self._changed = _join(self._changed, (rows, columns))
            pad = 1 + int(max(self._mapping.voxel_px)) // 2 + _PAD_PX
            exposed = self._mapping.rectangle(rows, columns).toAlignedRect().adjusted(-pad, -pad, pad, pad)
            self.update(exposed.intersected(self.rect()))

    def set_look(self, look: Look) -> None:
        """Show in another window, with another overlay, with or without annotations."""
        if look != self.look:
            self.look = look
            self._recolor = True
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

    def voxel_at(self, row: float, column: float) -> Voxel | None:
        """Return the voxel (x, y, z) at a place of the slice shown; None outside the volume."""
        if self.planes is None:
            return None
        rows, columns = self.planes.shape(self.plane)
        if not (-0.5 <= row < rows - 0.5 and -0.5 <= column < columns - 0.5):
            return None
        return self.planes.voxel(self.plane, self.index, row, column)

    @property
    def covered(self) -> QRect:
        """The pixels of the widget that the picture covers wholly."""
        rows, columns = self._mapping.shape if self._mapping is not None else (0, 0)
        return self.voxels_to_widget(slice(0, rows), slice(0, columns)).toAlignedRect().adjusted(1, 1, -1, -1)

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
        label = self._mask is not None and bool(self._mask[z, y, x])
        return Hover(int(self.planes.hu[z, y, x]), voxel, (float(mm[0]), float(mm[1]), float(mm[2])), label)

    # Painting

    def paint_picture(self, painter: QPainter, exposed: QRect) -> None:
        """Paint slice and region where they are exposed."""
        if self._mapping is None or self._picture is None:
            return
        self._refresh(self._picture)
        rows, columns = self._mapping.shape
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self._mapping.is_smooth)
        painter.drawImage(self._mapping.rectangle(slice(0, rows), slice(0, columns)), self._picture.image)
        if self.look.has_overlay:
            self._paint_mask_border(painter, self._mapping, exposed)

    def paint_border(self, painter: QPainter, voxels: BoolArray, corner: tuple[int, int], color: QColor) -> None:
        """Paint the exact border of voxels of the plane (rows, columns), the first of which is at `corner`."""
        if self._mapping is not None:
            paint_border(painter, self._mapping, voxels, corner, color)

    def _paint_mask_border(self, painter: QPainter, mapping: Mapping, exposed: QRect) -> None:
        if self._mask is None or self.planes is None or self._mask_box is None:
            return
        normal, box_rows, box_columns = self._in_plane(self._mask_box)
        if not normal.start <= self.index < normal.stop:
            return
        rows, columns = mapping.voxels_in(QRectF(exposed))
        # What is cut off here looks like a border: it must lie beyond what is painted.
        beyond = 1 + int(_PAD_PX / min(mapping.voxel_px))
        rows, columns = _common(
            (slice(rows.start - beyond, rows.stop + beyond), slice(columns.start - beyond, columns.stop + beyond)),
            (box_rows, box_columns),
        )
        if rows.stop == rows.start or columns.stop == columns.start:
            return
        section = self.planes.section(self.plane, self.index, self._mask)[rows, columns]
        paint_border(painter, mapping, section, (rows.start, columns.start), QColor(ROI_COLOR))

    def _refresh(self, picture: Picture) -> None:
        """Bring the picture up to date where something changed."""
        look = self.look
        if self._changed is not None:
            rows, columns = self._changed
            self._take(picture, rows, columns)
        elif not self._recolor:
            return
        table = fused_table(look.width, look.level, int(ROI_COLOR[1:], 16), look.share)
        whole = tuple(slice(0, n) for n in picture.shape)
        rows, columns = (whole[0], whole[1]) if self._recolor or self._changed is None else self._changed
        picture.color(table, rows, columns)
        self._changed, self._recolor = None, False

    def _take(self, picture: Picture, rows: slice, columns: slice) -> None:
        if self.planes is None:
            return
        picture.take_voxels(self.planes.image(self.plane, self.index), rows, columns)
        if self._mask is None or self._mask_box is None:
            return
        normal, *box = self._in_plane(self._mask_box)
        if normal.start <= self.index < normal.stop:
            labelled = _common((rows, columns), (box[0], box[1]))
            picture.take_labels(self.planes.section(self.plane, self.index, self._mask), *labelled)

    def _in_plane(self, box: Region) -> tuple[slice, slice, slice]:
        """Return a box as slices along the plane's normal, rows and columns."""
        if self.axes is None:
            return slice(0, 0), slice(0, 0), slice(0, 0)
        return box[2 - self.axes.normal], box[2 - self.axes.row], box[2 - self.axes.column]

    def _show_slice(self) -> None:
        if self._picture is not None:
            rows, columns = self._picture.shape
            self._changed = slice(0, rows), slice(0, columns)
            self._recolor = True
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
    z, y, x = (slice(*part.indices(length)[:2]) for part, length in zip(box, shape, strict=True))
    return z, y, x


def _union(one: Region, other: Region) -> Region:
    """Return the box around two boxes, either of which may be empty."""
    if any(part.stop <= part.start for part in one):
        return other
    if any(part.stop <= part.start for part in other):
        return one
    z, y, x = (slice(min(a.start, b.start), max(a.stop, b.stop)) for a, b in zip(one, other, strict=True))
    return z, y, x


def _join(one: _Box | None, other: _Box) -> _Box:
    if one is None:
        return other
    rows, columns = (slice(min(a.start, b.start), max(a.stop, b.stop)) for a, b in zip(one, other, strict=True))
    return rows, columns


def _common(one: _Box, other: _Box) -> _Box:
    """Return what two boxes have in common; empty slices where nothing."""
    both = [slice(max(a.start, b.start), min(a.stop, b.stop)) for a, b in zip(one, other, strict=True)]
    rows, columns = (part if part.stop > part.start else slice(part.start, part.start) for part in both)
    return rows, columns
