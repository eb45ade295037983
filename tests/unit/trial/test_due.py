"""What is due, against dates and doses worked out by hand."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from escc_desktop.trial.due import (
    Due,
    DueCounts,
    DueCt,
    DueDose,
    DueKind,
    DueState,
    as_known,
    data_cutoff,
    default_day,
    due_from_records,
)
from escc_desktop.trial.importing import read_records
from escc_desktop.trial.records import (
    AdverseEvent,
    Baseline,
    Lab,
    Response,
    Survival,
    Treatment,
    TrialRecord,
    Visit,
    VitalStatus,
)
from escc_desktop.workflow.demo.records import write_records
from escc_desktop.workflow.demo.truth import draw_truth

DAY_1 = date(2024, 1, 1)
BASELINE = Baseline("male", 60, 1, height_cm=170.0, weight_kg=65.0)


def day(number: int) -> date:
    return DAY_1 + timedelta(days=number)


def dose(drug: str, on: int, mg: float, *, cycle: int = 1, until: int | None = None) -> Treatment:
    end = None if until is None else day(until)
    return Treatment(cycle, drug, day(on), end, mg, "mg_per_day" if drug == "apatinib" else "mg", "given")


FIRST_DAY = (dose("camrelizumab", 0, 200.0), dose("apatinib", 0, 250.0, until=20), dose("irinotecan", 0, 105.0))
ALIVE = Survival(VitalStatus.ALIVE, day(0))
RECORD = TrialRecord("P1", DAY_1, BASELINE, ALIVE, treatments=FIRST_DAY)


def of_kind(record: TrialRecord, kind: DueKind, as_of: date) -> list[Due]:
    return [due for due in due_from_records([record], as_of) if due.kind is kind]


def test_that_the_first_ct_is_due_four_weeks_after_day_1_and_overdue_two_weeks_later() -> None:
    states = [of_kind(RECORD, DueKind.CT, day(n))[0].state(day(n)) for n in (13, 14, 28, 42, 43)]
    assert states == [DueState.LATER, DueState.NOW, DueState.NOW, DueState.NOW, DueState.OVERDUE]
    (due,) = of_kind(RECORD, DueKind.CT, day(43))
    assert due.planned == day(28)
    assert due.about == DueCt(1, None, 1)


def test_that_a_scan_that_was_made_makes_the_next_one_due() -> None:
    scanned = replace(RECORD, visits=(Visit(1, day(30), Response.SD),))
    (due,) = of_kind(scanned, DueKind.CT, day(35))
    assert (due.planned, due.about) == (day(56), DueCt(2, day(30), 0))


@pytest.mark.parametrize(
    "ended",
    [
        {"visits": (Visit(1, day(29), Response.PD),)},
        {"survival": replace(ALIVE, next_therapy_date=day(30))},
        {"survival": Survival(VitalStatus.DEAD, day(30), day(30))},
        {"survival": Survival(VitalStatus.LOST, day(30))},
    ],
)
def test_that_nobody_waits_for_a_scan_or_dose_after_progression_therapy_death_or_loss(ended: dict[str, object]) -> None:
    record = replace(RECORD, **ended)  # type: ignore[arg-type]
    assert of_kind(record, DueKind.CT, day(26))
    kinds = {due.kind for due in due_from_records([record], day(32))}
    assert not kinds & {DueKind.CT, DueKind.DOSE, DueKind.COUNTS}


def test_that_irinotecan_of_day_8_is_by_surface_and_rounded() -> None:
    first, second = of_kind(RECORD, DueKind.DOSE, day(4))
    assert (first.planned, second.planned) == (day(7), day(21))
    assert isinstance(first.about, DueDose)
    assert (first.about.cycle, first.about.day) == (1, 8)
    (irinotecan,) = first.about.doses
    exact = 60.0 * math.sqrt(170.0 * 65.0 / 3600.0)
    assert irinotecan.dose.exact_mg == pytest.approx(exact)
    assert irinotecan.dose.dose_mg == 105.0
    assert isinstance(second.about, DueDose)
    assert {one.dose.drug: one.dose.dose_mg for one in second.about.doses} == {"camrelizumab": 200.0, "apatinib": 250.0}


def test_that_counts_of_day_8_are_asked_for_until_they_are_there_and_then_hold_the_dose() -> None:
    (asked, *_later) = of_kind(RECORD, DueKind.COUNTS, day(5))
    assert isinstance(asked.about, DueCounts)
    assert {"anc", "plt"} <= {one.hold.lab.analyte for one in asked.about.missing if one.hold.lab is not None}
    assert asked.planned == day(7)
    assert asked.state(day(8)) is DueState.OVERDUE
    values = {"anc": (0.8, "1e9/L"), "plt": (150.0, "1e9/L"), "tbil": (10.0, "umol/L")}
    labs = tuple(Lab(day(6), name, value, unit, uln=20.0) for name, (value, unit) in values.items())
    measured = replace(RECORD, labs=labs)
    assert all(due.planned != day(7) for due in of_kind(measured, DueKind.COUNTS, day(6)))
    held = of_kind(measured, DueKind.DOSE, day(6))[0].about
    assert isinstance(held, DueDose)
    assert [one.hold.lab.analyte for one in held.holds if one.found.holds is False and one.hold.lab] == ["anc"]


def test_that_a_height_of_no_person_is_said_and_stops_no_list() -> None:
    odd = replace(RECORD, baseline=replace(BASELINE, height_cm=17.0))
    (due,) = of_kind(odd, DueKind.DOSE, day(4))
    assert isinstance(due.about, DueDose)
    assert "17 cm" in due.about.trouble
    assert of_kind(odd, DueKind.CT, day(4))


def test_that_no_dose_is_due_two_cycles_after_the_last() -> None:
    assert of_kind(RECORD, DueKind.DOSE, day(20 + 42))
    assert not of_kind(RECORD, DueKind.DOSE, day(20 + 43))


def test_that_an_adverse_event_waits_from_its_first_day_to_its_last() -> None:
    ended = AdverseEvent("Nausea", 1, day(3), day(9))
    fatal = AdverseEvent("Pneumonia", 5, day(3), outcome="fatal")
    record = replace(RECORD, adverse_events=(ended, fatal, AdverseEvent("Fatigue", 2, day(5))))
    terms = [[due.about.event.term for due in of_kind(record, DueKind.ADVERSE_EVENT, day(n))] for n in (2, 8, 9)]
    assert terms == [[], ["Nausea", "Fatigue"], ["Fatigue"]]


def test_that_follow_up_is_due_from_the_last_contact_on_and_never_before_it() -> None:
    heard = replace(RECORD, survival=Survival(VitalStatus.ALIVE, day(200)))
    assert not of_kind(heard, DueKind.FOLLOW_UP, day(150))
    assert not of_kind(heard, DueKind.FOLLOW_UP, day(200 + 69))
    (due,) = of_kind(heard, DueKind.FOLLOW_UP, day(200 + 84))
    assert (due.planned, due.state(day(200 + 99))) == (day(284), DueState.OVERDUE)


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> tuple[TrialRecord, ...]:
    folder = tmp_path_factory.mktemp("records")
    write_records(draw_truth(24), folder)
    return read_records(folder).records


def test_that_nothing_dated_later_changes_the_list_of_a_day(records: tuple[TrialRecord, ...]) -> None:
    end = data_cutoff(records)
    assert end is not None
    for back in range(0, 1200, 50):
        as_of = end - timedelta(days=back)
        known = [as_known(record, as_of) for record in records]
        assert due_from_records(records, as_of) == due_from_records(known, as_of)


def test_that_the_order_of_the_records_does_not_matter(records: tuple[TrialRecord, ...]) -> None:
    shuffled = list(records)
    random.Random(7).shuffle(shuffled)
    as_of = records[5].start_date + timedelta(days=60)
    assert due_from_records(shuffled, as_of) == due_from_records(records, as_of)
    assert due_from_records(records, as_of)
    assert not due_from_records([], as_of)


def test_that_the_list_of_a_trial_long_over_is_of_its_last_record(
    records: tuple[TrialRecord, ...], tmp_path: Path
) -> None:
    last = data_cutoff(records)
    assert last is not None
    assert default_day(records, last + timedelta(days=10)) == last + timedelta(days=10)
    assert default_day(records, last + timedelta(days=400)) == last
    assert default_day([], last) == last
