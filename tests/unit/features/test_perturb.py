"""The same lesion as it might have been imaged and drawn another time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import pywt
from scipy import ndimage

from escc_desktop.errors import EsccError, UsageError
from escc_desktop.features.outline import redrawn, resized, supervoxels
from escc_desktop.features.perturb import Amplitudes, Recipe, draw, noise_sd, perturbed
from escc_desktop.features.rigid import Move, move_image, move_mask
from escc_desktop.imaging.mask import Mask, Region, dice
from escc_desktop.imaging.volume import Geometry, Volume

SIGMAS = [1.0, 2.0]
ISOTROPIC = (1.0, 1.0, 1.0)


def _ball(shape: tuple[int, int, int], centre: tuple[float, float, float], radius: float) -> np.ndarray:
    axes = np.ogrid[tuple(slice(0, length) for length in shape)]
    return sum((axis - middle) ** 2 for axis, middle in zip(axes, centre, strict=True)) <= radius**2


def _lesion(dtype: type = np.int16) -> tuple[Volume, Mask]:
    geometry = Geometry((48, 44, 30), (0.8, 0.9, 1.5), (0.0, 0.0, 0.0))
    voxels = _ball(geometry.shape, (14, 21, 23), 7)
    rng = np.random.default_rng(4)
    hu = np.where(voxels, 60.0, -50.0) + ndimage.gaussian_filter(rng.normal(0, 60, geometry.shape), 1)
    return Volume(np.rint(hu).astype(dtype), geometry), Mask(voxels, geometry)


def _recipe(chain: str, seed: int = 3, **amplitudes: float) -> Recipe:
    return Recipe.of(chain, seed, SIGMAS, Amplitudes(**amplitudes))


def _box(shape: tuple[int, ...], margin: int) -> Region:
    z, y, x = (slice(margin, length - margin) for length in shape)
    return z, y, x


@pytest.mark.parametrize("dtype", [np.int16, np.float32, np.uint16])
def test_that_a_turn_by_nothing_and_a_shift_by_nothing_leave_every_bit(dtype: type) -> None:
    volume, mask = _lesion()
    volume = Volume((volume.hu.astype(np.int32) + 500).astype(dtype), volume.geometry)
    still = Move(0.0, (0.0, 0.0, 0.0), (21.3, 22.7))
    whole = _box(volume.hu.shape, 0)
    np.testing.assert_array_equal(move_image(volume.hu, still, whole, volume.geometry.spacing_mm), volume.hu)
    np.testing.assert_array_equal(move_mask(mask.voxels, still, whole, volume.geometry.spacing_mm), mask.voxels)
    image, outline = perturbed(volume, mask, _recipe("NRTV", angle_deg=0, shift_voxels=0, noise=0, growth=0), 0)
    assert image is volume
    assert outline.digest == mask.digest


def test_that_a_whole_voxel_shift_moves_the_voxels_themselves() -> None:
    volume, mask = _lesion()
    move = Move(0.0, (1.0, -2.0, 1.0), (0.0, 0.0))
    box = _box(volume.hu.shape, 4)
    expected = np.roll(volume.hu, (1, -2, 1), (0, 1, 2))[box]
    np.testing.assert_allclose(move_image(volume.hu, move, box, ISOTROPIC), expected, atol=1e-9)
    np.testing.assert_array_equal(
        move_mask(mask.voxels, move, box, ISOTROPIC), np.roll(mask.voxels, (1, -2, 1), (0, 1, 2))[box]
    )


def test_that_a_quarter_turn_is_that_of_numpy() -> None:
    values = np.random.default_rng(0).normal(size=(3, 11, 11))
    turned = move_image(values, Move(90.0, (0.0, 0.0, 0.0), (5.0, 5.0)), _box(values.shape, 0), ISOTROPIC)
    # From x to y, that is from columns to rows: clockwise where rows run down.
    np.testing.assert_allclose(turned, np.rot90(values, -1, axes=(1, 2)), atol=1e-9)


def test_that_a_ramp_turned_and_shifted_is_exact() -> None:
    z, y, x = np.meshgrid(*(np.arange(n, dtype=float) for n in (60, 70, 70)), indexing="ij")
    spacing = (0.7, 0.9, 2.0)
    ramp = 3.0 * x * spacing[0] - 2.0 * y * spacing[1] + 1.5 * z * spacing[2]
    # Far enough inside that the ramp's end, where the image goes on level, is forgotten.
    move, box = Move(11.0, (0.3, -0.45, 0.2), (34.5, 33.0)), (slice(25, 35), slice(27, 43), slice(27, 43))
    angle = np.radians(11.0)
    off_x, off_y = (x - 0.2 - 33.0) * spacing[0], (y + 0.45 - 34.5) * spacing[1]
    source_x = 33.0 * spacing[0] + np.cos(angle) * off_x + np.sin(angle) * off_y
    source_y = 34.5 * spacing[1] - np.sin(angle) * off_x + np.cos(angle) * off_y
    expected = 3.0 * source_x - 2.0 * source_y + 1.5 * (z - 0.3) * spacing[2]
    np.testing.assert_allclose(move_image(ramp, move, box, spacing), expected[box], atol=1e-9)


def test_that_a_moved_image_is_that_of_scipy_s_spline() -> None:
    values = np.random.default_rng(3).normal(size=(30, 40, 44))
    angle, spacing = np.radians(-7.0), (0.8, 1.1, 3.0)
    move, box = Move(-7.0, (0.4, 0.25, -0.3), (19.0, 22.0)), (slice(10, 20), slice(15, 25), slice(15, 29))
    to_mm = np.diag([spacing[1], spacing[0]])
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = np.eye(3)
    matrix[1:, 1:] = np.linalg.inv(to_mm) @ turn @ to_mm
    centre, shift = np.array([0.0, 19.0, 22.0]), np.array([0.4, 0.25, -0.3])
    expected = ndimage.affine_transform(values, matrix, centre - matrix @ (centre + shift), order=3, mode="nearest")
    np.testing.assert_allclose(move_image(values, move, box, spacing), expected[box], atol=1e-6)


def test_that_a_turned_mask_lies_where_its_corners_were_turned_to() -> None:
    voxels = np.zeros((5, 61, 61), dtype=bool)
    voxels[1:4, 25:36, 10:51] = True
    turned = move_mask(voxels, Move(30.0, (0.0, 0.0, 0.0), (30.0, 30.0)), _box(voxels.shape, 0), ISOTROPIC)
    _, rows, columns = np.nonzero(turned)
    covariance = np.cov(columns, rows)
    _, vectors = np.linalg.eigh(covariance)
    slope = np.degrees(np.arctan2(vectors[1, 1], vectors[0, 1])) % 180
    assert slope == pytest.approx(30.0, abs=0.5)
    assert turned.sum() == pytest.approx(voxels.sum(), rel=0.02)


@pytest.mark.parametrize("n_change", [-500, -137, -1, 0, 1, 138, 900])
def test_that_a_lesion_grows_and_shrinks_by_exactly_the_voxels_asked_for(n_change: int) -> None:
    voxels = _ball((24, 24, 24), (12, 12, 12), 7)
    changed = resized(voxels, n_change, (0.7, 0.7, 1.3), np.random.default_rng(0))
    assert changed.sum() == voxels.sum() + n_change
    assert np.all(changed[voxels]) if n_change >= 0 else np.all(voxels[changed])


def test_that_growth_follows_millimetres_not_voxels() -> None:
    voxels = np.zeros((21, 21, 21), dtype=bool)
    voxels[8:13, 8:13, 8:13] = True
    changed = resized(voxels, 100, (1.0, 1.0, 5.0), np.random.default_rng(0))
    assert not changed[7].any()
    assert not changed[13].any()


@pytest.mark.parametrize("seed", range(4))
def test_that_the_volume_of_a_perturbed_lesion_is_the_one_drawn(seed: int) -> None:
    volume, mask = _lesion()
    recipe = _recipe("V", seed)
    growth = draw(recipe, mask.digest, 5).growth
    _, outline = perturbed(volume, mask, recipe, 5)
    assert outline.n_voxels == mask.n_voxels + round(growth * mask.n_voxels)


def test_that_noise_is_estimated_as_from_the_wavelet_of_pywavelets() -> None:
    noise = np.random.default_rng(5).normal(0, 12, (40, 64, 64))
    smooth = 300 * np.sin(np.arange(64) / 9.0)
    estimate = noise_sd(noise + smooth)
    band = pywt.swtn(noise + smooth, "coif1", level=1)[0]["ddd"][6:-6, 6:-6, 6:-6]
    assert estimate == pytest.approx(np.median(np.abs(band)) / 0.6744897501960817, rel=0.02)
    assert estimate == pytest.approx(12, rel=0.02)


def test_that_noise_added_has_the_strength_estimated() -> None:
    geometry = Geometry((60, 60, 40), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    hu = np.rint(np.random.default_rng(1).normal(40, 15, geometry.shape)).astype(np.int16)
    volume, mask = Volume(hu, geometry), Mask(_ball(geometry.shape, (20, 30, 30), 8), geometry)
    image, outline = perturbed(volume, mask, _recipe("N"), 0)
    added = (image.hu.astype(float) - hu)[mask.voxels]
    assert added.std() == pytest.approx(15, rel=0.06)
    assert abs(added.mean()) < 1.5
    assert outline.digest == mask.digest
    assert image.hu.dtype == np.int16


def test_that_supervoxels_follow_an_edge_and_mostly_inner_ones_stay() -> None:
    volume, mask = _lesion()
    segments = supervoxels(volume.hu.astype(float), mask.voxels, volume.geometry.spacing_mm)
    size = np.bincount(segments.ravel())
    inside = np.bincount(segments.ravel(), weights=mask.voxels.ravel())
    share = np.divide(inside, size, out=np.zeros(size.size), where=size > 0)
    drawn = redrawn(segments, mask.voxels, np.random.default_rng(0))
    assert np.all(drawn[share[segments] >= 0.9])
    closed_only = ndimage.binary_dilation(share[segments] >= 0.2)
    assert not np.any(drawn & ~closed_only)


def test_that_a_supervoxel_is_taken_as_often_as_its_share_says() -> None:
    segments = np.repeat(np.arange(1, 5), 40).reshape(1, 4, 40)
    voxels = np.zeros(segments.shape, dtype=bool)
    for row, share in enumerate((1.0, 0.5, 0.3, 0.1)):
        voxels[0, row, : int(40 * share)] = True
    rng = np.random.default_rng(0)
    taken = np.mean([redrawn(segments, voxels, rng)[0, :, 20] for _ in range(600)], axis=0)
    assert taken[0] == 1.0
    assert taken[1] == pytest.approx(0.5, abs=0.08)
    assert taken[3] == 0.0


@pytest.mark.parametrize("chain", ["N", "R", "T", "V", "C", "NRTVC"])
def test_that_a_perturbation_depends_on_recipe_lesion_and_number_alone(chain: str) -> None:
    volume, mask = _lesion()

    def result(number: int, seed: int = 3) -> tuple[str, str]:
        image, outline = perturbed(volume, mask, _recipe(chain, seed), number)
        return image.digest, outline.digest

    first = result(2)
    # A sharp edge leaves few supervoxels to chance: some of several draws differ, not all.
    assert any(result(number) != first for number in range(3, 7))
    assert any(result(2, seed) != first for seed in range(4, 8))
    assert result(2) == first


def test_that_each_letter_draws_the_same_in_every_chain() -> None:
    _, mask = _lesion()
    alone, chained = draw(_recipe("R"), mask.digest, 1), draw(_recipe("CVTRN"), mask.digest, 1)
    assert alone.angle_deg == chained.angle_deg
    assert alone.shift == (0.0, 0.0, 0.0)
    assert (alone.growth, alone.noise) == (0.0, 0.0)


def test_that_amounts_stay_within_their_amplitudes_and_fill_them() -> None:
    _, mask = _lesion()
    draws = [draw(_recipe("RTV"), mask.digest, number) for number in range(200)]
    angles, growths = np.array([each.angle_deg for each in draws]), np.array([each.growth for each in draws])
    shifts = np.array([each.shift for each in draws])
    assert 5.5 < np.abs(angles).max() <= 6
    assert 0.18 < np.abs(growths).max() <= 0.2
    assert np.all(np.abs(shifts).max(axis=0) <= 0.5)
    assert np.all(np.abs(shifts).max(axis=0) > 0.45)
    assert abs(np.corrcoef(angles, growths)[0, 1]) < 0.2


def test_that_the_scan_far_from_the_lesion_stays_as_it_is() -> None:
    geometry = Geometry((120, 120, 20), (1.0, 1.0, 3.0), (0.0, 0.0, 0.0))
    hu = np.random.default_rng(0).integers(-100, 100, geometry.shape).astype(np.int16)
    hu[3, 5, 5] = 3000
    volume, mask = Volume(hu, geometry), Mask(_ball(geometry.shape, (10, 80, 80), 6), geometry)
    image, outline = perturbed(volume, mask, _recipe("NRT"), 0)
    assert image.hu.max() == 3000
    changed = np.nonzero(image.hu != hu)
    z, y, x = outline.bounding_box
    assert changed[1].min() == y.start - 10 - 24 - 2
    assert changed[2].min() == x.start - 10 - 24 - 2
    assert changed[0].min() == max(0, z.start - 4 - 8 - 2)


def test_that_a_moved_lesion_keeps_its_voxels_inside_it() -> None:
    """Bright on dark: image and mask move together, so that the mean stays."""
    geometry = Geometry((40, 40, 30), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    voxels = _ball(geometry.shape, (15, 20, 19), 8)
    hu = np.where(ndimage.binary_dilation(voxels, iterations=2), 100, -900).astype(np.int16)
    volume, mask = Volume(hu, geometry), Mask(voxels, geometry)
    for number in range(3):
        image, outline = perturbed(volume, mask, _recipe("RT", angle_deg=30), number)
        assert image.hu[outline.voxels].mean() == pytest.approx(100, abs=2)
        assert outline.n_voxels == pytest.approx(mask.n_voxels, rel=0.03)
        assert dice(mask, outline) > 0.85


def test_that_pixels_stay_within_their_type() -> None:
    geometry = Geometry((30, 30, 10), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    hu = np.where(np.random.default_rng(0).random(geometry.shape) > 0.5, 32767, -32768).astype(np.int16)
    image, _ = perturbed(Volume(hu, geometry), Mask(_ball(geometry.shape, (5, 15, 15), 4), geometry), _recipe("NRT"), 0)
    assert image.hu.dtype == np.int16
    assert image.hu.max() == 32767


def test_that_a_lesion_at_the_border_and_in_one_slice_can_be_perturbed() -> None:
    geometry = Geometry((24, 20, 1), (1.0, 1.0, 5.0), (0.0, 0.0, 0.0))
    voxels = np.zeros(geometry.shape, dtype=bool)
    voxels[0, :9, :8] = True
    hu = np.random.default_rng(0).integers(-50, 50, geometry.shape).astype(np.int16)
    _, outline = perturbed(Volume(hu, geometry), Mask(voxels, geometry), _recipe("NRTVC"), 1)
    assert outline.n_voxels >= 8


def test_that_what_leaves_nothing_is_drawn_anew_and_refused_in_the_end() -> None:
    volume, mask = _lesion()
    speck = np.zeros(mask.voxels.shape, dtype=bool)
    speck[10, 10:12, 10:14] = True
    for number in range(12):
        assert perturbed(volume, Mask(speck, mask.geometry), _recipe("V"), number)[1].n_voxels >= 8
    line = np.zeros(mask.voxels.shape, dtype=bool)
    line[10, 10, 5:25] = True
    with pytest.raises(EsccError, match="too small"):
        perturbed(volume, Mask(line, mask.geometry), _recipe("R", angle_deg=0), 0)
    with pytest.raises(EsccError, match="empty"):
        perturbed(volume, Mask(np.zeros_like(line), mask.geometry), _recipe("R"), 0)


def test_that_a_flat_image_can_be_perturbed() -> None:
    volume, mask = _lesion()
    flat = Volume(np.zeros_like(volume.hu), volume.geometry)
    image, outline = perturbed(flat, mask, _recipe("NRTVC"), 0)
    assert not image.hu.any()
    assert outline.n_voxels > 100


@pytest.mark.parametrize("chain", ["", "RR", "RX", "rotation"])
def test_that_a_chain_with_unknown_or_repeated_letters_is_refused(chain: str) -> None:
    with pytest.raises(UsageError, match="no chain of perturbations"):
        Recipe.of(chain, 1, SIGMAS)


def test_that_recipes_are_known_by_their_digest() -> None:
    assert Recipe.of("vtr", 1, SIGMAS) == Recipe.of("RTV", 1, SIGMAS)
    base = _recipe("RTV")
    others = [replace(base, seed=9), replace(base, chain="RT"), _recipe("RTV", growth=0.1)]
    assert len({base.digest, *(other.digest for other in others)}) == 4
    with pytest.raises(UsageError, match="seed"):
        Recipe.of("RTV", -1, SIGMAS)
    with pytest.raises(UsageError, match="growth"):
        Amplitudes(growth=0.9)
