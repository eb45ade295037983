"""Every choice of a development: read, written, shipped as a preset, and doing what it says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lifelines import CoxPHFitter

from escc_desktop.errors import EsccError, FaultsError
from escc_desktop.files import parse_csv
from escc_desktop.prognosis.clinical import parse_clinical
from escc_desktop.prognosis.cohort import assemble
from escc_desktop.prognosis.config import Decision, DevelopConfig, Row, config_text, load_config, load_preset
from escc_desktop.prognosis.develop import Development
from escc_desktop.prognosis.entry import enter
from escc_desktop.prognosis.folds import given_folds
from escc_desktop.prognosis.pipeline import Problem, fit_pipeline, lasso_folds
from escc_desktop.prognosis.reproducibility import AgreementRule, reproducibility
from escc_desktop.prognosis.terms import candidates
from escc_desktop.stats.agreement import icc


def _problem(cohort: Any, **choices: Any) -> Problem:
    config = DevelopConfig(**choices)
    joined = assemble(cohort.table, cohort.clinical, "os", "largest")
    agreements = reproducibility(cohort.table)
    return Problem(joined, joined.endpoint, agreements, candidates(cohort.clinical, joined, config).usable, config)


def _everyone(problem: Problem) -> np.ndarray:
    return np.arange(problem.endpoint.n)


# --- one TOML -------------------------------------------------------------------------------------------------

TEXTS = st.text(st.characters(blacklist_categories=("Cs",)), min_size=1, max_size=20)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(
    name=st.text(st.characters(blacklist_categories=("Cs",)), max_size=20),
    folds=st.dictionaries(TEXTS, st.integers(1, 50), max_size=4),
    action=TEXTS,
    at_least=st.floats(-1e6, 1e6),
    horizon=st.floats(0.1, 600),
)
def test_that_written_choices_are_read_back(
    tmp_path: Path, name: str, folds: dict[str, int], action: str, at_least: float, horizon: float
) -> None:
    config = DevelopConfig(
        name=name,
        fold_of=folds,
        horizon_months=horizon,
        rows=(Row(covariate="a", at_least=at_least), Row(covariate="b", level=action, day=8)),
        decision=Decision(action=action, lowest=0.1, highest=0.4),
    )
    path = tmp_path / "config.toml"
    path.write_text(config_text(config), encoding="utf-8", newline="")
    assert load_config(path) == config


def test_that_every_field_is_documented() -> None:
    documented = Path(__file__).parents[3].joinpath("docs", "guide", "choices.md").read_text(encoding="utf-8")
    missing = [name for name in DevelopConfig.model_fields if f"`{name}`" not in documented]
    assert not missing


def test_that_a_preset_can_be_named_in_a_file_and_overridden(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('preset = "table3"\nentry_p = 0.2\n', encoding="utf-8")
    assert load_config(path) == load_preset("table3").model_copy(update={"entry_p": 0.2})
    assert load_config(Path("table3")) == load_preset("table3")
    path.write_text('preset = "table4"\n', encoding="utf-8")
    with pytest.raises(EsccError, match="There is no preset table4"):
        load_config(path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[[rows]]\ncovariate = "a"\n', "either at_least or level"),
        ('covariates = ["a"]\n[[rows]]\ncovariate = "a"\nat_least = 1.0\n', "leave out covariates"),
        ('[decision]\naction = "x"\nlowest = 0.5\nhighest = 0.2\n', "lowest threshold"),
    ],
)
def test_that_choices_that_contradict_each_other_are_refused(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "choices.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FaultsError, match=words):
        load_config(path)


# --- Table 3 --------------------------------------------------------------------------------------------------


def test_that_table_3_has_the_twenty_rows_and_cut_offs_of_the_paper() -> None:
    rows = {row.covariate: row for row in load_preset("table3").rows}
    assert len(rows) == 20
    cuts = {"age_years": 60, "bmi_kg_per_m2": 25, "cea_ng_per_ml": 5, "ast_u_per_l": 40, "alt_u_per_l": 41}
    cuts |= {"ldh_u_per_l": 250, "alp_u_per_l": 129, "ua_umol_per_l": 428, "alb_g_per_l": 40}
    cuts |= {"dbil_umol_per_l": 6, "ibil_umol_per_l": 17, "n_metastatic_sites": 2}
    assert {name: rows[name].at_least for name in cuts} == cuts
    assert "37" in rows["ast_u_per_l"].note


def test_that_rows_count_levels_and_nothing_after_day_1_enters(cohort: Any) -> None:
    base = cohort.csv
    text = "\n".join([",".join((*base.header, "best_change_percent")), *(",".join((*row, "-5")) for row in base.rows)])
    clinical = parse_clinical(parse_csv(text + "\n", "clinical.csv"))
    joined = assemble(cohort.table, clinical, "os", "largest")
    found = candidates(clinical, joined, load_preset("table3").model_copy(update={"force_rare": ("ldh_u_per_l",)}))
    ldh = next(one for one in found.usable if one.term.name == "ldh_u_per_l")
    values = np.array([float(row[5]) for row in cohort.rows])
    events = np.array([int(row[2]) for row in cohort.rows])
    contrast = ldh.term.contrast
    assert contrast is not None
    assert (contrast.level, contrast.reference) == ("250 or above", "below 250")
    assert (contrast.n_level, contrast.n_reference) == ((values >= 250).sum(), (values < 250).sum())
    assert (contrast.events_level, contrast.events_reference) == (
        events[values >= 250].sum(),
        events[values < 250].sum(),
    )
    assert not any(one.term.name == "best_change_percent" for one in found.usable)
    assert any("best_change_percent is known only after day 1" in words for words in found.warnings)
    assert any("no column ibil_umol_per_l: its row is left out" in words for words in found.warnings)
    thin = "aspartate aminotransferase (40 or above against below 40)"
    assert any(words.lower().startswith(thin) for words in found.warnings)
    assert all(one.day == 1 for one in found.usable)


def test_that_a_row_must_fit_its_column(cohort: Any) -> None:
    with pytest.raises(EsccError, match="sex does not fit its column, which holds texts"):
        _problem(cohort, rows=(Row(covariate="sex", at_least=1.0),))


# --- folds ----------------------------------------------------------------------------------------------------


def test_that_stored_folds_give_the_same_signature_whatever_the_seed(cohort: Any) -> None:
    problem = _problem(cohort)
    first = fit_pipeline(problem, _everyone(problem), 1).signature
    assert first.cv is not None
    stored = dict(zip(problem.cohort.patients, first.cv.fold.tolist(), strict=True))
    given_ones = given_folds(stored, problem.cohort.patients)
    again = fit_pipeline(replace(problem, fold=given_ones), _everyone(problem), 999).signature
    assert again.columns.tolist() == first.columns.tolist()
    assert again.coef.tolist() == first.coef.tolist()


def test_that_a_development_stores_its_folds_with_the_patients(made: Development) -> None:
    cv = made.found.fitted.signature.cv
    assert cv is not None
    assert [patient.fold for patient in made.results.patients] == cv.fold.tolist()
    assert set(made.repeatable.fold_of) == set(made.found.problem.cohort.patients)
    assert made.results.selection.semantics == "glmnet 4.1"


def test_that_folds_that_do_not_fit_the_patients_are_told_at_once() -> None:
    with pytest.raises(FaultsError) as caught:
        given_folds({"P1": 1, "P2": 2}, ["P1", "P2", "P3", "P4"])
    assert len(caught.value.faults) == 3
    assert given_folds({}, ["P1"]) is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**31), drawn=st.integers(0, 2**31))
def test_that_a_patient_drawn_twice_never_straddles_folds(cohort: Any, seed: int, drawn: int) -> None:
    problem = _problem(cohort)
    rows = np.random.default_rng(drawn).integers(0, problem.endpoint.n, problem.endpoint.n)
    rows[:6] = rows[6]  # planted: seven copies of one patient
    fold = lasso_folds(problem, rows, seed)
    assert all(len(set(fold[rows == patient])) == 1 for patient in set(rows.tolist()))
    assert len(set(fold)) == problem.config.folds


# --- filters and LASSO ----------------------------------------------------------------------------------------


def test_that_scaling_changes_coefficients_but_no_prediction_while_the_lasso_standardises(cohort: Any) -> None:
    z, ranged = _problem(cohort), _problem(cohort, scaling="min-max")
    first, second = (fit_pipeline(problem, _everyone(problem), 5).signature for problem in (z, ranged))
    assert first.columns.tolist() == second.columns.tolist()
    features = z.cohort.features
    scaled = second.scaled(features)
    assert (scaled.min(), scaled.max()) == (pytest.approx(0.0), pytest.approx(1.0))
    difference = first.scores(features) - second.scores(features)
    assert np.ptp(difference) == pytest.approx(0.0, abs=1e-6)


def test_that_the_larger_penalty_selects_no_more_than_the_best_one(cohort: Any) -> None:
    best, larger = _problem(cohort), _problem(cohort, penalty="lambda.1se")
    first, second = (fit_pipeline(problem, _everyone(problem), 5).signature for problem in (best, larger))
    assert first.cv is not None
    assert second.cv is not None
    assert second.cv.lambda_1se >= first.cv.lambda_min
    assert second.coef.tolist() == [value for value in second.cv.path.coef[second.cv.one_se_index] if value]


def test_that_the_agreement_rule_can_ask_for_the_lower_limit_ranks_and_one_comparison(cohort: Any) -> None:
    plain = reproducibility(cohort.table, threshold=0.93)
    lower = reproducibility(cohort.table, threshold=0.93, rule=AgreementRule(bound="lower"))
    ranks = reproducibility(cohort.table, rule=AgreementRule(values="rank"))
    intra = reproducibility(cohort.table, rule=AgreementRule(comparisons="intra"))
    assert lower.stable.sum() < plain.stable.sum()
    assert (plain.stable[lower.stable]).all()
    assert [one.comparison for one in intra.comparisons] == ["intra"]
    agreement = ranks.of("inter")
    assert agreement is not None
    first, second = agreement.first[:, 3], agreement.second[:, 3]
    order = np.argsort(np.argsort(np.concatenate([first, second]))).reshape(2, -1).T + 1.0
    assert agreement.icc.icc[3] == pytest.approx(icc(order).icc)


# --- which terms enter and stay -------------------------------------------------------------------------------


def test_that_akaike_entry_ends_where_lifelines_finds_no_better_single_step(cohort: Any) -> None:
    problem = _problem(cohort, entry="aic")
    values = np.stack([one.values for one in problem.candidates], axis=1)
    _, entered = enter(problem.config, problem.candidates, [values], problem.endpoint)
    complete = np.isfinite(values).all(axis=1)

    def aic(columns: list[int]) -> float:
        frame = pd.DataFrame(values[complete][:, columns], columns=[str(k) for k in columns])
        frame["time"], frame["event"] = problem.endpoint.time_months[complete], problem.endpoint.event[complete]
        fitted = CoxPHFitter().fit(frame, "time", "event")
        return float(2 * len(columns) - fitted.log_likelihood_ratio_test().test_statistic)

    chosen = list(entered)
    assert chosen
    assert aic(chosen) < 0
    for other in set(range(len(problem.candidates))) - set(chosen):
        assert aic([*chosen, other]) >= aic(chosen) - 1e-6


def test_that_terms_stay_only_below_the_p_asked_for_and_the_rest_is_told(cohort: Any) -> None:
    problem = _problem(cohort, entry="enter", keep_p=0.05, radiomics_terms=0)
    fitted = fit_pipeline(problem, _everyone(problem), 5)
    for kind in ("clinical", "radiomics", "combined"):
        fit = fitted.models[kind].fit
        assert fit is None or (fit.p < 0.05).all()
    dropped = [words for model in fitted.models.values() for words in model.dropped]
    assert any("was taken out: P" in words for words in dropped)
    assert fitted.models["radscore"].fit is not None


def test_that_ties_are_those_of_the_configuration(cohort: Any) -> None:
    rounded = replace(_problem(cohort), config=DevelopConfig(ties="breslow", entry="enter", radiomics_terms=1))
    fit = fit_pipeline(rounded, _everyone(rounded), 5).models["radiomics"].fit
    assert fit is not None
    assert fit.ties == "breslow"
