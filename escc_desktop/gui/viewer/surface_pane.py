"""The 3D view: regions as surfaces, turned by the mouse; painted off screen by a process of its own."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRect, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from escc_desktop.errors import EsccError
from escc_desktop.gui.tasks import Answers, Tasks
from escc_desktop.gui.theme import CAPTION_PX, face
from escc_desktop.gui.viewer import writing
from escc_desktop.gui.viewer.gestures import zoom_factor
from escc_desktop.gui.viewer.planes import Voxel
from escc_desktop.gui.viewer.surface_scene import Camera, Order, Picture3D, SurfaceScene
from escc_desktop.i18n import _
from escc_desktop.imaging.volume import Geometry

DEGREES_A_PX: Final = 0.5
DEGREES_A_KEY: Final = 15.0
_COARSE: Final = 0.5
ZOOMS: Final = (0.2, 12.0)
# From the front, a little from below, as one looks at axial slices.
_USUAL: Final = (20.0, -25.0)
_SIDES: Final = ("RL", "AP", "FH")
_NOTABLE: Final = 0.35
_LETTERS_PX: Final = 28
_KEYS: Final = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
Turn = NDArray[np.float64]


def turned(azimuth: float, elevation: float) -> Turn:
    """Return the turn of a camera that looks from the front, so many degrees from the left and from above."""
    around, above = math.radians(azimuth), math.radians(elevation)
    right = np.array([math.cos(around), math.sin(around), 0.0])
    towards = np.array(
        [
            math.sin(around) * math.cos(above),
            -math.cos(around) * math.cos(above),
            math.sin(above),
        ]
    )
    return np.array([right, np.cross(towards, right), towards])


class SurfacePane(QWidget):
    """Left turns, middle or Ctrl+left pushes, the wheel zooms, arrow keys turn in steps; F fits.

    Signals
    -------
    double_clicked
        For whoever maximises views.
    shown
        A new picture is on screen.

    Attributes
    ----------
    trouble
        Why there is no picture; "" while there is one or will be.
    """

    double_clicked = Signal()
    shown = Signal()

    def __init__(self, tasks: Tasks, geometry: Geometry, mark: Voxel) -> None:
        super().__init__()
        self.scene = SurfaceScene(geometry, mark)
        self.trouble = ""
        self.caption = ""
        self.has_region = False
        self.turn = turned(*_USUAL)
        self.zoom, self.pan = 1.0, (0.0, 0.0)
        self.image: QImage | None = None
        self._tasks = tasks
        self._orders: dict[str, Order] = {}
        self._is_painting = self._is_wanted = self._is_closed = False
        self._last: QPointF | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(96, 96)
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.setAccessibleName(_("3D"))

    # What is shown

    def order(self, name: str, order: Order) -> None:
        """Have something shown, or no longer; what was ordered under this name and not followed yet is forgotten."""
        self._orders.pop(name, None)
        self._orders[name] = order
        self.repaint_scene()

    def reset(self) -> None:
        """Look from the front at everything drawn."""
        self.turn, self.zoom, self.pan = turned(*_USUAL), 1.0, (0.0, 0.0)
        self.scene.fit()
        self.repaint_scene()

    def repaint_scene(self) -> None:
        """Have the picture painted; while one is, the newest of what is wanted waits."""
        if self._is_closed or self.trouble:
            return
        if self._is_painting or not self.isVisible():
            self._is_wanted = True
            return
        self._is_painting, self._is_wanted = True, False
        orders, self._orders = tuple(self._orders.values()), {}
        rows = tuple((float(x), float(y), float(z)) for x, y, z in self.turn)
        # Coarser under the hand: without a graphics card the size of the picture is what takes the time.
        ratio = self.devicePixelRatioF() * (_COARSE if self._last is not None else 1.0)
        size = round(self.width() * ratio), round(self.height() * ratio)
        camera = Camera(rows, self.zoom, self.pan)
        answers = Answers(self._take, self._failed, self._stopped)
        self._tasks.run(_("3D view"), self.scene.show, orders, camera, size, answers=answers, quiet=True)

    def close_scene(self) -> None:
        """Let go of the process that paints; the pane shows nothing any more."""
        self._is_closed = True
        self.scene.painter.close()

    def _take(self, picture: Picture3D) -> None:
        width, height = picture.size
        image = QImage(picture.pixels, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
        self.image, self.has_region = image, picture.has_region
        self._go_on()
        self.update()
        self.shown.emit()

    def _failed(self, error: Exception) -> None:
        if isinstance(error, EsccError) and not self._is_closed:
            self.trouble = f"{error.what}\n{error.hint}"
            self.update()
        elif not self._is_closed:
            raise error
        self._is_painting = False

    def _stopped(self) -> None:
        self._is_painting = False

    def _go_on(self) -> None:
        self._is_painting = False
        if self._is_wanted:
            self.repaint_scene()

    # Events, by Qt's names

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the last picture, letters and words."""
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), Qt.GlobalColor.black)
            if self.image is not None and not self.trouble:
                painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
                painter.drawImage(self.rect(), self.image)
            painter.setFont(face(CAPTION_PX))
            painter.setPen(writing.INK)
            edges = self.rect().adjusted(writing.EDGE, writing.EDGE, -writing.EDGE, -writing.EDGE)
            words = "\n".join(filter(None, (_("3D"), self.caption)))
            painter.drawText(edges, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop), words)
            said = self._words()
            if said:
                painter.setPen(writing.FAINT)
                flags = int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextWordWrap)
                painter.drawText(edges, flags, said)
            else:
                self._paint_letters(painter)
            if self.hasFocus():
                for strip in self._focus_strips():
                    painter.fillRect(strip, writing.FOCUS)

    def _words(self) -> str:
        if self.trouble:
            return self.trouble
        if self.has_region:
            return ""
        if self.image is None or self._is_painting:
            return _("Preparing the 3D view")
        return _("Nothing is drawn yet. The surface appears with the first stroke.")

    def letters(self) -> tuple[str, str, str, str]:
        """Return the sides of the patient at the left, right, top and bottom of the picture."""
        right, up, _towards = self.turn
        return _letters(-right), _letters(right), _letters(up), _letters(-up)

    def _paint_letters(self, painter: QPainter) -> None:
        width, height, size = self.width(), self.height(), _LETTERS_PX
        middle_x, middle_y = (width - size) // 2, (height - size) // 2
        boxes = (0, middle_y), (width - size, middle_y), (middle_x, 0), (middle_x, height - size)
        painter.setFont(face(writing.LETTER_PX, bold=True))
        painter.setPen(writing.INK)
        for (x, y), letters in zip(boxes, self.letters(), strict=True):
            painter.drawText(QRect(x, y, size, size), int(Qt.AlignmentFlag.AlignCenter), letters)

    def _focus_strips(self) -> tuple[QRect, ...]:
        width, height = self.width(), self.height()
        sides = QRect(0, 1, 1, height - 2), QRect(width - 1, 1, 1, height - 2)
        return QRect(0, 0, width, 1), QRect(0, height - 1, width, 1), *sides

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin to turn or push."""
        self._last = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Turn, or push."""
        if self._last is None:
            return
        by, self._last = event.position() - self._last, event.position()
        is_ctrl = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if event.buttons() & Qt.MouseButton.MiddleButton or is_ctrl:
            half = min(self.width(), self.height()) / 2 * self.zoom
            self.pan = self.pan[0] - by.x() / half, self.pan[1] + by.y() / half
            self.repaint_scene()
        elif event.buttons() & Qt.MouseButton.LeftButton:
            self.turn_by(by.x() * DEGREES_A_PX, by.y() * DEGREES_A_PX)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        self._last = None
        self.repaint_scene()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Ask to be maximised."""
        self.double_clicked.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom about the middle."""
        self.zoom = min(max(self.zoom * zoom_factor(event), ZOOMS[0]), ZOOMS[1])
        self.repaint_scene()
        event.accept()

    def event(self, event: QEvent) -> bool:
        """Keep F for itself: elsewhere on the page it fits the slices."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and _fits(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Turn in steps, or fit."""
        key = Qt.Key(event.key())
        if key in _KEYS and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            across, down = _KEYS[key]
            self.turn_by(across * DEGREES_A_KEY, down * DEGREES_A_KEY)
        elif _fits(event):
            self.reset()
        else:
            super().keyPressEvent(event)

    def turn_by(self, across: float, down: float) -> None:
        """Turn what is shown: to the right and downwards on screen, in degrees."""
        right, up, towards = self.turn
        for angle, axis in ((-across, up), (-down, right)):
            rotation = _rotation(axis, math.radians(angle))
            right, up, towards = (rotation @ way for way in (right, up, towards))
        # Many small turns must not bend the axes.
        towards /= np.linalg.norm(towards)
        right = np.cross(up, towards)
        right /= np.linalg.norm(right)
        self.turn = np.array([right, np.cross(towards, right), towards])
        self.repaint_scene()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Have the picture painted in its new size."""
        super().resizeEvent(event)
        self.repaint_scene()

    def showEvent(self, event: QShowEvent) -> None:
        """Have what was wanted meanwhile painted."""
        super().showEvent(event)
        self.repaint_scene()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show that keys come here."""
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Show that keys no longer come here."""
        super().focusOutEvent(event)
        self.update()


def _fits(event: QKeyEvent) -> bool:
    return event.key() == Qt.Key.Key_F and not event.modifiers()


def _rotation(axis: Turn, angle: float) -> Turn:
    """Return the matrix of a turn about a unit vector (Rodrigues)."""
    x, y, z = axis
    cross = np.array([(0.0, -z, y), (z, 0.0, -x), (-y, x, 0.0)])
    turn: Turn = np.eye(3) + math.sin(angle) * cross + (1 - math.cos(angle)) * cross @ cross
    return turn


def _letters(vector: Turn) -> str:
    """Return the sides of the patient a vector points to, the foremost first."""
    order = sorted(range(3), key=lambda axis: -abs(vector[axis]))
    return "".join(_SIDES[axis][int(vector[axis] > 0)] for axis in order if abs(vector[axis]) > _NOTABLE)[:2]
