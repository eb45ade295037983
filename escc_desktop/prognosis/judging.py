"""Builds what stands beside the figures: calibration out of fold, events per variable, separation, gaps, readers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from escc_desktop.errors import EsccError
from escc_desktop.prognosis import validity as doc
from escc_desktop.prognosis.card import CARD_KINDS, CardKind
from escc_desktop.prognosis.card_parts import Nested
from escc_desktop.prognosis.card_reader import ReadingSpread, reading_spreads
from escc_desktop.prognosis.pipeline import FittedModel
from escc_desktop.prognosis.reading_error import ReadingError, Reread, components, flip_rate, spread
from escc_desktop.prognosis.results import FigureResult
from escc_desktop.prognosis.summary import Found
from escc_desktop.prognosis.validity import Number
from escc_desktop.prognosis.wording import in_words
from escc_desktop.stats.arrays import BoolArray
from escc_desktop.stats.design import proportion
from escc_desktop.stats.firth import FirthFit
from escc_desktop.stats.recalibration import calibration_slope, in_the_large


def validity(found: Found) -> doc.Validity:
    """Return how far the models may be believed."""
    out = found.validation.out_of_fold
    return doc.Validity(
        calibration={kind: _calibration(found, k) for k, kind in enumerate(CARD_KINDS)},
        events={kind: _events(found, model) for kind, model in found.fitted.models.items()},
        outside_range={
            kind: _share(out.outside[k] > 0.5, np.isfinite(out.outside[k])) for k, kind in enumerate(CARD_KINDS)
        },
        separated=tuple(_separated(found)),
        missing=_missing(found),
    )


def _share(is_so: BoolArray, known: BoolArray) -> Number:
    return float(is_so[known].mean()) if known.any() else None


def _calibration(found: Found, k: int) -> doc.CalibrationCheck:
    out, endpoint = found.validation.out_of_fold, found.problem.endpoint
    survival, known = out.survival[k], np.isfinite(out.survival[k])
    if not known.any():
        return doc.CalibrationCheck(**dict.fromkeys(doc.CalibrationCheck.model_fields))
    large = in_the_large(endpoint.take(known), survival[known], found.problem.config.horizon_months)
    slope = calibration_slope(endpoint, out.risk_by_repeat[:, k])
    return doc.CalibrationCheck(
        predicted=large.predicted,
        observed=large.observed,
        ratio=large.ratio,
        ratio_lower=large.lower,
        ratio_upper=large.upper,
        slope=slope.slope,
        slope_lower=slope.lower,
        slope_upper=slope.upper,
    )


def _events(found: Found, model: FittedModel) -> doc.EventsPerVariable:
    problem, fit = found.problem, model.fit
    n_features = 0 if model.kind == "clinical" else len(problem.cohort.names)
    n_covariates = len(problem.candidates) if model.kind in ("clinical", "combined") else 0
    n_events, n_terms = (fit.n_events, len(fit.names)) if fit else (problem.endpoint.n_events, 0)
    tried = n_features + n_covariates
    return doc.EventsPerVariable(
        n_events=n_events,
        n_terms=n_terms,
        n_candidates=tried,
        per_term=n_events / n_terms if n_terms else None,
        per_candidate=n_events / tried if tried else None,
    )


def _separated(found: Found) -> Iterator[doc.FirthTerm]:
    """Yield the penalised estimate of every term that separates, alone and within each model."""
    config = found.problem.config
    for one in found.fitted.univariable:
        if one.firth is not None:
            yield _firth(one.firth, found.problem.candidates[one.candidate].label, "alone", one.fit is not None)
    for kind, model in found.fitted.models.items():
        if model.estimated.firth is not None:
            for label in model.estimated.separated:
                if label in model.estimated.firth.names:
                    yield _firth(model.estimated.firth, label, kind, config.separation == "firth")


def _firth(fit: FirthFit, label: str, model: str, is_used: bool) -> doc.FirthTerm:
    k = fit.names.index(label)
    try:
        profile = fit.profile(label)
        lower, upper, p = profile.lower, profile.upper, profile.p
    except (EsccError, np.linalg.LinAlgError):  # the profile did not converge: the estimate stands without limits
        lower, upper, p = np.nan, np.nan, np.nan
    with np.errstate(over="ignore"):
        limits = [float(value) for value in np.exp(np.array([fit.coef[k], lower, upper], dtype=np.float64))]
    return doc.FirthTerm.model_validate(
        {
            "label": label,
            "model": model,
            "is_used": is_used,
            "hazard_ratio": limits[0],
            "lower": limits[1],
            "upper": limits[2],
            "p": p,
        }
    )


def assumptions(found: Found, judged: doc.Validity) -> dict[CardKind, tuple[str, ...]]:
    """Return what a card has to say of how its coefficients were estimated."""
    told: dict[CardKind, list[str]] = {kind: [] for kind in CARD_KINDS}
    for term in judged.separated:
        if term.model != "alone" and term.is_used:
            limits = " to ".join("no limit" if one is None else f"{one:.3g}" for one in (term.lower, term.upper))
            told[term.model].append(
                f"{in_words(term.label)} separates: the model is Firth's penalised one, hazard ratio "
                f"{term.hazard_ratio:.3g} with the profile interval {limits}; limits of predicted survival are too "
                "narrow on that side."
            )
    for kind, model in found.fitted.models.items():
        if model.estimated.missing_information:
            told[kind].append(
                f"Missing covariates were completed {judged.missing.imputations} times by chained equations, the "
                "coefficients pooled by Rubin's rules."
            )
    return {kind: tuple(sentences) for kind, sentences in told.items()}


def _missing(found: Found) -> doc.MissingResult:
    config, candidates = found.problem.config, found.problem.candidates
    gaps = [(one.label, int(np.isnan(one.values).sum())) for one in candidates]
    models = found.fitted.models
    return doc.MissingResult(
        method=config.missing,
        imputations=config.imputations if config.missing == "imputed" else 0,
        covariates=tuple(doc.MissingCovariate(label=label, n_missing=n) for label, n in gaps if n),
        n_used={kind: model.fit.n if model.fit else found.problem.endpoint.n for kind, model in models.items()},
        missing_information={kind: model.estimated.missing_information for kind, model in models.items()},
    )


def readers(found: Found, error: ReadingError | None) -> doc.ReaderResult | None:
    """Return how far these two readers move scores, risks and groups; None where nothing was read twice."""
    if error is None:
        return None
    coef = found.fitted.signature.coef
    within, between = components(error, coef)
    return doc.ReaderResult(
        comparisons=tuple(_comparison(found, error, one) for one in error.rereads),
        within_sd=within,
        between_sd=between,
        is_scaled_to_size=error.reference_volume is not None,
        patients=tuple(_patients(found, error)),
    )


def _comparison(found: Found, error: ReadingError, one: Reread) -> doc.ReaderComparison:
    coef, score = found.fitted.signature.coef, found.predictions.rad_score
    cut, seed = found.cutpoint, found.problem.config.seed
    shared = {
        "comparison": one.comparison.comparison,
        "n_lesions": one.moments.n,
        "shrinkage": one.moments.intensity,
        "score_sd": spread(one.moments.matrix, coef),
    }
    if cut is None:
        nothing = dict.fromkeys(
            ("flip_rate", "flip_lower", "flip_upper", "n_flipped", "flipped_lower", "flipped_upper")
        )
        return doc.ReaderComparison.model_validate({**shared, **nothing})
    rate, low, high = flip_rate(error, one, coef, score, cut.cut, seed)
    changed = int(np.sum((one.scores > cut.cut)[:, 0] != (one.scores > cut.cut)[:, 1]))
    exactly = proportion(changed, one.moments.n)
    exact = {
        "n_flipped": changed,
        "flipped_lower": exactly.exact_lower,
        "flipped_upper": exactly.exact_upper,
    }
    rates = {"flip_rate": rate, "flip_lower": low, "flip_upper": high}
    return doc.ReaderComparison.model_validate({**shared, **rates, **exact})


def _patients(found: Found, error: ReadingError) -> Iterator[doc.PatientReading]:
    cut = found.cutpoint
    kinds: list[CardKind] = [kind for kind in CARD_KINDS if kind != "clinical"]
    of_card = {kind: error.of_card(found.fitted.signature, found.fitted.models[kind]) for kind in kinds}
    for row, patient in enumerate(found.problem.cohort.patients):
        volume = float(error.volumes[row]) if np.isfinite(error.volumes[row]) else None
        by_kind: dict[CardKind, list[ReadingSpread]] = {}
        for kind in kinds:
            survival = float(found.predictions.survival[CARD_KINDS.index(kind), row])
            known = survival if np.isfinite(survival) else None
            score = float(found.predictions.rad_score[row])
            by_kind[kind] = list(reading_spreads(of_card[kind], volume, score, cut.cut if cut else None, known))
        for at, one in enumerate(error.rereads):
            limits = {kind: by_kind[kind][at].survival or (None, None) for kind in kinds}
            yield doc.PatientReading(
                patient_id=patient,
                comparison=one.comparison.comparison,
                survival_lower={kind: low for kind, (low, _) in limits.items()},
                survival_upper={kind: high for kind, (_, high) in limits.items()},
                flip=by_kind["radscore"][at].flip,
            )


def nested(told: dict[CardKind, dict[str, FigureResult]]) -> dict[CardKind, Nested | None]:
    """Return the headline figure as cards carry it."""
    found = {kind: by_name["c_index"] for kind, by_name in told.items()}
    return {
        kind: None
        if one.cross_validated is None
        else Nested(c_index=one.cross_validated, lower=one.nested_lower, upper=one.nested_upper)
        for kind, one in found.items()
    }
