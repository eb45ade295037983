"""Checking a Cox model: martingale and Schoenfeld residuals, and the test of proportional hazards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import stats

from escc_desktop.errors import EsccError
from escc_desktop.stats.arrays import FloatArray, finite
from escc_desktop.stats.cox import CoxFit
from escc_desktop.stats.risksets import RiskSets
from escc_desktop.stats.survival import Endpoint, kaplan_meier

TimeScale = Literal["km", "identity", "rank", "log"]


@dataclass(frozen=True, eq=False)
class _Refit:
    """The fitted model seen from its risk sets, patients in their order; `X` centred on the means."""

    sets: RiskSets
    X: FloatArray
    risk: FloatArray
    s0: FloatArray
    mean: FloatArray

    @classmethod
    def of(cls, fit: CoxFit, endpoint: Endpoint, X: npt.ArrayLike) -> _Refit:
        columns = finite(X, "The table of covariates", n_axes=2)
        if columns.shape[0] != endpoint.n or fit.separated:
            raise EsccError(
                "Residuals need the patients the model was fitted on.",
                f"Separated covariates have none: {', '.join(fit.separated)}." if fit.separated else "",
            )
        sets = RiskSets.of(endpoint, fit.ties)
        centred = np.asarray((columns - fit.means)[sets.order])
        risk = np.exp(centred @ fit.coef)
        s0 = sets.totals(risk)
        return cls(sets, centred, risk, s0, sets.totals(risk[:, None] * centred) / s0[:, None])

    def residuals(self) -> FloatArray:
        """Schoenfeld residuals (D, p), each tie's deaths against their common mean."""
        sizes = np.diff(np.append(self.sets.tie_start, self.sets.deaths.size))
        common = np.add.reduceat(self.mean, self.sets.tie_start, axis=0) / sizes[:, None]
        return np.asarray(self.X[self.sets.deaths] - common[self.sets.tie_of_death])

    def information(self) -> FloatArray:
        """Information (ties, p, p) that each event time contributes."""
        n, p = self.X.shape
        products = (self.risk[:, None, None] * self.X[:, :, None] * self.X[:, None, :]).reshape(n, p * p)
        second = (self.sets.totals(products) / self.s0[:, None]).reshape(-1, p, p)
        spread = second - self.mean[:, :, None] * self.mean[:, None, :]
        return np.asarray(np.add.reduceat(spread, self.sets.tie_start, axis=0))


def martingale_residuals(fit: CoxFit, endpoint: Endpoint, X: npt.ArrayLike) -> FloatArray:
    """Return events observed less events expected, (n,), of the patients the model was fitted on."""
    refit = _Refit.of(fit, endpoint, X)
    expected = np.empty(endpoint.n)
    expected[refit.sets.order] = refit.risk * refit.sets.exposure(1 / refit.s0)
    return np.asarray(endpoint.event - expected)


@dataclass(frozen=True, eq=False)
class Schoenfeld:
    """A row for each death by rising time: `time` (D,), `residual` (D, p) covariates less the risk set's mean."""

    time: FloatArray
    residual: FloatArray


def schoenfeld_residuals(fit: CoxFit, endpoint: Endpoint, X: npt.ArrayLike) -> Schoenfeld:
    """Return Schoenfeld residuals; deaths at one time stand in the order of the patients."""
    refit = _Refit.of(fit, endpoint, X)
    patients = refit.sets.order[refit.sets.deaths]
    times = endpoint.time_months[patients]
    rows = np.lexsort((patients, times))
    return Schoenfeld(times[rows], refit.residuals()[rows])


@dataclass(frozen=True, eq=False)
class ProportionalHazards:
    """Score tests that effects do not change with time; `chisq` and `p` (p,), one degree of freedom each."""

    scale: TimeScale
    names: tuple[str, ...]
    chisq: FloatArray
    p: FloatArray
    global_chisq: float
    global_p: float


def proportional_hazards(
    fit: CoxFit, endpoint: Endpoint, X: npt.ArrayLike, scale: TimeScale = "km"
) -> ProportionalHazards:
    """Test proportional hazards by adding covariate x g(time), as cox.zph of survival >= 3 (terms = FALSE).

    Parameters
    ----------
    scale
        g: one minus the left-continuous Kaplan-Meier curve, time, rank among all follow-up times, or log time.

    Raises
    ------
    EsccError
        The patients are not those of the fit, or a covariate is separated.
    """
    refit = _Refit.of(fit, endpoint, X)
    times = refit.sets.event_times
    sizes = np.diff(np.append(refit.sets.tie_start, refit.sets.deaths.size))
    g = time_scale(endpoint, times, scale)
    information, p = refit.information(), len(fit.names)
    if not np.isfinite(g).all() or np.ptp(g) == 0:  # R has NA: an event at time 0 has no log, one time no course
        nothing = np.full(p, np.nan)
        return ProportionalHazards(scale, fit.names, nothing, nothing, np.nan, np.nan)
    g = g - np.average(g, weights=sizes)
    score = np.repeat(g, sizes) @ refit.residuals()
    plain = information.sum(axis=0)
    cross = np.tensordot(g, information, axes=1)
    weighted = np.tensordot(g**2, information, axes=1)
    variance = weighted - cross.T @ np.linalg.solve(plain, cross)
    chisq = score**2 / np.diag(variance)
    total = float(score @ np.linalg.solve(variance, score))
    return ProportionalHazards(
        scale, fit.names, chisq, np.asarray(stats.chi2.sf(chisq, 1)), total, float(stats.chi2.sf(total, p))
    )


def time_scale(endpoint: Endpoint, times: FloatArray, scale: TimeScale) -> FloatArray:
    """Return g at distinct event times (k,), as `proportional_hazards` names the scales."""
    if scale == "identity":
        return times
    if scale == "log":
        return np.log(times, out=np.full(len(times), -np.inf), where=times > 0)
    if scale == "rank":
        distinct, first = np.unique(endpoint.time_months, return_index=True)
        return np.asarray(stats.rankdata(endpoint.time_months)[first[np.searchsorted(distinct, times)]])
    curve = kaplan_meier(endpoint)
    before = np.append(1.0, curve.survival)[np.searchsorted(curve.time, times, side="left")]
    return np.asarray(1 - before)
