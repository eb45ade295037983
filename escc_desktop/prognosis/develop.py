"""Features and outcome in; four model cards, and what may be believed of them, out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from escc_desktop.features.table import FeatureTable
from escc_desktop.prognosis import comparing, judging, summary
from escc_desktop.prognosis.applicability import DECISIVE, applicability, unsaid
from escc_desktop.prognosis.appraisal import appraise
from escc_desktop.prognosis.card import CARD_KINDS, CardKind, ModelCard
from escc_desktop.prognosis.card_parts import Extraction
from escc_desktop.prognosis.carding import Evidence, make_cards
from escc_desktop.prognosis.clinical import ClinicalTable
from escc_desktop.prognosis.cohort import Cohort, assemble, features_digest
from escc_desktop.prognosis.config import DevelopConfig
from escc_desktop.prognosis.curves import curves
from escc_desktop.prognosis.cutting import cut_score, cutoff_result
from escc_desktop.prognosis.dependence import dependence
from escc_desktop.prognosis.folds import given_folds
from escc_desktop.prognosis.pipeline import Problem, fit_pipeline
from escc_desktop.prognosis.reading_error import readers_of_cards, reading_error
from escc_desktop.prognosis.reproducibility import AgreementRule, Agreements, has_repeats, reproducibility
from escc_desktop.prognosis.results import AcquisitionResult, FigureResult, Results
from escc_desktop.prognosis.scans import training_acquisition
from escc_desktop.prognosis.settings import training_extraction
from escc_desktop.prognosis.summary import Found
from escc_desktop.prognosis.terms import Candidates, candidates
from escc_desktop.prognosis.validation import validate
from escc_desktop.prognosis.wording import in_words
from escc_desktop.progress import Progress

ENOUGH_EVENTS_PER_TERM = 10
FEW_READ_TWICE = 30
# Slices farther apart by more than this are another protocol, not rounding.
MIXED_SLICES = 1.25


@dataclass(frozen=True, eq=False)
class Development:
    """A finished development: cards by kind, the document for `results.json`, and the numbers behind figures."""

    cards: dict[CardKind, ModelCard]
    results: Results
    found: Found

    @property
    def repeatable(self) -> DevelopConfig:
        """The choices with the folds that were drawn, so that the same tables give the same signature again."""
        cv, patients = self.found.fitted.signature.cv, self.found.problem.cohort.patients
        fold_of = {} if cv is None else dict(zip(patients, cv.fold.tolist(), strict=True))
        return self.found.problem.config.model_copy(update={"fold_of": fold_of})


def develop(table: FeatureTable, clinical: ClinicalTable, config: DevelopConfig, progress: Progress) -> Development:
    """Run the whole pipeline once, then repeat it to say how much of its figures is optimism.

    Parameters
    ----------
    table
        Raw features of all readings; models rest on Reader A's first, agreement on the repeated ones.
    clinical
        Endpoints and covariates.

    Raises
    ------
    EsccError
        The tables do not allow a development: too few patients or events, a horizon nobody reached, covariates
        that are not there, features of different settings.
    Cancelled
        Through `progress`.
    """
    progress.advance(0, 1, "Joining features and outcome")
    extraction = training_extraction(table)
    cohort = assemble(table, clinical, config.endpoint, config.patient_value, config.horizon_months)
    agreements = _agreements(table, cohort, config)
    found_candidates = candidates(clinical, cohort, config)
    fold = given_folds(config.fold_of, cohort.patients)
    problem = Problem(cohort, cohort.endpoint, agreements, found_candidates.usable, config, fold)
    everyone = np.arange(cohort.endpoint.n)
    fitted = fit_pipeline(problem, everyone, config.seed, progress.part(0.0, 0.03))
    scores = fitted.signature.scores(cohort.features)
    cutting = cut_score(cohort.endpoint, scores, config, progress.part(0.03, 0.05))
    found = summary.gather(problem, fitted, cutting, validate(problem, fitted, progress.part(0.05, 0.98)))
    told = summary.figures(found)
    warnings = (*_warnings(found, clinical, found_candidates, told), *_about_extraction(extraction))
    error = reading_error(problem, fitted)
    judged = judging.validity(found)
    cards = make_cards(
        problem,
        Evidence(
            fitted=fitted,
            cutpoint=cutting.cutpoint,
            out_of_fold=found.validation.out_of_fold,
            performance=summary.card_figures(told),
            nested=judging.nested(told),
            warnings=warnings,
            features_digest=features_digest(table),
            clinical=clinical,
            extraction=extraction,
            readers=readers_of_cards(error, fitted),
            assumptions=judging.assumptions(found, judged),
        ),
    )
    results = _results(found, told, cards, warnings).model_copy(
        update={"validity": judged, "readers": judging.readers(found, error)}
    )
    results = results.model_copy(update={"appraisal": appraise(results)})
    progress.advance(1, 1, "Developed")
    return Development(cards, results, found)


def _agreements(table: FeatureTable, cohort: Cohort, config: DevelopConfig) -> Agreements | None:
    """Compare readings of the cohort's patients, so that resamples of them can repeat the comparison."""
    rows = [row for row, key in enumerate(table.keys) if key.patient_id in set(cohort.patients)]
    own = table.take(rows)
    rule = AgreementRule(config.icc_bound, config.icc_values, config.icc_comparisons)
    return reproducibility(own, config.icc_form, config.icc_threshold, rule) if has_repeats(own) else None


def _results(
    found: Found,
    told: dict[CardKind, dict[str, FigureResult]],
    cards: dict[CardKind, ModelCard],
    warnings: tuple[str, ...],
) -> Results:
    problem, config, training = found.problem, found.problem.config, cards["radscore"].training
    if training is None:
        raise ValueError("a developed card always carries its training")
    out = found.validation.out_of_fold
    known = np.isfinite(out.high)
    return Results(
        software=summary.software(),
        endpoint=config.endpoint,
        horizon_months=config.horizon_months,
        seed=config.seed,
        config_digest=config.digest,
        features_digest=training.features_digest,
        clinical_digest=training.clinical_digest,
        cohort=summary.cohort_result(found, problem.cohort.dropped),
        agreement=summary.agreement_result(found),
        selection=summary.selection_result(found),
        cutoff=cutoff_result(
            found.cutting,
            found.validation.bootstrap.cuts,
            problem.endpoint,
            found.predictions.rad_score,
            config.horizon_months,
        ),
        groups_apparent=summary.group_survival(
            problem.endpoint, found.high, config.horizon_months, "the cut was searched on these patients: naive P"
        ),
        groups_out_of_fold=summary.group_survival(
            problem.endpoint.take(known),
            out.high_group[known],
            config.horizon_months,
            "groups by pipelines that never saw the patient",
        )
        if known.any() and found.cutpoint
        else None,
        univariable=tuple(summary.univariable_result(problem, one) for one in found.fitted.univariable),
        models={kind: summary.model_result(found, found.fitted.models[kind], told[kind]) for kind in CARD_KINDS},
        differences=comparing.differences(found),
        patients=summary.patients(found),
        repeats=summary.repeats(found),
        card_digests={kind: card.digest for kind, card in cards.items()},
        warnings=warnings,
        acquisition=_acquisition(found),
        differences_out_of_fold=comparing.differences_out_of_fold(found),
        curves=curves(problem, found.fitted, found.predictions, found.validation),
    )


def _acquisition(found: Found) -> AcquisitionResult | None:
    cohort, signature = found.problem.cohort, found.fitted.signature
    if not any(scan.is_known for patient in cohort.scans for scan in patient):
        return None
    names = [cohort.names[column] for column in signature.columns]
    return dependence(cohort.names, cohort.features, cohort.scans).result(names)


def _warnings(
    found: Found,
    clinical: ClinicalTable,
    found_candidates: Candidates,
    told: dict[CardKind, dict[str, FigureResult]],
) -> tuple[str, ...]:
    return tuple(
        dict.fromkeys(
            [
                *_about_size(found),
                *_about_readings(found),
                *_about_scans(found),
                *_about_selection(found),
                *_about_noise(told),
                *_about_applicability(found, clinical),
                *found_candidates.warnings,
                *(f"{fault}" for fault in clinical.suspicions),
                *(drop for model in found.fitted.models.values() for drop in model.dropped),
                *(
                    f"{in_words(found.problem.candidates[one.candidate].label)} alone could not be estimated: "
                    f"{one.reason}."
                    for one in found.fitted.univariable
                    if one.fit is None
                ),
            ]
        )
    )


def _called(kind: CardKind) -> str:
    return "Rad-score" if kind == "radscore" else kind


def _about_size(found: Found) -> Sequence[str]:
    problem = found.problem
    n_events, n_candidates = problem.endpoint.n_events, len(problem.cohort.names) + len(problem.candidates)
    told = [f"{n_events} events for {n_candidates} candidate parameters: apparent figures are bound to be too good."]
    for kind, model in found.fitted.models.items():
        terms = len(model.fit.names) if model.fit else 0
        if model.fit and model.fit.n_events < ENOUGH_EVENTS_PER_TERM * terms:
            told.append(
                f"The {_called(kind)} model has {model.fit.n_events} events for {terms} terms "
                f"({model.fit.n_events / terms:.1f} events per variable, fewer than {ENOUGH_EVENTS_PER_TERM})."
            )
        if model.fit is None:
            told.append(f"The {_called(kind)} model has no term: it gives every patient the cohort's survival (C 0.5).")
        elif model.fit.n < problem.endpoint.n:
            told.append(
                f"The {_called(kind)} model rests on the {model.fit.n} patients without missing covariates "
                f"of {problem.endpoint.n}."
            )
    return told


def _about_readings(found: Found) -> Sequence[str]:
    agreements, sites = found.problem.agreements, found.problem.cohort.site_counts
    told = []
    if agreements is None:
        told.append("No repeated readings: features were not filtered by agreement.")
    else:
        told += [f"No {comparison}-reader comparison was possible." for comparison in agreements.missing]
        fewest = min(agreement.n for agreement in agreements.comparisons)
        if fewest < FEW_READ_TWICE:
            told.append(
                f"Agreement rests on {fewest} lesions read twice: with 15, a feature of true ICC 0.70 passes "
                "0.75 in about 35 % of studies and one of 0.85 fails in 16 %."
            )
    if len(sites) > 1:
        words = ", ".join(f"{site.replace('_', ' ')} {count}" for site, count in sites.items())
        told.append(f"Lesions of several sites are mixed: {words}.")
    return told


def _about_scans(found: Found) -> Sequence[str]:
    made = training_acquisition(found.problem.cohort.scans)
    if made is None:
        return ()
    told = []
    slices = made.slice_spacing_mm
    if slices is not None and slices.maximum > MIXED_SLICES * slices.minimum:
        told.append(
            f"The slices are {slices.minimum:g} to {slices.maximum:g} mm apart: wavelet, LoG and texture features "
            "depend on that; resample (ct_arterial_iso) or develop on one spacing."
        )
    if made.n_cropped:
        told.append(
            f"{made.n_cropped} of {made.n_known} images seem cut out of larger scans: features of the square, square "
            "root, logarithm and exponential images depend on how."
        )
    return told


def _about_applicability(found: Found, clinical: ClinicalTable) -> Sequence[str]:
    card = applicability(found.problem.config.applicability, clinical, found.problem.cohort)
    return [
        f"Nothing says which {what} the patients had ({' or '.join(DECISIVE[what])} in {clinical.name}): "
        "the cards cannot withhold a probability from others."
        for what in unsaid(card)
    ]


def _about_extraction(extraction: Extraction | None) -> Sequence[str]:
    told = []
    if extraction is None:
        told.append(
            "Nothing says with which settings the features were extracted, for the table has no sidecar: whether other "
            "features may be compared with them has to be seen to by hand."
        )
    elif len(extraction.pixel_types) > 1:
        told.append(
            f"The images have different pixel types ({', '.join(extraction.pixel_types)}), on which up to 119 features "
            "of local binary patterns depend."
        )
    return told


def _about_selection(found: Found) -> Sequence[str]:
    draws, signature = found.validation.fold_draws, found.fitted.signature
    told = []
    if not len(signature.coef):
        told.append("The LASSO selected no feature: no radiomic signal was found, and every Rad-score is 0.")
    if len(draws.n_selected):
        low, high = int(draws.n_selected.min()), int(draws.n_selected.max())
        if low != high:
            empty = int(np.sum(draws.n_selected == 0))
            told.append(
                f"The selection depends on the draw of the folds: {low} to {high} features in "
                f"{len(draws.n_selected)} draws, none in {empty}."
            )
    failed = found.validation.bootstrap.optimism.n_failed
    if failed:
        told.append(f"{failed} of {found.problem.config.resamples} resamples could not be fitted and were left out.")
    return told


def _about_noise(told: dict[CardKind, dict[str, FigureResult]]) -> Sequence[str]:
    words = []
    for kind, by_name in told.items():
        figure = by_name["c_index"]
        top = figure.noise[2]
        if top is not None and figure.apparent is not None and figure.apparent <= top:
            words.append(
                f"The apparent C-index of the {_called(kind)} model ({figure.apparent:.3f}) lies within what the same "
                f"pipeline reaches on permuted outcomes (95 % at {top:.3f}): no predictive value is shown."
            )
    return words
