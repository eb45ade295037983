"""Cox regression equal to R's coxph: Efron or Breslow ties, the matching baseline, intervals, separation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import linalg, stats

from escc_desktop.errors import EsccError
from escc_desktop.stats.arrays import FloatArray, finite
from escc_desktop.stats.risksets import RiskSets, Ties
from escc_desktop.stats.separation import separating
from escc_desktop.stats.survival import Endpoint, IntervalKind, confidence_limits

_MAX_ITERATIONS = 50
# Newton's decrement below which the step about to be made is the last: the error left is its square.
_DECREMENT = 1e-12
# A linear predictor spread wider than this has likely run off to infinity: separation is then tested exactly.
_SUSPICIOUS_SPREAD = 12.0
# How far one step may spread the linear predictors, and all steps together: hazards of e^200 are no model.
_LARGEST_STEP = 10.0
_LARGEST_SPREAD = 200.0


@dataclass(frozen=True, eq=False)
class _Step:
    """Log partial likelihood, gradient (p,) and information (p, p) at one coefficient vector."""

    loglik: float
    gradient: FloatArray
    information: FloatArray


def _evaluate(sets: RiskSets, X: FloatArray, coef: FloatArray) -> _Step:
    eta = X @ coef
    eta -= eta.max()
    risk = np.exp(eta)
    s0 = sets.totals(risk)
    if s0.min() <= 0:  # a death whose whole risk set underflowed: the step went too far
        return _Step(-np.inf, np.zeros(X.shape[1]), np.zeros((X.shape[1], X.shape[1])))
    mean = sets.totals(risk[:, None] * X) / s0[:, None]
    weight = risk * sets.exposure(1 / s0)
    return _Step(
        loglik=float(eta[sets.deaths].sum() - np.log(s0).sum()),
        gradient=X[sets.deaths].sum(axis=0) - mean.sum(axis=0),
        information=X.T @ (weight[:, None] * X) - mean.T @ mean,
    )


def _solve(information: FloatArray, gradient: FloatArray) -> FloatArray:
    try:
        return np.asarray(linalg.cho_solve(linalg.cho_factor(information), gradient))
    except linalg.LinAlgError:
        # Far out on a monotone likelihood the information vanishes in some direction.
        return np.asarray(linalg.pinvh(information) @ gradient)


def _maximise(sets: RiskSets, X: FloatArray, start: _Step) -> tuple[FloatArray, _Step, bool]:
    """Newton with step halving from 0: coefficients, the state there, and whether it converged."""
    coef, state = np.zeros(X.shape[1]), start
    for _ in range(_MAX_ITERATIONS):
        step = _solve(state.information, state.gradient)
        decrement = float(state.gradient @ step)
        if decrement < 0 or np.ptp(X @ coef) > _LARGEST_SPREAD:
            return coef, state, False
        # A longer step trusts the quadratic far beyond where it holds, and may never come back.
        step *= min(1.0, _LARGEST_STEP / max(float(np.ptp(X @ step)), _LARGEST_STEP))
        candidate = _evaluate(sets, X, coef + step)
        halvings = 0
        while candidate.loglik < state.loglik - 1e-10 * abs(state.loglik) and halvings < 30:
            step, halvings = step / 2, halvings + 1
            candidate = _evaluate(sets, X, coef + step)
        coef, state = coef + step, candidate
        if decrement < _DECREMENT:
            return coef, state, True
    return coef, state, False


@dataclass(frozen=True, eq=False)
class Baseline:
    """Cumulative hazard of a patient at the means, a row for each event time, in rising order.

    `variance` and `mean` are the running sums the variance of a predicted survival needs: of dH^2 / d as the
    ties demand, and of the risk set's mean covariates (centred) times dH.
    """

    time: FloatArray
    cumhaz: FloatArray
    variance: FloatArray
    mean: FloatArray


@dataclass(frozen=True, eq=False)
class CoxFit:
    """A fitted Cox model with p covariates.

    `loglik` is (null, model); `hr_lower` and `hr_upper` are 95 % Wald limits; `means` (p,) are the column
    means of the training covariates, about which linear predictors and baseline are centred; `score_chisq` is
    the score test of all coefficients. `separated` names covariates along which the likelihood grows without
    end: their coefficients mean nothing but "very large", their errors are infinite, predictions have no limits.
    """

    names: tuple[str, ...]
    coef: FloatArray
    se: FloatArray
    z: FloatArray
    p: FloatArray
    hr: FloatArray
    hr_lower: FloatArray
    hr_upper: FloatArray
    vcov: FloatArray
    loglik: tuple[float, float]
    score_chisq: float
    n: int
    n_events: int
    means: FloatArray
    baseline: Baseline
    ties: Ties
    separated: tuple[str, ...]

    @property
    def lr_chisq(self) -> float:
        """Likelihood-ratio chi-square of all coefficients, len(names) degrees of freedom."""
        return 2 * (self.loglik[1] - self.loglik[0])

    def linear_predictor(self, X: npt.ArrayLike) -> FloatArray:
        """Return (X - means) @ coef for X (n, p): 0 is a patient at the means."""
        return np.asarray((self._covariates(X) - self.means) @ self.coef)

    def cumulative_hazard(self, t_months: float) -> float:
        """Return the cumulative hazard at the means up to and with `t_months`."""
        row = int(np.searchsorted(self.baseline.time, t_months, side="right"))
        return float(self.baseline.cumhaz[row - 1]) if row else 0.0

    def survival(self, X: npt.ArrayLike, t_months: float) -> FloatArray:
        """Return the probability (n,) that patients X (n, p) are event-free at `t_months`."""
        return np.asarray(np.exp(-self.cumulative_hazard(t_months) * np.exp(self.linear_predictor(X))))

    def survival_limits(
        self, X: npt.ArrayLike, t_months: float, kind: IntervalKind = "log-log", level: float = 0.95
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return standard error of S and the lower and upper limits, each (n,), as R's survfit(newdata=).

        The error takes in that of the coefficients and of the baseline, not that of any selection before.
        """
        rows = self._covariates(X) - self.means
        survival = self.survival(X, t_months)
        row = int(np.searchsorted(self.baseline.time, t_months, side="right")) - 1
        if row < 0:
            return np.zeros(rows.shape[0]), np.ones(rows.shape[0]), np.ones(rows.shape[0])
        drift = rows * self.baseline.cumhaz[row] - self.baseline.mean[row]
        spread = self.baseline.variance[row] + np.einsum("ij,jk,ik->i", drift, self.vcov, drift)
        std_error = np.exp(rows @ self.coef) * np.sqrt(spread)
        lower, upper = confidence_limits(survival, std_error, kind, level)
        return survival * std_error, lower, upper

    def _covariates(self, X: npt.ArrayLike) -> FloatArray:
        rows = finite(X, "The table of covariates", n_axes=2)
        if rows.shape[1] != len(self.names):
            raise EsccError(f"The model has {len(self.names)} covariates, the table {rows.shape[1]}.")
        return rows


def baseline_of(sets: RiskSets, X: FloatArray, coef: FloatArray) -> Baseline:
    """Return the baseline at the origin of X (n, p), rows in the order of the risk sets, given coefficients."""
    risk = np.exp(X @ coef)
    s0 = sets.totals(risk)
    mean = sets.totals(risk[:, None] * X) / s0[:, None]

    def running(values: FloatArray) -> FloatArray:
        by_time = np.add.reduceat(values, sets.tie_start, axis=0)[::-1]
        return np.asarray(np.cumsum(by_time, axis=0))

    return Baseline(sets.event_times[::-1], running(1 / s0), running(1 / s0**2), running(mean / s0[:, None]))


def _checked(endpoint: Endpoint, X: npt.ArrayLike, names: Sequence[str]) -> FloatArray:
    columns = finite(X, "The table of covariates", n_axes=2)
    if columns.shape != (endpoint.n, len(names)):
        raise EsccError(
            f"The table of covariates is {columns.shape[0]} x {columns.shape[1]}, "
            f"expected {endpoint.n} patients x {len(names)} covariates."
        )
    if endpoint.n_events == 0:
        raise EsccError("A Cox model cannot be fitted: nobody had the event.")
    return columns


def _check_identified(information: FloatArray, names: Sequence[str]) -> None:
    """Refuse covariates that do not vary within the risk sets, or repeat one another."""
    diagonal = np.diag(information)
    flat = [name for name, value in zip(names, diagonal, strict=True) if value < 1e-9]
    if flat:
        raise EsccError(
            f"The covariate {', '.join(flat)} does not vary among the patients at risk.", "Leave it out of the model."
        )
    scaled = information / np.sqrt(np.outer(diagonal, diagonal))
    values, vectors = np.linalg.eigh(scaled)
    if values[0] < 1e-10:
        tied = [name for name, part in zip(names, vectors[:, 0], strict=True) if abs(part) > 0.05]
        raise EsccError(
            f"The covariates {', '.join(tied)} determine one another, so their effects cannot be told apart.",
            "Leave one of them out.",
        )


def cox(endpoint: Endpoint, X: npt.ArrayLike, names: Sequence[str], ties: Ties = "efron") -> CoxFit:
    """Fit a Cox proportional-hazards model.

    Parameters
    ----------
    X
        (n, p) covariates, a higher linear predictor being a higher risk.
    names
        The p covariates' names.
    ties
        Efron (1977) or Breslow (1974), for the likelihood and the baseline alike.

    Raises
    ------
    EsccError
        No event, a missing value, or covariates that are constant or determine one another.
    """
    names = tuple(names)
    columns = _checked(endpoint, X, names)
    sets = RiskSets.of(endpoint, ties)
    means, scale = columns.mean(axis=0), columns.std(axis=0)
    scale = np.where(scale > 1e-13 * np.abs(means), scale, 1.0)
    scaled = np.asarray(((columns - means) / scale)[sets.order])
    start = _evaluate(sets, scaled, np.zeros(len(names)))
    _check_identified(start.information, names)
    coef, state, converged = _maximise(sets, scaled, start)
    separated: tuple[str, ...] = ()
    if not converged or np.ptp(scaled @ coef) > _SUSPICIOUS_SPREAD:
        separated = tuple(name for name, is_one in zip(names, separating(sets, scaled), strict=True) if is_one)
        if not converged and not separated:
            raise EsccError("The Cox model did not converge.", "Use fewer or less related covariates.")
    vcov = np.asarray(linalg.pinvh(state.information)) / np.outer(scale, scale)
    endless = np.isin(names, separated)
    vcov[endless], vcov[:, endless] = np.nan, np.nan
    beta, se = coef / scale, np.where(endless, np.inf, np.sqrt(np.diag(vcov)))
    z = beta / se
    half = float(stats.norm.ppf(0.975)) * se
    with np.errstate(over="ignore"):  # a separated covariate's hazard ratio is honestly infinite
        hr, hr_lower, hr_upper = np.exp(beta), np.exp(beta - half), np.exp(beta + half)
    return CoxFit(
        names=names,
        coef=beta,
        se=se,
        z=z,
        p=np.asarray(2 * stats.norm.sf(np.abs(z))),
        hr=hr,
        hr_lower=hr_lower,
        hr_upper=hr_upper,
        vcov=vcov,
        loglik=(start.loglik, state.loglik),
        score_chisq=float(start.gradient @ _solve(start.information, start.gradient)),
        n=endpoint.n,
        n_events=endpoint.n_events,
        means=means,
        baseline=baseline_of(sets, scaled * scale, beta),
        ties=ties,
        separated=separated,
    )
