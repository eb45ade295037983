"""The Rad-score of a contour that is tried, with the signed contour's beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter, QPen

from escc_desktop.gui.widgets.painted import color, diamond
from escc_desktop.gui.widgets.score_strip import AXIS_Y, ScoreStrip
from escc_desktop.i18n import _

if TYPE_CHECKING:
    from escc_desktop.workflow.views.patient import StripView

_SIZE_PX: Final = 6.0


class TriedStrip(ScoreStrip):
    """The strip of the cohort; the hollow diamond is the signed contour."""

    def __init__(self) -> None:
        super().__init__()
        self._signed: float | None = None

    def show_tried(self, view: StripView, signed: float) -> None:
        """Show the score of a contour and that of the signed one."""
        self._signed = signed
        self.show_strip(view)

    def draw(self, painter: QPainter) -> None:  # noqa: D102
        super().draw(painter)
        if self._signed is None:
            return
        at = QPointF(self.x_of(self._signed), AXIS_Y)
        painter.setPen(QPen(color("text"), 1.5))
        painter.setBrush(color("raised"))
        diamond(painter, at, _SIZE_PX)
        rect = QRectF(at.x() - _SIZE_PX, at.y() - _SIZE_PX, 2 * _SIZE_PX, 2 * _SIZE_PX)
        self.add_spot(rect, _("Signed contour: {score}").format(score=f"{self._signed:.3f}"))

    def scores(self) -> list[float]:  # noqa: D102
        return [*super().scores(), *(() if self._signed is None else (self._signed,))]
