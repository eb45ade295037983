"""The first schema: records in revisions, accounts, readings with their journal, the audit trail."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_OF_SIGNED_READING = "NEW.kind IN ('session', 'roi') AND reading.session_id = NEW.record_id AND sealed_project NOTNULL"

_TRIGGERS = (
    ("record_is_final", "UPDATE ON record", "", "records are revised, never overwritten"),
    ("record_stays", "DELETE ON record", "", "records are revised, never deleted"),
    ("audit_is_final", "UPDATE ON audit", "", "the audit trail is append-only"),
    ("audit_stays", "DELETE ON audit", "", "the audit trail is append-only"),
    ("journal_is_final", "UPDATE ON journal", "", "the journal is append-only"),
    ("journal_stays", "DELETE ON journal", "", "the journal is append-only"),
    ("reading_stays", "DELETE ON reading", "", "a reading cannot be deleted"),
    (
        "signed_reading_is_final",
        "UPDATE ON reading",
        "WHEN OLD.sealed_project IS NOT NULL OR OLD.session_id IS NOT NEW.session_id OR OLD.owner IS NOT NEW.owner",
        "a signed reading is final",
    ),
    (
        "signed_journal_is_final",
        "INSERT ON journal",
        "WHEN (SELECT sealed_project FROM reading WHERE session_id = NEW.session_id) IS NOT NULL",
        "a signed reading is final",
    ),
    (
        "signed_record_is_final",
        "INSERT ON record",
        f"WHEN EXISTS (SELECT 1 FROM reading WHERE {_OF_SIGNED_READING})",
        "a signed reading is final",
    ),
)


def upgrade() -> None:
    """Create all tables and the triggers that keep what is written."""
    op.create_table(
        "meta",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("value", sa.String, nullable=False),
    )
    _create_accounts()
    _create_records()
    for name, event, condition, message in _TRIGGERS:
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {event} FOR EACH ROW {condition} BEGIN SELECT RAISE(ABORT, '{message}'); END"
        )


def _create_accounts() -> None:
    op.create_table(
        "account",
        sa.Column("account_id", sa.String, primary_key=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("name_key", sa.String, nullable=False, unique=True),
        sa.Column("role", sa.String, nullable=False),
        sa.Column("reader", sa.String),
        sa.Column("password_hash", sa.String, nullable=False),
        sa.Column("salt", sa.LargeBinary, nullable=False),
        sa.Column("memory_kib", sa.Integer, nullable=False),
        sa.Column("time", sa.Integer, nullable=False),
        sa.Column("lanes", sa.Integer, nullable=False),
        sa.Column("wrapped_secret", sa.LargeBinary, nullable=False),
        sa.Column("escrowed_secret", sa.LargeBinary, nullable=False),
        sa.Column("seal_key", sa.LargeBinary, nullable=False),
        sa.Column("sign_key", sa.LargeBinary, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("locked_until", sa.String),
        sa.Column("is_disabled", sa.Integer, nullable=False),
    )
    op.create_table(
        "reading",
        sa.Column("session_id", sa.String, primary_key=True),
        sa.Column("owner", sa.String, sa.ForeignKey("account.account_id"), nullable=False),
        sa.Column("sealed_owner", sa.LargeBinary, nullable=False),
        sa.Column("sealed_project", sa.LargeBinary),
    )
    op.create_table(
        "journal",
        sa.Column("session_id", sa.String, sa.ForeignKey("reading.session_id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("step", sa.LargeBinary, nullable=False),
    )


def _create_records() -> None:
    op.create_table(
        "record",
        sa.Column("seq", sa.Integer, primary_key=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("record_id", sa.String, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("author", sa.String, nullable=False),
        sa.Column("utc", sa.String, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("session_id", sa.String, sa.ForeignKey("reading.session_id")),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("blobs", sa.String, nullable=False),
        sa.UniqueConstraint("kind", "record_id", "revision"),
        sqlite_autoincrement=True,
    )
    op.create_index("record_by_session", "record", ["session_id"])
    op.create_table(
        "audit",
        sa.Column("seq", sa.Integer, primary_key=True),
        sa.Column("utc", sa.String, nullable=False),
        sa.Column("author", sa.String, nullable=False),
        sa.Column("action", sa.String, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("details", sa.String, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sqlite_autoincrement=True,
    )
