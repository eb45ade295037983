"""Records: domain objects in revisions, never overwritten."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from sqlalchemy import Connection, Select, func, insert, select

from escc_desktop.errors import EsccError
from escc_desktop.files import canonical_json, digest, parse_json
from escc_desktop.store.audit import Entry
from escc_desktop.store.tables import record

T = TypeVar("T")
Json = dict[str, Any]


class BlobPort(Protocol):
    """Where a codec puts and finds what is too large for a row."""

    def put(self, content: bytes) -> str:
        """Store bytes and return their address."""
        ...

    def get(self, address: str) -> bytes:
        """Return the bytes of an address."""
        ...


@dataclass(frozen=True)
class Kind(Generic[T]):
    """How one type of domain object is stored; a module that wants to store a type of its own makes one.

    Attributes
    ----------
    name
        The word in the database; never changed after a release.
    identify
        The id of an object; objects with one id are revisions of one record.
    encode, decode
        To a JSON document and back; large bytes go to the blobs and leave their address in the document.
    session_of
        For what belongs to one reading: the id of its session. Document and blobs are then encrypted with that
        reading's key.
    """

    name: str
    identify: Callable[[T], str]
    encode: Callable[[T, BlobPort], Json]
    decode: Callable[[Json, BlobPort], T]
    session_of: Callable[[T], str] | None = None

    @property
    def is_sealed(self) -> bool:
        """Whether objects of this kind are encrypted with a reading's key."""
        return self.session_of is not None


@dataclass(frozen=True)
class Document:
    """A JSON document under an id, for types that are documents already."""

    document_id: str
    content: Mapping[str, Any]


def document_kind(name: str) -> Kind[Document]:
    """Return a kind for plain JSON documents."""
    return Kind(
        name=name,
        identify=lambda document: document.document_id,
        encode=lambda document, _blobs: {"id": document.document_id, "content": dict(document.content)},
        decode=lambda content, _blobs: Document(content["id"], content["content"]),
    )


@dataclass(frozen=True)
class Revision(Generic[T]):
    """One version of a record: what, by whom, when and why."""

    thing: T
    record_id: str
    revision: int
    seq: int
    author: str
    utc: datetime
    reason: str


@dataclass(frozen=True)
class NewRecord:
    """An encoded object, ready to become a row."""

    kind: str
    record_id: str
    payload: bytes
    blobs: tuple[str, ...]
    session_id: str | None
    after: int | None = None


class TrackingPort:
    """Passes blobs on and remembers which were put."""

    def __init__(self, port: BlobPort) -> None:
        self._port = port
        self.put_addresses: list[str] = []

    def put(self, content: bytes) -> str:
        """Store bytes and remember their address."""
        address = self._port.put(content)
        self.put_addresses.append(address)
        return address

    def get(self, address: str) -> bytes:
        """Return the bytes of an address."""
        return self._port.get(address)


def encode_payload(document: Json) -> bytes:
    """Return the bytes of a row's document."""
    return canonical_json(document)


def decode_payload(payload: bytes, kind: str, record_id: str) -> Json:
    """Read the bytes of a row's document."""
    document = parse_json(payload, f"record {kind} {record_id}")
    if not isinstance(document, dict):
        raise EsccError(f"Record {kind} {record_id} is damaged.", "Restore the project from a backup.")
    return document


def insert_records(entry: Entry, author: str, reason: str, records: list[NewRecord]) -> None:
    """Add a revision for each record and note it in the audit row."""
    noted = entry.details.setdefault("records", {})
    for new in records:
        latest = latest_revision(entry.connection, new.kind, new.record_id)
        if new.after is not None:
            _refuse_other(new.kind, new.record_id, new.after, latest)
        entry.connection.execute(
            insert(record).values(
                kind=new.kind,
                record_id=new.record_id,
                revision=latest + 1,
                author=author,
                utc=entry.at.isoformat(),
                reason=reason,
                session_id=new.session_id,
                payload=new.payload,
                blobs=json.dumps(new.blobs),
            )
        )
        noted[f"{new.kind} {new.record_id} {latest + 1}"] = digest(new.payload)


def refuse_changed(connection: Connection, kind: str, record_id: str, revision: int) -> None:
    """Raise EsccError unless a record's last revision still has this number."""
    _refuse_other(kind, record_id, revision, latest_revision(connection, kind, record_id))


def _refuse_other(kind: str, record_id: str, expected: int, latest: int) -> None:
    if expected != latest:
        raise EsccError(
            f"Record {kind} {record_id} was changed meanwhile (revision {latest}, not {expected}).",
            "Look at the newer version and decide again.",
        )


def latest_rows(kind: str, record_id: str | None = None) -> Select[Any]:
    """Select the last revision of every record of a kind, or of one record; by id."""
    newest = select(func.max(record.c.seq)).where(record.c.kind == kind).group_by(record.c.record_id)
    if record_id is not None:
        newest = newest.where(record.c.record_id == record_id)
    return select(record).where(record.c.seq.in_(newest)).order_by(record.c.record_id)


def all_rows(kind: str, record_id: str) -> Select[Any]:
    """Select all revisions of one record, oldest first."""
    return select(record).where(record.c.kind == kind, record.c.record_id == record_id).order_by(record.c.revision)


def blob_addresses(connection: Connection) -> tuple[tuple[str | None, str], ...]:
    """Return (session id or None, address) of every blob any record names."""
    rows = connection.execute(select(record.c.session_id, record.c.blobs).where(record.c.blobs != "[]"))
    return tuple(sorted({(row.session_id, address) for row in rows for address in json.loads(row.blobs)}, key=str))


def latest_revision(connection: Connection, kind: str, record_id: str) -> int:
    """Return the number of a record's last revision; 0 without one."""
    statement = select(func.max(record.c.revision)).where(record.c.kind == kind, record.c.record_id == record_id)
    return connection.execute(statement).scalar() or 0
