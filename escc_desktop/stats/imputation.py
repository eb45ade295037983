"""Missing values by chained equations, as R's mice imputes by default (van Buuren and Groothuis-Oudshoorn 2011).

Numbers by predictive mean matching, categories by (multinomial) logistic regression, each from all other variables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from escc_desktop.errors import EsccError
from escc_desktop.stats.arrays import BoolArray, FloatArray, finite
from escc_desktop.stats.survival import Endpoint

Rng = np.random.Generator

DONORS = 5
ITERATIONS = 5
_RIDGE = 1e-5
_NEWTON_STEPS = 30
_LARGEST_STEP = 4.0


@dataclass(frozen=True, eq=False)
class Variable:
    """A column with gaps.

    Parameters
    ----------
    values
        (n,) numbers, or codes 0 to n_levels - 1 of a category; NaN where missing.
    n_levels
        0 for a number.
    """

    name: str
    values: FloatArray
    n_levels: int = 0

    @property
    def is_missing(self) -> BoolArray:
        """(n,) true where the value is unknown."""
        return np.asarray(np.isnan(self.values))


def nelson_aalen(endpoint: Endpoint) -> FloatArray:
    """Return each patient's own cumulative hazard at the end of their follow-up, (n,)."""
    times, deaths = np.unique(endpoint.time_months[endpoint.event], return_counts=True)
    at_risk = np.array([np.sum(endpoint.time_months >= time) for time in times])
    running = np.append(0.0, np.cumsum(deaths / np.maximum(at_risk, 1)))
    return np.asarray(running[np.searchsorted(times, endpoint.time_months, side="right")])


def outcome_predictors(endpoint: Endpoint) -> FloatArray:
    """Return what imputation has to know of a survival outcome (n, 2): Nelson-Aalen and event (White, Royston 2009)."""
    return np.column_stack([nelson_aalen(endpoint), endpoint.event.astype(np.float64)])


def impute(variables: Sequence[Variable], known: FloatArray, imputations: int, seed: int) -> list[list[FloatArray]]:
    """Complete the variables several times.

    Parameters
    ----------
    variables
        Columns of n values; those without gaps only predict.
    known
        (n, q) complete further predictors: the outcome, and whatever the model holds beside these variables.
    imputations
        Completed sets to draw.

    Returns
    -------
    list of list of FloatArray
        For each set, the variables' columns (n,) in their order; what was known stays as it was.

    Raises
    ------
    EsccError
        A variable has no value at all, or `known` has gaps.
    """
    for variable in variables:
        if variable.is_missing.all():
            raise EsccError(f"{variable.name} has no value to impute from.", "Leave it out of the model.")
    further = finite(known, "The predictors of missing values", n_axes=2) if known.size else known
    return [_chain(variables, further, np.random.default_rng([seed, k])) for k in range(imputations)]


def _chain(variables: Sequence[Variable], known: FloatArray, rng: Rng) -> list[FloatArray]:
    filled = [_start(variable, rng) for variable in variables]
    gaps = [index for index, variable in enumerate(variables) if variable.is_missing.any()]
    for _ in range(ITERATIONS):
        for index in gaps:
            others = [_as_predictors(variables[k], filled[k]) for k in range(len(variables)) if k != index]
            predictors = _standardised(np.column_stack([*others, known]))
            filled[index] = _drawn(variables[index], predictors, rng)
    return filled


def _start(variable: Variable, rng: Rng) -> FloatArray:
    values, missing = variable.values.copy(), variable.is_missing
    values[missing] = rng.choice(values[~missing], int(missing.sum()))
    return values


def _as_predictors(variable: Variable, values: FloatArray) -> FloatArray:
    """Return a number as it is, a category as one column for each level but the first."""
    if not variable.n_levels:
        return values[:, None]
    return np.asarray(values[:, None] == np.arange(1, variable.n_levels), dtype=np.float64)


def _standardised(columns: FloatArray) -> FloatArray:
    centred = columns - columns.mean(axis=0)
    scale = centred.std(axis=0)
    varies = scale > 1e-12 * np.maximum(np.abs(columns).max(axis=0), 1.0)
    return np.asarray(centred[:, varies] / scale[varies])


def _drawn(variable: Variable, predictors: FloatArray, rng: Rng) -> FloatArray:
    values, missing = variable.values.copy(), variable.is_missing
    draw = _matched if not variable.n_levels else _category
    values[missing] = draw(values[~missing], predictors[~missing], predictors[missing], rng)
    return values


def _matched(y: FloatArray, seen: FloatArray, unseen: FloatArray, rng: Rng) -> FloatArray:
    """Predictive mean matching, type 1: the value of one of the donors whose own prediction is nearest."""
    design = np.column_stack([np.ones(len(y)), seen])
    gram = design.T @ design
    inverse = np.asarray(np.linalg.inv(gram + _RIDGE * np.diag(np.diag(gram))), dtype=np.float64)
    coef = inverse @ design.T @ y
    residual = y - design @ coef
    freedom = max(len(y) - design.shape[1], 1)
    sigma = np.sqrt(residual @ residual / rng.chisquare(freedom))
    drawn = coef + sigma * _spread(inverse, rng)
    distance = np.abs(np.column_stack([np.ones(len(unseen)), unseen]) @ drawn - (design @ coef)[:, None]).T
    # Predictions of donors tie where covariates do; a random order first makes every tied donor as likely.
    order = rng.permutation(len(y))
    nearest = order[np.argsort(distance[:, order], axis=1, kind="stable")[:, : min(DONORS, len(y))]]
    chosen = nearest[np.arange(len(unseen)), rng.integers(0, nearest.shape[1], len(unseen))]
    return np.asarray(y[chosen])


def _spread(covariance: FloatArray, rng: Rng) -> FloatArray:
    values, vectors = np.linalg.eigh((covariance + covariance.T) / 2)
    return np.asarray(vectors @ (np.sqrt(np.clip(values, 0.0, None)) * rng.normal(size=len(values))))


def _category(y: FloatArray, seen: FloatArray, unseen: FloatArray, rng: Rng) -> FloatArray:
    """Draw coefficients of a multinomial logistic model from their normal approximation, then categories.

    Two rows a predictor and level, half a standard deviation to either side and together of the weight of one
    patient a coefficient, keep the likelihood from running off where a level is predicted perfectly (White 2010).
    """
    levels, code = np.unique(y, return_inverse=True)
    if len(levels) == 1:
        return np.full(len(unseen), levels[0])
    k, p = len(levels), seen.shape[1]
    extra = np.vstack(
        [sign * row for row in 0.5 * np.diag(seen.std(axis=0, ddof=1)) for sign in (1.0, -1.0)] or [seen[:0]]
    )
    rows = np.vstack([seen, np.repeat(extra + seen.mean(axis=0), k, axis=0)])
    codes = np.append(code, np.tile(np.arange(k), len(extra)))
    weight = np.append(np.ones(len(y)), np.full(k * len(extra), (p + 1) / max(k * len(extra), 1)))
    design = np.column_stack([np.ones(len(rows)), rows])
    coef, inverse = _multinomial(design, np.eye(k)[codes][:, 1:], weight)
    drawn = (coef.ravel() + _spread(inverse, rng)).reshape(coef.shape)
    scores = np.column_stack([np.zeros(len(unseen)), np.column_stack([np.ones(len(unseen)), unseen]) @ drawn.T])
    reached = np.cumsum(special.softmax(scores, axis=1), axis=1)
    return np.asarray(levels[np.minimum((rng.uniform(size=(len(unseen), 1)) > reached).sum(axis=1), k - 1)])


def _multinomial(design: FloatArray, target: FloatArray, weight: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return coefficients (k - 1, p) against the first level and their covariance, by Newton's method."""
    k, p = target.shape[1], design.shape[1]
    coef = np.zeros((k, p))
    for _ in range(_NEWTON_STEPS):
        share = special.softmax(np.column_stack([np.zeros(len(design)), design @ coef.T]), axis=1)[:, 1:]
        gradient = ((target - share) * weight[:, None]).T @ design
        curvature = np.einsum("ia,ab,ib->iab", share, np.eye(k), np.ones_like(share))
        curvature -= np.einsum("ia,ib->iab", share, share)
        hessian = np.einsum("i,iab,ij,il->ajbl", weight, curvature, design, design, optimize=True).reshape(k * p, k * p)
        inverse = np.linalg.inv(hessian + 1e-8 * np.trace(hessian) / (k * p) * np.eye(k * p))
        step = (inverse @ gradient.ravel()).reshape(k, p)
        step *= min(1.0, _LARGEST_STEP / max(float(np.abs(step).max()), 1e-12))
        coef += step
        if float(np.abs(step).max()) < 1e-8:
            break
    return coef, np.asarray(inverse)
