"""The paper as the window shows it: printed numbers beside recomputed ones, and the published models."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from escc_desktop.prognosis.card import CARD_KINDS
from escc_desktop.progress import Progress
from escc_desktop.workflow.paper import paper_document, published_card
from escc_desktop.workflow.paper_checks import Check, Verdict, paper_checks


@dataclass(frozen=True, eq=False)
class PaperView:
    """All checks, and by kind each published card as `paper_document` gives it."""

    checks: tuple[Check, ...]
    cards: Mapping[str, Mapping[str, Any]]

    def count(self, verdict: Verdict) -> int:
        """Return how many checks came out so."""
        return Counter(check.verdict for check in self.checks)[verdict]


def paper_view(progress: Progress) -> PaperView:
    """Recompute the paper and read the published cards."""
    progress.advance(0, 2)
    checks = paper_checks()
    progress.advance(1, 2)
    return PaperView(checks, {kind: paper_document(published_card(kind)) for kind in CARD_KINDS})
