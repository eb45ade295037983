"""Which covariates enter a Cox model, after each was looked at alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from escc_desktop.errors import EsccError
from escc_desktop.prognosis.config import DevelopConfig
from escc_desktop.prognosis.estimating import PENALISED, SEPARATES, Rules, estimate
from escc_desktop.prognosis.terms import Candidate
from escc_desktop.stats.arrays import FloatArray
from escc_desktop.stats.cox import CoxFit, cox
from escc_desktop.stats.firth import FirthFit
from escc_desktop.stats.risksets import Ties
from escc_desktop.stats.survival import Endpoint


@dataclass(frozen=True)
class Univariable:
    """One covariate alone; `fit` is None where it could not be estimated, with the reason.

    `firth` is the penalised estimate of a covariate that separates.
    """

    candidate: int
    fit: CoxFit | None
    reason: str
    firth: FirthFit | None = None


def enter(
    config: DevelopConfig, candidates: Sequence[Candidate], tables: Sequence[FloatArray], outcome: Endpoint
) -> tuple[tuple[Univariable, ...], tuple[int, ...]]:
    """Return every covariate alone, and the indices of those that enter by the rule of the configuration.

    Parameters
    ----------
    tables
        (n, candidates) values of the patients fitted on: one table with its gaps, or several completed ones. Akaike's
        criterion is judged on the first.
    """
    rules = Rules(config.ties, 1.0, config.separation)
    alone = tuple(
        _univariable(outcome, [table[:, [index]] for table in tables], candidate.label, index, rules)
        for index, candidate in enumerate(candidates)
    )
    if config.entry == "aic":
        fitted = [one.candidate for one in alone if one.fit is not None]
        return alone, _by_aic(outcome, list(tables[0].T), fitted, config.ties)
    return alone, _by_p(config, alone, outcome.n_events)


def _univariable(outcome: Endpoint, tables: Sequence[FloatArray], label: str, index: int, rules: Rules) -> Univariable:
    if not np.isfinite(tables[0]).any():
        return Univariable(index, None, "no value is known")
    found = estimate(outcome, tables, [label], rules)
    if found.fit is None:
        return Univariable(
            index, None, SEPARATES if found.separated else found.dropped[0].partition(": ")[2], found.firth
        )
    return Univariable(index, found.fit, PENALISED if found.is_penalised else "", found.firth)


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
    complete = np.asarray(np.isfinite(np.stack([values[index] for index in fitted])).all(axis=0))
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
