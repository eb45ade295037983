"""Nudge: push the border of the region with a round tool."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from escc_desktop.gui.tools.brush import BrushTool, Stroke
from escc_desktop.gui.tools.brush_options import BrushOptions, BrushShape
from escc_desktop.gui.tools.brush_panel import SizePart, finest_mm
from escc_desktop.gui.tools.canvas import Canvas
from escc_desktop.gui.tools.tool import array_point
from escc_desktop.gui.viewer.tool import Pointer
from escc_desktop.i18n import _

NUDGED: Final = "nudge"


class NudgeTool(BrushTool):
    """Pushes the border outwards from inside the region, inwards from outside of it; right always pushes inwards.

    The border ends where the tool stops. It knows no range of HU: the hand alone decides.
    """

    def __init__(self, canvas: Canvas, options: BrushOptions) -> None:
        super().__init__(canvas, options, paints=True)
        self.name = NUDGED

    @property
    def shape(self) -> BrushShape:
        """The tool: as large as the brush and always round."""
        return replace(self.options.shape, is_square=False)

    def begin(self, at: Pointer) -> bool:
        """Push outwards if the stroke begins inside."""
        return at.button == Qt.MouseButton.LeftButton and self.would_paint(at)

    def would_paint(self, at: Pointer) -> bool:
        """Return whether the pointer is inside the region."""
        place = [round(value) for value in array_point(at)]
        is_on_grid = all(0 <= value < n for value, n in zip(place, self.canvas.shown.shape, strict=True))
        return is_on_grid and not at.pen.is_eraser and bool(self.canvas.shown[place[0], place[1], place[2]])

    def label_of(self, stroke: Stroke) -> str:
        """Return what the step is called."""
        return NUDGED

    def nothing(self, stroke: Stroke) -> str:
        """Say why a stroke changed nothing."""
        if not np.any(self.canvas.shown[stroke.slice_index]):
            return _("Nothing changed: nothing is drawn on this slice yet whose border could be pushed.")
        return _("Nothing changed: the tool did not meet the border. Begin beside it and push across.")

    def take_up(self) -> None:
        """Push borders whatever the HU are."""

    def make_options(self) -> QWidget:
        """Return size and reach."""
        return SizePart(self.options, finest_mm(self.canvas), is_always_round=True)
