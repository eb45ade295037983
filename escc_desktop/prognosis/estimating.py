"""One Cox model from columns that may separate, repeat one another or have gaps; what was done about it is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np

from escc_desktop.errors import EsccError
from escc_desktop.stats.arrays import BoolArray, FloatArray
from escc_desktop.stats.cox import Baseline, CoxFit, baseline_of, cox
from escc_desktop.stats.firth import FirthFit, as_cox, firth_cox
from escc_desktop.stats.pooling import pool
from escc_desktop.stats.risksets import RiskSets, Ties
from escc_desktop.stats.survival import Endpoint

SEPARATES: Final = "separation: its hazard ratio grows without end"
PENALISED: Final = "it separates: Firth's penalised estimate, with Wald limits"
Separation = Literal["drop", "firth"]


@dataclass(frozen=True)
class Rules:
    """How Cox models are fitted: `ties`; `keep_p`, at or above which a term leaves (1 keeps all); `separation`."""

    ties: Ties = "efron"
    keep_p: float = 1.0
    separation: Separation = "drop"


@dataclass(frozen=True, eq=False)
class Estimated:
    """A Cox model and how it came about.

    Attributes
    ----------
    fit
        None where no term remained.
    kept, used
        Columns that stayed; (n,) rows it was fitted on.
    dropped, separated
        What was taken out, in words; labels along which the likelihood grew without end.
    firth
        The penalised fit with the separated terms, for their profile intervals; None where nothing separated.
    is_penalised
        Whether `fit` is the penalised one.
    missing_information
        (terms,) share of the variance due to imputed values; empty without imputation.
    """

    fit: CoxFit | None
    kept: tuple[int, ...]
    used: BoolArray
    dropped: tuple[str, ...] = ()
    separated: tuple[str, ...] = ()
    firth: FirthFit | None = None
    is_penalised: bool = False
    missing_information: tuple[float, ...] = ()


def estimate(outcome: Endpoint, tables: Sequence[FloatArray], labels: Sequence[str], rules: Rules) -> Estimated:
    """Fit on complete rows; take out or penalise what separates, take out what cannot be told apart or is too weak.

    Parameters
    ----------
    tables
        (n, k) columns: one table, whose gaps leave their rows out, or several completed ones, to be pooled.
    """
    kept, dropped, separated = list(range(len(labels))), list[str](), list[str]()
    firth: FirthFit | None = None
    while kept:
        used = np.asarray(np.isfinite(tables[0][:, kept]).all(axis=1))
        names, part = [labels[k] for k in kept], outcome.take(used)
        columns = _distinct([table[used][:, kept] for table in tables])
        try:
            fits, penalised = _fits(part, columns, names, rules)
        except EsccError as error:
            last = kept.pop()
            dropped.append(f"{labels[last]} was taken out: {error.what}")
            continue
        endless = list(dict.fromkeys(name for fit in fits for name in fit.separated))
        firth, is_penalised = firth or (penalised[0] if penalised else None), False
        separated += [name for name in endless if name not in separated]
        if endless and rules.separation == "firth" and penalised:
            fits = [as_cox(one, part, table) for one, table in zip(penalised, columns, strict=True)]
            is_penalised = True
        elif endless:
            dropped += [f"{label} was taken out: {SEPARATES}" for label in endless]
            kept = [k for k in kept if labels[k] not in endless]
            continue
        fit, missing = _pooled(part, columns, fits)
        weakest = int(np.argmax(fit.p))
        if rules.keep_p == 1 or fit.p[weakest] < rules.keep_p:
            return Estimated(fit, tuple(kept), used, tuple(dropped), tuple(separated), firth, is_penalised, missing)
        gone = kept.pop(weakest)
        dropped.append(
            f"{labels[gone]} was taken out: P {fit.p[weakest]:.3f} beside the others, {rules.keep_p:g} asked"
        )
    everyone = np.ones(outcome.n, dtype=np.bool_)
    return Estimated(None, (), everyone, tuple(dropped), tuple(separated), firth)


def _distinct(columns: list[FloatArray]) -> list[FloatArray]:
    """Return one table where nothing imputed is among the terms: all are the same."""
    return columns[:1] if all(np.array_equal(columns[0], other) for other in columns[1:]) else columns


def _fits(
    outcome: Endpoint, tables: Sequence[FloatArray], names: Sequence[str], rules: Rules
) -> tuple[list[CoxFit], list[FirthFit]]:
    """Return the fit of each table and, where one separates, the penalised ones (none if they do not converge)."""
    fits = [cox(outcome, table, names, rules.ties) for table in tables]
    if not any(fit.separated for fit in fits):
        return fits, []
    try:
        return fits, [firth_cox(outcome, table, names) for table in tables]
    except (EsccError, np.linalg.LinAlgError):
        return fits, []


def _pooled(
    outcome: Endpoint, tables: Sequence[FloatArray], fits: Sequence[CoxFit]
) -> tuple[CoxFit, tuple[float, ...]]:
    """Combine the fits of completed tables by Rubin's rules; the baseline is the mean of theirs."""
    first = fits[0]
    if len(fits) == 1:
        return first, ()
    pooled = pool([fit.coef for fit in fits], [fit.vcov for fit in fits], outcome.n_events - len(first.names))
    means = np.mean([fit.means for fit in fits], axis=0)
    half = pooled.half_width()
    sets = RiskSets.of(outcome, first.ties)
    curves = [baseline_of(sets, (table - means)[sets.order], pooled.coef) for table in tables]
    fit = replace(
        first,
        coef=pooled.coef,
        se=pooled.se,
        z=pooled.coef / pooled.se,
        p=pooled.p,
        hr=np.exp(pooled.coef),
        hr_lower=np.exp(pooled.coef - half),
        hr_upper=np.exp(pooled.coef + half),
        vcov=pooled.covariance,
        loglik=(first.loglik[0], float(np.mean([fit.loglik[1] for fit in fits]))),
        score_chisq=np.nan,
        means=means,
        baseline=Baseline(
            curves[0].time,
            np.mean([curve.cumhaz for curve in curves], axis=0),
            np.mean([curve.variance for curve in curves], axis=0),
            np.mean([curve.mean for curve in curves], axis=0),
        ),
    )
    return fit, tuple(pooled.missing_information.tolist())
