"""The tools a reader has: one table, and the hand that holds one of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QObject, QPointF, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPen

from escc_desktop.gui.theme import OKABE_ITO
from escc_desktop.gui.tools.brush import BrushOptions, BrushTool
from escc_desktop.gui.tools.canvas import Canvas
from escc_desktop.gui.tools.polygon import PolygonTool
from escc_desktop.gui.tools.tool import DrawTool
from escc_desktop.gui.viewer.canvas import SliceCanvas
from escc_desktop.gui.viewer.planes import Voxel
from escc_desktop.gui.viewer.tool import Pointer

POINTER: Final = "pointer"
_MARK_PX: Final = 7.0
_MARK_GAP_PX: Final = 3.0


def _same(text: str) -> str:
    """Mark a text for translation that is translated when it is shown."""
    return text


_ = _same


@dataclass(frozen=True)
class ToolEntry:
    """One tool of the box.

    Attributes
    ----------
    title, hint
        In English; translated when shown.
    has_size
        Whether size and reach of the brush are its options.
    make
        Makes it for a canvas.
    """

    tool_id: str
    title: str
    key: str
    icon: str
    hint: str
    has_size: bool
    make: Callable[[Canvas, BrushOptions], DrawTool]


TOOLS: Final = (
    ToolEntry(
        POINTER,
        _("Pointer"),
        "V",
        "cursor",
        _("Left moves the crosshair, right changes the window."),
        False,
        lambda canvas, _options: DrawTool(canvas),
    ),
    ToolEntry(
        "brush",
        _("Brush"),
        "B",
        "paint_brush",
        _("Left paints, right erases. + and \N{MINUS SIGN} change the size."),
        True,
        lambda canvas, options: BrushTool(canvas, options, paints=True),
    ),
    ToolEntry(
        "eraser",
        _("Eraser"),
        "E",
        "eraser",
        _("Left and right erase. + and \N{MINUS SIGN} change the size."),
        True,
        lambda canvas, options: BrushTool(canvas, options, paints=False),
    ),
    ToolEntry(
        "polygon",
        _("Polygon"),
        "P",
        "draw_shape",
        _("Click or drag, Return closes, Return again fills, Shift+Return cuts out; Backspace drops a vertex."),
        False,
        lambda canvas, _options: PolygonTool(canvas),
    ),
)


class Hand(QObject):
    """Holds one tool of the box; the views know only the hand.

    It also marks the point at which the lesion was marked before the readings.

    Signals
    -------
    changed
        Another tool was taken.
    """

    changed = Signal()

    def __init__(self, canvas: Canvas, mark: Voxel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.options = BrushOptions(self)
        self.mark = mark
        self._tools = {entry.tool_id: entry.make(canvas, self.options) for entry in TOOLS}
        self._canvas = canvas
        self.name = "hand"
        self.tool_id = POINTER

    @property
    def tool(self) -> DrawTool:
        """The tool held."""
        return self._tools[self.tool_id]

    @property
    def entry(self) -> ToolEntry:
        """The table's line of the tool held."""
        return next(entry for entry in TOOLS if entry.tool_id == self.tool_id)

    def hold(self, tool_id: str) -> None:
        """Take another tool; what was begun with the one held waits for it."""
        if tool_id == self.tool_id:
            return
        self.tool.finish()
        self.tool.hover(None)
        unfinished = self.tool.unfinished()
        if unfinished:
            self._canvas.said.emit(unfinished)
        self.tool_id = tool_id
        self.changed.emit()

    def finish(self) -> None:
        """End a drag that will not be told its end."""
        self.tool.finish()

    def unfinished(self) -> str:
        """Say what is begun with any tool and not yet part of the region."""
        return next((words for tool in self._tools.values() if (words := tool.unfinished())), "")

    # As a tool of the views

    def press(self, at: Pointer) -> bool:
        """Take a press of a button, or not."""
        return self.tool.press(at)

    def move(self, at: Pointer) -> bool:
        """Take a move of the drag it began."""
        return self.tool.move(at)

    def release(self, at: Pointer) -> bool:
        """End the drag it began."""
        return self.tool.release(at)

    def hover(self, at: Pointer | None) -> None:
        """Note where the mouse is."""
        self.tool.hover(at)

    def key(self, event: QKeyEvent) -> bool:
        """Take a key, or not."""
        return self.tool.key(event)

    def paint(self, painter: QPainter, view: SliceCanvas) -> None:
        """Paint the lesion's mark, and what the tool shows."""
        self.paint_under(painter, view)
        for tool in self._tools.values():
            if tool is self.tool or tool.unfinished():
                tool.paint(painter, view)

    def paint_under(self, painter: QPainter, view: SliceCanvas) -> None:
        """Paint what lies under the tools: the lesion's mark."""
        if view.planes is None or not view.look.has_annotations:
            return
        index, row, column = view.planes.place(view.plane, self.mark)
        if index != view.index:
            return
        center = view.plane_to_widget(row, column)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        for color, width in ((QColor(0, 0, 0, 180), 3.5), (QColor(OKABE_ITO[3]), 1.5)):
            painter.setPen(QPen(color, width))
            for x, y in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
                way = QPointF(x, y)
                painter.drawLine(center + way * _MARK_GAP_PX, center + way * _MARK_PX)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
