from __future__ import annotations

import json
import unicodedata

import keyring
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as FailKeyring

from escc_desktop.errors import EsccError
from escc_desktop.store.cost import PasswordCost
from escc_desktop.store.crypto import WrongKeyError, decrypt, encrypt, seal, unseal
from escc_desktop.store.lock import OsKeyring, Passphrase, RecoveryKey, has_safe_keyring
from escc_desktop.store.store import Login, Store


class MemoryKeyring(KeyringBackend):
    priority = 5

    def __init__(self):
        super().__init__()
        self.kept = {}

    def get_password(self, service, username):
        return self.kept.get((service, username))

    def set_password(self, service, username, password):
        self.kept[service, username] = password

    def delete_password(self, service, username):
        del self.kept[service, username]


@pytest.fixture
def use_keyring():
    before = keyring.get_keyring()
    yield keyring.set_keyring
    keyring.set_keyring(before)


@pytest.fixture
def create(small_study, tmp_path):
    def make(lock):
        login = Login("admin", small_study.PASSWORD)
        new = Store.create(tmp_path / "project", lock, login, cost=small_study.CHEAP)
        new.store.close()
        return new

    return make


def test_that_the_passphrase_and_the_recovery_key_open_and_nothing_else_does(create, small_study, tmp_path):
    new = create(small_study.PASSPHRASE)
    folder = tmp_path / "project"
    for lock in (small_study.PASSPHRASE, RecoveryKey(new.recovery_key), RecoveryKey(new.recovery_key.lower())):
        with Store.open(folder, lock) as store:
            assert [account.name for account in store.accounts.all()] == ["admin"]
    for lock in (Passphrase("another passphrase"), RecoveryKey.generate()):
        with pytest.raises(WrongKeyError, match="does not open"):
            Store.open(folder, lock)
    with pytest.raises(EsccError, match="no recovery key"):
        Store.open(folder, RecoveryKey("ABCD-1234"))


def test_that_the_recovery_key_is_kept_nowhere(create, small_study, tmp_path):
    new = create(small_study.PASSPHRASE)
    for path in (tmp_path / "project").rglob("*"):
        if path.is_file():
            assert new.recovery_key.encode() not in path.read_bytes()
            assert small_study.PASSPHRASE.text.encode() not in path.read_bytes()


def test_that_a_passphrase_may_be_typed_in_any_unicode_form(create, small_study, tmp_path):
    text = "Schlüssel für alle é"
    create(Passphrase(unicodedata.normalize("NFC", text), small_study.CHEAP))
    Store.open(tmp_path / "project", Passphrase(unicodedata.normalize("NFD", text))).close()


def test_that_a_changed_passphrase_replaces_the_old_one(create, small_study, tmp_path):
    new = create(small_study.PASSPHRASE)
    fresh = Passphrase("a new passphrase", small_study.CHEAP)
    with Store.open(tmp_path / "project", small_study.PASSPHRASE) as store:
        store.add_lock(new.administrator, fresh)
    Store.open(tmp_path / "project", fresh).close()
    Store.open(tmp_path / "project", RecoveryKey(new.recovery_key)).close()
    with pytest.raises(WrongKeyError):
        Store.open(tmp_path / "project", small_study.PASSPHRASE)


def test_that_the_keyring_opens_on_this_machine_only(create, tmp_path, use_keyring):
    use_keyring(MemoryKeyring())
    new = create(OsKeyring())
    Store.open(tmp_path / "project", OsKeyring()).close()
    use_keyring(MemoryKeyring())
    with pytest.raises(EsccError, match="holds no key"):
        Store.open(tmp_path / "project", OsKeyring())
    Store.open(tmp_path / "project", RecoveryKey(new.recovery_key)).close()


def test_that_a_machine_without_keyring_is_told_to_use_a_passphrase(create, tmp_path, use_keyring):
    use_keyring(FailKeyring())
    assert not has_safe_keyring()
    with pytest.raises(EsccError, match="no usable keyring") as caught:
        create(OsKeyring())
    assert "passphrase" in caught.value.hint
    assert not (tmp_path / "project").exists()


def test_that_a_keyring_in_clear_text_is_not_used(use_keyring):
    plain = type("PlaintextKeyring", (MemoryKeyring,), {"__module__": "keyrings.alt.file"})()
    use_keyring(plain)
    assert not has_safe_keyring()


def test_that_a_lock_the_project_does_not_have_is_said_so(create, small_study, tmp_path, use_keyring):
    use_keyring(MemoryKeyring())
    create(small_study.PASSPHRASE)
    with pytest.raises(EsccError, match="cannot be opened by keyring") as caught:
        Store.open(tmp_path / "project", OsKeyring())
    assert "passphrase, recovery" in caught.value.hint


def test_that_a_short_passphrase_is_refused(create):
    with pytest.raises(EsccError, match="characters"):
        create(Passphrase("short"))


@pytest.mark.parametrize(
    "change",
    [
        lambda file: file.update(version=2),
        lambda file: file.update(format="other"),
        lambda file: file.update(locks="none"),
        lambda file: file["locks"][0].update(wrapped="zz"),
        lambda file: file["locks"][0].update(wrapped=""),
        lambda file: file["locks"][0]["facts"].update(memory_kib=2**30),
        lambda file: file["locks"][0]["facts"].update(salt="not hex"),
        lambda file: file["locks"][0]["facts"].pop("time"),
        lambda file: file.update(project_id="0" * 32),
        lambda file: file.update(extra=1),
    ],
)
def test_that_an_altered_key_file_is_refused_in_a_sentence(create, small_study, tmp_path, change):
    create(small_study.PASSPHRASE)
    path = tmp_path / "project" / "project.key"
    file = json.loads(path.read_text())
    change(file)
    path.write_text(json.dumps(file))
    with pytest.raises(EsccError):
        Store.open(tmp_path / "project", small_study.PASSPHRASE)


def test_that_database_and_key_of_two_projects_do_not_mix(small_study, tmp_path):
    for name in ("one", "two"):
        small_study.empty_project(tmp_path / name, small_study.Clock())[0].close()
    (tmp_path / "one" / "project.key").write_bytes((tmp_path / "two" / "project.key").read_bytes())
    with pytest.raises(EsccError, match="another key"):
        Store.open(tmp_path / "one", small_study.PASSPHRASE)


@pytest.mark.parametrize("values", [(7, 1, 1), (2**21, 1, 1), (8, 0, 1), (8, 17, 1), (8, 1, 2), (8, 1, 0)])
def test_that_costs_out_of_bounds_are_refused(values):
    with pytest.raises(EsccError):
        PasswordCost(*values)


@given(st.binary(max_size=100), st.text(max_size=20))
def test_that_encryption_is_bound_to_key_and_context(plain, context):
    key, other = bytes(32), bytes([1]) * 32
    data = encrypt(key, plain, context)
    assert decrypt(key, data, context) == plain
    for wrong_key, wrong_data, wrong_context in (
        (other, data, context),
        (key, data, context + "x"),
        (key, data[:-1], context),
        (key, b"", context),
    ):
        with pytest.raises(WrongKeyError):
            decrypt(wrong_key, wrong_data, wrong_context)


def test_that_a_sealed_key_opens_for_its_owner_only():
    owner, other = X25519PrivateKey.generate(), X25519PrivateKey.generate()
    data = seal(owner.public_key().public_bytes_raw(), b"key", "reading 1")
    assert unseal(owner, data, "reading 1") == b"key"
    for private_key, sealed, context in (
        (other, data, "reading 1"),
        (owner, data, "reading 2"),
        (owner, bytes(32) + data[32:], "reading 1"),
        (owner, data[:40], "reading 1"),
        (owner, b"", "reading 1"),
    ):
        with pytest.raises(WrongKeyError):
            unseal(private_key, sealed, context)
