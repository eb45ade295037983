"""Inputs of the nomogram page: thresholds, levels, ranges, and what a question comes to."""

from __future__ import annotations

from pathlib import Path

import pytest

from escc_desktop.errors import EsccError
from escc_desktop.prognosis.card import (
    MAX_CARD_BYTES,
    Baseline,
    Contrast,
    Cutoff,
    ModelCard,
    RadScore,
    SurvivalModel,
    Term,
    content_digest,
    finished,
    load_card,
    parse_card,
    save_card,
)
from escc_desktop.prognosis.card_parts import Applicability, Figure, Nested, Range, Requirement
from escc_desktop.prognosis.scenario import Calculator
from escc_desktop.progress import Progress
from escc_desktop.resources import resource_path
from escc_desktop.store.kinds import RESULT
from escc_desktop.workflow.card_file import load_foreign_card
from escc_desktop.workflow.views.nomogram import NomogramView, Question, view_of_file
from escc_desktop.workflow.views.nomogram_inputs import inputs_of


def _card(*terms: Term, **fields: object) -> ModelCard:
    content: dict[str, object] = {name: one.get_default() for name, one in ModelCard.model_fields.items()}
    content.update(
        kind="combined",
        name="Made up",
        usage="patient",
        source="a test",
        endpoint="os",
        horizon_months=12.0,
        patient_value="largest",
        model=SurvivalModel(
            terms=terms,
            baseline=Baseline(
                center=0.0,
                survival=0.8,
                times_months=(6.0, 12.0, 24.0),
                cumulative_hazard=(0.1, 0.2231435513142097, 0.6),
            ),
        ),
    )
    content.update(fields)
    content.pop("digest")
    return finished(**content)


AGE = Term(source="covariate", name="age_years", coefficient=0.02, range=Range(minimum=41.0, maximum=83.0))
AST = Term(
    source="covariate", name="ast_u_per_l", coefficient=0.5, transform="log2", range=Range(minimum=9.0, maximum=144.0)
)
LDH = Term(
    source="covariate",
    name="ldh_u_per_l",
    coefficient=0.9,
    contrast=Contrast(level="250 U/L or more", reference="below 250 U/L", at_least=250.0),
)
ECOG = Term(source="covariate", name="ecog", coefficient=0.3, contrast=Contrast(level="1", reference="0", at_least=1.0))
SITE = (
    Term(
        source="covariate", name="tumor_location", coefficient=0.3, contrast=Contrast(level="mid", reference="not mid")
    ),
    Term(
        source="covariate", name="tumor_location", coefficient=0.6, contrast=Contrast(level="low", reference="not low")
    ),
)
SCORE = Term(source="rad_score", name="rad_score", coefficient=1.0, range=Range(minimum=-0.8, maximum=0.6))


def test_that_a_number_begins_in_the_middle_and_its_slider_goes_beyond_the_training_range() -> None:
    age, ast = inputs_of(_card(AGE, AST))
    assert (age.label, age.unit) == ("Age", "years")
    assert age.start == pytest.approx(62, abs=age.step)
    assert age.span[0] < 41
    assert age.span[1] > 83
    assert age.is_outside(40.0)
    assert not age.is_outside(41.0)
    # The middle of a value that spreads by factors is the geometric one: sqrt(9 * 144) = 36.
    assert ast.start == pytest.approx(36, abs=ast.step)
    assert ast.span[0] > 0


def test_that_a_threshold_is_marked_on_a_slider_and_begins_below_it() -> None:
    (ldh,) = inputs_of(_card(LDH))
    assert [one.value for one in ldh.thresholds] == [250.0]
    assert not ldh.choices
    assert ldh.start < 250
    asked = Calculator(_card(LDH))
    below, at = (asked.at(Question({"ldh_u_per_l": value}), [12.0]).survival[0] for value in (249.0, 250.0))
    assert below == pytest.approx(0.8)
    assert at == pytest.approx(0.8**2.718281828459045**0.9)


def test_that_two_numbers_and_texts_become_choices() -> None:
    ecog, place = inputs_of(_card(ECOG, *SITE))
    assert ecog.choices == ((0.0, "0"), (1.0, "1"))
    assert [value for value, _text in place.choices] == ["other", "mid", "low"]
    asked = Calculator(_card(*SITE))
    for value, effect in (("other", 0.0), ("mid", 0.3), ("low", 0.6)):
        told = asked.at(Question({"tumor_location": value}), [12.0]).survival[0]
        assert told == pytest.approx(0.8**2.718281828459045**effect)


def test_that_a_rad_score_is_one_slider_with_its_cut_off() -> None:
    card = _card(SCORE, rad_score=RadScore(terms=(), cutoff=Cutoff(value=0.12, method="searched")))
    (score,) = inputs_of(card)
    assert score.is_feature
    assert [one.value for one in score.thresholds] == [0.12]


def test_that_what_the_card_asks_of_a_patient_is_an_input_too() -> None:
    rule = Applicability(requirements=(Requirement(column="prior_immunotherapy", allowed=("0",)),))
    card = _card(AGE, applicability=rule)
    view = NomogramView((), Calculator(card), inputs=inputs_of(card))
    asked = view.inputs[-1]
    assert asked.name == "prior_immunotherapy"
    assert view.tell(view.start, 12.0).read is not None
    refused = view.tell(Question({**view.start.values, asked.name: asked.choices[-1][0]}), 12.0)
    assert refused.read is None
    assert any("not made for such a patient" in reason for reason in refused.withheld)


def test_that_values_outside_are_named_in_one_sentence() -> None:
    card = _card(AGE, AST)
    view = NomogramView((), Calculator(card), inputs=inputs_of(card))
    told = view.tell(Question({"age_years": 90.0, "ast_u_per_l": 500.0}), 12.0)
    assert told.withheld == ("Outside what the card was trained on: Age, AST.",)
    assert told.curve is None


def test_that_a_card_from_a_file_shows_the_figure_of_unseen_patients_first(studied_project, tmp_path) -> None:
    own = Figure(name="c_index", apparent=0.8, corrected=0.66, lower=0.5, upper=0.7)
    nested = Nested(c_index=0.612, lower=0.52, upper=0.7)
    project = studied_project("oncologist")
    for card, told in (
        (_card(AGE, performance=(own,), nested=nested), "C-index 0.612 (0.520 to 0.700) on unseen patients"),
        (_card(AGE, performance=(own,)), "C-index 0.660 (0.500 to 0.700) corrected for optimism"),
    ):
        save_card(tmp_path / "card.json", card)
        assert any(line.startswith(told) for line in view_of_file(project, tmp_path / "card.json", Progress()).honesty)


def test_that_exported_cards_carry_the_figure_their_results_lead_with(studied_project) -> None:
    project = studied_project("statistician")
    (document,) = project.view.all(RESULT)
    for card in project.cards():
        figure = document.content["models"][card.kind]["c_index"]
        assert card.nested is not None
        found = (card.nested.c_index, card.nested.lower, card.nested.upper)
        assert found == (figure["cross_validated"], figure["nested_lower"], figure["nested_upper"])


def test_that_a_card_without_the_figure_keeps_the_digest_it_had_before_there_was_one() -> None:
    card = _card(AGE)
    document = card.model_dump(mode="json")
    del document["nested"]
    assert content_digest(document) == card.digest == parse_card(document).digest


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"{", r"card\.json, line 1"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a": 1, "a": 2}', "the key 'a' twice"),
        (b'{"a": NaN}', "holds NaN"),
        (b"\xff\xfe", "not UTF-8"),
        (b" " * (MAX_CARD_BYTES + 1), "larger than 4 MiB"),
        (b"{}", "no valid model card"),
    ],
)
def test_that_a_card_of_others_is_read_in_the_child_and_refused_by_name(
    text: bytes, message: str, tmp_path: Path
) -> None:
    (tmp_path / "card.json").write_bytes(text)
    with pytest.raises(EsccError, match=message):
        load_foreign_card(tmp_path / "card.json")


def test_that_a_card_from_the_child_is_the_card_itself() -> None:
    path = resource_path("models", "published", "combined.json")
    assert load_foreign_card(path) == load_card(path)
