"""Shape features against PyRadiomics' own class."""

from __future__ import annotations

import logging

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813  # the field's name for it
from radiomics import shape

from escc_desktop.features._diameters import diameters
from escc_desktop.features._mesh import mesh
from escc_desktop.features.names import SHAPE
from escc_desktop.features.shape import shape_features

SPACINGS = [(1.0, 1.0, 1.0), (0.7, 0.7, 5.0), (0.9765625, 0.98, 1.37)]
DIAMETERS = [name for name in SHAPE if name.startswith("Maximum")]


@pytest.fixture
def rng():
    return np.random.default_rng(5)


def pyradiomics(voxels, spacing):
    region = sitk.GetImageFromArray(voxels.astype(np.uint8))
    region.SetSpacing(spacing)
    features = shape.RadiomicsShape(region, region)
    features.enableAllFeatures()
    return {name: float(np.real(value)) for name, value in features.execute().items()}


def assert_same(voxels, spacing, caplog):
    with caplog.at_level(logging.CRITICAL, logger="radiomics"):
        expected = pyradiomics(voxels, spacing)
    found = shape_features(voxels, spacing)
    assert tuple(found) == SHAPE
    for name in SHAPE:
        if name in DIAMETERS:
            assert found[name] == expected[name], name
        else:
            assert found[name] == pytest.approx(expected[name], rel=1e-12, abs=1e-18, nan_ok=True), name


def ball(radius, stretch=(1, 1, 1)):
    axes = (np.arange(-int(radius * s) - 1, int(radius * s) + 2) / s for s in stretch)
    z, y, x = np.meshgrid(*axes, indexing="ij")
    return z * z + y * y + x * x <= radius * radius


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("shape_", [(2, 2, 2), (3, 4, 5), (9, 7, 8), (1, 6, 7), (6, 1, 5), (7, 5, 1)])
@pytest.mark.parametrize("share", [0.3, 0.5, 0.8, 1.0])
def test_that_random_regions_have_pyradiomics_values_and_its_very_diameters(shape_, spacing, share, rng, caplog):
    voxels = rng.random(shape_) < share
    voxels.flat[[0, -1]] = True
    tight = voxels[tuple(slice(i.min(), i.max() + 1) for i in np.nonzero(voxels))]
    assert_same(tight, spacing, caplog)


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("stretch", [(1, 1, 1), (0.4, 1, 1.7), (1.5, 0.9, 0.9)])
def test_that_a_lesion_like_region_has_pyradiomics_values(spacing, stretch, caplog):
    voxels = ball(9, stretch)
    assert_same(voxels[tuple(slice(i.min(), i.max() + 1) for i in np.nonzero(voxels))], spacing, caplog)


def bowl():
    voxels = ball(10)
    voxels[12:] = False
    voxels[4:, 5:17, 5:17] = False
    return voxels[1:12, 1:-1, 1:-1]


def line():
    return np.ones((1, 1, 5), bool)


def diagonal():
    return np.eye(6, dtype=bool)[None]


def slice_of_a_lesion():
    return ball(8)[9:10, 1:-1, 1:-1]


def two_parts():
    voxels = np.zeros((9, 10, 30), bool)
    voxels[:4, :5, :6] = True
    voxels[6:, 7:, 20:] = True
    return voxels


@pytest.mark.parametrize("make", [bowl, line, diagonal, slice_of_a_lesion, two_parts])
@pytest.mark.parametrize("spacing", SPACINGS)
def test_that_odd_regions_have_pyradiomics_values(make, spacing, caplog):
    assert_same(make(), spacing, caplog)


def test_that_empty_margins_of_the_box_change_nothing(caplog):
    voxels = ball(4)
    wide = np.pad(voxels, ((3, 0), (1, 7), (2, 2)))
    assert shape_features(wide, (0.7, 0.8, 2.5)) == shape_features(voxels, (0.7, 0.8, 2.5))


def test_that_a_cuboid_has_the_size_geometry_says():
    # Marching cubes chamfer its edges and corners at half a voxel; 3, 4 and 5 mm lie between its outermost centres.
    found = shape_features(np.ones((4, 5, 6), bool), (1.0, 1.0, 1.0))
    assert found["VoxelVolume"] == 120
    assert found["MeshVolume"] == pytest.approx(3 * 4 * 5 + (12 + 15 + 20) + 4 * 12 / 8 + 8 / 48)
    assert found["SurfaceArea"] == pytest.approx(2 * (12 + 15 + 20) + 4 * 12 / np.sqrt(2) + np.sqrt(3))
    assert found["Maximum3DDiameter"] == pytest.approx(np.sqrt(3**2 + 4**2 + 6**2))
    assert found["Maximum2DDiameterSlice"] == pytest.approx(np.sqrt(4**2 + 6**2))
    assert found["Maximum2DDiameterColumn"] == pytest.approx(np.sqrt(3**2 + 6**2))
    assert found["Maximum2DDiameterRow"] == pytest.approx(np.sqrt(3**2 + 5**2))


@pytest.mark.parametrize("function", [mesh, diameters])
def test_that_a_mask_without_the_size_said_is_refused(function):
    with pytest.raises(ValueError, match="size said"):
        function((3, 3, 3), (1.0, 1.0, 1.0), np.zeros((3, 3, 4), bool))
    with pytest.raises(ValueError, match="bool"):
        function((2, 2, 2), (1.0, 1.0, 1.0), np.full((2, 2, 2), 7, np.uint8))
    with pytest.raises(ValueError, match="sizes"):
        function((1, 2, 2), (1.0, 1.0, 1.0), np.zeros((1, 2, 2), bool))


def test_that_a_single_voxel_has_no_elongation_and_no_warning():
    found = shape_features(np.ones((1, 1, 1), bool), (1.0, 1.0, 1.0))
    assert np.isnan(found["Elongation"])
    assert found["Maximum3DDiameter"] == 1
