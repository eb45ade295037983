"""Plots of the trial page that paint themselves: change over time, the response bar, Rad-scores by group and event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from escc_desktop.gui.widgets.painted import SHAPES, Painted, color, month_ticks, risk_color, text
from escc_desktop.gui.widgets.waterfall import RESPONSES, Entry, response_ink, response_words, ways
from escc_desktop.i18n import _

if TYPE_CHECKING:
    from escc_desktop.workflow.views.trial import ChangeCourse, ScoreBar, ScoreBars

_LEFT_PX, _TOP_PX, _FOOT_PX = 46.0, 8.0, 34.0
_CROWD = 300
"""More lines than this are painted plainly, and only their ends answer to the mouse."""


class Spider(Painted):
    """One line a patient: the sum of the target lesions against the baseline, up to progression."""

    def __init__(self) -> None:
        super().__init__()
        self._courses: tuple[ChangeCourse, ...] = ()
        self._end, self._top = 1.0, 25.0
        self._can_open = True
        self.setMinimumHeight(240)
        self.setAccessibleName(_("Change of the target lesions of each patient over time"))

    def show_courses(self, courses: Sequence[ChangeCourse], *, can_open: bool) -> None:
        """Show patients; those never measured again are not drawn."""
        self._courses, self._can_open = tuple(course for course in courses if course.points), can_open
        self._end = max((course.points[-1][0] for course in self._courses), default=1.0) or 1.0
        changes = [change for course in self._courses for _month, change in course.points]
        self._top = min(max(25.0, *changes, 0.0), 100.0)
        self.update()

    def point_of(self, month: float, percent: float) -> QPointF:
        """Return where a month and a change lie."""
        width = self.width() - _LEFT_PX - 8
        height = self.height() - _TOP_PX - _FOOT_PX
        share = (self._top - min(percent, self._top)) / (self._top + 105)
        return QPointF(_LEFT_PX + month / self._end * width, _TOP_PX + share * height)

    def draw(self, painter: QPainter) -> None:  # noqa: D102
        if not self._courses:
            text(painter, QRectF(self.rect()), _("No target lesion was measured again."), align="centre")
            return
        self._grid(painter)
        is_crowd = len(self._courses) > _CROWD
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, not is_crowd)
        pens = {kind: QPen(response_ink(kind), 1.0 if is_crowd else 1.4) for kind in RESPONSES}
        zero, top = self.point_of(0, 0), self._top
        per_month = self.point_of(1, 0).x() - zero.x()
        per_percent = self.point_of(0, -1).y() - zero.y()
        for course in self._courses:
            places = [zero] + [
                QPointF(zero.x() + month * per_month, zero.y() - min(change, top) * per_percent)
                for month, change in course.points
            ]
            painter.setPen(pens[course.response])
            painter.drawPolyline(QPolygonF(places))
            self._mark(course, places[-1:] if is_crowd else places[1:])

    def _mark(self, course: ChangeCourse, places: Sequence[QPointF]) -> None:
        last = course.points[-1]
        tip = "\n".join(
            [
                f"{course.patient_id} · {response_words(course.response)}",
                _("{change} % at month {month}").format(change=f"{last[1]:+.0f}", month=f"{last[0]:.1f}"),
                ways(to_patient=self._can_open),
            ]
        )
        for place in places:
            spot = QRectF(place.x() - 5, place.y() - 5, 10, 10)
            self.add_spot(spot, tip, course.patient_id)

    def _grid(self, painter: QPainter) -> None:
        for level in (-100, -60, -30, 0, 20, 60, 100):
            if level > self._top:
                continue
            y = self.point_of(0, level).y()
            is_limit = level in {-30, 20}
            style = Qt.PenStyle.DashLine if is_limit else Qt.PenStyle.SolidLine
            painter.setPen(QPen(color("secondary" if is_limit else "line"), 1, style))
            painter.drawLine(QPointF(_LEFT_PX, y), QPointF(self.width(), y))
            text(painter, QRectF(0, y - 8, _LEFT_PX - 6, 16), f"{level} %", align="right")
        foot = self.height() - _FOOT_PX
        for month in month_ticks(self._end):
            text(painter, QRectF(self.point_of(month, 0).x() - 16, foot + 2, 32, 14), str(month), align="centre")
        words = _("months from day 1; {n} patients, each up to progression").format(n=len(self._courses))
        text(painter, QRectF(_LEFT_PX, foot + 17, self.width() - _LEFT_PX, 15), words, align="centre")


class ResponseBar(Painted):
    """The best responses as one bar out of all enrolled."""

    _BAR_PX = 40.0

    def __init__(self) -> None:
        super().__init__()
        self._counts: dict[str, int] = {}
        self.setFixedHeight(int(self._BAR_PX) + 4)

    def show_counts(self, counts: Mapping[str, int]) -> None:
        """Show how many patients had each response."""
        self._counts = {kind: count for kind, count in counts.items() if count}
        self.setAccessibleName("; ".join(f"{response_words(kind)}: {n}" for kind, n in self._counts.items()))
        self.update()

    def draw(self, painter: QPainter) -> None:  # noqa: D102
        total, left = sum(self._counts.values()) or 1, 0.0
        for kind, count in self._counts.items():
            width = count / total * self.width()
            rect = QRectF(left, 2, max(width - 2, 1), self._BAR_PX)
            painter.fillRect(rect, response_ink(kind))
            if width > 44:
                ink = response_ink(kind)
                painter.setPen(QColor("#111" if ink.lightnessF() > 0.5 else "#fff"))
                painter.drawText(rect, int(Qt.AlignmentFlag.AlignCenter), f"{_short(kind)} {count}")
            words = _("{kind}: {n} of {total} ({share} %)")
            told = words.format(kind=response_words(kind), n=count, total=total, share=f"{100 * count / total:.1f}")
            self.add_spot(rect, told)
            left += width


def _short(kind: str) -> str:
    return _("non-CR/non-PD") if kind == "NON_CR_NON_PD" else kind


class ScorePlot(Painted):
    """Rad-scores in ascending order, from the cut-off; filled bars died, hollow ones are alive at the last contact."""

    def __init__(self) -> None:
        super().__init__()
        self._found: ScoreBars | None = None
        self._can_open = True
        self.setMinimumHeight(200)

    def show_scores(self, found: ScoreBars | None, *, can_open: bool) -> None:
        """Show scores, or that there are none."""
        self._found, self._can_open = found, can_open
        n = len(found.bars) if found else 0
        self.setAccessibleName(_("Rad-scores of {n} patients").format(n=n))
        self.update()

    def draw(self, painter: QPainter) -> None:  # noqa: D102
        if self._found is None:
            told = _("No Rad-score is known: no card was applied to these patients, or your role does not see them.")
            text(painter, QRectF(self.rect()), told, align="centre")
            return
        bars, base = self._found.bars, self._found.cutoff or 0.0
        scores = [bar.score for bar in bars]
        low, high = min(*scores, base), max(*scores, base)
        room = self.height() - _TOP_PX - _FOOT_PX

        def y_of(score: float) -> float:
            return _TOP_PX + (high - score) / ((high - low) or 1.0) * room

        step = (self.width() - _LEFT_PX) / len(bars)
        for place, bar in enumerate(bars):
            left = _LEFT_PX + place * step
            top, bottom = sorted((y_of(bar.score), y_of(base)))
            self._bar(painter, bar, QRectF(left + step * 0.1, top, max(step * 0.8, 0.7), bottom - top))
        self._axis(painter, y_of, (low, base, high))

    def _bar(self, painter: QPainter, bar: ScoreBar, rect: QRectF) -> None:
        ink = risk_color(bar.group)
        painter.setPen(QPen(ink, 1.2))
        painter.setBrush(ink if bar.died else Qt.BrushStyle.NoBrush)
        painter.drawRect(rect)
        ended = _("died") if bar.died else _("alive at the last contact")
        told = f"{bar.patient_id} · {bar.score:.3f} · {bar.group or '–'} · {ended}"
        tip = f"{told}\n{ways(to_patient=self._can_open)}"
        whole = QRectF(rect.left() - 1, _TOP_PX, rect.width() + 2, self.height() - _TOP_PX - _FOOT_PX)
        self.add_spot(whole, tip, bar.patient_id)

    def _axis(self, painter: QPainter, y_of: object, levels: tuple[float, float, float]) -> None:
        assert self._found is not None
        assert callable(y_of)
        last = -100.0
        for level in sorted(set(levels), reverse=True):
            y = float(y_of(level))
            if y - last > 13:
                text(painter, QRectF(0, y - 8, _LEFT_PX - 6, 16), f"{level:.2f}", align="right")
                last = y
        base = float(y_of(levels[1]))
        painter.setPen(QPen(color("text"), 1))
        painter.drawLine(QPointF(_LEFT_PX, base), QPointF(self.width(), base))
        n_died = sum(bar.died for bar in self._found.bars)
        words = _("{n} patients by Rad-score, bars from the cut-off; filled: died ({died}), hollow: alive; {card}")
        told = words.format(n=len(self._found.bars), died=n_died, card=self._found.card)
        foot = QRectF(_LEFT_PX, self.height() - _FOOT_PX + 10, self.width() - _LEFT_PX, 16)
        text(painter, foot, told, align="centre")


def group_entries(found: ScoreBars | None) -> list[Entry]:
    """Return the risk groups with how many patients are in each and how many of them died."""
    entries = []
    bars = found.bars if found is not None else ()
    for group in ("LOW", "HIGH", ""):
        mine = [bar for bar in bars if bar.group == group]
        if mine:
            words = _("{group}: {died} of {n} died").format(
                group=group or _("no group"), died=sum(bar.died for bar in mine), n=len(mine)
            )
            entries.append(Entry(SHAPES.get(group, "■"), risk_color(group), words))
    return entries
