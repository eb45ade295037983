"""Predicted against observed survival in groups of patients, with their intervals and the line of those that agree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from escc_desktop.gui.widgets.painted import Painted, color, text
from escc_desktop.i18n import _

if TYPE_CHECKING:
    from escc_desktop.workflow.views.ledger import Group

_LEFT_PX: Final = 44.0
_BOTTOM_PX: Final = 40.0
_TOP_PX: Final = 10.0
_DOT_PX: Final = 5.0
_TICKS: Final = (0.0, 0.25, 0.5, 0.75, 1.0)


class CalibrationPlot(Painted):
    """A square plot from 0 to 100 %."""

    def __init__(self) -> None:
        super().__init__()
        self._groups: tuple[Group, ...] = ()
        self.setFixedSize(300, 290)
        self.setAccessibleName(_("Predicted against observed survival"))

    def show_groups(self, groups: Sequence[Group]) -> None:
        """Show groups."""
        self._groups = tuple(groups)
        self.setAccessibleDescription("\n".join(_told(group) for group in groups))
        self.update()

    def point_of(self, predicted: float, observed: float) -> QPointF:
        """Return where a pair lies."""
        width, height = self.width() - _LEFT_PX - 16, self.height() - _TOP_PX - _BOTTOM_PX
        return QPointF(_LEFT_PX + predicted * width, _TOP_PX + (1 - observed) * height)

    def draw(self, painter: QPainter) -> None:  # noqa: D102
        for share in _TICKS:
            painter.setPen(QPen(color("line"), 1))
            painter.drawLine(self.point_of(0, share), self.point_of(1, share))
            painter.drawLine(self.point_of(share, 0), self.point_of(share, 1))
            at, below = self.point_of(0, share), self.point_of(share, 0)
            text(painter, QRectF(0, at.y() - 8, _LEFT_PX - 6, 16), f"{share * 100:.0f} %", align="right")
            text(painter, QRectF(below.x() - 24, below.y() + 4, 48, 16), f"{share * 100:.0f} %", align="centre")
        words = QRectF(_LEFT_PX, self.height() - 18, self.width() - _LEFT_PX, 18)
        text(painter, words, _("predicted survival; up: observed"), align="centre")
        painter.setPen(QPen(color("secondary"), 1, Qt.PenStyle.DashLine))
        painter.drawLine(self.point_of(0, 0), self.point_of(1, 1))
        for group in self._groups:
            self._group(painter, group)

    def _group(self, painter: QPainter, group: Group) -> None:
        low, high = self.point_of(group.predicted, group.lower), self.point_of(group.predicted, group.upper)
        painter.setPen(QPen(color("accent"), 2))
        painter.drawLine(low, high)
        painter.setBrush(color("accent"))
        painter.setPen(QPen(color("panel"), 1))
        painter.drawEllipse(self.point_of(group.predicted, group.observed), _DOT_PX, _DOT_PX)
        self.add_spot(QRectF(high.x() - 10, high.y() - 4, 20, low.y() - high.y() + 8), _told(group))


def _told(group: Group) -> str:
    told = _("{n} patients: predicted {predicted:.0f} %, observed {observed:.0f} % ({lower:.0f} to {upper:.0f})")
    return told.format(
        n=group.n, predicted=100 * group.predicted, observed=100 * group.observed, lower=100 * group.lower,
        upper=100 * group.upper,
    )  # fmt: skip
