"""Which planned CT is overdue, and as of when."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from escc_desktop.trial.due import data_cutoff
from escc_desktop.trial.records import Baseline, Response, Survival, TrialRecord, Visit, VitalStatus
from escc_desktop.workflow.views.trial import overdue

START = date(2024, 1, 1)
CUTOFF = START + timedelta(days=140)


def record(scans: dict[int, Response], contact: int = 120, **survival: object) -> TrialRecord:
    visits = tuple(
        Visit(k, START + timedelta(days=day), response) for k, (day, response) in enumerate(scans.items(), 1)
    )
    ended = Survival(VitalStatus.ALIVE, START + timedelta(days=contact))
    return TrialRecord("P1", START, Baseline("male", 60, 1), replace(ended, **survival), visits=visits)


def test_that_the_first_planned_ct_that_is_missing_is_overdue() -> None:
    found = overdue([record({28: Response.SD, 57: Response.SD})], CUTOFF)
    assert [(one.patient_id, one.due, one.days) for one in found] == [("P1", START + timedelta(days=84), 140 - 84)]
    assert found[0].last_scan == START + timedelta(days=57)
    assert found[0].last_contact == START + timedelta(days=120)


def test_that_a_ct_within_the_window_of_its_day_counts_for_it() -> None:
    early = record({28: Response.SD, 56: Response.SD, 84 - 14: Response.SD, 112 - 13: Response.SD})
    assert overdue([early], START + timedelta(days=126)) == ()
    assert overdue([early], START + timedelta(days=140 + 14)) == ()
    late = overdue([early], START + timedelta(days=140 + 15))
    assert [one.due for one in late] == [START + timedelta(days=140)]


def test_that_nobody_is_overdue_who_progressed_died_was_lost_or_went_on_to_other_therapy() -> None:
    stable = {28: Response.SD}
    ended = [
        record({28: Response.PD}),
        record(stable, status=VitalStatus.DEAD, death_date=START + timedelta(days=60)),
        record(stable, status=VitalStatus.LOST),
        record(stable, next_therapy_date=START + timedelta(days=50)),
    ]
    assert overdue(ended, CUTOFF) == ()
    assert len(overdue([record(stable)], CUTOFF)) == 1


def test_that_the_data_cutoff_is_the_latest_day_in_any_record() -> None:
    early, late = record({28: Response.SD}, contact=30), record({28: Response.SD, 99: Response.SD}, contact=90)
    assert data_cutoff([early, late]) == START + timedelta(days=99)
