"""Measurements as a note of a reading."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escc_desktop.errors import EsccError
from escc_desktop.files import canonical_json
from escc_desktop.imaging.measure import HuFigures
from escc_desktop.reading.measurements import (
    POINTS,
    Measurement,
    MeasurementKind,
    kept_measurements,
    measurements_note,
)

coordinates = st.floats(-2000, 2000, allow_nan=False)
points = st.tuples(coordinates, coordinates, coordinates)


@st.composite
def measurements(draw: st.DrawFn) -> Measurement:
    kind = draw(st.sampled_from(MeasurementKind))
    plane = "axial" if kind is MeasurementKind.AXES else draw(st.sampled_from(["axial", "coronal", "sagittal"]))
    n = POINTS[kind]
    values = HuFigures(3, -30, 900, -20, 10) if kind is MeasurementKind.VALUES else None
    return Measurement(kind, plane, tuple(draw(st.lists(points, min_size=n, max_size=n))), values, draw(st.booleans()))


@given(st.lists(measurements(), max_size=5))
def test_that_measurements_come_back_from_their_note_as_they_were(made: list[Measurement]) -> None:
    note = measurements_note(made)
    assert kept_measurements(json.loads(canonical_json(note))) == tuple(made)


def test_that_no_measurement_is_no_note() -> None:
    assert measurements_note([]) is None
    assert kept_measurements(None) == ()


def test_that_the_short_axis_is_the_smaller_of_two_lines() -> None:
    ends = ((0.0, 0.0, 5.0), (10.0, 0.0, 5.0), (4.0, -12.0, 5.0), (4.0, 12.0, 5.0))
    axes = Measurement(MeasurementKind.AXES, "axial", ends)
    assert (axes.long_mm, axes.short_mm) == (24.0, 10.0)


def test_that_axes_lie_in_the_axial_plane_only() -> None:
    with pytest.raises(ValueError, match="axial"):
        Measurement(MeasurementKind.AXES, "sagittal", ((0.0, 0.0, 0.0),) * 4)


@pytest.mark.parametrize(
    "damaged",
    [
        [{"kind": "length", "plane": "axial", "points_mm": [[0, 0, 0]]}],
        [{"kind": "weight", "plane": "axial", "points_mm": [[0, 0, 0], [1, 0, 0]]}],
        [{"kind": "length", "plane": "axial", "points_mm": [[0, 0], [1, 0]]}],
        [{"kind": "values", "plane": "axial", "points_mm": [[0, 0, 0], [1, 0, 0]]}],
        [{"kind": "length", "plane": "oblique", "points_mm": [[0, 0, 0], [1, 0, 0]]}],
        [{"kind": "length", "plane": "axial", "points_mm": [[0, 0, 0], [1e999, 0, 0]]}],
        [{"kind": "length", "plane": "axial", "points_mm": [[0, 0, 0], [10**400, 0, 0]]}],
        [{"kind": "values", "plane": "axial", "points_mm": [[0, 0, 0], [1, 0, 0]], "values": [0, 0, 0, 0, 0]}],
        [{"plane": "axial"}],
        ["length"],
    ],
)
def test_that_a_damaged_note_is_refused(damaged: list[object]) -> None:
    with pytest.raises(EsccError, match="damaged"):
        kept_measurements(damaged)
