"""The line of a limit over a picture, with its name."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QPainter, QPen

from escc_desktop.gui.theme import CAPTION_PX, OKABE_ITO, face
from escc_desktop.gui.viewer.writing import INK, SHADE

_COLOR: Final = QColor(OKABE_ITO[2])
_GAP_PX: Final = 4
_INWARDS_PX: Final = 6
_SHADES: Final = (QPointF(1, 1), QPointF(-1, 1), QPointF(1, -1), QPointF(-1, -1))


def paint_limit(
    painter: QPainter, ends: tuple[QPointF, QPointF], name: str, *, inwards: int, is_held: bool = False
) -> None:
    """Paint the line of a limit with its name; little marks point to the lesion, down (1) or up (-1)."""
    left, right = ends
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    tip = QPointF(0, inwards * _INWARDS_PX)
    for color, width in ((QColor(0, 0, 0, 170), 3.0), (_COLOR, 2.5 if is_held else 1.5)):
        painter.setPen(QPen(color, width))
        painter.drawLine(left, right)
        for end in (left, right):
            painter.drawLine(end, end + tip)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setFont(face(CAPTION_PX))
    # Outside the lesion, where it hides nothing that is drawn.
    base = -_GAP_PX if inwards > 0 else painter.fontMetrics().height()
    paint_shaded(painter, left + QPointF(_GAP_PX, base), name)


def paint_shaded(painter: QPainter, at: QPointF, text: str) -> None:
    """Write a text that is legible over bone too."""
    painter.setPen(SHADE)
    for by in _SHADES:
        painter.drawText(at + by, text)
    painter.setPen(INK)
    painter.drawText(at, text)
