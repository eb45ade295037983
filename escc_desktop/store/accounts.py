"""Accounts: passwords, lockout, and the keys that belong to one person alone."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import Connection, RowMapping, func, insert, select, update

from escc_desktop.errors import AccessDeniedError, EsccError
from escc_desktop.reading.session import Reader
from escc_desktop.store.audit import Entry, Ledger
from escc_desktop.store.cost import STRONG, PasswordCost
from escc_desktop.store.crypto import KEY_BYTES, decrypt, derive, encrypt, seal, stretch, unseal
from escc_desktop.store.database import Database
from escc_desktop.store.tables import account, meta

MIN_PASSWORD = 8
FREE_FAILURES = 5
FIRST_DELAY = timedelta(seconds=30)
LONGEST_DELAY = timedelta(hours=24)
_ESCROW_PUBLIC = "escrow_public"
_ESCROW_PRIVATE = "escrow_private"


class Role(StrEnum):
    """What an account is for."""

    READER = "reader"
    ONCOLOGIST = "oncologist"
    COORDINATOR = "coordinator"
    STATISTICIAN = "statistician"
    ADMINISTRATOR = "administrator"


_WRONG = "Name or password is wrong."


@dataclass(frozen=True)
class Account:
    """An account as others may see it.

    Attributes
    ----------
    locked_until
        Until when too many wrong passwords keep it from logging in; may be past.
    """

    account_id: str
    name: str
    role: Role
    reader: Reader | None = None
    is_disabled: bool = False
    locked_until: datetime | None = None


@dataclass(frozen=True)
class Principal:
    """Somebody who has logged in; the secret opens what is sealed for this account only."""

    account_id: str
    name: str
    role: Role
    reader: Reader | None = None
    secret: bytes = field(repr=False, default=b"")

    def unseal(self, data: bytes, context: str) -> bytes:
        """Open what was sealed for this account."""
        return unseal(_seal_key(self.secret), data, context)

    def sign(self, message: bytes) -> bytes:
        """Return the Ed25519 signature of `message`."""
        return _sign_key(self.secret).sign(message)


class Accounts:
    """The accounts of a project.

    Parameters
    ----------
    cost
        Cost of the passwords set from now on.
    """

    def __init__(self, database: Database, ledger: Ledger, cost: PasswordCost = STRONG) -> None:
        self._database = database
        self._ledger = ledger
        self._cost = cost

    def create_first(self, name: str, password: str, escrow_key: bytes) -> Principal:
        """Create the administrator a new project starts with, and log in.

        Parameters
        ----------
        escrow_key
            Derived from the recovery key; with it, and with nothing in the project, a lost password can be replaced.
        """
        escrow = X25519PrivateKey.generate()
        with self._ledger.write("", "create project") as entry:
            if entry.connection.execute(select(func.count()).select_from(account)).scalar_one():
                raise EsccError("The project has accounts already.", "Log in as its administrator.")
            rows = {
                _ESCROW_PUBLIC: escrow.public_key().public_bytes_raw(),
                _ESCROW_PRIVATE: encrypt(escrow_key, escrow.private_bytes_raw(), _ESCROW_PRIVATE),
            }
            entry.connection.execute(insert(meta), [{"name": key, "value": value.hex()} for key, value in rows.items()])
            self._insert(entry, name, password, Role.ADMINISTRATOR, None)
        return self.log_in(name, password)

    def create(self, author: Principal, name: str, password: str, role: Role, reader: Reader | None = None) -> Account:
        """Create an account; each reader letter belongs to one enabled account."""
        with self._ledger.write(author.account_id, "create account") as entry:
            return self._insert(entry, name, password, role, reader)

    def all(self) -> tuple[Account, ...]:
        """Return all accounts by name."""
        with self._database.read() as connection:
            rows = connection.execute(select(account).order_by(account.c.name_key)).mappings().all()
        return tuple(_account(row) for row in rows)

    def log_in(self, name: str, password: str) -> Principal:
        """Return the principal, or refuse without saying whether name or password was wrong.

        Raises
        ------
        AccessDeniedError
            Wrong name or password, a locked or a disabled account.
        """
        with self._ledger.write("", "log in") as entry:
            row = _find(entry.connection, account.c.name_key == _name_key(name))
            secret, refusal = self._check(entry, row, password)
        if row is None or secret is None:
            raise AccessDeniedError(refusal, "Check both, or ask the administrator.")
        found = _account(row)
        return Principal(found.account_id, found.name, found.role, found.reader, secret)

    def confirm(self, principal: Principal, password: str, action: str) -> None:
        """Ask for the password again, for a signature; counts towards the lockout like a login."""
        with self._ledger.write(principal.account_id, f"confirm {action}") as entry:
            row = _find(entry.connection, account.c.account_id == principal.account_id)
            secret, refusal = self._check(entry, row, password)
        if secret is None:
            what = "The password is wrong." if refusal == _WRONG else refusal
            raise AccessDeniedError(what, f"The {action} was not done.")

    def change_password(self, principal: Principal, password: str, new_password: str) -> None:
        """Change one's own password; the account's keys stay the same."""
        self.confirm(principal, password, "change of password")
        with self._ledger.write(principal.account_id, "change password") as entry:
            entry.connection.execute(
                update(account)
                .where(account.c.account_id == principal.account_id)
                .values(self._protect(principal.account_id, new_password, principal.secret))
            )

    def reset_password(self, name: str, new_password: str, escrow_key: bytes, reason: str) -> None:
        """Replace a lost password by the authority of the recovery key; the account's keys and readings stay.

        Raises
        ------
        WrongKeyError
            The escrow key does not fit.
        """
        with self._ledger.write("", "reset password", reason) as entry:
            row = _find(entry.connection, account.c.name_key == _name_key(name))
            if row is None:
                raise EsccError("There is no such account.", "Look at the list of accounts.")
            account_id = row["account_id"]
            entry.details["account"] = account_id
            private = decrypt(escrow_key, _meta(entry.connection, _ESCROW_PRIVATE), _ESCROW_PRIVATE)
            secret = unseal(X25519PrivateKey.from_private_bytes(private), row["escrowed_secret"], account_id)
            entry.connection.execute(
                update(account)
                .where(account.c.account_id == account_id)
                .values(failures=0, locked_until=None, **self._protect(account_id, new_password, secret))
            )

    def unlock(self, author: Principal, account_id: str, reason: str) -> None:
        """Lift a lockout."""
        self._change(author, "unlock account", account_id, reason, {"failures": 0, "locked_until": None})

    def disable(self, author: Principal, account_id: str, reason: str) -> None:
        """Keep an account from logging in; its work stays."""
        self._change(author, "disable account", account_id, reason, {"is_disabled": 1})

    def is_signature(self, account_id: str, message: bytes, signature: bytes) -> bool:
        """Say whether `signature` is the account's over `message`."""
        with self._database.read() as connection:
            row = _find(connection, account.c.account_id == account_id)
        if row is None:
            return False
        try:
            Ed25519PublicKey.from_public_bytes(row["sign_key"]).verify(signature, message)
        except InvalidSignature:
            return False
        return True

    def seal_for(self, connection: Connection, account_id: str, plain: bytes, context: str) -> bytes:
        """Seal a key so that only this account opens it."""
        row = _find(connection, account.c.account_id == account_id)
        if row is None:
            raise EsccError("There is no such account.", "Look at the list of accounts.")
        return seal(row["seal_key"], plain, context)

    def _insert(self, entry: Entry, name: str, password: str, role: Role, reader: Reader | None) -> Account:
        _refuse_unfit(entry.connection, name, role, reader)
        account_id, secret = secrets.token_hex(8), secrets.token_bytes(KEY_BYTES)
        entry.connection.execute(
            insert(account).values(
                account_id=account_id,
                name=name.strip(),
                name_key=_name_key(name),
                role=role,
                reader=reader,
                seal_key=_seal_key(secret).public_key().public_bytes_raw(),
                sign_key=_sign_key(secret).public_key().public_bytes_raw(),
                escrowed_secret=seal(_meta(entry.connection, _ESCROW_PUBLIC), secret, account_id),
                failures=0,
                is_disabled=0,
                **self._protect(account_id, password, secret),
            )
        )
        sign_key = _sign_key(secret).public_key().public_bytes_raw()
        entry.details["account"] = {"id": account_id, "role": role, "reader": reader, "sign_key": sign_key.hex()}
        return Account(account_id, name.strip(), role, reader)

    def _protect(self, account_id: str, password: str, secret: bytes) -> dict[str, Any]:
        if len(password) < MIN_PASSWORD:
            raise EsccError(
                f"The password has {len(password)} characters; at least {MIN_PASSWORD} are needed.",
                "Choose a longer one.",
            )
        salt, cost = secrets.token_bytes(16), self._cost
        key = derive(stretch(password, salt, cost), f"account {account_id}")
        return {
            "password_hash": _hasher(cost).hash(password),
            "salt": salt,
            "memory_kib": cost.memory_kib,
            "time": cost.time,
            "lanes": cost.lanes,
            "wrapped_secret": encrypt(key, secret, f"account {account_id}"),
        }

    def _check(self, entry: Entry, row: RowMapping | None, password: str) -> tuple[bytes | None, str]:
        """Return the account's secret, or None and why not; counts failures in the same transaction."""
        if row is None:
            stretch(password, bytes(16), self._cost)  # an unknown name takes as long as a known one
            entry.details["outcome"] = "unknown account"
            return None, _WRONG
        entry.details["account"] = row["account_id"]
        if row["is_disabled"]:
            entry.details["outcome"] = "disabled"
            return None, "The account is disabled."
        if row["locked_until"] is not None and entry.at < datetime.fromisoformat(row["locked_until"]):
            entry.details["outcome"] = "locked"
            return None, f"The account is locked until {row['locked_until'][:16]} UTC after too many wrong passwords."
        secret = _secret(row, password)
        failures = 0 if secret is not None else row["failures"] + 1
        entry.connection.execute(
            update(account)
            .where(account.c.account_id == row["account_id"])
            .values(failures=failures, locked_until=_locked_until(failures, entry.at))
        )
        entry.details["outcome"] = "accepted" if secret is not None else "wrong password"
        return secret, "" if secret is not None else _WRONG

    def _change(self, author: Principal, action: str, account_id: str, reason: str, values: dict[str, Any]) -> None:
        with self._ledger.write(author.account_id, action, reason) as entry:
            entry.details["account"] = account_id
            statement = update(account).where(account.c.account_id == account_id).values(values)
            if entry.connection.execute(statement).rowcount != 1:
                raise EsccError("There is no such account.", "Look at the list of accounts.")


def _secret(row: RowMapping, password: str) -> bytes | None:
    cost = PasswordCost(row["memory_kib"], row["time"], row["lanes"])
    try:
        _hasher(cost).verify(row["password_hash"], password)
    except VerifyMismatchError:
        return None
    context = f"account {row['account_id']}"
    return decrypt(derive(stretch(password, row["salt"], cost), context), row["wrapped_secret"], context)


def _hasher(cost: PasswordCost) -> PasswordHasher:
    return PasswordHasher(time_cost=cost.time, memory_cost=cost.memory_kib, parallelism=cost.lanes)


def _locked_until(failures: int, at: datetime) -> str | None:
    if failures < FREE_FAILURES:
        return None
    delay: timedelta = min(FIRST_DELAY * 2 ** min(failures - FREE_FAILURES, 20), LONGEST_DELAY)
    return (at + delay).isoformat()


def _refuse_unfit(connection: Connection, name: str, role: Role, reader: Reader | None) -> None:
    if not name.strip():
        raise EsccError("The account has no name.", "Give it one.")
    if (role is Role.READER) != (reader is not None):
        raise EsccError("A reader's account, and no other, has a reader letter.", "Give A or B to readers only.")
    if _find(connection, account.c.name_key == _name_key(name)) is not None:
        raise EsccError("An account of this name exists already.", "Choose another name.")
    if reader is not None and _find(connection, (account.c.reader == reader) & (account.c.is_disabled == 0)):
        raise EsccError(f"Reader {reader} has an account already.", "Disable it first, or choose the other letter.")


def _find(connection: Connection, condition: Any) -> RowMapping | None:
    return connection.execute(select(account).where(condition)).mappings().first()


def _meta(connection: Connection, name: str) -> bytes:
    return bytes.fromhex(connection.execute(select(meta.c.value).where(meta.c.name == name)).scalar_one())


def _account(row: RowMapping) -> Account:
    reader = Reader(row["reader"]) if row["reader"] else None
    until = datetime.fromisoformat(row["locked_until"]) if row["locked_until"] else None
    return Account(row["account_id"], row["name"], Role(row["role"]), reader, bool(row["is_disabled"]), until)


def _name_key(name: str) -> str:
    return name.strip().casefold()


def _seal_key(secret: bytes) -> X25519PrivateKey:
    return X25519PrivateKey.from_private_bytes(derive(secret, "seal key"))


def _sign_key(secret: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(derive(secret, "sign key"))
