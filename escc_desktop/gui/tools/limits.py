"""The cranial and caudal limits of a lesion: two lines, dragged in the coronal or sagittal view."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Final

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter

from escc_desktop.gui.theme import CAPTION_PX, face
from escc_desktop.gui.tools.canvas import Canvas
from escc_desktop.gui.tools.noted import NotedTool
from escc_desktop.gui.tools.tool import array_point
from escc_desktop.gui.viewer.canvas import SliceCanvas
from escc_desktop.gui.viewer.limit_line import paint_limit
from escc_desktop.gui.viewer.planes import Plane, VolumePlanes
from escc_desktop.gui.viewer.tool import Pointer
from escc_desktop.i18n import _
from escc_desktop.reading.tools import LIMITS

_WARNING_COLOR: Final = "#e8a33d"


@dataclass(frozen=True)
class Limits:
    """The first and the last axial slice of a lesion.

    Attributes
    ----------
    cranial, caudal
        Index of the slice next to the head, and of that next to the feet.
    """

    cranial: int
    caudal: int

    @property
    def slices(self) -> range:
        """The slices that lie within."""
        return range(min(self.cranial, self.caudal), max(self.cranial, self.caudal) + 1)


def axial_axis(planes: VolumePlanes) -> int:
    """Return which array axis (z, y, x) goes through the axial slices."""
    return 2 - planes.axes(Plane.AXIAL).normal


def limits_between(planes: VolumePlanes, one: int, other: int) -> Limits:
    """Return the limits at two slices, whichever is nearer to the head."""
    low, high = sorted((one, other))
    return Limits(low, high) if planes.axes(Plane.AXIAL).onwards > 0 else Limits(high, low)


def edge_of(planes: VolumePlanes, limits: Limits, *, cranial: bool) -> float:
    """Return where the line of a limit lies along the slices: at the outer edge of the slice it holds."""
    half = planes.axes(Plane.AXIAL).onwards / 2
    return limits.cranial - half if cranial else limits.caudal + half


class LimitsTool(NotedTool[Limits | None]):
    """Sets the limits: a first drag draws both, a later one moves the nearer of them.

    Attributes
    ----------
    watchers
        Called while a limit is dragged.
    """

    name = "limits"

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self._dragged: Limits | None = None
        self._fixed = 0
        self.watchers: list[Callable[[], object]] = []

    @property
    def shown(self) -> Limits | None:
        """The limits as they are dragged now, or as they were noted; None before they were set."""
        return self._dragged or self.noted

    @property
    def noted(self) -> Limits | None:
        """The limits that the reading holds."""
        note = self.canvas.reading.history.notes.get(LIMITS)
        return Limits(int(note["cranial"]), int(note["caudal"])) if isinstance(note, dict) else None

    def keep(self, noted: Limits | None) -> None:
        """Note limits, or that there are none."""
        before = self.noted
        if noted != before and self.canvas.may_draw():
            self.canvas.note(LIMITS, None if noted is None else asdict(noted))
            self._before.append(before)

    def set_one(self, slice_index: int, *, cranial: bool) -> None:
        """Put one limit on a slice; where it passes the other, both lie there."""
        limits = self.noted or Limits(slice_index, slice_index)
        other = limits.caudal if cranial else limits.cranial
        moved = limits_between(self.canvas.planes, slice_index, other)
        if (moved.cranial if cranial else moved.caudal) != slice_index:
            moved = Limits(slice_index, slice_index)
        self.keep(moved)

    # A drag, in whatever picture

    def begin(self, slice_index: int) -> bool:
        """Begin to drag at an axial slice: the nearer limit, or both where there are none."""
        if not self.canvas.may_draw():
            return False
        limits = self.noted
        if limits is None:
            self._fixed = slice_index
        else:
            is_cranial = abs(slice_index - limits.cranial) <= abs(slice_index - limits.caudal)
            self._fixed = limits.caudal if is_cranial else limits.cranial
        self.go_on(slice_index)
        return True

    def go_on(self, slice_index: int) -> None:
        """Drag on to an axial slice."""
        last = self.canvas.planes.size(Plane.AXIAL) - 1
        self._dragged = limits_between(self.canvas.planes, self._fixed, min(max(slice_index, 0), last))
        for tell in self.watchers:
            tell()

    def finish(self) -> None:
        """Let the limits lie where they are."""
        dragged, self._dragged = self._dragged, None
        if dragged is not None:
            self.keep(dragged)

    # As a tool

    def press(self, at: Pointer) -> bool:
        """Take a line, or draw the first two."""
        if at.button != Qt.MouseButton.LeftButton:
            return False
        if at.plane is Plane.AXIAL:
            self.canvas.said.emit(_("The limits are lines in the coronal and the sagittal view: drag them there."))
            return True
        self.begin(self._slice(at))
        return True

    def move(self, at: Pointer) -> bool:
        """Drag on."""
        if self._dragged is not None:
            self.go_on(self._slice(at))
        return True

    def release(self, at: Pointer) -> bool:
        """Let go."""
        self.finish()
        return True

    def _slice(self, at: Pointer) -> int:
        return round(array_point(at)[axial_axis(self.canvas.planes)])

    # What is seen of them

    def paint_lines(self, painter: QPainter, view: SliceCanvas) -> None:
        """Paint both limits into a coronal or sagittal view; on an axial slice outside, say so."""
        limits, axes = self.shown, view.axes
        if limits is None or axes is None or not view.look.has_annotations:
            return
        if view.plane is Plane.AXIAL:
            self._paint_outside(painter, view, limits)
            return
        columns = self.canvas.planes.shape(view.plane)[1]
        for is_cranial, name in ((True, _("cranial limit")), (False, _("caudal limit"))):
            row = edge_of(self.canvas.planes, limits, cranial=is_cranial)
            ends = [view.plane_to_widget(row, column) for column in (-0.5, columns - 0.5)]
            left, right = sorted(ends, key=QPointF.x)
            paint_limit(painter, (left, right), name, inwards=1 if is_cranial else -1, is_held=self._is_held)

    @property
    def _is_held(self) -> bool:
        return self._dragged is not None

    def _paint_outside(self, painter: QPainter, view: SliceCanvas, limits: Limits) -> None:
        if view.index in limits.slices:
            return
        painter.setFont(face(CAPTION_PX))
        box = view.rect().adjusted(0, 40, 0, 0)
        for color, by in ((QColor(0, 0, 0, 190), 1), (QColor(_WARNING_COLOR), 0)):
            painter.setPen(color)
            flags = int(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
            painter.drawText(box.translated(by, by), flags, _("Outside the limits of the lesion"))
