"""Axes, values, lengths and angles against geometry and other libraries."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial import ConvexHull
from scipy.spatial.distance import pdist
from skimage.measure import find_contours

from escc_desktop.imaging.measure import (
    HuFigures,
    angle_deg,
    distance_mm,
    hu_figures,
    in_ellipse,
    slice_axes,
    together,
)

planes = arrays(np.bool_, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.booleans())
spacings = st.tuples(st.sampled_from([0.4, 1.0, 2.5]), st.sampled_from([0.4, 1.0, 2.5]))


def ellipse(long_mm: float, short_mm: float, angle: float, spacing: tuple[float, float]) -> np.ndarray:
    """Return the pixels of an ellipse in the middle of 200 x 200 mm."""
    columns, rows = (int(200 / step) for step in spacing)
    y, x = np.mgrid[:rows, :columns]
    right, down = x * spacing[0] - 100, y * spacing[1] - 100
    along = right * math.cos(angle) + down * math.sin(angle)
    across = -right * math.sin(angle) + down * math.cos(angle)
    return (along / (long_mm / 2)) ** 2 + (across / (short_mm / 2)) ** 2 <= 1


@pytest.mark.parametrize("angle", [0.0, 0.3, 1.1, math.pi / 2, 2.5])
@pytest.mark.parametrize("spacing", [(0.5, 0.5), (0.8, 0.4)])
def test_that_the_axes_of_an_ellipse_are_its_own(angle: float, spacing: tuple[float, float]) -> None:
    found = slice_axes(ellipse(60.0, 26.0, angle, spacing), spacing)
    assert found is not None
    assert found.long_mm == pytest.approx(60.0, abs=2 * max(spacing))
    assert found.short_mm == pytest.approx(26.0, abs=2 * max(spacing))


def test_that_a_row_of_pixels_is_as_long_and_wide_as_its_pixels() -> None:
    voxels = np.zeros((9, 30), dtype=bool)
    voxels[4, 5:17] = True
    found = slice_axes(voxels, (0.5, 2.0))
    assert found is not None
    assert found.long_mm == pytest.approx(12 * 0.5)
    assert found.short_mm == pytest.approx(2.0)
    assert sorted(found.long) == [(4.5, 4.0), (16.5, 4.0)]


def test_that_nothing_drawn_has_no_axes() -> None:
    assert slice_axes(np.zeros((5, 5), dtype=bool), (1.0, 1.0)) is None


@settings(max_examples=150, deadline=None)
@given(planes, spacings)
def test_that_the_axes_are_the_longest_chords_of_the_outline(voxels: np.ndarray, spacing: tuple[float, float]) -> None:
    found = slice_axes(voxels, spacing)
    if found is None:
        assert not voxels.any()
        return
    long, short = (np.array(ends) * spacing for ends in (found.long, found.short))
    way = (long[1] - long[0]) / found.long_mm
    assert (short[1] - short[0]) @ way == pytest.approx(0.0, abs=1e-6 * max(found.short_mm, 1.0))
    assert np.linalg.norm(long[1] - long[0]) == pytest.approx(found.long_mm)
    assert np.linalg.norm(short[1] - short[0]) == pytest.approx(found.short_mm)
    assert found.short_mm <= found.long_mm + 1e-9
    # Across the same way, no two corners of the outline at one place lie farther apart; nor is the hull narrower.
    corners = np.concatenate(find_contours(np.pad(voxels, 1).astype(float), 0.5))[:, ::-1] * spacing
    assert found.long_mm == pytest.approx(pdist(corners).max())
    across = np.array([-way[1], way[0]])
    along = np.round(corners @ way, 6)
    spans = [np.ptp((corners @ across)[along == place]) for place in np.unique(along)]
    assert found.short_mm >= max(spans) - 1e-5
    assert found.short_mm <= np.ptp(corners[ConvexHull(corners).vertices] @ across) + 1e-6


def test_that_scattered_pixels_are_measured_too() -> None:
    found = slice_axes(np.random.default_rng(5).random((120, 120)) < 0.5, (1.0, 1.0))
    assert found is not None
    assert 160 < found.long_mm <= 170
    assert 100 < found.short_mm <= found.long_mm


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(-1024, 3071), min_size=1, max_size=40), st.integers(0, 40))
def test_that_figures_of_parts_add_up_to_those_of_the_whole(values: list[int], cut: int) -> None:
    array = np.array(values, dtype=np.int16)
    parts = [figures for part in (array[:cut], array[cut:]) if (figures := hu_figures(part)) is not None]
    whole = together(parts)
    assert whole is not None
    assert whole == hu_figures(array)
    assert whole.mean == pytest.approx(array.mean(dtype=float))
    assert whole.sd == pytest.approx(array.astype(float).std(), abs=1e-6)
    assert (whole.low, whole.high) == (array.min(), array.max())


def test_that_no_voxel_has_no_figures() -> None:
    assert hu_figures(np.array([], dtype=np.int16)) is None
    assert together([]) is None
    assert HuFigures(1, 5, 25, 5, 5).sd == 0.0


def test_that_an_ellipse_holds_the_voxels_whose_centres_lie_in_it() -> None:
    box, inside = in_ellipse((20, 30), (2.2, 3.1), (11.7, 22.9))
    rows, columns = np.mgrid[:20, :30]
    expected = ((rows - 6.95) / 4.75) ** 2 + ((columns - 13.0) / 9.9) ** 2 <= 1
    whole = np.zeros((20, 30), dtype=bool)
    whole[box] = inside
    assert np.array_equal(whole, expected)


@pytest.mark.parametrize(
    ("one", "other"), [((-9, -9), (4, 5)), ((15, 25), (40, 60)), ((25, 3), (30, 9)), ((3, 3), (3, 3))]
)
def test_that_an_ellipse_over_the_edge_holds_what_is_inside(one: tuple[int, int], other: tuple[int, int]) -> None:
    box, inside = in_ellipse((20, 30), one, other)
    assert inside.shape == np.zeros((20, 30))[box].shape
    assert in_ellipse((20, 30), other, one)[0] == box


def test_that_lengths_and_angles_are_those_of_the_patient() -> None:
    assert distance_mm((0, 0, 0), (3, 4, 12)) == 13
    assert angle_deg((10, 0, 0), (0, 0, 0), (0, 0, 5)) == pytest.approx(90)
    assert angle_deg((1, 1, 0), (0, 0, 0), (2, 0, 0)) == pytest.approx(45)
    assert angle_deg((1, 0, 0), (0, 0, 0), (-3, 0, 0)) == pytest.approx(180)
    assert angle_deg((0, 0, 0), (0, 0, 0), (1, 0, 0)) == 0
