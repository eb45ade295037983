from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines.utils import concordance_index

from escc_desktop.prognosis import pipeline
from escc_desktop.prognosis.card import CARD_KINDS
from escc_desktop.prognosis.cohort import assemble
from escc_desktop.prognosis.config import DevelopConfig
from escc_desktop.prognosis.develop import Development, develop
from escc_desktop.prognosis.nested import OutOfFold, cross_validate
from escc_desktop.prognosis.pipeline import Problem, fit_pipeline
from escc_desktop.prognosis.repeating import Runner
from escc_desktop.prognosis.reproducibility import reproducibility
from escc_desktop.prognosis.terms import candidates
from escc_desktop.prognosis.validation import bootstrap_pipeline
from escc_desktop.progress import Progress

COMBINED = CARD_KINDS.index("combined")


def _problem(drawn: Any, config: DevelopConfig) -> Problem:
    cohort = assemble(drawn.table, drawn.clinical, "os", "largest", 12.0)
    usable = candidates(drawn.clinical, cohort, config).usable
    return Problem(cohort, cohort.endpoint, reproducibility(drawn.table), usable, config)


@pytest.fixture(scope="module")
def problem(simulated: Any) -> Problem:
    """Few features and folds: each of these tests fits three pipelines or six."""
    drawn = simulated.simulate(n=60, p=24, seed=1)
    return _problem(drawn, DevelopConfig(covariates=("ldh_u_per_l",), outer_folds=3, outer_repeats=1, folds=3))


@pytest.fixture(scope="module")
def whole(problem: Problem) -> OutOfFold:
    return _validated(problem)


def _validated(problem: Problem) -> OutOfFold:
    return cross_validate(problem, Progress(), Runner(problem))


def test_that_copies_of_a_patient_never_lie_in_two_folds(problem: Problem, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a resample the patients drawn twice are planted; the folds the LASSO gets must not part them."""
    seen: list[np.ndarray] = []
    original = pipeline.cox_lasso_cv

    def spied(X: Any, endpoint: Any, fold: Any, **others: Any) -> Any:
        seen.append(np.asarray(fold))
        return original(X, endpoint, fold, **others)

    monkeypatch.setattr(pipeline, "cox_lasso_cv", spied)
    rng = np.random.default_rng(1)
    rows = np.append(rng.integers(0, problem.endpoint.n, problem.endpoint.n - 10), np.repeat([0, 7, 11], [5, 3, 2]))
    fit_pipeline(problem, rows, 5)
    (fold,) = seen
    for patient in np.unique(rows):
        assert len(np.unique(fold[rows == patient])) == 1


@settings(max_examples=20)
@given(seed=st.integers(0, 10_000), n=st.integers(12, 60), folds=st.integers(3, 10))
def test_that_folds_keep_labels_whole_and_stay_even(seed: int, n: int, folds: int) -> None:
    rows = np.random.default_rng(seed).integers(0, n, n)
    folds = min(folds, len(np.unique(rows)))
    fold = pipeline.allocate_folds(n, folds, seed, rows.tolist())
    of_patient = {int(row): set(fold[rows == row].tolist()) for row in rows}
    assert all(len(labels) == 1 for labels in of_patient.values())
    sizes = np.bincount([next(iter(labels)) for labels in of_patient.values()], minlength=folds + 1)[1:]
    assert sizes.max() - sizes.min() <= 1


def test_that_nobody_is_judged_by_a_pipeline_that_saw_them(problem: Problem, whole: OutOfFold) -> None:
    """Another outcome and other features of a patient change nothing of what the others' models say of the rest."""
    judge = whole.fold[0] == whole.fold[0][5]
    features = problem.cohort.features.copy()
    features[5, :20] += 1.0
    moved = replace(problem, cohort=replace(problem.cohort, features=features))
    again = _validated(moved)
    others = judge & (np.arange(problem.endpoint.n) != 5)
    assert np.array_equal(whole.fold, again.fold)
    assert np.allclose(whole.risk_by_repeat[0][:, others], again.risk_by_repeat[0][:, others])
    assert not np.allclose(whole.risk_by_repeat[0][:, ~judge], again.risk_by_repeat[0][:, ~judge])


def test_that_a_patient_beyond_the_range_trained_on_is_flagged(problem: Problem, whole: OutOfFold) -> None:
    far = problem.cohort.features.copy()
    far[5, 3] = far[:, 3].max() + 200.0
    found = _validated(replace(problem, cohort=replace(problem.cohort, features=far)))
    assert found.outside[COMBINED, 5] == 1.0
    assert whole.outside[COMBINED].mean() < 0.5


def test_that_the_headline_stands_with_its_interval_beside_the_others(made: Development) -> None:
    out = made.found.validation.out_of_fold
    for k, kind in enumerate(CARD_KINDS):
        figure = made.results.models[kind].c_index
        assert figure.cross_validated == pytest.approx(out.c[k].value)
        assert figure.nested_lower is not None
        assert figure.nested_upper is not None
        assert figure.nested_lower <= out.c[k].value <= figure.nested_upper
        check = made.results.validity.calibration[kind] if made.results.validity else None
        assert check is not None
        assert check.observed is not None
        events = made.results.validity.events[kind]  # type: ignore[union-attr]
        if events.per_term is not None:
            assert events.per_term == pytest.approx(events.n_events / events.n_terms)
    told = made.results.appraisal
    assert told is not None
    assert sum("on patients it had not seen" in sentence for sentence in told.found) == len(CARD_KINDS)
    assert any("internal" in sentence for sentence in told.how_sure)
    assert any("another hospital" in sentence for sentence in told.what_would_change_it)


@pytest.mark.slow
def test_that_on_permuted_outcomes_the_intervals_hold_one_half(simulated: Any) -> None:
    drawn = simulated.simulate(n=59, p=24, seed=21)
    config = DevelopConfig(resamples=5, outer_folds=4, outer_repeats=1, folds=4)
    problem, corrected = _problem(drawn, config), []
    for seed in (4, 5):
        order = np.random.default_rng(seed).permutation(59)
        permuted = replace(problem, endpoint=problem.endpoint.take(order))
        out = _validated(permuted)
        fitted = fit_pipeline(permuted, np.arange(59), 1)
        bootstrap = bootstrap_pipeline(permuted, fitted, Progress(), Runner(permuted))
        for k in range(len(CARD_KINDS)):
            lower, upper = out.c[k].interval(float(bootstrap.optimism.model_sd[2 * k]))
            assert lower <= 0.5 <= upper
        corrected.append(bootstrap.corrected[::2])
    # One permutation may by chance resemble a signal; their mean does not.
    assert np.mean(corrected, axis=0) == pytest.approx(0.5, abs=0.08)


@pytest.mark.slow
def test_that_the_planted_signal_is_recovered_from_600_patients_whatever_the_seed(simulated: Any) -> None:
    """Twenty draws; `benchmarks/recovery.py` is the long form, with every figure and more features."""
    config = DevelopConfig(entry_p=0.01, folds=5, radiomics_terms=2)
    tops, coefficients, selected = [], [], []
    for seed in range(20):
        drawn = simulated.simulate(n=600, p=24, seed=100 + seed)
        problem = _problem(drawn, config)
        fitted = fit_pipeline(problem, np.arange(600), seed)
        signature, model = fitted.signature, fitted.models["combined"]
        by_size = signature.columns[np.argsort(-np.abs(signature.coef))]
        tops.append(set(by_size[:2].tolist()) == {3, 20})
        selected.append({3, 20} <= set(signature.columns.tolist()))
        assert model.fit is not None
        named = dict(zip(model.fit.names, model.fit.coef.tolist(), strict=True))
        names = problem.cohort.names
        coefficients.append([named[names[3]], named[names[20]], named["log2(ldh_u_per_l)"]])
        columns = pipeline.design(problem, signature, model)
        known = np.isfinite(columns).all(axis=1)
        outcome, risk = problem.endpoint.take(known), model.fit.linear_predictor(columns[known])
        truth = concordance_index(outcome.time_months, -drawn.risk[known], outcome.event)
        assert concordance_index(outcome.time_months, -risk, outcome.event) == pytest.approx(truth, abs=0.02)
    assert all(selected)
    assert all(tops)
    assert np.mean(coefficients, axis=0) == pytest.approx([1.0, -0.8, 1.0], abs=0.08)


def test_that_penalised_and_imputed_models_say_so_on_the_card(simulated: Any) -> None:
    drawn = simulated.simulate(n=50, p=24, seed=6)
    order = sorted(range(50), key=lambda k: drawn.rows[k][1])
    for k, row in enumerate(drawn.rows):
        row[3] = "exposed" if k in order[:12] else "not exposed"
        row[2] = 1 if k in order[:12] else row[2]
        row[5] = None if k % 7 == 0 else row[5]
    config = DevelopConfig(
        resamples=1,
        outer_folds=3,
        outer_repeats=1,
        folds=3,
        noise_repeats=0,
        fold_draws=0,
        permutations=20,
        cut_resamples=20,
        covariates=("sex", "ldh_u_per_l"),
        entry="enter",
        separation="firth",
        missing="imputed",
        imputations=3,
    )
    made = develop(drawn.table, drawn.clinical, config, Progress())
    validity = made.results.validity
    assert validity is not None
    alone = next(term for term in validity.separated if term.model == "alone")
    assert alone.label.startswith("sex")
    assert alone.is_used
    assert alone.lower is not None
    assert alone.lower > 1
    told = made.cards["clinical"].assumptions
    assert any("Firth" in sentence and "profile interval" in sentence for sentence in told)
    assert any("Rubin" in sentence for sentence in told)
    assert {term.name for term in made.results.models["clinical"].terms} == {"sex", "ldh_u_per_l"}
    assert validity.missing.covariates[0].n_missing == 8
    assert validity.missing.n_used["clinical"] == 50
