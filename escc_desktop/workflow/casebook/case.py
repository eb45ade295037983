"""A case folder read strictly: `case.json` and its tables of numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from escc_desktop.errors import EsccError
from escc_desktop.files import CsvTable, decode_text, read_bytes, read_csv
from escc_desktop.stats.arrays import FloatArray, IntArray
from escc_desktop.stats.survival import Endpoint

Result = dict[str, object]


@dataclass(frozen=True)
class Case:
    """A case folder and its parameters."""

    folder: Path
    parameters: Mapping[str, object]

    def table(self, name: str) -> Table:
        """Read a CSV table of the folder."""
        return Table(read_csv(self.folder / name))

    def index_rows(self, name: str, n: int) -> list[IntArray]:
        """Read rows of patient indices from 0 to n - 1: a CSV without header."""
        if Path(name).name != name:
            raise EsccError(f"case.json: {name} is no file of the case folder.")
        lines = decode_text(read_bytes(self.folder / name), name).split()
        rows = [
            integers(np.array([number(cell, f"{name}, row {row}") for cell in line.split(",")]), f"{name}, row {row}")
            for row, line in enumerate(lines, start=1)
        ]
        if not rows or any(row.min() < 0 or row.max() >= n for row in rows):
            raise EsccError(f"{name}: there are no rows, or an index is not between 0 and {n - 1}.")
        return rows

    def _get(self, key: str, default: object = None) -> object:
        if key not in self.parameters and default is None:
            raise EsccError(f"{self.folder / 'case.json'} has no '{key}'.", "The step needs it.")
        return self.parameters.get(key, default)

    def has(self, key: str) -> bool:
        """Return whether a parameter is given."""
        return key in self.parameters

    def number(self, key: str, default: float | None = None) -> float:
        """Return a parameter that is a number; without a default it must be there."""
        return number(self._get(key, default), f"case.json, {key}")

    def fraction(self, key: str, default: float | None = None) -> float:
        """Return a parameter strictly between 0 and 1."""
        found = self.number(key, default)
        if not 0 < found < 1:
            raise EsccError(f"case.json: {key} is {found:g}, but has to lie between 0 and 1.")
        return found

    def months(self, key: str) -> float:
        """Return a time after the start."""
        found = self.number(key)
        if found <= 0:
            raise EsccError(f"case.json: {key} is {found:g}, but a time after 0 is needed.")
        return found

    def integer(self, key: str, default: int | None = None) -> int:
        """Return a parameter that is a whole number."""
        return int(integers(np.array([self.number(key, default)]), f"case.json, {key}")[0])

    def integers(self, key: str, default: Sequence[int] | None = None) -> list[int]:
        """Return a parameter that is a list of whole numbers above 0."""
        found = integers(np.array(self.numbers(key, default)), f"case.json, {key}")
        if found.min() < 1:
            raise EsccError(f"case.json: {key} holds a number below 1.")
        return [int(value) for value in found]

    def text(self, key: str, default: str | None = None) -> str:
        """Return a parameter that is text."""
        found = self._get(key, default)
        if not isinstance(found, str):
            raise EsccError(f"case.json: {key} is no text.")
        return found

    def choice(self, key: str, allowed: tuple[str, ...]) -> str:
        """Return one of several words, the first where nothing is said."""
        found = self.text(key, allowed[0])
        if found not in allowed:
            raise EsccError(f"case.json: {key} is '{found[:40]}', but has to be one of {', '.join(allowed)}.")
        return found

    def numbers(self, key: str, default: Sequence[float] | None = None) -> list[float]:
        """Return a parameter that is a list of numbers, at least one."""
        default = None if default is None else list(default)
        found = [number(value, f"case.json, {key}") for value in as_list(self._get(key, default), key)]
        if not found:
            raise EsccError(f"case.json: {key} is an empty list.", "Name one value at least.")
        return found

    def texts(self, key: str, allowed: tuple[str, ...], default: Sequence[str] | None = None) -> list[str]:
        """Return a parameter that is a list of column names."""
        default = None if default is None else list(default)
        values = [str(value) for value in as_list(self._get(key, default), key)]
        unknown = [value for value in values if value not in allowed]
        if unknown:
            raise EsccError(f"case.json: {key} names {unknown[0]}, which is no column.")
        return values

    def cases(self, key: str, default: Sequence[object] | None = None) -> list[Case]:
        """Return a parameter that is a list of objects."""
        default = None if default is None else list(default)
        return [Case(self.folder, as_object(value, key)) for value in as_list(self._get(key, default), key)]

    def case(self, key: str) -> Case:
        """Return a parameter that is an object."""
        return Case(self.folder, as_object(self._get(key), key))


@dataclass(frozen=True)
class Table:
    """A CSV table of numbers."""

    source: CsvTable

    @property
    def names(self) -> tuple[str, ...]:
        """The columns."""
        return self.source.header

    @property
    def covariates(self) -> tuple[str, ...]:
        """The columns beside time and status, at least one."""
        found = tuple(name for name in self.names if name not in {"time", "status"})
        if not found:
            raise EsccError(f"{self.source.name} has no column beside time and status.", "Add the covariates.")
        return found

    def text(self, column: str) -> tuple[str, ...]:
        """Return the cells of a column."""
        if column not in self.source.header:
            raise EsccError(f"{self.source.name} has no column {column}.", "The step needs it.")
        return self.source.column(column)

    def column(self, name: str) -> FloatArray:
        """Return a column of numbers."""
        cells = self.text(name)
        return np.array([number(cell, self.source.place(row, name)) for row, cell in enumerate(cells)])

    def matrix(self, names: tuple[str, ...]) -> FloatArray:
        """Return columns of numbers side by side."""
        return np.column_stack([self.column(name) for name in names])

    def endpoint(self) -> Endpoint:
        """Return the columns time and status as an endpoint."""
        status = self.column("status")
        odd = np.flatnonzero((status != 0) & (status != 1))
        if odd.size:
            place = self.source.place(int(odd[0]), "status")
            raise EsccError(f"{place}: an event is 1 and censoring 0, not {status[odd[0]]:g}.")
        return Endpoint(self.column("time"), status == 1)


def number(value: object, where: str) -> float:
    """Return a finite number or say where there is none."""
    try:
        # JSON's true is no 1.
        found = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else math.nan
    except (ValueError, OverflowError):
        found = math.nan
    if not math.isfinite(found):
        raise EsccError(f"{where}: {str(value)[:40]!r} is no number.", "Every value must be a plain number.")
    return found


def integers(values: FloatArray, where: str) -> IntArray:
    """Return whole numbers or say where there are others."""
    if (values % 1 != 0).any() or (np.abs(values) > 2**53).any():
        raise EsccError(f"{where}: a value is not a whole number.")
    return values.astype(np.int64)


def as_list(value: object, key: str) -> list[object]:
    """Return a list or say that there is none."""
    if not isinstance(value, list):
        raise EsccError(f"case.json: {key} is no list.")
    return value


def as_object(value: object, key: str) -> Mapping[str, object]:
    """Return an object or say that there is none."""
    if not isinstance(value, dict):
        raise EsccError(f"case.json: {key} holds something that is no object.")
    return value


def named(names: tuple[str, ...], values: FloatArray) -> Result:
    """Return values under their names."""
    return dict(zip(names, values.tolist(), strict=True))
