"""What a tool that draws or measures in a view is told, and what it answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QPainter

from escc_desktop.gui.viewer.canvas import SliceCanvas
from escc_desktop.gui.viewer.pixels import Border
from escc_desktop.gui.viewer.planes import Plane, Voxel


@dataclass(frozen=True)
class Pen:
    """How a pen is held; a mouse presses fully and erases nothing.

    Attributes
    ----------
    pressure
        From 0 to 1.
    is_eraser
        Whether it is turned round: its other end erases.
    """

    pressure: float = 1.0
    is_eraser: bool = False


MOUSE: Final = Pen()


@dataclass(slots=True)
class Pointer:
    """The mouse over a view, or a pen.

    Attributes
    ----------
    view, plane, index
        The view, its plane and the slice it shows.
    row, column
        Voxel coordinates in the plane: whole numbers are centres of voxels; may lie outside the volume.
    button
        The button pressed or released; for moves the one that began the drag, no button while hovering.
    modifiers
        Keys held.
    """

    view: SliceCanvas
    plane: Plane
    index: int
    row: float
    column: float
    button: Qt.MouseButton
    modifiers: Qt.KeyboardModifier
    pen: Pen = MOUSE

    @property
    def voxel(self) -> Voxel | None:
        """The voxel (x, y, z) under the mouse; None outside the volume."""
        return self.view.voxel_at(self.row, self.column)


class Tool(Protocol):
    """Takes the mouse and keys of a view before the view does.

    A tool answers True to what it takes; the rest falls through to the view. The drag of a press it took is all its
    own until release.
    """

    name: str

    def claims(self, at: Pointer) -> bool:
        """Return whether a press with Shift or Ctrl, which means something in every view, is the tool's here."""

    def press(self, at: Pointer) -> bool:
        """Take a press of a button, or not."""

    def move(self, at: Pointer) -> bool:
        """Take a move of the drag it began."""

    def release(self, at: Pointer) -> bool:
        """End the drag it began."""

    def hover(self, at: Pointer | None) -> None:
        """Note where the mouse is without a drag; None when it has left the view."""

    def key(self, event: QKeyEvent) -> bool:
        """Take a key, or not."""

    def resize(self, by: int) -> bool:
        """Take the wheel with Shift, towards more (1) or less (-1), or not."""

    def borders(self, view: SliceCanvas) -> Sequence[Border]:
        """Return the borders to be drawn into the picture over those of its regions; the last one lies on top."""

    def paint(self, painter: QPainter, view: SliceCanvas) -> None:
        """Paint over the picture, in widget coordinates; `view.plane_to_widget` says where voxels are."""
