"""The adaptive brush on phantoms whose tissues are known."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from escc_desktop.imaging.adaptive import Tissue, alike, tissue_at
from escc_desktop.imaging.delineate import make_stamp, stroke_places

SHAPE = (5, 40, 48)
PLANE = (1, 2)
WALL, FAT, AIR = 60, -100, -1000


def halves(left: int = WALL, right: int = FAT) -> np.ndarray:
    """Return a volume whose columns below 24 are one tissue and the others another."""
    hu = np.full(SHAPE, left, dtype=np.int16)
    hu[:, :, 24:] = right
    return hu


def painted(hu: np.ndarray, path: list[tuple[float, float, float]], diameter: int = 12, **kind: bool) -> np.ndarray:
    """Return what a stroke along a path paints that was pressed at its beginning."""
    stamp = make_stamp(diameter, (1.0, 1.0, 1.0), 0, **kind)
    tissue = tissue_at(hu, path[0], (0, 1, 2) if kind.get("is_ball") else PLANE, 40.0)
    voxels = np.zeros(SHAPE, dtype=np.bool_)
    for start, end in pairwise([path[0], *path]):
        found = alike(hu, stamp, stroke_places(start, end, stamp), tissue)
        if found is not None:
            voxels[found[0]] |= found[1]
    return voxels


def footprint(path: list[tuple[float, float, float]], diameter: int = 12) -> np.ndarray:
    """Return what a plain brush paints along a path, voxel by voxel."""
    stamp = make_stamp(diameter, (1.0, 1.0, 1.0), 0)
    voxels = np.zeros(SHAPE, dtype=np.bool_)
    for start, end in pairwise([path[0], *path]):
        for corner in stroke_places(start, end, stamp):
            for offset in np.argwhere(stamp.inside):
                place = tuple(corner + offset)
                if all(0 <= index < n for index, n in zip(place, SHAPE, strict=True)):
                    voxels[place] = True
    return voxels


def test_that_a_stroke_on_one_tissue_fills_its_part_of_the_brush_and_stops_at_the_border() -> None:
    path = [(2.0, 12.0, 20.0), (2.0, 28.0, 21.0)]
    expected = footprint(path)
    expected[:, :, 24:] = False
    assert np.array_equal(painted(halves(), path), expected)


def test_that_air_beside_the_tissue_does_not_eat_into_it() -> None:
    path = [(2.0, 20.0, 19.0)]
    expected = footprint(path)
    expected[:, :, 24:] = False
    assert np.array_equal(painted(halves(WALL, AIR), path), expected)


def test_that_tissue_beyond_a_gap_is_left_alone_though_it_is_under_the_brush() -> None:
    hu = np.full(SHAPE, WALL, dtype=np.int16)
    hu[:, :, 22:25] = AIR  # a lumen between two walls
    voxels = painted(hu, [(2.0, 20.0, 18.0)], 16)
    assert voxels[2, 20, 21]
    assert not voxels[:, :, 22:].any()


def test_that_the_tissue_is_the_one_pressed_on_and_stays_so() -> None:
    path = [(2.0, 20.0, 30.0), (2.0, 20.0, 10.0)]  # from fat over the border into the wall
    voxels = painted(halves(), path)
    assert voxels[2, 20, 24:36].all()
    assert not voxels[:, :, :24].any()


def test_that_noise_as_in_a_ct_leaves_the_border_within_a_voxel() -> None:
    noise = np.random.default_rng(5).normal(0, 15, SHAPE)
    hu = np.rint(halves() + noise).astype(np.int16)
    path = [(2.0, 12.0, 20.0), (2.0, 28.0, 20.0)]
    voxels, inner = painted(hu, path), footprint(path)
    assert not voxels[:, :, 25:].any()
    inner[:, :, 23:] = False
    assert voxels[inner].mean() > 0.99


def test_that_a_flat_brush_stays_on_its_slice_and_a_ball_does_not() -> None:
    path = [(2.0, 20.0, 12.0)]
    assert np.flatnonzero(painted(halves(), path).any(axis=(1, 2))).tolist() == [2]
    assert np.flatnonzero(painted(halves(), path, 5, is_ball=True).any(axis=(1, 2))).tolist() == [0, 1, 2, 3, 4]


def test_that_a_brush_off_the_image_finds_nothing() -> None:
    stamp = make_stamp(8, (1.0, 1.0, 1.0), 0)
    assert alike(halves(), stamp, [(2, -30, 4)], Tissue(WALL, 40.0, PLANE)) is None
    assert alike(halves(), stamp, [], Tissue(WALL, 40.0, PLANE)) is None


places = st.tuples(st.just(2.0), st.integers(-40, 360).map(lambda n: n / 8), st.integers(-40, 420).map(lambda n: n / 8))


@given(st.integers(0, 99), places, places, st.integers(1, 16), st.booleans())
def test_that_what_is_taken_lies_under_the_brush_is_of_the_tissue_and_reaches_the_path(
    seed: int, start: tuple[float, float, float], end: tuple[float, float, float], diameter: int, is_square: bool
) -> None:
    rng = np.random.default_rng(seed)
    hu = np.rint(ndimage.gaussian_filter(rng.normal(0, 400, SHAPE), (0, 2, 2))).astype(np.int16)
    stamp = make_stamp(diameter, (1.0, 1.0, 1.0), 0, is_square=is_square)
    tissue = tissue_at(hu, start, PLANE, 40.0)
    corners = stroke_places(start, end, stamp)
    found = alike(hu, stamp, corners, tissue)
    under = np.zeros(SHAPE, dtype=np.bool_)
    for _z, y, x in corners:
        height, width = stamp.inside.shape[1:]
        top, left, bottom, right = max(y, 0), max(x, 0), max(y + height, 0), max(x + width, 0)
        part = under[2, top:bottom, left:right]
        part |= stamp.inside[0, top - y : top - y + part.shape[0], left - x : left - x + part.shape[1]]
    voxels = np.zeros(SHAPE, dtype=np.bool_)
    if found is not None:
        voxels[found[0]] = found[1]
    assert not (voxels & ~under).any()
    # The mean of three by three clipped values, the slow way.
    limited = np.clip(hu[2].astype(float) - tissue.hu, -80, 80)
    mean = ndimage.correlate(limited, np.full((3, 3), 1 / 9), mode="nearest")
    assert np.abs(mean[voxels[2]]).max(initial=0) <= 40.001


@given(st.integers(0, 99), places, places, st.lists(st.integers(1, 15), max_size=3))
def test_that_a_straight_stroke_is_the_same_however_the_path_is_sampled(
    seed: int, start: tuple[float, float, float], end: tuple[float, float, float], stops: list[int]
) -> None:
    rng = np.random.default_rng(seed)
    hu = np.rint(ndimage.gaussian_filter(rng.normal(0, 400, SHAPE), (0, 2, 2))).astype(np.int16)
    shares = [0.0, *(stop / 16 for stop in sorted(set(stops))), 1.0]
    path = [tuple(a + share * (b - a) for a, b in zip(start, end, strict=True)) for share in shares]
    assert np.array_equal(painted(hu, [start, end], 7), painted(hu, [(p[0], p[1], p[2]) for p in path], 7))
