"""The tables as the program uses them; how they came about stands in the migrations."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, MetaData, String, Table, UniqueConstraint

metadata = MetaData()

meta = Table(
    "meta",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", String, nullable=False),
)

account = Table(
    "account",
    metadata,
    Column("account_id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("name_key", String, nullable=False, unique=True),
    Column("role", String, nullable=False),
    Column("reader", String),
    Column("password_hash", String, nullable=False),
    Column("salt", LargeBinary, nullable=False),
    Column("memory_kib", Integer, nullable=False),
    Column("time", Integer, nullable=False),
    Column("lanes", Integer, nullable=False),
    Column("wrapped_secret", LargeBinary, nullable=False),
    Column("escrowed_secret", LargeBinary, nullable=False),
    Column("seal_key", LargeBinary, nullable=False),
    Column("sign_key", LargeBinary, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("locked_until", String),
    Column("is_disabled", Integer, nullable=False),
)

reading = Table(
    "reading",
    metadata,
    Column("session_id", String, primary_key=True),
    Column("owner", String, ForeignKey("account.account_id"), nullable=False),
    Column("sealed_owner", LargeBinary, nullable=False),
    Column("sealed_project", LargeBinary),
)

journal = Table(
    "journal",
    metadata,
    Column("session_id", String, ForeignKey("reading.session_id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("step", LargeBinary, nullable=False),
)

record = Table(
    "record",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("kind", String, nullable=False),
    Column("record_id", String, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("author", String, nullable=False),
    Column("utc", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("session_id", String, ForeignKey("reading.session_id")),
    Column("payload", LargeBinary, nullable=False),
    Column("blobs", String, nullable=False),
    UniqueConstraint("kind", "record_id", "revision"),
    Index("record_by_session", "session_id"),
    sqlite_autoincrement=True,
)

audit = Table(
    "audit",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("utc", String, nullable=False),
    Column("author", String, nullable=False),
    Column("action", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("details", String, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    sqlite_autoincrement=True,
)
