"""GLCM: how often two grey levels lie side by side. Formulas and names are PyRadiomics' 3.0.1.

Each direction is computed for itself. Sums run over the entries in PyRadiomics' order, one after the other, so that
what cancels out there (Correlation, Imc1, Imc2, ClusterShade of small or even regions) cancels out here as well.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from escc_desktop.features._textures import add_in_order
from escc_desktop.features.textures import EPSILON, Entries, Values, add_by_index

# Up to here the sum over all pairs of levels is made as PyRadiomics makes it.
_FEW_LEVELS: Final = 64
_MANY_NUMBERS: Final = 8192


def _entropy(p: Values) -> float:
    return -add_in_order(p * np.log2(p + EPSILON))


@dataclass(frozen=True, eq=False)
class _Distribution:
    """Of a whole number that each entry of a matrix has.

    Attributes
    ----------
    values, p
        The numbers and their probabilities, rising; such as no entry has may be among them and add nothing to a sum.
    place
        Where the number of each entry stands among them.
    """

    values: Values
    p: Values
    place: NDArray[np.integer]

    @classmethod
    def of(cls, numbers: NDArray[np.int32], p: Values, highest: int) -> Self:
        """Return the distribution of the entries' numbers, none of which is above `highest`."""
        if highest <= _MANY_NUMBERS + numbers.size:
            return cls(np.arange(highest + 1, dtype=np.float64), add_by_index(numbers, p, highest + 1), numbers)
        # Hardly any of them is there: millions where metal meets narrow bins.
        values, place = np.unique(numbers, return_inverse=True)
        return cls(values.astype(np.float64), add_by_index(place, p, len(values)), place)


class PairMatrix:
    """The normalised symmetric matrix of one direction.

    Parameters
    ----------
    pairs
        The matrices of all directions.
    direction
        Which of them.
    levels
        (n,): the grey level of each row.
    """

    def __init__(self, pairs: Entries, direction: int, levels: NDArray[np.int32]) -> None:
        some = slice(pairs.starts[direction], pairs.starts[direction + 1])
        row, column = pairs.row[some].astype(np.intp), pairs.column[some].astype(np.intp)
        # PyRadiomics' array has its columns outermost, unless numpy.delete took exactly one missing level out of it.
        self.row, self.column = (row, column) if levels[-1] - len(levels) == 1 else (column, row)
        self.p: Values = pairs.count[some] / pairs.count[some].sum(dtype=np.float64)
        self.levels = levels
        self.highest = int(levels[-1])
        self.i = levels[self.row]
        self.j = levels[self.column]

    @cached_property
    def px(self) -> Values:
        """Marginal probability of each level; for columns the same."""
        return add_by_index(self.row, self.p, len(self.levels))

    @cached_property
    def sums(self) -> _Distribution:
        """The sums i + j."""
        return _Distribution.of(self.i + self.j, self.p, 2 * self.highest)

    @cached_property
    def apart(self) -> _Distribution:
        """The differences |i - j|."""
        return _Distribution.of(np.abs(self.i - self.j), self.p, self.highest - 1)

    @cached_property
    def means(self) -> tuple[float, float]:
        """Mean levels of rows and of columns: the same but for rounding."""
        return add_in_order(self.i * self.p), add_in_order(self.j * self.p)

    @cached_property
    def variances(self) -> tuple[float, float]:
        """Variances of rows and of columns: the same but for rounding."""
        ux, uy = self.means
        of_rows = self.p * ((self.levels - ux) ** 2)[self.row]
        of_columns = self.p * ((self.levels - uy) ** 2)[self.column]
        return add_in_order(of_rows), add_in_order(of_columns)

    @cached_property
    def entropy(self) -> float:
        """Entropy HXY, in bits."""
        return _entropy(self.p)

    def cluster(self, power: int) -> float:
        """Return the central moment of i + j."""
        ux, uy = self.means
        moment = (self.sums.values - ux - uy) ** power
        return add_in_order(self.p * moment[self.sums.place])

    def correlation(self) -> float:
        """Return the correlation of the two levels; 1 for a flat region."""
        ux, uy = self.means
        sigma: float = self.variances[0] ** 0.5 * self.variances[1] ** 0.5
        if sigma == 0:
            return 1.0
        covariance = add_in_order(self.p * (self.levels - ux)[self.row] * (self.levels - uy)[self.column])
        return covariance / (sigma + EPSILON)

    def over_apart(self, weight: Callable[[Values], Values]) -> float:
        """Return the sum of p(|i - j|) times a function of |i - j|."""
        return add_in_order(self.apart.p * weight(self.apart.values))

    def inverse_variance(self) -> float:
        """Return the sum of p(i, j) / |i - j|^2 off the diagonal."""
        k, p = self.apart.values, self.apart.p
        return add_in_order(p[k > 0] / k[k > 0] ** 2)

    def difference_variance(self) -> float:
        """Return the variance of |i - j|."""
        k, p = self.apart.values, self.apart.p
        return add_in_order(p * (k - add_in_order(k * p)) ** 2)

    def imc1(self) -> float:
        """Return the first measure of information; 0 where the levels have no entropy."""
        product = self.px[self.row] * self.px[self.column]
        gain = self.entropy + add_in_order(self.p * np.log2(product + EPSILON))
        of_levels = _entropy(self.px)
        return gain / of_levels if of_levels else 0.0

    def imc2(self) -> float:
        """Return the second measure of information; 0 where the levels are independent."""
        independent = self._independent_entropy()
        if independent == self.entropy:
            return 0.0
        return float(np.sqrt(1 - np.e ** (-2 * (independent - self.entropy))))

    def _independent_entropy(self) -> float:
        px = self.px[self.px > 0]
        if len(px) <= _FEW_LEVELS:
            return _entropy(np.multiply.outer(px, px).ravel())
        # The sum over all pairs of levels of -q log2(q + epsilon), q = px(i) px(j), to first order in epsilon.
        return -2 * float((px * np.log2(px)).sum()) - len(px) ** 2 * EPSILON / float(np.log(2))


FORMULAS: Final[dict[str, Callable[[PairMatrix], float]]] = {
    "Autocorrelation": lambda m: add_in_order(m.p * (m.i * m.j.astype(np.float64))),
    "ClusterProminence": lambda m: m.cluster(4),
    "ClusterShade": lambda m: m.cluster(3),
    "ClusterTendency": lambda m: m.cluster(2),
    "Contrast": lambda m: m.over_apart(np.square),
    "Correlation": PairMatrix.correlation,
    "DifferenceAverage": lambda m: m.over_apart(lambda k: k),
    "DifferenceEntropy": lambda m: _entropy(m.apart.p),
    "DifferenceVariance": PairMatrix.difference_variance,
    "Id": lambda m: m.over_apart(lambda k: 1 / (1 + k)),
    "Idm": lambda m: m.over_apart(lambda k: 1 / (1 + k**2)),
    "Idmn": lambda m: m.over_apart(lambda k: 1 / (1 + k**2 / m.highest**2)),
    "Idn": lambda m: m.over_apart(lambda k: 1 / (1 + k / m.highest)),
    "Imc1": PairMatrix.imc1,
    "Imc2": PairMatrix.imc2,
    "InverseVariance": PairMatrix.inverse_variance,
    "JointAverage": lambda m: m.means[0],
    "JointEnergy": lambda m: add_in_order(m.p**2),
    "JointEntropy": lambda m: m.entropy,
    "MaximumProbability": lambda m: float(m.p.max()),
    "SumAverage": lambda m: add_in_order(m.sums.values * m.sums.p),
    "SumEntropy": lambda m: _entropy(m.sums.p),
    "SumSquares": lambda m: m.variances[0],
}
