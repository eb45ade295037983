"""Exact binomial inference and the sample size of a single-arm trial."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from escc_desktop.errors import EsccError

# No single-arm trial is smaller; tiny n would only add noise to the saw-tooth.
_SMALLEST_N = 5
_LARGEST_N = 20_000


@dataclass(frozen=True)
class Proportion:
    """A proportion with two-sided confidence intervals: Clopper-Pearson (exact) and Wilson (no correction)."""

    x: int
    n: int
    estimate: float
    level: float
    exact_lower: float
    exact_upper: float
    wilson_lower: float
    wilson_upper: float


def proportion(x: int, n: int, level: float = 0.95) -> Proportion:
    """Estimate a proportion from `x` of `n`.

    Raises
    ------
    EsccError
        Not 0 <= x <= n with n > 0, or a level outside 0 to 1.
    """
    _check_counts(x, n)
    if not 0 < level < 1:
        raise EsccError(f"A confidence level of {level} is not between 0 and 1.")
    tail = (1 - level) / 2
    z = float(stats.norm.isf(tail))
    p = x / n
    middle = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return Proportion(
        x=x,
        n=n,
        estimate=p,
        level=level,
        exact_lower=float(stats.beta.ppf(tail, x, n - x + 1)) if x > 0 else 0.0,
        exact_upper=float(stats.beta.isf(tail, x + 1, n - x)) if x < n else 1.0,
        wilson_lower=max(0.0, middle - half) if x > 0 else 0.0,
        wilson_upper=min(1.0, middle + half) if x < n else 1.0,
    )


@dataclass(frozen=True)
class BinomialTest:
    """Exact P values of x of n against a null proportion, as R's binom.test."""

    p_two_sided: float
    p_greater: float
    p_less: float


def binomial_test(x: int, n: int, p0: float) -> BinomialTest:
    """Test whether `x` of `n` is compatible with the proportion `p0`; two-sided by the sum of small probabilities.

    Raises
    ------
    EsccError
        Not 0 <= x <= n with n > 0, or p0 outside 0 to 1.
    """
    _check_counts(x, n)
    _check_probability("null proportion", p0)
    probabilities = stats.binom.pmf(np.arange(n + 1), n, p0)
    # R's tolerance for "as unlikely as what was seen".
    rare = probabilities <= probabilities[x] * (1 + 1e-7)
    return BinomialTest(
        p_two_sided=min(1.0, float(probabilities[rare].sum())),
        p_greater=float(stats.binom.sf(x - 1, n, p0)),
        p_less=float(stats.binom.cdf(x, n, p0)),
    )


@dataclass(frozen=True)
class SampleSize:
    """The exact one-sided single-arm design.

    `n` is the first number of patients with the power, `critical` the responders needed to reject the null;
    power falls again after some n (saw-tooth), and from `stable_n` on it never drops below the wanted one.
    `enrolment` is `n` divided by 1 - dropout, rounded up; `stable_enrolment` likewise.
    """

    n: int
    critical: int
    attained_alpha: float
    attained_power: float
    stable_n: int
    enrolment: int
    stable_enrolment: int

    @property
    def note(self) -> str:
        """One sentence on the saw-tooth, empty where there is none."""
        if self.stable_n == self.n:
            return ""
        return (
            f"Power dips below the wanted one again after n = {self.n}; "
            f"from n = {self.stable_n} on it stays above for every larger n."
        )


def sample_size(p0: float, p1: float, alpha: float = 0.05, power: float = 0.9, dropout: float = 0.0) -> SampleSize:
    """Size a single-arm trial that shows a response rate above `p0` when it is `p1` (exact binomial, one-sided).

    Raises
    ------
    EsccError
        A probability outside 0 to 1, p1 not above p0, or more than 20,000 patients needed.
    """
    for name, value in (("p0", p0), ("p1", p1), ("alpha", alpha), ("power", power)):
        _check_probability(name, value)
    if p1 <= p0:
        raise EsccError(f"The hoped-for rate p1 = {p1} is not above the null rate p0 = {p0}.")
    if not 0 <= dropout < 1:
        raise EsccError(f"A dropout of {dropout} is not a fraction from 0 to below 1.")
    reach = stats.norm.isf(alpha) * math.sqrt(p0 * (1 - p0)) + stats.norm.isf(1 - power) * math.sqrt(p1 * (1 - p1))
    # Far beyond the normal approximation, so that the last dip of the saw-tooth is seen.
    limit = 200 + 2 * math.ceil((reach / (p1 - p0)) ** 2)
    if limit > _LARGEST_N:
        raise EsccError("More than 10,000 patients would be needed.", "Choose rates further apart.")
    n = np.arange(_SMALLEST_N, limit + 1)
    critical = stats.binom.ppf(1 - alpha, n, p0).astype(np.int64) + 1
    attained = stats.binom.sf(critical - 1, n, p1)
    first = int(np.flatnonzero(attained >= power)[0])
    short = np.flatnonzero(attained < power)
    stable = int(n[short[-1]]) + 1 if short.size else _SMALLEST_N
    found = int(n[first])
    return SampleSize(
        n=found,
        critical=int(critical[first]),
        attained_alpha=float(stats.binom.sf(critical[first] - 1, found, p0)),
        attained_power=float(attained[first]),
        stable_n=stable,
        enrolment=_enrolled(found, dropout),
        stable_enrolment=_enrolled(stable, dropout),
    )


def _enrolled(n: int, dropout: float) -> int:
    # 45 / 0.9 is 50.000000000000004 / 1 in some pairs; a hair above an integer is that integer.
    return math.ceil(n / (1 - dropout) - 1e-9)


def _check_counts(x: int, n: int) -> None:
    if n <= 0 or not 0 <= x <= n:
        raise EsccError(f"{x} of {n} is not a proportion.", "Give 0 <= x <= n with n above 0.")


def _check_probability(name: str, value: float) -> None:
    if not 0 < value < 1:
        raise EsccError(f"The {name} = {value} is not between 0 and 1.")
