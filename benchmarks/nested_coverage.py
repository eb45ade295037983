"""How often the interval of the nested C-index holds the C the model truly has, on simulated cohorts of 59 patients.

Usage: python benchmarks/nested_coverage.py [--cohorts 200] [--repeats 5] [--resamples 30] [--only NAME ...]

The models are Cox models of covariates that enter by their P alone (below 0.1, one for ten events), as the clinical
model does, or of three covariates that all enter. Truth is the C-index of the fitted model on 1,200 new patients by the
law their times are drawn from, and the mean of the same over the models of the folds. See decision 0251.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from escc_desktop.errors import EsccError
from escc_desktop.stats.cox import cox
from escc_desktop.stats.foldwise import Foldwise, c_within
from escc_desktop.stats.performance import c_index
from escc_desktop.stats.survival import Endpoint

Floats = NDArray[np.float64]
FOLDS, ENTRY_P, EVENTS_PER_TERM, N, NEW = 5, 0.1, 10, 59, 1200


@dataclass(frozen=True)
class Scenario:
    """Covariates of which the first have an effect; all enter, or those with a small P alone."""

    covariates: int
    effects: tuple[float, ...]
    enters_by_p: bool = True


SCENARIOS = {
    "8, none": Scenario(8, ()),
    "8, weak": Scenario(8, (0.3, 0.3)),
    "8, middling": Scenario(8, (0.6, 0.4)),
    "8, strong": Scenario(8, (1.2, 0.8)),
    "3, none": Scenario(3, (), enters_by_p=False),
    "3, weak": Scenario(3, (0.3, 0.2), enters_by_p=False),
    "3, strong": Scenario(3, (1.2, 0.8, 0.3), enters_by_p=False),
}


def draw(rng: np.random.Generator, n: int, scenario: Scenario) -> tuple[Floats, Endpoint, Floats]:
    """Draw covariates (n, k), times with a quarter censored, and the true linear predictor (n,)."""
    X = rng.standard_normal((n, scenario.covariates))
    truth = X[:, : len(scenario.effects)] @ np.array(scenario.effects, dtype=float)
    died = (rng.exponential(size=n) / np.exp(truth)) ** (1 / 1.3) * 14
    left = rng.uniform(4, 40, n)
    return X, Endpoint(np.minimum(died, left), died <= left), truth


def fit(X: Floats, endpoint: Endpoint, scenario: Scenario) -> Floats:
    """Return coefficients (k,), 0 for covariates that did not enter."""
    coef, entered = np.zeros(X.shape[1]), np.arange(X.shape[1])
    try:
        if scenario.enters_by_p:
            p = np.array([cox(endpoint, X[:, [k]], ("x",)).p[0] for k in entered])
            first = np.argsort(p)[: max(1, endpoint.n_events // EVENTS_PER_TERM)]
            entered = first[p[first] < ENTRY_P]
        if len(entered):
            coef[entered] = cox(endpoint, X[:, entered], [str(k) for k in entered]).coef
    except EsccError:
        return np.zeros(X.shape[1])
    return coef


def true_c(risk: Floats, truth: Floats) -> float:
    """Return the C-index of `risk` by the law the times are drawn from."""
    first = special.expit(truth[:, None] - truth[None, :])
    wins = (risk[:, None] > risk[None, :]) + 0.5 * (risk[:, None] == risk[None, :])
    np.fill_diagonal(first, 0.0)
    return float((first * wins).sum() / first.sum())


def folds_of(rng: np.random.Generator, event: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Allocate folds with the events spread evenly."""
    order = np.concatenate([rng.permutation(np.flatnonzero(event)), rng.permutation(np.flatnonzero(~event))])
    fold = np.zeros(len(event), dtype=np.int64)
    fold[order] = np.arange(len(event)) % FOLDS
    return fold


def one_cohort(seed: int, scenario: Scenario, repeats: int, resamples: int) -> tuple[Foldwise, float, float, float]:
    """Return the nested figure, the scatter of models, and the truth of the fitted model and of the folds'."""
    rng = np.random.default_rng([seed, scenario.covariates, len(scenario.effects)])
    X, endpoint, _ = draw(rng, N, scenario)
    new, _, truth = draw(np.random.default_rng(99), NEW, scenario)
    fold = np.array([folds_of(rng, endpoint.event) for _ in range(repeats)])
    risk, of_folds = np.zeros((repeats, N)), []
    for row, own in zip(risk, fold, strict=True):
        for label in range(FOLDS):
            test = own == label
            coef = fit(X[~test], endpoint.take(np.flatnonzero(~test)), scenario)
            row[test] = X[test] @ coef
            of_folds.append(true_c(new @ coef, truth))
    drawn = (rng.integers(0, N, N) for _ in range(resamples))
    scatter = [c_index(endpoint, X @ fit(X[rows], endpoint.take(rows), scenario)).c for rows in drawn]
    fitted = true_c(new @ fit(X, endpoint, scenario), truth)
    return c_within(endpoint, risk, fold), float(np.std(scatter, ddof=1)), fitted, float(np.mean(of_folds))


def main() -> None:
    """Print the coverage of each scenario."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cohorts", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--resamples", type=int, default=30)
    parser.add_argument("--only", nargs="*", default=list(SCENARIOS))
    asked = parser.parse_args()
    for name in asked.only:
        began = time.process_time()
        found = [one_cohort(seed, SCENARIOS[name], asked.repeats, asked.resamples) for seed in range(asked.cohorts)]
        truth, folds = np.array([one[2:] for one in found]).T
        limits = np.array([one[0].interval(one[1]) for one in found])
        plain = np.array([one[0].interval() for one in found])
        shares = [np.mean((low <= of) & (of <= high)) for (low, high), of in
                  ((limits.T, truth), (limits.T, folds), (plain.T, truth))]  # fmt: skip
        print(
            f"{name:12} true C {truth.mean():.3f}  nested {np.mean([one[0].value for one in found]):.3f}  "
            f"width {np.diff(limits).mean():.3f}  holds the model's {shares[0]:.3f}, the folds' {shares[1]:.3f}; "
            f"without the scatter of models {shares[2]:.3f}  ({time.process_time() - began:.0f} s)",
            flush=True,
        )


if __name__ == "__main__":
    main()
