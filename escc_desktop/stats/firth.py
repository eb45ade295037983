"""Firth's penalised Cox regression: finite estimates where a covariate separates (Heinze and Schemper 2001)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import linalg, optimize, stats

from escc_desktop.errors import EsccError
from escc_desktop.stats.arrays import BoolArray, FloatArray, finite
from escc_desktop.stats.cox import CoxFit, baseline_of
from escc_desktop.stats.risksets import RiskSets
from escc_desktop.stats.survival import Endpoint

_MAX_ITERATIONS = 200
_LARGEST_STEP = 2.0
_GRADIENT = 1e-8


@dataclass(frozen=True)
class Profile:
    """Interval and test of one coefficient from the profile of the penalised likelihood.

    A limit is infinite where the profile never falls below the level within 60 standard deviations.
    """

    name: str
    lower: float
    upper: float
    chisq: float
    p: float


@dataclass(frozen=True, eq=False)
class _State:
    loglik: float
    gradient: FloatArray
    information: FloatArray


@dataclass(frozen=True, eq=False)
class FirthFit:
    """Penalised estimates; `loglik` (null, model) are penalised with the information on the covariates' scale."""

    names: tuple[str, ...]
    coef: FloatArray
    vcov: FloatArray
    loglik: tuple[float, float]
    _sets: RiskSets
    _scaled: FloatArray
    _scale: FloatArray

    @property
    def se(self) -> FloatArray:
        """(p,) standard errors from the information."""
        return np.asarray(np.sqrt(np.diag(self.vcov)))

    @property
    def lr_chisq(self) -> float:
        """Penalised likelihood-ratio chi-square of all coefficients."""
        return 2 * (self.loglik[1] - self.loglik[0])

    def profile(self, name: str, level: float = 0.95) -> Profile:
        """Return the profile interval and the test against 0 of one covariate."""
        k = self.names.index(name)
        free = np.arange(len(self.names)) != k
        best, start = self.loglik[1], self.coef * self._scale

        def loss(value: float) -> float:
            at = start.copy()
            at[k] = value
            constrained = _maximise(self._sets, self._scaled, at, free)[1].loglik
            return 2 * (best - constrained - float(np.log(self._scale).sum()))

        bound = float(stats.chi2.ppf(level, 1))
        limits = [_root(lambda value: loss(value) - bound, float(start[k]), sign) for sign in (-1.0, 1.0)]
        chisq = loss(0.0)
        lower, upper = (limit / float(self._scale[k]) for limit in limits)
        return Profile(name, lower, upper, chisq, float(stats.chi2.sf(chisq, 1)))


def _root(excess: Callable[[float], float], start: float, sign: float) -> float:
    inside, reach = start, 0.5
    while reach <= 64:
        outside = start + sign * reach
        if excess(outside) > 0:
            return float(optimize.brentq(excess, inside, outside, xtol=1e-10))
        inside, reach = outside, reach * 2
    return sign * float("inf")


def _evaluate(sets: RiskSets, X: FloatArray, coef: FloatArray) -> _State:
    eta = X @ coef
    eta -= eta.max()
    risk = np.exp(eta)
    at_risk = np.arange(X.shape[0])[None, :] < sets.risk_end[:, None]
    s0 = at_risk @ risk
    share = at_risk * risk / s0[:, None]
    mean = share @ X
    information = X.T @ (share.sum(axis=0)[:, None] * X) - mean.T @ mean
    sign, log_det = np.linalg.slogdet(information)
    if sign <= 0:
        return _State(-np.inf, np.zeros_like(coef), information)
    inverse = linalg.inv(information)
    # d log det I / d b sums the third central moments of each risk set, weighed by the inverse information.
    distance = np.einsum("ij,jk,ik->i", X, inverse, X)[None, :] - 2 * (mean @ inverse) @ X.T
    distance += np.einsum("ij,jk,ik->i", mean, inverse, mean)[:, None]
    pull = share * distance
    penalty = (pull.sum(axis=0) @ X - pull.sum(axis=1) @ mean) / 2
    loglik = float(eta[sets.deaths].sum() - np.log(s0).sum()) + log_det / 2
    return _State(loglik, X[sets.deaths].sum(axis=0) - mean.sum(axis=0) + penalty, information)


def _maximise(sets: RiskSets, X: FloatArray, start: FloatArray, free: BoolArray) -> tuple[FloatArray, _State]:
    coef, state = start, _evaluate(sets, X, start)
    for _ in range(_MAX_ITERATIONS):
        if not free.any() or np.abs(state.gradient[free]).max() < _GRADIENT:
            return coef, state
        step = np.zeros_like(coef)
        step[free] = np.linalg.solve(state.information[np.ix_(free, free)], state.gradient[free])
        step *= min(1.0, _LARGEST_STEP / float(np.abs(step).max()))
        candidate = _evaluate(sets, X, coef + step)
        while candidate.loglik < state.loglik and np.abs(step).max() > 1e-12:
            step /= 2
            candidate = _evaluate(sets, X, coef + step)
        if np.abs(step).max() <= 1e-12:
            return coef, state
        coef, state = coef + step, candidate
    raise EsccError("The penalised Cox model did not converge.", "Use fewer or less related covariates.")


def firth_cox(endpoint: Endpoint, X: npt.ArrayLike, names: Sequence[str]) -> FirthFit:
    """Fit a Cox model with Jeffreys' prior as penalty, Breslow ties.

    Parameters
    ----------
    X
        (n, p) covariates.

    Raises
    ------
    EsccError
        No event, a missing value, covariates that determine one another, or no convergence.
    """
    columns = finite(X, "The table of covariates", n_axes=2)
    if columns.shape != (endpoint.n, len(names)) or endpoint.n_events == 0:
        raise EsccError("A Cox model needs one row of covariates for each patient, and an event.")
    sets = RiskSets.of(endpoint, "breslow")
    scale = columns.std(axis=0)
    if not (scale > 0).all():
        raise EsccError(f"The covariate {names[int(np.argmin(scale))]} does not vary.", "Leave it out of the model.")
    scaled = np.asarray(((columns - columns.mean(axis=0)) / scale)[sets.order])
    origin = np.zeros(len(names))
    null = _evaluate(sets, scaled, origin)
    if not np.isfinite(null.loglik):
        raise EsccError("The covariates determine one another.", "Leave one of them out.")
    coef, state = _maximise(sets, scaled, origin, np.ones(len(names), dtype=np.bool_))
    # The determinant on the covariates' own scale: log det(S I S) = log det I + 2 sum log s.
    shift = float(np.log(scale).sum())
    return FirthFit(
        names=tuple(names),
        coef=coef / scale,
        vcov=np.asarray(linalg.inv(state.information)) / np.outer(scale, scale),
        loglik=(null.loglik + shift, state.loglik + shift),
        _sets=sets,
        _scaled=scaled,
        _scale=scale,
    )


def as_cox(fit: FirthFit, endpoint: Endpoint, X: npt.ArrayLike) -> CoxFit:
    """Return a penalised fit in the form of a Cox model, so that it can predict: Breslow baseline, Wald limits.

    Wald limits are too short on the side a separated covariate runs off to: show `FirthFit.profile` beside them.

    Parameters
    ----------
    endpoint, X
        What it was fitted on.
    """
    columns = finite(X, "The table of covariates", n_axes=2)
    sets = RiskSets.of(endpoint, "breslow")
    means = columns.mean(axis=0)
    half = float(stats.norm.ppf(0.975)) * fit.se
    z = fit.coef / fit.se
    return CoxFit(
        names=fit.names,
        coef=fit.coef,
        se=fit.se,
        z=z,
        p=np.asarray(2 * stats.norm.sf(np.abs(z))),
        hr=np.exp(fit.coef),
        hr_lower=np.exp(fit.coef - half),
        hr_upper=np.exp(fit.coef + half),
        vcov=fit.vcov,
        loglik=fit.loglik,
        score_chisq=np.nan,
        n=endpoint.n,
        n_events=endpoint.n_events,
        means=means,
        baseline=baseline_of(sets, (columns - means)[sets.order], fit.coef),
        ties="breslow",
        separated=(),
    )
