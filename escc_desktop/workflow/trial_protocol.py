"""The trial a project is about: the one that comes with the program, or a protocol file of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final

from escc_desktop.errors import EsccError, Fault, FaultsError
from escc_desktop.files import decode_text, read_bytes
from escc_desktop.resources import resource_path
from escc_desktop.store.accounts import Principal
from escc_desktop.store.kinds import TRIAL_PROTOCOL, TRIAL_RECORD
from escc_desktop.store.records import Document
from escc_desktop.store.store import Store
from escc_desktop.trial.protocol import Protocol, parse_protocol, put_in_force, read_protocol
from escc_desktop.workflow.access import Operation, require
from escc_desktop.workflow.clinical_data import record_of
from escc_desktop.workflow.records_lock import WHOLE_TRIAL, hold_open

PROTOCOL_ID: Final = "trial"


class TrialProtocol:
    """What a project's people do with its protocol; every method checks the role.

    Parameters
    ----------
    tell
        Called with the kind that changed and the ids.
    """

    def __init__(self, store: Store, principal: Principal, tell: Callable[..., None]) -> None:
        self._store = store
        self._principal = principal
        self._tell = tell

    def text(self) -> str:
        """Return the protocol the project follows, as its file has it."""
        require(self._principal, Operation.VIEW_OUTCOME)
        found = self._store.find(TRIAL_PROTOCOL, PROTOCOL_ID)
        if found is not None:
            return str(found.content["text"])
        return resource_path("trial", "protocol.toml").read_text(encoding="utf-8")

    def read(self) -> Protocol:
        """Return the protocol the project follows."""
        return parse_protocol(self.text(), "protocol.toml")

    def change(self, path: Path, reason: str) -> Protocol:
        """Have the project follow another protocol from now on; it is kept in the project and audited.

        Raises
        ------
        FaultsError
            The file describes no trial, or does not know what is recorded; every fault is named.
        EsccError
            The file cannot be read, records or a protocol are there and no reason is given, or the trial is frozen or
            locked.
        """
        require(self._principal, Operation.SET_PROTOCOL)
        protocol, store = read_protocol(path), self._store
        if faults := list(_unknown(store, protocol)):
            raise FaultsError(
                f"{path.name} does not know what is recorded: {faults[0]}.", faults, "Add it to the protocol."
            )
        is_change = bool(store.session_ids(TRIAL_RECORD)) or store.find(TRIAL_PROTOCOL, PROTOCOL_ID) is not None
        if is_change and not reason.strip():
            raise EsccError("The trial's protocol changes without a reason.", "Say why; it stays on record.")
        text = decode_text(read_bytes(path), path.name)
        with store.write(self._principal, "set trial protocol", reason.strip()) as writing:
            hold_open(store, writing, WHOLE_TRIAL)
            writing.put(TRIAL_PROTOCOL, Document(PROTOCOL_ID, {"name": path.name, "text": text}))
        follow_protocol(store)
        self._tell("trial_protocol", PROTOCOL_ID)
        return protocol


def follow_protocol(store: Store) -> None:
    """Put the protocol of a project in force: criteria, schedule, regimen and design are read from it."""
    found = store.find(TRIAL_PROTOCOL, PROTOCOL_ID)
    put_in_force(None if found is None else _parsed(found.content["text"], found.content["name"]))


def follow_file(path: Path | None) -> None:
    """Put the protocol of a file in force; None is the one that comes with the program."""
    put_in_force(None if path is None else read_protocol(path))


@lru_cache(maxsize=4)
def _parsed(text: str, name: str) -> Protocol:
    return parse_protocol(text, name)


def _unknown(store: Store, protocol: Protocol) -> Iterator[Fault]:
    """Yield the drugs and criteria that records name and a protocol does not."""
    drugs: dict[str, set[str]] = {}
    criteria: dict[str, set[str]] = {}
    for document in store.all(TRIAL_RECORD):
        record = record_of(document)
        for dose in record.treatments:
            drugs.setdefault(dose.drug, set()).add(record.patient_id)
        for answer in record.eligibility:
            criteria.setdefault(answer.criterion, set()).add(record.patient_id)
    codes = {one.code for one in protocol.criteria}
    for what, named, known in (("drugs", drugs, set(protocol.drug_names)), ("criteria", criteria, codes)):
        for name in sorted(set(named) - known):
            yield Fault(what, f"{name} is recorded in {len(named[name])} patients and not there")
