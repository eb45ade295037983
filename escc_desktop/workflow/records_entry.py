"""A record edited table by table: each saving is a revision with author, time and, over an old value, a reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from escc_desktop.errors import EsccError, Fault, FaultsError
from escc_desktop.store.accounts import Principal
from escc_desktop.store.kinds import RECORD_DRAFT, SCREENING, TRIAL_RECORD
from escc_desktop.store.records import Document
from escc_desktop.store.store import Store
from escc_desktop.trial.cells import CellRefused, parse_cell
from escc_desktop.trial.columns import table_specs
from escc_desktop.trial.records import TrialRecord
from escc_desktop.workflow.clinical_data import put_record, record_of
from escc_desktop.workflow.records_change import CellChange, changes_between, merged
from escc_desktop.workflow.records_lock import WHOLE_TRIAL, hold_open, require_open
from escc_desktop.workflow.records_rows import (
    SCREENED,
    Cells,
    Finding,
    Tables,
    check_screening,
    read_rows,
    rows_of,
    settle,
)


@dataclass(frozen=True)
class TableEntry:
    """The rows of one table as a person leaves them.

    Attributes
    ----------
    base
        The rows as they were when the form was opened: another's change meanwhile is found by them.
    """

    patient_id: str
    table: str
    base: tuple[Cells, ...]
    rows: tuple[Cells, ...]


@dataclass(frozen=True)
class Outcome:
    """What came of saving.

    Attributes
    ----------
    is_saved
        Otherwise nothing was written, and the rest says what is missing.
    findings
        Faults and questions of the whole record as entered.
    overwritten
        Changes of values that were there; without a reason they are not written.
    """

    is_saved: bool
    findings: tuple[Finding, ...] = ()
    overwritten: tuple[CellChange, ...] = ()


def tables_of(store: Store, patient_id: str) -> dict[str, tuple[Cells, ...]]:
    """Return the rows of a patient's record as it is; no rows where there is none."""
    found = store.find(TRIAL_RECORD, patient_id)
    return {} if found is None else rows_of(record_of(found))


def overwritten(changes: Sequence[CellChange]) -> tuple[CellChange, ...]:
    """Return the changes of values that were there."""
    return tuple(change for change in changes if change.old)


def save_entries(
    store: Store, principal: Principal, entries: Sequence[TableEntry], reason: str, *, leave_open: bool
) -> Outcome:
    """Write tables of one patient as the next revision, or say all that stands against it.

    Parameters
    ----------
    leave_open
        Questions were looked at and stay open; each becomes a query.

    Raises
    ------
    EsccError
        The record is frozen or locked, or somebody else changed the same cells meanwhile.
    """
    patient_id = entries[0].patient_id
    require_open(store, patient_id)
    revision, before = store.revision(TRIAL_RECORD, patient_id), tables_of(store, patient_id)
    after = {**before, **{entry.table: _over(entry, before.get(entry.table, ())) for entry in entries}}
    how = Saving(reason, revision, before, tuple(entry.table for entry in entries), leave_open)
    return save_tables(store, principal, patient_id, after, how)


def _over(entry: TableEntry, stored: Sequence[Cells]) -> tuple[Cells, ...]:
    """Return the rows of an entry over what is stored now, which somebody may have changed meanwhile."""
    if tuple(stored) == entry.base:
        return entry.rows
    rows = merged(entry.table, entry.base, [settle(entry.table, row) for row in entry.rows], stored)
    if rows is None:
        whose = f" of {entry.patient_id}" if entry.patient_id else ""
        raise EsccError(
            f"The {table_words(entry.table)}{whose} were changed meanwhile, in the same cells.",
            "What you typed is kept; discard it to see the newer values.",
        )
    return rows


@dataclass(frozen=True)
class Saving:
    """How tables are saved: why, over which revision and rows, and whether questions may stay open.

    `asked` are the tables whose questions stand against saving unless `leave_open`.
    """

    reason: str
    revision: int
    before: Tables
    asked: tuple[str, ...]
    leave_open: bool = True


def save_tables(store: Store, principal: Principal, patient_id: str, tables: Tables, how: Saving) -> Outcome:
    """Write all tables of a patient as the next revision; see `save_entries`."""
    after = {name: tuple(settle(name, row) for row in rows) for name, rows in tables.items()}
    record, findings = read_rows(patient_id, after)
    changes = changes_between(how.before, after)
    lost = overwritten(changes)
    new = [one for one in findings if one.table in how.asked and not one.is_fault and _is_new(one, changes)]
    if record is None or (lost and not how.reason.strip()) or (new and not how.leave_open):
        return Outcome(False, findings, lost)
    if changes:
        with store.write(principal, "enter trial records", how.reason.strip()) as writing:
            hold_open(store, writing, patient_id)
            put_record(store, writing, principal, record, after=how.revision)
    return Outcome(True, findings, lost)


def _is_new(finding: Finding, changes: Sequence[CellChange]) -> bool:
    """Return whether a question is about a row that this saving touches."""
    return any((change.table, change.key) == (finding.table, finding.key) for change in changes)


def add_patient(store: Store, principal: Principal, patient_id: str, start_date: str, sex: str) -> TrialRecord:
    """Begin a patient's record with day 1 and sex; last seen alive on day 1 until follow-up says more.

    Raises
    ------
    EsccError
        The code, the day or the sex cannot be understood, or there is such a patient.
    """
    code = patient_id.strip()
    try:
        parse_cell(code, table_specs()["patients"].columns[0])
    except CellRefused as refusal:
        raise EsccError(f"The patient's code {refusal}.", "Use the trial code.") from None
    if store.find(TRIAL_RECORD, code) is not None:
        raise EsccError(f"There is a record of {code} already.", "Choose it in the list.")
    tables = {
        "patients": (settle("patients", {"start_date": start_date, "sex": sex}),),
        "survival": (settle("survival", {"status": "alive", "last_contact_date": start_date}),),
    }
    record, findings = read_rows(code, tables)
    if record is None:
        first = next(one for one in findings if one.is_fault)
        raise EsccError(f"{first.column}: {first.what}.", "Correct it and add the patient again.")
    with store.write(principal, "begin trial record") as writing:
        hold_open(store, writing, code)
        put_record(store, writing, principal, record, after=0)
    return record


# Screening: a list of its own, of people who need not have a record.


def screening_rows(store: Store) -> tuple[Cells, ...]:
    """Return everybody looked at for the trial, by code."""
    return tuple(document.content for document in store.all(SCREENING) if document.content.get("outcome"))


def save_screening(store: Store, principal: Principal, entry: TableEntry, reason: str) -> None:
    """Write the screening list; what was there changes only with a reason.

    Raises
    ------
    FaultsError
        The list is at fault; every fault is named.
    EsccError
        A value that was there changes without a reason, somebody else changed the same cells meanwhile, or the trial is
        frozen or locked.
    """
    stored = tuple(settle(SCREENED, row) for row in screening_rows(store))
    rows = tuple(settle(SCREENED, row) for row in _over(entry, stored))
    if found := check_screening(rows, store.session_ids(TRIAL_RECORD)):
        faults = [Fault(f"{one.key[0]}, {one.column}", one.what) for one in found]
        raise FaultsError(f"The screening list is at fault: {faults[0]}.", faults, "Correct it and save again.")
    before, after = ({row["patient_id"]: row for row in some} for some in (stored, rows))
    changed = {code: row for code, row in after.items() if before.get(code) != row}
    if overwritten(changes_between({SCREENED: stored}, {SCREENED: rows})) and not reason.strip():
        raise EsccError("A value of the screening list changes without a reason.", "Say why it changes.")
    with store.write(principal, "enter screening list", reason.strip()) as writing:
        hold_open(store, writing, WHOLE_TRIAL)
        for code, row in changed.items():
            writing.put(SCREENING, Document(code, row))
        for code in sorted(set(before) - set(after)):
            writing.put(SCREENING, Document(code, {"patient_id": code}))


# Drafts: what was typed and not saved, kept for its author.


def keep_draft(store: Store, principal: Principal, entry: TableEntry, reason: str) -> None:
    """Keep what somebody typed and did not save."""
    content = {"base": list(map(dict, entry.base)), "rows": list(map(dict, entry.rows)), "reason": reason}
    with store.write(principal, "keep a draft") as writing:
        writing.put(RECORD_DRAFT, Document(_draft_id(principal, entry.patient_id, entry.table), content))


def drop_draft(store: Store, principal: Principal, patient_id: str, table: str) -> None:
    """Forget a draft, if there is one."""
    draft_id = _draft_id(principal, patient_id, table)
    found = store.find(RECORD_DRAFT, draft_id)
    if found is not None and found.content:
        store.put(principal, RECORD_DRAFT, Document(draft_id, {}))


def drafts_of(store: Store, principal: Principal, patient_id: str) -> dict[str, tuple[TableEntry, str]]:
    """Return one's own drafts for a patient with their reasons, by table."""
    found: dict[str, tuple[TableEntry, str]] = {}
    for table in table_specs():
        document = store.find(RECORD_DRAFT, _draft_id(principal, patient_id, table))
        if document is not None and document.content:
            content = document.content
            found[table] = (
                TableEntry(patient_id, table, tuple(content["base"]), tuple(content["rows"])), content["reason"]
            )  # fmt: skip
    return found


def _draft_id(principal: Principal, patient_id: str, table: str) -> str:
    return f"{principal.account_id}/{patient_id}/{table}"


def table_words(table: str) -> str:
    """Return what a table holds, in a sentence."""
    return _WORDS.get(table, table)


_WORDS: Final[Mapping[str, str]] = {
    "patients": "baseline values", "labs": "labs", "treatments": "doses", "visits": "visits", "lesions": "lesions",
    "adverse_events": "adverse events", "survival": "follow-up values", "eligibility": "eligibility answers",
    "screening": "screening rows",
}  # fmt: skip
