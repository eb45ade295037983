"""The measurements of an open reading: what the region measures now, and what was measured by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
import shiboken6
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from escc_desktop.errors import EsccError
from escc_desktop.gui.actions import Action
from escc_desktop.gui.pages.reading_place import ReadingPlace
from escc_desktop.gui.pages.reading_section import Section
from escc_desktop.gui.tasks import Answers
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.tools import measure_paint
from escc_desktop.gui.tools.measure import axes_of_region, keep, remove
from escc_desktop.gui.tools.measure_paint import kept
from escc_desktop.gui.viewer.planes import Plane, VolumePlanes
from escc_desktop.gui.widgets.text import button, icon_button, label, row
from escc_desktop.i18n import _
from escc_desktop.imaging.mask import BoolArray, Region
from escc_desktop.imaging.measure import HuFigures, SliceAxes, hu_figures, slice_axes, together
from escc_desktop.progress import Progress
from escc_desktop.reading.measurements import Measurement, MeasurementKind, kept_measurements
from escc_desktop.reading.tools import MEASUREMENTS
from escc_desktop.workflow.views.measurements import figures_of, kind_name, mean_words, range_words, where_words

MEASURED_AFTER_MS: Final = 150
_ICONS: Final = {
    MeasurementKind.LENGTH: "ruler",
    MeasurementKind.AXES: "arrow_move",
    MeasurementKind.ANGLE: "share_android",
    MeasurementKind.VALUES: "oval",
}


@dataclass(frozen=True)
class SliceFigures:
    """What a region measures on one axial slice."""

    axes: SliceAxes
    values: HuFigures


def measure_slices(
    planes: VolumePlanes, voxels: BoolArray, slices: tuple[int, ...], progress: Progress
) -> dict[int, SliceFigures]:
    """Return what a region measures on some axial slices; those with nothing drawn are left out."""
    axes, spacing = planes.axes(Plane.AXIAL), planes.geometry.spacing_mm
    found = {}
    for done, index in enumerate(slices):
        progress.advance(done, len(slices))
        section = planes.section(Plane.AXIAL, index, voxels).copy()
        measured = slice_axes(section, (spacing[axes.column], spacing[axes.row]))
        values = hu_figures(planes.image(Plane.AXIAL, index)[section])
        if measured is not None and values is not None:
            found[index] = SliceFigures(measured, values)
    return found


class RegionFigures(QWidget):
    """Axes and values of the region drawn now, as of the last step."""

    def __init__(self) -> None:
        super().__init__()
        self.long, self.short, self.mean, self.range = label(), label(), label(), label()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        for name, value in (
            (_("Long axis"), self.long),
            (_("Short axis"), self.short),
            (_("Mean ± SD"), self.mean),
            (_("Range"), self.range),
        ):
            column.addWidget(row(label(name, tone="secondary"), None, value))

    def show_figures(self, slices: Mapping[int, SliceFigures]) -> None:
        """Show the figures of all slices together; axes are those of the slice with the longest diameter."""
        values = together(one.values for one in slices.values())
        if values is None:
            for value in (self.long, self.short, self.mean, self.range):
                value.setText("\N{EN DASH}")
            return
        index = longest_slice(slices)
        axes = slices[index].axes
        self.long.setText(_("{mm} mm, slice {n}").format(mm=f"{axes.long_mm:.1f}", n=index + 1))
        self.short.setText(f"{axes.short_mm:.1f} mm")
        self.mean.setText(mean_words(values))
        self.range.setText(range_words(values))


def longest_slice(slices: Mapping[int, SliceFigures]) -> int:
    """Return the slice with the longest diameter, the first of them."""
    return max(sorted(slices), key=lambda index: slices[index].axes.long_mm)


class MeasuringSection(Section):
    """Live figures of the region drawn now, and the list of measurements.

    Signals
    -------
    diameter_changed
        There is another `diameter_mm`.

    Attributes
    ----------
    diameter_mm
        The largest diameter on an axial slice, 0 where nothing is drawn; None while it is being measured.
    """

    diameter_changed = Signal()

    def __init__(self, place: ReadingPlace) -> None:
        super().__init__()
        self._place, self._canvas = place, place.canvas
        self.slices: dict[int, SliceFigures] = {}
        self.diameter_mm: float | None = None
        self._layer = self._canvas.layer
        self._changed: set[int] = set()
        self._is_measuring = False
        self.figures = RegionFigures()
        self.go_button = button(_("Go there"), "target")
        self.keep_button = button(_("Keep axes"), "arrow_move")
        self.rows: list[QWidget] = []
        self.none = label(_("Nothing measured by hand yet."), tone="secondary", size="caption", wrap=True)
        self._list = QVBoxLayout()
        self._list.setSpacing(2)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        column.addWidget(self.figures)
        column.addWidget(row(None, self.go_button, self.keep_button))
        column.addWidget(self.none)
        column.addLayout(self._list)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(MEASURED_AFTER_MS)
        self._connect()
        self.figures.show_figures(self.slices)
        self._show_buttons()
        self._all_changed()
        self._follow_notes(MEASUREMENTS)

    def _connect(self) -> None:
        canvas = self._canvas
        self._timer.timeout.connect(self._measure)
        self.go_button.clicked.connect(self.go_to_longest)
        self.keep_button.clicked.connect(self.keep_axes)
        canvas.touched.connect(self._touched)
        canvas.stepped.connect(self._follow_steps)
        canvas.rois_changed.connect(self._follow_rois)
        canvas.noted.connect(self._follow_notes)
        self._place.hand.painters.append(partial(measure_paint.paint_kept, canvas))

    def actions_now(self) -> tuple[Action, ...]:
        """Return what can be done with the region's axes."""
        return (
            Action(
                "reading.keep_axes",
                _("Keep long and short axis of the region"),
                self.keep_axes,
                "arrow_move",
                why_not=self.why_not_keep,
            ),
        )

    def stop(self) -> None:
        """Measure nothing any more."""
        self._timer.stop()

    # What the reader does

    def why_not_keep(self) -> str:
        """Say why the region's axes cannot be kept now; "" when they can."""
        if self._canvas.why_locked:
            return self._canvas.why_locked
        return "" if self.slices else _("Outline the region first: its axes are measured on what is drawn.")

    def keep_axes(self) -> None:
        """Keep the axes of the slice with the longest diameter as a measurement, and go there."""
        why_not = self.why_not_keep()
        measurement = None if why_not else axes_of_region(self._canvas, longest_slice(self.slices))
        if measurement is None:
            self._place.desktop.notices.say(why_not or _("Nothing measured: nothing is drawn on this slice."))
            return
        keep(self._canvas, (*kept(self._canvas), measurement))
        self.go_to(measurement)

    def go_to_longest(self) -> None:
        """Show the slice with the longest diameter."""
        if self.slices:
            self._place.views.axial.set_index(longest_slice(self.slices))

    def go_to(self, measurement: Measurement) -> None:
        """Show a measurement."""
        planes = self._place.planes
        middle = np.mean([planes.geometry.to_index(np.array([point]))[0] for point in measurement.points_mm], axis=0)
        x, y, z = (
            min(max(round(float(value)), 0), size - 1) for value, size in zip(middle, planes.geometry.size, strict=True)
        )
        self._place.views.set_point((x, y, z))

    def delete(self, number: int) -> None:
        """Remove a measurement; it can be restored from the notice."""
        if self._canvas.why_locked:
            self._place.desktop.notices.say(self._canvas.why_locked)
            return
        removed = remove(self._canvas, number)
        words = _("{what} removed: {figures}.").format(what=kind_name(removed.kind), figures=figures_of(removed))
        self._place.desktop.notices.offer(words, _("Restore"), partial(self._restore, removed))

    def _restore(self, measurement: Measurement) -> None:
        if shiboken6.isValid(self) and not self._canvas.why_locked:
            keep(self._canvas, (*kept(self._canvas), measurement))

    # Live figures

    def _touched(self, region: Region) -> None:
        part = region[2 - self._place.planes.axes(Plane.AXIAL).normal]
        self._changed.update(range(*part.indices(self._place.planes.size(Plane.AXIAL))))

    def _all_changed(self) -> None:
        self.slices.clear()
        self._changed = set(range(self._place.planes.size(Plane.AXIAL)))
        self._follow_steps()

    def _follow_steps(self) -> None:
        if self._changed:
            self._tell_diameter(None)
            self._timer.start()

    def _follow_rois(self) -> None:
        if self._layer != self._canvas.layer:
            self._layer = self._canvas.layer
            self._all_changed()

    def _measure(self) -> None:
        """Have the changed slices measured by a job; what changes meanwhile is measured afterwards."""
        if self._is_measuring:
            return
        if self._canvas.is_stroking:  # it may end without a step
            self._timer.start()
            return
        changed, self._changed = tuple(sorted(self._changed)), set()
        self._is_measuring = True
        self._place.desktop.tasks.run(
            _("Measuring"),
            measure_slices,
            self._place.planes,
            self._canvas.shown,
            changed,
            answers=Answers(partial(self._measured, changed, self._layer), self._not_measured, self._not_measured),
            quiet=True,
        )

    def _measured(self, changed: tuple[int, ...], layer: int, found: dict[int, SliceFigures]) -> None:
        if not shiboken6.isValid(self):
            return
        self._is_measuring = False
        if layer == self._layer:
            for index in changed:
                self.slices.pop(index, None)
            self.slices.update(found)
            self.figures.show_figures(self.slices)
            self._show_buttons()
        if self._changed:
            self._timer.start()
        else:
            self._tell_diameter(max((one.axes.long_mm for one in self.slices.values()), default=0.0))

    def _tell_diameter(self, mm: float | None) -> None:
        self.diameter_mm = mm
        self.diameter_changed.emit()

    def _not_measured(self, error: Exception | None = None) -> None:
        if shiboken6.isValid(self):
            self._is_measuring = False
        if error is not None:
            self._place.desktop.notices.trouble(error)

    def _show_buttons(self) -> None:
        why_not = self.why_not_keep()
        for made, tip in (
            (self.go_button, _("Go to the slice with the longest diameter")),
            (self.keep_button, _("Keep long and short axis of the region as a measurement")),
        ):
            made.setEnabled(not why_not)
            made.setToolTip(why_not or tip)

    # The list

    def _follow_notes(self, name: str) -> None:
        if name != MEASUREMENTS:
            return
        for old in self.rows:
            self._list.removeWidget(old)
            old.deleteLater()
        try:
            measurements = kept_measurements(self._canvas.reading.history.notes.get(MEASUREMENTS))
        except EsccError as error:
            self._place.desktop.notices.trouble(error)
            measurements = ()
        self.rows = [self._row(number, measurement) for number, measurement in enumerate(measurements)]
        for made in self.rows:
            self._list.addWidget(made)
        self.none.setVisible(not self.rows)
        for view in self._place.views.views:
            view.update()

    def _row(self, number: int, measurement: Measurement) -> QWidget:
        figures = figures_of(measurement)
        index = measure_paint.places_of(self._place.planes.geometry, measurement)[0]
        where = where_words(measurement.plane, index)
        what = kind_name(measurement.kind)
        tip = (_("{what} of the region: go there") if measurement.of_region else _("{what}: go there")).format(
            what=what
        )
        go = icon_button(_ICONS[measurement.kind], tip)
        go.setText(figures)
        go.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        go.clicked.connect(partial(self.go_to, measurement))
        place = label(where, tone="secondary", size="caption")
        # What a narrow panel has no room for is cut off, not the panel.
        place.setMinimumWidth(0)
        place.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        place.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        place.setToolTip(where)
        delete = icon_button("delete", _("Remove {what}").format(what=f"{what}, {figures}"))
        delete.clicked.connect(partial(self.delete, number))
        made = QWidget()
        line = QHBoxLayout(made)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(GRID // 2)
        line.addWidget(go)
        line.addWidget(place, 1)
        line.addWidget(delete)
        return made
