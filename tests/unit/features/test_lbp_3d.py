"""Local binary patterns on a sphere against PyRadiomics' own filter."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813  # the field's name for it
from radiomics import imageoperations
from trimesh.creation import icosphere

from escc_desktop.features.lbp_3d import VERTICES, lbp_3d

NAMES = ("lbp-3D-m1", "lbp-3D-m2", "lbp-3D-k")


@pytest.fixture
def rng():
    return np.random.default_rng(11)


def pyradiomics(hu, mask):
    image, region = sitk.GetImageFromArray(hu), sitk.GetImageFromArray(mask.astype(np.uint8))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {
            name: np.where(mask, sitk.GetArrayFromImage(filtered), 0)
            for filtered, name, _ in imageoperations.getLBP3DImage(image, region)
        }


def box_of(mask):
    return tuple(slice(int(i.min()), int(i.max()) + 1) for i in np.nonzero(mask))


def assert_same(hu, mask):
    box = box_of(mask)
    found, expected = lbp_3d(hu, box, mask[box], lambda: None), pyradiomics(hu, mask)
    assert tuple(found) == NAMES
    for name in NAMES:
        assert found[name].dtype == np.float64
        np.testing.assert_array_equal(found[name], expected[name][box], err_msg=name)


def sphere(shape, radius):
    z, y, x = np.ogrid[tuple(slice(-(n // 2), n - n // 2) for n in shape)]
    return z * z + y * y + x * x <= radius * radius


def test_that_the_vertices_are_those_of_trimesh_in_order_and_to_the_last_bit():
    np.testing.assert_array_equal(VERTICES, np.array(icosphere(1, 1).vertices))


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.uint16, np.int32, np.float32, np.float64])
def test_that_every_pixel_type_has_pyradiomics_values_to_the_last_bit(dtype, rng):
    hu = rng.normal(60, 25, (14, 17, 19)).clip(0, 127).astype(dtype)
    assert_same(hu, sphere(hu.shape, 5))


@pytest.mark.parametrize("dtype", [np.int16, np.float32, np.float64])
def test_that_a_region_deep_in_a_large_image_needs_no_more_than_its_margin(dtype, rng):
    hu = rng.integers(-1000, 1500, (90, 97, 101)).astype(dtype)
    mask = sphere(hu.shape, 3)
    assert_same(hu, mask)
    assert_same(hu, np.roll(mask, (-35, 40, 30), (0, 1, 2)))


@pytest.mark.parametrize("shape", [(1, 6, 7), (2, 5, 9), (3, 1, 8), (5, 4, 2), (4, 4, 4)])
def test_that_samples_outside_a_small_image_are_pyradiomics_own(shape, rng):
    hu = rng.integers(-1000, 400, shape).astype(np.int16)
    assert_same(hu, np.ones(shape, bool))
    assert_same(hu, rng.random(shape) < 0.4)


def test_that_clipped_air_has_the_ties_and_the_gaps_of_pyradiomics(rng):
    hu = rng.normal(40, 20, (16, 20, 20)).astype(np.int16)
    hu[:, 8:] = -1024
    mask = sphere(hu.shape, 7)
    found = lbp_3d(hu, box_of(mask), mask[box_of(mask)], lambda: None)
    assert np.isnan(found["lbp-3D-k"]).any()
    assert_same(hu, mask)


def test_that_metal_at_the_limits_of_int16_does_not_wrap(rng):
    hu = rng.choice([-32768, 32767], (8, 9, 10)).astype(np.int16)
    assert_same(hu, sphere(hu.shape, 3))


@pytest.mark.parametrize("dtype", [np.uint32, np.int64, np.uint64])
def test_that_wide_integers_are_pyradiomics_own(dtype, rng):
    lowest = 0 if np.dtype(dtype).kind == "u" else -1000
    assert_same(rng.integers(lowest, 3000, (8, 9, 10)).astype(dtype), sphere((8, 9, 10), 3))
    assert_same(rng.choice([lowest, 3_000_000_000], (8, 9, 10)).astype(dtype), sphere((8, 9, 10), 3))


def test_that_many_voxels_in_several_portions_are_pyradiomics_own(rng):
    hu = rng.normal(40, 20, (30, 40, 50)).astype(np.int16)
    assert_same(hu, rng.random(hu.shape) < 0.5)


def test_that_a_wish_to_stop_is_heard(rng):
    class StoppedError(Exception):
        pass

    def check():
        raise StoppedError

    hu = np.zeros((4, 4, 4), np.int16)
    with pytest.raises(StoppedError):
        lbp_3d(hu, (slice(0, 4),) * 3, np.ones(hu.shape, bool), check)


def test_that_a_pixel_type_without_a_rule_is_refused():
    with pytest.raises(TypeError, match="float16"):
        lbp_3d(np.zeros((4, 4, 4), np.float16), (slice(0, 4),) * 3, np.ones((4, 4, 4), bool), lambda: None)
