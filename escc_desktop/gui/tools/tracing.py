"""Level tracing: under the mouse, what the line of equal HU goes round; a click takes it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from PySide6.QtCore import QObject, QRect, Qt, Signal
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QVBoxLayout, QWidget

from escc_desktop.gui.theme import GRID
from escc_desktop.gui.tools.canvas import Canvas
from escc_desktop.gui.tools.tool import DrawTool, slice_of
from escc_desktop.gui.viewer.canvas import SliceCanvas
from escc_desktop.gui.viewer.planes import VolumePlanes
from escc_desktop.gui.viewer.tool import Pointer
from escc_desktop.gui.widgets.text import icon_button, label, row
from escc_desktop.i18n import _
from escc_desktop.imaging.level import enclosed
from escc_desktop.imaging.mask import BoolArray

TRACED: Final = "level tracing"
_BLURS_MM: Final = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0)
_USUAL: Final = 2
_PAD_PX: Final = 3
_Found = tuple[BoolArray, tuple[int, int]]


class Blur(QObject):
    """How much noise is taken from the picture before a line is traced in it.

    Signals
    -------
    changed
        Another one was chosen.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._chosen = _USUAL

    @property
    def mm(self) -> float:
        """The standard deviation of the Gaussian."""
        return _BLURS_MM[self._chosen]

    def step(self, by: int) -> None:
        """Choose the next one; beyond the ends the least or most."""
        chosen = min(max(self._chosen + by, 0), len(_BLURS_MM) - 1)
        if chosen != self._chosen:
            self._chosen = chosen
            self.changed.emit()


class TracingTool(DrawTool):
    """Adds what the line of equal HU through the mouse goes round (left), or takes it away (right)."""

    name = TRACED

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self.blur = Blur()
        self._at: Pointer | None = None
        self._found: _Found | None = None
        self._painted: QRect | None = None
        self.blur.changed.connect(self._look_again)

    def press(self, at: Pointer) -> bool:
        """Take what is shown under the mouse, or take it away."""
        if at.button not in {Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton}:
            return False
        planes = at.view.planes
        if planes is None or not self.canvas.may_draw():
            return True
        self.hover(at)
        if self._found is None:
            self.canvas.said.emit(_("No closed line of equal HU runs here: it leaves the image or goes too far round."))
            return True
        self._take(at, planes, *self._found, value=at.button == Qt.MouseButton.LeftButton)
        return True

    def hover(self, at: Pointer | None) -> None:
        """Show what a click would take."""
        last, before = at or self._at, self._found
        self._at = at
        self._found = None if at is None else self._enclosed(at)
        if last is not None and not _are_same(before, self._found):
            self._repaint(last.view)

    def adjust(self, by: int) -> bool:
        """Smooth more or less."""
        self.blur.step(by)
        return True

    def lay_down(self) -> None:
        """Show nothing any more."""
        self.hover(None)

    def paint(self, painter: QPainter, view: SliceCanvas) -> None:
        """Paint the border of the voxels a click would take."""
        at = self._at
        if at is None or at.view is not view or self.canvas.why_locked:
            return
        if at.index != view.index:  # the wheel was turned under a mouse at rest
            self._at = replace(at, index=view.index)
            self._found = self._enclosed(self._at)
            self._painted = None
        if self._found is not None:
            view.paint_border(painter, *self._found, QColor(self.canvas.color))

    def make_options(self) -> QWidget:
        """Return how much is smoothed."""
        return TracingPanel(self.blur)

    def _enclosed(self, at: Pointer) -> _Found | None:
        planes, axes = at.view.planes, at.view.axes
        if planes is None or axes is None:
            return None
        spacing = planes.geometry.spacing_mm
        picture = planes.image(at.plane, at.index)
        return enclosed(picture, (at.row, at.column), self.blur.mm, (spacing[axes.row], spacing[axes.column]))

    def _take(
        self, at: Pointer, planes: VolumePlanes, voxels: BoolArray, corner: tuple[int, int], *, value: bool
    ) -> None:
        rows, columns = (slice(start, start + n) for start, n in zip(corner, voxels.shape, strict=True))
        section = planes.section(at.plane, at.index, self.canvas.shown)[rows, columns]
        section[voxels] = value
        region = planes.region(at.plane, at.index, rows, columns)
        self.canvas.show(region)
        if not self.canvas.take(TRACED, slice_of(at, self.canvas), region):
            self.canvas.said.emit(
                _("Nothing changed: all of this is drawn already.")
                if value
                else _(
                    "Nothing changed: there is nothing here to erase. With Ctrl, the right button changes the window."
                )
            )

    def _look_again(self) -> None:
        if self._at is not None:
            self.hover(self._at)

    def _repaint(self, view: SliceCanvas) -> None:
        """Have the border before and the border now painted anew."""
        before, self._painted = self._painted, None
        if self._found is not None:
            voxels, (top, left) = self._found
            box = view.voxels_to_widget(slice(top, top + voxels.shape[0]), slice(left, left + voxels.shape[1]))
            self._painted = box.toAlignedRect().adjusted(-_PAD_PX, -_PAD_PX, _PAD_PX, _PAD_PX)
        for rectangle in (before, self._painted):
            if rectangle is not None:
                view.update(rectangle)


def _are_same(one: _Found | None, other: _Found | None) -> bool:
    if one is None or other is None:
        return one is other
    return one[1] == other[1] and np.array_equal(one[0], other[0])


class TracingPanel(QWidget):
    """How much is smoothed before a line is traced."""

    def __init__(self, blur: Blur) -> None:
        super().__init__()
        self._blur = blur
        self.words = label()
        self.less = icon_button("subtract", _("Smooth less (\N{MINUS SIGN})"))
        self.more = icon_button("add", _("Smooth more (+)"))
        self.less.clicked.connect(lambda: blur.step(-1))
        self.more.clicked.connect(lambda: blur.step(1))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        line = row(label(_("Smoothing"), tone="secondary"), None, self.words, self.less, self.more, spacing=GRID // 2)
        column.addWidget(line)
        blur.changed.connect(self._follow)
        self._follow()

    def _follow(self) -> None:
        self.words.setText(f"{self._blur.mm:.1f} mm")
