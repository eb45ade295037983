"""CLINICAL.csv: one row a patient, endpoints in months, covariates with their unit in the name."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from escc_desktop.errors import EsccError, Fault, FaultsError
from escc_desktop.files import CsvTable, canonical_json, digest, read_csv
from escc_desktop.stats.arrays import FloatArray
from escc_desktop.stats.survival import Endpoint

ENDPOINTS = ("os", "pfs")
ENDPOINT_NAMES = {"os": "overall survival", "pfs": "progression-free survival"}
MAX_LEVELS = 10
# A patient this many times above or below the median was probably measured in another unit.
_SUSPICIOUS_RATIO = 10.0
_UNITS = {
    "_u_per_l": "U/L",
    "_1e9_per_l": "1e9/L",
    "_umol_per_l": "umol/L",
    "_mmol_per_l": "mmol/L",
    "_g_per_l": "g/L",
    "_ng_per_ml": "ng/mL",
    "_kg_per_m2": "kg/m2",
    "_years": "years",
    "_months": "months",
    "_kg": "kg",
    "_cm": "cm",
    "_mm": "mm",
    "_percent": "%",
}


def _name_and_unit(column: str) -> tuple[str, str]:
    return next(
        ((column.removesuffix(ending), unit) for ending, unit in _UNITS.items() if column.endswith(ending)),
        (column, ""),
    )


def covariate_words(column: str) -> str:
    """Return a column's name as people write it: "LDH (U/L)", "Age (years)", "Sex"."""
    name, unit = _name_and_unit(column)
    words = name.upper() if unit and "_per_" in column and len(name) <= 4 else name.replace("_", " ").capitalize()
    return f"{words} ({unit})" if unit else words


@dataclass(frozen=True, eq=False)
class Covariate:
    """One column: numbers (n,) with NaN where missing, or words with None where missing."""

    name: str
    numbers: FloatArray | None
    words: tuple[str | None, ...] = ()

    @property
    def unit(self) -> str:
        """The unit its name ends in, or nothing."""
        return _name_and_unit(self.name)[1]

    def value(self, row: int) -> float | str | None:
        """Return one patient's value, None where missing."""
        if self.numbers is None:
            return self.words[row]
        number = float(self.numbers[row])
        return None if math.isnan(number) else number

    @property
    def known(self) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """(n,) whether a value is there."""
        if self.numbers is None:
            return np.array([word is not None for word in self.words])
        return np.isfinite(self.numbers)


@dataclass(frozen=True, eq=False)
class ClinicalTable:
    """Patients with endpoints and covariates.

    Attributes
    ----------
    endpoints
        Name to (times in months, events), each (n,), NaN where missing; "" is the unnamed pair `time_months, event`.
    suspicions
        Values that look like another unit; not refused, to be looked at.
    ignored
        Text columns with too many levels to be covariates.
    digest
        SHA-256 over the cells.
    """

    patients: tuple[str, ...]
    endpoints: Mapping[str, tuple[FloatArray, FloatArray]]
    covariates: Mapping[str, Covariate]
    suspicions: tuple[Fault, ...]
    ignored: tuple[str, ...]
    digest: str
    name: str

    def endpoint_rows(self, endpoint: str) -> tuple[FloatArray, FloatArray]:
        """Return times and events (n,), NaN where missing.

        Raises
        ------
        EsccError
            The table has no such endpoint.
        """
        found = self.endpoints.get(endpoint, self.endpoints.get(""))
        if found is None:
            raise EsccError(
                f"{self.name} has no columns {endpoint}_months and {endpoint}_event.",
                "Add them, or choose another --endpoint.",
            )
        return found

    def rows_of(self, patients: Sequence[str]) -> list[int | None]:
        """Return the row of each patient, None for one without."""
        place = {patient: row for row, patient in enumerate(self.patients)}
        return [place.get(patient) for patient in patients]


def take_endpoint(rows: tuple[FloatArray, FloatArray], chosen: Sequence[int]) -> Endpoint:
    """Return the endpoint of rows whose time and event are known."""
    time, event = rows
    index = np.asarray(chosen, dtype=np.int64)
    return Endpoint(time[index], event[index] == 1)


def read_clinical(path: Path) -> ClinicalTable:
    """Read a clinical table.

    Raises
    ------
    EsccError
        The file cannot be read.
    FaultsError
        Everything wrong with it at once, each with row and column.
    """
    return parse_clinical(read_csv(path))


def parse_clinical(table: CsvTable) -> ClinicalTable:
    """Make a clinical table of text cells, as `read_clinical` does."""
    faults = list(_key_faults(table))
    endpoints, endpoint_columns, endpoint_faults = _endpoints(table)
    faults += endpoint_faults
    covariates, ignored = {}, []
    for name in table.header:
        if name == "patient_id" or name in endpoint_columns:
            continue
        covariate, bad_cells = _covariate(table, name)
        faults += bad_cells
        if covariate.numbers is None and len(set(covariate.words) - {None}) > MAX_LEVELS:
            ignored.append(name)
        else:
            covariates[name] = covariate
    if faults:
        more = f" and {len(faults) - 1} more" if len(faults) > 1 else ""
        raise FaultsError(
            f"{table.name} is no valid clinical table: {faults[0]}{more}.", faults, "Mend all and try again."
        )
    return ClinicalTable(
        patients=table.column("patient_id"),
        endpoints=endpoints,
        covariates=covariates,
        suspicions=tuple(_suspicions(table, covariates.values())),
        ignored=tuple(ignored),
        digest=digest(canonical_json([table.header, table.rows])),
        name=table.name,
    )


def _key_faults(table: CsvTable) -> Iterator[Fault]:
    if "patient_id" not in table.header:
        yield Fault(f"{table.name}, header", "column patient_id is missing")
        return
    patients = table.column("patient_id")
    for row, patient in enumerate(patients):
        if not patient:
            yield Fault(table.place(row, "patient_id"), "is empty")
    for patient, count in Counter(patients).items():
        if patient and count > 1:
            rows = [str(row + 2) for row, other in enumerate(patients) if other == patient]
            yield Fault(f"{table.name}, column patient_id", f"the same patient stands in rows {', '.join(rows)}")


def _endpoints(table: CsvTable) -> tuple[dict[str, tuple[FloatArray, FloatArray]], set[str], list[Fault]]:
    found: dict[str, tuple[FloatArray, FloatArray]] = {}
    columns: set[str] = set()
    faults: list[Fault] = []
    pairs = {name: (f"{name}_months", f"{name}_event") for name in ENDPOINTS} | {"": ("time_months", "event")}
    for name, pair in pairs.items():
        present = [column for column in pair if column in table.header]
        columns.update(present)
        if len(present) == 1:
            missing = pair[1] if present[0] == pair[0] else pair[0]
            faults.append(Fault(f"{table.name}, header", f"column {missing} is missing beside {present[0]}"))
        if len(present) == 2:
            time, event, bad_cells = _endpoint(table, *pair)
            faults += bad_cells
            found[name] = (time, event)
    if not found and not faults:
        faults.append(Fault(f"{table.name}, header", "columns os_months and os_event are missing"))
    return found, columns, faults


def _endpoint(table: CsvTable, time_column: str, event_column: str) -> tuple[FloatArray, FloatArray, list[Fault]]:
    faults = []
    time, event = np.full(len(table.rows), np.nan), np.full(len(table.rows), np.nan)
    for row, (months, happened) in enumerate(zip(table.column(time_column), table.column(event_column), strict=True)):
        if not months and not happened:
            continue
        time[row], event[row] = parse_number(months), parse_number(happened)
        if not (math.isfinite(time[row]) and time[row] >= 0):
            negative = "is negative: months count from the first day of treatment"
            wrong = negative if time[row] < 0 else "is no number of months"
            what = "is empty" if not months else f"{months!r} {wrong}"
            faults.append(Fault(table.place(row, time_column), what))
        if event[row] not in {0.0, 1.0}:
            what = "is empty" if not happened else f"{happened!r} is neither 0 (censored) nor 1 (event)"
            faults.append(Fault(table.place(row, event_column), what))
    return time, event, faults


def _covariate(table: CsvTable, name: str) -> tuple[Covariate, list[Fault]]:
    cells = table.column(name)
    numbers = np.array([parse_number(cell) if cell else math.nan for cell in cells])
    filled = [row for row, cell in enumerate(cells) if cell]
    bad = [row for row in filled if not math.isfinite(numbers[row])]
    has_unit = Covariate(name, None).unit != ""
    if bad and len(bad) == len(filled) and not has_unit:
        return Covariate(name, None, tuple(cell or None for cell in cells)), []
    faults = [Fault(table.place(row, name), f"{cells[row]!r} is no finite number") for row in bad]
    return Covariate(name, np.where(np.isfinite(numbers), numbers, np.nan)), faults


def _suspicions(table: CsvTable, covariates: Iterable[Covariate]) -> Iterator[Fault]:
    for covariate in covariates:
        if covariate.numbers is None or "_per_" not in covariate.name:
            continue
        known = covariate.numbers[np.isfinite(covariate.numbers)]
        if len(known) < 5 or known.min() <= 0:
            continue
        middle = float(np.median(known))
        for row, value in enumerate(covariate.numbers):
            if value > middle * _SUSPICIOUS_RATIO or value < middle / _SUSPICIOUS_RATIO:
                yield Fault(
                    table.place(row, covariate.name), f"{value:g} against a median of {middle:g}: another unit?"
                )


def parse_number(cell: str) -> float:
    """Return the number a cell holds, NaN where it holds none (Python's own extras such as 1_000 are none)."""
    if not cell.isascii() or "_" in cell:
        return math.nan
    try:
        return float(cell)
    except ValueError:
        return math.nan
