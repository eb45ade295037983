"""Interpolation between drawn slices against geometry and plain signed distances."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from escc_desktop.imaging.interpolation import interpolate
from escc_desktop.progress import Progress

SIDE = 64
SQUARE = (1.0, 1.0)
Y, X = np.mgrid[:SIDE, :SIDE].astype(float)


def disc(row: float, column: float, radius: float) -> np.ndarray:
    return (Y - row) ** 2 + (X - column) ** 2 <= radius**2


def between(drawn: dict[int, np.ndarray], spacing: tuple[float, float] = SQUARE) -> dict[int, np.ndarray]:
    return interpolate(drawn, spacing, Progress())


def dice(one: np.ndarray, other: np.ndarray) -> float:
    return 2 * np.count_nonzero(one & other) / (np.count_nonzero(one) + np.count_nonzero(other))


def test_that_every_slice_between_is_filled_and_no_drawn_one_is_touched() -> None:
    drawn = {3: disc(30, 30, 10), 7: disc(32, 30, 12), 8: disc(33, 30, 12), 12: disc(33, 33, 8)}
    before = {index: plane.copy() for index, plane in drawn.items()}
    assert sorted(between(drawn)) == [4, 5, 6, 9, 10, 11]
    assert all(np.array_equal(drawn[index], plane) for index, plane in before.items())


def test_that_equal_slices_have_the_same_between() -> None:
    shape = disc(30, 30, 15) & ~disc(30, 40, 10)
    assert all(np.array_equal(plane, shape) for plane in between({0: shape, 6: shape}).values())


def test_that_an_ellipsoid_comes_back_from_seven_of_its_slices() -> None:
    def section(index: int) -> np.ndarray:
        share = np.sqrt(1 - ((index - 17) / 22) ** 2)
        return ((Y - 31) / (28 * share)) ** 2 + ((X - 33) / (20 * share)) ** 2 <= 1

    keys = np.linspace(0, 34, 7).round().astype(int)
    found = between({int(key): section(int(key)) for key in keys})
    assert len(found) == 35 - 7
    # Straight between the drawn slices, so a little less than the ellipsoid, most at its ends.
    agreements = [dice(plane, section(index)) for index, plane in found.items()]
    assert np.mean(agreements) > 0.98
    assert min(agreements) > 0.95


def test_that_a_cone_narrows_evenly() -> None:
    found = between({0: disc(32, 32, 20), 10: disc(32, 32, 10)})
    assert [round(np.sqrt(plane.sum() / np.pi)) for _index, plane in sorted(found.items())] == list(range(19, 10, -1))


def test_that_an_oblique_tube_keeps_its_width_though_its_sections_do_not_overlap() -> None:
    found = between({0: disc(12, 14, 6), 8: disc(44, 46, 6)})
    for index, plane in found.items():
        row, column = ndimage.center_of_mass(plane)
        assert abs(row - (12 + 4 * index)) <= 0.6
        assert abs(column - (14 + 4 * index)) <= 0.6
        assert dice(plane, disc(12 + 4 * index, 14 + 4 * index, 6)) > 0.9


def test_that_branches_part() -> None:
    stem, branches = disc(32, 32, 12), disc(32, 20, 8) | disc(32, 44, 8)
    found = between({0: stem, 6: branches})
    pieces = [ndimage.label(found[index])[1] for index in range(1, 6)]
    assert pieces[0] == 1
    assert pieces[-1] == 2
    assert pieces == sorted(pieces)
    assert all(np.count_nonzero(plane) > 0.7 * min(stem.sum(), branches.sum()) for plane in found.values())
    # The other way round they join, on the same slices.
    back = between({0: branches, 6: stem})
    assert all(np.array_equal(back[6 - index], plane) for index, plane in found.items())


def test_that_two_islands_stay_two_and_each_goes_its_own_way() -> None:
    found = between({0: disc(12, 12, 5) | disc(50, 50, 8), 4: disc(20, 12, 5) | disc(50, 42, 8)})
    for index, plane in found.items():
        expected = disc(12 + 2 * index, 12, 5) | disc(50, 50 - 2 * index, 8)
        assert dice(plane, expected) > 0.93


def test_that_what_is_concave_stays_so() -> None:
    def crescent(row: float) -> np.ndarray:
        return disc(row, 32, 16) & ~disc(row, 42, 12)

    for index, plane in between({0: crescent(28), 4: crescent(36)}).items():
        assert dice(plane, crescent(28 + 2 * index)) > 0.97
        assert not plane[28 + 2 * index, 42]


def test_that_a_wall_keeps_its_lumen() -> None:
    found = between({0: disc(32, 32, 16) & ~disc(32, 32, 8), 5: disc(32, 32, 14) & ~disc(32, 32, 6)})
    for plane in found.values():
        assert not plane[32, 32]
        assert ndimage.binary_fill_holes(plane)[32, 32]


def test_that_an_island_far_from_any_other_ends_where_it_was_drawn() -> None:
    alone = disc(8, 56, 4)
    for plane in between({0: disc(40, 20, 10) | alone, 4: disc(40, 20, 10)}).values():
        assert np.array_equal(plane, disc(40, 20, 10))


def test_that_islands_that_have_nothing_to_do_with_each_other_are_not_joined() -> None:
    body = disc(32, 32, 10)
    found = between({0: body | disc(6, 6, 3), 5: body | disc(58, 58, 3)})
    assert all(np.array_equal(plane, body) for plane in found.values())
    assert between({4: disc(30, 30, 5)}) == {}


def test_that_what_lies_at_the_edge_of_the_image_is_filled_to_the_edge() -> None:
    found = between({0: disc(0, 30, 8), 4: disc(4, 30, 8)})
    assert all(plane[0, 30] for plane in found.values())


@st.composite
def blobs(draw: st.DrawFn) -> np.ndarray:
    plane = np.zeros((SIDE, SIDE), dtype=bool)
    for _ in range(draw(st.integers(1, 3))):
        row, column, radius = draw(st.integers(22, 40)), draw(st.integers(22, 40)), draw(st.integers(2, 10))
        plane |= disc(row, column, radius)
    return plane


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.integers(0, 12), blobs(), min_size=1, max_size=4))
def test_that_only_empty_slices_between_drawn_ones_are_suggested(drawn: dict[int, np.ndarray]) -> None:
    found = between(drawn)
    assert not found.keys() & drawn.keys()
    assert all(min(drawn) < index < max(drawn) for index in found)
    for index, plane in found.items():
        low, high = (np.array(side) for side in _bounds([drawn[key] for key in _beside(drawn, index)]))
        rows, columns = np.nonzero(plane)
        # Within the box around both neighbours, but for a voxel of rounding.
        assert (np.array([rows.min(), columns.min()]) >= low - 1).all()
        assert (np.array([rows.max(), columns.max()]) <= high + 1).all()


@settings(max_examples=20, deadline=None)
@given(blobs(), blobs(), st.integers(-10, 10), st.integers(-10, 10))
def test_that_where_it_lies_on_the_plane_does_not_matter(
    first: np.ndarray, last: np.ndarray, down: int, right: int
) -> None:
    by = (down, right)
    here = between({0: first, 5: last})
    there = between({0: np.roll(first, by, (0, 1)), 5: np.roll(last, by, (0, 1))})
    assert here.keys() == there.keys()
    assert all(np.array_equal(np.roll(here[index], by, (0, 1)), there[index]) for index in here)


@settings(max_examples=20, deadline=None)
@given(st.integers(4, 20), st.integers(4, 20), st.integers(2, 8))
def test_that_centred_shapes_are_those_of_plain_signed_distances(one: int, other: int, slices: int) -> None:
    drawn = {0: disc(32, 32, one), slices: disc(32, 32, other)}
    depth = {
        index: ndimage.distance_transform_edt(plane) - ndimage.distance_transform_edt(~plane)
        for index, plane in drawn.items()
    }
    found = between(drawn)
    for first, last in pairwise(sorted(drawn)):
        for index in range(first + 1, last):
            share = (index - first) / (last - first)
            field = (1 - share) * depth[first] + share * depth[last]
            decided = np.abs(field) > 1e-3
            assert np.array_equal(found[index][decided], (field > 0)[decided])


def _beside(drawn: dict[int, np.ndarray], index: int) -> tuple[int, int]:
    return max(key for key in drawn if key < index), min(key for key in drawn if key > index)


def _bounds(planes: list[np.ndarray]) -> tuple[tuple[int, int], tuple[int, int]]:
    rows, columns = np.nonzero(np.logical_or.reduce(planes))
    return (rows.min(), columns.min()), (rows.max(), columns.max())
