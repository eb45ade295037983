"""How commands get at passphrase and password: a file, the environment, the keyring, a hidden prompt; never shown."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from escc_desktop.errors import EsccError, UsageError
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.unlocking import Lock, Login, OsKeyring, Passphrase, has_keyring_lock

_MOST_BYTES = 4096

Folder = Annotated[Path, typer.Argument(help="The project's folder.")]
User = Annotated[str, typer.Option("--user", help="Name of the account.")]
PassphraseFile = Annotated[
    Path | None,
    typer.Option("--passphrase-file", help="File with the passphrase; else ESCC_PASSPHRASE, keyring or prompt."),
]
PasswordFile = Annotated[
    Path | None,
    typer.Option("--password-file", help="File with the account's password; else ESCC_PASSWORD or prompt."),
]


@dataclass(frozen=True)
class Keys:
    """What a command was told about how to open a project."""

    user: str
    passphrase_file: Path | None
    password_file: Path | None

    def login(self, is_new: bool = False) -> Login:
        """Return name and password of the account."""
        return Login(self.user, secret("password", self.password_file, is_new))

    def lock(self, folder: Path) -> Lock:
        """Return what opens the project in a folder."""
        given = _given("passphrase", self.passphrase_file)
        if given is None and has_keyring_lock(folder):
            return OsKeyring()
        return Passphrase(secret("passphrase", self.passphrase_file))

    def new_lock(self, wants_keyring: bool) -> Lock:
        """Return what a new project will be opened by."""
        return OsKeyring() if wants_keyring else Passphrase(secret("passphrase", self.passphrase_file, is_new=True))

    def open(self, folder: Path) -> Project:
        """Open the project and log in."""
        lock = self.lock(folder)
        return Project.open(folder, lock, self.login())


def secret(name: str, file: Path | None, is_new: bool = False) -> str:
    """Return a secret from its file, its variable ``ESCC_NAME``, or a hidden prompt.

    Parameters
    ----------
    is_new
        A new secret is asked for twice.

    Raises
    ------
    EsccError
        The file holds none.
    UsageError
        None was given and there is no terminal to ask on.
    """
    given = _given(name, file)
    if given is not None:
        return given
    option = name.replace(" ", "-")
    if not sys.stdin.isatty():
        raise UsageError(
            f"There is no {name}.", f"Name a file with --{option}-file, set {_variable(name)}, or use a terminal."
        )
    typed: str = typer.prompt(name.capitalize(), hide_input=True, err=True, confirmation_prompt=is_new)
    return typed


def _given(name: str, file: Path | None) -> str | None:
    if file is None:
        return os.environ.get(_variable(name)) or None
    try:
        with file.open("rb") as stream:
            text = stream.read(_MOST_BYTES + 1).decode("utf-8-sig").rstrip("\r\n")
    except OSError as error:
        raise EsccError(f"Cannot read {file}: {error.strerror}.", f"It must hold the {name}.") from None
    except UnicodeDecodeError:
        raise EsccError(f"{file} is not UTF-8 text.", f"It must hold the {name}.") from None
    if not text or "\n" in text or len(text) > _MOST_BYTES // 4:
        raise EsccError(f"{file} does not hold one line with the {name}.", "Put it there, and nothing else.")
    return text


def _variable(name: str) -> str:
    return f"ESCC_{name.upper().replace(' ', '_')}"
