"""Two views that follow each other through the patient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from PySide6.QtCore import QObject, QPointF, QRectF, Signal

from escc_desktop.gui.viewer.planes import Plane, Voxel
from escc_desktop.gui.viewer.slice_view import SliceView
from escc_desktop.imaging.volume import Geometry, Vector
from escc_desktop.workflow.views.compare import RigidMotion

_BEYOND: Final = 1.0  # slices


class PairedView(SliceView):
    """A view that says when it was zoomed or pushed.

    Signals
    -------
    remapped
        Zoom or place changed.
    """

    remapped = Signal()

    def zoom(self, factor: float, about: QPointF) -> None:
        """Zoom about a point, and say so."""
        super().zoom(factor, about)
        self.remapped.emit()

    def pan(self, by: QPointF) -> None:
        """Push the picture, and say so."""
        super().pan(by)
        self.remapped.emit()

    def fit(self) -> None:
        """Show the whole plane, and say so."""
        super().fit()
        self.remapped.emit()

    @property
    def whole_px_per_mm(self) -> float:
        """The scale at which the whole plane just fits."""
        return self._mapping.fitted().px_per_mm if self._mapping is not None else 1.0

    @property
    def is_whole(self) -> bool:
        """Whether it shows the whole plane, and will in any size."""
        return self._fits

    def show_plane(self, plane: Plane) -> None:
        """Show another plane at the same point."""
        planes, point = self.planes, self.point
        self.plane = plane
        self.set_volume(planes)
        if point is not None:
            self.set_point(point)


def nearest_voxel(grid: Geometry, point_mm: Vector) -> Voxel:
    """Return the voxel (x, y, z) nearest to a point of the patient."""
    return _within(grid, grid.to_index(np.array([point_mm]))[0].tolist())


def _within(grid: Geometry, place: Sequence[float]) -> Voxel:
    x, y, z = (min(max(round(n), 0), end - 1) for n, end in zip(place, grid.size, strict=True))
    return x, y, z


def align(view: PairedView, other: PairedView) -> None:
    """Give another view the scale of a view, and the crosshair the same way from its middle."""
    at, there = view.crosshair, other.crosshair
    if at is None or there is None:
        return
    other.zoom(view.px_per_mm / other.px_per_mm, there)
    by = at - QPointF(view.width() / 2, view.height() / 2)
    other.pan(QPointF(other.width() / 2, other.height() / 2) + by - there)


def carry_over(view: PairedView, other: PairedView) -> None:
    """Show in a view of another size the part a view shows: enlarged as much, the crosshair the same way from it."""
    at, there = view.crosshair, other.crosshair
    if at is None or there is None:
        return
    if view.is_whole:
        other.fit()
        return
    grown = other.whole_px_per_mm / view.whole_px_per_mm
    other.zoom(view.px_per_mm * grown / other.px_per_mm, there)
    by = (at - QPointF(view.width() / 2, view.height() / 2)) * grown
    other.pan(QPointF(other.width() / 2, other.height() / 2) + by - there)


def bring_near(view: PairedView, rows: slice, columns: slice, share: float) -> None:
    """Show a box of voxels in the middle of a view, filling so much of it; never smaller than the whole plane."""
    view.fit()
    filled, room = view.voxels_to_widget(rows, columns), QRectF(view.rect())
    if filled.isEmpty() or room.isEmpty():
        return
    factor = share / max(filled.width() / room.width(), filled.height() / room.height())
    view.zoom(max(factor, 1.0), filled.center())
    view.pan(room.center() - view.voxels_to_widget(rows, columns).center())


class Link(QObject):
    """Keeps two views at the same place of the patient, while it has a motion from one to the other.

    Signals
    -------
    moved
        The first view looks at another place.
    """

    moved = Signal()

    def __init__(self, first: PairedView, second: PairedView, parent: QObject) -> None:
        super().__init__(parent)
        self.first, self.second = first, second
        self.motion: RigidMotion | None = None
        self._follows = False
        for view in (first, second):
            view.index_changed.connect(lambda _index, view=view: self._follow_point(view))
            view.point_chosen.connect(lambda _point, view=view: self._follow_point(view))
            view.remapped.connect(lambda view=view: self._follow_mapping(view))

    def follow(self) -> None:
        """Bring the second view to where the first one is."""
        self._follow_point(self.first)
        self._follow_mapping(self.first)

    def is_beyond(self) -> bool:
        """Return whether the second volume ends before the place the first view looks at."""
        if self.motion is None or self.second.planes is None or self.second.axes is None:
            return False
        normal = self.second.axes.normal
        place = self._place(self.first)[normal]
        return not -_BEYOND <= place <= self.second.planes.geometry.size[normal] - 1 + _BEYOND

    def _other(self, view: PairedView) -> PairedView:
        return self.second if view is self.first else self.first

    def _place(self, view: PairedView) -> list[float]:
        """Return where in the other volume (x, y, z) the point of a view lies."""
        other, motion = self._other(view), self.motion
        if view.planes is None or other.planes is None or view.point is None or motion is None:
            return [0.0, 0.0, 0.0]
        there = motion if view is self.first else motion.inverse()
        at = there.apply(view.planes.geometry.to_mm(np.array([view.point])))
        place: list[float] = other.planes.geometry.to_index(at)[0].tolist()
        return place

    def _follow_point(self, view: PairedView) -> None:
        other = self._other(view)
        if self._follows or self.motion is None or other.planes is None:
            return
        self._follows = True
        other.set_point(_within(other.planes.geometry, self._place(view)))
        self._follows = False
        self.moved.emit()

    def _follow_mapping(self, view: PairedView) -> None:
        """Give the other view the same scale, and what is at its crosshair the same place on screen."""
        other = self._other(view)
        if self._follows or self.motion is None:
            return
        self._follows = True
        align(view, other)
        self._follows = False
