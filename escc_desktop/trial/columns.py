"""What the tables of a RECORDS_DIR hold, read from `resources/trial`: the importer, the exporter and the help agree."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Any

from escc_desktop.resources import resource_path
from escc_desktop.trial.protocol import load_protocol


@dataclass(frozen=True)
class Column:
    """One column: its type, whether it must be filled, and what may stand in it.

    Attributes
    ----------
    type
        code, text, date, integer, number, limited, choice or flag.
    values
        The words a choice allows; ("yes", "no") for a flag.
    synonyms
        Other spellings and the word each stands for; understood with a warning.
    range, plausible
        Outside the first a number is refused, outside the second it is questioned.
    headers
        Other names for the column; understood with a warning.
    """

    name: str
    type: str
    required: bool = False
    unit: str = ""
    help: str = ""
    values: tuple[str, ...] = ()
    synonyms: Mapping[str, str] = field(default_factory=dict)
    range: tuple[float, float] | None = None
    plausible: tuple[float, float] | None = None
    headers: tuple[str, ...] = ()


@dataclass(frozen=True)
class TableSpec:
    """One table: its columns in order and those that together stand only once.

    Attributes
    ----------
    required, usual
        Without the first a folder is refused; whether the second was forgotten is asked.
    titles
        Other names for the table, such as a sheet of a workbook may have.
    """

    name: str
    required: bool
    usual: bool
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    titles: tuple[str, ...] = ()

    @property
    def file_name(self) -> str:
        """The CSV file's name."""
        return f"{self.name}.csv"

    @property
    def header(self) -> tuple[str, ...]:
        """The names of the columns in order."""
        return tuple(column.name for column in self.columns)


@dataclass(frozen=True)
class Analyte:
    """One laboratory quantity: the unit models use, the others understood, and what is plausible.

    Attributes
    ----------
    units
        Factor by which a value in that unit is multiplied to give `unit`.
    clinical
        Its column in CLINICAL.csv.
    """

    code: str
    name: str
    unit: str
    units: Mapping[str, float]
    plausible: tuple[float, float]
    clinical: str

    def convert(self, value: float, unit: str) -> float:
        """Return `value`, stated in `unit`, in the analyte's own unit.

        Raises
        ------
        KeyError
            The unit is none this analyte is reported in.
        """
        return value if unit == self.unit else value * self.units[unit]

    def is_plausible(self, value: float) -> bool:
        """Tell whether a value in the analyte's own unit can be one of a patient."""
        return self.plausible[0] <= value <= self.plausible[1]

    def lookalike(self, value: float, unit: str) -> str | None:
        """Return the other unit in which an implausible value would be plausible, or None."""
        if self.is_plausible(self.convert(value, unit)):
            return None
        others = (other for other in (self.unit, *self.units) if other != unit)
        return next((other for other in others if self.is_plausible(self.convert(value, other))), None)


@cache
def analytes() -> Mapping[str, Analyte]:
    """Return the known laboratory quantities by code."""
    document = tomllib.loads(resource_path("trial", "analytes.toml").read_text(encoding="utf-8"))
    return MappingProxyType(
        {code: Analyte(code, plausible=_pair(entry.pop("plausible")), **entry) for code, entry in document.items()}
    )


def table_specs() -> Mapping[str, TableSpec]:
    """Return the nine tables by name, patients first; the drugs are those of the trial in force."""
    return _specs(load_protocol().drug_names)


@cache
def _specs(drugs: tuple[str, ...]) -> Mapping[str, TableSpec]:
    document = tomllib.loads(resource_path("trial", "columns.toml").read_text(encoding="utf-8"))
    words = {name: document.pop(name) for name in ("synonyms", "headers", "titles")}
    words["named"] = {"analytes": tuple(analytes()), "drugs": drugs}
    return MappingProxyType({name: _table(name, entry, words) for name, entry in document.items()})


def _table(name: str, entry: Mapping[str, Any], words: Mapping[str, Any]) -> TableSpec:
    columns = tuple(_column(column, words) for column in entry["columns"])
    is_required, is_usual = bool(entry.get("required", False)), bool(entry.get("usual", False))
    return TableSpec(name, is_required, is_usual, tuple(entry["key"]), columns, tuple(words["titles"].get(name, ())))


def _column(entry: Mapping[str, Any], words: Mapping[str, Any]) -> Column:
    name, kind = entry["name"], entry["type"]
    values = entry.get("values", ("yes", "no") if kind == "flag" else ())
    allowed = words["named"][values] if isinstance(values, str) else tuple(values)
    said = words["synonyms"].get("flag" if kind == "flag" else name, {})
    return Column(
        name,
        kind,
        required=entry.get("required", False),
        unit=entry.get("unit", ""),
        help=entry.get("help", ""),
        values=allowed,
        # Columns of one name share their synonyms, but not what they allow.
        synonyms={word: value for word, value in said.items() if value in allowed},
        range=_pair(entry["range"]) if "range" in entry else None,
        plausible=_pair(entry["plausible"]) if "plausible" in entry else None,
        headers=tuple(words["headers"].get(name, ())),
    )


def _pair(values: list[float]) -> tuple[float, float]:
    low, high = values
    return float(low), float(high)
