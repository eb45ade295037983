from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter
from lifelines.utils import concordance_index

from escc_desktop.errors import EsccError
from escc_desktop.prognosis.card import CARD_KINDS
from escc_desktop.prognosis.carding import card_nomogram
from escc_desktop.prognosis.config import DevelopConfig
from escc_desktop.prognosis.develop import Development, develop
from escc_desktop.progress import Cancelled, Progress


def test_that_planted_features_are_found_and_bad_or_constant_ones_are_not(made: Development, cohort: Any) -> None:
    names = cohort.table.names
    selected = [feature.name for feature in made.results.selection.features]
    assert {names[3], names[20]} & set(selected)
    assert not set(selected) & set(names[4::5])
    assert made.results.selection.constant == (names[-1],)
    sign = {feature.name: np.sign(feature.coefficient) for feature in made.results.selection.features}
    assert sign.get(names[3], 1.0) == 1.0
    assert sign.get(names[20], -1.0) == -1.0


def test_that_scaling_is_fitted_on_the_first_readings_of_reader_a(made: Development, cohort: Any) -> None:
    first = cohort.table.select(reader="A", occasion="first")
    for term in made.cards["radscore"].rad_score.terms:  # type: ignore[union-attr]
        column = first.values[:, first.names.index(term.name)]
        assert term.scaling is not None
        assert term.scaling.mean == pytest.approx(column.mean(), rel=1e-12)
        assert term.scaling.sd == pytest.approx(column.std(ddof=1), rel=1e-12)


def test_that_the_combined_model_equals_lifelines_on_complete_cases(made: Development) -> None:
    problem, model = made.found.problem, made.found.fitted.models["combined"]
    scaled = made.found.fitted.signature.scaled(problem.cohort.features)[:, list(model.selected)]
    columns = [scaled, *(problem.candidates[k].values[:, None] for k in model.candidates)]
    frame = pd.DataFrame(np.hstack(columns), columns=[f"x{k}" for k in range(len(model.fit.names))])  # type: ignore[union-attr]
    frame["time"], frame["event"] = problem.endpoint.time_months, problem.endpoint.event
    frame = frame.dropna()
    fitter = CoxPHFitter().fit(frame, "time", "event")
    terms = made.results.models["combined"].terms
    assert [term.coefficient for term in terms] == pytest.approx(fitter.params_.tolist(), rel=1e-4)
    assert made.results.models["combined"].n == len(frame)
    risk = fitter.predict_log_partial_hazard(frame)
    expected = concordance_index(frame["time"], -risk, frame["event"])
    assert made.results.models["combined"].c_index.apparent == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("kind", ["clinical", "radiomics", "combined"])
def test_that_points_and_survival_of_the_nomogram_belong_together(made: Development, kind: Any) -> None:
    card = made.cards[kind]
    drawn = card_nomogram(card)
    assert drawn is not None
    assert card.model is not None
    assert card.model.points is not None
    assert drawn.points_per_lp == pytest.approx(card.model.points.per_lp)
    assert drawn.intercept + drawn.center == pytest.approx(card.model.points.lowest)
    assert max(float(axis.points.max()) for axis in drawn.axes) == pytest.approx(100.0)


def test_that_every_figure_stands_beside_its_corrected_and_noise_figure(made: Development) -> None:
    for kind in CARD_KINDS:
        for figure in (made.results.models[kind].c_index, made.results.models[kind].auc):
            assert figure.apparent is not None
            assert figure.corrected is not None
            assert figure.corrected_lower <= figure.corrected <= figure.corrected_upper  # type: ignore[operator]
            assert all(value is not None for value in figure.noise)


def test_that_the_corrected_p_of_the_cut_is_larger_than_the_naive_one(made: Development) -> None:
    cut = made.results.cutoff
    assert cut is not None
    assert cut.corrected_p > cut.naive_p
    assert cut.corrected_p > 0
    low = [patient for patient in made.results.patients if patient.risk_group == "LOW"]
    assert len(low) == cut.n_low
    assert max(patient.rad_score for patient in low) <= cut.value


def test_that_out_of_fold_predictions_come_from_models_without_the_patient(made: Development) -> None:
    apparent = [patient.rad_score for patient in made.results.patients]
    out = [patient.rad_score_out_of_fold for patient in made.results.patients]
    assert all(value is not None for value in out)
    assert apparent != out
    training = made.cards["radscore"].training
    assert training is not None
    assert [patient.rad_score for patient in training.patients] == pytest.approx(out)


@pytest.mark.slow
def test_that_the_seed_decides_everything_and_the_workers_nothing(cohort: Any, quick: DevelopConfig) -> None:
    fewer = quick.model_copy(update={"resamples": 3, "fold_draws": 1, "noise_repeats": 1})
    first = develop(cohort.table, cohort.clinical, fewer, Progress())
    parallel = develop(cohort.table, cohort.clinical, fewer.model_copy(update={"workers": 2}), Progress())
    assert first.results.model_dump() == parallel.results.model_dump()
    assert first.cards["combined"].digest == parallel.cards["combined"].digest
    other = develop(cohort.table, cohort.clinical, fewer.model_copy(update={"seed": 12}), Progress())
    assert other.cards["combined"].digest != first.cards["combined"].digest


def test_that_cancelling_stops_a_development(cohort: Any, quick: DevelopConfig) -> None:
    calls = iter(range(1000))
    progress = Progress(is_cancelled=lambda: next(calls) > 15)
    with pytest.raises(Cancelled):
        develop(cohort.table, cohort.clinical, quick, progress)


def test_that_a_horizon_beyond_all_follow_up_is_refused(cohort: Any, quick: DevelopConfig) -> None:
    with pytest.raises(EsccError, match="Nothing can be said at 90 months"):
        develop(cohort.table, cohort.clinical, quick.model_copy(update={"horizon_months": 90.0}), Progress())


def test_that_an_empty_selection_counts_as_one_half_and_does_not_crash(simulated: Any, quick: DevelopConfig) -> None:
    drawn = simulated.simulate(n=45, p=24, seed=3, beta=(0.0, 0.0), ldh=0.0)
    choices = quick.model_copy(update={"resamples": 2, "fold_draws": 2, "noise_repeats": 1, "entry_p": 1e-9})
    made = develop(drawn.table, drawn.clinical, choices, Progress())
    for kind in ("clinical", *(("radscore", "radiomics", "combined") if not made.results.selection.features else ())):
        figure = made.results.models[kind].c_index  # type: ignore[index]
        assert (figure.apparent, figure.corrected) == (0.5, 0.5)
    assert any("no term" in warning for warning in made.results.warnings)


def test_that_readings_need_not_be_repeated(simulated: Any, quick: DevelopConfig) -> None:
    drawn = simulated.simulate(n=45, p=24, seed=4)
    table = drawn.table.select(reader="A", occasion="first")
    choices = quick.model_copy(update={"resamples": 1, "fold_draws": 1, "noise_repeats": 1})
    made = develop(table, drawn.clinical, choices, Progress())
    assert made.results.agreement is None
    assert made.cards["radscore"].icc_rule is None
    assert any("not filtered by agreement" in warning for warning in made.results.warnings)


def test_that_a_separating_covariate_is_taken_out_and_told(simulated: Any, quick: DevelopConfig) -> None:
    drawn = simulated.simulate(n=50, p=24, seed=6)
    order = sorted(range(50), key=lambda k: drawn.rows[k][1])
    early = {k for k in order if drawn.rows[k][2] == 1 and order.index(k) < 12}
    # The first to die are all exposed, and nobody else is.
    for k, row in enumerate(drawn.rows):
        row[3] = "exposed" if k in early else "not exposed"
    for k in order[:12]:
        drawn.rows[k][3] = "exposed"
        drawn.rows[k][2] = 1
    choices = quick.model_copy(update={"resamples": 1, "fold_draws": 1, "noise_repeats": 1})
    made = develop(drawn.table, drawn.clinical, choices, Progress())
    sex = next(term for term in made.results.univariable if term.name == "sex")
    assert "separation" in sex.note
    assert sex.hazard_ratio is None
    assert not any(term.name == "sex" for term in made.results.models["combined"].terms)
    assert any("separation" in warning for warning in made.results.warnings)


@pytest.mark.slow
def test_that_noise_gives_a_corrected_figure_near_one_half(simulated: Any, quick: DevelopConfig) -> None:
    corrected, apparent, nested = [], [], []
    choices = quick.model_copy(update={"resamples": 12, "fold_draws": 0, "noise_repeats": 0})
    for seed in range(4):
        drawn = simulated.simulate(n=59, p=150, seed=seed, beta=(0.0, 0.0), ldh=0.0)
        figure = develop(drawn.table, drawn.clinical, choices, Progress()).results.models["combined"].c_index
        corrected.append(figure.corrected)
        apparent.append(figure.apparent)
        nested.append(figure.cross_validated)
    assert np.mean(corrected) == pytest.approx(0.5, abs=0.05)
    assert np.mean(nested) == pytest.approx(0.5, abs=0.08)
    assert np.mean(apparent) >= np.mean(corrected)


@pytest.mark.slow
def test_that_the_truth_is_recovered_from_600_patients(simulated: Any, quick: DevelopConfig) -> None:
    drawn = simulated.simulate(n=600, p=40, seed=8)
    choices = quick.model_copy(update={"resamples": 5, "fold_draws": 0, "noise_repeats": 0, "entry_p": 0.01})
    made = develop(drawn.table, drawn.clinical, choices, Progress())
    names = drawn.table.names
    top = [feature.name for feature in sorted(made.results.selection.features, key=lambda f: -abs(f.coefficient))[:2]]
    assert set(top) == {names[3], names[20]}
    terms = {term.label: term for term in made.results.models["combined"].terms}
    assert terms[names[3]].coefficient == pytest.approx(1.0, abs=0.2)
    assert terms[names[20]].coefficient == pytest.approx(-0.8, abs=0.2)
    assert terms["log2(ldh_u_per_l)"].coefficient == pytest.approx(1.0, abs=0.35)
    truth = simulated.simulate(n=4000, p=24, seed=99)
    times = np.array([row[1] for row in truth.rows], dtype=float)
    events = np.array([row[2] for row in truth.rows])
    c_true = concordance_index(times, -truth.risk, events)
    figure = made.results.models["combined"].c_index
    assert figure.corrected_lower <= c_true <= figure.corrected_upper  # type: ignore[operator]
    assert not math.isnan(c_true)
