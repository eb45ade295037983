"""A specification curve: C-indices sorted, group flips below, and which options each specification takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from escc_desktop.gui.widgets.painted import Painted, color, text
from escc_desktop.i18n import _

if TYPE_CHECKING:
    from escc_desktop.workflow.views.specification import Column, SpecificationView

_LEFT_PX: Final = 190.0
_RIGHT_PX: Final = 12.0
_TOP_PX: Final = 24.0
_C_PX: Final = 130.0
_FLIPS_TOP: Final = _TOP_PX + _C_PX + 26
_FLIPS_PX: Final = 46.0
_DOTS_TOP: Final = _FLIPS_TOP + _FLIPS_PX + 12
_ROW_PX: Final = 16.0
_GAP_PX: Final = 5.0
_DOT_PX: Final = 3.0
_LEAST_C, _MOST_C = 0.4, 1.0
_TICKS: Final = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


class SpecificationCurve(Painted):
    """One column a specification; a column says all of itself, by mouse and by arrow keys."""

    def __init__(self) -> None:
        super().__init__()
        self._view: SpecificationView | None = None
        self.setMinimumWidth(700)
        self.setAccessibleName(_("Specification curve"))

    def show_curve(self, view: SpecificationView) -> None:
        """Show a curve."""
        self._view = view
        rows = sum(len(options) for _choice, options in view.choices)
        self.setFixedHeight(int(_DOTS_TOP + rows * _ROW_PX + len(view.choices) * _GAP_PX + 4))
        self.setAccessibleDescription("\n".join(view.sentences))
        self.update()

    def x_of(self, place: int) -> float:
        """Return the middle of a column."""
        n = 1 if self._view is None else max(len(self._view.columns), 1)
        return _LEFT_PX + (place + 0.5) * (self.width() - _LEFT_PX - _RIGHT_PX) / n

    def y_of(self, c: float) -> float:
        """Return where a C-index lies; below the axis, at its end."""
        share = (max(c, _LEAST_C) - _LEAST_C) / (_MOST_C - _LEAST_C)
        return _TOP_PX + (1 - share) * _C_PX

    def draw(self, painter: QPainter) -> None:  # noqa: D102
        view = self._view
        if view is None:
            return
        self._axes(painter)
        for place, column in enumerate(view.columns):
            self._column(painter, column, self.x_of(place))
        self._matrix(painter, view)
        half = (self.x_of(1) - self.x_of(0)) / 2
        for place, column in enumerate(view.columns):
            rect = QRectF(self.x_of(place) - half, _TOP_PX - 6, 2 * half, self.height() - _TOP_PX + 4)
            self.add_spot(rect, _told(view, column), str(place))

    def _axes(self, painter: QPainter) -> None:
        right = self.width() - _RIGHT_PX
        for c in _TICKS:
            y = self.y_of(c)
            painter.setPen(QPen(color("secondary" if c == 0.5 else "line"), 1, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(_LEFT_PX, y), QPointF(right, y))
            text(painter, QRectF(_LEFT_PX - 40, y - 8, 34, 16), f"{c:.1f}", align="right")
        text(painter, QRectF(0, self.y_of(0.5) - 8, _LEFT_PX - 44, 16), _("chance"), align="right")
        painter.setPen(QPen(color("accent"), 1))
        painter.setBrush(color("accent"))
        painter.drawEllipse(QPointF(_LEFT_PX + 6, 9), 4, 4)
        text(painter, QRectF(_LEFT_PX + 16, 1, 190, 16), _("C-index in test folds"), token="text")
        painter.setPen(QPen(color("secondary"), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(QPointF(_LEFT_PX + 216, 9), 4, 4)
        text(painter, QRectF(_LEFT_PX + 226, 1, 190, 16), _("apparent: too good"))
        painter.setPen(QPen(color("warning"), 1.5))
        painter.drawLine(QPointF(_LEFT_PX + 416, 3), QPointF(_LEFT_PX + 416, 15))
        text(painter, QRectF(_LEFT_PX + 424, 1, 300, 16), _("first option of every choice"))
        text(painter, QRectF(0, _FLIPS_TOP, _LEFT_PX - 44, _FLIPS_PX), _("in another group"), token="text")
        for share, y in ((0, _FLIPS_TOP + _FLIPS_PX), (100, _FLIPS_TOP)):
            painter.setPen(QPen(color("line"), 1))
            painter.drawLine(QPointF(_LEFT_PX, y), QPointF(right, y))
            text(painter, QRectF(_LEFT_PX - 50, y - 8, 44, 16), f"{share} %", align="right")

    def _column(self, painter: QPainter, column: Column, x: float) -> None:
        if column.is_reference:
            painter.setPen(QPen(color("warning"), 1.5))
            painter.drawLine(QPointF(x, _TOP_PX - 4), QPointF(x, self.height()))
        if column.apparent is not None:
            painter.setPen(QPen(color("secondary"), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(QPointF(x, self.y_of(column.apparent)), _DOT_PX, _DOT_PX)
        if column.corrected is not None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(color("accent"))
            painter.drawEllipse(QPointF(x, self.y_of(column.corrected)), _DOT_PX, _DOT_PX)
        if column.flips is not None:
            height = column.flips * _FLIPS_PX
            painter.fillRect(QRectF(x - 2, _FLIPS_TOP + _FLIPS_PX - height, 4, height), color("text"))

    def _matrix(self, painter: QPainter, view: SpecificationView) -> None:
        y = _DOTS_TOP
        for place, (choice, options) in enumerate(view.choices):
            painter.setPen(QPen(color("line"), 1))
            painter.drawLine(QPointF(0, y - 2), QPointF(self.width() - _RIGHT_PX, y - 2))
            text(painter, QRectF(0, y, 72, _ROW_PX), choice, token="text")
            for number, option in enumerate(options):
                text(painter, QRectF(74, y, _LEFT_PX - 84, _ROW_PX), option, align="right")
                for at, column in enumerate(view.columns):
                    is_taken = column.options[place] == number
                    painter.setPen(Qt.PenStyle.NoPen)
                    painter.setBrush(color("text" if is_taken else "line"))
                    size = _DOT_PX if is_taken else 1.0
                    painter.drawEllipse(QPointF(self.x_of(at), y + _ROW_PX / 2), size, size)
                y += _ROW_PX
            y += _GAP_PX


def _told(view: SpecificationView, column: Column) -> str:
    taken = [
        f"{choice}: {options[number]}" for (choice, options), number in zip(view.choices, column.options, strict=True)
    ]
    if column.fault:
        return "\n".join([*taken, column.fault])
    lines = [_("{n} features selected").format(n=column.n_selected)]
    if column.corrected is not None:
        lines.append(_("C-index in test folds {c:.3f}").format(c=column.corrected))
    if column.apparent is not None:
        lines.append(_("apparent {c:.3f}").format(c=column.apparent))
    if column.flips is not None:
        lines.append(_("{share:.0f} % of the patients in another group").format(share=100 * column.flips))
    return "\n".join([*taken, *lines])
