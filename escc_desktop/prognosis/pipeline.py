"""The whole pipeline as one function of the patients it is given, so that a bootstrap can repeat all of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from escc_desktop.errors import EsccError
from escc_desktop.prognosis.card import CARD_KINDS, CardKind
from escc_desktop.prognosis.cohort import Cohort
from escc_desktop.prognosis.config import DevelopConfig
from escc_desktop.prognosis.reproducibility import Agreements, agreement_of_rows
from escc_desktop.prognosis.terms import Candidate
from escc_desktop.progress import Progress
from escc_desktop.stats.arrays import BoolArray, FloatArray, IntArray, varying
from escc_desktop.stats.cox import CoxFit, cox
from escc_desktop.stats.cutpoint import Cutpoint, maximally_selected_log_rank
from escc_desktop.stats.performance import auc_at, c_index
from escc_desktop.stats.selection import (
    LassoCv,
    allocate_folds,
    correlation,
    cox_lasso_cv,
    find_correlation,
    fit_scaler,
)
from escc_desktop.stats.survival import Endpoint, kaplan_meier


@dataclass(frozen=True, eq=False)
class Problem:
    """What a pipeline is fitted on: n patients with p features, an outcome, and covariates that may enter."""

    cohort: Cohort
    endpoint: Endpoint
    agreements: Agreements | None
    candidates: tuple[Candidate, ...]
    config: DevelopConfig


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
    """A Cox model of the pipeline; `fit` is None where no term remained (everyone gets the same risk).

    `selected` are indices into the signature, `candidates` into the problem's covariates; `uses_score` stands for
    the Rad-score as the only term. `dropped` says in words what was taken out.
    """

    kind: CardKind
    selected: tuple[int, ...]
    candidates: tuple[int, ...]
    uses_score: bool
    fit: CoxFit | None
    used: BoolArray
    dropped: tuple[str, ...]


@dataclass(frozen=True)
class Univariable:
    """One covariate alone; `fit` is None where it could not be estimated, with the reason."""

    candidate: int
    fit: CoxFit | None
    reason: str


@dataclass(frozen=True, eq=False)
class Fitted:
    """One run of the pipeline."""

    signature: Signature
    cutpoint: Cutpoint | None
    univariable: tuple[Univariable, ...]
    models: dict[CardKind, FittedModel]


@dataclass(frozen=True, eq=False)
class Predictions:
    """What a run says of every patient of the cohort: Rad-scores (n,), centred risks and survival (kinds, n)."""

    rad_score: FloatArray
    risk: FloatArray
    survival: FloatArray


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
    univariable = tuple(_univariable(problem, rows, outcome, index) for index in range(len(problem.candidates)))
    entered = _entering(problem.config, univariable, outcome.n_events)
    top = tuple(np.argsort(-np.abs(signature.coef), kind="stable")[: problem.config.radiomics_terms].tolist())
    models: dict[CardKind, FittedModel] = {
        "radscore": _fit_model("radscore", problem, rows, signature, (), ()),
        "clinical": _fit_model("clinical", problem, rows, signature, (), entered),
        "radiomics": _fit_model("radiomics", problem, rows, signature, top, ()),
        "combined": _fit_model("combined", problem, rows, signature, top, entered),
    }
    return Fitted(signature, _cut(outcome, scores, problem.config.min_fraction), univariable, models)


def fit_signature(problem: Problem, rows: IntArray, outcome: Endpoint, seed: int, progress: Progress) -> Signature:
    """Filter by agreement and correlation, scale, and select by the LASSO at lambda.min."""
    stable = _stable(problem, rows)
    features = problem.cohort.features[rows]
    moves = varying(features)
    usable, constant = stable[moves[stable]], np.flatnonzero(~moves)
    nothing = np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0), np.zeros(0)
    if not len(usable):
        return Signature(stable, constant, usable, *nothing, None)
    X = features[:, usable]
    removed = find_correlation(correlation(X), problem.config.correlation_cutoff) if len(usable) > 1 else ()
    left = np.setdiff1d(np.arange(len(usable)), removed)
    scaler = fit_scaler(X[:, left])
    n_folds = min(problem.config.folds, len(np.unique(rows)))
    fold = allocate_folds(len(rows), n_folds, seed, rows.tolist())
    cv = cox_lasso_cv(scaler.transform(X[:, left]), outcome, fold, progress=progress)
    chosen = np.flatnonzero(cv.coef_at_min)
    return Signature(
        stable=stable,
        constant=constant,
        kept=usable[left],
        columns=usable[left][chosen],
        coef=cv.coef_at_min[chosen],
        mean=scaler.mean[chosen],
        sd=scaler.sd[chosen],
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


def _univariable(problem: Problem, rows: IntArray, outcome: Endpoint, index: int) -> Univariable:
    candidate = problem.candidates[index]
    values = candidate.values[rows]
    known = np.isfinite(values)
    if not known.any():
        return Univariable(index, None, "no value is known")
    try:
        fit = cox(outcome.take(known), values[known][:, None], [candidate.label])
    except EsccError as error:
        return Univariable(index, None, error.what)
    if fit.separated:
        return Univariable(index, None, "separation: its hazard ratio grows without end")
    return Univariable(index, fit, "")


def _entering(config: DevelopConfig, univariable: Sequence[Univariable], n_events: int) -> tuple[int, ...]:
    fitted = [(float(one.fit.p[0]), one.candidate) for one in univariable if one.fit is not None]
    if config.entry == "enter":
        return tuple(candidate for _, candidate in fitted)
    allowed = max(1, int(n_events // config.events_per_term)) if config.events_per_term else len(fitted)
    passing = sorted((p, candidate) for p, candidate in fitted if p < config.entry_p)[:allowed]
    return tuple(sorted(candidate for _, candidate in passing))


def design(problem: Problem, signature: Signature, model: FittedModel) -> FloatArray:
    """Return the model's columns (n, terms) for every patient of the cohort, NaN where missing."""
    return _columns(problem, signature, model.selected, model.candidates, model.uses_score)


def _columns(
    problem: Problem, signature: Signature, selected: Sequence[int], candidates: Sequence[int], uses_score: bool
) -> FloatArray:
    features = problem.cohort.features
    scaled = signature.scaled(features)
    columns = [scaled[:, index] for index in selected]
    columns += [problem.candidates[index].values for index in candidates]
    if uses_score:
        columns = [signature.scores(features)]
    return np.stack(columns, axis=1) if columns else np.zeros((len(features), 0))


def _fit_model(
    kind: CardKind,
    problem: Problem,
    rows: IntArray,
    signature: Signature,
    selected: tuple[int, ...],
    candidates: tuple[int, ...],
) -> FittedModel:
    uses_score = kind == "radscore" and len(signature.coef) > 0
    columns = _columns(problem, signature, selected, candidates, uses_score)[rows]
    labels = [problem.cohort.names[signature.columns[index]] for index in selected]
    labels += [problem.candidates[index].label for index in candidates]
    labels = ["rad_score"] if uses_score else labels
    fit, kept, used, dropped = _cox_without_trouble(problem.endpoint.take(rows), columns, labels)
    n_selected = len(selected)
    return FittedModel(
        kind=kind,
        selected=tuple(selected[k] for k in kept if k < n_selected and not uses_score),
        candidates=tuple(candidates[k - n_selected] for k in kept if k >= n_selected and not uses_score),
        uses_score=uses_score and bool(kept),
        fit=fit,
        used=used,
        dropped=tuple(dropped),
    )


def _cox_without_trouble(
    outcome: Endpoint, columns: FloatArray, labels: Sequence[str]
) -> tuple[CoxFit | None, list[int], BoolArray, list[str]]:
    """Fit on complete cases; take out terms that separate or cannot be told apart, and say so."""
    kept, dropped = list(range(columns.shape[1])), []
    while kept:
        used = np.asarray(np.isfinite(columns[:, kept]).all(axis=1))
        try:
            fit = cox(outcome.take(used), columns[used][:, kept], [labels[k] for k in kept])
        except EsccError as error:
            last = kept.pop()
            dropped.append(f"{labels[last]} was taken out: {error.what}")
            continue
        if not fit.separated:
            return fit, kept, used, dropped
        dropped += [f"{label} was taken out: separation, its hazard ratio grows without end" for label in fit.separated]
        kept = [k for k in kept if labels[k] not in fit.separated]
    return None, [], np.ones(outcome.n, dtype=np.bool_), dropped


def predict(problem: Problem, fitted: Fitted, rows: IntArray) -> Predictions:
    """Apply a run, fitted on `rows`, to every patient of the cohort."""
    n = problem.endpoint.n
    risk, survival = np.full((len(CARD_KINDS), n), np.nan), np.full((len(CARD_KINDS), n), np.nan)
    for row, model in enumerate(fitted.models.values()):
        if model.fit is None:
            risk[row] = 0.0
            survival[row] = _marginal_survival(problem, rows)
            continue
        columns = design(problem, fitted.signature, model)
        known = np.isfinite(columns).all(axis=1)
        risk[row, known] = model.fit.linear_predictor(columns[known])
        survival[row, known] = model.fit.survival(columns[known], problem.config.horizon_months)
    return Predictions(fitted.signature.scores(problem.cohort.features), risk, survival)


def _marginal_survival(problem: Problem, rows: IntArray) -> float:
    return float(kaplan_meier(problem.endpoint.take(rows)).at(problem.config.horizon_months).survival[0])


def measures(problem: Problem, predictions: Predictions, rows: IntArray) -> FloatArray:
    """Return C and AUC at the horizon of each kind on some patients, (2 x kinds,), NaN where undefined."""
    found = []
    for risk in predictions.risk:
        known = rows[np.isfinite(risk[rows])]
        outcome = problem.endpoint.take(known)
        found += [c_index(outcome, risk[known]).c, auc_at(outcome, risk[known], problem.config.horizon_months).auc]
    return np.array(found)
