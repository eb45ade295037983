"""Grey levels against PyRadiomics' own bins and numpy.digitize."""

from __future__ import annotations

import numpy as np
import pytest
from radiomics import imageoperations

from escc_desktop.errors import EsccError
from escc_desktop.features.discretise import discretise


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def pyradiomics(values, bin_width):
    return np.digitize(values, imageoperations.getBinEdges(values, binWidth=bin_width))


def assert_same(values, bin_width=25.0):
    found = discretise(values, bin_width)
    expected = pyradiomics(values, bin_width)
    assert found.levels.dtype == np.int32
    np.testing.assert_array_equal(found.levels, expected)
    assert found.n_levels == expected.max()
    np.testing.assert_array_equal(found.counts, np.bincount(expected)[1:])
    assert found.first_edge == imageoperations.getBinEdges(values, binWidth=bin_width)[0]


@pytest.mark.parametrize("dtype", [np.int16, np.uint8, np.uint16, np.int32, np.float32, np.float64])
@pytest.mark.parametrize("bin_width", [25.0, 0.1, 0.3, 7.0, 1000.0])
def test_that_levels_are_pyradiomics_own_for_every_pixel_type_and_bin_width(dtype, bin_width, rng):
    values = rng.normal(60, 30, 3000)
    if np.issubdtype(dtype, np.unsignedinteger):
        values = np.clip(values, 0, 200)
    assert_same(values.astype(dtype), bin_width)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("bin_width", [25.0, 0.1, 0.3])
def test_that_values_on_and_beside_an_edge_fall_on_the_side_pyradiomics_says(dtype, bin_width):
    edges = (np.arange(-40, 40) * bin_width).astype(dtype)
    assert_same(
        np.concatenate([edges, np.nextafter(edges, dtype(np.inf)), np.nextafter(edges, dtype(-np.inf))]), bin_width
    )


@pytest.mark.parametrize("value", [-1000, 0, 25, 37.3, -1e-20, 1e6])
def test_that_a_flat_region_has_the_level_pyradiomics_gives_it(value):
    assert_same(np.full(8, value, np.float64))
    assert_same(np.full(8, value, np.float32))


def test_that_a_value_that_is_no_number_goes_above_all_edges_as_in_pyradiomics(rng):
    values = rng.normal(0, 60, 500)
    values[[3, 77, 499]] = np.nan
    assert_same(values)


def test_that_a_first_value_that_is_no_number_goes_the_same_way_where_pyradiomics_gives_up(rng):
    values = rng.normal(0, 60, 500)
    values[77] = np.nan
    with pytest.raises(ValueError, match="arange"):
        pyradiomics(values[77:], 25.0)
    turned = np.concatenate([values[77:], values[:77]])
    expected = pyradiomics(values, 25.0)
    np.testing.assert_array_equal(discretise(turned, 25.0).levels, np.concatenate([expected[77:], expected[:77]]))


def test_that_no_number_at_all_is_one_level():
    assert discretise(np.full(5, np.nan), 25.0).counts.tolist() == [5]


def test_that_metal_near_the_limit_of_int16_does_not_overflow():
    values = np.array([-32768, -100, 0, 32760, 32767], np.int16)
    np.testing.assert_array_equal(discretise(values, 25.0).levels, pyradiomics(values.astype(np.float64), 25.0))


def test_that_level_one_starts_where_the_settings_say(rng):
    values = rng.integers(-900, 300, 400).astype(np.int16)
    found = discretise(values, 25.0, first_edge=-1000.0)
    np.testing.assert_array_equal(found.levels, np.floor((values + 1000) / 25).astype(int) + 1)
    assert found.first_edge == -1000


def test_that_what_has_no_levels_is_refused():
    with pytest.raises(ValueError, match="inf"):
        discretise(np.array([0.0, np.inf]), 25.0)
    with pytest.raises(ValueError, match="above -5"):
        discretise(np.array([-10.0, 0.0]), 25.0, first_edge=-5.0)
    with pytest.raises(EsccError, match="grey levels"):
        discretise(np.array([0.0, 1e9]), 0.1)


def test_that_values_too_large_for_their_precision_are_one_level():
    assert discretise(np.array([1e12, 1e12], np.float32), 25.0).counts.tolist() == [2]
