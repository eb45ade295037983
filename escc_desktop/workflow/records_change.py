"""What changed in a record, cell by cell: who, when and why, so that the changes replayed give the record again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from escc_desktop.store.kinds import TRIAL_RECORD
from escc_desktop.store.store import Store
from escc_desktop.workflow.clinical_data import record_of
from escc_desktop.workflow.records_rows import Cells, Key, Tables, key_of, rows_of


@dataclass(frozen=True)
class CellChange:
    """One cell that is not what it was; an empty text is an empty cell."""

    table: str
    key: Key
    column: str
    old: str
    new: str


@dataclass(frozen=True)
class FieldChange:
    """One change of a record's history; `who` is an account."""

    change: CellChange
    who: str
    at: datetime
    why: str
    revision: int


def changes_between(before: Tables, after: Tables) -> tuple[CellChange, ...]:
    """Return the cells that differ; a row that came or went differs in all its cells."""
    changes: list[CellChange] = []
    for table in dict.fromkeys((*before, *after)):
        old_rows, new_rows = _by_key(table, before), _by_key(table, after)
        for key in dict.fromkeys((*old_rows, *new_rows)):
            old, new = old_rows.get(key, {}), new_rows.get(key, {})
            changes.extend(
                CellChange(table, key, column, old.get(column, ""), new.get(column, ""))
                for column in dict.fromkeys((*old, *new))
                if old.get(column, "") != new.get(column, "")
            )
    return tuple(changes)


def replay(changes: Iterable[CellChange]) -> dict[str, dict[Key, dict[str, str]]]:
    """Return the cells that are filled after all changes, by table and row."""
    tables: dict[str, dict[Key, dict[str, str]]] = {}
    for change in changes:
        row = tables.setdefault(change.table, {}).setdefault(change.key, {})
        if change.new:
            row[change.column] = change.new
        else:
            row.pop(change.column, None)
        if not row:
            del tables[change.table][change.key]
    return {table: rows for table, rows in tables.items() if rows}


def filled(tables: Tables) -> dict[str, dict[Key, dict[str, str]]]:
    """Return the filled cells of tables, by row: what `replay` gives."""
    return replay(changes_between({}, tables))


def merged(
    table: str, base: Sequence[Cells], mine: Sequence[Cells], theirs: Sequence[Cells]
) -> tuple[Cells, ...] | None:
    """Return the rows with what two people changed of `base`; None where both changed the same cell differently."""
    own = changes_between({table: tuple(base)}, {table: tuple(mine)})
    other = {(one.key, one.column): one.new for one in changes_between({table: tuple(base)}, {table: tuple(theirs)})}
    if any(other.get((one.key, one.column), one.new) != one.new for one in own):
        return None
    rows = replay((*changes_between({}, {table: tuple(theirs)}), *own)).get(table, {})
    return tuple(rows.values())


def history_of(store: Store, patient_id: str) -> tuple[FieldChange, ...]:
    """Return every change of a patient's record, oldest first."""
    revisions = store.history(TRIAL_RECORD, patient_id)
    states: list[Tables] = [{}, *(rows_of(record_of(one.thing)) for one in revisions)]
    return tuple(
        FieldChange(change, revision.author, revision.utc, revision.reason, revision.revision)
        for (before, after), revision in zip(pairwise(states), revisions, strict=True)
        for change in changes_between(before, after)
    )


def _by_key(table: str, tables: Tables) -> dict[Key, Cells]:
    return {key_of(table, row): row for row in tables.get(table, ())}
