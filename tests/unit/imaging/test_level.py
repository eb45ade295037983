"""Level tracing on pictures whose lines of equal HU are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.measure import find_contours, points_in_poly

from escc_desktop.imaging.level import REACH, enclosed

SPACING = (1.0, 1.0)


def hill(shape: tuple[int, int] = (80, 90), centre: tuple[float, float] = (40.0, 45.0)) -> np.ndarray:
    """Return 100 HU at the centre, 3 HU less each voxel away from it."""
    rows, columns = np.indices(shape)
    return 100 - 3 * np.hypot(rows - centre[0], columns - centre[1])


def traced(hu: np.ndarray, at: tuple[float, float], blur_mm: float = 0.0) -> np.ndarray | None:
    found = enclosed(hu, at, blur_mm, SPACING)
    if found is None:
        return None
    voxels, (top, left) = found
    plane = np.zeros(hu.shape, dtype=np.bool_)
    plane[top : top + voxels.shape[0], left : left + voxels.shape[1]] = voxels
    return plane


@pytest.mark.parametrize("radius", [3.3, 10.4, 25.2])
def test_that_the_line_through_a_point_of_a_hill_is_its_circle(radius: float) -> None:
    rows, columns = np.indices((80, 90))
    distance = np.hypot(rows - 40, columns - 45)
    plane = traced(hill(), (40.0, 45.0 + radius))
    assert plane is not None
    assert plane[distance < radius - 0.3].all()
    assert not plane[distance > radius + 0.3].any()


def test_that_a_hollow_is_traced_like_a_hill() -> None:
    up, down = traced(hill(), (40.0, 55.4)), traced(-hill(), (40.0, 55.4))
    assert up is not None
    assert np.array_equal(up, down)


def test_that_holes_belong_to_it() -> None:
    hu = np.zeros((50, 50))
    hu[10:40, 10:40] = 100
    hu[20:30, 20:30] = -500
    plane = traced(hu, (9.6, 25.0))
    assert plane is not None
    assert plane.sum() == 900
    inner = traced(hu, (19.6, 25.0))
    assert inner is not None
    assert inner.sum() == 100


def test_that_neighbours_of_the_same_height_are_left_out() -> None:
    hu = np.maximum(hill(centre=(40, 25)), hill(centre=(40, 65)))
    plane = traced(hu, (40.0, 35.2))
    assert plane is not None
    assert plane[:, :45].any()
    assert not plane[:, 45:].any()


@given(st.integers(0, 10_000), st.floats(5, 50), st.floats(5, 50))
@settings(max_examples=40, deadline=None)
def test_that_it_is_what_the_contour_of_that_level_encloses(seed: int, row: float, column: float) -> None:
    rng = np.random.default_rng(seed)
    rows, columns = np.indices((56, 56))
    hu = sum(
        height * np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / (2 * width**2))
        for height, y, x, width in zip(
            rng.uniform(-200, 200, 6), rng.uniform(8, 48, 6), rng.uniform(8, 48, 6), rng.uniform(3, 7, 6), strict=True
        )
    ).astype(np.float32)
    plane = traced(hu, (row, column))
    top, left = int(row), int(column)
    down, right = row - top, column - left
    cell = hu[top : top + 2, left : left + 2].astype(float)
    level = float((cell * np.outer((1 - down, down), (1 - right, right))).sum())
    loops = [loop for loop in find_contours(hu, level) if np.array_equal(loop[0], loop[-1])]
    near = [loop for loop in loops if np.hypot(loop[:, 0] - row, loop[:, 1] - column).min() < 1.0]
    if plane is None or len(near) != 1:
        return  # the line leaves the picture, or several run so near that the oracle cannot tell them apart
    inside = points_in_poly(np.argwhere(np.ones_like(hu)), near[0]).reshape(hu.shape)
    assert (plane != inside).sum() <= 2  # saddles may go either way


def test_that_smoothing_takes_the_noise_from_the_line() -> None:
    noisy = hill() + np.random.default_rng(3).normal(0, 15, (80, 90))
    rows, columns = np.indices((80, 90))
    disc = np.hypot(rows - 40, columns - 45) < 18
    plane = traced(noisy, (40.0, 63.0), 2.0)
    assert plane is not None
    assert 2 * (plane & disc).sum() / (plane.sum() + disc.sum()) > 0.9


def test_that_a_line_that_leaves_the_picture_or_goes_too_far_round_encloses_nothing() -> None:
    assert traced(hill(), (40.0, 88.5)) is None
    wide = hill((600, 600), (300.0, 300.0))
    assert traced(wide, (300.0, 300.0 + REACH)) is None
    assert traced(wide, (300.0, 340.3)) is not None


@pytest.mark.parametrize("at", [(-3.0, 4.0), (4.0, 200.0), (79.6, 3.0)])
def test_that_outside_the_picture_there_is_no_line(at: tuple[float, float]) -> None:
    assert traced(hill(), at) is None


@pytest.mark.parametrize("shape", [(1, 40), (40, 1), (1, 1), (2, 2)])
def test_that_even_and_tiny_planes_have_no_line(shape: tuple[int, int]) -> None:
    assert traced(np.zeros(shape), (0.0, 0.0)) is None
