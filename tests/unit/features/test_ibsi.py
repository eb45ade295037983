"""IBSI's digital phantom through the program's engine, and the settings its CT phantom is measured by."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pytest

from escc_desktop.features.engine import DEFAULT_ENGINE
from escc_desktop.features.extract import extract, make_engine
from escc_desktop.features.ibsi import (
    Phantom,
    Published,
    digital_phantom,
    measure_digital_phantom,
    n_matching,
    standards,
)
from escc_desktop.features.names import FAMILIES, FEATURE_NAMES, SHAPE
from escc_desktop.features.params import ExtractionParams, load_params
from escc_desktop.imaging.mask import Mask
from escc_desktop.imaging.volume import Geometry, Volume
from escc_desktop.progress import Progress


def test_that_every_unfiltered_feature_is_in_the_table_and_has_its_own_code() -> None:
    assert sorted(each.name for each in standards()) == sorted(
        FEATURE_NAMES[: len(SHAPE) + sum(map(len, FAMILIES.values()))]
    )
    codes = [each.code for each in standards() if each.code]
    assert len(codes) == len(set(codes)) == 102
    assert all(re.fullmatch(r"[0-9A-Z]{4}", code) for code in codes)
    without = Counter(each.name.split("_")[2] for each in standards() if not each.code)
    assert set(without) == {
        "Maximum2DDiameterSlice",
        "Maximum2DDiameterColumn",
        "Maximum2DDiameterRow",
        "TotalEnergy",
        "MCC",
    }
    assert all(set(each.published) == (set(Phantom) if each.code else set()) for each in standards())


def test_that_the_digital_phantom_has_74_voxels_of_four_levels() -> None:
    scene = digital_phantom()
    levels, counts = np.unique(scene.volume.hu[scene.region.voxels], return_counts=True)
    # Table of the reference manual: the histogram of the digital phantom.
    assert dict(zip(levels.tolist(), counts.tolist(), strict=True)) == {1: 50, 3: 1, 4: 16, 6: 7}


def test_that_100_of_102_values_match_and_two_differ_as_documented() -> None:
    comparisons = measure_digital_phantom(make_engine(DEFAULT_ENGINE), Progress())
    assert (len(comparisons), n_matching(comparisons)) == (102, 100)
    assert all(each.is_as_documented for each in comparisons)
    differing = {each.standard.name: each.value for each in comparisons if not each.is_match}
    # Measured with PyRadiomics 3.0.1.
    assert differing == pytest.approx(
        {"original_shape_MinorAxisLength": 9.244904891192796, "original_shape_LeastAxisLength": 8.47810949321212}
    )


@pytest.mark.parametrize(
    ("value", "tolerance", "allowed"), [(2.15, 0.0, 0.005), (567.0, 0.0, 0.5), (0.0296, 0.0, 5e-5), (592.0, 4.0, 4.0)]
)
def test_that_three_published_digits_allow_what_rounding_hides(value: float, tolerance: float, allowed: float) -> None:
    assert Published(value, tolerance).allowed == pytest.approx(allowed)


def test_that_configuration_c_is_what_ibsi_prescribes() -> None:
    params = load_params("ibsi_ct_c")
    assert params.resampled_spacing_mm == 2.0
    assert params.resegmentation_hu == [-1000.0, 400.0]
    assert (params.bin_width_hu, params.first_edge_hu) == (25.0, -1000.0)


def test_that_a_first_edge_moves_every_level_of_the_unfiltered_image_and_nothing_else() -> None:
    geometry = Geometry((20, 20, 12), (1.0, 1.0, 2.0), (0, 0, 0))
    hu = np.random.default_rng(5).integers(-20, 180, geometry.shape).astype(np.int16)
    hu[0, 0, 0] = -1024
    voxels = np.zeros(geometry.shape, dtype=bool)
    voxels[3:9, 5:15, 6:14] = True
    volume, mask = Volume(hu, geometry), Mask(voxels, geometry)
    base = load_params("ct_arterial").model_dump() | {"resegmentation_hu": [-150.0, 250.0]}
    without, with_edge = (
        extract(volume, mask, ExtractionParams.model_validate(base | more), Progress())
        for more in ({}, {"first_edge_hu": -150.0})
    )
    differing = {
        name for name, one, other in zip(without.names, without.values, with_edge.values, strict=True) if one != other
    }
    assert {name.split("_")[0] for name in differing} == {"original"}
    lowest = 25 * np.floor(hu[voxels].min() / 25)
    value = dict(zip(with_edge.names, with_edge.values - without.values, strict=True))
    assert value["original_glcm_JointAverage"] == pytest.approx((lowest + 150) / 25)
    assert "original_glcm_Contrast" not in differing
    as_given = without.provenance["measured_on"]
    assert (as_given["volume_digest"], as_given["region_voxels"]) == (volume.digest, mask.n_voxels)


@pytest.mark.slow
def test_that_pyradiomics_gives_the_same_values_of_a_resampled_region_with_a_range() -> None:
    geometry = Geometry((18, 18, 8), (1.2, 1.2, 3.0), (0, 0, 0))
    rng = np.random.default_rng(6)
    hu = rng.integers(-60, 200, geometry.shape).astype(np.int16)
    voxels = np.zeros(geometry.shape, dtype=bool)
    voxels[2:6, 5:13, 4:14] = True
    settings = load_params("ct_arterial_iso").model_dump() | {"resegmentation_hu": [-20.0, 150.0]}
    params = ExtractionParams.model_validate(settings)
    volume, mask = Volume(hu, geometry), Mask(voxels, geometry)
    ours, theirs = (extract(volume, mask, params, Progress(), engine) for engine in (DEFAULT_ENGINE, "pyradiomics"))
    measured_on = ours.provenance["measured_on"]
    assert measured_on == theirs.provenance["measured_on"]
    assert (measured_on["spacing_mm"], measured_on["size"]) == ([1.0, 1.0, 1.0], [22, 22, 24])
    assert measured_on["inside_voxels"] < measured_on["region_voxels"]
    ill = ours.names.index("lbp-3D-m2_firstorder_RobustMeanAbsoluteDeviation")
    differences = np.abs(ours.values - theirs.values) / np.maximum(np.abs(theirs.values), 1e-12)
    differences[np.abs(ours.values - theirs.values) < 1e-12] = 0
    assert differences[ill] <= 1e-3
    differences[ill] = 0
    assert differences.max() <= 1e-6, ours.names[int(differences.argmax())]
