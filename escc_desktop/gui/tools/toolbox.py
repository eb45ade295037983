"""The tools a reader has: one table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from escc_desktop.gui.tools.brush import BrushTool
from escc_desktop.gui.tools.brush_adaptive import AdaptiveBrush
from escc_desktop.gui.tools.brush_nudge import NudgeTool
from escc_desktop.gui.tools.course import CourseTool
from escc_desktop.gui.tools.growing import GrowingTool
from escc_desktop.gui.tools.limits import LimitsTool
from escc_desktop.gui.tools.livewire import LivewireTool
from escc_desktop.gui.tools.measure import MeasureTool
from escc_desktop.gui.tools.polygon import PolygonTool
from escc_desktop.gui.tools.prompt import PromptTool
from escc_desktop.gui.tools.tool import Bench, DrawTool
from escc_desktop.gui.tools.tracing import TracingTool
from escc_desktop.reading.measurements import MeasurementKind

POINTER: Final = "pointer"


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
    labels
        What its steps are called (`reading.tools.TOOL_KINDS`): a protocol that forbids all of them forbids the tool.
    make
        Makes it for a bench.
    is_for_copies
        Whether it is of use on a copy that contours are tried on, which has no parts of the panel and no notes.
    """

    tool_id: str
    title: str
    key: str
    icon: str
    hint: str
    labels: tuple[str, ...]
    make: Callable[[Bench], DrawTool]
    is_for_copies: bool = True


TOOLS: Final = (
    ToolEntry(
        POINTER,
        _("Pointer"),
        "V",
        "cursor",
        _("Left moves the crosshair, right changes the window."),
        (),
        lambda bench: DrawTool(bench.canvas),
    ),
    ToolEntry(
        "brush",
        _("Brush"),
        "B",
        "paint_brush",
        _("Left paints, right erases. Shift+wheel, + and \N{MINUS SIGN} change the size."),
        ("brush",),
        lambda bench: BrushTool(bench.canvas, bench.brush, paints=True),
    ),
    ToolEntry(
        "eraser",
        _("Eraser"),
        "E",
        "eraser",
        _("Left and right erase. Shift+wheel, + and \N{MINUS SIGN} change the size."),
        ("eraser",),
        lambda bench: BrushTool(bench.canvas, bench.brush, paints=False),
    ),
    ToolEntry(
        "adaptive",
        _("Adaptive brush"),
        "Ctrl+B",
        "paint_brush_sparkle",
        _("Paints (right: erases) only the tissue it was pressed on, as far as it hangs together under the brush."),
        ("adaptive brush",),
        lambda bench: AdaptiveBrush(bench.canvas, bench.brush),
    ),
    ToolEntry(
        "nudge",
        _("Nudge"),
        "N",
        "arrow_bounce",
        _("Pushes the border: outwards from inside the region, inwards from outside."),
        ("nudge",),
        lambda bench: NudgeTool(bench.canvas, bench.brush),
    ),
    ToolEntry(
        "polygon",
        _("Polygon"),
        "P",
        "draw_shape",
        _("Click or drag, Return closes, Return again fills, Shift+Return cuts out; Backspace drops a vertex."),
        ("polygon", "polygon cut"),
        lambda bench: PolygonTool(bench.canvas, bench.clipboard),
    ),
    ToolEntry(
        "livewire",
        _("Livewire"),
        "W",
        "bezier_curve_square",
        _("Click along an edge: the line keeps to it. Drag draws by hand. Return closes to edit, Return again fills."),
        ("livewire",),
        lambda bench: LivewireTool(bench.canvas, bench.clipboard),
    ),
    ToolEntry(
        "tracing",
        _("Level tracing"),
        "Shift+W",
        "shape_organic",
        _("Shows what the line of equal HU under the mouse goes round: left adds it, right takes it away."),
        ("level tracing",),
        lambda bench: TracingTool(bench.canvas),
    ),
    ToolEntry(
        "growing",
        _("Region growing"),
        "R",
        "wand",
        _("Press on the lesion, drag up or down for a wider or narrower HU range, sideways to shift it. Return adds."),
        ("region growing",),
        lambda bench: GrowingTool(bench, is_flat=False),
    ),
    ToolEntry(
        "flood",
        _("Flood fill in this slice"),
        "Shift+R",
        "paint_bucket",
        _("Press on the lesion, drag up or down for a wider or narrower HU range, sideways to shift it; let go fills."),
        ("flood fill",),
        lambda bench: GrowingTool(bench, is_flat=True),
    ),
    ToolEntry(
        "length",
        _("Length"),
        "L",
        "ruler",
        _("Drag, or click both ends. Drag an end to move it; Delete removes the one under the mouse."),
        (),
        lambda bench: MeasureTool(bench.canvas, MeasurementKind.LENGTH),
    ),
    ToolEntry(
        "axes",
        _("Long and short axis"),
        "Shift+L",
        "arrow_move",
        _("Axial only: drag the longest diameter, then the one across. Return measures the region on this slice."),
        (),
        lambda bench: MeasureTool(bench.canvas, MeasurementKind.AXES),
    ),
    ToolEntry(
        "angle",
        _("Angle"),
        "Shift+A",
        "share_android",
        _("Drag from one arm's end to the vertex, then click the other's end."),
        (),
        lambda bench: MeasureTool(bench.canvas, MeasurementKind.ANGLE),
    ),
    ToolEntry(
        "values",
        _("Values in an ellipse"),
        "Shift+S",
        "oval",
        _("Drag an ellipse: mean, standard deviation and range in HU."),
        (),
        lambda bench: MeasureTool(bench.canvas, MeasurementKind.VALUES),
    ),
    ToolEntry(
        "limits",
        _("Limits of the lesion"),
        "U",
        "auto_fit_height",
        _("Coronal or sagittal: drag from the cranial to the caudal limit; drag again to move the nearer one."),
        (),
        lambda bench: LimitsTool(bench.canvas),
        is_for_copies=False,
    ),
    ToolEntry(
        "course",
        _("Course of the esophagus"),
        "O",
        "arrow_routing",
        _("Click the middle of the esophagus every few slices; right removes a point, Y lays it straight."),
        (),
        lambda bench: CourseTool(bench.canvas),
        is_for_copies=False,
    ),
    ToolEntry(
        "prompt",
        _("AI prompt"),
        "J",
        "sparkle",
        _("Left shows the AI server what belongs to the lesion, right what does not. Off until a server is named."),
        ("AI proposal",),
        lambda bench: PromptTool(bench.canvas),
        is_for_copies=False,
    ),
)
