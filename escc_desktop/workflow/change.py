"""What the window is told when something in a project changed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Change:
    """What an operation changed: kinds of records, and their ids where they are few."""

    kinds: frozenset[str]
    ids: tuple[str, ...] = ()
