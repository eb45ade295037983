"""The three views of a volume side by side, with one crosshair, one window, one tool."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from escc_desktop.gui.actions import Action
from escc_desktop.gui.viewer.commands import view_actions
from escc_desktop.gui.viewer.keys import press_action
from escc_desktop.gui.viewer.look import Look
from escc_desktop.gui.viewer.overlay import Overlay
from escc_desktop.gui.viewer.planes import Plane, VolumePlanes, Voxel
from escc_desktop.gui.viewer.slice_view import SliceView
from escc_desktop.gui.viewer.tool import Tool
from escc_desktop.i18n import _
from escc_desktop.imaging.mask import BoolArray, Region

AXIAL_SHARE: Final = 0.64
GAP_PX: Final = 2
GAP_COLOR: Final = QColor("#2f353d")


class LinkedViews(QWidget):
    """Axial large, coronal and sagittal stacked beside it, and below them whatever a page puts there.

    Signals
    -------
    point_changed
        The voxel (x, y, z) of the crosshair, whoever moved it.
    window_changed
        Width and level, after the user changed them.
    look_changed
        The `Look`, after the user changed it.
    hovered
        `Hover` under the mouse in any view, or None.
    layout_changed
        A view was maximised, or the side views hidden or shown.
    """

    point_changed = Signal(object)
    window_changed = Signal(float, float)
    look_changed = Signal(object)
    hovered = Signal(object)
    layout_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.axial, self.coronal, self.sagittal = (SliceView(plane, self) for plane in Plane)
        self.views = self.axial, self.coronal, self.sagittal
        self.has_side_views = True
        self.fourth: QWidget | None = None
        self.maximised: QWidget | None = None
        self._point: Voxel | None = None
        self._layout_actions = (
            Action("viewer.sides", _("Show or hide the side views"), self.toggle_side_views, keys=("C",)),
            Action("viewer.maximise", _("Maximise the view, and back"), self.toggle_maximised, keys=("M",)),
        )
        self.set_empty_text("")
        self._actions = *view_actions(lambda: self.active), *self._layout_actions
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        for view in self.views:
            view.index_changed.connect(partial(self._on_index, view))
            view.point_chosen.connect(self.set_point)
            view.look_changed.connect(self._on_look)
            view.window_changed.connect(self.window_changed)
            view.hovered.connect(self.hovered)
            view.double_clicked.connect(partial(self._on_double_click, view))
            view.more_actions = self._layout_actions

    @property
    def point(self) -> Voxel | None:
        """The voxel (x, y, z) of the crosshair."""
        return self._point

    @property
    def look(self) -> Look:
        """How the pictures are shown."""
        return self.axial.look

    @property
    def active(self) -> SliceView:
        """The view that has the keyboard; else the maximised or the axial one."""
        focused = next((view for view in self.views if view.hasFocus()), None)
        return focused or next((view for view in self.views if view is self.maximised), self.axial)

    def set_volume(self, planes: VolumePlanes | None) -> None:
        """Show a volume from its middle; None shows the empty state."""
        for view in self.views:
            view.set_volume(planes)
        self._point = self.axial.point
        self.point_changed.emit(self._point)

    def set_mask(self, voxels: BoolArray | None, box: Region | None = None) -> None:
        """Show a region (z, y, x), not copied; `box` holds all of its voxels, if known."""
        self.set_overlays(() if voxels is None else (Overlay(voxels, box=box),))

    def set_overlays(self, overlays: Sequence[Overlay]) -> None:
        """Show regions (z, y, x), not copied, the first one on top."""
        for view in self.views:
            view.set_overlays(overlays)

    def mask_changed(self, region: Region) -> None:
        """Show what changed in the region's voxels inside a box (z, y, x), in every view it crosses."""
        for view in self.views:
            view.mask_changed(region)

    def set_point(self, voxel: Voxel) -> None:
        """Put the crosshair on a voxel (x, y, z): all views show its slices."""
        if voxel == self._point:
            return
        self._point = voxel
        for view in self.views:
            view.set_point(voxel)
        self.point_changed.emit(voxel)

    def set_look(self, look: Look) -> None:
        """Show in another window, with another overlay, with or without annotations."""
        for view in self.views:
            view.set_look(look)

    def set_window(self, width: float, level: float) -> None:
        """Show in a window, in HU."""
        self.set_look(self.look.windowed(width, level))

    def lock_window(self, is_locked: bool) -> None:
        """Keep the user from changing the window."""
        for view in self.views:
            view.is_window_locked = is_locked

    def set_tool(self, tool: Tool | None) -> None:
        """Give the mouse to a tool first, in all views."""
        for view in self.views:
            view.set_tool(tool)

    def set_caption(self, *lines: str) -> None:
        """Write lines into the corner of the axial view, such as the series' description."""
        self.axial.set_caption(*lines)

    def set_empty_text(self, text: str) -> None:
        """Say this while there is no volume."""
        for view in self.views:
            view.set_empty_text(text if view is self.axial else " ")

    def fit(self) -> None:
        """Show the whole of every plane."""
        for view in self.views:
            view.fit()

    def set_fourth(self, widget: QWidget | None) -> None:
        """Show another picture below the side views, or none; the one before is the page's again."""
        before, self.fourth = self.fourth, widget
        if before is not None and before is not widget:
            before.hide()
            self.maximised = None if self.maximised is before else self.maximised
        if widget is not None:
            widget.setParent(self)
        self._arrange()

    def maximise(self, view: QWidget | None) -> None:
        """Let one view have all the room; None gives it back."""
        self.maximised = view
        self._arrange()

    def show_side_views(self, is_shown: bool) -> None:
        """Show or collapse the coronal and sagittal views."""
        self.has_side_views = is_shown
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay the views out."""
        super().resizeEvent(event)
        self._arrange()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Do what a view did not know: lay the views out."""
        event.setAccepted(press_action(event, self._layout_actions))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the gaps between the views."""
        with QPainter(self) as painter:
            painter.fillRect(event.rect(), GAP_COLOR)

    def actions_now(self) -> tuple[Action, ...]:
        """Return what can be done in the views, for a page to offer."""
        return self._actions

    def toggle_side_views(self) -> None:
        """Collapse the side views, or show them again."""
        self.show_side_views(not self.has_side_views)

    def toggle_maximised(self) -> None:
        """Maximise the active view, or give the room back."""
        is_fourth = self.fourth is not None and self.fourth.hasFocus()
        self.maximise(None if self.maximised is not None else self.fourth if is_fourth else self.active)

    def _on_index(self, view: SliceView, index: int) -> None:
        if self._point is not None and view.axes is not None:
            point = list(self._point)
            point[view.axes.normal] = index
            self.set_point((point[0], point[1], point[2]))

    def _on_look(self, look: Look) -> None:
        self.set_look(look)
        self.look_changed.emit(look)

    def _on_double_click(self, view: SliceView) -> None:
        self.maximise(None if self.maximised is not None else view)

    def _arrange(self) -> None:
        width, height = self.width(), self.height()
        alone = self.maximised or (None if self.has_side_views else self.axial)
        beside: list[QWidget] = [self.coronal, self.sagittal, *([self.fourth] if self.fourth is not None else [])]
        for view in (self.axial, *beside):
            view.setVisible(alone is None or view is alone)
        if alone is not None:
            alone.setGeometry(0, 0, width, height)
        else:
            main = round(width * AXIAL_SHARE)
            self.axial.setGeometry(0, 0, main, height)
            ends = [round(number * (height + GAP_PX) / len(beside)) for number in range(len(beside) + 1)]
            for view, top, bottom in zip(beside, ends, ends[1:], strict=False):
                view.setGeometry(main + GAP_PX, top, width - main - GAP_PX, bottom - GAP_PX - top)
        self.layout_changed.emit()
