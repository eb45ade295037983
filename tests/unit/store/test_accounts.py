from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from escc_desktop.errors import AccessDeniedError, EsccError
from escc_desktop.reading.session import Reader
from escc_desktop.store.accounts import Role
from escc_desktop.store.cost import STRONG
from escc_desktop.store.lock import RecoveryKey
from escc_desktop.store.store import Login, Store


@pytest.fixture
def project(small_study, tmp_path):
    clock = small_study.Clock()
    store, admin = small_study.empty_project(tmp_path / "project", clock)
    yield store, admin, clock
    store.close()


PASSWORD = "a password for tests"


def _outcomes(store):
    return [row.details["outcome"] for row in store.ledger.rows() if "outcome" in row.details]


def test_that_the_default_cost_is_at_least_what_owasp_asks():
    assert STRONG.memory_kib >= 19 * 1024
    assert STRONG.time >= 2


def test_that_a_login_gives_the_accounts_role_and_reader(project):
    store, admin, _ = project
    store.accounts.create(admin, "Dr. Wang", PASSWORD, Role.READER, Reader.A)
    principal = store.accounts.log_in("  dr. wang ", PASSWORD)
    assert (principal.name, principal.role, principal.reader) == ("Dr. Wang", Role.READER, Reader.A)
    assert "secret" not in repr(principal)


@pytest.mark.parametrize(("name", "password"), [("admin", "wrong password"), ("nobody", PASSWORD), ("", "")])
def test_that_a_wrong_name_and_a_wrong_password_are_refused_alike(project, name, password):
    store, *_ = project
    with pytest.raises(AccessDeniedError, match="Name or password is wrong"):
        store.accounts.log_in(name, password)


def test_that_passwords_are_kept_as_argon2id_and_never_in_clear(project):
    store, *_ = project
    with store._database.read() as connection:
        rows = connection.execute(text("SELECT * FROM account")).mappings().all()
    assert all(row["password_hash"].startswith("$argon2id$") for row in rows)
    assert PASSWORD not in str(rows)


def test_that_five_failures_lock_the_account_and_the_delay_doubles_and_stays(project, small_study):
    store, _, clock = project
    for _ in range(5):
        with pytest.raises(AccessDeniedError, match="wrong"):
            store.accounts.log_in("admin", "wrong password")
    for _ in range(20):
        with pytest.raises(AccessDeniedError, match="locked"):
            store.accounts.log_in("admin", PASSWORD)
    assert _outcomes(store).count("wrong password") == 5
    assert _outcomes(store).count("locked") == 20
    store.close()
    with Store.open(store.folder, small_study.PASSPHRASE, clock=clock, cost=small_study.CHEAP) as again:
        clock.forward(timedelta(seconds=-3600))
        with pytest.raises(AccessDeniedError, match="locked"):
            again.accounts.log_in("admin", PASSWORD)
        clock.forward(timedelta(seconds=3600 + 31))
        with pytest.raises(AccessDeniedError, match="wrong"):
            again.accounts.log_in("admin", "wrong password")
        clock.forward(timedelta(seconds=31))
        with pytest.raises(AccessDeniedError, match="locked"):
            again.accounts.log_in("admin", PASSWORD)
        clock.forward(timedelta(seconds=31))
        again.accounts.log_in("admin", PASSWORD)
        with pytest.raises(AccessDeniedError, match="wrong"):
            again.accounts.log_in("admin", "wrong password")
        again.accounts.log_in("admin", PASSWORD)


def test_that_the_administrator_can_unlock_and_disable(project):
    store, admin, _ = project
    account = store.accounts.create(admin, "stat", PASSWORD, Role.STATISTICIAN)
    for _ in range(6):
        with pytest.raises(AccessDeniedError):
            store.accounts.log_in("stat", "wrong password")
    store.accounts.unlock(admin, account.account_id, "asked by phone")
    store.accounts.log_in("stat", PASSWORD)
    store.accounts.disable(admin, account.account_id, "left")
    with pytest.raises(AccessDeniedError, match="disabled"):
        store.accounts.log_in("stat", PASSWORD)
    with pytest.raises(EsccError, match="no such account"):
        store.accounts.unlock(admin, "unknown", "")


def test_that_a_changed_password_opens_the_same_keys(project):
    store, admin, _ = project
    store.accounts.create(admin, "A", PASSWORD, Role.READER, Reader.A)
    principal = store.accounts.log_in("A", PASSWORD)
    key = store.readings.start(principal, "P1/L1/A/first")
    store.accounts.change_password(principal, PASSWORD, "another password")
    with pytest.raises(AccessDeniedError):
        store.accounts.log_in("A", PASSWORD)
    assert store.readings.start(store.accounts.log_in("A", "another password"), "P1/L1/A/first") == key
    with pytest.raises(AccessDeniedError):
        store.accounts.change_password(principal, PASSWORD, "a third password")


def test_that_unfit_accounts_are_refused(project):
    store, admin, _ = project
    store.accounts.create(admin, "A", PASSWORD, Role.READER, Reader.A)
    for name, password, role, reader, words in (
        ("a ", PASSWORD, Role.ONCOLOGIST, None, "of this name"),
        ("A2", PASSWORD, Role.READER, Reader.A, "has an account already"),
        ("B", PASSWORD, Role.READER, None, "reader letter"),
        ("C", PASSWORD, Role.ONCOLOGIST, Reader.B, "reader letter"),
        ("D", "short", Role.ONCOLOGIST, None, "characters"),
        (" ", PASSWORD, Role.ONCOLOGIST, None, "no name"),
    ):
        with pytest.raises(EsccError, match=words):
            store.accounts.create(admin, name, password, role, reader)
    assert [account.name for account in store.accounts.all()] == ["A", "admin"]


def test_that_a_second_first_administrator_is_refused(project):
    store, *_ = project
    with pytest.raises(EsccError, match="accounts already"):
        store.accounts.create_first("intruder", PASSWORD, bytes(32))


def test_that_a_signature_holds_for_one_account_and_one_message(project):
    store, admin, _ = project
    other = store.accounts.create(admin, "other", PASSWORD, Role.ONCOLOGIST)
    signature = admin.sign(b"message")
    assert store.accounts.is_signature(admin.account_id, b"message", signature)
    assert not store.accounts.is_signature(admin.account_id, b"massage", signature)
    assert not store.accounts.is_signature(other.account_id, b"message", signature)
    assert not store.accounts.is_signature("unknown", b"message", signature)
    assert not store.accounts.is_signature(admin.account_id, b"message", b"")


def test_that_the_recovery_key_replaces_a_lost_password_and_keeps_the_keys(small_study, tmp_path):
    new = Store.create(tmp_path / "project", small_study.PASSPHRASE, Login("admin", PASSWORD), cost=small_study.CHEAP)
    with new.store as store:
        store.accounts.create(new.administrator, "A", PASSWORD, Role.READER, Reader.A)
        reader = store.accounts.log_in("A", PASSWORD)
        key = store.readings.start(reader, "P1/L1/A/first")
        signature = reader.sign(b"message")
        for _ in range(6):
            with pytest.raises(AccessDeniedError):
                store.accounts.log_in("A", "forgotten it")
        for wrong in (RecoveryKey.generate(), RecoveryKey("nonsense")):
            with pytest.raises(EsccError):
                store.reset_password(wrong, Login("A", "a fresh password"), "forgotten")
        recovery = RecoveryKey(new.recovery_key)
        store.reset_password(recovery, Login("A", "a fresh password"), "forgotten")
        again = store.accounts.log_in("A", "a fresh password")
        assert store.readings.start(again, "P1/L1/A/first") == key
        assert store.accounts.is_signature(again.account_id, b"message", signature)
        store.reset_password(recovery, Login("admin", "a fresh password"), "forgotten")
        assert store.accounts.log_in("admin", "a fresh password").role is Role.ADMINISTRATOR
        with pytest.raises(EsccError, match="no such account"):
            store.reset_password(recovery, Login("nobody", "a fresh password"), "forgotten")
        assert [row.reason for row in store.ledger.rows() if row.action == "reset password"] == ["forgotten"] * 2
