from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from escc_desktop.errors import EsccError
from escc_desktop.reading.session import Reader
from escc_desktop.store.accounts import Role
from escc_desktop.store.audit import AuditHead
from escc_desktop.store.lock import Passphrase
from escc_desktop.store.records import Document, document_kind

NOTE = document_kind("note")
PASSWORD = "a password for tests"
ROWS = 12


@pytest.fixture(scope="module")
def audited(small_study, tmp_path_factory):
    """A project whose triggers were taken away, as an attacker with the key would, and its rows."""
    clock = small_study.Clock()
    store, admin = small_study.empty_project(tmp_path_factory.mktemp("audit") / "project", clock)
    while len(store.ledger.rows()) < ROWS:
        store.put(admin, NOTE, Document("x", {"rows": len(store.ledger.rows())}), reason="because")
    with store._database.write() as connection:
        for table in ("record", "audit"):
            names = connection.execute(
                text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table"), {"table": table}
            )
            for name in names.scalars().all():
                connection.execute(text(f"DROP TRIGGER {name}"))
    yield store
    store.close()


def _tamper(store, statement, **values):
    """Run a statement, verify, and put everything back; return what verification said."""
    with store._database.write() as connection:
        saved = {
            table: connection.execute(text(f"SELECT * FROM {table}")).mappings().all() for table in ("audit", "record")
        }
        changed = connection.execute(text(statement), values).rowcount
    try:
        store.ledger.verify()
        said = None
    except EsccError as error:
        said = error.what
    with store._database.write() as connection:
        for table, rows in saved.items():
            connection.execute(text(f"DELETE FROM {table}"))
            names = ", ".join(f":{name}" for name in rows[0])
            connection.execute(text(f"INSERT INTO {table} VALUES ({names})"), [dict(row) for row in rows])
    assert changed
    store.ledger.verify()
    return said


@settings(max_examples=40)
@given(
    st.integers(1, ROWS),
    st.sampled_from(["utc", "author", "action", "reason", "details", "hash", "seq"]),
    st.text(min_size=1, max_size=5, alphabet="abc{}1"),
)
def test_that_every_altered_audit_row_is_found_by_number(audited, seq, column, value):
    change = "seq + 100" if column == "seq" else ":value"
    values = {} if column == "seq" else {"value": value.encode() if column == "hash" else value}
    said = _tamper(audited, f"UPDATE audit SET {column} = {change} WHERE seq = :seq", seq=seq, **values)
    assert f"row {seq}:" in said


@pytest.mark.parametrize("seq", range(1, ROWS))
def test_that_a_removed_row_is_found(audited, seq):
    assert f"row {seq}:" in _tamper(audited, "DELETE FROM audit WHERE seq = :seq", seq=seq)


def test_that_a_row_put_in_is_found(audited):
    statement = "INSERT INTO audit SELECT seq + 1, utc, author, action, reason, '{}', hash FROM audit WHERE seq = :seq"
    assert f"row {ROWS + 1}:" in _tamper(audited, statement, seq=ROWS)


def test_that_swapped_rows_are_found(audited):
    swapped = "SELECT action, details, hash FROM audit AS other WHERE other.seq = 9 - audit.seq"
    statement = f"UPDATE audit SET (action, details, hash) = ({swapped}) WHERE seq IN (4, 5)"
    assert "row 4:" in _tamper(audited, statement)


def test_that_a_cut_tail_is_found_by_the_records_or_by_a_head_noted_outside(audited):
    assert "not in the audit trail" in _tamper(audited, "DELETE FROM audit WHERE seq > 10")
    head = audited.ledger.head()
    assert audited.ledger.verify(expected=head) == head
    with pytest.raises(EsccError, match="ends at row"):
        audited.ledger.verify(expected=AuditHead(ROWS + 5, "00"))
    with pytest.raises(EsccError, match="row 5"):
        audited.ledger.verify(expected=AuditHead(5, "00" * 32))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE record SET payload = x'7b7d' WHERE revision = 2",
        "DELETE FROM record WHERE revision = 3",
        "UPDATE record SET record_id = 'y'",
        "INSERT INTO record SELECT 99, kind, 'new', 1, '', '', '', NULL, payload, '[]' FROM record WHERE revision = 1",
    ],
)
def test_that_altered_records_are_found(audited, statement):
    assert "Record note" in _tamper(audited, statement)


def test_that_every_write_adds_exactly_one_row_and_says_who_what_and_why(small_study, tmp_path):
    clock = small_study.Clock()
    store, admin = small_study.empty_project(tmp_path / "project", clock)
    accounts = store.accounts
    reader = accounts.create(admin, "A", PASSWORD, Role.READER, Reader.A)
    principal = accounts.log_in("A", PASSWORD)
    writes = {
        "create account": lambda: accounts.create(admin, "B", PASSWORD, Role.READER, Reader.B),
        "log in": lambda: accounts.log_in("A", PASSWORD),
        "unlock account": lambda: accounts.unlock(admin, reader.account_id, "asked"),
        "put note": lambda: store.put(admin, NOTE, Document("x", {}), "because"),
        "open reading": lambda: store.readings.start(principal, "P1/L1/A/first"),
        "journal": lambda: store.readings.append(
            principal.account_id, "P1/L1/A/first", store.readings.key(principal, "P1/L1/A/first"), 1, [b"1", b"2"]
        ),
        "add lock": lambda: store.add_lock(admin, Passphrase("another passphrase", small_study.CHEAP)),
        "disable account": lambda: accounts.disable(admin, reader.account_id, "left"),
    }
    for action, write in writes.items():
        before = store.ledger.rows()
        clock.forward(timedelta(minutes=1))
        write()
        after = store.ledger.rows()
        assert len(after) == len(before) + 1
        assert after[-1].action == action
        assert after[-1].utc == clock.now.isoformat()
    store.ledger.verify()
    store.close()


def test_that_a_clock_set_back_is_noted_and_the_order_stays(small_study, tmp_path):
    clock = small_study.Clock()
    store, admin = small_study.empty_project(tmp_path / "project", clock)
    store.put(admin, NOTE, Document("x", {}))
    clock.forward(timedelta(days=-1))
    store.put(admin, NOTE, Document("x", {}))
    rows = store.ledger.rows()
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
    assert rows[-1].details["clock_went_back_s"] == 86400
    store.ledger.verify()
    store.close()
