"""The Records page: the list of patients, and one patient's forms, queries, history and second entries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from escc_desktop.i18n import _
from escc_desktop.progress import Progress
from escc_desktop.workflow.access import Operation
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.records_change import FieldChange
from escc_desktop.workflow.records_double import WHOLE_ROW, Comparison, Difference
from escc_desktop.workflow.records_entry import Outcome, TableEntry
from escc_desktop.workflow.records_lock import WHOLE_TRIAL, RecordState
from escc_desktop.workflow.records_queries import Query, QueryState
from escc_desktop.workflow.records_rows import Cells, key_of
from escc_desktop.workflow.views.records_form import TABS, Form, Typed, make_form, place_words
from escc_desktop.workflow.views.records_words import act_words, value_words
from escc_desktop.workflow.views.words import local_time

__all__ = ["WHOLE_TRIAL", "Difference", "Outcome", "RecordState", "TableEntry"]

# Table, key of the row, column.
Place = tuple[str, tuple[str, ...], str]

# What a record is expected to have, beside the fields of the baseline that are not optional.
_OPTIONAL: Final = frozenset({"ugt1a1", "height_cm", "metastasis_other_sites"})
_PARTS: Final = ("labs", "treatments", "visits", "lesions", "eligibility")


@dataclass(frozen=True)
class RosterRow:
    """A patient of the list.

    Attributes
    ----------
    n_open, n_answered
        Queries that wait for an answer, and for somebody to close them.
    complete
        Share of what is expected that is there, 0 to 1.
    """

    patient_id: str
    state: RecordState
    n_open: int
    n_answered: int
    complete: float


@dataclass(frozen=True)
class QueryRow:
    """A query as it is listed, with all its steps in words."""

    query: Query
    where: str
    by: str
    steps: tuple[str, ...]


@dataclass(frozen=True)
class HistoryRow:
    """One changed cell: when, who, where, from what to what, why."""

    at: str
    who: str
    table: str
    where: str
    old: str
    new: str
    why: str


@dataclass(frozen=True)
class PatientRecord:
    """One patient's record as a person may see and change it.

    Attributes
    ----------
    why_not
        Why nothing can be entered; empty where it can.
    tables
        The rows as they are stored, by table.
    """

    patient_id: str
    state: RecordState
    own_state: RecordState
    trial_state: RecordState
    why_not: str
    forms: Mapping[str, Form]
    tables: Mapping[str, tuple[Cells, ...]]
    queries: tuple[QueryRow, ...]
    history: tuple[HistoryRow, ...]
    comparisons: Mapping[str, Comparison]
    names: Mapping[str, str]
    may_enter: bool
    may_query: bool
    may_lock: bool


class Roster:
    """The list of patients; what was read once is read again only after it changed."""

    def __init__(self) -> None:
        self._rows: dict[str, tuple[tuple[datetime, ...], RosterRow]] = {}

    def rows(self, project: Project, progress: Progress) -> tuple[RosterRow, ...]:
        """Return all patients by code."""
        book = project.record_book()
        touched = book.touched()
        trial = book.own_state(WHOLE_TRIAL)
        stale = [code for code, times in touched.items() if self._rows.get(code, (None,))[0] != times]
        progress.advance(0, 1, _("Records"))
        read = {code: _roster_row(code, *found) for code, found in book.contents(stale).items()}
        kept = self._rows
        self._rows = {code: (times, read[code] if code in read else kept[code][1]) for code, times in touched.items()}
        order = list(RecordState)
        return tuple(replace(row, state=max(row.state, trial, key=order.index)) for _times, row in self._rows.values())


def _roster_row(
    code: str, record: Mapping[str, Any], queries: Mapping[str, Any], state: Mapping[str, Any]
) -> RosterRow:
    states = [query["state"] for query in queries.get("queries", ())]
    return RosterRow(
        code,
        RecordState(state.get("state", RecordState.OPEN)),
        states.count(QueryState.OPEN),
        states.count(QueryState.ANSWERED),
        _completeness(record),
    )


def _completeness(content: Mapping[str, Any]) -> float:
    baseline = [value not in {None, ""} for name, value in content["baseline"].items() if name not in _OPTIONAL]
    parts = [bool(content.get(name)) for name in _PARTS]
    return (sum(baseline) + sum(parts)) / (len(baseline) + len(parts))


def roster_codes(project: Project, progress: Progress) -> tuple[str, ...]:
    """Return the patients' codes alone, which is quick."""
    return project.record_book().patients()


def roster(project: Project, kept: Roster, progress: Progress) -> tuple[RosterRow, ...]:
    """Return the list of patients."""
    return kept.rows(project, progress)


def patient_record(project: Project, patient_id: str, progress: Progress) -> PatientRecord:
    """Return everything the page shows of one patient."""
    book = project.record_book()
    tables, names = book.tables(patient_id), book.names()
    state, may_enter = book.state(patient_id), project.may(Operation.ENTER_RECORDS)
    typed = book.drafts(patient_id) if may_enter else {}
    forms = {
        table: make_form(table, tables.get(table, ()), _typed(typed.get(table))) for table in TABS
    }  # fmt: skip
    compared = {table: book.comparison(patient_id, table) for table in TABS}
    return PatientRecord(
        patient_id=patient_id,
        state=state,
        own_state=book.own_state(patient_id),
        trial_state=book.own_state(WHOLE_TRIAL),
        why_not=why_not_enter(state, may_enter=may_enter),
        forms=forms,
        tables=tables,
        queries=tuple(_query_row(query, names) for query in reversed(book.queries(patient_id))),
        history=tuple(_history_row(one, names) for one in reversed(book.history(patient_id))),
        comparisons={table: found for table, found in compared.items() if found is not None},
        names=names,
        may_enter=may_enter,
        may_query=project.may(Operation.QUERY_RECORDS),
        may_lock=project.may(Operation.LOCK_RECORDS),
    )


def difference_words(one: Difference) -> tuple[str, str, str]:
    """Return where two entries differ, and what the first and the second say."""
    missing = _("not entered")
    if one.column == WHOLE_ROW:
        return place_words(one.table, one.key, ""), one.first or missing, one.second or missing
    empty = _("empty")
    first, second = (value_words(one.column, text) or empty for text in (one.first, one.second))
    return place_words(one.table, one.key, one.column, with_table=False), first, second


def place_of(table: str, row: Cells, column: str) -> Place:
    """Return the place of a cell, as a query names it."""
    return table, key_of(table, row), column


def place_said(place: Place) -> str:
    """Return a place in words."""
    return place_words(*place)


def _typed(
    draft: tuple[TableEntry, str] | None,
) -> Typed | None:
    return None if draft is None else (draft[0].rows, draft[1], draft[0].base)


def why_not_enter(state: RecordState, *, may_enter: bool) -> str:
    """Return why nothing can be entered; empty where it can."""
    if not may_enter:
        return _("Your role reads records and does not enter them.")
    return {
        RecordState.OPEN: "",
        RecordState.FROZEN: _("Frozen for review: queries only."),
        RecordState.LOCKED: _("Locked: nothing changes."),
    }[state]


def _query_row(query: Query, names: Mapping[str, str]) -> QueryRow:
    steps = []
    for step in query.steps:
        who = _("automatic") if query.is_automatic and step.act in {"raise", "settled"} else names.get(step.by, step.by)
        at = local_time(datetime.fromisoformat(step.at))
        steps.append(f"{at}  {who}: {act_words(step.act)}" + (f" – {step.text}" if step.text else ""))
    first = query.steps[0]
    by = _("automatic") if query.is_automatic else names.get(first.by, first.by)
    return QueryRow(query, place_words(query.table, query.key, query.column), by, tuple(steps))


def _history_row(one: FieldChange, names: Mapping[str, str]) -> HistoryRow:
    change = one.change
    old, new = (value_words(change.column, text) for text in (change.old, change.new))
    where = place_words(change.table, change.key, change.column)
    return HistoryRow(f"{one.at:%Y-%m-%d %H:%M}", names.get(one.who, one.who), change.table, where, old, new, one.why)


# What the page asks the record to do: jobs, the last argument being progress.


def begin_patient(project: Project, patient_id: str, start_date: str, sex: str, progress: Progress) -> str:
    """Begin a record and return its code."""
    return project.record_book().begin(patient_id, start_date, sex)


def save_tables(
    project: Project, entries: tuple[TableEntry, ...], reason: str, leave_open: bool, progress: Progress
) -> Outcome:
    """Save tables of one patient together."""
    return project.record_book().save(entries, reason, leave_open=leave_open)


def keep_drafts(project: Project, entries: tuple[tuple[TableEntry, str], ...], progress: Progress) -> None:
    """Keep what was typed and not saved."""
    for entry, reason in entries:
        project.record_book().keep_draft(entry, reason)


def forget_draft(project: Project, patient_id: str, table: str, progress: Progress) -> None:
    """Forget what was typed and not saved."""
    project.record_book().forget_draft(patient_id, table)


def set_record_state(project: Project, record_id: str, state: str, reason: str, progress: Progress) -> None:
    """Freeze, lock or open a record, or the whole trial."""
    project.record_book().set_state(record_id, RecordState(state), reason)


def ask_query(project: Project, patient_id: str, place: Place, text: str, progress: Progress) -> str:
    """Raise a query and return its id."""
    return project.record_book().ask(patient_id, place, text).query_id


def move_query(project: Project, patient_id: str, query_id: str, act: str, text: str, progress: Progress) -> None:
    """Answer, close or reopen a query."""
    book = project.record_book()
    {"answer": book.answer, "close": book.close_query, "reopen": book.reopen}[act](patient_id, query_id, text)


def begin_second(project: Project, patient_id: str, table: str, progress: Progress) -> str:
    """Return the table if it may be entered a second time; an EsccError says why not."""
    return project.record_book().may_enter_second(patient_id, table)


def hand_in_second(
    project: Project, patient_id: str, table: str, rows: tuple[Cells, ...], progress: Progress
) -> Comparison:
    """Hand in a second entry."""
    return project.record_book().enter_second(patient_id, table, rows)


def settle_one(
    project: Project, patient_id: str, difference: Difference, choice: tuple[bool, str], progress: Progress
) -> None:
    """Settle a difference of two entries: (takes the second, reason)."""
    project.record_book().settle(patient_id, difference, choice)
