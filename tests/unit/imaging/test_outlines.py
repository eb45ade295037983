"""Outlines with few vertices, and the voxels they give back."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage
from skimage.measure import approximate_polygon

from escc_desktop.imaging._thin import thinned
from escc_desktop.imaging.delineate import fill
from escc_desktop.imaging.outlines import joined, outlines


def filled(loops: list[list[tuple[float, float]]], shape: tuple[int, int]) -> np.ndarray:
    voxels = np.zeros((1, *shape), dtype=np.bool_)
    fill(voxels, joined(loops), (0, 0), value=True)
    return voxels[0]


@given(arrays(np.bool_, st.tuples(st.integers(1, 12), st.integers(1, 12))))
def test_that_outlines_of_any_voxels_give_back_exactly_these_voxels(plane: np.ndarray) -> None:
    assert np.array_equal(filled(outlines(plane), plane.shape), plane)


@given(st.integers(0, 10_000), st.floats(1.0, 4.0))
@settings(max_examples=30)
def test_that_outlines_of_lobes_with_holes_give_back_exactly_these_voxels(seed: int, blur: float) -> None:
    noise = np.random.default_rng(seed).normal(size=(40, 48))
    plane = ndimage.gaussian_filter(noise, blur) > 0
    assert np.array_equal(filled(outlines(plane), plane.shape), plane)


def test_that_a_ring_has_two_loops_and_stays_hollow() -> None:
    rows, columns = np.indices((60, 60))
    distance = np.hypot(rows - 30, columns - 30)
    ring = (distance < 20) & (distance > 9)
    loops = outlines(ring)
    assert len(loops) == 2
    assert np.array_equal(filled(loops, ring.shape), ring)


def test_that_an_outline_has_few_enough_vertices_to_be_edited_by_hand() -> None:
    rows, columns = np.indices((64, 64))
    (loop,) = outlines(np.hypot(rows - 32, columns - 32) < 20)
    # Along its voxel edges this disc has 124 corners.
    assert 12 <= len(loop) <= 50


def test_that_a_moved_hole_moves_and_an_overlap_is_filled_once() -> None:
    square = [(1.5, 1.5), (1.5, 11.5), (11.5, 11.5), (11.5, 1.5)]
    hole = [(3.5, 3.5), (5.5, 3.5), (5.5, 5.5), (3.5, 5.5)]  # the other way round
    plane = filled([square, hole], (14, 14))
    assert plane.sum() == 100 - 4
    moved = filled([square, [(row + 4, column + 4) for row, column in hole]], (14, 14))
    assert (moved.sum(), moved[4, 4], moved[8, 8]) == (96, True, False)
    twice = filled([square, [(row + 5, column + 5) for row, column in square]], (20, 20))
    assert twice.sum() == 100 + 100 - 25


def test_that_nothing_has_no_outline() -> None:
    assert outlines(np.zeros((4, 5), dtype=np.bool_)) == []
    assert joined([]) == []


@given(st.integers(0, 10_000), st.integers(3, 120), st.floats(0.1, 3.0))
def test_that_a_thinned_line_has_the_points_scikit_image_keeps(seed: int, length: int, tolerance: float) -> None:
    line = np.random.default_rng(seed).normal(size=(length, 2)).cumsum(axis=0)
    kept = np.zeros(length, dtype=np.bool_)
    thinned(line, kept, tolerance)
    assert np.array_equal(line[kept], approximate_polygon(line, tolerance))
