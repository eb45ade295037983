"""The livewire on pictures whose edges are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.graph import route_through_array
from skimage.measure import approximate_polygon

from escc_desktop.imaging._thin import traced
from escc_desktop.imaging.delineate import fill
from escc_desktop.imaging.livewire import REACH, Livewire, edge_cost

SPACING = (0.8, 0.8)


def disc(radius: float, shape: tuple[int, int] = (120, 130), seed: int = 0) -> np.ndarray:
    """Return a lesion of 80 HU in fat, beside a vessel and air, with noise."""
    rows, columns = np.indices(shape)
    hu = np.full(shape, -80.0)
    hu[np.hypot(rows - 60, columns - 60) < radius] = 80
    hu[np.hypot(rows - 90, columns - 66) < 10] = 300
    hu[np.hypot(rows - 30, columns - 62) < 8] = -950
    return (hu + np.random.default_rng(seed).normal(0, 12, shape)).astype(np.int16)


@pytest.mark.parametrize("radius", [10.0, 16.0])
def test_that_the_way_between_points_of_an_edge_keeps_to_the_edge(radius: float) -> None:
    hu = disc(radius)
    wire = Livewire(hu, (60 - radius, 60.0), SPACING)
    for angle in np.linspace(0.2, np.pi * 0.7, 6):
        way = np.array(wire.way_to((60 - radius * np.cos(angle), 60 + radius * np.sin(angle))))
        off = np.abs(np.hypot(way[:, 0] - 60, way[:, 1] - 60) - radius)
        assert off.max() < 2.0
        assert off.mean() < 0.8


def test_that_in_even_tissue_the_way_is_straight() -> None:
    hu = np.full((80, 80), 40, dtype=np.int16)
    way = np.array(Livewire(hu, (20, 10), SPACING).way_to((20, 60)))
    assert np.array_equal(way[:, 0], np.full(51, 20.0))


@given(st.tuples(st.integers(0, 59), st.integers(0, 69)), st.tuples(st.integers(0, 59), st.integers(0, 69)))
@settings(max_examples=15, deadline=None)
def test_that_no_way_is_cheaper(start: tuple[int, int], end: tuple[int, int]) -> None:
    hu = disc(16.0)[30:90, 25:95]
    cost = edge_cost(hu, SPACING)
    oracle, _ = route_through_array(cost, start, end, fully_connected=True, geometric=True)
    way = Livewire(hu, start, SPACING).way_to(end)
    assert (way[0], way[-1]) == (start, end)
    assert length(cost, way) == pytest.approx(length(cost, oracle))


def length(cost: np.ndarray, way: list[tuple[float, float]]) -> float:
    """Return what a way costs: each step its length times the mean cost of its two ends."""
    voxels = np.array(way, dtype=int)
    steps = np.hypot(*np.diff(voxels, axis=0).T)
    costs = cost[tuple(voxels.T)]
    return float((steps * (costs[1:] + costs[:-1]) / 2).sum())


def test_that_the_window_about_the_point_gives_the_ways_of_the_whole_picture() -> None:
    rows, columns = np.indices((400, 420))
    hu = np.where(np.hypot(rows - 200, columns - 200) < 40, 60, -90).astype(np.int16)
    whole = edge_cost(hu, SPACING)
    wire = Livewire(hu, (160, 200), SPACING)
    way = wire.way_to((200, 240))
    oracle, _ = route_through_array(whole, (160, 200), (200, 240), fully_connected=True, geometric=True)
    assert length(whole, way) == pytest.approx(length(whole, oracle))


def test_that_beyond_its_reach_the_way_ends_at_the_rim_and_outside_at_the_border() -> None:
    hu = np.full((300, 300), 40, dtype=np.int16)
    assert Livewire(hu, (150, 150), SPACING).way_to((150, 299))[-1] == (150.0, 150.0 + REACH)
    assert Livewire(hu, (3, 3), SPACING).way_to((-40, -7))[-1] == (0.0, 0.0)


def test_that_thick_slices_count_in_millimetres() -> None:
    """In a plane of 1 mm by 5 mm, ten columns are longer than five rows: the way along the rows is taken."""
    hu = np.full((30, 40), 40, dtype=np.int16)
    way = np.array(Livewire(hu, (5, 5), (1.0, 5.0)).way_to((25, 8)))
    steps = np.abs(np.diff(way, axis=0))
    assert steps[:, 1].sum() == 3
    assert len(way) == 21


@pytest.mark.parametrize("shape", [(1, 50), (50, 1), (1, 1), (2, 3)])
def test_that_a_plane_of_a_line_or_a_point_has_ways_too(shape: tuple[int, int]) -> None:
    way = Livewire(np.zeros(shape, dtype=np.int16), (0, 0), SPACING).way_to((60, 60))
    assert way[-1] == (shape[0] - 1, shape[1] - 1)


@given(st.integers(0, 50), st.tuples(st.floats(0, 119), st.floats(0, 129)), st.floats(0.1, 3.0))
@settings(max_examples=20, deadline=None)
def test_that_the_line_has_the_points_of_the_way_scikit_image_keeps(
    seed: int, end: tuple[float, float], tolerance: float
) -> None:
    start = (60.3, 43.6)
    wire = Livewire(disc(16.0, seed=seed), start, SPACING)
    line = np.array([start, *wire.way_to(end)[1:-1], end])
    assert np.array_equal(wire.line_to(end, tolerance), approximate_polygon(line, tolerance))


def test_that_a_line_within_one_voxel_is_its_two_ends() -> None:
    wire = Livewire(disc(16.0), (60.2, 43.1), SPACING)
    assert wire.line_to((60.4, 42.9), 0.5) == [(60.2, 43.1), (60.4, 42.9)]


@pytest.mark.parametrize(
    ("steps", "at", "trouble"),
    [
        (np.zeros((3, 3), dtype=np.int8), (2, 2), "leads nowhere"),  # out of the grid
        (np.array([[1, 0]], dtype=np.int8), (0, 1), "leads nowhere"),  # round and round
        (np.full((3, 3), 7, dtype=np.int8), (1, 1), "leads nowhere"),  # no such move
        (np.full((3, 3), -1, dtype=np.int8), (3, 0), "leads nowhere"),  # from beyond
        (np.full((3, 3), -1, dtype=np.int16), (0, 0), "types or sizes"),
    ],
)
def test_that_ways_that_cannot_be_are_refused(steps: np.ndarray, at: tuple[int, int], trouble: str) -> None:
    moves = np.array([(0, 1), (0, -1)], dtype=np.int64)
    with pytest.raises(ValueError, match=trouble):
        traced(steps, moves, at, (0.0, 0.0), None, 0.5)


@pytest.mark.parametrize("seed", range(4))
def test_that_five_clicks_outline_a_lesion_in_fat_better_than_a_polygon_through_them(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows, columns = np.indices((120, 130))
    angle = np.arctan2(rows - 60, columns - 60)
    radius = 14 + 2 * np.sin(3 * angle + seed) + 1.5 * np.cos(2 * angle)
    truth = np.hypot(rows - 60, columns - 60) < radius
    hu = np.where(truth, disc(0.0, seed=seed) + 140, disc(0.0, seed=seed)).astype(np.int16)
    turns = np.linspace(0, 2 * np.pi, 6)[:-1]
    reach = 14 + 2 * np.sin(3 * turns + seed) + 1.5 * np.cos(2 * turns)
    clicks = np.column_stack([60 + reach * np.sin(turns), 60 + reach * np.cos(turns)]) + rng.normal(0, 0.7, (5, 2))
    corners = [(float(row), float(column)) for row, column in clicks]
    wired = [
        place
        for start, end in zip(corners, corners[1:] + corners[:1], strict=True)
        for place in Livewire(hu, start, SPACING).way_to(end)
    ]
    straight, along = overlap(corners, truth), overlap(wired, truth)
    assert along > 0.92
    assert along > straight + 0.03


def overlap(outline: list[tuple[float, float]], truth: np.ndarray) -> float:
    voxels = np.zeros((1, *truth.shape), dtype=np.bool_)
    fill(voxels, outline, (0, 0), value=True)
    return float(2 * (voxels[0] & truth).sum() / (voxels.sum() + truth.sum()))
