"""The numbers behind figures as tables, for `figures.R`: what the results hold beside the curves over time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from escc_desktop.prognosis.results import AgreementResult, Results, SelectionResult

_KINDS = ("clinical", "radiomics", "combined")


@dataclass(frozen=True)
class Table:
    """A table to write: its file's name, a title where it is printed too, and its cells."""

    name: str
    header: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    title: str = ""


def figure_tables(results: Results) -> Iterator[Table]:
    """Yield the tables of selection, agreement, cut-offs, patients out of fold and readers."""
    yield from _selection(results.selection)
    if results.agreement is not None:
        yield _walls(results.agreement)
    cut = results.cutoff
    if cut is not None:
        cuts = [("one", cut.value)]
        cuts += [("low", cut.three.low_cut), ("high", cut.three.high_cut)] if cut.three is not None else []
        yield Table("cutoffs", ("which", "cut"), tuple(cuts))
    predicted = tuple(
        (kind, one.time_months, one.event, one.survival_out_of_fold.get(kind))
        for kind in _KINDS
        for one in sorted(results.patients, key=lambda one: (one.time_months, one.rad_score))
        if one.survival_out_of_fold.get(kind) is not None
    )
    yield Table("predicted_out_of_fold", ("model", "time_months", "event", "survival"), predicted)
    yield Table("horizon", ("months",), ((results.horizon_months,),))
    yield from _readers(results)


def _selection(found: SelectionResult) -> Iterator[Table]:
    shares = [("resamples", one.name, one.share) for one in found.selected_again]
    shares += [("draws of the folds", one.name, one.share) for one in found.drawn_again]
    yield Table("selection_frequency", ("of", "feature", "share"), tuple(shares))
    path = tuple(
        (one.name, penalty, value)
        for one in found.path
        for penalty, value in zip(found.lambdas, one.coefficients, strict=True)
    )
    yield Table("lasso_path", ("feature", "lambda", "coefficient"), path)
    n = len(found.kept)
    if found.correlation:
        matrix = np.eye(n)
        matrix[np.tril_indices(n, -1)] = np.array(found.correlation) / 100
        matrix = np.maximum(matrix, matrix.T) + np.minimum(matrix, matrix.T)
        np.fill_diagonal(matrix, 1.0)
        yield Table("correlation", found.kept, tuple(map(tuple, matrix.round(2).tolist())))


def _walls(found: AgreementResult) -> Table:
    rows = tuple(
        (one.comparison, *_parts(name), *at)
        for one in found.comparisons
        for name, *at in zip(found.features, one.icc, one.lower, strict=True)
    )
    return Table("icc_features", ("comparison", "filter", "family", "feature", "icc", "lower"), rows)


def _parts(name: str) -> tuple[str, str, str]:
    image, family, feature = [*name.removeprefix("A_").split("_", 2), "", ""][:3]
    return image, family, feature


def _readers(results: Results) -> Iterator[Table]:
    if results.readers is None:
        return
    survival = {one.patient_id: one.survival for one in results.patients}
    rows = sorted(
        (one.comparison, survival[one.patient_id].get("combined"), one.survival_lower.get("combined"),
         one.survival_upper.get("combined"), one.flip)
        for one in results.readers.patients
        if None not in (survival[one.patient_id].get("combined"), one.survival_lower.get("combined"))
    )  # fmt: skip
    yield Table("reader_interval", ("comparison", "survival", "lower", "upper", "flip"), tuple(rows))
