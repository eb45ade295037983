from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from escc_desktop.errors import EsccError
from escc_desktop.prognosis.card import (
    CARD_KINDS,
    ModelCard,
    card_schema,
    content_digest,
    load_card,
    parse_card,
    save_card,
)
from escc_desktop.prognosis.card_digests import patient_digest, values_digest
from escc_desktop.prognosis.develop import Development
from escc_desktop.prognosis.results import results_schema
from escc_desktop.resources import resource_path


def _document(made: Development) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(made.cards["combined"].model_dump_json())
    return document


def _signed(document: dict[str, Any]) -> dict[str, Any]:
    return {**document, "digest": content_digest(document)}


@pytest.mark.parametrize("kind", CARD_KINDS)
def test_that_a_card_survives_its_file(made: Development, tmp_path: Path, kind: Any) -> None:
    path = tmp_path / "card.json"
    save_card(path, made.cards[kind])
    assert load_card(path) == made.cards[kind]
    assert load_card(path).digest == made.results.card_digests[kind]


def test_that_a_changed_card_is_refused(made: Development) -> None:
    document = _document(made)
    document["model"]["terms"][0]["coefficient"] += 1e-12
    with pytest.raises(EsccError, match="digest"):
        parse_card(document)


@pytest.mark.parametrize(
    "change",
    [
        {"unknown": 1},
        {"horizon_months": "12"},
        {"horizon_months": -1.0},
        {"kind": "magic"},
        {"card_version": 2},
        {"endpoint": None},
    ],
)
def test_that_unknown_fields_and_wrong_values_are_refused_though_the_digest_fits(
    made: Development, change: dict[str, Any]
) -> None:
    with pytest.raises(EsccError, match="no valid model card"):
        parse_card(_signed({**_document(made), **change}))


def test_that_a_covariance_of_another_size_is_refused(made: Development) -> None:
    document = _document(made)
    document["model"]["uncertainty"]["covariance"].pop()
    with pytest.raises(EsccError, match="covariance"):
        parse_card(_signed(document))


def test_that_the_shipped_schemas_are_current() -> None:
    for name, schema in (("card", card_schema()), ("results", results_schema())):
        shipped = json.loads(resource_path("models", f"{name}.schema.json").read_text(encoding="utf-8"))
        assert shipped == json.loads(json.dumps(schema))


@pytest.mark.parametrize("kind", CARD_KINDS)
def test_that_published_cards_load_and_are_for_reading_only(kind: str) -> None:
    card = load_card(resource_path("models", "published", f"{kind}.json"))
    assert card.kind == kind
    assert card.usage == "paper_only"
    assert card.assumptions
    assert card.model is None or card.model.baseline is None
    assert card.feature_scale == "unknown"


def test_that_published_coefficients_fit_the_printed_hazard_ratios() -> None:
    def hazard_ratio(card: ModelCard, name: str) -> float:
        return float(2.718281828459045 ** next(t.coefficient for t in card.model_terms if t.name == name))

    combined = load_card(resource_path("models", "published", "combined.json"))
    clinical = load_card(resource_path("models", "published", "clinical.json"))
    assert hazard_ratio(clinical, "ldh_u_per_l") == pytest.approx(6.780, rel=2e-3)
    assert hazard_ratio(clinical, "ibil_umol_per_l") == pytest.approx(39.59, rel=2e-3)
    assert hazard_ratio(combined, "ast_u_per_l") == pytest.approx(45370.81, rel=2e-3)
    assert hazard_ratio(combined, "ibil_umol_per_l") == pytest.approx(1177.16, rel=2e-3)


def test_that_the_published_score_has_the_printed_cut_and_six_features() -> None:
    score = load_card(resource_path("models", "published", "radscore.json")).rad_score
    assert score is not None
    assert score.cutoff is not None
    assert score.cutoff.value == -0.5274497362077936
    assert sum(term.coefficient for term in score.terms) == pytest.approx(-0.810041, abs=1e-6)
    assert len(score.terms) == 6


def test_that_patients_are_known_by_salted_digests_only(made: Development) -> None:
    card = made.cards["combined"]
    assert card.training is not None
    assert "P001" not in card.model_dump_json()
    assert card.training.patients[0].patient == patient_digest(card.training.salt, "P001")
    assert patient_digest("other", "P001") != card.training.patients[0].patient


def test_that_the_digest_of_values_ignores_the_last_digits_only() -> None:
    value = 0.1234567890123
    assert values_digest("s", [value, None, "x"]) == values_digest("s", [value * (1 + 1e-14), None, "x"])
    assert values_digest("s", [value]) != values_digest("s", [value * (1 + 1e-6)])
