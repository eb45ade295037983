"""Planned scans: which scan fulfilled which, what is missed, overdue, open or next."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escc_desktop.trial.protocol import load_protocol
from escc_desktop.trial.records import Baseline, Response, Survival, TrialRecord, Visit, VitalStatus
from escc_desktop.trial.schedule import State, is_followed, next_due, overdue, planned_scans

START = date(2024, 1, 8)
SCHEDULE = load_protocol().schedule


def on(day: int) -> date:
    """Days after day 1."""
    return START + timedelta(days=day)


def record(*days: int, last: Response = Response.SD, **survival: object) -> TrialRecord:
    visits = [Visit(0, on(-5), None)]
    visits += [Visit(k, on(day), Response.SD) for k, day in enumerate(days, 1)]
    if days:
        visits[-1] = Visit(len(days), on(days[-1]), last)
    given = {"status": VitalStatus.ALIVE, "last_contact_date": on(400), **survival}
    return TrialRecord("P1", START, Baseline("male", 60, 1), Survival(**given), visits=tuple(visits))


def states(found: tuple[object, ...]) -> list[tuple[int, str]]:
    return [((one.planned - START).days, one.state.value) for one in found]


def test_that_the_schedule_is_four_weekly_for_six_months_and_then_twelve_weekly() -> None:
    assert SCHEDULE.planned_days(400) == (28, 56, 84, 112, 140, 168, 252, 336)
    assert SCHEDULE.planned_days(27) == ()


def test_that_each_scan_fulfils_the_nearest_free_day() -> None:
    found = planned_scans(record(30, 55, 70, 113), on(113))
    assert states(found)[:4] == [(28, "done"), (56, "done"), (84, "done"), (112, "done")]
    assert [one.visit.date for one in found[:4]] == [on(30), on(55), on(70), on(113)]


def test_that_a_closed_window_is_missed_before_a_later_scan_and_overdue_without_one() -> None:
    assert states(planned_scans(record(28, 112), on(115)))[:4] == [
        (28, "done"),
        (56, "missed"),
        (84, "missed"),
        (112, "done"),
    ]
    assert states(planned_scans(record(28), on(98)))[:3] == [(28, "done"), (56, "overdue"), (84, "open")]
    assert states(planned_scans(record(28), on(99)))[2] == (84, "overdue")


@pytest.mark.parametrize(("today", "state"), [(41, "planned"), (42, "open"), (70, "open"), (71, "overdue")])
def test_that_a_window_is_open_on_its_first_and_last_day(today: int, state: str) -> None:
    due = next_due(record(28), on(today))
    assert (due.planned, due.state.value) == (on(56), state)
    assert (due.opens, due.closes) == (on(42), on(70))


def test_that_an_early_scan_leaves_the_next_one_planned() -> None:
    due = next_due(record(28, 56, 80), on(82))
    assert (due.planned, due.state) == (on(112), State.PLANNED)


def test_that_nothing_is_planned_after_progression_death_loss_or_another_therapy() -> None:
    ended = [
        record(28, 56, last=Response.PD),
        record(28, 56, next_therapy_date=on(60)),
        record(28, 56, status=VitalStatus.DEAD, last_contact_date=on(61), death_date=on(61)),
        record(28, 56, status=VitalStatus.LOST, last_contact_date=on(61)),
    ]
    for one in ended:
        assert states(planned_scans(one, on(200))) == [(28, "done"), (56, "done")]
        assert next_due(one, on(200)) is None
    assert overdue(ended, on(200)) == ()
    assert not is_followed(ended[0], on(56))
    assert is_followed(ended[0], on(55))
    assert is_followed(ended[2], on(60))
    assert not is_followed(ended[2], on(61))


def test_that_a_day_missed_before_the_end_still_shows() -> None:
    died = record(28, status=VitalStatus.DEAD, last_contact_date=on(100), death_date=on(100))
    assert states(planned_scans(died, on(300))) == [(28, "done"), (56, "missed"), (84, "missed")]
    in_window = record(28, status=VitalStatus.DEAD, last_contact_date=on(70), death_date=on(70))
    assert states(planned_scans(in_window, on(300))) == [(28, "done")]


def test_that_the_longest_overdue_comes_first() -> None:
    found = overdue([record(28, 56), record(28), record(28, 56, 84)], on(101))
    assert [(one.planned - START).days for _record, one in found] == [56, 84]
    assert found[0][1].days_late(on(101)) == 45


@given(days=st.lists(st.integers(1, 400), unique=True, max_size=12), today=st.integers(0, 420))
def test_laws_of_the_schedule(days: list[int], today: int) -> None:
    found = planned_scans(record(*sorted(days)), on(today))
    used = [one.visit.date for one in found if one.visit]
    assert len(used) == len(set(used))
    assert [one.planned for one in found] == sorted(one.planned for one in found)
    for one in found:
        assert (one.state is State.DONE) == (one.visit is not None)
        if one.visit:
            assert one.opens <= one.visit.date <= min(one.closes, on(today))
    assert next_due(record(*sorted(days)), on(today)) is not None
    # Every scan in no window, or whose windows are all taken, is extra; no planned day with a free scan stays empty.
    free = [day for day in days if day <= today and on(day) not in used]
    for one in found:
        if one.visit is None:
            assert not any(one.opens <= on(day) <= one.closes for day in free)
