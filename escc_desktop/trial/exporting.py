"""Trial records to the CSV tables of a RECORDS_DIR: what `importing` reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path

from escc_desktop.files import write_csv
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
    for spec in table_specs().values():
        rows = table_rows(records, spec)
        if spec.name == "screening":
            rows = [[_cell(person, column) for column in spec.columns] for person in screened]
        if rows:
            write_csv(folder / spec.file_name, spec.header, rows, provenance)


def table_rows(records: Sequence[TrialRecord], spec: TableSpec) -> list[list[object]]:
    """Return the rows the records fill of one table, in the order of its columns; None is an empty cell."""
    return [
        [_cell(item, column) if column.name != "patient_id" else record.patient_id for column in spec.columns]
        for record in records
        for item in _ITEMS[spec.name](record)
    ]


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
