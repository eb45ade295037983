"""Double entry: a second person enters a table blind to the first; every difference is settled with a reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from escc_desktop.errors import AccessDeniedError, EsccError
from escc_desktop.store.accounts import Principal
from escc_desktop.store.kinds import SECOND_ENTRY, TRIAL_RECORD
from escc_desktop.store.records import Document
from escc_desktop.store.store import Store
from escc_desktop.workflow.records_change import changes_between, history_of
from escc_desktop.workflow.records_entry import Saving, save_tables, tables_of
from escc_desktop.workflow.records_lock import hold_open, require_open
from escc_desktop.workflow.records_rows import Cells, Key, check_cells, key_of, settle

# Stands for a whole row that only one of the two entered.
WHOLE_ROW: Final = ""


@dataclass(frozen=True)
class Difference:
    """A cell the two entered differently; with column `WHOLE_ROW`, a row that only one of them has."""

    table: str
    key: Key
    column: str
    first: str
    second: str


@dataclass(frozen=True)
class Comparison:
    """A table that was entered twice.

    Attributes
    ----------
    second_by
        Account that entered it the second time.
    open, settled
        Differences still to be settled, and those that were, with who and why.
    """

    table: str
    second_by: str
    open: tuple[Difference, ...]
    settled: tuple[tuple[Difference, str, str], ...]


def differences(table: str, first: Sequence[Cells], second: Sequence[Cells]) -> tuple[Difference, ...]:
    """Return what two entries of one table differ in; swapped entries give swapped differences."""
    one = {key_of(table, row): row for row in (settle(table, row) for row in first)}
    two = {key_of(table, row): row for row in (settle(table, row) for row in second)}
    found = []
    for key in sorted({*one, *two}):
        if key not in one or key not in two:
            found.append(Difference(table, key, WHOLE_ROW, _words(one.get(key)), _words(two.get(key))))
            continue
        found.extend(
            Difference(table, key, column, one[key].get(column, ""), two[key].get(column, ""))
            for column in one[key]
            if one[key].get(column, "") != two[key].get(column, "")
        )
    return tuple(found)


def enter_second(store: Store, principal: Principal, patient_id: str, table: str, rows: Sequence[Cells]) -> None:
    """Keep a second entry of a table.

    Raises
    ------
    AccessDeniedError
        The principal entered the table himself.
    EsccError
        There is nothing to compare with, or a cell cannot be understood.
    """
    require_open(store, patient_id)
    refuse_first(store, principal, patient_id, table)
    settled = tuple(settle(table, row) for row in rows)
    if not settled:
        raise EsccError("The second entry is empty.", "Enter every row of the source.")
    faults = [one for one in check_cells(table, settled) if one.is_fault]
    if faults:
        raise EsccError(
            f"Row {faults[0].row + 1}, {faults[0].column}: {faults[0].what}.", "Correct it and hand it in again."
        )
    content: dict[str, Any] = {"rows": list(settled), "by": principal.account_id, "settled": []}
    with store.write(principal, "enter a second time") as writing:
        hold_open(store, writing, patient_id)
        writing.put(SECOND_ENTRY, Document(_second_id(patient_id, table), content))


def refuse_first(store: Store, principal: Principal, patient_id: str, table: str) -> None:
    """Raise AccessDeniedError if the principal entered anything of a table, EsccError if nobody did."""
    authors = {
        one.who for one in history_of(store, patient_id) if one.change.table == table
    }  # fmt: skip
    if not authors:
        raise EsccError(f"Nobody has entered this of {patient_id} yet.", "Enter it the first time.")
    if principal.account_id in authors:
        raise AccessDeniedError("You entered this yourself.", "The second entry is for somebody else.")


def comparison_of(store: Store, patient_id: str, table: str) -> Comparison | None:
    """Return the comparison of a table that was entered twice; None if it was not."""
    found = store.find(SECOND_ENTRY, _second_id(patient_id, table))
    if found is None:
        return None
    settled = tuple(
        (Difference(**{**one["difference"], "key": tuple(one["difference"]["key"])}), one["by"], one["why"])
        for one in found.content["settled"]
    )
    done = {(one.key, one.column, one.second) for one, _by, _why in settled}
    now = differences(table, tables_of(store, patient_id).get(table, ()), found.content["rows"])
    left = tuple(one for one in now if (one.key, one.column, one.second) not in done)
    return Comparison(table, found.content["by"], left, settled)


def settle_difference(
    store: Store, principal: Principal, patient_id: str, difference: Difference, choice: tuple[bool, str]
) -> None:
    """Keep the first entry or take the second for one difference; `choice` is (takes the second, reason).

    Raises
    ------
    EsccError
        There is no reason, the difference is gone, or the record with the second value is at fault.
    """
    takes_second, reason = choice
    if not reason.strip():
        raise EsccError("A difference is settled with a reason.", "Say what the source shows.")
    found = comparison_of(store, patient_id, difference.table)
    if found is None or difference not in found.open:
        raise EsccError("This difference is settled already.", "Look at the list again.")
    if takes_second:
        _take_second(store, principal, patient_id, difference, reason)
    second_id = _second_id(patient_id, difference.table)
    revision, content = store.revision(SECOND_ENTRY, second_id), store.get(SECOND_ENTRY, second_id).content
    entry = {
        "difference": {
            "table": difference.table, "key": list(difference.key), "column": difference.column,
            "first": difference.first, "second": difference.second,
        },
        "by": principal.account_id,
        "why": reason.strip(),
    }  # fmt: skip
    with store.write(principal, "settle a difference", reason.strip()) as writing:
        hold_open(store, writing, patient_id)
        document = Document(second_id, {**content, "settled": [*content["settled"], entry]})
        writing.put(SECOND_ENTRY, document, after=revision)


def _take_second(store: Store, principal: Principal, patient_id: str, difference: Difference, reason: str) -> None:
    table = difference.table
    revision, before = store.revision(TRIAL_RECORD, patient_id), tables_of(store, patient_id)
    second = store.get(SECOND_ENTRY, _second_id(patient_id, table)).content["rows"]
    rows = {key_of(table, row): dict(row) for row in before.get(table, ())}
    theirs: Mapping[Key, Cells] = {key_of(table, row): row for row in second}
    if difference.column != WHOLE_ROW:
        rows[difference.key][difference.column] = difference.second
    elif difference.key in theirs:
        rows[difference.key] = dict(theirs[difference.key])
    else:
        del rows[difference.key]
    after = {**before, table: tuple(rows.values())}
    outcome = save_tables(store, principal, patient_id, after, Saving(reason, revision, before, (table,)))
    if not outcome.is_saved:
        fault = next(one for one in outcome.findings if one.is_fault)
        raise EsccError(f"With the second value the record is at fault: {fault.column} {fault.what}.",
                        "Keep the first, or correct both in the form.")  # fmt: skip
    if not changes_between(before, after):
        raise EsccError("Nothing changed.", "Look at the list again.")


def _words(row: Cells | None) -> str:
    return "" if row is None else ", ".join(text for text in row.values() if text)


def _second_id(patient_id: str, table: str) -> str:
    return f"{patient_id}/{table}"
