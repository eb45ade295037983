"""How something is printed: where, in which language, and whether it is of made-up people."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from escc_desktop.i18n import ENGLISH, languages

__all__ = ["PrintOrder", "languages"]


@dataclass(frozen=True)
class PrintOrder:
    """Where and how to print.

    Attributes
    ----------
    language
        A code of `languages`.
    is_synthetic
        Whether nobody in it is real; every page says so.
    """

    path: Path
    language: str = ENGLISH
    is_synthetic: bool = False
