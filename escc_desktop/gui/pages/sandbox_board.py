"""The sandbox when it is open: views to draw in, the live score, and what the signed score depends on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
import shiboken6
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from escc_desktop.errors import EsccError
from escc_desktop.gui.desktop import Desktop
from escc_desktop.gui.latest import Latest
from escc_desktop.gui.pages.sandbox_side import SandboxSide
from escc_desktop.gui.pages.sandbox_tornado import TornadoPart
from escc_desktop.gui.tasks import Tasks
from escc_desktop.gui.tools.canvas import Canvas
from escc_desktop.gui.tools.hand import Hand
from escc_desktop.gui.tools.measure_paint import paint_kept
from escc_desktop.gui.tools.toolbox import TOOLS
from escc_desktop.gui.viewer.canvas import SliceCanvas
from escc_desktop.gui.viewer.keeping import KeptViews
from escc_desktop.gui.viewer.panes import LinkedViews
from escc_desktop.gui.viewer.planes import VolumePlanes, Voxel
from escc_desktop.gui.widgets.text import button, row
from escc_desktop.i18n import _
from escc_desktop.imaging.mask import BoolArray, MaskEdit
from escc_desktop.progress import Progress
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.views.lesion import LesionView
from escc_desktop.workflow.views.live_signature import Sandbox, TriedView, open_sandbox

_SIGNED_COLOR: Final = QColor(255, 255, 255, 170)
_LESION_SHARE: Final = 0.45


@dataclass(frozen=True, eq=False)
class OpenedSandbox:
    """A sandbox made ready to be drawn in.

    Attributes
    ----------
    shown
        A copy of the signed region (z, y, x), to be drawn into.
    slice_voxels
        Number of its voxels of every slice (z).
    """

    sandbox: Sandbox
    lesion: LesionView
    planes: VolumePlanes
    shown: BoolArray
    slice_voxels: NDArray[np.intp]


def open_for_trying(project: Project, lesion: LesionView, planes: VolumePlanes, progress: Progress) -> OpenedSandbox:
    """Open a copy of the lesion's signed reading; see `open_sandbox`."""
    sandbox = open_sandbox(project, lesion.session_id, progress)
    shown = sandbox.live.signed_mask.voxels.copy()
    counts = np.count_nonzero(shown, axis=(1, 2)).astype(np.intp)
    return OpenedSandbox(sandbox, lesion, planes, shown, counts)


class TryingHand(Hand):
    """A hand that also shows the signed contour, where what is drawn differs from it."""

    box = tuple(entry for entry in TOOLS if entry.is_for_copies)

    def __init__(self, canvas: Canvas, tasks: Tasks, lesion: LesionView, signed: BoolArray) -> None:
        super().__init__(canvas, lesion.centre, tasks, canvas)
        self._drawn = canvas
        self._signed, self._box = signed, lesion.box

    def paint_under(self, painter: QPainter, view: SliceCanvas) -> None:
        """Paint the signed contour."""
        if view.planes is None or view.axes is None or not view.look.has_overlay:
            return
        along, rows, columns = (self._box[2 - axis] for axis in (view.axes.normal, view.axes.row, view.axes.column))
        if not along.start <= view.index < along.stop:
            return
        signed = view.planes.section(view.plane, view.index, self._signed)
        if not np.array_equal(signed, view.planes.section(view.plane, view.index, self._drawn.shown)):
            view.paint_border(painter, signed[rows, columns], (rows.start, columns.start), _SIGNED_COLOR)


class SandboxBoard(QWidget):
    """Views, tools and scores of one open sandbox; nothing of it is stored.

    Attributes
    ----------
    tried
        The score of what is drawn, as of the last that was counted.
    """

    def __init__(self, desktop: Desktop, opened: OpenedSandbox) -> None:
        super().__init__()
        self._desktop, self._lesion = desktop, opened.lesion
        self.sandbox = opened.sandbox
        live = opened.sandbox.live
        self.canvas = Canvas(live.contour, opened.planes, opened.shown, opened.slice_voxels, self)
        self.hand = TryingHand(self.canvas, desktop.tasks, opened.lesion, live.signed_mask.voxels)
        self.hand.painters.append(partial(paint_kept, self.canvas))
        self.tried: TriedView = opened.sandbox.signed
        self._is_resetting = False
        self.views, self.tornado = LinkedViews(), TornadoPart(desktop, opened.sandbox)
        self.side = SandboxSide(opened.sandbox, self.canvas, self.hand)
        self._latest: Latest[TriedView] = Latest(desktop.tasks, _("Rad-score"), self._show_score, self._show_trouble)
        self.draw_button, self.depends_button = _tab(_("Draw")), _tab(_("What the score depends on"))
        self._lay_out()
        self._connect()
        self.views.set_volume(opened.planes)
        self.views.set_mask(opened.shown, opened.lesion.box)
        self.views.set_tool(self.hand)
        self.views.set_caption(_("A copy to try on"), live.patient_id)
        KeptViews(desktop, self.views)
        self.views.set_point(opened.lesion.centre)
        self.hand.hold("brush")

    # What the user does

    def undo(self) -> None:
        """Take back the last step, or the last vertex of an open polygon."""
        if not self.hand.tool.step_back():
            self._jump(self.canvas.undo())

    def redo(self) -> None:
        """Do the last undone step again."""
        self._jump(self.canvas.redo())

    def reset(self) -> None:
        """Undo everything drawn; the score is counted once, at the end."""
        self.hand.tool.drop()
        self._is_resetting = True
        while self.canvas.undo() is not None:
            pass
        self._is_resetting = False
        self._count()

    def show_drawing(self) -> None:
        """Show the views."""
        self.draw_button.setChecked(True)
        self._places.setCurrentWidget(self.views)
        self.views.axial.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_tornado(self) -> None:
        """Show what the score of the signed contour depends on; the first time it is computed."""
        self.depends_button.setChecked(True)
        self._places.setCurrentWidget(self.tornado)
        self.tornado.begin()

    @property
    def is_counting(self) -> bool:
        """Whether the score shown is not that of what is drawn."""
        return self._latest.is_busy

    def stop(self) -> None:
        """Want nothing any more."""
        self._latest.stop()
        self.tornado.stop()
        self.hand.finish()
        self.views.set_tool(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Give keys that no view had to the tool held."""
        if self._places.currentWidget() is not self.views or not self.hand.key(event):
            super().keyPressEvent(event)

    # What it shows

    def _count(self) -> None:
        if self._is_resetting:
            return
        self.side.part.wait()
        self._latest.ask(self.sandbox.score, self.sandbox.live.contour.snapshot())

    def _show_score(self, view: TriedView) -> None:
        if shiboken6.isValid(self):
            self.tried = view
            self.side.part.show_score(view)

    def _show_trouble(self, error: Exception) -> None:
        if not shiboken6.isValid(self):
            return
        self.side.part.show_trouble(error)
        if not isinstance(error, EsccError):
            self._desktop.notices.trouble(error)

    def _jump(self, edit: MaskEdit | None) -> None:
        """Show the slice a step acts on."""
        if edit is not None:
            x, y, _z = self.views.point or self._lesion.centre
            self.views.set_point((x, y, edit.slice_index))

    def _show_voxel(self, voxel: Voxel) -> None:
        self.show_drawing()
        self.views.set_point(voxel)

    def bring_near(self) -> None:
        """Show the lesion in the middle of each view, about half as large."""
        for view in self.views.views:
            if view.axes is None:
                continue
            rows, columns = (self._lesion.box[2 - axis] for axis in (view.axes.row, view.axes.column))
            filled, room = view.voxels_to_widget(rows, columns), QRectF(view.rect())
            if filled.isEmpty() or room.isEmpty():
                continue
            factor = _LESION_SHARE / max(filled.width() / room.width(), filled.height() / room.height())
            view.zoom(max(factor, 1.0), filled.center())
            view.pan(room.center() - view.voxels_to_widget(rows, columns).center())

    # Building

    def _lay_out(self) -> None:
        tabs = QButtonGroup(self)
        for tab in (self.draw_button, self.depends_button):
            tabs.addButton(tab)
        self._places = QStackedWidget()
        self._places.addWidget(self.views)
        self._places.addWidget(self.tornado)
        left = QVBoxLayout()
        left.setSpacing(0)
        left.addWidget(row(self.draw_button, self.depends_button, None))
        left.addWidget(self._places, 1)
        across = QHBoxLayout(self)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(0)
        across.addLayout(left, 1)
        across.addWidget(self.side)

    def _connect(self) -> None:
        self.draw_button.clicked.connect(self.show_drawing)
        self.depends_button.clicked.connect(self.show_tornado)
        self.draw_button.setChecked(True)
        self.canvas.touched.connect(self.views.mask_changed)
        self.canvas.limited.connect(self.views.point_out)
        self.canvas.stepped.connect(self._count)
        self.canvas.said.connect(self._desktop.notices.say)
        self.hand.changed.connect(self._repaint_views)
        self.side.undo_wanted.connect(self.undo)
        self.side.redo_wanted.connect(self.redo)
        self.side.reset_wanted.connect(self.reset)
        self.tornado.voxel_wanted.connect(self._show_voxel)
        self._desktop.settings_changed.connect(self._take_theme)

    def _take_theme(self) -> None:
        self.side.part.repaint_theme()

    def _repaint_views(self) -> None:
        for view in self.views.views:
            view.update()


def _tab(words: str) -> QPushButton:
    made = button(words, weight="quiet")
    made.setCheckable(True)
    return made
