"""Agreement against published tables and laws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from escc_desktop.errors import EsccError
from escc_desktop.stats.agreement import ICC_FORMS, bland_altman, icc, icc_many

# Shrout and Fleiss 1979, table 2: six targets rated by four judges; table 4 and its intervals.
SHROUT_FLEISS = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]])

# Bland and Altman 1986: peak flow (l/min) of 17 people with two meters.
WRIGHT = [494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427]
MINI_WRIGHT = [512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451]


@pytest.mark.parametrize(
    ("form", "value"),
    [("icc1", 0.17), ("icc2", 0.29), ("icc3", 0.71), ("icc1k", 0.44), ("icc2k", 0.62), ("icc3k", 0.91)],
)
def test_that_the_six_forms_are_those_of_shrout_and_fleiss(form: str, value: float) -> None:
    assert round(icc(SHROUT_FLEISS, form).icc, 2) == value


@pytest.mark.parametrize(
    ("form", "lower", "upper"), [("icc1", -0.13, 0.72), ("icc2", 0.02, 0.76), ("icc3", 0.34, 0.95)]
)
def test_that_the_intervals_are_the_published_ones(form: str, lower: float, upper: float) -> None:
    found = icc(SHROUT_FLEISS, form)
    assert (round(found.lower, 2), round(found.upper, 2)) == (lower, upper)


def test_that_fifteen_patients_say_little() -> None:
    # research/clinical.md, rule 11: an observed 0.847 with 15 patients has the interval 0.60 to 0.95.
    rng = np.random.default_rng(0)
    shared, error = rng.normal(size=15), rng.normal(size=15)
    error -= shared * (shared @ error) / (shared @ shared)
    low, high = 0.0, 5.0
    for _ in range(80):
        middle = (low + high) / 2
        ratings = np.column_stack([shared + middle * error, shared - middle * error])
        low, high = (middle, high) if icc(ratings, "icc3").icc > 0.847 else (low, middle)
    found = icc(ratings, "icc3")
    assert (round(found.lower, 1), round(found.upper, 2)) == (0.6, 0.95)


@given(st.integers(0, 10_000), st.floats(-1e3, 1e3), st.floats(0.01, 100), st.sampled_from(ICC_FORMS))
def test_that_a_common_shift_and_scale_move_no_icc(seed: int, shift: float, scale: float, form: str) -> None:
    ratings = np.random.default_rng(seed).normal(size=(8, 3))
    base, moved = icc(ratings, form), icc(ratings * scale + shift, form)
    np.testing.assert_allclose(
        [moved.icc, moved.lower, moved.upper], [base.icc, base.lower, base.upper], rtol=1e-6, atol=1e-7
    )


@given(st.integers(0, 10_000))
def test_that_consistency_ignores_a_reader_bias_and_agreement_does_not(seed: int) -> None:
    rng = np.random.default_rng(seed)
    ratings = rng.normal(size=(10, 1)) + 0.1 * rng.normal(size=(10, 2))
    biased = ratings + np.array([0.0, 5.0])
    assert icc(biased, "icc3").icc == pytest.approx(icc(ratings, "icc3").icc, rel=1e-9)
    assert icc(biased, "icc2").icc < icc(ratings, "icc2").icc


@pytest.mark.parametrize("form", ICC_FORMS)
def test_that_many_features_give_what_each_gives_alone(form: str) -> None:
    ratings = np.random.default_rng(5).normal(size=(15, 2, 7)) + np.arange(15)[:, None, None]
    many = icc_many(ratings, form)
    for k in range(7):
        alone, among = icc(ratings[:, :, k], form), many.of(k)
        np.testing.assert_allclose(
            [among.icc, among.F, among.p, among.lower, among.upper],
            [alone.icc, alone.F, alone.p, alone.lower, alone.upper],
            rtol=1e-9,
        )


def test_that_a_constant_or_incomplete_feature_has_no_icc_and_spoils_no_other() -> None:
    ratings = np.random.default_rng(5).normal(size=(15, 2, 3))
    ratings[:, :, 0] = 4.0
    ratings[3, 1, 1] = np.nan
    found = icc_many(ratings, "icc2")
    assert np.isnan(found.icc).tolist() == [True, True, False]
    assert np.isfinite(found.lower[2])


def test_that_perfect_agreement_is_1_without_an_f_value() -> None:
    column = np.arange(15.0)
    for form in ICC_FORMS:
        assert icc(np.column_stack([column, column]), form).icc == 1
    assert np.isnan(icc(np.column_stack([column, column])).F)


def test_that_two_patients_or_absurd_values_give_no_limits_and_no_warning() -> None:
    two = icc(np.array([[1.0, 1.1], [5.0, 5.3]]))
    assert two.icc > 0.9
    assert not two.lower > two.icc
    huge = icc_many(np.full((5, 2, 1), 1e200) * np.arange(1, 6)[:, None, None])
    assert np.isnan(huge.icc).all()


@pytest.mark.parametrize("shape", [(1, 2, 3), (5, 1, 3), (5, 2)])
def test_that_too_few_readings_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(EsccError, match="at least 2 patients and 2 readings"):
        icc_many(np.zeros(shape))


def test_that_an_unknown_form_is_refused_with_the_forms_there_are() -> None:
    with pytest.raises(EsccError, match="icc2k"):
        icc(SHROUT_FLEISS, "icc4")


def test_that_the_limits_of_agreement_of_the_peak_flow_meters_are_the_published_ones() -> None:
    found = bland_altman(MINI_WRIGHT, WRIGHT)
    assert round(found.bias, 1) == -2.1
    assert round(found.sd, 1) == 38.8
    # The paper takes 2 for 1.96 and rounds before it multiplies.
    assert found.bias - 2 * found.sd == pytest.approx(-79.7, abs=0.1)
    assert found.bias + 2 * found.sd == pytest.approx(75.5, abs=0.1)
    assert (round(found.bias_lower, 1), round(found.bias_upper, 1)) == (-22.0, 17.8)


def test_that_readings_of_different_patients_are_refused() -> None:
    with pytest.raises(EsccError, match="there are 2 and 3"):
        bland_altman([1, 2], [1, 2, 3])


@pytest.mark.parametrize("form", ["icc1", "icc2", "icc3"])
def test_that_a_constant_whose_mean_is_not_quite_itself_has_no_icc(form):
    """The mean of six times 0.1 differs from 0.1 in its last digit."""
    ratings = np.full((3, 2, 2), 0.1)
    ratings[:, :, 1] = [[1, 2], [3, 4], [5, 7]]
    found = icc_many(ratings, form)
    assert np.isnan(found.icc[0])
    assert np.isfinite(found.icc[1])
