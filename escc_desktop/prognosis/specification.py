"""The same question answered under every choice a paper leaves open: how far C-index and risk groups depend on them.

Simonsohn, Simmons and Nelson (Nat Hum Behav 2020, 4:1208). What is varied changes no patient and no outcome; the first
option of each choice is the reference, the published one where it is known.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from escc_desktop.errors import EsccError
from escc_desktop.features.table import FeatureTable
from escc_desktop.prognosis.clinical import ClinicalTable
from escc_desktop.prognosis.cohort import assemble
from escc_desktop.prognosis.config import DevelopConfig
from escc_desktop.prognosis.pipeline import Prepared, Problem, lasso_folds, prepare, select
from escc_desktop.prognosis.reproducibility import AgreementRule, Agreements, has_repeats, reproducibility
from escc_desktop.progress import Progress
from escc_desktop.stats.arrays import BoolArray, FloatArray, IntArray
from escc_desktop.stats.cutpoint import maximally_selected_log_rank
from escc_desktop.stats.foldwise import c_within
from escc_desktop.stats.performance import c_index

TEST_FOLDS = 5
MEDIAN = "median"


@dataclass(frozen=True)
class Option:
    """One way to decide: its words, and the fields of the configuration it sets."""

    label: str
    sets: Mapping[str, object]


Choices = Mapping[str, tuple[Option, ...]]

OPEN_CHOICES: Choices = {
    "scale": (
        Option("z-score", {"scaling": "z-score"}),
        Option("min-max", {"scaling": "min-max", "lasso_standardize": False}),
    ),
    "ICC rule": (
        Option("ICC(2,1) > 0.75", {"icc_form": "icc2", "icc_threshold": 0.75}),
        Option("ICC(3,1) > 0.75", {"icc_form": "icc3", "icc_threshold": 0.75}),
        Option("ICC(2,1) > 0.90", {"icc_form": "icc2", "icc_threshold": 0.9}),
        Option("lower limit > 0.75", {"icc_form": "icc2", "icc_threshold": 0.75, "icc_bound": "lower"}),
    ),
    "correlation": (
        Option("caret 0.9", {"correlation_cutoff": 0.9, "correlation_search": "caret"}),
        Option("exact 0.9", {"correlation_cutoff": 0.9, "correlation_search": "exact"}),
        Option("caret 0.8", {"correlation_cutoff": 0.8, "correlation_search": "caret"}),
        Option("no filter", {"correlation_cutoff": 1.0}),
    ),
}
# What needs no new fit; None is the median.
CUTS: Mapping[str, float | None] = {"log-rank, 10 %": 0.1, "log-rank, 20 %": 0.2, MEDIAN: None}


@dataclass(frozen=True, eq=False)
class Specification:
    """One combination of choices and what came of it.

    Attributes
    ----------
    labels
        Option by choice, the table and the cut among them.
    apparent, corrected
        C-index of the Rad-score on the patients it was fitted on, and within the folds of a cross-validation that
        repeats everything but the drawing of patients; NaN where it could not be.
    high
        (n,) who is in the high-risk group; None where the score tells nobody apart.
    fault
        Why it could not be fitted; empty where it could.
    """

    labels: Mapping[str, str]
    n_stable: int
    n_uncorrelated: int
    n_selected: int
    apparent: float
    corrected: float
    cut: float
    high: BoolArray | None
    fault: str = ""


@dataclass(frozen=True, eq=False)
class Curve:
    """All specifications, the reference first."""

    patients: tuple[str, ...]
    specifications: tuple[Specification, ...]

    @property
    def reference(self) -> Specification:
        """The first option of every choice."""
        return self.specifications[0]

    def flips(self, one: Specification) -> float:
        """Return the share of patients in another group than under the reference, NaN where there are no groups."""
        if one.high is None or self.reference.high is None:
            return float("nan")
        return float(np.mean(one.high != self.reference.high))

    @property
    def share_high(self) -> FloatArray:
        """(n,) in what share of the specifications with groups each patient is at high risk; NaN without any."""
        found = [one.high for one in self.specifications if one.high is not None]
        return np.mean(found, axis=0) if found else np.full(len(self.patients), np.nan)


def specify(
    tables: Mapping[str, FeatureTable],
    clinical: ClinicalTable,
    config: DevelopConfig,
    progress: Progress,
    choices: Choices = OPEN_CHOICES,
) -> Curve:
    """Fit the Rad-score under every combination of choices.

    Parameters
    ----------
    tables
        Features by what they were extracted with (second sigma, bin width); the first is the reference. All must hold
        the same patients: those missing from one are left out everywhere.
    config
        Every other choice, and the seed of the folds.

    Raises
    ------
    EsccError
        There is no table, or the tables share too few patients.
    Cancelled
        Through `progress`.
    """
    if not tables:
        raise EsccError("There is no feature table to specify anything on.")
    common = set.intersection(*({key.patient_id for key in table.keys} for table in tables.values()))
    combinations = list(itertools.product(*choices.values()))
    found: list[Specification] = []
    patients: tuple[str, ...] | None = None
    for number, (name, table) in enumerate(tables.items()):
        own = table.take([row for row, key in enumerate(table.keys) if key.patient_id in common])
        part = progress.part(number / len(tables), (number + 1) / len(tables))
        known = _Table(name, own, clinical, config)
        if patients is not None and patients != known.patients:
            raise EsccError(f"The table {name} does not hold the same patients as the first.")
        patients = known.patients
        for k, options in enumerate(combinations):
            part.advance(k, len(combinations), f"{name}: specification {k + 1} of {len(combinations)}")
            found.extend(known.specifications(dict(zip(choices, options, strict=True))))
    progress.advance(1, 1, "Specified")
    return Curve(patients or (), tuple(found))


class _Table:
    """One feature table joined with the outcome, its agreements worked out once for each rule."""

    def __init__(self, name: str, table: FeatureTable, clinical: ClinicalTable, config: DevelopConfig) -> None:
        self._name, self._table, self._config = name, table, config
        self._cohort = assemble(table, clinical, config.endpoint, config.patient_value, config.horizon_months)
        self._agreements: dict[tuple[object, ...], Agreements | None] = {}

    @property
    def patients(self) -> tuple[str, ...]:
        return self._cohort.patients

    def specifications(self, options: Mapping[str, Option]) -> Iterator[Specification]:
        """Yield one specification for each cut."""
        sets = {field: value for option in options.values() for field, value in option.sets.items()}
        config = DevelopConfig.model_validate({**dict(self._config), **sets})
        labels = {"table": self._name, **{choice: option.label for choice, option in options.items()}}
        try:
            problem = Problem(self._cohort, self._cohort.endpoint, self._agreement(config), (), config)
            yield from _fitted(problem, labels)
        except EsccError as error:
            for cut in CUTS:
                nothing = float("nan")
                yield Specification({**labels, "cut": cut}, 0, 0, 0, nothing, nothing, nothing, None, error.what)

    def _agreement(self, config: DevelopConfig) -> Agreements | None:
        key = (config.icc_form, config.icc_threshold, config.icc_bound, config.icc_values, config.icc_comparisons)
        if key not in self._agreements:
            rule = AgreementRule(config.icc_bound, config.icc_values, config.icc_comparisons)
            inside = set(self._cohort.patients)
            own = self._table.take([row for row, one in enumerate(self._table.keys) if one.patient_id in inside])
            self._agreements[key] = (
                reproducibility(own, config.icc_form, config.icc_threshold, rule) if has_repeats(own) else None
            )
        return self._agreements[key]


def _fitted(problem: Problem, labels: Mapping[str, str]) -> Iterator[Specification]:
    everyone = np.arange(problem.endpoint.n)
    prepared, score = _score(problem, everyone)
    apparent = c_index(problem.endpoint, score).c
    corrected = _cross_validated(problem)
    for name, fraction in CUTS.items():
        cut = _cut(problem, score, fraction)
        yield Specification(
            labels={**labels, "cut": name},
            n_stable=len(prepared.stable),
            n_uncorrelated=len(prepared.kept),
            n_selected=prepared.n_selected,
            apparent=apparent,
            corrected=corrected,
            cut=cut,
            high=score > cut if np.isfinite(cut) else None,
        )


@dataclass(frozen=True)
class _Sizes:
    stable: IntArray
    kept: IntArray
    n_selected: int


def _score(problem: Problem, rows: IntArray) -> tuple[_Sizes, FloatArray]:
    """Fit on some patients; return what was left at each step and the scores of all patients."""
    prepared: Prepared = prepare(problem, rows)
    fold = lasso_folds(problem, rows, problem.config.seed)
    signature = select(problem, prepared, problem.endpoint.take(rows), fold, Progress())
    sizes = _Sizes(signature.stable, signature.kept, len(signature.coef))
    return sizes, signature.scores(problem.cohort.features)


def _cross_validated(problem: Problem) -> float:
    """Return C within the test folds; everything is fitted anew on the other patients."""
    n, event = problem.endpoint.n, problem.endpoint.event
    rng = np.random.default_rng(problem.config.seed)
    order = np.concatenate([rng.permutation(np.flatnonzero(event)), rng.permutation(np.flatnonzero(~event))])
    fold = np.empty(n, dtype=np.int64)
    fold[order] = np.arange(n) % TEST_FOLDS
    risk = np.full(n, np.nan)
    for label in range(TEST_FOLDS):
        test = fold == label
        try:
            risk[test] = _score(problem, np.flatnonzero(~test))[1][test]
        except (EsccError, np.linalg.LinAlgError):
            continue
    return c_within(problem.endpoint, risk[None], fold[None]).value


def _cut(problem: Problem, score: FloatArray, fraction: float | None) -> float:
    if np.ptp(score) == 0:
        return float("nan")
    if fraction is None:
        return float(np.median(score))
    try:
        return maximally_selected_log_rank(problem.endpoint, score, fraction).cut
    except EsccError:
        return float("nan")


def spread(values: Sequence[float]) -> tuple[float, float, float]:
    """Return least, median and largest of the finite ones, NaN where there are none."""
    known = np.array([value for value in values if np.isfinite(value)])
    if not len(known):
        return float("nan"), float("nan"), float("nan")
    return float(known.min()), float(np.median(known)), float(known.max())
