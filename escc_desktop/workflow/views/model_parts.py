"""What the model page's sections are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from escc_desktop.i18n import _
from escc_desktop.prognosis.card import CardKind

SectionId = Literal[
    "summary",
    "data",
    "acquisition",
    "agreement",
    "selection",
    "score",
    "survival",
    "cox",
    "nomograms",
    "performance",
    "validity",
    "warnings",
    "provenance",
]


@dataclass(frozen=True)
class Table:
    """Rows of text; the first `n_words` columns are words, the others numbers."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    n_words: int = 1
    note: str = ""


@dataclass(frozen=True)
class Section:
    """One section.

    Attributes
    ----------
    figures
        Names, in rows: those of a row stand side by side where there is room.
    cautions
        Sentences that limit what may be believed.
    """

    section_id: SectionId
    title: str
    sentences: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    tables: tuple[Table, ...] = ()
    figures: tuple[tuple[str, ...], ...] = ()
    cautions: tuple[str, ...] = ()


def endpoint_words(endpoint: str) -> str:
    """Return an endpoint in words."""
    return _("overall survival") if endpoint == "os" else _("progression-free survival")


def model_words(kind: CardKind) -> str:
    """Return a model's name."""
    return {
        "radscore": _("Rad-score"),
        "clinical": _("Clinical"),
        "radiomics": _("Radiomics"),
        "combined": _("Combined"),
    }[kind]
