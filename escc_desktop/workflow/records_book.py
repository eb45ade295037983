"""The trial records in the hands of one person: entered, queried, frozen and locked, entered twice."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from escc_desktop.store.accounts import Principal
from escc_desktop.store.kinds import RECORD_QUERIES, RECORD_STATE, TRIAL_RECORD
from escc_desktop.store.store import Store
from escc_desktop.workflow import records_double, records_entry, records_queries
from escc_desktop.workflow.access import Operation, require
from escc_desktop.workflow.records_change import FieldChange, history_of
from escc_desktop.workflow.records_double import Comparison, Difference
from escc_desktop.workflow.records_entry import Outcome, TableEntry
from escc_desktop.workflow.records_lock import RecordState, own_state, set_state, state
from escc_desktop.workflow.records_queries import Query
from escc_desktop.workflow.records_rows import Cells, Key

# Record, queries, state.
Contents = tuple[Mapping[str, Any], Mapping[str, Any], Mapping[str, Any]]
_ONE_BY_ONE: Final = 20


class RecordBook:
    """What people do with records; every method checks the role.

    Parameters
    ----------
    tell
        Called with the kind that changed and the ids.
    """

    def __init__(self, store: Store, principal: Principal, tell: Callable[..., None]) -> None:
        self._store = store
        self._principal = principal
        self._tell = tell

    # Reading

    def patients(self) -> tuple[str, ...]:
        """Return the codes of all patients with a record."""
        require(self._principal, Operation.VIEW_OUTCOME)
        return tuple(self._store.session_ids(TRIAL_RECORD))

    def tables(self, patient_id: str) -> dict[str, tuple[Cells, ...]]:
        """Return the rows of a patient's record, by table."""
        require(self._principal, Operation.VIEW_OUTCOME)
        return records_entry.tables_of(self._store, patient_id)

    def history(self, patient_id: str) -> tuple[FieldChange, ...]:
        """Return every change of a patient's record, oldest first."""
        require(self._principal, Operation.VIEW_OUTCOME)
        return history_of(self._store, patient_id)

    def queries(self, patient_id: str) -> tuple[Query, ...]:
        """Return a patient's queries, oldest first."""
        require(self._principal, Operation.VIEW_OUTCOME)
        return records_queries.queries_of(self._store, patient_id)

    def state(self, patient_id: str) -> RecordState:
        """Return whether a patient's record may change: the stricter of its own state and the trial's."""
        require(self._principal, Operation.VIEW_OUTCOME)
        return state(self._store, patient_id)

    def own_state(self, record_id: str) -> RecordState:
        """Return what was set for one patient, or for `records_lock.WHOLE_TRIAL`."""
        require(self._principal, Operation.VIEW_OUTCOME)
        return own_state(self._store, record_id)

    def names(self) -> dict[str, str]:
        """Return the names of all accounts, by id."""
        require(self._principal, Operation.VIEW_OUTCOME)
        return {account.account_id: account.name for account in self._store.accounts.all()}

    def touched(self) -> dict[str, tuple[datetime, ...]]:
        """Return when record, queries and state of each patient were written last."""
        require(self._principal, Operation.VIEW_OUTCOME)
        kinds = (TRIAL_RECORD, RECORD_QUERIES, RECORD_STATE)
        times = [self._store.changed_at(kind) for kind in kinds]
        never = datetime.min.replace(tzinfo=UTC)
        return {code: tuple(one.get(code, never) for one in times) for code in times[0]}

    def contents(self, codes: Sequence[str]) -> dict[str, Contents]:
        """Return what is stored of some patients, unread: record, queries and state, empty where there is none."""
        require(self._principal, Operation.VIEW_OUTCOME)
        found: list[dict[str, Mapping[str, Any]]] = []
        for kind in (TRIAL_RECORD, RECORD_QUERIES, RECORD_STATE):
            if len(codes) > _ONE_BY_ONE:
                documents = self._store.all(kind)
            else:
                documents = tuple(one for code in codes if (one := self._store.find(kind, code)) is not None)
            found.append({document.document_id: document.content for document in documents})
        records, queries, states = found
        return {code: (records.get(code, {}), queries.get(code, {}), states.get(code, {})) for code in codes}

    # Entering

    def begin(self, patient_id: str, start_date: str, sex: str) -> str:
        """Begin a patient's record and return its code; see `records_entry.add_patient`."""
        require(self._principal, Operation.ENTER_RECORDS)
        record = records_entry.add_patient(self._store, self._principal, patient_id, start_date, sex)
        self._tell("trial_record", record.patient_id)
        return record.patient_id

    def save(self, entries: Sequence[TableEntry], reason: str, *, leave_open: bool = False) -> Outcome:
        """Save tables of one patient together; see `records_entry.save_entries`."""
        require(self._principal, Operation.ENTER_RECORDS)
        outcome = records_entry.save_entries(self._store, self._principal, entries, reason, leave_open=leave_open)
        if outcome.is_saved:
            for entry in entries:
                records_entry.drop_draft(self._store, self._principal, entry.patient_id, entry.table)
            self._tell("trial_record", *{entry.patient_id for entry in entries})
        return outcome

    def drafts(self, patient_id: str) -> dict[str, tuple[TableEntry, str]]:
        """Return one's own unsaved entries for a patient."""
        require(self._principal, Operation.ENTER_RECORDS)
        return records_entry.drafts_of(self._store, self._principal, patient_id)

    def keep_draft(self, entry: TableEntry, reason: str) -> None:
        """Keep what was typed and not saved."""
        require(self._principal, Operation.ENTER_RECORDS)
        records_entry.keep_draft(self._store, self._principal, entry, reason)

    def forget_draft(self, patient_id: str, table: str) -> None:
        """Forget what was typed and not saved."""
        require(self._principal, Operation.ENTER_RECORDS)
        records_entry.drop_draft(self._store, self._principal, patient_id, table)

    def screening(self) -> tuple[Cells, ...]:
        """Return everybody looked at for the trial."""
        require(self._principal, Operation.VIEW_OUTCOME)
        return records_entry.screening_rows(self._store)

    def save_screening(self, entry: TableEntry, reason: str) -> None:
        """Save the screening list; see `records_entry.save_screening`."""
        require(self._principal, Operation.ENTER_RECORDS)
        records_entry.save_screening(self._store, self._principal, entry, reason)
        self._tell("screening")

    # Queries

    def ask(self, patient_id: str, place: tuple[str, Key, str], text: str) -> Query:
        """Raise a query on a cell: (table, key, column)."""
        require(self._principal, Operation.QUERY_RECORDS)
        query = records_queries.raise_query(self._store, self._principal, patient_id, place, text)
        self._tell("record_queries", patient_id)
        return query

    def answer(self, patient_id: str, query_id: str, text: str) -> None:
        """Answer an open query."""
        require(self._principal, Operation.ENTER_RECORDS)
        records_queries.answer_query(self._store, self._principal, patient_id, query_id, text)
        self._tell("record_queries", patient_id)

    def close_query(self, patient_id: str, query_id: str, text: str = "") -> None:
        """Close a query."""
        require(self._principal, Operation.QUERY_RECORDS)
        records_queries.close_query(self._store, self._principal, patient_id, query_id, text)
        self._tell("record_queries", patient_id)

    def reopen(self, patient_id: str, query_id: str, text: str) -> None:
        """Open a query again."""
        require(self._principal, Operation.QUERY_RECORDS)
        records_queries.reopen_query(self._store, self._principal, patient_id, query_id, text)
        self._tell("record_queries", patient_id)

    # Freeze and lock

    def set_state(self, record_id: str, wanted: RecordState, reason: str) -> None:
        """Freeze, lock or open a patient's record, or the whole trial."""
        require(self._principal, Operation.LOCK_RECORDS)
        set_state(self._store, self._principal, record_id, wanted, reason)
        self._tell("record_state", record_id)

    # Double entry

    def may_enter_second(self, patient_id: str, table: str) -> str:
        """Return the table if the principal may enter it a second time; else raise why not."""
        require(self._principal, Operation.ENTER_RECORDS)
        records_double.refuse_first(self._store, self._principal, patient_id, table)
        return table

    def enter_second(self, patient_id: str, table: str, rows: Sequence[Cells]) -> Comparison:
        """Hand in a second entry and return how it compares."""
        require(self._principal, Operation.ENTER_RECORDS)
        records_double.enter_second(self._store, self._principal, patient_id, table, rows)
        self._tell("trial_record", patient_id)
        found = records_double.comparison_of(self._store, patient_id, table)
        assert found is not None
        return found

    def comparison(self, patient_id: str, table: str) -> Comparison | None:
        """Return how a table entered twice compares; None if it was not."""
        require(self._principal, Operation.VIEW_OUTCOME)
        return records_double.comparison_of(self._store, patient_id, table)

    def settle(self, patient_id: str, difference: Difference, choice: tuple[bool, str]) -> None:
        """Settle a difference: (takes the second, reason)."""
        require(self._principal, Operation.ENTER_RECORDS)
        records_double.settle_difference(self._store, self._principal, patient_id, difference, choice)
        self._tell("trial_record", patient_id)
