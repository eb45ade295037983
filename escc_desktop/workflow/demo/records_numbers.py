"""The study's numbers (`resources/demo/trial.toml`) and the ways of drawing from them.

Marginals are stratified: n draws sit at the n mid-quantiles in random order, so that a small study has the stated
medians and quartiles, while who has which value stays random.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from escc_desktop.resources import resource_path

T = TypeVar("T")
Floats = NDArray[np.float64]


@cache
def numbers() -> Mapping[str, Any]:
    """Return the numbers of the synthetic study's patients, records and outcomes."""
    found: dict[str, Any] = tomllib.loads(resource_path("demo", "trial.toml").read_text(encoding="utf-8"))
    return found


def apportion(counts: Sequence[int], n: int) -> list[int]:
    """Return `counts` scaled to add up to `n`, by largest remainder; the earlier of two equal remainders wins."""
    shares = [count * n / sum(counts) for count in counts]
    found = [int(share) for share in shares]
    order = sorted(range(len(counts)), key=lambda index: found[index] - shares[index])
    for index in order[: n - sum(found)]:
        found[index] += 1
    return found


def scaled(count: int, n: int) -> int:
    """Return a count for 59 patients scaled to `n` patients."""
    return int(count * n / int(numbers()["study"]["n_patients"]) + 0.5)


def shuffled(values: Sequence[T], counts: Sequence[int], n: int, rng: np.random.Generator) -> list[T]:
    """Return `n` values in random order, each as often as its apportioned count."""
    pool = [value for value, count in zip(values, apportion(counts, n), strict=True) for _ in range(count)]
    return [pool[index] for index in rng.permutation(n)]


def normal_scores(values: Floats) -> Floats:
    """Replace values (n,) by the standard normal quantiles of their ranks."""
    ranks = np.argsort(np.argsort(values, kind="stable"), kind="stable")
    scores: Floats = ndtri((ranks + 0.5) / len(values))
    return scores


def random_scores(n: int, rng: np.random.Generator) -> Floats:
    """Return standard normal scores (n,) in random order."""
    return normal_scores(rng.standard_normal(n))


def related_scores(scores: Floats, correlation: float, rng: np.random.Generator) -> Floats:
    """Return standard normal scores (n,) that correlate with others."""
    noise = rng.standard_normal(len(scores))
    return normal_scores(correlation * scores + np.sqrt(1.0 - correlation**2) * noise)


def from_mean(scores: Floats, entry: Mapping[str, float]) -> Floats:
    """Return values (n,) with exactly the mean and standard deviation (ddof 1) of an entry, then its bounds."""
    spread = float(np.std(scores, ddof=1)) if len(scores) > 1 else 1.0
    values: Floats = entry["mean"] + entry["sd"] * scores / spread
    return np.clip(values, entry.get("low", -np.inf), entry.get("high", np.inf))


def from_quantiles(scores: Floats, points: Sequence[Sequence[float]]) -> Floats:
    """Return values (n,) of a quantile function that is linear between its points."""
    ranks = np.argsort(np.argsort(scores, kind="stable"), kind="stable")
    probability, value = np.array(points, dtype=np.float64).T
    values: Floats = np.interp((ranks + 0.5) / len(scores), probability, value)
    return values


def uniform(limits: Sequence[float], rng: np.random.Generator) -> float:
    """Return one number between two limits."""
    low, high = limits
    return float(rng.uniform(low, high))


def uniforms(limits: Sequence[float], n: int, rng: np.random.Generator) -> Floats:
    """Return numbers (n,) between two limits."""
    low, high = limits
    return rng.uniform(low, high, n)


def whole(limits: Sequence[int], rng: np.random.Generator) -> int:
    """Return one whole number between two limits, both included."""
    low, high = limits
    return int(rng.integers(low, high + 1))
