"""Folders written whole or not at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from escc_desktop.errors import EsccError
from escc_desktop.files import sync_folder


def check_folder(target: Path, marker: str = "") -> None:
    """Refuse, before long work, a folder that `whole_folder` would refuse after it."""
    if target.exists() and not target.is_dir():
        raise EsccError(f"{target} is a file.", "Name a folder for the results.")
    if target.is_dir() and any(target.iterdir()) and not (marker and (target / marker).is_file()):
        raise EsccError(f"{target} is not empty and holds other work.", "Name a new or an empty folder.")


@contextmanager
def whole_folder(target: Path, marker: str = "") -> Iterator[Path]:
    """Yield a folder beside `target` that takes its place at the end of the block, or vanishes on an error.

    Parameters
    ----------
    marker
        A folder that holds a file of this name is an earlier result and is replaced.

    Raises
    ------
    EsccError
        `target` is a file, holds other work, or cannot be made.
    """
    check_folder(target, marker)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
    except OSError as error:
        raise EsccError(f"Cannot write {target}: {error.strerror}.", "Choose a folder you can write to.") from None
    try:
        yield staging
        _put_in_place(staging, target)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _put_in_place(staging: Path, target: Path) -> None:
    staging.chmod(0o755)
    if target.exists():
        old = target.with_name(f"{staging.name}.old")
        target.rename(old)
        staging.rename(target)
        shutil.rmtree(old)
    else:
        staging.rename(target)
    sync_folder(target.parent)
