"""Axial diameters, crops and outlines carried over, against shapes whose sizes are known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from escc_desktop.imaging.axial import axial_axis, axial_crop, axial_diameters, carry_over, slice_spacing_mm
from escc_desktop.imaging.mask import Mask, dice
from escc_desktop.imaging.registration import STILL, RigidMotion
from escc_desktop.imaging.volume import Geometry, Volume
from escc_desktop.progress import Progress

GRID = Geometry((60, 50, 40), (1.0, 1.0, 2.0), (-30.0, -25.0, -40.0))


def ellipsoid(geometry: Geometry, radii_mm: tuple[float, float, float], centre=(0.0, 0.0, 0.0)) -> Mask:
    """Return an ellipsoid with its axes along the patient's."""
    z, y, x = np.indices(geometry.shape)
    points = geometry.to_mm(np.stack([x.ravel(), y.ravel(), z.ravel()], axis=1)) - np.array(centre)
    inside = ((points / np.array(radii_mm)) ** 2).sum(axis=1) <= 1
    return Mask(inside.reshape(geometry.shape), geometry)


def test_that_the_longest_diameter_is_axial_and_never_craniocaudal() -> None:
    found = axial_diameters(ellipsoid(GRID, (12.0, 8.0, 30.0)))  # 60 mm from head to feet
    assert found is not None
    assert found.axes.long_mm == pytest.approx(24.0, abs=1.5)
    assert found.axes.short_mm == pytest.approx(16.0, abs=1.5)
    assert found.index == pytest.approx(20, abs=1)


def test_that_an_empty_region_has_no_diameters() -> None:
    assert axial_diameters(Mask(np.zeros(GRID.shape, dtype=np.bool_), GRID)) is None


@pytest.mark.parametrize(
    "direction",
    [
        (1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, -1.0, 0.0),  # stacked from front to back
        (0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, -1.0, 0.0),  # stacked from right to left
    ],
)
def test_that_a_series_stacked_another_way_gives_the_same_diameters(direction: tuple[float, ...]) -> None:
    axes = np.array(direction).reshape(3, 3)
    size, spacing = (64, 64, 64), (1.0, 1.0, 1.0)
    origin = tuple(float(x) for x in -axes @ (np.array(size) - 1) / 2)
    turned = Geometry(size, spacing, (origin[0], origin[1], origin[2]), direction)
    upright = Geometry(size, spacing, (-31.5, -31.5, -31.5))
    one, other = (axial_diameters(ellipsoid(grid, (12.0, 8.0, 25.0))) for grid in (turned, upright))
    assert one is not None
    assert other is not None
    assert one.axes.long_mm == pytest.approx(other.axes.long_mm, abs=0.01)
    assert one.axes.short_mm == pytest.approx(other.axes.short_mm, abs=0.01)
    assert axial_axis(turned) == 1
    assert axial_axis(upright) == 0


def test_that_the_distance_of_slices_is_the_one_from_feet_to_head() -> None:
    assert slice_spacing_mm(GRID) == 2.0


def test_that_a_crop_is_upright_and_around_the_outline() -> None:
    flipped = Geometry(GRID.size, GRID.spacing_mm, (29.0, 24.0, -40.0), (-1.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 1.0))
    crops = []
    for grid in (GRID, flipped):
        mask = ellipsoid(grid, (6.0, 6.0, 6.0), (10.0, -8.0, 0.0))
        z, y, x = np.indices(grid.shape)
        points = grid.to_mm(np.stack([x.ravel(), y.ravel(), z.ravel()], axis=1))
        hu = (points[:, 0] * 10).round().astype(np.int16).reshape(grid.shape)  # rises to the patient's left
        crops.append(axial_crop(Volume(hu, grid), mask.voxels, 20, 24.0))
    for crop in crops:
        assert crop.hu.shape == crop.outline.shape == (24, 24)
        assert np.all(np.diff(crop.hu.mean(axis=0)) > 0)
        rows, columns = np.nonzero(crop.outline)
        assert (rows.mean(), columns.mean()) == (pytest.approx(11.5, abs=1.0), pytest.approx(11.5, abs=1.0))


def test_that_an_outline_on_the_same_grid_is_carried_over_unchanged() -> None:
    mask = ellipsoid(GRID, (10.0, 7.0, 12.0))
    assert np.array_equal(carry_over(mask, GRID, STILL, Progress()), mask.voxels)


def test_that_an_outline_follows_a_rigid_motion_to_another_grid() -> None:
    turned = Rotation.from_euler("z", 20, degrees=True).as_matrix()
    motion = RigidMotion(tuple(float(x) for x in turned.ravel()), (4.0, -3.0, 2.0))
    there = Geometry((90, 90, 60), (0.8, 0.8, 1.5), (-36.0, -36.0, -45.0))
    mask = ellipsoid(GRID, (12.0, 7.0, 14.0))
    carried = Mask(carry_over(mask, there, motion, Progress()), there)
    # A point of the other grid is inside if the motion takes it into the ellipsoid.
    z, y, x = np.indices(there.shape)
    points = motion.apply(there.to_mm(np.stack([x.ravel(), y.ravel(), z.ravel()], axis=1)))
    truth = Mask((((points / (12.0, 7.0, 14.0)) ** 2).sum(axis=1) <= 1).reshape(there.shape), there)
    assert dice(carried, truth) > 0.95
    assert carried.volume_mm3 == pytest.approx(mask.volume_mm3, rel=0.03)


def test_that_an_outline_that_falls_outside_is_empty() -> None:
    mask = ellipsoid(GRID, (8.0, 8.0, 8.0))
    away = RigidMotion(shift_mm=(500.0, 0.0, 0.0))
    assert not carry_over(mask, GRID, away, Progress()).any()
