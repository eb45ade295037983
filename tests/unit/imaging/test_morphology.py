"""Operations on whole regions against geometry, brute force and scikit-image."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import cdist
from skimage.measure import label

from escc_desktop.imaging.mask import bounding_box
from escc_desktop.imaging.morphology import (
    fill_cavities,
    fill_holes_in_slices,
    keep_island,
    keep_largest,
    remove_small,
    room,
    smooth_gauss,
    smooth_median,
    with_margin,
)

SPACING = (2.5, 1.0, 0.8)
regions = arrays(np.bool_, (6, 9, 10), elements=st.integers(0, 5).map(lambda n: n == 0))


def ball(radius_mm: float, shape: tuple[int, int, int] = (17, 41, 51)) -> np.ndarray:
    middle = [(length - 1) / 2 for length in shape]
    parts = zip(np.indices(shape, dtype=float), middle, SPACING, strict=True)
    return sum(((index - at) * step) ** 2 for index, at, step in parts) <= radius_mm**2


@settings(max_examples=20, deadline=None)
@given(regions, st.sampled_from([0.5, 1.0, 2.0, 2.6, 4.0]))
def test_that_a_margin_holds_the_voxels_within_so_many_millimetres(region: np.ndarray, mm: float) -> None:
    places = np.argwhere(np.ones_like(region)) * SPACING
    inside = region.ravel()
    if inside.any():
        near = cdist(places, places[inside]).min(axis=1) <= mm + 1e-6
        assert np.array_equal(with_margin(region, SPACING, mm).ravel(), near)
    else:
        assert not with_margin(region, SPACING, mm).any()
    if inside.all():
        assert with_margin(region, SPACING, -mm).all()
    else:
        deep = cdist(places, places[~inside]).min(axis=1) > mm + 1e-6
        assert np.array_equal(with_margin(region, SPACING, -mm).ravel(), deep)


@pytest.mark.parametrize("mm", [3.0, 5.0])
def test_that_a_margin_around_a_ball_is_a_larger_ball(mm: float) -> None:
    grown = with_margin(ball(8.0), SPACING, mm)
    # Centres are taken, so the margin may fall short by less than a voxel's diagonal.
    assert not (grown & ~ball(8.0 + mm)).any()
    assert not (ball(8.0 + mm - 1.4) & ~grown).any()


def test_that_slices_are_filled_one_by_one_and_cavities_in_three_dimensions() -> None:
    shell = ball(12.0) & ~ball(8.0)
    tube = np.broadcast_to(ball(12.0)[8] & ~ball(8.0)[8], shell.shape).copy()
    # A shell is closed in three dimensions; its middle slices are rings.
    assert np.array_equal(fill_cavities(shell), ball(12.0))
    assert np.array_equal(fill_holes_in_slices(shell)[8], ball(12.0)[8])
    # A tube is open at its ends: nothing is enclosed but in its slices.
    assert np.array_equal(fill_cavities(tube), tube)
    assert np.array_equal(fill_holes_in_slices(tube)[0], ball(12.0)[8])


@settings(max_examples=20, deadline=None)
@given(regions)
def test_that_islands_are_those_scikit_image_finds(region: np.ndarray) -> None:
    islands = label(region, connectivity=3)
    sizes = {n: int((islands == n).sum()) for n in range(1, int(islands.max()) + 1)}
    largest = keep_largest(region)
    assert largest.sum() == max(sizes.values(), default=0)
    assert not (largest & ~region).any()
    for least in (1, 2, 4):
        kept = [n for n, size in sizes.items() if size >= least]
        assert np.array_equal(remove_small(region, least), np.isin(islands, kept))
    for place in map(tuple, np.argwhere(region)[:3]):
        assert np.array_equal(keep_island(region, place), islands == islands[place])
    for place in map(tuple, np.argwhere(~region)[:1]):
        assert not keep_island(region, place).any()


@pytest.mark.parametrize("smooth", [smooth_median, smooth_gauss])
def test_that_smoothing_takes_away_specks_and_pits_and_keeps_the_volume(smooth: object) -> None:
    assert callable(smooth)
    rough = ball(10.0)
    pit, speck = (8, 20, 25), (8, 38, 3)
    rough[pit], rough[speck] = False, True
    smoothed = smooth(rough, SPACING, 2.0)
    assert smoothed[pit]
    assert not smoothed[speck]
    assert abs(smoothed.sum() / ball(10.0).sum() - 1) < 0.03


@pytest.mark.parametrize("smooth", [smooth_median, smooth_gauss])
def test_that_a_straight_border_stays_where_it_is_and_the_image_has_no_border(smooth: object) -> None:
    assert callable(smooth)
    half = np.zeros((6, 20, 20), dtype=bool)
    half[:, 10:] = True
    assert np.array_equal(smooth(half, (1.0, 1.0, 1.0), 2.0), half)


def test_that_a_median_does_not_reach_slices_further_away_than_it_is_wide() -> None:
    alone = np.zeros((5, 20, 20), dtype=bool)
    alone[2, 5:15, 5:15] = True
    smoothed = smooth_median(alone, (3.0, 1.0, 1.0), 2.0)
    assert not smoothed[[0, 1, 3, 4]].any()
    assert smoothed[2, 7:13, 7:13].all()


@settings(max_examples=20, deadline=None)
@given(regions, st.floats(0, 6))
def test_that_the_room_holds_the_region_and_so_many_millimetres_around_it(region: np.ndarray, mm: float) -> None:
    box, tight = room(region, SPACING, mm), bounding_box(region)
    for part, inner, step, length in zip(box, tight, SPACING, region.shape, strict=True):
        if not region.any():
            assert part.stop <= part.start
            continue
        assert part.start == 0 or (inner.start - part.start) * step >= mm
        assert part.stop == length or (part.stop - inner.stop) * step >= mm


@settings(max_examples=20, deadline=None)
@given(regions, st.floats(0.5, 4))
def test_that_growing_and_shrinking_back_loses_nothing(region: np.ndarray, mm: float) -> None:
    padded = np.pad(region, 6)
    closed = with_margin(with_margin(padded, SPACING, mm), SPACING, -mm)
    assert not (padded & ~closed).any()
