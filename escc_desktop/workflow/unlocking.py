"""Keys of a project as its front doors take them: what locks it has, and opening it with one of them."""

from __future__ import annotations

from pathlib import Path

from escc_desktop.store.lock import KEY_FILE, Lock, OsKeyring, Passphrase, lock_methods
from escc_desktop.store.place import refuse_missing
from escc_desktop.store.store import Login

__all__ = ["Lock", "Login", "OsKeyring", "Passphrase", "has_keyring_lock"]


def has_keyring_lock(folder: Path) -> bool:
    """Say whether a project can be opened by the keyring of this machine's system.

    Raises
    ------
    EsccError
        There is no project, or its key file is damaged.
    """
    refuse_missing(folder, (KEY_FILE,))
    return OsKeyring.method in lock_methods(folder)
