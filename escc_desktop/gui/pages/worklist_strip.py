"""Where the slices of a series lie: gaps and doubles at a glance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from escc_desktop.gui.theme import Tokens, current_tokens
from escc_desktop.i18n import _, plural

HEIGHT_PX = 26
_SAME_MM = 0.01
_GAP = 1.5


@dataclass(frozen=True)
class Strip:
    """Slice positions as they are to be judged.

    Attributes
    ----------
    step_mm
        The usual distance; 0 for a single slice.
    gaps
        (from, to) in mm where slices are missing.
    doubles
        Positions that more than one slice has.
    """

    positions_mm: tuple[float, ...]
    step_mm: float
    gaps: tuple[tuple[float, float], ...]
    doubles: tuple[float, ...]

    @classmethod
    def of(cls, positions_mm: Sequence[float]) -> Strip:
        """Judge slice positions."""
        ordered = np.sort(np.asarray(positions_mm, dtype=np.float64))
        steps = np.diff(ordered)
        real = steps[steps > _SAME_MM]
        step = float(np.median(real[real <= _GAP * real.min()])) if real.size else 0.0
        gaps = [(float(ordered[i]), float(ordered[i + 1])) for i in np.flatnonzero(steps > _GAP * step)] if step else []
        doubles = sorted({float(ordered[i]) for i in np.flatnonzero(steps <= _SAME_MM)})
        return cls(tuple(map(float, ordered)), step, tuple(gaps), tuple(doubles))

    @property
    def n_missing(self) -> int:
        """How many slices are missing."""
        return sum(round((stop - start) / self.step_mm) - 1 for start, stop in self.gaps)

    def words(self) -> str:
        """Say how many slices there are, how far apart, and what is wrong."""
        parts = [plural("{n} slice", "{n} slices", len(self.positions_mm))]
        if self.step_mm:
            parts.append(_("{step} mm apart").format(step=f"{self.step_mm:.2f}"))
        if self.gaps:
            parts.append(plural("{n} missing", "{n} missing", self.n_missing))
        if self.doubles:
            parts.append(plural("{n} place doubled", "{n} places doubled", len(self.doubles)))
        return " · ".join(parts)


class SliceStrip(QWidget):
    """Draws a `Strip`, feet on the left: a bar a slice, gaps hatched below a flag, doubles raised."""

    def __init__(self, positions_mm: Sequence[float]) -> None:
        super().__init__()
        self.strip = Strip.of(positions_mm)
        self.setFixedHeight(HEIGHT_PX)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.strip.words())
        gaps = [_("gap from {a} to {b} mm").format(a=f"{a:.1f}", b=f"{b:.1f}") for a, b in self.strip.gaps]
        doubles = [_("several slices at {a} mm").format(a=f"{a:.1f}") for a in self.strip.doubles]
        self.setToolTip("\n".join([self.strip.words(), *gaps[:12], *doubles[:12]]))

    def sizeHint(self) -> QSize:
        """Return the size it would like."""
        return QSize(280, HEIGHT_PX)

    def x_of(self, place_mm: float) -> float:
        """Return where a position is drawn."""
        strip = self.strip
        if not strip.positions_mm:
            return 0.0
        half = max(strip.step_mm, 0.1) / 2
        low, high = strip.positions_mm[0] - half, strip.positions_mm[-1] + half
        return (place_mm - low) / (high - low) * self.width()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the strip."""
        tokens = current_tokens()
        with QPainter(self) as painter:
            painter.setPen(Qt.PenStyle.NoPen)
            strip = self.strip
            top, bottom = 8.0, HEIGHT_PX - 2.0
            half = max(strip.step_mm, 0.1) / 2
            wide = max((self.x_of(half) - self.x_of(-half)) * 0.72, 1.0)
            doubles = set(strip.doubles)
            painter.setBrush(tokens.color("secondary"))
            for place in strip.positions_mm:
                painter.drawRect(QRectF(self.x_of(place) - wide / 2, top, wide, bottom - top))
            for start, stop in strip.gaps:
                room = QRectF(
                    self.x_of(start + half), top, self.x_of(stop - half) - self.x_of(start + half), bottom - top
                )
                self._paint_gap(painter, room, tokens)
            for place in doubles:
                self._paint_double(painter, QRectF(self.x_of(place) - wide / 2, 0, wide, bottom), tokens)

    @staticmethod
    def _paint_gap(painter: QPainter, room: QRectF, tokens: Tokens) -> None:
        shown = room if room.width() >= 4 else QRectF(room.center().x() - 2, room.top(), 4, room.height())
        painter.fillRect(shown, tokens.color("panel"))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(tokens.color("danger"), 1, Qt.PenStyle.DotLine))
        painter.drawRect(shown.adjusted(0.5, 0.5, -0.5, -0.5))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tokens.color("danger"))
        middle = shown.center().x()
        painter.drawPolygon(QPolygonF([QPointF(middle - 4, 0), QPointF(middle + 4, 0), QPointF(middle, 6)]))

    @staticmethod
    def _paint_double(painter: QPainter, bar: QRectF, tokens: Tokens) -> None:
        painter.setBrush(tokens.color("warning"))
        wide = max(bar.width(), 3.0)
        left = bar.center().x() - wide / 2
        painter.drawRect(QRectF(left, 0, wide, 5))
        painter.drawRect(QRectF(left, 8, wide, bar.height() - 8))
