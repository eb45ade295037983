"""The published models, to be read and compared; they judge no patient."""

from __future__ import annotations

import math
from typing import Any

from escc_desktop.errors import UsageError
from escc_desktop.prognosis.card import CARD_KINDS, ModelCard, Term, load_card
from escc_desktop.resources import resource_path


def published_card(kind: str) -> ModelCard:
    """Return a published card: radscore, clinical, radiomics or combined.

    Raises
    ------
    UsageError
        There is no such card.
    """
    if kind not in CARD_KINDS:
        raise UsageError(f"There is no published card {kind!r}; choose {', '.join(CARD_KINDS)}.")
    return load_card(resource_path("models", "published", f"{kind}.json"))


def paper_document(card: ModelCard) -> dict[str, Any]:
    """Return a card with the hazard ratio of each term, ready for JSON."""
    score = card.rad_score if card.kind == "radscore" else None
    terms = score.terms if score else card.model_terms
    return {
        "name": card.name,
        "usage": card.usage,
        "source": card.source,
        "terms": [_term(term) for term in terms],
        "cutoff": score.cutoff.value if score and score.cutoff else None,
        "performance": [figure.model_dump(mode="json") for figure in card.performance],
        "assumptions": list(card.assumptions),
        "warnings": list(card.warnings),
        "digest": card.digest,
    }


def _term(term: Term) -> dict[str, Any]:
    return {
        "name": term.name,
        "contrast": f"{term.contrast.level} against {term.contrast.reference}"
        if term.contrast
        else "per unit of scale",
        "coefficient": term.coefficient,
        "std_error": term.std_error,
        "hazard_ratio": math.exp(term.coefficient),
        "p": term.p,
    }


def paper_text(card: ModelCard) -> str:
    """Return a card as text for people."""
    document = paper_document(card)
    lines = [
        document["name"],
        document["source"],
        "For reading and comparing only: no patient is assessed with it.",
        "",
    ]
    for term in document["terms"]:
        error = "" if term["std_error"] is None else f" (se {term['std_error']:g})"
        lines.append(f"  {term['name']}, {term['contrast']}: {term['coefficient']:+.6g}{error}")
    if document["cutoff"] is not None:
        lines.append(f"  cut-off {document['cutoff']:.6g}; at or below it is low risk")
    for title in ("assumptions", "warnings"):
        if document[title]:
            lines += ["", f"{title.capitalize()}:", *(f"  {sentence}" for sentence in document[title])]
    return "\n".join(lines)
