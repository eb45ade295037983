"""How robust features are when single readings are perturbed."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage, stats

from escc_desktop.errors import EsccError
from escc_desktop.features.perturb import Amplitudes, Recipe, perturbed
from escc_desktop.features.table import FeatureTable, RoiKey
from escc_desktop.imaging.mask import Mask
from escc_desktop.imaging.volume import Geometry, Volume
from escc_desktop.prognosis.robustness import PerturbedLesion, robustness, spread

# Shrout and Fleiss 1979, table 2; psych::ICC gives ICC1 0.17 (-0.13 to 0.72).
SHROUT_FLEISS = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]


def _key(patient: str, lesion: str = "L1") -> RoiKey:
    return RoiKey(patient, lesion, "", "A", "first")


def _lesions(values: np.ndarray) -> list[PerturbedLesion]:
    return [PerturbedLesion(_key(f"P{number}"), rows) for number, rows in enumerate(values)]


def test_that_shrout_and_fleiss_get_their_own_icc_1_1() -> None:
    found = robustness(["x"], _lesions(np.array(SHROUT_FLEISS, dtype=float)[:, :, None]))
    numbers = (found.icc.icc[0], found.icc.lower[0], found.icc.upper[0])
    assert numbers == pytest.approx((0.1657, -0.1329, 0.7226), abs=2e-4)
    assert (found.n_patients, found.n_lesions, found.n_perturbations) == (6, 6, 4)
    assert not found.passed[0]


@pytest.mark.reference
def test_that_icc_1_1_is_that_of_psych_in_r(reference_dir: Path) -> None:
    folder = reference_dir / "reference" / "statistics" / "icc" / "a"
    expected = json.loads((folder / "expected.json").read_text())["features"]
    with (folder / "input.csv").open() as file:
        rows = list(csv.DictReader(file))
    for feature, comparisons in expected.items():
        own = sorted((row for row in rows if row["feature"] == feature), key=lambda row: int(row["subject"]))
        ratings = np.array([[float(row["A1"]), float(row["A2"])] for row in own])
        truth = comparisons["intra_A1_A2"]["ICC1"]
        found = robustness([feature], _lesions(ratings[:, :, None])).icc.of(0)
        assert (found.icc, found.lower, found.upper) == pytest.approx(
            (truth["icc"], truth["lower"], truth["upper"]), abs=1e-9
        )


def test_that_the_order_of_the_perturbations_within_a_lesion_does_not_matter() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(5, 6, 3)) + rng.normal(size=(5, 1, 3))
    shuffled = np.stack([rows[rng.permutation(6)] for rows in values])
    one, other = robustness("abc", _lesions(values)), robustness("abc", _lesions(shuffled))
    np.testing.assert_allclose(one.icc.icc, other.icc.icc, rtol=1e-12)


def test_that_a_feature_passes_from_the_threshold_on_and_a_constant_one_never() -> None:
    values = np.zeros((4, 3, 3))
    values[:, :, 0] = np.arange(4)[:, None] * 10 + np.array([0, 0.1, -0.1])
    values[:, :, 1] = np.random.default_rng(1).normal(size=(4, 3))
    found = robustness(["steady", "noise", "constant"], _lesions(values), 0.9)
    assert list(found.passed) == [True, False, False]
    assert list(found.is_constant) == [False, False, True]
    assert np.isnan(found.icc.icc[2])


def test_that_lesions_of_one_patient_count_as_lesions_and_the_patient_once() -> None:
    values = np.random.default_rng(1).normal(size=(2, 1))
    lesions = [PerturbedLesion(_key(*ids), values) for ids in (("P1", "L1"), ("P1", "L2"), ("P2", "L1"))]
    found = robustness(["x"], lesions)
    assert (found.n_patients, found.n_lesions) == (2, 3)


def test_that_two_lesions_or_one_perturbation_are_refused() -> None:
    with pytest.raises(EsccError, match="at least 3 lesions"):
        robustness(["x"], _lesions(np.zeros((2, 5, 1))))
    with pytest.raises(EsccError, match="at least 2 perturbations"):
        robustness(["x"], _lesions(np.zeros((3, 1, 1))))
    with pytest.raises(EsccError, match="at least 2 perturbations"):
        spread(_lesions(np.zeros((1, 1, 1)))[0], ["x"])


def test_that_the_spread_of_a_lesion_is_that_of_scipy() -> None:
    values = np.random.default_rng(2).normal(50, 5, (12, 2))
    found = spread(PerturbedLesion(_key("P1"), values), ["a", "b"])
    np.testing.assert_allclose(found.cv, stats.variation(values, axis=0, ddof=1))
    np.testing.assert_allclose(found.quartile_spread, stats.iqr(values, axis=0) / np.median(values, axis=0))
    assert np.isnan(found.share).all()


def test_that_a_spread_around_zero_has_no_relative_size() -> None:
    found = spread(PerturbedLesion(_key("P1"), np.array([[-1.0], [1.0]])), ["x"])
    assert np.isnan(found.cv[0])
    assert np.isnan(found.quartile_spread[0])
    assert found.sd[0] == pytest.approx(np.sqrt(2))


def test_that_the_share_of_a_cohort_s_variance_tells_what_the_icc_would_be() -> None:
    rng = np.random.default_rng(3)
    truth, noise = rng.normal(0, 3, 400), rng.normal(0, 1, (400, 20))
    values = truth[:, None] + noise
    names = ("A_original_glcm_Idm",)
    keys = tuple(_key(f"P{number}") for number in range(400))
    cohort = FeatureTable(keys, names, values[:, :1])
    shares = [spread(PerturbedLesion(keys[k], values[k][:, None]), names, cohort).share[0] for k in range(400)]
    icc = robustness(names, _lesions(values[:, :, None])).icc.icc[0]
    assert 1 - np.mean(shares) == pytest.approx(icc, abs=0.02)


def test_that_a_cohort_of_two_or_without_the_feature_is_refused() -> None:
    lesion = PerturbedLesion(_key("P1"), np.zeros((3, 1)))
    name = "A_original_glcm_Idm"
    cohort = FeatureTable((_key("P1"), _key("P2")), (name,), np.zeros((2, 1)))
    with pytest.raises(EsccError, match="2 first readings"):
        spread(lesion, [name], cohort)
    with pytest.raises(EsccError, match="not in the table"):
        spread(lesion, ["A_original_glcm_Id"], cohort)


def _planted(number: int) -> tuple[Volume, Mask]:
    """A ball of its own brightness and size; the grain within it is of one kind in all lesions."""
    geometry = Geometry((40, 40, 28), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    z, y, x = np.ogrid[:28, :40, :40]
    voxels = (z - 14) ** 2 + (y - 20) ** 2 + (x - 20) ** 2 <= (6 + 0.5 * number) ** 2
    grain = np.random.default_rng(number).normal(0, 10, geometry.shape)
    hu = np.where(ndimage.binary_dilation(voxels), 20.0 + 15 * number, -100.0) + grain
    return Volume(np.rint(hu).astype(np.int16), geometry), Mask(voxels, geometry)


def _measured(chain: str) -> dict[str, float]:
    """ICC(1,1) of four measures whose order is known beforehand."""
    recipe = Recipe.of(chain, 5, [1.0, 2.0], Amplitudes(growth=0.15))
    lesions = []
    for number in range(6):
        volume, mask = _planted(number)
        rows = []
        for k in range(6):
            image, outline = perturbed(volume, mask, recipe, k)
            hu = image.hu[outline.voxels].astype(float)
            rows.append([hu.mean(), np.sqrt(outline.n_voxels), stats.skew(hu), np.ptp(hu)])
        lesions.append(PerturbedLesion(_key(f"P{number}"), np.array(rows)))
    found = robustness(["mean", "size", "skewness", "range"], lesions)
    return dict(zip(found.names, found.icc.icc.tolist(), strict=True))


def test_that_the_brightness_of_a_ball_is_steadier_than_the_accidents_of_its_grain() -> None:
    found = _measured("NT")
    assert found["mean"] > 0.99
    assert found["size"] > 0.98
    assert found["skewness"] < 0.5
    assert found["range"] < 0.8


def test_that_what_a_perturbation_does_not_touch_stays_and_what_it_touches_suffers() -> None:
    volume_changed, image_changed = _measured("V"), _measured("N")
    assert image_changed["size"] == pytest.approx(1.0)
    assert volume_changed["size"] < 0.97
    assert volume_changed["mean"] > 0.95
