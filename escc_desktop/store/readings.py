"""What belongs to one reading: its key and its journal.

Every reading has a random key, sealed for its owner. Until it is signed nobody else can open it, whoever holds the
project's data key; signing seals the key for the project too, so that the analysis can use the reading. Readers open
each other's once the last one is signed.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from sqlalchemy import Connection, func, insert, select, update

from escc_desktop.errors import AccessDeniedError, EsccError
from escc_desktop.store.accounts import Accounts, Principal, Role
from escc_desktop.store.audit import Entry, Ledger
from escc_desktop.store.crypto import KEY_BYTES, decrypt, derive, encrypt
from escc_desktop.store.database import Database
from escc_desktop.store.tables import journal, reading, record

_SESSION = "session"  # the kind of record that plans a reading


class Readings:
    """Keys and journals of all readings.

    Parameters
    ----------
    key
        What the keys of signed readings are sealed with for the project.
    """

    def __init__(self, database: Database, ledger: Ledger, accounts: Accounts, key: bytes) -> None:
        self._database = database
        self._ledger = ledger
        self._accounts = accounts
        self._key = key

    def start(self, principal: Principal, session_id: str) -> bytes:
        """Return the key of the principal's own reading; the first time, make it."""
        with self._database.read() as connection:
            is_started = self._row(connection, session_id) is not None
        if not is_started:
            self._create(principal, session_id)
        return self.key(principal, session_id)

    def begun(self) -> frozenset[str]:
        """Return the sessions whose reading was opened at least once."""
        with self._database.read() as connection:
            return frozenset(connection.execute(select(reading.c.session_id)).scalars())

    def key(self, principal: Principal | None, session_id: str) -> bytes:
        """Return the key of a reading.

        Raises
        ------
        AccessDeniedError
            A reader asks for a reading not his own before all are signed, or anyone for one that is not signed.
        """
        with self._database.read() as connection:
            row = self._row(connection, session_id)
        if row is None:
            raise EsccError(f"Reading {session_id} was never opened.", "Open it first.")
        owner, sealed_owner, sealed_project = row
        if principal is not None and principal.account_id == owner:
            return principal.unseal(sealed_owner, session_id)
        if principal is None or (principal.role is Role.READER and not self._are_over()):
            raise AccessDeniedError("This reading is not yours.", "Readers are blind to each other.")
        if sealed_project is None:
            raise AccessDeniedError(f"Reading {session_id} is not signed yet.", "Wait until its reader signs it.")
        return decrypt(self._key, sealed_project, session_id)

    def signed_key(self, session_id: str) -> bytes | None:
        """Return the key of a signed reading, for checks that show nobody anything; None while it is open."""
        with self._database.read() as connection:
            row = self._row(connection, session_id)
        return None if row is None or row[2] is None else decrypt(self._key, row[2], session_id)

    def release(self, entry: Entry, session_id: str, key: bytes) -> None:
        """Seal the key of a reading for the project; from here on nothing of the reading can be changed."""
        entry.details["signed"] = session_id
        entry.connection.execute(
            update(reading)
            .where(reading.c.session_id == session_id)
            .values(sealed_project=encrypt(self._key, key, session_id))
        )

    def append(self, author: str, session_id: str, key: bytes, first: int, steps: Sequence[bytes]) -> None:
        """Add steps to the journal, numbered from `first`; durable when this returns."""
        rows = [
            {"session_id": session_id, "number": number, "step": encrypt(key, step, _place(session_id, number))}
            for number, step in enumerate(steps, start=first)
        ]
        with self._ledger.write(author, "journal") as entry:
            entry.details.update(session=session_id, first=first, count=len(rows))
            entry.connection.execute(insert(journal), rows)

    def journal(self, session_id: str, key: bytes) -> tuple[bytes, ...]:
        """Return all steps of a reading in order, verified."""
        with self._database.read() as connection:
            rows = connection.execute(
                select(journal.c.number, journal.c.step)
                .where(journal.c.session_id == session_id)
                .order_by(journal.c.number)
            ).all()
        if [row.number for row in rows] != list(range(1, len(rows) + 1)):
            raise EsccError(f"Steps are missing in the journal of reading {session_id}.", "Restore a backup.")
        return tuple(decrypt(key, row.step, _place(session_id, row.number)) for row in rows)

    def folder_name(self, session_id: str) -> str:
        """Return the name of the folder of a reading's blobs; it says nothing about the session."""
        return derive(self._key, f"folder {session_id}").hex()[:32]

    def _create(self, principal: Principal, session_id: str) -> None:
        key = secrets.token_bytes(KEY_BYTES)
        with self._ledger.write(principal.account_id, "open reading") as entry:
            if self._row(entry.connection, session_id) is not None:
                return
            entry.details["session"] = session_id
            sealed = self._accounts.seal_for(entry.connection, principal.account_id, key, session_id)
            entry.connection.execute(
                insert(reading).values(session_id=session_id, owner=principal.account_id, sealed_owner=sealed)
            )

    def _are_over(self) -> bool:
        """Return whether every planned session was signed."""
        planned = select(func.count(record.c.record_id.distinct())).where(record.c.kind == _SESSION)
        signed = select(func.count()).where(reading.c.sealed_project.is_not(None))
        with self._database.read() as connection:
            return connection.execute(planned).scalar_one() == connection.execute(signed).scalar_one()

    @staticmethod
    def _row(connection: Connection, session_id: str) -> tuple[str, bytes, bytes | None] | None:
        row = connection.execute(
            select(reading.c.owner, reading.c.sealed_owner, reading.c.sealed_project).where(
                reading.c.session_id == session_id
            )
        ).first()
        return None if row is None else (row.owner, row.sealed_owner, row.sealed_project)


def _place(session_id: str, number: int) -> str:
    return f"{session_id} step {number}"
