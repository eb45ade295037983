from __future__ import annotations

import numpy as np

from escc_desktop.figures import score


def test_that_the_strip_says_value_rank_and_group(cohort, read, cut_texts) -> None:
    figure = score.score_strip(cohort.score, 0.3, 0.42)
    shown = read(figure)
    below = int(np.sum(cohort.score < 0.42))
    assert f"0.420, above {below} of 59" in shown
    assert {"LOW ▼", "▲ HIGH", "Research use only"} <= set(shown)
    assert not cut_texts(figure)


def test_that_a_score_at_the_cut_off_is_low(cohort) -> None:
    figure = score.score_strip(cohort.score, 0.3, 0.3)
    assert figure.axes[0].lines[-1].get_marker() == "v"
    assert score.score_strip(cohort.score, 0.3, 0.30001).axes[0].lines[-1].get_marker() == "^"


def test_that_a_score_far_outside_the_cohort_stays_in_the_figure(cohort, cut_texts) -> None:
    figure = score.score_strip(cohort.score, 0.3, 40.0)
    low, high = figure.axes[0].get_xlim()
    assert low < cohort.score.min()
    assert high > 40.0
    assert not cut_texts(figure)


def test_that_bars_count_groups_and_events(cohort, read) -> None:
    shown = " ".join(read(score.score_bars(cohort.score, 0.3, cohort.endpoint.event)))
    low = cohort.score <= 0.3
    assert f"LOW: {int(cohort.endpoint.event[low].sum())} of {int(low.sum())} died" in shown
    assert f"HIGH: {int(cohort.endpoint.event[~low].sum())} of {int((~low).sum())} died" in shown


def test_that_no_cohort_is_a_sentence(read) -> None:
    assert "There is no cohort to compare with." in read(score.score_strip([], 0.3))
    assert "There is no patient with a Rad-score." in read(score.score_bars([], 0.3, []))


def test_that_a_group_decided_elsewhere_keeps_its_marker_whatever_the_cut_off_says() -> None:
    strip = score.score_strip([0.1, 0.5, -0.3], 0.2, 0.0, group="high")
    assert strip.axes[0].lines[-1].get_marker() == "^"
