"""Progression-free survival under each rule set, worked out by hand, and the laws all of them keep."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escc_desktop.trial.course import patient_course
from escc_desktop.trial.endpoints import (
    CENSORED_REASONS,
    EVENT_REASONS,
    censoring_sets,
    is_analysed,
    last_adequate,
    progression_free_survival,
)
from escc_desktop.trial.records import Baseline, Response, Survival, TrialRecord, Visit, VitalStatus
from escc_desktop.workflow.trial_exhibits import swimmer_lane
from escc_desktop.workflow.trial_results import summarise

START = date(2021, 1, 4)
STABLE = [(28, "SD"), (56, "SD")]


def on(day: int) -> date:
    return START + timedelta(days=day)


def course(
    scans: list[tuple[int, str]],
    last: int = 400,
    *,
    status: VitalStatus = VitalStatus.ALIVE,
    therapy: int | None = None,
    code: str = "P1",
) -> TrialRecord:
    """Return a record with scans (day, response), a last contact (of the dead: death) and perhaps a next therapy."""
    died = on(last) if status is VitalStatus.DEAD else None
    survival = Survival(status, on(last), died, None if therapy is None else on(therapy))
    visits = tuple(Visit(n, on(day), Response(response)) for n, (day, response) in enumerate(scans, 1))
    return TrialRecord(code, START, Baseline("male", 60, 1), survival, visits=visits)


@pytest.mark.parametrize(
    ("key", "record", "day", "is_event", "reason"),
    [
        ("default", course([*STABLE, (84, "PD")]), 84, True, "progression"),
        ("default", course([*STABLE, (84, "PD")], therapy=70), 56, False, "next_therapy"),
        ("every_event", course([*STABLE, (84, "PD")], therapy=70), 84, True, "progression"),
        ("therapy_event", course([*STABLE, (84, "PD")], therapy=70), 70, True, "next_therapy_counted"),
        ("therapy_event", course(STABLE, therapy=70), 70, True, "next_therapy_counted"),
        ("therapy_event", course([*STABLE, (84, "PD")], therapy=90), 84, True, "progression"),
        ("default", course([*STABLE, (200, "PD")]), 56, False, "missed_visits"),
        ("every_event", course([*STABLE, (200, "PD")]), 200, True, "progression"),
        ("earliest", course([*STABLE, (84, "PD")]), 57, True, "progression"),
        ("earliest", course([(28, "PD")]), 1, True, "progression"),
        ("midpoint", course([*STABLE, (84, "PD")]), 70, True, "progression"),
        ("even", course([*STABLE, (85, "PD")]), 168, True, "progression"),
        ("even", course([*STABLE, (84, "PD")]), 84, True, "progression"),
        ("even", course([(28, "PD")], 60, status=VitalStatus.DEAD), 60, True, "progression"),
        ("earliest", course(STABLE, 70, status=VitalStatus.DEAD), 70, True, "death"),
        ("lost_dropped", course(STABLE, 70), 56, False, "no_progression"),
    ],
)
def test_that_each_rule_set_dates_and_censors_as_it_says(
    key: str, record: TrialRecord, day: int, is_event: bool, reason: str
) -> None:
    found = progression_free_survival(record, censoring=censoring_sets()[key])
    assert (found.date, found.is_event, found.reason) == (on(day), is_event, reason)


def test_that_dropping_the_lost_keeps_those_of_them_with_an_event() -> None:
    dropping = censoring_sets()["lost_dropped"]
    lost = VitalStatus.LOST
    assert not is_analysed(course(STABLE, 90, status=lost), dropping)
    assert is_analysed(course([*STABLE, (84, "PD")], 90, status=lost), dropping)
    assert is_analysed(course(STABLE, 90), dropping)
    assert is_analysed(course(STABLE, 90, status=lost), censoring_sets()["default"])


def test_that_the_rule_in_force_stands_first_and_every_set_says_what_it_does() -> None:
    sets = list(censoring_sets().values())
    assert sets[0].key == "default"
    assert len({one.name for one in sets}) == len({one.short for one in sets}) == len(sets)
    assert all(one.definition.endswith(".") for one in sets)


responses = st.sampled_from(["CR", "PR", "SD", "NON_CR_NON_PD", "PD", "NE"])


@st.composite
def records(draw: st.DrawFn) -> TrialRecord:
    days = sorted(draw(st.sets(st.integers(1, 700), max_size=10)))
    last = draw(st.integers(max([*days, 1]), 900))
    therapy = draw(st.none() | st.integers(1, last))
    scans = [(day, draw(responses)) for day in days]
    status = draw(st.sampled_from(VitalStatus))
    return course(scans, last, status=status, therapy=therapy, code=f"P{draw(st.integers(0, 10**6))}")


@given(records(), st.sampled_from(sorted(censoring_sets())))
def test_that_every_patient_ends_for_exactly_one_reason_which_tells_whether_it_is_an_event(
    record: TrialRecord, key: str
) -> None:
    found = progression_free_survival(record, censoring=censoring_sets()[key])
    assert (found.reason in EVENT_REASONS) == found.is_event
    assert (found.reason in CENSORED_REASONS) == (not found.is_event)
    assert found.months >= 0
    if not found.is_event:
        assert found.date == last_adequate(record, None) or found.date < last_adequate(record, None)
        assert (found.reason == "no_assessment") <= (found.date == record.start_date)


@given(records())
def test_that_the_true_day_of_progression_lies_between_the_two_datings(record: TrialRecord) -> None:
    sets = censoring_sets()
    early, middle, scan, even = (
        progression_free_survival(record, censoring=sets[key]) for key in ("earliest", "midpoint", "default", "even")
    )
    assert early.date <= scan.date <= even.date
    assert early.date - timedelta(days=1) <= middle.date <= scan.date
    assert early.is_event == middle.is_event == scan.is_event == even.is_event


@given(records())
def test_that_a_lane_ends_where_overall_survival_ends_and_holds_all_its_events(record: TrialRecord) -> None:
    found = patient_course(record)
    lane = swimmer_lane(found)
    assert lane.follow_up_months == found.os.months
    assert lane.treatment_months <= lane.follow_up_months
    assert ("death" in dict(lane.events)) == found.os.is_event
    if found.response_months is not None:
        assert found.best in {Response.CR, Response.PR}
        assert found.response_months >= 0


@settings(max_examples=20)
@given(st.lists(records(), min_size=1, max_size=12, unique_by=lambda one: one.patient_id), st.randoms())
def test_that_results_do_not_depend_on_the_order_of_rows_and_sets_are_consistent(
    cohort: list[TrialRecord], rng: random.Random
) -> None:
    first = summarise(cohort)
    shuffled = [
        TrialRecord(
            one.patient_id,
            one.start_date,
            one.baseline,
            one.survival,
            visits=tuple(rng.sample(one.visits, len(one.visits))),
        )
        for one in rng.sample(cohort, len(cohort))
    ]
    second = summarise(shuffled)
    assert first.courses == second.courses
    assert first.counts == second.counts
    assert first.pfs.curve.survival.tolist() == second.pfs.curve.survival.tolist()
    assert sum(first.counts.counts.values()) == len(cohort)
    evaluable, enrolled = first.rates["Objective response rate"]
    control = first.rates["Disease control rate"][1]
    assert enrolled.n == len(cohort) == first.pfs.endpoint.n == first.os.endpoint.n
    assert enrolled.x <= control.x <= first.counts.n_evaluable <= len(cohort)
    if evaluable is not None:
        assert (evaluable.x, evaluable.n) == (enrolled.x, first.counts.n_evaluable)
        assert evaluable.estimate >= enrolled.estimate
    assert sum(first.pfs.reasons.values()) == len(cohort)
    held = first.response_duration
    assert (held.endpoint.n if held else 0) == enrolled.x
