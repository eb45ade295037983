"""Feature maps against PyRadiomics' own voxel-based mode."""

from __future__ import annotations

import logging
import warnings
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813  # the field's name for it
from radiomics import firstorder, glcm, gldm, glrlm, glszm, imageoperations, ngtdm

from escc_desktop.errors import EsccError, UsageError
from escc_desktop.features._maps import neighbourhoods
from escc_desktop.features.discretise import discretise
from escc_desktop.features.maps import DiscretisedImage, feature_map, map_of
from escc_desktop.features.names import FAMILIES
from escc_desktop.features.scene import Scene
from escc_desktop.imaging.itk import to_itk
from escc_desktop.progress import Cancelled, Progress

SPACING = (0.7, 0.8, 1.5)
VOLUME_MM3 = float(np.multiply.reduce(SPACING))
CLASSES = {
    "firstorder": firstorder.RadiomicsFirstOrder,
    "glcm": glcm.RadiomicsGLCM,
    "gldm": gldm.RadiomicsGLDM,
    "glrlm": glrlm.RadiomicsGLRLM,
    "glszm": glszm.RadiomicsGLSZM,
    "ngtdm": ngtdm.RadiomicsNGTDM,
}
EVERY = [(family, feature) for family, features in FAMILIES.items() for feature in features]


def cube(kind):
    """Return an image with a margin and its 8 x 8 x 8 region, all of it or at random."""
    rng = np.random.default_rng(11)
    values = {
        "whole": rng.integers(-100, 150, (8, 8, 8)).astype(np.int16),
        "few levels": (25 * rng.integers(0, 3, (8, 8, 8))).astype(np.int16),
        "float": rng.normal(0, 60, (8, 8, 8)).astype(np.float32),
        "scattered": rng.integers(-60, 60, (8, 8, 8)).astype(np.int16),
    }[kind]
    voxels = rng.random((8, 8, 8)) < 0.4 if kind == "scattered" else np.ones((8, 8, 8), dtype=bool)
    return np.pad(values, 1), np.pad(voxels, 1)


def pyradiomics(values, voxels, family, feature=None, **settings):
    """Return PyRadiomics' maps of a family by feature."""
    image, region = sitk.GetImageFromArray(values), sitk.GetImageFromArray(voxels.astype(np.uint8))
    image.SetSpacing(SPACING)
    region.SetSpacing(SPACING)
    logging.getLogger("radiomics").setLevel(logging.CRITICAL + 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        maps = CLASSES[family](image, region, voxelBased=True, binWidth=25, **settings)
        for name in FAMILIES[family]:
            if feature in {None, name}:
                maps.enableFeatureByName(name)
        return {name: sitk.GetArrayFromImage(found) for name, found in maps.execute().items()}


@cache
def expected(kind, family):
    return pyradiomics(*cube(kind), family)


def discretised(values, voxels):
    return DiscretisedImage(values, voxels, discretise(values[voxels], 25.0), VOLUME_MM3)


def assert_same(found, wanted, voxels, feature):
    # PyRadiomics takes a root of what should be 0 and is its rounding error.
    zero = 1e-8 if feature in {"MCC", "Imc2"} else 1e-13
    assert found.dtype == np.float64
    assert np.isnan(found[~voxels]).all()
    np.testing.assert_allclose(found[voxels], wanted[voxels], rtol=1e-9, atol=zero)


@pytest.mark.parametrize("kind", ["whole", "few levels", "float"])
@pytest.mark.parametrize(("family", "feature"), EVERY)
def test_that_each_feature_has_pyradiomics_map(family, feature, kind):
    image = discretised(*cube(kind))
    assert_same(feature_map(image, family, feature), expected(kind, family)[feature], image.voxels, feature)


# With a neighbourhood that lacks a direction PyRadiomics gives neither of the two, unless it goes voxel by voxel.
LOST = {("glcm", "JointAverage"), ("glcm", "MCC")}


@pytest.mark.parametrize(("family", "feature"), [name for name in EVERY if name not in LOST])
def test_that_a_scattered_region_has_pyradiomics_maps(family, feature):
    image = discretised(*cube("scattered"))
    assert_same(feature_map(image, family, feature), expected("scattered", family)[feature], image.voxels, feature)


@pytest.mark.parametrize(("family", "feature"), sorted(LOST))
def test_that_empty_directions_are_left_out_as_pyradiomics_does_voxel_by_voxel(family, feature):
    values, voxels = (array[:6, :6, :6] for array in cube("scattered"))
    wanted = pyradiomics(values, voxels, family, feature, voxelBatch=1)[feature]
    assert_same(feature_map(discretised(values, voxels), family, feature), wanted, voxels, feature)


@pytest.mark.parametrize("shape", [(1, 5, 5), (1, 1, 6), (2, 2, 2)])
@pytest.mark.parametrize("family", FAMILIES)
def test_that_thin_regions_have_pyradiomics_maps(shape, family):
    values = np.pad(np.random.default_rng(3).integers(0, 90, shape).astype(np.int16), 1)
    voxels = np.pad(np.ones(shape, dtype=bool), 1)
    for feature, wanted in pyradiomics(values, voxels, family).items():
        assert_same(feature_map(discretised(values, voxels), family, feature), wanted, voxels, feature)


@pytest.mark.parametrize("value", [0, 37.3])
@pytest.mark.parametrize("family", FAMILIES)
def test_that_a_flat_region_has_pyradiomics_maps(value, family):
    voxels = np.pad(np.ones((3, 3, 3), dtype=bool), 1)
    values = np.full(voxels.shape, value)
    for feature, wanted in pyradiomics(values, voxels, family).items():
        assert_same(feature_map(discretised(values, voxels), family, feature), wanted, voxels, feature)


def test_that_values_that_are_no_numbers_are_left_out_as_in_pyradiomics():
    values, voxels = cube("float")
    values[3, 3, 3:6] = np.nan
    for family in ("firstorder", "glrlm"):
        for feature, wanted in pyradiomics(values, voxels, family).items():
            assert_same(feature_map(discretised(values, voxels), family, feature), wanted, voxels, feature)


def test_that_a_voxel_alone_has_a_mean_and_no_texture():
    voxels = np.zeros((3, 3, 5), dtype=bool)
    voxels[1, 1, 1] = voxels[1, 1, 3] = True
    image = discretised(np.where(voxels, 40.0, 7.0), voxels)
    assert feature_map(image, "firstorder", "Mean")[1, 1, 1] == 40
    for feature in ("Contrast", "JointAverage", "Imc2"):
        assert np.isnan(feature_map(image, "glcm", feature)).all()


def test_that_a_voxel_sees_its_26_neighbours_and_no_further():
    values = np.zeros((7, 7, 7))
    values[3, 3, 3] = 270.0
    image = discretised(values, np.ones(values.shape, dtype=bool))
    mean = feature_map(image, "firstorder", "Mean")
    assert mean[2, 4, 3] == mean[3, 3, 3] == 10
    assert mean[1, 3, 3] == mean[5, 5, 5] == 0


def test_that_the_mean_moves_with_the_values_and_textures_do_not():
    values, voxels = cube("whole")
    image, shifted = discretised(values, voxels), discretised((values + 50).astype(np.int16), voxels)
    for family, feature in EVERY:
        here, there = feature_map(image, family, feature), feature_map(shifted, family, feature)
        if family != "firstorder":
            np.testing.assert_array_equal(here, there)
    moved = feature_map(shifted, "firstorder", "Mean") - feature_map(image, "firstorder", "Mean")
    np.testing.assert_allclose(moved[voxels], 50)


@pytest.fixture
def scene(roi):
    return Scene.of(*roi)


def of_image(scene, params, image_type, name):
    """Return PyRadiomics' map of a feature of a filtered image, and its value of the whole region."""
    image, family, feature = name.split("_")
    source, region = to_itk(scene.volume), to_itk(scene.inside)
    settings = {"sigma": params.log_sigma_mm, "wavelet": "coif1", "binWidth": 25}
    make = getattr(imageoperations, f"get{image_type}Image")
    filtered = next(made for made, made_name, _ in make(source, region, **settings) if made_name == image)
    values = []
    for is_voxel_based in (True, False):
        features = CLASSES[family](filtered, sitk.Cast(region, sitk.sitkUInt32), voxelBased=is_voxel_based, binWidth=25)
        features.enableFeatureByName(feature)
        values.append(features.execute()[feature])
    return sitk.GetArrayFromImage(values[0]), float(values[1])


@pytest.mark.parametrize(
    ("image_type", "name"),
    [
        ("Original", "original_glcm_Idm"),
        ("LoG", "log-sigma-3-0-mm-3D_glszm_ZoneEntropy"),
        ("Wavelet", "wavelet-LLH_glcm_JointEntropy"),
        ("Gradient", "gradient_firstorder_Median"),
        ("SquareRoot", "squareroot_glrlm_RunPercentage"),
    ],
)
def test_that_filtered_images_have_pyradiomics_maps(scene, params, image_type, name):
    wanted, region_value = of_image(scene, params, image_type, name)
    found = map_of(scene, params, f"A_{name}", Progress())
    assert found.name == name
    inside = scene.inside.voxels[found.box]
    np.testing.assert_allclose(found.values[inside], wanted[found.box][inside], rtol=1e-6)
    assert found.region_value == pytest.approx(region_value, rel=1e-6)
    assert (found.lowest, found.highest) == (np.nanmin(found.values), np.nanmax(found.values))


@pytest.mark.parametrize("image", ["lbp-2D", "lbp-3D-m1", "lbp-3D-k", "exponential"])
def test_that_every_kind_of_image_has_a_map(scene, params, image):
    found = map_of(scene, params, f"{image}_firstorder_Mean", Progress())
    assert np.isfinite(found.values[scene.inside.voxels[found.box]]).all()
    assert found.lowest <= found.highest


def test_that_a_first_edge_counts_for_the_unfiltered_image_only(scene, params):
    moved = replace(scene, first_edge_hu=-2000.0)
    for name, has_moved in (("original_glcm_Autocorrelation", True), ("wavelet-LLL_glcm_Autocorrelation", False)):
        here, there = (map_of(which, params, name, Progress()) for which in (scene, moved))
        assert np.array_equal(here.values, there.values, equal_nan=True) is not has_moved


def test_that_a_shape_or_an_unknown_feature_has_no_map(scene, params):
    with pytest.raises(UsageError, match="measure of the whole lesion"):
        map_of(scene, params, "A_original_shape_Sphericity", Progress())
    with pytest.raises(UsageError, match="make no image log-sigma-1-0-mm-3D"):
        map_of(scene, params, "log-sigma-1-0-mm-3D_glcm_Idm", Progress())
    with pytest.raises(EsccError, match="name of no feature"):
        map_of(scene, params, "original_glcm_Beauty", Progress())


def test_that_a_map_can_be_stopped_at_any_step(scene, params):
    steps = []
    map_of(scene, params, "wavelet-LLH_glcm_MCC", Progress(lambda done, _note: steps.append(done)))
    assert steps == sorted(steps)
    for stop_at in range(len(steps)):
        asked = iter(range(len(steps)))
        with pytest.raises(Cancelled):
            map_of(
                scene,
                params,
                "wavelet-LLH_glcm_MCC",
                Progress(is_cancelled=lambda asked=asked, stop_at=stop_at: next(asked) == stop_at),
            )


def arguments(**changed):
    """Return sound arguments of the C function, some of them changed."""
    sound = {
        "family": 0,
        "sizes": (3, 3, 4, 1),
        "settings": (1, 1, 1.0, False),
        "levels": np.ones((3, 3, 4), dtype=np.int32),
        "values": np.zeros((3, 3, 4)),
        "at": np.array([17]),
        "out": np.empty((1, 18)),
    }
    return (sound | changed).values()


@pytest.mark.parametrize(
    "changed",
    [
        {"family": -1},
        {"family": 6},
        {"family": 1},
        {"sizes": (3, 3, 2, 1)},
        {"sizes": (3, 3, 5, 1)},
        {"sizes": (3, 3, 4, 0)},
        {"sizes": (2**40, 2**40, 4, 1)},
        {"levels": np.ones((3, 3, 4))},
        {"values": np.zeros((3, 3, 4), dtype=np.float32)},
        {"at": np.array([16])},
        {"at": np.array([19])},
        {"at": np.array([-1])},
        {"at": np.array([2**62])},
        {"levels": np.zeros((3, 3, 4), dtype=np.int32)},
        {"out": np.empty((1, 17))},
        {"values": np.zeros((4, 3, 3)).T},
    ],
)
def test_that_wrong_arrays_are_refused_before_anything_is_read(changed):
    neighbourhoods(*arguments())
    with pytest.raises((ValueError, BufferError)):
        neighbourhoods(*arguments(**changed))
