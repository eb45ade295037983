"""How well a risk orders patients and predicts their survival.

Risks have one orientation everywhere: higher means earlier events.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from escc_desktop.errors import EsccError
from escc_desktop.stats.arrays import BoolArray, FloatArray
from escc_desktop.stats.survival import Endpoint

_Z95 = float(special.ndtri(0.975))


@dataclass(frozen=True)
class CIndex:
    """Harrell's concordance with its infinitesimal jackknife standard error (R ``survival::concordance``)."""

    c: float
    se: float
    lower: float
    upper: float
    concordant: int
    discordant: int
    tied_risk: int
    influence: FloatArray


@dataclass(frozen=True)
class NoetherC:
    """Concordance without ties, Noether's standard error and the one-sided P against 0.5 (R ``survcomp``)."""

    c: float
    se: float
    lower: float
    upper: float
    p: float


@dataclass(frozen=True)
class Auc:
    """Time-dependent AUC (cumulative cases, dynamic controls) at a horizon; NaN where it is undefined."""

    auc: float
    se: float
    lower: float
    upper: float
    n_cases: int
    n_controls: int
    influence: FloatArray


@dataclass(frozen=True)
class Difference:
    """Second minus first marker on the same patients, from their joint influence functions; two-sided P."""

    difference: float
    se: float
    lower: float
    upper: float
    p: float


@dataclass(frozen=True)
class Brier:
    """Mean squared error of predicted survival at one time, weighted by inverse censoring probability."""

    brier: float
    se: float
    lower: float
    upper: float


def c_index(endpoint: Endpoint, risk: FloatArray) -> CIndex:
    """Return Harrell's C; a tie in risk counts half, a pair with the same event time not at all.

    Parameters
    ----------
    endpoint
        n patients.
    risk
        (n,), higher is worse.

    Raises
    ------
    EsccError
        No pair of patients can be compared.
    """
    return _concordance(endpoint, risk, np.ones(len(risk)))


def uno_c(endpoint: Endpoint, risk: FloatArray, horizon_months: float) -> CIndex:
    """Return Uno's C up to the horizon: events weigh 1/G(t-)^2, G the Kaplan-Meier of censoring."""
    time, event = endpoint.time_months, endpoint.event
    censoring = _CensoringKm(time, event)
    weight = np.where(time <= horizon_months, censoring.before(time) ** -2.0, 0.0)
    return _concordance(endpoint, risk, weight)


def _concordance(endpoint: Endpoint, risk: FloatArray, event_weight: FloatArray) -> CIndex:
    time, event = endpoint.time_months, np.asarray(endpoint.event, dtype=bool)
    later = (time[None, :] > time[:, None]) | ((time[None, :] == time[:, None]) & ~event[None, :])
    comparable = event[:, None] & later
    np.fill_diagonal(comparable, False)
    comparable &= event_weight[:, None] > 0
    pair_weight = comparable * event_weight[:, None]
    worse = comparable & (risk[:, None] > risk[None, :])
    tied = comparable & (risk[:, None] == risk[None, :])
    pairs = float(pair_weight.sum())
    if pairs <= 0:
        raise EsccError(
            "No two patients can be compared: the concordance is undefined.",
            "At least one event with a longer follow-up in another patient is needed.",
        )
    score = pair_weight * (worse + 0.5 * tied)
    c = float(score.sum()) / pairs
    own_score = score.sum(axis=0) + score.sum(axis=1)
    own_pairs = pair_weight.sum(axis=0) + pair_weight.sum(axis=1)
    influence = (own_score - c * own_pairs) / pairs
    se = float(np.sqrt(np.sum(influence**2)))
    n_comparable, n_worse, n_tied = int(comparable.sum()), int(worse.sum()), int(tied.sum())
    lower, upper = _clipped(c, se)
    return CIndex(c, se, lower, upper, n_worse, n_comparable - n_worse - n_tied, n_tied, np.asarray(influence))


def noether_c(endpoint: Endpoint, risk: FloatArray) -> NoetherC:
    """Return the concordance as R ``survcomp`` counts it: ties in time or risk are left out of the pairs."""
    time, event = endpoint.time_months, np.asarray(endpoint.event, dtype=bool)
    n = len(time)
    before = (time[:, None] < time[None, :]) & event[:, None]
    above, below = risk[:, None] > risk[None, :], risk[:, None] < risk[None, :]
    ch = (before & above).sum(axis=1) + (before & above).sum(axis=0)
    dh = (before & below).sum(axis=1) + (before & below).sum(axis=0)
    if n < 3 or not (ch + dh).any():
        raise EsccError(
            "No two patients can be compared: the concordance is undefined.",
            "At least three patients, with times and risks that differ, are needed.",
        )
    pc, pd = ch.sum() / (n * (n - 1)), dh.sum() / (n * (n - 1))
    triples = n * (n - 1) * (n - 2)
    pcc, pdd, pcd = (ch * (ch - 1)).sum() / triples, (dh * (dh - 1)).sum() / triples, (ch * dh).sum() / triples
    c = float(pc / (pc + pd))
    variance = 4 / (pc + pd) ** 4 * (pd**2 * pcc - 2 * pc * pd * pcd + pc**2 * pdd)
    se = float(np.sqrt(max(variance, 0.0) / n))
    tail = (c - 0.5) / se if se > 0 else float(np.copysign(np.inf, c - 0.5))
    lower, upper = _clipped(c, se)
    return NoetherC(c, se, lower, upper, float(special.ndtr(tail if c < 0.5 else -tail)))


def auc_at(endpoint: Endpoint, risk: FloatArray, horizon_months: float) -> Auc:
    """Return the AUC at a horizon as timeROC and riskRegression estimate it (Blanche et al. 2013).

    Cases (event by the horizon) weigh 1/G(T-), controls (followed beyond it) 1/G(horizon), with G the marginal
    Kaplan-Meier of censoring; the standard error is that of the influence function, G's own included.

    Returns
    -------
    Auc
        All NaN when there is no case or no control.
    """
    time, event = endpoint.time_months, endpoint.event
    n = len(time)
    censoring = _CensoringKm(time, event)
    n_cases, n_controls = int(np.sum((time <= horizon_months) & event)), int(np.sum(time > horizon_months))
    weights = horizon_weights(endpoint, horizon_months)
    if weights is None:
        return Auc(np.nan, np.nan, np.nan, np.nan, n_cases, n_controls, np.full(n, np.nan))
    w_case, w_control = weights
    wins = (risk[:, None] > risk[None, :]) + 0.5 * (risk[:, None] == risk[None, :])
    per_case, per_control = wins @ w_control / n, w_case @ wins / n
    cases, controls = w_case.mean(), w_control.mean()
    auc = float((w_case * per_case).mean() / (cases * controls))
    psi_case, psi_horizon = censoring.influence(time), censoring.influence(np.array([horizon_months]))[:, 0]
    concordant, pairs = auc * cases * controls, cases * controls
    from_g = psi_case @ (w_case * (per_case - auc * controls)) / n
    own = w_case * per_case + w_control * per_control - 2 * concordant
    own_pairs = w_case * controls + w_control * cases - 2 * pairs
    through_control = psi_horizon * (concordant - auc * pairs)
    influence = (own - auc * own_pairs + from_g + through_control) / pairs
    influence = influence / np.sqrt(n * (n - 1))
    se = float(np.sqrt(np.sum(influence**2)))
    lower, upper = _clipped(auc, se)
    return Auc(auc, se, lower, upper, n_cases, n_controls, np.asarray(influence))


def horizon_weights(endpoint: Endpoint, horizon_months: float) -> tuple[FloatArray, FloatArray] | None:
    """Return inverse censoring weights of cases and of controls, each (n,), None without either."""
    time = endpoint.time_months
    censoring = _CensoringKm(time, endpoint.event)
    case, control = (time <= horizon_months) & endpoint.event, time > horizon_months
    if not case.any() or not control.any():
        return None
    g_horizon = float(censoring.at(np.array([horizon_months]))[0])
    before = np.where(case, censoring.before(time), 1.0)
    return np.where(case, 1.0 / before, 0.0), np.where(control, 1.0 / g_horizon, 0.0)


def compare(first: CIndex | Auc, second: CIndex | Auc) -> Difference:
    """Return second minus first of two figures measured on the same patients, by their joint influence."""
    value = [figure.c if isinstance(figure, CIndex) else figure.auc for figure in (first, second)]
    difference = value[1] - value[0]
    se = float(np.sqrt(np.sum((second.influence - first.influence) ** 2)))
    p = float(2 * special.ndtr(-abs(difference) / se)) if se > 0 else float("nan" if difference else 1.0)
    return Difference(difference, se, difference - _Z95 * se, difference + _Z95 * se, p)


def brier(endpoint: Endpoint, survival: FloatArray, horizon_months: float) -> Brier:
    """Return the Brier score of predicted survival at one time (R ``riskRegression::Score``, ``pec``).

    Parameters
    ----------
    endpoint
        n patients.
    survival
        (n,) predicted probabilities of being event-free at the horizon.
    horizon_months
        Within the follow-up.
    """
    time, event = endpoint.time_months, np.asarray(endpoint.event, dtype=bool)
    n = len(time)
    if n < 2:
        raise EsccError("The Brier score needs two patients at least.")
    censoring = _CensoringKm(time, event)
    case, control = (time <= horizon_months) & event, time > horizon_months
    g_horizon = float(censoring.at(np.array([horizon_months]))[0])
    if control.any() and g_horizon <= 0:
        raise EsccError("The Brier score is undefined: nobody was uncensored at the horizon.", "Choose an earlier one.")
    loss_case = np.where(case, survival**2 / np.where(case, censoring.before(time), 1.0), 0.0)
    loss_control = np.where(control, (1 - survival) ** 2 / (g_horizon or 1.0), 0.0)
    loss = loss_case + loss_control
    value = float(loss.mean())
    # G(horizon) counts who is censored at the horizon itself, as riskRegression does here (and for the AUC does not).
    just_after = np.nextafter(horizon_months, np.inf)
    psi_case, psi_horizon = censoring.influence(time), censoring.influence(np.array([just_after]))[:, 0]
    influence = loss - value + psi_case @ loss_case / n + psi_horizon * loss_control.mean()
    se = float(np.sqrt(np.sum(influence**2) / (n * (n - 1))))
    lower, upper = _clipped(value, se)
    return Brier(value, se, lower, upper)


def integrated_brier(endpoint: Endpoint, survival: FloatArray, grid_months: FloatArray) -> float:
    """Return the integral of the Brier score as a step function over `grid_months`, divided by its last point.

    Parameters
    ----------
    survival
        (n, g) predicted survival at each point of the grid.
    grid_months
        (g,) increasing.
    """
    if len(grid_months) < 2 or grid_months[-1] <= 0:
        raise EsccError("The integrated Brier score needs two times at least, the last after 0.")
    scores = np.array([brier(endpoint, survival[:, k], float(t)).brier for k, t in enumerate(grid_months[:-1])])
    return float(np.sum(scores * np.diff(grid_months)) / grid_months[-1])


def _clipped(value: float, se: float) -> tuple[float, float]:
    return max(0.0, value - _Z95 * se), min(1.0, value + _Z95 * se)


class _CensoringKm:
    """Kaplan-Meier of censoring; events leave the risk set before censorings of the same time."""

    def __init__(self, time: FloatArray, event: BoolArray) -> None:
        self._time, self._event = time, event
        censored = ~event
        self._at = np.unique(time[censored])
        at_risk = (time[None, :] >= self._at[:, None]).sum(axis=1)
        events_now = ((time[None, :] == self._at[:, None]) & event[None, :]).sum(axis=1)
        lost = ((time[None, :] == self._at[:, None]) & censored[None, :]).sum(axis=1)
        self._steps = np.cumprod(1.0 - lost / (at_risk - events_now))

    def at(self, t: FloatArray) -> FloatArray:
        """Return G(t)."""
        return np.asarray(np.concatenate([[1.0], self._steps])[np.searchsorted(self._at, t, side="right")])

    def before(self, t: FloatArray) -> FloatArray:
        """Return G(t-)."""
        return np.asarray(np.concatenate([[1.0], self._steps])[np.searchsorted(self._at, t, side="left")])

    def influence(self, t: FloatArray) -> FloatArray:
        """Return psi (n, len(t)): how each patient moves log 1/G just before t, times n (martingale form).

        As in riskRegression, patients whose event falls on a censoring time still count as at risk here.
        """
        n = len(self._time)
        if not len(self._at):
            return np.zeros((n, len(t)))
        followed = self._time[:, None] >= self._at[None, :]
        at_risk = followed.sum(axis=0)
        lost_now = (self._time[:, None] == self._at[None, :]) & ~self._event[:, None]
        hazard = lost_now.sum(axis=0) / at_risk
        own = (lost_now - followed * hazard) * (n / at_risk)
        return np.asarray(own @ (self._at[:, None] < t[None, :]))
