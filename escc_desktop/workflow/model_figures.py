"""The figures of a development, by file name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from escc_desktop.figures import agreement, forest, nomogram, performance, score, selection, survival
from escc_desktop.figures.style import Figure, saying
from escc_desktop.figures.words import Interval
from escc_desktop.prognosis.card import CARD_KINDS, CardKind, ModelCard
from escc_desktop.prognosis.carding import card_nomogram, term_label
from escc_desktop.prognosis.clinical import ENDPOINT_NAMES, covariate_words
from escc_desktop.prognosis.develop import Development
from escc_desktop.prognosis.reproducibility import READINGS, Agreements
from escc_desktop.prognosis.results import CutoffResult, FigureResult, Results, TermResult
from escc_desktop.stats.arrays import BoolArray, FloatArray
from escc_desktop.stats.calibration import calibration_groups, equal_sizes, roc_at
from escc_desktop.stats.performance import auc_at
from escc_desktop.stats.selection import correlation
from escc_desktop.stats.survival import Endpoint, kaplan_meier
from escc_desktop.workflow.curve_figures import MODEL_NAMES, NOMOGRAMS, curve_figures, three_groups
from escc_desktop.workflow.rereading_figure import rereading_figures

__all__ = ["MODEL_NAMES", "NOMOGRAMS", "contrast_words", "figure_groups", "performance_rows"]

_CALIBRATION_GROUPS = 3
_NOT = "not "


def figure_groups(made: Development) -> tuple[Callable[[], dict[str, Figure]], ...]:
    """Return what draws the figures of a development, group by group; one that has nothing to draw says why."""
    return (
        partial(agreement_figures, made.found.problem.agreements),
        partial(_selection, made),
        partial(_score, made),
        partial(_models, made),
        partial(_performance, made),
        partial(curve_figures, made.results),
        partial(rereading_figures, made.results),
    )


def agreement_figures(agreements: Agreements | None) -> dict[str, Figure]:
    """Return how well readings agree: the distribution and, for each comparison, every feature."""
    if agreements is None:
        return {}
    labels = {
        one.comparison: f"{one.comparison}: {' against '.join(' '.join(side) for side in READINGS[one.comparison])}"
        for one in agreements.comparisons
    }
    n = min(one.n for one in agreements.comparisons)
    drawn = {
        "icc_distribution": agreement.icc_distribution(
            {labels[one.comparison]: one.icc.icc for one in agreements.comparisons},
            n_patients=n,
            threshold=agreements.threshold,
        )
    }
    for one in agreements.comparisons:
        drawn[f"icc_{one.comparison}"] = agreement.icc_wall(
            agreements.names,
            one.icc.icc,
            one.icc.lower,
            comparison=labels[one.comparison],
            threshold=agreements.threshold,
        )
    return drawn


def _selection(made: Development) -> dict[str, Figure]:
    found, problem = made.found, made.found.problem
    signature = found.fitted.signature
    cv, names = signature.cv, [problem.cohort.names[column] for column in signature.kept]
    chosen = [problem.cohort.names[column] for column in signature.columns]
    drawn = {
        "coefficients": selection.coefficient_bars(chosen, signature.coef),
        "selection_frequency": selection.selection_frequency(
            problem.cohort.names,
            found.validation.bootstrap.selected,
            chosen,
            problem.config.resamples - found.validation.bootstrap.optimism.n_failed,
        ),
    }
    draws = found.validation.fold_draws
    if len(draws.n_selected):
        drawn["fold_draw_frequency"] = selection.selection_frequency(
            problem.cohort.names, draws.selected, chosen, len(draws.n_selected), "draws of the folds"
        )
    if cv is not None:
        kept = problem.cohort.features[:, signature.kept]
        drawn["correlation"] = selection.correlation_map(correlation(kept), names, problem.config.correlation_cutoff)
        drawn["lasso_path"] = selection.lasso_path(cv.path.lambdas, cv.path.coef.T, names, cv.lambda_min)
        drawn["lasso_cv"] = selection.cv_curve(cv.path.lambdas, cv.cvm, cv.cvsd, cv.n_selected, cv.lambda_min)
    return drawn


def _score(made: Development) -> dict[str, Figure]:
    found, results = made.found, made.results
    if found.cutpoint is None or found.high is None or results.cutoff is None:
        why = "No cut-off could be searched: the Rad-score is the same in too many patients."
        return {"km_apparent": saying("Survival by risk group", why)}
    endpoint, out = found.problem.endpoint, found.validation.out_of_fold
    event = "died" if results.endpoint == "os" else "progressed or died"
    otherwise = "alive at last contact" if results.endpoint == "os" else "free of progression"
    drawn = {
        "cut_search": survival.cut_search(found.cutpoint, _moves(results.cutoff)),
        "score_bars": score.score_bars(
            found.predictions.rad_score,
            found.cutpoint.cut,
            endpoint.event.tolist(),
            event=event,
            otherwise=otherwise,
        ),
        "km_apparent": _curves(
            made, endpoint, found.high, results.cutoff.naive_p, results.cutoff.corrected_p, "Apparent risk groups"
        ),
    }
    drawn |= three_groups(made)
    known = np.isfinite(out.high)
    groups = results.groups_out_of_fold
    if groups is not None:
        drawn["km_out_of_fold"] = _curves(
            made, endpoint.take(known), out.high_group[known], groups.log_rank_p, None, "Out-of-fold risk groups"
        )
    return drawn


def _moves(cutoff: CutoffResult) -> tuple[float, float] | None:
    """Return where the cut-offs of resamples lie: of the whole pipeline where it was repeated, else of the search."""
    if cutoff.resample_lower is not None and cutoff.resample_upper is not None:
        return cutoff.resample_lower, cutoff.resample_upper
    if cutoff.bootstrap_lower is not None and cutoff.bootstrap_upper is not None:
        return cutoff.bootstrap_lower, cutoff.bootstrap_upper
    return None


def _curves(
    made: Development, endpoint: Endpoint, high: BoolArray, p: float | None, corrected_p: float | None, title: str
) -> Figure:
    groups = [
        survival.Group("low risk", kaplan_meier(endpoint.take(~high)), "low"),
        survival.Group("high risk", kaplan_meier(endpoint.take(high)), "high"),
    ]
    return survival.kaplan_meier(
        groups,
        endpoint=ENDPOINT_NAMES[made.results.endpoint],
        log_rank_p=p,
        corrected_p=corrected_p,
        horizon_months=made.results.horizon_months,
        title=title,
    )


def _models(made: Development) -> dict[str, Figure]:
    results = made.results
    drawn = {"forest_univariable": forest.hazard_ratios(_rows(results.univariable), "Covariates one by one")}
    for kind in NOMOGRAMS:
        model, name = results.models[kind], MODEL_NAMES[kind]
        drawn[f"forest_{kind}"] = forest.hazard_ratios(_rows(model.terms), f"{name} model")
        scale = card_nomogram(made.cards[kind])
        if scale is None:
            drawn[f"nomogram_{kind}"] = saying(f"{name} nomogram", "The model holds no predictor with an effect.")
        else:
            drawn[f"nomogram_{kind}"] = nomogram.nomogram(
                scale,
                horizon_months=results.horizon_months,
                endpoint=ENDPOINT_NAMES[results.endpoint],
                labels=axis_labels(made.cards[kind]),
                title=f"{name} nomogram",
            )
    return drawn


def axis_labels(card: ModelCard) -> dict[str, str]:
    """Return the covariates of a card's nomogram in words with units; features keep their names."""
    return {
        term_label(term): covariate_words(term.name) + (f": {term.contrast.level}" if term.contrast else "")
        for term in card.model_terms
        if term.source == "covariate"
    }


def _rows(terms: Sequence[TermResult]) -> list[forest.HazardRow]:
    return [
        forest.HazardRow(
            label=_row_label(term),
            hazard_ratio=Interval(term.hazard_ratio, term.lower, term.upper),
            p=term.p,
            contrast=contrast_words(term),
            is_unstable=bool(term.note) or (term.std_error or 0.0) > 3.0,
        )
        for term in terms
        if term.hazard_ratio is not None
    ]


def _row_label(term: TermResult) -> str:
    """Return what a row is called; its contrast, which stands below, only where one covariate has several levels."""
    if term.contrast is None:
        return term.label
    return f"{term.name}: {term.contrast.level}" if term.contrast.reference.startswith(_NOT) else term.name


def contrast_words(term: TermResult) -> str:
    """Return what a hazard ratio compares, with patients and events of each level."""
    contrast = term.contrast
    if contrast is None:
        return (
            "per SD"
            if term.name.startswith("A_")
            else ("per doubling" if term.label.startswith("log2") else "per unit")
        )
    reference = "the others" if contrast.reference.startswith(_NOT) else contrast.reference
    return (
        f"{contrast.level} ({contrast.n_level} patients, {contrast.events_level} events) against "
        f"{reference} ({contrast.n_reference}, {contrast.events_reference})"
    )


def _performance(made: Development) -> dict[str, Figure]:
    found, horizon = made.found, made.results.horizon_months
    drawn = {"performance": performance.performance_table(performance_rows(made.results))}
    kinds = {"apparent": found.predictions.risk, "out of fold": found.validation.out_of_fold.risk}
    for words, risks in kinds.items():
        curves = [_roc(made, kind, risks[CARD_KINDS.index(kind)]) for kind in NOMOGRAMS]
        known = [curve for curve in curves if curve is not None]
        drawn[f"roc_{words.replace(' ', '_')}"] = performance.roc(known, horizon, words)
    for kind in NOMOGRAMS:
        predicted = found.validation.out_of_fold.survival[CARD_KINDS.index(kind)]
        drawn[f"calibration_out_of_fold_{kind}"] = _calibration(made, predicted)
    return drawn


def _roc(made: Development, kind: CardKind, risk: FloatArray) -> performance.RocCurve | None:
    known, horizon = np.isfinite(risk), made.results.horizon_months
    endpoint = made.found.problem.endpoint.take(np.flatnonzero(known))
    curve, area = roc_at(endpoint, risk[known], horizon), auc_at(endpoint, risk[known], horizon)
    if curve is None:
        return None
    interval = Interval(area.auc, area.lower, area.upper)
    return performance.RocCurve(MODEL_NAMES[kind], curve.false_positive, curve.true_positive, interval)


def _calibration(made: Development, predicted: FloatArray) -> Figure:
    known = np.flatnonzero(np.isfinite(predicted))
    horizon = made.results.horizon_months
    groups: list[performance.CalibrationGroup] = []
    if len(known) >= _CALIBRATION_GROUPS:
        outcome = made.found.problem.endpoint.take(known)
        sizes = equal_sizes(len(known), _CALIBRATION_GROUPS)
        groups = [
            performance.CalibrationGroup(one.predicted, Interval(one.observed, one.lower, one.upper), one.n)
            for one in calibration_groups(outcome, predicted[known], horizon, sizes)
        ]
    return performance.calibration(
        groups,
        horizon,
        predictions=predicted[known],
        kind="out of fold",
        endpoint=ENDPOINT_NAMES[made.results.endpoint],
    )


def performance_rows(results: Results) -> tuple[performance.PerformanceRow, ...]:
    """Return apparent, corrected and noise figures of each model."""
    rows = []
    for kind, model in results.models.items():
        figures: dict[str, FigureResult] = {"c_index": model.c_index, "auc": model.auc}
        for name, figure in figures.items():
            if figure.apparent is not None:
                rows.append(
                    performance.PerformanceRow(
                        model=MODEL_NAMES[kind],
                        measure=_measure(name, results.horizon_months),
                        apparent=Interval(figure.apparent, figure.apparent_lower, figure.apparent_upper),
                        corrected=_interval(figure.corrected, figure.corrected_lower, figure.corrected_upper),
                        noise=_interval(figure.noise[1], figure.noise[0], figure.noise[2]),
                        nested=_interval(figure.cross_validated, figure.nested_lower, figure.nested_upper),
                    )
                )
    return tuple(rows)


def _measure(name: str, horizon_months: float) -> str:
    return "C-index" if name == "c_index" else f"AUC at {horizon_months:g} months"


def _interval(value: float | None, lower: float | None, upper: float | None) -> Interval | None:
    return None if value is None else Interval(value, lower, upper)
