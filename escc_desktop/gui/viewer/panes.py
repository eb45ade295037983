"""The three views of a volume side by side, with one crosshair, one window, one tool."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from escc_desktop.gui.actions import Action
from escc_desktop.gui.viewer.arrangement import LEAST_SHARE, MOST_SHARE, USUAL_SHARE, Arrangement, side_by_side
from escc_desktop.gui.viewer.cine import Cine
from escc_desktop.gui.viewer.commands import view_actions
from escc_desktop.gui.viewer.detached import DetachedWindow
from escc_desktop.gui.viewer.keys import press_action
from escc_desktop.gui.viewer.look import Look
from escc_desktop.gui.viewer.lut import WindowPreset
from escc_desktop.gui.viewer.overlay import Overlay
from escc_desktop.gui.viewer.planes import Plane, VolumePlanes, Voxel
from escc_desktop.gui.viewer.slice_view import SliceView
from escc_desktop.gui.viewer.tool import Tool
from escc_desktop.i18n import _
from escc_desktop.imaging.delineate import join
from escc_desktop.imaging.mask import BoolArray, Region

_FOLLOW_MS: Final = 40
GAP_COLOR: Final = QColor("#2f353d")


class LinkedViews(QWidget):
    """Axial large, coronal and sagittal stacked beside it, and below them whatever a page puts there.

    The gap between can be dragged.

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
        A view was maximised, the side views hidden or shown, the gap dragged, or a view detached.
    said
        A sentence to the user: why something cannot be done.
    """

    point_changed = Signal(object)
    window_changed = Signal(float, float)
    look_changed = Signal(object)
    hovered = Signal(object)
    layout_changed = Signal()
    said = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.axial, self.coronal, self.sagittal = (SliceView(plane, self) for plane in Plane)
        self.views = self.axial, self.coronal, self.sagittal
        self.arrangement = Arrangement()
        self.cine = Cine(self)
        self.fourth: QWidget | None = None
        self._maximised: QWidget | None = None
        self._detached: dict[QWidget, DetachedWindow] = {}
        self._point: Voxel | None = None
        self._changed: Region | None = None
        self._followers = QTimer(self)
        self._followers.setSingleShot(True)
        self._followers.timeout.connect(self._show_all_changes)
        self._layout_actions = (
            Action("viewer.sides", _("Show or hide the side views"), self.toggle_side_views, keys=("C",)),
            Action("viewer.maximise", _("Maximise the view, and back"), self.toggle_maximised, keys=("M",)),
            Action("viewer.cine", _("Play the slices, and stop"), self.toggle_cine, "play", ("K",)),
            Action("viewer.detach", _("View in a window of its own, and back"), self.toggle_detached, "open"),
            Action("viewer.full_screen", _("Full screen, and back"), self.toggle_full_screen, keys=("Ctrl+Shift+F",)),
        )
        self.set_empty_text("")
        self._actions = *view_actions(lambda: self.active), *self._layout_actions
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setCursor(Qt.CursorShape.SplitHCursor)
        for view in self.views:
            view.index_changed.connect(partial(self._on_index, view))
            view.point_chosen.connect(self.set_point)
            view.look_changed.connect(self._on_look)
            view.window_changed.connect(self.window_changed)
            view.hovered.connect(self.hovered)
            view.touched.connect(self.cine.stop)
            view.said.connect(self.said)
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
        return focused or next((view for view in self.views if view is self._maximised), self.axial)

    @property
    def maximised(self) -> QWidget | None:
        """The picture that has all the room; None while they share it."""
        return self._maximised

    @property
    def has_side_views(self) -> bool:
        """Whether there are pictures beside the axial one."""
        return self.arrangement.has_side_views

    @property
    def detached(self) -> tuple[SliceView, ...]:
        """The views in windows of their own."""
        return tuple(view for view in self.views if view in self._detached)

    def set_volume(self, planes: VolumePlanes | None) -> None:
        """Show a volume from its middle; None shows the empty state."""
        self.cine.stop()
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
        """Show what changed in the region's voxels inside a box (z, y, x), in every view it crosses.

        While a stroke is drawn in one view, the others follow a little later: they must not hold up the hand.
        """
        drawn = next((view for view in self.views if view.is_dragged), None)
        if drawn is None:
            self._show_all_changes(region)
            return
        drawn.mask_changed(region)
        self._changed = join(self._changed, region)
        if not self._followers.isActive():
            self._followers.start(_FOLLOW_MS)

    def _show_all_changes(self, region: Region | None = None) -> None:
        changed, self._changed = join(self._changed, region), None
        if changed is not None:
            for view in self.views:
                view.mask_changed(changed)

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

    def point_out(self, hu_range: tuple[int, int] | None) -> None:
        """Tint the voxels in a range of HU, such as those a brush may paint; None for none."""
        self.set_look(replace(self.look, pointed_out=hu_range))

    def set_own_windows(self, presets: tuple[WindowPreset, ...]) -> None:
        """Put windows of the user's own on digits."""
        for view in self.views:
            view.own_windows = presets

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

    # Where the pictures lie

    def set_fourth(self, widget: QWidget | None) -> None:
        """Show another picture below the side views, or none; the one before is the page's again."""
        before, self.fourth = self.fourth, widget
        if before is not None and before is not widget:
            before.hide()
            self._maximised = None if self._maximised is before else self._maximised
        if widget is not None:
            widget.setParent(self)
            widget.setCursor(Qt.CursorShape.ArrowCursor)
        self._rearrange(self.arrangement)

    def maximise(self, view: QWidget | None) -> None:
        """Let one picture have all the room; None gives it back."""
        self._maximised = view
        plane = next((one.plane.value for one in self.views if one is view), "")
        self._rearrange(replace(self.arrangement, maximised=plane))

    def show_side_views(self, is_shown: bool) -> None:
        """Show or collapse everything beside the axial view."""
        self._rearrange(replace(self.arrangement, has_side_views=is_shown))

    def restore(self, arrangement: Arrangement) -> None:
        """Lay the views out as somebody left them."""
        self._maximised = next((view for view in self.views if view.plane == arrangement.maximised), None)
        self._rearrange(arrangement)

    def detach(self, view: SliceView) -> None:
        """Give a view a window of its own."""
        if view in self._detached:
            return
        if self._maximised is view:
            self.maximise(None)
        window = self._detached[view] = DetachedWindow(view, self)
        window.left.connect(partial(self.attach, view))
        self._rearrange(self.arrangement)
        window.show_beside()
        view.setFocus(Qt.FocusReason.OtherFocusReason)

    def attach(self, view: SliceView) -> None:
        """Take a view back from its own window."""
        window = self._detached.pop(view, None)
        if window is not None:
            window.left.disconnect()
            view.setParent(self)
            window.close()
            window.deleteLater()
            self._rearrange(self.arrangement)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay the views out."""
        super().resizeEvent(event)
        self._arrange()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Do what a view did not know: lay the views out."""
        event.setAccepted(press_action(event, self._layout_actions, self.said.emit))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag the gap beside the axial view."""
        if event.buttons() & Qt.MouseButton.LeftButton and self.width():
            share = min(max(event.position().x() / self.width(), LEAST_SHARE), MOST_SHARE)
            self._rearrange(replace(self.arrangement, share=share))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Give the axial view its usual share."""
        self._rearrange(replace(self.arrangement, share=USUAL_SHARE))

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

    def toggle_detached(self) -> None:
        """Give the active view a window of its own, or take it back."""
        view = self.active
        if view in self._detached:
            self.attach(view)
        else:
            self.detach(view)

    def toggle_full_screen(self) -> None:
        """Let the window of the active view fill its screen, or give it back its frame."""
        window = self.active.window()
        window.setWindowState(window.windowState() ^ Qt.WindowState.WindowFullScreen)

    def toggle_cine(self) -> None:
        """Play the slices of the active view, or stop."""
        self.cine.toggle(self.active)

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

    def _rearrange(self, arrangement: Arrangement) -> None:
        self.arrangement = arrangement
        self._arrange()
        self.layout_changed.emit()

    def _arrange(self) -> None:
        shown = self._shown()
        sides = [widget for widget in shown if widget is not self.axial]
        has_main = self.axial in shown
        main, places = side_by_side(self.size(), self.arrangement.share, len(sides), has_main=has_main)
        if has_main:
            self.axial.setGeometry(main)
        for widget, place in zip(sides, places, strict=True):
            widget.setGeometry(place)
        for one in (self.axial, self.coronal, self.sagittal, self.fourth):
            if one is not None and one not in self._detached:
                one.setVisible(one in shown)

    def _shown(self) -> list[QWidget]:
        """Return the pictures to be seen, of those that are in no window of their own."""
        if self._maximised is not None:
            return [self._maximised]
        main = [] if self.axial in self._detached else [self.axial]
        if main and not self.has_side_views:
            return [self.axial]
        beside = (self.coronal, self.sagittal, self.fourth)
        return [*main, *(one for one in beside if one is not None and one not in self._detached)]
