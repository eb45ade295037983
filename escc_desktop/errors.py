"""What can go wrong, in words a user can act on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


def plain_words(message: str) -> str:
    """Return what a check of settings says, without the kind of error that its library puts before it."""
    return message.removeprefix("Value error, ").removeprefix("Assertion failed, ")


class EsccError(Exception):
    """Expected trouble: the input or the request is at fault, not the program.

    Parameters
    ----------
    what
        One sentence: what is wrong and where (file, tag, column).
    hint
        One sentence: what to do about it.
    detail
        Further facts for a log or a details pane; never needed to act.
    """

    def __init__(self, what: str, hint: str = "", detail: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.what} {self.hint}".strip()


@dataclass(frozen=True)
class Fault:
    """One thing wrong with an input: its place ("labs.csv, row 7, column ast_u_per_l") and what it is."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


class FaultsError(EsccError):
    """All faults of an input at once, never only the first."""

    def __init__(self, what: str, faults: Iterable[Fault], hint: str = "") -> None:
        self.faults = tuple(faults)
        super().__init__(what, hint, detail="\n".join(str(fault) for fault in self.faults))


class UsageError(EsccError):
    """The command or call itself is wrong, whatever the input."""


class AccessDeniedError(EsccError):
    """The principal may not do this, or may not do it now."""
