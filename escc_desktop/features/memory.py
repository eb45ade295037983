"""How much memory is free, and how much an extraction will take."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path
from typing import Final

MIB: Final = 2**20
# Measured on images of 4 to 84 million voxels; LoG, lbp-3D and the intensity filters take the whole image.
BASE_BYTES: Final = 300 * MIB
BYTES_A_VOXEL: Final = 42
BYTES_A_MASK_VOXEL: Final = 4_800
_CGROUP: Final = Path("/sys/fs/cgroup")


def needed_bytes(voxels: int, mask_voxels: int) -> int:
    """Return about the memory PyRadiomics takes for an image of so many voxels and a region of so many."""
    return BASE_BYTES + BYTES_A_VOXEL * voxels + BYTES_A_MASK_VOXEL * mask_voxels


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
