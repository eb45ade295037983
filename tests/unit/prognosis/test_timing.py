from __future__ import annotations

import pytest

from escc_desktop.prognosis.timing import day_known


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("ldh_u_per_l", 1),
        ("age_years", 1),
        ("birthday_year", 1),
        ("ldh_day15_u_per_l", 15),
        ("ldh_day_1_u_per_l", 1),
        ("crp_week_6", 43),
        ("neutrophils_cycle1", 1),
        ("neutrophils_cycle2", 22),
        ("best_change_percent", 2),
        ("best_response", 2),
        ("dose_reduction", 2),
    ],
)
def test_that_a_name_tells_the_day_from_which_a_column_is_known(name: str, day: int) -> None:
    assert day_known(name, {}) == day


def test_that_what_is_said_decides_before_the_name() -> None:
    assert day_known("response_to_first_line", {"response_to_first_line": 0}) == 0
    assert day_known("albumin_again_g_per_l", {"albumin_again_g_per_l": 8}) == 8
