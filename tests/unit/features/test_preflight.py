"""What is said before an extraction starts."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from escc_desktop.errors import EsccError
from escc_desktop.features.params import ExtractionParams
from escc_desktop.features.preflight import Preflight, Severity, inspect
from escc_desktop.imaging.mask import Mask
from escc_desktop.imaging.volume import Geometry, Volume

Roi = tuple[Volume, Mask]


def changed(volume: Volume, **voxels: float) -> Volume:
    """The volume with other values at voxels named like `at_1_2_3` (z, y, x)."""
    hu = volume.hu.copy()
    for name, value in voxels.items():
        hu[tuple(int(index) for index in name.split("_")[1:])] = value
    return Volume(hu, volume.geometry)


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


@pytest.mark.parametrize(
    ("code", "said", "make"),
    [
        ("empty_mask", "mask is empty", lambda v, m: (v, with_voxels(m))),
        ("too_small", "2 x 2 x 2", lambda v, m: (v, with_voxels(m, np.s_[4:5, 6:7, 6:7]))),
        ("too_small", "12 voxels", lambda v, m: (v, with_voxels(m, np.s_[4:5, 6:7, 2:14]))),
        ("too_small", "7 voxels", lambda v, m: (v, with_voxels(m, np.s_[4:5, 6:7, 6:13]))),
        ("whole_image", "whole image", lambda v, m: (v, with_voxels(m, np.s_[:, :, :]))),
        ("flat_image", "every voxel is 7", lambda v, m: (Volume(np.full_like(v.hu, 7), v.geometry), m)),
        (
            "non_finite",
            "column 3, row 2, slice 1",
            lambda v, m: (changed(Volume(v.hu.astype(np.float32), v.geometry), at_1_2_3=np.nan), m),
        ),
        ("metal_in_lesion", "32760", lambda v, m: (changed(v, at_4_6_7=32760), m)),
        ("metal_in_lesion", "-32768", lambda v, m: (changed(v, at_4_6_7=-32768), m)),
    ],
)
def test_that_what_gives_no_valid_values_is_refused(
    roi: Roi, params: ExtractionParams, code: str, said: str, make: Callable[[Volume, Mask], Roi]
) -> None:
    preflight = inspect(*make(*roi), params)
    assert code in codes(preflight, Severity.REFUSE)
    with pytest.raises(EsccError, match=said):
        preflight.check(frozenset({code}))


@pytest.mark.parametrize(
    ("field", "geometry"),
    [
        ("origin", Geometry((18, 16, 10), (1.0, 1.0, 3.0), (-8.0, -8.0, 100.0))),
        ("spacing", Geometry((18, 16, 10), (1.0, 1.0, 2.5), (-9.0, -8.0, 100.0))),
        ("size", Geometry((18, 16, 11), (1.0, 1.0, 3.0), (-9.0, -8.0, 100.0))),
        ("direction", Geometry((18, 16, 10), (1.0, 1.0, 3.0), (-9.0, -8.0, 100.0), (-1, 0, 0, 0, -1, 0, 0, 0, 1))),
    ],
)
def test_that_another_grid_is_refused_by_its_field(
    roi: Roi, params: ExtractionParams, field: str, geometry: Geometry
) -> None:
    elsewhere = Mask(np.ones(geometry.shape, dtype=bool), geometry)
    with pytest.raises(EsccError, match=f"another grid than the image: {field}"):
        inspect(roi[0], elsewhere, params).check()


def test_that_an_image_smaller_than_the_widest_filter_is_refused(params: ExtractionParams) -> None:
    geometry = Geometry((5, 16, 10), (1.0, 1.0, 3.0), (0.0, 0.0, 0.0))
    hu = np.arange(800, dtype=np.int16).reshape(geometry.shape) - 500
    voxels = np.zeros(geometry.shape, dtype=bool)
    voxels[3:6, 3:6, 1:4] = True
    with pytest.raises(EsccError, match="needs 6 x 6 x 4"):
        inspect(Volume(hu, geometry), Mask(voxels, geometry), params).check()


@pytest.mark.parametrize(
    ("code", "make"),
    [
        ("small", lambda v, m: (v, with_voxels(m, np.s_[4:6, 6:8, 6:8]))),
        ("single_slice", lambda v, m: (v, with_voxels(m, np.s_[4:5, 4:12, 4:14]))),
        ("components", lambda v, m: (v, with_voxels(m, np.s_[2:4, 4:9, 4:9], np.s_[6:8, 4:9, 4:9]))),
        ("border", lambda v, m: (v, with_voxels(m, np.s_[0:4, 4:9, 4:9]))),
        ("border", lambda v, m: (v, with_voxels(m, np.s_[3:7, 4:9, 13:18]))),
        ("no_air", lambda v, m: (Volume((v.hu + 1024).astype(np.uint16), v.geometry), m)),
        ("outlying_values", lambda v, m: (changed(v, at_0_0_0=-2000), m)),
        ("outlying_values", lambda v, m: (changed(v, at_0_0_0=5000), m)),
        ("flat_region", lambda v, m: (Volume(np.where(m.voxels, 40, v.hu).astype(np.int16), v.geometry), m)),
    ],
)
def test_that_what_is_odd_but_computable_is_a_warning(
    roi: Roi, params: ExtractionParams, code: str, make: Callable[[Volume, Mask], Roi]
) -> None:
    preflight = inspect(*make(*roi), params)
    assert codes(preflight, Severity.WARN) == [code]
    preflight.check()
    assert len(preflight.warnings) == 1
    assert preflight.warnings[0].endswith(".")


def test_that_metal_far_away_is_asked_about_because_of_the_grey_levels(roi: Roi, params: ExtractionParams) -> None:
    volume, mask = roi
    preflight = inspect(changed(volume, at_0_0_0=32767), mask, params)
    assert codes(preflight, Severity.ASK) == ["many_grey_levels"]
    with pytest.raises(EsccError, match="many_grey_levels"):
        preflight.check()
    preflight.check(frozenset({"many_grey_levels"}))


def test_that_pieces_are_given_with_their_volumes(roi: Roi, params: ExtractionParams) -> None:
    volume, mask = roi
    two = with_voxels(mask, np.s_[2:4, 4:9, 4:9], np.s_[6:8, 4:8, 4:9])
    assert "2 separate pieces (150, 120 mm3)" in inspect(volume, two, params).warnings[0]
