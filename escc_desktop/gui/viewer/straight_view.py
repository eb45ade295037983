"""The esophagus laid straight: the picture along it, and beside it its wall unrolled in colours of thickness."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QEnterEvent, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget

from escc_desktop.gui.theme import CAPTION_PX, face
from escc_desktop.gui.viewer.colour_scale import SCALE, colours
from escc_desktop.gui.viewer.gestures import Wheel
from escc_desktop.gui.viewer.keys import takes_text
from escc_desktop.gui.viewer.limit_line import paint_limit, paint_shaded
from escc_desktop.gui.viewer.look import ROI_COLOR, Look
from escc_desktop.gui.viewer.lut import LABEL_SHIFT, fused_table
from escc_desktop.gui.viewer.mapping import Mapping
from escc_desktop.gui.viewer.outline import paint_border
from escc_desktop.gui.viewer.writing import CROSSHAIR, FAINT, INK
from escc_desktop.i18n import _
from escc_desktop.imaging.straighten import ACROSS_MM, PIXEL_MM, RAYS, STEP_MM, Straightened, WallMap

THICKEST_MM: Final = 15.0
TURN_DEGREES: Final = 10
_BAR_MM: Final = 20
_EDGE, _LINE, _MAP_SHARE, _PICK_PX = 8, 16, 0.26, 6.0
_TICKS_MM: Final = (0, 5, 10)
_FOCUS: Final = QColor("#4aa3ff")


@dataclass(frozen=True)
class Mark:
    """A limit across the straight picture.

    Attributes
    ----------
    station
        Where it lies, in stations.
    inwards
        Whether what it bounds lies below (1) or above (-1).
    """

    station: float
    name: str
    inwards: int


class StraightView(QWidget):
    """Shows a `Straightened` and a `WallMap`; knows nothing of readings.

    Signals
    -------
    turned
        The plane was turned about the course: by how many degrees.
    point_chosen
        A point (x, y, z) in LPS was clicked.
    mark_pressed, mark_dragged, mark_released
        A mark was taken at a station, dragged to one, and let go.
    closed
        Esc was pressed.
    """

    turned = Signal(int)
    point_chosen = Signal(object)
    mark_pressed = Signal(float)
    mark_dragged = Signal(float)
    mark_released = Signal()
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.picture: Straightened | None = None
        self.wall: WallMap | None = None
        self.look = Look()
        self.degrees = 0
        self.station: int | None = None
        self.marks: tuple[Mark, ...] = ()
        self.draws_marks = False
        self.region_color = ROI_COLOR
        self.empty_text = ""
        self._hovered: QPointF | None = None
        self._is_dragging = False
        self._pixels: NDArray[np.uint32] | None = None
        self._wheel = Wheel()
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setAccessibleName(_("Straightened esophagus"))

    # Where things lie

    @property
    def n_stations(self) -> int:
        """How many rows there are; 0 for no picture."""
        return 0 if self.picture is None else len(self.picture.hu)

    @property
    def picture_rect(self) -> QRectF:
        """Where the picture is painted, in true proportions."""
        room = QRectF(self.rect()).adjusted(_EDGE, 3 * _LINE, -_EDGE, -3 * _LINE)
        room.setWidth(max(room.width() * (1 - _MAP_SHARE) - 2 * _EDGE, 1.0))
        length = max(self.n_stations, 1) * STEP_MM
        px_per_mm = min(room.height() / length, room.width() / ACROSS_MM)
        return QRectF(room.left(), room.top(), ACROSS_MM * px_per_mm, length * px_per_mm)

    @property
    def map_rect(self) -> QRectF:
        """Where the wall map is painted: station by station beside the picture."""
        picture = self.picture_rect
        left = picture.right() + 2 * _EDGE
        return QRectF(left, picture.top(), max(self.width() - _EDGE - left, 1.0), picture.height())

    def station_at(self, y: float) -> float:
        """Return the station at a height of the widget, not beyond the ends."""
        rect = self.picture_rect
        share = (y - rect.top()) / rect.height() if rect.height() else 0.0
        return min(max(share * self.n_stations - 0.5, 0.0), max(self.n_stations - 1.0, 0.0))

    def y_of(self, station: float) -> float:
        """Return the height of the widget at which a station lies."""
        rect = self.picture_rect
        return rect.top() + (station + 0.5) / max(self.n_stations, 1) * rect.height()

    def column_at(self, x: float) -> int:
        """Return the column of the picture at a place of the widget, not beyond the ends."""
        rect, columns = self.picture_rect, 0 if self.picture is None else self.picture.hu.shape[1]
        return min(max(int((x - rect.left()) / rect.width() * columns), 0), max(columns - 1, 0))

    def ray_at(self, x: float) -> int:
        """Return the ray of the wall map at a place of the widget; the map begins at the front of the patient."""
        rect = self.map_rect
        turn = min(max((x - rect.left()) / rect.width(), 0.0), 1.0 - 1e-9)
        return (int(turn * RAYS) - RAYS // 4) % RAYS

    # What is shown

    def show_picture(self, picture: Straightened | None, degrees: int = 0) -> None:
        """Show a picture, or what to do to get one."""
        self.picture, self.degrees, self._pixels = picture, degrees, None
        if picture is None:
            self.wall = None
        self.update()

    def show_wall(self, wall: WallMap | None) -> None:
        """Show the thickness of the wall."""
        self.wall = wall
        self.update()

    def set_look(self, look: Look) -> None:
        """Show in a window, with or without the region."""
        self.look, self._pixels = look, None
        self.update()

    def set_station(self, station: int | None) -> None:
        """Show where the crosshair of the other views is nearest."""
        if station != self.station:
            self.station = station
            self.update()

    def set_marks(self, marks: tuple[Mark, ...]) -> None:
        """Show lines across the picture."""
        self.marks = marks
        self.update()

    def say_empty(self, text: str) -> None:
        """Say why there is no picture."""
        self.empty_text = text
        self.update()

    # Events, by Qt's names

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint picture, wall, marks and words."""
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), Qt.GlobalColor.black)
            painter.setFont(face(CAPTION_PX))
            painter.setPen(INK)
            top = QRectF(self.rect()).adjusted(_EDGE, _EDGE, -_EDGE, 0)
            painter.drawText(top, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop), self._title())
            if self.picture is None:
                painter.setPen(FAINT)
                flags = int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextWordWrap)
                painter.drawText(QRectF(self.rect()).adjusted(24, 24, -24, -24), flags, self.empty_text)
            else:
                self._paint_picture(painter, self.picture)
                if self.wall is not None:
                    self._paint_wall(painter, self.wall)
                self._paint_marks(painter)
                self._paint_words(painter)
            if self.hasFocus():
                painter.setPen(_FOCUS)
                painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take a mark, or go to the point clicked."""
        if self.picture is None or event.button() != Qt.MouseButton.LeftButton:
            return
        at = event.position()
        is_near = any(abs(self.y_of(mark.station) - at.y()) <= _PICK_PX for mark in self.marks)
        if is_near or self.draws_marks:
            self._is_dragging = True
            self.mark_pressed.emit(self.station_at(at.y()))
            return
        self._choose(at)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag the mark, go on with the crosshair, or read values."""
        at = self._hovered = event.position()
        if self._is_dragging:
            self.mark_dragged.emit(self.station_at(at.y()))
        elif event.buttons() & Qt.MouseButton.LeftButton and self.picture is not None:
            self._choose(at)
        self.update(self._readout_rect)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let the mark go."""
        if self._is_dragging and event.button() == Qt.MouseButton.LeftButton:
            self._is_dragging = False
            self.mark_released.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Turn the plane about the course, so many degrees a notch."""
        notches = self._wheel.notches(event)
        if notches:
            self.turned.emit(notches * TURN_DEGREES)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Turn with left and right, go along the course with up and down."""
        key = event.key()
        turns = {Qt.Key.Key_Left: -TURN_DEGREES, Qt.Key.Key_Right: TURN_DEGREES}
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        if key in turns:
            self.turned.emit(turns[Qt.Key(key)])
        elif key in steps and self.picture is not None:
            self._go_to((self.station or 0) + steps[Qt.Key(key)], self.picture.hu.shape[1] // 2)
        elif key == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)

    def enterEvent(self, event: QEnterEvent) -> None:
        """Take the keyboard: it follows the mouse, unless text is being typed."""
        if not takes_text(QApplication.focusWidget()):
            self.setFocus(Qt.FocusReason.MouseFocusReason)
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """Forget the mouse."""
        self._hovered = None
        self.update(self._readout_rect)
        super().leaveEvent(event)

    # Helpers

    def _choose(self, at: QPointF) -> None:
        """Go to the point of the picture under the mouse; from the map, to the middle of the course."""
        middle = (0 if self.picture is None else self.picture.hu.shape[1]) // 2
        is_in_map = at.x() > self.picture_rect.right()
        self._go_to(round(self.station_at(at.y())), middle if is_in_map else self.column_at(at.x()))

    def _go_to(self, station: int, column: int) -> None:
        if self.picture is not None:
            station = min(max(station, 0), self.n_stations - 1)
            self.point_chosen.emit(self.picture.points_mm[station, column])

    @property
    def _readout_rect(self) -> QRect:
        return QRect(0, self.height() - _LINE - _EDGE, self.width() // 2, _LINE + _EDGE)

    def _title(self) -> str:
        if self.picture is None:
            return _("Straightened esophagus")
        return _("Straightened esophagus · {mm} mm · turned {degrees}°").format(
            mm=f"{(self.n_stations - 1) * STEP_MM:.0f}", degrees=self.degrees % 360
        )

    def _readout(self) -> str:
        """Return what lies under the mouse, or at the crosshair."""
        if self._hovered is not None and self.picture is not None:
            station = round(self.station_at(self._hovered.y()))
            if self.picture_rect.contains(self._hovered):
                hu = int(self.picture.hu[station, self.column_at(self._hovered.x())])
                return _("{number} HU").format(number=str(hu).replace("-", "\N{MINUS SIGN}"))
            if self.wall is not None and self.map_rect.contains(self._hovered):
                return _wall_words(self.wall.thickness_mm[station, self.ray_at(self._hovered.x())])
        if self.wall is None or self.station is None or self.station >= len(self.wall.thickness_mm):
            return ""
        known = self.wall.thickness_mm[self.station]
        known = known[np.isfinite(known)]
        return _wall_words(float(np.median(known))) if known.size else _("No wall found here")

    def _paint_picture(self, painter: QPainter, picture: Straightened) -> None:
        if self._pixels is None:
            self._pixels = self._colored(picture)
        pixels = self._pixels
        rows, columns = pixels.shape
        rect = self.picture_rect
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
        painter.drawImage(rect, QImage(pixels.data, columns, rows, 4 * columns, QImage.Format.Format_RGB32))
        if self.look.has_overlay:
            painter.save()
            painter.setClipRect(rect)
            mapping = Mapping(
                (rows, columns),
                (STEP_MM, PIXEL_MM),
                1,
                1,
                rect.size(),
                ((rows - 1) / 2, (columns - 1) / 2),
                rect.height() / (rows * STEP_MM),
            )
            painter.translate(rect.topLeft())
            paint_border(painter, mapping, picture.region, (0, 0), QColor(self.region_color))
            painter.restore()

    def _colored(self, picture: Straightened) -> NDArray[np.uint32]:
        look = self.look
        table = fused_table(look.width, look.level, (int(self.region_color[1:], 16),), look.share)
        codes = picture.hu.view(np.uint16).astype(np.intp)
        if look.has_overlay:
            codes |= picture.region.astype(np.intp) << LABEL_SHIFT
        return np.ascontiguousarray(table.take(codes))

    def _paint_wall(self, painter: QPainter, wall: WallMap) -> None:
        from_front = np.roll(wall.thickness_mm, RAYS // 4, axis=1)
        pixels = np.ascontiguousarray(colours(from_front, 0.0, THICKEST_MM, 1.0))
        rows, columns = pixels.shape
        rect = self.map_rect
        painter.fillRect(rect, QColor("#23272d"))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.drawImage(rect, QImage(pixels.data, columns, rows, 4 * columns, QImage.Format.Format_ARGB32))
        painter.setPen(INK)
        letters = ("A", "L", "P", "R")
        for number, letter in enumerate(letters):
            x = rect.left() + number * rect.width() / 4
            painter.drawText(QRectF(x - 8, rect.top() - _LINE, 16, _LINE), Qt.AlignmentFlag.AlignCenter, letter)
        self._paint_scale(painter, rect)

    def _paint_scale(self, painter: QPainter, rect: QRectF) -> None:
        bar = QRectF(rect.left(), rect.bottom() + 6, rect.width(), 6)
        pixels = np.ascontiguousarray((SCALE | np.uint32(0xFF000000)).reshape(1, -1))
        painter.drawImage(bar, QImage(pixels.data, 256, 1, 4 * 256, QImage.Format.Format_RGB32))
        painter.setPen(INK)
        for tick in _TICKS_MM:
            x = bar.left() + tick / THICKEST_MM * bar.width()
            text = f"{tick}"
            width = painter.fontMetrics().horizontalAdvance(text)
            left = min(max(x - width / 2, bar.left()), bar.right() - width)
            painter.drawText(QPointF(left, bar.bottom() + 12), text)
        painter.setPen(FAINT)
        below = QRectF(rect.left(), bar.bottom() + 14, rect.width(), _LINE)
        painter.drawText(below, int(Qt.AlignmentFlag.AlignCenter), _("wall, mm"))

    def _paint_marks(self, painter: QPainter) -> None:
        left, right = self.picture_rect.left(), self.map_rect.right()
        if self.station is not None:
            painter.fillRect(QRectF(left, round(self.y_of(self.station)), right - left, 1), CROSSHAIR)
        for mark in self.marks:
            y = self.y_of(mark.station)
            ends = QPointF(left, y), QPointF(right, y)
            paint_limit(painter, ends, mark.name, inwards=mark.inwards, is_held=self._is_dragging)

    def _paint_words(self, painter: QPainter) -> None:
        rect = self.picture_rect
        radians = math.radians(self.degrees)
        for sign, x in ((-1, rect.left()), (1, rect.right() - 24)):
            paint_shaded(painter, QPointF(x + 6, rect.center().y()), _side_letters(radians, sign))
        bottom = QRectF(self.rect()).adjusted(_EDGE, 0, -_EDGE, -_EDGE)
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom
        painter.setPen(INK)
        painter.drawText(bottom, int(flags), self._readout())
        length = _BAR_MM / STEP_MM / max(self.n_stations, 1) * rect.height()
        if length < rect.width():
            x, y = rect.right() - length, rect.bottom() + 10
            painter.fillRect(QRectF(x, y, length, 1), INK)
            for end in (x, rect.right() - 1):
                painter.fillRect(QRectF(end, y - 4, 1, 5), INK)
            painter.drawText(QPointF(x, y + _LINE), _("{n} cm").format(n=_BAR_MM // 10))


def _side_letters(radians: float, sign: int) -> str:
    """Return the sides of the patient to which the picture goes on, the foremost first."""
    parts = [(sign * math.cos(radians), "RL"), (sign * math.sin(radians), "AP")]
    notable = sorted((part for part in parts if abs(part[0]) > 0.25), key=lambda part: -abs(part[0]))
    return "".join(letters[int(value > 0)] for value, letters in notable)


def _wall_words(thickness_mm: float) -> str:
    if not math.isfinite(thickness_mm):
        return _("No wall found here")
    return _("Wall {mm} mm").format(mm=f"{thickness_mm:.1f}")
