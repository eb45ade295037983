"""The stored results of a development as sections: sentences, facts, tables, and the figures that belong to them."""

from __future__ import annotations

from collections.abc import Sequence

from escc_desktop.figures import words
from escc_desktop.figures.words import Interval
from escc_desktop.i18n import _
from escc_desktop.prognosis.card import CARD_KINDS, CardKind
from escc_desktop.prognosis.card_parts import Extraction
from escc_desktop.prognosis.results import FigureResult, GroupSurvival, ModelResult, Results, TermResult
from escc_desktop.workflow.views.model_acquisition import acquisition_section, extraction_facts
from escc_desktop.workflow.views.model_parts import Section, Table, model_words
from escc_desktop.workflow.views.model_summary import summary_section, validity_section
from escc_desktop.workflow.views.words import months, site_name

NOMOGRAMS: tuple[CardKind, ...] = ("clinical", "radiomics", "combined")
_ALSO = 5


def sections(results: Results, extraction: Extraction | None = None) -> tuple[Section, ...]:
    """Return all sections of a development: in short, then in the order a paper has them.

    Parameters
    ----------
    extraction
        With which settings the features were extracted; None where nobody knows.
    """
    return tuple(
        section
        for section in (
            summary_section(results),
            _data(results),
            acquisition_section(results),
            _agreement(results),
            _selection(results),
            _score(results),
            _survival(results),
            _cox(results),
            Section(
                "nomograms",
                _("Nomograms"),
                (
                    _("Points add up; the total reads as survival at {months:g} months.").format(
                        months=results.horizon_months
                    ),
                ),
                figures=tuple((f"nomogram_{kind}",) for kind in NOMOGRAMS),
            ),
            _performance(results),
            validity_section(results),
            Section("warnings", _("Warnings"), cautions=results.warnings),
            _provenance(results, extraction),
        )
        if section is not None
    )


def _data(results: Results) -> Section:
    cohort = results.cohort
    dropped = tuple((left.what, str(left.n), left.why) for left in cohort.dropped)
    sites = ", ".join(f"{site_name(site)} {n}" for site, n in cohort.sites.items())
    return Section(
        "data",
        _("Data"),
        () if dropped else (_("Nobody was left out."),),
        (
            (_("Patients"), str(cohort.n_patients)),
            (_("Events"), str(cohort.n_events)),
            (_("Events by {months:g} months").format(months=results.horizon_months), str(cohort.n_events_by_horizon)),
            (_("Median follow-up"), months(cohort.median_follow_up_months)),
            (
                _("Alive at {months:g} months").format(months=results.horizon_months)
                if results.endpoint == "os"
                else _("Free of progression at {months:g} months").format(months=results.horizon_months),
                words.percent(cohort.survival_at_horizon),
            ),
            (_("Sites of the lesions"), sites),
        ),
        (Table(_("Left out"), (_("What"), _("Number"), _("Why")), dropped),) if dropped else (),
    )


def _agreement(results: Results) -> Section | None:
    found = results.agreement
    if found is None:
        return None
    rows = tuple(
        (
            _("A first, A repeat") if one.comparison == "intra" else _("A first, B first"),
            str(one.n_lesions),
            f"{one.n_passed:,}",
            f"{one.n_constant:,}",
            *(words.index(quartile) for quartile in one.icc_quartiles),
        )
        for one in found.comparisons
    )
    header = (_("Readings"), _("Lesions"), _("Pass"), _("Constant"), _("ICC, 25 %"), _("Median"), _("75 %"))
    rule = _("A feature is stable with an ICC above {threshold:g} in every comparison: {n} of {of}.").format(
        threshold=found.threshold, n=f"{found.n_stable:,}", of=f"{results.selection.n_features:,}"
    )
    return Section(
        "agreement",
        _("Agreement"),
        (rule,),
        tables=(Table("", header, rows),),
        figures=(("icc_distribution",), ("icc_intra",), ("icc_inter",)),
    )


def _selection(results: Results) -> Section:
    found = results.selection
    way = _(
        "{features} features, {stable} stable, {kept} after the correlation filter, {selected} selected by the LASSO "
        "at {penalty} (rules of {rules}; KKT residual {residual} of the penalty)."
    ).format(
        penalty=found.penalty,
        rules=found.semantics or "glmnet",
        residual="–" if found.kkt_residual is None else f"{found.kkt_residual:.0e}",
        features=f"{found.n_features:,}",
        stable=f"{found.n_stable:,}",
        kept=f"{found.n_after_correlation:,}",
        selected=len(found.features),
    )
    rows = tuple(
        (
            words.short_feature(one.name),
            words.score(one.coefficient),
            words.percent(one.resample_share),
            words.percent(one.fold_draw_share),
        )
        for one in found.features
    )
    header = (_("Feature"), _("Coefficient per SD"), _("Selected in resamples"), _("With other folds"))
    again = tuple(
        (words.short_feature(one.name), words.percent(one.share))
        for one in found.selected_again
        if one.name not in {feature.name for feature in found.features}
    )[:_ALSO]
    tables = [Table(_("Rad-score"), header, rows)] if rows else []
    if again:
        tables.append(Table(_("Selected in resamples, but not here"), (_("Feature"), _("Resamples")), again))
    draws = found.fold_draw_n_selected
    sentences = [way]
    if draws:
        sentences.append(
            _("With {n} other draws of the folds, {low} to {high} features were selected.").format(
                n=len(draws), low=min(draws), high=max(draws)
            )
        )
    return Section(
        "selection",
        _("Selection"),
        tuple(sentences),
        tables=tuple(tables),
        figures=(
            ("correlation", "lasso_cv"),
            ("lasso_path",),
            ("coefficients",),
            ("selection_frequency",),
            ("fold_draw_frequency",),
        ),
    )


def _score(results: Results) -> Section:
    cut = results.cutoff
    if cut is None:
        return Section(
            "score", _("Rad-score and cut-off"), (_("No cut-off: the Rad-score does not tell patients apart."),)
        )
    spread = _("not computed")
    if cut.resample_lower is not None and cut.resample_upper is not None:
        spread = _("{lower} to {upper}").format(
            lower=words.score(cut.resample_lower), upper=words.score(cut.resample_upper)
        )
    return Section(
        "score",
        _("Rad-score and cut-off"),
        (_("Above the cut-off the risk is HIGH, at it or below LOW."),),
        (
            (_("Cut-off"), words.score(cut.value)),
            (_("95 % of the cut-offs of resamples"), spread),
            (_("P corrected for the search"), words.p_value(cut.corrected_p)),
            (_("P as if the cut had been given"), words.p_value(cut.naive_p)),
            (_("Patients"), _("{low} LOW ▼, {high} HIGH ▲").format(low=cut.n_low, high=cut.n_high)),
        ),
        figures=(("cut_search",), ("score_bars",)),
    )


def _survival(results: Results) -> Section:
    header = (
        _("Groups"),
        _("Risk"),
        _("Patients"),
        _("Events"),
        _("Survival at {months:g} months").format(months=results.horizon_months),
        _("Median"),
        _("P, log-rank"),
    )
    rows: list[tuple[str, ...]] = []
    for title, group in ((_("Apparent"), results.groups_apparent), (_("Out of fold"), results.groups_out_of_fold)):
        if group is not None:
            rows.extend(_group_rows(title, group))
    note = _(
        "Apparent: the cut was searched on these very patients. "
        "Out of fold: groups by models that never saw the patient."
    )
    return Section(
        "survival",
        _("Survival by risk group"),
        () if rows else (_("There is one group only."),),
        tables=(Table("", header, tuple(rows), n_words=2, note=note),) if rows else (),
        figures=(("km_apparent", "km_out_of_fold"), ("km_three",)),
    )


def _group_rows(title: str, group: GroupSurvival) -> list[tuple[str, ...]]:
    p = words.p_value(group.log_rank_p)
    return [
        (
            title,
            _("LOW ▼"),
            str(group.n_low),
            str(group.events_low),
            words.percent(group.survival_low),
            months(group.median_low_months),
            p,
        ),
        (
            "",
            _("HIGH ▲"),
            str(group.n_high),
            str(group.events_high),
            words.percent(group.survival_high),
            months(group.median_high_months),
            "",
        ),
    ]


def _cox(results: Results) -> Section:
    tables = [_terms(_("Covariates one by one"), results.univariable)]
    tables += [
        _terms(
            _("{model} model").format(model=model_words(kind)),
            results.models[kind].terms,
            _chosen_note(results.models[kind]),
        )
        for kind in NOMOGRAMS
    ]
    compared = [*((one, _("apparent")) for one in results.differences)]
    compared += [(one, _("out of fold")) for one in results.differences_out_of_fold]
    rows = tuple(
        (
            _("{second} against {first}").format(second=model_words(one.second), first=model_words(one.first)),
            _("C-index") if one.measure == "c_index" else _("AUC"),
            basis,
            words.index_interval(Interval(one.difference, one.lower, one.upper)) if one.difference is not None else "",
            words.p_value(one.p),
        )
        for one, basis in compared
    )
    header = (_("Models"), _("Measure"), _("Patients"), _("Difference (95 % CI)"), _("P"))
    tables.append(Table(_("Models compared"), header, rows, n_words=3))
    return Section(
        "cox",
        _("Cox models"),
        tables=tuple(tables),
        figures=(
            ("forest_univariable",),
            *((f"{name}_{kind}",) for kind in NOMOGRAMS for name in ("forest", "hazards")),
            ("differences",),
        ),
    )


def _chosen_note(model: ModelResult) -> str:
    return _("{n} patients, {events} events. P after selection is naive: the same patients chose the terms.").format(
        n=model.n, events=model.n_events
    )


def _terms(title: str, terms: Sequence[TermResult], note: str = "") -> Table:
    rows = tuple(
        (
            " · ".join(part for part in words.term(term.name if term.contrast else term.label) if part),
            _compared(term),
            _("not estimated")
            if term.hazard_ratio is None
            else words.ratio_interval(Interval(term.hazard_ratio, term.lower, term.upper)),
            words.p_value(term.p),
            str(term.n),
            str(term.n_events),
        )
        for term in terms
    )
    header = (_("Term"), _("Compared"), _("Hazard ratio (95 % CI)"), _("P"), _("Patients"), _("Events"))
    return Table(
        title, header, rows, n_words=2, note=note if rows else _("No term: every patient gets the cohort's survival.")
    )


def _compared(term: TermResult) -> str:
    if term.contrast is not None:
        return _("{level} against {reference}").format(level=term.contrast.level, reference=term.contrast.reference)
    if term.name.startswith("A_"):
        return _("per SD")
    return _("per doubling") if term.label.startswith("log2") else _("per unit")


def _performance(results: Results) -> Section:
    rows = []
    for kind in CARD_KINDS:
        model = results.models[kind]
        measures = {_("C-index"): model.c_index, _("AUC"): model.auc}
        for place, (measure, figure) in enumerate(measures.items()):
            rows.append(_performance_row(model_words(kind) if place == 0 else "", measure, figure))
    header = (
        _("Model"),
        _("Measure"),
        _("Nested CV (95 % CI)"),
        _("Corrected (95 % CI)"),
        _("Harrell"),
        _("Apparent (95 % CI)"),
        _("Noise, 5 to 95 %"),
        _("Apparent against noise"),
    )
    repeats = results.repeats
    note = _(
        "Nested CV: {folds} folds, {times} times, every patient predicted by models that had not seen them. "
        "Corrected: .632+ of {resamples} resamples that repeat the whole pipeline. Noise: "
        "what the same pipeline reaches on {noise} permuted outcomes. AUC at {months:g} months."
    ).format(
        resamples=repeats.resamples,
        folds=repeats.outer_folds,
        times=repeats.outer_repeats,
        noise=repeats.noise,
        months=results.horizon_months,
    )
    return Section(
        "performance",
        _("Performance"),
        (_("Believe the figures of nested cross-validation, and the apparent ones never."),),
        tables=(Table("", header, tuple(rows), n_words=2, note=note),),
        figures=(
            ("performance",),
            ("roc_out_of_fold", "roc_apparent"),
            ("auc_over_time", "brier"),
            *((f"calibration_{kind}", f"calibration_out_of_fold_{kind}") for kind in NOMOGRAMS),
            ("decision_curve",),
        ),
    )


def _performance_row(model: str, measure: str, figure: FigureResult) -> tuple[str, ...]:
    low, _middle, high = figure.noise
    verdict = ""
    if figure.apparent is not None and high is not None:
        verdict = _("above") if figure.apparent > high else _("within")
    return (
        model,
        measure,
        _with_interval(figure.cross_validated, figure.nested_lower, figure.nested_upper),
        _with_interval(figure.corrected, figure.corrected_lower, figure.corrected_upper),
        words.index(figure.harrell),
        _with_interval(figure.apparent, figure.apparent_lower, figure.apparent_upper),
        _("{low} to {high}").format(low=words.index(low), high=words.index(high)),
        verdict,
    )


def _with_interval(value: float | None, lower: float | None, upper: float | None) -> str:
    return words.index(value) if value is None else words.index_interval(Interval(value, lower, upper))


def _provenance(results: Results, extraction: Extraction | None) -> Section:
    digests = (
        (_("Features"), results.features_digest),
        (_("Clinical table"), results.clinical_digest),
        (_("Choices"), results.config_digest),
        *((_("{model} card").format(model=model_words(kind)), results.card_digests[kind]) for kind in CARD_KINDS),
    )
    return Section(
        "provenance",
        _("Provenance"),
        facts=(
            (_("Software"), results.software),
            (_("Seed"), str(results.seed)),
            *extraction_facts(extraction),
            *digests,
        ),
    )
