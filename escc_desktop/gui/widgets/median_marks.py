"""Published medians of other arms beside a survival curve: thin, labelled, and said to be no comparison."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from escc_desktop.gui.widgets.painted import color, text
from escc_desktop.i18n import _

_ROW_PX: Final = 13.0
_LABELS_FROM: Final = 0.42
_HALF: Final = 0.5


@dataclass(frozen=True)
class MedianMark:
    """One arm: what it is called, its median in months, and what is known of it."""

    name: str
    months: float
    tip: str


def paint_medians(
    painter: QPainter, marks: Sequence[MedianMark], point_of: Callable[[float, float], QPointF], right: float
) -> list[tuple[QRectF, str]]:
    """Mark each median on the level of one half, with a hairline to its label; return where each label stands.

    The shortest median has the highest label, so that no hairline crosses another.
    """
    shown = sorted(marks, key=lambda mark: (mark.months, mark.name))
    top = point_of(0, 1)
    ends = [point_of(mark.months, _HALF) for mark in shown]
    left = max(top.x() + _LABELS_FROM * (right - top.x()), *(end.x() + 8 for end in ends))
    said = _("Published medians: other patients, no comparison")
    text(painter, QRectF(left, top.y(), right - left, _ROW_PX), said, token="text")
    spots = []
    for row, (mark, end) in enumerate(zip(shown, ends, strict=True), start=1):
        place = QRectF(left, top.y() + row * _ROW_PX, right - left, _ROW_PX)
        middle = place.center().y()
        painter.setPen(QPen(color("secondary"), 0.6, Qt.PenStyle.DotLine))
        painter.drawPolyline([end, QPointF(end.x(), middle), QPointF(left - 4, middle)])
        painter.setPen(QPen(color("secondary"), 1))
        painter.drawLine(end - QPointF(0, 4), end + QPointF(0, 4))
        text(painter, place, f"{mark.months:g}  {mark.name}")
        spots.append((place, mark.tip))
    return spots
