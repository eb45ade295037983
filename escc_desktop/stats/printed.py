"""What printed numbers imply: coefficient, standard error and P from a hazard ratio, its interval and its P."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from scipy import stats

_Z = float(stats.norm.isf(0.025))
# A lower limit with so little left after rounding says nothing of a standard error.
_LEAST_SHARE = 0.25
_PADDED_DIGITS = 3


@dataclass(frozen=True)
class PrintedNumber:
    """A number as printed, and the range its rounding leaves."""

    text: str

    @property
    def value(self) -> float:
        """The number."""
        return float(self.text)

    @property
    def range(self) -> tuple[float, float]:
        """The least and the largest number that print so.

        Zeros at the end may be padding after three significant digits, as in 30.800 for 30.8.
        """
        number = Decimal(self.text)
        exponent = int(number.as_tuple().exponent)
        if "." in self.text and self.text.endswith("0") and number:
            exponent = max(exponent, number.adjusted() - _PADDED_DIGITS + 1)
        half = 0.5 * 10.0**exponent
        return self.value - half, self.value + half

    def meets(self, low: float, high: float) -> bool:
        """Whether some number that prints so lies between two others."""
        least, largest = self.range
        return least <= high and low <= largest


@dataclass(frozen=True)
class Reconstruction:
    """A Cox term from print.

    Attributes
    ----------
    basis
        Whether it follows from the interval or, where the lower limit is printed as 0, from upper limit and P.
    p
        The P the coefficient and its error imply.
    hr_fits, p_fits
        Whether the printed ratio and P agree with it within their rounding.
    least_events
        Events a 0/1 covariate needs for so small an error: its information is at most a quarter of them.
    """

    basis: Literal["interval", "upper limit and P"]
    coefficient: float
    std_error: float
    p: float
    hr_fits: bool
    p_fits: bool
    least_events: float

    @property
    def hazard_ratio(self) -> float:
        """The ratio that fits the interval."""
        return math.exp(self.coefficient)


def reconstruct(hr: str, lower: str, upper: str, p: str) -> Reconstruction:
    """Rebuild a Cox term from its printed hazard ratio, 95 % limits and P."""
    printed = {name: PrintedNumber(text) for name, text in (("hr", hr), ("low", lower), ("high", upper), ("p", p))}
    least, largest = printed["low"].range
    if least > _LEAST_SHARE * largest:
        return _of_interval(printed)
    return _of_upper_limit(printed)


def _of_interval(printed: dict[str, PrintedNumber]) -> Reconstruction:
    def of(low: float, high: float) -> tuple[float, float]:
        return math.log(low * high) / 2, math.log(high / low) / (2 * _Z)

    coefficient, error = of(printed["low"].value, printed["high"].value)
    corners = [of(low, high) for low, high in itertools.product(printed["low"].range, printed["high"].range)]
    ratios = [math.exp(one) for one, _ in corners]
    ps = [_p(one, its_error) for one, its_error in corners]
    return Reconstruction(
        "interval",
        coefficient,
        error,
        _p(coefficient, error),
        printed["hr"].meets(min(ratios), max(ratios)),
        printed["p"].meets(min(ps), max(ps)),
        4 / error**2,
    )


def _of_upper_limit(printed: dict[str, PrintedNumber]) -> Reconstruction:
    sign = -1 if printed["hr"].value < 1 else 1

    def of(high: float, p: float) -> tuple[float, float]:
        z = sign * float(stats.norm.isf(p / 2))
        error = math.log(high) / (z + _Z)
        return z * error, error

    coefficient, error = of(printed["high"].value, printed["p"].value)
    ratios = [math.exp(of(high, p)[0]) for high, p in itertools.product(printed["high"].range, printed["p"].range)]
    lows = [math.exp(one - _Z * its) for one, its in [(coefficient, error)]]
    fits = printed["hr"].meets(min(ratios), max(ratios)) and printed["low"].meets(min(lows), max(lows))
    return Reconstruction("upper limit and P", coefficient, error, _p(coefficient, error), fits, True, 4 / error**2)


def _p(coefficient: float, error: float) -> float:
    return float(2 * stats.norm.sf(abs(coefficient) / error))


def whole_counts(printed: str, n: int) -> Sequence[int]:
    """Return the counts k for which k / n prints as this percentage."""
    number = PrintedNumber(printed)
    return [k for k in range(n + 1) if number.meets(100 * k / n, 100 * k / n)]
