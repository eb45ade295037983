"""How the program starts parts of itself in a new process: from Python, or packed into a folder of its own."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Final

_RUN: Final = "--run-part"
# The only parts a packed program runs by name.
_PARTS: Final = frozenset({"escc_desktop.imaging.child", "escc_desktop.gui.viewer.surface_view"})


def is_frozen() -> bool:
    """Return whether the program runs from its package, where there is no Python to start modules with."""
    return bool(getattr(sys, "frozen", False))


def part_command(module: str, *arguments: str) -> list[str]:
    """Return the command that runs a module's `main` in a new process."""
    return [sys.executable, _RUN if is_frozen() else "-m", module, *arguments]


def run_asked_part() -> bool:
    """Be the part this packed process was started as, if it was; return whether it was."""
    if not is_frozen():
        return False
    from multiprocessing import freeze_support  # noqa: PLC0415  # the window starts without it from source

    freeze_support()  # does not return in a worker process
    if len(sys.argv) < 3 or sys.argv[1] != _RUN or sys.argv[2] not in _PARTS:
        return False
    module = sys.argv[2]
    del sys.argv[1:3]
    import_module(module).main()
    return True
