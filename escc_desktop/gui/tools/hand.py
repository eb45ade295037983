"""The hand that holds one tool of the box."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from PySide6.QtCore import QObject, QPointF, QRectF, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPen

from escc_desktop.gui.tasks import Tasks
from escc_desktop.gui.theme import OKABE_ITO
from escc_desktop.gui.tools.brush_options import BrushOptions
from escc_desktop.gui.tools.canvas import Canvas
from escc_desktop.gui.tools.tool import Bench, DrawTool
from escc_desktop.gui.tools.toolbox import POINTER, TOOLS, ToolEntry
from escc_desktop.gui.viewer.canvas import SliceCanvas
from escc_desktop.gui.viewer.pixels import Border
from escc_desktop.gui.viewer.planes import Voxel
from escc_desktop.gui.viewer.tool import Pointer
from escc_desktop.i18n import _
from escc_desktop.reading.protocol import FREE, Protocol

_MARK_PX: Final = 7.0
_MARK_GAP_PX: Final = 3.0
_SHOWN_PX: Final = _MARK_PX + 3.0


class Hand(QObject):
    """Holds one tool of the box; the views know only the hand.

    It also marks the point at which the lesion was marked before the readings.

    Attributes
    ----------
    box
        The tools it may hold.
    painters
        Paint what parts of the reading keep in the pictures whatever tool is held, below the tools.

    Signals
    -------
    changed
        Another tool was taken.
    """

    changed = Signal()
    box: tuple[ToolEntry, ...] = TOOLS

    def __init__(
        self, canvas: Canvas, mark: Voxel, tasks: Tasks, parent: QObject | None = None, protocol: Protocol = FREE
    ) -> None:
        super().__init__(parent)
        self.options = BrushOptions(protocol, self)
        self.mark = mark
        self.protocol = protocol
        self.painters: list[Callable[[QPainter, SliceCanvas], None]] = []
        bench = Bench(canvas, self.options, tasks)
        self._tools = {entry.tool_id: entry.make(bench) for entry in self.box}
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
        return next(entry for entry in self.box if entry.tool_id == self.tool_id)

    def hold(self, tool_id: str) -> None:
        """Take another tool; what was begun with the one held waits for it. A forbidden one is not taken."""
        why_not = self.why_not(tool_id)
        if why_not:
            self._canvas.said.emit(why_not)
        if tool_id == self.tool_id or why_not:
            return
        self.tool.finish()
        self.tool.lay_down()
        self.tool.hover(None)
        unfinished = self.tool.unfinished()
        if unfinished:
            self._canvas.said.emit(unfinished)
        self.tool_id = tool_id
        self.tool.take_up()
        self.changed.emit()

    def why_not(self, tool_id: str) -> str:
        """Say why a tool cannot be held; "" when it can."""
        labels = next(entry.labels for entry in self.box if entry.tool_id == tool_id)
        if labels and not any(map(self.protocol.allows, labels)):
            return _("The protocol of this study forbids this tool in readings.")
        return ""

    def toggle_limit(self) -> None:
        """Paint only voxels in a range of HU, or all again; who holds no brush it applies to takes one."""
        self.options.set_limited(self._canvas.hu_range is None)
        if self.options.is_limited and self._canvas.hu_range is None:
            self.hold("brush")

    def tool_of(self, tool_id: str) -> DrawTool:
        """Return a tool of the box, held or not."""
        return self._tools[tool_id]

    def finish(self) -> None:
        """End a drag that will not be told its end."""
        self.tool.finish()

    def drop(self) -> None:
        """Forget what is begun with any tool, and what still runs for it."""
        for tool in self._tools.values():
            tool.drop()

    def unfinished(self) -> str:
        """Say what is begun with any tool and not yet part of the region."""
        return next((words for tool in self._tools.values() if (words := tool.unfinished())), "")

    # As a tool of the views

    def claims(self, at: Pointer) -> bool:
        """Return whether a press with Shift or Ctrl is the tool's."""
        return self.tool.claims(at)

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

    def resize(self, by: int) -> bool:
        """Take the wheel with Shift, or not."""
        return self.tool.resize(by)

    def borders(self, view: SliceCanvas) -> Sequence[Border]:
        """Return the borders that the tool held draws into the picture."""
        return self.tool.borders(view)

    def paint(self, painter: QPainter, view: SliceCanvas) -> None:
        """Paint the lesion's mark, and what the tool shows."""
        self.paint_under(painter, view)
        for paint in self.painters:
            paint(painter, view)
        held = self.tool
        for tool in self._tools.values():
            if tool is held or tool.unfinished():
                tool.paint(painter, view)

    def paint_under(self, painter: QPainter, view: SliceCanvas) -> None:
        """Paint what lies under the tools: the lesion's mark."""
        if view.planes is None or not view.look.has_annotations:
            return
        index, row, column = view.planes.place(view.plane, self.mark)
        if index != view.index:
            return
        center = view.plane_to_widget(row, column)
        if not QRectF(view.exposed).adjusted(-_SHOWN_PX, -_SHOWN_PX, _SHOWN_PX, _SHOWN_PX).contains(center):
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        for color, width in ((QColor(0, 0, 0, 180), 3.5), (QColor(OKABE_ITO[3]), 1.5)):
            painter.setPen(QPen(color, width))
            for x, y in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
                way = QPointF(x, y)
                painter.drawLine(center + way * _MARK_GAP_PX, center + way * _MARK_PX)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
