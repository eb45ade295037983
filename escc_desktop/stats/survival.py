"""Time to event: the endpoint, Kaplan-Meier and log-rank, equal to R's survival 3.5 (survfit, survdiff)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import stats

from escc_desktop.errors import EsccError
from escc_desktop.stats.arrays import BoolArray, FloatArray, IntArray, finite

IntervalKind = Literal["log", "log-log", "plain"]

# R's quantile.survfit treats a step this close to the wanted level as hit exactly.
_LEVEL_TOLERANCE = float(np.sqrt(np.finfo(np.float64).eps))


@dataclass(frozen=True, eq=False)
class Endpoint:
    """Follow-up of n patients.

    Parameters
    ----------
    time_months
        (n,) time to event or censoring, months, not negative.
    event
        (n,) true where the event happened, false where follow-up was censored.

    Raises
    ------
    EsccError
        Lengths differ, a time is missing or negative, or an event is neither 0 nor 1.
    """

    time_months: FloatArray
    event: BoolArray

    def __post_init__(self) -> None:
        time = finite(self.time_months, "The follow-up time")
        event = np.asarray(self.event)
        if event.shape != time.shape:
            raise EsccError(f"There are {time.size} follow-up times but {event.size} event indicators.")
        if time.min() < 0:
            raise EsccError(f"The follow-up time of row {int(np.argmin(time)) + 1} is negative.")
        if not np.isin(event, (0, 1)).all():
            raise EsccError("An event indicator is neither 0 (censored) nor 1 (event).")
        object.__setattr__(self, "time_months", time)
        object.__setattr__(self, "event", event.astype(np.bool_))

    @property
    def n(self) -> int:
        """Number of patients."""
        return int(self.time_months.size)

    @property
    def n_events(self) -> int:
        """Number of events."""
        return int(self.event.sum())

    def take(self, rows: npt.NDArray[np.bool_] | npt.NDArray[np.integer]) -> Endpoint:
        """Return the endpoint of some patients: a mask, or indices (which may repeat)."""
        return Endpoint(self.time_months[rows], self.event[rows])

    def reversed(self) -> Endpoint:
        """Return the endpoint with event and censoring exchanged, as for the length of follow-up."""
        return Endpoint(self.time_months, ~self.event)


@dataclass(frozen=True)
class Estimate:
    """A number with its confidence limits; NaN where there is none (a median not reached, an open limit)."""

    value: float
    lower: float
    upper: float


@dataclass(frozen=True)
class SlopeMedian:
    """The median with the symmetric interval of Collett and BMDP; SPSS-style, not verified against SPSS.

    The standard error is se(S) / f, with f the slope of the curve between `before`, the last time with
    S >= 0.55, and `after`, the first with S <= 0.45. Without such a time it is NaN, and so are slope, error and limits.
    """

    median: float
    before: float
    after: float
    slope: float
    std_error: float
    lower: float
    upper: float


@dataclass(frozen=True, eq=False)
class SurvivalAt:
    """A survival curve read at some times; each field (n_times,).

    `n_risk` counts patients followed up to the time or longer, `n_event` the events up to and with it.
    """

    time: FloatArray
    survival: FloatArray
    std_error: FloatArray
    lower: FloatArray
    upper: FloatArray
    n_risk: IntArray
    n_event: IntArray


def confidence_limits(
    survival: FloatArray, std_error_log: FloatArray, kind: IntervalKind = "log", level: float = 0.95
) -> tuple[FloatArray, FloatArray]:
    """Return lower and upper limits of survival probabilities, NaN where the transformation has none.

    Parameters
    ----------
    survival, std_error_log
        S and the standard error of log S (Greenwood), same shape.
    kind
        The scale the interval is symmetric on: log S, log(-log S) or S itself, as R's conf.type.
    """
    z = float(stats.norm.ppf(0.5 + level / 2))
    lower, upper = np.full_like(survival, np.nan), np.full_like(survival, np.nan)
    inside = survival > 0 if kind != "log-log" else (survival > 0) & (survival < 1)
    s, half = survival[inside], z * std_error_log[inside]
    if kind == "plain":
        lower[inside], upper[inside] = np.maximum(s - half * s, 0), np.minimum(s + half * s, 1)
    elif kind == "log":
        lower[inside], upper[inside] = s * np.exp(-half), np.minimum(s * np.exp(half), 1)
    else:
        centre, half = np.log(-np.log(s)), half / np.log(s)
        lower[inside], upper[inside] = np.exp(-np.exp(centre - half)), np.exp(-np.exp(centre + half))
    return lower, upper


@dataclass(frozen=True, eq=False)
class KaplanMeier:
    """The product-limit estimate; a row for each distinct time, with or without event.

    `std_error_log` is the standard error of log S (Greenwood), infinite where S is 0.
    """

    time: FloatArray
    n_risk: IntArray
    n_event: IntArray
    n_censor: IntArray
    survival: FloatArray
    std_error_log: FloatArray

    @property
    def std_error(self) -> FloatArray:
        """Standard error of S; 0 where S is 0, as its estimate no longer varies there."""
        return np.where(self.survival > 0, self.survival, 0) * np.where(self.survival > 0, self.std_error_log, 0)

    def limits(self, kind: IntervalKind = "log", level: float = 0.95) -> tuple[FloatArray, FloatArray]:
        """Return the lower and upper confidence limits at each time (see `confidence_limits`)."""
        return confidence_limits(self.survival, self.std_error_log, kind, level)

    def at(self, times: npt.ArrayLike, kind: IntervalKind = "log", level: float = 0.95) -> SurvivalAt:
        """Read the curve at `times` (months); beyond the last follow-up the last value stands."""
        wanted = np.atleast_1d(np.asarray(times, dtype=np.float64))
        row = np.searchsorted(self.time, wanted, side="right")
        lower, upper = self.limits(kind, level)
        one = np.ones(1)  # before the first follow-up time, as R on every scale
        return SurvivalAt(
            time=wanted,
            survival=np.append(1.0, self.survival)[row],
            std_error=np.append(0.0, self.std_error)[row],
            lower=np.concatenate([one, lower])[row],
            upper=np.concatenate([one, upper])[row],
            n_risk=np.append(self.n_risk, 0)[np.searchsorted(self.time, wanted, side="left")],
            n_event=np.append(0, np.cumsum(self.n_event))[row],
        )

    def quantile(self, p: float, kind: IntervalKind = "log", level: float = 0.95) -> Estimate:
        """Return the time by which a fraction `p` had the event, with limits from the curve's limits.

        Where the curve runs flat exactly at 1 - p the quantile is the middle of the flat, as in R.
        """
        lower, upper = self.limits(kind, level)
        return Estimate(*(self._crossing(curve, p) for curve in (self.survival, lower, upper)))

    def median(self, kind: IntervalKind = "log", level: float = 0.95) -> Estimate:
        """Return the median survival time with its limits, months."""
        return self.quantile(0.5, kind, level)

    def _crossing(self, survival: FloatArray, p: float) -> float:
        gone = 1 - survival
        reached = np.flatnonzero(gone >= p - _LEVEL_TOLERANCE)
        if not reached.size:
            return float("nan")
        passed = np.flatnonzero(gone > p + _LEVEL_TOLERANCE)
        first = self.time[reached[0]]
        if gone[reached[0]] > p + _LEVEL_TOLERANCE:
            return float(first)
        if passed.size:
            return float((first + self.time[passed[0]]) / 2)
        # R drops an undefined last limit (S = 0) from the flat and then has no second end.
        return float((first + self.time[-1]) / 2) if np.isfinite(gone[-1]) else float("nan")

    def slope_median(self) -> SlopeMedian | None:
        """Return the SPSS-style median, None where the curve stays above 0.5."""
        rows = np.flatnonzero(self.n_event > 0)
        time, survival, std_error = self.time[rows], self.survival[rows], self.std_error[rows]
        half = np.flatnonzero(survival <= 0.5 + 1e-12)
        before = np.flatnonzero(survival >= 0.55 - 1e-12)
        after = np.flatnonzero(survival <= 0.45 + 1e-12)
        if not half.size:
            return None
        median = float(time[half[0]])
        start = float(time[before[-1]]) if before.size else np.nan
        end = float(time[after[0]]) if after.size else np.nan
        if not (before.size and after.size):
            return SlopeMedian(median, start, end, np.nan, np.nan, np.nan, np.nan)
        slope = float((survival[before[-1]] - survival[after[0]]) / (end - start))
        error = float(std_error[half[0]] / slope)
        return SlopeMedian(median, start, end, slope, error, median - 1.96 * error, median + 1.96 * error)

    def restricted_mean(self) -> tuple[float, float]:
        """Return the mean survival time up to the last follow-up and its standard error, months."""
        steps = np.diff(np.append(0.0, self.time)) * np.append(1.0, self.survival[:-1])
        left = self.n_risk - self.n_event
        hazard_var = np.divide(
            self.n_event, self.n_risk * left, out=np.zeros(self.time.size), where=left > 0, dtype=np.float64
        )
        area_after = np.append(np.cumsum(steps[::-1])[::-1][1:], 0.0)
        return float(steps.sum()), float(np.sqrt(np.sum(area_after**2 * hazard_var)))


def kaplan_meier(endpoint: Endpoint) -> KaplanMeier:
    """Estimate the survival curve (Kaplan and Meier 1958), with Greenwood's variance."""
    time, group = np.unique(endpoint.time_months, return_inverse=True)
    n_here = np.bincount(group)
    n_event = np.bincount(group, weights=endpoint.event).astype(np.int64)
    n_risk = np.cumsum(n_here[::-1])[::-1]
    left = n_risk - n_event
    terms = np.divide(n_event, n_risk * left, out=np.full(time.size, np.inf), where=left > 0, dtype=np.float64)
    return KaplanMeier(
        time=time,
        n_risk=n_risk,
        n_event=n_event,
        n_censor=n_here - n_event,
        survival=np.asarray(np.cumprod(left / n_risk), dtype=np.float64),
        std_error_log=np.sqrt(np.cumsum(terms)),
    )


def median_follow_up(endpoint: Endpoint) -> Estimate:
    """Return the median follow-up by the reverse Kaplan-Meier estimate (Schemper and Smith 1996), months."""
    return kaplan_meier(endpoint.reversed()).median()


@dataclass(frozen=True, eq=False)
class LogRank:
    """The log-rank test between k groups, in the order of their sorted labels."""

    chisq: float
    df: int
    p: float
    observed: FloatArray
    expected: FloatArray


def log_rank(endpoint: Endpoint, group: npt.ArrayLike, rho: float = 0.0) -> LogRank:
    """Test whether groups differ in survival (Harrington and Fleming 1982).

    Parameters
    ----------
    group
        (n,) labels.
    rho
        Weight S(t-)^rho: 0 log-rank, 1 Peto-Peto.

    Raises
    ------
    EsccError
        There are fewer than two groups, or no event.
    """
    labels, code = np.unique(np.asarray(group), return_inverse=True)
    if labels.size < 2 or endpoint.n_events == 0:
        raise EsccError("A log-rank test needs two groups and one event.")
    time, row = np.unique(endpoint.time_months, return_inverse=True)
    counts = np.zeros((time.size, labels.size))
    np.add.at(counts, (row, code), 1)
    deaths = np.zeros_like(counts)
    np.add.at(deaths, (row[endpoint.event], code[endpoint.event]), 1)
    n_risk = np.cumsum(counts[::-1], axis=0)[::-1]
    n, d = n_risk.sum(axis=1), deaths.sum(axis=1)
    weight = np.append(1.0, np.cumprod(1 - d / n)[:-1]) ** rho
    share = n_risk / n[:, None]
    observed, expected = weight @ deaths, (weight * d) @ share
    spread = weight**2 * d * np.divide(n - d, n - 1, out=np.zeros_like(n), where=n > 1)
    variance = np.diag(spread @ share) - share.T @ (spread[:, None] * share)
    # A group without a patient at risk at any event carries no information: it costs its degree of freedom.
    kept = np.flatnonzero(expected > 0)[1:]
    difference = (observed - expected)[kept]
    chisq = float(difference @ np.linalg.pinv(variance[np.ix_(kept, kept)], hermitian=True) @ difference)
    df = int(kept.size)
    return LogRank(chisq, df, float(stats.chi2.sf(chisq, df)) if df else 1.0, observed, expected)
