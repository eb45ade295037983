"""What a Rad-score depends on: one bar a change, the longest on top, around the signed score and the cut-off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QPainter, QPen

from escc_desktop.gui.theme import BODY_PX, CAPTION_PX, face
from escc_desktop.gui.widgets.painted import SHAPES, Painted, color, risk_color, text, triangle
from escc_desktop.i18n import _

if TYPE_CHECKING:
    from escc_desktop.workflow.views.live_signature import TornadoBar, TornadoView

_HEAD_PX: Final = 60.0
_ROW_PX: Final = 40.0
_BAR_PX: Final = 12.0
_NAME_SHARE: Final = 0.34
_OUTCOME_PX: Final = 190.0
_GAP_PX: Final = 12.0
_ROOM: Final = 0.08
_GROUP_PX: Final = 120.0
# A cut-off farther away than so many times the longest bar would leave no bar to see: it is said at the edge.
_FAR: Final = 4.0


class Tornado(Painted):
    """The bars; a click on one about a voxel asks to be shown it (`chosen`, with the bar's number)."""

    def __init__(self) -> None:
        super().__init__()
        self._view: TornadoView | None = None

    def show_tornado(self, view: TornadoView | None) -> None:
        """Show the bars, or nothing."""
        self._view = view
        n_bars = 0 if view is None else len(view.bars)
        self.setMinimumHeight(int(_HEAD_PX + n_bars * _ROW_PX))
        self.setAccessibleName(_("What the Rad-score depends on"))
        self.setAccessibleDescription(
            "" if view is None else "\n".join(f"{bar.label}: {bar.outcome}" for bar in view.bars)
        )
        self.update()

    def row_of(self, number: int) -> QRectF:
        """Return where a bar's row is."""
        return QRectF(0, _HEAD_PX + number * _ROW_PX, self.width(), _ROW_PX)

    def x_of(self, score: float) -> float:
        """Return where a score lies across the widget."""
        low, high = self._range()
        return self._left + (score - low) / (high - low) * (self._right - self._left)

    def draw(self, painter: QPainter) -> None:  # noqa: D102
        view = self._view
        if view is None:
            return
        for number, bar in enumerate(view.bars):
            self._bar(painter, view, bar, number)
        self._lines(painter, view)

    @property
    def _left(self) -> float:
        return self.width() * _NAME_SHARE + _GAP_PX

    @property
    def _right(self) -> float:
        return self.width() - _OUTCOME_PX - _GAP_PX

    def _range(self) -> tuple[float, float]:
        view = self._view
        if view is None:
            return 0.0, 1.0
        values = [view.signed, *(mark.score for bar in view.bars for mark in bar.marks)]
        span = max(abs(value - view.signed) for value in values)
        if view.cutoff is not None and abs(view.cutoff - view.signed) <= _FAR * span:
            values.append(view.cutoff)
        low, high = min(values), max(values)
        room = _ROOM * (high - low) or 0.5
        return low - room, high + room

    def _lines(self, painter: QPainter, view: TornadoView) -> None:
        """Draw signed score and cut-off; where the cut-off is out of sight, say on which side it is."""
        bottom = _HEAD_PX + len(view.bars) * _ROW_PX
        signed = self.x_of(view.signed)
        painter.setPen(QPen(color("text"), 1.5))
        painter.drawLine(QPointF(signed, 18), QPointF(signed, 22))
        painter.drawLine(QPointF(signed, _HEAD_PX), QPointF(signed, bottom))
        self._centred(painter, _("signed {score}").format(score=f"{view.signed:.3f}"), signed, 0, "text")
        if view.cutoff is None:
            return
        words = _("cut-off {value}").format(value=f"{view.cutoff:.3f}")
        x = self.x_of(view.cutoff)
        if not self._left <= x <= self._right:
            is_left = x < self._left
            rect = QRectF(self._left, 20, self._right - self._left, 18)
            words = f"\N{LEFTWARDS ARROW} {words}" if is_left else f"{words} \N{RIGHTWARDS ARROW}"
            text(painter, rect, words, align="left" if is_left else "right")
            return
        painter.setPen(QPen(color("text"), 1, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(x, 38), QPointF(x, bottom))
        self._centred(painter, words, x, 20, "secondary")
        low, high = f"{SHAPES['LOW']} {_('LOW')}", f"{_('HIGH')} {SHAPES['HIGH']}"
        text(painter, QRectF(x - 6 - _GROUP_PX, 40, _GROUP_PX, 18), low, align="right")
        text(painter, QRectF(x + 6, 40, _GROUP_PX, 18), high)

    def _centred(self, painter: QPainter, words: str, x: float, y: float, token: str) -> None:
        width = painter.fontMetrics().horizontalAdvance(words) + 4
        at = max(self._left, min(x - width / 2, self._right - width))
        text(painter, QRectF(at, y, width, 18), words, token=token)

    def _bar(self, painter: QPainter, view: TornadoView, bar: TornadoBar, number: int) -> None:
        row = self.row_of(number)
        middle = row.center().y()
        if number % 2 == 0:
            painter.fillRect(row, color("hover"))
        self._names(painter, bar, row)
        if bar.marks:
            self._span(painter, view, bar, middle)
        for mark in bar.marks:
            self._mark(painter, view, mark.score, QPointF(self.x_of(mark.score), middle), is_flip=mark.flips)
        outcome = QRectF(self._right + _GAP_PX, row.top(), _OUTCOME_PX - 4, _ROW_PX)
        painter.setFont(face(CAPTION_PX, bold=bar.flips))
        text(painter, outcome, bar.outcome, token="text" if bar.flips else "secondary")
        painter.setFont(face(CAPTION_PX))
        tip = "\n\n".join([f"{bar.label}: {bar.outcome}", *(mark.words for mark in bar.marks)])
        more = "\n\n" + _("Click: show the voxel") if bar.voxel is not None else ""
        self.add_spot(row, tip + more, str(number) if bar.voxel is not None else "")

    def _names(self, painter: QPainter, bar: TornadoBar, row: QRectF) -> None:
        name = QRectF(8, row.top() + 3, self._left - _GAP_PX - 8, 18)
        painter.setFont(face(BODY_PX))
        text(painter, name, bar.label, token="text")
        painter.setFont(face(CAPTION_PX))
        text(painter, name.translated(0, 17), bar.detail)

    def _span(self, painter: QPainter, view: TornadoView, bar: TornadoBar, middle: float) -> None:
        """Fill from the lowest score to the highest, the signed one included; beyond the cut-off with stripes."""
        scores = [view.signed, *(mark.score for mark in bar.marks)]
        left, right = self.x_of(min(scores)), self.x_of(max(scores))
        rect = QRectF(left, middle - _BAR_PX / 2, max(right - left, 1.0), _BAR_PX)
        painter.fillRect(rect, color("accent"))
        if not bar.flips or view.cutoff is None:
            return
        cutoff = self.x_of(view.cutoff)
        beyond = QRectF(rect)
        if view.signed > view.cutoff:
            beyond.setRight(cutoff)
        else:
            beyond.setLeft(cutoff)
        other = "LOW" if view.group == "HIGH" else "HIGH"
        painter.fillRect(beyond, color("background"))
        painter.fillRect(beyond, QBrush(risk_color(other), Qt.BrushStyle.DiagCrossPattern))
        painter.setPen(QPen(risk_color(other), 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(beyond)

    def _mark(self, painter: QPainter, view: TornadoView, score: float, at: QPointF, *, is_flip: bool) -> None:
        painter.setPen(QPen(color("raised"), 1))
        if is_flip:
            group = "LOW" if view.group == "HIGH" else "HIGH"
            painter.setBrush(risk_color(group))
            triangle(painter, at, 7, up=group == "HIGH")
        else:
            painter.setBrush(color("text"))
            painter.drawEllipse(at, 3.5, 3.5)
