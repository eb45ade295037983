"""The strip of slices: where something is drawn or suggested, by what, where one is, where a slice was left out."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from escc_desktop.gui.theme import CAPTION_PX, OKABE_ITO, current_tokens, face
from escc_desktop.gui.tools.canvas import Canvas
from escc_desktop.gui.tools.touched import TouchedSlices
from escc_desktop.gui.tools.words import tool_name
from escc_desktop.gui.viewer.look import ROI_COLOR, SUGGESTION_COLOR
from escc_desktop.i18n import _

HEIGHT_PX: Final = 48
_SIDE_PX: Final = 28
_BASE_PX: Final = 6
_TOP_PX: Final = 9
_EMPTY_PX: Final = 8
_ASSISTED_PX: Final = 3
_ASSISTED_COLOR: Final = OKABE_ITO[6]


class SliceStrip(QWidget):
    """All axial slices from head to feet; a bar is as high as the area drawn on its slice.

    What is suggested is a dashed bar; what an assisted tool touched is underlined; what was left out is marked.

    Signals
    -------
    chosen
        A slice (z) was clicked.
    """

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._areas_mm2: NDArray[np.float64] = np.zeros(1)
        self._missing: frozenset[int] = frozenset()
        self._current = 0
        self._mark = 0
        self._onwards = 1
        self._color = ROI_COLOR
        self._suggested: dict[int, float] = {}
        self._touched: TouchedSlices | None = None
        self.setFixedHeight(HEIGHT_PX)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(_("Slices"))

    def sizeHint(self) -> QSize:
        """Return a usual size."""
        return QSize(600, HEIGHT_PX)

    def set_place(self, mark: int, onwards: int) -> None:
        """Say on which slice the lesion's point lies and whether the index grows (1) or falls (-1) to the feet."""
        self._mark, self._onwards = mark, onwards
        self.update()

    def set_areas(self, areas_mm2: NDArray[np.float64], missing: tuple[int, ...]) -> None:
        """Show how much is drawn on every slice (z), and which between drawn ones are empty."""
        self._areas_mm2 = areas_mm2
        self._missing = frozenset(missing)
        self.update()

    def watch(self, canvas: Canvas) -> None:
        """Show what is suggested on a canvas, and which slices an assisted tool touched."""
        self._touched = TouchedSlices(canvas, self)
        x, y, _z = canvas.planes.geometry.spacing_mm

        def follow_suggestion() -> None:
            self._suggested = {}
            if canvas.suggestion is not None and canvas.suggestion_box is not None:
                box = canvas.suggestion_box
                areas = np.count_nonzero(canvas.suggestion[box], axis=(1, 2)) * (x * y)
                self._suggested = {box[0].start + int(z): float(areas[z]) for z in np.flatnonzero(areas)}
            self.update()

        def follow_color() -> None:
            self._color = canvas.color
            self.update()

        canvas.suggested.connect(follow_suggestion)
        canvas.rois_changed.connect(follow_color)
        canvas.stepped.connect(self.update)

    def set_current(self, index: int) -> None:
        """Show which slice is looked at."""
        if index != self._current:
            self._current = index
            self.update()

    def slice_at(self, x: float) -> int:
        """Return the slice (z) at a place of the strip."""
        step = (self.width() - 2 * _SIDE_PX) / len(self._areas_mm2)
        place = min(max(int((x - _SIDE_PX) / step), 0), len(self._areas_mm2) - 1)
        return place if self._onwards > 0 else len(self._areas_mm2) - 1 - place

    def x_of(self, index: int) -> float:
        """Return the middle of a slice's place."""
        step = (self.width() - 2 * _SIDE_PX) / len(self._areas_mm2)
        place = index if self._onwards > 0 else len(self._areas_mm2) - 1 - index
        return _SIDE_PX + (place + 0.5) * step

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint bars, marks and the current slice."""
        tokens = current_tokens()
        with QPainter(self) as painter:
            base = self.height() - _BASE_PX
            painter.fillRect(QRectF(_SIDE_PX, base, self.width() - 2 * _SIDE_PX, 2), tokens.color("line"))
            painter.setFont(face(CAPTION_PX))
            painter.setPen(tokens.color("secondary"))
            ends = QRectF(self.rect()).adjusted(0, 0, 0, -2)
            painter.drawText(ends, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom, _("head"))
            painter.drawText(ends, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom, _("feet"))
            self._paint_bars(painter, base)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
            self._paint_mark(painter, base)
            self._paint_current(painter)

    def _paint_bars(self, painter: QPainter, base: float) -> None:
        step = max((self.width() - 2 * _SIDE_PX) / len(self._areas_mm2), 1.0)
        width = max(step - (1.0 if step >= 4 else 0.0), 1.0)
        largest = max(float(self._areas_mm2.max(initial=0.0)), *self._suggested.values(), 1.0)
        room = base - _TOP_PX
        assisted = self._touched.assisted if self._touched is not None else {}
        for index in (int(drawn) for drawn in np.flatnonzero(self._areas_mm2)):
            height = max(float(self._areas_mm2[index]) / largest * room, 3.0)
            painter.fillRect(self._bar(index, width, base, height), QColor(self._color))
        for index in self._missing - self._suggested.keys():
            painter.fillRect(self._bar(index, width, base, _EMPTY_PX), QColor(current_tokens().danger))
        painter.setPen(QPen(QColor(SUGGESTION_COLOR), 1.0, Qt.PenStyle.DashLine))
        for index, area in self._suggested.items():
            painter.drawRect(self._bar(index, width, base, max(area / largest * room, 3.0)).adjusted(0, 0, -1, 0))
        for index in assisted:
            painter.fillRect(self._bar(index, step, base + 2 + _ASSISTED_PX, _ASSISTED_PX), QColor(_ASSISTED_COLOR))

    def _bar(self, index: int, width: float, base: float, height: float) -> QRectF:
        return QRectF(self.x_of(index) - width / 2, base - height, width, height)

    def _paint_mark(self, painter: QPainter, base: float) -> None:
        x = self.x_of(self._mark)
        for color, width in ((current_tokens().color("background"), 3.5), (QColor(OKABE_ITO[3]), 1.5)):
            painter.setPen(QPen(color, width))
            painter.drawLine(QRectF(x - 3, base - 2, 6, 6).topLeft(), QRectF(x - 3, base - 2, 6, 6).bottomRight())
            painter.drawLine(QRectF(x - 3, base - 2, 6, 6).topRight(), QRectF(x - 3, base - 2, 6, 6).bottomLeft())

    def _paint_current(self, painter: QPainter) -> None:
        x = self.x_of(self._current)
        color = current_tokens().color("accent")
        painter.setPen(QPen(color, 1.5))
        painter.drawLine(QRectF(x, 4, 0, self.height() - 6).topLeft(), QRectF(x, 4, 0, self.height() - 6).bottomLeft())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        top = QRectF(x - 5, 0, 10, 7)
        painter.drawPolygon(QPolygonF([top.topLeft(), top.topRight(), QRectF(x, 7, 0, 0).topLeft()]))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go to the slice."""
        self.chosen.emit(self.slice_at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go on through the slices."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self.chosen.emit(self.slice_at(event.position().x()))

    def event(self, event: QEvent) -> bool:
        """Say what is on the slice under the mouse."""
        if isinstance(event, QHelpEvent):
            words = self.words(self.slice_at(event.pos().x()))
            QToolTip.showText(event.globalPos(), "\n".join((words, *_legend())), self)
            return True
        return super().event(event)

    def words(self, index: int) -> str:
        """Return what is on a slice, and what it was drawn with."""
        return "\n".join((self._drawn_words(index), *self._suggested_words(index), *self._tool_words(index)))

    def _drawn_words(self, index: int) -> str:
        area = float(self._areas_mm2[index])
        if area:
            return _("Slice {n}: {area} mm\N{SUPERSCRIPT TWO}").format(n=index + 1, area=f"{area:,.0f}")
        if index in self._missing:
            return _("Slice {n}: empty between drawn slices").format(n=index + 1)
        return _("Slice {n}: empty").format(n=index + 1)

    def _suggested_words(self, index: int) -> list[str]:
        if index not in self._suggested:
            return []
        area = f"{self._suggested[index]:,.0f}"
        return [_("Suggested: {area} mm\N{SUPERSCRIPT TWO}").format(area=area)]

    def _tool_words(self, index: int) -> list[str]:
        tools = self._touched.assisted.get(index, ()) if self._touched is not None else ()
        return [_("Assisted: {tools}").format(tools=", ".join(map(tool_name, tools)))] if tools else []


def _legend() -> tuple[str, ...]:
    return (
        _("Full bar: drawn. Dashed bar: suggested. Red: left out between drawn slices."),
        _("Underlined: touched by an assisted tool."),
    )
