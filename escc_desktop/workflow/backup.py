"""A backup of a project, whole or none; and a project from it: copied, checked, and only then put in its place."""

from __future__ import annotations

import shutil
from pathlib import Path

from escc_desktop.errors import EsccError, Fault, FaultsError
from escc_desktop.progress import Progress
from escc_desktop.store.accounts import Principal
from escc_desktop.store.lock import KEY_FILE, Lock
from escc_desktop.store.place import refuse_missing, refuse_unsafe_place
from escc_desktop.store.store import DATABASE_FILE, Login, Store
from escc_desktop.workflow.access import Operation, require
from escc_desktop.workflow.folders import whole_folder


def back_up_project(store: Store, principal: Principal, folder: Path, progress: Progress) -> None:
    """Copy a project into a new or empty folder; see `Project.back_up`."""
    if folder.absolute().is_relative_to(store.folder.absolute()):
        raise EsccError(f"{folder} lies inside the project.", "Choose a folder outside it.")
    with whole_folder(folder) as staging:
        store.back_up(principal, staging, progress)


def restore_project(backup: Path, target: Path, lock: Lock, login: Login, progress: Progress) -> None:
    """Make a project out of a backup, which stays as it is.

    Parameters
    ----------
    target
        A new or empty folder.
    lock, login
        Of the backup, as they were when it was made; of somebody who may restore.

    Raises
    ------
    EsccError
        No backup there, nobody who may, or `target` is in use.
    FaultsError
        The backup is damaged: everything that is wrong with it.
    Cancelled
        From `progress`; nothing was restored.
    """
    refuse_missing(backup, (KEY_FILE, DATABASE_FILE))
    refuse_unsafe_place(target)
    if target.absolute().is_relative_to(backup.absolute()):
        raise EsccError(f"{target} lies inside the backup.", "Choose a folder outside it.")
    with whole_folder(target) as staging:
        _copy(backup, staging, progress)
        with Store.open(staging, lock) as store:
            principal = store.accounts.log_in(login.name, login.password)
            require(principal, Operation.BACK_UP)
            wrong = store.verify()
            if wrong:
                faults = [Fault(backup.name, text) for text in wrong]
                raise FaultsError(f"The backup {backup.name} is damaged.", faults, "Use another backup.")
            with store.ledger.write(principal.account_id, "restore from backup"):
                pass


def _copy(backup: Path, staging: Path, progress: Progress) -> None:
    files = [path for path in sorted(backup.rglob("*")) if path.is_file()]
    for number, path in enumerate(files):
        progress.advance(number, len(files), "copying the backup")
        copy = staging / path.relative_to(backup)
        copy.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copyfile(path, copy)
        except OSError as error:
            raise EsccError(
                f"Cannot copy {path.name}: {error.strerror}.", "Free some space or choose another place."
            ) from None
