"""Step of the baseline table: table1."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from escc_desktop.errors import EsccError
from escc_desktop.stats.arrays import BoolArray, FloatArray, finite
from escc_desktop.stats.tables import compare_groups, normality, quantiles, two_by_two
from escc_desktop.workflow.casebook.case import Case, Result

QUARTILES = (0.25, 0.5, 0.75)


def baseline_step(case: Case) -> Result:
    """Describe every variable, compare it between the groups, and test the first one halved at its median."""
    table = case.table("input.csv")
    had_event = table.endpoint().event
    names = table.covariates
    columns = {name: finite(table.column(name), f"The column {name}") for name in names}
    first = columns[names[0]]
    above = first > np.median(first)
    counts = [[int(np.sum((above == row) & (had_event == column))) for column in (0, 1)] for row in (0, 1)]
    return {
        "continuous": [_continuous(name, values, had_event) for name, values in columns.items()],
        "twobytwo": {"table": counts, **_tested(_TWO_BY_TWO, lambda: _two_by_two(counts))},
    }


_TWO_BY_TWO = ("pearson", "pearson_p", "yates_p", "fisher_p", "fisher_or")
_SHAPE = ("ks_D", "ks_p", "lillie_D", "lillie_p", "shapiro_W", "shapiro_p")
_GROUPS = ("wilcox_W", "wilcox_p", "welch_t", "welch_p", "t_p")


def _tested(keys: tuple[str, ...], test: Callable[[], tuple[float, ...]]) -> Result:
    """Return the results of a test under their keys; null, and why in a note, where there is none.

    One variable that does not vary must not cost the table of all others.
    """
    try:
        return dict(zip(keys, test(), strict=True))
    except EsccError as error:
        return {**dict.fromkeys(keys), "note": str(error)}


def _two_by_two(counts: list[list[int]]) -> tuple[float, ...]:
    tests = two_by_two(counts)
    return tests.pearson, tests.pearson_p, tests.yates_p, tests.fisher_p, tests.odds_ratio


def _continuous(name: str, values: FloatArray, had_event: BoolArray) -> Result:
    def shape() -> tuple[float, ...]:
        found = normality(values)
        return found.ks_d, found.ks_p, found.ks_d, found.lilliefors_p, found.shapiro_w, found.shapiro_p

    def groups() -> tuple[float, ...]:
        found = compare_groups(values[~had_event], values[had_event])
        return found.wilcoxon_w, found.wilcoxon_p, found.welch_t, found.welch_p, found.student_p

    of_shape, of_groups = _tested(_SHAPE, shape), _tested(_GROUPS, groups)
    notes = [str(part.pop("note")) for part in (of_shape, of_groups) if "note" in part]
    return {
        "var": name,
        "n": values.size,
        "mean": float(values.mean()),
        "sd": float(values.std(ddof=1)) if values.size > 1 else None,
        "q_type7_R": quantiles(values, QUARTILES, "r"),
        "q_type6_SPSS": quantiles(values, QUARTILES, "spss"),
        **of_shape,
        **of_groups,
        **({"note": " ".join(notes)} if notes else {}),
    }
