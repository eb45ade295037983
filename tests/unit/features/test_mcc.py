"""The second eigenvalue behind MCC, against all eigenvalues of PyRadiomics' own matrix."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from escc_desktop.features import _mcc

Counts = NDArray[np.int32]


def ours(counts: Counts) -> float:
    rows, columns = np.nonzero(counts)
    found = np.empty(1)
    starts = np.array([0, len(rows)], dtype=np.int64)
    entries = rows.astype(np.int32), columns.astype(np.int32), counts[rows, columns].astype(np.int32)
    _mcc.second_eigenvalues(len(counts), starts, *entries, found)
    return float(found[0])


def by_definition(counts: Counts) -> float:
    p = counts / counts.sum()
    p = p[:, p.sum(axis=0) > 0][p.sum(axis=0) > 0]
    marginal = p.sum(axis=0)
    q = np.einsum("ik,jk,ik->ij", p, p, 1 / (np.multiply.outer(marginal, marginal) + np.spacing(1)))
    return float(np.sort(np.linalg.eigvals(q).real)[-2])


def neighbours(rng: np.random.Generator, n: int, reach: int, highest: int) -> Counts:
    """Counts of levels next to each other, mostly their own kind: the spectrum crowds near 1."""
    distance = np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
    counts = rng.integers(0, highest, (n, n)) * (distance <= reach) * (rng.random((n, n)) < rng.choice([1.0, 0.5]))
    counts += np.diag(rng.integers(0, rng.choice([1, 100, 1000]), n, endpoint=True))
    counts[0, 1] += 1
    return (counts + counts.T).astype(np.int32)


@pytest.mark.parametrize("highest", [2, 30, 1000])
@pytest.mark.parametrize("reach", [1, 2, 5, 100])
def test_that_the_second_eigenvalue_is_the_one_of_the_definition(reach: int, highest: int) -> None:
    rng = np.random.default_rng(reach * highest)
    for _ in range(40):
        counts = neighbours(rng, int(rng.integers(13, 80)), reach, highest)
        assert ours(counts) == pytest.approx(by_definition(counts), abs=1e-12)


def test_that_two_halves_with_one_bridge_are_met() -> None:
    rng = np.random.default_rng(7)
    for _ in range(100):
        counts = neighbours(rng, 40, 3, 50)
        counts[:20, 20:] = counts[20:, :20] = 0
        counts[19, 20] = counts[20, 19] = 1
        assert ours(counts) == pytest.approx(by_definition(counts), abs=1e-12)
