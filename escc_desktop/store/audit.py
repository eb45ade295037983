"""The audit trail: one row a write transaction, in that transaction, each chained to the one before."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, func, insert, select

from escc_desktop.errors import EsccError
from escc_desktop.files import canonical_json, digest, parse_json
from escc_desktop.store.database import Database
from escc_desktop.store.tables import audit, record

Clock = Callable[[], datetime]
_START = bytes(32)
_HASH = re.compile("[0-9a-f]{64}")
_CLOCK_SLACK = timedelta(seconds=2)


def utc_now() -> datetime:
    """Return the time of this machine in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class AuditHead:
    """The end of the chain; printed on reports and kept elsewhere, it shows a cut tail."""

    seq: int
    hash: str

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash}"

    @classmethod
    def parse(cls, text: str) -> AuditHead:
        """Return the head written as "row:hash"; anything else is an EsccError."""
        seq, _, noted = text.strip().partition(":")
        if not (seq.isascii() and seq.isdigit() and _HASH.fullmatch(noted)):
            raise EsccError("This is no end of an audit trail.", "It is written as row:hash, as `audit` prints it.")
        return cls(int(seq), noted)


@dataclass(frozen=True)
class AuditRow:
    """One write transaction: who did what when and why; `details` names records and their digests."""

    seq: int
    utc: str
    author: str
    action: str
    reason: str
    details: dict[str, Any]


@dataclass
class Entry:
    """A write transaction on its way; what it notes goes into its audit row."""

    connection: Connection
    at: datetime
    details: dict[str, Any]


class Ledger:
    """The one way to write to the database.

    Parameters
    ----------
    key
        Key of the hash chain.
    clock
        Tells the time of every row.
    """

    def __init__(self, database: Database, key: bytes, clock: Clock = utc_now) -> None:
        self._database = database
        self._key = key
        self.clock = clock

    @contextmanager
    def write(self, author: str, action: str, reason: str = "") -> Iterator[Entry]:
        """Run one write transaction and add its audit row; an error inside undoes both."""
        with self._database.write() as connection:
            entry = Entry(connection, self.clock().astimezone(UTC), {})
            yield entry
            self._append(entry, author, action, reason)

    def rows(self) -> tuple[AuditRow, ...]:
        """Return the trail, oldest first."""
        with self._database.read() as connection:
            found = connection.execute(select(audit).order_by(audit.c.seq)).mappings().all()
        return tuple(
            AuditRow(
                row["seq"],
                row["utc"],
                row["author"],
                row["action"],
                row["reason"],
                _details(row["details"], row["seq"]),
            )
            for row in found
        )

    def head(self) -> AuditHead:
        """Return the end of the chain."""
        with self._database.read() as connection:
            last = connection.execute(select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1)).first()
        return AuditHead(last.seq, last.hash.hex()) if last else AuditHead(0, _START.hex())

    def verify(self, expected: AuditHead | None = None) -> AuditHead:
        """Recompute the chain and compare it with the records.

        Parameters
        ----------
        expected
            A head noted earlier outside the project; the chain must still pass through it.

        Returns
        -------
        The end of the chain.

        Raises
        ------
        EsccError
            Names the first broken row, or the first record that is not what the trail says.
        """
        with self._database.read() as connection:
            rows = connection.execute(select(audit).order_by(audit.c.seq)).mappings().all()
            written = {
                f"{row.kind} {row.record_id} {row.revision}": digest(row.payload)
                for row in connection.execute(
                    select(record.c.kind, record.c.record_id, record.c.revision, record.c.payload)
                )
            }
        head, previous = AuditHead(0, _START.hex()), _START
        for number, row in enumerate(rows, start=1):
            if row["seq"] != number or not hmac.compare_digest(row["hash"], self._hash(previous, dict(row))):
                raise _broken(number)
            previous = row["hash"]
            _take_out(written, _details(row["details"], number).get("records", {}), number)
            head = AuditHead(number, previous.hex())
            if expected is not None and expected.seq == number and expected != head:
                raise _broken(number)
        if written:
            raise EsccError(f"Record {min(written)} is not in the audit trail.", "Restore the project from a backup.")
        if expected is not None and expected.seq > head.seq:
            raise EsccError(
                f"The audit trail ends at row {head.seq}, but row {expected.seq} was noted.",
                "Its end was cut off; restore the project from a backup.",
            )
        return head

    def _append(self, entry: Entry, author: str, action: str, reason: str) -> None:
        last = (
            entry.connection.execute(
                select(audit.c.seq, audit.c.utc, audit.c.hash).order_by(audit.c.seq.desc()).limit(1)
            )
            .mappings()
            .first()
        )
        if last is not None and (back := datetime.fromisoformat(last["utc"]) - entry.at) > _CLOCK_SLACK:
            entry.details["clock_went_back_s"] = round(back.total_seconds(), 3)
        row: dict[str, Any] = {
            "seq": last["seq"] + 1 if last else 1,
            "utc": entry.at.isoformat(),
            "author": author,
            "action": action,
            "reason": reason,
            "details": canonical_json(entry.details).decode(),
        }
        row["hash"] = self._hash(last["hash"] if last else _START, row)
        entry.connection.execute(insert(audit).values(row))

    def _hash(self, previous: bytes, row: dict[str, Any] | RowMapping) -> bytes:
        content = canonical_json({name: row[name] for name in ("seq", "utc", "author", "action", "reason", "details")})
        return hmac.new(self._key, previous + content, hashlib.sha256).digest()


def audit_rows(connection: Connection) -> int:
    """Return how many rows the trail has."""
    return int(connection.execute(select(func.count()).select_from(audit)).scalar_one())


def _take_out(written: dict[str, str], noted: dict[str, str], number: int) -> None:
    for name, payload_digest in noted.items():
        if written.pop(name, None) != payload_digest:
            raise EsccError(
                f"Record {name} is not what row {number} of the audit trail says.",
                "It was altered; restore the project from a backup.",
            )


def _details(text: str, number: int) -> dict[str, Any]:
    details = parse_json(text.encode(), f"audit row {number}")
    if not isinstance(details, dict):
        raise _broken(number)
    return details


def _broken(number: int) -> EsccError:
    return EsccError(
        f"The audit trail is broken at row {number}: it was altered, removed or put in.",
        "Restore the project from a backup.",
    )
