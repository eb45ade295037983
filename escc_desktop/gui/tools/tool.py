"""What all drawing tools have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import QWidget

from escc_desktop.gui.tasks import Tasks
from escc_desktop.gui.tools.brush_options import BrushOptions
from escc_desktop.gui.tools.canvas import Canvas
from escc_desktop.gui.tools.clipboard import Clipboard
from escc_desktop.gui.viewer.canvas import SliceCanvas
from escc_desktop.gui.viewer.pixels import Border
from escc_desktop.gui.viewer.tool import Pointer
from escc_desktop.imaging.delineate import Point


@dataclass(frozen=True, eq=False)
class Bench:
    """What tools are made for.

    Attributes
    ----------
    brush
        Size and reach, shared by all brushes.
    tasks
        Runs what takes longer than a frame.
    clipboard
        The contour copied or accepted last.
    """

    canvas: Canvas
    brush: BrushOptions
    tasks: Tasks
    clipboard: Clipboard = field(default_factory=Clipboard)


class DrawTool:
    """A `viewer.tool.Tool` that takes nothing; tools override what they take.

    Attributes
    ----------
    name
        Its id in the tool box.
    """

    name = ""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas

    def claims(self, at: Pointer) -> bool:
        """Return whether a press with Shift or Ctrl, which means something in every view, is the tool's here."""
        return False

    def press(self, at: Pointer) -> bool:
        """Take a press of a button, or not."""
        return False

    def move(self, at: Pointer) -> bool:
        """Take a move of the drag it began."""
        return True

    def release(self, at: Pointer) -> bool:
        """End the drag it began."""
        return True

    def hover(self, at: Pointer | None) -> None:
        """Note where the mouse is."""

    def key(self, event: QKeyEvent) -> bool:
        """Take a key, or not."""
        return False

    def borders(self, view: SliceCanvas) -> Sequence[Border]:
        """Return the borders to be drawn into the picture."""
        return ()

    def paint(self, painter: QPainter, view: SliceCanvas) -> None:
        """Paint over the picture."""

    def resize(self, by: int) -> bool:
        """Take the wheel with Shift: be larger (1) or smaller (-1); False for what has no size."""
        return False

    def adjust(self, by: int) -> bool:
        """Take the keys + (1) and − (-1), or leave them to the size of the brush."""
        return False

    def finish(self) -> None:
        """End a drag that will not be told its end, such as when the page is left."""

    def unfinished(self) -> str:
        """Say what is begun and not yet part of the region; "" for nothing."""
        return ""

    def step_back(self) -> bool:
        """Take back the last act of what is unfinished; False where nothing is."""
        return False

    def drop(self) -> None:
        """Forget what is unfinished."""

    def take_up(self) -> None:
        """Note that the tool is held from now on."""

    def lay_down(self) -> None:
        """Note that another tool is held from now on; what is unfinished may wait."""

    def make_options(self) -> QWidget | None:
        """Return a new widget with the tool's options for the panel; None where it has none."""
        return None


def array_point(at: Pointer) -> Point:
    """Return where the mouse is as (z, y, x) in voxel coordinates."""
    axes = at.view.axes
    if axes is None:
        raise ValueError("a pointer over no volume")
    place = [0.0, 0.0, 0.0]
    place[axes.normal], place[axes.row], place[axes.column] = float(at.index), at.row, at.column
    return place[2], place[1], place[0]


def slice_of(at: Pointer, canvas: Canvas) -> int:
    """Return the slice (z) a step is named after: the one of the mouse."""
    z = round(array_point(at)[0])
    return min(max(z, 0), len(canvas.shown) - 1)
