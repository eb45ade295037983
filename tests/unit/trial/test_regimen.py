"""Doses by body surface, the next doses, what must hold before them, and dose intensity."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escc_desktop.errors import EsccError
from escc_desktop.trial.dose_checks import dose_questions
from escc_desktop.trial.dose_intensity import dose_summaries, reduction_counts
from escc_desktop.trial.protocol import load_protocol
from escc_desktop.trial.records import AdverseEvent, Baseline, Lab, Survival, Treatment, TrialRecord, VitalStatus
from escc_desktop.trial.regimen import holds_before, next_doses, phase_of, planned_dose, rounded
from escc_desktop.trial.surface import FORMULAS, surface_m2

START = date(2024, 1, 8)
PROTOCOL = load_protocol()
DRUGS = {drug.name: drug for drug in PROTOCOL.drugs}
IRINOTECAN = DRUGS["irinotecan"]


def day(number: int) -> date:
    """Day 1 is the first day."""
    return START + timedelta(days=number - 1)


def record(*treatments: Treatment, **changes: object) -> TrialRecord:
    made = TrialRecord(
        "P1",
        START,
        Baseline("male", 60, 1, height_cm=180.0, weight_kg=80.0),
        Survival(VitalStatus.ALIVE, day(400)),
        treatments=treatments,
    )
    return replace(made, **changes)


def cycle(number: int, first: int, *, irinotecan: float | None = 120.0, apatinib: float = 250.0) -> list[Treatment]:
    """A whole cycle that begins on a day; a surface of 2.0 m2 asks for 120 mg of irinotecan."""
    rows = [
        Treatment(number, "camrelizumab", day(first), None, 200.0, "mg", "given"),
        Treatment(number, "apatinib", day(first), day(first + 20), apatinib, "mg_per_day", "given"),
    ]
    if irinotecan is not None:
        rows += [Treatment(number, "irinotecan", day(first + n), None, irinotecan, "mg", "given") for n in (0, 7)]
    return rows


def test_that_surfaces_are_those_of_the_published_formulas() -> None:
    # Mosteller's own arithmetic: the root of 180 x 80 / 3600 is 2; the others by hand from the printed coefficients.
    assert surface_m2(180.0, 80.0, "mosteller") == pytest.approx(2.0)
    assert surface_m2(170.0, 70.0, "dubois") == pytest.approx(1.810, abs=0.001)
    assert surface_m2(170.0, 60.0, "stevenson") == pytest.approx(1.0370 + 0.7680 - 0.1529)
    assert surface_m2(170.0, 60.0, "xu") == pytest.approx(1.0370 + 0.7440 - 0.0099)


@pytest.mark.parametrize("formula", FORMULAS)
def test_that_every_formula_comes_near_the_measured_surface_of_56_chinese_men(formula: str) -> None:
    # Paper patterns: mean height 168.8 cm, weight 59.78 kg, surface 1.712 m2.
    assert surface_m2(168.8, 59.78, formula) == pytest.approx(1.712, rel=0.05)
    assert FORMULAS[formula].source


@given(height=st.floats(140.0, 200.0), weight=st.floats(35.0, 130.0), formula=st.sampled_from(list(FORMULAS)))
def test_that_who_is_taller_or_heavier_has_more_surface(height: float, weight: float, formula: str) -> None:
    area = surface_m2(height, weight, formula)
    assert surface_m2(height + 1.0, weight, formula) > area
    assert surface_m2(height, weight + 1.0, formula) > area


@pytest.mark.parametrize(("height", "weight"), [(1.7, 60.0), (170.0, 0.0), (float("nan"), 60.0)])
def test_that_height_in_metres_gives_no_surface(height: float, weight: float) -> None:
    with pytest.raises(EsccError, match="no body surface"):
        surface_m2(height, weight)


def test_that_an_unknown_formula_is_refused() -> None:
    with pytest.raises(EsccError, match="Use mosteller"):
        surface_m2(170.0, 60.0, "boyd")


@given(dose=st.floats(1.0, 400.0), to=st.sampled_from([1.0, 5.0, 10.0, 40.0]))
def test_that_rounding_stays_within_half_a_step(dose: float, to: float) -> None:
    found, words = rounded(dose, to)
    assert abs(found - dose) <= to / 2 + 1e-9
    assert found % to == pytest.approx(0.0, abs=1e-9)
    assert f"rounded to {to:g} mg" in words


def test_that_halves_are_rounded_up_and_without_a_step_nothing_is() -> None:
    assert rounded(97.5, 5.0)[0] == 100.0
    assert rounded(102.49, 5.0)[0] == 100.0
    assert rounded(97.31, 0.0) == (97.31, "")


def test_that_a_dose_says_how_it_came_about() -> None:
    dose = planned_dose(IRINOTECAN, record(), START)
    assert (dose.dose_mg, dose.surface_m2, dose.dose_unit) == (120.0, 2.0, "mg")
    assert "60 mg/m2 x 2.00 m2 (Mosteller, 180 cm, 80 kg)" in dose.reason
    assert planned_dose(IRINOTECAN, record(), START, level=0.8).dose_mg == 95.0  # 96 mg, to the nearest 5
    assert planned_dose(DRUGS["camrelizumab"], record(), START).dose_mg == 200.0
    unknown = planned_dose(IRINOTECAN, record(baseline=Baseline("male", 60, 1)), START)
    assert unknown.dose_mg is None
    assert "Height or weight" in unknown.reason


def test_that_the_dose_follows_the_last_weight() -> None:
    weighed = Treatment(1, "irinotecan", START, None, 120.0, "mg", weight_kg=60.0)
    assert planned_dose(IRINOTECAN, record(weighed), day(8)).weight_kg == 60.0
    assert planned_dose(IRINOTECAN, record(weighed), day(0)).weight_kg == 80.0


def test_that_the_next_doses_follow_the_cycle() -> None:
    assert [(d.dose.drug, d.cycle, d.day, d.planned) for d in next_doses(record(), START)] == [
        ("camrelizumab", 1, 1, START),
        ("apatinib", 1, 1, START),
        ("irinotecan", 1, 1, START),
    ]
    begun = record(*[one for one in cycle(1, 1) if one.start_date == START])
    assert [(d.dose.drug, d.cycle, d.day, d.planned) for d in next_doses(begun, day(3))] == [
        ("camrelizumab", 2, 1, day(22)),
        ("apatinib", 2, 1, day(22)),
        ("irinotecan", 1, 8, day(8)),
    ]
    assert {d.cycle for d in next_doses(begun, day(22))} == {2}
    assert {d.planned for d in next_doses(record(*cycle(1, 1)), day(10))} == {day(22)}


def test_that_nothing_later_than_the_day_asked_about_is_looked_at() -> None:
    whole = record(*cycle(1, 1), *cycle(2, 24))
    assert next_doses(whole, day(10)) == next_doses(record(*cycle(1, 1)), day(10))


def test_that_a_reduced_dose_stays_reduced_and_a_stopped_drug_stops() -> None:
    reduced = record(*cycle(1, 1, irinotecan=95.0))
    found = {dose.dose.drug: dose.dose for dose in next_doses(reduced, day(15))}
    assert (found["irinotecan"].level, found["irinotecan"].dose_mg) == (0.8, 95.0)
    stopped = record(*cycle(1, 1), Treatment(2, "apatinib", day(22), None, 0.0, "mg_per_day", "stopped", "bleeding"))
    assert "apatinib" not in {dose.dose.drug for dose in next_doses(stopped, day(25))}


def test_that_maintenance_comes_after_six_cycles_or_once_irinotecan_was_left_out_after_four() -> None:
    four = [row for n in range(4) for row in cycle(n + 1, 1 + 21 * n)]
    fifth_without = [*four, *cycle(5, 85, irinotecan=None)]
    assert phase_of(record(*four), 5, PROTOCOL) == "combination"
    assert phase_of(record(*fifth_without), 6, PROTOCOL) == "maintenance"
    assert phase_of(record(*four), 7, PROTOCOL) == "maintenance"
    drugs = {dose.dose.drug for dose in next_doses(record(*fifth_without), day(100))}
    assert drugs == {"camrelizumab", "apatinib"}


def test_that_day_8_asks_for_counts_of_the_last_two_days() -> None:
    labs = (
        Lab(day(8), "anc", 1.4, "1e9/L"),
        Lab(day(8), "plt", 60.0, "1e9/L"),
        Lab(day(2), "tbil", 12.0, "umol/L", uln=20.0),
    )
    found = {one.hold.code: one for one in holds_before(record(labs=labs), "irinotecan", 8, day(8))}
    assert {code: one.found.holds for code, one in found.items()} == {
        "D8-ANC": True,
        "D8-PLT": False,
        "D8-TBIL": True,
        "D8-DIARRHEA": True,
    }
    assert "60 1e9/L on 2024-01-15, not >= 75 1e9/L" in found["D8-PLT"].found.reason
    assert all(one.is_to_confirm for one in found.values())
    stale = {one.hold.code: one.found.holds for one in holds_before(record(labs=labs), "irinotecan", 8, day(11))}
    assert (stale["D8-ANC"], stale["D8-PLT"]) == (None, None)
    assert holds_before(record(), "camrelizumab", 8, day(8)) == ()


def test_that_open_diarrhoea_of_grade_2_holds_irinotecan_by_any_of_its_names() -> None:
    for term in ("Diarrhea", "Diarrhoea", "腹泻"):
        event = AdverseEvent(term, 2, day(5), day(9))
        for on, holds in ((day(8), False), (day(10), True), (day(4), True)):
            found = {
                one.hold.code: one.found for one in holds_before(record(adverse_events=(event,)), "irinotecan", 8, on)
            }
            assert found["D8-DIARRHEA"].holds is holds


def test_that_everything_in_full_and_on_time_is_a_relative_intensity_of_one() -> None:
    on_time = record(*cycle(1, 1), *cycle(2, 22), *cycle(3, 43))
    for summary in dose_summaries(on_time):
        assert summary.relative_intensity == pytest.approx(1.0)
        assert summary.changes == ()
        assert summary.weeks == pytest.approx(9.0)
    by_drug = {summary.drug: summary for summary in dose_summaries(on_time)}
    assert by_drug["irinotecan"].cumulative_mg == 6 * 120.0
    assert by_drug["apatinib"].cumulative_mg == 63 * 250.0
    assert by_drug["camrelizumab"].mg_per_week == pytest.approx(600.0 / 9.0)


def test_relative_intensity_by_hand() -> None:
    # Cycle 2 a week late and at 75 % of the irinotecan, day 8 of it held: 120 + 120 + 90 of 4 x 120 in 49 days.
    late = [*cycle(1, 1), *cycle(2, 29, irinotecan=90.0)]
    late[-1] = replace(late[-1], dose=0.0, action="held", reason="neutropenia")
    found = {summary.drug: summary for summary in dose_summaries(record(*late))}["irinotecan"]
    assert found.weeks == pytest.approx(7.0)
    assert found.relative_intensity == pytest.approx(330.0 / (240.0 * 49.0 / 21.0))
    assert [(one.kind, one.cycle, one.amount) for one in found.changes] == [
        ("delayed", 2, 7.0),
        ("reduced", 2, pytest.approx(0.25)),
        ("held", 2, 0.0),
    ]
    assert (found.n_delays, found.largest_reduction) == (1, pytest.approx(0.25))


def test_that_a_delay_within_the_window_and_rounding_are_no_changes() -> None:
    found = dose_summaries(record(*cycle(1, 1, irinotecan=117.0), *cycle(2, 25)))
    assert all(summary.changes == () for summary in found)


def test_that_a_daily_drug_without_an_end_counts_up_to_what_ended_it() -> None:
    open_end = replace(cycle(1, 1)[1], end_date=None)
    assert dose_summaries(record(open_end))[0].n_doses == 21
    followed = record(open_end, Treatment(1, "apatinib", day(11), day(21), 125.0, "mg_per_day", "reduced"))
    assert dose_summaries(followed)[0].cumulative_mg == 10 * 250.0 + 11 * 125.0
    died = record(open_end, survival=Survival(VitalStatus.DEAD, day(5), day(5)))
    assert dose_summaries(died)[0].n_doses == 5


def test_that_patients_with_reductions_are_counted_once() -> None:
    records = [
        record(*cycle(1, 1)),
        record(*cycle(1, 1, irinotecan=95.0)),
        record(*cycle(1, 1, irinotecan=70.0, apatinib=125.0)),
        record(),
    ]
    counted = reduction_counts(records)
    assert (counted.n, counted.n_reduced, counted.n_reduced_30) == (3, 2, 1)
    assert reduction_counts(records, "apatinib").n_reduced_30 == 1
    assert reduction_counts(records, "camrelizumab").n_reduced == 0


@given(st.permutations(list(range(12))))
def test_that_the_order_of_rows_changes_nothing(order: list[int]) -> None:
    rows = [*cycle(1, 1), *cycle(2, 27, irinotecan=90.0), *cycle(3, 48)]
    assert dose_summaries(record(*[rows[index] for index in order])) == dose_summaries(record(*rows))
    assert next_doses(record(*[rows[index] for index in order]), day(60)) == next_doses(record(*rows), day(60))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, []),
        ({"dose": 95.0, "action": "reduced"}, []),
        ({"dose": 60.0, "dose_unit": "mg_per_day"}, ["dose_unit"]),
        ({"dose": 140.0}, ["too_high"]),
        ({"day": 15}, ["day"]),
        ({"day": 8}, []),
        ({"drug": "camrelizumab", "dose": 100.0}, ["not_reducible"]),
        ({"drug": "camrelizumab", "dose": 200.0, "action": "reduced"}, ["not_reducible"]),
        ({"drug": "camrelizumab", "dose": 0.0, "action": "held"}, []),
        ({"drug": "camrelizumab", "dose": 200.0, "start_date": day(29), "cycle": 2}, ["too_early"]),
        ({"drug": "camrelizumab", "dose": 200.0, "start_date": day(33), "cycle": 2}, []),
    ],
)
def test_that_a_dose_the_protocol_does_not_ask_for_is_questioned(change: dict[str, object], code: list[str]) -> None:
    first = Treatment(1, "irinotecan", day(15), None, 120.0, "mg", "given")
    other = replace(Treatment(1, "irinotecan", day(22), None, 120.0, "mg", "given"), **change)
    assert [question.code for question in dose_questions(record(first, other))] == code
