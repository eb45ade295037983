"""Covariates with gaps, completed several times from everything else that is known of the patients."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from escc_desktop.prognosis.terms import Candidate
from escc_desktop.stats.arrays import FloatArray, IntArray
from escc_desktop.stats.imputation import Variable, impute, outcome_predictors
from escc_desktop.stats.survival import Endpoint


def completed(
    candidates: Sequence[Candidate],
    rows: IntArray,
    outcome: Endpoint,
    features: FloatArray,
    imputations: int,
    seed: int,
) -> list[FloatArray]:
    """Return the candidates' columns (n, candidates) of some patients, gaps filled, once for each imputation.

    Parameters
    ----------
    rows, outcome
        The patients, and their outcome: without it, imputed values would be unrelated to it.
    features
        (n, q) scaled features of the models the covariates will stand in.

    Returns
    -------
    list of FloatArray
        One table as it is where nothing is missing. A covariate unknown in every one of the rows stays so.
    """
    table = np.stack([one.values[rows] for one in candidates], axis=1) if candidates else np.zeros((len(rows), 0))
    if np.isfinite(table).all():
        return [table]
    known = np.column_stack([features, outcome_predictors(outcome)])
    groups = [group for group in _groups(candidates) if np.isfinite(table[:, group]).all(axis=1).any()]
    variables = [_variable(candidates, table, group) for group in groups]
    tables = []
    for columns in impute(variables, known, imputations, seed):
        full = table.copy()
        for group, variable, values in zip(groups, variables, columns, strict=True):
            full[:, group] = _coded(variable, values, len(group))
        tables.append(full)
    return tables


def _groups(candidates: Sequence[Candidate]) -> list[list[int]]:
    """Return the columns of each covariate; levels of one covariate are imputed together, that none exclude another."""
    by_name: dict[str, list[int]] = {}
    for index, candidate in enumerate(candidates):
        by_name.setdefault(candidate.term.name, []).append(index)
    return list(by_name.values())


def _variable(candidates: Sequence[Candidate], table: FloatArray, group: Sequence[int]) -> Variable:
    first = candidates[group[0]]
    if first.term.contrast is None:
        return Variable(first.term.name, table[:, group[0]])
    levels = table[:, group]
    code = np.where(levels.any(axis=1), levels.argmax(axis=1) + 1.0, 0.0)
    return Variable(first.term.name, np.where(np.isfinite(levels).all(axis=1), code, np.nan), len(group) + 1)


def _coded(variable: Variable, values: FloatArray, width: int) -> FloatArray:
    if not variable.n_levels:
        return values[:, None]
    return np.asarray(values[:, None] == np.arange(1, width + 1), dtype=np.float64)
