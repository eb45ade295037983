"""Brush, stroke and polygon on voxels."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from escc_desktop.imaging.contours import fill_polygon, rasterise
from escc_desktop.imaging.delineate import Stamp, fill, join, make_stamp, stroke_places, touch
from escc_desktop.imaging.mask import MaskEdit
from escc_desktop.imaging.volume import Geometry

SHAPE = (6, 20, 24)
ISOTROPIC = (1.0, 1.0, 1.0)
# Fractions of a power of two: every sum and product below is exact.
places = st.tuples(
    st.integers(-16, 112).map(lambda n: n / 16),
    st.integers(-32, 352).map(lambda n: n / 16),
    st.integers(-32, 416).map(lambda n: n / 16),
)
flat_places = st.tuples(st.just(3.0), places.map(lambda p: p[1]), places.map(lambda p: p[2]))
stamps = st.builds(
    make_stamp,
    st.integers(1, 9),
    st.sampled_from([ISOTROPIC, (5.0, 0.75, 0.75), (2.0, 1.0, 0.5)]),
    st.integers(0, 2),
    is_ball=st.booleans(),
    is_square=st.booleans(),
)
masks = arrays(np.bool_, SHAPE)


def test_that_small_brushes_are_those_radiologists_know_from_itk_snap() -> None:
    # Inside test r - 0.25: one voxel, four, a cross, a four without corners, a five without corners.
    drawn = {diameter: make_stamp(diameter, ISOTROPIC, 0).inside[0].astype(int).tolist() for diameter in (1, 2, 3, 4)}
    assert drawn == {
        1: [[1]],
        2: [[1, 1], [1, 1]],
        3: [[0, 1, 0], [1, 1, 1], [0, 1, 0]],
        4: [[0, 1, 1, 0], [1, 1, 1, 1], [1, 1, 1, 1], [0, 1, 1, 0]],
    }


@given(st.integers(1, 40), st.integers(0, 2))
def test_that_a_flat_brush_holds_the_centres_within_its_radius_less_a_quarter(diameter: int, normal: int) -> None:
    stamp = make_stamp(diameter, ISOTROPIC, normal)
    plane = stamp.flat(normal).squeeze(normal)
    offsets = np.arange(-50, 51) + (0.5 if diameter % 2 == 0 else 0.0)
    expected = offsets[:, None] ** 2 + offsets[None, :] ** 2 <= (diameter / 2 - 0.25) ** 2
    assert stamp.inside.shape[normal] == 1
    assert plane.sum() == expected.sum()
    assert np.array_equal(plane, plane[::-1])
    assert np.array_equal(plane, plane.T)
    assert plane.shape == (diameter, diameter)


def test_that_a_ball_is_round_in_millimetres_and_centred_on_its_slice() -> None:
    stamp = make_stamp(12, (4.0, 1.0, 1.0), 0, is_ball=True)
    assert stamp.inside.shape == (3, 12, 12)
    z = np.arange(-1, 2)[:, None, None] * 4.0
    y = (np.arange(12) - 5.5)[None, :, None]
    x = (np.arange(12) - 5.5)[None, None, :]
    assert np.array_equal(stamp.inside, z**2 + y**2 + x**2 <= 5.75**2)


@given(st.integers(1, 40), st.integers(0, 2))
def test_that_a_square_brush_holds_as_many_voxels_a_side_as_its_size(diameter: int, normal: int) -> None:
    stamp = make_stamp(diameter, ISOTROPIC, normal, is_square=True)
    expected = [diameter] * 3
    expected[normal] = 1
    assert stamp.inside.shape == tuple(expected)
    assert stamp.inside.all()


def test_that_a_cube_is_as_large_in_millimetres_along_every_axis() -> None:
    stamp = make_stamp(12, (4.0, 1.0, 1.0), 0, is_ball=True, is_square=True)
    # Centres within 12 / 2 - 1 / 4 mm of the middle: slices at -4, 0 and 4 mm.
    assert stamp.inside.shape == (3, 12, 12)
    assert stamp.inside.all()


@pytest.mark.parametrize(
    ("diameter", "at", "voxels"),
    [
        (1, (2.0, 4.4, 7.6), [(4, 8)]),
        (2, (2.0, 4.4, 7.6), [(4, 7), (4, 8), (5, 7), (5, 8)]),
        (3, (2.0, 4.49, 7.51), [(3, 8), (4, 7), (4, 8), (4, 9), (5, 8)]),
    ],
)
def test_that_a_brush_covers_the_voxels_nearest_the_pointer(
    diameter: int, at: tuple[float, float, float], voxels: list[tuple[int, int]]
) -> None:
    mask = np.zeros(SHAPE, dtype=np.bool_)
    stamp = make_stamp(diameter, ISOTROPIC, 0)
    region = touch(mask, stamp, stroke_places(at, at, stamp), value=True)
    assert [tuple(place) for place in np.argwhere(mask[2])] == voxels
    assert not mask[[0, 1, 3, 4, 5]].any()
    assert region is not None
    assert mask[region].sum() == mask.sum()


@given(masks, stamps, places, places, st.booleans())
def test_that_a_stroke_changes_only_voxels_under_its_stamps_and_names_the_box(
    start: np.ndarray, stamp: Stamp, first: tuple[float, float, float], last: tuple[float, float, float], value: bool
) -> None:
    mask = start.copy()
    corners = stroke_places(first, last, stamp)
    region = touch(mask, stamp, corners, value)
    under = np.zeros(SHAPE, dtype=np.bool_)
    for corner in corners:  # voxel by voxel, the slow way
        for offset in np.argwhere(stamp.inside):
            place = tuple(int(a + b) for a, b in zip(corner, offset, strict=True))
            if all(0 <= index < limit for index, limit in zip(place, SHAPE, strict=True)):
                under[place] = True
    assert np.array_equal(mask, np.where(under, value, start))
    outside = np.ones(SHAPE, dtype=np.bool_)
    if region is not None:
        outside[region] = False
    assert not (under & outside).any()


@pytest.mark.parametrize("start", [math.nan, math.inf, -1e300])
def test_that_a_stroke_from_nowhere_is_refused(start: float) -> None:
    with pytest.raises(ValueError, match="too far"):
        stroke_places((start, 0, 0), (0, 0, 0), make_stamp(3, ISOTROPIC, 0))


@pytest.mark.parametrize("corner", [2**63 - 1, -(2**63)])
def test_that_a_stamp_as_far_away_as_numbers_go_touches_nothing(corner: int) -> None:
    mask = np.zeros(SHAPE, dtype=np.bool_)
    assert touch(mask, make_stamp(3, ISOTROPIC, 0), [(0, corner, 0), (corner, 0, 0)], value=True) is None
    assert not mask.any()


@given(stamps, places, places, st.lists(st.integers(0, 16), max_size=4))
def test_that_a_straight_stroke_is_the_same_however_the_path_is_sampled(
    stamp: Stamp, first: tuple[float, float, float], last: tuple[float, float, float], stops: list[int]
) -> None:
    whole, sampled = np.zeros(SHAPE, dtype=np.bool_), np.zeros(SHAPE, dtype=np.bool_)
    touch(whole, stamp, stroke_places(first, last, stamp), value=True)
    shares = [0.0, *(stop / 16 for stop in sorted(set(stops) - {0, 16})), 1.0]
    path = [tuple(a + share * (b - a) for a, b in zip(first, last, strict=True)) for share in shares]
    for start, end in pairwise(path):
        touch(sampled, stamp, stroke_places(start, end, stamp), value=True)
    assert np.array_equal(whole, sampled)


@given(stamps, places, places)
def test_that_a_stroke_leaves_no_gap(
    stamp: Stamp, first: tuple[float, float, float], last: tuple[float, float, float]
) -> None:
    corners = np.array(stroke_places(first, last, stamp))
    assert np.abs(np.diff(corners, axis=0)).max(initial=0) <= 1
    assert len(np.unique(corners, axis=0)) == len(corners)


@given(st.integers(-3, 20), st.integers(-3, 24), st.integers(1, 12), st.integers(1, 12), st.integers(0, 2))
def test_that_the_polygon_of_a_rectangle_is_the_rectangle(
    top: int, left: int, height: int, width: int, normal: int
) -> None:
    mask, index = np.zeros(SHAPE, dtype=np.bool_), 2
    low, left_edge, bottom, right = top - 0.5, left - 0.5, top + height - 0.5, left + width - 0.5
    region = fill(mask, [(low, left_edge), (low, right), (bottom, right), (bottom, left_edge)], (normal, index), True)
    expected = np.zeros(SHAPE, dtype=np.bool_)
    plane = expected[(slice(None),) * normal + (index,)]
    plane[max(top, 0) : max(top + height, 0), max(left, 0) : max(left + width, 0)] = True
    assert np.array_equal(mask, expected)
    if region is None:
        assert not expected.any()
    else:
        assert mask[region].sum() == expected.sum()


corner_lists = st.lists(
    st.tuples(st.integers(0, 40).map(lambda n: n / 2), st.integers(0, 46).map(lambda n: n / 2)), min_size=3, max_size=3
)


@given(corner_lists)
def test_that_a_triangle_has_the_voxels_of_the_same_contour_read_from_a_file(
    corners: list[tuple[float, float]],
) -> None:
    grid = Geometry((SHAPE[2], SHAPE[1], SHAPE[0]), (0.5, 0.5, 2.0), (0.0, 0.0, 0.0))
    mask = np.zeros(SHAPE, dtype=np.bool_)
    fill(mask, corners, (0, 1), value=True)
    points = grid.to_mm(np.array([(column, row, 1) for row, column in corners]))
    assert np.array_equal(mask, rasterise([points], grid).voxels)


def test_that_an_outline_that_overshoots_its_beginning_leaves_no_notch() -> None:
    square = [(1.5, 1.5), (1.5, 9.5), (9.5, 9.5), (9.5, 1.5)]
    overshooting = [*square, (1.5, 1.5), (1.5, 5.5), (4.5, 5.5), (4.5, 1.5)]
    plain, overshot = np.zeros(SHAPE, dtype=np.bool_), np.zeros(SHAPE, dtype=np.bool_)
    fill(plain, square, (0, 0), value=True)
    fill(overshot, overshooting, (0, 0), value=True)
    assert np.array_equal(plain, overshot)


def test_that_a_polygon_cuts_out() -> None:
    mask = np.ones(SHAPE, dtype=np.bool_)
    fill(mask, [(2.5, 3.5), (2.5, 6.5), (5.5, 6.5), (5.5, 3.5)], (0, 4), value=False)
    assert mask.size - mask.sum() == 9
    assert not mask[4, 3:6, 4:7].any()


@pytest.mark.parametrize(
    "corners", [[], [(1.0, 1.0)], [(1.0, 1.0), (3.0, 3.0)], [(-5.0, -5.0), (-5.0, -3.0), (-3.0, -4.0)]]
)
def test_that_what_encloses_nothing_changes_nothing(corners: list[tuple[float, float]]) -> None:
    mask = np.zeros(SHAPE, dtype=np.bool_)
    assert fill(mask, corners, (0, 0), value=True) is None
    assert not mask.any()


@given(masks, st.lists(st.tuples(stamps, flat_places, flat_places, st.booleans()), max_size=6))
def test_that_undoing_all_gives_the_start_and_redoing_all_the_end(start: np.ndarray, strokes: list) -> None:
    shown, edits = start.copy(), []
    for number, (stamp, first, last, value) in enumerate(strokes):
        before = shown.copy()
        region = touch(shown, stamp, stroke_places(first, last, stamp), value)
        if region is not None:
            edits.append(MaskEdit.between(before, shown, "brush", number, region))
    end = shown.copy()
    for edit in reversed(edits):
        edit.apply(shown)
    assert np.array_equal(shown, start)
    for edit in edits:
        edit.apply(shown)
    assert np.array_equal(shown, end)


def test_that_the_joint_box_holds_both() -> None:
    one, other = (slice(1, 2), slice(3, 5), slice(0, 2)), (slice(0, 1), slice(4, 9), slice(1, 6))
    assert join(one, other) == (slice(0, 2), slice(3, 9), slice(0, 6))
    assert join(None, other) == other
    assert join(one, None) == one
    assert join(None, None) is None


def test_that_two_corners_fill_nothing() -> None:
    assert not fill_polygon(np.array([[1.0, 1.0], [5.0, 5.0]]), 8, 8).any()
