"""Best overall response: the rows of the guideline's table 3, and where it stops."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lesion_rows import START, on

from escc_desktop.trial.recist_best import Best, Course, Seen, best_overall, confirmed, until_the_end
from escc_desktop.trial.records import Response
from escc_desktop.trial.rules import load_rules

RULES = load_rules()
PLAIN = replace(RULES, needs_confirmation=False)
LENIENT = replace(RULES, disease_after_cr="response")


def best(scans: str, first: int = 56, every: int = 28, therapy: int | None = None, rules: object = RULES) -> Best:
    """Return the best response of scans every four weeks; day 56 is late enough for stable disease, day 28 is not."""
    seen = [Seen(on(first + every * n), Response(one)) for n, one in enumerate(scans.split())]
    course = Course(START, None if therapy is None else on(therapy))
    return best_overall(seen, course, rules)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("scans", "late", "early"),
    [
        ("CR CR", "CR", "CR"),
        ("CR PR", "SD", "PD"),  # footnote a: disease after CR is progression
        ("CR SD", "SD", "PD"),
        ("CR PD", "SD", "PD"),
        ("CR NE", "SD", "NE"),
        ("PR CR", "PR", "PR"),
        ("PR PR", "PR", "PR"),
        ("PR SD", "SD", "SD"),
        ("PR PD", "SD", "PD"),
        ("PR NE", "SD", "NE"),
        ("NE NE", "NE", "NE"),
    ],
)
def test_that_the_rows_of_table_3_hold(scans: str, late: str, early: str) -> None:
    assert best(scans, first=56).response == late
    assert best(scans, first=28).response == early


def test_that_a_cr_that_was_a_pr_makes_the_best_response_pr() -> None:
    assert best("CR PR", rules=LENIENT).response == "PR"
    assert best("CR SD", rules=LENIENT).response == "SD"


@pytest.mark.parametrize(
    ("scans", "expected"),
    [
        ("PR NE PR", "PR"),  # confirmed by the scan after the one not evaluable
        ("PR SD PR", "PR"),
        ("CR NE CR", "CR"),
        ("SD PR CR CR", "CR"),
        ("SD PR CR SD", "PR"),
        ("SD PD PR PR", "PD SD"),
        ("PD CR CR", "PD"),
        ("NE SD", "SD"),
        ("NON_CR_NON_PD NON_CR_NON_PD", "NON_CR_NON_PD"),
        ("NON_CR_NON_PD CR", "NON_CR_NON_PD"),
        ("NON_CR_NON_PD CR CR", "CR"),
        ("NON_CR_NON_PD PD", "NON_CR_NON_PD"),
        ("", "NE"),
    ],
)
def test_that_other_courses_have_the_best_response_of_the_text(scans: str, expected: str) -> None:
    found = best(scans)
    assert found.response == expected.rsplit(maxsplit=1)[-1]
    assert found.reason


@pytest.mark.parametrize(
    ("scans", "expected"),
    [("PR", "PR"), ("CR", "CR"), ("CR PD", "CR"), ("PR CR PD", "CR"), ("SD PD", "SD"), ("PD", "PD"), ("NE", "NE")],
)
def test_that_without_confirmation_the_best_time_point_counts(scans: str, expected: str) -> None:
    assert best(scans, rules=PLAIN).response == expected


def test_that_27_days_do_not_confirm_and_28_do() -> None:
    assert best("PR PR", every=27).response == "SD"
    assert best("PR PR", every=28).response == "PR"
    assert best("PR PR PR", every=14).response == "PR"  # the third confirms the first


def test_that_stable_disease_needs_its_time_from_day_1() -> None:
    assert best("SD", first=41).response == "NE"
    assert best("SD", first=42).response == "SD"
    assert best("SD PD", first=41).response == "PD"


def test_that_nothing_counts_from_a_new_therapy_on() -> None:
    assert best("SD PR PR", therapy=80).response == "SD"
    assert best("SD PR PR", therapy=112).response == "SD"  # the confirming scan is on its first day
    assert best("SD PR PR", therapy=113).response == "PR"


def test_that_the_days_and_the_reason_of_the_best_response_are_told() -> None:
    found = best("SD PR CR NE CR")
    assert (found.response, found.first_seen, found.confirmed_on) == ("CR", on(112), on(168))
    assert on(112).isoformat() in found.reason
    assert confirmed(until_the_end([Seen(on(56), Response.PR)], Course(START), RULES), Response.PR, RULES) is None
    assert "not confirmed" in best("PR SD").reason


COURSES = st.lists(st.tuples(st.integers(1, 60), st.sampled_from(list(Response))), max_size=8)


def seen_of(course: list[tuple[int, Response]]) -> list[Seen]:
    """Return time points from steps in days."""
    days = [sum(step for step, _ in course[: n + 1]) for n in range(len(course))]
    return [Seen(on(day), response) for day, (_, response) in zip(days, course, strict=True)]


@given(COURSES, COURSES, st.sampled_from([RULES, PLAIN, LENIENT]))
def test_that_the_best_response_never_changes_after_progression(
    before: list[tuple[int, Response]], after: list[tuple[int, Response]], rules: object
) -> None:
    ended = seen_of([*before, (28, Response.PD)])
    more = seen_of([*before, (28, Response.PD), *after])
    assert best_overall(more, Course(START), rules) == best_overall(ended, Course(START), rules)  # type: ignore[arg-type]


@given(COURSES, st.integers(1, 300))
def test_that_the_best_response_never_changes_after_a_new_therapy(
    course: list[tuple[int, Response]], therapy: int
) -> None:
    seen = seen_of(course)
    until = [one for one in seen if one.date < on(therapy)]
    assert best_overall(seen, Course(START, on(therapy)), RULES) == best_overall(until, Course(START), RULES)


@given(st.data(), COURSES)
def test_that_the_order_of_time_points_does_not_matter(data: st.DataObject, course: list[tuple[int, Response]]) -> None:
    seen = seen_of(course)
    mixed = data.draw(st.permutations(seen))
    assert best_overall(mixed, Course(START), RULES) == best_overall(seen, Course(START), RULES)
