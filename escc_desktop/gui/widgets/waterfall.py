"""Best change of the target lesions and the course of each patient, as bars that open patient or lesions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QResizeEvent

from escc_desktop.gui.theme import CAPTION_PX, face, is_dark
from escc_desktop.gui.widgets.painted import Painted, color, diamond, month_ticks, text, triangle
from escc_desktop.i18n import _

if TYPE_CHECKING:
    from escc_desktop.workflow.views.trial import BestChange, SwimmerLane

# For dark and for light surfaces; the letters stand in tips and legend, so that colour is not the only sign.
_INKS = {
    "CR": ("#009e73", "#00775a"),
    "PR": ("#56b4e9", "#0072b2"),
    "SD": ("#8fa1b3", "#7b8a99"),
    "NON_CR_NON_PD": ("#b9c4cf", "#a9b5c0"),
    "PD": ("#d55e00", "#d55e00"),
    "NE": ("#5d6671", "#c3c9d0"),
}
RESPONSES = tuple(_INKS)
_EVENT_INKS = {"response": "#009e73", "progression": "#d55e00", "death": "", "new therapy": "#e69f00"}


def response_words(response: str) -> str:
    """Return a response in words."""
    return {
        "CR": _("CR complete response"),
        "PR": _("PR partial response"),
        "SD": _("SD stable disease"),
        "NON_CR_NON_PD": _("non-CR/non-PD"),
        "PD": _("PD progressive disease"),
        "NE": _("NE not evaluable"),
    }.get(response, response)


def response_ink(response: str) -> QColor:
    """Return the colour of a best response."""
    return QColor(_INKS.get(response, _INKS["NE"])[0 if is_dark() else 1])


def ways(*, to_patient: bool) -> str:
    """Return where a click on a patient's bar leads: to the Patient page where the role has it, and to the lesions."""
    return _("Click: the patient. Right click: the lesions") if to_patient else _("Click: the lesions")


@dataclass(frozen=True)
class Entry:
    """One sign of a legend: its shape, its colour (nothing: that of text) and its words."""

    glyph: str
    ink: QColor | None
    words: str


class Legend(Painted):
    """What signs mean, in as many lines as it takes."""

    _LINE_PX = 18

    def __init__(self) -> None:
        super().__init__()
        self._entries: tuple[Entry, ...] = ()
        self.setFixedHeight(self._LINE_PX)

    def show_entries(self, entries: Sequence[Entry]) -> None:
        """Show signs, each with its words."""
        self._entries = tuple(entries)
        self.setAccessibleName("; ".join(entry.words for entry in entries))
        self._fit()
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        self._fit()

    def draw(self, painter: QPainter) -> None:  # noqa: D102
        for entry, place in zip(self._entries, self._places(), strict=True):
            painter.setPen(entry.ink or color("text"))
            painter.drawText(place, int(Qt.AlignmentFlag.AlignVCenter), entry.glyph)
            text(painter, place.adjusted(16, 0, 0, 0), entry.words)

    def _places(self) -> list[QRectF]:
        metrics = QFontMetricsF(face(CAPTION_PX))
        places, x, y = [], 0.0, 0.0
        for entry in self._entries:
            width = metrics.horizontalAdvance(entry.words) + 18
            if x and x + width > self.width():
                x, y = 0.0, y + self._LINE_PX
            places.append(QRectF(x, y, width, self._LINE_PX))
            x += width + 14
        return places

    def _fit(self) -> None:
        places = self._places()
        self.setFixedHeight(int(places[-1].bottom()) if places else self._LINE_PX)


class Waterfall(Painted):
    """One bar a patient, worst to best, with the RECIST lines at +20 and -30 %."""

    _LEFT_PX, _TOP_PX, _FOOT_PX = 46.0, 14.0, 18.0

    def __init__(self) -> None:
        super().__init__()
        self._bars: tuple[BestChange, ...] = ()
        self._peak = 25.0
        self._n_missing = 0
        self._can_open = True
        self.setMinimumHeight(220)
        self.setAccessibleName(_("Best change of the target lesions of each patient"))

    def show_bars(self, bars: Sequence[BestChange], *, can_open: bool) -> None:
        """Show patients; those never measured again are counted below."""
        measured = [bar for bar in bars if bar.change_percent is not None]
        self._bars = tuple(sorted(measured, key=lambda bar: (-(bar.change_percent or 0.0), bar.patient_id)))
        self._peak = min(max(25.0, *(bar.change_percent or 0.0 for bar in measured), 0.0), 100.0)
        self._n_missing = len(bars) - len(measured)
        self._can_open = can_open
        self.update()

    def y_of(self, percent: float) -> float:
        """Return the height of a change."""
        share = (self._peak - percent) / (self._peak + 105)
        return self._TOP_PX + share * (self.height() - self._TOP_PX - self._FOOT_PX)

    def draw(self, painter: QPainter) -> None:  # noqa: D102
        if not self._bars:
            text(painter, QRectF(self.rect()), _("No target lesion was measured again."), align="centre")
            return
        for level in (-100, -60, -30, 0, 20, 60, 100):
            if level <= self._peak:
                self._level(painter, level)
        step = (self.width() - self._LEFT_PX) / len(self._bars)
        for place, bar in enumerate(self._bars):
            self._bar(painter, bar, self._LEFT_PX + place * step, step)
        foot = _("{n} patients; {missing} without a later measurement are not drawn").format(
            n=len(self._bars), missing=self._n_missing
        )
        rect = QRectF(self._LEFT_PX, self.height() - 16, self.width() - self._LEFT_PX, 16)
        text(painter, rect, foot, align="centre")

    def _level(self, painter: QPainter, level: int) -> None:
        y = self.y_of(level)
        is_line = level in {20, -30}
        style = Qt.PenStyle.DashLine if is_line else Qt.PenStyle.SolidLine
        painter.setPen(QPen(color("secondary" if is_line or level == 0 else "line"), 1, style))
        painter.drawLine(QPointF(self._LEFT_PX, y), QPointF(self.width(), y))
        text(painter, QRectF(0, y - 8, self._LEFT_PX - 6, 16), f"{level:+d} %" if level else "0 %", align="right")

    def _bar(self, painter: QPainter, bar: BestChange, left: float, step: float) -> None:
        change = bar.change_percent or 0.0
        zero, end = self.y_of(0), self.y_of(min(change, self._peak))
        rect = QRectF(left + step * 0.1, min(zero, end), step * 0.8, max(abs(end - zero), 1.5))
        painter.fillRect(rect, response_ink(bar.response))
        if change > self._peak:
            text(painter, QRectF(left - 16, 0, step + 32, 14), f"{change:+.0f} %", token="text", align="centre")
        tip = "\n".join(
            [
                bar.patient_id,
                _("best change {change} %").format(change=f"{change:+.1f}"),
                response_words(bar.response),
                ways(to_patient=self._can_open),
            ]
        )
        whole = QRectF(left, self._TOP_PX, step, self.height() - self._TOP_PX - self._FOOT_PX)
        self.add_spot(whole, tip, bar.patient_id)


class Swimmer(Painted):
    """One lane a patient, longest follow-up on top."""

    LANE_PX = 14.0
    _RIGHT_PX, _FOOT_PX, _WIDEST_PX = 14.0, 32.0, 140.0

    def __init__(self) -> None:
        super().__init__()
        self._lanes: tuple[SwimmerLane, ...] = ()
        self._tips: tuple[str, ...] = ()
        self._end = 1.0
        self._can_open = True
        self._left = 46.0
        self.setAccessibleName(_("Course of each patient"))

    def show_lanes(self, lanes: Sequence[SwimmerLane], *, can_open: bool) -> None:
        """Show patients."""
        self._lanes = tuple(sorted(lanes, key=lambda lane: (-lane.follow_up_months, lane.patient_id)))
        self._can_open = can_open
        self._tips = tuple(map(self._tip, self._lanes))
        self._end = max((lane.follow_up_months for lane in self._lanes), default=1.0) or 1.0
        metrics = QFontMetricsF(face(CAPTION_PX))
        longest = max((lane.patient_id for lane in lanes), key=len, default="")
        widest = metrics.horizontalAdvance(longest)
        self._left = min(widest + 12, self._WIDEST_PX)
        self.setFixedHeight(int(len(self._lanes) * self.LANE_PX + self._FOOT_PX))
        self.update()

    def x_of(self, months: float) -> float:
        """Return where a month lies."""
        return self._left + months / self._end * (self.width() - self._left - self._RIGHT_PX)

    def draw(self, painter: QPainter) -> None:  # noqa: D102
        bottom = len(self._lanes) * self.LANE_PX
        for month in month_ticks(self._end):
            x = self.x_of(month)
            painter.setPen(QPen(color("line"), 1))
            painter.drawLine(QPointF(x, 0), QPointF(x, bottom + 3))
            text(painter, QRectF(x - 16, bottom + 2, 32, 14), str(month), align="centre")
        words = _("months from day 1; bar: on treatment, line: in follow-up")
        rect = QRectF(self._left, bottom + 16, self.width() - self._left, 14)
        text(painter, rect, words, align="centre")
        # Of thousands of lanes only those on screen are painted; all can be reached with the keys.
        seen = self.visibleRegion().boundingRect() if self.isVisible() else self.rect()
        for place, lane in enumerate(self._lanes):
            top = place * self.LANE_PX
            if top + self.LANE_PX >= seen.top() and top <= seen.bottom():
                self._lane(painter, lane, top)
            whole = QRectF(0, top, self.width(), self.LANE_PX)
            self.add_spot(whole, self._tips[place], lane.patient_id)

    def _lane(self, painter: QPainter, lane: SwimmerLane, top: float) -> None:
        middle = top + self.LANE_PX / 2
        text(painter, QRectF(0, top, self._left - 8, self.LANE_PX), lane.patient_id, align="right")
        painter.setPen(QPen(color("secondary"), 1))
        painter.drawLine(QPointF(self.x_of(0), middle), QPointF(self.x_of(lane.follow_up_months), middle))
        bar = QRectF(self.x_of(0), top + 3, self.x_of(lane.treatment_months) - self.x_of(0), self.LANE_PX - 6)
        painter.fillRect(bar, response_ink(lane.response))
        for kind, month in lane.events:
            self._event(painter, kind, QPointF(self.x_of(month), middle))
        if lane.is_ongoing:
            text(painter, QRectF(self.x_of(lane.follow_up_months), top, 12, self.LANE_PX), "▸", token="text")

    def _event(self, painter: QPainter, kind: str, at: QPointF) -> None:
        painter.setPen(QPen(color("raised"), 1))
        painter.setBrush(QColor(_EVENT_INKS[kind]) if _EVENT_INKS[kind] else color("text"))
        if kind == "response":
            triangle(painter, at, 5, up=True)
        elif kind == "death":
            painter.drawRect(QRectF(at.x() - 4, at.y() - 4, 8, 8))
        elif kind == "new therapy":
            diamond(painter, at, 5)
        else:
            painter.drawEllipse(at, 4.5, 4.5)

    def _tip(self, lane: SwimmerLane) -> str:
        events = [f"{_event_words(kind)}: {month:.1f}" for kind, month in lane.events]
        return "\n".join(
            [
                f"{lane.patient_id} · {response_words(lane.response)}",
                _("months on treatment: {n}").format(n=f"{lane.treatment_months:.1f}"),
                _("months in follow-up: {n}").format(n=f"{lane.follow_up_months:.1f}"),
                *events,
                ways(to_patient=self._can_open),
            ]
        )


def response_entries(counts: Mapping[str, int]) -> list[Entry]:
    """Return best responses with how many patients had each."""
    return [
        Entry("■", response_ink(kind), f"{response_words(kind)}: {count}") for kind, count in counts.items() if count
    ]


def event_entries() -> list[Entry]:
    """Return the marks of the swimmer."""
    glyphs = {"response": "▲", "progression": "●", "death": "■", "new therapy": "◆"}
    return [
        Entry(glyphs[kind], QColor(ink) if ink else None, _event_words(kind)) for kind, ink in _EVENT_INKS.items()
    ] + [Entry("▸", None, _("still followed; bare end: lost"))]


def _event_words(kind: str) -> str:
    return {
        "response": _("confirmed response"),
        "progression": _("progression"),
        "death": _("death"),
        "new therapy": _("next therapy"),
    }[kind]
