"""Step of the baseline table: table1."""

from __future__ import annotations

import numpy as np

from escc_desktop.stats.arrays import BoolArray, FloatArray
from escc_desktop.stats.tables import compare_groups, normality, quantiles, two_by_two
from escc_desktop.workflow.casebook.case import Case, Result

QUARTILES = (0.25, 0.5, 0.75)


def baseline_step(case: Case) -> Result:
    """Describe every variable, compare it between the groups, and test the first one halved at its median."""
    table = case.table("input.csv")
    had_event = table.endpoint().event
    names = [name for name in table.names if name not in {"time", "status"}]
    first = table.column(names[0])
    above = first > np.median(first)
    counts = [[int(np.sum((above == row) & (had_event == column))) for column in (0, 1)] for row in (0, 1)]
    tests = two_by_two(counts)
    return {
        "continuous": [_continuous(name, table.column(name), had_event) for name in names],
        "twobytwo": {
            "table": counts,
            "pearson": tests.pearson,
            "pearson_p": tests.pearson_p,
            "yates_p": tests.yates_p,
            "fisher_p": tests.fisher_p,
            "fisher_or": tests.odds_ratio,
        },
    }


def _continuous(name: str, values: FloatArray, had_event: BoolArray) -> Result:
    shape, groups = normality(values), compare_groups(values[~had_event], values[had_event])
    return {
        "var": name,
        "n": values.size,
        "mean": float(values.mean()),
        "sd": float(values.std(ddof=1)),
        "q_type7_R": quantiles(values, QUARTILES, "r"),
        "q_type6_SPSS": quantiles(values, QUARTILES, "spss"),
        "ks_D": shape.ks_d,
        "ks_p": shape.ks_p,
        "lillie_D": shape.ks_d,
        "lillie_p": shape.lilliefors_p,
        "shapiro_W": shape.shapiro_w,
        "shapiro_p": shape.shapiro_p,
        "wilcox_W": groups.wilcoxon_w,
        "wilcox_p": groups.wilcoxon_p,
        "welch_t": groups.welch_t,
        "welch_p": groups.welch_p,
        "t_p": groups.student_p,
    }
