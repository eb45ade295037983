"""A development as the chapters of a cohort report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from escc_desktop.figures import words
from escc_desktop.figures.words import Interval
from escc_desktop.prognosis.card import CardKind, ModelCard
from escc_desktop.prognosis.card_parts import Extraction
from escc_desktop.prognosis.clinical import ENDPOINT_NAMES
from escc_desktop.prognosis.config import DevelopConfig
from escc_desktop.prognosis.results import GroupSurvival, Results, SelectionResult, TermResult
from escc_desktop.store.kinds import KeptFigure
from escc_desktop.workflow.checklists import CHECKLISTS, Checklist, checklist
from escc_desktop.workflow.methods_text import Sentences
from escc_desktop.workflow.model_figures import MODEL_NAMES, NOMOGRAMS, contrast_words, performance_rows
from escc_desktop.workflow.report import CohortReport, Dropped, Picture, Section, TableBlock

_NAIVE = "P after selection is naive: the same patients chose the terms."


def cohort_record(
    results: Results,
    card: ModelCard,
    config: DevelopConfig | None,
    figures: Mapping[str, KeptFigure],
    *,
    is_synthetic: bool = False,
) -> CohortReport:
    """Return the record that `workflow.report.cohort_report` prints.

    Parameters
    ----------
    card
        The combined one.
    config
        The choices; without them there are no methods in words and no checklists.
    """
    record = _record(results, card, figures, is_synthetic=is_synthetic)
    if config is None:
        return record
    told = Sentences(results, config, card)
    checklists = tuple(_checklist(checklist(key, told)) for key in CHECKLISTS)
    return replace(record, closing=(Section("Methods in words", (told.paragraph,)), *checklists))


def _checklist(found: Checklist) -> Section:
    """Return a checklist as a chapter: what the program answers stands elsewhere in the report, so only where."""
    rows = tuple((item.number, item.asks, item.where if item.is_answered else item.answer) for item in found.items)
    said = f"{found.n_answered} of {len(found.items)} items follow from this analysis; {found.source}, in short words."
    return Section(f"Checklist {found.name}", (said,), tables=(TableBlock(("Item", "Asks", "Where"), rows),))


def _record(
    results: Results, card: ModelCard, figures: Mapping[str, KeptFigure], *, is_synthetic: bool
) -> CohortReport:
    cohort = results.cohort
    return CohortReport(
        title="Development of prognostic models",
        endpoint=ENDPOINT_NAMES[results.endpoint],
        horizon_months=results.horizon_months,
        n_patients=cohort.n_patients,
        n_events=cohort.n_events,
        used=(
            ("Patients", f"{cohort.n_patients} with {cohort.n_events} events"),
            ("Events by the horizon", str(cohort.n_events_by_horizon)),
            ("Median follow-up", words.months(cohort.median_follow_up_months)),
            ("Sites of the lesions", ", ".join(f"{site} {n}" for site, n in cohort.sites.items())),
            ("Several lesions", card.patient_value),
        ),
        dropped=tuple(Dropped(left.what, left.n, left.why) for left in cohort.dropped),
        warnings=results.warnings,
        in_short=_in_short(results),
        agreement=_agreement(results, figures),
        selection=_selection(results, figures),
        score=_score(results, figures),
        survival=_survival(results, figures),
        cox=_cox(results, figures),
        nomograms=Section("Nomograms", pictures=_pictures(figures, [f"nomogram_{kind}" for kind in NOMOGRAMS])),
        performance=performance_rows(results),
        performance_pictures=_pictures(
            figures,
            [
                *("performance", "differences", "roc_apparent", "roc_out_of_fold", "auc_over_time", "brier"),
                *(f"calibration_{kind}" for kind in NOMOGRAMS),
                *(f"calibration_out_of_fold_{kind}" for kind in NOMOGRAMS),
                "decision_curve",
                "reader_interval",
            ],
        ),
        provenance=(
            ("Software", results.software),
            ("Features", results.features_digest),
            ("Clinical table", results.clinical_digest),
            ("Configuration", results.config_digest),
            *extraction_facts(card.extraction),
            ("Seed", str(results.seed)),
            *((f"Card {kind}", digest) for kind, digest in results.card_digests.items()),
        ),
        is_synthetic=is_synthetic,
    )


def _in_short(results: Results) -> Section | None:
    told = results.appraisal
    if told is None:
        return None
    parts = (
        ("What was found", told.found),
        ("How sure", told.how_sure),
        ("What would change it", told.what_would_change_it),
    )
    return Section("In short", facts=tuple((name, " ".join(sentences)) for name, sentences in parts if sentences))


def extraction_facts(extraction: Extraction | None) -> tuple[tuple[str, str], ...]:
    """Return with which settings the features were extracted."""
    if extraction is None:
        return (("Extraction settings", "not known"),)
    facts = [("Extraction settings", f"{extraction.params} ({extraction.params_digest})")]
    facts += [("Engine", ", ".join(extraction.engines))] if extraction.engines else []
    return tuple(facts)


def _pictures(figures: Mapping[str, KeptFigure], names: Sequence[str]) -> tuple[Picture, ...]:
    return tuple(Picture("", figures[name]) for name in names if name in figures)


def _agreement(results: Results, figures: Mapping[str, KeptFigure]) -> Section | None:
    found = results.agreement
    if found is None:
        return None
    rows = tuple(
        (one.comparison, one.n_lesions, one.n_passed, one.n_constant, *one.icc_quartiles) for one in found.comparisons
    )
    return Section(
        "Agreement between readings",
        sentences=(
            (
                f"{found.form} of raw values; a feature is stable above {found.threshold:g} in every comparison: "
                f"{found.n_stable} of {results.selection.n_features}."
            ),
        ),
        tables=(TableBlock(("Comparison", "Lesions", "Passed", "Constant", "Q1", "Median", "Q3"), rows),),
        pictures=_pictures(figures, ["icc_distribution", "icc_intra", "icc_inter"]),
    )


def _selection(results: Results, figures: Mapping[str, KeptFigure]) -> Section:
    found = results.selection
    rows = tuple((one.name, one.coefficient, one.resample_share, one.fold_draw_share) for one in found.features)
    table = TableBlock(("Feature", "Coefficient per SD", "Resamples", "Fold draws"), rows, "Rad-score")
    return Section(
        "Selection of features",
        sentences=(
            (
                f"{found.n_features} features, {found.n_stable} stable, {len(found.constant)} constant, "
                f"{found.n_after_correlation} after the correlation filter, {len(found.features)} selected at "
                f"{found.penalty}."
            ),
            *_optimality(found),
        ),
        tables=(table,) if rows else (),
        pictures=_pictures(
            figures,
            [
                *("correlation", "lasso_cv", "lasso_path", "coefficients"),
                *("selection_frequency", "fold_draw_frequency"),
            ],
        ),
    )


def _optimality(found: SelectionResult) -> tuple[str, ...]:
    """Say by whose rules the LASSO was run and how far its coefficients are from the optimum."""
    if found.lambda_min is None:
        return ()
    residual = "" if found.kkt_residual is None else f", KKT residual {found.kkt_residual:.1e} of the penalty"
    lambdas = "" if found.lambda_1se is None else f", lambda.1se {found.lambda_1se:.4g}"
    return (f"LASSO by the rules of {found.semantics}: lambda.min {found.lambda_min:.4g}{lambdas}{residual}.",)


def _score(results: Results, figures: Mapping[str, KeptFigure]) -> Section:
    cut = results.cutoff
    facts: tuple[tuple[str, str], ...] = ()
    if cut is not None:
        spread = ""
        if cut.resample_lower is not None and cut.resample_upper is not None:
            spread = f"{words.score(cut.resample_lower)} to {words.score(cut.resample_upper)}"
        facts = (
            ("Cut-off (high is above)", words.score(cut.value)),
            ("Corrected for the search", words.p_phrase(cut.corrected_p)),
            ("Naive", words.p_phrase(cut.naive_p)),
            ("Cut-offs of the resamples", spread or "not computed"),
            ("Patients", f"{cut.n_low} low, {cut.n_high} high"),
        )
    sentences = () if cut else ("No cut-off: the Rad-score does not tell patients apart.",)
    return Section("Rad-score and cut-off", sentences, facts, pictures=_pictures(figures, ["cut_search", "score_bars"]))


def _survival(results: Results, figures: Mapping[str, KeptFigure]) -> Section:
    facts = []
    for title, group in (("Apparent", results.groups_apparent), ("Out of fold", results.groups_out_of_fold)):
        if group is not None:
            facts.append((title, _groups(group)))
    return Section(
        "Survival by risk group",
        sentences=("Groups by pipelines that never saw the patient stand beside the apparent ones.",),
        facts=tuple(facts),
        pictures=_pictures(figures, ["km_apparent", "km_out_of_fold", "km_three"]),
    )


def _groups(group: GroupSurvival) -> str:
    return (
        f"low {group.n_low} ({group.events_low} events, {words.percent(group.survival_low)}), high {group.n_high} "
        f"({group.events_high}, {words.percent(group.survival_high)}); log-rank {words.p_phrase(group.log_rank_p)}"
    )


def _cox(results: Results, figures: Mapping[str, KeptFigure]) -> Section:
    tables = [_terms("Covariates one by one", results.univariable, "")]
    tables.extend(_terms(f"{MODEL_NAMES[kind]} model", results.models[kind].terms, _NAIVE) for kind in NOMOGRAMS)
    differences = tuple(
        (
            f"{_name(one.second)} against {_name(one.first)}",
            "C-index" if one.measure == "c_index" else "AUC",
            one.difference,
            words.p_value(one.p),
            one.words,
        )
        for one in results.differences
    )
    tables.append(
        TableBlock(("Models", "Measure", "Difference", "P", "In words"), differences, "Models compared (apparent)")
    )
    names = ["forest_univariable", *(f"{name}_{kind}" for kind in NOMOGRAMS for name in ("forest", "hazards"))]
    return Section("Cox models", tables=tuple(tables), pictures=_pictures(figures, names))


def _name(kind: CardKind) -> str:
    return MODEL_NAMES[kind]


def _terms(title: str, terms: Sequence[TermResult], note: str) -> TableBlock:
    rows = tuple(
        (
            term.label,
            contrast_words(term),
            "unknown"
            if term.hazard_ratio is None
            else words.ratio_interval(Interval(term.hazard_ratio, term.lower, term.upper)),
            words.p_value(term.p),
            term.n,
            term.n_events,
        )
        for term in terms
    )
    return TableBlock(("Term", "Compared", "Hazard ratio (95 % CI)", "P", "n", "Events"), rows, title, note)
