"""What a baseline table is made of: quantiles, normality, and comparisons of two groups, equal to R."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import stats

from escc_desktop.errors import EsccError
from escc_desktop.stats.arrays import SMALLEST, FloatArray, finite

QuantileKind = Literal["spss", "r"]

# Dallal and Wilkinson 1986 for P up to 0.1, above it Stephens 1974 as fitted in R's nortest: (upper limit, powers).
_STEPHENS = (
    (0.5, (2.76773, -19.828315, 80.709644, -138.55152, 81.218052)),
    (0.9, (-4.901232, 40.662806, -97.490286, 94.029866, -32.355711)),
    (1.31, (6.198765, -19.558097, 23.186922, -12.234627, 2.423045)),
)
_SURELY_NORMAL = 0.302


def quantiles(values: npt.ArrayLike, p: npt.ArrayLike, kind: QuantileKind = "spss") -> FloatArray:
    """Return quantiles as SPSS (HAVERAGE, type 6) or R (type 7) reckon them by default."""
    method: Literal["weibull", "linear"] = "weibull" if kind == "spss" else "linear"
    return np.asarray(np.quantile(finite(values, "The values"), np.asarray(p), method=method))


@dataclass(frozen=True)
class Normality:
    """Kolmogorov-Smirnov against a normal of the sample's mean and sd, Lilliefors' correction, Shapiro-Wilk."""

    ks_d: float
    ks_p: float
    lilliefors_p: float
    shapiro_w: float
    shapiro_p: float


def normality(values: npt.ArrayLike) -> Normality:
    """Test whether values (n,) are normal, n >= 5.

    The Kolmogorov-Smirnov P is exact for fewer than 100 values without ties, else asymptotic, as in R.

    Raises
    ------
    EsccError
        Fewer than five values, or all equal.
    """
    x = np.sort(finite(values, "The values"))
    if x.size < 5 or x[-1] - x[0] < SMALLEST:
        raise EsccError("A test of normality needs at least five values that are not all equal.")
    n = x.size
    p = stats.norm.cdf((x - x.mean()) / x.std(ddof=1))
    ranks = np.arange(1, n + 1)
    d = float(max(np.max(ranks / n - p), np.max(p - (ranks - 1) / n)))
    is_exact = n < 100 and np.unique(x).size == n
    ks_p = stats.kstwo.sf(d, n) if is_exact else _kolmogorov_p(np.sqrt(n) * d)
    shapiro = stats.shapiro(x)
    return Normality(d, float(ks_p), _lilliefors_p(d, n), float(shapiro.statistic), float(shapiro.pvalue))


def _kolmogorov_p(scaled: float) -> float:
    # Up to 1 R's ks.test takes the first term of the series alone (its tolerance is 1e-6): up to 2e-5 off the limit.
    if scaled <= 1:
        return float(1 - np.sqrt(2 * np.pi) / scaled * np.exp(-(np.pi**2) / (8 * scaled**2)))
    return float(stats.kstwobign.sf(scaled))


def _lilliefors_p(d: float, n: int) -> float:
    size = min(n, 100)
    scaled = d * max(1.0, n / 100) ** 0.49
    p = float(
        np.exp(
            -7.01256 * scaled**2 * (size + 2.78019)
            + 2.99587 * scaled * np.sqrt(size + 2.78019)
            - 0.122119
            + 0.974598 / np.sqrt(size)
            + 1.67997 / size
        )
    )
    if p <= 0.1:
        return p
    k = (np.sqrt(n) - 0.01 + 0.85 / np.sqrt(n)) * d
    if k <= _SURELY_NORMAL:
        return 1.0
    for limit, powers in _STEPHENS:
        if k <= limit:
            return float(np.polynomial.polynomial.polyval(k, powers))
    return 0.0


@dataclass(frozen=True)
class GroupComparison:
    """Two groups compared, all P two-sided.

    Wilcoxon's W of the first group, its P by the normal approximation corrected for continuity and ties; Welch's
    and Student's t of first minus second.
    """

    wilcoxon_w: float
    wilcoxon_p: float
    welch_t: float
    welch_p: float
    student_t: float
    student_p: float


def compare_groups(first: npt.ArrayLike, second: npt.ArrayLike) -> GroupComparison:
    """Compare values of two groups, (n,) and (m,), at least two each.

    Raises
    ------
    EsccError
        A group has fewer than two values, or neither group's values vary.
    """
    a, b = finite(first, "The first group"), finite(second, "The second group")
    if min(a.size, b.size) < 2 or np.ptp(a) + np.ptp(b) < SMALLEST:
        raise EsccError("A comparison needs two values in each group, and values that vary within a group.")
    wilcoxon = stats.mannwhitneyu(a, b, use_continuity=True, alternative="two-sided", method="asymptotic")
    n, m, spread_a, spread_b = a.size, b.size, a.var(ddof=1), b.var(ddof=1)
    difference = float(a.mean() - b.mean())
    error_a, error_b = spread_a / n, spread_b / m
    welch_df = (error_a + error_b) ** 2 / (error_a**2 / (n - 1) + error_b**2 / (m - 1))
    welch_t = difference / np.sqrt(error_a + error_b)
    pooled = ((n - 1) * spread_a + (m - 1) * spread_b) / (n + m - 2)
    student_t = difference / np.sqrt(pooled * (1 / n + 1 / m))
    return GroupComparison(
        wilcoxon_w=float(wilcoxon.statistic),
        wilcoxon_p=float(wilcoxon.pvalue),
        welch_t=float(welch_t),
        welch_p=float(2 * stats.t.sf(abs(welch_t), welch_df)),
        student_t=float(student_t),
        student_p=float(2 * stats.t.sf(abs(student_t), n + m - 2)),
    )


@dataclass(frozen=True)
class TwoByTwo:
    """Pearson's chi-square with and without Yates' correction, Fisher's exact test with its odds ratio."""

    pearson: float
    pearson_p: float
    yates_p: float
    fisher_p: float
    odds_ratio: float


def two_by_two(counts: npt.ArrayLike) -> TwoByTwo:
    """Test a 2 x 2 table of counts; the odds ratio is the conditional maximum-likelihood estimate, as in R.

    Raises
    ------
    EsccError
        Not a 2 x 2 table of counts, or an empty row or column.
    """
    table = finite(counts, "The table of counts", n_axes=2)
    if table.shape != (2, 2) or (table < 0).any() or (table % 1 != 0).any():
        raise EsccError("A 2 x 2 table of counts is needed.")
    if (table.sum(axis=0) == 0).any() or (table.sum(axis=1) == 0).any():
        raise EsccError("A row or a column of the 2 x 2 table is empty.")
    whole = table.astype(np.int64)
    pearson = stats.chi2_contingency(whole, correction=False)
    return TwoByTwo(
        pearson=float(pearson.statistic),
        pearson_p=float(pearson.pvalue),
        yates_p=float(stats.chi2_contingency(whole, correction=True).pvalue),
        fisher_p=float(stats.fisher_exact(whole).pvalue),
        odds_ratio=float(stats.contingency.odds_ratio(whole, kind="conditional").statistic),
    )
