"""The whole pipeline as one function of the patients it is given, so that a bootstrap can repeat all of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from escc_desktop.errors import EsccError
from escc_desktop.prognosis.card import CARD_KINDS, CardKind
from escc_desktop.prognosis.cohort import Cohort
from escc_desktop.prognosis.config import DevelopConfig
from escc_desktop.prognosis.entry import Univariable, enter
from escc_desktop.prognosis.estimating import Estimated, Rules, estimate
from escc_desktop.prognosis.missing import completed
from escc_desktop.prognosis.reproducibility import Agreements, agreement_of_rows
from escc_desktop.prognosis.terms import Candidate
from escc_desktop.progress import Progress
from escc_desktop.stats.arrays import BoolArray, FloatArray, IntArray, varying
from escc_desktop.stats.cox import CoxFit
from escc_desktop.stats.cutpoint import Cutpoint, maximally_selected_log_rank
from escc_desktop.stats.performance import auc_at, c_index
from escc_desktop.stats.selection import (
    LassoControl,
    LassoCv,
    Scaler,
    allocate_folds,
    correlation,
    cox_lasso_cv,
    find_correlation,
    fit_scaler,
)
from escc_desktop.stats.survival import Endpoint, kaplan_meier

# Points of a curve over time, and how many patients it needs at its end.
_GRID = 41
_STILL_FOLLOWED = 10


@dataclass(frozen=True, eq=False)
class Problem:
    """What a pipeline is fitted on: n patients with p features, an outcome, and covariates that may enter.

    `fold` (n,) are the LASSO's folds of all patients where they are given; anything else draws its own.
    """

    cohort: Cohort
    endpoint: Endpoint
    agreements: Agreements | None
    candidates: tuple[Candidate, ...]
    config: DevelopConfig
    fold: IntArray | None = None

    @property
    def grid_months(self) -> FloatArray:
        """Times (g,) at which survival is predicted for curves over time, the horizon among them.

        They end where fewer than ten patients (or a tenth, in small cohorts) are still followed: beyond, a curve
        tells of a handful.
        """
        times, horizon = np.sort(self.endpoint.time_months), self.config.horizon_months
        still = max(2, min(_STILL_FOLLOWED, self.endpoint.n // 10))
        last = max(horizon, float(times[-still]))
        return np.union1d(np.linspace(0, last, _GRID)[1:], [horizon])


@dataclass(frozen=True, eq=False)
class Signature:
    """The radiomic linear predictor.

    Attributes
    ----------
    stable, constant, kept
        Columns that passed the agreement rule; those of all that do not vary; those left by the correlation filter.
    columns, coef, mean, sd
        The selected features: columns of the cohort, coefficients per SD, scaling.
    cv
        The cross-validated path, None where nothing was left to select from.
    """

    stable: IntArray
    constant: IntArray
    kept: IntArray
    columns: IntArray
    coef: FloatArray
    mean: FloatArray
    sd: FloatArray
    cv: LassoCv | None

    def scaled(self, features: FloatArray) -> FloatArray:
        """Return the selected features of (n, p) raw values, scaled as in training."""
        return np.asarray((features[:, self.columns] - self.mean) / self.sd)

    def scores(self, features: FloatArray) -> FloatArray:
        """Return Rad-scores (n,); all 0 for an empty signature."""
        return np.asarray(self.scaled(features) @ self.coef)


@dataclass(frozen=True, eq=False)
class FittedModel:
    """A Cox model of the pipeline.

    `selected` are indices into the signature, `candidates` into the problem's covariates; `uses_score` stands for
    the Rad-score as the only term.
    """

    kind: CardKind
    selected: tuple[int, ...]
    candidates: tuple[int, ...]
    uses_score: bool
    estimated: Estimated

    @property
    def fit(self) -> CoxFit | None:
        """The model; None where no term remained (everyone gets the same risk)."""
        return self.estimated.fit

    @property
    def used(self) -> BoolArray:
        """(n,) the patients it was fitted on."""
        return self.estimated.used

    @property
    def dropped(self) -> tuple[str, ...]:
        """What was taken out, in words."""
        return self.estimated.dropped


@dataclass(frozen=True, eq=False)
class Fitted:
    """One run of the pipeline."""

    signature: Signature
    cutpoint: Cutpoint | None
    univariable: tuple[Univariable, ...]
    models: dict[CardKind, FittedModel]


@dataclass(frozen=True, eq=False)
class Predictions:
    """What a run says of every patient of the cohort: Rad-scores (n,), centred risks and survival (kinds, n).

    `curves` (kinds, n, g) is the survival at each time of the problem's grid.
    """

    rad_score: FloatArray
    risk: FloatArray
    survival: FloatArray
    curves: FloatArray


def fit_pipeline(problem: Problem, rows: IntArray, seed: int, progress: Progress | None = None) -> Fitted:
    """Fit everything on some patients.

    Parameters
    ----------
    rows
        Patients of the cohort; one drawn twice counts twice, and both copies share a fold.
    seed
        Of the folds and the permutations.

    Raises
    ------
    EsccError
        These patients do not allow a fit (too few events or repeated readings).
    """
    outcome = problem.endpoint.take(rows)
    signature = fit_signature(problem, rows, outcome, seed, progress or Progress())
    scores = signature.scores(problem.cohort.features[rows])
    by_size = np.argsort(-np.abs(signature.coef), kind="stable")
    top = tuple(by_size[: problem.config.radiomics_terms or len(by_size)].tolist())
    sample = _Sample(problem, rows, outcome, signature, _covariates(problem, rows, outcome, signature, top, seed))
    univariable, entered = enter(problem.config, problem.candidates, sample.covariates, outcome)
    models: dict[CardKind, FittedModel] = {
        "radscore": _fit_model("radscore", sample, (), ()),
        "clinical": _fit_model("clinical", sample, (), entered),
        "radiomics": _fit_model("radiomics", sample, top, ()),
        "combined": _fit_model("combined", sample, top, entered),
    }
    return Fitted(signature, _cut(outcome, scores, problem.config.min_fraction), univariable, models)


@dataclass(frozen=True, eq=False)
class Prepared:
    """What the LASSO chooses from: columns that passed the filters, scaled (n, k)."""

    stable: IntArray
    constant: IntArray
    kept: IntArray
    scaler: Scaler
    scaled: FloatArray


def fit_signature(problem: Problem, rows: IntArray, outcome: Endpoint, seed: int, progress: Progress) -> Signature:
    """Filter by agreement and correlation, scale, and select by the LASSO."""
    prepared = prepare(problem, rows)
    return select(problem, prepared, outcome, lasso_folds(problem, rows, seed), progress)


def prepare(problem: Problem, rows: IntArray) -> Prepared:
    """Apply every filter that does not look at the outcome."""
    config, stable = problem.config, _stable(problem, rows)
    features = problem.cohort.features[rows]
    moves = varying(features)
    usable, constant = stable[moves[stable]], np.flatnonzero(~moves)
    if len(usable) > 1:
        search: bool | None = None if config.correlation_search == "caret" else config.correlation_search == "exact"
        removed = find_correlation(correlation(features[:, usable]), config.correlation_cutoff, search)
        usable = np.delete(usable, removed)
    if not len(usable):
        return Prepared(stable, constant, usable, Scaler(np.zeros(0), np.zeros(0)), np.zeros((len(rows), 0)))
    scaler = fit_scaler(features[:, usable], config.scaling)
    return Prepared(stable, constant, usable, scaler, scaler.transform(features[:, usable]))


def lasso_folds(problem: Problem, rows: IntArray, seed: int) -> IntArray:
    """Return the folds (n,) of the LASSO: the given ones for all patients as they are, else drawn by the seed."""
    if problem.fold is not None and np.array_equal(rows, np.arange(problem.endpoint.n)):
        return problem.fold
    n_folds = min(problem.config.folds, len(np.unique(rows)))
    return allocate_folds(len(rows), n_folds, seed, rows.tolist())


def select(problem: Problem, prepared: Prepared, outcome: Endpoint, fold: IntArray, progress: Progress) -> Signature:
    """Select by the LASSO at the chosen penalty."""
    nothing = np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0), np.zeros(0)
    if not len(prepared.kept):
        return Signature(prepared.stable, prepared.constant, prepared.kept, *nothing, None)
    config = problem.config
    control = LassoControl(standardize=config.lasso_standardize, thresh=config.lasso_thresh)
    cv = cox_lasso_cv(prepared.scaled, outcome, fold, control=control, progress=progress)
    coef = np.asarray(cv.path.coef[cv.min_index if config.penalty == "lambda.min" else cv.one_se_index])
    chosen = np.flatnonzero(coef)
    return Signature(
        stable=prepared.stable,
        constant=prepared.constant,
        kept=prepared.kept,
        columns=prepared.kept[chosen],
        coef=coef[chosen],
        mean=prepared.scaler.mean[chosen],
        sd=prepared.scaler.sd[chosen],
        cv=cv,
    )


def _stable(problem: Problem, rows: IntArray) -> IntArray:
    if problem.agreements is None:
        return np.arange(len(problem.cohort.names))
    drawn = [problem.cohort.patients[row] for row in rows]
    return np.flatnonzero(agreement_of_rows(problem.agreements, drawn))


def _cut(outcome: Endpoint, scores: FloatArray, min_fraction: float) -> Cutpoint | None:
    try:
        return maximally_selected_log_rank(outcome, scores, min_fraction)
    except EsccError:
        return None


def design(problem: Problem, signature: Signature, model: FittedModel) -> FloatArray:
    """Return the model's columns (n, terms) for every patient of the cohort, NaN where missing."""
    return _columns(problem, signature, model.selected, model.candidates, model.uses_score)


def _columns(
    problem: Problem, signature: Signature, selected: Sequence[int], candidates: Sequence[int], uses_score: bool
) -> FloatArray:
    everyone = np.arange(len(problem.cohort.features))
    covariates = np.array([one.values for one in problem.candidates]).reshape(-1, len(everyone)).T
    return _stacked(signature, problem.cohort.features, covariates[:, list(candidates)], selected, uses_score)


def _stacked(
    signature: Signature, features: FloatArray, covariates: FloatArray, selected: Sequence[int], uses_score: bool
) -> FloatArray:
    if uses_score:
        return signature.scores(features)[:, None]
    return np.column_stack([signature.scaled(features)[:, list(selected)], covariates])


@dataclass(frozen=True, eq=False)
class _Sample:
    """The patients of one fit; `covariates` are (n, candidates): one table with its gaps, or several completed."""

    problem: Problem
    rows: IntArray
    outcome: Endpoint
    signature: Signature
    covariates: list[FloatArray]


def _covariates(
    problem: Problem, rows: IntArray, outcome: Endpoint, signature: Signature, top: Sequence[int], seed: int
) -> list[FloatArray]:
    if problem.config.missing == "imputed":
        features = signature.scaled(problem.cohort.features[rows])[:, list(top)]
        return completed(problem.candidates, rows, outcome, features, problem.config.imputations, seed)
    return [np.array([one.values[rows] for one in problem.candidates]).reshape(-1, len(rows)).T]


def _fit_model(kind: CardKind, sample: _Sample, selected: tuple[int, ...], candidates: tuple[int, ...]) -> FittedModel:
    problem, signature = sample.problem, sample.signature
    uses_score = kind == "radscore" and len(signature.coef) > 0
    features = problem.cohort.features[sample.rows]
    tables = [
        _stacked(signature, features, table[:, list(candidates)], selected, uses_score) for table in sample.covariates
    ]
    labels = [problem.cohort.names[signature.columns[index]] for index in selected]
    labels += [problem.candidates[index].label for index in candidates]
    labels = ["rad_score"] if uses_score else labels
    config = problem.config
    rules = Rules(config.ties, 1.0 if uses_score else config.keep_p, config.separation)
    found = estimate(sample.outcome, tables, labels, rules)
    n_selected = len(selected)
    return FittedModel(
        kind=kind,
        selected=tuple(selected[k] for k in found.kept if k < n_selected and not uses_score),
        candidates=tuple(candidates[k - n_selected] for k in found.kept if k >= n_selected and not uses_score),
        uses_score=uses_score and bool(found.kept),
        estimated=found,
    )


def predict(problem: Problem, fitted: Fitted, rows: IntArray) -> Predictions:
    """Apply a run, fitted on `rows`, to every patient of the cohort."""
    n, grid = problem.endpoint.n, problem.grid_months
    risk = np.full((len(CARD_KINDS), n), np.nan)
    curves = np.full((len(CARD_KINDS), n, len(grid)), np.nan)
    for row, model in enumerate(fitted.models.values()):
        if model.fit is None:
            risk[row] = 0.0
            curves[row] = kaplan_meier(problem.endpoint.take(rows)).at(grid).survival
            continue
        columns = design(problem, fitted.signature, model)
        known = np.isfinite(columns).all(axis=1)
        risk[row, known] = model.fit.linear_predictor(columns[known])
        hazards = np.array([model.fit.cumulative_hazard(float(month)) for month in grid])
        curves[row, known] = np.exp(-hazards * np.exp(risk[row, known])[:, None])
    at_horizon = curves[:, :, int(np.searchsorted(grid, problem.config.horizon_months))]
    return Predictions(fitted.signature.scores(problem.cohort.features), risk, at_horizon, curves)


def measures(problem: Problem, predictions: Predictions, rows: IntArray) -> FloatArray:
    """Return C and AUC at the horizon of each kind on some patients, (2 x kinds,), NaN where undefined."""
    found = []
    for risk in predictions.risk:
        known = rows[np.isfinite(risk[rows])]
        outcome = problem.endpoint.take(known)
        found += [c_index(outcome, risk[known]).c, auc_at(outcome, risk[known], problem.config.horizon_months).auc]
    return np.array(found)
