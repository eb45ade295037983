"""How much of many variables one other explains, by ranks, and which of many P values to believe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import special, stats

from escc_desktop.errors import EsccError
from escc_desktop.stats.arrays import BoolArray, FloatArray, finite

MIN_ROWS = 4


@dataclass(frozen=True, eq=False)
class Association:
    """One variable against p others; each array (p,), NaN where a column is constant.

    Attributes
    ----------
    coefficient
        Spearman's rho; NaN for groups.
    explained
        Share of the variance of the ranks: rho squared, or between groups (eta squared, H / (n - 1)).
    p
        Two-sided, from the t distribution with n - 2 degrees of freedom, or from chi squared with k - 1.
    q
        The smallest false discovery rate at which the column counts (Benjamini and Hochberg 1995).
    """

    method: Literal["spearman", "kruskal"]
    n: int
    coefficient: FloatArray
    explained: FloatArray
    p: FloatArray
    q: FloatArray


def spearman_many(x: npt.ArrayLike, columns: npt.ArrayLike) -> Association:
    """Correlate a variable with many others by ranks (Spearman 1904), ties at their mean rank.

    Parameters
    ----------
    x
        (n,) numbers, not all the same.
    columns
        (n, p).

    Raises
    ------
    EsccError
        Fewer than 4 rows, values that are no finite numbers, or one value of x only.
    """
    given, table = finite(x, "The variable"), finite(columns, "The table", 2)
    _check(len(given), table)
    if np.ptp(given) == 0:
        raise EsccError("The variable has one value only.", "Nothing can be correlated with it.")
    n = len(given)
    a, b = _centred_ranks(given[:, np.newaxis])[:, 0], _centred_ranks(table)
    moves = _moves(table)
    rho = np.full(table.shape[1], np.nan)
    rho[moves] = (a @ b[:, moves]) / np.sqrt((a @ a) * np.sum(b[:, moves] ** 2, axis=0))
    rho = np.clip(rho, -1, 1)
    with np.errstate(divide="ignore"):
        t = np.abs(rho) * np.sqrt((n - 2) / (1 - rho**2))
    p = np.asarray(2 * special.stdtr(n - 2, -t))
    return Association("spearman", n, rho, rho**2, p, benjamini_hochberg(p))


def kruskal_many(groups: npt.ArrayLike, columns: npt.ArrayLike) -> Association:
    """Compare many variables between groups by ranks (Kruskal and Wallis 1952), corrected for ties.

    Parameters
    ----------
    groups
        (n,) which group each row belongs to, in any words or numbers; two groups at least.
    columns
        (n, p).

    Raises
    ------
    EsccError
        Fewer than 4 rows, values that are no finite numbers, or one group only.
    """
    table = finite(columns, "The table", 2)
    levels, member = np.unique(np.asarray(groups), return_inverse=True)
    _check(len(member), table)
    if len(levels) < 2:
        raise EsccError("There is one group only.", "Nothing can be compared.")
    n, moves = len(member), _moves(table)
    ranks = _centred_ranks(table)
    indicator = (member[np.newaxis, :] == np.arange(len(levels))[:, np.newaxis]).astype(np.float64)
    between = np.sum((indicator @ ranks) ** 2 / indicator.sum(axis=1)[:, np.newaxis], axis=0)
    explained = np.full(table.shape[1], np.nan)
    # H = (n - 1) between / total: the correction for ties is in the variance of the ranks.
    explained[moves] = np.minimum(between[moves] / np.sum(ranks[:, moves] ** 2, axis=0), 1.0)
    p = np.asarray(special.chdtrc(len(levels) - 1, (n - 1) * explained))
    return Association("kruskal", n, np.full_like(explained, np.nan), explained, p, benjamini_hochberg(p))


def benjamini_hochberg(p: FloatArray) -> FloatArray:
    """Return for each P value the smallest false discovery rate at which it counts; NaN stays and is not counted."""
    known = np.isfinite(p)
    q = np.full(p.shape, np.nan)
    values = p[known]
    order = np.argsort(-values, kind="stable")
    steps = values[order] * len(values) / np.arange(len(values), 0, -1)
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(np.minimum.accumulate(steps), 1.0)
    q[known] = adjusted
    return q


def _check(n: int, table: FloatArray) -> None:
    if n != len(table):
        raise ValueError(f"{n} values for {len(table)} rows")
    if n < MIN_ROWS:
        raise EsccError(f"{n} rows are too few.", f"At least {MIN_ROWS} are needed.")


def _moves(table: FloatArray) -> BoolArray:
    return np.asarray(np.ptp(table, axis=0) > 0)


def _centred_ranks(table: FloatArray) -> FloatArray:
    return np.asarray(stats.rankdata(table, axis=0) - (len(table) + 1) / 2)
