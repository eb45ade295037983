"""Who took part: boxes from left to right, and who left on the way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter, QPen, QPolygonF

from escc_desktop.gui.theme import BODY_PX, CAPTION_PX, RADIUS, TITLE_PX, face
from escc_desktop.gui.widgets.painted import Painted, color, text

if TYPE_CHECKING:
    from escc_desktop.workflow.views.trial import FlowBox

_GAP_PX = 28.0
_BOX_PX = 62.0
_LINE_PX = 16.0


class Flow(Painted):
    """The boxes; under each, how many left there and why."""

    def __init__(self) -> None:
        super().__init__()
        self._steps: tuple[FlowBox, ...] = ()

    def show_steps(self, steps: Sequence[FlowBox]) -> None:
        """Show the flow."""
        self._steps = tuple(steps)
        self.setAccessibleName("; ".join(f"{step.n} {step.words}" for step in steps))
        self.setFixedHeight(int(_BOX_PX + _LINE_PX * max((len(step.left) for step in steps), default=0) + 6))
        self.update()

    def draw(self, painter: QPainter) -> None:  # noqa: D102
        width = (self.width() - _GAP_PX * (len(self._steps) - 1)) / max(len(self._steps), 1)
        for place, step in enumerate(self._steps):
            left = place * (width + _GAP_PX)
            self._box(painter, step, QRectF(left, 0, width, _BOX_PX))
            if place and not step.is_apart:
                self._arrow(painter, left - _GAP_PX / 2)

    def _box(self, painter: QPainter, step: FlowBox, box: QRectF) -> None:
        painter.setPen(QPen(color("raised"), 0))
        painter.setBrush(color("raised"))
        painter.drawRoundedRect(box, RADIUS, RADIUS)
        painter.setFont(face(TITLE_PX, bold=True))
        text(painter, QRectF(box.left() + 12, 6, box.width() - 24, 30), str(step.n), token="text")
        painter.setFont(face(BODY_PX))
        text(painter, QRectF(box.left() + 12, 36, box.width() - 24, 20), step.words)
        painter.setFont(face(CAPTION_PX))
        for row, (n, why) in enumerate(step.left):
            rect = QRectF(box.left() + 12, _BOX_PX + 4 + row * _LINE_PX, box.width(), _LINE_PX)
            text(painter, rect, f"↳ {n} {why}")

    def _arrow(self, painter: QPainter, x: float) -> None:
        y = _BOX_PX / 2
        painter.setBrush(color("secondary"))
        painter.setPen(QPen(color("secondary"), 0))
        painter.drawPolygon(QPolygonF([QPointF(x - 4, y - 6), QPointF(x + 5, y), QPointF(x - 4, y + 6)]))
