from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escc_desktop.prognosis.card import Contrast, Term
from escc_desktop.prognosis.estimating import Rules, estimate
from escc_desktop.prognosis.missing import completed
from escc_desktop.prognosis.terms import Candidate
from escc_desktop.stats.cox import cox
from escc_desktop.stats.firth import firth_cox
from escc_desktop.stats.survival import Endpoint


def _drawn(n: int = 80, seed: int = 1) -> tuple[Endpoint, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 2))
    time, censored = rng.exponential(10 * np.exp(-x @ [0.8, -0.5])), rng.uniform(3, 40, n)
    return Endpoint(np.minimum(time, censored), time <= censored), x


def _separated(n: int = 60) -> tuple[Endpoint, np.ndarray]:
    """The first ten to die are exposed and nobody else is; the second covariate is harmless."""
    rng = np.random.default_rng(3)
    time = np.sort(rng.exponential(10, n))
    event = np.append(np.ones(10, dtype=bool), rng.uniform(size=n - 10) < 0.6)
    return Endpoint(time, event), np.column_stack([np.arange(n) < 10, rng.normal(size=n)]).astype(float)


def test_that_a_separating_term_is_dropped_and_its_firth_estimate_offered() -> None:
    endpoint, x = _separated()
    found = estimate(endpoint, [x], ["exposed", "age"], Rules())
    assert found.separated == ("exposed",)
    assert found.kept == (1,)
    assert not found.is_penalised
    assert found.firth is not None
    assert found.firth.coef == pytest.approx(firth_cox(endpoint, x, ["exposed", "age"]).coef)
    profile = found.firth.profile("exposed")
    assert profile.lower > 0


def test_that_a_separating_term_stays_penalised_where_asked() -> None:
    endpoint, x = _separated()
    found = estimate(endpoint, [x], ["exposed", "age"], Rules(separation="firth"))
    assert found.is_penalised
    assert found.kept == (0, 1)
    assert found.fit is not None
    expected = firth_cox(endpoint, x, ["exposed", "age"])
    assert found.fit.coef == pytest.approx(expected.coef)
    assert np.isfinite(found.fit.se).all()
    survival = found.fit.survival(x, 5.0)
    assert ((survival > 0) & (survival < 1)).all()
    # The baseline is Breslow's at the penalised coefficients: fitted deaths and seen deaths add up to the same.
    own = np.array([found.fit.cumulative_hazard(time) for time in endpoint.time_months])
    assert (own * np.exp(found.fit.linear_predictor(x))).sum() == pytest.approx(endpoint.n_events)


@settings(max_examples=15)
@given(seed=st.integers(0, 500), scale=st.floats(0.01, 100), shift=st.floats(-50, 50))
def test_that_separation_does_not_depend_on_units_or_order(seed: int, scale: float, shift: float) -> None:
    endpoint, x = _separated()
    rows = np.random.default_rng(seed).permutation(len(x))
    moved = x[rows] * scale + shift
    assert cox(endpoint.take(rows), moved, ["exposed", "age"]).separated == ("exposed",)
    fine, plain = _drawn(seed=seed)
    assert cox(fine, plain * scale + shift, ["a", "b"]).separated == ()


def test_that_tables_that_agree_are_one_fit() -> None:
    endpoint, x = _drawn()
    one, many = estimate(endpoint, [x], ["a", "b"], Rules()), estimate(endpoint, [x, x, x], ["a", "b"], Rules())
    assert one.fit is not None
    assert many.fit is not None
    assert many.fit.se == pytest.approx(one.fit.se)
    assert many.missing_information == ()


def test_that_imputed_covariates_keep_everybody_and_widen_the_interval() -> None:
    endpoint, x = _drawn(200, 5)
    gone = np.random.default_rng(6).uniform(size=200) < 0.4
    values = np.where(gone, np.nan, x[:, 0])
    term = Term(source="covariate", name="ldh", coefficient=0.0)
    full = completed([Candidate("ldh", term, values, values)], np.arange(200), endpoint, x[:, 1:], 20, 7)
    tables = [np.column_stack([table, x[:, 1]]) for table in full]
    pooled = estimate(endpoint, tables, ["ldh", "b"], Rules())
    whole = estimate(endpoint, [x], ["ldh", "b"], Rules())
    cases = estimate(endpoint, [np.column_stack([values, x[:, 1]])], ["ldh", "b"], Rules())
    assert pooled.fit is not None
    assert whole.fit is not None
    assert cases.fit is not None
    assert (pooled.fit.n, cases.fit.n) == (200, int((~gone).sum()))
    assert pooled.fit.coef[0] == pytest.approx(whole.fit.coef[0], abs=2 * pooled.fit.se[0])
    assert whole.fit.se[0] < pooled.fit.se[0]
    # The other covariate, known of everybody, is told better than by complete cases.
    assert pooled.fit.se[1] < cases.fit.se[1]
    assert pooled.missing_information[0] > pooled.missing_information[1]


def test_that_levels_of_one_covariate_never_hold_together() -> None:
    rng = np.random.default_rng(8)
    endpoint, x = _drawn(120, 9)
    level = rng.integers(0, 3, 120).astype(float)
    level[rng.uniform(size=120) < 0.3] = np.nan
    candidates = [
        Candidate(
            f"grade: {k}",
            Term(source="covariate", name="grade", coefficient=0.0, contrast=Contrast(level=str(k), reference="0")),
            np.where(np.isnan(level), np.nan, level == k),
            level,
        )
        for k in (1, 2)
    ]
    for table in completed(candidates, np.arange(120), endpoint, x, 5, 1):
        assert set(np.unique(table)) <= {0.0, 1.0}
        assert table.sum(axis=1).max() <= 1
        known = ~np.isnan(level)
        assert np.array_equal(table[known, 0], level[known] == 1)


def test_that_without_gaps_nothing_is_imputed() -> None:
    endpoint, x = _drawn()
    term = Term(source="covariate", name="a", coefficient=0.0)
    (table,) = completed([Candidate("a", term, x[:, 0], x[:, 0])], np.arange(80), endpoint, x[:, 1:], 20, 1)
    assert np.array_equal(table[:, 0], x[:, 0])
