"""Two outlines of one lesion side by side on the same slice, each with the other's edge over it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QLineF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QWidget

from escc_desktop.gui.theme import CAPTION_PX, GRID, OKABE_ITO, current_tokens, face
from escc_desktop.i18n import _

_FIRST, _SECOND = OKABE_ITO[1], OKABE_ITO[0]
_NOTCH = 120
_HEAD = 18.0


@dataclass(frozen=True, eq=False)
class OutlineContent:
    """Voxels (z, y, x) of two readings in one box; pixel size along x and y; number of the box's first slice."""

    first: NDArray[np.bool_]
    second: NDArray[np.bool_]
    first_slice: int
    pixel_mm: tuple[float, float]
    titles: tuple[str, str]


def edges(plane: NDArray[np.bool_]) -> list[tuple[int, int, int, int]]:
    """Return the borders of the voxels of a plane as (x1, y1, x2, y2) in voxel corners."""
    padded = np.pad(plane, 1)
    across = np.argwhere(padded[1:-1, 1:] != padded[1:-1, :-1])
    down = np.argwhere(padded[1:, 1:-1] != padded[:-1, 1:-1])
    return [(x, y, x, y + 1) for y, x in across.tolist()] + [(x, y, x + 1, y) for y, x in down.tolist()]


class OutlinePair(QWidget):
    """Outlines only: no image. The wheel or the arrow keys step through the slices.

    Attributes
    ----------
    slice_changed
        The slice of the box on screen.
    """

    slice_changed = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(_("Both outlines on one slice"))
        self._content: OutlineContent | None = None
        self.index = 0
        self._turned = 0

    def sizeHint(self) -> QSize:  # noqa: D102
        return QSize(480, 180)

    def minimumSizeHint(self) -> QSize:  # noqa: D102
        return QSize(280, 88)

    def show_content(self, content: OutlineContent | None, index: int) -> None:
        """Show two outlines at a slice of their box."""
        self._content = content
        self.index = -1
        self.set_index(index)

    def set_index(self, index: int) -> None:
        """Go to a slice of the box."""
        if self._content is None:
            self.update()
            return
        index = min(max(index, 0), len(self._content.first) - 1)
        if index != self.index:
            self.index = index
            self.slice_changed.emit(index)
            self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: D102
        self._turned += event.angleDelta().y()
        steps = int(self._turned / _NOTCH)
        self._turned -= steps * _NOTCH
        self.set_index(self.index - steps)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        step = {Qt.Key.Key_Up: 1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: -1, Qt.Key.Key_Left: -1}.get(
            Qt.Key(event.key()), 0
        )
        if step:
            self.set_index(self.index + step)
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:  # noqa: D102
        super().changeEvent(event)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        if self._content is not None:
            with QPainter(self) as painter:
                self._draw(painter, self._content)

    def _draw(self, painter: QPainter, content: OutlineContent) -> None:
        painter.setFont(face(CAPTION_PX))
        width = (self.width() - GRID) / 2
        planes = content.first[self.index], content.second[self.index]
        for side, (title, color, other) in enumerate(
            zip(content.titles, (_FIRST, _SECOND), (_SECOND, _FIRST), strict=True)
        ):
            frame = QRectF(side * (width + GRID), _HEAD, width, self.height() - _HEAD)
            painter.setPen(current_tokens().color("secondary"))
            painter.drawText(QRectF(frame.left(), 0, width, _HEAD), Qt.AlignmentFlag.AlignLeft, title)
            painter.fillRect(frame, QColor("#000000"))
            _draw(painter, frame, (planes[side], planes[1 - side]), (color, other), content.pixel_mm)
        if self.hasFocus():
            painter.setPen(QPen(current_tokens().color("accent"), 1))
            painter.drawRect(QRectF(0.5, _HEAD + 0.5, self.width() - 1, self.height() - _HEAD - 1))


def _draw(
    painter: QPainter,
    frame: QRectF,
    planes: tuple[NDArray[np.bool_], NDArray[np.bool_]],
    colors: tuple[str, str],
    pixel_mm: tuple[float, float],
) -> None:
    """Fill one reading's voxels and draw the other's edge."""
    own, other = planes
    rows, columns = own.shape
    scale = min(frame.width() / (columns * pixel_mm[0]), frame.height() / (rows * pixel_mm[1]))
    width, height = columns * pixel_mm[0] * scale, rows * pixel_mm[1] * scale
    inner = QRectF(frame.center().x() - width / 2, frame.center().y() - height / 2, width, height)
    fill = QColor(colors[0])
    pixels = np.zeros((rows, columns), dtype=np.uint32)
    pixels[own] = np.uint32(0xFF000000 | fill.darker(170).rgb())
    data = pixels.tobytes()  # the image only borrows it
    image = QImage(data, columns, rows, columns * 4, QImage.Format.Format_ARGB32)
    painter.drawImage(inner, image)
    step_x, step_y = width / columns, height / rows
    for plane, color, style in ((own, fill, Qt.PenStyle.SolidLine), (other, QColor(colors[1]), Qt.PenStyle.DotLine)):
        painter.setPen(QPen(color, 1.4, style))
        painter.drawLines(
            [
                QLineF(
                    inner.left() + x1 * step_x,
                    inner.top() + y1 * step_y,
                    inner.left() + x2 * step_x,
                    inner.top() + y2 * step_y,
                )
                for x1, y1, x2, y2 in edges(plane)
            ]
        )
