"""Worst grades, kinds of events, and what counts twice, worked out by hand."""

from __future__ import annotations

from datetime import date, timedelta

from escc_desktop.trial.records import AdverseEvent, Baseline, Survival, TrialRecord, VitalStatus
from escc_desktop.trial.safety import (
    any_event,
    double_counts,
    drugs_of,
    immune_related,
    is_serious,
    related_to,
    safety_table,
)

START = date(2021, 1, 4)


def record(code: str, *events: AdverseEvent) -> TrialRecord:
    ended = Survival(VitalStatus.ALIVE, START + timedelta(days=100))
    return TrialRecord(code, START, Baseline("male", 60, 1), ended, adverse_events=events)


def event(term: str, grade: int, **more: object) -> AdverseEvent:
    return AdverseEvent(term, grade, START, **more)


def test_that_a_patient_counts_once_in_a_row_with_the_worst_grade() -> None:
    people = [
        record("P1", event("Diarrhea", 1), event("Diarrhea", 3), event("Fatigue", 2)),
        record("P2", event("Diarrhea", 2)),
        record("P3", event("Fatigue", 5)),
        record("P4"),
    ]
    rows = {row.term: row for row in safety_table(people)}
    assert rows["Diarrhea"].by_grade == (0, 1, 1, 0, 0)
    assert (rows["Fatigue"].any_grade, rows["Fatigue"].severe, rows["Fatigue"].fatal) == (2, 0, 1)
    whole = any_event(people)
    assert (whole.any_grade, whole.mild, whole.severe, whole.fatal) == (3, 1, 1, 1)


def test_that_words_of_one_term_are_one_row_under_its_name() -> None:
    people = [record("P1", event("Leukopenia", 1), event("White blood cell decreased", 3))]
    rows = safety_table(people)
    assert [(row.term, row.by_grade) for row in rows] == [("White blood cell decreased", (0, 0, 1, 0, 0))]
    assert [row.term for row in safety_table([record("P1", event("Leukopenia", 1))])] == ["Leukopenia"]


def test_that_kinds_choose_by_drug_relation_and_seriousness() -> None:
    people = [
        record(
            "P1",
            event("Diarrhea", 3, related_to="irinotecan; apatinib", serious=True),
            event("RCCEP", 1, related_to="camrelizumab", immune_related="confirmed"),
            event("Fatigue", 1),
        )
    ]
    assert drugs_of(people) == ("apatinib", "camrelizumab", "irinotecan")
    assert [row.term for row in safety_table(people, related_to("apatinib"))] == ["Diarrhea"]
    assert [row.term for row in safety_table(people, related_to(""))] == ["Diarrhea", "RCCEP"]
    assert [row.term for row in safety_table(people, is_serious)] == ["Diarrhea"]
    assert [row.term for row in safety_table(people, immune_related("confirmed"))] == ["RCCEP"]
    assert {row.term for row in safety_table(people, immune_related("not_assessed"))} == {"Diarrhea", "Fatigue"}


def test_that_a_term_that_stands_for_others_is_named_where_they_stand_too() -> None:
    people = [
        record("P1", event("Myelosuppression", 2), event("Leukopenia", 2)),
        record("P2", event("Myelosuppression", 1)),
        record("P3", event("Anemia", 1)),
    ]
    (found,) = double_counts(people)
    assert (found.term, found.covers, found.n, found.n_both) == ("Myelosuppression", ("Anemia", "Leukopenia"), 2, 1)
    assert double_counts([people[2]]) == ()
    assert double_counts([]) == ()
