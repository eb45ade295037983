"""With which settings the features behind a card and in a table were computed, and where the two differ."""

from __future__ import annotations

from collections import Counter

from escc_desktop.errors import EsccError
from escc_desktop.features.table import FeatureTable
from escc_desktop.prognosis.card import ModelCard
from escc_desktop.prognosis.card_parts import Extraction


def check_one_settings(table: FeatureTable) -> None:
    """Refuse a table whose rows were computed with different settings; they cannot be compared.

    Raises
    ------
    EsccError
        They were.
    """
    rows = Counter(str(used) for used in table.used if used is not None)
    if len(rows) > 1:
        listed = ", ".join(f"{count} with {used}" for used, count in rows.most_common())
        raise EsccError(
            f"The rows of the feature table were extracted with different settings: {listed}.",
            "Extract all lesions with the same settings into one table.",
        )


def training_extraction(table: FeatureTable) -> Extraction | None:
    """Return with which settings a table was computed; None where nothing says it.

    Raises
    ------
    EsccError
        The rows differ in it.
    """
    check_one_settings(table)
    used = [one for one in table.used if one is not None]
    if not used:
        return None
    return Extraction(
        params=used[0].name,
        params_digest=used[0].digest,
        engines=tuple(sorted({one.engine for one in used})),
        pixel_types=tuple(sorted({scan.pixel_type for scan in table.scans if scan.pixel_type is not None})),
    )


def check_same_settings(card: ModelCard, table: FeatureTable) -> None:
    """Refuse to apply a card to features of other settings than those it was developed on.

    Features of other settings have the same names and other values. What neither card nor table says is not refused.

    Raises
    ------
    EsccError
        They are others.
    """
    if card.extraction is not None and card.feature_names:
        check_settings_are(
            table, card.extraction.params_digest, f"those the card was developed on, {settings_of(card)}"
        )


def check_settings_are(table: FeatureTable, params_digest: str, called: str) -> None:
    """Refuse a table with rows of other settings than those with this digest; `called` names these in the hint.

    Raises
    ------
    EsccError
        There are such rows.
    """
    others = [used for used in table.used if used is not None and used.digest != params_digest]
    if others:
        raise EsccError(
            f"{len(others)} of {len(table.keys)} rows of the feature table were extracted with other settings, "
            f"{others[0]}: features of the same names, but other values.",
            f"Extract them with the settings wanted here: {called}.",
        )


def is_of_settings(card: ModelCard, params_digest: str) -> bool:
    """Return whether a card may be applied to features of these settings; so it may where it does not say its own."""
    return card.extraction is None or not card.feature_names or card.extraction.params_digest == params_digest


def settings_of(card: ModelCard) -> str:
    """Return the settings a card was developed on, by name and digest."""
    trained = card.extraction
    return "not known" if trained is None else f"{trained.params} ({trained.params_digest[:12]})"


def without_settings(card: ModelCard, table: FeatureTable) -> frozenset[str]:
    """Return the patients for whom nothing says whether their features are of the card's settings."""
    if card.extraction is None or not card.feature_names:
        return frozenset()
    used = table.used or (None,) * len(table.keys)
    return frozenset(key.patient_id for key, one in zip(table.keys, used, strict=True) if one is None)
