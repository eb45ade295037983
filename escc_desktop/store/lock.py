"""The project's data key and the locks it lies behind: OS keyring, passphrase, recovery key."""

from __future__ import annotations

import base64
import binascii
import secrets
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Protocol

import keyring
import keyring.backends.fail
import keyring.errors
from pydantic import BaseModel, ConfigDict, ValidationError

from escc_desktop.errors import EsccError
from escc_desktop.files import read_json, write_json
from escc_desktop.store.cost import STRONG, PasswordCost
from escc_desktop.store.crypto import KEY_BYTES, WrongKeyError, decrypt, derive, encrypt, stretch

KEY_FILE = "project.key"
MIN_PASSPHRASE = 8
_RECOVERY_BYTES = 20
_SERVICE = "escc-desktop"

Facts = Mapping[str, str | int]


class Lock(Protocol):
    """One way to open a project."""

    method: ClassVar[str]

    def close(self, project_id: str) -> tuple[bytes, Facts]:
        """Return a new wrapping key and the public facts needed to find it again."""
        ...

    def open(self, project_id: str, facts: Facts) -> bytes:
        """Return the wrapping key again."""
        ...


@dataclass(frozen=True)
class Passphrase:
    """A passphrase typed at every start."""

    method: ClassVar[str] = "passphrase"
    text: str = field(repr=False)
    cost: PasswordCost = STRONG

    def close(self, project_id: str) -> tuple[bytes, Facts]:
        """Stretch the passphrase with a new salt."""
        if len(self.text) < MIN_PASSPHRASE:
            raise EsccError(
                f"The passphrase has {len(self.text)} characters; at least {MIN_PASSPHRASE} are needed.",
                "Choose a longer one.",
            )
        salt = secrets.token_bytes(16)
        facts: Facts = {
            "salt": salt.hex(),
            "memory_kib": self.cost.memory_kib,
            "time": self.cost.time,
            "lanes": self.cost.lanes,
        }
        return self.open(project_id, facts), facts

    def open(self, project_id: str, facts: Facts) -> bytes:
        """Stretch the passphrase with the salt and cost it was closed with."""
        cost = PasswordCost(int(facts["memory_kib"]), int(facts["time"]), int(facts["lanes"]))
        typed = unicodedata.normalize("NFC", self.text)
        return derive(stretch(typed, bytes.fromhex(str(facts["salt"])), cost), f"passphrase {project_id}")


@dataclass(frozen=True)
class RecoveryKey:
    """The key shown once when the project is created, for the day all else is lost."""

    method: ClassVar[str] = "recovery"
    text: str = field(repr=False)

    @classmethod
    def generate(cls) -> RecoveryKey:
        """Return a new key: 160 random bits as eight groups of four letters and digits."""
        letters = base64.b32encode(secrets.token_bytes(_RECOVERY_BYTES)).decode()
        return cls("-".join(letters[start : start + 4] for start in range(0, len(letters), 4)))

    def close(self, project_id: str) -> tuple[bytes, Facts]:
        """Derive the wrapping key; nothing needs to be kept."""
        return self.open(project_id, {}), {}

    def open(self, project_id: str, facts: Facts) -> bytes:
        """Derive the wrapping key from the typed text; spaces, hyphens and case do not matter."""
        return derive(self._raw(), f"recovery {project_id}")

    def escrow_key(self, project_id: str) -> bytes:
        """Return the key of the escrow that lets a lost account password be replaced."""
        return derive(self._raw(), f"escrow {project_id}")

    def _raw(self) -> bytes:
        letters = "".join(character for character in self.text.upper() if character.isalnum())
        try:
            raw = base64.b32decode(letters)
        except binascii.Error:
            raw = b""
        if len(raw) != _RECOVERY_BYTES:
            raise EsccError("This is no recovery key.", "It has eight groups of four letters and digits.")
        return raw


@dataclass(frozen=True)
class OsKeyring:
    """The keyring of the operating system: DPAPI, Secret Service or Keychain."""

    method: ClassVar[str] = "keyring"

    def close(self, project_id: str) -> tuple[bytes, Facts]:
        """Put a new random wrapping key into the keyring."""
        _refuse_unsafe_keyring()
        key = secrets.token_bytes(KEY_BYTES)
        try:
            keyring.set_password(_SERVICE, project_id, key.hex())
        except keyring.errors.KeyringError as error:
            raise _no_keyring(str(error)) from error
        return key, {}

    def open(self, project_id: str, facts: Facts) -> bytes:
        """Take the wrapping key out of the keyring."""
        _refuse_unsafe_keyring()
        try:
            text = keyring.get_password(_SERVICE, project_id)
        except keyring.errors.KeyringError as error:
            raise _no_keyring(str(error)) from error
        if text is None:
            raise EsccError(
                "The keyring of this machine and user holds no key of this project.",
                "Open it with the passphrase or the recovery key.",
            )
        return bytes.fromhex(text)


def has_safe_keyring() -> bool:
    """Say whether this machine has a keyring a key may be kept in."""
    backend = keyring.get_keyring()
    is_plain = type(backend).__module__.startswith("keyrings.alt")
    return not is_plain and not isinstance(backend, keyring.backends.fail.Keyring) and backend.priority > 0


def _refuse_unsafe_keyring() -> None:
    if not has_safe_keyring():
        raise _no_keyring(type(keyring.get_keyring()).__module__)


def _no_keyring(detail: str) -> EsccError:
    return EsccError("This machine has no usable keyring.", "Use a passphrase.", detail)


class _WrappedKey(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    method: str
    facts: dict[str, str | int]
    wrapped: str


class _KeyFile(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    format: str
    version: int
    project_id: str
    locks: list[_WrappedKey]


def create_key(folder: Path, locks: Sequence[Lock]) -> tuple[str, bytes]:
    """Write `project.key` with a new random data key behind every lock; return project id and data key."""
    project_id, data_key = secrets.token_hex(16), secrets.token_bytes(KEY_BYTES)
    _write(folder, project_id, [_wrap(lock, project_id, data_key) for lock in locks])
    return project_id, data_key


def open_key(folder: Path, lock: Lock) -> tuple[str, bytes]:
    """Return project id and data key, or say why this lock does not open it."""
    file = _read(folder)
    wrapped = [entry for entry in file.locks if entry.method == lock.method]
    if not wrapped:
        known = ", ".join(entry.method for entry in file.locks)
        raise EsccError(f"The project cannot be opened by {lock.method}.", f"It can be opened by: {known}.")
    try:
        wrapping_key = lock.open(file.project_id, wrapped[0].facts)
        return file.project_id, decrypt(
            wrapping_key, bytes.fromhex(wrapped[0].wrapped), _context(file.project_id, lock)
        )
    except (KeyError, ValueError):
        raise _damaged() from None
    except WrongKeyError:
        raise WrongKeyError(
            f"The {lock.method} does not open this project.", "Check it, or use the recovery key."
        ) from None


def lock_methods(folder: Path) -> tuple[str, ...]:
    """Return the methods that open the project."""
    return tuple(entry.method for entry in _read(folder).locks)


def add_lock(folder: Path, lock: Lock, project_id: str, data_key: bytes) -> None:
    """Put the data key behind `lock` too, in place of an older lock of the same method."""
    others = [entry for entry in _read(folder).locks if entry.method != lock.method]
    _write(folder, project_id, [*others, _wrap(lock, project_id, data_key)])


def _wrap(lock: Lock, project_id: str, data_key: bytes) -> _WrappedKey:
    wrapping_key, facts = lock.close(project_id)
    wrapped = encrypt(wrapping_key, data_key, _context(project_id, lock))
    return _WrappedKey(method=lock.method, facts=dict(facts), wrapped=wrapped.hex())


def _context(project_id: str, lock: Lock) -> str:
    return f"data key {project_id} {lock.method}"


def _write(folder: Path, project_id: str, locks: list[_WrappedKey]) -> None:
    file = _KeyFile(format="escc-project", version=1, project_id=project_id, locks=locks)
    write_json(folder / KEY_FILE, file.model_dump())


def _read(folder: Path) -> _KeyFile:
    try:
        file = _KeyFile.model_validate(read_json(folder / KEY_FILE))
    except ValidationError:
        raise _damaged() from None
    if file.format != "escc-project" or file.version != 1:
        raise EsccError(f"{KEY_FILE} was written by a newer version of the program.", "Update the program.")
    return file


def _damaged() -> EsccError:
    return EsccError(f"{KEY_FILE} is damaged.", "Restore it from a backup.")
