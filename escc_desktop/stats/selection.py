"""Choosing features: scaling, correlation filter (caret), LASSO Cox and its cross-validation (glmnet 4.1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from escc_desktop.errors import EsccError
from escc_desktop.progress import Progress
from escc_desktop.stats._coxnet import lasso_path
from escc_desktop.stats.arrays import FloatArray, IntArray, finite, varying
from escc_desktop.stats.survival import Endpoint

Scale = Literal["z-score", "min-max"]
# Whose objective, path and stopping rules are followed.
LASSO_SEMANTICS = "glmnet 4.1"
# caret searches exactly below this number of columns.
EXACT_BELOW = 100
# Means closer than this many decimals are ties: rounding in sums must not decide an order.
_TIE_DECIMALS = 12


@dataclass(frozen=True, eq=False)
class Scaler:
    """What is taken off each column and what it is divided by, each (p,): mean and standard deviation (n - 1).

    Scaled to the range, the smallest value and the width of the range.
    """

    mean: FloatArray
    sd: FloatArray

    def transform(self, X: npt.ArrayLike) -> FloatArray:
        """Return X (n, p), scaled."""
        return np.asarray((np.asarray(X, dtype=np.float64) - self.mean) / self.sd)


def fit_scaler(X: npt.ArrayLike, kind: Scale = "z-score") -> Scaler:
    """Measure columns for z-scores, as R's scale(), or for values from 0 to 1.

    Raises
    ------
    EsccError
        A value is missing, or a column does not vary.
    """
    columns = finite(X, "The table of features", n_axes=2)
    constant = np.flatnonzero(~varying(columns))
    if constant.size:
        raise EsccError(
            f"{constant.size} features have the same value in every patient (first: column {constant[0] + 1}).",
            "Leave them out before scaling.",
        )
    if kind == "min-max":
        return Scaler(columns.min(axis=0), np.ptp(columns, axis=0))
    return Scaler(columns.mean(axis=0), columns.std(axis=0, ddof=1))


def correlation(X: npt.ArrayLike) -> FloatArray:
    """Return Pearson correlations (p, p) of the columns of X (n, p), none of them constant."""
    scaled = fit_scaler(X).transform(X)
    product = scaled.T @ scaled / (scaled.shape[0] - 1)
    np.fill_diagonal(product, 1.0)
    return np.asarray(np.clip((product + product.T) / 2, -1.0, 1.0))


def find_correlation(corr: npt.ArrayLike, cutoff: float = 0.9, exact: bool | None = None) -> IntArray:
    """Return the columns to remove so that no pair is left with |r| above the cut-off, as caret::findCorrelation.

    Parameters
    ----------
    corr
        (p, p) correlations.
    cutoff
        Strict: a pair at exactly this |r| stays.
    exact
        Whether the mean correlations are brought up to date after each removal; None as caret: below 100 columns.

    Returns
    -------
    IntArray
        Column indices in caret's order.

    Raises
    ------
    EsccError
        The matrix is not square and symmetric, or holds a missing value.
    """
    r = np.abs(finite(corr, "The correlation matrix", n_axes=2))
    if r.shape[0] != r.shape[1] or np.abs(r - r.T).max() > 1e-9:
        raise EsccError("The correlation matrix is not symmetric.")
    if exact is None:
        exact = r.shape[0] < EXACT_BELOW
    return _find_exact(r, cutoff) if exact else _find_fast(r, cutoff)


def _find_fast(r: FloatArray, cutoff: float) -> IntArray:
    mean = np.round(r.mean(axis=0), _TIE_DECIMALS)
    above = np.triu(r > cutoff, k=1)
    columns, rows = np.nonzero(above.T)  # column by column, as R scans
    column_goes = mean[columns] > mean[rows]
    flagged = np.concatenate([columns[column_goes], rows[~column_goes]])
    _, first = np.unique(flagged, return_index=True)
    return np.asarray(flagged[np.sort(first)], dtype=np.int64)


def _find_exact(r: FloatArray, cutoff: float) -> IntArray:
    p = r.shape[0]
    off = r.copy()
    np.fill_diagonal(off, 0.0)
    order = np.argsort(-np.round(off.sum(axis=0) / max(p - 1, 1), _TIE_DECIMALS), kind="stable")
    off = off[np.ix_(order, order)]
    high = np.triu(off > cutoff, k=1)
    row_sum, total = off.sum(axis=1), off.sum()
    alive, n_alive = np.ones(p, dtype=np.bool_), p
    for i in range(p - 1):
        for j in np.flatnonzero(high[i]):
            if not alive[i]:
                break
            if not alive[j]:
                continue
            # caret compares with the mean of all remaining rows but j's, not with row j's own.
            others = (total - row_sum[j]) / (n_alive - 1) ** 2
            gone = i if row_sum[i] / (n_alive - 1) > others else int(j)
            alive[gone], n_alive = False, n_alive - 1
            total -= 2 * row_sum[gone]
            row_sum -= off[gone]
            row_sum[gone] = 0.0
            off[gone], off[:, gone] = 0.0, 0.0
    return np.asarray(order[~alive], dtype=np.int64)


@dataclass(frozen=True, eq=False)
class LassoPath:
    """Solutions along falling penalties; coefficients on the scale of the given columns.

    `lambdas` (L,), `coef` (L, p), `deviance_ratio` (L,) explained fraction of `null_deviance`. `is_complete` is
    false where the path was cut short because the passes were used up or the model fitted somebody perfectly.
    """

    lambdas: FloatArray
    coef: FloatArray
    deviance_ratio: FloatArray
    null_deviance: float
    is_complete: bool

    def at(self, lambdas: npt.ArrayLike) -> FloatArray:
        """Return coefficients (len(lambdas), p), interpolated linearly in lambda, the ends standing beyond."""
        wanted = np.clip(np.asarray(lambdas, dtype=np.float64), self.lambdas[-1], self.lambdas[0])
        if self.lambdas.size == 1:
            return np.repeat(self.coef, wanted.size, axis=0)
        right = np.clip(np.searchsorted(-self.lambdas, -wanted, side="left"), 1, self.lambdas.size - 1)
        high, low = self.lambdas[right - 1], self.lambdas[right]
        share = ((wanted - low) / (high - low))[:, None]
        return np.asarray(share * self.coef[right - 1] + (1 - share) * self.coef[right])


@dataclass(frozen=True)
class LassoControl:
    """How a LASSO path is run; the defaults are glmnet 4.1's.

    Parameters
    ----------
    standardize
        Scale columns to unit variance (1/n) inside.
    n_lambdas, min_ratio
        Length of the path, and its last lambda over the first; None is 0.01 with fewer patients than columns,
        else 0.0001.
    thresh
        Convergence: largest weighted squared change of a coefficient over the null deviance. At glmnet's 1e-7
        coefficients late in the path are some 5e-3 from the optimum.
    max_passes
        Passes over the data for a whole path; beyond it the path is cut short.
    """

    standardize: bool = True
    n_lambdas: int = 100
    min_ratio: float | None = None
    thresh: float = 1e-7
    max_passes: int = 100_000


@dataclass(frozen=True, eq=False)
class _Groups:
    """Patients by rising time without those gone before the first event, and each event time's share of them."""

    rows: IntArray
    group_end: IntArray
    deaths: FloatArray

    @classmethod
    def of(cls, endpoint: Endpoint) -> _Groups:
        # At equal times events come first: who is censored at an event time was at risk at it.
        order = np.lexsort((~endpoint.event, endpoint.time_months))
        time, event = endpoint.time_months[order], endpoint.event[order]
        times, deaths = np.unique(time[event], return_counts=True)
        if times.size < 2:
            raise EsccError("A LASSO Cox model needs events at two different times at least.")
        starts = np.searchsorted(time, times, side="left")
        rows = order[starts[0] :]
        ends = np.append(starts[1:], time.size) - starts[0]
        return cls(rows, ends.astype(np.int64), deaths.astype(np.float64))


def cox_lasso_path(
    X: npt.ArrayLike, endpoint: Endpoint, lambdas: npt.ArrayLike | None = None, control: LassoControl | None = None
) -> LassoPath:
    """Fit the LASSO path of a Cox model with Breslow ties.

    Parameters
    ----------
    X
        (n, p) covariates; columns that do not vary get 0.
    lambdas
        Penalties, falling; by default glmnet's sequence from the smallest that removes every column, with its
        rules for stopping early.

    Raises
    ------
    EsccError
        Missing values, events at fewer than two times, or no column varies.
    """
    control = control or LassoControl()
    columns = finite(X, "The table of features", n_axes=2)
    if columns.shape[0] != endpoint.n:
        raise EsccError(f"There are {columns.shape[0]} rows of features but {endpoint.n} follow-up times.")
    usable = np.flatnonzero(varying(columns))
    if not usable.size:
        raise EsccError("No feature varies between the patients.")
    centred = columns[:, usable] - columns[:, usable].mean(axis=0)
    scale = np.sqrt(np.mean(centred**2, axis=0)) if control.standardize else np.ones(usable.size)
    fitted = _run(_Groups.of(endpoint), endpoint, centred / scale, lambdas, control)
    coef = np.zeros((fitted.lambdas.size, columns.shape[1]))
    coef[:, usable] = fitted.coef / scale
    return LassoPath(fitted.lambdas, coef, fitted.deviance_ratio, fitted.null_deviance, fitted.is_complete)


def _run(
    groups: _Groups, endpoint: Endpoint, scaled: FloatArray, lambdas: npt.ArrayLike | None, control: LassoControl
) -> LassoPath:
    n, p = scaled.shape
    if lambdas is None:
        min_ratio = control.min_ratio or (0.01 if n < p else 1e-4)
        ratio, penalties = max(1e-6, min_ratio) ** (1 / (control.n_lambdas - 1)), np.zeros(control.n_lambdas)
    else:
        ratio, penalties = 0.0, finite(lambdas, "The penalties").copy()
        if penalties.min() < 0 or (np.diff(penalties) >= 0).any():
            raise EsccError("The penalties must fall and not be negative.")
    coef, explained = np.zeros((penalties.size, p)), np.zeros(penalties.size)
    n_fitted, _, outcome = lasso_path(
        (groups.rows.size, p, groups.group_end.size, penalties.size),
        np.ascontiguousarray(scaled[groups.rows].T),
        groups.group_end,
        groups.deaths / n,
        endpoint.event[groups.rows] / n,
        1 / n,
        penalties,
        ratio,
        control.thresh,
        control.max_passes,
        coef,
        explained,
    )
    if n_fitted == 0:
        raise EsccError("The LASSO path could not be started.", "Check the features for extreme values.")
    null = float(partial_deviance(endpoint, np.zeros((1, n)))[0])
    kept = slice(n_fitted)
    return LassoPath(penalties[kept], coef[kept], explained[kept], null, outcome == 0)


def partial_deviance(endpoint: Endpoint, eta: FloatArray) -> FloatArray:
    """Return 2 (saturated - fitted) Breslow log partial likelihood for linear predictors `eta` (m, n): (m,)."""
    order = np.argsort(-endpoint.time_months, kind="stable")
    time, event = endpoint.time_months[order], endpoint.event[order]
    times, deaths = np.unique(time[event], return_counts=True)
    if not times.size:
        return np.zeros(eta.shape[0])
    sorted_eta = eta[:, order]
    log_risk = np.logaddexp.accumulate(sorted_eta, axis=1)
    at_risk = log_risk[:, np.searchsorted(-time, -times, side="right") - 1]
    fitted = sorted_eta[:, event].sum(axis=1) - at_risk @ deaths
    saturated = -float(np.sum(deaths * np.log(deaths)))
    return np.asarray(2 * (saturated - fitted))


def allocate_folds(n: int, n_folds: int, seed: int, groups: Sequence[object] | None = None) -> IntArray:
    """Draw folds 1..n_folds of equal size at random.

    Parameters
    ----------
    groups
        (n,) labels; rows of one label (a patient drawn twice by a bootstrap) share a fold.

    Raises
    ------
    EsccError
        Fewer rows (or labels) than folds, or fewer than three folds.
    """
    _, label = np.unique(np.arange(n) if groups is None else np.asarray(groups), return_inverse=True)
    n_labels = int(label.max()) + 1
    if not 3 <= n_folds <= n_labels:
        raise EsccError(f"{n_labels} patients cannot be split into {n_folds} folds.", "Use 3 folds or more.")
    drawn = np.random.default_rng(seed).permutation(np.arange(n_labels) % n_folds + 1)
    return np.asarray(drawn[label], dtype=np.int64)


@dataclass(frozen=True, eq=False)
class LassoCv:
    """A cross-validated LASSO Cox model on the `path` of all patients.

    `cvm` and `cvsd` (L,) are the mean partial-likelihood deviance per event and its standard error over the
    folds; `n_selected` (L,) the non-zero coefficients. `min_index` is the largest penalty with the least
    deviance, `one_se_index` the largest within one standard error of it.
    """

    path: LassoPath
    cvm: FloatArray
    cvsd: FloatArray
    n_selected: IntArray
    min_index: int
    one_se_index: int
    fold: IntArray

    @property
    def lambda_min(self) -> float:
        """Return the penalty with the least cross-validated deviance."""
        return float(self.path.lambdas[self.min_index])

    @property
    def lambda_1se(self) -> float:
        """Return the largest penalty within one standard error of the least deviance."""
        return float(self.path.lambdas[self.one_se_index])

    @property
    def coef_at_min(self) -> FloatArray:
        """Return the coefficients (p,) at `lambda_min`."""
        return np.asarray(self.path.coef[self.min_index])


def cox_lasso_cv(
    X: npt.ArrayLike,
    endpoint: Endpoint,
    fold: npt.ArrayLike,
    lambdas: npt.ArrayLike | None = None,
    control: LassoControl | None = None,
    progress: Progress | None = None,
) -> LassoCv:
    """Cross-validate the LASSO penalty as cv.glmnet(family = "cox", grouped = TRUE).

    Without `lambdas` each fold runs its own path, whose coefficients are interpolated linearly in lambda; the
    deviance of a fold is that of all patients less that of the others at the fold's coefficients.

    Parameters
    ----------
    fold
        (n,) labels of the folds (see `allocate_folds`).

    Raises
    ------
    EsccError
        As `cox_lasso_path`, or fewer than two folds hold events.
    Cancelled
        Through `progress`, between folds.
    """
    progress = progress or Progress()
    columns, labels = finite(X, "The table of features", n_axes=2), np.asarray(fold)
    if labels.shape != (endpoint.n,):
        raise EsccError(f"There are {labels.size} fold labels but {endpoint.n} follow-up times.")
    path = cox_lasso_path(columns, endpoint, lambdas, control)
    scored = [label for label in np.unique(labels) if endpoint.event[labels == label].any()]
    if len(scored) < 2:
        raise EsccError("Cross-validation needs events in two folds at least.", "Use fewer folds.")
    deviance, weight = np.empty((len(scored), path.lambdas.size)), np.empty(len(scored))
    for row, label in enumerate(scored):
        progress.advance(row, len(scored), "folds")
        kept = labels != label
        part = endpoint.take(kept)
        own = cox_lasso_path(columns[kept], part, lambdas, control)
        eta = own.at(path.lambdas) @ columns.T
        weight[row] = endpoint.n_events - part.n_events
        deviance[row] = (partial_deviance(endpoint, eta) - partial_deviance(part, eta[:, kept])) / weight[row]
    cvm = weight @ deviance / weight.sum()
    cvsd = np.sqrt(weight @ (deviance - cvm) ** 2 / weight.sum() / (len(scored) - 1))
    best = int(np.argmin(cvm))
    return LassoCv(
        path=path,
        cvm=cvm,
        cvsd=cvsd,
        n_selected=np.count_nonzero(path.coef, axis=1).astype(np.int64),
        min_index=best,
        one_se_index=int(np.flatnonzero(cvm <= cvm[best] + cvsd[best])[0]),
        fold=labels,
    )
