"""The tool that puts the point of a lesion, and shows the points put before."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPen

from escc_desktop.gui.theme import CAPTION_PX, OKABE_ITO, face
from escc_desktop.gui.viewer.canvas import SliceCanvas
from escc_desktop.gui.viewer.pixels import Border
from escc_desktop.gui.viewer.planes import Voxel
from escc_desktop.gui.viewer.tool import Pointer

_RADIUS_PX = 9.0
_NEAR_SLICES = 0


class PointTool:
    """A left click puts the point; without `is_armed` the mouse is the view's own.

    Parameters
    ----------
    place
        Called with the voxel (x, y, z) under each click.
    """

    name = "lesion"

    def __init__(self, place: Callable[[Voxel], object]) -> None:
        self._place = place
        self.is_armed = True
        self._marks: tuple[tuple[str, Voxel], ...] = ()
        self._new: Voxel | None = None

    def show_marks(self, marks: Sequence[tuple[str, Voxel]], new: Voxel | None) -> None:
        """Show named points, and the new one not yet saved."""
        self._marks, self._new = tuple(marks), new

    def claims(self, at: Pointer) -> bool:
        """Leave presses with Shift and Ctrl to the view."""
        return False

    def press(self, at: Pointer) -> bool:
        """Put the point."""
        is_mine = at.button == Qt.MouseButton.LeftButton and at.modifiers == Qt.KeyboardModifier.NoModifier
        return is_mine and self._put(at)

    def move(self, at: Pointer) -> bool:
        """Move the point with the mouse."""
        return self._put(at)

    def release(self, at: Pointer) -> bool:
        """Leave it where it is."""
        return self._put(at)

    def hover(self, at: Pointer | None) -> None:
        """Nothing follows the mouse."""

    def borders(self, view: SliceCanvas) -> Sequence[Border]:
        """Return nothing: the points are painted over the picture."""
        return ()

    def resize(self, by: int) -> bool:
        """Leave the wheel to the view."""
        return False

    def key(self, event: QKeyEvent) -> bool:
        """Leave all keys to the view."""
        return False

    def paint(self, painter: QPainter, view: SliceCanvas) -> None:
        """Ring the points that lie on this slice."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for name, voxel in self._marks:
            _ring(painter, view, voxel, name, QColor(OKABE_ITO[0]))
        if self._new is not None:
            _ring(painter, view, self._new, "", QColor(OKABE_ITO[1]))

    def _put(self, at: Pointer) -> bool:
        voxel = at.voxel
        if not self.is_armed or voxel is None:
            return False
        self._place(voxel)
        return True


def _ring(painter: QPainter, view: SliceCanvas, voxel: Voxel, name: str, color: QColor) -> None:
    axes = view.axes
    if axes is None or view.planes is None:
        return
    index, row, column = view.planes.place(view.plane, voxel)
    if abs(index - view.index) > _NEAR_SLICES:
        return
    middle: QPointF = view.plane_to_widget(row, column)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for pen in (QPen(QColor(0, 0, 0, 160), 4), QPen(color, 2)):
        painter.setPen(pen)
        painter.drawEllipse(middle, _RADIUS_PX, _RADIUS_PX)
    if name:
        painter.setFont(face(CAPTION_PX, bold=True))
        painter.setPen(color)
        painter.drawText(QRectF(middle.x() + 12, middle.y() - 10, 120, 20), Qt.AlignmentFlag.AlignVCenter, name)
