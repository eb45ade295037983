"""Which features two readings of the same lesion agree on, before any scaling."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from scipy import stats

from escc_desktop.errors import EsccError
from escc_desktop.features.table import FeatureTable
from escc_desktop.stats.agreement import IccForm, IccMany, icc_many
from escc_desktop.stats.arrays import BoolArray, FloatArray, IntArray

Comparison = Literal["intra", "inter"]
READINGS: dict[Comparison, tuple[tuple[str, str], tuple[str, str]]] = {
    "intra": (("A", "first"), ("A", "repeat")),
    "inter": (("A", "first"), ("B", "first")),
}
MIN_LESIONS = 3


@dataclass(frozen=True, eq=False)
class Agreement:
    """One comparison of readings over p features; NaN where a feature is constant (`is_constant`).

    `n` counts lesions read twice; `lesions` are their (patient_id, lesion_id).
    """

    comparison: Comparison
    icc: IccMany
    n: int
    lesions: tuple[tuple[str, str], ...]
    first: FloatArray
    second: FloatArray
    is_constant: BoolArray
    passed: BoolArray


@dataclass(frozen=True)
class AgreementRule:
    """What of the agreement must lie above the threshold.

    Attributes
    ----------
    bound
        The estimate, or its lower 95 % limit.
    values
        Of the values as they are, of their logarithms (where all readings of a feature are positive, else as they
        are), or of their ranks among all readings.
    comparisons
        Both readers' and one reader's agreement, or one of them.
    """

    bound: Literal["estimate", "lower"] = "estimate"
    values: Literal["raw", "log", "rank"] = "raw"
    comparisons: Literal["both", "intra", "inter"] = "both"

    def allows(self, comparison: Comparison) -> bool:
        """Whether a comparison counts."""
        return self.comparisons in {"both", comparison}

    def seen(self, ratings: FloatArray) -> FloatArray:
        """Return readings (n, 2, p) as they are compared."""
        if self.values == "log":
            positive = (ratings > 0).all(axis=(0, 1))
            return np.asarray(np.where(positive, np.log(np.where(positive, ratings, 1.0)), ratings))
        if self.values == "rank":
            return np.asarray(stats.rankdata(ratings.reshape(-1, ratings.shape[2]), axis=0).reshape(ratings.shape))
        return ratings


@dataclass(frozen=True, eq=False)
class Agreements:
    """All comparisons a table allows.

    Attributes
    ----------
    stable
        (p,) true where every comparison made passes (intra and inter; a table with only one of them is judged by
        that one, which `is_complete` tells).
    """

    names: tuple[str, ...]
    form: IccForm
    threshold: float
    comparisons: tuple[Agreement, ...]
    missing: tuple[Comparison, ...]
    rule: AgreementRule = AgreementRule()

    @property
    def is_complete(self) -> bool:
        """Whether both comparisons could be made."""
        return not self.missing

    @property
    def stable(self) -> BoolArray:
        """(p,) true where every comparison passes."""
        return np.asarray(np.all([agreement.passed for agreement in self.comparisons], axis=0))

    @property
    def stable_names(self) -> tuple[str, ...]:
        """Names of the stable features."""
        return tuple(name for name, is_stable in zip(self.names, self.stable, strict=True) if is_stable)

    def of(self, comparison: Comparison) -> Agreement | None:
        """Return one comparison, None where the table has no such readings."""
        return next((found for found in self.comparisons if found.comparison == comparison), None)


_DEFAULT_RULE: Final = AgreementRule()


def has_repeats(table: FeatureTable) -> bool:
    """Return whether any comparison of readings is possible."""
    return any(len(_pairs(table, comparison)[0]) >= MIN_LESIONS for comparison in READINGS)


def reproducibility(
    table: FeatureTable, form: IccForm = "icc2", threshold: float = 0.75, rule: AgreementRule = _DEFAULT_RULE
) -> Agreements:
    """Compare Reader A's first readings with A's repeats (intra) and B's first (inter), feature by feature.

    Parameters
    ----------
    table
        Raw values; the unit is the lesion, and only lesions read twice count.
    form
        Form of the intraclass correlation (Shrout and Fleiss 1979).
    threshold
        A feature passes strictly above it.
    rule
        With what it passes.

    Raises
    ------
    EsccError
        No comparison is possible.
    """
    found, missing = [], []
    for comparison in filter(rule.allows, READINGS):
        first, second = _pairs(table, comparison)
        if len(first) >= MIN_LESIONS:
            lesions = tuple((table.keys[row].patient_id, table.keys[row].lesion_id) for row in first)
            readings = table.values[first], table.values[second]
            found.append(_compare(comparison, lesions, readings, (form, threshold, rule)))
        else:
            missing.append(comparison)
    if not found:
        raise EsccError(
            f"Fewer than {MIN_LESIONS} lesions were read twice, neither by Reader A (first and repeat) "
            "nor by A and B (first).",
            "Add the repeated readings to the feature table.",
        )
    return Agreements(table.names, form, threshold, tuple(found), tuple(missing), rule)


def without_patients(agreements: Agreements, left_out: Collection[str]) -> Agreements | None:
    """Return the agreement on the other patients; None where no comparison has enough lesions left."""
    found, missing = [], list(agreements.missing)
    passing = agreements.form, agreements.threshold, agreements.rule
    for one in agreements.comparisons:
        rows = [row for row, (patient, _) in enumerate(one.lesions) if patient not in left_out]
        if len(rows) >= MIN_LESIONS:
            lesions = tuple(one.lesions[row] for row in rows)
            readings = one.first[rows], one.second[rows]
            found.append(_compare(one.comparison, lesions, readings, passing))
        else:
            missing.append(one.comparison)
    if not found:
        return None
    return Agreements(agreements.names, *passing[:2], tuple(found), tuple(missing), agreements.rule)


def agreement_of_rows(agreements: Agreements, drawn: Sequence[str]) -> BoolArray:
    """Return which features are stable when the patients were drawn with repetition (a bootstrap resample).

    Parameters
    ----------
    drawn
        Patient ids; one drawn twice counts twice, one not drawn counts not at all.
    """
    times = Counter(drawn)
    stable = np.ones(len(agreements.names), dtype=np.bool_)
    for agreement in agreements.comparisons:
        rows = [row for row, (patient, _) in enumerate(agreement.lesions) for _ in range(times[patient])]
        distinct = {agreement.lesions[row] for row in rows}
        if len(distinct) < MIN_LESIONS:
            raise EsccError("A resample holds too few repeated readings to judge agreement.")
        ratings = agreements.rule.seen(np.stack([agreement.first[rows], agreement.second[rows]], axis=1))
        found = icc_many(ratings, agreements.form)
        stable &= _passes(found, ratings, agreements.threshold, agreements.rule)
    return stable


def _pairs(table: FeatureTable, comparison: Comparison) -> tuple[IntArray, IntArray]:
    (reader_1, occasion_1), (reader_2, occasion_2) = READINGS[comparison]
    second = {
        (key.patient_id, key.lesion_id): row
        for row, key in enumerate(table.keys)
        if (key.reader, key.occasion) == (reader_2, occasion_2)
    }
    rows = [
        (row, second[key.patient_id, key.lesion_id])
        for row, key in enumerate(table.keys)
        if (key.reader, key.occasion) == (reader_1, occasion_1) and (key.patient_id, key.lesion_id) in second
    ]
    pairs = np.array(rows, dtype=np.int64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def _compare(
    comparison: Comparison,
    lesions: tuple[tuple[str, str], ...],
    readings: tuple[FloatArray, FloatArray],
    passing: tuple[IccForm, float, AgreementRule],
) -> Agreement:
    (first, second), (form, threshold, rule) = readings, passing
    ratings = rule.seen(np.stack([first, second], axis=1))
    correlations = icc_many(ratings, form)
    return Agreement(
        comparison=comparison,
        icc=correlations,
        n=len(lesions),
        lesions=lesions,
        first=first,
        second=second,
        is_constant=_is_constant(ratings),
        passed=_passes(correlations, ratings, threshold, rule),
    )


def _is_constant(ratings: FloatArray) -> BoolArray:
    return np.asarray(np.ptp(ratings, axis=(0, 1)) == 0)


def _passes(correlations: IccMany, ratings: FloatArray, threshold: float, rule: AgreementRule) -> BoolArray:
    value = correlations.lower if rule.bound == "lower" else correlations.icc
    known = np.isfinite(value) & ~_is_constant(ratings)
    return np.asarray(known & (np.where(known, value, -np.inf) > threshold))
