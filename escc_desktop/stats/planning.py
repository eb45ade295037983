"""How many: lesions to read again for an ICC, events to develop and to validate a prediction model.

Sources: Bonett (Stat Med 2002, 21:1331) for the width of an ICC's interval; Walter, Eliasziw and Donner (Stat Med
1998, 17:101) and Zou (Stat Med 2012, 31:3972) for its lower limit, here with the exact F distribution; Riley et al.
(Stat Med 2019, 38:1276; BMJ 2020, 368:m441) for development; Riley et al. (Stat Med 2021, 40:4230) for validation;
Jinks, Royston and Parmar (BMC Med Res Methodol 2015, 15:82) from C to the explained variation.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import optimize, special, stats

from escc_desktop.errors import EsccError
from escc_desktop.stats.arrays import FloatArray

LARGEST_N = 10_000_000
# Wide enough that what is beyond does not count, dense enough for the sums below.
_NORMAL_NODES = 4001
_NORMAL_REACH = 8.0
# Narrower, rarer or wider than this is a slip of the pen, and beyond what floats can count.
_LEAST = 1e-4
_LARGEST_WIDTH = 100.0
_LARGEST_MONTHS = 1e5
_TARGET_SHRINKAGE = 0.9
_MAX_OPTIMISM = 0.05


def _between(name: str, value: float, low: float, high: float) -> None:
    if not low < value < high:
        raise EsccError(f"{name} = {value:g} is not between {low:g} and {high:g}.")


@dataclass(frozen=True)
class RereadPlan:
    """Lesions to be read by all readings, for the interval of an ICC expected to be `icc`.

    `n` for the two-sided interval to be no wider than asked, or for its lower limit to exceed a bound.
    """

    icc: float
    n: int


def rereads_for_width(icc: float, width: float, readings: int = 2, level: float = 0.95) -> RereadPlan:
    """Return how many lesions make the interval of an ICC `width` wide (Bonett 2002).

    Raises
    ------
    EsccError
        An ICC, width or level outside 0 to 1, or fewer than two readings.
    """
    _check_icc(icc, readings, level)
    _between("The width", width, _LEAST, 1)
    z, k = float(stats.norm.isf((1 - level) / 2)), readings
    n = 8 * z**2 * (1 - icc) ** 2 * (1 + (k - 1) * icc) ** 2 / (k * (k - 1) * width**2) + 1
    if k == 2 and icc >= 0.7:
        # Bonett's own correction where the approximation falls short.
        n += 5 * icc
    return RereadPlan(icc, max(2, math.ceil(n - 1e-9)))


def rereads_for_bound(
    icc: float, bound: float, readings: int = 2, assurance: float = 0.5, level: float = 0.95
) -> RereadPlan:
    """Return how many lesions put the lower limit of an ICC above `bound` with probability `assurance`.

    Parameters
    ----------
    assurance
        0.5 where the expected ICC itself should just do, 0.8 for certainty as of a test's power.
    level
        Of the two-sided interval whose lower limit counts.

    Raises
    ------
    EsccError
        A value outside 0 to 1, or a bound not below the ICC.
    """
    _check_icc(icc, readings, level)
    _between("The bound", bound, -1, icc)
    _between("The assurance", assurance, 0, 1)
    k = readings
    odds = [(1 + (k - 1) * value) / (1 - value) for value in (bound, icc)]

    def is_enough(n: int) -> bool:
        df1, df2 = n - 1, (n - 1) * (k - 1)
        critical = stats.f.isf((1 - level) / 2, df1, df2) * odds[0] / odds[1]
        return float(stats.f.sf(critical, df1, df2)) >= assurance

    return RereadPlan(icc, _smallest(is_enough, 3))


def _check_icc(icc: float, readings: int, level: float) -> None:
    _between("The ICC", icc, 0, 1)
    _between("The level", level, 0, 1)
    if readings < 2:
        raise EsccError("Agreement needs at least two readings.")


def _smallest(is_enough: Callable[[int], bool], start: int) -> int:
    """Return the smallest n that is enough, by doubling and halving."""
    low, high = start - 1, start
    while not is_enough(high):
        low, high = high, 2 * high
        if high > LARGEST_N:
            raise EsccError(f"More than {LARGEST_N:,} would be needed.", "Ask for less.")
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_enough(middle) else (middle, high)
    return high


@dataclass(frozen=True)
class DevelopmentPlan:
    """Patients and events to develop a time-to-event model with `parameters` candidate parameters.

    `n_shrinkage` for an expected shrinkage of 0.9, `n_optimism` for at most 0.05 between apparent and adjusted
    Nagelkerke R2, `n_risk` for the overall risk at the horizon within 0.05; `n` is the largest of them.
    """

    parameters: int
    r2_cox_snell: float
    r2_largest: float
    n_shrinkage: int
    n_optimism: int
    n_risk: int
    n: int
    events: int
    events_per_parameter: float


@dataclass(frozen=True)
class FollowUp:
    """What is expected of follow-up: events per person and unit of time, its mean, and the horizon of prediction."""

    rate: float
    mean_time: float
    horizon: float

    def __post_init__(self) -> None:
        if not (self.rate > 0 and self.mean_time > 0 and self.horizon > 0):
            raise EsccError("Event rate, mean follow-up and horizon must be above 0.")
        _between("Events per patient (event rate times mean follow-up)", self.event_share, _LEAST, 1)
        _between("The horizon", self.horizon, 0, _LARGEST_MONTHS)
        _between("The mean follow-up", self.mean_time, 0, _LARGEST_MONTHS)

    @property
    def event_share(self) -> float:
        """Events per patient over the follow-up."""
        return self.rate * self.mean_time

    @property
    def r2_largest(self) -> float:
        """The Cox-Snell R2 of a perfect model, from events per patient and so free of the unit of time."""
        return -math.expm1(2 * self.event_share * (math.log(self.event_share) - 1))


def r2_of_c(c: float, event_share: float) -> float:
    """Return the Cox-Snell R2 a C-index stands for: through Royston's D and the explained randomness.

    Raises
    ------
    EsccError
        C is not between 0.5 and 1.
    """
    _between("The C-index", c, 0.5, 1)
    d = 5.50 * (c - 0.5) + 10.26 * (c - 0.5) ** 3
    noise, signal = math.pi**2 / 6, d**2 * math.pi / 8
    r2_d = signal / (noise + signal)
    explained = noise * r2_d / (1 + (noise - 1) * r2_d)
    return -math.expm1(event_share * math.log1p(-explained))


def plan_development(parameters: int, follow_up: FollowUp, r2_cox_snell: float) -> DevelopmentPlan:
    """Apply the three criteria of Riley et al. for time-to-event outcomes.

    Raises
    ------
    EsccError
        No parameter, or an R2 the follow-up does not allow.
    """
    if parameters < 1:
        raise EsccError("A model has at least one candidate parameter.")
    largest = follow_up.r2_largest
    if not 0 < r2_cox_snell < largest:
        raise EsccError(
            f"A Cox-Snell R2 of {r2_cox_snell:g} is not between 0 and {largest:.3f}, the most this follow-up allows."
        )
    shrinkage = _for_shrinkage(parameters, r2_cox_snell, _TARGET_SHRINKAGE)
    optimism = _for_shrinkage(parameters, r2_cox_snell, r2_cox_snell / (r2_cox_snell + _MAX_OPTIMISM * largest))
    risk = _for_overall_risk(follow_up)
    n = max(shrinkage, optimism, risk)
    events = math.ceil(n * follow_up.event_share - 1e-9)
    return DevelopmentPlan(parameters, r2_cox_snell, largest, shrinkage, optimism, risk, n, events, events / parameters)


def _for_shrinkage(parameters: int, r2: float, shrinkage: float) -> int:
    if r2 >= shrinkage:
        return parameters + 1
    return math.ceil(parameters / ((shrinkage - 1) * math.log1p(-r2 / shrinkage)) - 1e-9)


def _for_overall_risk(follow_up: FollowUp) -> int:
    rate, horizon = follow_up.rate, follow_up.horizon
    z = float(stats.norm.isf(0.025))

    def is_enough(n: int) -> bool:
        half = z * math.sqrt(rate / (n * follow_up.mean_time))
        risk, low, high = (-math.expm1(-max(r, 0.0) * horizon) for r in (rate, rate - half, rate + half))
        return max(high - risk, risk - low) <= _MAX_OPTIMISM

    return _smallest(is_enough, 1)


@dataclass(frozen=True)
class ValidationPlan:
    """Patients with a known state at the horizon (or the event before) for an external validation.

    `n_calibration` for observed over expected, `n_slope` for the calibration slope, `n_c` for the C statistic, each
    with a 95 % interval of the width asked; `n` is the largest, `events` go with it.
    """

    n_calibration: int
    n_slope: int
    n_c: int
    n: int
    events: int


@dataclass(frozen=True)
class Widths:
    """Widths of 95 % intervals wanted of a validation."""

    observed_expected: float = 0.2
    slope: float = 0.2
    c: float = 0.1


def plan_validation(
    risk: float, c: float, widths: Widths | None = None, lp: tuple[float, float] | None = None
) -> ValidationPlan:
    """Apply the criteria of Riley et al. 2021 to the outcome at the horizon.

    Parameters
    ----------
    risk
        Share of patients with the event by the horizon.
    c
        C statistic expected.
    lp
        Mean and SD of the linear predictor on the logit scale; None derives both from `risk` and `c`, as for
        normally distributed predictors.

    Raises
    ------
    EsccError
        Risk, C or a width out of bounds.
    """
    _between("The risk", risk, 0, 1)
    _between("The C statistic", c, 0.5, 1)
    widths = widths or Widths()
    for name, value in (("observed over expected", widths.observed_expected), ("slope", widths.slope), ("C", widths.c)):
        _between(f"The width of {name}", value, _LEAST, _LARGEST_WIDTH)
    z = float(stats.norm.isf(0.025))
    se = math.asinh(widths.observed_expected / 2) / z  # exp(z se) - exp(-z se) = width
    found = (
        math.ceil((1 - risk) / (risk * se**2) - 1e-9),
        _for_slope(lp or _linear_predictor(risk, c), widths.slope / (2 * z)),
        _smallest(lambda n: _c_std_error(c, risk, n) <= widths.c / (2 * z), 4),
    )
    n = max(found)
    return ValidationPlan(*found, n=n, events=math.ceil(n * risk - 1e-9))


def _c_std_error(c: float, risk: float, n: int) -> float:
    """Return Newcombe's standard error."""
    half = n / 2 - 1
    return math.sqrt(c * (1 - c) * (1 + half * (1 - c) / (2 - c) + half * c / (1 + c)) / (n**2 * risk * (1 - risk)))


def _weights() -> tuple[FloatArray, FloatArray]:
    x = np.linspace(-_NORMAL_REACH, _NORMAL_REACH, _NORMAL_NODES)
    weight = np.exp(-(x**2) / 2)
    return x, weight / weight.sum()


def _linear_predictor(risk: float, c: float) -> tuple[float, float]:
    """Return mean and SD of a normal logit whose events are `risk` of all and whose C statistic is `c`.

    Raises
    ------
    EsccError
        There is none.
    """
    x, weight = _weights()

    def mean_of(sd: float) -> float:
        return float(optimize.brentq(lambda mean: weight @ special.expit(mean + sd * x) - risk, -60, 60))

    def c_of(sd: float) -> float:
        p = special.expit(mean_of(sd) + sd * x)
        with_event, without = weight * p / risk, weight * (1 - p) / (1 - risk)
        below = np.cumsum(without) - without / 2
        return float(with_event @ below)

    try:
        sd = float(optimize.brentq(lambda value: c_of(value) - c, _LEAST, 15))
    except ValueError:
        raise EsccError(
            f"No normally distributed predictor has a C of {c:g} at a risk of {risk:g}.", "Ask for a more usual pair."
        ) from None
    return mean_of(sd), sd


def _for_slope(lp: tuple[float, float], se: float) -> int:
    x, weight = _weights()
    value = lp[0] + lp[1] * x
    p = special.expit(value)
    information = weight * p * (1 - p)
    a, b, c = float(information.sum()), float(information @ value), float(information @ value**2)
    return math.ceil(a / (se**2 * (a * c - b**2)) - 1e-9)
