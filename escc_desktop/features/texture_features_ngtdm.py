"""NGTDM: how far grey levels lie from the mean of their neighbours. Formulas and names are PyRadiomics' 3.0.1.

Sums over all pairs of levels are brought into sums over levels where that loses no digits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from escc_desktop.features.textures import Values

_FLAT_COARSENESS: Final = 1e6
_PAIRS_AT_ONCE: Final = 1 << 16


class DifferenceMatrix:
    """What the five features are computed from.

    Parameters
    ----------
    levels
        (n,): grey levels present.
    voxels
        (n,): voxels of each.
    differences
        (n,): summed distance from the mean of the neighbours, of each.
    """

    def __init__(self, levels: NDArray[np.int32], voxels: NDArray[np.int64], differences: Values) -> None:
        self.levels = levels.astype(np.float64)
        self.n = float(voxels.sum())
        self.p = voxels / self.n
        self.differences = differences
        self.weighted = self.p * differences

    def coarseness(self) -> float:
        """Return 1 / sum of p s; 1e6 for a flat region."""
        total = float(self.weighted.sum())
        return 1 / total if total else _FLAT_COARSENESS

    def contrast(self) -> float:
        """Return the variance of the levels over pairs, times the mean difference; 0 for a flat region."""
        present = len(self.levels)
        if present < 2:
            return 0.0
        away = self.levels - (self.p * self.levels).sum()
        over_pairs = 2 * (self.p.sum() * (self.p * away**2).sum() - (self.p * away).sum() ** 2)
        return float(over_pairs * self.differences.sum() / self.n / (present * (present - 1)))

    def busyness(self) -> float:
        """Return the sum of p s over the sum over pairs of |i p_i - j p_j|; 0 where that is 0."""
        ordered = np.sort(self.levels * self.p)
        below = np.arange(1, len(ordered))
        over_pairs = 2 * (np.diff(ordered) * below * (len(ordered) - below)).sum()
        return float(self.weighted.sum() / over_pairs) if over_pairs else 0.0

    def complexity(self) -> float:
        """Return the mean over voxels of |i - j| (p_i s_i + p_j s_j) / (p_i + p_j), summed over pairs."""
        n = len(self.levels)
        rows = max(1, _PAIRS_AT_ONCE // n)
        total = 0.0
        for start in range(0, n, rows):
            some = slice(start, start + rows)
            apart = np.abs(self.levels[some, None] - self.levels)
            shared = (self.weighted[some, None] + self.weighted) / (self.p[some, None] + self.p)
            total += float((apart * shared).sum())
        return total / self.n

    def strength(self) -> float:
        """Return the sum over pairs of (p_i + p_j) (i - j)^2 over the summed differences; 0 for a flat region."""
        total = float(self.differences.sum())
        away = self.levels - self.levels.mean()
        from_others = len(away) * away**2 - 2 * away * away.sum() + (away**2).sum()
        return float(2 * (self.p * from_others).sum() / total) if total else 0.0


FORMULAS: Final[dict[str, Callable[[DifferenceMatrix], float]]] = {
    "Busyness": DifferenceMatrix.busyness,
    "Coarseness": DifferenceMatrix.coarseness,
    "Complexity": DifferenceMatrix.complexity,
    "Contrast": DifferenceMatrix.contrast,
    "Strength": DifferenceMatrix.strength,
}
