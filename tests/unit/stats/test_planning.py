"""The planner against published worked examples, and against theory."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from escc_desktop.errors import EsccError
from escc_desktop.stats.agreement import icc_all_forms, icc_many
from escc_desktop.stats.planning import (
    FollowUp,
    Widths,
    plan_development,
    plan_validation,
    r2_of_c,
    rereads_for_bound,
    rereads_for_width,
)
from escc_desktop.stats.quantiles import f_upper_denominator, f_upper_numerator

VTE = FollowUp(rate=0.065, mean_time=2.07, horizon=2)


def test_that_development_is_sized_as_in_riley_s_example_of_recurrent_thrombosis() -> None:
    found = plan_development(30, VTE, 0.051)
    assert (found.n_shrinkage, found.n_optimism, found.n, found.events) == (5143, 1039, 5143, 692)
    assert found.events_per_parameter == pytest.approx(23.07, abs=0.005)
    assert found.r2_largest == pytest.approx(0.555, abs=0.0005)


def test_that_a_c_of_0_69_is_the_r2_riley_derives_from_it() -> None:
    assert r2_of_c(0.69, VTE.event_share) == pytest.approx(0.051, abs=0.0015)


def test_that_the_overall_risk_s_number_of_patients_holds_it_within_5_per_cent_and_one_fewer_does_not() -> None:
    follow_up = FollowUp(0.06, 10, 12)
    n = plan_development(1, follow_up, 0.3).n_risk

    def off(patients: int) -> tuple[float, float]:
        half = 1.959964 * np.sqrt(0.06 / (patients * 10))
        return float(np.exp(-0.06 * 12) - np.exp(-(0.06 + half) * 12)), float(
            np.exp(-(0.06 - half) * 12) - np.exp(-0.06 * 12)
        )

    assert max(off(n)) <= 0.05 < max(off(n - 1))


def test_that_validation_is_sized_as_in_riley_s_example_of_a_rare_outcome() -> None:
    found = plan_validation(0.018, 0.8, Widths(observed_expected=1, slope=0.2, c=0.1), lp=(-5, 2.5))
    assert found.n_c == 4252
    assert found.n_calibration == pytest.approx(905, abs=1)
    # The published number is from a simulated linear predictor.
    assert found.n_slope == pytest.approx(4544, rel=0.01)


def test_that_the_slope_of_as_many_simulated_patients_has_the_standard_error_asked_for() -> None:
    n = plan_validation(0.3, 0.75, Widths(slope=0.4)).n_slope
    rng, errors = np.random.default_rng(1), []
    mean, sd = -0.95, 1.08
    for _ in range(20):
        value = mean + sd * rng.normal(size=n)
        weight = special.expit(value) * special.expit(-value)
        X = np.column_stack([np.ones(n), value])
        errors.append(np.sqrt(np.linalg.inv((X * weight[:, None]).T @ X)[1, 1]))
    assert np.mean(errors) == pytest.approx(0.4 / 2 / 1.96, rel=0.06)


def test_that_rereads_for_a_bound_are_those_computed_for_the_study() -> None:
    assert [rereads_for_bound(icc, 0.75).n for icc in (0.90, 0.85)] == [18, 51]


def test_that_rereads_for_a_bound_come_near_the_table_of_walter_and_others() -> None:
    assert rereads_for_bound(0.8, 0.6, assurance=0.8, level=0.9).n == pytest.approx(39, abs=1)


@pytest.mark.parametrize(("icc", "width", "readings"), [(0.8, 0.2, 2), (0.9, 0.1, 2), (0.6, 0.3, 3)])
def test_that_the_interval_at_the_planned_number_is_as_wide_as_asked(icc: float, width: float, readings: int) -> None:
    n, k = rereads_for_width(icc, width, readings).n, readings
    df1, df2 = n - 1, (n - 1) * (k - 1)
    ratio = (1 + (k - 1) * icc) / (1 - icc)
    low, high = ratio / stats.f.isf(0.025, df1, df2), ratio * stats.f.isf(0.025, df2, df1)
    assert (high - 1) / (high + k - 1) - (low - 1) / (low + k - 1) == pytest.approx(width, rel=0.07)


@given(st.floats(0.55, 0.95), st.floats(0.05, 0.4))
def test_that_a_narrower_interval_never_needs_fewer_lesions(icc: float, width: float) -> None:
    assert rereads_for_width(icc, width / 2).n >= rereads_for_width(icc, width).n


@pytest.mark.parametrize(
    "ask",
    [
        lambda: rereads_for_width(1.2, 0.2),
        lambda: rereads_for_width(0.8, 0.2, readings=1),
        lambda: rereads_for_bound(0.7, 0.75),
        lambda: plan_development(0, VTE, 0.05),
        lambda: plan_development(5, VTE, 0.9),
        lambda: FollowUp(0, 1, 1),
        lambda: r2_of_c(0.5, 0.1),
        lambda: plan_validation(0.0, 0.8),
        lambda: plan_validation(0.3, 0.8, Widths(c=0)),
    ],
)
def test_that_what_cannot_be_planned_is_refused(ask: object) -> None:
    with pytest.raises(EsccError):
        ask()  # type: ignore[operator]


@pytest.mark.parametrize("tail", [0.025, 0.0005])
@pytest.mark.parametrize("other", [2.0, 14.0, 499.0])
def test_that_interpolated_quantiles_are_those_of_scipy(tail: float, other: float) -> None:
    df = np.append(np.random.default_rng(2).uniform(1, 30, 500), [0.3, np.nan])
    for found, exact in (
        (f_upper_denominator(tail, other, df), stats.f.isf(tail, other, df)),
        (f_upper_numerator(tail, df, other), stats.f.isf(tail, df, other)),
    ):
        np.testing.assert_allclose(found, exact, rtol=3e-12)


def test_that_all_forms_at_once_are_those_computed_alone() -> None:
    rng = np.random.default_rng(3)
    ratings = rng.normal(size=(15, 1, 300)) + 0.5 * rng.normal(size=(15, 2, 300))
    for form, found in icc_all_forms(ratings).items():
        alone = icc_many(ratings, form)
        for name in ("icc", "F", "p", "lower", "upper"):
            np.testing.assert_array_equal(getattr(found, name), getattr(alone, name))


@pytest.mark.parametrize(
    "call",
    [
        lambda: plan_validation(0.3, 0.9999),
        lambda: plan_validation(1e-9, 0.7),
        lambda: plan_validation(0.3, 0.7, Widths(slope=1e-300)),
        lambda: FollowUp(35, 15, 12),
        lambda: FollowUp(1e-300, 1e-300, 12),
        lambda: FollowUp(0.035, 15, 1e300),
        lambda: rereads_for_width(0.85, 1e-300),
    ],
)
def test_that_a_slip_of_the_pen_is_refused_in_a_sentence(call) -> None:
    with pytest.raises(EsccError):
        call()
