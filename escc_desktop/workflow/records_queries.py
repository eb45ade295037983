"""Queries about cells of a record: raised by people or by the checks, answered, closed; never deleted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from escc_desktop.errors import EsccError
from escc_desktop.files import canonical_json, digest
from escc_desktop.store.accounts import Principal
from escc_desktop.store.kinds import RECORD_QUERIES
from escc_desktop.store.records import Document
from escc_desktop.store.store import Store, Writing
from escc_desktop.workflow.records_lock import RecordState, hold_open
from escc_desktop.workflow.records_rows import Finding, Key


class QueryState(StrEnum):
    """Where a query is; one that is answered waits for who may close it."""

    OPEN = "open"
    ANSWERED = "answered"
    CLOSED = "closed"


@dataclass(frozen=True)
class Step:
    """One thing done to a query: "raise", "answer", "close" or "reopen", by an account."""

    act: str
    by: str
    at: str
    text: str


@dataclass(frozen=True)
class Query:
    """A question about a cell, or with no column about a whole row.

    Attributes
    ----------
    code
        The kind of an automatic question; empty for one raised by a person.
    """

    query_id: str
    table: str
    key: Key
    column: str
    text: str
    state: QueryState
    code: str
    steps: tuple[Step, ...]

    @property
    def is_automatic(self) -> bool:
        """Whether a check raised it."""
        return bool(self.code)


def queries_of(store: Store, patient_id: str) -> tuple[Query, ...]:
    """Return the queries of a patient, oldest first."""
    found = store.find(RECORD_QUERIES, patient_id)
    return () if found is None else tuple(map(_decode, found.content["queries"]))


def raise_query(store: Store, principal: Principal, patient_id: str, place: tuple[str, Key, str], text: str) -> Query:
    """Ask something about a cell; `place` is table, key of the row, column."""
    words = _needed(text, "The query says nothing.", "Ask what should be checked.")
    table, key, column = place
    known = queries_of(store, patient_id)
    own = sum(not query.is_automatic for query in known)
    step = _step("raise", principal, store, words)
    query = Query(f"Q{own + 1}", table, key, column, words, QueryState.OPEN, "", (step,))
    _write(store, principal, patient_id, (*known, query), f"raise query {query.query_id}")
    return query


def answer_query(store: Store, principal: Principal, patient_id: str, query_id: str, text: str) -> None:
    """Answer a query that is open."""
    words = _needed(text, "The answer is empty.", "Say what was found in the source.")
    _move(store, principal, patient_id, query_id, ("answer", QueryState.ANSWERED, words))


def close_query(store: Store, principal: Principal, patient_id: str, query_id: str, text: str = "") -> None:
    """Close a query; one that nobody answered needs a word why."""
    query = _one(queries_of(store, patient_id), query_id)
    if query.state is QueryState.OPEN:
        _needed(text, "Nobody has answered this query.", "Say why it is closed all the same.")
    _move(store, principal, patient_id, query_id, ("close", QueryState.CLOSED, text.strip()))


def reopen_query(store: Store, principal: Principal, patient_id: str, query_id: str, text: str) -> None:
    """Open a query again that was answered or closed, with a reason."""
    words = _needed(text, "Opening a query again needs a reason.", "Say what is still unclear.")
    _move(store, principal, patient_id, query_id, ("reopen", QueryState.OPEN, words))


def follow_findings(
    store: Store, writing: Writing, principal: Principal, patient_id: str, findings: Iterable[Finding]
) -> None:
    """Raise a query for each question the checks ask of a record, and close those they ask no more.

    What a person closed stays closed while the checks ask the very same.
    """
    known = queries_of(store, patient_id)
    after = _followed(known, [one for one in findings if not one.is_fault], store, principal)
    if after != known:
        writing.put(RECORD_QUERIES, _document(patient_id, after), after=store.revision(RECORD_QUERIES, patient_id))


def _followed(
    known: Sequence[Query], questions: Sequence[Finding], store: Store, principal: Principal
) -> tuple[Query, ...]:
    asked = {_automatic_id(one): one for one in questions}
    kept = tuple(_follow(query, query.query_id in asked, store, principal) for query in known)
    new = tuple(
        Query(
            query_id, one.table, one.key, one.column, one.what, QueryState.OPEN, one.code,
            (_step("raise", principal, store, ""),),
        )
        for query_id, one in asked.items()
        if query_id not in {query.query_id for query in known}
    )  # fmt: skip
    return (*kept, *new)


def _follow(query: Query, is_asked: bool, store: Store, principal: Principal) -> Query:
    if not query.is_automatic:
        return query
    if not is_asked and query.state is not QueryState.CLOSED:
        return _moved(query, QueryState.CLOSED, _step("settled", principal, store, ""))
    if is_asked and query.state is QueryState.CLOSED and query.steps[-1].act == "settled":
        return _moved(query, QueryState.OPEN, _step("raise", principal, store, ""))
    return query


def _automatic_id(one: Finding) -> str:
    """Name a question by where and about what it is, not by its words, which come in the language of who saved."""
    return f"A{digest(canonical_json([one.table, list(one.key), one.column, one.code, one.cell]))[:12]}"


def _move(
    store: Store, principal: Principal, patient_id: str, query_id: str, move: tuple[str, QueryState, str]
) -> None:
    act, wanted, text = move
    known = queries_of(store, patient_id)
    query = _one(known, query_id)
    if query.state not in _FROM[act]:
        raise EsccError(f"Query {query_id} is {query.state}.", "Look at it again; somebody else was faster.")
    moved = _moved(query, wanted, _step(act, principal, store, text))
    after = tuple(moved if one is query else one for one in known)
    _write(store, principal, patient_id, after, f"{act} query {query_id}")


_FROM: Final = {
    "answer": {QueryState.OPEN},
    "close": {QueryState.OPEN, QueryState.ANSWERED},
    "reopen": {QueryState.ANSWERED, QueryState.CLOSED},
}


def _moved(query: Query, wanted: QueryState, step: Step) -> Query:
    return replace(query, state=wanted, steps=(*query.steps, step))


def _step(act: str, principal: Principal, store: Store, text: str) -> Step:
    at: datetime = store.clock()
    return Step(act, principal.account_id, at.isoformat(), text)


def _one(known: Sequence[Query], query_id: str) -> Query:
    found = next((query for query in known if query.query_id == query_id), None)
    if found is None:
        raise EsccError(f"There is no query {query_id}.", "Look at the list again.")
    return found


def _needed(text: str, what: str, hint: str) -> str:
    if not text.strip():
        raise EsccError(what, hint)
    return text.strip()


def _write(store: Store, principal: Principal, patient_id: str, queries: tuple[Query, ...], action: str) -> None:
    after = store.revision(RECORD_QUERIES, patient_id)
    with store.write(principal, action) as writing:
        hold_open(store, writing, patient_id, RecordState.FROZEN)
        writing.put(RECORD_QUERIES, _document(patient_id, queries), after=after)


def _document(patient_id: str, queries: Iterable[Query]) -> Document:
    return Document(patient_id, {"queries": [{**asdict(query), "state": str(query.state)} for query in queries]})


def _decode(content: dict[str, Any]) -> Query:
    steps = tuple(Step(**step) for step in content["steps"])
    return Query(**{**content, "key": tuple(content["key"]), "state": QueryState(content["state"]), "steps": steps})
