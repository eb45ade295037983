"""Proposed adverse events, and recorded ones that do not fit."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escc_desktop.trial.event_checks import (
    NOT_ASSESSED,
    NOT_RELATED,
    RELATED,
    event_questions,
    proposals,
    read_relations,
    ungraded,
)
from escc_desktop.trial.records import AdverseEvent, Baseline, Lab, Survival, TrialRecord, VitalStatus

START = date(2024, 1, 8)


def on(day: int) -> date:
    """Days after day 1."""
    return START + timedelta(days=day)


def platelets(day: int, value: float) -> Lab:
    return Lab(on(day), "plt", value, "1e9/L", lln=125.0, uln=350.0)


def alt(day: int, value: float) -> Lab:
    return Lab(on(day), "alt", value, "U/L", uln=40.0)


def record(*labs: Lab, events: tuple[AdverseEvent, ...] = (), **survival: object) -> TrialRecord:
    given_survival = {"status": VitalStatus.ALIVE, "last_contact_date": on(300), **survival}
    return TrialRecord(
        "P1", START, Baseline("male", 60, 1), Survival(**given_survival), labs=labs, adverse_events=events
    )


def short(one: TrialRecord) -> list[tuple[str, int, int, int | None]]:
    return [(found.term, found.grade, (found.date - START).days, found.recorded) for found in proposals(one)]


def test_that_an_episode_is_proposed_once_at_its_worst() -> None:
    labs = [platelets(-2, 200), platelets(8, 110), platelets(15, 40), platelets(22, 90), platelets(29, 180)]
    assert short(record(*labs, platelets(50, 60))) == [
        ("Platelet count decreased", 3, 8, None),
        ("Platelet count decreased", 2, 50, None),
    ]
    found = proposals(record(*labs))[0]
    assert found.lab.date == on(15)
    assert found.reason == "40 1e9/L on 2024-01-23 (LLN 125, ULN 350): < 50 1e9/L"


@pytest.mark.parametrize("term", ["Platelet count decreased", "Thrombocytopenia", "thrombocytopenia", "血小板减少"])
def test_that_what_is_recorded_by_any_name_is_not_proposed(term: str) -> None:
    labs = (platelets(-2, 200), platelets(15, 40))
    assert short(record(*labs, events=(AdverseEvent(term, 3, on(15), on(20)),))) == []
    assert short(record(*labs, events=(AdverseEvent(term, 3, on(22)),))) == []
    assert short(record(*labs, events=(AdverseEvent(term, 4, on(10), on(12)),))) == []
    lower = record(*labs, events=(AdverseEvent(term, 2, on(15)),))
    assert short(lower) == [("Platelet count decreased", 3, 15, 2)]
    elsewhere = record(*labs, events=(AdverseEvent(term, 3, on(60)),))
    assert short(elsewhere) == [("Platelet count decreased", 3, 15, None)]


def test_that_what_was_so_before_day_1_is_no_new_event() -> None:
    assert short(record(platelets(-2, 100), platelets(8, 95), platelets(15, 90))) == []
    worse = proposals(record(platelets(-2, 100), platelets(8, 60)))
    assert [one.grade for one in worse] == [2]
    assert "grade 1 already before day 1" in worse[0].reason


def test_that_an_abnormal_baseline_raises_the_bar_for_liver_enzymes() -> None:
    assert short(record(alt(-2, 60.0), alt(15, 80.0))) == []
    assert short(record(alt(-2, 60.0), alt(15, 90.0))) == [("Alanine aminotransferase increased", 1, 15, None)]
    assert short(record(alt(-2, 60.0), alt(15, 190.0))) == [("Alanine aminotransferase increased", 2, 15, None)]
    assert short(record(alt(-2, 30.0), alt(15, 190.0))) == [("Alanine aminotransferase increased", 2, 15, None)]
    assert short(record(alt(-2, 30.0), alt(15, 201.0))) == [("Alanine aminotransferase increased", 3, 15, None)]


def test_that_a_value_nobody_can_grade_is_listed_with_what_is_missing() -> None:
    found = ungraded(record(alt(15, 190.0), Lab(on(8), "hgb", 105.0, "g/L")))
    assert [(one.term, "baseline" in one.reason or "lower limit" in one.reason) for one in found] == [
        ("Anemia", True),
        ("Alanine aminotransferase increased", True),
    ]
    assert short(record(alt(15, 190.0))) == []


@given(st.permutations(range(5)))
def test_that_the_order_of_values_changes_nothing(order: list[int]) -> None:
    labs = [platelets(-2, 200), platelets(8, 110), platelets(15, 40), platelets(29, 180), platelets(40, 70)]
    assert proposals(record(*[labs[index] for index in order])) == proposals(record(*labs))


@given(st.lists(st.floats(3.0, 400.0), min_size=1, max_size=8))
def test_that_recording_what_is_proposed_leaves_nothing_to_propose(values: list[float]) -> None:
    labs = [platelets(-2, 200)] + [platelets(10 * index, value) for index, value in enumerate(values, 1)]
    found = proposals(record(*labs))
    events = tuple(AdverseEvent(one.term, one.grade, one.date, one.lab.date) for one in found)
    assert proposals(record(*labs, events=events)) == ()


def codes(*events: AdverseEvent, **survival: object) -> list[str]:
    return [question.code for question in event_questions(record(events=events, **survival))]


@pytest.mark.parametrize(
    ("one", "other", "code"),
    [
        ("Fatigue", "Fatigue", ["overlap"]),
        ("Fatigue", "乏力", ["overlap"]),
        ("Leukopenia", "Neutropenia", ["part_of_count"]),
        ("Leukopenia", "Fatigue", []),
        ("Myelosuppression", "Neutropenia", ["umbrella", "double_count"]),
        ("Increased AST", "Liver dysfunction", ["umbrella", "double_count"]),
        ("Nausea and vomiting", "Nausea", ["umbrella", "double_count"]),
        ("Erythropenia", "Anemia", ["umbrella", "double_count"]),
    ],
)
def test_that_the_same_thing_counted_twice_on_the_same_days_is_questioned(
    one: str, other: str, code: list[str]
) -> None:
    assert codes(AdverseEvent(one, 1, on(5), on(9)), AdverseEvent(other, 2, on(9), on(12))) == code
    apart = codes(AdverseEvent(one, 1, on(5), on(8)), AdverseEvent(other, 2, on(9), on(12)))
    assert apart == [word for word in code if word == "umbrella"]


def test_that_an_event_without_an_end_goes_on() -> None:
    assert codes(AdverseEvent("Fatigue", 1, on(5)), AdverseEvent("Fatigue", 2, on(100))) == ["overlap"]


@pytest.mark.parametrize(
    ("event", "survival", "code"),
    [
        ({"grade": 5, "serious": True}, {}, ["grade_5_alive"]),
        ({"grade": 5, "serious": True}, {"status": VitalStatus.DEAD, "death_date": on(20)}, []),
        (
            {"grade": 5, "serious": True, "outcome": "recovered"},
            {"status": VitalStatus.DEAD, "death_date": on(20)},
            ["grade_5_outcome"],
        ),
        (
            {"grade": 5, "serious": True, "end_date": on(19)},
            {"status": VitalStatus.DEAD, "death_date": on(20)},
            ["grade_5_date"],
        ),
        ({"grade": 3, "outcome": "fatal"}, {}, ["fatal_grade"]),
        ({"grade": 4}, {}, ["serious"]),
        ({"grade": 4, "serious": True}, {}, []),
        ({"grade": 4, "term": "Neutropenia"}, {}, []),
        ({"grade": 3}, {}, []),
        ({"term": "Itching"}, {}, ["unknown_term"]),
        ({"term": "Hand-foot syndrome", "grade": 4, "serious": True}, {}, ["no_grade"]),
        ({"related_to": "camrelizumab; aspirin"}, {}, ["unknown_drug"]),
        ({"related_to": "apatinib", "immune_related": "confirmed"}, {}, ["immune_drug"]),
        ({"related_to": "camrelizumab: unlikely", "immune_related": "suspected"}, {}, ["immune_drug"]),
        ({"related_to": "apatinib; camrelizumab", "immune_related": "confirmed"}, {}, []),
        ({"related_to": "", "immune_related": "suspected"}, {}, []),
        ({"related_to": "apatinib", "immune_related": "not_assessed"}, {}, []),
    ],
)
def test_that_contradictions_within_an_event_are_questioned(
    event: dict[str, object], survival: dict[str, object], code: list[str]
) -> None:
    assert codes(replace(AdverseEvent("Diarrhea", 1, on(5)), **event), **survival) == code


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("none", []),
        ("camrelizumab", [("camrelizumab", RELATED)]),
        ("Camrelizumab ; irinotecan", [("camrelizumab", RELATED), ("irinotecan", RELATED)]),
        ("camrelizumab: possible; apatinib: unlikely", [("camrelizumab", RELATED), ("apatinib", NOT_RELATED)]),
        ("camrelizumab：无关；apatinib", [("camrelizumab", NOT_RELATED), ("apatinib", RELATED)]),
        ("apatinib: perhaps", [("apatinib", NOT_ASSESSED)]),
    ],
)
def test_that_relations_are_read_drug_by_drug(text: str, found: list[tuple[str, str]]) -> None:
    assert [(one.drug, one.judged) for one in read_relations(text)] == found
