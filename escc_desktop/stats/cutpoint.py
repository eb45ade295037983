"""The cut-off of a score: maximally selected log-rank (X-tile style), with P values that know of the search."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import stats

from escc_desktop.errors import EsccError
from escc_desktop.progress import Progress
from escc_desktop.stats.arrays import FloatArray, IntArray, finite
from escc_desktop.stats.survival import Endpoint, log_rank

# Bounds the memory of a batch of permutations.
_BATCH_CELLS = 2_000_000


@dataclass(frozen=True, eq=False)
class Cutpoint:
    """The cut with the largest log-rank chi-square; the high group is score > cut.

    `naive_p` ignores that the cut was searched for; `miller_siegmund_p` corrects for it (Altman 1994),
    `permutation_p` by permuting the score (NaN without permutations) with its standard error. `candidates`
    and `chisqs` hold every cut tried; `fractions` are the smallest and the largest share of patients at or
    below a candidate.
    """

    cut: float
    chisq: float
    naive_p: float
    miller_siegmund_p: float
    permutation_p: float
    permutation_std_error: float
    n_permutations: int
    n_low: int
    n_high: int
    observed: tuple[float, float]
    expected: tuple[float, float]
    candidates: FloatArray
    chisqs: FloatArray
    fractions: tuple[float, float]


@dataclass(frozen=True)
class ThreeGroups:
    """The pair of cuts with the largest log-rank chi-square between low, middle and high.

    `naive_p` ignores the search, `permutation_p` (NaN without permutations) knows of it.
    """

    low_cut: float
    high_cut: float
    chisq: float
    naive_p: float
    sizes: tuple[int, int, int]
    permutation_p: float = float("nan")
    n_permutations: int = 0


@dataclass(frozen=True, eq=False)
class _Scan:
    """What the log-rank of every cut needs, once per endpoint; patients in order of time.

    `risk_start[k]` is the first patient at risk at event time k, `n_risk[k]` their number, `deaths[k]` the
    events, `spread[k]` the hypergeometric variance divided by n1 (n - n1).
    """

    order: IntArray
    event: FloatArray
    risk_start: IntArray
    n_risk: FloatArray
    deaths: FloatArray
    spread: FloatArray

    @classmethod
    def of(cls, endpoint: Endpoint) -> _Scan:
        order = np.argsort(endpoint.time_months, kind="stable")
        time, event = endpoint.time_months[order], endpoint.event[order]
        event_times, deaths = np.unique(time[event], return_counts=True)
        start = np.searchsorted(time, event_times, side="left")
        n = (time.size - start).astype(np.float64)
        d = deaths.astype(np.float64)
        spread = d * np.divide(n - d, n - 1, out=np.zeros_like(n), where=n > 1) / n**2
        return cls(order, event.astype(np.float64), start, n, d, spread)

    def at_risk(self, high: FloatArray) -> FloatArray:
        """Return how many of the high group are at risk; `high` (..., n, cuts) in order of time."""
        return np.flip(np.cumsum(np.flip(high, axis=-2), axis=-2), axis=-2)[..., self.risk_start, :]

    def score(self, high: FloatArray, n_high: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return observed events in the high group and their expectation, each (..., cuts)."""
        return self.event @ high, (self.deaths / self.n_risk) @ n_high

    def variance(self, n_high: FloatArray) -> FloatArray:
        return self.spread @ (n_high * (self.n_risk[:, None] - n_high))

    def chisq(self, high: FloatArray) -> FloatArray:
        n_high = self.at_risk(high)
        observed, expected = self.score(high, n_high)
        variance = self.variance(n_high)
        return np.divide((observed - expected) ** 2, variance, out=np.zeros_like(variance), where=variance > 0)


def _candidates(score: FloatArray, min_fraction: float) -> tuple[FloatArray, FloatArray]:
    cuts = np.unique(score)[:-1]
    fractions = np.searchsorted(np.sort(score), cuts, side="right") / score.size
    allowed = (fractions >= min_fraction - 1e-12) & (fractions <= 1 - min_fraction + 1e-12)
    if not allowed.any():
        raise EsccError(
            f"No cut-off leaves at least {min_fraction:.0%} of the {score.size} patients on each side.",
            "The score has too few distinct values; ask for a smaller least group.",
        )
    return cuts[allowed], fractions[allowed]


def _checked(endpoint: Endpoint, score: npt.ArrayLike) -> FloatArray:
    values = finite(score, "The score")
    if values.size != endpoint.n:
        raise EsccError(f"There are {values.size} scores but {endpoint.n} follow-up times.")
    if endpoint.n_events == 0:
        raise EsccError("A cut-off cannot be searched: nobody had the event.")
    return values


def miller_siegmund_p(chisq: float, low_fraction: float, high_fraction: float) -> float:
    """Return the P value of a maximally selected chi-square (Miller and Siegmund 1982, as in Altman 1994).

    Parameters
    ----------
    low_fraction, high_fraction
        Smallest and largest share of patients at or below a candidate cut.
    """
    z = float(np.sqrt(chisq))
    if z <= 1:
        return 1.0
    width = np.log(high_fraction * (1 - low_fraction) / ((1 - high_fraction) * low_fraction))
    density = stats.norm.pdf(z)
    return float(min(1.0, 4 * density / z + density * (z - 1 / z) * width))


def _permutation_maxima(
    scan: _Scan, high: FloatArray, n_permutations: int, seed: int, progress: Progress
) -> FloatArray:
    generator = np.random.default_rng(seed)
    n, n_cuts = high.shape
    batch = max(1, _BATCH_CELLS // (n * n_cuts))
    maxima = np.empty(n_permutations)
    for start in range(0, n_permutations, batch):
        stop = min(start + batch, n_permutations)
        shuffled = generator.permuted(np.tile(np.arange(n), (stop - start, 1)), axis=1)
        maxima[start:stop] = scan.chisq(high[shuffled]).max(axis=-1)
        progress.advance(stop, n_permutations, "permutations")
    return maxima


def maximally_selected_log_rank(
    endpoint: Endpoint,
    score: npt.ArrayLike,
    min_fraction: float = 0.1,
    n_permutations: int = 0,
    seed: int = 0,
    progress: Progress | None = None,
) -> Cutpoint:
    """Find the cut-off of `score` (n,) that separates survival most.

    Candidates are the observed values that leave at least `min_fraction` of the patients on each side; among
    equal maxima the lowest cut wins.

    Raises
    ------
    EsccError
        No candidate, no event, or lengths that differ.
    Cancelled
        Through `progress`, between batches of permutations.
    """
    values = _checked(endpoint, score)
    cuts, fractions = _candidates(values, min_fraction)
    scan = _Scan.of(endpoint)
    high = (values[scan.order][:, None] > cuts).astype(np.float64)
    chisqs = scan.chisq(high)
    best = int(np.argmax(chisqs))
    chisq, cut = float(chisqs[best]), float(cuts[best])
    permutation_p = std_error = float("nan")
    if n_permutations:
        maxima = _permutation_maxima(scan, high, n_permutations, seed, progress or Progress())
        permutation_p = float(np.mean(maxima >= chisq - 1e-9))
        std_error = float(np.sqrt(permutation_p * (1 - permutation_p) / n_permutations))
    test = log_rank(endpoint, values > cut)
    return Cutpoint(
        cut=cut,
        chisq=chisq,
        naive_p=float(stats.chi2.sf(chisq, 1)),
        miller_siegmund_p=miller_siegmund_p(chisq, float(fractions[0]), float(fractions[-1])),
        permutation_p=permutation_p,
        permutation_std_error=std_error,
        n_permutations=n_permutations,
        n_low=int(np.sum(values <= cut)),
        n_high=int(np.sum(values > cut)),
        observed=(float(test.observed[0]), float(test.observed[1])),
        expected=(float(test.expected[0]), float(test.expected[1])),
        candidates=cuts,
        chisqs=chisqs,
        fractions=(float(fractions[0]), float(fractions[-1])),
    )


def three_groups(
    endpoint: Endpoint, score: npt.ArrayLike, min_fraction: float = 0.1, candidates: npt.ArrayLike | None = None
) -> ThreeGroups:
    """Find the two cut-offs of `score` (n,) that separate low, middle and high survival most.

    Parameters
    ----------
    candidates
        Cuts to pair; by default every observed value that leaves `min_fraction` on each side.

    Raises
    ------
    EsccError
        No pair leaves `min_fraction` of the patients in each group.
    """
    values = _checked(endpoint, score)
    cuts = _candidates(values, min_fraction)[0] if candidates is None else finite(candidates, "The candidate cuts")
    scan = _Scan.of(endpoint)
    high = (values[scan.order][:, None] > cuts).astype(np.float64)
    n_high = scan.at_risk(high)
    n_low = scan.n_risk[:, None] - n_high
    observed, expected = scan.score(high, n_high)
    excess, variance = observed - expected, scan.variance(n_high)
    # Rows are the low cut, columns the high one; the low group's excess is minus that of "above the low cut".
    covariance = -(n_low.T @ (scan.spread[:, None] * n_high))
    low, top, var_low, var_top = -excess[:, None], excess[None, :], variance[:, None], variance[None, :]
    determinant = var_low * var_top - covariance**2
    form = low**2 * var_top + top**2 * var_low - 2 * low * top * covariance
    counts = np.searchsorted(np.sort(values), cuts, side="right")
    sizes_ok = (counts[:, None] >= min_fraction * values.size) & (values.size - counts >= min_fraction * values.size)
    allowed = sizes_ok & (counts[None, :] - counts[:, None] >= min_fraction * values.size) & (determinant > 0)
    if not allowed.any():
        raise EsccError(f"No two cut-offs leave at least {min_fraction:.0%} of the patients in each of three groups.")
    chisqs = np.divide(form, determinant, out=np.full(form.shape, -1.0), where=allowed)
    i, j = (int(index) for index in np.unravel_index(int(np.argmax(chisqs)), chisqs.shape))
    return ThreeGroups(
        low_cut=float(cuts[i]),
        high_cut=float(cuts[j]),
        chisq=float(chisqs[i, j]),
        naive_p=float(stats.chi2.sf(chisqs[i, j], 2)),
        sizes=(int(counts[i]), int(counts[j] - counts[i]), int(values.size - counts[j])),
    )


def three_groups_permuted(
    endpoint: Endpoint, score: npt.ArrayLike, min_fraction: float, n_permutations: int, seed: int
) -> ThreeGroups:
    """Search three groups as `three_groups` does, with the P of the whole search by permuting the score."""
    values = _checked(endpoint, score)
    found = three_groups(endpoint, values, min_fraction)
    generator = np.random.default_rng(seed)
    maxima = np.array(
        [three_groups(endpoint, generator.permutation(values), min_fraction).chisq for _ in range(n_permutations)]
    )
    p = float(np.mean(maxima >= found.chisq - 1e-9)) if n_permutations else float("nan")
    return replace(found, permutation_p=p, n_permutations=n_permutations)


def bootstrap_cuts(
    endpoint: Endpoint, score: npt.ArrayLike, min_fraction: float, n_resamples: int, seed: int
) -> FloatArray:
    """Return the cut-offs that resamples of the patients give, the score of each staying what it is.

    A resample without a cut or an event gives none.
    """
    values = _checked(endpoint, score)
    generator = np.random.default_rng(seed)
    cuts = []
    for _ in range(n_resamples):
        rows = generator.integers(0, endpoint.n, endpoint.n)
        try:
            cuts.append(maximally_selected_log_rank(endpoint.take(rows), values[rows], min_fraction).cut)
        except EsccError:
            continue
    return np.array(cuts)
