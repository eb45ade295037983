"""One word for how certain a group is, and what it rests on."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from escc_desktop.prognosis.card_reader import ReadingSpread
from escc_desktop.prognosis.score import Assessment, Caution
from escc_desktop.workflow.certainty import Certainty, Separation, judge

CARD = cast("Any", SimpleNamespace(rad_score=SimpleNamespace(cutoff=SimpleNamespace(value=0.15))))
MOVES = cast("Any", SimpleNamespace(resample_lower=-0.1, resample_upper=0.3))
APART, ALIKE = Separation(55, 0.003), Separation(55, 0.97)


def assessed(score: float, group: str | None, *cautions: str) -> Assessment:
    return Assessment("P1", score, cast("Any", group), 100.0, 0.5, None, None, tuple(map(Caution, cautions)))


@pytest.mark.parametrize(
    ("score", "group", "cautions", "separation", "expected"),
    [
        (0.5, "HIGH", (), APART, Certainty.CLEAR),
        (-0.5, "LOW", ("in_training",), APART, Certainty.CLEAR),
        (0.5, "HIGH", (), ALIKE, Certainty.LIKELY),
        (0.5, "HIGH", (), Separation(3, None), Certainty.LIKELY),
        (0.2, "HIGH", (), APART, Certainty.UNCERTAIN),
        (0.5, "LOW", ("in_training",), APART, Certainty.UNCERTAIN),
        (0.5, "HIGH", ("outside_range",), APART, Certainty.UNCERTAIN),
    ],
)
def test_that_the_word_follows_score_cutoff_cautions_and_the_groups(
    score: float, group: str, cautions: tuple[str, ...], separation: Separation, expected: Certainty
) -> None:
    verdict = judge(CARD, assessed(score, group, *cautions), MOVES, separation)
    assert verdict is not None
    assert verdict.certainty is expected
    assert all(verdict.grounds)


def test_that_each_ground_says_its_numbers() -> None:
    verdict = judge(CARD, assessed(0.5, "LOW"), MOVES, ALIKE)
    assert verdict is not None
    assert "0.150" in verdict.grounds[0]
    assert "55" in verdict.grounds[-1]
    assert "P = 0.97" in verdict.grounds[-1]
    inside = judge(CARD, assessed(0.2, "HIGH"), MOVES, APART)
    assert inside is not None
    assert "-0.100 to 0.300" in inside.grounds[0]


def test_that_without_resamples_no_group_is_called_certain() -> None:
    verdict = judge(CARD, assessed(5.0, "HIGH"), None, APART)
    assert verdict is not None
    assert verdict.certainty is Certainty.UNCERTAIN


def test_that_without_a_group_there_is_no_word() -> None:
    assert judge(CARD, assessed(0.0, None), MOVES, APART) is None


@pytest.mark.parametrize(("flip", "expected"), [(0.01, Certainty.CLEAR), (0.2, Certainty.UNCERTAIN)])
def test_that_a_group_another_outline_would_often_change_is_uncertain(flip: float, expected: Certainty) -> None:
    readings = (
        ReadingSpread("intra", 15, (0.41, 0.58), (0.3, 0.6), 0.0),
        ReadingSpread("inter", 59, (0.12, 0.77), (0.2, 0.7), flip),
    )
    verdict = judge(CARD, replace(assessed(0.5, "HIGH"), readings=readings), MOVES, APART)
    assert verdict is not None
    assert verdict.certainty is expected
    same, other = [ground for ground in verdict.grounds if ground.startswith("These two readers")]
    assert "the same one" in same
    assert "0.410 to 0.580" in same
    assert "the other one, 95 % of scores would lie in 0.120 to 0.770" in other
    assert f"in {100 * flip:.0f} %" in other
