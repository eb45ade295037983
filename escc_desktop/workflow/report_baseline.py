"""The baseline table of a trial."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from escc_desktop.figures.words import quantity
from escc_desktop.stats.arrays import FloatArray
from escc_desktop.stats.tables import normality, quantiles
from escc_desktop.trial.records import TrialRecord
from escc_desktop.trial.results import clinical_rows

BASELINE_HEADER = ("variable", "level", "n", "value")
_ENDPOINT_COLUMNS = 5
_FEW_LEVELS = 6
_ENOUGH = 8
_FLAG_WORDS = {"0": "no", "1": "yes"}
_NORMAL_P = 0.05
# Numbers that happen to be 0 and 1 in a small cohort.
_COUNTS = {"ECOG", "n metastatic sites"}


def baseline_rows(records: Sequence[TrialRecord]) -> list[tuple[str, str, int, str]]:
    """Return the baseline table: variable, level, patients with a value, and count or centre and spread.

    Normal variables (Lilliefors P above 0.05) give mean and standard deviation, others median and quartiles as SPSS
    reckons them; levels give count and percentage of the patients with a value.
    """
    header, rows = clinical_rows(records)
    table: list[tuple[str, str, int, str]] = []
    for index, name in enumerate(header[_ENDPOINT_COLUMNS:], start=_ENDPOINT_COLUMNS):
        values = [row[index] for row in rows if row[index] is not None]
        numbers = [float(value) for value in values if isinstance(value, int | float)]
        if len(numbers) == len(values) and len(set(numbers)) > _FEW_LEVELS:
            table.append((quantity(name), "", len(numbers), _centre(np.array(numbers))))
        else:
            table += _levels(quantity(name), [str(value) for value in values])
    return table


def _centre(values: FloatArray) -> str:
    if values.size >= _ENOUGH and normality(values).lilliefors_p > _NORMAL_P:
        return f"mean {values.mean():.4g}, SD {values.std(ddof=1):.3g}"
    low, middle, high = quantiles(values, (0.25, 0.5, 0.75))
    return f"median {middle:.4g}, quartiles {low:.4g} to {high:.4g}"


def _levels(name: str, values: Sequence[str]) -> list[tuple[str, str, int, str]]:
    counts, n = Counter(values), len(values)
    is_flag = set(counts) <= set(_FLAG_WORDS) and name not in _COUNTS
    return [
        (name, _FLAG_WORDS[level] if is_flag else level, n, f"{count} ({count / n * 100:.1f} %)")
        for level, count in sorted(counts.items())
    ]
