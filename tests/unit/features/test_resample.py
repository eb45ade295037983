"""Resampling against fields whose values between voxels are known, and against scipy's own interpolation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import ndimage

from escc_desktop.errors import EsccError
from escc_desktop.features.params import ExtractionParams, load_params
from escc_desktop.features.resample import MAX_VOXELS, prepare, resampled, resampled_geometry
from escc_desktop.imaging.mask import Mask
from escc_desktop.imaging.volume import Geometry, Volume
from escc_desktop.progress import Cancelled

ISO = load_params("ct_arterial_iso")
# 30 degrees about x, then 20 about z: no axis of the image is one of the patient.
_TURN_X = np.array([[1, 0, 0], [0, np.sqrt(0.75), -0.5], [0, 0.5, np.sqrt(0.75)]])
_C, _S = np.cos(np.radians(20)), np.sin(np.radians(20))
OBLIQUE = tuple((np.array([[_C, -_S, 0], [_S, _C, 0], [0, 0, 1]]) @ _TURN_X).ravel().tolist())


def with_settings(**changes: object) -> ExtractionParams:
    return ExtractionParams.model_validate({**ISO.model_dump(), **changes})


def grid(size: tuple[int, int, int], spacing: tuple[float, float, float], turned: bool = False) -> Geometry:
    return Geometry(size, spacing, (-31.5, 12.25, 400.0), OBLIQUE) if turned else Geometry(size, spacing, (0, 0, 0))


def points_mm(geometry: Geometry) -> np.ndarray:
    """Centres of all voxels, (z, y, x, 3)."""
    z, y, x = np.indices(geometry.shape)
    return geometry.to_mm(np.stack([x, y, z], axis=-1).reshape(-1, 3)).reshape(*geometry.shape, 3)


def ball(geometry: Geometry, radius_mm: float) -> Mask:
    centre = geometry.to_mm((np.array([geometry.size]) - 1) / 2)[0]
    return Mask(np.linalg.norm(points_mm(geometry) - centre, axis=-1) <= radius_mm, geometry)


@pytest.mark.parametrize("turned", [False, True])
def test_that_a_linear_field_of_the_patient_is_kept(turned: bool) -> None:
    old = grid((40, 36, 12), (0.7, 0.7, 3.0), turned)
    slope = np.array([3.0, -5.0, 2.0])
    field = points_mm(old) @ slope
    volume, _ = resampled(Volume(field, old), ball(old, 8), 1.0)
    new = points_mm(volume.geometry)
    index = old.to_index(new.reshape(-1, 3)).reshape(new.shape)
    # Beyond the outermost centres the values at the edge go on; a tie may be rounded to either side.
    covered = ((index >= -1e-9) & (index <= np.array(old.size) - 1 + 1e-9)).all(axis=-1)
    assert covered.mean() > 0.7
    assert volume.hu.dtype == np.int16
    assert np.abs(volume.hu - new @ slope)[covered].max() <= 0.5 + 1e-9


@pytest.mark.parametrize("turned", [False, True])
def test_that_the_new_grid_has_the_old_centre_and_axes_and_covers_all(turned: bool) -> None:
    old = grid((33, 40, 9), (0.81, 0.81, 3.3), turned)
    new = resampled_geometry(old, 1.0)
    assert new.spacing_mm == (1.0, 1.0, 1.0)
    assert new.direction == old.direction
    assert new.size == (27, 33, 30)
    middles = [each.to_mm((np.array([each.size]) - 1) / 2) for each in (old, new)]
    np.testing.assert_allclose(middles[0], middles[1], atol=1e-9)


def test_that_spacing_in_single_precision_adds_no_voxel() -> None:
    assert resampled_geometry(grid((500, 500, 20), (float(np.float32(0.6)),) * 2 + (5.0,)), 1.0).size == (300, 300, 100)


def test_that_voxels_of_the_wanted_size_stay_as_they_are() -> None:
    geometry = grid((12, 11, 10), (1.0, 1.0, 1.0), turned=True)
    hu = np.random.default_rng(1).integers(-1024, 3071, geometry.shape).astype(np.int16)
    mask = ball(geometry, 4)
    volume, region = resampled(Volume(hu, geometry), mask, 1.0)
    assert volume.geometry.difference(geometry) is None
    np.testing.assert_array_equal(volume.hu, hu)
    np.testing.assert_array_equal(region.voxels, mask.voxels)


@given(
    st.tuples(*[st.integers(2, 12)] * 3),
    st.tuples(*[st.floats(0.5, 4.0)] * 3),
    st.floats(0.7, 3.0),
    st.sampled_from(["int16", "uint8", "float32"]),
    st.integers(0, 1000),
)
def test_that_values_and_region_are_those_of_scipy(
    size: tuple[int, int, int], spacing: tuple[float, float, float], wanted: float, kind: str, seed: int
) -> None:
    geometry = grid(size, spacing)
    rng = np.random.default_rng(seed)
    array = rng.integers(0, 200, geometry.shape).astype(kind)
    voxels = rng.random(geometry.shape) < 0.9
    voxels.flat[0] = True
    try:
        volume, region = resampled(Volume(array, geometry), Mask(voxels, geometry), wanted)
    except EsccError:
        assume(False)  # nothing is left of a tiny region: another test
    x, y, z = geometry.to_index(points_mm(volume.geometry).reshape(-1, 3)).T
    expected = ndimage.map_coordinates(array.astype(float), [z, y, x], order=1, mode="nearest")
    fraction = ndimage.map_coordinates(voxels.astype(float), [z, y, x], order=1, mode="nearest")
    assert np.abs(volume.hu.ravel() - expected).max() <= 0.5 + 1e-9
    clear = np.abs(fraction - 0.5) > 2e-4
    np.testing.assert_array_equal(region.voxels.ravel()[clear], (fraction > 0.5)[clear])


def test_that_a_mask_that_reaches_exactly_one_half_belongs() -> None:
    geometry = grid((8, 8, 8), (1.0, 1.0, 3.0))
    voxels = np.zeros(geometry.shape, dtype=bool)
    voxels[5:, 2:6, 2:6] = True
    # The new slices lie at 9.5, 11.5, 13.5 mm; the last is midway between an old one outside and one inside.
    _, region = resampled(Volume(np.zeros(geometry.shape, np.int16), geometry), Mask(voxels, geometry), 2.0)
    lowest = region.geometry.to_mm(np.array([[0, 0, region.bounding_box[0].start]]))[0, 2]
    assert lowest == pytest.approx(13.5)


def test_that_the_volume_of_a_ball_is_kept() -> None:
    geometry = grid((60, 60, 16), (0.7, 0.7, 2.5), turned=True)
    mask = ball(geometry, 12)
    _, region = resampled(Volume(np.zeros(geometry.shape, np.int16), geometry), mask, 1.0)
    assert region.volume_mm3 == pytest.approx(4 / 3 * np.pi * 12**3, rel=0.03)


def test_that_halves_are_rounded_to_the_even_number() -> None:
    geometry = grid((4, 2, 2), (1.0, 1.0, 1.0))
    hu = np.zeros(geometry.shape, np.int16)
    hu[:, :, :] = [0, 1, 2, 3]
    volume, _ = resampled(Volume(hu, geometry), Mask(np.ones(geometry.shape, bool), geometry), 0.5)
    # At -0.25, 0.25, 0.75, ... 3.25 mm there is no half; in steps of 2 mm there are 0.5 and 2.5.
    assert volume.hu[0, 0].tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    volume, _ = resampled(Volume(hu, geometry), Mask(np.ones(geometry.shape, bool), geometry), 2.0)
    assert volume.hu[0, 0].tolist() == [0, 2]


def test_that_the_same_input_gives_the_same_bits_whatever_the_order_in_memory() -> None:
    geometry = grid((20, 18, 7), (0.8, 0.8, 2.0))
    hu = np.random.default_rng(2).integers(-1024, 3071, geometry.shape).astype(np.int16)
    mask = ball(geometry, 5)
    digests = {
        resampled(Volume(array, geometry), mask, 1.0)[0].digest
        for array in (hu, np.asfortranarray(hu), hu.astype(">i2"), hu.astype(np.float32))
    }
    assert len(digests) == 1


def test_that_values_out_of_range_are_left_out_of_what_counts_but_not_of_the_shape() -> None:
    geometry = grid((8, 8, 8), (1.0, 1.0, 1.0))
    hu = np.full(geometry.shape, 40, np.int16)
    hu[3, 3, 3], hu[4, 4, 4], hu[3, 4, 4], hu[4, 3, 3] = -51, 151, -50, 150
    mask = ball(geometry, 3)
    params = with_settings(resampled_spacing_mm=None, resampling=None, resegmentation_hu=[-50.0, 150.0])
    scene = prepare(Volume(hu, geometry), mask, params)
    assert scene.region is mask
    assert scene.inside.n_voxels == mask.n_voxels - 2
    left_out = np.argwhere(scene.region.voxels & ~scene.inside.voxels)
    assert left_out.tolist() == [[3, 3, 3], [4, 4, 4]]
    assert scene.first_edge_hu is None


def test_that_without_resampling_nothing_is_touched() -> None:
    geometry = grid((8, 8, 8), (1.0, 1.0, 3.0))
    volume = Volume(np.zeros(geometry.shape, np.float32), geometry)
    mask = ball(geometry, 3)
    scene = prepare(volume, mask, load_params("ct_arterial"))
    assert scene.volume is volume
    assert scene.region is scene.inside is mask


@pytest.mark.parametrize(
    ("size", "spacing", "said"),
    [
        ((8, 8, 1), (1.0, 1.0, 5.0), "one single slice"),
        ((1, 8, 8), (1.0, 1.0, 5.0), "one single column"),
        ((2000, 2000, 40), (8.0, 8.0, 8.0), "are the limit"),
    ],
)
def test_that_a_grid_that_cannot_be_resampled_is_refused(
    size: tuple[int, int, int], spacing: tuple[float, float, float], said: str
) -> None:
    with pytest.raises(EsccError, match=said) as caught:
        resampled_geometry(grid(size, spacing), 1.0)
    assert caught.value.hint


def test_that_the_limit_of_voxels_is_one_a_computer_holds() -> None:
    assert MAX_VOXELS * 2 <= 2**31
    # 512 x 512 x 600 of 0.98 x 0.98 x 1 mm must pass.
    assert np.prod(resampled_geometry(grid((512, 512, 600), (0.98, 0.98, 1.0)), 1.0).size) < MAX_VOXELS


@pytest.mark.parametrize("value", [40_000.0, -32_769.0, np.nan, np.inf])
def test_that_values_that_are_no_hu_are_refused(value: float) -> None:
    geometry = grid((8, 8, 8), (1.0, 1.0, 2.0))
    values = np.zeros(geometry.shape)
    values[1, 2, 3] = value
    with pytest.raises(EsccError, match="HU between"):
        resampled(Volume(values, geometry), ball(geometry, 3), 1.0)


def test_that_a_lesion_that_vanishes_is_said_to() -> None:
    geometry = grid((30, 30, 30), (0.5, 0.5, 0.5))
    voxels = np.zeros(geometry.shape, dtype=bool)
    voxels[14, 14, 14] = True
    with pytest.raises(EsccError, match="Nothing is left of the lesion"):
        resampled(Volume(np.zeros(geometry.shape, np.int16), geometry), Mask(voxels, geometry), 2.0)
    params = with_settings(resampled_spacing_mm=None, resampling=None, resegmentation_hu=[50.0, 150.0])
    with pytest.raises(EsccError, match="between 50 and 150 HU"):
        prepare(Volume(np.zeros(geometry.shape, np.int16), geometry), ball(geometry, 3), params)


def test_that_resampling_can_be_stopped_at_every_slice() -> None:
    geometry = Geometry((4, 4, 6), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    voxels = np.zeros(geometry.shape, dtype=bool)
    voxels[2:4, 1:3, 1:3] = True
    calls: list[None] = []

    def check() -> None:
        calls.append(None)
        if len(calls) == 8:
            raise Cancelled

    with pytest.raises(Cancelled):
        prepare(
            Volume(np.zeros(geometry.shape, np.int16), geometry),
            Mask(voxels, geometry),
            load_params("ct_arterial_iso"),
            check,
        )
