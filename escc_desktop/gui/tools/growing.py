"""Region growing and flood fill: a press is the seed, a drag sets the range of HU while the result follows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import QWidget

from escc_desktop.gui.latest import Latest
from escc_desktop.gui.theme import face
from escc_desktop.gui.tools.growing_options import GrowingOptions, GrowingPanel
from escc_desktop.gui.tools.suggestions import confirm
from escc_desktop.gui.tools.tool import Bench, DrawTool, slice_of
from escc_desktop.gui.viewer.canvas import SliceCanvas
from escc_desktop.gui.viewer.look import SUGGESTION_COLOR
from escc_desktop.gui.viewer.tool import Pointer
from escc_desktop.i18n import _
from escc_desktop.imaging.growing import Grown, Growth, HuRange, grow, range_of, start_range
from escc_desktop.imaging.mask import BoolArray
from escc_desktop.progress import Progress

FLOODED: Final = "flood fill"
GROWN: Final = "region growing"
HU_A_PX: Final = 0.5
_TEXT_PX: Final = 12
_SEED_PX: Final = 5.0
_PAD_PX: Final = 6


@dataclass(frozen=True)
class _Seed:
    """Where the growing began."""

    view: SliceCanvas
    index: int
    row: float
    column: float
    voxel: tuple[int, int, int]
    slice_index: int
    normal: int
    is_in_region: bool

    @property
    def place(self) -> QPointF:
        return self.view.plane_to_widget(self.row, self.column)


class GrowingTool(DrawTool):
    """Grows a region from the voxel pressed, or from the region drawn if the press is in it.

    Dragging up widens the range, down narrows it; right moves it to higher HU, left to lower.

    Parameters
    ----------
    is_flat
        Fill in the plane of the view, and take what was filled as the button is let go. Otherwise what is grown in
        three dimensions is suggested until it is confirmed or cleared.
    """

    def __init__(self, bench: Bench, *, is_flat: bool) -> None:
        super().__init__(bench.canvas)
        self.name = FLOODED if is_flat else GROWN
        self.options = GrowingOptions()
        self.grown: Grown | None = None
        self._is_flat = is_flat
        self._seed: _Seed | None = None
        self._began: tuple[QPointF, HuRange] | None = None
        self._is_suggesting = False
        self._is_outdated = False
        self._is_wanted = False
        self._latest: Latest[Grown] = Latest(bench.tasks, _("Region growing"), self._show, self._fail)
        self.options.changed.connect(self._ask)
        self.canvas.suggested.connect(self._on_suggested)
        self._layer = self.canvas.layer
        self.canvas.rois_changed.connect(self._on_rois)

    @property
    def is_busy(self) -> bool:
        """Whether a result is still to come."""
        return self._latest.is_busy

    def press(self, at: Pointer) -> bool:
        """Take the voxel as seed; a range fit for its surroundings is where it starts."""
        if at.button != Qt.MouseButton.LeftButton:
            return False
        voxel, axes = at.voxel, at.view.axes
        if not self.canvas.may_draw():
            return True
        if voxel is None or axes is None:
            self.canvas.said.emit(_("The seed lies outside the image: click inside it."))
            return True
        self.drop()
        self._layer = self.canvas.layer
        seed = voxel[2], voxel[1], voxel[0]
        is_inside = bool(self.canvas.shown[seed])
        place = at.view.plane_to_widget(at.row, at.column)
        self._seed = _Seed(
            at.view, at.index, at.row, at.column, seed, slice_of(at, self.canvas), 2 - axes.normal, is_inside
        )
        start = self._start_range(self._seed)
        self._began = place, start
        self.canvas.is_stroking = True
        self.options.set_range(*start)
        return True

    def move(self, at: Pointer) -> bool:
        """Set the range by how far the mouse is from where it was pressed."""
        if self._began is None:
            return True
        (place, (low, high)), here = self._began, at.view.plane_to_widget(at.row, at.column)
        shift, wider = (here.x() - place.x()) * HU_A_PX, (place.y() - here.y()) * HU_A_PX
        middle, half = (low + high) / 2 + shift, max((high - low) / 2 + wider, 1.0)
        self.options.set_range(round(middle - half), round(middle + half))
        return True

    def release(self, at: Pointer) -> bool:
        """Keep the range; what was filled in the plane becomes a step."""
        self.move(at)
        self.finish()
        return True

    def finish(self) -> None:
        """End the drag."""
        if self._began is None:
            return
        self._began = None
        self.canvas.is_stroking = False
        if self._is_flat and self._seed is not None:
            self.accept()

    def accept(self) -> None:
        """Make what is suggested part of the region; what is still being grown, as soon as it is."""
        seed = self._seed
        if seed is None:
            return
        if self.is_busy:
            self._is_wanted = True
            return
        if self.grown is not None and not self.grown.n_voxels:
            self.canvas.said.emit(_("Nothing was grown: no voxel around the seed is in the range."))
        else:
            self._is_suggesting = False
            confirm(self.canvas, seed.slice_index)
        self.drop()

    def _on_rois(self) -> None:
        """Forget what grows for a region that is drawn no more: it would come to be suggested for another one."""
        if self._seed is not None and self._layer != self.canvas.layer:
            self.drop()

    def key(self, event: QKeyEvent) -> bool:
        """Return confirms, Esc clears."""
        if self._seed is None:
            return False
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.accept()
        elif event.key() in {Qt.Key.Key_Escape, Qt.Key.Key_Backspace, Qt.Key.Key_Delete}:
            self.drop()
        else:
            return False
        return True

    def drop(self) -> None:
        """Forget the seed and what was grown from it."""
        self._latest.stop()
        if self._began is not None:
            self.canvas.is_stroking = False
        seed, self._seed, self.grown, self._began = self._seed, None, None, None
        self._is_outdated = self._is_wanted = False
        if self._is_suggesting:
            self._is_suggesting = False
            self.canvas.suggest(None)
        self.options.tell("")
        if seed is not None:
            seed.view.update()

    def step_back(self) -> bool:
        """Forget the seed."""
        is_begun = self._seed is not None
        self.drop()
        return is_begun

    def unfinished(self) -> str:
        """Say that what was grown is only suggested."""
        if self._seed is None:
            return ""
        return _("The region grown from slice {n} is only suggested: Return adds it, Esc clears it.").format(
            n=self._seed.slice_index + 1
        )

    def make_options(self) -> QWidget:
        """Return range, reach and guard."""
        return GrowingPanel(self.options)

    def paint(self, painter: QPainter, view: SliceCanvas) -> None:
        """Paint the seed, the range and how much it holds."""
        seed = self._seed
        if seed is None or seed.view is not view:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        if view.index == seed.index:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            for color, width in ((QColor(0, 0, 0, 180), 3.5), (QColor(SUGGESTION_COLOR), 1.5)):
                painter.setPen(QPen(color, width))
                painter.drawEllipse(seed.place, _SEED_PX, _SEED_PX)
        self._paint_words(painter, seed.place, view)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _paint_words(self, painter: QPainter, place: QPointF, view: SliceCanvas) -> None:
        painter.setFont(face(_TEXT_PX))
        words = self.options.words()
        size = painter.fontMetrics().boundingRect(words)
        box = QRectF(place.x() + 14, place.y() - 30, size.width() + 2 * _PAD_PX, size.height() + _PAD_PX)
        box.moveRight(min(box.right(), view.width() - _PAD_PX))
        box.moveTop(max(box.top(), _PAD_PX))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(0, 0, 0, 190))
        painter.drawRoundedRect(box, 4, 4)
        painter.setPen(QColor("#ffffff"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)

    def _start_range(self, seed: _Seed) -> HuRange:
        growth = self._growth(seed)
        hu = self.canvas.planes.hu
        if not seed.is_in_region:
            return start_range(hu, seed.voxel, growth.spacing_mm)
        box = growth.box(hu.shape)
        return range_of(hu[box][self.canvas.shown[box]])

    def _growth(self, seed: _Seed) -> Growth:
        x, y, z = self.canvas.planes.geometry.spacing_mm
        options = self.options
        normal = seed.normal if self._is_flat else None
        return Growth(seed.voxel, options.hu_range, (z, y, x), options.reach_mm, options.guard_mm, normal)

    def _ask(self) -> None:
        seed = self._seed
        if seed is None:
            return
        if self.is_busy:  # let it end, so that the picture follows the hand, if a little behind
            self._is_outdated = True
            return
        growth, hu = self._growth(seed), self.canvas.planes.hu
        region = self.canvas.shown[growth.box(hu.shape)].copy() if seed.is_in_region else None
        if self._is_flat:  # one slice within reach: less than a frame
            self._show(grow(hu, growth, region, Progress()))
        else:
            self._latest.ask(grow, hu, growth, region)

    def _show(self, grown: Grown) -> None:
        if self._seed is None:
            return
        self.grown = grown
        voxels: BoolArray = np.zeros(self.canvas.planes.hu.shape, dtype=np.bool_)
        voxels[grown.box] = grown.voxels
        self._is_suggesting = False
        self.canvas.suggest(voxels, self.name, grown.box)
        self._is_suggesting = True
        self.options.tell(self._size_words(grown))
        self._seed.view.update()
        if self._is_outdated:
            self._is_outdated = False
            self._ask()
        elif self._is_wanted:
            self.accept()

    def _size_words(self, grown: Grown) -> str:
        volume = grown.n_voxels * self.canvas.planes.geometry.voxel_volume_mm3
        words = f"{volume / 1000:.1f} mL"
        if self._is_flat:
            x, y, z = self.canvas.planes.geometry.spacing_mm
            words = f"{volume / (z, y, x)[self._seed.normal if self._seed else 0]:.0f} mm\N{SUPERSCRIPT TWO}"
        return words + (_(", stopped at its reach") if grown.is_stopped else "")

    def _fail(self, error: Exception) -> None:
        self.canvas.said.emit(str(error))
        self.drop()

    def _on_suggested(self) -> None:
        """Forget the seed when what it grew was confirmed or replaced by others."""
        if self._is_suggesting:
            self._is_suggesting = False
            self.drop()
