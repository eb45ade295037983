"""First-order features against PyRadiomics' own class."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813  # the field's name for it
from radiomics import firstorder

from escc_desktop.features.discretise import discretise
from escc_desktop.features.firstorder import firstorder_features
from escc_desktop.features.names import FAMILIES

SPACING = (0.7, 0.8, 2.5)


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def pyradiomics(values):
    image = sitk.GetImageFromArray(np.append(values, [0, 0]).astype(values.dtype).reshape(1, 1, -1))
    region = sitk.GetImageFromArray(np.append(np.ones(values.size), [0, 0]).astype(np.uint8).reshape(1, 1, -1))
    image.SetSpacing(SPACING)
    region.SetSpacing(SPACING)
    features = firstorder.RadiomicsFirstOrder(image, region, binWidth=25.0)
    features.enableAllFeatures()
    return {name: float(np.squeeze(value)) for name, value in features.execute().items()}


def computed(values, wanted=None):
    return firstorder_features(values, discretise(values, 25.0), float(np.multiply.reduce(SPACING)), wanted)


def assert_same(values):
    expected, found = pyradiomics(values), computed(values)
    assert list(found) == list(FAMILIES["firstorder"])
    for name, value in found.items():
        assert value == pytest.approx(expected[name], rel=1e-12, abs=1e-18, nan_ok=True), name


@pytest.mark.parametrize("dtype", [np.int16, np.uint16, np.float32, np.float64])
@pytest.mark.parametrize("n", [1, 3, 8, 37, 599, 600, 5001])
def test_that_every_feature_is_pyradiomics_own(dtype, n, rng):
    assert_same(rng.normal(400, 90, n).astype(dtype))


@pytest.mark.parametrize("value", [-1000.0, 0.0, 0.1, 1234.5678])
@pytest.mark.parametrize("n", [8, 100, 1001])
def test_that_a_flat_region_has_pyradiomics_values(value, n):
    assert_same(np.full(n, value))


@pytest.mark.parametrize("n", [8, 100, 1001])
def test_that_a_symmetric_distribution_has_pyradiomics_skewness_to_the_last_bit(n, rng):
    half = rng.normal(0, 0.3, n)
    values = rng.permutation(np.concatenate([half + 1, 1 - half]))
    assert computed(values)["Skewness"] == pyradiomics(values)["Skewness"]


@pytest.mark.parametrize("n", [50, 700])
def test_that_values_that_are_no_numbers_are_left_out_as_in_pyradiomics(n, rng):
    values = rng.normal(3, 40, n)
    values[5::7] = np.nan
    assert_same(values)


def test_that_tied_percentiles_are_counted_in_as_in_pyradiomics(rng):
    assert_same(rng.integers(0, 4, 999).astype(np.int16))


def test_that_only_what_is_wanted_is_computed(rng):
    values = rng.normal(0, 90, 100)
    everything = computed(values)
    assert computed(values, {"Skewness", "Mean"}) == {name: everything[name] for name in ("Mean", "Skewness")}


def test_that_no_number_at_all_gives_no_number_and_no_warning():
    found = computed(np.full(9, np.nan))
    assert np.isnan(found["Mean"])
    assert np.isnan(found["Kurtosis"])
    assert np.isnan(found["Median"])
