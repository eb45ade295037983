"""Phantoms and hands for the tests of the viewer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, QRect, Qt
from PySide6.QtGui import (
    QImage,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QPointingDevice,
    QWheelEvent,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from escc_desktop.gui.viewer.canvas import SliceCanvas
from escc_desktop.gui.viewer.pixels import Border
from escc_desktop.gui.viewer.planes import Plane, VolumePlanes
from escc_desktop.gui.viewer.slice_view import SliceView
from escc_desktop.gui.viewer.tool import Pointer
from escc_desktop.imaging.mask import MaskEdit
from escc_desktop.imaging.volume import IDENTITY, Geometry, Volume
from escc_desktop.progress import Progress
from escc_desktop.reading.history import History

SIZE = (23, 19, 15)
SPACING = (1.0, 1.5, 3.0)
# Grey equals HU in this window: (x - 127.5) / 255 + 0.5 = x / 255.
GREY_WINDOW = (256, 128)
DIRECTIONS = {
    "identity": IDENTITY,
    "feet first": (-1.0, 0, 0, 0, 1, 0, 0, 0, -1),
    "prone": (-1.0, 0, 0, 0, -1, 0, 0, 0, 1),
    "all against": (-1.0, 0, 0, 0, -1, 0, 0, 0, -1),
    "coronal slices": (1.0, 0, 0, 0, 0, 1, 0, -1, 0),
    "sagittal slices": (0, 0, 1.0, 1, 0, 0, 0, -1, 0),
    "turned": (0, -1.0, 0, 1, 0, 0, 0, 0, 1),
}


def phantom(direction: tuple[float, ...] = IDENTITY, size: tuple[int, int, int] = SIZE) -> Volume:
    """Return a volume in which no two neighbours are alike, HU 0 to 255."""
    geometry = Geometry(size, SPACING, (-40.0, 25.0, -300.0), direction)
    hu = np.random.default_rng(3).integers(0, 256, geometry.shape).astype(np.int16)
    return Volume(hu, geometry)


def planes_of(volume: Volume) -> VolumePlanes:
    """Return a volume ready to be looked at."""
    return VolumePlanes.of(volume, Progress())


def grey_at(widget: QWidget, point: QPointF) -> int:
    """Return the grey a widget shows at a point; -1 for a colour."""
    color = widget.grab().toImage().pixelColor(point.toPoint())
    return color.red() if color.red() == color.green() == color.blue() else -1


def pixels(image: QImage) -> NDArray[np.uint8]:
    """Return an image as an array (rows, columns, 4)."""
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    return np.array(image.constBits()).reshape(image.height(), image.width(), 4).astype(np.uint8)


def on_screen(widget: QWidget) -> NDArray[np.uint8]:
    """Return what was painted into the window, without painting anew."""
    return pixels(widget.screen().grabWindow(widget.window().winId()).toImage())


def turn_wheel(
    view: SliceView, angle: int, *, at: QPointF | None = None, pixels_y: int = 0, ctrl: bool = False
) -> None:
    """Turn the wheel by eighths of a degree; positive is away from the user."""
    place = at or QPointF(view.rect().center())
    modifiers = Qt.KeyboardModifier.ControlModifier if ctrl else Qt.KeyboardModifier.NoModifier
    event = QWheelEvent(
        place,
        QPointF(view.mapToGlobal(place.toPoint())),
        QPoint(0, pixels_y),
        QPoint(0, angle),
        Qt.MouseButton.NoButton,
        modifiers,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view, event)


def drag(
    view: QWidget,
    start: QPoint,
    by: QPoint,
    button: Qt.MouseButton = Qt.MouseButton.LeftButton,
    modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
) -> None:
    """Press, move in three steps, release."""
    QTest.mousePress(view, button, modifiers, start)
    for share in (0.3, 0.7, 1.0):
        move(view, start + QPoint(round(by.x() * share), round(by.y() * share)), button, modifiers)
    QTest.mouseRelease(view, button, modifiers, start + by)


def double_click(view: QWidget, at: QPoint) -> None:
    """Click twice with the left button, as a mouse does."""
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QTest.mouseClick(view, left, none, at)
    QTest.mouseDClick(view, left, none, at)
    QTest.mouseRelease(view, left, none, at)


def move(view: QWidget, to: QPoint, button: Qt.MouseButton, modifiers: Qt.KeyboardModifier) -> None:
    """Move the mouse with a button held."""
    place = QPointF(to)
    event = QMouseEvent(
        QEvent.Type.MouseMove, place, QPointF(view.mapToGlobal(to)), Qt.MouseButton.NoButton, button, modifiers
    )
    QApplication.sendEvent(view, event)


def pinch(view: QWidget, at: QPointF, by: float) -> QNativeGestureEvent:
    """Return what a trackpad tells when two fingers part."""
    everywhere = QPointF(view.mapToGlobal(at.toPoint()))
    zoom, device = Qt.NativeGestureType.ZoomNativeGesture, QPointingDevice.primaryPointingDevice()
    return QNativeGestureEvent(zoom, device, 2, at, at, everywhere, by, QPointF())


class Recorder:
    """A tool that writes down what it is told and takes what it is asked to."""

    name = "recorder"

    def __init__(self, *, takes: bool) -> None:
        self.takes = takes
        self.told: list[tuple[str, object]] = []

    def claims(self, at: Pointer) -> bool:
        return False

    def press(self, at: Pointer) -> bool:
        self.told.append(("press", at))
        return self.takes

    def move(self, at: Pointer) -> bool:
        self.told.append(("move", at))
        return self.takes

    def release(self, at: Pointer) -> bool:
        self.told.append(("release", at))
        return self.takes

    def hover(self, at: Pointer | None) -> None:
        self.told.append(("hover", at))

    def resize(self, by: int) -> bool:
        self.told.append(("resize", by))
        return self.takes

    def key(self, event: QKeyEvent) -> bool:
        self.told.append(("key", event.key()))
        return self.takes

    def borders(self, view: SliceCanvas) -> tuple[Border, ...]:
        return ()

    def paint(self, painter: QPainter, view: SliceCanvas) -> None:
        self.told.append(("paint", view))

    def names(self) -> list[str]:
        return [name for name, _what in self.told if name != "paint"]


def show_view(qtbot: QtBot, plane: Plane = Plane.AXIAL, direction: str = "identity", *, bare: bool = True) -> SliceView:
    """Return a view of a phantom on screen, without writing and crosshair if bare."""
    view = SliceView(plane)
    qtbot.addWidget(view)
    view.resize(460, 420)
    view.show()
    qtbot.waitExposed(view)
    view.set_volume(planes_of(phantom(DIRECTIONS[direction])))
    view.set_window(*GREY_WINDOW)
    if bare:
        view.set_look(view.look.annotations_toggled())
    return view


class Painted(QObject):
    """Notes which rectangles of a widget are painted."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__()
        self.rects: list[QRect] = []
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        if isinstance(event, QPaintEvent):
            self.rects.append(event.rect())
        return super().eventFilter(watched, event)


class Sheet:
    """What is drawn on: a history without a disk."""

    acknowledged = 0

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.history = History(np.zeros(shape, dtype=np.bool_))

    def edit(self, label: str, slice_index: int, change: MaskEdit) -> None:
        self.history.do(change)

    def note(self, name: str, value: object) -> None:
        raise AssertionError("a brush notes nothing")

    def undo(self) -> MaskEdit:
        return self.history.undo()

    def redo(self) -> MaskEdit:
        return self.history.redo()
