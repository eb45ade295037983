"""The course of one patient."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from escc_desktop.trial.importing import read_records
from escc_desktop.trial.timeline import timeline, trial_day


def test_that_the_course_runs_in_the_order_of_dates(write_folder: Callable[..., Path]) -> None:
    events = timeline(read_records(write_folder()).records[0])
    assert [event.date for event in events] == sorted(event.date for event in events)
    assert [(event.day, event.kind) for event in events] == [
        (-7, "scan"),
        (-5, "lab"),
        (-2, "lab"),
        (-1, "lab"),
        (1, "start"),
        (1, "dose"),
        (1, "dose"),
        (12, "adverse_event"),
        (12, "adverse_event"),
        (29, "scan"),
        (31, "lab"),
        (57, "scan"),
        (85, "scan"),
        (107, "next_therapy"),
        (274, "death"),
    ]


def test_that_events_say_what_happened(write_folder: Callable[..., Path]) -> None:
    events = {(event.day, event.label): event for event in timeline(read_records(write_folder()).records[0])}
    assert events[29, "Scan 1: PR"].detail == "sum of diameters 20 mm"
    assert events[1, "Cycle 1: apatinib 250 mg/day"].end_day == 21
    assert events[12, "Leukopenia, grade 3"].end_day == 19
    assert events[31, "1 laboratory value"].detail == "ast 55 U/L high"
    assert events[107, "Next therapy"].detail == "docetaxel"


def test_that_a_lost_patient_ends_with_the_last_contact(write_folder: Callable[..., Path]) -> None:
    last = timeline(read_records(write_folder()).records[1])[-1]
    assert (last.kind, last.label, last.date) == ("last_contact", "Lost to follow-up", date(2021, 3, 15))


@given(st.integers(-400, 2000))
def test_that_trial_days_have_no_zero(days: int) -> None:
    start = date(2021, 1, 4)
    assert trial_day(start, start + timedelta(days=days)) == (days + 1 if days >= 0 else days)
