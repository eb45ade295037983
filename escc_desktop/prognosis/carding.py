"""A fitted pipeline as four model cards."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from escc_desktop import version
from escc_desktop.prognosis.applicability import applicability
from escc_desktop.prognosis.card import (
    CARD_KINDS,
    Baseline,
    CardKind,
    CurveErrors,
    Cutoff,
    ModelCard,
    Points,
    RadScore,
    Scaling,
    SurvivalModel,
    Term,
    Uncertainty,
    finished,
)
from escc_desktop.prognosis.card_digests import patient_digest, values_digest
from escc_desktop.prognosis.card_parts import (
    Extraction,
    Figure,
    IccRule,
    Nested,
    Range,
    RiskGroup,
    Training,
    TrainingPatient,
)
from escc_desktop.prognosis.card_reader import ReaderError
from escc_desktop.prognosis.clinical import ClinicalTable
from escc_desktop.prognosis.nested import OutOfFold
from escc_desktop.prognosis.pipeline import Fitted, FittedModel, Problem, design
from escc_desktop.prognosis.scans import training_acquisition
from escc_desktop.prognosis.terms import model_value
from escc_desktop.stats.arrays import BoolArray, FloatArray
from escc_desktop.stats.cox import CoxFit
from escc_desktop.stats.cutpoint import Cutpoint
from escc_desktop.stats.nomogram import Nomogram, Predictor, axis_ticks, nomogram
from escc_desktop.stats.survival import KaplanMeier, kaplan_meier

CUTOFF_METHOD = "maximally selected log-rank (X-tile style); P corrected for the search"
_BOUNDS = {"estimate": "estimate", "lower": "lower 95 % limit"}
_VALUES = {"raw": "raw values", "log": "logarithms", "rank": "ranks"}
_NAMES: dict[CardKind, str] = {
    "radscore": "Rad-score",
    "clinical": "Clinical model",
    "radiomics": "Radiomics model",
    "combined": "Combined model",
}


@dataclass(frozen=True, eq=False)
class Evidence:
    """What cards carry beside the fit: out-of-fold predictions, performance and assumptions by kind, and the rest."""

    fitted: Fitted
    cutpoint: Cutpoint | None
    out_of_fold: OutOfFold
    performance: dict[CardKind, tuple[Figure, ...]]
    nested: dict[CardKind, Nested | None]
    warnings: tuple[str, ...]
    features_digest: str
    clinical: ClinicalTable
    extraction: Extraction | None
    readers: dict[CardKind, ReaderError | None]
    assumptions: dict[CardKind, tuple[str, ...]]


def make_cards(problem: Problem, evidence: Evidence) -> dict[CardKind, ModelCard]:
    """Return the four cards of a development."""
    return {kind: _card(problem, evidence, kind) for kind in CARD_KINDS}


def _card(problem: Problem, evidence: Evidence, kind: CardKind) -> ModelCard:
    config = problem.config
    score = None if kind == "clinical" else rad_score(problem, evidence.fitted, evidence.cutpoint)
    model = survival_model(problem, evidence.fitted, evidence.fitted.models[kind])
    names = [term.name for term in (*(score.terms if score else ()), *model.terms) if term.source == "feature"]
    covariates = [term.name for term in model.terms if term.source == "covariate"]
    return finished(
        card_version=1,
        kind=kind,
        name=f"{config.name} {_NAMES[kind]}".strip(),
        usage="patient",
        source="Developed on the cohort of this card; internal validation only.",
        software=f"ESCC Desktop {version()}",
        assumptions=evidence.assumptions[kind],
        endpoint=config.endpoint,
        horizon_months=config.horizon_months,
        patient_value=config.patient_value,
        feature_scale=config.scaling,
        rad_score=score,
        model=model,
        icc_rule=_icc_rule(problem) if score else None,
        training=_training(problem, evidence, kind, tuple(dict.fromkeys(names)), tuple(dict.fromkeys(covariates))),
        applicability=applicability(config.applicability, evidence.clinical, problem.cohort),
        performance=evidence.performance[kind],
        warnings=evidence.warnings,
        acquisition=training_acquisition(problem.cohort.scans),
        extraction=evidence.extraction,
        curve_errors=_curve_errors(problem, evidence.fitted.models[kind].fit),
        readers=evidence.readers[kind],
        nested=evidence.nested[kind],
    )


def _icc_rule(problem: Problem) -> IccRule | None:
    agreements = problem.agreements
    if agreements is None:
        return None
    counts = {agreement.comparison: agreement.n for agreement in agreements.comparisons}
    return IccRule(
        form=agreements.form,
        threshold=agreements.threshold,
        rule=f"{_BOUNDS[agreements.rule.bound]} of {_VALUES[agreements.rule.values]} above the threshold in "
        + " and ".join(counts),
        n_intra=counts.get("intra", 0),
        n_inter=counts.get("inter", 0),
    )


def rad_score(problem: Problem, fitted: Fitted, cutpoint: Cutpoint | None) -> RadScore:
    """Return the signature as terms, with its cut-off."""
    signature = fitted.signature
    terms = tuple(
        _feature_term(problem, fitted, index, float(coefficient)) for index, coefficient in enumerate(signature.coef)
    )
    if cutpoint is None:
        return RadScore(terms=terms)
    return RadScore(
        terms=terms,
        cutoff=Cutoff(
            value=cutpoint.cut,
            method=CUTOFF_METHOD,
            chisq=cutpoint.chisq,
            naive_p=cutpoint.naive_p,
            corrected_p=corrected_p(cutpoint),
            n_low=cutpoint.n_low,
            n_high=cutpoint.n_high,
        ),
    )


def corrected_p(cutpoint: Cutpoint) -> float:
    """Return the permutation P where there were permutations, else Miller and Siegmund's.

    The observed order counts as one permutation, so that P is never 0 (Phipson and Smyth 2010).
    """
    n = cutpoint.n_permutations
    return (cutpoint.permutation_p * n + 1) / (n + 1) if n else min(cutpoint.miller_siegmund_p, 1.0)


def _feature_term(problem: Problem, fitted: Fitted, index: int, coefficient: float) -> Term:
    signature = fitted.signature
    column = int(signature.columns[index])
    raw = problem.cohort.features[:, column]
    return Term(
        source="feature",
        name=problem.cohort.names[column],
        coefficient=coefficient,
        scaling=Scaling(mean=float(signature.mean[index]), sd=float(signature.sd[index])),
        range=_range(raw),
        ticks=tuple(axis_ticks(raw).tolist()),
    )


def _range(values: FloatArray) -> Range:
    return Range(minimum=float(np.nanmin(values)), maximum=float(np.nanmax(values)))


def model_terms(problem: Problem, fitted: Fitted, model: FittedModel) -> tuple[Term, ...]:
    """Return the terms of a model in the order of its coefficients."""
    fit = model.fit
    if fit is None:
        return ()
    terms: list[Term] = [_feature_term(problem, fitted, index, 0.0) for index in model.selected]
    for index in model.candidates:
        candidate = problem.candidates[index]
        ticks = (0.0, 1.0) if candidate.term.contrast else tuple(_positive_ticks(candidate.term, candidate.raw))
        terms.append(candidate.term.model_copy(update={"ticks": ticks}))
    if model.uses_score:
        scores = fitted.signature.scores(problem.cohort.features)
        ticks = tuple(axis_ticks(scores).tolist())
        terms = [Term(source="rad_score", name="rad_score", coefficient=0.0, range=_range(scores), ticks=ticks)]
    return tuple(
        term.model_copy(update={"coefficient": float(fit.coef[k]), "std_error": float(fit.se[k]), "p": float(fit.p[k])})
        for k, term in enumerate(terms)
    )


def _positive_ticks(term: Term, raw: FloatArray) -> list[float]:
    ticks = axis_ticks(raw)
    # A logarithm has no tick at or below 0.
    return [float(tick) for tick in ticks if term.transform == "identity" or tick > 0]


def survival_model(problem: Problem, fitted: Fitted, model: FittedModel) -> SurvivalModel:
    """Return a Cox model with baseline, uncertainty and points; without terms the Kaplan-Meier estimate."""
    fit = model.fit
    if fit is None:
        return _marginal_model(problem)
    terms = model_terms(problem, fitted, model)
    horizon = problem.config.horizon_months
    center = float(fit.means @ fit.coef)
    columns = design(problem, fitted.signature, model)
    lp = fit.linear_predictor(columns[np.isfinite(columns).all(axis=1)])
    scale = nomogram_of(terms, center, lp, fit.cumulative_hazard(horizon))
    curve = fit.baseline.time <= problem.endpoint.time_months.max()
    return SurvivalModel(
        terms=terms,
        baseline=Baseline(
            center=center,
            survival=float(np.exp(-fit.cumulative_hazard(horizon))),
            times_months=tuple(fit.baseline.time[curve].tolist()),
            cumulative_hazard=tuple(fit.baseline.cumhaz[curve].tolist()),
        ),
        uncertainty=_uncertainty(fit, horizon),
        points=None
        if scale is None
        else Points(
            per_lp=scale.points_per_lp,
            lowest=scale.intercept + center,
            lp_range=(float(lp.min()) + center, float(lp.max()) + center),
        ),
        n_patients=fit.n,
        n_events=fit.n_events,
    )


def _marginal_model(problem: Problem) -> SurvivalModel:
    curve = kaplan_meier(problem.endpoint)
    at = curve.at(problem.config.horizon_months)
    hazard = -np.log(at.survival[0])
    uncertainty = None
    if np.isfinite(hazard) and hazard > 0:
        variance = float((at.std_error[0] / at.survival[0] / hazard) ** 2)
        uncertainty = Uncertainty(log_hazard_variance=variance, reference=(), covariance=())
    falls = _falls(curve)
    return SurvivalModel(
        terms=(),
        baseline=Baseline(
            center=0.0,
            survival=float(at.survival[0]),
            times_months=tuple(curve.time[falls].tolist()),
            cumulative_hazard=tuple((-np.log(curve.survival[falls])).tolist()),
        ),
        uncertainty=uncertainty,
        n_patients=problem.endpoint.n,
        n_events=problem.endpoint.n_events,
    )


def _falls(curve: KaplanMeier) -> BoolArray:
    """Return where the curve falls, short of 0: there the hazard is infinite."""
    return np.asarray((curve.n_event > 0) & (curve.survival > 0))


def _curve_errors(problem: Problem, fit: CoxFit | None) -> CurveErrors:
    """Return what the interval of a whole curve needs, at the times of `survival_model`'s baseline."""
    if fit is None:
        curve = kaplan_meier(problem.endpoint)
        falls = _falls(curve)
        spread = (curve.std_error_log[falls] / np.log(curve.survival[falls])) ** 2
        return CurveErrors(log_hazard_variance=tuple(spread.tolist()), reference=((),) * len(spread))
    rows = fit.baseline.time <= problem.endpoint.time_months.max()
    hazard = fit.baseline.cumhaz[rows]
    reference = fit.means + fit.baseline.mean[rows] / hazard[:, None]
    return CurveErrors(
        log_hazard_variance=tuple((fit.baseline.variance[rows] / hazard**2).tolist()),
        reference=tuple(tuple(row) for row in reference.tolist()),
    )


def _uncertainty(fit: CoxFit, horizon_months: float) -> Uncertainty | None:
    row = int(np.searchsorted(fit.baseline.time, horizon_months, side="right")) - 1
    if row < 0:
        return None
    hazard = fit.baseline.cumhaz[row]
    return Uncertainty(
        log_hazard_variance=float(fit.baseline.variance[row] / hazard**2),
        reference=tuple((fit.means + fit.baseline.mean[row] / hazard).tolist()),
        covariance=tuple(tuple(line) for line in fit.vcov.tolist()),
    )


def nomogram_of(terms: Sequence[Term], center: float, lp: FloatArray, baseline_hazard: float) -> Nomogram | None:
    """Return the nomogram of a card's terms, None where no term has an effect.

    Parameters
    ----------
    lp
        Centred linear predictors whose range the survival axis spans.
    """
    predictors = [
        Predictor(
            term_label(term),
            term.coefficient,
            np.array(term.ticks),
            np.array(term.ticks if term.contrast else [model_value(term, tick) for tick in term.ticks]),
        )
        for term in terms
    ]
    if not any(np.ptp(one.coefficient * one.model_values) > 0 for one in predictors):
        return None
    return nomogram(predictors, center, lp, baseline_hazard)


def term_label(term: Term) -> str:
    """Return what a term is called on an axis; levels of one covariate are told apart."""
    return f"{term.name}: {term.contrast.level}" if term.contrast else term.name


def card_nomogram(card: ModelCard) -> Nomogram | None:
    """Return the nomogram a card draws, None for a card without points or baseline."""
    model = card.model
    if model is None or model.baseline is None or model.points is None:
        return None
    lp = np.array(model.points.lp_range) - model.baseline.center
    return nomogram_of(model.terms, model.baseline.center, lp, float(-np.log(model.baseline.survival)))


def _training(
    problem: Problem, evidence: Evidence, kind: CardKind, names: tuple[str, ...], covariates: tuple[str, ...]
) -> Training:
    config, cohort, endpoint = problem.config, problem.cohort, problem.endpoint
    salt = hashlib.sha256(f"{evidence.features_digest}:{evidence.clinical.digest}:{config.digest}".encode()).hexdigest()
    columns = [cohort.names.index(name) for name in names]
    out, row_of_kind = evidence.out_of_fold, CARD_KINDS.index(kind)
    patients = []
    for k, patient in enumerate(cohort.patients):
        values = [*cohort.features[k, columns].tolist()]
        values += [evidence.clinical.covariates[name].value(cohort.rows[k]) for name in covariates]
        group: RiskGroup | None = "HIGH" if out.high_group[k] else "LOW"
        if np.isnan(out.high[k]) or kind == "clinical":
            group = None
        patients.append(
            TrainingPatient(
                patient=patient_digest(salt, patient),
                values=values_digest(salt, values),
                rad_score=None if kind == "clinical" else _known(out.rad_score[k]),
                risk_group=group,
                survival=_known(out.survival[row_of_kind, k]),
            )
        )
    return Training(
        n_patients=endpoint.n,
        n_events=endpoint.n_events,
        n_events_by_horizon=int(np.sum(endpoint.event & (endpoint.time_months <= config.horizon_months))),
        features_digest=evidence.features_digest,
        clinical_digest=evidence.clinical.digest,
        config_digest=config.digest,
        seed=config.seed,
        salt=salt,
        patients=tuple(patients),
    )


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
