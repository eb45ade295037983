"""What is written on a picture: corners as in a PACS viewer, sides of the patient, scale bar, crosshair."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter

from escc_desktop.gui.theme import CAPTION_PX, current_tokens, face
from escc_desktop.gui.viewer.canvas import SliceCanvas
from escc_desktop.i18n import _

# The picture is black in both themes, and so its writing is light in both.
INK: Final = QColor("#dfe3e8")
FAINT: Final = QColor("#9aa4b0")
SHADE: Final = QColor(0, 0, 0, 190)
CROSSHAIR: Final = QColor(86, 180, 233, 150)
EDGE: Final = 8
LETTER_PX: Final = 13
_LINE_PX: Final = 16
_READOUT: Final = (180, 3 * _LINE_PX)
_GAP_PX: Final = 9
_BARS_MM: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500)
_BAR_SHARE: Final = 0.25
_BAR_LEAST_PX: Final = 40
_NARROW: Final = 220
_SHADES: Final = (QPoint(1, 1), QPoint(-1, 1), QPoint(1, -1), QPoint(-1, -1))
_Flag = Qt.AlignmentFlag
_TOP_LEFT: Final = _Flag.AlignLeft | _Flag.AlignTop
_BOTTOM_LEFT: Final = _Flag.AlignLeft | _Flag.AlignBottom
_BOTTOM_RIGHT: Final = _Flag.AlignRight | _Flag.AlignBottom
_LEFT: Final = _Flag.AlignLeft | _Flag.AlignVCenter
_RIGHT: Final = _Flag.AlignRight | _Flag.AlignVCenter
_CENTRED: Final = _Flag.AlignCenter


@dataclass(frozen=True)
class Text:
    """A text in a box of the widget."""

    box: QRect
    text: str
    align: Qt.AlignmentFlag
    is_letter: bool = False


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
    slice_ = _("Slice {n}/{total}").format(n=view.index + 1, total=planes.size(view.plane))
    place = _("{number} mm").format(number=_minus(f"{planes.position_mm(view.plane, view.index):.1f}"))
    hover = view.hover
    under = _("{number} HU").format(number=_minus(str(hover.hu))) if hover is not None else ""
    zoom = _("Zoom {number} %").format(number=f"{view.percent:.0f}")
    return Corners((plane_name(view), *view.caption), (zoom, window), (under, place, slice_))


def paint_annotations(painter: QPainter, view: SliceCanvas, exposed: QRect) -> None:
    """Write everything that touches the exposed part."""
    for text in _texts(view):
        if text.box.intersects(exposed):
            _write(painter, text)
    _scale_bar(painter, view, exposed)


def readout_rect(view: SliceCanvas) -> QRect:
    """Return the corner that changes with the mouse."""
    width, height = _READOUT
    return QRect(view.width() - width - EDGE, view.height() - height - EDGE, width, height)


def paint_crosshair(painter: QPainter, view: SliceCanvas) -> None:
    """Paint the two lines through the chosen point, open in the middle so that the voxel stays in sight."""
    center = view.crosshair
    if center is None:
        return
    x, y = round(center.x()), round(center.y())
    gap_y, gap_x = (max(_GAP_PX, round(size / 2) + 3) for size in view.voxel_px)
    painter.fillRect(0, y, x - gap_x, 1, CROSSHAIR)
    painter.fillRect(x + gap_x, y, max(view.width() - x - gap_x, 0), 1, CROSSHAIR)
    painter.fillRect(x, 0, 1, y - gap_y, CROSSHAIR)
    painter.fillRect(x, y + gap_y, 1, max(view.height() - y - gap_y, 0), CROSSHAIR)


def crosshair_strips(view: SliceCanvas) -> tuple[QRect, ...]:
    """Return the strips of the widget that the crosshair's lines lie in."""
    center = view.crosshair
    if center is None:
        return ()
    x, y = round(center.x()), round(center.y())
    return QRect(x - 1, 0, 3, view.height()), QRect(0, y - 1, view.width(), 3)


def paint_empty(painter: QPainter, view: SliceCanvas) -> None:
    """Say why there is no picture."""
    painter.setFont(face(LETTER_PX))
    painter.setPen(FAINT)
    text = view.empty_text or _("No images to show")
    flags = int(_CENTRED) | int(Qt.TextFlag.TextWordWrap)
    painter.drawText(view.rect().adjusted(EDGE, EDGE, -EDGE, -EDGE), flags, text)


def paint_focus(painter: QPainter, view: SliceCanvas) -> None:
    """Mark the view that has the keyboard."""
    color = current_tokens().color("accent")
    for strip in focus_strips(view):
        painter.fillRect(strip, color)


def focus_strips(view: SliceCanvas) -> tuple[QRect, ...]:
    """Return the edges that mark the view with the keyboard."""
    width, height = view.width(), view.height()
    sides = QRect(0, 1, 1, height - 2), QRect(width - 1, 1, 1, height - 2)
    return QRect(0, 0, width, 1), QRect(0, height - 1, width, 1), *sides


def _texts(view: SliceCanvas) -> Iterator[Text]:
    said = corners(view)
    width, height = view.width(), view.height()
    upper = QRect(EDGE, EDGE, width // 2 - 3 * EDGE, _LINE_PX * len(said.top_left))
    metrics = QFontMetrics(face(CAPTION_PX))
    lines = [metrics.elidedText(line, Qt.TextElideMode.ElideRight, upper.width()) for line in said.top_left]
    yield Text(upper, "\n".join(lines), _TOP_LEFT)
    lower = QRect(EDGE, height - 2 * _LINE_PX - EDGE, width // 2, 2 * _LINE_PX)
    yield Text(lower, "\n".join(said.bottom_left), _BOTTOM_LEFT)
    yield Text(readout_rect(view), "\n".join(said.bottom_right), _BOTTOM_RIGHT)
    yield from _letters(view)


def _letters(view: SliceCanvas) -> Iterator[Text]:
    axes = view.axes
    if axes is None:
        return
    width, height, half = view.width(), view.height(), 24
    side, end = height // 2 - _LINE_PX, width // 2 - half
    yield Text(QRect(EDGE, side, 2 * half, 2 * _LINE_PX), axes.left_letters, _LEFT, is_letter=True)
    right = QRect(width - 2 * half - EDGE, side, 2 * half, 2 * _LINE_PX)
    yield Text(right, axes.right_letters, _RIGHT, is_letter=True)
    yield Text(QRect(end, EDGE, 2 * half, _LINE_PX), axes.top_letters, _CENTRED, is_letter=True)
    if width > _NARROW:
        yield Text(
            QRect(end, height - _LINE_PX - EDGE, 2 * half, _LINE_PX), axes.bottom_letters, _CENTRED, is_letter=True
        )


def _write(painter: QPainter, text: Text) -> None:
    """Write with a dark shade around, legible on bone too."""
    painter.setFont(face(LETTER_PX, bold=True) if text.is_letter else face(CAPTION_PX))
    painter.setPen(SHADE)
    for by in _SHADES:
        painter.drawText(text.box.translated(by), int(text.align), text.text)
    painter.setPen(INK)
    painter.drawText(text.box, int(text.align), text.text)


def _scale_bar(painter: QPainter, view: SliceCanvas, exposed: QRect) -> None:
    """Paint a bar of a round length at the right edge, above the readout."""
    longest = view.height() * _BAR_SHARE
    fitting = [mm for mm in _BARS_MM if mm * view.px_per_mm <= longest]
    if not fitting or view.width() < _NARROW or longest < _BAR_LEAST_PX:
        return
    mm = fitting[-1]
    length = round(mm * view.px_per_mm)
    x, bottom = view.width() - EDGE - 2, readout_rect(view).top() - EDGE
    text = _("{n} cm").format(n=mm // 10) if mm >= 10 else _("{n} mm").format(n=mm)
    label = Text(QRect(x - 70, bottom - length // 2 - _LINE_PX // 2, 60, _LINE_PX), text, _RIGHT)
    if not QRect(x - 70, bottom - length - 2, 74, length + 4).united(label.box).intersects(exposed):
        return
    for color, more in ((SHADE, 1), (INK, 0)):
        for y in (bottom - length, bottom):
            painter.fillRect(QRect(x - 5, y, 6, 1).adjusted(-more, -more, more, more), color)
        painter.fillRect(QRect(x, bottom - length, 1, length).adjusted(-more, -more, more, more), color)
    _write(painter, label)


def _minus(number: str) -> str:
    """Return a number with the minus sign of print."""
    return number.replace("-", "\N{MINUS SIGN}")
