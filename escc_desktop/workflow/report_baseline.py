"""The baseline table of a trial: who the patients are, in the order and the form of a printed Table 1."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from escc_desktop.figures.words import quantity
from escc_desktop.stats.arrays import FloatArray
from escc_desktop.stats.tables import normality, quantiles
from escc_desktop.trial.columns import analytes, table_specs
from escc_desktop.trial.records import TrialRecord
from escc_desktop.trial.results import baseline_lab
from escc_desktop.trial.rules import load_rules

BASELINE_HEADER = ("variable", "level", "n", "value", "normality_p")
MEDIAN, MEAN = "median (IQR)", "mean ± SD"
AGE_CUT_YEARS = 65
_ENOUGH = 8
_NORMAL_P = 0.05
_SPREADS = ("age_years", "bmi_kg_per_m2", "tumor_size_mm")
_ORDER = (
    "age_years",
    "age_group",
    "sex",
    "bmi_kg_per_m2",
    "prior_surgery",
    "prior_radiotherapy",
    "prior_chemotherapy",
    "prior_targeted_therapy",
    "prior_immunotherapy",
    "ecog",
    "tumor_location",
    "tumor_size_mm",
    "stage",
    "t_stage",
    "n_stage",
    "m_stage",
    "n_metastatic_sites",
    "metastasis_liver",
    "metastasis_lung",
    "metastasis_lymph_node",
    "metastasis_other_sites",
    "distant_metastasis",
    "differentiation",
)


@dataclass(frozen=True)
class BaselineRow:
    """One line of the table.

    Attributes
    ----------
    column, variable
        The record's own column, and it in words.
    level
        The level counted, or `MEDIAN` or `MEAN`.
    n
        Patients with a value.
    count
        Patients at the level; None for a centre and spread.
    value
        Count and percentage of those with a value, or centre and spread.
    normality_p
        P of the test that chose between mean and median (Kolmogorov-Smirnov after Lilliefors); None for a level and
        where there are too few values for a test.
    """

    column: str
    variable: str
    level: str
    n: int
    count: int | None
    value: str
    normality_p: float | None = None

    @property
    def cells(self) -> tuple[str, str, int, str, float | None]:
        """The cells of `BASELINE_HEADER`."""
        return self.variable, self.level, self.n, self.value, self.normality_p


def baseline_rows(records: Sequence[TrialRecord]) -> list[BaselineRow]:
    """Return the baseline table; variables that nobody has a value of are left out.

    Variables that a test finds normal (Lilliefors P above 0.05, eight values or more) give mean and standard deviation,
    others median and quartiles as SPSS reckons them (HAVERAGE, type 6).
    """
    rules = load_rules()
    rows = [row for column in _ORDER for row in _variable(column, [_value(record, column) for record in records])]
    for code, analyte in analytes().items():
        found = [baseline_lab(record, code, rules) for record in records]
        rows += _spread(analyte.clinical, [value for value in found if value is not None])
    return rows


def _variable(column: str, values: Sequence[object]) -> Iterator[BaselineRow]:
    known = [value for value in values if value is not None and value != ""]
    if column in _SPREADS:
        numbers = [float(value) for value in known if isinstance(value, int | float)]
        yield from _spread(column, numbers)
    elif known:
        yield from _levels(column, known)


def _value(record: TrialRecord, column: str) -> object:
    read: dict[str, Callable[[], object]] = {
        "age_group": lambda: _age_group(record.baseline.age_years),
        "metastasis_other_sites": lambda: _is_any(record.baseline.metastasis_other_sites),
    }
    return read[column]() if column in read else getattr(record.baseline, column)


def _age_group(age: int | None) -> str:
    if age is None:
        return ""
    return f"< {AGE_CUT_YEARS}" if age < AGE_CUT_YEARS else f"≥ {AGE_CUT_YEARS}"


def _is_any(count: int | None) -> bool | None:
    return None if count is None else count > 0


def _levels(column: str, known: Sequence[object]) -> Iterator[BaselineRow]:
    name = quantity("age_years" if column == "age_group" else column)
    if all(isinstance(value, bool) for value in known):
        yield _level(column, name, "yes", sum(map(bool, known)), len(known))
        return
    counts = Counter(str(value) for value in known)
    order = next((one.values for one in table_specs()["patients"].columns if one.name == column), ())
    for level in sorted(counts, key=lambda one: (order.index(one) if one in order else len(order), one)):
        yield _level(column, name, level, counts[level], len(known))


def _level(column: str, name: str, level: str, count: int, n: int) -> BaselineRow:
    return BaselineRow(column, name, level, n, count, f"{count} ({count / n * 100:.1f} %)")


def _spread(column: str, numbers: Sequence[float]) -> Iterator[BaselineRow]:
    if not numbers:
        return
    values: FloatArray = np.array(numbers)
    can_test = values.size >= _ENOUGH and bool(np.ptp(values) > 0)
    p = normality(values).lilliefors_p if can_test else None
    if p is not None and p > _NORMAL_P:
        level, text = MEAN, f"{values.mean():.1f} ± {values.std(ddof=1):.1f}"
    else:
        low, middle, high = quantiles(values, (0.25, 0.5, 0.75))
        level, text = MEDIAN, f"{middle:.1f} ({low:.1f} to {high:.1f})"
    yield BaselineRow(column, quantity(column), level, values.size, None, text, p)
