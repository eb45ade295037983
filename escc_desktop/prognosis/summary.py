"""A development in numbers and words: `results.json`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from escc_desktop import version
from escc_desktop.errors import EsccError
from escc_desktop.prognosis import results as doc
from escc_desktop.prognosis.card import CARD_KINDS, CardKind
from escc_desktop.prognosis.card_parts import Figure, RiskGroup
from escc_desktop.prognosis.carding import model_terms
from escc_desktop.prognosis.cohort import Dropped
from escc_desktop.prognosis.config import DevelopConfig
from escc_desktop.prognosis.cutting import Cutting
from escc_desktop.prognosis.entry import Univariable
from escc_desktop.prognosis.pipeline import Fitted, FittedModel, Predictions, Problem, predict, prepare
from escc_desktop.prognosis.terms import Candidate
from escc_desktop.prognosis.validation import Validation
from escc_desktop.stats.arrays import BoolArray, FloatArray
from escc_desktop.stats.cox import CoxFit
from escc_desktop.stats.cutpoint import Cutpoint
from escc_desktop.stats.optimality import kkt_residual
from escc_desktop.stats.optimism import interval_of
from escc_desktop.stats.performance import Auc, CIndex, auc_at, brier, c_index
from escc_desktop.stats.selection import LASSO_SEMANTICS, correlation
from escc_desktop.stats.survival import Endpoint, kaplan_meier, log_rank, median_follow_up

MAX_LISTED = 200
# 600 columns have 180,000 correlations, some 600 KB as text.
MAX_CORRELATED = 600


@dataclass(frozen=True, eq=False)
class Found:
    """Everything a development computed, ready to be told."""

    problem: Problem
    fitted: Fitted
    cutting: Cutting
    validation: Validation
    predictions: Predictions
    concordance: dict[CardKind, CIndex]
    auc: dict[CardKind, Auc]

    @property
    def cutpoint(self) -> Cutpoint | None:
        """The cut-off, None without one."""
        return self.cutting.cutpoint

    @property
    def high(self) -> BoolArray | None:
        """(n,) high risk by the apparent cut-off, None without one."""
        return None if self.cutpoint is None else np.asarray(self.predictions.rad_score > self.cutpoint.cut)


def gather(problem: Problem, fitted: Fitted, cutting: Cutting, validation: Validation) -> Found:
    """Compute the apparent figures beside a fit and its validation."""
    predictions = predict(problem, fitted, np.arange(problem.endpoint.n))
    concordance, areas = {}, {}
    for kind, risk in zip(CARD_KINDS, predictions.risk, strict=True):
        known = np.isfinite(risk)
        outcome = problem.endpoint.take(known)
        concordance[kind] = c_index(outcome, risk[known])
        areas[kind] = auc_at(outcome, risk[known], problem.config.horizon_months)
    return Found(problem, fitted, cutting, validation, predictions, concordance, areas)


def figures(found: Found) -> dict[CardKind, dict[str, doc.FigureResult]]:
    """Return C-index and AUC of each kind with everything that belongs beside them."""
    bootstrap, out = found.validation.bootstrap, found.validation.out_of_fold
    optimism, corrected = bootstrap.optimism, bootstrap.corrected
    nested = [figure for pair in zip(out.c, out.auc, strict=True) for figure in pair]
    sampling = np.array([figure.se_patients for figure in nested])
    lower, upper = interval_of(corrected, sampling, optimism.model_sd)
    noise = found.validation.noise.quantiles((0.05, 0.5, 0.95))
    told: dict[CardKind, dict[str, doc.FigureResult]] = {}
    for k, kind in enumerate(CARD_KINDS):
        c, area = found.concordance[kind], found.auc[kind]
        apparent = {"c_index": (c.c, c.lower, c.upper), "auc": (area.auc, area.lower, area.upper)}
        is_empty = found.fitted.models[kind].fit is None
        told[kind] = {}
        for j, (name, (value, low, high)) in enumerate(apparent.items()):
            at = 2 * k + j
            known = len(optimism.on_resample) > optimism.n_failed
            limits = nested[at].interval(float(optimism.model_sd[at]) if known else None)
            # A model without terms ranks nobody: its C is 0.5 whatever the resamples selected.
            trio = (0.5, 0.5, 0.5) if is_empty else (corrected[at], lower[at], upper[at])
            harrell = 0.5 if is_empty else optimism.corrected[at]
            told[kind][name] = doc.FigureResult(
                apparent=value,
                apparent_lower=low,
                apparent_upper=high,
                corrected=_number(trio[0]) if known else None,
                corrected_lower=_number(trio[1]) if known else None,
                corrected_upper=_number(trio[2]) if known else None,
                harrell=_number(harrell) if known else None,
                cross_validated=_number(nested[at].value),
                nested_lower=_number(limits[0]),
                nested_upper=_number(limits[1]),
                noise=(_number(noise[0, at]), _number(noise[1, at]), _number(noise[2, at])),
            )
    return told


def card_figures(told: dict[CardKind, dict[str, doc.FigureResult]]) -> dict[CardKind, tuple[Figure, ...]]:
    """Return the figures as cards carry them."""
    return {
        kind: tuple(
            Figure(
                name=name,
                apparent=figure.apparent,
                corrected=figure.corrected,
                lower=figure.corrected_lower,
                upper=figure.corrected_upper,
            )
            for name, figure in by_name.items()
        )
        for kind, by_name in told.items()
    }


def cohort_result(found: Found, dropped: Sequence[Dropped]) -> doc.CohortResult:
    """Return who is in the analysis."""
    endpoint, horizon = found.problem.endpoint, found.problem.config.horizon_months
    return doc.CohortResult(
        n_patients=endpoint.n,
        n_events=endpoint.n_events,
        n_events_by_horizon=int(np.sum(endpoint.event & (endpoint.time_months <= horizon))),
        median_follow_up_months=median_follow_up(endpoint).value,
        survival_at_horizon=float(kaplan_meier(endpoint).at(horizon).survival[0]),
        sites=found.problem.cohort.site_counts,
        dropped=tuple(doc.Left(what=drop.what, n=drop.n, why=drop.why) for drop in dropped),
    )


def agreement_result(found: Found) -> doc.AgreementResult | None:
    """Return what the agreement rule let through."""
    agreements = found.problem.agreements
    if agreements is None:
        return None
    comparisons = []
    for agreement in agreements.comparisons:
        known = agreement.icc.icc[np.isfinite(agreement.icc.icc)]
        quartiles = [_number(q) for q in np.quantile(known, (0.25, 0.5, 0.75))] if len(known) else [None] * 3
        comparisons.append(
            doc.ComparisonResult(
                comparison=agreement.comparison,
                n_lesions=agreement.n,
                n_passed=int(agreement.passed.sum()),
                n_constant=int(agreement.is_constant.sum()),
                icc_quartiles=(quartiles[0], quartiles[1], quartiles[2]),
                icc_counts=tuple(np.histogram(np.clip(known, -0.25, 1), 50, (-0.25, 1))[0].tolist()),
                icc=tuple(_number(round(value, 4)) for value in agreement.icc.icc.tolist()),
                lower=tuple(_number(round(value, 4)) for value in agreement.icc.lower.tolist()),
            )
        )
    return doc.AgreementResult(
        form=agreements.form,
        threshold=agreements.threshold,
        comparisons=tuple(comparisons),
        n_stable=int(agreements.stable.sum()),
        features=tuple(agreements.names),
    )


def selection_result(found: Found) -> doc.SelectionResult:
    """Return the way from all features to the signature."""
    signature, names = found.fitted.signature, found.problem.cohort.names
    share, drawn = found.validation.bootstrap.selected, found.validation.fold_draws
    cv = signature.cv
    return doc.SelectionResult(
        n_features=len(names),
        n_stable=len(signature.stable),
        constant=tuple(names[column] for column in signature.constant),
        n_after_correlation=len(signature.kept),
        lambdas=tuple(cv.path.lambdas.tolist()) if cv else (),
        cvm=tuple(cv.cvm.tolist()) if cv else (),
        cvsd=tuple(cv.cvsd.tolist()) if cv else (),
        n_nonzero=tuple(cv.n_selected.tolist()) if cv else (),
        lambda_min=cv.lambda_min if cv else None,
        features=tuple(
            doc.SelectedFeature(
                name=names[column],
                coefficient=float(signature.coef[k]),
                mean=float(signature.mean[k]),
                sd=float(signature.sd[k]),
                resample_share=float(share[column]),
                fold_draw_share=float(drawn.selected[column]),
            )
            for k, column in enumerate(signature.columns)
        ),
        selected_again=_shares(names, share),
        drawn_again=_shares(names, drawn.selected),
        fold_draws=len(drawn.n_selected),
        fold_draw_lambda_min=tuple(drawn.lambda_min.tolist()),
        fold_draw_n_selected=tuple(drawn.n_selected.tolist()),
        lambda_1se=cv.lambda_1se if cv else None,
        penalty=found.problem.config.penalty,
        semantics=LASSO_SEMANTICS,
        kkt_residual=_kkt_residual(found),
        kept=tuple(names[column] for column in signature.kept),
        correlation=_correlations(found.problem.cohort.features[:, signature.kept]),
        path=tuple(
            doc.PathResult(
                name=names[column],
                coefficients=tuple(float(f"{value:.6g}") for value in cv.path.coef[:, place]),
            )
            for place, column in enumerate(signature.kept)
            if column in signature.columns
        )
        if cv
        else (),
    )


def _correlations(kept: FloatArray) -> tuple[int, ...]:
    """Return Pearson correlations in percent below the diagonal, row by row; none for too many columns."""
    if not 1 < kept.shape[1] <= MAX_CORRELATED:
        return ()
    matrix = np.rint(100 * correlation(kept)).astype(np.int64)
    return tuple(matrix[np.tril_indices(len(matrix), -1)].tolist())


def _kkt_residual(found: Found) -> float | None:
    """Return how far the coefficients of the signature are from the optimum, as a share of the penalty."""
    signature, problem = found.fitted.signature, found.problem
    if signature.cv is None:
        return None
    scaled = prepare(problem, np.arange(problem.endpoint.n)).scaled
    coef = np.zeros(scaled.shape[1])
    coef[np.isin(signature.kept, signature.columns)] = signature.coef
    is_min = problem.config.penalty == "lambda.min"
    penalty = signature.cv.lambda_min if is_min else signature.cv.lambda_1se
    return kkt_residual(scaled, problem.endpoint, coef, penalty, standardize=problem.config.lasso_standardize)


def _shares(names: Sequence[str], share: FloatArray) -> tuple[doc.FeatureShare, ...]:
    """Return who was selected at all, the most frequent first."""
    order = np.argsort(-share, kind="stable")[:MAX_LISTED]
    return tuple(doc.FeatureShare(name=names[k], share=float(share[k])) for k in order if share[k] > 0)


def group_survival(
    endpoint: Endpoint, high: BoolArray | None, horizon_months: float, note: str
) -> doc.GroupSurvival | None:
    """Compare low and high risk; None where there is but one group."""
    if high is None or high.all() or not high.any():
        return None
    low_curve, high_curve = kaplan_meier(endpoint.take(~high)), kaplan_meier(endpoint.take(high))
    try:
        test = log_rank(endpoint, high)
        chisq, p = test.chisq, test.p
    except EsccError:
        chisq, p = np.nan, np.nan
    return doc.GroupSurvival(
        n_low=int(np.sum(~high)),
        n_high=int(np.sum(high)),
        events_low=int(np.sum(endpoint.event & ~high)),
        events_high=int(np.sum(endpoint.event & high)),
        survival_low=float(low_curve.at(horizon_months).survival[0]),
        survival_high=float(high_curve.at(horizon_months).survival[0]),
        median_low_months=low_curve.median().value,
        median_high_months=high_curve.median().value,
        log_rank_chisq=chisq,
        log_rank_p=p,
        note=note,
    )


def univariable_result(problem: Problem, one: Univariable) -> doc.TermResult:
    """Return one covariate alone."""
    candidate: Candidate = problem.candidates[one.candidate]
    return _term(candidate.label, candidate.term.name, one.fit, 0, candidate, one.reason)


def _term(label: str, name: str, fit: CoxFit | None, k: int, candidate: Candidate | None, note: str) -> doc.TermResult:
    def of(values: FloatArray) -> float | None:
        return float(values[k])

    return doc.TermResult(
        label=label,
        name=name,
        coefficient=of(fit.coef) if fit else None,
        std_error=of(fit.se) if fit else None,
        hazard_ratio=of(fit.hr) if fit else None,
        lower=of(fit.hr_lower) if fit else None,
        upper=of(fit.hr_upper) if fit else None,
        p=of(fit.p) if fit else None,
        n=fit.n if fit else 0,
        n_events=fit.n_events if fit else 0,
        contrast=candidate.term.contrast if candidate else None,
        note=note,
        known_on_day=candidate.day if candidate else None,
    )


def model_result(found: Found, model: FittedModel, told: dict[str, doc.FigureResult]) -> doc.ModelResult:
    """Return one Cox model with its figures."""
    problem, fit = found.problem, model.fit
    terms = model_terms(problem, found.fitted, model)
    chosen: list[Candidate | None] = [None] * (len(terms) - len(model.candidates))
    chosen += [problem.candidates[index] for index in model.candidates]
    survival = found.predictions.survival[CARD_KINDS.index(model.kind)]
    known = np.isfinite(survival)
    try:
        loss = brier(problem.endpoint.take(known), survival[known], problem.config.horizon_months).brier
    except EsccError:
        loss = np.nan
    return doc.ModelResult(
        terms=tuple(
            _term(fit.names[k], term.name, fit, k, candidate, "")
            for k, (term, candidate) in enumerate(zip(terms, chosen, strict=True))
            if fit is not None
        ),
        n=fit.n if fit else problem.endpoint.n,
        n_events=fit.n_events if fit else problem.endpoint.n_events,
        lr_chisq=fit.lr_chisq if fit else None,
        lr_df=len(terms),
        c_index=told["c_index"],
        auc=told["auc"],
        brier=loss,
        dropped=model.dropped,
        entry=_entry_words(problem.config, model.kind),
    )


def _entry_words(config: DevelopConfig, kind: CardKind) -> str:
    """Say how terms came into a model, and what that does to their P values."""
    if kind == "radscore":
        return "The Rad-score alone; its features were searched for: P naive."
    rules = {
        "univariable": f"Covariates with a univariable P below {config.entry_p:g}",
        "enter": "All covariates",
        "aic": "Covariates forward by Akaike's criterion",
    }
    most = f"the {config.radiomics_terms} largest" if config.radiomics_terms else "all"
    features = f"{most} features of the signature"
    entering = {
        "clinical": rules[config.entry],
        "radiomics": features,
        "combined": f"{rules[config.entry]}, {features}",
    }
    stay = f"; terms stay with a P below {config.keep_p:g}" if config.keep_p < 1 else ""
    return f"{entering[kind][0].upper()}{entering[kind][1:]}{stay}. P values after a selection are naive."


def patients(found: Found) -> tuple[doc.PatientResult, ...]:
    """Return every training patient, apparent and out-of-fold."""
    out, high = found.validation.out_of_fold, found.high
    endpoint, cv = found.problem.endpoint, found.fitted.signature.cv
    told = []
    for k, patient in enumerate(found.problem.cohort.patients):
        told.append(
            doc.PatientResult(
                patient_id=patient,
                time_months=float(endpoint.time_months[k]),
                event=int(endpoint.event[k]),
                rad_score=float(found.predictions.rad_score[k]),
                risk_group=None if high is None else _group(bool(high[k])),
                rad_score_out_of_fold=_number(out.rad_score[k]),
                risk_group_out_of_fold=None if np.isnan(out.high[k]) else _group(bool(out.high_group[k])),
                survival={kind: _number(found.predictions.survival[row, k]) for row, kind in enumerate(CARD_KINDS)},
                survival_out_of_fold={kind: _number(out.survival[row, k]) for row, kind in enumerate(CARD_KINDS)},
                fold=None if cv is None else int(cv.fold[k]),
            )
        )
    return tuple(told)


def repeats(found: Found) -> doc.Repeats:
    """Return how often the pipeline was repeated."""
    config, validation = found.problem.config, found.validation
    return doc.Repeats(
        resamples=config.resamples,
        resamples_failed=validation.bootstrap.optimism.n_failed,
        outer_folds=config.outer_folds,
        outer_repeats=config.outer_repeats,
        folds_failed=validation.out_of_fold.n_failed,
        noise=config.noise_repeats,
        noise_failed=validation.noise.n_failed,
    )


def _group(is_high: bool) -> RiskGroup:
    return "HIGH" if is_high else "LOW"


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def software() -> str:
    """Return the program and its version."""
    return f"ESCC Desktop {version()}"
