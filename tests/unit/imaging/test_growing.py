"""Region growing against geometry and scikit-image."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.measure import label

from escc_desktop.imaging.growing import Growth, grow, range_of, start_range, touching
from escc_desktop.progress import Cancelled, Progress

SPACING = (2.0, 1.0, 1.0)
SHAPE = (20, 40, 40)


def distances(middle: tuple[float, float, float], shape: tuple[int, int, int] = SHAPE) -> np.ndarray:
    """Return how far each voxel is from a place (z, y, x in voxels), in mm."""
    parts = zip(np.indices(shape, dtype=float), middle, SPACING, strict=True)
    return np.sqrt(sum(((index - at) * step) ** 2 for index, at, step in parts))


def lesion(*balls: tuple[tuple[float, float, float], float]) -> np.ndarray:
    """Return HU of balls (place, radius in mm) of 80 HU in fat."""
    hu = np.full(SHAPE, -100, dtype=np.int16)
    for middle, radius in balls:
        hu[distances(middle) <= radius] = 80
    return hu


def whole(hu: np.ndarray, growth: Growth, region: np.ndarray | None = None) -> np.ndarray:
    found = grow(hu, growth, None if region is None else region[growth.box(hu.shape)], Progress())
    voxels = np.zeros(hu.shape, dtype=bool)
    voxels[found.box] = found.voxels
    return voxels


def test_that_a_ball_is_grown_whole_and_nothing_else() -> None:
    hu = lesion(((10, 20, 20), 9), ((10, 5, 5), 3))
    grown = whole(hu, Growth((10, 20, 20), (30, 130), SPACING, 15.0, 1.5))
    assert np.array_equal(grown, distances((10, 20, 20)) <= 9)


def test_that_a_narrow_bridge_is_gone_over_only_without_guard() -> None:
    hu = lesion(((10, 12, 12), 7), ((10, 28, 28), 7))
    for step in np.linspace(0, 1, 40):  # one voxel wide, diagonal
        hu[10, round(12 + 16 * step), round(12 + 16 * step)] = 80
        hu[10, round(12 + 16 * step), min(round(12 + 16 * step) + 1, 39)] = 80
    seed = (10, 12, 12)
    other = distances((10, 28, 28)) <= 7
    assert (whole(hu, Growth(seed, (30, 130), SPACING, 60.0)) & other).sum() == other.sum()
    guarded = whole(hu, Growth(seed, (30, 130), SPACING, 60.0, 2.0))
    assert not (guarded & other).any()
    first = distances(seed) <= 7
    assert (guarded & first).sum() > 0.97 * first.sum()


def test_that_nothing_grows_out_of_reach_in_millimetres_and_it_is_said() -> None:
    hu = np.full(SHAPE, 80, dtype=np.int16)
    growth = Growth((10, 20, 20), (30, 130), SPACING, 9.0)
    found = grow(hu, growth, None, Progress())
    assert found.is_stopped
    assert np.array_equal(whole(hu, growth), distances((10, 20, 20)) <= 9.0)
    small = lesion(((10, 20, 20), 5))
    assert not grow(small, growth, None, Progress()).is_stopped
    # The end of the image is no end of the reach.
    assert not grow(hu, Growth((10, 20, 20), (30, 130), SPACING, 500.0), None, Progress()).is_stopped


def test_that_filling_keeps_to_its_plane() -> None:
    hu = lesion(((10, 20, 20), 9))
    for normal, index in ((0, 10), (1, 20), (2, 20)):
        grown = whole(hu, Growth((10, 20, 20), (30, 130), SPACING, 30.0, 1.0, normal))
        plane = np.zeros(SHAPE, dtype=bool)
        np.moveaxis(plane, normal, 0)[index] = np.moveaxis(distances((10, 20, 20)) <= 9, normal, 0)[index]
        assert np.array_equal(grown, plane)


def test_that_a_region_grows_from_all_of_its_islands() -> None:
    hu = lesion(((10, 12, 12), 6), ((10, 28, 28), 6), ((4, 30, 8), 4))
    region = (distances((10, 12, 12)) <= 2) | (distances((10, 28, 28)) <= 2)
    grown = whole(hu, Growth((10, 12, 12), (30, 130), SPACING, 60.0), region)
    assert np.array_equal(grown, (distances((10, 12, 12)) <= 6) | (distances((10, 28, 28)) <= 6))


def test_that_a_seed_of_other_tissue_grows_nothing() -> None:
    hu = lesion(((10, 20, 20), 5))
    assert not whole(hu, Growth((2, 3, 3), (30, 130), SPACING, 60.0)).any()


def test_that_the_range_to_start_with_holds_the_tissue_around_the_seed() -> None:
    hu = np.random.default_rng(1).normal(80, 10, SHAPE).round().astype(np.int16)
    low, high = start_range(hu, (10, 20, 20), SPACING)
    assert 40 < low < 65
    assert 95 < high < 120
    inside = (hu >= low) & (hu <= high)
    assert inside.mean() > 0.95
    flat = np.full(SHAPE, 40, dtype=np.int16)
    assert start_range(flat, (0, 0, 0), SPACING) == (25, 55)
    # A few voxels of bone or air do not pull it.
    assert range_of(np.array([40] * 20 + [1500, -1000], dtype=np.int16)) == (25, 55)


def test_that_growing_stops_when_it_is_cancelled() -> None:
    growth = Growth((10, 20, 20), (30, 130), SPACING, 30.0)
    with pytest.raises(Cancelled):
        grow(lesion(((10, 20, 20), 5)), growth, None, Progress(is_cancelled=lambda: True))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.3, 0.8))
def test_that_what_is_grown_is_the_islands_scikit_image_finds(seed: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    voxels = rng.random((5, 8, 9)) < share
    starts = voxels & (rng.random(voxels.shape) < 0.02)
    islands = label(voxels, connectivity=1)
    expected = np.isin(islands, np.unique(islands[starts])) & voxels if starts.any() else np.zeros_like(voxels)
    assert np.array_equal(touching(voxels, starts), expected)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([0.0, 1.0, 2.0]))
def test_that_all_that_is_grown_is_in_range_within_reach_and_one_with_the_seed(seed: int, guard: float) -> None:
    rng = np.random.default_rng(seed)
    hu = rng.integers(0, 100, (8, 16, 16)).astype(np.int16)
    growth = Growth((4, 8, 8), (0, 70), SPACING, 6.0, guard)
    grown = whole(hu, growth)
    assert not (grown & (hu > 70)).any()
    assert not (grown & (distances((4, 8, 8), hu.shape) > 6.0)).any()
    assert not (grown & ~whole(hu, Growth((4, 8, 8), (0, 70), SPACING, 6.0))).any()
