"""How much memory is free, and sharing it out."""

from __future__ import annotations

import ctypes
import os
import sys
from collections import deque
from pathlib import Path
from threading import Lock
from typing import Final

MIB: Final = 2**20
_CGROUP: Final = Path("/sys/fs/cgroup")


class Budget:
    """Memory that regions being computed take together; first come, first served, from any thread.

    Parameters
    ----------
    total_bytes
        What they may take at most.
    """

    def __init__(self, total_bytes: int) -> None:
        self.total_bytes = total_bytes
        self._held: dict[object, int] = {}
        self._waiting: deque[object] = deque()
        self._lock = Lock()

    def take(self, holder: object, need_bytes: int) -> bool:
        """Reserve memory if it is free and nobody asked earlier; if not, the holder keeps its place in the queue."""
        with self._lock:
            if holder in self._held:
                return True
            if holder not in self._waiting:
                self._waiting.append(holder)
            if self._waiting[0] is not holder or sum(self._held.values()) + need_bytes > self.total_bytes:
                return False
            self._waiting.popleft()
            self._held[holder] = need_bytes
            return True

    def give_back(self, holder: object) -> None:
        """Free what the holder has, or its place in the queue."""
        with self._lock:
            self._held.pop(holder, None)
            if holder in self._waiting:
                self._waiting.remove(holder)


def available_bytes() -> int:
    """Return the memory new work can take now, within the limit of a container if there is one."""
    if sys.platform == "win32":
        return _available_on_windows()
    free = _from_meminfo(Path("/proc/meminfo"))
    if free is None:
        # Where the system tells no free memory, half of what is built in is a cautious guess.
        free = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    limit = _number(_CGROUP / "memory.max")
    used = _number(_CGROUP / "memory.current")
    return min(free, max(limit - used, 0)) if limit is not None and used is not None else free


def _from_meminfo(path: Path) -> int | None:
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")), None)


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _available_on_windows() -> int:
    class Status(ctypes.Structure):
        _fields_ = (
            ("length", ctypes.c_ulong),
            ("load", ctypes.c_ulong),
            *((name, ctypes.c_ulonglong) for name in ("total", "free", "page", "page_free", "own", "own_free", "rest")),
        )

    status = Status(length=ctypes.sizeof(Status))
    ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))  # type: ignore[attr-defined, unused-ignore]
    return int(status.free)
