"""Best response, the two endpoints and CLINICAL.csv, worked out by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from escc_desktop.trial.endpoints import overall_survival, progression_free_survival
from escc_desktop.trial.importing import read_records
from escc_desktop.trial.records import (
    AdverseEvent,
    Baseline,
    LesionMeasurement,
    Response,
    Survival,
    Treatment,
    TrialRecord,
    Visit,
    VitalStatus,
    months_between,
)
from escc_desktop.trial.results import (
    best_change,
    best_response,
    clinical_rows,
    first_confirmed,
    regimen,
    response_counts,
)
from escc_desktop.trial.rules import load_rules
from escc_desktop.trial.safety import any_event

START = date(2021, 1, 4)


def on(day: int) -> date:
    return START + timedelta(days=day)


def course(
    scans: Sequence[tuple[int, str]], last: int = 400, *, dead: bool = False, therapy: int | None = None
) -> TrialRecord:
    """Return a record with scans (day, response), a last contact and perhaps a next therapy."""
    survival = Survival(
        VitalStatus.DEAD if dead else VitalStatus.ALIVE,
        on(last),
        on(last) if dead else None,
        None if therapy is None else on(therapy),
    )
    visits = tuple(Visit(index + 1, on(day), Response(response)) for index, (day, response) in enumerate(scans))
    return TrialRecord("P1", START, Baseline("male", 60, 1), survival, visits=visits)


@pytest.mark.parametrize(
    ("scans", "best"),
    [
        ([(28, "PR"), (56, "PR")], "PR"),
        ([(28, "PR"), (50, "PR"), (84, "SD")], "SD"),  # confirmed after 22 days only
        ([(28, "PR"), (56, "CR"), (84, "CR")], "CR"),
        ([(28, "PR"), (56, "CR"), (84, "PR")], "PR"),  # the CR is not confirmed
        ([(28, "SD"), (56, "SD")], "SD"),
        ([(28, "SD"), (56, "PD")], "PD"),  # stable for less than 42 days
        ([(28, "SD")], "NE"),
        ([(28, "PD"), (56, "PR"), (84, "PR")], "PD"),  # nothing counts after progression
        ([(28, "NE"), (56, "NE")], "NE"),
        ([(56, "NON_CR_NON_PD")], "NON_CR_NON_PD"),
        ([(56, "PR"), (84, "SD"), (112, "PR")], "PR"),
        ([], "NE"),
    ],
)
def test_that_the_best_response_follows_recist(scans: list[tuple[int, str]], best: str) -> None:
    assert best_response(course(scans)) == best


def test_that_the_best_response_stops_at_the_next_therapy() -> None:
    assert best_response(course([(28, "SD"), (56, "SD"), (84, "PR"), (112, "PR")], therapy=70)) == "SD"


def test_that_the_first_confirmed_response_is_dated_when_it_was_first_seen() -> None:
    assert first_confirmed(course([(28, "SD"), (56, "PR"), (84, "PR")]), Response.PR) == on(56)


@pytest.mark.parametrize(
    ("record", "day", "is_event", "reason"),
    [
        (course([(28, "SD"), (56, "PD")]), 56, True, "progression"),
        (course([(28, "SD"), (56, "SD")], 70, dead=True), 70, True, "death"),
        (course([(28, "SD"), (56, "SD")], 150, dead=True), 56, False, "missed_visits"),  # days 84 and 112
        (course([(28, "SD"), (56, "SD")], 100, dead=True), 100, True, "death"),  # only day 84 missed
        (course([(28, "SD"), (56, "SD"), (200, "PD")]), 56, False, "missed_visits"),
        (course([(28, "SD"), (56, "SD")], 90), 56, False, "no_progression"),
        (course([(28, "SD"), (56, "SD"), (112, "PD")], therapy=60), 56, False, "next_therapy"),
        (course([(28, "SD"), (56, "NE")], 90), 28, False, "no_progression"),
        (course([], 90), 0, False, "no_assessment"),
        (course([], 30, dead=True), 30, True, "death"),
        (course([], 90, dead=True), 0, False, "no_assessment"),
    ],
)
def test_that_progression_free_survival_ends_for_a_reason(
    record: TrialRecord, day: int, is_event: bool, reason: str
) -> None:
    found = progression_free_survival(record)
    assert (found.date, found.is_event, found.reason) == (on(day), is_event, reason)
    assert found.months == pytest.approx(day / 30.4375)


def test_that_a_lost_patient_is_censored_as_lost() -> None:
    record = course([(28, "SD"), (56, "SD")], 90)
    lost = replace(record, survival=replace(record.survival, status=VitalStatus.LOST))
    assert progression_free_survival(lost).reason == "lost"
    assert overall_survival(lost).reason == "lost"
    assert not overall_survival(lost).is_event


def test_that_a_year_has_twelve_months() -> None:
    assert months_between(date(2021, 1, 1), date(2025, 1, 1)) == pytest.approx(48.0)
    assert overall_survival(course([], 365, dead=True)).months == pytest.approx(11.9918, abs=1e-4)


def test_that_the_planned_scans_are_four_weekly_then_twelve_weekly() -> None:
    assert load_rules().schedule.planned_days(400) == (28, 56, 84, 112, 140, 168, 252, 336)
    assert load_rules().schedule.planned_days(100) == (28, 56, 84)


def test_that_responses_are_counted() -> None:
    records = [
        course([(28, "PR"), (56, "PR")]),
        course([(56, "SD")]),
        course([(28, "PD")]),
        course([]),
    ]
    counts = response_counts(records)
    assert (counts.n_objective, counts.n_controlled, counts.n_evaluable) == (1, 2, 3)


def test_that_the_best_change_is_of_the_sum_and_ends_with_progression() -> None:
    def measured(name: str, day: int, size: float | None) -> LesionMeasurement:
        return LesionMeasurement(name, on(day), "liver", "target", "long", size)

    lesions = [measured("L1", -5, 30.0), measured("L2", -5, 20.0)]
    lesions += [measured("L1", 28, 20.0), measured("L2", 28, 20.0)]  # 40 of 50
    lesions += [measured("L1", 56, 10.0), measured("L2", 56, None)]  # not evaluable
    lesions += [measured("L1", 84, 10.0), measured("L2", 84, 10.0)]  # after progression
    record = replace(course([(28, "SD"), (56, "PD"), (84, "PR")]), lesions=tuple(lesions))
    assert best_change(record) == pytest.approx(-0.2)
    assert best_change(course([])) is None


def test_that_patients_with_severe_events_are_counted_once() -> None:
    events = (AdverseEvent("Diarrhea", 3, on(5)), AdverseEvent("Leukopenia", 4, on(6)))
    mild = (AdverseEvent("Fatigue", 2, on(5)), AdverseEvent("Death", 5, on(6)))
    records = [replace(course([]), adverse_events=events), replace(course([]), adverse_events=mild)]
    assert any_event(records).severe == 1


def test_that_clinical_rows_have_units_months_and_baseline_values(write_folder: Callable[..., Path]) -> None:
    header, rows = clinical_rows(read_records(write_folder()).records)
    first, second = (dict(zip(header, row, strict=True)) for row in rows)
    assert header[:5] == ("patient_id", "os_months", "os_event", "pfs_months", "pfs_event")
    assert (first["os_months"], first["os_event"]) == (pytest.approx(273 / 30.4375), 1)
    assert (first["pfs_months"], first["pfs_event"]) == (pytest.approx(84 / 30.4375), 1)
    assert first["ast_u_per_l"] == 21.0  # the last one before day 1, not the one under treatment
    assert first["ibil_umol_per_l"] == 5.0
    assert first["metastasis_lymph_node"] == 1
    assert second["alb_g_per_l"] == pytest.approx(39.0)  # reported as 3.9 g/dL
    assert second["cea_ng_per_ml"] == 0.5
    assert second["ast_u_per_l"] is None
    assert second["os_event"] == 0
    assert (first["regimen"], second["regimen"]) == ("camrelizumab+apatinib", None)


def test_that_the_regimen_is_what_cycle_one_began_in_the_order_of_the_trial() -> None:
    def dose(cycle: int, drug: str, action: str = "given") -> Treatment:
        return Treatment(cycle, drug, on(0), None, 100.0, "mg", action)

    given = (dose(1, "irinotecan", "held"), dose(1, "camrelizumab"), dose(1, "apatinib"), dose(2, "camrelizumab"))
    assert regimen(replace(course([]), treatments=given)) == "camrelizumab+apatinib+irinotecan"
    assert regimen(replace(course([]), treatments=given[1:2])) == "camrelizumab"
    assert regimen(replace(course([]), treatments=given[3:])) == ""
    assert "regimen" not in clinical_rows([course([])])[0]


def test_that_a_questioned_value_reaches_no_model(write_folder: Callable[..., Path]) -> None:
    header, rows = clinical_rows(read_records(write_folder(labs=("ibil,5.0", "ibil,0.29"))).records)
    assert "ibil_umol_per_l" not in header or rows[0][header.index("ibil_umol_per_l")] is None
