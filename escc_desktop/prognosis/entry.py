"""Which covariates enter a Cox model and which of them stay; whatever is taken out is told in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from escc_desktop.errors import EsccError
from escc_desktop.prognosis.config import DevelopConfig
from escc_desktop.prognosis.terms import Candidate
from escc_desktop.stats.arrays import BoolArray, FloatArray, IntArray
from escc_desktop.stats.cox import CoxFit, cox
from escc_desktop.stats.risksets import Ties
from escc_desktop.stats.survival import Endpoint


@dataclass(frozen=True)
class Univariable:
    """One covariate alone; `fit` is None where it could not be estimated, with the reason."""

    candidate: int
    fit: CoxFit | None
    reason: str


def enter(
    config: DevelopConfig, candidates: Sequence[Candidate], rows: IntArray, outcome: Endpoint
) -> tuple[tuple[Univariable, ...], tuple[int, ...]]:
    """Return every covariate alone, and the indices of those that enter by the rule of the configuration.

    Parameters
    ----------
    rows
        The patients fitted on, (n,); `outcome` is theirs.
    """
    values = [candidate.values[rows] for candidate in candidates]
    alone = tuple(
        _univariable(outcome, values[index], candidate.label, index, config.ties)
        for index, candidate in enumerate(candidates)
    )
    if config.entry == "aic":
        fitted = [one.candidate for one in alone if one.fit is not None]
        return alone, _by_aic(outcome, values, fitted, config.ties)
    return alone, _by_p(config, alone, outcome.n_events)


def _univariable(outcome: Endpoint, values: FloatArray, label: str, index: int, ties: Ties) -> Univariable:
    known = np.isfinite(values)
    if not known.any():
        return Univariable(index, None, "no value is known")
    try:
        fit = cox(outcome.take(known), values[known][:, None], [label], ties)
    except EsccError as error:
        return Univariable(index, None, error.what)
    if fit.separated:
        return Univariable(index, None, "separation: its hazard ratio grows without end")
    return Univariable(index, fit, "")


def _by_p(config: DevelopConfig, alone: Sequence[Univariable], n_events: int) -> tuple[int, ...]:
    fitted = [(float(one.fit.p[0]), one.candidate) for one in alone if one.fit is not None]
    if config.entry == "enter":
        return tuple(candidate for _, candidate in fitted)
    allowed = max(1, int(n_events // config.events_per_term)) if config.events_per_term else len(fitted)
    passing = sorted((p, candidate) for p, candidate in fitted if p < config.entry_p)[:allowed]
    return tuple(sorted(candidate for _, candidate in passing))


def _by_aic(outcome: Endpoint, values: Sequence[FloatArray], fitted: Sequence[int], ties: Ties) -> tuple[int, ...]:
    """Add, one by one, the covariate that lowers Akaike's criterion most, until none does.

    Criteria compare only on the same patients: those with a value in every candidate.
    """
    if not fitted:
        return ()
    complete = np.isfinite(np.stack([values[index] for index in fitted])).all(axis=0)
    if not outcome.event[complete].any():
        return ()
    chosen: list[int] = []
    best = 0.0
    while len(chosen) < len(fitted):
        gains = {}
        for index in fitted:
            columns = [values[k][complete] for k in (*chosen, index)]
            if index not in chosen:
                gains[index] = _gain(outcome.take(complete), np.stack(columns, axis=1), ties)
        candidate = min(gains, key=lambda index: (gains[index], index))
        if gains[candidate] >= best:
            break
        best = gains[candidate]
        chosen.append(candidate)
    return tuple(sorted(chosen))


def _gain(outcome: Endpoint, X: FloatArray, ties: Ties) -> float:
    """Return Akaike's criterion less that of the empty model; infinite where there is no estimate."""
    try:
        fit = cox(outcome, X, [str(k) for k in range(X.shape[1])], ties)
    except EsccError:
        return np.inf
    return np.inf if fit.separated else 2 * X.shape[1] - fit.lr_chisq


def fit_terms(
    outcome: Endpoint, columns: FloatArray, labels: Sequence[str], ties: Ties, keep_p: float
) -> tuple[CoxFit | None, list[int], BoolArray, list[str]]:
    """Fit on complete cases; take out terms that separate, cannot be told apart, or do not keep the P asked for.

    Parameters
    ----------
    columns
        (n, terms), NaN where missing.
    keep_p
        Terms with a P at or above it leave, the weakest first; 1 keeps all.

    Returns
    -------
    The fit, None where no term is left; the terms kept; the patients used (n,); what was taken out, in words.
    """
    kept, dropped = list(range(columns.shape[1])), []
    while kept:
        used = np.asarray(np.isfinite(columns[:, kept]).all(axis=1))
        try:
            fit = cox(outcome.take(used), columns[used][:, kept], [labels[k] for k in kept], ties)
        except EsccError as error:
            last = kept.pop()
            dropped.append(f"{labels[last]} was taken out: {error.what}")
            continue
        if fit.separated:
            dropped += [
                f"{label} was taken out: separation, its hazard ratio grows without end" for label in fit.separated
            ]
            kept = [k for k in kept if labels[k] not in fit.separated]
            continue
        weakest = int(np.argmax(fit.p))
        if keep_p == 1 or fit.p[weakest] < keep_p:
            return fit, kept, used, dropped
        gone = kept.pop(weakest)
        dropped.append(f"{labels[gone]} was taken out: P {fit.p[weakest]:.3f} beside the others, {keep_p:g} asked")
    return None, [], np.ones(outcome.n, dtype=np.bool_), dropped
