"""Laying a tube straight: a bent tube of known radii is the truth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from escc_desktop.errors import EsccError
from escc_desktop.imaging.straighten import (
    ACROSS_MM,
    PIXEL_MM,
    RAYS,
    STEP_MM,
    centreline,
    sort_clicks,
    straighten,
    wall_map,
)
from escc_desktop.imaging.volume import IDENTITY, Geometry
from escc_desktop.progress import Progress

BEND_MM, LUMEN_MM, OUTER_MM = 90.0, 5.0, 11.0
SIZE = (90, 60, 48)
TURNED = (0, -1.0, 0, 1, 0, 0, 0, 0, 1)


def geometry_of(direction: tuple[float, ...] = IDENTITY) -> Geometry:
    size = SIZE if direction == IDENTITY else (SIZE[1], SIZE[0], SIZE[2])
    spacing = (0.8, 0.8, 2.0)
    middle = np.array(direction).reshape(3, 3) @ (np.array(spacing) * (np.array(size) - 1) / 2)
    return Geometry(size, spacing, tuple((-middle + (20.0, 30.0, -100.0)).tolist()), direction)


def place_of(angle: np.ndarray) -> np.ndarray:
    """Return points of the tube's middle: an arc in a coronal plane."""
    return np.column_stack(
        [
            BEND_MM * (np.cos(angle) - 1) + 20.0,
            np.full(len(angle), 30.0),
            BEND_MM * np.sin(angle) - 100.0,
        ]
    )


def from_the_arc(geometry: Geometry) -> np.ndarray:
    """Return for every voxel (z, y, x) how far it is from the tube's middle."""
    z, y, x = np.indices(geometry.shape)
    points = geometry.to_mm(np.column_stack([x.ravel(), y.ravel(), z.ravel()]))
    centre = place_of(np.array([0.0]))[0] - (BEND_MM, 0, 0)
    ring = np.hypot(points[:, 0] - centre[0], points[:, 2] - centre[2]) - BEND_MM
    return np.hypot(ring, points[:, 1] - centre[1]).reshape(geometry.shape)


def tube(geometry: Geometry) -> tuple[np.ndarray, np.ndarray]:
    """Return the HU of a tube, blurred as a scanner does, and its wall's voxels."""
    away = from_the_arc(geometry)
    hu = np.where(away < LUMEN_MM, -1000.0, np.where(away < OUTER_MM, 60.0, -100.0))
    hu = ndimage.gaussian_filter(hu, [0.3, 0.8, 0.8]).round().astype(np.int16)
    return hu, (away >= LUMEN_MM) & (away < OUTER_MM)


CLICKS = place_of(np.radians([-24.0, -12.0, 0.0, 12.0, 24.0]))


def test_that_the_centreline_goes_through_the_clicks_along_the_arc() -> None:
    line = centreline(CLICKS)
    centre = place_of(np.array([0.0]))[0] - (BEND_MM, 0, 0)
    away = np.hypot(line.points_mm[:, 0] - centre[0], line.points_mm[:, 2] - centre[2])
    assert np.abs(away - BEND_MM).max() < 0.3
    assert line.length_mm == pytest.approx(BEND_MM * np.radians(48), abs=STEP_MM + 0.1)
    assert np.linalg.norm(np.diff(line.points_mm, axis=0), axis=1) == pytest.approx(STEP_MM, rel=0.01)


def test_that_the_centreline_runs_from_head_to_feet_whatever_the_order_of_the_clicks() -> None:
    shuffled = CLICKS[[3, 0, 4, 1, 2]]
    assert np.array_equal(centreline(shuffled).points_mm, centreline(CLICKS).points_mm)
    assert (np.diff(centreline(shuffled).points_mm[:, 2]) < 0).all()
    assert (np.diff(sort_clicks(shuffled)[:, 2]) < 0).all()


def test_that_the_frame_stays_across_the_way_and_does_not_twist_in_a_plane() -> None:
    line = centreline(CLICKS)
    tangents = np.gradient(line.points_mm, axis=0)
    tangents /= np.linalg.norm(tangents, axis=1, keepdims=True)
    assert np.abs((line.side * line.back).sum(axis=1)).max() < 1e-9
    assert np.abs((line.side * tangents).sum(axis=1)).max() < 0.02
    assert line.back == pytest.approx(np.tile([0.0, 1.0, 0.0], (line.n_stations, 1)), abs=1e-6)
    assert (line.side[:, 0] > 0.85).all()  # the patient's left stays on the right of the picture


def test_that_one_point_is_no_course() -> None:
    for clicks in (CLICKS[:1], np.empty((0, 3)), CLICKS[[0, 0]]):
        with pytest.raises(EsccError, match="at least two slices"):
            centreline(clicks)


@pytest.mark.parametrize("direction", [IDENTITY, TURNED], ids=["upright", "turned"])
@pytest.mark.parametrize("angle", [0.0, 0.7, np.pi / 2])
def test_that_a_bent_tube_is_straight_in_the_picture(direction: tuple[float, ...], angle: float) -> None:
    geometry = geometry_of(direction)
    hu, wall = tube(geometry)
    picture = straighten(hu, wall, geometry, centreline(CLICKS), angle)
    middle = round(ACROSS_MM / 2 / PIXEL_MM)
    assert picture.hu.shape == (centreline(CLICKS).n_stations, 2 * middle + 1)
    inner = slice(8, -8)
    lumen = (picture.hu[inner, middle - 20 : middle + 21] < -475).sum(axis=1) * PIXEL_MM
    assert np.abs(lumen - 2 * LUMEN_MM).max() <= 1.2
    left = picture.region[inner, :middle].sum(axis=1) * PIXEL_MM
    assert np.abs(left - (OUTER_MM - LUMEN_MM)).max() <= 1.7
    assert picture.points_mm[:, middle] == pytest.approx(centreline(CLICKS).points_mm)


@pytest.mark.parametrize("direction", [IDENTITY, TURNED], ids=["upright", "turned"])
@pytest.mark.parametrize("is_drawn", [True, False], ids=["drawn", "by HU alone"])
def test_that_the_wall_is_as_thick_as_the_tube_was_made(direction: tuple[float, ...], is_drawn: bool) -> None:
    geometry = geometry_of(direction)
    hu, wall = tube(geometry)
    found = wall_map(hu, wall & is_drawn, geometry, centreline(CLICKS), Progress())
    assert found.thickness_mm.shape == (centreline(CLICKS).n_stations, RAYS)
    assert (found.is_outlined == is_drawn).all()
    thickness, lumen = found.thickness_mm[6:-6], found.lumen_mm[6:-6]
    assert np.isfinite(thickness).all()
    assert np.median(thickness) == pytest.approx(OUTER_MM - LUMEN_MM, abs=0.35)
    assert np.abs(thickness - (OUTER_MM - LUMEN_MM)).max() < 1.6  # a voxel is 0.8 x 0.8 x 2 mm
    assert np.median(lumen) == pytest.approx(LUMEN_MM, abs=0.35)


def test_that_a_thicker_side_is_found_on_that_side() -> None:
    geometry = geometry_of()
    hu, wall = tube(geometry)
    _z, y, _x = np.indices(geometry.shape)
    behind = geometry.to_mm(np.column_stack([np.zeros(SIZE[1]), np.arange(SIZE[1]), np.zeros(SIZE[1])]))[:, 1] > 30
    thick = (from_the_arc(geometry) < OUTER_MM + 6) & (from_the_arc(geometry) >= LUMEN_MM) & behind[y]
    hu[thick] = 60
    found = wall_map(hu, wall | thick, geometry, centreline(CLICKS), Progress()).thickness_mm[8:-8]
    back, front = found[:, RAYS // 4], found[:, 3 * RAYS // 4]
    assert np.median(back - front) == pytest.approx(6.0, abs=0.6)


def test_that_a_wall_without_an_end_and_a_way_outside_the_image_have_no_thickness() -> None:
    geometry = geometry_of()
    solid = np.full(geometry.shape, 50, dtype=np.int16)
    nothing = np.zeros(geometry.shape, dtype=np.bool_)
    found = wall_map(solid, nothing, geometry, centreline([(20, 30, -90), (20, 30, -110)]), Progress())
    assert np.isnan(found.thickness_mm[:, 0]).all()
    beyond = centreline(np.add(CLICKS, (500.0, 0, 0)))
    assert np.isnan(wall_map(solid, nothing, geometry, beyond, Progress()).thickness_mm).all()
    assert (straighten(solid, nothing, geometry, beyond, 0.0).hu == -1024).all()


@pytest.mark.parametrize("off_mm", [2.0, 4.0, 4.8, 5.4])
def test_that_a_course_off_the_middle_of_the_lumen_still_finds_the_wall_all_around(off_mm: float) -> None:
    geometry = geometry_of()
    hu, wall = tube(geometry)
    found = wall_map(hu, wall, geometry, centreline(np.add(CLICKS, (0, off_mm, 0))), Progress()).thickness_mm[6:-6]
    assert np.isfinite(found).all()
    # Straight to the front and to the back a ray leaves at a right angle.
    for ray in (RAYS // 4, 3 * RAYS // 4):
        assert np.median(found[:, ray]) == pytest.approx(OUTER_MM - LUMEN_MM, abs=0.8)
