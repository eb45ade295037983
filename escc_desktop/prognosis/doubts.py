"""Questions about a clinical table: values and columns that look like another unit, and what can hardly be so.

A table made of trial records was asked when the records came in; a table read from a file is asked here, by the same
limits. Nothing is converted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from escc_desktop.errors import Fault, FaultsError
from escc_desktop.prognosis.clinical import ENDPOINTS, ClinicalTable, Covariate
from escc_desktop.trial.columns import Analyte, analytes, table_specs

Code = Literal["unit", "implausible", "order"]
# Nobody with this disease is followed for thirty years: such times are days.
_LONGEST_MONTHS: Final = 360.0
# Endings of numbers that have no unit.
_UNITLESS: Final = ("_ratio", "_index", "_score", "_fraction")
_TOLERANCE_MONTHS: Final = 0.05


@dataclass(frozen=True)
class Doubt:
    """A question with its place; answered by mending the table, or by confirming its code."""

    code: Code
    fault: Fault


def refuse_doubts(table: ClinicalTable, accept: Collection[str], columns: Collection[str] | None = None) -> None:
    """Refuse a table that leaves questions open: all of them at once.

    Parameters
    ----------
    accept
        Codes of the questions that were looked at and confirmed; the values stay as they are.
    columns
        The covariates asked about; None is all of them, and the endpoints.

    Raises
    ------
    FaultsError
        Questions whose codes were not confirmed.
    """
    open_ones = [doubt for doubt in doubts(table, columns) if doubt.code not in accept]
    if open_ones:
        codes = " ".join(f"--accept {code}" for code in sorted({doubt.code for doubt in open_ones}))
        count = "1 question" if len(open_ones) == 1 else f"{len(open_ones)} questions"
        raise FaultsError(
            f"{table.name} leaves {count} open: {open_ones[0].fault}{' (and others)' if len(open_ones) > 1 else ''}.",
            [doubt.fault for doubt in open_ones],
            f"Mend the table, or look at each and confirm with {codes}. Nothing is converted.",
        )


def doubts(table: ClinicalTable, columns: Collection[str] | None = None) -> Iterator[Doubt]:
    """Yield every question, column by column."""
    if columns is None:
        yield from _about_times(table)
    for covariate in table.covariates.values():
        if covariate.numbers is not None and (columns is None or covariate.name in columns):
            yield from _about_column(table, covariate)


def _about_times(table: ClinicalTable) -> Iterator[Doubt]:
    for name, (time, _) in table.endpoints.items():
        column = f"{name}_months" if name else "time_months"
        for row in np.flatnonzero(time > _LONGEST_MONTHS):
            yield Doubt(
                "unit", Fault(_place(table, row, column), f"{time[row]:g} months are {time[row] / 12:.0f} years: days?")
            )
    if all(name in table.endpoints for name in ENDPOINTS):
        survival, progression = (table.endpoints[name][0] for name in ENDPOINTS)
        for row in np.flatnonzero(progression > survival + _TOLERANCE_MONTHS):
            what = f"{progression[row]:g} is later than the {survival[row]:g} of os_months"
            yield Doubt("order", Fault(_place(table, row, "pfs_months"), what))


def _about_column(table: ClinicalTable, covariate: Covariate) -> Iterator[Doubt]:
    by_column = {analyte.clinical: analyte for analyte in analytes().values()}
    if covariate.name in by_column:
        yield from _about_analyte(table, covariate, by_column[covariate.name])
        return
    known = next((column for column in table_specs()["patients"].columns if column.name == covariate.name), None)
    if known is not None and known.plausible is not None:
        low, high = known.plausible
        if covariate.name != "ecog":  # 2 and above is a matter of eligibility, not of doubt
            yield from _outside(table, covariate, low, high)
        return
    if covariate.unit or covariate.name.endswith(_UNITLESS):
        return
    named = analytes().get(covariate.name.split("_")[0])
    if named is not None:
        what = f"its name ends in no unit known for {named.name}; in {named.unit} it is called {named.clinical}"
        yield Doubt("unit", Fault(f"{table.name}, column {covariate.name}", what))
    elif _is_measured(covariate):
        what = "holds measured values, and its name ends in no unit (such as _u_per_l, _mm, _percent, _ratio)"
        yield Doubt("unit", Fault(f"{table.name}, column {covariate.name}", what))


def _about_analyte(table: ClinicalTable, covariate: Covariate, analyte: Analyte) -> Iterator[Doubt]:
    for row, value in _values(covariate):
        if analyte.is_plausible(value):
            continue
        other = analyte.lookalike(value, analyte.unit)
        what = f"{value:g} {analyte.unit} is hardly possible for {analyte.name}"
        question = Fault(_place(table, row, covariate.name), f"{what}; is it in {other}?" if other else what)
        yield Doubt("unit" if other else "implausible", question)


def _outside(table: ClinicalTable, covariate: Covariate, low: float, high: float) -> Iterator[Doubt]:
    for row, value in _values(covariate):
        if not low <= value <= high:
            what = f"{value:g} {covariate.unit}".strip()
            fault = Fault(_place(table, row, covariate.name), f"{what} lies outside the plausible {low:g} to {high:g}")
            yield Doubt("implausible", fault)


def _values(covariate: Covariate) -> Iterator[tuple[int, float]]:
    if covariate.numbers is not None:
        for row in np.flatnonzero(np.isfinite(covariate.numbers)):
            yield int(row), float(covariate.numbers[row])


def _is_measured(covariate: Covariate) -> bool:
    return any(value != round(value) for _, value in _values(covariate))


def _place(table: ClinicalTable, row: int | np.integer, column: str) -> str:
    return f"{table.name}, row {row + 2}, column {column}"
