"""A development as the project keeps it: results, the choices behind them, and cards."""

from __future__ import annotations

from dataclasses import dataclass

from escc_desktop.errors import EsccError
from escc_desktop.i18n import _
from escc_desktop.prognosis.card import CardKind, ModelCard, parse_card
from escc_desktop.prognosis.config import DevelopConfig, parse_config
from escc_desktop.prognosis.results import Results
from escc_desktop.store.kinds import CARD, CONFIGURATION, RESULT
from escc_desktop.workflow.access import View


@dataclass(frozen=True, eq=False)
class KeptDevelopment:
    """What the project has of one development.

    Attributes
    ----------
    configuration
        Every choice as `config.toml` has it; empty for a development made before it was kept.
    """

    results: Results
    configuration: str
    cards: dict[CardKind, ModelCard]

    @property
    def config(self) -> DevelopConfig | None:
        """The choices, where they were kept."""
        return parse_config(self.configuration, "config.toml") if self.configuration else None


def kept_development(view: View, development: str) -> KeptDevelopment:
    """Return a development by the digest of its combined card.

    Raises
    ------
    AccessDeniedError
        The principal may not see models.
    EsccError
        There is none, or a card of it is gone.
    """
    found = view.find(RESULT, development)
    if found is None:
        raise EsccError(_("The project has no such development."), _("Develop the models again."))
    results, cards = Results.model_validate(found.content), dict[CardKind, ModelCard]()
    for kind, digest in results.card_digests.items():
        card = view.find(CARD, digest)
        if card is None:
            raise EsccError(_("The project has no card of this development."), _("Develop the models again."))
        cards[kind] = parse_card(card.content)
    configuration = view.find(CONFIGURATION, development)
    return KeptDevelopment(results, "" if configuration is None else configuration.content["toml"], cards)


def development_of(view: View, card: ModelCard) -> str:
    """Return the development that made a card.

    Raises
    ------
    EsccError
        The project keeps none: the card came from elsewhere.
    """
    for document in view.all(RESULT):
        if card.digest in document.content["card_digests"].values():
            return document.document_id
    raise EsccError(_("The project has no development of this card."), _("Develop the models again."))
