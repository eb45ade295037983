"""One program at a time builds or analyses a demo: a lock that the system takes back when its holder dies."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from escc_desktop.errors import EsccError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

LOCK_FILE: Final = "demo.lock"


@contextmanager
def claimed(root: Path) -> Iterator[None]:
    """Make the folder of a demo where it is missing, and hold it during the block.

    Raises
    ------
    EsccError
        Another program holds it, or the folder cannot be written.
    """
    try:
        root.mkdir(parents=True, exist_ok=True)
        stream = (root / LOCK_FILE).open("ab")
    except OSError as error:
        raise EsccError(f"Cannot write {root}: {error.strerror}.", "Name a new or an empty folder.") from None
    with stream:
        if not _lock(stream):
            raise EsccError(
                f"The demo in {root.name} is being built by another window or command.",
                "Wait until that one is finished, or close it.",
            )
        yield


def _lock(stream: IO[bytes]) -> bool:
    try:
        if sys.platform == "win32":
            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(stream.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
