"""Modules imported when something is first asked of them.

A reader's window never extracts features, fits models or draws figures; the libraries for these take 200 MB and more
than a second. Import such a module under ``TYPE_CHECKING`` and, for the run, as ``later(its name)``: checkers of types
and of layers see an import like any other.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import Any


class Later(ModuleType):
    """Stands for a module; any thread may ask."""

    def __getattr__(self, name: str) -> Any:
        """Return what the module calls by this name."""
        return getattr(import_module(self.__name__), name)


def later(name: str) -> Any:
    """Return a stand-in for a module that may not be imported yet."""
    return Later(name)
