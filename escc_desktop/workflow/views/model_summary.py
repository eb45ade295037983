"""The first section of the page, in short; and the one that says how far the models may be believed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from escc_desktop.figures import words
from escc_desktop.figures.words import Interval
from escc_desktop.i18n import _, said
from escc_desktop.prognosis.card import CARD_KINDS, CardKind
from escc_desktop.prognosis.results import Results
from escc_desktop.prognosis.validity import ReaderResult, Validity
from escc_desktop.workflow.views.model_parts import Section, Table, model_words

T = TypeVar("T")


def headline_words(results: Results) -> str:
    """Return the honest figure of the combined model in a few words; apparent ones never stand alone."""
    figure = results.models["combined"].c_index
    if figure.cross_validated is None:
        return _("no figure on unseen patients")
    nested = Interval(figure.cross_validated, figure.nested_lower, figure.nested_upper)
    return _("C-index {c} on unseen patients").format(c=words.index_interval(nested))


def summary_section(results: Results) -> Section | None:
    """Return what was found, how sure that is and what would change it; None where nobody appraised it."""
    told = results.appraisal
    if told is None:
        return None
    facts = (
        (_("What was found"), _lines(told.found)),
        (_("How sure"), _lines(told.how_sure)),
        (_("What would change it"), _lines(told.what_would_change_it)),
    )
    return Section("summary", _("In short"), facts=tuple(pair for pair in facts if pair[1]))


def validity_section(results: Results) -> Section | None:
    """Return the checks of the models on patients they had not seen, and what another reading would change."""
    tables: list[Table] = []
    if results.validity is not None:
        tables += [_calibration(results.validity), _events(results.validity)]
        tables += [_separated(results.validity)] if results.validity.separated else []
        tables += [_missing(results.validity)] if results.validity.missing.covariates else []
    if results.readers is not None:
        tables.append(_readers(results.readers))
    figures = (("reader_interval",),) if results.readers is not None else ()
    return Section("validity", _("How far to believe it"), tables=tuple(tables), figures=figures) if tables else None


def _lines(sentences: Sequence[str]) -> str:
    return "\n".join(map(said, sentences))


def _calibration(validity: Validity) -> Table:
    rows = tuple(
        (
            model_words(kind),
            words.percent(one.predicted),
            words.percent(one.observed),
            _limits(one.ratio, one.ratio_lower, one.ratio_upper),
            _limits(one.slope, one.slope_lower, one.slope_upper),
        )
        for kind, one in _in_order(validity.calibration)
    )
    header = (_("Model"), _("Risk predicted"), _("Observed"), _("Observed / predicted"), _("Calibration slope"))
    note = _("Out of fold. A ratio above 1: more events than predicted; a slope below 1: predictions too far apart.")
    return Table(_("Calibration on patients the models had not seen"), header, rows, note=note)


def _in_order(by_kind: Mapping[CardKind, T]) -> list[tuple[CardKind, T]]:
    """Return models in the order they always have; a stored document has them by name."""
    return [(kind, by_kind[kind]) for kind in CARD_KINDS if kind in by_kind]


def _limits(value: float | None, lower: float | None, upper: float | None) -> str:
    if value is None:
        return _("not computed")
    shown = f"{value:.2f}"
    return (
        shown
        if lower is None or upper is None
        else _("{value} ({lower} to {upper})").format(value=shown, lower=f"{lower:.2f}", upper=f"{upper:.2f}")
    )


def _events(validity: Validity) -> Table:
    rows = tuple(
        (
            model_words(kind),
            str(one.n_events),
            str(one.n_terms),
            _number(one.per_term),
            f"{one.n_candidates:,}",
            _number(one.per_candidate),
            words.percent(validity.outside_range.get(kind)),
        )
        for kind, one in _in_order(validity.events)
    )
    header = (
        _("Model"), _("Events"), _("Terms"), _("Per term"), _("Candidates"), _("Per candidate"), _("Beyond the range"),
    )  # fmt: skip
    note = _("Beyond the range: patients with a value outside what the model judging them was trained on.")
    return Table(_("Events per variable"), header, rows, note=note)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}" if value >= 1 else f"{value:.2g}"


def _separated(validity: Validity) -> Table:
    rows = tuple(
        (one.label, _("alone") if one.model == "alone" else model_words(one.model), _ratio(one.hazard_ratio),
         f"{_ratio(one.lower)} – {_ratio(one.upper)}", words.p_value(one.p))
        for one in validity.separated
    )  # fmt: skip
    header = (_("Term"), _("Model"), _("Hazard ratio (Firth)"), _("95 % profile limits"), _("P"))
    return Table(_("Terms that separate"), header, rows, n_words=2)


def _ratio(value: float | None) -> str:
    return "∞" if value is None else words.ratio(value)


def _missing(validity: Validity) -> Table:
    found = validity.missing
    rows = tuple(
        (" · ".join(part for part in words.term(one.label) if part), str(one.n_missing)) for one in found.covariates
    )
    note = (
        _("Filled in by chained equations, {n} times, and pooled by Rubin's rules.").format(n=found.imputations)
        if found.imputations
        else _("A model rests on the patients without a gap in its terms.")
    )
    return Table(_("Missing covariates"), (_("Covariate"), _("Missing")), rows, note=note)


def _readers(readers: ReaderResult) -> Table:
    rows = tuple(
        (
            _("the same reader again") if one.comparison == "intra" else _("the other reader"),
            str(one.n_lesions),
            words.score(one.score_sd),
            words.percent_interval(Interval(one.flip_rate, one.flip_lower, one.flip_upper))
            if one.flip_rate is not None
            else _("not computed"),
            "" if one.n_flipped is None else _("{n} of {of}").format(n=one.n_flipped, of=one.n_lesions),
        )
        for one in readers.comparisons
    )
    header = (
        _("Read again by"),
        _("Lesions"),
        _("Change of the Rad-score, SD"),
        _("Groups that would change"),
        _("Changed"),
    )
    note = _("Of these two readers, which are no sample of readers.")
    return Table(_("What another reading would change: these two readers"), header, rows, note=note)
