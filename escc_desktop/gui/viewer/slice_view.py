"""One plane of a volume: painted from a lookup table, turned through by the wheel, drawn on by tools."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, Qt
from PySide6.QtGui import (
    QEnterEvent,
    QFocusEvent,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QPointingDevice,
    QTabletEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from escc_desktop.gui.actions import Action
from escc_desktop.gui.viewer import writing
from escc_desktop.gui.viewer.commands import view_actions
from escc_desktop.gui.viewer.gestures import Gesture, ToolDrag, Wheel, drag_of, zoom_factor
from escc_desktop.gui.viewer.keys import press_key, takes_text
from escc_desktop.gui.viewer.planes import Plane, VolumePlanes
from escc_desktop.gui.viewer.slab import SlabKind, slice_mm
from escc_desktop.gui.viewer.steered import SteeredCanvas
from escc_desktop.gui.viewer.tool import MOUSE, Pen, Pointer, Tool
from escc_desktop.i18n import _


class SliceView(SteeredCanvas):
    """A plane of a volume, to be looked through and drawn on; its signals are those of `SteeredCanvas`."""

    def __init__(self, plane: Plane = Plane.AXIAL, parent: QWidget | None = None) -> None:
        super().__init__(plane, parent)
        self.tool: Tool | None = None
        self._cursor: QPointF | None = None
        self._gesture: Gesture | None = None
        self._wheel = Wheel()
        self._pressure = MOUSE.pressure
        self.actions_of_view = view_actions(lambda: self)
        self.more_actions: tuple[Action, ...] = ()
        self.menu_asked.connect(self._show_menu)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setAccessibleName(writing.plane_name(self))

    @property
    def is_dragged(self) -> bool:
        """Whether a drag goes on that was begun here."""
        return self._gesture is not None

    def set_volume(self, planes: VolumePlanes | None) -> None:
        """Show a volume from its middle slice, fitted to the view; None shows the empty state."""
        self._gesture = None
        super().set_volume(planes)

    def set_tool(self, tool: Tool | None) -> None:
        """Give the mouse to a tool first, or to none."""
        self.tool = tool
        self.update()

    # Events, by Qt's names

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint what is exposed."""
        exposed = self.exposed = event.rect()
        with QPainter(self) as painter:
            if self.planes is None:
                painter.fillRect(exposed, Qt.GlobalColor.black)
                writing.paint_empty(painter, self)
            else:
                self.paint_picture(painter, exposed, () if self.tool is None else self.tool.borders(self))
                self._paint_over(painter, exposed)
            # Most strokes are where nothing is written.
            if not writing.bare(self).contains(exposed):
                self._paint_rim(painter, exposed)

    def _paint_over(self, painter: QPainter, exposed: QRect) -> None:
        if self.look.has_crosshair:
            writing.paint_crosshair(painter, self, exposed)
        if self.tool is not None:
            painter.save()
            self.tool.paint(painter, self)
            painter.restore()

    def _paint_rim(self, painter: QPainter, exposed: QRect) -> None:
        if self.planes is not None and self.look.has_annotations:
            writing.paint_annotations(painter, self, exposed)
        if self.hasFocus():
            writing.paint_focus(painter, self)

    def tabletEvent(self, event: QTabletEvent) -> None:
        """Draw with a pen as with a mouse that knows how hard it presses; Qt makes a mouse's hover of its hover."""
        ways = {
            QEvent.Type.TabletPress: (QEvent.Type.MouseButtonPress, self.mousePressEvent),
            QEvent.Type.TabletMove: (QEvent.Type.MouseMove, self.mouseMoveEvent),
            QEvent.Type.TabletRelease: (QEvent.Type.MouseButtonRelease, self.mouseReleaseEvent),
        }
        if event.type() == QEvent.Type.TabletMove and self._gesture is None:
            event.ignore()
            return
        if event.type() == QEvent.Type.TabletPress:
            self.setFocus(Qt.FocusReason.MouseFocusReason)
        kind, handle = ways[event.type()]
        buttons, device = (event.button(), event.buttons(), event.modifiers()), event.pointingDevice()
        self._pressure = event.pressure()
        handle(QMouseEvent(kind, event.position(), event.globalPosition(), *buttons, device))
        self._pressure = MOUSE.pressure
        event.accept()

    def _note_pen(self, event: QMouseEvent) -> None:
        # In the middle of a drag no pen is turned round, and a mouse presses as before.
        if self._gesture is None:
            self.pen = Pen(self._pressure, event.pointerType() == QPointingDevice.PointerType.Eraser)
        elif self._pressure != self.pen.pressure:
            self.pen = replace(self.pen, pressure=self._pressure)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a drag: the tool's if it takes it, else the view's."""
        self._note_pen(event)
        if self.planes is None or self._gesture is not None:
            return
        was_playing = self.playing_rate > 0
        self.touched.emit()
        if was_playing:  # the click that stops is not drawn: it was meant for another slice
            return
        drag = drag_of(self, event)
        at = self._pointer_of(event)
        if self.tool is not None and (not drag.is_forced or self.tool.claims(at)) and self.tool.press(at):
            self._gesture = ToolDrag(self.tool, event.button())
            return
        self._gesture = drag.gesture
        if self._gesture is not None:
            self._gesture.move(self, event.position(), event.modifiers())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go on with the drag, or hover."""
        at = self._cursor = event.position()
        if self._gesture is not None and event.buttons() == Qt.MouseButton.NoButton:
            self._end_drag(event)
        self._note_pen(event)
        if self._gesture is not None:
            self._gesture.move(self, at, event.modifiers())
        elif self.tool is not None and self.planes is not None:
            self.tool.hover(self._pointer_of(event))
        self._tell_hover_soon()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End the drag when its last button is up."""
        self._note_pen(event)
        if event.buttons() == Qt.MouseButton.NoButton:
            self._end_drag(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Ask to be maximised, unless the tool takes it for a second press."""
        if event.button() != Qt.MouseButton.LeftButton:
            self.mousePressEvent(event)
            return
        if self.tool is not None and not event.modifiers():
            self.mousePressEvent(event)
        if not isinstance(self._gesture, ToolDrag):
            self._gesture = None
            self.double_clicked.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Go exactly one slice a notch; with Ctrl zoom about the mouse, with Shift size the brush."""
        self.touched.emit()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom(zoom_factor(event), event.position())
        elif event.modifiers() & Qt.KeyboardModifier.AltModifier:
            self._thicken(-self._wheel.notches(event))
        else:
            self._turn(self._wheel.notches(event), is_shift=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        event.accept()

    def event(self, event: QEvent) -> bool:
        """Zoom as two fingers on a trackpad pinch."""
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self.zoom(1 + event.value(), event.position())
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Do what the key says: the tool's meaning first, then the view's; others go on to whoever is around."""
        is_taken = (self.tool is not None and self.tool.key(event)) or press_key(self, event, self.actions_of_view)
        event.setAccepted(is_taken)

    def enterEvent(self, event: QEnterEvent) -> None:
        """Take the keyboard: it follows the mouse, unless text is being typed."""
        if not takes_text(QApplication.focusWidget()):
            self.setFocus(Qt.FocusReason.MouseFocusReason)
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """Forget the mouse."""
        self._cursor = None
        if self.tool is not None:
            self.tool.hover(None)
        self._tell_hover_soon()
        super().leaveEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show that keys come here."""
        super().focusInEvent(event)
        self._repaint_edges()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Show that keys no longer come here."""
        super().focusOutEvent(event)
        self._repaint_edges()

    def _turn(self, notches: int, *, is_shift: bool) -> None:
        """Go on by so many slices; with Shift, a tool may take it for its size."""
        if not (is_shift and self.tool is not None and self.tool.resize(-notches)):
            self.step(notches)

    def _thicken(self, slices: int) -> None:
        """Make the slab thicker by so many slices on either side."""
        slab = self.look.slab
        if self.planes is not None and slab.kind is not SlabKind.NONE:
            self.choose_look(self.look.slab_thick(slab.mm + 2 * slices * slice_mm(self.planes, self.plane)))
        elif slices:
            self.said.emit(_("Single slices are shown: choose a thick slab first."))

    def _repaint_edges(self) -> None:
        for strip in writing.focus_strips(self):
            self.update(strip)

    def _end_drag(self, event: QMouseEvent) -> None:
        if self._gesture is not None:
            gesture, self._gesture = self._gesture, None
            gesture.end(self, event.position(), event.modifiers())

    def _show_menu(self, at: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setToolTipsVisible(True)
        for action in (*self.actions_of_view, *self.more_actions):
            item = menu.addAction(action.text, action.call)
            item.setShortcuts([QKeySequence(keys) for keys in action.keys_now])
            why_not = action.why_not()
            item.setEnabled(not why_not)
            item.setToolTip(why_not or action.text)
        menu.popup(self.mapToGlobal(at))

    def _pointer_of(self, event: QMouseEvent) -> Pointer:
        return self.pointer(event.position(), event.button(), event.modifiers())
