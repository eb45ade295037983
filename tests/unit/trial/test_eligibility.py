"""The criteria of the trial on worked patients."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escc_desktop.trial.eligibility import Verdict, judge, measurable
from escc_desktop.trial.lab_rules import compare
from escc_desktop.trial.protocol import load_protocol
from escc_desktop.trial.records import (
    Baseline,
    EligibilityAnswer,
    Lab,
    LesionMeasurement,
    Survival,
    TrialRecord,
    VitalStatus,
)

START = date(2024, 1, 8)
DAY = START - timedelta(days=3)
LABS = (
    Lab(DAY, "anc", 3.1, "1e9/L", lln=1.8, uln=6.3),
    Lab(DAY, "hgb", 12.0, "g/dL", lln=11.5, uln=15.0),
    Lab(DAY, "plt", 210.0, "1e9/L", lln=125.0, uln=350.0),
    Lab(DAY, "tbil", 11.0, "umol/L", uln=20.0),
    Lab(DAY, "ast", 25.0, "U/L", uln=40.0),
    Lab(DAY, "alt", 31.0, "U/L", uln=40.0),
    Lab(DAY, "cr", 80.0, "umol/L", uln=110.0),
)
LESION = LesionMeasurement("L1", DAY, "liver", "target", "long", 24.0, False, slice_thickness_mm=5.0)
EXCLUSIONS = ("E1", "E2", "E3", "E4", "E5a", "E5b", "E5c", "E6", "E7")
ASKED = dict.fromkeys(("I2", "I4", "I6", "I7", "I8"), "met") | dict.fromkeys(EXCLUSIONS, "not_met")


def answers(**changed: str) -> tuple[EligibilityAnswer, ...]:
    return tuple(EligibilityAnswer(code, answer, DAY) for code, answer in (ASKED | changed).items())


def record(**changes: object) -> TrialRecord:
    made = TrialRecord(
        "P1",
        START,
        Baseline("female", 62, 1, prior_chemotherapy=True),
        Survival(VitalStatus.ALIVE, START),
        labs=LABS,
        lesions=(LESION,),
        eligibility=answers(),
    )
    return replace(made, **changes)


def result(code: str, **changes: object) -> object:
    return next(one for one in judge(record(**changes)).results if one.criterion.code == code)


def with_lab(lab: Lab) -> tuple[Lab, ...]:
    return (*(one for one in LABS if one.analyte != lab.analyte), lab)


def test_that_who_meets_everything_is_eligible() -> None:
    found = judge(record())
    assert found.is_eligible is True
    assert (found.against, found.open, found.contradictions) == ((), (), ())
    assert len(found.results) == len(load_protocol().criteria) == 24


def test_that_nothing_recorded_is_unknown_and_not_a_refusal() -> None:
    empty = record(baseline=Baseline("female", None, None), labs=(), lesions=(), eligibility=())
    found = judge(empty)
    assert found.is_eligible is None
    assert len(found.open) == 24
    assert all(one.reason for one in found.results)


@pytest.mark.parametrize(
    ("code", "lab", "verdict"),
    [  # each limit and the smallest step beyond it
        ("I6a", Lab(DAY, "anc", 1.5, "1e9/L"), "met"),
        ("I6a", Lab(DAY, "anc", 1.49, "1e9/L"), "not_met"),
        ("I6a", Lab(DAY, "anc", 1500.0, "cells/uL"), "met"),
        ("I6b", Lab(DAY, "hgb", 90.0, "g/L"), "met"),
        ("I6b", Lab(DAY, "hgb", 8.9, "g/dL"), "not_met"),
        ("I6c", Lab(DAY, "plt", 100.0, "1e9/L"), "met"),
        ("I6c", Lab(DAY, "plt", 99.0, "1e9/L"), "not_met"),
        ("I6d", Lab(DAY, "tbil", 25.65, "umol/L", uln=17.1), "met"),
        ("I6d", Lab(DAY, "tbil", 25.7, "umol/L", uln=17.1), "not_met"),
        ("I6d", Lab(DAY, "tbil", 1.5, "mg/dL", uln=1.0), "met"),
        ("I6e", Lab(DAY, "ast", 100.0, "U/L", uln=40.0), "met"),
        ("I6e", Lab(DAY, "ast", 101.0, "U/L", uln=40.0), "not_met"),
        ("I6f", Lab(DAY, "alt", 103.0, "U/L", uln=41.0), "not_met"),
        ("I6g", Lab(DAY, "cr", 165.0, "umol/L", uln=110.0), "met"),
        ("I6g", Lab(DAY, "cr", 166.0, "umol/L", uln=110.0), "not_met"),
        ("I6d", Lab(DAY, "tbil", 5.0, "umol/L"), "unknown"),
        ("I6c", Lab(DAY, "plt", 100.0, "1e9/L", limit="<"), "not_met"),
        ("I6c", Lab(DAY, "plt", 150.0, "1e9/L", limit="<"), "unknown"),
        ("I6e", Lab(DAY, "ast", 5.0, "U/L", limit="<", uln=40.0), "met"),
        ("I6a", Lab(DAY, "anc", 1500.0, "1e9/L", question="unit"), "unknown"),
        ("I6a", Lab(START - timedelta(days=14), "anc", 2.0, "1e9/L"), "met"),
        ("I6a", Lab(START - timedelta(days=15), "anc", 2.0, "1e9/L"), "unknown"),
        ("I6a", Lab(START + timedelta(days=1), "anc", 2.0, "1e9/L"), "unknown"),
    ],
)
def test_that_laboratory_limits_include_their_bound(code: str, lab: Lab, verdict: str) -> None:
    found = result(code, labs=with_lab(lab))
    assert found.verdict.value == verdict
    assert found.criterion.rule.analyte == lab.analyte


def test_that_the_reason_names_value_day_unit_and_limit() -> None:
    found = result("I6d", labs=with_lab(Lab(DAY, "tbil", 31.0, "umol/L", uln=20.0)))
    assert found.reason == "total bilirubin 31 umol/L on 2024-01-05 (ULN 20), not <= 30 umol/L (1.5 x ULN)."
    stale = result("I6a", labs=with_lab(Lab(START - timedelta(days=33), "anc", 2.0, "1e9/L")))
    assert "33 days before 2024-01-08, more than 14" in stale.reason


def test_that_the_last_value_up_to_day_1_counts() -> None:
    later = (Lab(DAY, "plt", 90.0, "1e9/L"), Lab(START, "plt", 130.0, "1e9/L"))
    labs = (*(one for one in LABS if one.analyte != "plt"), *later)
    assert result("I6c", labs=labs).verdict is Verdict.MET


@pytest.mark.parametrize(("age", "verdict"), [(17, "not_met"), (18, "not_met"), (19, "met"), (None, "unknown")])
def test_that_older_than_18_is_read_strictly(age: int | None, verdict: str) -> None:
    assert result("I1", baseline=Baseline("female", age, 1)).verdict.value == verdict


@pytest.mark.parametrize(("ecog", "verdict"), [(0, "met"), (1, "met"), (2, "not_met")])
def test_that_ecog_above_1_is_not_met(ecog: int, verdict: str) -> None:
    assert result("I5", baseline=Baseline("female", 60, ecog)).verdict.value == verdict


@pytest.mark.parametrize(
    ("value", "excludes"), [("none", False), ("I", False), ("II", False), ("III", True), ("IV", True)]
)
def test_that_heart_failure_above_nyha_ii_excludes(value: str, excludes: bool) -> None:
    given_answers = (*answers()[:-1], EligibilityAnswer("E5a", "unknown", DAY, value=value))
    given_answers = tuple(one for one in given_answers if one.criterion != "E5a" or one.value)
    found = judge(record(eligibility=(*given_answers, EligibilityAnswer("E7", "not_met"))))
    assert found.is_eligible is not excludes


@pytest.mark.parametrize(
    ("value", "excludes"),
    [("none", False), ("low_dose", False), ("toxicity", False), ("high_dose", True), ("immunosuppressant", True)],
)
def test_that_steroids_for_toxicity_of_chemotherapy_or_radiotherapy_are_excepted(value: str, excludes: bool) -> None:
    others = tuple(one for one in answers() if one.criterion != "E4")
    found = judge(record(eligibility=(*others, EligibilityAnswer("E4", "unknown", value=value))))
    assert found.is_eligible is not excludes
    assert "14 days" in next(one.text for one in load_protocol().criteria if one.code == "E4")


def test_that_an_option_and_the_answer_beside_it_must_agree() -> None:
    others = tuple(one for one in answers() if one.criterion != "E5a")
    found = judge(record(eligibility=(*others, EligibilityAnswer("E5a", "not_met", value="III"))))
    assert found.is_eligible is None
    assert "The option means met, the answer beside it says not met" in found.contradictions[0].contradiction


def test_that_an_option_nobody_defined_settles_nothing() -> None:
    others = tuple(one for one in answers() if one.criterion not in {"E5a", "E1"})
    strange = (EligibilityAnswer("E5a", "not_met", value="V"), EligibilityAnswer("E1", "not_met", value="yes"))
    found = judge(record(eligibility=(*others, *strange)))
    assert found.is_eligible is None
    assert [one.contradiction for one in found.contradictions] == [
        "yes is no option of E1 (it has none).",
        "V is no option of E5a (none, I, II, III, IV).",
    ]


def test_that_an_answer_the_record_contradicts_is_said_and_settles_nothing() -> None:
    low = with_lab(Lab(DAY, "plt", 90.0, "1e9/L"))
    found = judge(record(labs=low, eligibility=answers(I6c="met")))
    assert found.is_eligible is None
    one = found.contradictions[0]
    assert (one.computed, one.entered, one.speaks_for) == (Verdict.NOT_MET, Verdict.MET, None)
    assert "platelets 90 1e9/L" in one.contradiction
    assert judge(record(labs=low)).is_eligible is False


def test_that_an_answer_fills_what_the_record_cannot_say() -> None:
    without = tuple(one for one in LABS if one.analyte != "plt")
    found = result("I6c", labs=without, eligibility=answers(I6c="met"))
    assert (found.verdict, found.computed, found.entered) == (Verdict.MET, Verdict.UNKNOWN, Verdict.MET)
    assert "Answered met on 2024-01-05" in found.reason


def test_that_a_necessary_rule_refuses_alone_but_does_not_decide_alone() -> None:
    none = Baseline("female", 62, 1, prior_chemotherapy=False)
    unanswered = tuple(one for one in answers() if one.criterion != "I4")
    assert result("I4", baseline=none, eligibility=unanswered).verdict is Verdict.NOT_MET
    assert result("I4", eligibility=unanswered).verdict is Verdict.UNKNOWN
    assert result("I4").verdict is Verdict.MET
    man = replace(record().baseline, sex="male")
    unanswered = tuple(one for one in answers() if one.criterion != "E6")
    assert result("E6", baseline=man, eligibility=unanswered).speaks_for is True


@pytest.mark.parametrize(
    ("changes", "holds"),
    [
        ({}, True),
        ({"diameter_mm": 10.0}, True),
        ({"diameter_mm": 9.9}, False),
        ({"diameter_mm": 14.0, "slice_thickness_mm": 7.5}, False),
        ({"diameter_mm": 15.0, "slice_thickness_mm": 7.5}, True),
        ({"diameter_mm": 12.0, "slice_thickness_mm": None}, True),
        ({"site": "distant_node", "diameter_mm": 14.9}, False),
        ({"site": "regional_node", "diameter_mm": 15.0}, True),
        ({"irradiated": True}, None),
        ({"irradiated": True, "state": "progressed"}, True),
        ({"irradiated": True, "diameter_mm": 6.0}, False),
        ({"diameter_mm": None}, None),
    ],
)
def test_that_a_measurable_lesion_is_one_of_recist(changes: dict[str, object], holds: bool | None) -> None:
    assert measurable(replace(LESION, **changes)).holds is holds


def test_that_one_measurable_lesion_is_enough_and_an_old_scan_is_none() -> None:
    small = replace(LESION, lesion_id="L2", diameter_mm=5.0)
    assert result("I3", lesions=(small, LESION)).verdict is Verdict.MET
    assert result("I3", lesions=(small,)).verdict is Verdict.NOT_MET
    old = replace(LESION, date=START - timedelta(days=29))
    assert result("I3", lesions=(old,)).verdict is Verdict.UNKNOWN
    assert "slices of 5 mm assumed" in measurable(replace(LESION, slice_thickness_mm=None)).reason


@given(
    value=st.floats(0.1, 100.0),
    bound=st.floats(0.1, 100.0),
    limit=st.sampled_from(["<", ">"]),
    true=st.floats(0.0, 200.0),
)
def test_that_a_detection_limit_never_says_more_than_every_value_behind_it(
    value: float, bound: float, limit: str, true: float
) -> None:
    for op in (">", ">=", "<", "<="):
        found = compare(value, op, bound, limit)
        behind = true < value if limit == "<" else true > value
        if found is not None and behind and abs(true - bound) > 1e-6:
            assert compare(true, op, bound) is found
