"""What is written on a picture: corners as in a PACS viewer, sides of the patient, scale bar, crosshair."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from escc_desktop.gui.theme import CAPTION_PX, current_tokens, face
from escc_desktop.gui.viewer.canvas import SliceCanvas
from escc_desktop.i18n import _

# The picture is black in both themes, and so its writing is light in both.
INK: Final = QColor("#dfe3e8")
FAINT: Final = QColor("#9aa4b0")
SHADE: Final = QColor(0, 0, 0, 200)
CROSSHAIR: Final = QColor(86, 180, 233, 190)
EDGE: Final = 8
LETTER_PX: Final = 13
READOUT: Final = (210, 56)
_GAP_PX: Final = 9
_BARS_MM: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500)
_BAR_SHARE: Final = 0.22
_NARROW: Final = 260


@dataclass(frozen=True)
class Corners:
    """Lines of text in the corners."""

    top_left: tuple[str, ...]
    bottom_left: tuple[str, ...]
    bottom_right: tuple[str, ...]


def plane_name(view: SliceCanvas) -> str:
    """Return the name of a view's plane."""
    return {"axial": _("Axial"), "coronal": _("Coronal"), "sagittal": _("Sagittal")}[view.plane.value]


def corners(view: SliceCanvas) -> Corners:
    """Return what the corners of a view say now."""
    look, planes = view.look, view.planes
    if planes is None:
        return Corners((), (), ())
    window = _("W {width}  L {level}").format(width=f"{look.width:.0f}", level=_minus(f"{look.level:.0f}"))
    slice_ = _("{n} / {total}").format(n=view.index + 1, total=planes.size(view.plane))
    place = _("{place} mm").format(place=_minus(f"{planes.position_mm(view.plane, view.index):.1f}"))
    hover = view.hover
    under = _("{hu} HU").format(hu=_minus(str(hover.hu))) if hover is not None else ""
    zoom = _("{percent} %").format(percent=f"{view.percent:.0f}")
    return Corners((plane_name(view), *view.caption), (zoom, window), (under, place, slice_))


def paint_annotations(painter: QPainter, view: SliceCanvas, exposed: QRect) -> None:
    """Write everything that touches the exposed part."""
    area = QRectF(view.rect())
    texts = corners(view)
    font = face(CAPTION_PX)
    painter.setFont(font)
    flag = Qt.AlignmentFlag
    _write(painter, area, texts.top_left, flag.AlignLeft | flag.AlignTop)
    _write(painter, area, texts.bottom_left, flag.AlignLeft | flag.AlignBottom)
    if exposed.intersects(readout_rect(view)):
        _write(painter, area, texts.bottom_right, flag.AlignRight | flag.AlignBottom)
    _letters(painter, view, area)
    _scale_bar(painter, view, area)


def readout_rect(view: SliceCanvas) -> QRect:
    """Return the corner that changes with the mouse."""
    width, height = READOUT
    return QRect(view.width() - width, view.height() - height - EDGE, width, height + EDGE)


def paint_crosshair(painter: QPainter, view: SliceCanvas) -> None:
    """Paint the two lines through the chosen point, open in the middle so that the voxel stays in sight."""
    center = view.crosshair
    if center is None:
        return
    painter.setPen(QPen(CROSSHAIR, 1))
    x, y = round(center.x()), round(center.y())
    gap_x, gap_y = (max(_GAP_PX, round(size / 2) + 3) for size in reversed(view.voxel_px))
    width, height = view.width(), view.height()
    for line in ((0, y, x - gap_x, y), (x + gap_x, y, width, y), (x, 0, x, y - gap_y), (x, y + gap_y, x, height)):
        painter.drawLine(*line)


def crosshair_strips(view: SliceCanvas) -> tuple[QRect, QRect] | None:
    """Return the strips of the widget that the crosshair's lines lie in."""
    center = view.crosshair
    if center is None:
        return None
    x, y = round(center.x()), round(center.y())
    return QRect(x - 2, 0, 5, view.height()), QRect(0, y - 2, view.width(), 5)


def paint_empty(painter: QPainter, view: SliceCanvas) -> None:
    """Say why there is no picture."""
    painter.setFont(face(LETTER_PX))
    painter.setPen(FAINT)
    painter.drawText(QRectF(view.rect()), Qt.AlignmentFlag.AlignCenter, view.empty_text or _("No images to show"))


def paint_focus(painter: QPainter, view: SliceCanvas) -> None:
    """Mark the view that has the keyboard."""
    color = current_tokens().color("accent")
    color.setAlpha(150)
    painter.setPen(QPen(color, 1))
    painter.drawRect(view.rect().adjusted(0, 0, -1, -1))


def _write(painter: QPainter, area: QRectF, lines: tuple[str, ...], flags: Qt.AlignmentFlag) -> None:
    box = area.adjusted(EDGE, EDGE, -EDGE, -EDGE)
    _text(painter, box, "\n".join(lines), flags, INK)


def _text(painter: QPainter, box: QRectF, text: str, flags: Qt.AlignmentFlag, color: QColor) -> None:
    """Write with a dark shade around, legible on bone too."""
    painter.setPen(SHADE)
    for by in (QPointF(1, 1), QPointF(-1, 1), QPointF(1, -1), QPointF(-1, -1)):
        painter.drawText(box.translated(by), flags, text)
    painter.setPen(color)
    painter.drawText(box, flags, text)


def _letters(painter: QPainter, view: SliceCanvas, area: QRectF) -> None:
    axes, flag = view.axes, Qt.AlignmentFlag
    if axes is None:
        return
    painter.setFont(face(LETTER_PX, bold=True))
    box = area.adjusted(EDGE, EDGE, -EDGE, -EDGE)
    middle_x, middle_y = flag.AlignHCenter, flag.AlignVCenter
    _text(painter, box, axes.left_letters, flag.AlignLeft | middle_y, INK)
    _text(painter, box, axes.right_letters, flag.AlignRight | middle_y, INK)
    _text(painter, box, axes.top_letters, flag.AlignTop | middle_x, INK)
    if view.width() > _NARROW:
        _text(painter, box, axes.bottom_letters, flag.AlignBottom | middle_x, INK)


def _scale_bar(painter: QPainter, view: SliceCanvas, area: QRectF) -> None:
    """Paint a bar of a round length at the right edge, above the readout."""
    longest = area.height() * _BAR_SHARE
    fitting = [mm for mm in _BARS_MM if mm * view.px_per_mm <= longest]
    if not fitting or view.width() < _NARROW:
        return
    mm = fitting[-1]
    length = round(mm * view.px_per_mm)
    x, bottom = round(area.right()) - EDGE - 3, round(area.bottom()) - READOUT[1] - 3 * EDGE
    for color, width in ((SHADE, 3), (INK, 1)):
        painter.setPen(QPen(color, width))
        painter.drawLine(x, bottom, x, bottom - length)
        painter.drawLine(x - 4, bottom, x, bottom)
        painter.drawLine(x - 4, bottom - length, x, bottom - length)
    painter.setFont(face(CAPTION_PX))
    text = _("{n} cm").format(n=mm // 10) if mm >= 10 else _("{n} mm").format(n=mm)
    width_px = QFontMetricsF(painter.font()).horizontalAdvance(text)
    box = QRectF(x - width_px - 10, bottom - length / 2 - 8, width_px + 4, 16)
    _text(painter, box, text, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, INK)


def _minus(number: str) -> str:
    """Return a number with the minus sign of print."""
    return number.replace("-", "\N{MINUS SIGN}")
