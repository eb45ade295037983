"""Freeze and lock: whether a patient's record, or the whole trial's, may still change."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from escc_desktop.errors import EsccError
from escc_desktop.store.accounts import Principal
from escc_desktop.store.kinds import RECORD_STATE
from escc_desktop.store.records import Document, refuse_changed
from escc_desktop.store.store import Store, Writing

# No patient's code: codes hold no such sign.
WHOLE_TRIAL: Final = "*"


class RecordState(StrEnum):
    """Open to entry; frozen for review, when only queries may be raised and answered; locked, when nothing may."""

    OPEN = "open"
    FROZEN = "frozen"
    LOCKED = "locked"


_ORDER: Final = tuple(RecordState)


def state(store: Store, patient_id: str) -> RecordState:
    """Return the state of a patient's record: the stricter of the patient's own and the trial's."""
    return max(own_state(store, patient_id), own_state(store, WHOLE_TRIAL), key=_ORDER.index)


def own_state(store: Store, record_id: str) -> RecordState:
    """Return what was set for one patient, or for `WHOLE_TRIAL`."""
    found = store.find(RECORD_STATE, record_id)
    return RecordState.OPEN if found is None else RecordState(found.content["state"])


def set_state(store: Store, principal: Principal, record_id: str, wanted: RecordState, reason: str) -> None:
    """Freeze, lock or open a patient's record, or all of them by `WHOLE_TRIAL`; always with a reason.

    Raises
    ------
    EsccError
        There is no reason, or the record has that state already.
    """
    if not reason.strip():
        raise EsccError("Freezing, locking and opening need a reason.", "Say why; it stays on record.")
    if own_state(store, record_id) is wanted:
        raise EsccError(f"It is {wanted} already.", "Somebody else was faster; look again.")
    word = {RecordState.OPEN: "open", RecordState.FROZEN: "freeze", RecordState.LOCKED: "lock"}[wanted]
    with store.write(principal, f"{word} trial records", reason.strip()) as writing:
        writing.put(RECORD_STATE, Document(record_id, {"state": str(wanted)}))


def require_open(store: Store, patient_id: str, allowed: RecordState = RecordState.OPEN) -> None:
    """Raise EsccError if a patient's record, or the trial, is stricter than `allowed`."""
    for record_id in (patient_id, WHOLE_TRIAL):
        found = own_state(store, record_id)
        if _ORDER.index(found) > _ORDER.index(allowed):
            whose = "The trial is" if record_id == WHOLE_TRIAL else f"The record of {patient_id} is"
            raise EsccError(f"{whose} {found}; nothing was changed.", _HINTS[found])


def hold_open(store: Store, writing: Writing, patient_id: str, allowed: RecordState = RecordState.OPEN) -> None:
    """Refuse a transaction on a record that is stricter than `allowed`, now or by the time it is written.

    Raises
    ------
    EsccError
        The record, or the trial, is frozen or locked.
    """
    revisions = {record_id: store.revision(RECORD_STATE, record_id) for record_id in (patient_id, WHOLE_TRIAL)}
    require_open(store, patient_id, allowed)
    for record_id, revision in revisions.items():
        _expect(writing, record_id, revision)


def _expect(writing: Writing, record_id: str, revision: int) -> None:
    writing.then(lambda entry: refuse_changed(entry.connection, RECORD_STATE.name, record_id, revision))


_HINTS: Final = {
    RecordState.FROZEN: "Raise a query, or have a coordinator open it with a reason.",
    RecordState.LOCKED: "A coordinator can unlock it with a reason.",
}
