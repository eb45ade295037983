"""What is said before an extraction starts."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813  # the field's name for it

from escc_desktop.errors import EsccError
from escc_desktop.features.params import ExtractionParams, load_params
from escc_desktop.features.preflight import Preflight, Severity, check_scene, inspect
from escc_desktop.features.resample import resampled
from escc_desktop.features.scene import Scene
from escc_desktop.imaging.itk import to_itk
from escc_desktop.imaging.mask import Mask
from escc_desktop.imaging.volume import Geometry, Volume

Roi = tuple[Volume, Mask]
BODY = Geometry((32, 30, 24), (12.0, 12.0, 12.0), (-186.0, -174.0, 100.0))


@pytest.fixture
def roi() -> Roi:
    """A body of tissue in air, wide and long enough for a chest, and a lesion of 5 x 6 x 6 voxels inside it."""
    rng = np.random.default_rng(1)
    hu = np.full(BODY.shape, -1000.0)
    hu[1:-1, 2:-2, 2:-2] = 40
    hu += rng.normal(0, 20, BODY.shape)
    voxels = np.zeros(BODY.shape, dtype=bool)
    voxels[3:8, 5:11, 6:12] = True
    return Volume(np.clip(hu.round(), -1024, 3071).astype(np.int16), BODY), Mask(voxels, BODY)


def changed(volume: Volume, **voxels: float) -> Volume:
    """The volume with other values at voxels named like `at_1_2_3` (z, y, x)."""
    hu = volume.hu.copy()
    for name, value in voxels.items():
        hu[tuple(int(index) for index in name.split("_")[1:])] = value
    return Volume(hu, volume.geometry)


def typed(volume: Volume, dtype: type, shift: int = 0) -> Volume:
    return Volume((volume.hu.astype(np.int64) + shift).astype(dtype), volume.geometry)


def with_voxels(mask: Mask, *boxes: tuple[slice, slice, slice]) -> Mask:
    voxels = np.zeros(mask.geometry.shape, dtype=bool)
    for box in boxes:
        voxels[box] = True
    return Mask(voxels, mask.geometry)


def codes(preflight: Preflight, severity: Severity) -> list[str]:
    return [finding.code for finding in preflight.findings if finding.severity is severity]


def test_that_an_ordinary_lesion_has_no_findings(roi: Roi, params: ExtractionParams) -> None:
    preflight = inspect(*roi, params)
    assert preflight.findings == ()
    preflight.check()


def test_that_the_voxel_that_scales_four_filters_is_named(roi: Roi, params: ExtractionParams) -> None:
    volume, mask = roi
    preflight = inspect(changed(volume, at_2_3_4=2500), mask, params)
    assert preflight.extreme is not None
    assert (preflight.extreme.hu, preflight.extreme.index_xyz) == (2500, (4, 3, 2))
    assert str(preflight.extreme.place) == "column 5, row 4, slice 3 (-138.0, -138.0, 124.0 mm)"


@pytest.mark.parametrize(
    ("code", "said", "make"),
    [
        ("empty_mask", "mask is empty", lambda v, m: (v, with_voxels(m))),
        ("too_small", r"1 voxel \(1.73e\+03 mm3\)", lambda v, m: (v, with_voxels(m, np.s_[4:5, 6:7, 6:7]))),
        ("too_small", "2 voxels", lambda v, m: (v, with_voxels(m, np.s_[4:5, 6:7, 6:7], np.s_[5:6, 7:8, 7:8]))),
        ("too_small", "12 voxels .* in one line", lambda v, m: (v, with_voxels(m, np.s_[4:5, 6:7, 2:14]))),
        (
            "scattered",
            "No two of the lesion's 3 voxels .* touch",
            lambda v, m: (v, with_voxels(m, np.s_[4:5, 6:7, 6:7], np.s_[6:7, 9:10, 9:10], np.s_[8:9, 12:13, 14:15])),
        ),
        ("whole_image", "whole image", lambda v, m: (v, with_voxels(m, np.s_[:, :, :]))),
        ("flat_image", "every voxel is 7", lambda v, m: (Volume(np.full_like(v.hu, 7), v.geometry), m)),
        ("flat_image", "every voxel is 0", lambda v, m: (Volume(np.zeros_like(v.hu), v.geometry), m)),
        (
            "non_finite",
            "1 voxel of the image is no number, the first at column 4, row 3, slice 2",
            lambda v, m: (changed(typed(v, np.float32), at_1_2_3=np.nan), m),
        ),
        (
            "non_finite",
            "2 voxels of the image are no numbers, the first at column 1, row 1, slice 6",
            lambda v, m: (changed(typed(v, np.float64), at_5_0_0=-np.inf, at_23_0_0=np.inf), m),
        ),
    ],
)
def test_that_what_gives_no_valid_values_is_refused(
    roi: Roi, params: ExtractionParams, code: str, said: str, make: Callable[[Volume, Mask], Roi]
) -> None:
    preflight = inspect(*make(*roi), params)
    assert codes(preflight, Severity.REFUSE) == [code]
    with pytest.raises(EsccError, match=said) as refused:
        preflight.check(frozenset({code}))
    assert refused.value.hint


@pytest.mark.parametrize(("between_mm", "is_refused"), [(1400.0, False), (1600.0, True), (1e6, True)])
def test_that_voxels_are_refused_where_itk_finds_no_number(
    roi: Roi, params: ExtractionParams, between_mm: float, is_refused: bool
) -> None:
    geometry = Geometry(BODY.size, (12.0, 12.0, between_mm), BODY.origin_mm)
    log = sitk.LaplacianRecursiveGaussianImageFilter()
    log.SetSigma(params.log_sigma_mm[0])
    is_number = np.isfinite(sitk.GetArrayFromImage(log.Execute(to_itk(Volume(roi[0].hu, geometry))))).all()
    assert is_number or is_refused
    preflight = inspect(Volume(roi[0].hu, geometry), Mask(roi[1].voxels, geometry), params)
    assert ("voxels_too_large" in codes(preflight, Severity.REFUSE)) == is_refused


def test_that_all_that_refuses_is_said_at_once(roi: Roi, params: ExtractionParams) -> None:
    volume, mask = roi
    tiny = with_voxels(mask, np.s_[4:5, 6:7, 6:7])
    preflight = inspect(changed(typed(volume, np.float32), at_1_2_3=np.nan), tiny, params)
    assert codes(preflight, Severity.REFUSE) == ["too_small", "non_finite"]


@pytest.mark.parametrize(
    ("fields", "geometry"),
    [
        (["origin"], Geometry(BODY.size, BODY.spacing_mm, (-185.0, -174.0, 100.0))),
        (["spacing"], Geometry(BODY.size, (12.0, 12.0, 10.0), BODY.origin_mm)),
        (["size"], Geometry((32, 30, 25), BODY.spacing_mm, BODY.origin_mm)),
        (["direction"], Geometry(BODY.size, BODY.spacing_mm, BODY.origin_mm, (-1, 0, 0, 0, -1, 0, 0, 0, 1))),
        (["size", "spacing", "origin"], Geometry((31, 30, 24), (11.0, 12.0, 12.0), (-150.0, -174.0, 100.0))),
    ],
)
def test_that_another_grid_is_refused_by_every_field_that_differs(
    roi: Roi, params: ExtractionParams, fields: list[str], geometry: Geometry
) -> None:
    elsewhere = Mask(np.ones(geometry.shape, dtype=bool), geometry)
    with pytest.raises(EsccError, match=f"another grid than the image: {'.*; '.join(fields)}"):
        inspect(roi[0], elsewhere, params).check()


def test_that_a_grid_that_differs_by_rounding_only_is_accepted_and_noted(roi: Roi, params: ExtractionParams) -> None:
    near = Geometry(BODY.size, (12.00001, 12.0, 12.0), (-186.0, -174.0004, 100.0))
    preflight = inspect(roi[0], Mask(roi[1].voxels, near), params)
    assert codes(preflight, Severity.NOTE) == ["geometry_rounding"]
    preflight.check()


def test_that_an_image_smaller_than_the_widest_filter_is_refused(params: ExtractionParams) -> None:
    geometry = Geometry((5, 16, 10), (1.0, 1.0, 3.0), (0.0, 0.0, 0.0))
    hu = np.arange(800, dtype=np.int16).reshape(geometry.shape) - 500
    voxels = np.zeros(geometry.shape, dtype=bool)
    voxels[3:6, 3:6, 1:4] = True
    with pytest.raises(EsccError, match="needs 6 x 6 x 4"):
        inspect(Volume(hu, geometry), Mask(voxels, geometry), params).check()


@pytest.mark.parametrize(
    ("code", "said", "make"),
    [
        ("small", "8 voxels", lambda v, m: (v, with_voxels(m, np.s_[4:6, 6:8, 6:8]))),
        ("single_slice", "one single axial slice", lambda v, m: (v, with_voxels(m, np.s_[4:5, 4:12, 4:14]))),
        ("single_slice", "one single sagittal slice", lambda v, m: (v, with_voxels(m, np.s_[4:14, 4:12, 4:5]))),
        (
            "components",
            r"2 separate pieces \(8.64e\+04, 6.91e\+04 mm3\)",
            lambda v, m: (v, with_voxels(m, np.s_[2:4, 4:9, 4:9], np.s_[6:8, 4:8, 4:9])),
        ),
        ("border", "touches the lower edge", lambda v, m: (v, with_voxels(m, np.s_[0:4, 4:9, 4:9]))),
        (
            "border",
            "touches the right, front and upper edge",
            lambda v, m: (v, with_voxels(m, np.s_[20:24, 0:9, 0:9])),
        ),
        ("no_air", "lowest value is -200", lambda v, m: (Volume(np.maximum(v.hu, -200), v.geometry), m)),
        ("shifted", r"shifted by \+1024", lambda v, m: (typed(v, np.uint16, 1024), m)),
        ("shifted", r"shifted by \+1024", lambda v, m: (Volume(v.hu + np.int16(1200), v.geometry), m)),
        ("no_tissue_peak", "most frequent value is about", lambda v, m: (Volume(v.hu * np.int16(20), v.geometry), m)),
        ("padding", r"1 voxel of the scan lies below -1024.*to -2000", lambda v, m: (changed(v, at_0_0_0=-2000), m)),
        ("metal", r"2 voxels .* above 2500 HU.*5000.*column 1, row", lambda v, m: (
            changed(v, at_0_0_0=5000, at_1_0_0=3500), m)),
        ("metal_in_lesion", r"1 of the lesion's 180 voxels .* up to 2900, in slice 5", lambda v, m: (
            changed(v, at_4_6_7=2900), m)),
        ("pixel_type", "stored as float32", lambda v, m: (typed(v, np.float32), m)),
        (
            "flat_region",
            "one single value, 40 HU",
            lambda v, m: (Volume(np.where(m.voxels, 40, v.hu).astype(np.int16), v.geometry), m),
        ),
    ],
)  # fmt: skip
def test_that_what_is_odd_but_computable_is_a_warning(
    roi: Roi, params: ExtractionParams, code: str, said: str, make: Callable[[Volume, Mask], Roi]
) -> None:
    preflight = inspect(*make(*roi), params)
    found = {finding.code: finding for finding in preflight.findings}
    assert found[code].severity is Severity.WARN
    assert found[code].hint
    assert [warning for warning in preflight.warnings if warning == str(found[code])]
    assert re.search(said, str(found[code]))
    preflight.check()


@pytest.mark.parametrize("code", ["border", "components", "single_slice", "small", "flat_region"])
def test_that_one_oddity_gives_one_warning(roi: Roi, params: ExtractionParams, code: str) -> None:
    volume, mask = roi
    odd = {
        "border": (volume, with_voxels(mask, np.s_[3:7, 4:9, 27:32])),
        "components": (volume, with_voxels(mask, np.s_[2:4, 4:9, 4:9], np.s_[6:8, 4:9, 4:9])),
        "single_slice": (volume, with_voxels(mask, np.s_[4:5, 4:12, 4:14])),
        "small": (volume, with_voxels(mask, np.s_[4:6, 6:8, 6:8])),
        "flat_region": (Volume(np.where(mask.voxels, 40, volume.hu).astype(np.int16), BODY), mask),
    }
    assert inspect(*odd[code], params).codes == (code,)


@pytest.mark.parametrize(
    ("said", "geometry", "tissue"),
    [
        ("is 192 x 180 mm wide", Geometry(BODY.size, (6.0, 6.0, 12.0), BODY.origin_mm), False),
        ("covers 96 mm of the body's length", Geometry(BODY.size, (12.0, 12.0, 4.0), BODY.origin_mm), False),
        ("100 % of its sides is tissue", BODY, True),
    ],
)
def test_that_an_image_cut_out_of_a_larger_scan_is_noticed(
    roi: Roi, params: ExtractionParams, said: str, geometry: Geometry, tissue: bool
) -> None:
    hu, voxels = roi[0].hu.copy(), roi[1].voxels
    if tissue:
        hu[:, 2:-2, 2:-2], hu[:, :2], hu[:, -2:], hu[:, :, :2], hu[:, :, -2:] = -1000, 40, 40, 40, 40
        hu[voxels] = roi[0].hu[voxels]
    preflight = inspect(Volume(hu, geometry), Mask(voxels, geometry), params)
    assert preflight.codes == ("cropped",)
    assert said in preflight.warnings[0]


def test_that_metal_far_away_is_asked_about_where_its_grey_levels_take_hours(
    roi: Roi, params: ExtractionParams
) -> None:
    volume, mask = roi
    preflight = inspect(changed(volume, at_0_0_0=32767), mask, params, "pyradiomics")
    assert preflight.codes == ("many_grey_levels", "metal")
    assert codes(preflight, Severity.ASK) == ["many_grey_levels"]
    with pytest.raises(EsccError, match="many_grey_levels"):
        preflight.check()
    preflight.check(frozenset({"many_grey_levels"}))
    inspect(changed(volume, at_0_0_0=32767), mask, params, "fast").check()


def test_that_values_at_the_end_of_the_pixel_type_can_be_computed(roi: Roi, params: ExtractionParams) -> None:
    # PyRadiomics with a whole-numbered bin width wraps around there; its edges are float64 here.
    volume, mask = roi
    for value in (32767, -32768):
        preflight = inspect(changed(volume, at_4_6_7=value), mask, params)
        assert codes(preflight, Severity.WARN) == list(preflight.codes)
        assert "many_grey_levels" in preflight.codes


def test_that_what_resampling_leaves_of_a_lesion_is_looked_at_again(roi: Roi, params: ExtractionParams) -> None:
    volume, mask = roi
    check_scene(Scene.of(volume, mask), params)
    one = with_voxels(mask, np.s_[4:5, 6:7, 6:7])
    with pytest.raises(EsccError, match="1 voxel"):
        check_scene(Scene(volume, mask, one), params)


def test_that_grey_levels_are_foreseen_where_values_are_left_out_and_where_level_1_is_given(
    roi: Roi, params: ExtractionParams
) -> None:
    volume, mask = roi
    wide = changed(volume, at_4_6_7=900)
    levels = inspect(wide, mask, params).levels["original"]
    kept = params.model_copy(update={"resegmentation_hu": [-100.0, 200.0], "first_edge_hu": -100.0})
    inside = wide.hu[mask.voxels]
    inside = inside[inside <= 200]
    assert levels == 900 // 25 - inside.min() // 25 + 1
    assert inspect(wide, mask, kept).levels["original"] == (inside.max() + 100) // 25 + 1


def test_that_the_type_of_the_file_does_not_matter_where_resampling_makes_whole_hu(roi: Roi) -> None:
    volume, mask = roi
    iso = load_params("ct_arterial_iso")
    assert "pixel_type" not in inspect(typed(volume, np.float32), mask, iso).codes
    first, second = (resampled(typed(volume, dtype), mask, 5.0)[0] for dtype in (np.float32, np.int16))
    assert first.digest == second.digest
