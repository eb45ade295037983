"""Trial records to the CSV tables of a RECORDS_DIR: what `importing` reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from enum import StrEnum
from itertools import count
from pathlib import Path

from escc_desktop.files import write_csv
from escc_desktop.trial.cells import Limited, Value
from escc_desktop.trial.checks import Row
from escc_desktop.trial.columns import Column, TableSpec, table_specs
from escc_desktop.trial.records import Lab, Screening, TrialRecord, Visit


def write_tables(
    records: Sequence[TrialRecord],
    folder: Path,
    provenance: Mapping[str, object],
    screened: Sequence[Screening] = (),
) -> None:
    """Write the tables that have rows, each with its sidecar, into a folder that exists.

    Parameters
    ----------
    screened
        Everybody looked at for the trial.

    Raises
    ------
    EsccError
        The folder cannot be written.
    """
    for name, rows in all_rows(records, screened).items():
        if rows:
            spec = table_specs()[name]
            write_csv(folder / spec.file_name, spec.header, [list(row.values()) for row in rows], provenance)


def all_rows(records: Sequence[TrialRecord], screened: Sequence[Screening] = ()) -> dict[str, list[dict[str, object]]]:
    """Return the cells of all tables by column, in the order of tables and columns; None is an empty cell."""
    tables = {
        spec.name: [dict(zip(spec.header, row, strict=True)) for row in table_rows(records, spec)]
        for spec in table_specs().values()
    }
    screening = table_specs()["screening"]
    tables["screening"] = [{column.name: _cell(one, column) for column in screening.columns} for one in screened]
    return tables


def table_rows(records: Sequence[TrialRecord], spec: TableSpec) -> list[list[object]]:
    """Return the rows the records fill of one table, in the order of its columns; None is an empty cell."""
    return [
        [_cell(item, column) if column.name != "patient_id" else record.patient_id for column in spec.columns]
        for record in records
        for item in _ITEMS[spec.name](record)
    ]


def stored_rows(records: Sequence[TrialRecord], screened: Sequence[Screening] = ()) -> dict[str, tuple[Row, ...]]:
    """Return what the records hold as parsed rows, by table: what reading the tables of `write_tables` would give.

    The rows are numbered from -1 downwards, for they are in no file.
    """
    numbers = count(-1, -1)

    def row(patient_id: str, item: object, spec: TableSpec) -> Row:
        values = {column.name: _typed(item, column) for column in spec.columns if column.name != "patient_id"}
        return Row(spec.file_name, next(numbers), {"patient_id": patient_id, **values}, f"the project, {spec.name}")

    tables = {
        spec.name: tuple(row(one.patient_id, item, spec) for one in records for item in _ITEMS[spec.name](one))
        for spec in table_specs().values()
    }
    tables["screening"] = tuple(row(one.patient_id, one, table_specs()["screening"]) for one in screened)
    return tables


def _typed(item: object, column: Column) -> Value:
    if column.type == "limited" and isinstance(item, Lab):
        return Limited(item.value, item.limit)
    value = _value(item, column.name)
    if isinstance(value, StrEnum):
        return str(value)
    if isinstance(value, str | int | float | date):
        return value if value != "" else None
    return None


_ITEMS: dict[str, Callable[[TrialRecord], Iterable[object]]] = {
    "patients": lambda record: (record,),
    "labs": lambda record: record.labs,
    "treatments": lambda record: record.treatments,
    "visits": lambda record: record.visits,
    "lesions": lambda record: record.lesions,
    "adverse_events": lambda record: record.adverse_events,
    "survival": lambda record: (record.survival,),
    "eligibility": lambda record: record.eligibility,
    "screening": lambda _record: (),
}


def _cell(item: object, column: Column) -> object:
    value = _value(item, column.name)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, date):
        return value.isoformat()
    return value


def _value(item: object, name: str) -> object:
    if isinstance(item, TrialRecord):
        return item.start_date if name == "start_date" else getattr(item.baseline, name)
    if isinstance(item, Visit) and name == "visit":
        return item.number
    if isinstance(item, Lab) and name == "value" and item.limit:
        return f"{item.limit}{item.value!r}"
    if isinstance(item, Lab) and name == "confirmed" and not item.confirmed:
        return None
    return getattr(item, name)
