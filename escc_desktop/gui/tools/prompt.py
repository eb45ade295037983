"""Showing an AI server what is meant: a point, a scribble, a lasso."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QButtonGroup, QToolButton, QWidget

from escc_desktop.gui.theme import OKABE_ITO
from escc_desktop.gui.tools.canvas import Canvas
from escc_desktop.gui.tools.tool import DrawTool, array_point
from escc_desktop.gui.viewer.canvas import SliceCanvas
from escc_desktop.gui.viewer.tool import Pointer
from escc_desktop.gui.widgets.text import row
from escc_desktop.i18n import _
from escc_desktop.imaging.delineate import Point, fill, join, make_stamp, stroke_places, touch
from escc_desktop.imaging.mask import Region
from escc_desktop.workflow.proposals import Prompt, PromptKind

_SCRIBBLE_VOXELS: Final = 3
_COLORS: Final = {True: OKABE_ITO[2], False: OKABE_ITO[5]}


class PromptTool(DrawTool):
    """Left shows what belongs to the lesion, right what does not.

    Attributes
    ----------
    kind
        What a drag draws.
    asks
        Who is told a `Prompt`; without any, proposals are off.
    """

    name = "prompt"

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self.kind = PromptKind.POINT
        self.asks: Callable[[Prompt], None] | None = None
        self._path: list[tuple[float, float]] = []
        self._points: list[Point] = []
        self._at: Pointer | None = None

    def press(self, at: Pointer) -> bool:
        """Begin to show something."""
        if at.button not in {Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton}:
            return False
        if self.asks is None:
            self.canvas.said.emit(_("AI proposals are off. Turn them on in the panel, under AI proposal."))
        elif self.canvas.may_draw() and at.voxel is not None:
            self._at, self._path, self._points = at, [], []
            self._go_on(at)
        return True

    def move(self, at: Pointer) -> bool:
        """Go on showing it."""
        if self._at is not None and at.index == self._at.index and at.view is self._at.view:
            self._go_on(at)
        return True

    def release(self, at: Pointer) -> bool:
        """Ask."""
        self.finish()
        return True

    def finish(self) -> None:
        """Ask with what was shown so far."""
        at, self._at = self._at, None
        if at is None:
            return
        at.view.update()
        voxels = self._voxels(at)
        if self.asks is not None and len(voxels):
            self.asks(Prompt(self.kind, at.button == Qt.MouseButton.LeftButton, voxels))

    def paint(self, painter: QPainter, view: SliceCanvas) -> None:
        """Paint what is being shown."""
        if self._at is None or self._at.view is not view:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        color = QColor(_COLORS[self._at.button == Qt.MouseButton.LeftButton])
        places = [view.plane_to_widget(place, column) for place, column in self._path]
        painter.setPen(QPen(color, 2.0))
        if self.kind is PromptKind.POINT:
            painter.drawEllipse(places[-1], 4, 4)
        elif self.kind is PromptKind.SCRIBBLE:
            painter.drawPolyline(QPolygonF(places))
        else:
            painter.drawPolygon(QPolygonF(places))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def make_options(self) -> QWidget:
        """Return the choice between point, scribble and lasso."""
        holder = row(*(self._choice(*entry) for entry in self._kinds()), None)
        group = QButtonGroup(holder)
        for made in holder.findChildren(QToolButton):
            group.addButton(made)
        return holder

    def _kinds(self) -> tuple[tuple[PromptKind, str, str], ...]:
        return (
            (PromptKind.POINT, _("Point"), _("Click into the lesion")),
            (PromptKind.SCRIBBLE, _("Scribble"), _("Draw a line along the lesion")),
            (PromptKind.LASSO, _("Lasso"), _("Draw around the lesion")),
        )

    def _choice(self, kind: PromptKind, text: str, tip: str) -> QToolButton:
        made = QToolButton()
        made.setText(text)
        made.setToolTip(tip)
        made.setCheckable(True)
        made.setChecked(kind is self.kind)
        made.setMinimumHeight(28)
        made.clicked.connect(lambda _checked=False: self._choose(kind))
        return made

    def _choose(self, kind: PromptKind) -> None:
        self.kind = kind

    def _go_on(self, at: Pointer) -> None:
        self._path.append((at.row, at.column))
        self._points.append(array_point(at))
        at.view.update()

    def _voxels(self, at: Pointer) -> NDArray[np.intp]:
        """Return the voxels (n, 3) that were shown, (z, y, x)."""
        voxels = np.zeros(self.canvas.planes.hu.shape, dtype=np.bool_)
        axes = at.view.axes
        touched: Region | None = None
        if axes is None:
            return np.empty((0, 3), dtype=np.intp)
        normal = 2 - axes.normal
        if self.kind is PromptKind.LASSO:
            path = self._path if axes.row > axes.column else [(column, place) for place, column in self._path]
            touched = fill(voxels, path, (normal, at.index), True)
        else:
            x, y, z = self.canvas.planes.geometry.spacing_mm
            size = 1 if self.kind is PromptKind.POINT else _SCRIBBLE_VOXELS
            stamp = make_stamp(size, (z, y, x), normal)
            points = self._points[-1:] if self.kind is PromptKind.POINT else self._points
            for start, end in zip([points[0], *points], points, strict=False):
                touched = join(touched, touch(voxels, stamp, stroke_places(start, end, stamp), True))
        if touched is None:
            return np.empty((0, 3), dtype=np.intp)
        shown: NDArray[np.intp] = np.argwhere(voxels[touched]) + [part.start for part in touched]
        return shown
