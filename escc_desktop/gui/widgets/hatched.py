"""A frame of slanted stripes: what lies inside is not the record."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QBrush, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QWidget

from escc_desktop.gui.widgets.painted import color

EDGE_PX: Final = 9


class HatchedFrame(QWidget):
    """A widget with a striped edge; its layout keeps off the edge by `EDGE_PX`."""

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the stripes around the inside."""
        edge = QPainterPath()
        edge.addRect(QRectF(self.rect()))
        edge.addRect(QRectF(self.rect()).adjusted(EDGE_PX, EDGE_PX, -EDGE_PX, -EDGE_PX))
        with QPainter(self) as painter:
            painter.fillPath(edge, color("background"))
            painter.fillPath(edge, QBrush(color("warning"), Qt.BrushStyle.BDiagPattern))
            painter.setPen(color("warning"))
            painter.drawRect(self.rect().adjusted(EDGE_PX - 1, EDGE_PX - 1, -EDGE_PX, -EDGE_PX))
