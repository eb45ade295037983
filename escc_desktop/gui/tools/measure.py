"""Measuring by hand: length, long and short axis, angle, values in an ellipse; ends can be moved afterwards."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import QKeyEvent, QPainter

from escc_desktop.gui.tools import measure_paint
from escc_desktop.gui.tools.canvas import Canvas
from escc_desktop.gui.tools.measure_paint import Place, kept, places_of, point_of
from escc_desktop.gui.tools.tool import DrawTool
from escc_desktop.gui.viewer.canvas import SliceCanvas
from escc_desktop.gui.viewer.planes import Plane
from escc_desktop.gui.viewer.tool import Pointer
from escc_desktop.i18n import _
from escc_desktop.imaging.measure import HuFigures, hu_figures, in_ellipse, slice_axes
from escc_desktop.reading.measurements import POINTS, Measurement, MeasurementKind, measurements_note
from escc_desktop.reading.tools import MEASUREMENTS

GRAB_PX: Final = 6.0
DRAG_PX: Final = 4.0
_AXES: Final = MeasurementKind.AXES


@dataclass
class _Begun:
    """A measurement on one slice of one view, not whole yet; places are (row, column) in voxels."""

    view: SliceCanvas
    index: int
    places: list[Place] = field(default_factory=list)


@dataclass
class _Held:
    """An end of a kept measurement, in the hand."""

    number: int
    end: int
    measurement: Measurement


class MeasureTool(DrawTool):
    """Measures: a drag or two clicks a line, a drag an ellipse; what is whole is kept with the reading.

    Parameters
    ----------
    kind
        What it measures.
    """

    def __init__(self, canvas: Canvas, kind: MeasurementKind) -> None:
        super().__init__(canvas)
        self.name = self.kind = kind
        self._begun: _Begun | None = None
        self._held: _Held | None = None
        self._at: Pointer | None = None
        self._pressed: QPointF | None = None
        self._lit: tuple[int, int] | None = None
        self._painted: QRect | None = None

    def press(self, at: Pointer) -> bool:
        """Take hold of an end, or set one."""
        if at.button != Qt.MouseButton.LeftButton:
            return False
        self._at = at
        if not self._may_measure(at):
            return True
        end = self._near(at) if self._begun is None else None
        if end is not None:
            self._held = _Held(*end, kept(self.canvas)[end[0]])
        else:
            self._pressed = at.view.plane_to_widget(at.row, at.column)
            self._set(at)
        at.view.update()
        return True

    def move(self, at: Pointer) -> bool:
        """Follow the mouse with the end that is open or held."""
        self._at = at
        if self._held is not None:
            self._held.measurement = self._moved(self._held, at)
        self._repaint(at.view)
        return True

    def release(self, at: Pointer) -> bool:
        """Set the end of what was dragged; after a mere click it follows the mouse to the next."""
        self._at = at
        held, self._held = self._held, None
        if held is not None:
            self._change(held)
        elif self._pressed is not None and self._begun is not None:
            way = at.view.plane_to_widget(at.row, at.column) - self._pressed
            if max(abs(way.x()), abs(way.y())) > DRAG_PX:
                self._set(at)
        self._pressed = None
        at.view.update()
        return True

    def finish(self) -> None:
        """Put down an end that is held."""
        held, self._held = self._held, None
        if held is not None:
            self._change(held)

    def hover(self, at: Pointer | None) -> None:
        """Show the line to the mouse, or which end can be taken."""
        before, self._at = self._at, at
        lit = None if at is None or self._begun is not None else self._near(at)
        if lit != self._lit:
            for pointer in (before, at):
                if pointer is not None:
                    pointer.view.update()
        elif self._begun is not None:
            self._repaint(self._begun.view)
        self._lit = lit

    def key(self, event: QKeyEvent) -> bool:
        """Esc forgets what is begun; Delete removes the measurement under the mouse; Return measures the region."""
        key = event.key()
        if key == Qt.Key.Key_Escape and self._begun is not None:
            self.drop()
        elif key in {Qt.Key.Key_Backspace, Qt.Key.Key_Delete} and (self._begun is not None or self._lit is not None):
            if not self.step_back() and self._lit is not None:
                remove(self.canvas, self._lit[0])
                self._lit = None
        elif key in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and self.kind is _AXES and self._at is not None:
            self._measure_region(self._at)
        else:
            return False
        return True

    def unfinished(self) -> str:
        """Say where a measurement is begun."""
        if self._begun is None:
            return ""
        return _("The measurement on slice {n} is not whole yet: set its other end, or press Esc.").format(
            n=self._begun.index + 1
        )

    def step_back(self) -> bool:
        """Take back the last end set."""
        if self._begun is None:
            return False
        self._begun.places.pop()
        if not self._begun.places:
            self.drop()
        else:
            self._begun.view.update()
        return True

    def drop(self) -> None:
        """Forget what is begun."""
        begun, self._begun = self._begun, None
        if begun is not None:
            begun.view.update()

    def lay_down(self) -> None:
        """Forget what is begun: a measurement of one end is none."""
        self.drop()

    def paint(self, painter: QPainter, view: SliceCanvas) -> None:
        """Paint what is begun, what is held, and the end that can be taken."""
        begun, held = self._begun, self._held
        if held is not None:
            points = measure_paint.widget_points(view, held.measurement)
            text = measure_paint.text_of(held.measurement)
            measure_paint.paint_measurement(painter, view, held.measurement.kind, points, text)
        elif begun is not None and begun.view is view and begun.index == view.index:
            places = self._preview(begun)
            points = [view.plane_to_widget(*place) for place in places]
            measure_paint.paint_measurement(painter, view, self.kind, points, self._text(view, places))
        elif self._lit is not None and self._at is not None and self._at.view is view:
            measurements = kept(self.canvas)
            if self._lit[0] < len(measurements):
                points = measure_paint.widget_points(view, measurements[self._lit[0]])
                measure_paint.paint_handle(painter, points[self._lit[1]])

    def _repaint(self, view: SliceCanvas) -> None:
        """Have the places of what is begun or held, before and now, painted anew, and no more."""
        points: list[QPointF] = []
        if self._held is not None:
            points = measure_paint.widget_points(view, self._held.measurement)
        elif self._begun is not None:
            points = [view.plane_to_widget(*place) for place in self._preview(self._begun)]
        before, self._painted = self._painted, measure_paint.reach(points) if points else None
        for rectangle in (before, self._painted):
            if rectangle is not None:
                view.update(rectangle)

    # Setting ends

    def _may_measure(self, at: Pointer) -> bool:
        why_not = self._why_not(at)
        if why_not:
            self.canvas.said.emit(why_not)
        return not why_not

    def _why_not(self, at: Pointer) -> str:
        if self.canvas.why_locked:
            return self.canvas.why_locked
        if self.kind is _AXES and at.plane is not Plane.AXIAL:
            return _("Long and short axes are measured in the axial plane only (RECIST 1.1).")
        if at.voxel is None:
            return _("Nothing measured: this lies outside the image.")
        begun = self._begun
        if begun is not None and (begun.view is not at.view or begun.index != at.index):
            return self.unfinished()
        return ""

    def _set(self, at: Pointer) -> None:
        if at.voxel is None:
            self.canvas.said.emit(_("Nothing measured: this lies outside the image."))
            return
        if self._begun is None:
            self._begun = _Begun(at.view, at.index)
        begun = self._begun
        begun.places.append(self._straight(begun, at))
        if len(begun.places) < POINTS[self.kind]:
            return
        self._begun = None
        measurement = self._made(begun.view, begun.index, begun.places)
        if measurement is None:
            self.canvas.said.emit(_("Nothing measured: there is no way between the ends."))
        else:
            keep(self.canvas, (*kept(self.canvas), measurement))

    def _straight(self, begun: _Begun, at: Pointer) -> Place:
        """Return where an end comes: the second one of the short axis keeps the right angle."""
        places = begun.places
        if self.kind is not _AXES or len(places) != 3:
            return at.row, at.column
        return _across(places[0], places[1], places[2], (at.row, at.column), _scale(at.view))

    def _preview(self, begun: _Begun) -> list[Place]:
        at = self._at
        if at is None or at.view is not begun.view or at.index != begun.index:
            return list(begun.places)
        return [*begun.places, self._straight(begun, at)]

    def _text(self, view: SliceCanvas, places: list[Place]) -> str:
        """Return what a measurement begun comes to so far."""
        if view.planes is None or len(places) < 2:
            return ""
        kind = self.kind
        if kind is _AXES and len(places) < 4:
            kind, places = MeasurementKind.LENGTH, places[:2]
        if kind is MeasurementKind.ANGLE and len(places) < 3:
            return ""
        made = self._made(view, view.index, places, kind)
        return "" if made is None else measure_paint.text_of(made)

    def _made(
        self, view: SliceCanvas, index: int, places: list[Place], kind: MeasurementKind | None = None
    ) -> Measurement | None:
        """Return the measurement with ends at places; None where it has no extent."""
        planes, kind = self.canvas.planes, kind or self.kind
        is_line = kind is not MeasurementKind.VALUES
        lines = [
            (places[number], places[number + 1]) for number in range(0, len(places) - 1, 2 if kind is _AXES else 1)
        ]
        values = None if is_line else self._values(view.plane, index, places)
        if any(one == other for one, other in lines) or (values is None and not is_line):
            return None
        points = tuple(point_of(planes, view.plane, index, place) for place in places)
        return Measurement(kind, view.plane.value, points, values)

    def _values(self, plane: Plane, index: int, places: list[Place]) -> HuFigures | None:
        image = self.canvas.planes.image(plane, index)
        box, inside = in_ellipse(self.canvas.planes.shape(plane), *places)
        return hu_figures(image[box][inside])

    def _measure_region(self, at: Pointer) -> None:
        if not self._may_measure(at):
            return
        measurement = axes_of_region(self.canvas, at.index)
        if measurement is None:
            self.canvas.said.emit(_("Nothing measured: nothing is drawn on this slice."))
        else:
            keep(self.canvas, (*kept(self.canvas), measurement))

    # Changing what is kept

    def _near(self, at: Pointer) -> tuple[int, int] | None:
        """Return the end of a kept measurement within reach of the mouse: (measurement, end)."""
        if not at.view.look.has_annotations:
            return None
        mouse, best = at.view.plane_to_widget(at.row, at.column), (GRAB_PX, (-1, -1))
        for number, measurement in enumerate(kept(self.canvas)):
            for end, point in enumerate(measure_paint.widget_points(at.view, measurement)):
                way = point - mouse
                best = min(best, (max(abs(way.x()), abs(way.y())), (number, end)))
        return best[1] if best[1] != (-1, -1) else None

    def _moved(self, held: _Held, at: Pointer) -> Measurement:
        """Return a kept measurement with one end at the mouse."""
        before, planes = held.measurement, self.canvas.planes
        places = list(places_of(planes.geometry, before)[1])
        places[held.end] = at.row, at.column
        if before.kind is _AXES:
            places = _squared(places, held.end, _scale(at.view))
        values = before.values
        if before.kind is MeasurementKind.VALUES:
            values = self._values(at.plane, at.index, places)
        if at.voxel is None or (before.values is not None and values is None) or places[0] == places[1]:
            return before
        points = tuple(point_of(planes, at.plane, at.index, place) for place in places)
        return replace(before, points_mm=points, values=values, of_region=False)

    def _change(self, held: _Held) -> None:
        measurements = list(kept(self.canvas))
        measurements[held.number] = held.measurement
        keep(self.canvas, measurements)


def keep(canvas: Canvas, measurements: tuple[Measurement, ...] | list[Measurement]) -> None:
    """Keep measurements with the reading, in place of those before."""
    canvas.note(MEASUREMENTS, measurements_note(measurements))


def remove(canvas: Canvas, number: int) -> Measurement:
    """Remove one measurement and return it."""
    measurements = list(kept(canvas))
    removed = measurements.pop(number)
    keep(canvas, measurements)
    return removed


def axes_of_region(canvas: Canvas, index: int) -> Measurement | None:
    """Return the axes of what is drawn on an axial slice; None where nothing is."""
    planes, axes = canvas.planes, canvas.planes.axes(Plane.AXIAL)
    spacing = planes.geometry.spacing_mm
    found = slice_axes(planes.section(Plane.AXIAL, index, canvas.shown), (spacing[axes.column], spacing[axes.row]))
    if found is None:
        return None
    points = tuple(point_of(planes, Plane.AXIAL, index, (y, x)) for x, y in (*found.long, *found.short))
    return Measurement(_AXES, Plane.AXIAL.value, points, of_region=True)


def _scale(view: SliceCanvas) -> tuple[float, float]:
    """Return the size of a voxel of a plane, (row, column) in mm."""
    if view.planes is None or view.axes is None:
        return 1.0, 1.0
    spacing = view.planes.geometry.spacing_mm
    return spacing[view.axes.row], spacing[view.axes.column]


def _across(one: Place, other: Place, start: Place, to: Place, scale: tuple[float, float]) -> Place:
    """Return the place nearest to `to` on the line through `start` at right angles to that from one end to another."""
    way = np.subtract(other, one) * scale
    length = float(np.linalg.norm(way))
    if not length:
        return to
    across = np.array([-way[1], way[0]]) / length
    row, column = np.array(start) + across * float((np.subtract(to, start) * scale) @ across) / scale
    return float(row), float(column)


def _squared(places: list[Place], moved: int, scale: tuple[float, float]) -> list[Place]:
    """Return the ends of two axes at right angles again after one of them was moved."""
    one, other, start, end = places
    if moved == 2:
        return [one, other, _across(one, other, end, start, scale), end]
    if moved == 3:
        return [one, other, start, _across(one, other, start, end, scale)]
    # The long axis turned: the short one turns about its middle and keeps its length.
    middle, half = np.add(start, end) / 2, float(np.linalg.norm(np.subtract(end, start) * scale)) / 2
    way = np.subtract(other, one) * scale
    length = float(np.linalg.norm(way)) or 1.0
    step = np.array([-way[1], way[0]]) / length * half / scale
    first, last = middle - step, middle + step
    return [one, other, (float(first[0]), float(first[1])), (float(last[0]), float(last[1]))]
