"""The test for separation in Cox regression: whether the likelihood grows without end, and along which covariates."""

from __future__ import annotations

import numpy as np
from scipy import optimize

from escc_desktop.stats.arrays import BoolArray, FloatArray
from escc_desktop.stats.risksets import RiskSets

_TAKES_PART = 1e-6


def separating(sets: RiskSets, X: FloatArray) -> BoolArray:
    """Return which columns of X (n, p), rows in the order of the risk sets, take part in a monotone likelihood.

    The likelihood grows without end along d exactly when every death has the largest x.d of its risk set and
    one of them strictly (Tsiatis 1981; Bryson and Johnson 1981). Variables are d and, per tie from late to
    early, the largest x.d so far: m_k >= m_(k-1), m_k >= x.d of who enters the risk set, = x.d of its deaths.
    """
    n_ties, p = sets.tie_start.size, X.shape[1]
    ends = sets.risk_end[sets.tie_start]
    n_in = int(ends[-1])
    tie_of_row = np.searchsorted(ends, np.arange(n_in), side="right")
    entering = np.zeros((n_in, p + n_ties))
    entering[:, :p], entering[np.arange(n_in), p + tie_of_row] = X[:n_in], -1
    growing = np.zeros((n_ties - 1, p + n_ties))
    growing[np.arange(n_ties - 1), p + np.arange(n_ties - 1)] = 1
    growing[np.arange(n_ties - 1), p + 1 + np.arange(n_ties - 1)] = -1
    upper = np.vstack([entering, growing])
    equal = np.zeros((sets.deaths.size, p + n_ties))
    equal[:, :p], equal[np.arange(sets.deaths.size), p + sets.tie_of_death] = X[sets.deaths], -1
    answer = optimize.linprog(
        upper.sum(axis=0),
        A_ub=upper,
        b_ub=np.zeros(upper.shape[0]),
        A_eq=equal,
        b_eq=np.zeros(equal.shape[0]),
        bounds=[(-1, 1)] * p + [(None, None)] * n_ties,
        method="highs",
    )
    if answer.status != 0 or answer.fun > -1e-7:
        return np.zeros(p, dtype=np.bool_)
    return np.asarray(np.abs(answer.x[:p]) > _TAKES_PART)
