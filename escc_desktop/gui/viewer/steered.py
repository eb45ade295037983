"""A plane that can be steered: slice, crosshair, window, look; it says what the user chose."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtWidgets import QWidget

from escc_desktop.gui.viewer import writing
from escc_desktop.gui.viewer.auto_window import window_of_region
from escc_desktop.gui.viewer.canvas import SliceCanvas
from escc_desktop.gui.viewer.look import Look
from escc_desktop.gui.viewer.lut import WindowPreset
from escc_desktop.gui.viewer.planes import Plane, Voxel
from escc_desktop.gui.viewer.tool import MOUSE, Pointer
from escc_desktop.i18n import _

_SIGHT_PX: Final = 12
_READOUT_MS: Final = 40


class SteeredCanvas(SliceCanvas):
    """A plane of a volume with what a user can choose about it.

    Signals
    -------
    index_changed
        The slice, after the user or a program chose another.
    point_chosen
        The voxel (x, y, z) the user put the crosshair on.
    window_changed
        Width and level, after the user changed them.
    look_changed
        The `Look`, after the user changed it, the window included.
    hovered
        `Hover`, or None when the mouse is on no voxel; told a little later than the mouse moves.
    double_clicked
        Nothing took the double-click.
    menu_asked
        Where the user clicked with the right button.
    touched
        The user does something with mouse or keys here.
    said
        A sentence to the user: why something cannot be done.
    """

    index_changed = Signal(int)
    point_chosen = Signal(object)
    window_changed = Signal(float, float)
    look_changed = Signal(object)
    hovered = Signal(object)
    double_clicked = Signal()
    menu_asked = Signal(object)
    touched = Signal()
    said = Signal(str)

    def __init__(self, plane: Plane, parent: QWidget | None = None) -> None:
        super().__init__(plane, parent)
        self.is_window_locked = False
        self.pen = MOUSE
        self._readout_timer = QTimer(self)
        self._readout_timer.setSingleShot(True)
        self._readout_timer.timeout.connect(self._tell_hover)

    def set_index(self, index: int) -> None:
        """Show a slice; beyond the ends the first or last one."""
        if self.planes is None or self.axes is None or self.point is None:
            return
        index = min(max(index, 0), self.planes.size(self.plane) - 1)
        if index == self.index:
            return
        self.index = index
        point = list(self.point)
        point[self.axes.normal] = index
        self.point = point[0], point[1], point[2]
        self._show_slice()
        self.index_changed.emit(index)
        self._tell_hover_soon()

    def set_point(self, voxel: Voxel) -> None:
        """Put the crosshair on a voxel (x, y, z) and show its slice."""
        if self.planes is None or self.axes is None or self._mapping is None:
            return
        index, row, column = self.planes.place(self.plane, voxel)
        self._repaint_crosshair()
        self.point = voxel
        self._keep_in_sight(row, column)
        self._repaint_crosshair()
        self.set_index(index)

    def pointer(self, at: QPointF, button: Qt.MouseButton, modifiers: Qt.KeyboardModifier) -> Pointer:
        """Return the mouse as tools are told."""
        row, column = self.widget_to_plane(at)
        return Pointer(self, self.plane, self.index, row, column, button, modifiers, self.pen)

    # What the user chooses

    def choose_point(self, at: QPointF) -> None:
        """Put the crosshair where the mouse is."""
        if self.planes is not None:
            self.put_point(self.planes.voxel(self.plane, self.index, *self.widget_to_plane(at)))

    def put_point(self, voxel: Voxel) -> None:
        """Put the crosshair on a voxel and say so."""
        self.set_point(voxel)
        self.point_chosen.emit(voxel)

    def why_not_window(self) -> str:
        """Say why the window cannot be changed; "" when it can."""
        return _("The window is the same for all readings.") if self.is_window_locked else ""

    def choose_window(self, width: float, level: float) -> None:
        """Show in a window and say so, unless the window is locked."""
        if not self.is_window_locked:
            self.choose_look(self.look.windowed(width, level))

    def own_window(self, key: str) -> WindowPreset | None:
        """Return the window the user keeps on a digit; None where there is none."""
        return next((preset for preset in self.own_windows if preset.key == key), None)

    def why_not_region_window(self) -> str:
        """Say why the window cannot be set to a region; "" when it can."""
        return "" if self._overlays else _("There is no region to set the window to: outline something first.")

    def choose_region_window(self) -> None:
        """Show in the window around the values of the region on top."""
        if self.planes is None or not self._overlays:
            return
        region = self._overlays[0]
        window = window_of_region(self.planes.hu, region.voxels, region.reach)
        if window is None:
            self.said.emit(_("The region is empty: outline something first."))
        else:
            self.choose_window(*window)

    def set_playing(self, rate: int) -> None:
        """Say at how many slices a second it is played; 0 when it is not."""
        self.playing_rate = rate
        self.update()

    def choose_look(self, look: Look) -> None:
        """Show with another look and say so."""
        before = self.look
        self.set_look(look)
        if look == before:
            return
        self.look_changed.emit(look)
        if (look.width, look.level) != (before.width, before.level):
            self.window_changed.emit(look.width, look.level)

    def step(self, slices: int) -> None:
        """Go so many slices on: towards the feet, the back or the left; negative ones go back."""
        if self.axes is not None:
            self.set_index(self.index + slices * self.axes.onwards)

    def go_to_end(self, *, first: bool) -> None:
        """Go to the first slice (head, front, right) or the last one."""
        if self.planes is not None:
            self.step((-1 if first else 1) * self.planes.size(self.plane))

    def _tell_hover_soon(self) -> None:
        """Say and write a little later what lies under the mouse.

        What follows the mouse must do so at once, the readout need not: it lies far away, to be painted apart.
        """
        if not self._readout_timer.isActive():
            self._readout_timer.start(_READOUT_MS)

    def _tell_hover(self) -> None:
        self.hovered.emit(self.hover)
        self.update(writing.readout_rect(self))

    def _repaint_crosshair(self) -> None:
        for strip in writing.crosshair_strips(self):
            self.update(strip)

    def _keep_in_sight(self, row: float, column: float) -> None:
        """Push a zoomed picture so that a place is in it."""
        if self._fits or self._mapping is None:
            return
        at = self._mapping.to_widget(row, column)
        seen = QRectF(self.rect()).adjusted(_SIGHT_PX, _SIGHT_PX, -_SIGHT_PX, -_SIGHT_PX)
        if not seen.contains(at):
            self.pan(QPointF(self.width() / 2, self.height() / 2) - at)
