"""Where a project may lie: on a disk of this machine, nowhere else."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

from escc_desktop.errors import EsccError

_REMOTE_TYPES = frozenset(
    ("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre", "ncpfs", "davfs", "virtiofs")
)
_CLOUD_FOLDERS = ("onedrive", "dropbox", "nextcloud", "owncloud", "icloud", "google drive", "坚果云", "nutstore")
_MOUNTS = Path("/proc/self/mountinfo")
_DRIVE_REMOTE = 4


def refuse_unsafe_place(folder: Path) -> None:
    """Raise EsccError for a network share or a synchronised folder: both damage a database in use."""
    whole = folder.absolute()
    for part in whole.parts:
        if part.casefold().startswith(_CLOUD_FOLDERS):
            raise EsccError(
                f"The folder {folder.name} lies in the synchronised folder {part}.",
                "Put the project on a disk of this machine; synchronising it would damage it.",
            )
    kind = remote_type(whole)
    if kind is not None:
        raise EsccError(
            f"The folder {folder.name} lies on a network share ({kind}).",
            "Put the project on a disk of this machine; a database on a share gets damaged.",
        )


def remote_type(folder: Path) -> str | None:
    """Return the type of the network file system `folder` lies on; None on a local disk."""
    if sys.platform == "win32":
        drive = ctypes.windll.kernel32.GetDriveTypeW(f"{folder.anchor}")
        return "network drive" if drive == _DRIVE_REMOTE else None
    if not _MOUNTS.exists():
        return None
    kind = _mount_type(os.path.realpath(folder), _MOUNTS.read_text(encoding="utf-8", errors="replace"))
    return kind if kind in _REMOTE_TYPES or kind.startswith("fuse.") else None


def _mount_type(path: str, mountinfo: str) -> str:
    """Return the file system type of the innermost mount that holds `path`; later mounts cover earlier ones."""
    best, found = "", ""
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        point = before.split()[4].encode().decode("unicode_escape")
        holds = path == point or path.startswith(point.rstrip("/") + "/")
        if holds and len(point) >= len(best):
            best, found = point, after.split()[0]
    return found


def make_empty_folder(folder: Path) -> None:
    """Make a folder, or accept an empty one."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        is_empty = not any(folder.iterdir())
    except OSError as error:
        raise EsccError(f"The folder {folder.name} cannot be used: {error.strerror}.", "Choose another one.") from error
    if not is_empty:
        raise EsccError(f"The folder {folder.name} is not empty.", "Choose a new or an empty folder.")


def refuse_missing(folder: Path, names: tuple[str, ...]) -> None:
    """Raise EsccError unless a project's files are there."""
    if not folder.is_dir():
        raise EsccError(f"There is no folder {folder.name}.", "Check the path, or create the project first.")
    for name in names:
        if not (folder / name).is_file():
            raise EsccError(f"The folder {folder.name} is no project: {name} is missing.", "Choose a project's folder.")
