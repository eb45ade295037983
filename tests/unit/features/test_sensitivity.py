"""What features would be had the lesion been drawn or scanned otherwise; by hand, and by extractions of the change."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from scipy import ndimage

from escc_desktop.features.extract import extract
from escc_desktop.features.params import ExtractionParams, load_params
from escc_desktop.features.sensitivity import DecidingVoxel, Factor, Run, Sensitivity, sensitivity
from escc_desktop.imaging.mask import Mask
from escc_desktop.imaging.volume import Geometry, Volume
from escc_desktop.progress import Cancelled, Progress

GEOMETRY = Geometry((40, 36, 20), (0.8, 0.8, 2.0), (5.0, -3.0, 40.0))
NAMES = frozenset({
    "original_firstorder_Range",
    "original_shape_VoxelVolume",
    "exponential_firstorder_Maximum",
    "wavelet-LLH_glcm_Idm",
})  # fmt: skip
BRIGHTEST, METAL = (10, 17, 19), (2, 3, 4)


def scan() -> Volume:
    """Tissue with a lumen of air through it, one bright voxel in the lesion and one of metal far from it."""
    rng = np.random.default_rng(2)
    hu = 60 + ndimage.gaussian_filter(rng.normal(0, 60, GEOMETRY.shape), 1) + rng.normal(0, 4, GEOMETRY.shape)
    hu[:, 18:20, 22:24] = -800
    hu[BRIGHTEST] = 260
    hu[METAL] = 2500
    return Volume(hu.round().astype(np.int16), GEOMETRY)


def lesion() -> Mask:
    voxels = np.zeros(GEOMETRY.shape, dtype=bool)
    voxels[6:13, 13:24, 15:26] = True
    return Mask(voxels, GEOMETRY)


def drawn(change: np.ndarray, value: bool) -> Mask:
    voxels = lesion().voxels.copy()
    voxels[change] = value
    return Mask(voxels, GEOMETRY)


def truth(volume: Volume, mask: Mask, params: ExtractionParams) -> dict[str, float]:
    vector = extract(volume, mask, params, Progress())
    return {name: float(value) for name, value in zip(vector.names, vector.values, strict=True) if name in NAMES}


def runs(found: Sensitivity) -> dict[Factor, tuple[Run, ...]]:
    return {response.factor: response.runs for response in found.responses if response.voxel is None}


def voxels_of(found: Sensitivity) -> Mapping[tuple[str, str], tuple[DecidingVoxel, Run]]:
    left_out = [one for one in found.responses if one.voxel is not None]
    return {(one.voxel.feature, one.voxel.end): (one.voxel, *one.runs) for one in left_out}


@pytest.fixture(scope="module")
def found() -> Sensitivity:
    return sensitivity(scan(), lesion(), load_params("ct_arterial"), NAMES, Progress())


def test_that_the_region_itself_has_the_values_of_its_extraction(found: Sensitivity, params: ExtractionParams) -> None:
    assert found.values == truth(scan(), lesion(), params)
    assert found.n_voxels == lesion().n_voxels
    assert found.largest_hu == 2500


def test_that_the_rim_is_a_pixel_in_every_slice_and_the_ends_are_a_slice(
    found: Sensitivity, params: ExtractionParams
) -> None:
    wider = lesion().voxels.copy()
    wider[6:13, 12:25, 15:26] = wider[6:13, 13:24, 14:27] = True
    narrower = np.zeros_like(wider)
    narrower[6:13, 14:23, 16:25] = True
    longer, shorter = lesion().voxels.copy(), lesion().voxels.copy()
    longer[5:14, 13:24, 15:26] = True
    shorter[[6, 12]] = False
    expected = [(1, wider), (-1, narrower)], [(1, longer), (-1, shorter)]
    for factor, masks in zip((Factor.RIM, Factor.ENDS), expected, strict=True):
        for run, (amount, voxels) in zip(runs(found)[factor], masks, strict=True):
            assert (run.amount, run.n_voxels) == (amount, voxels.sum())
            assert run.values == truth(scan(), Mask(voxels, GEOMETRY), params)


def test_that_air_and_bright_voxels_are_left_out(found: Sensitivity, params: ExtractionParams) -> None:
    (air,), (bright,) = runs(found)[Factor.AIR], runs(found)[Factor.BRIGHT]
    assert (air.amount, bright.amount) == (-30, 200)
    assert air.values == truth(scan(), drawn(scan().hu < -30, False), params)
    assert air.n_voxels == lesion().n_voxels - np.count_nonzero(lesion().voxels & (scan().hu < -30))
    assert bright.values == truth(scan(), drawn(scan().hu > 200, False), params)
    assert bright.n_voxels == lesion().n_voxels - 1


def test_that_noise_is_drawn_anew_each_time_and_as_strong_as_it_says(found: Sensitivity) -> None:
    noisy = runs(found)[Factor.NOISE]
    assert len({run.values["wavelet-LLH_glcm_Idm"] for run in noisy}) == len(noisy) == 5
    assert [run.amount for run in noisy] == pytest.approx([10] * 5, rel=0.1)
    assert {run.n_voxels for run in noisy} == {lesion().n_voxels}


def test_that_other_grids_are_those_of_the_settings_and_of_slices_taken_together(
    found: Sensitivity, params: ExtractionParams
) -> None:
    (cubes,), (thinned,) = runs(found)[Factor.CUBES], runs(found)[Factor.SLICES]
    assert cubes.amount == 1.0
    assert cubes.values == truth(scan(), lesion(), load_params("ct_arterial_iso"))
    assert thinned.amount == 4.0
    pairs = scan().hu.astype(float)
    mean = np.rint((pairs[0::2] + pairs[1::2]) / 2).astype(np.int16)
    either = lesion().voxels[0::2] | lesion().voxels[1::2]
    grid = Geometry((40, 36, 10), (0.8, 0.8, 4.0), (5.0, -3.0, 41.0))
    assert thinned.values == truth(Volume(mean, grid), Mask(either, grid), params)


def test_that_the_largest_hu_bears_on_the_features_it_scales(found: Sensitivity, params: ExtractionParams) -> None:
    name = "exponential_firstorder_Maximum"
    for run, scale in zip(runs(found)[Factor.LARGEST], (1024, 1300, 3071), strict=True):
        assert run.amount == scale
        assert run.values[name] == pytest.approx(np.exp(260 * np.log(scale) / scale))
        assert {**run.values, name: 0.0} == {**found.values, name: 0.0}
    (windowed,) = runs(found)[Factor.WINDOW]
    clipped = Volume(np.clip(scan().hu, -1024, 1500), GEOMETRY)
    assert windowed.values == truth(clipped, lesion(), params)


def test_that_an_extreme_value_names_its_voxel_and_what_it_is_without_it(
    found: Sensitivity, params: ExtractionParams
) -> None:
    z, y, x = BRIGHTEST
    for feature in ("exponential_firstorder_Maximum", "original_firstorder_Range"):
        voxel, run = voxels_of(found)[feature, "max"]
        assert voxel.n_sharing == 1
        assert voxel.point_mm == pytest.approx((5 + 0.8 * x, -3 + 0.8 * y, 40 + 2 * z))
        assert run.amount == 260
        assert run.values == truth(scan(), drawn(BRIGHTEST, False), params)
    air, run = voxels_of(found)["original_firstorder_Range", "min"]
    assert air.n_sharing == 4 * 7
    assert run.amount == -800
    assert run.values["original_firstorder_Range"] == found.values["original_firstorder_Range"]
    assert len(voxels_of(found)) == 3


def test_that_a_change_that_leaves_no_region_says_so_and_the_others_go_on(params: ExtractionParams) -> None:
    voxels = np.zeros(GEOMETRY.shape, dtype=bool)
    voxels[9:11, 17:19, 15:17] = True
    found = sensitivity(scan(), Mask(voxels, GEOMETRY), params, frozenset({"wavelet-LLH_glcm_Idm"}), Progress())
    narrower = runs(found)[Factor.RIM][1]
    assert narrower.values is None
    assert narrower.refused == "The contour is empty."
    assert runs(found)[Factor.RIM][0].values
    assert Factor.LARGEST not in runs(found)


def test_that_resampled_settings_are_compared_with_the_scans_own_grid() -> None:
    iso = load_params("ct_arterial_iso")
    found = sensitivity(scan(), lesion(), iso, NAMES, Progress())
    assert found.values == truth(scan(), lesion(), iso)
    (cubes,) = runs(found)[Factor.CUBES]
    assert cubes.amount == 0.0
    assert cubes.values == truth(scan(), lesion(), load_params("ct_arterial"))
    wider = drawn(np.s_[6:13, 12, 15:26], True).voxels | drawn(np.s_[6:13, 24, 15:26], True).voxels
    wider |= drawn(np.s_[6:13, 13:24, [14, 26]], True).voxels
    assert runs(found)[Factor.RIM][0].values == truth(scan(), Mask(wider, GEOMETRY), iso)


def test_that_it_stops_when_it_is_told_to(params: ExtractionParams) -> None:
    seen = []
    progress = Progress(lambda fraction, _note: seen.append(fraction), lambda: bool(seen) and seen[-1] > 0.3)
    with pytest.raises(Cancelled):
        sensitivity(scan(), lesion(), params, NAMES, progress)
    assert seen == sorted(seen)
