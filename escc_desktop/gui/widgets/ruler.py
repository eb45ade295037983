"""A nomogram as a ruler: what each term adds to this patient's points, and the survival the sum stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QPainter, QPen

from escc_desktop.gui.theme import BODY_PX, CAPTION_PX, face
from escc_desktop.gui.widgets.painted import Painted, color, diamond, text
from escc_desktop.i18n import _

if TYPE_CHECKING:
    from escc_desktop.workflow.views.ruler import RulerAxis, RulerView

_NAME_PX, _VALUE_PX, _POINTS_PX = 270.0, 84.0, 44.0
_FOOT_PX = 48.0
_MAX_POINTS = 100.0
_SAME_POINTS = 1e-6
_LEAST_PX = 40.0


class Ruler(Painted):
    """One bar a term; the diamond is the middle patient of the cohort.

    Attributes
    ----------
    may_map, may_record
        Whether a click on a feature asks where in the lesion it comes from, and on another value where it stands in the
        record (`chosen`, with its name).
    """

    def __init__(self) -> None:
        super().__init__()
        self.may_map = self.may_record = False
        self._view: RulerView | None = None
        self._instead = ""
        self._horizon = ""
        self._estimate_points: float | None = None
        self._pointed = ""
        self.setMinimumHeight(150)

    def show_ruler(
        self, view: RulerView | None, estimate_points: float | None, instead: str, horizon_months: float
    ) -> None:
        """Show a ruler, or a sentence instead.

        Parameters
        ----------
        estimate_points
            Where the assessment's probability lies on the scale; None where it is withheld: then there is no scale.
        """
        self._view, self._estimate_points, self._instead = view, estimate_points, instead
        self._horizon, self._pointed = f"{horizon_months:g}", ""
        self.setAccessibleName(_("What each value adds to the points of the nomogram"))
        self.setMinimumHeight(150 if view is None else int(24 * len(view.axes) + _FOOT_PX))
        self.update()

    def point_out(self, name: str) -> None:
        """Put the keyboard on a term, so that the eye finds it."""
        self._current = self._pointed = name
        self.setFocus()
        self.update()

    def draw(self, painter: QPainter) -> None:  # noqa: D102
        if self._view is None:
            text(painter, QRectF(self.rect()), self._instead, align="centre")
            return
        step = min((self.height() - _FOOT_PX) / max(len(self._view.axes), 1), 40.0)
        for place, axis in enumerate(self._view.axes):
            self._axis(painter, axis, QRectF(0, place * step, self.width(), step))
        self._scale(painter, self._view, self.height() - _FOOT_PX)

    @property
    def _left(self) -> float:
        return _NAME_PX + _VALUE_PX + 16

    @property
    def _span(self) -> float:
        return self.width() - self._left - _POINTS_PX

    def x_of(self, points: float) -> float:
        """Return where points of one term end; beyond the axis, where the axis ends."""
        return self._left + min(max(points, 0.0), _MAX_POINTS) / _MAX_POINTS * self._span

    def _axis(self, painter: QPainter, axis: RulerAxis, row: QRectF) -> None:
        middle = row.center().y()
        if axis.name == self._pointed:
            shade = QColor(color("accent"))
            shade.setAlphaF(0.18)
            painter.fillRect(row, shade)
        self._name(painter, axis, middle)
        if axis.points is None:
            text(painter, QRectF(_NAME_PX, middle - 10, _VALUE_PX, 20), _("missing"), token="warning", align="right")
        else:
            text(painter, QRectF(_NAME_PX, middle - 10, _VALUE_PX, 20), axis.value, token="text", align="right")
        painter.setFont(face(CAPTION_PX))
        painter.fillRect(QRectF(self._left, middle - 5, self.x_of(axis.longest) - self._left, 10), color("line"))
        if axis.points is not None:
            bar = QRectF(self._left, middle - 5, max(self.x_of(axis.points) - self._left, 2), 10)
            painter.fillRect(bar, color("accent"))
            points = QRectF(self.width() - _POINTS_PX, middle - 10, _POINTS_PX, 20)
            text(painter, points, f"{axis.points:.0f}", token="text", align="right")
        painter.setPen(QPen(color("raised"), 1))
        painter.setBrush(color("text"))
        diamond(painter, QPointF(self.x_of(axis.typical), middle), 5)
        more = ""
        if self._is_door(axis):
            more = "\n" + (_("Click: where in the lesion it comes from") if axis.has_map else _("Click: the record"))
        self.add_spot(row, _axis_tip(axis) + more, axis.name if more else "")

    def _is_door(self, axis: RulerAxis) -> bool:
        return (axis.has_map and self.may_map) or (bool(axis.table) and self.may_record)

    def _name(self, painter: QPainter, axis: RulerAxis, middle: float) -> None:
        """Write what the term is called; filter and family of a feature beside it, as far as there is room."""
        painter.setFont(face(BODY_PX))
        width = min(painter.fontMetrics().horizontalAdvance(axis.label) + 1.0, _NAME_PX)
        token = "accent" if self._is_door(axis) else "text"
        text(painter, QRectF(0, middle - 10, width, 20), axis.label, token=token)
        painter.setFont(face(CAPTION_PX))
        if axis.family and _NAME_PX - width > _LEAST_PX:
            text(painter, QRectF(width + 8, middle - 10, _NAME_PX - width - 8, 20), axis.family)
        painter.setFont(face(BODY_PX))

    def _scale(self, painter: QPainter, view: RulerView, top: float) -> None:
        painter.setPen(QPen(color("line"), 1))
        painter.drawLine(QPointF(0, top + 2), QPointF(self.width(), top + 2))
        text(painter, QRectF(0, top + 6, _NAME_PX + _VALUE_PX, 16), _("Points in all"), token="text")
        if view.total is None:
            return
        total = f"{view.total:.0f}"
        text(painter, QRectF(self.width() - _POINTS_PX, top + 6, _POINTS_PX, 16), total, token="text", align="right")
        if self._estimate_points is None:
            return
        is_own = abs(view.total - self._estimate_points) <= _SAME_POINTS
        words = (
            _("{months}-month survival") if is_own else _("{months}-month survival: ▼ estimate, ▽ the card's own sum")
        )
        text(painter, QRectF(0, top + 26, self._left - 16, 16), words.format(months=self._horizon))
        low, high = view.span

        def at(points: float) -> float:
            share = (points - low) / ((high - low) or 1.0)
            return self._left + min(max(share, -0.02), 1.02) * self._span

        line = top + 24
        painter.setPen(QPen(color("secondary"), 1))
        painter.drawLine(QPointF(self._left, line), QPointF(self._left + self._span, line))
        last = -1e9
        for points, survival in sorted(view.survival):
            painter.setPen(QPen(color("secondary"), 1))
            painter.drawLine(QPointF(at(points), line), QPointF(at(points), line + 5))
            if at(points) - last > 30:
                text(painter, QRectF(at(points) - 20, line + 5, 40, 14), f"{survival * 100:.0f} %", align="centre")
                last = at(points)
        if not is_own:
            self._marker(painter, QPointF(at(view.total), line), is_estimate=False)
        self._marker(painter, QPointF(at(self._estimate_points), line), is_estimate=True)

    def _marker(self, painter: QPainter, tip: QPointF, *, is_estimate: bool) -> None:
        painter.setPen(QPen(color("accent"), 1.5))
        painter.setBrush(color("accent") if is_estimate else QColor(color("raised")))
        painter.drawPolygon([tip, tip + QPointF(-6, -11), tip + QPointF(6, -11)])
        own = _("The card as it stands, trained with this patient: too good")
        words = _("The estimate on the left") if is_estimate else own
        self.add_spot(QRectF(tip.x() - 12, tip.y() - 14, 24, 24), words)


def _axis_tip(axis: RulerAxis) -> str:
    lines = [f"{axis.label}: {axis.value or _('missing')}"]
    if axis.family:
        lines.append(axis.family)
    typical = f"{axis.typical:.0f}"
    if axis.points is None:
        return "\n".join([*lines, _("The middle patient has {typical} points.").format(typical=typical)])
    points, longest, away = f"{axis.points:.0f}", f"{axis.longest:.0f}", f"{axis.points - axis.typical:+.0f}"
    lines += [
        _("{points} of at most {longest} points").format(points=points, longest=longest),
        _("{away} against the middle patient ({typical})").format(away=away, typical=typical),
    ]
    return "\n".join(lines)
