"""What importing rows would change of what is stored: row by row, old value and new."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from escc_desktop.files import format_number
from escc_desktop.trial.cells import Limited, Value
from escc_desktop.trial.checks import Row
from escc_desktop.trial.columns import TableSpec, table_specs
from escc_desktop.trial.importing import Judgement, key_of


class ChangeKind(StrEnum):
    """What becomes of one row; `LEFT_OUT` is in the project, not in the source, and stays."""

    NEW = "new"
    CHANGED = "changed"
    REMOVED = "removed"
    LEFT_OUT = "left_out"
    UNCHANGED = "unchanged"


@dataclass(frozen=True)
class CellChange:
    """One cell: what stands there and what will, as text; "" is an empty cell."""

    column: str
    before: str
    after: str


@dataclass(frozen=True)
class RowChange:
    """One row of one patient's table.

    Attributes
    ----------
    key
        What tells the row from others of the patient, in words; "" where there is one row a patient.
    cells
        What is filled in a new or removed row; what differs in a changed one.
    place, number
        Where the row stands in the source; "" and 0 for what is only in the project.
    """

    patient_id: str
    table: str
    key: str
    kind: ChangeKind
    cells: tuple[CellChange, ...] = ()
    place: str = ""
    number: int = 0


def differences(judged: Judgement, *, removes: bool = False) -> tuple[RowChange, ...]:
    """Return what becomes of every row of the source, and of every stored row it leaves out, by patient and table."""
    changes = [change for spec in table_specs().values() for change in _table_changes(spec, judged, removes=removes)]
    order = {name: at for at, name in enumerate(table_specs())}
    return tuple(sorted(changes, key=lambda one: (one.patient_id, order[one.table], one.key)))


def cell_text(value: Value) -> str:
    """Return a value as text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Limited):
        return f"{value.limit}{cell_text(value.value)}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return format_number(value) if isinstance(value, int | float) else value


def _table_changes(spec: TableSpec, judged: Judgement, *, removes: bool) -> Iterator[RowChange]:
    rows, stored = judged.rows[spec.name], judged.stored[spec.name]
    before = {key_of(row, spec.key): row for row in reversed(stored)}
    for row in rows:
        change = _row_change(spec, row, before.pop(key_of(row, spec.key), None))
        if change is not None:
            yield change
    is_single = spec.key == ("patient_id",)
    if rows and not is_single:
        kind = ChangeKind.REMOVED if removes else ChangeKind.LEFT_OUT
        for row in before.values():
            yield _changed(spec, row, kind, _filled(spec, row, is_new=False))


def _row_change(spec: TableSpec, row: Row, before: Row | None) -> RowChange | None:
    # A value that was not measured is no record.
    is_nothing = spec.name == "labs" and row.get("value") is None and "value" in row.values
    if before is None:
        return None if is_nothing else _changed(spec, row, ChangeKind.NEW, _filled(spec, row, is_new=True))
    if is_nothing:
        return _changed(spec, row, ChangeKind.REMOVED, _filled(spec, before, is_new=False))
    cells = tuple(
        CellChange(column.name, cell_text(before.get(column.name)), cell_text(row.get(column.name)))
        for column in spec.columns
        if column.name in row.values and _differ(column.name, before.get(column.name), row.get(column.name))
    )
    return _changed(spec, row, ChangeKind.CHANGED if cells else ChangeKind.UNCHANGED, cells)


def _differ(column: str, before: Value, after: Value) -> bool:
    if column == "confirmed":  # what was not confirmed is stored as nothing
        return bool(before) != bool(after)
    return before != after


def _filled(spec: TableSpec, row: Row, *, is_new: bool) -> tuple[CellChange, ...]:
    named = set(spec.key)
    texts = {c.name: cell_text(row.get(c.name)) for c in spec.columns if c.name not in named}
    return tuple(
        CellChange(name, "" if is_new else text, text if is_new else "") for name, text in texts.items() if text
    )


def _changed(spec: TableSpec, row: Row, kind: ChangeKind, cells: Sequence[CellChange]) -> RowChange:
    key = " · ".join(cell_text(row.get(column)) for column in spec.key if column != "patient_id")
    place, number = (row.place or row.file, row.number) if row.number > 0 else ("", 0)
    return RowChange(cell_text(row.get("patient_id")), spec.name, key, kind, tuple(cells), place, number)


def count_kinds(changes: Sequence[RowChange]) -> Mapping[ChangeKind, int]:
    """Return how many rows there are of each kind."""
    return {kind: sum(change.kind is kind for change in changes) for kind in ChangeKind}
