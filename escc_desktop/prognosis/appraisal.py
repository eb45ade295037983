"""A development told as a careful statistician would: what was found, how sure that is, what would change it."""

from __future__ import annotations

from collections.abc import Iterator

from escc_desktop.prognosis.card import CardKind
from escc_desktop.prognosis.results import FigureResult, Results
from escc_desktop.prognosis.validity import Appraisal, CalibrationCheck, ReaderComparison, ReaderResult, Validity
from escc_desktop.prognosis.wording import in_words

NAMES: dict[CardKind, str] = {
    "radscore": "Rad-score",
    "clinical": "clinical model",
    "radiomics": "radiomics model",
    "combined": "combined model",
}
_FEW_RESAMPLES = 100
_FEW_REPEATS = 5
_FEW_EVENTS = 100
_FEW_PER_TERM = 10
# A slope below this means predictions at least a fifth too extreme.
_SLOPE_OFF = 0.8
_OFTEN = 0.8
_MANY_FLIPS = 0.1


def appraise(results: Results) -> Appraisal:
    """Return the sentences for a document whose validity and readers are known."""
    return Appraisal(
        found=tuple(_found(results)),
        how_sure=tuple(_how_sure(results)),
        what_would_change_it=tuple(_what_would_change_it(results)),
    )


def _found(results: Results) -> Iterator[str]:
    cohort = results.cohort
    yield (
        f"{cohort.n_patients} patients with {cohort.n_events} events, {cohort.n_events_by_horizon} of them within "
        f"{results.horizon_months:g} months."
    )
    for kind, model in results.models.items():
        yield f"{_capital(NAMES[kind])}: {_figure(model.c_index)}."
    yield _signal(results)
    yield from _groups(results)
    yield from _three(results)


def _three(results: Results) -> Iterator[str]:
    """Say what two cut-offs found: they are shown, and no card assesses by them."""
    three = results.cutoff.three if results.cutoff is not None else None
    if three is None:
        return
    sizes = ", ".join(f"{band.n} {band.name}" for band in three.bands)
    falls = "falls from low to high risk" if three.is_in_order else "does not fall from low to high: no risk groups"
    order = f"survival at {results.horizon_months:g} months {falls}"
    yield (
        f"Three groups by two cut-offs ({sizes}): {order}; naive {_p(three.naive_p)}"
        + (f", corrected for the search {_p(three.corrected_p)}" if three.corrected_p is not None else "")
        + ". They are shown only: cards assess by the one cut-off."
    )


def _groups(results: Results) -> Iterator[str]:
    """Say what the cut-off does to patients whom neither it nor the score had seen, then what it did in training."""
    cut, unseen = results.cutoff, results.groups_out_of_fold
    if cut is None:
        return
    p = unseen.log_rank_p if unseen is not None else None
    if p is None:
        told = "Whether the cut-off separates patients it had not seen is not known"
    elif p < 0.05:
        told = f"The cut-off separates patients that neither it nor the score had seen: {_p(p)}"
    else:
        told = f"The cut-off is not shown to separate patients that neither it nor the score had seen: {_p(p)}"
    yield (
        f"{told}. On those the score was fitted to it is {_p(cut.corrected_p)} once the search is allowed for "
        f"({_p(cut.naive_p)} if it were not), which says little: the score has seen their outcome."
    )


def _figure(figure: FigureResult) -> str:
    if figure.cross_validated is None:
        return "no C-index could be cross-validated"
    told = f"C-index {figure.cross_validated:.2f}"
    if figure.nested_lower is not None and figure.nested_upper is not None:
        told += f" ({figure.nested_lower:.2f} to {figure.nested_upper:.2f})"
    told += " on patients it had not seen"
    beside = []
    if figure.corrected is not None:
        beside.append(f".632+ {figure.corrected:.2f}")
    if figure.apparent is not None:
        beside.append(f"{figure.apparent:.2f} on those it was fitted to")
    return f"{told}; {', '.join(beside)}" if beside else told


def _signal(results: Results) -> str:
    shown = [
        NAMES[kind] for kind, model in results.models.items() if model.c_index.nested_lower and _is_above(model.c_index)
    ]
    if not shown:
        return "No model is shown to predict better than chance: every interval reaches 0.5."
    which = shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
    verb = "predicts" if len(shown) == 1 else "predict"
    return f"The {which} {verb} better than chance: the interval lies above 0.5."


def _is_above(figure: FigureResult) -> bool:
    return figure.nested_lower is not None and figure.nested_lower > 0.5


def _how_sure(results: Results) -> Iterator[str]:
    repeats = results.repeats
    yield (
        f"Everything was refitted inside {repeats.outer_repeats} x {repeats.outer_folds} folds and "
        f"{repeats.resamples} resamples: agreement filter, scaling, correlation filter, LASSO, cut-off and Cox models."
    )
    for kind, model in results.models.items():
        top = model.c_index.noise[2]
        if top is not None and model.c_index.apparent is not None and model.c_index.apparent <= top:
            yield (
                f"The {NAMES[kind]} fits its own patients no better ({model.c_index.apparent:.2f}) than the same "
                f"pipeline fits permuted outcomes (up to {top:.2f})."
            )
    if results.validity is not None:
        yield from _validity(results.validity, results.horizon_months)
    yield from _stability(results)
    if results.readers is not None:
        yield from _readers(results.readers)
    yield "All of it is internal: no patient of another hospital was seen."


def _validity(validity: Validity, horizon_months: float) -> Iterator[str]:
    for kind, events in validity.events.items():
        if events.per_term is not None and events.per_term < _FEW_PER_TERM:
            yield (
                f"The {NAMES[kind]} has {events.per_term:.1f} events per term and {events.n_candidates} candidates "
                f"for its {events.n_terms} terms."
            )
    for kind, check in validity.calibration.items():
        yield from _in_the_large(NAMES[kind], check, horizon_months)
    yield from _slopes(validity)
    outside = [f"{NAMES[kind]} {_percent(share)}" for kind, share in validity.outside_range.items() if share]
    if outside:
        yield f"Patients beyond the range the model judging them had been trained on: {', '.join(outside)}."
    for term in validity.separated:
        if term.model == "alone":
            yield (
                f"{_capital(in_words(term.label))} separates: its hazard ratio grows without end. Firth's estimate is "
                f"{_size(term.hazard_ratio)} ({_size(term.lower)} to {_size(term.upper)})."
            )


def _size(value: float | None) -> str:
    return "without limit" if value is None else f"{value:.3g}"


def _in_the_large(name: str, check: CalibrationCheck, horizon_months: float) -> Iterator[str]:
    low, high = check.ratio_lower, check.ratio_upper
    if low is not None and high is not None and not low <= 1 <= high:
        yield (
            f"The {name} puts the risk by {horizon_months:g} months too {'low' if low > 1 else 'high'}: "
            f"{_percent(check.predicted)} predicted, {_percent(check.observed)} observed."
        )


def _slopes(validity: Validity) -> Iterator[str]:
    flat = {
        NAMES[kind]: check
        for kind, check in validity.calibration.items()
        if check.slope is not None and check.slope < _SLOPE_OFF
    }
    if flat:
        told = [
            f"{name} {_number(check.slope)} ({_number(check.slope_lower)} to {_number(check.slope_upper)})"
            for name, check in flat.items()
        ]
        yield f"Predictions seem too far apart, calibration slopes below 1: {', '.join(told)}."


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.2f}"


def _p(value: float) -> str:
    return "P < 0.001" if value < 0.001 else f"P = {value:.3f}"


def _stability(results: Results) -> Iterator[str]:
    features = results.selection.features
    often = [one for one in features if one.resample_share is not None and one.resample_share >= _OFTEN]
    if features:
        yield (
            f"Of the {len(features)} features of the signature {len(often)} were selected again in at least "
            f"{_percent(_OFTEN)} of the resamples."
        )


def _readers(readers: ReaderResult) -> Iterator[str]:
    for one in readers.comparisons:
        who = "The same reader again" if one.comparison == "intra" else "The other reader"
        if one.flip_rate is not None:
            yield (
                f"{who} would have put {_percent(one.flip_rate)} of the patients ({_percent(one.flip_lower)} to "
                f"{_percent(one.flip_upper)}) into the other group; of {one.n_lesions} lesions read twice, "
                f"{one.n_flipped} changed group. That holds for {readers.label}, no sample of readers."
            )


def _percent(value: float | None) -> str:
    return "unknown" if value is None else f"{100 * value:.0f} %"


def _what_would_change_it(results: Results) -> Iterator[str]:
    yield "Patients of another hospital, scanned and read there: nothing here can stand for them."
    if results.cohort.n_events < _FEW_EVENTS:
        yield (
            f"More events: {results.cohort.n_events} are too few to narrow the intervals or to validate on "
            f"({_FEW_EVENTS} or more are asked of an external validation)."
        )
    if any(_flips_often(one) for one in (results.readers.comparisons if results.readers else ())):
        yield "More readers, or outlines that differ less: groups change with who reads."
    few = [one.n_lesions for one in results.agreement.comparisons] if results.agreement else [0]
    if min(few) < 30:
        yield f"More lesions read twice: {min(few)} let features pass or fail by chance."
    if results.selection.fold_draw_n_selected and len(set(results.selection.fold_draw_n_selected)) > 1:
        yield "Another draw of the LASSO's folds: it changes how many features are selected."
    if results.repeats.resamples < _FEW_RESAMPLES or results.repeats.outer_repeats < _FEW_REPEATS:
        yield (
            f"More repeats: {results.repeats.resamples} resamples and {results.repeats.outer_repeats} repeats of the "
            "folds leave these figures themselves uncertain."
        )
    missing = results.validity.missing if results.validity else None
    if missing is not None and missing.covariates and missing.method == "complete_cases":
        lacking = ", ".join(f"{in_words(one.label, with_scale=False)} ({one.n_missing})" for one in missing.covariates)
        yield f"Values that are missing now ({lacking}): models rest on complete cases."


def _flips_often(one: ReaderComparison) -> bool:
    return one.flip_rate is not None and one.flip_rate >= _MANY_FLIPS


def _capital(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}"
