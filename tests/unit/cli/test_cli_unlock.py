"""Where commands take secrets from, in which order, and that they never show them."""

from __future__ import annotations

import io
from pathlib import Path

import keyring
import keyring.backend
import pytest

from escc_desktop.cli.unlock import Keys, secret
from escc_desktop.errors import EsccError, UsageError
from escc_desktop.store.cost import PasswordCost
from escc_desktop.store.lock import OsKeyring, Passphrase
from escc_desktop.store.store import Login
from escc_desktop.workflow.project import Project

CHEAP = PasswordCost(memory_kib=8, time=1, lanes=1)
LOGIN = Login("admin", "a password for tests")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class MemoryKeyring(keyring.backend.KeyringBackend):
    priority = 1.0  # type: ignore[assignment]

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))


@pytest.fixture(autouse=True)
def _no_secrets_around(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ESCC_PASSPHRASE", "ESCC_PASSWORD", "ESCC_NEW_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.stdin", io.StringIO())


def written(folder: Path, text: str) -> Path:
    path = folder / "secret.txt"
    path.write_text(text, encoding="utf-8")
    return path


def test_that_a_file_comes_before_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ESCC_PASSWORD", "from the environment")
    assert secret("password", None) == "from the environment"
    assert secret("password", written(tmp_path, " 密码 of the file \r\n")) == " 密码 of the file "


@pytest.mark.parametrize("text", ["", "\n", "two\nlines\n", "x" * 5000])
def test_that_a_file_holds_one_line(text: str, tmp_path: Path) -> None:
    with pytest.raises(EsccError, match="one line") as refusal:
        secret("passphrase", written(tmp_path, text))
    assert "xxx" not in str(refusal.value)


def test_that_without_a_terminal_nobody_is_asked() -> None:
    with pytest.raises(UsageError, match=r"--new-password-file, set ESCC_NEW_PASSWORD"):
        secret("new password", None)


def test_that_a_terminal_is_asked_without_echo_and_twice_for_a_new_secret(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[str] = []

    def answer(prompt: str = "", **_: object) -> str:
        asked.append(prompt)
        return "typed in the dark"

    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr("getpass.getpass", answer)
    assert secret("password", None) == "typed in the dark"
    assert len(asked) == 1
    assert secret("new password", None, is_new=True) == "typed in the dark"
    assert len(asked) == 3
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "dark" not in shown.err


def test_that_the_keyring_opens_a_project_that_has_this_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = keyring.get_keyring()
    keyring.set_keyring(MemoryKeyring())
    try:
        Project.create(tmp_path / "kept", OsKeyring(), LOGIN, cost=CHEAP).project.close()
        monkeypatch.setenv("ESCC_PASSWORD", LOGIN.password)
        with Keys("admin", None, None).open(tmp_path / "kept") as project:
            assert project.principal.name == "admin"
        monkeypatch.setenv("ESCC_PASSPHRASE", "a passphrase for tests")
        with pytest.raises(EsccError, match="cannot be opened by passphrase"):
            Keys("admin", None, None).open(tmp_path / "kept")
    finally:
        keyring.set_keyring(before)


def test_that_keys_do_not_show_their_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ESCC_PASSPHRASE", "a passphrase for tests")
    monkeypatch.setenv("ESCC_PASSWORD", LOGIN.password)
    keys = Keys("admin", None, None)
    lock, login = keys.lock(tmp_path), keys.login()
    assert isinstance(lock, Passphrase)
    assert lock.text == "a passphrase for tests"
    assert "passphrase for tests" not in repr(lock)
    assert LOGIN.password not in repr(login)
