from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from escc_desktop.errors import EsccError, FaultsError
from escc_desktop.reading.lesion import LesionRule, patient_value
from escc_desktop.reading.plan import Lesion, LesionRole, LesionSite, Occasion, Reader, draw_plan
from escc_desktop.reading.protocol import Protocol, ToolRule
from escc_desktop.reading.tools import TOOL_KINDS

NOW = datetime(2024, 3, 1, 8, 0, tzinfo=UTC)


def _lesion(patient, lesion="L1", site=LesionSite.PRIMARY):
    return Lesion(lesion, patient, site, LesionRole.TARGET, False, (0.0, 1.0, 2.0), f"1.2.{patient}")


def _cohort(patients=59, second=7):
    return [_lesion(f"P{n:03}") for n in range(patients)] + [_lesion(f"P{n:03}", "L2") for n in range(second)]


def test_that_the_plan_of_the_paper_has_59_first_15_second_and_15_repeat_readings():
    plan = draw_plan(_cohort(second=0), 15, seed=7)
    counts = [(session.reader, session.occasion) for session in plan.sessions]
    assert counts.count((Reader.A, Occasion.FIRST)) == 59
    assert counts.count((Reader.B, Occasion.FIRST)) == 15
    assert counts.count((Reader.A, Occasion.REPEAT)) == 15
    assert len(plan.sessions) == 89


@given(st.integers(0, 20), st.integers(0, 2**32), st.randoms())
def test_that_the_draw_depends_on_the_seed_and_not_on_the_order_of_lesions(repeats, seed, random):
    lesions = _cohort(20, 5)
    shuffled = random.sample(lesions, len(lesions))
    plan = draw_plan(lesions, repeats, seed)
    assert plan == draw_plan(shuffled, repeats, seed)
    assert len(plan.repeat_patients) == repeats
    again = {(s.patient_id, s.lesion_id) for s in plan.sessions if s.reader is Reader.B}
    assert again == {(s.patient_id, s.lesion_id) for s in plan.sessions if s.occasion is Occasion.REPEAT}
    assert again == {(x.patient_id, x.lesion_id) for x in lesions if x.patient_id in plan.repeat_patients}
    assert len({s.session_id for s in plan.sessions}) == len(plan.sessions)


def test_that_each_patient_is_drawn_equally_often():
    drawn = np.zeros(10)
    for seed in range(2000):
        for patient in draw_plan(_cohort(10, 0), 3, seed).repeat_patients:
            drawn[int(patient[1:])] += 1
    # chi-square with 9 degrees of freedom, 99.9 % point 27.9
    assert np.sum((drawn - 600) ** 2 / (600 * 0.7)) < 27.9


def _repeat(plan):
    return next(session for session in plan.sessions if session.occasion is Occasion.REPEAT)


def _first(plan, session):
    return next(
        first
        for first in plan.sessions
        if (first.patient_id, first.reader, first.occasion) == (session.patient_id, Reader.A, Occasion.FIRST)
    )


@pytest.mark.parametrize(
    ("after", "allowed"),
    [
        (timedelta(0), False),
        (timedelta(days=-1), False),
        (timedelta(days=10, seconds=-1), False),
        (timedelta(days=10), True),
        (timedelta(days=30), True),
        (timedelta(days=30, seconds=1), False),
    ],
)
def test_that_both_ends_of_the_interval_are_enforced_and_included(after, allowed):
    plan = draw_plan(_cohort(3, 0), 1, seed=1)
    repeat = _repeat(plan)
    verdict = plan.may_open(repeat, [_first(plan, repeat).sign(NOW)], NOW + after)
    assert bool(verdict) is allowed
    assert allowed or ("early" in verdict.reason) is (after < timedelta(days=10))
    assert allowed or verdict.hint


def test_that_the_interval_counts_real_time_across_a_change_to_summer_time():
    plan = draw_plan(_cohort(3, 0), 1, seed=1)
    repeat, zone = _repeat(plan), ZoneInfo("Europe/Berlin")
    signed = [_first(plan, repeat).sign(datetime(2024, 3, 25, 8, 0, tzinfo=zone))]
    # The clocks go forward on 31 March: 8:00 on 4 April is 9 days and 23 hours later.
    assert not plan.may_open(repeat, signed, datetime(2024, 4, 4, 8, 0, tzinfo=zone).astimezone(UTC))
    assert plan.may_open(repeat, signed, datetime(2024, 4, 4, 9, 0, tzinfo=zone).astimezone(UTC))


def test_that_the_repeat_waits_for_the_first_reading_of_the_same_reader():
    plan = draw_plan(_cohort(3, 0), 1, seed=1)
    repeat = _repeat(plan)
    b = next(s for s in plan.sessions if s.reader is Reader.B and s.patient_id == repeat.patient_id)
    assert "not signed yet" in plan.may_open(repeat, [b.sign(NOW)], NOW + timedelta(days=12)).reason
    assert plan.may_open(b, [], NOW)


def test_that_a_signed_session_is_not_opened_again():
    plan = draw_plan(_cohort(3, 0), 0, seed=1)
    done = plan.sessions[0].sign(NOW)
    assert "already signed" in plan.may_open(plan.sessions[0], [done], NOW).reason
    with pytest.raises(EsccError, match="already signed"):
        done.sign(NOW)


def test_that_times_without_a_zone_are_refused():
    plan = draw_plan(_cohort(3, 0), 1, seed=1)
    with pytest.raises(ValueError, match="zone"):
        plan.may_open(plan.sessions[0], [], NOW.replace(tzinfo=None))
    with pytest.raises(ValueError, match="zone"):
        plan.sessions[0].sign(NOW.replace(tzinfo=None))


def test_that_impossible_draws_are_refused():
    with pytest.raises(EsccError, match="cannot be drawn"):
        draw_plan(_cohort(3, 0), 4, seed=1)
    with pytest.raises(EsccError, match="cannot be drawn"):
        draw_plan(_cohort(3, 0), -1, seed=1)
    with pytest.raises(EsccError, match="range"):
        draw_plan(_cohort(3, 0), 1, seed=1, interval=(timedelta(days=30), timedelta(days=10)))
    with pytest.raises(FaultsError) as caught:
        draw_plan([_lesion("P1"), _lesion("P1"), _lesion("P2"), _lesion("P2")], 1, seed=1)
    assert len(caught.value.faults) == 2


def test_that_a_session_not_planned_is_an_error():
    plan = draw_plan(_cohort(3, 0), 1, seed=1)
    assert plan.session(plan.sessions[2].session_id) is plan.sessions[2]
    with pytest.raises(EsccError, match="no session"):
        plan.session("P9/L1/A/first")


@pytest.mark.parametrize("change", [{"point_mm": (0.0, float("nan"), 0.0)}, {"lesion_id": "a/b"}, {"lesion_id": ""}])
def test_that_unusable_lesions_are_refused(change):
    values = {"lesion_id": "L1", "point_mm": (0.0, 0.0, 0.0), **change}
    with pytest.raises(EsccError):
        Lesion(values["lesion_id"], "P1", LesionSite.LIVER, LesionRole.NEW, True, values["point_mm"], "1.2")


def test_that_several_lesions_become_one_value_by_the_named_rule():
    values = np.array([[1.0, 10.0], [3.0, 30.0]])
    volumes = np.array([100.0, 300.0])
    assert patient_value(LesionRule.LARGEST, values, volumes).tolist() == [3.0, 30.0]
    assert patient_value(LesionRule.MEAN, values, volumes).tolist() == [2.0, 20.0]
    assert patient_value(LesionRule.VOLUME_WEIGHTED_MEAN, values, volumes).tolist() == [2.5, 25.0]
    with pytest.raises(ValueError, match="lesions"):
        patient_value(LesionRule.MEAN, values, volumes[:1])


def test_that_by_hand_forbids_every_tool_that_decides_where_the_border_runs_and_no_other():
    for kind in TOOL_KINDS.values():
        assert Protocol(ToolRule.BY_HAND.forbidden).allows(kind.label) is not kind.is_assisted
    assert ToolRule.ALL.forbidden == frozenset()
    assert {"paste", "AI proposal"} == ToolRule.USUAL.forbidden


def test_that_a_rule_is_known_by_what_it_forbids():
    assert [ToolRule.of(rule.forbidden) for rule in ToolRule] == list(ToolRule)
    assert ToolRule.of({"livewire"}) is None


def test_that_a_protocol_refuses_tools_that_do_not_exist_and_windows_without_width():
    with pytest.raises(EsccError, match="no tool magic wand"):
        Protocol(frozenset({"magic wand"}))
    with pytest.raises(EsccError, match="0 HU"):
        Protocol(window=(0, 40))


def test_that_every_session_of_a_plan_has_the_one_protocol_of_the_plan():
    protocol = Protocol(ToolRule.BY_HAND.forbidden, (400, 50), frozenset({"1.2.3"}))
    assert draw_plan(_cohort(3, 0), 1, seed=1, protocol=protocol).protocol is protocol
