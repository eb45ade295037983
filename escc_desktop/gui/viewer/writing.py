"""What is written on a picture: corners as in a PACS viewer, sides of the patient, scale bar, crosshair."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Final

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QImage, QPainter

from escc_desktop.gui.theme import CAPTION_PX, face
from escc_desktop.gui.viewer.canvas import SliceCanvas
from escc_desktop.gui.viewer.slab import SlabKind, slice_mm
from escc_desktop.i18n import _, plural

# The picture is black in both themes, and so its writing is light in both.
INK: Final = QColor("#dfe3e8")
FAINT: Final = QColor("#9aa4b0")
SHADE: Final = QColor(0, 0, 0, 190)
FOCUS: Final = QColor("#4aa3ff")
CROSSHAIR: Final = QColor(86, 180, 233, 150)
EDGE: Final = 8
LETTER_PX: Final = 13
_LINE_PX: Final = 16
_READOUT: Final = (220, 3 * _LINE_PX)
_GAP_PX: Final = 9
_BARS_MM: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500)
_BAR_SHARE: Final = 0.25
_BAR_LEAST_PX: Final = 40
_NARROW: Final = 220
_LETTERS_PX: Final = 40
_BAR_ROOM_PX: Final = 90
_SHADES: Final = (QPoint(1, 1), QPoint(-1, 1), QPoint(1, -1), QPoint(-1, -1))
_Flag = Qt.AlignmentFlag
_Align = tuple[float, float]
# Shares of the room that is left to the left of a text and above it.
_TOP_LEFT: Final = (0.0, 0.0)
_BOTTOM_LEFT: Final = (0.0, 1.0)
_BOTTOM_RIGHT: Final = (1.0, 1.0)
_RIGHT: Final = (1.0, 0.5)
_LETTER: Final = (0.5, 0.5)


def plane_name(view: SliceCanvas) -> str:
    """Return the name of a view's plane."""
    return {"axial": _("Axial"), "coronal": _("Coronal"), "sagittal": _("Sagittal")}[view.plane.value]


def title(view: SliceCanvas) -> str:
    """Return what the upper left corner says: the plane, and what a page has put there."""
    return "\n".join((plane_name(view), *view.caption))


def display(view: SliceCanvas) -> str:
    """Return what the lower left corner says: hidden regions, slab and cine if any, zoom and window."""
    look = view.look
    zoom = _("Zoom {number} %").format(number=f"{view.percent:.0f}")
    window = _("W {width}  L {level}").format(width=f"{look.width:.0f}", level=_minus(f"{look.level:.0f}"))
    return "\n".join((*_unusual(view), zoom, window))


def _unusual(view: SliceCanvas) -> list[str]:
    """Return what is not as in a single slice that stands still, with what is drawn on it."""
    lines = []
    if view.has_overlays and not view.look.has_overlay:
        # Whoever draws now sees nothing of it.
        lines.append(_("Regions are hidden"))
    if view.playing_rate:
        lines.append(_("Cine {n} a second").format(n=view.playing_rate))
    slab, planes = view.look.slab, view.planes
    if slab.kind is not SlabKind.NONE and planes is not None:
        n_slices = len(slab.slices(planes, view.plane, view.index))
        kind = {
            SlabKind.MEAN: _("Mean of {slices}, {mm} mm"),
            SlabKind.MAXIMUM: _("MIP of {slices}, {mm} mm"),
            SlabKind.MINIMUM: _("MinIP of {slices}, {mm} mm"),
        }[slab.kind]
        slices = plural("{n} slice", "{n} slices", n_slices)
        lines.append(kind.format(slices=slices, mm=f"{n_slices * slice_mm(planes, view.plane):.1f}"))
    return lines


def patient_place(mm: tuple[float, float, float]) -> str:
    """Return a place in the patient (LPS) as a reader says it: by the side it lies on."""
    sides = zip(mm, (("R", "L"), ("A", "P"), ("F", "H")), strict=True)
    return "  ".join(f"{side[value >= 0]} {abs(value):.1f}" for value, side in sides)


def readout(view: SliceCanvas) -> str:
    """Return what the lower right corner says: value, region and place under the mouse, and the slice's number.

    The value is that of the voxel in its slice, whatever slab is shown.
    """
    planes, hover = view.planes, view.hover
    if planes is None:
        return ""
    slice_ = _("Slice {n}/{total}").format(n=view.index + 1, total=planes.size(view.plane))
    if hover is None:
        place = _("{number} mm").format(number=_minus(f"{planes.position_mm(view.plane, view.index):.1f}"))
        return f"\n{place}\n{slice_}"
    value = _("{number} HU").format(number=_minus(str(hover.hu)))
    names = [name or _("region") for name in hover.names]
    place = _("{place} mm").format(place=patient_place(hover.mm))
    return f"{' · '.join((*names, value))}\n{place}\n{slice_}"


def paint_annotations(painter: QPainter, view: SliceCanvas, exposed: QRect) -> None:
    """Write everything that touches the exposed part."""
    for box, align, said in _corners(view):
        if box.intersects(exposed):
            _write(painter, said(view), box, align)
    for box, letters in _letters(view):
        if box.intersects(exposed):
            _write(painter, letters, box, _LETTER)
    _scale_bar(painter, view, exposed)


def bare(view: SliceCanvas) -> QRect:
    """Return a part of the view on which nothing is written."""
    top = EDGE + _LINE_PX * (1 + len(view.caption))
    return view.rect().adjusted(_LETTERS_PX, top, -_BAR_ROOM_PX, -EDGE - 4 * _LINE_PX)


def readout_rect(view: SliceCanvas) -> QRect:
    """Return the corner that changes with the mouse."""
    width, height = _READOUT
    return QRect(view.width() - width - EDGE, view.height() - height - EDGE, width, height)


def paint_crosshair(painter: QPainter, view: SliceCanvas, exposed: QRect) -> None:
    """Paint the two lines through the chosen point, open in the middle so that the voxel stays in sight."""
    center = view.crosshair
    if center is None:
        return
    x, y = round(center.x()), round(center.y())
    gap_y, gap_x = (max(_GAP_PX, round(size / 2) + 3) for size in view.voxel_px)
    if exposed.top() <= y <= exposed.bottom():
        painter.fillRect(0, y, x - gap_x, 1, CROSSHAIR)
        painter.fillRect(x + gap_x, y, max(view.width() - x - gap_x, 0), 1, CROSSHAIR)
    if exposed.left() <= x <= exposed.right():
        # Filling a column of translucent pixels is slow; a picture of one is not.
        column = _column(view.height())
        painter.drawImage(QPoint(x, 0), column, QRect(0, 0, 1, max(y - gap_y, 0)))
        painter.drawImage(QPoint(x, y + gap_y), column, QRect(0, 0, 1, max(view.height() - y - gap_y, 0)))


@lru_cache(maxsize=4)
def _column(height: int) -> QImage:
    """Return the upright line of the crosshair."""
    made = QImage(1, height, QImage.Format.Format_ARGB32_Premultiplied)
    made.fill(CROSSHAIR)
    return made


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
    flags = int(_Flag.AlignCenter) | int(Qt.TextFlag.TextWordWrap)
    painter.drawText(view.rect().adjusted(EDGE, EDGE, -EDGE, -EDGE), flags, text)


def paint_focus(painter: QPainter, view: SliceCanvas) -> None:
    """Mark the view that has the keyboard."""
    for strip in focus_strips(view):
        painter.fillRect(strip, FOCUS)


def focus_strips(view: SliceCanvas) -> tuple[QRect, ...]:
    """Return the edges that mark the view with the keyboard."""
    width, height = view.width(), view.height()
    sides = QRect(0, 1, 1, height - 2), QRect(width - 1, 1, 1, height - 2)
    return QRect(0, 0, width, 1), QRect(0, height - 1, width, 1), *sides


def _corners(view: SliceCanvas) -> Iterator[tuple[QRect, _Align, Callable[[SliceCanvas], str]]]:
    """Return the corners: where, how aligned, and what says what is written there."""
    width = view.width() // 2 - 3 * EDGE
    yield QRect(EDGE, EDGE, width, _LINE_PX * (1 + len(view.caption))), _TOP_LEFT, title
    yield QRect(EDGE, view.height() - 4 * _LINE_PX - EDGE, width, 4 * _LINE_PX), _BOTTOM_LEFT, display
    yield readout_rect(view), _BOTTOM_RIGHT, readout


def _letters(view: SliceCanvas) -> Iterator[tuple[QRect, str]]:
    """Return the sides of the patient in the middle of the edges."""
    axes = view.axes
    if axes is None:
        return
    width, height = view.width(), view.height()
    middle_y, middle_x = height // 2 - _LINE_PX, (width - _LETTERS_PX) // 2
    yield QRect(0, middle_y, _LETTERS_PX, 2 * _LINE_PX), axes.left_letters
    yield QRect(width - _LETTERS_PX, middle_y, _LETTERS_PX, 2 * _LINE_PX), axes.right_letters
    yield QRect(middle_x, EDGE, _LETTERS_PX, _LINE_PX), axes.top_letters
    if width > _NARROW:
        yield QRect(middle_x, height - _LINE_PX - EDGE, _LETTERS_PX, _LINE_PX), axes.bottom_letters


def _write(painter: QPainter, text: str, box: QRect, align: _Align) -> None:
    """Write lines into a box, each from its own stamp: most lines are the same slice after slice."""
    across, down = align
    ratio = painter.device().devicePixelRatio()
    stamps = [_stamp(line, box.width(), align == _LETTER, ratio) for line in text.split("\n")]
    y = box.top() + round((box.height() - _LINE_PX * len(stamps)) * down)
    for stamp in stamps:
        painter.drawImage(QPoint(box.left() + round((box.width() - stamp.width() / ratio) * across), y), stamp)
        y += _LINE_PX


@lru_cache(maxsize=512)
def _stamp(line: str, widest: int, is_letter: bool, ratio: float) -> QImage:
    """Return a line of text with a dark shade around, legible on bone too."""
    font = face(LETTER_PX, bold=True) if is_letter else face(CAPTION_PX)
    metrics = QFontMetrics(font)
    line = metrics.elidedText(line, Qt.TextElideMode.ElideRight, widest - 2)
    size = QSize(min(metrics.horizontalAdvance(line) + 4, widest), _LINE_PX)
    made, shade = _blank(size, ratio), _blank(size, ratio)
    box = QRect(QPoint(0, 0), size).adjusted(1, 1, -1, -1)
    for picture, color in ((shade, SHADE), (made, INK)):
        with QPainter(picture) as painter:
            if picture is made:
                for by in _SHADES:
                    painter.drawImage(by, shade)
            painter.setFont(font)
            painter.setPen(color)
            painter.drawText(box, int(_Flag.AlignCenter), line)
    return made


def _blank(size: QSize, ratio: float) -> QImage:
    made = QImage(size * ratio, QImage.Format.Format_ARGB32_Premultiplied)
    made.setDevicePixelRatio(ratio)
    made.fill(Qt.GlobalColor.transparent)
    return made


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
    if not QRect(x - 70, bottom - length - 2, 74, length + 4).intersects(exposed):
        return
    painter.drawImage(QPoint(x - 6, bottom - length - 1), _bar(length, painter.device().devicePixelRatio()))
    _write(painter, text, QRect(x - 70, bottom - (length + _LINE_PX) // 2, 60, _LINE_PX), _RIGHT)


@lru_cache(maxsize=8)
def _bar(length: int, ratio: float) -> QImage:
    """Return the scale bar with its two ends, a pixel of shade around."""
    made = _blank(QSize(8, length + 3), ratio)
    with QPainter(made) as painter:
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
        for color, more in ((SHADE, 1), (INK, 0)):
            for part in (QRect(1, 1, 6, 1), QRect(1, length + 1, 6, 1), QRect(6, 1, 1, length)):
                painter.fillRect(part.adjusted(-more, -more, more, more), color)
    return made


def _minus(number: str) -> str:
    """Return a number with the minus sign of print."""
    return number.replace("-", "\N{MINUS SIGN}")
