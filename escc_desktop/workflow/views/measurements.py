"""Measurements of a reading in words, open or signed."""

from __future__ import annotations

import json

import numpy as np

from escc_desktop.i18n import _
from escc_desktop.imaging.measure import HuFigures
from escc_desktop.reading.measurements import Measurement, MeasurementKind, kept_measurements
from escc_desktop.reading.session import Roi
from escc_desktop.reading.tools import MEASUREMENTS

_AXES_OF = {"axial": 2, "coronal": 1, "sagittal": 0}


def roi_measurements(roi: Roi) -> tuple[Measurement, ...]:
    """Return the measurements that were signed with a reading, oldest first."""
    return kept_measurements(json.loads(roi.notes).get(MEASUREMENTS))


def measured_words(roi: Roi) -> str:
    """Return the measurements signed with a reading in one line: "47.8 × 26.4 mm, slice 22"; "" for none."""
    return "; ".join(f"{figures_of(one)}, {_where(one, roi)}" for one in roi_measurements(roi))


def _where(measurement: Measurement, roi: Roi) -> str:
    geometry = roi.mask.geometry
    along = int(np.argmax(np.abs(geometry.axes[_AXES_OF[measurement.plane]])))
    index = round(float(geometry.to_index(np.array([measurement.points_mm[0]]))[0][along]))
    return where_words(measurement.plane, index)


def where_words(plane: str, index: int) -> str:
    """Return a slice in words; its plane is named unless it is the axial one."""
    plane_words = {"axial": "", "coronal": _("coronal"), "sagittal": _("sagittal")}[plane]
    return " ".join(filter(None, (plane_words, _("slice {n}").format(n=index + 1))))


def kind_name(kind: MeasurementKind) -> str:
    """Return what is measured, in words."""
    return {
        MeasurementKind.LENGTH: _("Length"),
        MeasurementKind.AXES: _("Long and short axis"),
        MeasurementKind.ANGLE: _("Angle"),
        MeasurementKind.VALUES: _("Values in an ellipse"),
    }[kind]


def figures_of(measurement: Measurement) -> str:
    """Return what came of a measurement, with its unit."""
    if measurement.kind is MeasurementKind.LENGTH:
        return f"{measurement.length_mm:.1f} mm"
    if measurement.kind is MeasurementKind.AXES:
        return f"{measurement.long_mm:.1f} × {measurement.short_mm:.1f} mm"
    if measurement.kind is MeasurementKind.ANGLE:
        return f"{measurement.angle_deg:.1f}°"
    return "" if measurement.values is None else mean_words(measurement.values)


def mean_words(values: HuFigures) -> str:
    """Return mean and standard deviation in words."""
    return _("{mean} ± {sd} HU").format(mean=_minus(f"{values.mean:.0f}"), sd=f"{values.sd:.0f}")


def range_words(values: HuFigures) -> str:
    """Return the least and the greatest value in words."""
    return _("{low} to {high} HU").format(low=_minus(str(values.low)), high=_minus(str(values.high)))


def _minus(number: str) -> str:
    """Return a number with the minus sign of print."""
    return number.replace("-", "\N{MINUS SIGN}")
